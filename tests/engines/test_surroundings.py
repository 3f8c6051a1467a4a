# SPDX-License-Identifier: Apache-2.0
# Copyright The handcarry authors
"""What lies around an install and is not as it should be: the engine's own store and socket, the
memory, the environment, the user."""
import os
import shutil
import subprocess
from pathlib import Path

import pytest

from engines.host import Host, host20  # noqa: F401 pylint: disable=unused-import
from engines.images import Image, Layer, noise
from engines.lying import Change, LyingEngine
from program import PROGRAM, handcarry

MEMORY = Path("/sys/fs/cgroup")


def test_102_a_broken_folder_of_a_layer_is_named(host20, docker20, release):
    """moby 44909: what an interrupted load left makes every later load of that layer fail."""
    layer = release.images[0].layers[0].diff_id()[7:]
    left = docker20.data_root / "image/overlay2/layerdb/sha256" / layer
    left.mkdir(parents=True)
    (left / "left").write_text("over")
    bundle = host20.bundle(release)
    ran = host20.install(bundle, status=7)
    assert layer in ran.stderr and "layerdb" in ran.stderr
    assert docker20.images() == {} and host20.status()["products"] == []
    shutil.rmtree(left)
    host20.install(bundle)


def test_103_another_store_or_another_engine_is_named_first(host20, docker20, release, tmp_path):
    release.playbooks = []
    release.write()
    bundle = host20.bundle(release)
    host20.install(bundle)

    def containerd(info):
        return {**info, "Driver": "overlayfs",
                "DriverStatus": [["driver-type", "io.containerd.snapshotter.v1"]]}

    changes = {"store was graphdriver, now containerd": containerd,
               "the engine is another one": lambda info: {**info, "ID": "ANOTHER"}}
    for said, change in changes.items():
        with LyingEngine(tmp_path, real=docker20.socket, **{"GET /info": Change(change)}) as between:
            host20.url = between.url
            assert any(said in note for note in host20.plan(bundle)[1]["notes"])


def test_106_a_link_or_the_socket_of_somebody_else_is_not_asked(tmp_path, release):
    with LyingEngine(tmp_path) as engine:
        host = Host(tmp_path / "host", engine.url)
        bundle = host.bundle(release)
        link = tmp_path / "link.sock"
        link.symlink_to(engine.socket)
        host.url = "unix://%s" % link
        assert "is not a socket" in host.install(bundle, status=7).stderr
        host.url = engine.url
        os.chown(engine.socket, 65534, 65534)
        assert "belongs to user 65534" in host.install(bundle, status=7).stderr
        assert engine.asked == []


def test_119_odd_surroundings_change_nothing(host20, docker20, release, tmp_path):
    """TMPDIR on something that cannot be written, no mask, no stdin, a language that writes i and I
    otherwise."""
    bundle = host20.bundle(release)
    stick = tmp_path / "stick"
    stick.mkdir()
    subprocess.run(["mount", "-t", "tmpfs", "-o", "ro,noexec", "tmpfs", stick], check=True)
    environment = {**os.environ, "TMPDIR": str(stick), "LANG": "tr_TR.UTF-8", "LC_ALL": "tr_TR.UTF-8"}

    def odd():
        os.umask(0)
        os.close(0)

    try:
        ran = subprocess.run([PROGRAM, *map(str, host20.arguments("install", bundle, "-y"))],
                             env=environment, preexec_fn=odd, capture_output=True, text=True,
                             check=False)
    finally:
        subprocess.run(["umount", stick], check=True)
    assert ran.returncode == 0, ran.stdout + ran.stderr
    open_to_all = [path for path in [*host20.root.rglob("*"), *release.target.rglob("*")]
                   if not path.is_symlink() and path.stat().st_mode & 0o022]
    assert open_to_all == []


def test_120_a_plain_user_installs_nothing(host20, docker20, release):
    bundle = host20.bundle(release)
    for path in [bundle, *bundle.parents]:
        if str(path) not in ("/", "/tmp"):
            path.chmod(path.stat().st_mode | 0o055)
    before = sorted(host20.root.rglob("*"))
    command = ["setpriv", "--reuid", "65534", "--regid", "65534", "--clear-groups", PROGRAM]
    ran = subprocess.run([*command, *map(str, host20.arguments("install", bundle, "-y"))],
                         stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False)
    assert ran.returncode == 1 and "only root may" in ran.stderr, ran.stderr
    assert sorted(host20.root.rglob("*")) == before and docker20.images() == {}


def memory_group(name, size):
    """A control group of the second kind, or of the first one, that allows so many bytes."""
    first = MEMORY / "memory"
    folder = (first if first.is_dir() else MEMORY) / name
    try:
        folder.mkdir()
        (folder / ("memory.limit_in_bytes" if first.is_dir() else "memory.max")).write_text(str(size))
    except OSError as error:
        pytest.skip("no control group of memory here: %s" % error)
    return folder


def run_with(group, command):
    """A run whose memory is limited."""
    def enter():
        (group / "cgroup.procs").write_text(str(os.getpid()))

    return subprocess.run([PROGRAM, *map(str, command)], stdin=subprocess.DEVNULL, preexec_fn=enter,
                          capture_output=True, text=True, check=False)


def test_121_with_64_mib_of_memory(host20, docker20, release):
    """What has small frames is installed. A frame whose window alone is larger ends the run as a kill
    does: the host is the old one."""
    release.playbooks = []
    release.write()
    small = host20.bundle(release)
    layer = Layer().file("big", noise(1, 100 << 20))
    release.fields.update(release=2, version="2.0.0")
    release.images = [Image("handcarry-test/big:1", [release.images[0].layers[0], layer])]
    release.write()
    big = host20.bundle(release)
    group = memory_group("handcarry-%d" % os.getpid(), 64 << 20)
    try:
        ran = run_with(group, host20.arguments("install", small, "-y"))
        assert ran.returncode == 0, ran.stdout + ran.stderr
        before = docker20.images()
        assert run_with(group, host20.arguments("install", big, "-y")).returncode == -9
        assert run_with(group, host20.arguments("recover")).returncode == 0
    finally:
        group.rmdir()
    assert docker20.images() == before and host20.status()["products"][0]["release"] == 1
    host20.install(big)
