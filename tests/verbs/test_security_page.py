# SPDX-License-Identifier: Apache-2.0
# Copyright The handcarry authors
"""SECURITY.md says what the code does: its tests exist, its lists are those of the code, and what it
tells people to type works."""
import re

from program import TOP

PAGE = (TOP / "SECURITY.md").read_text()


def test_every_promise_names_tests_that_are_there():
    rows = re.findall(r"^\| (\d+) \| .* \| (.*) \|$", PAGE, re.M)
    assert [int(number) for number, _ in rows] == list(range(1, len(rows) + 1)) and len(rows) > 10
    for number, tests in rows:
        names = re.findall(r"`([^`]+)`", tests)
        assert names, number
        assert [name for name in names if not (TOP / "tests" / name).is_file()] == []


def test_the_variables_that_are_kept_are_all_named():
    code = (TOP / "manifest/surroundings.c").read_text()
    table = code[code.index("kept[] = {"):code.index("};")]
    names = re.findall(r'"([A-Z_]+)"', table)
    assert len(names) >= 5
    sentence = PAGE[PAGE.index("keeping of the environment"):PAGE.index("| process |")]
    assert sorted(re.findall(r"`([A-Z_]+)`", sentence)) == sorted([*names, "PATH"])


def test_the_powers_that_are_kept_are_all_named():
    code = (TOP / "install/isolate.c").read_text()
    powers = re.findall(r"POWER \(CAP_([A-Z_]+)\)", code)
    row = next(line for line in PAGE.splitlines() if line.startswith("| main:"))
    assert sorted(re.findall(r"`([A-Z_]+)`", row)) == sorted(powers) and len(powers) > 5


def test_the_page_is_short():
    assert len(PAGE.splitlines()) <= 150
