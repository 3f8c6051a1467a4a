# SPDX-License-Identifier: Apache-2.0
# Copyright The handcarry authors
"""The small examples are packed and installed as they lie there; quickstart.sh runs the other, and its
next release."""
import shutil
import subprocess
from pathlib import Path

import pytest

from engines.host import Host
from program import handcarry

EXAMPLES = Path(__file__).resolve().parents[2] / "examples"
TARGET = Path("/etc/minimal")


@pytest.mark.parametrize("name", ["minimal", "compose", "plant-hmi"])
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


def packed(name, host):
    """The bundle of an example."""
    subprocess.run([EXAMPLES / "make-images.sh", "minimal"], check=True)
    bundle = host.folder / (name + ".tar.zst")
    made = handcarry("bundle", EXAMPLES / name / "release.yaml", "-o", bundle, "--trust",
                     host.folder / "trust", "--sign", host.folder / "keys/release.key")
    assert made.returncode == 0, made.stderr
    return bundle


def test_minimal_example_is_installed(docker20, tmp_path):
    if TARGET.exists():
        pytest.skip("%s is there already" % TARGET)
    host = Host(tmp_path / "host", docker20.url)
    bundle = packed("minimal", host)
    try:
        host.install(bundle)
        assert (TARGET / "clock.conf").read_text() == "interval = 60\n"
        assert list(docker20.images()) == ["minimal/clock:1"]
        assert docker20.run("minimal/clock:1", "date")[0] == 0
    finally:
        shutil.rmtree(TARGET, ignore_errors=True)


def test_compose_example_comes_up_and_goes(docker20, tmp_path):
    host = Host(tmp_path / "host", docker20.url)
    host.values("clock", "clock_zone: Europe/Berlin\n")
    host.install(packed("compose", host))
    running = docker20.call("GET", "/containers/clock/json")
    assert running["State"]["Running"] and "TZ=Europe/Berlin" in running["Config"]["Env"]
    assert running["Image"] == docker20.inspect("minimal/clock:1")["Id"]
    ran = handcarry(*host.arguments("remove", "clock", "-y"))
    assert ran.returncode == 0, ran.stderr
    assert docker20.containers() == []
    assert [volume["Name"] for volume in docker20.call("GET", "/volumes")["Volumes"]] == ["clock_log"]
