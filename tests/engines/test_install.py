# SPDX-License-Identifier: Apache-2.0
# Copyright The handcarry authors
"""install, plan and status on every engine: what is loaded, proven, named and placed."""
import json
import random
import time

from engines.host import host, steps  # noqa: F401 pylint: disable=unused-import
from engines.images import Image, Layer, text
from engines.lying import LyingEngine, Once


def names_of(engine):
    """Named images as docker.io-less names."""
    return {name.replace("docker.io/", "").replace("localhost/", "") for name in engine.images()
            if not name.startswith("sha256:")}


def next_release(release, change):
    """Release 2: the same images, one layer more on the first, under new tags."""
    release.fields.update(release=2, version="2.0.0")
    first = release.images[0]
    release.images = [Image("handcarry-test/server:2", first.layers + [change])]
    release.write()


def test_installs_proves_names_and_places(host, engine, release):
    bundle = host.bundle(release)
    before = sorted(path.name for path in host.state.iterdir())
    code, plan = host.plan(bundle)
    assert code == 0 and not plan["changed"]
    assert sorted(path.name for path in host.state.iterdir()) == before == [
        "records.copy.yaml", "records.yaml"]
    host.install(bundle)
    assert names_of(engine) == {image.name for image in release.images}
    for image in release.images:
        assert engine.inspect(image.name)["RootFS"]["Layers"] == [l.diff_id() for l in image.layers]
        assert engine.run(image.name, "/bin/sh", "-c", "echo runs")[0] == 0
    assert (release.target / "server.conf").read_text() == "listen 8080\nname plant\n"
    handed = json.loads(release.trace.read_text())
    assert set(handed["images"]) == {image.name for image in release.images}
    assert handed["release"] == 1 and len(handed["changed"]) == 2
    product = host.status()["products"][0]
    assert {row["found"] for row in product["images"] + product["configs"]} == {"ok"}
    assert not (host.state / "handcarry-test/work").exists()
    assert not (host.state / "handcarry-test/frames-r1").exists()


def test_installing_again_sends_nothing_and_is_quick(host, engine, release):
    bundle = host.bundle(release)
    host.install(bundle)
    release.trace.unlink()
    took = []
    for _ in range(3):
        begin = time.monotonic()
        ran = host.install(bundle)
        took.append(time.monotonic() - begin)
    assert min(took) < 0.5
    assert "already installed" in ran.stdout and "loading" not in ran.stderr
    assert not release.trace.exists()


def test_a_lost_name_and_a_lost_image_are_repaired(host, engine, release):
    bundle = host.bundle(release)
    host.install(bundle)
    lost, moved = release.images[0].name, release.images[1].name
    engine.call("DELETE", "/images/" + lost)
    engine.tag(release.images[2].name, moved)
    code, plan = host.plan(bundle)
    assert code == 0 and steps(plan, "name")[lost]["action"] == "set"
    assert steps(plan, "name")[moved]["action"] == "move"
    host.install(bundle)
    for image in release.images:
        assert engine.inspect(image.name)["RootFS"]["Layers"] == [l.diff_id() for l in image.layers]


def test_the_second_release_sends_only_the_new_layer(host, engine, release):
    host.install(host.bundle(release))
    change = Layer().folder("srv").file("srv/new", text(99, 20))
    next_release(release, change)
    bundle = host.bundle(release)
    _, plan = host.plan(bundle)
    image = steps(plan, "image")["handcarry-test/server:2"]
    assert image["detail"].startswith("1 of 4 layers") and image["bytes"] == len(change.bytes())
    ran = host.install(bundle)
    assert "sent whole" not in ran.stderr
    assert engine.run("handcarry-test/server:2", "/bin/cat", "/srv/new")[0] == 0


def test_a_layer_under_another_parent_is_sent_where_it_must_be(host, engine, release):
    """trust.md T15, engines.md 1.1: overlay2 knows layers by what lies below them."""
    base, other = Layer().folder("a").file("a/1", b"1"), Layer().folder("b").file("b/1", b"1")
    top = Layer().folder("c").file("c/1", text(5, 100))
    release.images = [Image("handcarry-test/x:1", [base, top]),
                      Image("handcarry-test/y:1", [other, top]),
                      Image("handcarry-test/z:1", [top, base])]
    release.write()
    ran = host.install(host.bundle(release))
    assert "sent whole" not in ran.stderr
    for image in release.images:
        assert engine.inspect(image.name)["RootFS"]["Layers"] == [l.diff_id() for l in image.layers]


def test_the_image_that_loses_a_name_is_kept(host, engine, release):
    host.install(host.bundle(release))
    old = engine.inspect("handcarry-test/server:1")["Id"]
    release.fields.update(release=2, version="2.0.0")
    release.images[0] = Image("handcarry-test/server:1", release.images[1].layers[:2])
    release.write()
    host.install(host.bundle(release))
    assert engine.inspect("handcarry-test/server:1")["Id"] != old
    assert engine.inspect("handcarry.local/handcarry-test/server:r1-1")["Id"] == old


def test_a_failing_health_check_leaves_names_as_they_were(host, engine, release):
    host.install(host.bundle(release))
    before = engine.images()
    release.fields.update(release=2, version="2.0.0")
    release.images[0] = Image("handcarry-test/server:1", release.images[1].layers[:2])
    release.playbooks = []
    release.health = [{"command": ["false"], "within": "1s"}]
    release.write()
    (release.folder / "configs/plain.conf").write_text("plain = no\n")
    bundle = host.bundle(release)
    ran = host.install(bundle, status=8)
    assert "command false: not within 1 s" in ran.stderr
    assert engine.images() == before
    assert (release.target / "plain.conf").read_text() == "plain = yes\n"
    assert host.status()["products"][0]["release"] == 1
    assert not (host.state / "handcarry-test/r2").exists()


def test_container_health_is_read_from_the_engine(host, engine, release):
    release.playbooks = []
    release.health = [{"container": "no-such-container", "within": "1s"}]
    release.write()
    ran = host.install(host.bundle(release), status=8)
    assert "there is no such container" in ran.stderr
    assert names_of(engine) == set()


def test_101_an_engine_that_dies_in_the_middle_of_a_load(host, engine, release):
    """trust.md 101: exit 7, and the same install works when the engine is back."""
    big = Layer().file("big", random.Random(1).randbytes(150_000_000))
    release.images = [Image("handcarry-test/big:1", [release.images[0].layers[0], big])]
    release.write()
    bundle = host.bundle(release)
    run = host.start(bundle)
    # The load begins when the frames are copied in, and takes a second or more.
    line = run.stderr.readline()
    while line and "copying in" not in line:
        line = run.stderr.readline()
    time.sleep(0.2)
    engine.kill()
    _, said = run.communicate(timeout=60)
    engine.start()
    assert run.returncode == 7, said
    assert names_of(engine) == set()
    host.install(bundle)
    assert names_of(engine) == {"handcarry-test/big:1"}


def test_a_refused_thin_load_is_followed_by_a_whole_one(host, engine, release, tmp_path):
    """The one answer that is not the engine's own: an error to the first load of release 2."""
    host.install(host.bundle(release))
    next_release(release, Layer().folder("srv").file("srv/new", text(99, 20)))
    bundle = host.bundle(release)
    refusal = Once(b'{"error":"layer not found"}')
    with LyingEngine(tmp_path, real=engine.socket, **{"POST /images/load": refusal}) as between:
        host.url = between.url
        ran = host.install(bundle)
    assert "was sent whole, after this" in ran.stderr and "layer not found" in ran.stderr
    assert sum(line.startswith("POST /images/load") for line in between.asked) == 2
    assert engine.run("handcarry-test/server:2", "/bin/cat", "/srv/new")[0] == 0
    assert not any("handcarry.local/tmp" in name for name in engine.images())


def test_a_container_that_runs_steadily_is_well(host, engine, release):
    host.install(host.bundle(release))
    made = engine.call("POST", "/containers/create", {"name": "hc-steady"}, {
        "Image": "handcarry-test/database:1", "HostConfig": {"NetworkMode": "host"}})
    engine.call("POST", "/containers/%s/start" % made["Id"])
    release.fields.update(release=2, version="2.0.0")
    release.playbooks = []
    release.health = [{"container": "hc-steady", "within": "20s"}]
    release.write()
    host.install(host.bundle(release))
    engine.call("POST", "/containers/%s/kill" % made["Id"])
    release.fields.update(release=3, version="3.0.0")
    release.health = [{"container": "hc-steady", "within": "1s"}]
    release.write()
    ran = host.install(host.bundle(release), status=8)
    assert "the container is not running" in ran.stderr
    assert host.status()["products"][0]["release"] == 2
