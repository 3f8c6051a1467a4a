# SPDX-License-Identifier: Apache-2.0
# Copyright The handcarry authors
"""Fixtures that every kind of test may use, and which tests a program without some verbs has not."""
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


def pytest_collection_modifyitems(config, items):
    absent = [item for item in items if missing_verb(item.path) is not None]
    items[:] = [item for item in items if item not in absent]
    if absent:
        config.hook.pytest_deselected(items=absent)
