# SPDX-License-Identifier: Apache-2.0
# Copyright The handcarry authors
"""Deltas that leave tree files out: read from the tree of the release that is here, or through the
bundles of a chain."""
import re
import shutil

import pytest

from engines.deltas import carry, put
from engines.host import host, host20, steps  # noqa: F401 pylint: disable=unused-import
from engines.images import Image, Layer, noise, write_docker_archive
from program import handcarry

PLAYBOOK = False

BIG, OTHER = noise(51, 200_000), noise(52, 150_000)


def set_release(release, number):
    """The same image each time: only the tree differs. OTHER changes with release 3."""
    release.fields.update(release=number, version=f"{number}.0")
    release.images = [Image("handcarry-test/server:1", [Layer().file("a", noise(1, 1000))])]
    release.files = [{"from": "extra/", "to": f"{release.target}/extra/"}]
    release.put("extra/big", BIG)
    release.put("extra/run", OTHER if number < 3 else OTHER[::-1], 0o755)
    release.put(f"extra/new-{number}", f"{number}\n")
    release.write()


@pytest.fixture
def carried(tmp_path, release):
    """Makes (folder of full bundles, folder with 2-from-1 and 3-from-2) for a host."""
    return lambda host: carry(host, release, tmp_path, set_release)


def tree(host, number):
    return host.state / "handcarry-test" / f"r{number}" / "tree"


def check(host, release, number):
    """Release number is here, with its whole tree."""
    assert host.status()["products"][0]["release"] == number
    other = OTHER if number < 3 else OTHER[::-1]
    for folder in (tree(host, number) / "extra", release.target / "extra"):
        names = {path.name for path in folder.iterdir()}
        assert names == {"big", "run"} | {f"new-{n}" for n in range(1, number + 1)}
        assert (folder / "big").read_bytes() == BIG and (folder / "run").read_bytes() == other
    assert (tree(host, number) / "extra/run").stat().st_mode & 0o777 == 0o555


def lose_repository(host):
    shutil.rmtree(host.state / "ostree")


def refused(host, bundle, *words):
    """plan and install end with exit 10 and these words, and nothing was changed."""
    release = host.status()["products"]
    for verb in (["plan"], ["install", "-y"]):
        ran = handcarry(*host.arguments(verb[0], bundle, *verb[1:]))
        assert ran.returncode == 10, ran.stdout + ran.stderr
        for word in (*words, "is a delta, made from", "handcarry have -o"):
            assert word in ran.stderr, ran.stderr
    assert host.status()["products"] == release


def test_files_are_read_from_the_tree_that_is_here(host, engine, release, carried):
    full, stick = carried(host)
    delta = stick / "r2-from-r1.tar.zst"
    assert delta.stat().st_size < 20_000 < (full / "r2.tar.zst").stat().st_size
    host.install(full / "r1.tar.zst")
    code, plan = host.plan(delta)
    assert code == 0, plan
    said = handcarry(*host.arguments("plan", delta)).stdout
    assert re.search(r"tree: lay out, 7\d\d\.\d kB \(5 files, 350\.\d kB, are here\)", said), said
    host.install(delta)
    check(host, release, 2)
    assert host.plan(delta)[1]["already-installed"]


def test_a_chain_reads_through_its_bundles(host20, docker20, release, carried):
    full, stick = carried(host20)
    host20.install(full / "r1.tar.zst")
    code, plan = host20.plan(stick)
    assert code == 0 and len(plan["bundles"]) == 2
    host20.install(stick)
    check(host20, release, 3)
    assert not tree(host20, 2).exists()


def test_a_chain_whose_first_tree_was_changed_names_the_file(host20, docker20, release, carried):
    full, stick = carried(host20)
    host20.install(full / "r1.tar.zst")
    (tree(host20, 1) / "extra/big").write_bytes(BIG[::-1])
    lose_repository(host20)
    refused(host20, stick, "extra/big")
    shutil.copy(full / "r3.tar.zst", stick)
    code, plan = host20.plan(stick)
    assert code == 0 and [row["path"].split("/")[-1] for row in plan["bundles"]] == ["r3.tar.zst"]
    host20.install(stick)
    check(host20, release, 3)


CHANGES = pytest.mark.parametrize("change, words", [
    (lambda path: path.write_bytes(BIG[:-1] + b"x"), "its bytes are not those"),
    (lambda path: path.write_bytes(BIG + b"x"), "it has 200001 bytes"),
    (lambda path: path.chmod(0o755), "its mode was changed: it was not executable"),
    (lambda path: path.unlink(), "No such file"),
    (lambda path: (path.rename(path.parent.parent / "real"), path.symlink_to("../real")), "big"),
    (lambda path: (path.unlink(), path.mkdir()), "not a plain file"),
    (lambda path: shutil.rmtree(path.parent.parent), "cannot be read"),
], ids=["bytes", "longer", "mode", "missing", "symlink", "folder", "no-tree"])


@CHANGES
def test_a_tree_that_was_changed_is_read_from_the_repository(host20, docker20, release, carried,
                                                             change, words):
    full, stick = carried(host20)
    host20.install(full / "r1.tar.zst")
    change(tree(host20, 1) / "extra/big")
    host20.install(stick / "r2-from-r1.tar.zst")
    check(host20, release, 2)


@pytest.mark.parametrize("ending", ["commit", "dirtree", "file"])
def test_what_the_repository_has_lost_is_read_from_the_tree(host20, docker20, release, carried,
                                                            ending):
    full, stick = carried(host20)
    host20.install(full / "r1.tar.zst")
    for path in (host20.state / "ostree/objects").glob("*/*." + ending):
        path.unlink()
    host20.install(stick / "r2-from-r1.tar.zst")
    check(host20, release, 2)


@CHANGES
def test_a_tree_that_was_changed_is_exit_10(host20, docker20, release, carried, change, words):
    full, stick = carried(host20)
    host20.install(full / "r1.tar.zst")
    change(tree(host20, 1) / "extra/big")
    lose_repository(host20)
    before = docker20.images()
    refused(host20, stick / "r2-from-r1.tar.zst", words, "r1/tree")
    assert docker20.images() == before and not tree(host20, 2).exists()
    host20.install(full / "r2.tar.zst")
    check(host20, release, 2)


def test_a_host_at_another_release_is_exit_10(host20, docker20, release, carried, tmp_path):
    full, stick = carried(host20)
    docker20.load(write_docker_archive(tmp_path / "in.tar", release.images))
    refused(host20, stick / "r2-from-r1.tar.zst", "the tree of that release: ",
            "installed here is nothing")
    host20.install(full / "r1.tar.zst")
    refused(host20, stick / "r3-from-r2.tar.zst", "files of it are needed",
            "installed here is 1.0 (release 1)")


def test_each_host_takes_what_fits_its_tree(host20, docker20, release, carried):
    """All images are there; only the trees tell the bundles apart."""
    full, stick = carried(host20)
    shutil.copy(full / "r3.tar.zst", stick)
    (stick / "r2-from-r1.tar.zst").unlink()
    host20.install(full / "r1.tar.zst")
    assert host20.plan(stick)[1]["bundles"][0]["path"].endswith("r3.tar.zst")
    host20.install(full / "r2.tar.zst")
    assert host20.plan(stick)[1]["bundles"][0]["path"].endswith("r3-from-r2.tar.zst")


def test_a_delta_repairs_what_it_carries(host20, docker20, release, carried):
    full, stick = carried(host20)
    delta = stick / "r2-from-r1.tar.zst"
    host20.install(full / "r1.tar.zst")
    host20.install(delta)
    (tree(host20, 2) / "extra/new-2").write_text("edited")
    host20.install(delta)
    check(host20, release, 2)
    (tree(host20, 2) / "extra/run").write_text("edited")
    host20.install(delta)
    check(host20, release, 2)
    (tree(host20, 2) / "extra/run").write_text("edited")
    lose_repository(host20)
    refused(host20, delta, "extra/run", "r2/tree")


@pytest.mark.parametrize("at", [1, 2, "changed"])
def test_for_a_host_only_where_its_tree_is_that_of_a_base(host20, docker20, release, carried,
                                                          tmp_path, at):
    """Not after it was changed: then a have file leads out of exit 10."""
    full, stick = carried(host20)
    (host20.etc / "host.yaml").write_text("name: ws-3\n")
    host20.install(full / ("r2.tar.zst" if at == 2 else "r1.tar.zst"))
    if at == "changed":
        (tree(host20, 1) / "extra/big").write_text("edited")
    have = tmp_path / "ws-3.have"
    ran = handcarry(*host20.arguments("have", "-o", have))
    assert ran.returncode == 0, ran.stderr
    added = handcarry("trust", "add", "--host", "ws-3", "--key", tmp_path / "ws-3.have.pub",
                      "--sign", host20.folder / "keys/root.key", "--trust", host20.folder / "trust")
    assert added.returncode == 0, added.stderr
    bundle = put(host20, release, stick, "for.tar.zst", base=full / "r1.tar.zst",
                 **{"for": have})
    assert (bundle.stat().st_size > 200_000) == (at != 1)
    host20.install(bundle)
    check(host20, release, 3)
