# SPDX-License-Identifier: Apache-2.0
# Copyright The handcarry authors
"""Items 101 to 122 of the attack list each have a test with their number in its name:
test_107_109_old_or_new… is one of 107 and of 109."""
import re
from pathlib import Path

TESTS = Path(__file__).resolve().parents[1]


def numbers():
    """{number: [file: name]}"""
    found = {}
    for path in [*TESTS.rglob("*.py"), *TESTS.rglob("*.c")]:
        for name in re.findall(r"(?m)^(?:def )?test_((?:\d{3}_)+\w*)", path.read_text()):
            for number in re.findall(r"\d{3}(?=_)", name):
                found.setdefault(int(number), []).append("%s: test_%s" % (
                    path.relative_to(TESTS), name))
    return found


def test_each_item_has_a_test():
    found = numbers()
    missing = [number for number in range(101, 123) if number not in found]
    assert not missing, "no test_NNN_… for: %s" % missing
