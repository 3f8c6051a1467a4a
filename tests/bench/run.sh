#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# Copyright The handcarry authors
#
# Measures handcarry against its peers in one run; prints a table. See --help.
set -euo pipefail
# shellcheck source=tests/prepare.sh
. "$(dirname "$0")/../prepare.sh"
for option in "$@"; do
    [ "$option" != --help ] ||
        exec /usr/bin/env PYTHONPATH="$top/tests" /usr/bin/python3 "$top/tests/bench/measure.py" --help
done
become_root "$@"
# shellcheck disable=SC2046,SC2086 # lists of words
need $build_packages python3 time hyperfine zstd openssl debootstrap util-linux $(docker_packages)
build_in release --buildtype=release --werror >"$top/build/bench.log" 2>&1 ||
    { tail -n 30 "$top/build/bench.log" >&2; die "the build failed"; }
export HANDCARRY=${HANDCARRY:-$top/build/release/handcarry} PYTHONPATH=$top/tests
exec /usr/bin/python3 "$top/tests/bench/measure.py" "$@"
