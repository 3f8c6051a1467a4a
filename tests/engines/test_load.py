# SPDX-License-Identifier: Apache-2.0
# Copyright The handcarry authors
"""The unit tests of loading, against real engines: without one they skip these cases."""
import os
import subprocess
from pathlib import Path

import pytest

TOP = Path(__file__).resolve().parents[2]


def test_thin_archives_load_on_a_real_engine(engine):
    built = Path(os.environ.get("HANDCARRY", TOP / "build/handcarry")).parent
    program = built / "tests/unit/test-load"
    if not program.exists():
        pytest.skip("program %s is not built" % program)
    ran = subprocess.run([program], env={**os.environ, "HANDCARRY_TEST_ENGINE": engine.url},
                         stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, check=False)
    assert ran.returncode == 0, ran.stdout
    assert "names no engine" not in ran.stdout
