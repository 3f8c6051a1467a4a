# SPDX-License-Identifier: Apache-2.0
# Copyright The handcarry authors
"""The process that decodes a bundle's content during an install: what it may, and what becomes of
the install where it ends."""
import os
import signal
from pathlib import Path

import pytest

from engines.host import Host
from engines.images import Image, Layer, noise
from engines.lying import LyingEngine

PLAYBOOK = False
# More than waits in pipes and queues: it is still reading when the engine is asked to load.
LAYER_BYTES = 24 * 1024 * 1024


def readers(bundle):
    """The processes that read this bundle."""
    found = []
    for folder in Path("/proc").glob("[0-9]*"):
        try:
            if (folder / "comm").read_text() == "bundle-reader\n" and any(
                    os.readlink(fd) == str(bundle) for fd in (folder / "fd").iterdir()):
                found.append(folder)
        except OSError:
            continue
    return found


def status_of(process):
    lines = (process / "status").read_text().splitlines()
    return dict(line.split(":\t", 1) for line in lines if ":\t" in line)


class Install:
    """An install on an engine that looks at the reader when it is asked to load the first image."""

    def __init__(self, folder, docker, release, action):
        first = release.images[0]
        large = Layer().file("large", noise(7, LAYER_BYTES))
        release.images[0] = Image(first.name, first.layers + [large])
        release.write()
        self.docker, self.action, self.seen = docker, action, []
        self.liar = LyingEngine(folder, real=docker.url.removeprefix("unix://"),
                                **{"POST /images/load": self.look})
        self.host = Host(folder / "host", self.liar.url)
        self.bundle = self.host.bundle(release)

    def look(self, _):
        if not self.seen:
            self.seen = readers(self.bundle)
            self.action(self.seen[0])

    def run(self, status=0):
        with self.liar:
            ran = self.host.install(self.bundle, status=status)
        assert len(self.seen) == 1
        return ran


def test_it_is_nobody_and_holds_nothing_else(tmp_path, docker20, release):
    noted = {}

    def note(process):
        noted.update(status_of(process))
        noted["fds"] = sorted(os.readlink(fd) for fd in (process / "fd").iterdir())
        noted["limits"] = (process / "limits").read_text()

    run = Install(tmp_path, docker20, release, note)
    run.run()
    assert noted["Uid"] == noted["Gid"] == "\t".join(["65534"] * 4)
    assert noted["Groups"].strip() == ""
    assert noted["CapEff"] == noted["CapPrm"] == "0" * 16
    assert (noted["NoNewPrivs"], noted["Seccomp"]) == ("1", "2")
    names = [name.split(":")[0] for name in noted["fds"]]
    assert names.count("/dev/null") == 3 and names.count("socket") == 1
    rest = [name for name in noted["fds"] if name != "/dev/null" and not name.startswith("socket:")]
    assert [name for name in rest if not name.endswith(" (deleted)")] == sorted([
        str(run.bundle), str(run.host.state / "handcarry-test/frames-r1")])
    assert all(name.startswith(str(run.host.state)) for name in rest if name.endswith(" (deleted)"))
    core = next(line for line in noted["limits"].splitlines() if line.startswith("Max core file"))
    assert core.split()[4:6] == ["0", "0"]


@pytest.mark.parametrize("number, status, said", [
    (signal.SIGKILL, 1, "was killed (signal 9) while reading layer sha256:"),
    (signal.SIGSEGV, 3, "was ended by signal 11"),
], ids=["killed", "crashed"])
def test_its_end_ends_the_install_before_the_switch(tmp_path, docker20, release, number, status, said):
    run = Install(tmp_path, docker20, release, lambda process: os.kill(int(process.name), number))
    before = docker20.images()
    ran = run.run(status=status)
    assert said in ran.stderr and str(run.bundle) in ran.stderr
    assert docker20.images() == before
    assert not (run.host.state / "handcarry-test/current").exists()
    assert not (run.host.state / "journal").exists()
    assert not any(release.target.iterdir())
    assert not readers(run.bundle)
    run.host.url = docker20.url
    run.host.install(run.bundle)
