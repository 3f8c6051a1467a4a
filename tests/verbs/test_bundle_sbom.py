# SPDX-License-Identifier: Apache-2.0
# Copyright The handcarry authors
"""bundle carries an SBOM of each image, and show prints it."""
import hashlib
import json
import subprocess

import pytest

from engines.images import Image, Layer
from engines.release import Release
from program import PROGRAM, handcarry

STATUS, APK, OS = "var/lib/dpkg/status", "lib/apk/db/installed", "usr/lib/os-release"
DEBIAN = b'PRETTY_NAME="Debian GNU/Linux 12"\nID=debian\nVERSION_ID="12"\n'


def dpkg(*rows):
    """A status file; a row is (name, version, more fields)."""
    return "".join("Package: %s\nStatus: install ok installed\nArchitecture: amd64\nVersion: %s\n%s\n"
                   % (name, version, "".join(line + "\n" for line in more))
                   for name, version, *more in rows).encode()


def make(folder, *images, number=1, options=(), **fields):
    """The bundle of a release with these images."""
    release = Release(folder / ("r%d" % number), list(images))
    release.playbooks = []
    release.fields.update(release=number, version="1.%d" % number, **fields)
    path = folder / ("r%d.tar.zst" % number)
    run = handcarry("bundle", release.write(), "-o", path, *options)
    assert run.returncode == 0, run.stderr
    return path


def sbom_text(path, *image):
    run = subprocess.run([PROGRAM, "show", "--sbom", path, *image], capture_output=True, check=False)
    assert run.returncode == 0, run.stderr
    return run.stdout


def sbom(path, *image):
    return json.loads(sbom_text(path, *image))


def components(folder, *layers):
    """Name → component of what is made of these layers."""
    path = make(folder, Image("test/sbom:1", list(layers)))
    return {row["name"]: row for row in sbom(path)["components"]}


def test_what_the_packer_knows_of_an_image(tmp_path):
    image = Image("registry.example.org:5000/plant/server:1.5.0", [
        Layer().file(OS, DEBIAN).symlink("etc/os-release", "../usr/lib/os-release").file(
            STATUS, dpkg(("libc6", "2.36-9+deb12u4", "Source: glibc"), ("tzdata", "2024a-0")))])
    document = sbom(make(tmp_path, image, issued="2026-02-03T04:05:06Z"))
    assert document["bomFormat"] == "CycloneDX" and document["specVersion"] == "1.7"
    assert document["metadata"]["timestamp"] == "2026-02-03T04:05:06Z"
    assert document["metadata"]["tools"]["components"][0]["name"] == "handcarry"
    assert document["metadata"]["component"] == {
        "type": "container", "bom-ref": "image", "name": "registry.example.org:5000/plant/server",
        "version": "1.5.0", "hashes": [{"alg": "SHA-256", "content": image.id()[7:]}]}
    url = "pkg:deb/debian/libc6@2.36-9%2Bdeb12u4?arch=amd64&distro=debian-12&upstream=glibc"
    other = "pkg:deb/debian/tzdata@2024a-0?arch=amd64&distro=debian-12"
    assert document["components"] == [
        {"type": "operating-system", "bom-ref": "os", "name": "debian", "version": "12"},
        {"type": "library", "bom-ref": url, "name": "libc6", "version": "2.36-9+deb12u4", "purl": url},
        {"type": "library", "bom-ref": other, "name": "tzdata", "version": "2024a-0", "purl": other}]
    assert document["compositions"] == [{"aggregate": "unknown", "assemblies": ["image"]}]


def test_package_urls(tmp_path):
    """What the specification says of '+', '~', ':' and of a version of the source package."""
    rows = [("g++", "4:12.2.0-3~x+b1", "Source: gcc-defaults (1.203+y~z)"),
            ("same", "1", "Source: same"), ("same-but-version", "1+b1", "Source: same-but-version (1)"),
            ("odd", "1", "Source: two words (1)"), ("odd-too", "1", "Source: x (1")]
    found = components(tmp_path, Layer().file(STATUS, dpkg(*rows)))
    assert {name: row["purl"] for name, row in found.items()} == {
        "g++": "pkg:deb/debian/g%2B%2B@4:12.2.0-3~x%2Bb1?arch=amd64&upstream=gcc-defaults%401.203%2By~z",
        "same": "pkg:deb/debian/same@1?arch=amd64", "odd": "pkg:deb/debian/odd@1?arch=amd64",
        "same-but-version": "pkg:deb/debian/same-but-version@1%2Bb1?arch=amd64&upstream=same-but-version%401",
        "odd-too": "pkg:deb/debian/odd-too@1?arch=amd64"}


def test_alpine(tmp_path):
    database = (b"P:libcrypto3\nV:3.1.4-r5\nA:x86_64\no:openssl\nL:Apache-2.0\n\n"
                b"P:musl\nV:1.2.4-r2\nA:x86_64\no:musl\nL:MIT\x1b\n\n")
    found = components(tmp_path, Layer().file(APK, database).file(
        "etc/os-release", b"ID=alpine\nVERSION_ID=3.18.4\n").file(OS, DEBIAN))
    assert found["alpine"]["version"] == "3.18.4" and "debian" not in found
    assert found["libcrypto3"]["licenses"] == [{"license": {"name": "Apache-2.0"}}]
    assert found["libcrypto3"]["purl"] == \
        "pkg:apk/alpine/libcrypto3@3.1.4-r5?arch=x86_64&distro=alpine-3.18.4&upstream=openssl"
    assert found["musl"]["purl"] == "pkg:apk/alpine/musl@1.2.4-r2?arch=x86_64&distro=alpine-3.18.4"
    assert "licenses" not in found["musl"]


@pytest.mark.parametrize("text", [b"ID=a b\n", b"\0", b"ID=../x\n", b"VERSION_ID=12\n", b"ID=\n"])
def test_075_an_image_that_does_not_say_what_it_is(tmp_path, text):
    found = components(tmp_path, Layer().file("etc/os-release", text).file(STATUS, dpkg(("a", "1"))))
    assert list(found) == ["a"] and found["a"]["purl"] == "pkg:deb/debian/a@1?arch=amd64"


def test_what_cannot_be_read_is_said(tmp_path):
    path = make(tmp_path, Image("test/sbom:1", [Layer().file(STATUS, b"?")]))
    document = sbom(path)
    assert document["components"] == []
    assert document["compositions"][0]["aggregate"] == "incomplete"


def test_no_chance_and_no_time_in_it(tmp_path):
    """The serial number is made of the rest; the same packages in another order are the same list."""
    rows = [("a", "1"), ("b", "2", "Source: a"), ("c", "3")]
    image = Image("test/sbom:1", [Layer().file(STATUS, dpkg(*rows))])
    first = sbom_text(make(tmp_path, image))
    assert first == sbom_text(make(tmp_path, image, number=2))
    assert b"timestamp" not in first
    head, _, body = first.partition(b'"version":1,\n')
    digest = bytearray(hashlib.sha256(body).digest()[:16])
    digest[6], digest[8] = digest[6] & 15 | 128, digest[8] & 63 | 128
    assert digest.hex() == json.loads(first)["serialNumber"][9:].replace("-", "") and head
    shuffled = Image("test/sbom:1", [Layer().file(STATUS, dpkg(*rows[::-1]))])
    other = sbom(make(tmp_path, shuffled, number=3))
    assert other["components"] == json.loads(first)["components"]
    assert other["serialNumber"] != json.loads(first)["serialNumber"]


def test_a_delta_has_the_same(tmp_path):
    base = Layer().file(STATUS, dpkg(("a", "1")))
    old = make(tmp_path, Image("test/sbom:1", [base]))
    new = Image("test/sbom:2", [base, Layer().file(STATUS, dpkg(("a", "2")))])
    full = make(tmp_path, new, number=2)
    (tmp_path / "delta").mkdir()
    delta = make(tmp_path / "delta", new, number=2, options=["--base", old])
    assert json.loads(handcarry("show", "--json", delta).stdout)["packing"]["delta"] is True
    assert sbom_text(delta) == sbom_text(full)


def test_show_wants_to_know_which(tmp_path):
    images = [Image("test/a:1", [Layer().file("a", b"a")]), Image("test/b:1", [Layer().file("b", b"b")])]
    path = make(tmp_path, *images)
    run = handcarry("show", "--sbom", path)
    assert run.returncode == 2 and "test/a:1\n  test/b:1" in run.stderr and run.stdout == ""
    run = handcarry("show", "--sbom", path, "test/c:1")
    assert run.returncode == 2 and "no image 'test/c:1'" in run.stderr and "test/b:1" in run.stderr
    for image in images:
        assert sbom(path, image.name)["metadata"]["component"]["hashes"][0]["content"] == image.id()[7:]
        assert sbom_text(path, "docker.io/" + image.name) == sbom_text(path, image.name)
    document = json.loads(handcarry("show", "--json", path).stdout)
    assert [row["sbom"] for row in document["images"]] == ["sbom/%s.json" % image.id()[7:] for image in images]


def test_two_names_of_one_image_have_one(tmp_path):
    layer = Layer().file("a", b"a")
    path = make(tmp_path, Image("test/a:1", [layer]), Image("test/b:1", [layer]))
    assert sbom(path)["metadata"]["component"]["name"] == "test/a"
    assert sbom_text(path) == sbom_text(path, "test/b:1")


def test_extract_writes_them_as_files(tmp_path):
    images = [Image("test/a:1", [Layer().file("a", b"a")]), Image("test/b:1", [Layer().file("b", b"b")])]
    path = make(tmp_path, *images)
    run = handcarry("extract", path, "--sbom", tmp_path / "out")
    assert run.returncode == 0, run.stderr
    for image in images:
        file = tmp_path / "out" / (image.id()[7:] + ".json")
        assert file.read_bytes() == sbom_text(path, image.name)
        assert "%s: SBOM of %s\n" % (file, image.name) in run.stdout
    assert len(list((tmp_path / "out").iterdir())) == 2
    assert handcarry("extract", path, "--sbom", tmp_path / "out").returncode == 2
