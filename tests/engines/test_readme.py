# SPDX-License-Identifier: Apache-2.0
# Copyright The handcarry authors
"""What the README tells people to type works as it stands there."""
import re
import shlex
import subprocess
from pathlib import Path

import pytest

from engines.release import Release
from program import PROGRAM, handcarry

TOP = Path(__file__).resolve().parents[2]
README = (TOP / "README.md").read_text(encoding="utf-8")
ENGINE = ("plan", "install", "status", "have", "rollback", "recover", "remove", "prune")
ISOLATED = (*ENGINE, "history", "log")


def typed():
    """The lines that a console block shows after "$ "."""
    blocks = re.findall(r"^```console\n(.*?)^```", README, re.DOTALL | re.MULTILINE)
    return [shlex.split(line[2:]) for block in blocks for line in block.splitlines()
            if line.startswith("$ ")]


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
    commands = typed()
    assert len(commands) >= 18
    for command in commands:
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


@pytest.mark.parametrize("target", sorted(set(re.findall(r"\]\(([^)#:]+)\)", README))))
def test_readme_links_lead_to_files(target):
    assert (TOP / target).exists()


def test_readme_scripts_are_there():
    for script in re.findall(r"^    (\./\S+)$", README, re.MULTILINE):
        assert (TOP / script).stat().st_mode & 0o111
