#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Copyright The handcarry authors
#
# page.sh man|text FILE VERSION: prints a page of docs/ as a man page of section 7, or as the text
# that a console shows without any tool. Its first line is "# TITLE: WHAT IT IS ABOUT".
set -eu
form=$1 file=$2 version=$3
name=handcarry-$(basename "$file" .md)
title=$(sed -n '1s/^# //p' "$file")
[ -n "$title" ] || { echo "page.sh: $file does not begin with a title" >&2; exit 1; }

as_man()
{
    word=NAME
    [ "$(basename "$(dirname "$file")")" = ko ] && word=이름
    # Without a date: the same sources give the same bytes.
    printf '.TH %s 7 "" "handcarry %s" "handcarry"\n' "$(echo "$name" | tr '[:lower:]' '[:upper:]')" "$version"
    printf '.SH %s\n%s \\- %s\n' "$word" "$(echo "$name" | sed 's/-/\\-/g')" "${title#*: }"
    # Code as far to the left as text: an 80-column console breaks less of it.
    sed -e 1d -e 's/^##/#/' "$file" | cmark --to man | sed -e '/^\.IP$/{N' -e 's/^\.IP\n\.nf$/.PP\n.nf/' -e '}'
}

# Code is indented, titles are underlined; nothing else of the markup is left.
as_text()
{
    # In bytes: a Hangul syllable has three and takes two columns, which its last two stand for.
    LC_ALL=C awk '
        function line(with) { print; gsub(/[\340-\357]/, ""); gsub(/./, with); print }
        /^```/ { code = !code; next }
        code { print "    " $0; next }
        sub(/^# /, "") { line("="); next }
        sub(/^## /, "") { line("-"); next }
        { gsub(/`/, ""); print }' "$file"
}

"as_$form"
