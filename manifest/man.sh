#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Copyright The handcarry authors
#
# man.sh PROGRAM VERB: prints the verb's man page, made from its --help and its line in the
# program's list, so that neither can say something else.
# man.sh PROGRAM --all PAGE…: prints that of the program itself, which names all verbs and these
# pages of section 7. Without a date: a kit of the same sources has the same bytes.
set -eu
program=$1 verb=$2
shift 2
list=$("$program" --help | sed -n 's/^  \([a-z]*\)  *\(.*\)/\1 \2/p')
if [ "$verb" = --all ]; then
    name=handcarry call=$program
    summary=$("$program" --help | sed -n 's/^\(Moves .*\)\.$/\1/p' | tr M m)
    also=$(printf '%s\n' "$list" | sed 's/ .*//; s/.*/\\fBhandcarry\\-&\\fR(1),/'
           for page in "$@"; do printf '\\fBhandcarry\\-%s\\fR(7),\n' "$page"; done)
else
    name=handcarry-$verb call="$program $verb" also='\fBhandcarry\fR(1),'
    summary=$(printf '%s\n' "$list" | sed -n "s/^$verb //p")
fi
[ -n "$summary" ] || { echo "man.sh: '$verb' is no verb of $program" >&2; exit 1; }
help2man --locale=C.UTF-8 --no-info --include="$(dirname "$0")/man-exit.h2m" --name="$summary" \
    --version-string="$("$program" --version)" "$call" |
    sed -e "1,/^\.TH/s/^\.TH HANDCARRY /.TH $(echo "$name" | tr '[:lower:]' '[:upper:]') /" \
        -e '1,/^\.TH/s/^\(\.TH [^ ]* "1"\) "[^"]*"/\1 ""/' -e "s/^handcarry \\\\- /$name \\\\- /"
printf '.SH "SEE ALSO"\n%s\n' "$also" | sed '$s/,$//'
