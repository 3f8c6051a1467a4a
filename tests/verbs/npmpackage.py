# SPDX-License-Identifier: Apache-2.0
# Copyright The handcarry authors
"""Packages of npm that tests look into: fetched once, whose bytes must be the pinned ones, and kept
beside the other things that tests fetch."""
import base64
import fcntl
import hashlib
import os
import pathlib
import shutil
import subprocess

import pytest

CACHE = pathlib.Path(os.environ.get("HANDCARRY_TEST_CACHE", "/var/cache/handcarry-tests"))


def is_pinned(path, sha512):
    return path.exists() and base64.b64encode(hashlib.sha512(path.read_bytes()).digest()).decode() == sha512


def fetch(path, package, sha512):
    """Whether the pinned bytes are there; two runs beside each other fetch once."""
    with open(path.with_suffix(".lock"), "w", encoding="utf-8") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not is_pinned(path, sha512) and shutil.which("npm"):
            subprocess.run(["npm", "pack", "--silent", "--pack-destination", path.parent, package], check=False,
                           timeout=120, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
                           stderr=subprocess.DEVNULL)
    return is_pinned(path, sha512)


def npm_package(package, sha512):
    """The archive of "[@SCOPE/]NAME@VERSION"; the test is skipped where it cannot be had."""
    path = CACHE / (package.lstrip("@").replace("/", "-").replace("@", "-") + ".tgz")
    try:
        CACHE.mkdir(parents=True, exist_ok=True)
        there = fetch(path, package, sha512)
    except (OSError, subprocess.TimeoutExpired) as error:
        pytest.skip(f"{package}: {error}")
    if not there:
        pytest.skip(f"{package} is not in {CACHE}, and npm cannot fetch it")
    return path
