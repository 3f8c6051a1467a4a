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
    local status=$1 words=$2 got=0 out
    shift 2
    printf '$ %s\n' "$*"
    out=$("$@" 2>&1) || got=$?
    printf '%s\n' "$out"
    [ $got = "$status" ] || die "exit status $got; expected $status"
    [ $got = 0 ] || echo "(exit status $got)"
    [[ $out == *"$words"* ]] || die "it did not say: $words"
}
