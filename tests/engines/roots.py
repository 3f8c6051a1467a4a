# SPDX-License-Identifier: Apache-2.0
# Copyright The handcarry authors
"""Where an engine of a certain Debian release comes from: the host itself, or a root made once."""
import os
import shutil
import subprocess
from pathlib import Path

CACHE = Path(os.environ.get("HANDCARRY_TEST_CACHE", "/var/cache/handcarry-tests"))
MIRROR = os.environ.get("HANDCARRY_MIRROR", "http://deb.debian.org/debian")
PACKAGES = "docker.io,iptables,podman,crun"
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


def make(codename, folder):
    """Makes a root with the engines of a Debian release; appears whole or not at all."""
    if shutil.which("debootstrap") is None:
        raise Missing("no debootstrap to make a %s root in %s" % (codename, folder))
    part = folder.with_name(folder.name + ".part")
    shutil.rmtree(part, ignore_errors=True)
    part.parent.mkdir(parents=True, exist_ok=True)
    made = subprocess.run(
        ["debootstrap", "--variant=minbase", "--include=" + PACKAGES, codename, part, MIRROR],
        stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, check=False)
    if made.returncode != 0:
        shutil.rmtree(part, ignore_errors=True)
        last = made.stdout.strip().splitlines()[-1:] or ["no output"]
        raise Missing("debootstrap %s failed: %s" % (codename, last[0]))
    shutil.rmtree(part / "var/cache/apt", ignore_errors=True)
    part.rename(folder)


def root_of(codename, program):
    """The root that holds `program` of a Debian release: "/" where the host is that release and
    has it, else a folder made on first use (HANDCARRY_TRIXIE, HANDCARRY_BOOKWORM name one)."""
    if host_release() == RELEASES[codename]:
        if shutil.which(program) is None:
            raise Missing("%s is not installed on this Debian %s" % (program, RELEASES[codename]))
        return Path("/")
    named = os.environ.get("HANDCARRY_" + codename.upper())
    folder = Path(named) if named else CACHE / codename
    if not (folder / "usr/bin").is_dir():
        make(codename, folder)
    places = [folder / place / program for place in ("usr/bin", "usr/sbin")]
    if not any(place.exists() for place in places):
        raise Missing("%s has no %s" % (folder, program))
    return folder
