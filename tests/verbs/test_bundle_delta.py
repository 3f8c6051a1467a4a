# SPDX-License-Identifier: Apache-2.0
# Copyright The handcarry authors
"""bundle --base: what a delta leaves out, what it draws on, and what it is checked against."""
import filecmp
import re
import subprocess

import pytest

from bundlefile import BundleFile
from engines.images import Image, Layer, busybox_layer, near, noise, text
from engines.release import Release
from program import handcarry

LIBRARY, WORDS = noise(11, 300_000), text(11, 3000)


def run(*arguments, status=0):
    done = handcarry(*arguments)
    assert done.returncode == status, (arguments, done.stdout, done.stderr)
    return done.stdout + done.stderr


def application(seed=5):
    return Layer().folder("app").file("app/code.js", text(seed, 500)).file("app/icon", noise(seed, 9000))


def lower(library=LIBRARY):
    return Layer().folder("lib").file("lib/library.so.1.2", library).file("lib/words", WORDS)


def image(number, *layers, name="server"):
    return Image("delta-test/%s:%d" % (name, number), list(layers))


def make(folder, number, images, *options, name=None, status=0):
    """Packs a release; returns the bundle."""
    release = Release(folder / ("r%d" % number), images)
    release.fields["release"], release.fields["version"] = number, "1.%d" % number
    release.write()
    path = folder / (name or "r%d.tar.zst" % number)
    said = run("bundle", release.folder / "release.yaml", "-o", path, *options, status=status)
    return path if status == 0 else said


def streams(path):
    file = BundleFile(path)
    return {name: int(size) for name, size in re.findall(
        r"(?m)^  (\w+):\n    frames: \d+\n    bytes: (\d+)", file.packing)}


def left_out(path):
    _, _, rest = BundleFile(path).packing.partition("\nleft-out:")
    return re.findall(r"sha256:\w+", rest)


@pytest.fixture
def pair(tmp_path):
    """An old release, and what the new one is made of: the lower layer changed a little."""
    old = make(tmp_path, 1, [image(1, busybox_layer(), lower(), application())])
    new = [image(2, busybox_layer(), lower(near(LIBRARY, 3)), application())]
    return old, new


def test_delta_is_the_same_release_in_fewer_bytes(tmp_path, pair):
    old, new = pair
    full = make(tmp_path, 2, new, name="full.tar.zst")
    delta = make(tmp_path, 2, new, "--base", old, name="delta.tar.zst")
    assert BundleFile(delta).statement == BundleFile(full).statement
    assert delta.stat().st_size < full.stat().st_size / 20
    # The base layer is left out; the application's is known, but lies on another layer now.
    assert left_out(delta) == [busybox_layer().diff_id()]
    assert streams(delta)["data"] == 0
    assert 0 < streams(delta)["difference"] + streams(delta)["extra"] < 1000


def test_same_bytes_whatever_the_jobs(tmp_path, pair):
    old, new = pair
    one = make(tmp_path, 2, new, "--base", old, "--jobs", 1, name="one.tar.zst")
    four = make(tmp_path, 2, new, "--base", old, "--jobs", 4, name="four.tar.zst")
    assert filecmp.cmp(one, four, shallow=False)


def test_name_says_what_it_is_made_against(tmp_path, pair, monkeypatch):
    old, new = pair
    make(tmp_path, 2, new, name="full.tar.zst")
    monkeypatch.chdir(tmp_path)
    said = run("bundle", tmp_path / "r2/release.yaml", "--base", old)
    assert "handcarry-test-1.2-r2-from-r1.tar.zst" in said
    assert "to hosts at handcarry-test 1.1 (release number 1)" in said
    assert said.startswith("NOT VERIFIED: no signature of a base")
    assert re.search(r"^left out  \S+ MB of layers that hosts have$", said, re.MULTILINE)
    assert " 0 B of" not in said


def signed(tmp_path, *arguments):
    if not (tmp_path / "trust").is_dir():
        done = handcarry("trust", "init", "--no-password", cwd=tmp_path)
        assert done.returncode == 0, done.stderr
    return (*arguments, "--sign", tmp_path / "release.key", "--trust", tmp_path / "trust")


def test_verify_deep_needs_the_base(tmp_path, pair):
    old, new = pair
    delta = make(tmp_path, 2, new, *signed(tmp_path, "--base", old), name="delta.tar.zst")
    trust = ("--trust", tmp_path / "trust")
    made_from = "delta, made from 1.1 (release 1)"
    assert made_from in run("verify", delta, *trust)
    said = run("verify", delta, "--deep", *trust, status=10)
    assert made_from in said and "--base" in said and "NOT PROVEN" in said
    assert "every frame, layer" in run("verify", delta, "--deep", *trust, "--base", old)
    other = make(tmp_path, 3, [image(1, busybox_layer(), lower(near(LIBRARY, 9)), application())])
    said = run("verify", delta, "--deep", *trust, "--base", other, status=10)
    assert "lib/library.so.1.2" in said and "layer 2" in said and "delta-test/server:1" in said


def test_extract_with_the_base_gives_whole_images(tmp_path, pair):
    old, new = pair
    full = make(tmp_path, 2, new, name="full.tar.zst")
    delta = make(tmp_path, 2, new, "--base", old, name="delta.tar.zst")
    run("extract", full, "--oci", tmp_path / "a")
    run("extract", delta, "--oci", tmp_path / "b", "--base", old)
    names = sorted(path.relative_to(tmp_path / "a") for path in (tmp_path / "a").rglob("*"))
    assert names == sorted(path.relative_to(tmp_path / "b") for path in (tmp_path / "b").rglob("*"))
    files = [str(name) for name in names if (tmp_path / "a" / name).is_file()]
    assert filecmp.cmpfiles(tmp_path / "a", tmp_path / "b", files, shallow=False)[1:] == ([], [])
    assert "--base" in run("extract", delta, "--oci", tmp_path / "c", status=10)


def test_nothing_changed(tmp_path):
    images = [image(1, busybox_layer(), lower(), application())]
    old = make(tmp_path, 1, images)
    delta = make(tmp_path, 2, images, "--base", old, name="delta.tar.zst")
    assert delta.stat().st_size <= 64 * 1024
    assert left_out(delta) == [layer.diff_id() for layer in images[0].layers]


def test_with_two_bases_only_what_both_have(tmp_path):
    one = make(tmp_path, 1, [image(1, busybox_layer(), lower(), application(1))])
    two = make(tmp_path, 2, [image(2, busybox_layer(), lower(), application(2))])
    new = [image(3, busybox_layer(), lower(near(LIBRARY, 4)), application(2))]
    delta = make(tmp_path, 3, new, "--base", one, "--base", two, name="delta.tar.zst")
    # Both have the library, only one has the application.
    assert streams(delta)["data"] == sum(map(len, (text(2, 500), noise(2, 9000))))
    trust = tmp_path / "t"
    trust.mkdir()
    for base in (one, two):
        run("extract", delta, "--oci", trust / base.name, "--base", base)


def test_delta_on_a_delta_needs_what_is_below_beside_it(tmp_path, pair):
    old, new = pair
    middle = make(tmp_path, 2, new, "--base", old, name="middle.tar.zst")
    newest = [image(3, busybox_layer(), lower(near(LIBRARY, 5)), application(6))]
    delta = make(tmp_path, 3, newest, "--base", middle, name="delta.tar.zst")
    run("extract", delta, "--oci", tmp_path / "out", "--base", middle)
    alone = tmp_path / "alone"
    alone.mkdir()
    middle.rename(alone / "middle.tar.zst")
    said = make(tmp_path, 4, newest, "--base", alone / "middle.tar.zst", status=10)
    assert "beside it" in said and "1.1" in said


def test_base_of_another_product_or_not_older(tmp_path, pair):
    old, new = pair
    release = Release(tmp_path / "other", new)
    release.fields.update(product="other", release=5)
    release.write()
    said = run("bundle", release.folder / "release.yaml", "--base", old, "-o", tmp_path / "x",
               status=2)
    assert "handcarry-test" in said and "other" in said and "unpacking" not in said
    assert "higher number" in make(tmp_path, 1, new, "--base", old, name="x", status=2)
    assert not (tmp_path / "x").exists()


def test_nothing_in_common_is_a_full_bundle(tmp_path):
    old = make(tmp_path, 1, [image(1, Layer().file("a", noise(1, 1000)))])
    new = [image(2, Layer().file("b", noise(2, 1000)))]
    delta = make(tmp_path, 2, new, "--base", old, name="delta.tar.zst")
    assert "bases:" not in BundleFile(delta).packing


HIDDEN = noise(21, 50_000)


@pytest.mark.parametrize("upper", [
    Layer().remove("d/f"),
    Layer().file("d/f", b"other"),
    Layer().remove("d"),
    Layer().folder("d").file("d/.wh..wh..opq", b""),
    Layer().symlink("d", "elsewhere"),
], ids=["whiteout", "replaced", "folder removed", "opaque", "folder replaced"])
def test_hidden_files_are_no_base_files(tmp_path, upper):
    """An export of the image would not have them."""
    old = make(tmp_path, 1, [image(1, Layer().folder("d").file("d/f", HIDDEN).file("g", b"1"), upper)])
    new = [image(2, Layer().file("new", HIDDEN))]
    delta = make(tmp_path, 2, new, "--base", old, name="delta.tar.zst")
    assert streams(delta)["data"] == len(HIDDEN)


@pytest.mark.parametrize("layer", [
    Layer().file("etc/hosts", HIDDEN),
    Layer().file("dev/x", HIDDEN),
    Layer().file("proc/x", HIDDEN),
    Layer().file(".dockerenv", HIDDEN),
    Layer().file("twice", HIDDEN).file("twice", HIDDEN),
    Layer().symlink("way", "real").folder("real").file("way/f", HIDDEN),
    Layer().file("\u00fcmlaut", HIDDEN),
], ids=["hosts", "dev", "proc", "dockerenv", "twice", "through a link", "not ascii"])
def test_files_that_another_program_may_not_find_are_no_base_files(tmp_path, layer):
    old = make(tmp_path, 1, [image(1, layer)])
    delta = make(tmp_path, 2, [image(2, Layer().file("new", HIDDEN))], "--base", old,
                 name="delta.tar.zst")
    assert streams(delta)["data"] == len(HIDDEN)


def gzipped(data):
    return subprocess.run(["gzip", "-9n"], input=data, stdout=subprocess.PIPE, check=True).stdout


def shifted(data, bits):
    """The same bits, some bits later: what a compiler does to the rest of a bit stream."""
    return (int.from_bytes(data, "little") << bits).to_bytes(len(data) + 1, "little")


LOG = text(31, 20_000)
BITCODE = b"BC\xc0\xde" + noise(32, 60_000)


@pytest.mark.parametrize("old, new", [
    (gzipped(LOG), gzipped(b"one line more\n" + LOG)),
    (LOG, gzipped(b"one line more\n" + LOG)),
    (BITCODE, BITCODE[:9000] + shifted(BITCODE[9000:], 3)),
], ids=["packed", "packed now", "bits"])
def test_patch_in_a_form(tmp_path, old, new):
    base = make(tmp_path, 1, [image(1, Layer().file("f", old))])
    images = [image(2, Layer().file("f", new))]
    delta = make(tmp_path, 2, images, "--base", base, name="delta.tar.zst")
    assert streams(delta)["data"] == 0
    assert streams(delta)["extra"] < len(new) / 20
    run("extract", delta, "--oci", tmp_path / "out", "--base", base)


def test_packed_file_without_an_old_one(tmp_path):
    base = make(tmp_path, 1, [image(1, Layer().file("other", noise(1, 1000)))])
    images = [image(2, Layer().file("other", noise(1, 1000)).file("changelog.gz", gzipped(LOG)))]
    delta = make(tmp_path, 2, images, "--base", base, name="delta.tar.zst")
    assert streams(delta)["data"] == len(LOG)
    run("extract", delta, "--oci", tmp_path / "out", "--base", base)


def lie(delta, change):
    """The delta with something changed in it, consistent again but for what was changed."""
    file = BundleFile(delta)
    change(file)
    delta.write_bytes(file.bytes())
    return delta


def leave_out_more(file):
    file.packing += "  - sha256:" + "0" * 64 + "\n"


def cut_the_base(file):
    """The base has no layer any more that is left out."""
    file.packing = re.sub(r"(    layers:\n)      - \S+\n", r"\1", file.packing)


def drop_the_list(file):
    file.change_meta(lambda rows: [row for row in rows if row[0] != "bases"])


def change_list(change):
    return lambda file: file.change_meta(lambda rows: [
        (name, mode, change(data) if name == "bases" else data) for name, mode, data in rows])


@pytest.mark.parametrize("change, message", [
    (leave_out_more, "leaves out a layer that the statement does not have"),
    (cut_the_base, "no base has it there"),
    (drop_the_list, "does not carry 'bases'"),
    (change_list(lambda data: b"\1\0"), "draw on more than the 0 base files"),
    (change_list(lambda data: data + b"\0"), "bytes behind its end"),
], ids=["left out too much", "base cut", "no list", "empty list", "longer list"])
def test_078_a_lying_delta_is_malformed(tmp_path, pair, change, message):
    old, new = pair
    delta = lie(make(tmp_path, 2, new, "--base", old, name="delta.tar.zst"), change)
    assert message in run("extract", delta, "--oci", tmp_path / "out", "--base", old, status=3)
