# SPDX-License-Identifier: Apache-2.0
# Copyright The handcarry authors
"""The smallest example is packed and installed as it lies there; quickstart.sh runs the other."""
import shutil
import subprocess
from pathlib import Path

import pytest

from engines.host import Host
from program import handcarry

EXAMPLES = Path(__file__).resolve().parents[2] / "examples"
TARGET = Path("/etc/minimal")


@pytest.mark.parametrize("name", ["minimal", "plant-hmi"])
def test_example_has_no_mistake(name):
    ran = handcarry("lint", EXAMPLES / name / "release.yaml", "--strict")
    assert ran.returncode == 0, ran.stdout + ran.stderr


def test_minimal_example_is_installed(docker20, tmp_path):
    if TARGET.exists():
        pytest.skip("%s is there already" % TARGET)
    subprocess.run([EXAMPLES / "make-images.sh", "minimal"], check=True)
    host = Host(tmp_path / "host", docker20.url)
    bundle = tmp_path / "minimal.tar.zst"
    made = handcarry("bundle", EXAMPLES / "minimal/release.yaml", "-o", bundle, "--trust",
                     host.folder / "trust", "--sign", host.folder / "keys/release.key")
    assert made.returncode == 0, made.stderr
    try:
        host.install(bundle)
        assert (TARGET / "clock.conf").read_text() == "interval = 60\n"
        assert list(docker20.images()) == ["minimal/clock:1"]
        assert docker20.run("minimal/clock:1", "date")[0] == 0
    finally:
        shutil.rmtree(TARGET, ignore_errors=True)
