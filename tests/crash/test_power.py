# SPDX-License-Identifier: Apache-2.0
# Copyright The handcarry authors
"""trust.md 108 and 122: the power is cut at each flush of the disks, and between them.

HANDCARRY_CRASH_POWER is for how many seconds each file system and scenario is tried."""
import os
import shutil
import tempfile
import time
from pathlib import Path

import pytest

from crash import disks, power
from engines.roots import Missing

SECONDS = float(os.environ.get("HANDCARRY_CRASH_POWER", "0"))
SEED = int(os.environ.get("HANDCARRY_CRASH_SEED", "108"))


@pytest.fixture
def folder():
    made = Path(tempfile.mkdtemp(prefix="hcp-", dir="/var/tmp"))
    disks.leave_mounts()
    yield made
    shutil.rmtree(made)


@pytest.mark.skipif(SECONDS == 0, reason="tests/run.sh --crash power runs it")
@pytest.mark.parametrize("scenario", ["upgrade", "rollback"])
@pytest.mark.parametrize("kind", disks.MKFS)
def test_108_122_old_or_new_after_the_power_was_cut(kind, scenario, folder, capsys):
    program = disks.build(folder)
    try:
        host = power.PowerWorld(folder, kind, 0)
    except Missing as reason:
        pytest.skip("engine docker20: %s" % reason)
    failed, tried, flushes = [], 0, 0
    try:
        host.begin(scenario)
        records = host.record(scenario, program)
        end = time.monotonic() + SECONDS
        for number, pick in power.choose(records, SEED):
            wrong = power.strike(host, scenario, records, number, pick, tried % 2 == 0)
            tried, flushes = tried + 1, flushes + (pick is None)
            if wrong:
                failed.append("cut after record %d of %d%s:\n    %s" % (
                    number, len(records), ", random" if pick else "", "\n    ".join(wrong)))
            if time.monotonic() > end:
                break
    finally:
        host.stop()
    with capsys.disabled():
        print("\n%s, %s: %d cuts, %d of them at the %d flushes, %d records, seed %d: %d failed" % (
            kind, scenario, tried, flushes, sum(r.kind == "F" for r in records), len(records), SEED,
            len(failed)))
    assert not failed, "\n" + "\n".join(failed)
