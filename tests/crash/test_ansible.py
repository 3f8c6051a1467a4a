# SPDX-License-Identifier: Apache-2.0
# Copyright The handcarry authors
"""trust.md 107 and 109 for the Ansible that a release carries: at each call by which its files come
and go a run is killed, or the call fails; then all of it is there, or nothing. HANDCARRY_CRASH,
HANDCARRY_CRASH_SEED and HANDCARRY_CRASH_POINT are as in test_sweep.py."""
import shutil
import tempfile

import pytest

from crash import points, sweep
from crash.test_sweep import COUNT, ONE, SEED
from crash.world import World
from engines.roots import Missing

USUAL = 6  # points of each scenario, as long as not all are asked for


@pytest.fixture(scope="module")
def world(engine_pool):
    """Alone on the engine: what one run leaves there, the next takes away, whosever it is."""
    try:
        engine = engine_pool.get("docker20")
    except Missing as reason:
        pytest.skip("engine docker20: %s" % reason)
    engine.remove_all()
    folder = tempfile.mkdtemp(prefix="hcc-", dir="/var/tmp")
    yield World(folder + "/w", engine, 70, ansible=True)
    shutil.rmtree(folder)


def choose(scenario, calls):
    found = [point for point in points.all_of(scenario, calls)
             if "/ansible" in calls[point.number - 1].what]
    if scenario == "remove":  # what can not be removed now is a note, and the next prune's
        found = [point for point in found if point.what.startswith("kill")]
    if ONE:
        return [points.parse(ONE)] if ONE.startswith(scenario + ":") else []
    return found if COUNT == "all" else points.sample(found, USUAL, SEED)


@pytest.mark.parametrize("scenario", ["first", "upgrade", "remove"])
def test_107_109_a_carried_ansible_is_whole_or_not_there(scenario, world):
    calls = sweep.prepare(world, scenario)
    chosen = choose(scenario, calls)
    failed = sweep.run([world], chosen)
    assert chosen and not failed, "\n" + sweep.describe(failed, calls)
