# SPDX-License-Identifier: Apache-2.0
# Copyright The handcarry authors
"""diff: what one bundle or host has otherwise than another."""
import hashlib
import json
import random
import shutil
import subprocess
import tarfile

import pytest

from bundlefile import BundleFile
from engines.images import Image, Layer, near, noise, text
from engines.release import Release
from program import handcarry

STATUS = "var/lib/dpkg/status"


def dpkg(*rows):
    return "".join("Package: %s\nStatus: install ok installed\nVersion: %s\nArchitecture: %s\n\n" % (
        row if len(row) == 3 else (*row, "amd64")) for row in rows).encode()


def apk(*rows):
    return "".join("P:%s\nV:%s\nA:x86_64\n\n" % row for row in rows).encode()


OPENSSL = noise(1, 50_000)
BASE = Layer().file("etc/debian_version", b"12\n").file("usr/bin/openssl", OPENSSL, 0o755).file(STATUS, dpkg(
    ("bash", "5.2-2"), ("libc6", "2.36-9"), ("openssl", "3.0.15-1"), ("tzdata", "2024a-0", "all")))
NEW_BASE = Layer().file("etc/debian_version", b"12\n").file(
    "usr/bin/openssl", near(OPENSSL, 2) + b"more", 0o755).file(STATUS, dpkg(
        ("bash", "5.2-2"), ("libc6", "2.36-9"), ("libc6", "2.36-9", "i386"), ("openssl", "3.0.16-1"),
        ("zlib1g", "1:1.3")))
APP = Layer().folder("app").file("app/kept", text(1, 100)).file("app/gone", b"x" * 40).symlink(
    "app/link", "kept")
NEW_APP = Layer().folder("app").file("app/kept", text(1, 100), 0o755).file("app/new", b"y" * 50).symlink(
    "app/link", "new").hardlink("app/second", "app/new").remove("etc/debian_version")
ALPINE, NEW_ALPINE = (Layer().file("lib/apk/db/installed", apk(("musl", v), ("zlib", "1.3-r0")))
                      for v in ("1.2.4-r2", "1.2.5-r0"))

OLD = [Image("plant/server:1.0", [BASE, APP]), Image("plant/database:15", [BASE]),
       Image("plant/web:1.0", [ALPINE]), Image("plant/old:1", [ALPINE, Layer().file("old", b"o" * 9)])]
NEW = [Image("plant/server:1.1", [BASE, NEW_APP]), Image("plant/database:15", [BASE]),
       Image("plant/web:1.1", [NEW_ALPINE]), Image("plant/rebased:1", [NEW_BASE, APP])]


def bundled(folder, images, change=lambda release: None, base=None, **fields):
    release = Release(folder / "release", images)
    release.fields.update(product="plant", **fields)
    release.configs, release.trace = [], "/srv/trace"
    change(release)
    path = folder / "b.tar.zst"
    run = handcarry("bundle", release.write(), "-o", path, *(["--base", base] if base else []))
    assert run.returncode == 0, run.stderr
    return path


@pytest.fixture(name="pair", scope="module")
def make_pair(tmp_path_factory):
    folder = tmp_path_factory.mktemp("diff")
    return (bundled(folder / "a", OLD, version="1.0", release=41),
            bundled(folder / "b", NEW, version="1.1", release=42))


def differ(*arguments):
    run = handcarry("diff", *arguments)
    assert run.returncode == 0, run.stderr
    return run.stdout


def as_json(*arguments):
    return json.loads(differ("--json", *arguments))


def image_of(document, name):
    """The entry of the image with this name, whatever its tag, on either side."""
    found = [row for row in document["images"]
             if name in ((row.get("b") or row["a"])["name"]).partition(":")[0]]
    assert len(found) == 1, found
    return found[0]


def changes(row):
    return {(entry["name"], entry["architecture"]): (entry.get("from"), entry.get("to"))
            for entry in row["packages"]["differ"]}


def test_the_text_says_first_that_nothing_was_verified(pair):
    said = differ(*pair)
    lines = said.splitlines()
    assert lines[0].startswith("NOT VERIFIED")
    assert max(len(line) for line in lines if str(pair[0].parent.parent) not in line) <= 80
    for line in ["version         1.0 -> 1.1", "release         41 -> 42", "product         plant (same)"]:
        assert line in lines
    total = said[said.index("\nlayers "):].split("\n\n")[0].split()
    assert " ".join(total) == ("layers 1 same (61.4 kB), 1 on another base (10.2 kB), "
                               "3 new (81.9 kB), 2 gone (20.5 kB)")
    assert "\x1b" not in said


def test_packages_are_told_by_image(pair):
    said = differ(*pair)
    web = said[said.index("plant/web:1.0 -> 1.1"):].split("\n\n")[0].splitlines()
    assert web[0].endswith(" CHANGED")
    assert "  packages      2, 1 changed" in web
    assert "      musl 1.2.4-r2 -> 1.2.5-r0" in web
    assert "plant/database:15" in said and "openssl 3.0.15" not in said


def test_every_image_has_its_state(pair):
    document = as_json(*pair)
    assert document["schema"] == "handcarry-diff-1" and document["verified"] is False
    assert {name: image_of(document, name)["state"] for name in
            ("server", "database", "web", "old", "rebased")} == {
                "server": "changed", "database": "same", "web": "changed", "old": "removed",
                "rebased": "added"}
    [release] = document["releases"]
    assert (release["a"]["release"], release["b"]["release"]) == (41, 42)
    assert release["same-release"] is False and release["same-tree"] is True
    assert document["a"]["file-bytes"] == pair[0].stat().st_size


def test_layers_by_chain_and_by_diffid(pair):
    """The application under another base is known, but not on these layers."""
    document = as_json(*pair)

    def size(layer):
        return {"layers": 1, "bytes": len(layer.bytes())}
    none = {"layers": 0, "bytes": 0}
    assert image_of(document, "rebased")["layers"] == {
        "same": none, "moved": size(APP), "new": size(NEW_BASE), "gone": none}
    assert image_of(document, "server")["layers"] == {
        "same": size(BASE), "moved": none, "new": size(NEW_APP), "gone": none}
    assert document["layers"]["new"] == {"layers": 3, "bytes": sum(
        len(layer.bytes()) for layer in (NEW_BASE, NEW_APP, NEW_ALPINE))}
    assert document["layers"]["gone"]["layers"] == 2
    assert document["layers"]["same"] == size(BASE)
    assert document["b"]["carried"] == {"layers": 5, "bytes": sum(
        len(layer.bytes()) for layer in (BASE, APP, NEW_BASE, NEW_APP, NEW_ALPINE))}


def test_packages_of_every_kind(tmp_path):
    """Changed, added, removed; the same package for a second architecture."""
    a = bundled(tmp_path / "a", [Image("x/y:1", [BASE])])
    b = bundled(tmp_path / "b", [Image("x/y:2", [NEW_BASE])])
    assert changes(image_of(as_json(a, b), "x/y")) == {
        ("libc6", "i386"): (None, "2.36-9"), ("openssl", "amd64"): ("3.0.15-1", "3.0.16-1"),
        ("tzdata", "all"): ("2024a-0", None), ("zlib1g", "amd64"): (None, "1:1.3")}
    said = differ(a, b).splitlines()
    assert "  packages      5, 1 changed, 2 added, 1 removed" in said
    for line in ["    + libc6:i386 2.36-9", "      openssl    3.0.15-1 -> 3.0.16-1",
                 "    - tzdata     2024a-0", "    + zlib1g     1:1.3"]:
        assert line in said


def fixes(*paths):
    run = handcarry("diff", "--packages", *paths)
    assert run.returncode == 0, run.stderr
    return run.stdout


def test_what_a_trip_fixes(tmp_path):
    """Only what changes, in groups, and what gets older is not missed."""
    old = Layer().file(STATUS, dpkg(("libc6", "2.36-9", "amd64"), ("nano", "7.2-1", "amd64"),
                                      ("openssl", "3.0.9-1", "amd64"), ("tzdata", "2024a", "all")))
    new = Layer().file(STATUS, dpkg(("libc6", "2.36-9", "amd64"), ("nano", "7.1-9", "amd64"),
                                      ("openssl", "3.0.13-1", "amd64"), ("zlib1g", "1:1", "amd64")))
    same = Image("x/same:1", [Layer().file(STATUS, dpkg(("a", "1", "all")))])
    a = bundled(tmp_path / "a", [Image("x/y:1", [old]), same], release=1, version="1")
    b = bundled(tmp_path / "b", [Image("x/y:2", [new]), same, Image("x/new:1", [BASE])], release=2, version="2")
    said = fixes(a, b)
    head, total, *groups = said.split("\n\n")
    assert head.startswith("NOT VERIFIED") and "4 packages change in 1 of 2 images: 1 upgraded, " \
        "1 DOWNGRADED, 1 added, 1 removed" in total
    assert groups == ["x/y:1 -> 2: 4 of 4 packages\n"
                      "  upgraded\n    openssl  3.0.9-1 -> 3.0.13-1  (deb)\n"
                      "  DOWNGRADED\n    nano  7.2-1 -> 7.1-9  (deb)\n"
                      "  added\n    zlib1g  1:1  (deb)\n"
                      "  removed\n    tzdata  2024a  (deb)", "x/new:1: ADDED, 4 packages\n"]
    assert "      nano    7.2-1 -> 7.1-9  DOWNGRADED" in differ(a, b).splitlines()
    entries = image_of(as_json(a, b), "x/y")["packages"]["differ"]
    assert {entry["name"]: entry["change"] for entry in entries} == {
        "openssl": "upgraded", "nano": "downgraded", "zlib1g": "added", "tzdata": "removed"}
    assert "no package changes in 2 images that both have" in fixes(a, a)


@pytest.mark.skipif(shutil.which("dpkg") is None, reason="no dpkg to ask")
def test_the_order_of_debian_versions_is_that_of_dpkg(tmp_path):
    pick = random.Random(3)
    words = ["1", "2", "10", "0", "01", ".", "-", "~", "+", "a", "b", "rc", "deb12u", "~bpo"]
    versions = ["%s%s" % (pick.choice(["1", "0", "1:2", "3"]), "".join(pick.choices(words, k=pick.randrange(6))))
                for _ in range(160)]
    pairs = [(one.rstrip("-"), other.rstrip("-")) for one, other in zip(versions[::2], versions[1::2])]
    sides = [bundled(tmp_path / name, [Image("x/y:1", [Layer().file(STATUS, dpkg(*(
        ("p%03d" % number, pair[side]) for number, pair in enumerate(pairs))))])])
        for side, name in enumerate("ab")]
    found = {entry["name"]: entry["change"] for entry in image_of(as_json(*sides), "x/y")["packages"]["differ"]}
    for number, (one, other) in enumerate(pairs):
        older, newer = (subprocess.run(["dpkg", "--compare-versions", one, relation, other], check=False,
                                       stderr=subprocess.DEVNULL).returncode == 0 for relation in ("lt", "gt"))
        expected = "upgraded" if older else "downgraded" if newer else "changed"
        assert one == other or found["p%03d" % number] == expected, (one, other)
    assert len(set(found.values())) >= 2


def test_databases_that_could_not_be_read_are_told(tmp_path):
    a = bundled(tmp_path / "a", [Image("x/y:1", [BASE])])
    b = bundled(tmp_path / "b", [Image("x/y:2", [Layer().file(STATUS, b"?")])])
    assert image_of(as_json(a, b), "x/y")["packages"]["complete"] is False
    assert "packages of B may be missing: a dpkg database could not be read" in differ(a, b)


def test_images_without_packages(tmp_path):
    a = bundled(tmp_path / "a", [Image("x/y:1", [APP])])
    b = bundled(tmp_path / "b", [Image("x/y:2", [NEW_APP])])
    assert "  packages      none known" in differ(a, b).splitlines()
    assert image_of(as_json(a, b), "x/y")["packages"] == {
        "known": True, "complete": True, "a": 0, "b": 0, "differ": []}


def test_files_of_changed_images(pair):
    document = as_json("--files", *pair)
    files = {row["path"]: row for row in image_of(document, "server")["files"]["differ"]}
    assert set(files) == {"/app/kept", "/app/gone", "/app/link", "/app/new", "/app/second",
                          "/etc/debian_version"}
    assert "b" not in files["/app/gone"] and "b" not in files["/etc/debian_version"]
    assert files["/app/second"]["b"] == files["/app/new"]["b"]
    assert files["/app/new"]["b"]["content"] == "sha256:" + hashlib.sha256(b"y" * 50).hexdigest()
    kept = files["/app/kept"]
    assert (kept["a"]["mode"], kept["b"]["mode"]) == ("100644", "100755")
    assert kept["a"]["content"] == kept["b"]["content"]
    assert "files" not in image_of(document, "database")
    said = differ("--files", *pair).splitlines()
    for line in ["  files         2 changed, 2 added, 2 removed",
                 "      /app/kept  1.6 kB, mode 0644 -> 0755", "    - /app/gone  40 B", "    + /app/new  50 B", "      /app/link  link, another target"]:
        assert line in said


def without(document, *keys):
    return {key: value for key, value in document.items() if key not in keys}


def test_delta_says_what_it_carries_and_leaves_out(pair, tmp_path):
    """What the release is does not depend on how it is carried."""
    delta = bundled(tmp_path, NEW, base=pair[0], version="1.1", release=42)
    document, full = as_json(pair[0], delta), as_json(*pair)
    assert without(document, "b") == without(full, "b")
    assert document["b"]["delta"] is True and full["b"]["delta"] is False
    assert [row["release"] for row in document["b"]["from"]] == [41]
    left_out = [BASE, APP]
    assert document["b"]["left-out"]["layers"] in (1, len(left_out))
    assert document["b"]["carried"]["layers"] + document["b"]["left-out"]["layers"] == 5
    said = differ(pair[0], delta)
    assert "delta from 1.0 (release 41)" in said and " left out (" in said
    document = as_json(pair[1], delta)
    assert {row["state"] for row in document["images"]} == {"same"}
    assert document["releases"][0]["same-release"] is True


def test_files_of_a_delta_with_its_base_beside_it(pair, tmp_path):
    shutil.copy(pair[0], tmp_path / "base.tar.zst")
    delta = bundled(tmp_path, NEW, base=pair[0], version="1.1", release=42)
    assert as_json("--files", pair[0], delta)["images"] == as_json("--files", *pair)["images"]
    assert as_json("--files", delta, pair[0])["images"] == as_json("--files", pair[1], pair[0])["images"]


def test_files_of_a_delta_alone_are_not_known(pair, tmp_path):
    delta = bundled(tmp_path, NEW, base=pair[0], version="1.1", release=42)
    files = image_of(as_json("--files", pair[0], delta), "server")["files"]
    assert files["known"] is False and "differ" not in files
    assert "put the bundle that it was made against (1.0) beside it" in files["why"]
    assert "files         not known: " in differ("--files", pair[0], delta)
    (tmp_path / "other.tar.zst").write_bytes(pair[1].read_bytes())
    assert image_of(as_json("--files", pair[0], delta), "server")["files"]["known"] is False


def test_files_of_the_tree(pair, tmp_path):
    def change(release):
        release.put("playbooks/files/more", "x" * 30)
        release.put("playbooks/files/tool", "#!/bin/sh", 0o755)
    assert as_json("--files", *pair)["tree"] == []
    a = bundled(tmp_path / "a", [], lambda release: release.put("playbooks/files/tool", "#!/bin/bash"))
    b = bundled(tmp_path / "b", [], change)
    assert "tree" not in as_json(a, b)
    tree = {row["path"]: row for row in as_json("--files", a, b)["tree"]}
    assert set(tree) == {"playbooks/files/more", "playbooks/files/tool"}
    assert tree["playbooks/files/more"]["b"]["bytes"] == 30 and "a" not in tree["playbooks/files/more"]
    said = differ("--files", a, b).splitlines()
    assert "      playbooks/files/tool  11 B -> 9 B, mode 0644 -> 0755" in said
    assert "    + playbooks/files/more  30 B" in said


LAYERS = {
    "opaque": ([Layer().file("d/a", b"1").file("d/b", b"2")], [Layer().file("d/.wh..wh..opq", b"").file(
        "d/c", b"3")], {"/d/a", "/d/b", "/d/c"}),
    "whiteout-of-a-folder": ([Layer().file("d/a/x", b"1").file("d/ab", b"2")], [Layer().remove("d/a")],
                             {"/d/a/x"}),
    "folder-becomes-a-file": ([Layer().file("d/a", b"1")], [Layer().file("d", b"1")], {"/d/a", "/d"}),
    "file-becomes-a-folder": ([Layer().file("d", b"1")], [Layer().folder("d").file("d/a", b"1")],
                              {"/d/a", "/d"}),
    "link-to-a-lower-file": ([Layer().file("a", b"1")], [Layer().hardlink("b", "a")], {"/b"}),
    "same-content-again": ([Layer().file("a", b"1")], [Layer().file("./a", b"1")], set()),
    "pipe-and-device": ([Layer().file("a", b"1")], [Layer().add("p", tarfile.FIFOTYPE).add(
        "c", tarfile.CHRTYPE)], {"/p", "/c"}),
    "escape-in-a-name": ([Layer().file("a", b"1")], [Layer().file("\x1b[2J", b"1")], {"/\x1b[2J"}),
    "dots-in-a-name": ([Layer().file("a", b"1")], [Layer().file("x/../../b", b"1")], {"/b"}),
}


@pytest.mark.parametrize("case", LAYERS)
def test_layers_are_laid_over_each_other(tmp_path, case):
    lower, upper, expected = LAYERS[case]
    a = bundled(tmp_path / "a", [Image("x/y:1", lower)])
    b = bundled(tmp_path / "b", [Image("x/y:2", lower + upper)])
    row = image_of(as_json("--files", a, b), "x/y")
    assert {entry["path"] for entry in row["files"]["differ"]} == expected
    assert "\x1b" not in differ("--files", a, b)


def test_same_bundle(pair):
    document = as_json("--files", pair[0], pair[0])
    assert {row["state"] for row in document["images"]} == {"same"}
    assert document["releases"][0]["same-release"] is True
    assert document["layers"]["new"]["layers"] == document["layers"]["gone"]["layers"] == 0
    assert "release digest  " in differ(pair[0], pair[0])


def test_same_image_under_another_name(tmp_path):
    a = bundled(tmp_path / "a", [Image("x/y:1", [BASE]), Image("x/z:1", [APP])])
    b = bundled(tmp_path / "b", [Image("x/z:2", [BASE]), Image("new/z:1", [APP])])
    rows = [(row["state"], row["a"]["name"], row["b"]["name"]) for row in as_json(a, b)["images"]]
    assert rows == [("same", "x/y:1", "x/z:2"), ("same", "x/z:1", "new/z:1")]
    assert "x/y:1 -> x/z:2 " in differ(a, b)


def test_tags_as_names_are_paired_by_what_they_share(tmp_path):
    a = bundled(tmp_path / "a", [Image("x/y:web", [ALPINE]), Image("x/y:server", [BASE, APP])])
    b = bundled(tmp_path / "b", [Image("x/y:server-2", [BASE, NEW_APP]), Image("x/y:web-2", [NEW_ALPINE])])
    rows = {(row["a"]["name"], row["b"]["name"]) for row in as_json(a, b)["images"]}
    assert rows == {("x/y:server", "x/y:server-2"), ("x/y:web", "x/y:web-2")}


def test_another_product_and_tree(tmp_path):
    a = bundled(tmp_path / "a", [])
    b = bundled(tmp_path / "b", [], lambda release: release.fields.update(product="other") or release.put(
        "playbooks/files/more", "x"))
    said = differ(a, b).splitlines()
    assert "product         plant -> other" in said
    assert any(line.startswith("tree            changed: ") for line in said)
    assert as_json(a, b)["releases"][0]["same-tree"] is False


HAVE = """handcarry-have: 1
host: ws-3
platform: linux/amd64
engine: {kind: docker, version: "20.10.24", store: graphdriver, driver: overlay2}
free: {state: 1000000}
products:
  - product: plant
    channel: stable
    version: "1.0"
    release: 41
    digest: sha256:%s
    tree: %s
images:
"""


def have_text(statement, images):
    """What a host with these images would write: names in the form that engines store."""
    digest = hashlib.sha256(statement.encode()).hexdigest()
    commit = statement.split("commit: ")[1].split()[0]
    said = HAVE % (digest, commit)
    for image in sorted(images, key=lambda each: each.id()):
        said += "  - names: [%s]\n    id: %s\n    config: %s\n    reusable: true\n    layers: %s\n" % (
            "docker.io/" + image.name, image.id(), image.id(),
            json.dumps([layer.diff_id() for layer in image.layers]))
    return said


@pytest.fixture(name="have", scope="module")
def make_have(pair, tmp_path_factory):
    """Host ws-3 runs the old release, and something else."""
    path = tmp_path_factory.mktemp("host") / "ws-3.have"
    others = [Image("other/thing:1", [Layer().file("a", b"x")])]
    path.write_text(have_text(BundleFile(pair[0]).statement, OLD[:3] + others))
    return path


def test_host_beside_the_bundle_it_runs(pair, have):
    document = as_json(have, pair[0])
    assert document["a"] == {"file": str(have), "kind": "have", "host": "ws-3", "platform": "linux/amd64",
                             "other-images": 1}
    assert [row["state"] for row in document["images"]] == ["same", "same", "same", "added"]
    assert document["releases"][0]["same-release"] is True
    assert document["releases"][0]["same-tree"] is True


def test_host_beside_the_next_bundle(pair, have):
    document = as_json(have, pair[1])
    assert [row["state"] for row in document["images"]] == ["changed", "same", "changed", "added"]
    server = image_of(document, "server")
    assert server["packages"] == {"known": False, "why": "a have file does not list them"}
    assert server["layers"]["same"] == {"layers": 1, "bytes": len(BASE.bytes())}
    said = differ("--files", have, pair[1])
    assert "packages      not known: a have file does not list them" in said
    assert "files         not known: a have file holds no content" in said
    assert "1 more on the host of A" in said and "other/thing" not in said
    assert "plant/rebased:1" in said and "NOT ON HOST" in said
    assert "\nplant/server:1.0 -> 1.1 " in said and "\nplant/database:15 " in said


def test_bundle_beside_a_host(pair, have):
    document = as_json(pair[1], have)
    assert image_of(document, "rebased")["state"] == "removed"
    assert image_of(document, "rebased")["packages"]["known"] is True
    assert "1 more on the host of B" in differ(pair[1], have)


def test_two_hosts(pair, have, tmp_path):
    """Between hosts everything counts; lengths are nowhere."""
    other = tmp_path / "renamed"
    other.write_text(have_text(BundleFile(pair[0]).statement, OLD[1:3]).replace(
        "ws-3", "ws-4").replace("product: plant", "product: pump"))
    document = as_json(have, other)
    assert [(row["a"] or {}).get("product") for row in document["releases"]] == [None, "plant"]
    assert {row["state"] for row in document["images"]} == {"same", "removed"}
    assert image_of(document, "thing")["state"] == "removed"
    assert document["layers"]["gone"] == {"layers": 2}
    assert "2 gone (size not known)" in differ(have, other)
    assert "not installed -> 1.0" in differ(have, other)


def test_host_that_does_not_tell_configs(pair, have, tmp_path):
    """The containerd store: the id is the digest of the manifest that handcarry wrote, or its own."""
    statement = BundleFile(pair[0]).statement
    manifest = statement.split("manifest: ")[1].split()[0]
    lines = [line for line in have.read_text().splitlines() if "config: " not in line]
    same = "\n".join(lines) + "\n"
    path = tmp_path / "c.have"
    path.write_text(same.replace(OLD[0].id(), "sha256:" + "1" * 64))
    assert image_of(as_json(path, pair[0]), "server")["state"] == "same-layers"
    rows = same.split("  - names")
    named = [row.replace(OLD[0].id(), manifest) for row in rows[1:]]
    named.sort(key=lambda row: row.split("id: ")[1])
    path.write_text("  - names".join(rows[:1] + named))
    assert image_of(as_json(path, pair[0]), "server")["state"] == "same"


@pytest.mark.parametrize("arguments", [[], ["a"], ["a", "b", "c"]])
def test_wrong_arguments_are_usage_errors(arguments):
    run = handcarry("diff", *arguments)
    assert run.returncode == 2
    assert run.stdout == "" and "diff: name two files" in run.stderr


def test_what_is_neither_is_refused(pair, tmp_path):
    path = tmp_path / "x.have"
    path.write_text("handcarry-have: 1\nhost: x\n")
    for arguments in ([pair[0], path], [path, pair[0]], [pair[0], __file__]):
        run = handcarry("diff", *arguments)
        assert run.returncode == 3 and run.stdout == ""
    run = handcarry("diff", pair[0], tmp_path / "missing.tar.zst")
    assert run.returncode != 0 and "missing.tar.zst" in run.stderr


def test_damaged_content_is_not_compared(pair, tmp_path):
    """diff without --files reads no layer; with it, each is proven."""
    data = bytearray(pair[1].read_bytes())
    data[BundleFile(pair[1]).begins[-1] + 20] ^= 1
    path = tmp_path / "bad.tar.zst"
    path.write_bytes(data)
    differ(pair[0], path)
    run = handcarry("diff", "--files", pair[0], path)
    assert run.returncode == 3 and "is damaged" in run.stderr and run.stdout == ""


def test_layer_that_is_no_tar(tmp_path):
    class Broken(Layer):
        def bytes(self):
            return super().bytes()[:-10240] + b"no tar! " * 640
    a = bundled(tmp_path / "a", [Image("x/y:1", [APP])])
    b = bundled(tmp_path / "b", [Image("x/y:2", [APP, Broken().file("a", b"x")])])
    run = handcarry("diff", "--files", a, b)
    assert run.returncode != 0
    assert "cannot be read as a tar" in run.stderr
