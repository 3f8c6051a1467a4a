# SPDX-License-Identifier: Apache-2.0
# Copyright The handcarry authors
"""What install and prune remove, and what they leave."""
import fcntl
import json
import os
import shutil
import subprocess

import pytest

from engines.host import host, host20  # noqa: F401 pylint: disable=unused-import
from engines.images import Image
from engines.release import Release
from engines.test_install_tree import (PLAY, bare, checkout, fault_library,  # noqa: F401 pylint: disable=unused-import
                                       faulty, install_next, ostree, plain_host, tree_objects)
from program import handcarry

KEEPER = "handcarry.local/handcarry-test/server:r%d-1"
DATABASE = "docker.io/handcarry-test/database:%d"


def prune(host, *more, status=0, **options):
    ran = handcarry(*host.arguments("prune", "--json", *more), **options)
    assert ran.returncode == status, ran.stdout + ran.stderr
    return json.loads(ran.stdout) if status == 0 else ran


def install(host, release, number):
    """Release number: its own image under the first name, and one with a name of its own."""
    layers = release.images[1].layers
    release.fields.update(release=number, version=f"{number}.0")
    release.images[0] = Image("handcarry-test/server:1", [layers[0], *layers[1:1 + number % 2]])
    release.images[2] = Image(f"handcarry-test/database:{number}", layers[:4 - number])
    release.write()
    release.put("configs/plain.conf", f"plain = {number}\n")
    return host.install(host.bundle(release))


@pytest.fixture
def small_state(plain_host):
    """130 MB for the state, of which a run wants 64 to be free."""
    kept = plain_host.folder / "kept"
    shutil.copytree(plain_host.state, kept)
    subprocess.run(["mount", "-t", "tmpfs", "-o", "size=130m", "none", plain_host.state], check=True)
    shutil.copytree(kept, plain_host.state, dirs_exist_ok=True)
    yield plain_host.state
    subprocess.run(["umount", plain_host.state], check=True)


def folders(host, product="handcarry-test"):
    return {path.name for path in (host.state / product).glob("r*")}


def names(engine):
    """In full form: only Docker leaves its own registry out."""
    return {name if "." in name.split("/")[0] else "docker.io/" + name for name in engine.images()}


def test_install_keeps_two_releases(bare, plain_host):
    for number in range(1, 5):
        install_next(plain_host, bare, number)
    assert folders(plain_host) == {"r3", "r4"}
    assert set(ostree(plain_host, "refs").split()) == {"handcarry-test/r3", "handcarry-test/r4"}
    ostree(plain_host, "fsck")
    commits = list((plain_host.state / "ostree/objects").glob("*/*.commit"))
    assert len(commits) == 2
    assert prune(plain_host)["changed"] is False
    handcarry(*plain_host.arguments("rollback", "handcarry-test", "-y"))
    assert plain_host.status()["products"][0]["release"] == 3


def test_keep_one_leaves_no_way_back(bare, plain_host):
    install_next(plain_host, bare, 1)
    install_next(plain_host, bare, 2)
    said = prune(plain_host, "handcarry-test", "--keep", "1")
    assert said["products"][0]["kept"] == [2] and said["products"][0]["releases"] == [1]
    assert said["changed"] and said["products"][0]["state-bytes"] > 0
    assert folders(plain_host) == {"r2"}
    ran = handcarry(*plain_host.arguments("rollback", "handcarry-test", "-y"))
    assert ran.returncode == 11
    assert prune(plain_host, "--keep", "1")["changed"] is False
    prune(plain_host, "--keep", "0", status=2)
    assert "not installed here" in prune(plain_host, "other", status=11).stderr


@pytest.mark.parametrize("edited", [1, 2])
def test_rollback_repairs_the_trees_that_it_runs_from(bare, plain_host, edited):
    bare.playbooks = [{"path": "playbooks/site.yml", "run": "undo"}]
    install_next(plain_host, bare, 1)
    install_next(plain_host, bare, 2)
    (checkout(plain_host, edited) / PLAY).write_text("rm -rf /")
    ran = handcarry(*plain_host.arguments("rollback", "handcarry-test", "-y"))
    assert ran.returncode == 0 and f"r{edited}/tree: lay out" in ran.stdout, ran.stderr
    assert f"r{3 - edited}/tree: is there" in ran.stdout
    assert (checkout(plain_host, edited) / PLAY).read_text() == f"#!/bin/sh\necho {edited}\n"


def test_remove_repairs_the_tree_that_it_runs_from(bare, plain_host):
    install_next(plain_host, bare, 1)
    shutil.rmtree(checkout(plain_host))
    ran = handcarry(*plain_host.arguments("remove", "handcarry-test", "-y"))
    assert ran.returncode == 0 and "r1/tree: lay out" in ran.stdout, ran.stderr
    assert not (plain_host.state / "ostree").exists()


def test_going_back_repairs_the_tree_that_it_goes_to(bare, plain_host):
    bare.playbooks = [{"path": "playbooks/site.yml", "run": "install"},
                      {"path": "playbooks/site.yml", "run": "undo"}]
    install_next(plain_host, bare, 1)
    (checkout(plain_host) / PLAY).write_text("rm -rf /")
    bare.health = [{"command": ["false"], "within": "1s"}]
    install_next(plain_host, bare, 2, status=8)
    assert (checkout(plain_host) / PLAY).read_text() == "#!/bin/sh\necho 1\n"


@pytest.mark.parametrize("how", ["lost", "damaged"])
def test_rollback_without_its_tree_changes_nothing(bare, plain_host, how):
    install_next(plain_host, bare, 1)
    install_next(plain_host, bare, 2)
    shutil.rmtree(checkout(plain_host))
    if how == "lost":
        shutil.rmtree(plain_host.state / "ostree")
    else:
        for path in tree_objects(plain_host, "dirtree"):
            path.write_bytes(b"")
    ran = handcarry(*plain_host.arguments("rollback", "handcarry-test", "-y"))
    assert ran.returncode == 11 and "the repository does not have it" in ran.stderr
    assert plain_host.status()["products"][0]["release"] == 2


def test_a_release_that_was_left_goes(bare, plain_host):
    install_next(plain_host, bare, 1)
    install_next(plain_host, bare, 2)
    assert handcarry(*plain_host.arguments("rollback", "handcarry-test", "-y")).returncode == 0
    assert folders(plain_host) == {"r1", "r2"}
    assert prune(plain_host)["products"][0]["releases"] == [2]
    assert folders(plain_host) == {"r1"}
    assert ostree(plain_host, "refs").split() == ["handcarry-test/r1"]


def test_what_another_product_has_is_not_touched(bare, plain_host, tmp_path):
    other = Release(tmp_path / "other", images=[])
    other.fields.update(product="handcarry-test-b")
    other.playbooks = []
    other.write()
    plain_host.install(plain_host.bundle(other))
    install_next(plain_host, bare, 1)
    install_next(plain_host, bare, 2)
    said = prune(plain_host, "handcarry-test", "--keep", "1")
    assert [product["product"] for product in said["products"]] == ["handcarry-test"]
    assert folders(plain_host, "handcarry-test-b") == {"r1"}
    assert sorted(ostree(plain_host, "refs").split()) == ["handcarry-test-b/r1", "handcarry-test/r2"]
    ostree(plain_host, "fsck")


def test_104_a_full_disk_is_told_what_prune_frees(bare, plain_host, small_state):
    for number in (1, 2, 3):
        bare.put("playbooks/roles/a/files/big", os.urandom(12_000_000))
        last = number == 3
        ran = install_next(plain_host, bare, number, status=6 if last else 0)
    assert "'handcarry prune --keep 1' frees about 13." in ran.stderr
    assert "nothing can be gone back to" in ran.stderr
    prune(plain_host, "--keep", "1")
    install_next(plain_host, bare, 3)
    assert folders(plain_host) == {"r2", "r3"}


def test_75_prune_waits_for_nobody(bare, plain_host):
    install_next(plain_host, bare, 1)
    with open(plain_host.state / ".lock", "r+b") as lock:
        fcntl.lockf(lock, fcntl.LOCK_EX)
        prune(plain_host, status=75)


def test_an_open_run_comes_first(bare, plain_host, fault_library):
    install_next(plain_host, bare, 1)
    journal = plain_host.state / "journal"
    journal.write_bytes((plain_host.state / "handcarry-test/r1/journal").read_bytes())
    ran = prune(plain_host, status=11)
    assert "handcarry recover" in ran.stderr


@pytest.mark.parametrize("fault", ["prune abort", "prune kill"])
def test_T5_a_prune_that_dies_is_done_by_the_next(bare, plain_host, fault_library, fault):
    install_next(plain_host, bare, 1)
    install_next(plain_host, bare, 2)
    ran = prune(plain_host, "--keep", "1", status=1, env=faulty(fault_library, fault))
    assert "while pruning the tree repository" in ran.stderr
    said = prune(plain_host, "--keep", "1")
    assert said["products"][0]["releases"] == [1] and folders(plain_host) == {"r2"}
    ostree(plain_host, "fsck")


def test_T5_an_install_whose_prune_dies_is_installed(bare, plain_host, fault_library):
    install_next(plain_host, bare, 1)
    install_next(plain_host, bare, 2)
    ran = install_next(plain_host, bare, 3, env=faulty(fault_library, "prune kill"))
    assert "'handcarry prune' tries again" in ran.stderr
    assert folders(plain_host) == {"r1", "r2", "r3"}
    assert prune(plain_host)["products"][0]["releases"] == [1]


def test_old_logs_go(bare, plain_host):
    install_next(plain_host, bare, 1)
    logs = plain_host.state / "log"
    logs.mkdir(exist_ok=True)
    mine = [f"20200101T0000{i:02}Z-handcarry-test-r1.log" for i in range(60)]
    others = ["20200101T000000Z-handcarry-test-b-r1.log", "20200101T000000Z-b-r1.log", "notes"]
    for name in mine + others:
        (logs / name).write_text("x")
    had = len(list(logs.iterdir()))
    said = prune(plain_host)
    assert len(said["products"][0]["logs"]) == had - len(others) - 50
    assert said["products"][0]["logs"][-1] == "log/" + mine[0]
    assert all((logs / name).exists() for name in others + mine[-40:])


def test_image_names_of_releases_that_are_not_kept_go(host, engine, release):
    for number in (1, 2, 3):
        install(host, release, number)
    assert {KEEPER % 2, DATABASE % 2, DATABASE % 3} <= names(engine)
    assert not {KEEPER % 1, DATABASE % 1} & names(engine)
    ran = handcarry(*host.arguments("rollback", "handcarry-test", "-y"))
    assert ran.returncode == 0, ran.stderr
    assert host.status()["products"][0]["release"] == 2
    said = prune(host)["products"][0]
    assert said["releases"] == [3] and DATABASE % 3 in said["names"]
    assert {"docker.io/handcarry-test/server:1", DATABASE % 2} <= names(engine)
    assert not {KEEPER % 3, DATABASE % 3} & names(engine)


def test_105_an_image_that_a_container_uses_stays_and_is_named(host20, docker20, release):
    install(host20, release, 1)
    docker20.call("POST", "/containers/create", {"name": "user"}, {"Image": "handcarry-test/database:1"})
    docker20.tag("handcarry-test/web:1", "mine:1")
    install(host20, release, 2)
    ran = install(host20, release, 3)
    assert "handcarry-test/database:1'" in ran.stderr and "a container uses it" in ran.stderr
    assert {DATABASE % 1, "docker.io/mine:1"} <= names(docker20)
    assert folders(host20) == {"r1", "r2", "r3"}
    assert prune(host20)["products"][0]["in-use"] == [DATABASE % 1]
    docker20.call("DELETE", "/containers/user")
    assert prune(host20)["products"][0]["releases"] == [1]
    assert DATABASE % 1 not in names(docker20)
    assert folders(host20) == {"r2", "r3"}


def test_a_name_that_someone_else_moved_is_not_touched(host20, docker20, release):
    install(host20, release, 1)
    docker20.tag("handcarry-test/web:1", "handcarry-test/database:1")
    install(host20, release, 2)
    install(host20, release, 3)
    assert DATABASE % 1 in names(docker20)
