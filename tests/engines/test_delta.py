# SPDX-License-Identifier: Apache-2.0
# Copyright The handcarry authors
"""A delta on a host, on every engine: base files read in place and by export, and what happens where
the base is not there or not what it was."""
import os
import re

import pytest

from engines.deltas import assert_runs, layer_folder, make_pair, remove_images
from engines.host import host  # noqa: F401 pylint: disable=unused-import
from engines.images import Image, Layer, near, noise
from engines.lying import Before, LyingEngine, Once
from program import Terminal, handcarry

PLAYBOOK = False

OLD = ("handcarry-test/server:1", "handcarry-test/web:1")


@pytest.fixture(params=["in-place", "export"])
def way(request, monkeypatch):
    """How base files are read."""
    if request.param == "export":
        monkeypatch.setenv("HANDCARRY_BASE", "export")
    return request.param


# Each store, and each way: for what does not differ between engines of one store.
EACH_STORE = pytest.mark.parametrize(
    ("engine", "way"),
    [pytest.param(name, way, marks=getattr(pytest.mark, name), id="%s-%s" % (name, way))
     for name, way in (("docker20", "in-place"), ("docker20", "export"),
                       ("docker26_containerd", "in-place"), ("docker26_containerd", "export"),
                       ("podman5", "in-place"))], indirect=True)


def changed_in_place(engine, change):
    """Does change to the base's srv/library where the engine keeps it."""
    change(layer_folder(engine, near(noise(4, 400_000), 1)) / "srv/library")


def flip(path):
    data = bytearray(path.read_bytes())
    data[1000] ^= 1
    path.write_bytes(data)


def assert_nothing_changed(engine, host, before):
    assert engine.images() == before and engine.containers() == []
    assert host.status()["products"][0]["release"] == 1
    assert not (host.state / "handcarry-test/r2").exists()


def test_a_delta_installs_on_a_host_at_its_base(host, engine, release, way):
    first, delta = make_pair(host, release)
    assert os.path.getsize(delta) < os.path.getsize(first) / 4
    host.install(first)
    code, plan = host.plan(delta)
    base = plan["base"]
    assert code == 0 and {row["way"] for row in base["layers"]} == {way} and not base["lacking"]
    assert base["read-bytes"] == sum(row["bytes"] for row in base["layers"]) > 500_000
    assert base["export-bytes"] == (base["read-bytes"] if way == "export" else 0)
    ran = host.install(delta)
    assert "sent whole" not in ran.stderr
    assert_runs(engine, release)
    assert engine.containers() == []
    assert "already installed" in host.install(delta).stdout


def test_base_files_below_a_volume(host, engine, release, way):
    """A container that is made for an export may get a volume of its own there."""
    system, run = release.images[0].layers[0], {"Cmd": ["/bin/sh"], "Volumes": {"/srv": {}}}
    for number in (1, 2):
        release.fields.update(release=number, version="%d.0.0" % number)
        release.images = [Image("handcarry-test/server:%d" % number, [
            system, Layer().folder("srv").file("srv/library", near(noise(4, 400_000), number))], run)]
        release.write()
        bundle = host.bundle(release) if number == 1 else host.bundle(release, base=bundle)
        host.install(bundle)
    assert os.path.getsize(bundle) < 100_000
    assert engine.containers() == [] and not engine.call("GET", "/volumes").get("Volumes")


@EACH_STORE
def test_the_plan_says_in_words_what_is_read_from_where(host, engine, release, way):
    first, delta = make_pair(host, release)
    host.install(first)
    said = handcarry(*host.arguments("plan", delta)).stdout
    where = "by export, spooled" if way == "export" else "in place from "
    assert re.search(r"^  base     handcarry-test/server:1: read %s.*, \S+ [kM]B of \d+ files? "
                     r"\((layer \d|layers \d, [0-9, ]+) of 3\)$" % where, said, re.MULTILINE), said


def test_035_a_host_without_the_base_is_told_all_that_lacks(host, engine, release):
    first, delta = make_pair(host, release)
    ran = host.install(delta, status=10)
    assert engine.images() == {} and not (host.state / "handcarry-test/state.yaml").exists()
    for part in ("made from 1.0.0 (release 1)", "image 'handcarry-test/server:2': layer 1 of 3 (sha256:",
                 "image 'handcarry-test/web:2': layer 1 of 3", "image 'handcarry-test/server:1': layer 2",
                 "handcarry have -o HOST.have", "full bundle of handcarry-test 2.0.0"):
        assert part in ran.stderr, part
    code, plan = host.plan(delta)
    assert code == 10 and len(plan["base"]["lacking"]) >= 3
    host.install(first)
    host.install(delta)
    assert_runs(engine, release)


def test_035_100_a_base_file_of_the_same_size_that_was_edited(host, engine, release, way):
    first, delta = make_pair(host, release)
    host.install(first)
    before = engine.images()
    changed_in_place(engine, flip)
    ran = host.install(delta, status=10)
    for part in ("'handcarry-test/server:1'", "layer 2 of", "'srv/library'", "it was changed",
                 "the full bundle of"):
        assert part in ran.stderr, part
    assert_nothing_changed(engine, host, before)


@EACH_STORE
def test_035_a_base_file_of_another_size(host, engine, release, way):
    first, delta = make_pair(host, release)
    host.install(first)
    before = engine.images()
    changed_in_place(engine, lambda path: path.write_bytes(b"short"))
    if way == "in-place" and engine.store != "containerd":
        code, plan = host.plan(delta)
        assert code == 10 and "has 5 bytes" in plan["base"]["lacking"][0]
    ran = host.install(delta, status=10)
    assert "file 'srv/library': it was changed: it has 5 bytes" in ran.stderr
    assert_nothing_changed(engine, host, before)


@EACH_STORE
def test_035_a_base_file_that_is_gone(host, engine, release, way):
    first, delta = make_pair(host, release)
    host.install(first)
    before = engine.images()
    changed_in_place(engine, os.unlink)
    ran = host.install(delta, status=10)
    assert "file 'srv/library': " in ran.stderr
    assert_nothing_changed(engine, host, before)


def test_035_a_symlink_in_the_place_of_a_base_file_is_not_followed(host, engine, release, tmp_path):
    first, delta = make_pair(host, release)
    host.install(first)

    def turn(path):
        (tmp_path / "elsewhere").write_bytes(path.read_bytes())
        path.unlink()
        path.symlink_to(tmp_path / "elsewhere")
    changed_in_place(engine, turn)
    assert "file 'srv/library': " in host.install(delta, status=10).stderr


@EACH_STORE
def test_the_base_is_removed_between_plan_and_answer(host, engine, release, way):
    """A person reads the plan, somebody else cleans up, the person says yes."""
    first, delta = make_pair(host, release)
    host.install(first)
    with Terminal(*host.arguments("install", delta)) as run:
        run.read_until("[y/N]")
        remove_images(engine, *OLD)
        run.write("y\n")
        said = run.read_until(None)
    assert run.returncode == 10 and "base image 'handcarry-test/server:1'" in said, said
    assert "nothing was changed" in said
    assert engine.images() == {} and engine.containers() == []


@EACH_STORE
def test_a_refused_thin_load_of_a_delta_that_leaves_nothing_out(host, engine, release, tmp_path, way):
    """A known layer under a new parent: some stores have it already, and send it when refused."""
    system = release.images[0].layers[0]
    for number in (1, 2):
        release.fields.update(release=number, version="%d.0.0" % number)
        release.images = [Image("handcarry-test/server:%d" % number, [
            Layer().folder("srv").file("srv/library", near(noise(4, 400_000), number)), system])]
        release.write()
        bundle = host.bundle(release) if number == 1 else host.bundle(release, base=bundle)
        if number == 1:
            host.install(bundle)
    refusal = Once(b'{"error":"layer not found"}')
    with LyingEngine(tmp_path, real=engine.socket, **{"POST /images/load": refusal}) as between:
        host.url = between.url
        ran = host.install(bundle, status=7 if engine.store == "overlay2" else 0)
    assert ("was sent whole, after this" in ran.stderr) == (engine.store != "overlay2")
    if engine.store != "overlay2":
        assert engine.run("handcarry-test/server:2", "/bin/echo", "runs") == (0, "runs\n")


def test_what_is_left_out_is_removed_in_the_middle(host, engine, release, tmp_path):
    """The engine collects the base while the first image is on its way."""
    first, delta = make_pair(host, release)
    host.install(first)
    collect = Before(lambda: remove_images(engine, *OLD))
    with LyingEngine(tmp_path, real=engine.socket, **{"POST /images/load": collect}) as between:
        host.url = between.url
        ran = host.install(delta, status=10)
    assert "which this file leaves out" in ran.stderr and "nothing was changed" in ran.stderr
    assert engine.images() == {}
