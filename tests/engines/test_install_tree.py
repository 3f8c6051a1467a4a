# SPDX-License-Identifier: Apache-2.0
# Copyright The handcarry authors
"""The tree of a release in the host's OSTree repository. Needs no engine: the releases have no
images, so a lying one is asked for nothing."""
import hashlib
import json
import os
import pathlib
import shutil
import subprocess
import time

import pytest

from engines.host import Host, steps
from engines.lying import LyingEngine
from engines.release import Release
from program import PROGRAM, handcarry

PLAY = "playbooks/roles/a/files/run.sh"
REF = "handcarry-test/r"


@pytest.fixture
def bare(tmp_path):
    """A release that is a tree and nothing else."""
    made = Release(tmp_path / "release", images=[])
    made.site = "- {hosts: all, connection: local, gather_facts: false}\n"
    made.playbooks = []
    made.write()
    made.put("playbooks/site.yml", made.site)
    made.put(PLAY, "#!/bin/sh\necho one\n", 0o755)
    made.playbooks = [{"path": "playbooks/site.yml", "run": "remove"}]
    made.write()
    made.put("playbooks/site.yml", made.site)
    return made


@pytest.fixture
def plain_host(tmp_path):
    with LyingEngine(tmp_path) as engine:
        yield Host(tmp_path / "host", engine.url)


@pytest.fixture(scope="session")
def fault_library(tmp_path_factory):
    """What stands before libostree."""
    made = tmp_path_factory.mktemp("fault") / "ostree-fault.so"
    flags = subprocess.check_output(["pkg-config", "--cflags", "ostree-1"], text=True).split()
    subprocess.run(["cc", "-D_GNU_SOURCE", "-shared", "-fPIC", "-o", made, *flags,
                    pathlib.Path(__file__).with_name("ostree-fault.c"), "-ldl"], check=True)
    return made


def faulty(library, fault, **more):
    return {**os.environ, "LD_PRELOAD": str(library), "OSTREE_FAULT": fault, "G_DEBUG": "", **more}


def ostree(host, *arguments):
    ran = subprocess.run(["ostree", f"--repo={host.state / 'ostree'}", *arguments],
                         capture_output=True, text=True, check=False)
    assert ran.returncode == 0, ran.stdout + ran.stderr
    return ran.stdout


def checkout(host, release=1):
    return host.state / f"handcarry-test/r{release}/tree"


def content(folder):
    """What lies there: modes, bytes. The records of runs that failed too are left out."""
    found = {}
    for path in sorted(folder.rglob("*")):
        name = str(path.relative_to(folder))
        if name.startswith(("audit", "log", "receipts", "records")) or path.is_symlink():
            continue
        mode = oct(path.stat().st_mode)
        found[name] = mode if path.is_dir() else (mode, hashlib.sha256(path.read_bytes()).hexdigest())
    return found


def install_next(host, release, number=2, **options):
    """Installs a release with another file as this number."""
    release.fields["release"] = number
    release.put(PLAY, f"#!/bin/sh\necho {number}\n", 0o755)
    release.write()
    release.put("playbooks/site.yml", release.site)
    return host.install(host.bundle(release), **options)


def tree_objects(host, ending):
    return sorted((host.state / "ostree/objects").glob("*/*." + ending))


def test_stock_ostree_agrees_with_the_repository(bare, plain_host):
    bundle = plain_host.bundle(bare)
    plain_host.install(bundle)
    shown = json.loads(handcarry("show", "--json", bundle).stdout)
    ostree(plain_host, "fsck")
    assert ostree(plain_host, "config", "get", "core.mode").strip() == "bare-user-only"
    assert ostree(plain_host, "rev-parse", REF + "1").strip() == shown["tree"]["commit"]
    listing = ostree(plain_host, "ls", "-R", REF + "1")
    assert "-00755 0 0     19 /" + PLAY in listing


def test_the_checkout_can_only_be_read(bare, plain_host):
    plain_host.install(plain_host.bundle(bare))
    tree = checkout(plain_host)
    assert (tree / PLAY).stat().st_mode & 0o7777 == 0o555
    assert all(path.stat().st_mode & 0o222 == 0 for path in [tree, *tree.rglob("*")])
    assert (tree / PLAY).stat().st_nlink == 1, "an edit would reach the repository"


def test_an_edited_checkout_is_repaired_from_the_repository(bare, plain_host):
    bundle = plain_host.bundle(bare)
    plain_host.install(bundle)
    before = content(plain_host.state)
    (checkout(plain_host) / PLAY).write_text("#!/bin/sh\nrm -rf /\n")
    (checkout(plain_host) / "playbooks/more").write_text("x")
    status, plan = plain_host.plan(bundle)
    assert status == 0
    assert [step["action"] for step in steps(plan, "tree").values()] == ["lay out"]
    objects = [path.stat().st_ino for path in tree_objects(plain_host, "file")]
    plain_host.install(bundle)
    assert content(plain_host.state)["handcarry-test/r1/tree/" + PLAY] == \
        before["handcarry-test/r1/tree/" + PLAY]
    assert not (checkout(plain_host) / "playbooks/more").exists()
    assert objects == [path.stat().st_ino for path in tree_objects(plain_host, "file")]
    assert plain_host.plan(bundle)[1]["already-installed"]


def test_a_repository_that_was_lost_is_made_anew(bare, plain_host):
    bundle = plain_host.bundle(bare)
    plain_host.install(bundle)
    shutil.rmtree(plain_host.state / "ostree")
    assert not plain_host.plan(bundle)[1]["already-installed"]
    plain_host.install(bundle)
    ostree(plain_host, "fsck")
    assert plain_host.plan(bundle)[1]["already-installed"]


FAULTS = {
    "commit abort": "was ended by signal 6 (Aborted) while committing the tree",
    "commit kill": "was ended by signal 9 (Killed) while committing the tree",
    "commit exit": "ended with status 3 while committing the tree",
    "commit lie": "what libostree made of the tree has commit aaaaaaaa",
    "keep abort": "was ended by signal 6 (Aborted) while keeping the tree's commit",
    "keep kill": "was ended by signal 9 (Killed) while keeping",
    "checkout abort": "was ended by signal 6 (Aborted) while checking out the tree",
    "checkout kill": "was ended by signal 9 (Killed) while checking out",
    "checkout lie": "what was checked out has commit",
}


@pytest.mark.parametrize("fault", FAULTS)
@pytest.mark.parametrize("number", [1, 2])
def test_T5_a_libostree_that_fails_is_a_failed_step(bare, plain_host, fault_library, fault, number):
    if number == 2:
        plain_host.install(plain_host.bundle(bare))
    before = content(plain_host.state)
    ran = install_next(plain_host, bare, number, status=1, env=faulty(fault_library, fault))
    assert FAULTS[fault] in ran.stderr and "nothing was changed" in ran.stderr
    if number == 2:
        assert content(plain_host.state) == before
        ostree(plain_host, "fsck")
    else:
        assert not (plain_host.state / "ostree").exists()
        assert not checkout(plain_host).parent.exists()
    install_next(plain_host, bare, number)
    ostree(plain_host, "fsck")


def test_a_worker_that_dies_again_while_going_back_leaves_a_note(bare, plain_host, fault_library):
    plain_host.install(plain_host.bundle(bare))
    before = content(plain_host.state / "handcarry-test")
    preload = faulty(fault_library, "prune abort")
    bare.configs[0]["to"] = str(bare.target / "sub/server.conf")
    (bare.target / "sub").symlink_to("/nowhere")
    ran = install_next(plain_host, bare, status=11, env=preload)
    assert "symlink" in ran.stderr and content(plain_host.state / "handcarry-test") == before


def test_T5_no_room_in_the_repository_is_exit_6(bare, plain_host, fault_library):
    ran = install_next(plain_host, bare, 1, status=6, env=faulty(fault_library, "keep full"))
    assert "no room" in ran.stderr and "nothing was changed" in ran.stderr
    assert not (plain_host.state / "ostree").exists()


def test_104_a_file_system_without_room_for_the_tree_is_exit_6(bare, plain_host):
    for i in range(200):
        bare.put(f"playbooks/roles/b/files/{i}", f"{i}\n")
    kept = plain_host.folder / "kept"
    shutil.copytree(plain_host.state, kept)
    subprocess.run(["mount", "-t", "tmpfs", "-o", "size=200m,nr_inodes=150", "none",
                    plain_host.state], check=True)
    shutil.copytree(kept, plain_host.state, dirs_exist_ok=True)
    try:
        ran = plain_host.install(plain_host.bundle(bare), status=6)
        assert "No space left on device" in ran.stderr and "nothing was changed" in ran.stderr
        assert not checkout(plain_host).parent.exists()
        assert not (plain_host.state / "ostree").exists()
    finally:
        subprocess.run(["umount", plain_host.state], check=True)


@pytest.mark.parametrize("ending", ["file", "dirtree", "dirmeta"])
@pytest.mark.parametrize("how", ["truncated", "missing"])
def test_objects_that_were_damaged_are_written_again(bare, plain_host, ending, how):
    plain_host.install(plain_host.bundle(bare))
    for path in tree_objects(plain_host, ending):
        if how == "missing":
            path.unlink()
        else:
            os.truncate(path, path.stat().st_size - 1)
    ran = install_next(plain_host, bare)
    assert ("Is the disk in order?" in ran.stderr) == (how == "truncated" and ending != "file")
    ostree(plain_host, "rev-parse", REF + "2")
    if (ending, how) != ("file", "truncated"):  # one that only release 1 has is found when needed
        ostree(plain_host, "fsck")
    tree = checkout(plain_host, 2)
    assert (tree / PLAY).read_text() == "#!/bin/sh\necho 2\n"
    assert (tree / "configs/plain.conf").read_text() == "plain = yes\n"


def test_what_is_damaged_here_and_there_comes_from_the_bundle(bare, plain_host):
    bundle = plain_host.bundle(bare)
    plain_host.install(bundle)
    (checkout(plain_host) / PLAY).unlink()
    for path in tree_objects(plain_host, "file"):
        os.truncate(path, path.stat().st_size - 1)
    plain_host.install(bundle)
    assert (checkout(plain_host) / PLAY).read_text() == "#!/bin/sh\necho one\n"
    ostree(plain_host, "fsck")


def test_two_products_share_one_repository(bare, plain_host, tmp_path, fault_library):
    plain_host.install(plain_host.bundle(bare))
    other = Release(tmp_path / "other", images=[])
    other.fields["product"] = "other"
    other.playbooks = []
    other.write()
    bundle = plain_host.bundle(other)
    plain_host.install(bundle, status=1, env=faulty(fault_library, "checkout kill"))
    assert ostree(plain_host, "refs").split() == [REF + "1"]
    plain_host.install(bundle)
    assert sorted(ostree(plain_host, "refs").split()) == [REF + "1", "other/r1"]
    install_next(plain_host, bare, status=1, env=faulty(fault_library, "keep kill"))
    ostree(plain_host, "fsck")
    assert plain_host.plan(bundle)[1]["already-installed"]


def test_107_a_worker_does_not_outlive_its_run(bare, plain_host, fault_library):
    bundle = plain_host.bundle(bare)
    run = subprocess.Popen([PROGRAM, *map(str, plain_host.arguments("install", bundle, "-y"))],
                           stdin=subprocess.DEVNULL, env=faulty(fault_library, "checkout hang"))
    until = time.monotonic() + 30
    while not (plain_host.state / "ostree/refs/heads" / (REF + "1")).exists():
        assert time.monotonic() < until
        time.sleep(0.01)
    run.kill()
    run.wait()
    start = time.monotonic()
    plain_host.install(bundle)
    assert time.monotonic() - start < 20
    assert not (checkout(plain_host).parent / "tree.new").exists()
    ostree(plain_host, "fsck")


def test_T5_the_worker_can_reach_nothing_else(bare, plain_host, fault_library, tmp_path):
    plain_host.install(plain_host.bundle(bare))
    note = plain_host.state / "ostree/escape-was-tried"
    install_next(plain_host, bare, env=faulty(
        fault_library, "checkout escape", OSTREE_FAULT_NOTE=str(note),
        OSTREE_FAULT_STATE=str(plain_host.state / "handcarry-test/state.yaml")))
    assert note.exists() and (plain_host.state / "handcarry-test/state.yaml").exists()


def undefined_symbols():
    listing = subprocess.check_output(["nm", "-D", "--undefined-only", PROGRAM], text=True)
    return [line.split()[-1].split("@")[0] for line in listing.splitlines() if "ostree" in line]


def test_T4_no_function_of_static_deltas_is_called():
    found = undefined_symbols()
    assert "ostree_repo_commit_transaction" in found
    assert not [name for name in found if "static_delta" in name or "pull" in name]


def test_T6_no_signature_is_left_to_libostree():
    assert not [name for name in undefined_symbols() if "sign" in name or "gpg" in name]
