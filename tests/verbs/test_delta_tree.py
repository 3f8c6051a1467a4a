# SPDX-License-Identifier: Apache-2.0
# Copyright The handcarry authors
"""Tree files that a delta leaves out since its base has them: what is carried, where the rest is read,
and bundles that lie about it."""
import filecmp
import json
import re
import shutil

import pytest

from bundlefile import BundleFile, member, members
from engines.images import Image, Layer, noise
from engines.release import Release
from program import handcarry

BIG, OTHER = noise(41, 300_000), noise(42, 100_000)
IMAGE = [Image("tree-test/server:1", [Layer().file("a", noise(1, 1000))])]
# Byte order of whole paths: '-' and '.' come before '/'.
FIRST = {"extra/a-b": b"1", "extra/a.b": b"2", "extra/a/big": BIG, "extra/run": OTHER,
         "extra/empty": b"", "extra/old": b"gone later"}
SECOND = {**FIRST, "extra/a/new": b"new", "extra/a-b": b"changed", "extra/z": b"last"}
del SECOND["extra/old"]


def run(*arguments, status=0):
    done = handcarry(*arguments)
    assert done.returncode == status, (arguments, done.stdout, done.stderr)
    return done.stdout + done.stderr


def make(folder, number, files, *options, name=None, images=tuple(IMAGE), executable=(), status=0,
         **fields):
    """Packs a release with these files; returns the bundle."""
    release = Release(folder / ("r%d" % number), list(images))
    shutil.rmtree(release.folder, ignore_errors=True)
    release.fields.update(release=number, version="1.%d" % number, **fields)
    release.files = [{"from": "extra/", "to": "/opt/tree-test/"}]
    for path, content in files.items():
        release.put(path, content, 0o755 if path in executable else 0o644)
    release.write()
    path = folder / (name or "r%d.tar.zst" % number)
    said = run("bundle", release.folder / "release.yaml", "-o", path, *options, status=status)
    return path if status == 0 else said


def carried(path):
    return [name[len("tree/extra/"):] for name, _, _ in members(BundleFile(path).region("tree"))
            if name.startswith("tree/extra/")]


def table(path):
    return dict(((name, content) for name, _, content in members(BundleFile(path).region("meta"))
                 )).get("tree-left-out", b"").decode().splitlines()


def left_out(path):
    return [line.split(" ", 3)[3] for line in table(path)]


def same(one, other):
    names = sorted(path.relative_to(one) for path in one.rglob("*"))
    assert names == sorted(path.relative_to(other) for path in other.rglob("*"))
    files = [str(name) for name in names if (one / name).is_file()]
    assert filecmp.cmpfiles(one, other, files, shallow=False)[1:] == ([], [])
    assert [(one / name).stat().st_mode for name in files] == \
        [(other / name).stat().st_mode for name in files]


@pytest.fixture
def pair(tmp_path):
    """(bundle of release 1, full bundle and delta of release 2)."""
    old = make(tmp_path, 1, FIRST, executable=["extra/run"])
    full = make(tmp_path, 2, SECOND, name="full.tar.zst", executable=["extra/run"])
    delta = make(tmp_path, 2, SECOND, "--base", old, name="delta.tar.zst", executable=["extra/run"])
    return old, full, delta


def test_files_that_the_base_has_are_left_out(pair):
    _, full, delta = pair
    assert BundleFile(delta).statement == BundleFile(full).statement
    assert carried(delta) == ["a-b", "a/new", "z"]
    assert left_out(delta) == ["configs/plain.conf", "configs/server.conf", "extra/a.b",
                               "extra/a/big", "extra/empty", "extra/run"]
    assert "f 0 00000000 extra/empty" in table(delta)
    assert any(line.startswith("x 100000 ") for line in table(delta))
    assert delta.stat().st_size < full.stat().st_size - len(BIG) - len(OTHER) + 4000


def test_extract_takes_them_from_the_base(tmp_path, pair):
    old, full, delta = pair
    run("extract", full, "--tree", tmp_path / "a")
    run("extract", delta, "--tree", tmp_path / "b", "--base", old)
    same(tmp_path / "a", tmp_path / "b")
    assert "--base" in run("extract", delta, "--tree", tmp_path / "c", status=10)
    said = run("extract", delta, "--tree", tmp_path / "d", "--base", full, status=10)
    assert "made against" in said


def signed(tmp_path):
    if not (tmp_path / "trust").is_dir():
        assert handcarry("trust", "init", "--no-password", cwd=tmp_path).returncode == 0
    return ("--sign", tmp_path / "release.key", "--trust", tmp_path / "trust")


def test_verify_deep_and_show(tmp_path, pair):
    old, _, _ = pair
    delta = make(tmp_path, 2, SECOND, "--base", old, *signed(tmp_path), executable=["extra/run"])
    run("verify", delta, "--trust", tmp_path / "trust")
    run("verify", delta, "--deep", "--trust", tmp_path / "trust", "--base", old)
    run("verify", delta, "--deep", "--trust", tmp_path / "trust", status=10)
    assert "6 files of the tree, 400" in run("show", delta)
    document = json.loads(run("show", delta, "--json"))
    assert document["packing"]["tree-left-out"]["files"] == 6
    assert document["tree"]["files"] == 10


def test_a_mode_that_changed_is_carried(tmp_path, pair):
    old, _, _ = pair
    delta = make(tmp_path, 2, SECOND, "--base", old)
    assert carried(delta) == ["a-b", "a/new", "run", "z"]
    run("extract", delta, "--tree", tmp_path / "out", "--base", old)
    assert not (tmp_path / "out/extra/run").stat().st_mode & 0o111


def test_a_few_bytes_are_not_worth_a_requirement(tmp_path):
    small = {"extra/a": noise(3, 60_000)}
    old = make(tmp_path, 1, small)
    delta = make(tmp_path, 2, small, "--base", old, name="delta.tar.zst")
    assert carried(delta) == ["a"] and "tree-left-out" not in BundleFile(delta).packing


def test_with_two_bases_only_what_both_have(tmp_path):
    one = make(tmp_path, 1, {"extra/a": BIG, "extra/b": OTHER})
    two = make(tmp_path, 2, {"extra/a": BIG, "extra/b": BIG})
    delta = make(tmp_path, 3, {"extra/a": BIG, "extra/b": OTHER}, "--base", one, "--base", two)
    assert carried(delta) == ["b"]
    for base in (one, two):
        run("extract", delta, "--tree", tmp_path / base.stem, "--base", base)
    same(tmp_path / one.stem, tmp_path / two.stem)


def test_a_delta_on_a_delta_reads_through_it(tmp_path, pair):
    _, _, middle = pair
    third = {**SECOND, "extra/z": b"later", "extra/a/newer": b"x"}
    full = make(tmp_path, 3, third, name="full3.tar.zst", executable=["extra/run"])
    delta = make(tmp_path, 3, third, "--base", middle, executable=["extra/run"])
    assert carried(delta) == ["a/newer", "z"]
    run("extract", full, "--tree", tmp_path / "a")
    run("extract", delta, "--tree", tmp_path / "b", "--base", middle)
    same(tmp_path / "a", tmp_path / "b")


def test_same_bytes_whatever_the_jobs(tmp_path, pair):
    old, _, delta = pair
    again = make(tmp_path, 2, SECOND, "--base", old, "--jobs", 3, name="again.tar.zst",
                 executable=["extra/run"])
    assert filecmp.cmp(delta, again, shallow=False)


def test_a_release_without_images_is_a_delta_of_its_tree(tmp_path):
    old = make(tmp_path, 1, {"extra/a": BIG}, images=[])
    delta = make(tmp_path, 2, {"extra/a": BIG, "extra/b": b"b"}, "--base", old, images=[])
    assert carried(delta) == ["b"] and "bases:" not in BundleFile(delta).packing
    assert delta.stat().st_size < 10_000
    run("extract", delta, "--tree", tmp_path / "out", "--base", old)
    assert (tmp_path / "out/extra/a").read_bytes() == BIG


def test_diff_takes_what_is_left_out_from_the_other_side_or_the_folder(tmp_path, pair):
    old, full, delta = pair
    wanted = json.loads(run("diff", "--files", "--json", old, full))["tree"]
    assert {row["path"] for row in wanted} >= {"extra/" + n for n in ("a-b", "a/new", "old", "z")}
    assert not any(row["path"] == "extra/a/big" for row in wanted)
    assert json.loads(run("diff", "--files", "--json", old, delta))["tree"] == wanted
    assert json.loads(run("diff", "--files", "--json", full, delta))["tree"] == []
    alone = tmp_path / "alone"
    alone.mkdir()
    shutil.copy(delta, alone)
    document = json.loads(run("diff", "--files", "--json", full, alone / delta.name))
    assert "tree" not in document and "beside it" in document["no-tree"]
    assert "not known" in run("diff", "--files", full, alone / delta.name)


@pytest.fixture
def lie(tmp_path, pair):
    """Changes the delta; it must be refused, with these words."""
    old, _, delta = pair

    def tell(change, expected, status=3):
        file = BundleFile(delta)
        change(file)
        changed = tmp_path / "lie.tar.zst"
        changed.write_bytes(file.bytes())
        said = run("extract", changed, "--tree", tmp_path / "lie", "--base", old, status=status)
        assert expected in said, said
    return tell


def change_table(change):
    def rows(meta):
        return [(name, mode, change(content) if name == "tree-left-out" else content)
                for name, mode, content in meta]
    return lambda file: file.change_meta(rows)


def set_count(file, files, size):
    file.packing = re.sub(r"(tree-left-out:\n  files: )\d+(\n  bytes: )(\d+)",
                          lambda m: m[1] + str(files) + m[2] + str(int(m[3]) + size), file.packing)


def test_a_file_left_out_that_the_base_does_not_have(lie):
    def change(file):
        change_table(lambda text: text + b"f 1 00000000 extra/zz\n")(file)
        set_count(file, 7, 1)
    lie(change, "tree file 'extra/zz': the tree in ", status=10)


def test_a_file_carried_and_left_out(lie):
    def change(file):
        change_table(lambda text: text + b"f 4 00000000 extra/z\n")(file)
        set_count(file, 7, 4)
    lie(change, "'extra/z' is carried, and left out too")


def test_091_a_file_left_out_and_not_listed(lie):
    def change(file):
        change_table(lambda text: text.replace(text.splitlines(True)[-1], b""))(file)
        set_count(file, 5, -len(OTHER))
    lie(change, "the tree's commit is")


@pytest.mark.parametrize("name", ["/etc/passwd", "../x", "extra/../../x", "extra//x"])
def test_078_paths_left_out(lie, name):
    line = b"f 1 00000000 %s\n" % name.encode()
    lie(change_table(lambda text: line + text), "tree files left out, line 1")


def test_lists_that_are_not_as_said(lie):
    lie(change_table(lambda text: b"".join(text.splitlines(True)[::-1])), "does not come behind")
    lie(lambda file: set_count(file, 7, 0), "the packing list says 7")
    lie(lambda file: set_count(file, 6, 1), "the packing list says 6")
    lie(lambda file: set_count(file, 6, -1), "longer than the packing list says")
    lie(lambda file: file.change_meta(lambda rows: [r for r in rows if r[0] != "tree-left-out"]),
        "does not carry 'tree-left-out'")


@pytest.mark.parametrize("old, new, words", [
    (b"x 100000 ", b"f 100000 ", "its mode was changed"),
    (b"f 1 ", b"f 2 ", "it was changed: it has 1 bytes, this delta was made against 2"),
    (b"f 0 00000000", b"f 0 00000001", "it was changed: its bytes are not those"),
])
def test_a_base_with_another_file_there_names_it(lie, old, new, words):
    def change(file):
        change_table(lambda text: text.replace(old, new))(file)
        set_count(file, 6, 1 if b" 2 " in new else 0)
    lie(change, words, status=10)


def test_087_carried_files_out_of_order(lie):
    def change(file):
        rows = members(file.region("tree"))
        file.set_region("tree", b"".join(member(n, c, m) for n, m, c in rows[::-1]))
    lie(change, "does not lie in the order of the paths")
