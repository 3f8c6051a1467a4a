# SPDX-License-Identifier: Apache-2.0
# Copyright The handcarry authors
"""What the README tells people to type works as it stands there."""
import os
import re
import shlex
import shutil
import subprocess
from pathlib import Path

import pytest

from console import assert_shown, typed
from engines.release import Release
from program import PROGRAM, handcarry
from registry.asked import clean_environment
from registry.pulling import small_image
from registry.server import missing
from registry.shelf import Shelf

TOP = Path(__file__).resolve().parents[2]
README = (TOP / "README.md").read_text(encoding="utf-8")
ENGINE = ("plan", "install", "status", "have", "rollback", "recover", "remove", "prune")
ISOLATED = (*ENGINE, "history", "log")


ALONE = "Who may sign"  # a section with a folder of its own
HOUR = "The first hour"  # and one with a host that has an engine alone: tests/bare/test_readme.py
PULLED = "From a registry"  # and one with a registry
KIT = "The kit"  # and one with a host that has nothing: tests/verbs/test_kit.py
BUILT = "In CI"  # and one with two builders: tests/pipelines/test_readme.py


def section(name):
    return re.search(rf"^## {name}\n(.*?)^## ", README, re.DOTALL | re.MULTILINE)[1]


def fingerprint(folder):
    shown = subprocess.run([PROGRAM, "trust", "show", "--trust", "trust"], cwd=folder, check=True,
                           stdout=subprocess.PIPE, text=True).stdout
    return "".join(re.findall(r"^ +((?:[0-9a-f]{4} ){7}[0-9a-f]{4})$", shown, re.MULTILINE))


def test_readme_commands_carry_a_release(docker20, tmp_path):
    release = Release(tmp_path / "release")
    release.fields.update({"product": "plant-hmi", "version": "1.5.0", "release": 42})
    release.write()
    (tmp_path / "host/etc/handcarry").mkdir(parents=True)
    (tmp_path / "host/etc/handcarry/host.yaml").write_text("name: ws-3\n")
    text = README
    for name in (ALONE, HOUR, PULLED, BUILT, KIT):
        text = text.replace(section(name), "")
    commands = typed(text)
    assert len(commands) >= 18
    for _, line, _ in commands:
        command = shlex.split(line)
        assert command.pop(0) == "handcarry"
        verb = command[0]
        if verb in ISOLATED or command[:2] == ["trust", "import"]:
            command += ["--root", tmp_path / "host"]
        if verb in ENGINE:
            command += ["--engine", docker20.url]
        if "FINGERPRINT" in command:
            command[command.index("FINGERPRINT")] = fingerprint(release.folder)
        ran = handcarry(*command, cwd=release.folder)
        assert ran.returncode == 0, (command, ran.stdout, ran.stderr)
    assert {image.name for image in release.images} <= set(docker20.images())
    assert release.trace.is_file()


@pytest.mark.skipif(missing() is not None, reason="%s is not installed" % missing())
def test_readme_pulls_from_a_registry(tmp_path):
    shelf = Shelf(tmp_path)
    shelf.push_image("plant-hmi/server", "1.5.0", small_image(1))
    shelf.push_image("plant-hmi/postgres", "15", small_image(2))
    images = re.search(r"^```yaml\n(images:.*?)^```", section(PULLED), re.DOTALL | re.MULTILINE)[1]
    (tmp_path / "release.yaml").write_text(
        "handcarry: 1\nproduct: plant-hmi\nversion: 1.5.0\nrelease: 42\n" +
        images.replace("registry.example.org", shelf.host))
    try:
        for _, line, shown in typed(section(PULLED)):
            command = shlex.split(line)
            if "--relock" in command:
                shelf.push_image("plant-hmi/postgres", "15", small_image(3))
            ran = handcarry(*command[1:], "--insecure", shelf.host, cwd=tmp_path,
                            env=clean_environment(tmp_path))
            assert ran.returncode == 0, (command, ran.stdout, ran.stderr)
            assert_shown(shown, ran.stdout + ran.stderr)
    finally:
        shelf.stop()
    again = tmp_path / "again.tar.zst"
    assert (tmp_path / "plant-hmi-1.5.0-r42.tar.zst").read_bytes() == again.read_bytes()


def test_readme_says_who_may_sign(tmp_path):
    """The keys of the others are there; what is shown is printed, "…" being anything."""
    words = " ".join(line for _, line, _ in typed(section(ALONE)))
    for name in sorted(set(re.findall(r"[=\s]([a-z0-9-]+)\.(?:pub|key)\b", words)) - {"anna"}):
        assert handcarry("keygen", name, "--no-password", cwd=tmp_path).returncode == 0
    (tmp_path / "password").write_text("correct horse\n")
    env = {**os.environ, "HANDCARRY_PASSWORD_FILE": str(tmp_path / "password")}
    shutil.copy(TOP / "examples/ceremony/release.yaml", tmp_path)
    shutil.copytree(TOP / "examples/ceremony/notice", tmp_path / "notice")
    for _, line, shown in typed(section(ALONE)):
        command = shlex.split(line)
        assert command.pop(0) == "handcarry"
        status = [int(line.split()[-1][:-1]) for line in shown if line.startswith("(exit status ")]
        ran = handcarry(*command, cwd=tmp_path, env=env)
        assert ran.returncode == (status or [0])[0], (command, ran.stdout, ran.stderr)
        assert_shown(shown, ran.stdout + ran.stderr)


@pytest.mark.parametrize("target", sorted(set(re.findall(r"\]\(([^)#:]+)\)", README))))
def test_readme_links_lead_to_files(target):
    assert (TOP / target).exists()


def test_readme_scripts_are_there():
    for script in re.findall(r"^    (\./\S+)$", README, re.MULTILINE):
        assert (TOP / script).stat().st_mode & 0o111
