# SPDX-License-Identifier: Apache-2.0
# Copyright The handcarry authors
"""sbom: of an image in release.yaml: the SBOM that the build has is carried, and its packages count."""
import json

import pytest

from engines.images import Image, Layer, write_oci_archive
from engines.release import Release
from program import TOP, handcarry
from test_bundle_sbom import STATUS, dpkg, sbom_text

DATA = TOP / "tests/data/sbom-given"
ONES, TWOS = "1" * 64, "2" * 64


def debian(*rows):
    return Layer().file(STATUS, dpkg(*rows))


LIBC = debian(("libc6", "2.36-9"), ("tzdata", "2024a-0"))


def of_image(name, image):
    """A file of tests/data that speaks of this image's first layer."""
    return (DATA / name).read_text().replace(TWOS, image.layers[0].diff_id()[7:])


def release_of(folder, texts, *images):
    """Release.yaml with these SBOMs; None for an image that has none."""
    release = Release(folder / "release", list(images))
    release.playbooks = []
    for number, text in enumerate(texts):
        if text is not None:
            release.put("sboms/%d.json" % number, text)
            release.sboms[images[number].name] = "sboms/%d.json" % number
    return release


def bundle(folder, texts, *images, status=0):
    """What bundle said, and where the bundle is."""
    path = folder / "b.tar.zst"
    run = handcarry("bundle", release_of(folder, texts, *images).write(), "-o", path)
    assert run.returncode == status, (run.stdout, run.stderr)
    return run.stdout + run.stderr, path


def packages(path, number=0):
    image = json.loads(handcarry("show", "--json", "--packages", path).stdout)["images"][number]
    return [tuple(row.get(key) for key in ("kind", "name", "version", "architecture"))
            for row in image["packages"]], image["packages-complete"]


DEB = [("deb", "libc6", "2.36-9", "amd64"), ("deb", "tzdata", "2024a-0", "amd64")]


@pytest.mark.parametrize("name, more", [
    ("ok-cyclonedx", [("npm", "@angular/core", "17.0.0", None), ("npm", "tslib", "2.6.2", None)]),
    ("ok-spdx", [("pypi", "requests", "2.31.0", None)])])
def test_carried_byte_by_byte_and_its_packages_count_once(tmp_path, name, more):
    image = Image("test/given:1", [LIBC])
    text = of_image(name, image)
    said, path = bundle(tmp_path, [text], image)
    assert "warning" not in said
    assert sbom_text(path).decode() == text
    assert packages(path) == (DEB + more, True)
    assert "  @angular/core 17.0.0 npm\n" in handcarry("show", "--packages", path).stdout or name == "ok-spdx"
    assert handcarry("show", "--raw", "statement", path).stdout.count("sbom") == 0
    assert handcarry("extract", path, "--oci", tmp_path / "oci").returncode == 0


def cyclonedx(*urls, **subject):
    return json.dumps({"bomFormat": "CycloneDX", "specVersion": "1.6", "metadata": {"component": {
        "type": "container", "name": "x", **subject}}, "components": [{"purl": url} for url in urls]})


def test_an_architecture_that_is_not_said_makes_no_second_package(tmp_path):
    text = cyclonedx("pkg:deb/debian/libc6@2.36-9", "pkg:deb/ubuntu/tzdata@2024a-0?arch=all")
    assert packages(bundle(tmp_path, [text], Image("test/given:1", [LIBC]))[1]) == (DEB, True)


def test_an_image_without_a_database_is_what_its_sbom_says(tmp_path):
    text = cyclonedx("pkg:golang/github.com/a/b@v1.0.0", "pkg:deb/debian/a@1?arch=amd64", "no url")
    said, path = bundle(tmp_path, [text], Image("test/given:1", [Layer().file("app", b"x")]))
    assert packages(path) == ([("deb", "a", "1", "amd64"), ("golang", "github.com/a/b", "v1.0.0", None)], False)
    assert "warning" not in said
    assert "an entry of the SBOM could not be read" in handcarry("show", "--packages", path).stdout


@pytest.mark.parametrize("text, expected", [
    (cyclonedx("pkg:deb/debian/libc6@2.36-8", "pkg:deb/debian/nano@7"),
     "of the 2 packages of its distribution that it names the image has none, not even libc6 2.36-8"),
    ((DATA / "ok-cyclonedx").read_text(), "it speaks of layer sha256:%s, and none of the image's 1 layers" % TWOS),
    ((DATA / "ok-spdx").read_text(), "it speaks of layer sha256:" + TWOS),
    (cyclonedx(properties=[{"name": "aquasecurity:trivy:ImageID", "value": "sha256:" + ONES}]),
     "it says that the config is sha256:%s, which is sha256:" % ONES),
    ("{", "it is no JSON: no string"), ("\x1b[2J", "SBOM is no plain text: at byte 0"),
    ((DATA / "bad-spdx-3").read_text(), "SPDX 3")],
    ids=["packages", "layer", "layer-spdx", "config", "json", "escape", "spdx-3"])
def test_069_refused_with_its_place(tmp_path, text, expected):
    said, path = bundle(tmp_path, [None, text], Image("test/other:1", [Layer().file("a", b"x")]),
                        Image("test/given:1", [LIBC]), status=3)
    release = (tmp_path / "release/release.yaml").read_text().split("\n")
    line = next(number for number, row in enumerate(release, 1) if "sboms/1.json" in row)
    column = release[line - 1].index('"sboms/1.json"') + 1
    assert "release.yaml:%d:%d: SBOM 'sboms/1.json' of image 'test/given:1': " % (line, column) in said, said
    assert expected in said and not path.exists()


def test_of_an_earlier_build_is_a_warning(tmp_path):
    text = cyclonedx("pkg:deb/debian/libc6@2.36-9", "pkg:deb/debian/tzdata@2023c-0?arch=amd64")
    said, path = bundle(tmp_path, [text], Image("test/given:1", [LIBC]))
    assert "1 of the packages that it names are not in the image's database in that version, such as " \
           "tzdata 2023c-0" in said
    assert ("deb", "tzdata", "2023c-0", "amd64") in packages(path)[0]


def test_two_names_of_one_image_want_one_sbom(tmp_path):
    images = [Image("test/a:1", [LIBC]), Image("test/b:1", [LIBC])]
    (tmp_path / "1").mkdir()
    said, _ = bundle(tmp_path / "1", [cyclonedx("pkg:npm/a@1"), cyclonedx("pkg:npm/b@1")], *images, status=3)
    assert "SBOM 'sboms/1.json' of image 'test/b:1': image 'test/a:1' is the same image and has another SBOM" in said
    for number, texts in enumerate(([None, cyclonedx("pkg:npm/b@1")], [cyclonedx("pkg:npm/b@1")] * 2), 2):
        folder = tmp_path / str(number)
        folder.mkdir()
        _, path = bundle(folder, texts, *images)
        assert sbom_text(path, "test/a:1") == sbom_text(path, "test/b:1")
        assert ("npm", "b", "1", None) in packages(path)[0]


@pytest.mark.parametrize("path, expected", [
    ("../x.json", "'..'"), ("/x.json", "relative"), ("sboms/none.json", "'sboms/none.json'"),
    ("sboms/link.json", "symbolic link"), ("sboms", "not a regular file")])
def test_the_path_stays_below_the_folder(tmp_path, path, expected):
    release = release_of(tmp_path, [cyclonedx()], Image("test/given:1", [LIBC]))
    (tmp_path / "release/sboms/link.json").symlink_to("/etc/hostname")
    release.sboms["test/given:1"] = path
    for verb in ("lint", "bundle"):
        run = handcarry(verb, release.write(), *(["-o", tmp_path / "b"] if verb == "bundle" else []))
        assert run.returncode == 3 or (verb == "bundle" and run.returncode == 1), (verb, run.stderr)
        assert "release.yaml:" in run.stdout + run.stderr
        assert expected in run.stdout + run.stderr


def test_064_too_long(tmp_path):
    release = release_of(tmp_path, [cyclonedx()], Image("test/given:1", [LIBC]))
    with open(tmp_path / "release/sboms/0.json", "ab") as file:
        file.truncate(32 * 1024 * 1024 + 1)
    run = handcarry("bundle", release.write(), "-o", tmp_path / "b")
    assert run.returncode == 3 and "33554432" in run.stderr


def test_a_source_of_another_kind_changes_nothing(tmp_path):
    image = Image("test/given:1", [LIBC])
    release = release_of(tmp_path, [of_image("ok-spdx", image)], image)
    write_oci_archive(tmp_path / "release/x.tar", image)
    release.sources[image.name] = "oci-archive:x.tar"
    run = handcarry("bundle", release.write(), "-o", tmp_path / "b.tar.zst")
    assert run.returncode == 0 and "warning" not in run.stdout + run.stderr, run.stderr
