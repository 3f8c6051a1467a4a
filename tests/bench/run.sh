#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# Copyright The handcarry authors
#
# Measures handcarry against its peers in one run; prints a table. With --delta: deltas; with --plan:
# how long a plan takes; with --transaction: what one costs; with --registry: pulling images; with
# --kit: size and start of a kit; with --first-hour: from an empty host to a healthy release. See
# --help.
set -euo pipefail
# shellcheck source=tests/prepare.sh
. "$(dirname "$0")/../prepare.sh"
program=$top/tests/bench/measure.py arguments=()
for option in "$@"; do
    case $option in
        --delta) program=$top/tests/bench/delta.py ;;
        --transaction) program=$top/tests/bench/transaction.py ;;
        --plan) program=$top/tests/bench/plan.py ;;
        --first-hour) program=$top/tests/bench/first_hour.py ;;
        --registry) program=$top/tests/bench/pulling.py ;;
        --kit) program=$top/tests/bench/kit.py ;;
        *) arguments+=("$option") ;;
    esac
done
export PYTHONPATH=$top/tests:$top/tests/verbs
for option in "$@"; do
    [ "$option" != --help ] || exec /usr/bin/python3 "$program" --help
done
become_root "$@"
# shellcheck disable=SC2046,SC2086 # lists of words
need $build_packages python3 time hyperfine zstd openssl debootstrap util-linux $(docker_packages)
if [ "$program" = "$top/tests/bench/delta.py" ]; then
    command -v npm >/dev/null || need npm
    (need bsdiff casync ostree xdelta3) || echo "peers that are missing are skipped" >&2
fi
if [ "$program" = "$top/tests/bench/pulling.py" ]; then
    need skopeo docker-registry
fi
if [ "$program" = "$top/tests/bench/first_hour.py" ]; then
    need busybox-static curl e2fsprogs patch
fi
build_in release --buildtype=release --werror >"$top/build/bench.log" 2>&1 ||
    { tail -n 30 "$top/build/bench.log" >&2; die "the build failed"; }
export HANDCARRY=${HANDCARRY:-$top/build/release/handcarry}
exec /usr/bin/python3 "$program" "${arguments[@]}"
