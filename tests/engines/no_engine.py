# SPDX-License-Identifier: Apache-2.0
# Copyright The handcarry authors
"""A host whose engine only answers, for what does not depend on images."""
import pytest

from engines.host import Host
from engines.lying import LyingEngine


@pytest.fixture
def host(tmp_path):
    with LyingEngine(tmp_path) as engine:
        yield Host(tmp_path / "host", engine.url)


@pytest.fixture
def plain(release):
    """A release of configs alone."""
    release.images, release.playbooks = [], []
    release.write()
    return release
