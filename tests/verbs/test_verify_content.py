# SPDX-License-Identifier: Apache-2.0
# Copyright The handcarry authors
"""verify --deep refuses bundles that are consistent and signed, and whose content is not what the
signed texts say."""
import functools
import hashlib
import json
import re
import subprocess

import pytest

from bundlefile import BundleFile, member, members, skippable
from verified import made, run  # noqa: F401 pylint: disable=unused-import


@pytest.fixture
def lie(made, tmp_path):
    """Changes the bundle, makes it consistent, signs it with the right key: verify finds the frames
    good, and --deep must not."""
    def lied(change, *fragments, shallow=0):
        path = tmp_path / "lie.tar.zst"
        bundle = BundleFile(made.path)
        change(bundle)
        path.write_bytes(bundle.bytes())
        run("sign", path, "--key", made.key)
        made.verify(path, status=shallow)
        said = made.verify(path, "--deep", status=3)
        assert all(fragment in said for fragment in fragments), said
    return lied


def test_091_095_recipe_missing(lie):
    lie(lambda b: b.change_meta(lambda rows: rows[:-1]), "does not carry 'layers/")


def test_091_095_config_missing(lie):
    lie(lambda b: b.change_meta(lambda rows: rows[1:]), "does not carry 'images/")


def with_members(folder, change):
    """The rows with other members in that folder: change takes and returns those."""
    def apply(rows):
        found = [row for row in rows if row[0].startswith(folder)]
        assert len(found) == 3
        at = rows.index(found[0])
        return rows[:at] + change(found) + rows[at + len(found):]
    return apply


with_lists = functools.partial(with_members, "packages/")
with_sboms = functools.partial(with_members, "sbom/")


def test_091_095_package_list_missing(lie):
    lie(lambda b: b.change_meta(with_lists(lambda lists: lists[1:])), "does not carry 'packages/")


def test_091_package_lists_out_of_place(lie):
    lie(lambda b: b.change_meta(with_lists(lambda lists: lists[::-1])), "is not in its place")
    lie(lambda b: b.change_meta(lambda rows: [row for row in rows if "packages/" not in row[0]] + [
        row for row in rows if "packages/" in row[0]]), "is not in its place")


def test_091_package_list_extra(lie):
    lie(lambda b: b.change_meta(with_lists(lambda lists: lists + [
        ("packages/" + "0" * 64, 0o644, b"")])), "is not in its place")


def test_075_package_list_is_none(lie):
    lie(lambda b: b.change_meta(with_lists(lambda lists: lists[:-1] + [
        (lists[-1][0], 0o644, b"deb a\x1b[2J 1 all\n")])), "package list, line 1")


def test_091_095_sbom_missing(lie):
    lie(lambda b: b.change_meta(with_sboms(lambda sboms: sboms[1:])), "does not carry 'sbom/")


def test_091_sboms_out_of_place(lie):
    lie(lambda b: b.change_meta(with_sboms(lambda sboms: sboms[::-1])), "is not in its place")
    lie(lambda b: b.change_meta(lambda rows: [row for row in rows if "sbom/" in row[0]] + [
        row for row in rows if "sbom/" not in row[0]]), "is not in its place")


@pytest.mark.parametrize("content", [b"", b"{\x1b[2J}", b"{\xff}", b"{\0}", "{\u202e}".encode(), b"{\x7f}",
                                     "{\x85}".encode()])
def test_075_sbom_is_no_plain_text(lie, content):
    lie(lambda b: b.change_meta(with_sboms(lambda sboms: sboms[:-1] + [(sboms[-1][0], 0o644, content)])),
        "SBOM ")


def test_064_sbom_too_long(lie):
    lie(lambda b: b.change_meta(with_sboms(lambda sboms: sboms[:-1] + [
        (sboms[-1][0], 0o644, b" " * (32 * 1024 * 1024 + 1))])), "not 1 to 33554432")


def test_091_member_extra(lie):
    lie(lambda b: b.change_meta(lambda rows: rows + [("layers/" + "0" * 64, 0o644, b"x")]),
        "in the bundle but not in the statement")


def test_090_member_twice(lie):
    lie(lambda b: b.change_meta(lambda rows: rows + rows[:1]), "is there twice")


def test_091_members_out_of_order(lie):
    lie(lambda b: b.change_meta(lambda rows: rows[::-1]), "is not in its place")


def test_090_tree_member_twice(lie):
    def change(bundle):
        tree = bundle.region("tree")
        bundle.set_region("tree", tree + member(members(tree)[-1][0], b"other"))
    lie(change, "twice")


def test_091_tree_file_missing_or_changed(lie):
    def missing(bundle):
        name, mode, content = members(bundle.region("tree"))[0]
        bundle.set_region("tree", bundle.region("tree")[len(member(name, content, mode)):])

    def changed(bundle):
        tree = bytearray(bundle.region("tree"))
        tree[512] ^= 1
        bundle.set_region("tree", bytes(tree))
    lie(missing, "the tree's commit is")
    lie(changed, "the tree's commit is")


@pytest.mark.parametrize("name", ["../x", "/x", "a//b", "./a", "a/../../x", "con\x1b[0m"])
def test_078_080_tree_names(lie, name):
    lie(lambda b: b.set_region("tree", b.region("tree") + member("tree/" + name, b"x")))


def test_080_member_outside_the_tree(lie):
    lie(lambda b: b.set_region("tree", b.region("tree") + member("evil", b"x")),
        "lies among the tree's files")


@pytest.mark.parametrize("kind", [b"1", b"2", b"3", b"5", b"6"])
def test_081_087_members_that_are_no_files(lie, kind):
    lie(lambda b: b.set_region("tree", b.region("tree") + member("tree/x", b"", kind=kind)))


def test_088_mode_of_a_member(lie):
    lie(lambda b: b.set_region("tree", b.region("tree") + member("tree/x", b"x", 0o4755)),
        "not a plain file")


@pytest.mark.parametrize("region", ["tree", "meta"])
def test_093_bytes_behind_the_last_member(lie, region):
    """Stock tar stops at zeros: what lies behind must not be there for anybody."""
    for more in (bytes(1024), bytes(1024) + member("tree/hidden", b"x"), b"x" * 512):
        lie(lambda b, m=more: b.set_region(region, b.region(region) + m))


def test_089_pax_header_before_a_member(lie):
    pax = member("x", b"30 SCHILY.xattr.user.a=hidden\n", kind=b"x")
    lie(lambda b: b.set_region("meta", pax + b.region("meta")))


@pytest.mark.parametrize("region", ["literals", "data"])
def test_095_layer_is_not_its_diffid(lie, region):
    def change(bundle):
        first = bundle.first(region)
        content = bytearray(bundle.content(first))
        content[600] ^= 1
        bundle.set_content(first, bytes(content))
    lie(change, "its recipe makes sha256:")


def test_095_config_is_not_its_digest(lie):
    def change(rows):
        name, mode, content = rows[0]
        return [(name, mode, content.replace(b"amd64", b"amd65"))] + rows[1:]
    lie(lambda b: b.change_meta(change), "is not the signed one")


@pytest.mark.parametrize("change", ["config", "diffid", "order", "missing", "platform"])
def test_095_statement_does_not_fit_config(lie, change):
    """The config belongs to its digest, but says something else than the statement."""
    def apply(bundle):
        name, _, content = members(bundle.region("meta"))[0]
        old = json.loads(content)
        ids = old["rootfs"]["diff_ids"]
        if change == "config":
            old["architecture"] = "arm64"
        elif change == "platform":
            old["os"] = "windows"
        elif change == "diffid":
            ids[0] = "sha256:" + "0" * 64
        elif change == "order":
            ids.reverse()
        else:
            ids.pop()
        new = json.dumps(old).encode()
        digest = hashlib.sha256(new).hexdigest()
        bundle.change_meta(lambda rows: [("images/%s.json" % digest, 0o644, new)] + rows[1:])
        bundle.statement = bundle.statement.replace(name[7:-5], digest, 1).replace(
            "config-bytes: %d" % len(content), "config-bytes: %d" % len(new), 1)
    lie(apply, "image 'handcarry-test/server:1'")


def test_063_skippable_frame_in_place_of_one(lie):
    def change(bundle):
        bundle.frames[0] = skippable(b"x" * 100)
    lie(change, "frame 0 (", "not one plain frame")


def test_061_frame_longer_than_it_says(lie):
    def change(bundle):
        first = bundle.first("literals")
        bundle.frames[first] = subprocess.run(["zstd", "-qc"], input=bytes(50_000_000),
                                              stdout=subprocess.PIPE, check=True).stdout
    lie(change, "not one plain frame")


def test_091_stream_bytes_that_no_recipe_uses(lie):
    for region in ("literals", "data"):
        lie(lambda b, r=region: b.extend_stream(r, b"hidden"), "bytes that no recipe uses")


def numbers(recipe):
    """LEB128 numbers of a recipe."""
    out, value, shift = [], 0, 0
    for byte in recipe:
        value |= (byte & 127) << shift
        shift += 7
        if byte < 128:
            out.append(value)
            value = shift = 0
    return out


def recipe_of(values):
    out = b""
    for value in values:
        while value > 127:
            out += bytes([value & 127 | 128])
            value >>= 7
        out += bytes([value])
    return out


def with_file(recipe, size):
    """The recipe with one more content behind the files it introduces."""
    values = numbers(recipe)
    at = 2
    for _ in range(values[1]):
        at += 6 if values[at] == 1 else 2
    return recipe_of([values[0], values[1] + 1, *values[2:at], 0, size, *values[at:]])


def test_091_file_that_no_layer_uses(lie):
    """A whole file beside the layers, in a stream that the recipes cover."""
    def change(bundle):
        bundle.change_meta(lambda rows: rows[:-1] + [
            (rows[-1][0], rows[-1][1], with_file(rows[-1][2], 1000))])
        bundle.extend_stream("data", b"h" * 1000)
    lie(change, "1 files that no layer uses")


@pytest.mark.parametrize("change", ["patch", "swap", "length"])
def test_061_recipes_that_lie(lie, change):
    """Files of other lengths, patches where contents are, sources that are not there."""
    def apply(rows):
        name, mode, recipe = rows[-1]
        values = numbers(recipe)
        if change == "patch":
            values[2:4] = [1, values[3], 0, 0, values[3], 0]
        elif change == "swap":
            values[-1] ^= 2
        else:
            values[3] += 1
        return rows[:-1] + [(name, mode, recipe_of(values))]
    lie(lambda b: b.change_meta(apply), "layer sha256:")


def test_spool_of_the_packing_list_is_a_promise(lie):
    """plan tells the operator this number."""
    def change(bundle):
        bundle.packing, count = re.subn(r"(?m)^spool: [1-9]\d*$", "spool: 512", bundle.packing)
        assert count == 1
    lie(change, "recipes keep more than the 512 bytes waiting")
