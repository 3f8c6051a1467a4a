# SPDX-License-Identifier: Apache-2.0
# Copyright The handcarry authors
"""Each item of the attack list is proven somewhere, and tests/attacks/README.md says where."""
from attacks import table
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


def test_the_page_is_as_the_tests_are():
    assert table.PAGE.read_text() == table.page(), "run tests/attacks/table.py"
