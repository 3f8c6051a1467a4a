# SPDX-License-Identifier: Apache-2.0
# Copyright The handcarry authors
"""Runs the program under test and keeps what it said."""
import os
import pathlib
import subprocess

TOP = pathlib.Path(__file__).resolve().parents[2]
PROGRAM = os.environ.get("HANDCARRY", str(TOP / "build" / "handcarry"))


def handcarry(*arguments, **options):
    """The finished run; stdin is empty, so that nothing waits for a person."""
    options.setdefault("stdin", subprocess.DEVNULL)
    return subprocess.run([PROGRAM, *map(str, arguments)], capture_output=True, text=True,
                          timeout=120, check=False, **options)


def verbs():
    """The names in the list of --help."""
    lines = handcarry("--help").stdout.splitlines()
    return [line.split()[0] for line in lines if line.startswith("  ")]
