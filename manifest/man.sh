#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Copyright The handcarry authors
#
# man.sh PROGRAM VERB: prints the verb's man page, made from its --help and its line in the
# program's list, so that neither can say something else. Without a date: a kit of the same sources
# has the same bytes.
set -eu
program=$1 verb=$2
summary=$("$program" --help | sed -n "s/^  $verb  *//p")
[ -n "$summary" ] || { echo "man.sh: '$verb' is no verb of $program" >&2; exit 1; }
help2man --locale=C.UTF-8 --no-info --include="$(dirname "$0")/man-exit.h2m" --name="$summary" \
    --version-string="$("$program" --version)" "$program $verb" |
    sed -e "1,/^\.TH/s/^\.TH HANDCARRY /.TH HANDCARRY-$(echo "$verb" | tr '[:lower:]' '[:upper:]') /" \
        -e '1,/^\.TH/s/^\(\.TH [^ ]* "1"\) "[^"]*"/\1 ""/' \
        -e "s/^handcarry \\\\- /handcarry-$verb \\\\- /"
