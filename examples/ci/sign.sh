#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# Copyright The handcarry authors
#
# One builder's votes, given only where every builder made the same bytes.
#
#   ci/sign.sh BUILDER ALL-BUILDERS…      makes dist/BUILDER/*.vote and *.packing
#
# The key comes as HANDCARRY_KEY_FILE, the path of a file, or as HANDCARRY_KEY, its text, as some
# services give it; the key's password, where it has one, as HANDCARRY_PASSWORD_FILE or
# HANDCARRY_PASSWORD. Texts go to handcarry through pipes: they are written to no file, stand on no
# command line, and no program that is started here has them in its environment. Where the key lies in
# a token, HANDCARRY_KEY_FILE is the public key and HANDCARRY_EXTERNAL the program that signs.
{ set +x; } 2>/dev/null # a trace would print them
set -euo pipefail
key=${HANDCARRY_KEY-} password=${HANDCARRY_PASSWORD-}
unset HANDCARRY_KEY HANDCARRY_PASSWORD

die() # STATUS MESSAGE
{
    echo "sign.sh: $2" >&2
    exit "$1"
}

[ $# -ge 2 ] || { sed -n 's/^#   /usage: /p' "$0" >&2; exit 2; }
me=$1
shift
[ -n "${HANDCARRY_KEY_FILE-}$key" ] || die 2 "no key: neither HANDCARRY_KEY_FILE nor HANDCARRY_KEY is set"
bundles=(dist/"$me"/*.tar.zst)
bundle=${bundles[0]}
[[ ${#bundles[@]} = 1 && -f $bundle ]] || die 2 "dist/$me does not hold exactly one bundle: run build.sh"

# What the bytes are, not what a file says they are.
ours=$(cd "dist/$me" && sha256sum -- *.tar.zst)
for other in "$@"; do
    theirs=dist/$other/${bundle##*/}.sha256
    [ -f "$theirs" ] || die 1 "builder $other made no ${bundle##*/}: nothing was signed"
    theirs=$(head -c 400 "$theirs" | tr -cd ' -~') # it is shown below
    if [ "$ours" != "$theirs" ]; then
        printf '%-12s %s\n' "$me" "$ours" "$other" "$theirs" >&2
        [ ! -f "dist/$other/${bundle##*/}" ] ||
            handcarry diff --bytes "$bundle" "dist/$other/${bundle##*/}" >&2 || :
        die 5 "the builders made different bytes: nothing was signed"
    fi
done
echo "the same bytes from $*: $ours"

# Pasted into a web page, a text may have other line ends, or none.
key=${key//$'\r'/}
while [[ $key == *$'\n' ]]; do key=${key%$'\n'}; done
if [ -z "${HANDCARRY_KEY_FILE-}" ]; then
    exec {pipe}< <(printf '%s\n' "$key")
    HANDCARRY_KEY_FILE=/dev/fd/$pipe
fi
if [ -z "${HANDCARRY_PASSWORD_FILE-}" ] && [ -n "$password" ]; then
    exec {pipe}< <(printf '%s\n' "$password")
    export HANDCARRY_PASSWORD_FILE=/dev/fd/$pipe
fi
for file in "$HANDCARRY_KEY_FILE" "${HANDCARRY_PASSWORD_FILE-}"; do
    [ ! -f "$file" ] || chmod go= "$file" # some services let others read it
done
rm -f "$bundle".*.vote "$bundle".*.packing
handcarry sign "$bundle" --key "$HANDCARRY_KEY_FILE" \
    ${HANDCARRY_EXTERNAL:+--external "$HANDCARRY_EXTERNAL"} \
    --vote-out "$bundle.$me.vote" --packing-vote-out "$bundle.$me.packing" </dev/null
