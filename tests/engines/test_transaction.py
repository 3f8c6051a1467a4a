# SPDX-License-Identifier: Apache-2.0
# Copyright The handcarry authors
"""The transaction: going back, rolling back, removing, and what is left after each."""
import json

from engines.host import host, host20  # noqa: F401 pylint: disable=unused-import
from engines.images import Image
from program import handcarry


def next_release(release, **fields):
    """Release 2: another image under the first name, another config."""
    release.fields.update(release=2, version="2.0.0", **fields)
    release.images[0] = Image("handcarry-test/server:1", release.images[1].layers[:2])
    release.write()
    (release.folder / "configs/plain.conf").write_text("plain = no\n")


def run(host, verb, *more, status=0):
    ran = handcarry(*host.arguments(verb, *more))
    assert ran.returncode == status, ran.stdout + ran.stderr
    return ran


def test_rollback_puts_back_names_configs_and_state(host, engine, release):
    host.install(host.bundle(release))
    old = engine.inspect("handcarry-test/server:1")["Id"]
    next_release(release)
    host.install(host.bundle(release))
    new = engine.inspect("handcarry-test/server:1")["Id"]
    assert (release.target / "plain.conf").read_text() == "plain = no\n"
    ran = run(host, "rollback", "handcarry-test", "-y")
    assert "release 1, is the current one again" in ran.stdout
    assert engine.inspect("handcarry-test/server:1")["Id"] == old
    assert engine.inspect("handcarry.local/handcarry-test/server:r2-1")["Id"] == new
    assert (release.target / "plain.conf").read_text() == "plain = yes\n"
    assert (host.state / "handcarry-test/current").readlink().name == "r1"
    assert host.status()["products"][0]["release"] == 1
    assert json.loads(release.trace.read_text())["release"] == 1
    assert not (host.state / "journal").exists()
    ran = run(host, "rollback", "handcarry-test", "-y", status=11)
    assert "is the first one here" in ran.stderr


def test_an_edit_survives_the_rollback(host20, release):
    host20.install(host20.bundle(release))
    next_release(release)
    host20.install(host20.bundle(release))
    edited = release.target / "plain.conf"
    edited.write_text("plain = mine\n")
    ran = run(host20, "rollback", "handcarry-test", "-y")
    assert "was edited on this host and stays" in ran.stdout
    assert edited.read_text() == "plain = mine\n"


def test_remove_takes_everything_but_edits_and_the_floor(host, engine, release):
    bundle = host.bundle(release)
    before = engine.images()
    host.install(bundle)
    (release.target / "plain.conf").write_text("mine\n")
    ran = run(host, "remove", "handcarry-test", "-y")
    assert "handcarry-test is removed" in ran.stdout and "edited" in ran.stdout
    assert engine.images() == before
    assert (release.target / "plain.conf").read_text() == "mine\n"
    assert not (release.target / "server.conf").exists()
    assert not (host.state / "handcarry-test/r1").exists()
    ran = run(host, "remove", "handcarry-test", "-y", status=11)
    assert "is not installed here" in ran.stderr


def test_112_a_pruned_image_is_found_before_anything_is_changed(host20, docker20, release):
    host20.install(host20.bundle(release))
    next_release(release)
    host20.install(host20.bundle(release))
    docker20.call("DELETE", "/images/handcarry.local/handcarry-test/server:r1-1")
    ran = run(host20, "rollback", "handcarry-test", "-y", status=11)
    assert "is not in the engine any more" in ran.stderr
    assert host20.status()["products"][0]["release"] == 2


def test_a_failure_that_is_held_can_be_left_or_gone_through(host20, release):
    host20.install(host20.bundle(release))
    flag = host20.folder / "well"
    release.health = [{"command": ["test", "-e", str(flag)], "within": "1s"}]
    next_release(release)
    bundle = host20.bundle(release)
    ran = host20.install(bundle, "--on-failure", "stop", status=9)
    assert "type: handcarry recover --forward" in ran.stderr
    assert "to go back: handcarry recover" in ran.stderr
    assert (release.target / "plain.conf").read_text() == "plain = no\n"
    run(host20, "recover")
    assert (release.target / "plain.conf").read_text() == "plain = yes\n"
    assert host20.status()["products"][0]["release"] == 1
    host20.install(bundle, "--on-failure", "stop", status=9)
    flag.write_text("")
    ran = run(host20, "recover", "--forward")
    assert "release 2, is installed" in ran.stdout
    assert host20.status()["products"][0]["release"] == 2


def test_115_a_damaged_journal_stops_everything_until_a_person_gives_it_up(host20, release):
    host20.install(host20.bundle(release))
    next_release(release)
    release.health = [{"command": ["false"], "within": "1s"}]
    release.write()
    bundle = host20.bundle(release)
    host20.install(bundle, "--on-failure", "stop", status=9)
    journal = host20.state / "journal"
    journal.write_bytes(journal.read_bytes().replace(b"prepare", b"Prepare", 1))
    for verb in (["install", bundle, "-y"], ["rollback", "handcarry-test", "-y"], ["recover"]):
        ran = run(host20, *verb, status=9)
        assert "cannot be read" in ran.stderr and "--give-up" in ran.stderr
    ran = run(host20, "recover", "--give-up")
    assert "journal.damaged" in ran.stdout
    release.fields.update(release=3, version="3.0.0")
    release.health = []
    release.write()
    host20.install(host20.bundle(release))
    assert host20.status()["products"][0]["release"] == 3


def test_a_run_that_is_given_up_leaves_the_host_to_the_person(host20, release):
    host20.install(host20.bundle(release))
    next_release(release)
    release.health = [{"command": ["false"], "within": "1s"}]
    release.write()
    (release.folder / "configs/plain.conf").write_text("plain = no\n")
    host20.install(host20.bundle(release), "--on-failure", "stop", status=9)
    ran = run(host20, "recover", "--give-up")
    assert "ended where it stood" in ran.stdout
    assert (release.target / "plain.conf").read_text() == "plain = no\n"
    assert (host20.state / "handcarry-test/current").readlink().name == "r1"
    product = host20.status()["products"][0]
    assert product["release"] == 1
    assert {row["found"] for row in product["configs"]} == {"ok", "changed"}
    kept = list((host20.state / "handcarry-test/r2/before").iterdir())
    assert any(path.read_text() == "plain = yes\n" for path in kept if path.suffix != ".yaml")
