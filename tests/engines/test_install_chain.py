# SPDX-License-Identifier: Apache-2.0
# Copyright The handcarry authors
"""install of a folder with deltas: the bundle or chain that fits, and that only the last release of
a chain is left on the host."""
import json
import re
import shutil
import signal

import pytest

from engines.deltas import carry, put
from engines.host import host, host20  # noqa: F401 pylint: disable=unused-import
from engines.images import Image, Layer, near, noise, write_docker_archive
from engines.lying import LyingEngine
from program import handcarry

BASE = Layer().folder("opt").file("opt/program", noise(8, 100_000))


def library(number):
    """The layer that changes a little with each release."""
    return Layer().folder("srv").file("srv/library", near(noise(4, 400_000), number))


def set_release(release, number, content=None):
    release.fields.update(release=number, version=f"{number}.0")
    release.images = [Image(f"handcarry-test/server:{number}", [BASE, library(content or number)])]
    release.write()
    (release.folder / "configs/plain.conf").write_text(f"number = {number}\n")


@pytest.fixture
def carried(tmp_path, release):
    """Makes (folder of full bundles, folder with 2-from-1 and 3-from-2) for a host."""
    return lambda host: carry(host, release, tmp_path, set_release)


def used(plan):
    return [row["path"].split("/")[-1] for row in plan["bundles"]]


def temporary(engine):
    return [name for name in engine.images() if "handcarry.local/tmp" in name]


def check_third(host, engine, release):
    state = host.status()["products"][0]
    assert (state["release"], state["version"]) == (3, "3.0")
    assert {row["found"] for row in state["images"] + state["configs"]} == {"ok"}
    assert engine.inspect("handcarry-test/server:3")["RootFS"]["Layers"] == \
        [layer.diff_id() for layer in release.images[0].layers]
    assert (release.target / "plain.conf").read_text() == "number = 3\n"
    assert temporary(engine) == []


def test_a_chain_brings_a_host_over_a_release_it_never_had(host, engine, release, carried):
    full, stick = carried(host)
    host.install(full / "r1.tar.zst")
    release.trace.unlink()
    code, plan = host.plan(stick)
    assert code == 0, plan
    assert used(plan) == ["r2-from-r1.tar.zst", "r3-from-r2.tar.zst"]
    ran = host.install(stick)
    assert "only its images, removed at the end" in ran.stdout
    check_third(host, engine, release)
    assert json.loads(release.trace.read_text())["release"] == 3
    assert not any("server:2" in name for name in engine.images())
    assert list(host.state.glob("handcarry-test/frames-*")) == []
    assert not (host.state / "handcarry-test/r2").exists()
    receipt = json.loads((host.state / "receipts/000002.json").read_text())
    assert receipt["wanted"]["release"] == receipt["after"]["release"] == 3
    assert [str(stick) in path for path in receipt["bundles"]] == [True, True]
    assert host.plan(stick)[1]["already-installed"]


def test_each_host_takes_what_fits_it(host20, docker20, release, carried):
    full, stick = carried(host20)
    shutil.copy(full / "r3.tar.zst", stick)
    assert used(host20.plan(stick)[1]) == ["r3.tar.zst"]
    host20.install(full / "r1.tar.zst")
    assert used(host20.plan(stick)[1]) == ["r2-from-r1.tar.zst", "r3-from-r2.tar.zst"]
    put(host20, release, stick, "r3-from-r1.tar.zst", base=full / "r1.tar.zst")
    assert used(host20.plan(stick)[1]) == ["r3-from-r1.tar.zst"]
    (stick / "r3-from-r1.tar.zst").unlink()
    host20.install(full / "r2.tar.zst")
    assert used(host20.plan(stick)[1]) == ["r3-from-r2.tar.zst"]
    host20.install(stick)
    check_third(host20, docker20, release)


def test_links_that_do_not_fit_are_exit_10(host20, docker20, release, carried):
    full, stick = carried(host20)
    ran = handcarry(*host20.arguments("plan", stick))
    assert ran.returncode == 10 and "handcarry have -o" in ran.stderr
    assert "r3-from-r2.tar.zst" in ran.stderr
    host20.install(full / "r1.tar.zst")
    (stick / "r2-from-r1.tar.zst").unlink()
    assert handcarry(*host20.arguments("plan", stick)).returncode == 10


def test_several_paths_are_chosen_from_like_a_folder(host20, docker20, release, carried):
    full, stick = carried(host20)
    host20.install(full / "r1.tar.zst")
    files = sorted(stick.iterdir(), reverse=True)
    assert used(host20.plan(*files)[1]) == ["r2-from-r1.tar.zst", "r3-from-r2.tar.zst"]


ID = "sha256:" + "a" * 64
LIES = {"at-the-first": {"POST /images/load": (500, {"message": "no room"})},
        "at-the-last": {"GET /images/handcarry.local/tmp/handcarry-test:r3":
                        {"Id": ID, "RootFS": {"Layers": [ID]}}}}


@pytest.mark.parametrize("lie", LIES)
def test_an_engine_that_refuses_leaves_nothing_of_the_chain(host20, docker20, release, carried,
                                                            tmp_path, lie):
    full, stick = carried(host20)
    host20.install(full / "r1.tar.zst")
    before = docker20.images()
    with LyingEngine(tmp_path, real=docker20.socket, **LIES[lie]) as between:
        ran = handcarry("install", stick, "-y", "--root", host20.root, "--engine", between.url)
    assert ran.returncode == 7, ran.stderr
    assert docker20.images() == before and temporary(docker20) == []
    assert host20.status()["products"][0]["release"] == 1
    assert list(host20.state.glob("handcarry-test/frames-*")) == []
    host20.install(stick)
    check_third(host20, docker20, release)


def test_a_health_check_that_fails_puts_the_first_release_back(host20, docker20, release, carried):
    full, stick = carried(host20)
    release.playbooks = []
    release.health = [{"command": ["false"], "within": "1s"}]
    release.write()
    (stick / "r3-from-r2.tar.zst").unlink()
    put(host20, release, stick, "bad.tar.zst", base=full / "r2.tar.zst")
    host20.install(full / "r1.tar.zst")
    before = docker20.images()
    host20.install(stick, status=8)
    assert docker20.images() == before
    assert host20.status()["products"][0]["release"] == 1


def test_what_a_killed_run_left_is_used_and_then_removed(host20, docker20, release, carried,
                                                         tmp_path):
    full, stick = carried(host20)
    host20.install(full / "r1.tar.zst")
    left = Image("left:1", [BASE, library(2)])
    docker20.load(write_docker_archive(tmp_path / "left.tar", [left]))
    docker20.tag("left:1", "handcarry.local/tmp/handcarry-test:r2-0")
    docker20.call("DELETE", "/images/left:1")
    assert used(host20.plan(stick)[1]) == ["r3-from-r2.tar.zst"]
    host20.install(stick)
    check_third(host20, docker20, release)


def test_a_base_that_was_changed_sends_it_to_the_full_bundle(host20, docker20, release, carried):
    """What the texts promise is not there when files are looked at: the next best is taken."""
    full, stick = carried(host20)
    shutil.copy(full / "r3.tar.zst", stick)
    host20.install(full / "r2.tar.zst")
    assert used(host20.plan(stick)[1]) == ["r3-from-r2.tar.zst"]
    changed = [path for path in docker20.data_root.rglob("srv/library")
               if "merged" not in path.parts]
    for path in changed:
        path.write_bytes(path.read_bytes() + b"edited")
    code, plan = host20.plan(stick)
    assert code == 0 and used(plan) == ["r3.tar.zst"]
    assert any("r3-from-r2.tar.zst' is passed over" in note and "srv/library" in note
               for note in plan["notes"])
    host20.install(stick)
    check_third(host20, docker20, release)



def test_a_base_that_was_changed_is_exit_10_where_nothing_else_is(host20, docker20, release,
                                                                   carried):
    full, stick = carried(host20)
    host20.install(full / "r2.tar.zst")
    for path in docker20.data_root.rglob("srv/library"):
        if "merged" not in path.parts:
            path.write_bytes(path.read_bytes() + b"edited")
    ran = handcarry(*host20.arguments("plan", stick))
    assert ran.returncode == 10 and "srv/library" in ran.stderr


def killed_when_the_first_link_is_there(host, engine, stick, how):
    """An install of stick that gets a signal; its exit status. It may have been quicker."""
    run = host.start(stick)
    while run.poll() is None and "handcarry.local/tmp/handcarry-test:r2-0" not in engine.images():
        pass
    run.send_signal(how)
    run.communicate(timeout=60)
    return run.returncode


@pytest.mark.parametrize("how", [signal.SIGKILL, signal.SIGINT])
def test_a_chain_that_is_stopped_goes_on_the_next_time(host20, docker20, release, carried, how):
    full, stick = carried(host20)
    host20.install(full / "r1.tar.zst")
    before = docker20.images()
    status = killed_when_the_first_link_is_there(host20, docker20, stick, how)
    assert status in ((1, 0) if how == signal.SIGINT else (-how, 0))
    if status == 1:
        assert docker20.images() == before
    host20.install(stick)
    check_third(host20, docker20, release)
    assert list(host20.state.glob("handcarry-test/frames-*")) == []


def test_old_content_returns_as_a_new_release(host20, docker20, release, carried):
    full, stick = carried(host20)
    host20.install(full / "r2.tar.zst")
    set_release(release, 3, content=1)
    for path in stick.iterdir():
        path.unlink()
    put(host20, release, stick, "back.tar.zst", base=full / "r2.tar.zst")
    host20.install(stick)
    check_third(host20, docker20, release)
    assert docker20.inspect("handcarry-test/server:3")["RootFS"]["Layers"][1] == \
        library(1).diff_id()


def test_a_damaged_delta_sends_it_to_the_full_bundle(host20, docker20, release, carried):
    """The signed end is whole, so that it shows only when tree and recipes are read."""
    full, stick = carried(host20)
    shutil.copy(full / "r3.tar.zst", stick)
    host20.install(full / "r2.tar.zst")
    delta = stick / "r3-from-r2.tar.zst"
    whole = delta.read_bytes()
    hit = set()
    for at in range(0, len(whole) // 2, 64):
        delta.write_bytes(whole[:at] + bytes([whole[at] ^ 0x55]) + whole[at + 1:])
        ran = handcarry(*host20.arguments("plan", delta))
        region = re.search("carries (tree|meta)", ran.stderr) if ran.returncode == 3 else None
        if region is None or region[1] in hit:
            continue
        hit.add(region[1])
        code, plan = host20.plan(stick)
        assert code == 0 and used(plan) == ["r3.tar.zst"]
        assert any("r3-from-r2.tar.zst' is passed over" in note for note in plan["notes"])
    assert hit == {"tree", "meta"}
