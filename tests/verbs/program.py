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
# Where each of many runs takes long, and others prove the rest: the build with sanitizers, and the
# isolated one, which has the same code.
SAMPLED = PROGRAM != MAKER or (
    os.path.exists(PROGRAM) and b"__asan_init" in pathlib.Path(PROGRAM).read_bytes())
CONNECTED = {"bundle", "extract", "keygen", "kit", "lint", "report", "sign",
             *(("trust", sub) for sub in ("add", "init", "retire", "revoke", "rotate", "sign"))}


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


class Terminal:
    """A run whose input and output are a terminal; use with `with`."""

    def __init__(self, *arguments):
        self.arguments = arguments
        self.returncode = None

    def __enter__(self):
        self.ours, theirs = os.openpty()
        command = [program_for(self.arguments), *map(str, self.arguments)]
        self.process = subprocess.Popen(command, stdin=theirs, stdout=theirs, stderr=theirs)
        os.close(theirs)
        return self

    def read_until(self, text):
        """What is said until text comes; with None until the end."""
        said = b""
        while text is None or text.encode() not in said:
            try:
                piece = os.read(self.ours, 65536)
            except OSError:  # nobody has the other end any more
                piece = b""
            if not piece:
                self.returncode = self.process.wait(60)
                break
            said += piece
        return said.decode("utf-8", "replace")

    def write(self, text):
        os.write(self.ours, text.encode())

    def __exit__(self, *_):
        if self.process.poll() is None:
            self.process.kill()
        self.returncode = self.process.wait()
        os.close(self.ours)
