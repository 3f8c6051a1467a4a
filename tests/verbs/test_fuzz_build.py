# SPDX-License-Identifier: Apache-2.0
# Copyright The handcarry authors
"""A fuzz build takes every check sum and signature for good, so no program may come of it."""
import pathlib
import re
import subprocess

import pytest

TOP = pathlib.Path(__file__).resolve().parents[2]
MACRO = "FUZZING_BUILD_MODE_UNSAFE_FOR_PRODUCTION"


def compile_main(*defines):
    flags = subprocess.run(["pkg-config", "--cflags", "glib-2.0"], check=True, capture_output=True,
                           text=True).stdout.split()
    return subprocess.run(["cc", "-fsyntax-only", "-I.", "-DWITH_BUNDLER=1", '-DHANDCARRY_VERSION="1"',
                           *defines, *flags, "main.c"], cwd=TOP, capture_output=True, text=True,
                          check=False)


def test_the_program_does_not_compile_as_a_fuzz_build():
    assert compile_main().returncode == 0
    refused = compile_main("-D" + MACRO)
    assert refused.returncode != 0
    assert "a fuzz build proves no signature" in refused.stderr


def test_a_fuzz_build_differs_in_one_place():
    listing = subprocess.run(["git", "grep", "-l", MACRO], cwd=TOP, capture_output=True, text=True,
                             check=True).stdout.split()
    assert sorted(listing) == ["main.c", "manifest/fuzzing.h", "meson.build",
                               "tests/verbs/test_fuzz_build.py"]
    # Where fuzzers are made, meson comes to its end before the program.
    build = (TOP / "meson.build").read_text()
    assert re.search(r"if get_option\('fuzzers'\)[^\n]*\n(?:  [^\n]*\n)*  subdir_done\(\)\nendif\n"
                     r"(?s:.*)executable\(\n  'handcarry'", build)


@pytest.mark.parametrize("text", ["", "x", "1d", "-5", "0", "5m5", "m"])
def test_a_time_that_is_none(text):
    run = subprocess.run(["tests/run.sh", "--fuzz", text], cwd=TOP, capture_output=True, text=True,
                         check=False)
    assert run.returncode != 0
    assert "--fuzz needs a time" in run.stderr or "is no time" in run.stderr
