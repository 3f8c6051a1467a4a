# SPDX-License-Identifier: Apache-2.0
# Copyright The handcarry authors
"""Root file systems of several distributions, to install a kit in; each is made once."""
import shutil
import subprocess
import tempfile
from pathlib import Path

import kits
from engines.roots import CACHE, MIRROR, Missing, alone, builder_root, host_release, run

# busybox linked with musl, from this Debian's source; without what needs headers that are not there.
MUSL = """\
cd "$0"
printf 'deb-src %s %s main\\n' "$1" "$2" >src.list
mkdir -p lists/partial source/kernel
apt="apt-get -q -o Dir::Etc::SourceList=$0/src.list -o Dir::Etc::SourceParts=/dev/null
    -o Dir::State::lists=$0/lists"
$apt update
$apt source --download-only busybox
tar -xf busybox_*.orig.tar.* -C source --strip-components=1
cd source
ln -s /usr/include/linux /usr/include/asm-generic /usr/include/mtd \\
    "/usr/include/$(uname -m)-linux-gnu/asm" kernel
make defconfig
sed -i -E 's/^(CONFIG_(TC|FEATURE_[UW]TMP|NAND.*|UBI.*|FLASH.*|SELINUX|PAM))=y/# \\1 is not set/' .config
(yes '' || true) | make oldconfig
make -j2 CC=musl-gcc CONFIG_EXTRA_CFLAGS="-idirafter $PWD/kernel" busybox
"""
CODENAMES = {"12": "bookworm", "13": "trixie"}


def debian(codename):
    """The cached root of a Debian release."""
    if codename in CODENAMES.values():
        return builder_root(codename)
    folder = CACHE / ("kit-" + codename)
    with alone(folder):
        if not (folder / "usr/bin").is_dir():
            part = folder.with_name(folder.name + ".part")
            shutil.rmtree(part, ignore_errors=True)
            run(["debootstrap", "--variant=minbase", codename, part, MIRROR], "debootstrap " + codename)
            part.rename(folder)
    return folder


def musl():
    """A cached root with musl as its only C library, and a busybox linked with it."""
    folder = CACHE / "kit-musl"
    loader = next(iter(Path("/lib").glob("ld-musl-*.so.1")), None)
    if loader is None or shutil.which("musl-gcc") is None:
        raise Missing("musl and musl-tools are not installed")
    if host_release() not in CODENAMES:
        raise Missing("only Debian's source of busybox is known here")
    with alone(folder):
        if not (folder / "bin/busybox").exists():
            part = folder.with_name(folder.name + ".part")
            shutil.rmtree(part, ignore_errors=True)
            for name in ("bin", "lib", "dev", "proc", "tmp", "etc", "var/lib", "root"):
                (part / name).mkdir(parents=True)
            with tempfile.TemporaryDirectory() as work:
                run(["sh", "-euc", MUSL, work, MIRROR, CODENAMES[host_release()]], "busybox with musl")
                shutil.copy(Path(work) / "source/busybox", part / "bin/busybox")
            shutil.copy(loader, part / "lib" / loader.name)
            run(["chroot", part, "/bin/busybox", "--install", "-s", "/bin"], "busybox with musl")
            part.rename(folder)
    return folder


class Overlaid:
    """A root over another that stays as it is; `with` mounts it."""

    def __init__(self, lower):
        self.lower = lower

    def __enter__(self):
        self.folder = Path(tempfile.mkdtemp(prefix="kit-root-", dir="/var/tmp"))
        self.path = self.folder / "root"
        for name in ("upper", "work", "root"):
            (self.folder / name).mkdir()
        options = "lowerdir=%s,upperdir=%s/upper,workdir=%s/work" % (self.lower, self.folder, self.folder)
        subprocess.run(["mount", "-t", "overlay", "overlay", "-o", options, self.path], check=True)
        for name in ("stick", "dev", "var/tmp"):
            (self.path / name).mkdir(parents=True, exist_ok=True)
        if not (self.path / "dev/null").exists():
            subprocess.run(["mknod", "-m", "666", self.path / "dev/null", "c", "1", "3"], check=True)
        return self

    def __exit__(self, *_):
        subprocess.run(["umount", "--lazy", self.path], check=True)
        shutil.rmtree(self.folder)

    def run(self, *command, before=(), env=None):
        """The finished run of a command in it, with /proc and an empty input; `before` is what starts
        it from outside, strace for instance."""
        return subprocess.run([*before, "unshare", "--mount", "--propagation", "private", "sh", "-euc",
                               kits.RUN, self.path, *command], capture_output=True, text=True,
                              timeout=120, check=False, stdin=subprocess.DEVNULL,
                              env={"PATH": "/usr/sbin:/usr/bin:/sbin:/bin", **(env or {})})
