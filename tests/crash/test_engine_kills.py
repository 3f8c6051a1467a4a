# SPDX-License-Identifier: Apache-2.0
# Copyright The handcarry authors
"""trust.md 101: the engine is killed at each request to it, before or after it did what was asked,
and started again at once, or only when the run has ended.

HANDCARRY_CRASH_ENGINE is how many points are tried ("all": each)."""
import os
import random
from concurrent.futures import ThreadPoolExecutor

import pytest

from crash.points import Point
from crash.sweep import SCENARIOS, Judge, prepare
from engines.lying import After, LyingEngine

COUNT = os.environ.get("HANDCARRY_CRASH_ENGINE", "12")
SEED = int(os.environ.get("HANDCARRY_CRASH_SEED", "101"))
# An engine ends with the thread that started it.
STARTER = ThreadPoolExecutor(1)
WAYS = [(when, again) for when in ("before", "after") for again in ("at once", "later")]


class Killer:
    """Between a run and the engine: kills the engine at one request."""

    def __init__(self, world, number, when, again):
        self.engine = world.engine
        self.number, self.when, self.again = number, when, again
        self.asked, self.killed = 0, False

    def strike(self):
        self.killed = True
        self.engine.kill()
        if self.again == "at once":
            STARTER.submit(self.engine.start).result()

    def __call__(self, _line):
        self.asked += 1
        if self.killed and not self.engine.is_running():
            return "die"
        if self.asked != self.number:
            return None
        if self.when == "after":
            return After(self.strike)
        self.strike()
        return "die"


def run(world, scenario, folder, killer):
    """(exit status, what was said, requests) of a run with killer in between."""
    with LyingEngine(folder, real=world.engine.socket, **{"": killer}) as between:
        world.url = between.url
        try:
            return *world.run(SCENARIOS[scenario].command(world)), between.asked
        finally:
            world.url = world.engine.url


def strike(world, scenario, folder, number, when, again):
    """What is wrong at one request."""
    SCENARIOS[scenario].begin(world)
    killer = Killer(world, number, when, again)
    judge = Judge(world, Point(scenario, number, when, False))
    status, said, _ = run(world, scenario, folder, killer)
    if not world.engine.is_running():
        world.engine.start()
    judge.expect(killer.killed, "the request was not reached")
    # An engine that is gone cannot be asked for what it was given: the run stays open for that.
    if status != 7 or "type: handcarry recover" not in said:
        judge.ended(status, said)
    judge.recover()
    return judge.wrong


@pytest.mark.parametrize("scenario", ["upgrade", "rollback"])
def test_101_old_or_new_when_the_engine_is_killed(scenario, worlds, tmp_path, capsys):
    world = worlds[0]
    prepare(world, scenario)
    SCENARIOS[scenario].begin(world)
    asked = run(world, scenario, tmp_path, lambda _line: None)[2]
    points = [(number, *way) for number in range(1, len(asked) + 1) for way in WAYS]
    chosen = points
    if COUNT != "all":
        chosen = random.Random(SEED).sample(points, int(COUNT) // 2)
    failed = []
    for number, when, again in chosen:
        wrong = strike(world, scenario, tmp_path, number, when, again)
        if wrong:
            failed.append("killed %s request %d (%s), started %s:\n    %s" % (
                when, number, asked[number - 1], again, "\n    ".join(wrong)))
    with capsys.disabled():
        print("\n%s: %d requests, %d points of %d, seed %d: %d failed" % (
            scenario, len(asked), len(chosen), len(points), SEED, len(failed)))
    assert not failed, "\n" + "\n".join(failed)
