# SPDX-License-Identifier: Apache-2.0
# Copyright The handcarry authors
"""diff --bytes: whether two bundles are the same file, and if not, where and why not."""
import json
import shutil

import pytest

from bundlefile import BundleFile, compress, members
from engines.images import Image, Layer, noise
from engines.release import Release
from program import handcarry

APP = [Layer().file("bin/app", noise(1, 60_000), 0o755), Layer().file("etc/app", b"one\n" * 40)]
IMAGES = [Image("plant/app:1", APP), Image("plant/web:1", [Layer().file("srv/x", noise(2, 9_000))])]


def bundled(folder, images=None, options=(), change=lambda release: None, **fields):
    release = Release(folder / "release", images or IMAGES)
    release.configs, release.trace = [], "/srv/trace"
    release.fields.update(product="plant", **fields)
    change(release)
    written, path = release.write(), folder / "b.tar.zst"
    run = handcarry("bundle", written, "-o", path, *options)
    assert run.returncode == 0, run.stderr
    return path


@pytest.fixture(name="first", scope="module")
def make_first(tmp_path_factory):
    return bundled(tmp_path_factory.mktemp("bytes"))


def compared(a, b):
    """(exit status, document); the text says the same verdict last."""
    run = handcarry("diff", "--bytes", "--json", a, b)
    assert run.returncode in (0, 1), run.stderr
    document = json.loads(run.stdout)
    assert document["schema"] == "handcarry-diff-bytes-1" and document["verified"] is False
    assert document["same"] is (run.returncode == 0)
    said = handcarry("diff", "--bytes", a, b)
    assert said.returncode == run.returncode and said.stdout.startswith("NOT VERIFIED")
    assert said.stdout.splitlines()[-1] == document["verdict"]
    document["text"] = said.stdout
    return document


def first_byte(a, b):
    a, b = a.read_bytes(), b.read_bytes()
    return next((i for i, pair in enumerate(zip(a, b)) if pair[0] != pair[1]), min(len(a), len(b)))


def region_of(document, name):
    return next(row for row in document["regions"] if row["region"] == name)


def differing(document):
    return [row["region"] for row in document["regions"] if row["differ"]]


def test_two_builds_are_the_same_file(first, tmp_path):
    document = compared(first, bundled(tmp_path))
    assert document["same"] and document["verdict"] == "the same file"
    assert "first-byte" not in document and differing(document) == []
    assert document["a"]["release-digest"] == document["b"]["release-digest"]


def test_a_split_bundle_is_the_same_when_joined(tmp_path):
    images = [Image("plant/app:1", [Layer().file("big", noise(3, 2_500_000))])]
    whole = bundled(tmp_path / "whole", images)
    split = bundled(tmp_path / "split", images, ["--split", "1100K"])
    assert len(list(split.parent.glob("b.tar.zst.0*"))) > 1
    assert compared(whole, split)["verdict"] == "the same file"


def test_votes_alone_differ(first, tmp_path):
    assert handcarry("keygen", "--no-password", "release", cwd=tmp_path).returncode == 0
    signed = shutil.copy(first, tmp_path / "signed.tar.zst")
    run = handcarry("sign", signed, "--key", tmp_path / "release.key")
    assert run.returncode == 0, run.stderr
    document = compared(first, signed)
    assert document["verdict"] == "the same but for the votes"
    assert document["first-byte"] == first_byte(first, signed)
    assert differing(document) == [] and not document["same-votes"] and document["same-roots"]
    assert document["b"]["votes-only-here"] == 2
    assert "on the statement: A has 0, B 1; only in A 0, only in B 1" in document["text"]


def test_trust_roots_alone_differ(first, tmp_path):
    run = handcarry("trust", "init", "--no-password", cwd=tmp_path)
    assert run.returncode == 0, run.stderr
    trusted = bundled(tmp_path / "made", options=["--trust", tmp_path / "trust"])
    document = compared(first, trusted)
    assert document["verdict"] == "the same but for the trust roots"
    assert document["first-byte"] == first_byte(first, trusted)


def test_the_level_is_named_as_the_cause(first, tmp_path):
    document = compared(first, bundled(tmp_path, options=["--level", "1"]))
    assert document["verdict"] == "the same release and content, compressed by another level"
    assert document["packing"] == [{"key": "level", "a": "9", "b": "1"}]
    assert document["same-release"] and all(
        row["same-content"] or row.get("only-provenance") for row in document["regions"])
    assert "  level         9 | 1\n" in document["text"]


def test_another_builder_is_told(first, tmp_path):
    document = compared(first, bundled(tmp_path, options=["--builder", "https://ci.example.org"]))
    assert document["verdict"] == "the same but for the provenance"
    assert document["provenance"] == [
        {"key": "builder", "a": "urn:handcarry:builder", "b": "https://ci.example.org"}]
    assert region_of(document, "meta")["a"]["member"] == "provenance.json"
    assert "  builder       urn:handcarry:builder | https://ci.example.org\n" in document["text"]


def test_another_zstd_is_named_as_the_cause(first, tmp_path):
    """Frames compressed otherwise, by a packer that says it has another zstd."""
    made = BundleFile(first)
    made.packing = made.packing.replace("\nzstd: ", "\nzstd: 9.")
    made.frames = [compress(made.content(k).replace(b'"libzstd":"1', b'"libzstd":"9'))
                   for k in range(len(made.frames))]
    other = tmp_path / "other.tar.zst"
    other.write_bytes(made.bytes())
    document = compared(first, other)
    assert document["verdict"] == "the same release and content, compressed by another zstd"
    assert [row["key"] for row in document["packing"]] == ["zstd"]
    assert [row["key"] for row in document["provenance"]] == ["libzstd"]
    assert document["first-byte"] == first_byte(first, other)


def test_a_tree_file_is_named(first, tmp_path):
    def rename(release):
        release.trace = "/srv/tracE"
    other = bundled(tmp_path, change=rename)
    document = compared(first, other)
    place = region_of(document, "tree")
    contents = [dict((n, c) for n, _, c in members(BundleFile(path).region("tree")))
                for path in (first, other)]
    name = place["a"]["member"]
    assert place["b"]["member"] == name == "tree/playbooks/site.yml"
    a, b = (content[name] for content in contents)
    assert place["a"]["byte"] == next(i for i in range(len(a)) if a[i] != b[i])
    assert document["verdict"] == "another release under the same number 1"
    assert "\n-  commit: " in document["text"] and "\n+  commit: " in document["text"]


def test_a_layer_is_named_in_words(first, tmp_path):
    images = [IMAGES[0], Image("plant/web:1", [Layer().file("srv/x", noise(4, 9_000))])]
    document = compared(first, bundled(tmp_path, images, version="2.0", release=2))
    assert document["verdict"] == "not the same release"
    place = region_of(document, "data")
    assert place["a"]["what"] == place["b"]["what"] == "layer 1 of image 'plant/web:1'"
    assert "in what layer 1 of image 'plant/web:1' takes" in document["text"]
    assert region_of(document, "meta")["a"]["what"] == "the config of image 'plant/web:1'"
    assert '\n-version: "1.0.0"\n' in document["statement"] and '\n+version: "2.0"\n' in document["statement"]


def test_hosts_with_other_bases_are_told_apart(tmp_path):
    old = bundled(tmp_path / "old")
    images = [Image("plant/app:2", APP + [Layer().file("more", b"more\n")])]
    full = bundled(tmp_path / "full", images, release=2)
    delta = bundled(tmp_path / "delta", images, ["--base", old, "--level", "9"], release=2)
    document = compared(full, delta)
    assert document["verdict"] == "the same release, carried in other content"
    assert {row["key"] for row in document["packing"]} >= {"from", "bases", "left-out"}
    assert document["same-release"] and "statement" not in document


def test_a_damaged_frame_is_named_with_its_side(first, tmp_path):
    """The indexes agree, so nothing but the bytes can tell."""
    made = BundleFile(first)
    frame = made.first("data")
    data = bytearray(first.read_bytes())
    at = made.begins[frame] + 100
    data[at] ^= 1
    damaged = tmp_path / "damaged.tar.zst"
    damaged.write_bytes(data)
    document = compared(first, damaged)
    assert document["verdict"] == "B is damaged" and document["first-byte"] == at
    assert (document["a"]["damaged"], document["b"]["damaged"]) == (False, True)
    assert "frame %d (%s" % (frame, damaged) in document["text"]
    assert compared(damaged, first)["verdict"] == "A is damaged"
    assert compared(damaged, shutil.copy(damaged, tmp_path / "c.tar.zst"))["same"]


def test_usage_and_what_is_no_bundle(first, tmp_path):
    run = handcarry("diff", "--bytes", "--files", first, first)
    assert run.returncode == 2 and "do not go together" in run.stderr
    (tmp_path / "no.tar.zst").write_bytes(b"x" * 100)
    assert handcarry("diff", "--bytes", first, tmp_path / "no.tar.zst").returncode == 3
