# SPDX-License-Identifier: Apache-2.0
# Copyright The handcarry authors
"""show: what is in a bundle, said to be unverified first."""
import hashlib
import io
import json
import tarfile

import pytest

from engines.images import Image, Layer, noise
from engines.release import Release
from program import handcarry

RELEASE = """handcarry: 1
product: shown
version: 1.2.3
release: 7
for: {sites: [plant-a]}
values: [{name: password, secret: true, description: for the database}]
images: [{name: "shown/app:${version}", from: "docker-archive:app.tar"}]
configs: [{from: a.conf, to: /etc/shown/a.conf, mode: "0640"}]
files: [{from: extra/, to: /opt/shown/extra/}]
health: [{command: [sh, -c, "a\\nb"], within: 1m}]
"""


def tar_of(path, members):
    with tarfile.open(path, "w") as tar:
        for name, content in members.items():
            member = tarfile.TarInfo(name)
            member.size = len(content)
            tar.addfile(member, io.BytesIO(content))


def make_image(folder):
    """What docker save would write of an image with one file."""
    tar_of(folder / "layer.tar", {"hello": b"hello\n" * 100})
    layer = (folder / "layer.tar").read_bytes()
    config = json.dumps({"architecture": "amd64", "os": "linux", "config": {}, "rootfs": {
        "type": "layers", "diff_ids": ["sha256:" + hashlib.sha256(layer).hexdigest()]}}).encode()
    name = hashlib.sha256(config).hexdigest() + ".json"
    manifest = [{"Config": name, "RepoTags": ["app:1"], "Layers": ["layer.tar"]}]
    tar_of(folder / "app.tar", {"manifest.json": json.dumps(manifest).encode(), name: config,
                                "layer.tar": layer})


@pytest.fixture(name="bundle", scope="module")
def make_bundle(tmp_path_factory):
    folder = tmp_path_factory.mktemp("show")
    make_image(folder)
    (folder / "extra").mkdir()
    (folder / "extra" / "readme").write_text("hello\n")
    (folder / "a.conf").write_text("a = b\n")
    (folder / "release.yaml").write_text(RELEASE)
    run = handcarry("bundle", folder / "release.yaml", "-o", folder / "out.tar.zst")
    assert run.returncode == 0, run.stderr
    return folder / "out.tar.zst"


def test_the_text_says_first_that_nothing_was_verified(bundle):
    run = handcarry("show", bundle)
    assert run.returncode == 0 and run.stderr == ""
    lines = run.stdout.splitlines()
    assert lines[0].startswith("NOT VERIFIED")
    assert max(map(len, lines)) <= 80
    for words in ["shown/app:1.2.3", "10.2 kB", "plant-a", "/etc/shown/a.conf", "0640 root:root",
                  "/opt/shown/extra/", "for the database; required, secret", "within 60 s"]:
        assert words in run.stdout
    assert "a\\x0ab" in run.stdout


def test_the_release_digest_is_the_hash_of_the_raw_statement(bundle):
    raw = handcarry("show", "--raw", "statement", bundle).stdout
    digest = "sha256:" + hashlib.sha256(raw.encode()).hexdigest()
    document = json.loads(handcarry("show", "--json", bundle).stdout)
    assert raw.startswith("handcarry-statement: 1\n")
    assert document["schema"] == "handcarry-show-1"
    assert document["verified"] is False
    assert document["release-digest"] == digest
    assert digest in handcarry("show", bundle).stdout
    assert f"statement: {digest}\n" in handcarry("show", "--raw", "packing", bundle).stdout


def test_the_json_has_every_part(bundle):
    document = json.loads(handcarry("show", "--json", bundle).stdout)
    assert document["product"] == "shown" and document["release"] == 7
    assert document["configs"][0]["mode"] == "0640"
    assert document["health"] == [{"command": ["sh", "-c", "a\nb"], "within-seconds": 60}]
    assert document["tree"]["files"] == 2
    assert document["packing"]["file-bytes"] == bundle.stat().st_size


STATUS = """Package: libc6
Status: install ok installed
Version: 2.36-9
Architecture: amd64

Package: openssl
Status: install ok installed
Version: 3.0.15-1
Architecture: amd64

"""


def packed(folder, version, images, *options):
    release = Release(folder / "release", images)
    release.fields.update(version=version, release=int(version))
    path = folder / ("b%s.tar.zst" % version)
    run = handcarry("bundle", release.write(), "-o", path, *options)
    assert run.returncode == 0, run.stderr
    return path


def test_packages_of_each_image(tmp_path):
    with_packages = Layer().file("var/lib/dpkg/status", STATUS.encode())
    path = packed(tmp_path, "1", [Image("x/y:1", [with_packages]), Image("x/none:1", [Layer().file("a", b"x")]),
                                  Image("x/odd:1", [Layer().file("lib/apk/db/installed", b"?")])])
    assert "openssl" not in handcarry("show", path).stdout
    said = handcarry("show", "--packages", path).stdout
    assert "packages of x/y:1: 2\n  libc6   2.36-9 deb amd64\n  openssl 3.0.15-1 deb amd64\n" in said
    assert "packages of x/none:1: none known\n" in said
    assert "  there may be more: " in said[said.index("x/odd:1: none"):]
    plain = json.loads(handcarry("show", "--json", path).stdout)["images"]
    assert all("packages" not in image for image in plain)
    images = json.loads(handcarry("show", "--json", "--packages", path).stdout)["images"]
    assert images[0]["packages"][1] == {"kind": "deb", "name": "openssl", "version": "3.0.15-1",
                                        "architecture": "amd64"}
    assert [image["packages-complete"] for image in images] == [True, True, False]


def test_delta(tmp_path):
    """What it was made against, what a host must have, and what is not in the file."""
    lower, upper = Layer().file("a", noise(1, 5000)), Layer().file("b", noise(2, 5000))
    old = packed(tmp_path, "1", [Image("x/y:1", [lower])])
    path = packed(tmp_path, "2", [Image("x/y:2", [lower, upper])], "--base", old)
    lines = handcarry("show", path).stdout.splitlines()
    assert any(line.startswith("packed          delta, ") for line in lines)
    for line in ["made against    1 (release 1)", "needs layers of x/y:1", "leaves out      1 layer, 10.2 kB"]:
        assert line in lines
    packing = json.loads(handcarry("show", "--json", path).stdout)["packing"]
    assert packing["delta"] is True and packing["left-out"] == [lower.diff_id()]
    assert packing["bases"] == [{"name": "x/y:1", "layers": [lower.diff_id()]}]
    assert packing["from"][0]["release"] == 1
    assert json.loads(handcarry("show", "--json", old).stdout)["packing"]["delta"] is False


@pytest.mark.parametrize("arguments", [[], ["a", "b"], ["--raw", "index", "a"],
                                       ["--raw", "statement", "--packages", "a"],
                                       ["--raw", "statement", "--json", "a"], ["--sbom", "a", "b", "c"],
                                       ["--sbom", "--json", "a"], ["--sbom", "--packages", "a"],
                                       ["--sbom", "--raw", "statement", "a"]])
def test_wrong_arguments_are_usage_errors(arguments):
    run = handcarry("show", *arguments)
    assert run.returncode == 2
    assert run.stdout == "" and "show: " in run.stderr


def test_what_is_no_bundle_is_refused(tmp_path):
    path = tmp_path / "x.tar.zst"
    path.write_text("not a bundle\n" * 100)
    run = handcarry("show", path)
    assert run.returncode == 3 and run.stdout == ""
