# SPDX-License-Identifier: Apache-2.0
# Copyright The handcarry authors
"""A bundle that verify takes, for tests that change it."""
import pytest

from engines.images import noise
from engines.release import Release
from program import handcarry


def run(*arguments, status=0, **options):
    done = handcarry(*arguments, **options)
    assert done.returncode == status, (arguments, done.stdout, done.stderr)
    return done.stdout + done.stderr


class Made:
    """A signed bundle, the trust it is verified with, and its release folder."""

    def __init__(self, folder):
        self.folder = folder
        self.release = Release(folder / "release")
        self.release.put("playbooks/files/big", noise(5, 70_000))
        yaml = self.release.write()
        run("trust", "init", "--no-password", cwd=folder)
        self.trust, self.key = folder / "trust", folder / "release.key"
        self.path = folder / "b.tar.zst"
        run("bundle", yaml, "-o", self.path, "--sign", self.key, "--trust", self.trust)
        self.data = self.path.read_bytes()

    def verify(self, path, *options, status=0, trust=None):
        return run("verify", path, "--trust", trust or self.trust, *options, status=status)


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    return Made(tmp_path_factory.mktemp("verify"))
