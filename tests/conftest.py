# SPDX-License-Identifier: Apache-2.0
# Copyright The handcarry authors
"""Fixtures that every kind of test may use, and which tests a program without some verbs has not."""
import collections
import re

from engines.fixtures import *  # noqa: F401,F403 pylint: disable=wildcard-import,unused-wildcard-import
from engines.release import release  # noqa: F401 pylint: disable=unused-import
from program import CONNECTED, verbs


def missing_verb(path):
    """The verb that a file of tests is about and the program lacks, or None."""
    subject = re.match(r"test_([a-z]+)", path.name)
    verb = subject[1] if subject else None
    if "sources" in path.parts:
        verb = "bundle"
    return verb if verb in CONNECTED and verb not in verbs() else None


def pytest_addoption(parser):
    parser.addoption("--half", choices=("first", "second"),
                     help="only these files, so that two runs can go on side by side")


def other_half(half, items):
    """Files that the other run takes: the largest first, each to the run that has less."""
    files = collections.Counter(item.path for item in items)
    taken = {"first": [], "second": []}
    for path in sorted(files, key=lambda path: (-files[path], path)):
        lighter = min(taken, key=lambda name: sum(files[one] for one in taken[name]))
        taken[lighter].append(path)
    del taken[half]
    return set(*taken.values())


def pytest_collection_modifyitems(config, items):
    half = config.getoption("--half")
    others = other_half(half, items) if half else set()
    absent = [item for item in items if missing_verb(item.path) is not None or item.path in others]
    items[:] = [item for item in items if item not in absent]
    if absent:
        config.hook.pytest_deselected(items=absent)
