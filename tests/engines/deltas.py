# SPDX-License-Identifier: Apache-2.0
# Copyright The handcarry authors
"""Pairs of releases that a delta is made between, and what is expected after it was installed."""
import shutil

from engines.images import Image, Layer, near, noise, text

OPEN = "grün"       # one character for the ü
COMBINED = "gru\u0308n"  # u and a combining diaeresis: another name
CHECK = "cd /srv; sha256sum library moved {0} {1} second ../opt/program | cut -c1-16".format(
    OPEN, COMBINED)


def library(seed, moved):
    """The layer that changes: one big file in a few bytes, the others moved or not at all."""
    layer = Layer().folder("srv").file("srv/library", near(noise(4, 400_000), seed))
    layer.file(moved, text(3, 3000)).file("srv/" + OPEN, noise(5, 20_000))
    layer.file("srv/" + COMBINED, noise(6, 20_000))
    # An export has the content under "first", for it goes by the alphabet.
    return layer.file("srv/second", near(noise(7, 60_000), seed)).hardlink("srv/first", "srv/second")


def make_pair(host, release, **options):
    """(bundle of release 1, delta to release 2): one layer changed, one known layer under the new
    parent, one left out, one new. release is release 2 afterwards."""
    base = release.images[0].layers[0]
    program = Layer().folder("opt").file("opt/program", noise(8, 100_000))
    release.images = [Image("handcarry-test/server:1", [base, library(1, "srv/words"), program]),
                      Image("handcarry-test/web:1", [base, program])]
    release.write()
    first = host.bundle(release)
    release.fields.update(release=2, version="2.0.0")
    release.images = [Image("handcarry-test/server:2", [base, library(2, "srv/moved"), program]),
                      Image("handcarry-test/web:2", [base, program, Layer().file("new", b"new\n")])]
    release.write()
    return first, host.bundle(release, base=first, **options)


def put(host, release, folder, name, **options):
    """Packs the release into folder/name; returns its path."""
    return shutil.move(host.bundle(release, **options), folder / name)


def carry(host, release, tmp_path, set_release):
    """(folder of full bundles of releases 1 to 3, folder with 2-from-1 and 3-from-2).
    set_release(release, number) makes the release what it is then."""
    full, stick = tmp_path / "full", tmp_path / "stick"
    full.mkdir()
    stick.mkdir()
    for number in (1, 2, 3):
        set_release(release, number)
        put(host, release, full, f"r{number}.tar.zst")
        if number > 1:
            put(host, release, stick, f"r{number}-from-r{number - 1}.tar.zst",
                base=full / f"r{number - 1}.tar.zst")
    return full, stick


def assert_runs(engine, release):
    """Both images are what was signed, and their files can be read in a container."""
    for image in release.images:
        assert engine.inspect(image.name)["RootFS"]["Layers"] == [l.diff_id() for l in image.layers]
    status, said = engine.run("handcarry-test/server:2", "/bin/sh", "-c", CHECK)
    assert status == 0 and len(said.split()) == 6 and "No such" not in said, said
    assert engine.run("handcarry-test/web:2", "/bin/cat", "/new") == (0, "new\n")


def remove_images(engine, *names):
    """Takes images away, as somebody who cleans up would."""
    for name in names:
        engine.call("DELETE", "/images/" + name, {"force": "1"})


def layer_folder(engine, content):
    """The folder in the engine's data root that a layer's files lie in: the one that has srv/library
    with this content."""
    for path in engine.data_root.rglob("srv/library"):
        if "merged" not in path.parts and path.read_bytes() == content:
            return path.parent.parent
    raise AssertionError("the engine keeps no such layer")
