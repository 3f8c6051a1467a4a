# SPDX-License-Identifier: Apache-2.0
# Copyright The handcarry authors
"""trust.md 107 and 109: at each call that changes the host a run is killed, or the call fails;
after recover the host is the old one or the new one, and nothing between.

HANDCARRY_CRASH is how many points are tried ("all": each), HANDCARRY_CRASH_SEED which ones, and
HANDCARRY_CRASH_POINT names one that failed."""
import os

import pytest

from crash import points, sweep

COUNT = os.environ.get("HANDCARRY_CRASH", "324")
SEED = int(os.environ.get("HANDCARRY_CRASH_SEED", "107"))
ONE = os.environ.get("HANDCARRY_CRASH_POINT")


def choose(scenario, calls):
    found = points.all_of(scenario, calls)
    if ONE:
        return [points.parse(ONE)] if ONE.startswith(scenario + ":") else []
    if COUNT == "all":
        return found
    return points.sample(found, int(COUNT) // len(sweep.SCENARIOS), SEED)


@pytest.mark.parametrize("scenario", sweep.SCENARIOS)
def test_107_109_old_or_new_whatever_hits_a_run(scenario, worlds, capsys):
    calls = sweep.prepare(worlds[0], scenario)
    for world in worlds[1:]:
        sweep.make_hosts(world, scenario)
    chosen = choose(scenario, calls)
    failed = sweep.run(worlds, chosen)
    with capsys.disabled():
        print("\n%s: %d calls, %d points of %d, seed %d: %d failed" % (
            scenario, len(calls), len(chosen), len(points.all_of(scenario, calls)), SEED,
            len(failed)))
    assert not failed, "\n" + sweep.describe(failed, calls)
