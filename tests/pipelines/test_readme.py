# SPDX-License-Identifier: Apache-2.0
# Copyright The handcarry authors
"""What the README and examples/ci/README.md let two builders and a person type."""
import re
import subprocess

import pytest

from console import assert_shown, typed
from pipelines.world import EXAMPLE, PASSWORDS, copy
from program import TOP

README = (TOP / "README.md").read_text(encoding="utf-8")
OWN = (EXAMPLE / "README.md").read_text(encoding="utf-8")


def run(world, cwd, command, **env):
    done = subprocess.run(["bash", "-c", command], cwd=cwd, text=True, env=world.environment(**env),
                          stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                          check=False)
    return done.returncode, done.stdout


def exchange(world):
    """dist/BUILDER of each onto the other."""
    for name in PASSWORDS:
        for other in PASSWORDS:
            made = world.folder / name / "clock/dist" / name
            if other != name and made.exists():
                copy(made, world.folder / other / "clock/dist" / name)


def test_readme_lets_two_builders_and_a_person_sign(world):
    section = re.search(r"^## In CI\n(.*?)^## ", README, re.DOTALL | re.MULTILINE)[1]
    commands = typed(section)
    assert {machine for machine, *_ in commands} == {*PASSWORDS, "desk"}
    desk = world.folder / "desk"
    for name in PASSWORDS:
        world.checkout(world.folder / name / "clock")
    for machine, command, lines in commands:
        if machine == "desk" and not desk.exists():
            copy(world.folder / "builder-a/clock/dist/release", desk)
            copy(world.folder / "repository/trust", desk / "trust")
            copy(world.folder / "keys/lead.key", desk / "lead.key")
        secrets = {"HANDCARRY_KEY_FILE": f"{world.folder}/keys/{machine}.key",
                   "HANDCARRY_PASSWORD_FILE": f"{world.folder}/keys/{machine}.password"}
        status, said = run(world, desk if machine == "desk" else world.folder / machine / "clock",
                           command, **(secrets if machine in PASSWORDS else {}))
        assert status == 0, (command, said)
        assert_shown(lines, said)
        exchange(world)


def test_a_third_build_is_what_was_released(world):
    """What examples/ci/README.md lets an auditor type."""
    commands = [found for found in typed(re.search(r"^## What an auditor.*", OWN, re.DOTALL | re.MULTILINE)[0])]
    world.git("tag", "--force", "v1.0.0")
    world.checkout(world.folder / "audit/clock")
    for _, command, lines in commands:
        command = command.replace("BUNDLE", f"{world.folder}/desk/clock-1.0.0-r1.tar.zst")
        status, said = run(world, world.folder / "audit/clock", command)
        assert status == (1 if lines else 0), (command, said)
        assert_shown(lines, said)


def test_the_first_day_is_as_it_is_typed(world, tmp_path):
    """The same trust root, from the line in examples/ci/README.md."""
    for name in ("anna", *PASSWORDS, "lead"):
        assert run(world, tmp_path, f"handcarry keygen --no-password --quiet {name}")[0] == 0
    line = next(command for _, command, _ in typed(OWN) if "trust init" in command)
    status, said = run(world, tmp_path, line)
    assert status == 0 and "It is complete" in said, said


@pytest.mark.parametrize("target", sorted(set(re.findall(r"\]\(([^)#:]+)\)", OWN))))
def test_links_lead_to_files(target):
    assert (EXAMPLE / target).exists()
