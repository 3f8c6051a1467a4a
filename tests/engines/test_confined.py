# SPDX-License-Identifier: Apache-2.0
# Copyright The handcarry authors
"""What the processes of the isolated side keep while they work. The engine looks at them in the
middle of a run: it is asked then, and waits."""
import json
import os
import re
import subprocess
import threading
import time
from pathlib import Path

import pytest

from engines.host import Host, host20  # noqa: F401 pylint: disable=unused-import
from engines.lying import GOOD, LyingEngine
from program import PROGRAM, Terminal, handcarry

PLAYBOOK = False
KEPT = {"CAP_CHOWN": 0, "CAP_DAC_OVERRIDE": 1, "CAP_FOWNER": 3, "CAP_FSETID": 4, "CAP_KILL": 5,
        "CAP_SETGID": 6, "CAP_SETUID": 7, "CAP_SYS_ADMIN": 21, "CAP_SETFCAP": 31}
POWERS = sum(1 << bit for bit in KEPT.values())


def look(pid):
    """What the kernel says of one process."""
    folder = Path("/proc") / str(pid)
    status = dict(line.split(":\t", 1) for line in (folder / "status").read_text().splitlines()
                  if ":\t" in line)
    limits = (folder / "limits").read_text()
    return {"name": status["Name"], "privileges": status["NoNewPrivs"], "seccomp": status["Seccomp"],
            "powers": int(status["CapPrm"], 16), "bound": int(status["CapBnd"], 16),
            "umask": status["Umask"], "core": re.search(r"core file size\s+(\d+)", limits)[1],
            "network": os.readlink(folder / "ns/net"), "owner": (folder / "status").stat().st_uid,
            "open": {int(fd.name): os.readlink(fd) for fd in (folder / "fd").iterdir()}}


def children(pid):
    text = Path(f"/proc/{pid}/task/{pid}/children").read_text()
    return [int(child) for child in text.split()]


class Inspector:
    """Runs a verb on an engine that looks at its processes when it is asked for its info."""

    def __init__(self, folder):
        self.folder = folder
        self.seen, self.pid = None, None
        self.known = threading.Event()

    def answer(self, _line):
        self.known.wait(20)
        self.seen = {"main": look(self.pid)}
        found = [look(child) for child in children(self.pid)]
        end = time.monotonic() + 10
        # One that was only just made has not said its name yet.
        while any(one["name"] == "handcarry" for one in found) and time.monotonic() < end:
            time.sleep(0.02)
            found = [look(child) for child in children(self.pid)]
        self.seen.update((one["name"], one) for one in found)
        return GOOD["GET /info"]

    def run(self, host, verb, *more, **options):
        process = subprocess.Popen([PROGRAM, *map(str, host.arguments(verb, *more))],
                                   stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                                   stderr=subprocess.PIPE, text=True, **options)
        self.pid = process.pid
        self.known.set()
        process.communicate(timeout=60)
        assert self.seen is not None
        return self.seen


@pytest.fixture(name="inspected")
def inspected_fixture(tmp_path):
    inspector = Inspector(tmp_path)
    with LyingEngine(tmp_path, **{"GET /info": inspector.answer}) as engine:
        inspector.host = Host(tmp_path / "host", engine.url)
        yield inspector


def is_confined(process):
    assert process["privileges"] == "1", process
    assert process["seccomp"] == "2", process
    assert process["powers"] & ~POWERS == 0, hex(process["powers"])
    assert process["bound"] & ~POWERS == 0, hex(process["bound"])
    assert process["core"] == "0", process
    assert process["network"] != os.readlink("/proc/self/ns/net"), process


@pytest.fixture(name="kernel", scope="session")
def kernel_fixture(tmp_path_factory):
    """Makes the environment of a kernel with less than this one."""
    made = tmp_path_factory.mktemp("kernel") / "kernel.so"
    subprocess.run(["cc", "-D_GNU_SOURCE", "-shared", "-fPIC", "-O1", "-o", made,
                    Path(__file__).with_name("kernel.c"), "-ldl"], check=True)
    return lambda fault: {**os.environ, "LD_PRELOAD": str(made), "KERNEL_FAULT": fault}


@pytest.mark.parametrize("verb", ["plan", "install", "status", "have"])
def test_the_process_that_reads_the_medium_keeps_few_powers(inspected, release, verb):
    more = [inspected.host.bundle(release)] if verb in ("plan", "install") else []
    more += {"install": ["-y"], "have": ["-o", inspected.folder / "x.have"]}.get(verb, [])
    seen = inspected.run(inspected.host, verb, *more)
    is_confined(seen["main"])
    assert seen["main"]["umask"] == "0022"
    if verb == "install":
        is_confined(seen["tree-server"])
    # What runs playbooks as root must be able to: sudo in a task, the host's network.
    launcher = seen["launcher"]
    assert launcher["network"] == os.readlink("/proc/self/ns/net")
    assert launcher["privileges"] == "0" and launcher["seccomp"] == "0"


def test_120_descriptors_of_the_caller_are_closed_everywhere(inspected, release):
    bundle = inspected.host.bundle(release)
    ours, theirs = os.pipe()
    os.set_inheritable(theirs, True)
    seen = inspected.run(inspected.host, "install", bundle, "-y", pass_fds=[theirs])
    os.close(theirs)
    os.close(ours)
    inode = lambda fds: {name for name in fds.values() if name.startswith("pipe:")}  # noqa: E731
    for name, process in seen.items():
        high = {fd: link for fd, link in process["open"].items() if fd > 2}
        assert not inode(high), (name, high)


def test_120_a_hostile_environment_reaches_nothing(tmp_path, release, inspected):
    """Variables that change programs, libraries and where things lie."""
    trap = tmp_path / "trap"
    trap.mkdir()
    for name in ("ansible-playbook", "docker", "zstd", "sh"):
        (trap / name).write_text("#!/bin/sh\ntouch %s\n" % (tmp_path / "sprung"))
        (trap / name).chmod(0o755)
    hostile = {"PATH": f".:{trap}:", "ANSIBLE_CONFIG": str(trap / "ansible.cfg"),
               "ANSIBLE_LIBRARY": str(trap), "PYTHONPATH": str(trap), "PYTHONSTARTUP": str(trap / "x"),
               "OSTREE_REPO": str(trap), "XDG_CONFIG_HOME": str(trap), "CURL_HOME": str(trap),
               "http_proxy": "http://127.0.0.1:1", "ALL_PROXY": "http://127.0.0.1:1",
               "GIO_EXTRA_MODULES": str(trap), "GIO_USE_VFS": "gvfs", "SSLKEYLOGFILE": str(trap / "k"),
               "TMPDIR": "/nowhere", "HOME": "/nowhere", "IFS": "x", "ENV": str(trap / "x")}
    bundle = inspected.host.bundle(release)
    seen = inspected.run(inspected.host, "plan", bundle, env=hostile, cwd=trap)
    is_confined(seen["main"])
    assert not (tmp_path / "sprung").exists()
    assert sorted(path.name for path in trap.iterdir()) == ["ansible-playbook", "docker", "sh", "zstd"]


def test_what_the_kernel_does_not_give_is_said_in_plan_and_receipt(host20, docker20, release, kernel):
    bundle = host20.bundle(release)
    said = ["this kernel has no landlock (Linux 5.19 and later)", "no network namespace can be made here"]
    full = handcarry(*host20.arguments("plan", bundle))
    assert full.returncode == 0 and not any(line in full.stdout for line in said)
    env = kernel("no-landlock no-namespace")
    plan = handcarry(*host20.arguments("plan", bundle), env=env)
    assert plan.returncode == 0 and all(line in plan.stdout for line in said), plan.stdout
    host20.install(bundle, env=env)
    receipt = json.loads((host20.state / "receipts/000001.json").read_text())
    assert receipt["network"] == "socket filter"
    assert all(any(line in note for note in receipt["notes"]) for line in said)


def test_054_no_process_maps_the_medium(host20, docker20, release, kernel):
    """A medium that is pulled out would end who had it mapped with a signal."""
    bundle = host20.bundle(release)
    release.fields["release"] = 2
    release.write()
    later = host20.bundle(release)
    env = kernel(f"no-map={bundle.name}")
    for ran in (handcarry("verify", bundle, "--deep", "--trust", host20.folder / "trust", env=env),
                handcarry(*host20.arguments("plan", bundle), env=env),
                host20.install(bundle, env=env),
                host20.install(later, "--no-copy", env=env)):
        assert ran.returncode == 0, ran.stderr
    tried = subprocess.run(["python3", "-c", "import mmap, sys; f = open(sys.argv[1]); "
                            "mmap.mmap(f.fileno(), 0, prot=mmap.PROT_READ)", bundle], env=env, check=False, capture_output=True)
    assert tried.returncode == -6, "the trap itself works"


def test_trust_import_keeps_few_powers_while_it_asks(tmp_path):
    made = handcarry("trust", "init", "--no-password", cwd=tmp_path)
    assert made.returncode == 0, made.stderr
    with Terminal("trust", "import", tmp_path / "trust", "--root", tmp_path / "root") as terminal:
        terminal.read_until("ingerprint")
        is_confined(look(terminal.process.pid))
