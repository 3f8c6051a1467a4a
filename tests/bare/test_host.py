# SPDX-License-Identifier: Apache-2.0
# Copyright The handcarry authors
"""The bare host is as bare as it says, and leaves nothing behind, whatever ends it."""
import os
import signal
import time
from pathlib import Path

import pytest

from bare.console import BareHost, as_seen, missing
from engines import api

pytestmark = pytest.mark.skipif(missing() is not None, reason=str(missing()))
ABSENT = ("apt", "apt-get", "python3", "perl", "ansible-playbook", "docker", "zstd", "minisign",
          "curl", "bash", "systemctl")


@pytest.fixture(scope="module")
def bare(tmp_path_factory):
    stick = tmp_path_factory.mktemp("stick")
    (stick / "note").write_text("carried\n")
    with BareHost(stick) as host:
        yield host


def test_host_has_busybox_and_an_engine_alone(bare):
    found = bare.run("for name in %s; do command -v $name; done; ls /usr/lib" % " ".join(ABSENT))
    assert found.stdout == ""
    info = api.call_json(bare.root / "run/docker.sock", "GET", "/info")
    assert (info["Driver"], info["Containers"]) == ("overlay2", 0)
    assert bare.run("ip -o link | wc -l; hostname").stdout.split() == ["1", "ws-3"]


def test_stick_is_mounted_to_be_read_only(bare):
    assert bare.type("cat /mnt/note").status != 0
    assert bare.type("mount /mnt && cat /mnt/note").seen == "carried\n"
    assert bare.type("touch /mnt/other").status != 0


def test_console_is_a_terminal(bare):
    typed = bare.type("tty && stty size && read -p 'name? ' a && read -p 'again? ' b && echo $b$a; "
                      "exit 7", ("name?", "one"), ("again?", "two"))
    assert typed.status == 7 and "25 80" in typed.seen and typed.seen.endswith("twoone\n"), typed.said
    assert as_seen("a\x1b[K\r\n10 %\r90 %\rdone\r\n") == "a\ndone\n"


@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGTERM])
def test_nothing_is_left_of_a_host_that_is_killed(tmp_path, number):
    with BareHost(engine=False) as host:
        assert not list(host.root.glob("lib*")) and not (host.root / "usr/bin/dockerd").exists()
        first = int((host.folder / "pid").read_text())
        device = host.run("df / | tail -n 1").stdout.split()[0]
        backing = Path("/sys/block", Path(device).name, "loop/backing_file")
        assert str(host.folder) in backing.read_text()
        os.kill(host.process.pid, number)
        end = time.monotonic() + 10
        while time.monotonic() < end and (os.path.exists("/proc/%d" % first) or (
                backing.exists() and str(host.folder) in backing.read_text())):
            time.sleep(0.02)
        assert not os.path.exists("/proc/%d" % first)
        assert not backing.exists() or str(host.folder) not in backing.read_text()
        assert str(host.folder) not in Path("/proc/mounts").read_text()
        assert {path.name for path in host.folder.iterdir()} == {"log", "pid", "root"}
