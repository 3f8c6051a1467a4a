# SPDX-License-Identifier: Apache-2.0
# Copyright The handcarry authors
"""have: what a host says it has is what its engine holds, signed so that minisign agrees."""
import json
import re

import pytest

from engines.host import Host, host, host20  # noqa: F401 pylint: disable=unused-import
from engines.images import Image, Layer, noise, plain_image, text, write_docker_archive
from engines.lying import LyingEngine
from keytools import minisign_accepts, needs_minisign
from program import handcarry

PLAYBOOK = False


def have(host, path, *more, status=0):
    ran = handcarry(*host.arguments("have", "-o", path, *more))
    assert ran.returncode == status, ran.stdout + ran.stderr
    return ran


def images_of(path):
    """{name: (id, config or None, reusable, [diffIDs])} of a have file."""
    found = {}
    for item in re.split(r"^  - names:", path.read_text(), flags=re.M)[1:]:
        names = re.findall(r"^      - \"?([^\s\"]+:[^\s\"]+)\"?$", item.split("    id:")[0], re.M)
        config = re.search(r"^    config: (\S+)$", item, re.M)
        image = (re.search(r"^    id: (\S+)$", item, re.M)[1], config and config[1],
                 "    reusable: true\n" in item, re.findall(r"^      - (sha256:\S+)$", item, re.M))
        found.update({name: image for name in names})
    return found


def full(engine, name):
    return ("localhost/" if "localhost/" + name in engine.images() else "docker.io/") + name


def test_names_what_the_engine_and_the_state_hold(host, engine, release, tmp_path):
    (host.etc / "host.yaml").write_text("name: WS_3.plant\nsite: plant-a\n")
    host.install(host.bundle(release))
    foreign = Image("other/thing:1", [Layer().folder("z").file("z/1", text(3, 50))])
    engine.load(write_docker_archive(tmp_path / "foreign.tar", [foreign]))
    path = tmp_path / "ws-3.have"
    have(host, path)
    held = images_of(path)
    contained = engine.store == "containerd"
    for image in release.images:
        id, config, reusable, layers = held[full(engine, image.name)]
        assert id.removeprefix("sha256:") == engine.inspect(image.name)["Id"].removeprefix("sha256:")
        assert config == image.id() and reusable
        assert layers == [layer.diff_id() for layer in image.layers]
    id, config, reusable, layers = held[full(engine, foreign.name)]
    assert (config, reusable) == ((None, False) if contained else (foreign.id(), True))
    assert layers == [foreign.layers[0].diff_id()]
    said = path.read_text()
    digest = host.status()["products"][0]["digest"]
    assert "\nhost: ws-3-plant\nsite: plant-a\nplatform: linux/amd64\n" in said
    assert f"    release: 1\n    digest: {digest}\n    tree: " in said
    assert tree_in(said) == [tree_of(host)]
    assert re.search(r"^  engine: [1-9]\d+$", said, re.M) or engine.name == "podman5"


def tree_in(text):
    return re.findall(r'^    tree: "?(\w{64})"?$', text, re.M)


def tree_of(host):
    """The commit of the tree that the newest bundle of a host carries."""
    bundles = sorted(host.folder.glob("*/bundle.tar.zst"), key=lambda path: path.stat().st_mtime)
    return json.loads(handcarry("show", "--json", bundles[-1]).stdout)["tree"]["commit"]


def test_a_tree_that_was_changed_is_another_one(host20, docker20, release, tmp_path):
    host20.install(host20.bundle(release))
    tree = host20.state / "handcarry-test/r1/tree"
    said = {}
    for what in ("whole", "edited", "odd", "gone"):
        if what == "edited":
            (tree / "configs/plain.conf").write_text("edited")
        elif what == "odd":
            (tree / "link").symlink_to("configs")
        elif what == "gone":
            tree.rename(tmp_path / "tree")
        have(host20, tmp_path / "x.have")
        said[what] = tree_in((tmp_path / "x.have").read_text())
    assert said["whole"] == [tree_of(host20)]
    assert len(said["edited"]) == 1 and said["edited"] != said["whole"]
    assert said["odd"] == said["gone"] == []


@needs_minisign
def test_minisign_and_the_enrolled_key_agree(host20, docker20, tmp_path):
    docker20.load(write_docker_archive(tmp_path / "in.tar", [plain_image()]))
    (host20.etc / "host.yaml").write_text("name: ws-3\n")
    stick = tmp_path / "stick"
    stick.mkdir()
    shown = json.loads(have(host20, stick, "--json").stdout)
    assert shown["file"] == str(stick / "ws-3.have") and shown["changed"]
    said = minisign_accepts("ws-3.have.pub", "ws-3.have", "ws-3.have.minisig", stick)
    assert "handcarry have ws-3 sha256:" in said
    added = handcarry("trust", "add", "--host", "ws-3", "--key", stick / "ws-3.have.pub", "--sign",
                      host20.folder / "keys/root.key", "--trust", host20.folder / "trust")
    assert added.returncode == 0 and shown["public-key"] in added.stdout, added.stderr


def test_the_key_is_made_once(host20, docker20, tmp_path):
    first = json.loads(have(host20, tmp_path / "a.have", "--json").stdout)
    key = (host20.etc / "host.key").read_bytes()
    assert (host20.etc / "host.key").stat().st_mode & 0o777 == 0o600
    (host20.etc / "host.pub").unlink()
    again = json.loads(have(host20, tmp_path / "b.have", "--json").stdout)
    assert (first["changed"], again["changed"]) == (True, False)
    assert again["public-key"] == first["public-key"]
    assert (host20.etc / "host.key").read_bytes() == key
    public = (host20.etc / "host.pub").read_bytes()
    assert public == (tmp_path / "a.have.pub").read_bytes()
    (host20.etc / "host.key").unlink()
    ran = have(host20, tmp_path / "c.have", status=11)
    assert "put 'host.key' back from a backup" in ran.stderr and not (tmp_path / "c.have").exists()
    assert (host20.etc / "host.pub").read_bytes() == public


def test_an_unchanged_host_says_the_same(host20, docker20, tmp_path):
    docker20.load(write_docker_archive(tmp_path / "in.tar", [plain_image()]))
    said = []
    for name in ("a.have", "b.have"):
        have(host20, tmp_path / name)
        said.append(re.sub(r"^  (engine|state): \d+$", "", (tmp_path / name).read_text(), flags=re.M))
    assert said[0] == said[1]


def test_only_a_have_file_is_replaced(host20, docker20, tmp_path):
    path = tmp_path / "x"
    path.write_text("a bundle, perhaps")
    ran = have(host20, path, status=2)
    assert "is no have file" in ran.stderr and path.read_text() == "a bundle, perhaps"
    path.unlink()
    have(host20, path)
    docker20.load(write_docker_archive(tmp_path / "in.tar", [plain_image()]))
    have(host20, path)
    assert len(images_of(path)) == 1
    assert sorted(child.name for child in tmp_path.iterdir() if child.name.startswith((".", "x"))) \
        == ["x", "x.minisig", "x.pub"]


@pytest.mark.parametrize("words", [[], ["-o", "x", "y"]])
def test_usage(words):
    ran = handcarry("have", *words)
    assert ran.returncode == 2 and "-o FILE" in ran.stderr


def test_without_an_engine_nothing_is_written(tmp_path):
    ran = handcarry("have", "-o", tmp_path / "x", "--root", tmp_path / "root", "--engine",
                    "unix://" + str(tmp_path / "no.sock"))
    assert ran.returncode == 7
    assert list(tmp_path.iterdir()) == []


def test_064_an_engine_with_too_many_images(tmp_path):
    """What does not fit is left out, and that is said; images with a name stay longest."""
    digest = "sha256:%064x"
    answers = {"GET /images/json": [{"Id": digest % i} for i in range(1, 1201)]}
    for i in range(1, 1201):
        answers[f"GET /images/{digest % i}/json"] = {
            "Id": digest % i, "RepoTags": [f"x/y:{i}"] if i % 2 else [],
            "RootFS": {"Layers": [digest % (j * i) for j in range(20)]}}
    with LyingEngine(tmp_path, **answers) as engine:
        ran = handcarry("have", "-o", tmp_path / "x", "--root", tmp_path / "root", "--engine",
                        engine.url, "--json")
    assert ran.returncode == 0, ran.stderr
    said = json.loads(ran.stdout)
    assert said["images"] + said["left-out"] == 1200
    assert f"{said['left-out']} images did not fit" in ran.stderr
    assert 900_000 < (tmp_path / "x").stat().st_size <= 1024 * 1024
    assert len(images_of(tmp_path / "x")) == min(600, said["images"])


def test_a_product_that_was_taken_away_is_not_named(tmp_path, release):
    release.images, release.playbooks = [], []
    release.write()
    with LyingEngine(tmp_path) as engine:
        made = Host(tmp_path / "host", engine.url)
        made.install(made.bundle(release))
        have(made, tmp_path / "x.have")
        assert "handcarry-test" in (tmp_path / "x.have").read_text()
        ran = handcarry(*made.arguments("remove", "handcarry-test", "-y"))
        assert ran.returncode == 0, ran.stderr
        have(made, tmp_path / "x.have")
    assert "handcarry-test" not in (tmp_path / "x.have").read_text()


def test_names_that_no_reader_takes_stay_out(tmp_path):
    digest = "sha256:%064x"
    answers = {"GET /images/json": [{"Id": digest % 1}, {"Id": digest % 1}],
               "GET /images/": {"Id": digest % 1, "RootFS": {"Layers": [digest % 2]},
                                "RepoTags": ["x:1", "x:1", "\x1b[31m:1", "y", "docker.io/library/x:1"]}}
    with LyingEngine(tmp_path, **answers) as engine:
        ran = handcarry("have", "-o", tmp_path / "x", "--root", tmp_path / "root", "--engine",
                        engine.url, "--json")
    assert ran.returncode == 0, ran.stderr
    assert images_of(tmp_path / "x") == {
        "docker.io/library/x:1": (digest % 1, digest % 1, True, [digest % 2])}


def enroll(host, path, name):
    ran = handcarry("trust", "add", "--host", name, "--key", f"{path}.pub", "--sign",
                    host.folder / "keys/root.key", "--trust", host.folder / "trust")
    assert ran.returncode == 0, ran.stderr


def noisy(seed):
    return Layer().folder("srv").file(f"srv/{seed}", noise(seed, 300_000))


def test_a_bundle_for_this_host_leaves_out_what_it_has(host, engine, release, tmp_path):
    """The packer has no old content at all: what the host has is left out, the rest is whole."""
    (host.etc / "host.yaml").write_text("name: ws-3\n")
    old, new = noisy(1), noisy(2)
    release.images = [Image("handcarry-test/server:1", [old])]
    release.write()
    host.install(host.bundle(release))
    have(host, tmp_path / "ws-3.have")
    enroll(host, tmp_path / "ws-3.have", "ws-3")
    release.fields.update(release=2, version="2.0.0")
    release.images = [Image("handcarry-test/server:2", [old, new])]
    release.write()
    full = host.bundle(release)
    small = host.bundle(release, **{"for": tmp_path / "ws-3.have"})
    assert small.stat().st_size < full.stat().st_size - 250_000
    host.install(small)
    assert engine.inspect("handcarry-test/server:2")["RootFS"]["Layers"] == \
        [old.diff_id(), new.diff_id()]


def test_layers_of_other_peoples_images(host, engine, release, tmp_path):
    """On the containerd store a load cannot leave them out, and the packer knows."""
    (host.etc / "host.yaml").write_text("name: ws-3\n")
    old, new = noisy(1), noisy(2)
    engine.load(write_docker_archive(tmp_path / "in.tar", [Image("other/thing:1", [old])]))
    have(host, tmp_path / "ws-3.have")
    enroll(host, tmp_path / "ws-3.have", "ws-3")
    release.images = [Image("handcarry-test/server:1", [old, new])]
    release.write()
    full = host.bundle(release)
    small = host.bundle(release, **{"for": tmp_path / "ws-3.have"})
    saved = full.stat().st_size - small.stat().st_size
    assert saved < 10_000 if engine.store == "containerd" else saved > 250_000
    host.install(small)
    assert engine.inspect("handcarry-test/server:1")["RootFS"]["Layers"] == \
        [old.diff_id(), new.diff_id()]


def test_a_have_file_that_is_not_believed_makes_no_bundle(host20, docker20, release, tmp_path):
    path = tmp_path / "ws-3.have"
    (host20.etc / "host.yaml").write_text("name: ws-3\n")
    have(host20, path)
    arguments = ["bundle", release.folder / "release.yaml", "-o", tmp_path / "out.tar.zst",
                 "--trust", host20.folder / "trust", "--for", path]
    ran = handcarry(*arguments)
    assert ran.returncode == 4 and "handcarry trust add --host" in ran.stderr
    enroll(host20, path, "another-name")
    ran = handcarry(*arguments)
    assert ran.returncode == 4 and "from host 'ws-3'" in ran.stderr
    path.write_bytes(path.read_bytes().replace(b"host: ws-3", b"host: ws-4"))
    ran = handcarry(*arguments)
    assert ran.returncode == 4 and "is not as host 'another-name' signed it" in ran.stderr
    assert not (tmp_path / "out.tar.zst").exists()
