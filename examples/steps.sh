# SPDX-License-Identifier: Apache-2.0
# Copyright The handcarry authors
#
# Sourced by examples/*/test.sh, after tests/prepare.sh: how they show and check what they do.
# shellcheck shell=bash

say() # TEXT
{
    printf '\n== %s\n' "$*"
}

expect() # STATUS WORDS COMMAND…: shows the line, runs it, and both must come out
{
    printf '$ %s\n' "${*:3}"
    come "$@"
}

come() # STATUS WORDS COMMAND…: runs it and shows what it says, without the line itself
{
    local status=$1 words=$2 got=0 out
    shift 2
    out=$("$@" 2>&1) || got=$?
    [ -z "$out" ] || printf '%s\n' "$out"
    [ $got = "$status" ] || die "exit status $got; expected $status"
    [ $got = 0 ] || echo "(exit status $got)"
    [[ $out == *"$words"* ]] || die "it did not say: $words"
}
