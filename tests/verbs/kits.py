# SPDX-License-Identifier: Apache-2.0
# Copyright The handcarry authors
"""Kits, and roots to install them in that have a shell and nothing else."""
import os
import re
import shutil
import stat
import subprocess
from pathlib import Path

import pytest

from program import MAKER, handcarry

# The program of the isolated side is not built with sanitizers: a kit is what runs anywhere.
HOST = Path(MAKER).parent / "handcarry-host"
RUN = """\
mount -t proc proc "$0/proc"
exec chroot "$0" "$@"
"""


def require():
    """Skips by name what this machine or this build can not show."""
    if not HOST.is_file():
        pytest.skip("handcarry-host is not built here (a build with sanitizers has none)")
    if os.geteuid() != 0:
        pytest.skip("chroot needs root")
    for program in ("busybox", "dash", "unshare"):
        if shutil.which(program) is None:
            pytest.skip(f"{program} is not installed")


def make(*arguments, **options):
    """A kit, compressed no more than need be."""
    return handcarry("kit", "--level", "1", *arguments, **options)


class Root:
    """A root file system with busybox, and dash as its shell where that is wanted."""

    def __init__(self, path, shell="ash"):
        self.path = path
        for folder in ("bin", "dev", "proc", "stick", "tmp", "root", "etc", "var/lib"):
            (path / folder).mkdir(parents=True)
        os.mknod(path / "dev/null", 0o666 | stat.S_IFCHR, os.makedev(1, 3))
        os.chmod(path / "dev/null", 0o666)
        shutil.copy(shutil.which("busybox"), path / "bin/busybox")
        subprocess.run(["chroot", path, "/bin/busybox", "--install", "-s", "/bin"], check=True)
        if shell == "dash":
            (path / "bin/sh").unlink()
            shutil.copy(shutil.which("dash"), path / "bin/sh")
            libraries = subprocess.run(["ldd", shutil.which("dash")], capture_output=True, text=True,
                                       check=True).stdout
            for library in re.findall(r"(/\S+\.so\S*)", libraries):
                (path / library[1:]).parent.mkdir(parents=True, exist_ok=True)
                shutil.copy(library, path / library[1:])

    def run(self, *command, **options):
        """The finished run of a command in it, with /proc and an empty input."""
        options.setdefault("stdin", subprocess.DEVNULL)
        return subprocess.run(["unshare", "--mount", "--propagation", "private", "sh", "-euc", RUN,
                               str(self.path), *command], capture_output=True, text=True,
                              timeout=120, check=False, env={"PATH": "/usr/sbin:/usr/bin:/sbin:/bin"}, **options)

    def start(self, *command):
        """The same, going on; in a process group of its own."""
        return subprocess.Popen(["unshare", "--mount", "--propagation", "private", "sh", "-euc", RUN,
                                 str(self.path), *command], env={"PATH": "/usr/sbin:/usr/bin:/sbin:/bin"},
                                stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
                                stderr=subprocess.DEVNULL, start_new_session=True)

    def files(self, below="."):
        """Everything there, with what it leads to or holds."""
        found = {}
        for path in sorted((self.path / below).rglob("*")):
            name = str(path.relative_to(self.path))
            if path.is_symlink():
                found[name] = "-> " + os.readlink(path)
            elif path.is_file():
                found[name] = (path.stat().st_mode & 0o7777, path.stat().st_size)
            else:
                found[name] = path.lstat().st_mode & 0o7777
        return found


def older(folder, version):
    """Makes of an unpacked kit one of another version (as many letters): for upgrades."""
    ours = re.search(r"^version=(\S+)$", (folder / "install").read_text(), re.M)[1]
    assert len(ours) == len(version)
    for name in ("install", "uninstall", "bin/handcarry", "handcarry-recover.service"):
        path = folder / name
        path.write_bytes(path.read_bytes().replace(ours.encode(), version.encode()))
    names = [line.split()[1] for line in (folder / "SHA256SUMS").read_text().splitlines()]
    sums = subprocess.run(["sha256sum", *names], cwd=folder, check=True, capture_output=True).stdout
    (folder / "SHA256SUMS").write_bytes(sums)
