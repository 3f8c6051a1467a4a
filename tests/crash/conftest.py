# SPDX-License-Identifier: Apache-2.0
# Copyright The handcarry authors
"""Hosts that are hit side by side, on one engine."""
import os
import shutil
import tempfile

import pytest

from crash.world import World
from engines.roots import Missing

WORLDS = int(os.environ.get("HANDCARRY_CRASH_WORLDS", "3"))


@pytest.fixture(scope="session")
def worlds(engine_pool):
    """Each with its saved hosts: r0 is empty, r1 and r2 have that release."""
    try:
        engine = engine_pool.get("docker20")
    except Missing as reason:
        pytest.skip("engine docker20: %s" % reason)
    engine.remove_all()
    folder = tempfile.mkdtemp(prefix="hcc-", dir="/var/tmp")
    made = [World(folder + "/w%d" % seed, engine, seed) for seed in range(WORLDS)]
    yield made
    shutil.rmtree(folder)
