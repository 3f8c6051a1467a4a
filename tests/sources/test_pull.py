# SPDX-License-Identifier: Apache-2.0
# Copyright The handcarry authors
"""docker:// in release.yaml, against a real docker-registry: what is asked for, what it becomes,
and what the cache saves."""
import io
import json
import os
import signal
import subprocess
import tarfile
import time

import pytest

from engines.images import Image, Layer, noise, packed, write_oci_archive
from program import MAKER
from registry.pulling import BASE, Pulling, SlowLine, small_image
from registry.shelf import OCI, digest


@pytest.fixture(name="pulling")
def fixture_pulling(shelf, tmp_path):
    return Pulling(tmp_path, shelf)


def layers_of(shelf, descriptor):
    """The digests of the layers of a pushed image, lowest first."""
    manifest = json.loads(shelf.stored(descriptor["digest"]).read_bytes())
    return [layer["digest"] for layer in manifest["layers"]]


def members(bundle):
    """{name: bytes} of what a bundle carries, as stock tools see it."""
    plain = subprocess.run(["zstd", "-dcq", "--long=27"], input=bundle, capture_output=True,
                           check=True).stdout
    with tarfile.open(fileobj=io.BytesIO(plain)) as tar:
        return {one.name: tar.extractfile(one).read() for one in tar if one.isfile()}


@pytest.mark.parametrize("packing", ["gzip", "zstd", None])
def test_the_same_bytes_as_from_an_archive(shelf, pulling, packing):
    """But for the texts that say where it came from."""
    image = small_image(1)
    repository = "same/%s" % (packing or "plain")
    shelf.push_image(repository, "1", image, packing)
    write_oci_archive(pulling.folder / "image.tar", image, "1", packing)
    pulling.images = {"a:1": pulling.source(repository + ":1")}
    first = pulling.bytes()
    assert pulling.bytes("--offline", "--locked") == first
    pulling.lock.unlink()
    pulling.images = {"a:1": "oci-archive:image.tar:1"}
    one, other = members(first), members(pulling.bytes())
    assert set(one) == set(other) and "statement.yaml" in one
    assert {name for name in one if one[name] != other[name]} <= {"provenance.json", "packing.yaml"}
    assert not pulling.lock.exists()  # nothing there that could move


def test_a_list_gives_the_image_of_the_platform(shelf, pulling):
    wanted, other = small_image(2), small_image(3)
    config = json.loads(other.config())
    config["architecture"] = "arm64"
    one = {**shelf.push_image("list", None, wanted), "platform": {"os": "linux", "architecture": "amd64"}}
    two = {**shelf.push_image("list", None, other, config=json.dumps(config).encode()),
           "platform": {"os": "linux", "architecture": "arm64"}}
    seal = {**shelf.push_image("list", None, small_image(4)),
            "platform": {"os": "unknown", "architecture": "unknown"},
            "annotations": {"vnd.docker.reference.type": "attestation-manifest"}}
    index = shelf.push_list("list", "1", [seal, two, one])
    pulling.images = {"a:1": pulling.source("list:1")}
    image = pulling.result()["images"][0]
    assert (image["index"], image["manifest"]) == (index, one["digest"])
    assert image["config"] == wanted.id() and image["platform"] == "linux/amd64"
    assert "index: " + index in pulling.lock.read_text()
    asked = len(shelf.asked())
    assert pulling.result()["images"][0] == image
    assert len(shelf.asked()) == asked  # neither tag nor list nor blob
    # By the digest of the list as by its tag, without a lock and without the registry.
    pulling.lock.unlink()
    pulling.images = {"a:1": pulling.source("list@" + index)}
    assert pulling.result("--offline")["images"][0]["manifest"] == one["digest"]
    shelf.push_list("list", "none", [two, seal])
    pulling.images = {"a:1": pulling.source("list:none")}
    said = pulling.run(status=3)
    assert "no image for linux/amd64; there are:" in said and "linux/arm64" in said
    pulling.images = {"a:1": pulling.source("list@" + two["digest"])}
    assert "the image is for linux/arm64; linux/amd64 is wanted" in pulling.run(status=3)


def test_only_new_blobs_travel(shelf, pulling):
    first, second = small_image(5), Image("x", [BASE, *small_image(5).layers[1:],
                                                Layer().file("new", noise(6, 20_000))])
    shelf.push_image("warm/one", "1", first)
    shelf.push_image("warm/two", "1", small_image(7))
    pulling.images = {"a:1": pulling.source("warm/one:1"), "b:1": pulling.source("warm/two:1")}
    before = len(shelf.asked())
    said = pulling.run()
    # Five blobs, for the lowest layer is the same; each was asked for once.
    asked = shelf.blobs_asked(before)
    assert len(asked) == len(set(asked)) == 5
    assert " in 5 blobs, 0 B in 0 were in the cache\n" in said
    assert said.count("pulling ") == 1 and "pulling 5 blobs: " in said
    layer = layers_of(shelf, shelf.push_image("warm/one", "2", second))[-1]
    pulling.images["a:2"] = pulling.source("warm/one:2")
    before = len(shelf.asked())
    result = pulling.result()
    assert sorted(shelf.blobs_asked(before)) == sorted([layer, second.id()])
    assert (result["pulled_blobs"], result["cached_blobs"]) == (2, 5)
    size = pulling.blob(layer).stat().st_size + len(second.config())
    assert result["pulled_bytes"] == size


def test_two_runs_at_once_pull_once(shelf, pulling):
    """One cold cache: each blob travels once, and both bundles are right."""
    for seed in (10, 11, 12):
        shelf.push_image("twice/%d" % seed, "1", small_image(seed, 300_000))
        pulling.images["a:%d" % seed] = pulling.source("twice/%d:1" % seed)
    before = len(shelf.asked())
    commands = [pulling.command("--quiet", output=name) for name in ("one.zst", "two.zst")]
    runs = [subprocess.Popen([MAKER, *command], env=pulling.environment()) for command in commands]
    assert [run.wait(120) for run in runs] == [0, 0]
    assert (pulling.folder / "one.zst").read_bytes() == (pulling.folder / "two.zst").read_bytes()
    asked = shelf.blobs_asked(before)
    assert len(asked) == len(set(asked)) == 7
    assert all(len(name) == 64 for name in pulling.cached())  # no part is left


def test_a_killed_pull_goes_on_where_it_was(shelf, pulling):
    image = Image("x", [Layer().file("noise", noise(20, 3_000_000))])
    layer = layers_of(shelf, shelf.push_image("killed", "1", image))[0]
    line = SlowLine(shelf.port)
    pulling.insecure = [line.host]
    pulling.images = {"a:1": "docker://%s/killed:1" % line.host}
    part = pulling.blob(layer).with_suffix(".part")
    line.pause = 0.05
    run = subprocess.Popen([MAKER, *pulling.command("--quiet")], env=pulling.environment())
    deadline = time.monotonic() + 60
    while not part.exists() or part.stat().st_size < 200_000:
        assert run.poll() is None and time.monotonic() < deadline
        time.sleep(0.02)
    run.send_signal(signal.SIGKILL)
    run.wait()
    line.pause = 0
    kept, before = part.stat().st_size, len(shelf.asked())
    result = pulling.result()
    path = "/v2/killed/blobs/" + layer
    assert ("GET", path, 206) in shelf.asked()[before:]
    assert ("GET", path, 200) not in shelf.asked()[before:]
    total = sum((pulling.cache / "blobs/sha256" / name).stat().st_size for name in pulling.cached()
                if name in (layer[7:], image.id()[7:]))
    assert result["pulled_bytes"] <= total - min(kept, 200_000)
    assert not part.exists()
    line.close()
    assert pulling.run("--offline")  # what was joined is right


def test_the_first_failure_ends_the_others_and_is_named(shelf, pulling):
    """A blob that the registry lost, beside one that takes for ever."""
    big = Image("x", [Layer().file("noise", noise(21, 4_000_000))])
    shelf.push_image("lost/big", "1", big)
    lost = shelf.push_image("lost/small", "1", small_image(22))
    shelf.drop_blob(layers_of(shelf, lost)[1])
    line = SlowLine(shelf.port)
    line.pause = 0.2
    pulling.insecure.append(line.host)
    pulling.images = {"big:1": "docker://%s/lost/big:1" % line.host,
                      "small:1": pulling.source("lost/small:1")}
    began = time.monotonic()
    said = pulling.run(status=7)
    assert time.monotonic() - began < 30  # the big one alone takes 50 s
    assert "image 'small:1': image source 'docker://" in said and "big:1" not in said
    assert not pulling.lock.exists()
    line.close()


def test_a_layer_that_unpacks_to_something_else_is_refused(shelf, pulling):
    image, other = small_image(23), small_image(24)
    shelf.push_image("liar", "1", image, config=other.config())
    pulling.images = {"a:1": pulling.source("liar:1")}
    said = pulling.run(status=3)
    assert "layer 2 of 2 is damaged or wrong: its diffID is" in said and "image 'a:1'" in said


def test_a_foreign_layer_is_refused(shelf, pulling):
    image = small_image(25)
    shelf.push_image("foreign", None, image)
    layer = {"mediaType": "application/vnd.docker.image.rootfs.foreign.diff.tar.gzip", "size": 10,
             "digest": digest(b"x"), "urls": ["https://registry.example.org/x"]}
    shelf.push_manifest("foreign", "1", {
        "schemaVersion": 2, "mediaType": OCI + "manifest.v1+json", "layers": [layer],
        "config": {"mediaType": OCI + "config.v1+json", "size": len(image.config()),
                   "digest": image.id()}})
    pulling.images = {"a:1": pulling.source("foreign:1")}
    assert "is a foreign layer" in pulling.run(status=3)


def test_sizes_that_lie_are_refused_before_anything_travels(shelf, pulling):
    image = small_image(26)
    shelf.push_image("sizes", "right", image)

    def push(tag, config, layer):
        data = packed(image.layers[0], None)[0]
        shelf.push_manifest("sizes", tag, {
            "schemaVersion": 2, "mediaType": OCI + "manifest.v1+json",
            "config": {"mediaType": OCI + "config.v1+json", "size": config, "digest": image.id()},
            "layers": [{"mediaType": OCI + "layer.v1.tar", "size": layer,
                        "digest": shelf.push_blob("sizes", data)}]})

    before = len(shelf.asked())
    push("config", 9_000_000, 1024)
    pulling.images = {"a:1": pulling.source("sizes:config")}
    assert "image 'a:1': its config has 9000000 bytes; at most 8388608 are read" in pulling.run(status=3)
    push("layer", len(image.config()), 1 << 60)
    pulling.images = {"a:1": pulling.source("sizes:layer")}
    assert "are to be pulled, and the disk of the cache" in pulling.run(status=6)
    pulling.images = {"a:1": pulling.source("sizes:right"), "b:1": pulling.source("sizes:config")}
    assert "images 'a:1' and 'b:1' say different things of one blob" in pulling.run(status=3)
    assert shelf.blobs_asked(before) == []


def test_what_is_not_in_the_registry(shelf, pulling):
    pulling.images = {"a:1": pulling.source("nobody:1")}
    assert "image 'a:1': image source 'docker://" in pulling.run(status=7)
    pulling.images = {"a:1": "docker://" + shelf.host + "/UPPER:1"}
    assert "image 'a:1': image source 'docker://" in pulling.run(status=3)
    assert os.listdir(pulling.folder / "cache/blobs/sha256") == []


def test_help_names_the_options_in_80_columns():
    said = subprocess.run([MAKER, "bundle", "--help"], capture_output=True, text=True, check=True).stdout
    assert all(len(line) <= 80 for line in said.splitlines())
    for option in ("--locked", "--relock", "--offline", "--cache", "--insecure"):
        assert option in said
