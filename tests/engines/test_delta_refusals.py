# SPDX-License-Identifier: Apache-2.0
# Copyright The handcarry authors
"""Deltas where something goes wrong that does not depend on the engine: Docker 20.10, with a liar in
between, or with too little room."""
import random
import subprocess
import time

import pytest

from engines.deltas import assert_runs, make_pair, remove_images
from engines.fixtures import empty_engine
from engines.host import Host, host20  # noqa: F401 pylint: disable=unused-import
from engines.images import Image, Layer, near, noise
from engines.lying import Change, LyingEngine
from engines.release import Release

PLAYBOOK = False

OLD = ("handcarry-test/server:1", "handcarry-test/web:1")


def told(upper, lower):
    """A change of inspect: these directories for the layers."""
    def change(image):
        image["GraphDriver"]["Data"] = {"UpperDir": upper, "LowerDir": lower}
        return image
    return Change(change)


def lies(engine, tmp_path):
    root = engine.data_root
    (tmp_path / "outside").mkdir()
    (root / "link").symlink_to(tmp_path / "outside")
    return {
        "outside": ["/etc"] * 3, "relative": ["etc"] * 3, "empty": [""] * 3,
        "back-up": [f"{root}/overlay2/../../../../../etc"] * 3, "symlink": [f"{root}/link"] * 3,
        "root-only": [str(root)] * 3, "like-the-root": [f"{root}x/overlay2"] * 3,
        "too-many": ["/etc"] * 9, "a-file": [f"{root}/engine-id"] * 3,
    }


@pytest.mark.parametrize("lie", ["outside", "relative", "empty", "back-up", "symlink", "root-only",
                                 "like-the-root", "too-many", "a-file"])
def test_directories_that_an_engine_lies_about_are_not_read(host20, docker20, release, tmp_path, lie):
    first, delta = make_pair(host20, release)
    host20.install(first)
    paths = lies(docker20, tmp_path)[lie]
    answers = {}
    for image in docker20.call("GET", "/images/json"):
        answers["GET /images/%s/json" % image["Id"]] = told(paths[0], ":".join(paths[1:]))
    with LyingEngine(tmp_path, real=docker20.socket, **answers) as between:
        host20.url = between.url
        code, plan = host20.plan(delta)
        assert code == 0 and {row["way"] for row in plan["base"]["layers"]} == {"export"}
        host20.install(delta)
    (docker20.data_root / "link").unlink()
    assert_runs(docker20, release)


def all_needs(plan):
    """Of all file systems: state and engine may be on one."""
    return sum(row["needs"] for row in plan["file-systems"])


def test_a_data_root_that_is_not_seen_is_exported_from(host20, docker20, release, tmp_path):
    """As where the engine runs in a container, or on another machine behind the socket."""
    def change(info):
        info["DockerRootDir"] = "/nowhere"
        return info
    first, delta = make_pair(host20, release)
    host20.install(first)
    in_place = host20.plan(delta)[1]
    with LyingEngine(tmp_path, real=docker20.socket, **{"GET /info": Change(change)}) as between:
        host20.url = between.url
        plan = host20.plan(delta)[1]
        host20.install(delta)
    exported = plan["base"]["export-bytes"]
    assert exported == in_place["base"]["read-bytes"] > 0 == in_place["base"]["export-bytes"]
    assert all_needs(plan) == all_needs(in_place) + exported
    assert_runs(docker20, release)


def test_a_delta_is_read_in_place_from_the_medium_too(host20, docker20, release):
    first, delta = make_pair(host20, release)
    host20.install(first)
    assert "copying in" not in host20.install(delta, "--no-copy").stderr
    assert_runs(docker20, release)


def test_a_directory_of_another_layer_lacks_the_files(host20, docker20, release, tmp_path):
    first, delta = make_pair(host20, release)
    host20.install(first)
    real = docker20.inspect("handcarry-test/server:1")["GraphDriver"]["Data"]
    swapped = told(real["LowerDir"].split(":")[0], ":".join([real["UpperDir"], real["LowerDir"].split(":")[1]]))
    answers = {"GET /images/" + docker20.inspect("handcarry-test/server:1")["Id"]: swapped}
    with LyingEngine(tmp_path, real=docker20.socket, **answers) as between:
        host20.url = between.url
        assert "file 'srv/library': " in host20.install(delta, status=10).stderr


def test_an_export_that_breaks_off_is_exit_7(host20, docker20, release, tmp_path, monkeypatch):
    monkeypatch.setenv("HANDCARRY_BASE", "export")
    first, delta = make_pair(host20, release)
    host20.install(first)
    before = docker20.images()
    for lie in (b"no tar at all" * 100, b"", (500, {"message": "kaputt"}), "die"):
        def ask(line, lie=lie):
            return lie if "/archive?" in line else None
        with LyingEngine(tmp_path, real=docker20.socket, **{"GET /containers/": ask}) as between:
            host20.url = between.url
            ran = host20.install(delta, status=7)
        assert "nothing was changed" in ran.stderr
        assert docker20.images() == before and docker20.containers() == []


def test_a_file_that_one_image_hides_is_read_from_another(host20, docker20, release, monkeypatch):
    """The base itself is gone; two images are built on it, and the first hides a file."""
    monkeypatch.setenv("HANDCARRY_BASE", "export")
    first, delta = make_pair(host20, release)
    host20.install(first)
    base = docker20.inspect("handcarry-test/server:1")
    for name, command in (("hides:1", "rm /srv/library"), ("shows:1", "touch /there; touch /there2")):
        made = docker20.call("POST", "/containers/create", value={
            "Image": base["Id"], "Cmd": ["/bin/sh", "-c", command]})["Id"]
        docker20.call("POST", "/containers/%s/start" % made)
        docker20.call("POST", "/containers/%s/wait" % made)
        repository, tag = name.split(":")
        docker20.call("POST", "/commit", {"container": made, "repo": repository, "tag": tag}, {})
        docker20.call("DELETE", "/containers/" + made)
    remove_images(docker20, OLD[0])
    ran = host20.install(delta)
    assert ran.stderr.count("reading base files from an export") == 1
    assert_runs(docker20, release)


def test_a_container_that_a_killed_run_left_goes(host20, docker20, release):
    host20.install(host20.bundle(release))
    for label in ("proof", "theirs"):
        docker20.call("POST", "/containers/create", value={
            "Image": release.images[0].name, "Labels": {"handcarry": label}})
    host20.install(host20.bundle(release))
    assert [c["Labels"] for c in docker20.containers()] == [{"handcarry": "theirs"}]


def test_a_run_that_is_killed_in_an_export(host20, docker20, release, tmp_path, monkeypatch):
    monkeypatch.setenv("HANDCARRY_BASE", "export")
    first, delta = make_pair(host20, release)
    host20.install(first)
    before, runs = docker20.images(), []

    def kill(line):
        if "/archive?" not in line:
            return None
        runs[0].kill()
        return "die"
    with LyingEngine(tmp_path, real=docker20.socket, **{"GET /containers/": kill}) as between:
        host20.url = between.url
        runs.append(host20.start(delta))
        runs[0].communicate(timeout=60)
    assert docker20.images() == before and len(docker20.containers()) == 1
    host20.url = docker20.url
    host20.install(delta)
    assert docker20.containers() == []
    assert_runs(docker20, release)


def test_a_delta_of_another_product_lacks_its_base(host20, docker20, release):
    host20.install(host20.bundle(release))
    before = docker20.images()
    other = Release(release.folder.parent / "other", release.images)
    other.fields.update(product="other")
    other.configs = []
    other.write()
    _, delta = make_pair(host20, other)
    ran = host20.install(delta, status=10)
    assert "base image 'handcarry-test/server:1'" in ran.stderr
    assert docker20.images() == before
    assert [product["product"] for product in host20.status()["products"]] == ["handcarry-test"]


def test_deltas_in_the_wrong_order(host20, docker20, release):
    """2 → 3 before 1 → 2: its base is not there; 1 → 2 behind 3: numbers only grow."""
    first, second = make_pair(host20, release)
    full_second = host20.bundle(release)
    release.fields.update(release=3, version="3.0.0")
    release.images[0].layers[1] = Layer().folder("srv").file("srv/library", near(noise(4, 400_000), 3))
    release.images[0].name = "handcarry-test/server:3"
    release.write()
    third = host20.bundle(release, base=full_second)
    host20.install(first)
    before = docker20.images()
    ran = host20.install(third, status=10)
    assert "made from 2.0.0 (release 2)" in ran.stderr and docker20.images() == before
    host20.install(second)
    host20.install(third)
    ran = host20.install(second, status=5)
    assert "numbers only grow" in ran.stderr
    assert host20.status()["products"][0]["release"] == 3


def test_a_base_with_the_right_names_and_other_bytes(host20, docker20, release, tmp_path):
    _, delta = make_pair(host20, release)
    other = Release(tmp_path / "same-names", [
        Image(name, [Layer().folder("srv").file("srv/library", noise(n, 1000))]) for n, name in enumerate(OLD)])
    other.fields.update(product="other")
    other.configs, other.playbooks = [], []
    other.write()
    host20.install(host20.bundle(other))
    before = docker20.images()
    ran = host20.install(delta, status=10)
    assert "base image 'handcarry-test/server:1': layer 2 of 3" in ran.stderr
    assert docker20.images() == before


def big_pair(host, release):
    """A delta whose load takes a while: 120 MB, changed in a few bytes."""
    base, content = release.images[0].layers[0], random.Random(1).randbytes(120_000_000)
    release.images = [Image("handcarry-test/big:1", [base, Layer().file("big", content)])]
    release.write()
    first = host.bundle(release)
    release.fields.update(release=2, version="2.0.0")
    release.images = [Image("handcarry-test/big:2", [base, Layer().file("big", near(content, 2))])]
    release.write()
    return first, host.bundle(release, base=first)


def test_101_an_engine_that_dies_while_a_delta_loads(host20, docker20, release):
    first, delta = big_pair(host20, release)
    host20.install(first)
    run = host20.start(delta)
    line = run.stderr.readline()
    while line and "copying in" not in line:
        line = run.stderr.readline()
    time.sleep(0.2)
    docker20.kill()
    _, said = run.communicate(timeout=60)
    docker20.start()
    assert run.returncode == 7, said
    assert set(docker20.images()) == {"handcarry-test/big:1"}
    host20.install(delta)
    assert "handcarry-test/big:2" in docker20.images()


def test_104_no_room_where_the_engine_keeps_images(host20, docker20, release):
    """There is room when plan looks, and none when the engine unpacks."""
    first, delta = big_pair(host20, release)
    docker20.terminate()
    subprocess.run(["mount", "-t", "tmpfs", "-o", "size=640m", "tmpfs", docker20.data_root], check=True)
    try:
        docker20.start()
        host20.install(first)
        run = host20.start(delta)
        line = run.stderr.readline()
        while line and "copying in" not in line:
            line = run.stderr.readline()
        with open(docker20.data_root / "filler", "wb") as filler:
            try:
                while True:
                    filler.write(bytes(1 << 20))
                    filler.flush()
            except OSError:
                pass
        _, said = run.communicate(timeout=120)
        assert run.returncode == 6 and "no space left on device" in said, said
        (docker20.data_root / "filler").unlink()
        assert set(docker20.images()) == {"handcarry-test/big:1"}
        host20.install(delta)
        docker20.terminate()
    finally:
        subprocess.run(["umount", docker20.data_root], check=True)
        docker20.start()


def test_a_host_whose_engine_moved_to_the_other_store(engine_pool, tmp_path, release):
    """The images are invisible there: said first, and the base lacks."""
    before, after = (empty_engine(engine_pool, kind) for kind in ("docker26", "docker26_containerd"))
    host = Host(tmp_path / "host", before.url)
    first, delta = make_pair(host, release)
    host.install(first)
    host.url = after.url
    ran = host.install(delta, status=10)
    assert "store was graphdriver, now containerd" in ran.stdout
    assert "base image 'handcarry-test/server:1'" in ran.stderr and after.images() == {}
