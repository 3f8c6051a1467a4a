# SPDX-License-Identifier: Apache-2.0
# Copyright The handcarry authors
"""Where an engine of a certain Debian release comes from: the host itself, or a root made once."""
import contextlib
import fcntl
import os
import shutil
import subprocess
from pathlib import Path

CACHE = Path(os.environ.get("HANDCARRY_TEST_CACHE", "/var/cache/handcarry-tests"))
MIRROR = os.environ.get("HANDCARRY_MIRROR", "http://deb.debian.org/debian")
PACKAGES = ["docker.io", "iptables", "podman", "crun", "docker-compose"]
NEEDED = ["libostree-1-1", "libjson-glib-1.0-0", "libseccomp2", "libsodium23", "libyaml-0-2", "libzstd1",
          "libdivsufsort3", "libqrencode4", "git", "faketime"]
BUILDER = {"bookworm": ["libarchive13", "libcurl3-gnutls", "libelf1", "libssl3", *NEEDED],
           "trixie": ["libarchive13t64", "libcurl3t64-gnutls", "libelf1t64", "libssl3t64", *NEEDED]}
INSTALL = """\
mount -t proc proc "$0/proc"
mount --rbind /dev "$0/dev"
export DEBIAN_FRONTEND=noninteractive LC_ALL=C
chroot "$0" apt-get -q update
chroot "$0" apt-get -q -y --no-install-recommends install "$@"
"""
RELEASES = {"bookworm": "12", "trixie": "13"}


class Missing(Exception):
    """An engine can not be had here; the text says why."""


def host_release():
    """VERSION_ID where the host is Debian, else None."""
    try:
        lines = Path("/etc/os-release").read_text().splitlines()
    except OSError:
        return None
    fields = dict(line.split("=", 1) for line in lines if "=" in line)
    if fields.get("ID", "").strip('"') != "debian":
        return None
    return fields.get("VERSION_ID", "").strip('"')


def run(command, what):
    """Runs one step of making a root; Missing with its last line where it fails."""
    ran = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                         stdin=subprocess.DEVNULL, text=True, check=False)
    if ran.returncode != 0:
        last = ran.stdout.strip().splitlines()[-1:] or ["no output"]
        raise Missing("%s failed: %s" % (what, last[0]))


@contextlib.contextmanager
def alone(folder):
    """Two runs of the tests may want the same root at once: the second waits for the first's."""
    folder.parent.mkdir(parents=True, exist_ok=True)
    with folder.with_name(folder.name + ".lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def make(codename, folder, packages=tuple(PACKAGES)):
    """Makes a root with these packages of a Debian release; appears whole or not at all. apt installs
    them, as debootstrap --include does not order what they depend on: Debian 13's fails on
    Debian 12's podman."""
    if shutil.which("debootstrap") is None:
        raise Missing("no debootstrap to make a %s root in %s" % (codename, folder))
    part = folder.with_name(folder.name + ".part")
    shutil.rmtree(part, ignore_errors=True)
    try:
        run(["debootstrap", "--variant=minbase", codename, part, MIRROR], "debootstrap " + codename)
        (part / "usr/sbin/policy-rc.d").write_text("#!/bin/sh\nexit 101\n")
        (part / "usr/sbin/policy-rc.d").chmod(0o755)
        shutil.copyfile("/etc/resolv.conf", part / "etc/resolv.conf")
        run(["unshare", "--mount", "--propagation", "private", "sh", "-euc", INSTALL, part,
             *packages], "apt-get in a %s root" % codename)
    except Missing:
        shutil.rmtree(part, ignore_errors=True)
        raise
    shutil.rmtree(part / "var/cache/apt", ignore_errors=True)
    part.rename(folder)


def builder_root(codename):
    """A root without any engine, with what the program itself needs and git; made on first use."""
    folder = CACHE / ("builder-" + codename)
    with alone(folder):
        if not (folder / "usr/bin").is_dir():
            make(codename, folder, BUILDER[codename])
    return folder


def root_of(codename, program):
    """The root that holds `program` of a Debian release: "/" where the host is that release and
    has it, else a folder made on first use (HANDCARRY_TRIXIE, HANDCARRY_BOOKWORM name one)."""
    if host_release() == RELEASES[codename]:
        if shutil.which(program) is None:
            raise Missing("%s is not installed on this Debian %s" % (program, RELEASES[codename]))
        return Path("/")
    named = os.environ.get("HANDCARRY_" + codename.upper())
    folder = Path(named) if named else CACHE / codename
    with alone(folder):
        if not (folder / "usr/bin").is_dir():
            make(codename, folder)
    places = [folder / place / program for place in ("usr/bin", "usr/sbin")]
    if not any(place.exists() for place in places):
        raise Missing("%s has no %s" % (folder, program))
    return folder
