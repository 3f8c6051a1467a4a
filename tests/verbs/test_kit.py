# SPDX-License-Identifier: Apache-2.0
# Copyright The handcarry authors
"""The kit: made, and installed where there is a shell and nothing else."""
import pytest

import kits
from kits import shelf  # noqa: F401 pylint: disable=unused-import
from program import handcarry

VERSION = handcarry("--version").stdout.split()[1]
HOME = f"/opt/handcarry/{VERSION}"


@pytest.fixture(name="root", params=["ash", "dash"])
def fixture_root(request, shelf, tmp_path):  # noqa: F811 pylint: disable=redefined-outer-name
    root = kits.Root(tmp_path / "root", request.param)
    (root.path / "stick/kit.sh").hardlink_to(shelf.script)
    return root


def test_the_script_installs_a_program_that_runs(root):
    ran = root.run("sh", "/stick/kit.sh")
    assert (ran.returncode, ran.stderr) == (0, "")
    assert f"handcarry {VERSION} is installed in {HOME}" in ran.stdout
    assert root.run("/usr/local/bin/handcarry", "--version").stdout == f"handcarry {VERSION}\n"
    proven = root.run("sh", "-c", f"cd {HOME} && sha256sum -c SHA256SUMS")
    assert proven.returncode == 0 and "OK" in proven.stdout
    again = root.run("sh", "/stick/kit.sh")
    assert again.returncode == 0 and "nothing changed" in again.stdout
    gone = root.run(f"{HOME}/uninstall")
    assert gone.returncode == 0, gone.stderr
    assert root.files("opt") == {} and root.files("usr/local/bin") == {}
