# SPDX-License-Identifier: Apache-2.0
# Copyright The handcarry authors
"""A host whose clock is wrong, or set during a run: nothing changes but a warning."""
import json
import os
import pathlib
import subprocess

import pytest

from engines.host import host20  # noqa: F401 pylint: disable=unused-import
from program import handcarry

PLAYBOOK = False
ISSUED, UNTIL = "2026-11-20T08:00:00Z", "2090-01-01T00:00:00Z"
IN_1970, IN_2099 = 5, 4_070_908_800


@pytest.fixture(name="clock", scope="session")
def clock_fixture(tmp_path_factory):
    """Makes the environment in which the wall clock begins at a time, and jumps."""
    made = tmp_path_factory.mktemp("clock") / "clock.so"
    subprocess.run(["cc", "-D_GNU_SOURCE", "-shared", "-fPIC", "-O1", "-o", made,
                    pathlib.Path(__file__).with_name("clock.c"), "-ldl"], check=True)
    return lambda start, jump=0: {**os.environ, "LD_PRELOAD": str(made),
                                  "CLOCK_FAULT": f"{start} {jump}"}


@pytest.fixture(name="bundles")
def bundles_fixture(host20, docker20, release):
    """Releases 1 and 2, with times."""
    made = []
    release.health = [{"command": ["sleep", "0.3"], "within": "20s"}]
    for number in (1, 2):
        release.fields.update({"release": number, "version": f"{number}.0", "issued": ISSUED,
                               "advise-until": UNTIL})
        release.write()
        (release.folder / "configs/plain.conf").write_text(f"plain = {number}\n")
        made.append(host20.bundle(release))
    return made


def receipts(host):
    return [json.loads(path.read_text()) for path in sorted((host.state / "receipts").glob("*.json"))]


def proven(host, env):
    ran = handcarry("history", "--verify", "--root", host.root, env=env)
    assert ran.returncode == 0, ran.stdout + ran.stderr
    ran = handcarry("history", "--root", host.root, env=env)
    assert ran.returncode == 0, ran.stdout + ran.stderr
    return ran.stdout


def all_verbs(host, bundles, env, warning):
    """What a person does on a host with such a clock; each warns where it speaks of a release."""
    plan = handcarry(*host.arguments("plan", bundles[0]), env=env)
    assert plan.returncode == 0 and warning in plan.stdout, plan.stdout + plan.stderr
    checked = handcarry("verify", bundles[0], "--trust", host.folder / "trust", env=env)
    assert checked.returncode == 0 and warning in checked.stderr, checked.stderr
    told = json.loads(handcarry("verify", bundles[0], "--json", "--trust", host.folder / "trust",
                                env=env).stdout)
    assert any(warning in line for line in told["bundles"][0]["warnings"])
    for bundle in bundles:
        assert warning in host.install(bundle, env=env).stdout
    ran = handcarry(*host.arguments("rollback", "handcarry-test", "-y"), env=env)
    assert ran.returncode == 0, ran.stderr
    host.install(bundles[1], env=env)
    for arguments in (host.arguments("status"), host.arguments("prune"), ["log", "--root", host.root]):
        ran = handcarry(*arguments, env=env)
        assert ran.returncode == 0, ran.stderr
    assert host.status()["products"][0]["release"] == 2


def test_041_a_clock_in_1970_changes_nothing_but_a_warning(host20, docker20, bundles, clock):
    env = clock(IN_1970)
    all_verbs(host20, bundles, env, "the clock here is wrong: it shows 1970-01-01 00:00 UTC, and "
                                    "2026-11-20 08:00 UTC was when this release was issued")
    found = receipts(host20)
    assert [receipt["verb"] for receipt in found] == ["install", "install", "rollback", "install"]
    assert all(receipt["begun"].startswith("1970-01-01T") for receipt in found)
    assert any("the clock here is wrong" in note for note in found[0]["notes"])
    assert all(0 <= receipt["ms"] < 60_000 for receipt in found)
    assert "1970-01-01" in proven(host20, env)


def test_042_a_clock_in_2099_changes_nothing_but_a_warning(host20, docker20, bundles, clock):
    env = clock(IN_2099)
    all_verbs(host20, bundles, env, "is advised until 2090-01-01 00:00 UTC only, and the clock here "
                                    "shows 2099-01-01 00:00 UTC")
    # What was written then raises no floor: with the right clock again everything goes on.
    ran = handcarry(*host20.arguments("rollback", "handcarry-test", "-y"))
    assert ran.returncode == 0, ran.stderr
    assert "2099-01-01" in proven(host20, None)
    plan = handcarry(*host20.arguments("plan", bundles[0]))
    assert plan.returncode == 5, "only its number counts"
    assert "the clock here" not in plan.stdout + plan.stderr


@pytest.mark.parametrize("jump", [1_000_000_000, -1_000_000_000])
def test_043_a_clock_that_is_set_during_the_run(host20, docker20, bundles, clock, jump):
    """Health waits by the clock that nobody sets, and durations are taken by it."""
    env = clock(1_800_000_000, jump)
    host20.install(bundles[0], env=env)
    host20.install(bundles[1], env=env)
    for receipt in receipts(host20):
        assert receipt["result"]["outcome"] == "done"
        assert 300 <= receipt["ms"] < 60_000
        assert all(0 <= part["ms"] < 60_000 for step in receipt["steps"] for part in step["parts"]
                   if "ms" in part)
    proven(host20, env)


def test_044_a_release_that_was_issued_before_this_program_was_made(host20, docker20, release):
    release.fields["issued"] = "2020-01-01T00:00:00Z"
    release.write()
    bundle = host20.bundle(release)
    plan = handcarry(*host20.arguments("plan", bundle))
    assert plan.returncode == 0 and "  issued   2020-01-01 00:00 UTC, " in plan.stdout
    assert "clock" not in plan.stdout
    host20.install(bundle)
