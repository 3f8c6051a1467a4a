# SPDX-License-Identifier: Apache-2.0
# Copyright The handcarry authors
"""A bare host (tests/bare/host) and its console: lines are typed on a real terminal, and what comes
is what a person sees. tests/bare/type does the same for scripts."""
import fcntl
import os
import pty
import re
import select
import shutil
import signal
import struct
import subprocess
import tempfile
import termios
import time
from pathlib import Path

HOST = Path(__file__).with_name("host")
NEEDED = ("busybox", "dockerd", "curl", "nsenter", "mkfs.ext4")
SECONDS = 300


def missing():
    """Why there can be no bare host here, or None."""
    if os.geteuid() != 0:
        return "a bare host needs root"
    path = os.environ.get("PATH", "") + ":/usr/sbin:/sbin"
    gone = [name for name in NEEDED if shutil.which(name, path=path) is None]
    if not gone and not Path("/dev/loop-control").exists():
        gone = ["/dev/loop-control"]
    return "no %s for a bare host" % ", ".join(gone) if gone else None


def as_seen(text):
    """What a terminal shows in the end: without what a progress bar wrote over."""
    text = re.sub(r"\x1b\[[0-9;?]*[A-Za-z]", "", text.replace("\r\n", "\n"))
    return "\n".join(line.rsplit("\r", 1)[-1] for line in text.split("\n"))


class Typed:
    """One line that was typed: status, said (raw), seen (as_seen of it), seconds."""

    def __init__(self, status, said, seconds):
        self.status, self.said, self.seconds = status, said, seconds
        self.seen = as_seen(said)


def child_of_terminal(command):
    """(process, our end) of a command whose terminal is 80 columns wide."""
    process, ours = pty.fork()
    if process == 0:
        os.execv(command[0], command)
    fcntl.ioctl(ours, termios.TIOCSWINSZ, struct.pack("HHHH", 25, 80, 0, 0))
    return process, ours


def type_line(folder, line, answers=(), show=None):
    """Types a line at the console of the host in folder, and then each answer, a pair of the words
    that ask for it and what is typed. show(bytes) is told what comes as it comes."""
    start = time.monotonic()
    process, ours = child_of_terminal([str(HOST), "in", str(folder), "/bin/sh", "-c", line])
    said, asked, left = b"", 0, list(answers)
    while time.monotonic() < start + SECONDS:
        if not select.select([ours], [], [], 1)[0]:
            continue
        try:
            piece = os.read(ours, 65536)
        except OSError:  # nobody has the other end any more
            piece = b""
        if not piece:
            break
        said += piece
        if show:
            show(piece)
        if left and left[0][0].encode() in said[asked:]:
            asked = len(said)
            os.write(ours, left.pop(0)[1].encode() + b"\n")
    else:
        os.kill(process, signal.SIGKILL)
    os.close(ours)
    status = os.waitstatus_to_exitcode(os.waitpid(process, 0)[1])
    return Typed(status, said.decode("utf-8", "replace"), time.monotonic() - start)


class BareHost:
    """One bare host, running while `with` holds. stick: a folder that `mount /mnt` mounts there."""

    def __init__(self, stick=None, engine=True):
        self.folder = Path(tempfile.mkdtemp(prefix="bare-", dir="/var/tmp"))
        self.command = [HOST, "run", self.folder]
        if stick is not None:
            self.command += ["--stick", stick]
        if not engine:
            self.command.append("--no-engine")
        self.process = None

    def __enter__(self):
        # With this process it ends, whatever ends that.
        self.process = subprocess.Popen(["setpriv", "--pdeathsig", "TERM", *self.command],
                                        stdin=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True)
        while not (self.folder / "pid").exists():
            if self.process.poll() is not None:
                said = self.process.stderr.read()
                shutil.rmtree(self.folder, ignore_errors=True)
                raise RuntimeError("the bare host did not start: " + said)
            time.sleep(0.02)
        return self

    def __exit__(self, *_):
        self.process.terminate()
        self.process.wait(30)
        self.process.stderr.close()
        shutil.rmtree(self.folder, ignore_errors=True)

    @property
    def root(self):
        """Its root folder, seen from here."""
        return Path("/proc", (self.folder / "pid").read_text().strip(), "root")

    def run(self, line, **options):
        """A finished run of a line of shell, without a terminal."""
        options.setdefault("stdin", subprocess.DEVNULL)
        return subprocess.run([HOST, "in", self.folder, "/bin/sh", "-c", line], capture_output=True,
                              text=True, check=False, timeout=SECONDS, **options)

    def type(self, line, *answers):
        """The same typed at its console, with a terminal; see type_line."""
        return type_line(self.folder, line, answers)
