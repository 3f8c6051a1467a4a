# SPDX-License-Identifier: Apache-2.0
# Copyright The handcarry authors
"""A host that releases are carried to: its root folder, its keys and its runs."""
import hashlib
import json
import os
import subprocess
import tempfile
from pathlib import Path

import pytest

from program import PROGRAM, handcarry


def believe(root, trust):
    """What a person does once on a host: imports the trust root, whose fingerprint is on paper."""
    value = hashlib.sha256((Path(trust) / "1.root.yaml").read_bytes()).hexdigest()
    ran = handcarry("trust", "import", trust, "--root", root, "--fingerprint", value)
    assert ran.returncode == 0, ran.stderr


class Host:
    """Runs the verbs of the isolated side on one engine's socket and one folder."""

    def __init__(self, folder, url):
        self.folder = Path(folder)
        self.root = self.folder / "root"
        self.url = url
        self.state = self.root / "var/lib/handcarry"
        self.etc = self.root / "etc/handcarry"
        self.folder.mkdir()
        made = handcarry("trust", "init", "--trust", self.folder / "trust", "--keys",
                         self.folder / "keys", "--no-password")
        assert made.returncode == 0, made.stderr
        believe(self.root, self.folder / "trust")

    def bundle(self, release, **options):
        """Packs the release folder as it is; the path of the bundle."""
        output = Path(tempfile.mkdtemp(dir=self.folder)) / "bundle.tar.zst"
        more = [f"--{key}={value}" for key, value in options.items()]
        # Without an ansible-playbook in PATH nothing checks its syntax: half a second a bundle.
        made = handcarry("bundle", release.folder / "release.yaml", "-o", output, "--trust",
                         self.folder / "trust", "--sign", self.folder / "keys/release.key", *more,
                         env={**os.environ, "PATH": str(self.folder)})
        assert made.returncode == 0, made.stderr
        return output

    def arguments(self, verb, *more):
        return [verb, "--root", self.root, "--engine", self.url, *more]

    def plan(self, bundle, *more):
        """(exit status, the plan as an object)"""
        ran = handcarry(*self.arguments("plan", bundle, "--json", *more))
        return ran.returncode, json.loads(ran.stdout) if ran.stdout else None

    def install(self, bundle, *more, status=0, **options):
        ran = handcarry(*self.arguments("install", bundle, "-y", *more), **options)
        assert status in (ran.returncode, None), ran.stdout + ran.stderr
        return ran

    def start(self, bundle, *more):
        """An install that goes on beside the test."""
        return subprocess.Popen([PROGRAM, *map(str, self.arguments("install", bundle, "-y", *more))],
                                stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                                stderr=subprocess.PIPE, text=True)

    def status(self):
        ran = handcarry(*self.arguments("status", "--json"))
        assert ran.returncode == 0, ran.stderr
        return json.loads(ran.stdout)

    def values(self, product, text, mode=0o600):
        path = self.etc / "values" / (product + ".yaml")
        path.parent.mkdir(exist_ok=True)
        path.write_text(text)
        path.chmod(mode)


def steps(plan, kind):
    """{subject: step} of one kind."""
    return {step["subject"]: step for step in plan["steps"] if step["kind"] == kind}


@pytest.fixture
def host(tmp_path, engine):
    """A host on each engine in turn."""
    return Host(tmp_path / "host", engine.url)


@pytest.fixture
def host20(tmp_path, docker20):
    """A host on Docker 20.10, for what does not depend on the engine."""
    return Host(tmp_path / "host", docker20.url)
