#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# Copyright The handcarry authors
#
# The end of a pipeline: all builders' votes into one bundle, and the proof that it is signed.
#
#   ci/collect.sh [--person ROLE]… BUILDER…      makes dist/release/
#
# ROLE is one that a person signs for, elsewhere and later: its votes may still be missing. Every
# other role of trust/, beside release.yaml, must have its votes.
set -euo pipefail
people=' '
while [ "${1-}" = --person ]; do
    people="$people${2:?--person needs a role} "
    shift 2
done
[ $# -ge 1 ] || { sed -n 's/^#   /usage: /p' "$0" >&2; exit 2; }
out=dist/release
rm -rf "$out"
mkdir -p "$out"
cp dist/"$1"/*.tar.zst dist/"$1"/*.sha256 dist/"$1"/*.statement.yaml "$out"
bundle=$(echo "$out"/*.tar.zst)
for builder in "$@"; do
    for vote in "dist/$builder/${bundle##*/}.$builder".{vote,packing}; do
        handcarry sign "$bundle" --add "$vote" --quiet
    done
done

status=0
said=$(handcarry verify "$bundle" --trust trust) || status=$?
echo "$said"
[ $status != 0 ] || exit 0
missing=$(awk '$1 == "role" && $3 < $5 { print $2 }' <<<"$said")
[[ $status = 4 && -n $missing ]] || exit $status
for role in $missing; do
    [[ $people == *" $role "* ]] || exit $status
done
echo "still to sign, by hand: ${missing//$'\n'/ }"
echo "  handcarry sign ${bundle%.tar.zst}.statement.yaml --key KEY"
