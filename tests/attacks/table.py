#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
# Copyright The handcarry authors
"""The tables of README.md, made from the attacks, the tests and the data files themselves:
tests/attacks/table.py writes them into the page."""
import sys
from pathlib import Path

if __name__ == "__main__":
    TESTS = Path(__file__).resolve().parents[1]
    sys.path[:0] = [str(TESTS), str(TESTS / "verbs")]

from attacks.catalogue import ATTACKS
from attacks.evidence import collect
from attacks.items import GROUPS, ITEMS, NOT_APPLICABLE, NOTES
from attacks.minisign import STRICTER

PAGE = Path(__file__).with_name("README.md")
BEGIN, END = "<!-- tables: made by tests/attacks/table.py -->\n", "<!-- end of tables -->\n"


def cell(found):
    """Where an item is proven, in few words."""
    parts = []
    for kind, form in (("corpus", "%s"), ("tests", "%s"), ("data", "data/%s")):
        if kind in found:
            parts.append(", ".join("`%s`" % form % name for name in found[kind]))
    return "; ".join(parts)


def item_rows():
    found = collect()
    refused = sum(attack.expect == "refuse" for attack in ATTACKS)
    yield ""
    yield "The corpus has %d attacks: %d to be refused, %d to be taken." % (
        len(ATTACKS), refused, len(ATTACKS) - refused)
    for number, (what, expected) in ITEMS.items():
        if number in GROUPS:
            yield ""
            yield "### %s" % GROUPS[number]
            yield ""
            yield "| | attack or fault | expected | proven by |"
            yield "| --- | --- | --- | --- |"
        proof = cell(found.get(number, {})) or "does not apply: " + NOT_APPLICABLE[number]
        note = " " + NOTES[number] if number in NOTES else ""
        yield "| %d | %s | %s | %s.%s |" % (number, what, expected, proof.rstrip("."), note)


def stricter_rows():
    yield ""
    yield "### Where handcarry is stricter than minisign -V -H"
    yield ""
    yield "| file or attack | why |"
    yield "| --- | --- |"
    for name, why in STRICTER.items():
        yield "| `%s` | %s |" % (name, why)


def page():
    """The page as it should be."""
    head, _, rest = PAGE.read_text().partition(BEGIN)
    tail = rest.partition(END)[2]
    return head + BEGIN + "\n".join([*item_rows(), *stricter_rows()]) + "\n\n" + END + tail


if __name__ == "__main__":
    PAGE.write_text(page())
