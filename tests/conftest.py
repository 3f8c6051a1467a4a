# SPDX-License-Identifier: Apache-2.0
# Copyright The handcarry authors
"""Fixtures that every kind of test may use, and which tests a program without some verbs has not."""
import collections
import re

from engines.fixtures import *  # noqa: F401,F403 pylint: disable=wildcard-import,unused-wildcard-import
from engines.release import release  # noqa: F401 pylint: disable=unused-import
from kits import kit_shelf  # noqa: F401 pylint: disable=unused-import
from program import CONNECTED, verbs
from registry.fixtures import fixture_shelf, registry_server  # noqa: F401 pylint: disable=unused-import

ALL_ENGINES = ("test_engines.py", "test_load.py", "test_install.py", "test_transaction.py")


def missing_verb(path):
    """The verb that a file of tests is about and the program lacks, or None."""
    subject = re.match(r"test_([a-z]+)", path.name)
    verb = subject[1] if subject else None
    if "sources" in path.parts:
        verb = "bundle"
    return verb if verb in CONNECTED and verb not in verbs() else None


def pytest_addoption(parser):
    parser.addoption("--share", metavar="K/N",
                     help="only this one of N shares of the files, for runs side by side")
    parser.addoption("--few-engines", action="store_true",
                     help="Docker 26 on overlay2 and Podman 5 only where the engine itself matters")


def share_of(files, share):
    """The files of one share: the largest first, each to the share that has least."""
    number, count = map(int, share.split("/"))
    shares = [[] for _ in range(count)]
    for path in sorted(files, key=lambda path: (-files[path], path)):
        min(shares, key=lambda taken: sum(files[one] for one in taken)).append(path)
    return shares[number - 1]


def is_left_out(item):
    """Both stand between two others that run everything: Docker 20.10 and 26 with containerd's
    store, Podman 4."""
    return re.search(r"\b(docker26|podman5)\b", item.name) and item.path.name not in ALL_ENGINES


def pytest_collection_modifyitems(config, items):
    share = config.getoption("--share")
    kept = [item for item in items if missing_verb(item.path) is None]
    if config.getoption("--few-engines"):
        kept = [item for item in kept if not is_left_out(item)]
    if share:
        files = share_of(collections.Counter(item.path for item in kept), share)
        kept = [item for item in kept if item.path in files]
    absent = [item for item in items if item not in kept]
    items[:] = kept
    if absent:
        config.hook.pytest_deselected(items=absent)
