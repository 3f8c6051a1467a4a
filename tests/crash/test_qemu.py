# SPDX-License-Identifier: Apache-2.0
# Copyright The handcarry authors
"""trust.md 108 and 122 with a whole machine: its plug is pulled while it installs and rolls back
in a loop; after the next boot, with handcarry-recover.service, it has one release and no mix.

HANDCARRY_CRASH_QEMU is how often."""
import os
import random
import shutil
import tempfile
import time

import pytest

from crash.guest import Guest
from engines.roots import Missing

COUNT = int(os.environ.get("HANDCARRY_CRASH_QEMU", "0"))
SEED = int(os.environ.get("HANDCARRY_CRASH_SEED", "122"))
BOOT_SECONDS = 180
RUNS = 2.2  # kills come within so many runs after the boot


@pytest.fixture
def guest():
    folder = tempfile.mkdtemp(prefix="hcq-", dir="/var/tmp")
    try:
        made = Guest(folder)
    except Missing as reason:
        shutil.rmtree(folder)
        pytest.skip("no guest: %s" % reason)
    yield made
    if made.process is not None and made.process.poll() is None:
        made.kill()
    shutil.rmtree(folder)


def time_of_a_run(guest):
    """Seconds; an emulated machine takes ten times as long as a real one."""
    begin = time.monotonic()
    assert guest.wait_for("RAN ", BOOT_SECONDS), guest.said()[-3000:]
    return time.monotonic() - begin


@pytest.mark.skipif(COUNT == 0, reason="tests/run.sh --crash qemu runs it")
def test_108_122_one_release_after_the_plug_was_pulled(guest, capsys):
    pick, found, runs, took = random.Random(SEED), [], 0, None
    for number in range(COUNT + 1):
        guest.start(pick.choice(["none", "writeback"]))
        verdict = guest.wait_for("VERDICT", BOOT_SECONDS)
        assert verdict and "fine" in verdict, "boot %d: %s\n%s" % (number, verdict,
                                                                  guest.said()[-3000:])
        found.append(verdict.rsplit(" ", 1)[1])
        took = took or time_of_a_run(guest)
        time.sleep(pick.uniform(0.05, RUNS * took))
        runs += guest.said().count("RAN ")
        with capsys.disabled():
            print("boot %d: %s; %d runs so far" % (number, verdict, runs), flush=True)
        assert "wrong" not in guest.said(), guest.said()[-3000:]
        guest.kill()
    with capsys.disabled():
        print("\n%d kills, %d whole runs between them; after boot release 1 %d times, 2 %d times" % (
            COUNT, runs, found.count("1"), found.count("2")))
