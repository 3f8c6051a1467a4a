# SPDX-License-Identifier: Apache-2.0
# Copyright The handcarry authors
"""The page about fuzzing is made of results that were measured, one row for each target."""
import json
import pathlib
import re
import subprocess

TOP = pathlib.Path(__file__).resolve().parents[2]
FUZZ = TOP / "tests/fuzz"


def test_each_target_has_its_files_and_its_row():
    run = subprocess.run([FUZZ / "campaign", "check"], capture_output=True, text=True, check=False)
    assert run.returncode == 0, run.stdout


def test_each_target_is_built_and_has_seeds():
    built = set(re.findall(r"^ +'([a-z-]+)': [a-z]+_dep,", (FUZZ / "meson.build").read_text(), re.M))
    targets = {path.stem[len("fuzz-"):] for path in FUZZ.glob("fuzz-*.c")}
    assert built == targets
    for target in targets:
        assert list((TOP / "tests/data" / target).iterdir()), target


def test_each_target_was_run_and_reaches_its_parser():
    for target, row in json.loads((FUZZ / "results.json").read_text()).items():
        assert row["total"] >= 1000000, target
        assert row["covered"] >= 0.9 * row["lines"], target
