#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# Copyright The handcarry authors
#
# One builder's part that needs no key: checks the release, packs it from its lock, and says which
# bytes came out. Run it in a checkout whose root has release.yaml and release.lock.yaml.
#
#   ci/build.sh BUILDER [OPTION…]      makes dist/BUILDER/*.tar.zst, *.sha256 and *.statement.yaml
#
# BUILDER is this machine's name in the trust root (not 'release'); the options are for handcarry bundle.
set -euo pipefail
[[ ${1-} =~ ^[a-z0-9]+(-[a-z0-9]+)*$ && $1 != release ]] || { sed -n 's/^#   /usage: /p' "$0" >&2; exit 2; }
top=$PWD out=$PWD/dist/$1
shift
# When the sources were committed, and not when this runs, is in the bytes.
SOURCE_DATE_EPOCH=$(git log -1 --format=%ct)
export SOURCE_DATE_EPOCH

rm -rf "$out" # whatever fails below, nothing older is signed
handcarry lint --strict release.yaml
mkdir -p "$out"
cd "$out"
handcarry bundle "$top/release.yaml" --locked "$@"
for bundle in *.tar.zst; do
    # The one small file that a person at a desk needs in order to sign.
    handcarry show --raw statement "$bundle" >"${bundle%.tar.zst}.statement.yaml"
done
cat -- *.sha256
