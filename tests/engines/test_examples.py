# SPDX-License-Identifier: Apache-2.0
# Copyright The handcarry authors
"""The smallest example is packed and installed as it lies there; quickstart.sh runs the other, and its
next release."""
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


@pytest.mark.skipif(shutil.which("patch") is None, reason="patch is not installed")
def test_patch_for_the_next_release_fits(tmp_path):
    shutil.copytree(EXAMPLES / "plant-hmi", tmp_path / "plant-hmi")
    with open(EXAMPLES / "plant-hmi-1.5.1.patch", encoding="utf-8") as patch:
        ran = subprocess.run(["patch", "--strip=1", "--fuzz=0", "--directory", tmp_path / "plant-hmi"],
                             stdin=patch, stdout=subprocess.PIPE, text=True, check=True)
    assert "offset" not in ran.stdout
    written = (tmp_path / "plant-hmi/release.yaml").read_text(encoding="utf-8")
    assert "\nversion: 1.5.1\nrelease: 43\n" in written


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
