# SPDX-License-Identifier: Apache-2.0
# Copyright The handcarry authors
"""One registry, one repository and one set of keys for all tests of pipelines."""
import shutil

import pytest

from pipelines.world import World

NEEDED = ("busybox", "docker-registry", "git", "openssl", "skopeo")


@pytest.fixture(scope="session", name="world")
def world_fixture(tmp_path_factory):
    missing = [name for name in NEEDED if not shutil.which(name)]
    if missing:
        pytest.skip(f"program {missing[0]} is missing")
    with World(tmp_path_factory.mktemp("world")) as world:
        yield world
