# SPDX-License-Identifier: Apache-2.0
# Copyright The handcarry authors
"""The unit that recovers at boot."""
import re
import shutil
import subprocess
from pathlib import Path

import pytest

from program import PROGRAM, handcarry

UNIT = Path(PROGRAM).parent / "install/handcarry-recover.service"


def test_systemd_takes_the_unit_as_it_is(tmp_path):
    if shutil.which("systemd-analyze") is None:
        pytest.skip("systemd-analyze is not installed")
    unit = tmp_path / UNIT.name
    unit.write_text(re.sub(r"(?m)^ExecStart=\S+", "ExecStart=" + PROGRAM, UNIT.read_text()))
    ran = subprocess.run(["systemd-analyze", "--man=no", "verify", unit], stdout=subprocess.PIPE,
                         stderr=subprocess.STDOUT, text=True, check=False)
    ours = [line for line in ran.stdout.splitlines() if UNIT.name in line or "handcarry" in line]
    assert ran.returncode == 0 and not ours, ran.stdout


def test_the_unit_starts_a_verb_that_is_there():
    command = re.search(r"(?m)^ExecStart=\S+/handcarry (.*)$", UNIT.read_text())[1].split()
    assert command == ["recover", "--boot"]
    assert "--boot" in handcarry(command[0], "--help").stdout
