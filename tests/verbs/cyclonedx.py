# SPDX-License-Identifier: Apache-2.0
# Copyright The handcarry authors
"""The official JSON schema of CycloneDX 1.7, as its library for JavaScript carries it: fetched once
with npm, whose bytes must be the pinned ones, and kept beside the other things that tests fetch."""
import base64
import fcntl
import hashlib
import json
import os
import pathlib
import shutil
import subprocess
import tarfile

import pytest

CACHE = pathlib.Path(os.environ.get("HANDCARRY_TEST_CACHE", "/var/cache/handcarry-tests"))
PACKAGE = "@cyclonedx/cyclonedx-library@10.3.0"
FILE = "cyclonedx-cyclonedx-library-10.3.0.tgz"
SHA512 = "RIT28sp1U0PCHaaeF3yNRwk6Jig/XJ8UsYAVOMYaHQ+0VVOvsjcp0PTWQFLUqJFF8XMud+Kdq6G+wtDAh+QJFA=="
NAMES = ("bom-1.7", "spdx", "jsf-0.82", "cryptography-defs")


def is_pinned(path):
    return path.exists() and base64.b64encode(hashlib.sha512(path.read_bytes()).digest()).decode() == SHA512


def fetch(path):
    """Whether the pinned bytes are there; two runs beside each other fetch once."""
    with open(path.with_suffix(".lock"), "w", encoding="utf-8") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not is_pinned(path) and shutil.which("npm"):
            subprocess.run(["npm", "pack", "--silent", "--pack-destination", path.parent, PACKAGE], check=False,
                           timeout=120, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
                           stderr=subprocess.DEVNULL)
    return is_pinned(path)


def schemas():
    """{name: schema}; the test is skipped where they cannot be had."""
    try:
        CACHE.mkdir(parents=True, exist_ok=True)
        there = fetch(CACHE / FILE)
    except (OSError, subprocess.TimeoutExpired) as error:
        pytest.skip("CycloneDX's schema: %s" % error)
    if not there:
        pytest.skip("CycloneDX's schema is not in %s, and npm cannot fetch it" % CACHE)
    with tarfile.open(CACHE / FILE) as archive:
        return {name: json.load(archive.extractfile("package/res/schema/%s.SNAPSHOT.schema.json" % name))
                for name in NAMES}


def validator():
    jsonschema = pytest.importorskip("jsonschema", reason="python3-jsonschema is not installed")
    known = schemas()
    store = {"http://cyclonedx.org/schema/%s.SNAPSHOT.schema.json" % name: known[name] for name in NAMES}
    resolver = jsonschema.RefResolver(known["bom-1.7"]["$id"], known["bom-1.7"], store=store)
    return jsonschema.Draft7Validator(known["bom-1.7"], resolver=resolver,
                                      format_checker=jsonschema.FormatChecker())
