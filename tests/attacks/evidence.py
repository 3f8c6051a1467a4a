# SPDX-License-Identifier: Apache-2.0
# Copyright The handcarry authors
"""Where each item of the list is proven: {number: {kind: [names]}}, found by the numbers in names.

A test is named test_NNN_…; test_107_109_… is one of 107 and of 109, test_001_to_009_… one of nine. A
data file is tests/data/PARSER/bad-NNN-…. An attack of the corpus says its items itself."""
import re
from pathlib import Path

from attacks import catalogue  # noqa: F401 pylint: disable=unused-import
from attacks.kit import ATTACKS

TESTS = Path(__file__).resolve().parents[1]


def numbers_of(name):
    """The items that a test's name begins with."""
    lead = re.match(r"(?:\d{3}_(?:to_(?=\d{3}_))?)+", name)
    numbers, words = [], lead[0].split("_") if lead else []
    for at, word in enumerate(words):
        if word == "to":
            numbers += range(int(words[at - 1]) + 1, int(words[at + 1]))
        elif word:
            numbers.append(int(word))
    return numbers


def collect():
    found = {}

    def add(number, kind, name):
        names = found.setdefault(number, {}).setdefault(kind, [])
        if name not in names:
            names.append(name)
    for attack in ATTACKS:
        for number in attack.items:
            add(number, "corpus", attack.stem)
    for path in sorted([*TESTS.rglob("*.py"), *TESTS.rglob("*.c")]):
        begin = "def " if path.suffix == ".py" else ""
        for name in re.findall(r"(?m)^%stest_(\d{3}_\w*)" % begin, path.read_text()):
            for number in numbers_of(name):
                add(number, "tests", str(path.relative_to(TESTS)))
    for path in sorted(TESTS.glob("data/*/bad-*")):
        number = re.match(r"bad-(\d{3})-", path.name)
        if number and not path.name.endswith(".expected"):
            add(int(number[1]), "data", path.parent.name)
    return found
