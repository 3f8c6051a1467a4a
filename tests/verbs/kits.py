# SPDX-License-Identifier: Apache-2.0
# Copyright The handcarry authors
"""Kits, and roots to install them in that have a shell and nothing else."""
import hashlib
import os
import re
import shutil
import stat
import subprocess
from pathlib import Path

import pytest

from program import MAKER, TOP, handcarry

# The program of the isolated side is not built with sanitizers, as a kit runs anywhere: a build with
# them carries the release build's.
BESIDE = Path(MAKER).parent / "handcarry-host"
HOST = BESIDE if BESIDE.is_file() else TOP / "build/release/handcarry-host"
PROGRAM = () if HOST == BESIDE else ("--program", HOST)
RUN = """\
mount -t proc proc "$0/proc"
exec chroot "$0" "$@"
"""


def require():
    """Skips by name what this machine or this build can not show."""
    if not HOST.is_file():
        pytest.skip("neither this build nor build/release has handcarry-host")
    if os.geteuid() != 0:
        pytest.skip("chroot needs root")
    for program in ("busybox", "dash", "unshare"):
        if shutil.which(program) is None:
            pytest.skip(f"{program} is not installed")


def make(*arguments, **options):
    """A kit, compressed no more than need be."""
    return handcarry("kit", "--level", "1", *PROGRAM, *arguments, **options)


class Shelf:
    """A real kit in both forms, and unpacked."""

    def __init__(self, folder):
        self.script, self.archive = folder / "kit.sh", folder / "kit.tar.zst"
        ran = make("-o", self.archive, "-o", self.script)
        assert ran.returncode == 0, ran.stderr
        subprocess.run(["tar", "--zstd", "-xf", self.archive], cwd=folder, check=True)
        self.folder = next(folder.glob("handcarry-*/"))


@pytest.fixture(scope="session")
def kit_shelf(tmp_path_factory):
    require()
    return Shelf(tmp_path_factory.mktemp("kits"))


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


SAYS = "#!/bin/sh\necho handcarry {}\n"


class Tiny:
    """A kit of a program that only says its version, with the scripts of a real one: for what is
    about the scripts, and would take a second each time with the real content."""

    def __init__(self, folder, real, version):
        """folder is to be made; real is an unpacked kit; version has as many letters as its own."""
        self.version, self.folder = version, folder / f"handcarry-{version}"
        ours = real.name.split("-")[1]
        assert len(ours) == len(version)
        self.loader = re.search(r"^loader=(\S+)$", (real / "install").read_text(), re.M)[1]
        for name in ("install", "uninstall", "handcarry-recover.service"):
            self.put(name, (real / name).read_text().replace(f"version={ours}", f"version={version}"))
        self.put("bin/handcarry", SAYS.format(version))
        self.put(f"lib/{self.loader}", SAYS.format(version))
        self.put("share/man/man1/handcarry-plan.1", f".TH {version}\n")
        for name in ("install", "uninstall", "bin/handcarry", f"lib/{self.loader}"):
            (self.folder / name).chmod(0o755)
        self.seal()

    def put(self, name, text):
        path = self.folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)

    def seal(self):
        names = sorted(str(path.relative_to(self.folder)) for path in self.folder.rglob("*")
                       if path.is_file() and path.name != "SHA256SUMS")
        self.put("SHA256SUMS", "".join(
            f"{hashlib.sha256((self.folder / name).read_bytes()).hexdigest()}  {name}\n" for name in names))

    def script(self, path, real, **values):
        """The self-extracting form: the head of a real one, and other values in it."""
        tar = subprocess.run(["tar", "--owner=0", "--group=0", "-czf", "-", self.folder.name],
                             cwd=self.folder.parent, check=True, capture_output=True).stdout
        at = int(re.search(rb"^payload_at=(\d+)$", real.read_bytes(), re.M)[1])
        head = real.read_bytes()[:at].decode().rstrip("\n")
        values = {"version": self.version, "room": 64, "payload_size": len(tar),
                  "payload_sum": hashlib.sha256(tar).hexdigest(), **values}
        for name, value in values.items():
            head, count = re.subn(rf"(?m)^{name}=.*$", f"{name}={value}", head)
            assert count == 1
        path.write_bytes((head.encode() + b"\n").ljust(at, b"\n") + tar)
        return path
