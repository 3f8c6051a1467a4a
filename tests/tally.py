#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
# Copyright The handcarry authors
"""Counts results: tally.py REPORT… prints "PASSED FAILED SKIPPED" over pytest's JUnit files
(*.xml) and meson's testlog.json. A report that is not there, can not be read or holds no test
counts as one failure."""
import json
import re
import sys
import xml.etree.ElementTree as ET

TAP_LINE = re.compile(r"^(not )?ok\b(?:.*?#\s*(skip|todo)\b)?", re.IGNORECASE | re.MULTILINE)
MESON_FINE = ("OK", "EXPECTEDFAIL")


def count_case(case):
    """One <testcase> of a JUnit file."""
    if case.find("failure") is not None or case.find("error") is not None:
        return [0, 1, 0]
    return [0, 0, 1] if case.find("skipped") is not None else [1, 0, 0]


def count_program(program):
    """One program of testlog.json: each line of its TAP, or itself where it prints none. One that
    ends badly after its last good line (a leak, a crash) counts as a failure of its own, which
    meson's own JUnit file leaves out."""
    counts = [0, 0, 0]
    for failed, mark in TAP_LINE.findall(program.get("stdout", "")):
        counts[2 if mark else 1 if failed else 0] += 1
    if program["result"] == "SKIP":
        return counts if counts[2] else [0, 0, 1]
    if program["result"] not in MESON_FINE:
        return counts if counts[1] else [counts[0], 1, counts[2]]
    return counts if sum(counts) else [1, 0, 0]


def read(path):
    """The counts of every test in a report."""
    if path.endswith(".xml"):
        return [count_case(case) for case in ET.parse(path).iter("testcase")]
    with open(path, encoding="utf-8") as file:
        return [count_program(json.loads(line)) for line in file]


def count(path):
    try:
        results = read(path)
    except (OSError, ValueError, KeyError, ET.ParseError) as error:
        print("tally: %s: %s" % (path, error), file=sys.stderr)
        return [0, 1, 0]
    if not results:
        print("tally: %s holds no test" % path, file=sys.stderr)
        return [0, 1, 0]
    return [sum(column) for column in zip(*results)]


def main():
    totals = [count(path) for path in sys.argv[1:]]
    print(*[sum(column) for column in zip(*totals)])


if __name__ == "__main__":
    main()
