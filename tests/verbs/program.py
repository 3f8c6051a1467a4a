# SPDX-License-Identifier: Apache-2.0
# Copyright The handcarry authors
"""Runs the program under test and keeps what it said.

HANDCARRY names the program. HANDCARRY_MAKER names a second one with all verbs, which makes keys and
bundles for a program that is the isolated side alone."""
import functools
import os
import pathlib
import subprocess

TOP = pathlib.Path(__file__).resolve().parents[2]
PROGRAM = os.path.abspath(os.environ.get("HANDCARRY", str(TOP / "build" / "handcarry")))
MAKER = os.path.abspath(os.environ.get("HANDCARRY_MAKER", PROGRAM))
CONNECTED = {"bundle", "extract", "keygen", "lint", "sign", ("trust", "add"), ("trust", "init")}


def program_for(arguments):
    """The program that has this verb."""
    words = tuple(map(str, arguments[:2]))
    return MAKER if words[:1] and (words[0] in CONNECTED or words in CONNECTED) else PROGRAM


def handcarry(*arguments, **options):
    """The finished run; stdin is empty, so that nothing waits for a person."""
    options.setdefault("stdin", subprocess.DEVNULL)
    return subprocess.run([program_for(arguments), *map(str, arguments)], capture_output=True, text=True,
                          timeout=120, check=False, **options)


@functools.lru_cache(maxsize=None)
def verbs():
    """The names in the list of --help."""
    lines = handcarry("--help").stdout.splitlines()
    return tuple(line.split()[0] for line in lines if line.startswith("  "))
