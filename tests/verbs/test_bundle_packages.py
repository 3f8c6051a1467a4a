# SPDX-License-Identifier: Apache-2.0
# Copyright The handcarry authors
"""bundle carries the package list of each image, as its merged layers have it."""
import pytest

from bundlefile import BundleFile, members
from engines.images import Image, Layer
from engines.release import Release
from program import handcarry

STATUS = "var/lib/dpkg/status"
FOLDER = "var/lib/dpkg/status.d"
APK = "lib/apk/db/installed"


def dpkg(*rows):
    """A status file; a row is (name, version)."""
    return "".join("Package: %s\nStatus: install ok installed\nArchitecture: amd64\nVersion: %s\n"
                   "Description: x\n more\n\n" % row for row in rows).encode()


def apk(*rows):
    return "".join("P:%s\nV:%s\nA:x86_64\nF:lib\n\n" % row for row in rows).encode()


def deb_lines(*rows):
    return "".join("deb %s %s amd64\n" % row for row in rows)


def bundled(folder, *images):
    """{config digest: list} of a bundle with these images, and its members of region meta."""
    release = Release(folder / "release", list(images))
    run = handcarry("bundle", release.write(), "-o", folder / "b.tar.zst")
    assert run.returncode == 0, run.stderr
    rows = members(BundleFile(folder / "b.tar.zst").region("meta"))
    return rows, {"sha256:" + name[len("packages/"):]: content.decode()
                  for name, _, content in rows if name.startswith("packages/")}


def list_of(folder, *layers):
    image = Image("handcarry-test/packages:1", list(layers))
    return bundled(folder, image)[1][image.id()]


LIBC, NEWER, TZ = ("libc6", "2.36-9"), ("libc6", "2.36-10"), ("tzdata", "2024a-0")
CASES = {
    "no-database": ([Layer().file("bin/app", b"x")], ""),
    "dpkg": ([Layer().file(STATUS, dpkg(TZ, LIBC))], deb_lines(LIBC, TZ)),
    "apk": ([Layer().file(APK, apk(("musl", "1.2.4-r2")))], "apk musl 1.2.4-r2 x86_64\n"),
    "apk-below-usr": ([Layer().file("usr/" + APK, apk(("a", "1")))], "apk a 1 x86_64\n"),
    "both": ([Layer().file(STATUS, dpkg(TZ)), Layer().file(APK, apk(("a", "1")))],
             "apk a 1 x86_64\n" + deb_lines(TZ)),
    "distroless": ([Layer().file(FOLDER + "/libc6", dpkg(LIBC)).file(FOLDER + "/x.md5sums", b"0 x"),
                    Layer().file(FOLDER + "/tz", dpkg(TZ))], deb_lines(LIBC, TZ)),
    "upper-wins": ([Layer().file(STATUS, dpkg(LIBC, TZ)), Layer().file("a", b"x"),
                    Layer().file(STATUS, dpkg(NEWER))], deb_lines(NEWER)),
    "whiteout": ([Layer().file(STATUS, dpkg(LIBC)), Layer().remove(STATUS)], ""),
    "whiteout-of-a-parent": ([Layer().file(STATUS, dpkg(LIBC)), Layer().remove("var/lib")], ""),
    "whiteout-in-status.d": ([Layer().file(FOLDER + "/libc6", dpkg(LIBC)).file(FOLDER + "/tz", dpkg(TZ)),
                              Layer().remove(FOLDER + "/libc6")], deb_lines(TZ)),
    "whiteout-of-another": ([Layer().file(STATUS, dpkg(LIBC)), Layer().remove(STATUS + "-old").remove(
        "var/lib/apt")], deb_lines(LIBC)),
    "whiteout-behind-the-new-file": ([Layer().file(STATUS, dpkg(LIBC)),
                                      Layer().file(STATUS, dpkg(TZ)).remove("var")], deb_lines(TZ)),
    "put-back": ([Layer().file(STATUS, dpkg(LIBC)), Layer().remove(STATUS),
                  Layer().file(STATUS, dpkg(TZ))], deb_lines(TZ)),
    "opaque": ([Layer().file(FOLDER + "/libc6", dpkg(LIBC)),
                Layer().file(FOLDER + "/tz", dpkg(TZ)).file(FOLDER + "/.wh..wh..opq", b"")], deb_lines(TZ)),
    "opaque-parent": ([Layer().file(STATUS, dpkg(LIBC)), Layer().file("var/.wh..wh..opq", b"")], ""),
    "opaque-root": ([Layer().file(STATUS, dpkg(LIBC)), Layer().file(".wh..wh..opq", b"")], ""),
    "opaque-sibling": ([Layer().file(STATUS, dpkg(LIBC)), Layer().file("var/cache/.wh..wh..opq", b"")],
                       deb_lines(LIBC)),
    "folder-stays": ([Layer().file(STATUS, dpkg(LIBC)), Layer().folder("var").folder("var/lib")],
                     deb_lines(LIBC)),
    "parent-becomes-a-link": ([Layer().file(APK, apk(("a", "1"))), Layer().symlink("lib", "usr/lib")], ""),
    "file-becomes-a-folder": ([Layer().file(STATUS, dpkg(LIBC)), Layer().folder(STATUS)], ""),
    "dot-slash-names": ([Layer().file("./" + STATUS, dpkg(LIBC))], deb_lines(LIBC)),
    "not-dpkg": ([Layer().file(STATUS, b"\x00\x01")], "unread deb\n"),
    "not-apk": ([Layer().file(APK, dpkg(LIBC)).file(STATUS, dpkg(TZ))], deb_lines(TZ) + "unread apk\n"),
    "one-of-two-is-damaged": ([Layer().file(FOLDER + "/a", b"?").file(FOLDER + "/tz", dpkg(TZ))],
                              deb_lines(TZ) + "unread deb\n"),
    "damaged-then-replaced": ([Layer().file(STATUS, b"?"), Layer().file(STATUS, dpkg(TZ))], deb_lines(TZ)),
    "link": ([Layer().file("x", dpkg(TZ)).hardlink(STATUS, "x")], "unread deb\n"),
}


@pytest.mark.parametrize("case", CASES)
def test_list(tmp_path, case):
    layers, expected = CASES[case]
    assert list_of(tmp_path, *layers) == expected


def test_layer_that_is_no_tar(tmp_path):
    class Broken(Layer):
        def bytes(self):
            whole = super().bytes()
            return whole[:whole.rindex(b"tail")] + b"x" * 20480
    layer = Broken().file(STATUS, dpkg(TZ)).file("tail", b"x")
    assert list_of(tmp_path, layer) == deb_lines(TZ) + "unread layer\n"


def test_one_list_a_config_between_configs_and_recipes(tmp_path):
    """Two names of one image have one list and one SBOM; an image without packages has an empty one."""
    base = Layer().file(STATUS, dpkg(LIBC))
    images = [Image("x/a:1", [base]), Image("x/b:1", [base]), Image("x/none:1", [Layer().file("a", b"x")]),
              Image("x/c:1", [base, Layer().file(STATUS, dpkg(LIBC, TZ))])]
    rows, lists = bundled(tmp_path, *images)
    configs = [images[0], images[2], images[3]]
    assert [name for name, _, _ in rows] == [
        *["images/%s.json" % image.id()[7:] for image in configs],
        *["packages/" + image.id()[7:] for image in configs],
        *["sbom/%s.json" % image.id()[7:] for image in configs], "provenance.json",
        *["layers/" + layer.diff_id()[7:] for image in configs
          for layer in image.layers if layer is not base or image is configs[0]]]
    assert lists == {configs[0].id(): deb_lines(LIBC), configs[1].id(): "",
                     configs[2].id(): deb_lines(LIBC, TZ)}


@pytest.mark.parametrize("rows, lacks", [
    ((LIBC,), "ansible-core"), ((LIBC, ("ansible-core", "2.14.18-0")), "python3"),
    ((("ansible-core", "2.14.18-0"), ("python3.11-minimal", "3.11.2-6")), None)])
def test_an_image_that_is_to_carry_ansible_and_lacks_it_is_named(tmp_path, rows, lacks):
    image = Image("handcarry-test/ansible:1", [Layer().file(STATUS, dpkg(*rows))])
    release = Release(tmp_path / "release", [image])
    release.ansible = image.name
    release.fields["requires"] = {"ansible-core": "bundled"}
    run = handcarry("bundle", release.write(), "-o", tmp_path / "b.tar.zst")
    said = "image '%s' is to carry Ansible, but there is no %s among its packages" % (image.name, lacks)
    assert run.returncode == 0 and (said in run.stdout) == (lacks is not None)
    assert ("to carry Ansible" in run.stdout) == (lacks is not None)
    shown = handcarry("show", tmp_path / "b.tar.zst").stdout
    assert "ansible-core bundled" in shown
