# SPDX-License-Identifier: Apache-2.0
# Copyright The handcarry authors
"""Each item of the attack list is proven somewhere, and tests/attacks/README.md says where."""
import re

from attacks import table
from attacks.catalogue import ATTACKS
from attacks.evidence import collect
from attacks.items import ITEMS, NOT_APPLICABLE, NOTES


def test_each_item_is_proven_or_says_why_not():
    found = collect()
    missing = [number for number in ITEMS if number not in found and number not in NOT_APPLICABLE]
    assert not missing, "no test_NNN_…, bad-NNN-… or attack for: %s" % missing
    both = [number for number in NOT_APPLICABLE if number in found]
    assert not both, "does not apply, and is proven all the same: %s" % both


def test_no_number_is_outside_the_list():
    assert list(ITEMS) == list(range(1, 131))
    assert not set(collect()) - set(ITEMS)
    assert not (set(NOTES) | set(NOT_APPLICABLE)) - set(ITEMS)


def test_statuses_of_attacks_are_those_of_the_page():
    for number, (_, expected) in ITEMS.items():
        told = set(map(int, re.findall(r"\b\d{1,2}\b", expected.split(":")[0])))
        found = {attack.status for attack in ATTACKS if number in attack.items} - {0}
        assert found <= told, "item %d ends with %s" % (number, sorted(found - told))


def test_the_page_is_as_the_tests_are():
    assert table.PAGE.read_text() == table.page(), "run tests/attacks/table.py"
