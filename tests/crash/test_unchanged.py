# SPDX-License-Identifier: Apache-2.0
# Copyright The handcarry authors
"""A host that refused a bundle is, to the byte, the host that it was; and a run that did not end
comes before the next one."""
import pytest

from crash import sweep
from program import handcarry


def refuse(world, status, *arguments, url=None):
    """Runs an install that is refused, and compares everything; what was said."""
    before = world.look()
    command = world.arguments("install", *arguments, "-y")
    if url:
        command[command.index(world.url)] = url
    found, said = world.run(command)
    assert found == status, said
    assert world.look() == before
    return said


@pytest.fixture
def world(worlds):
    return worlds[0]


@pytest.mark.parametrize("host", ["r0", "r2"])
def test_refused_bundles_change_nothing(world, host, tmp_path):
    sweep.reach(world, host)
    world.restore(host)
    cut = tmp_path / "cut.tar.zst"
    cut.write_bytes(world.bundles[3].read_bytes()[:-1000])
    refuse(world, 3, cut)
    bad = bytearray(world.bundles[3].read_bytes())
    bad[100] ^= 1
    cut.write_bytes(bad)
    refuse(world, 3, cut)
    refuse(world, 1, tmp_path / "nothing-here.tar.zst")
    refuse(world, 7, world.bundles[3], url="unix:///nowhere.sock")
    made = handcarry("trust", "init", "--trust", tmp_path / "trust", "--keys", tmp_path / "keys",
                     "--no-password")
    assert made.returncode == 0, made.stderr
    stranger = tmp_path / "stranger.tar.zst"
    made = handcarry("bundle", world.folder / "r3/release.yaml", "-o", stranger, "--trust",
                     tmp_path / "trust", "--sign", tmp_path / "keys/release.key")
    assert made.returncode == 0, made.stderr
    refuse(world, 4, stranger)
    if host == "r2":
        said = refuse(world, 5, world.bundles[1])
        assert "numbers only grow" in said
    else:
        assert not (world.state / world.product).exists()


def test_111_what_did_not_end_comes_before_the_next_bundle(world):
    """The upgrade to 2 was killed behind its switch; then comes release 3, which never gets healthy."""
    sweep.SCENARIOS["forward"].begin(world)
    status, said = world.run(world.arguments("install", world.bundles[3], "-y"))
    assert status == 8 and "an earlier run did not end" in said, said
    sweep.reach(world, "r2")
    assert not sweep.differences(world.looks["r2"], world.look())


def test_111_a_run_that_needs_a_person_stops_the_next_bundle(world):
    sweep.SCENARIOS["undo"].begin(world)
    journal = world.state / "journal"
    whole = journal.read_bytes()
    journal.write_bytes(whole.replace(b"begin", b"bogus", 1))
    before = world.look()
    status, said = world.run(world.arguments("install", world.bundles[2], "-y"))
    assert status == 9 and "handcarry recover" in said, said
    assert world.look() == before
    journal.write_bytes(whole)
    assert world.run(world.arguments("recover"))[0] == 0


