#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
# Copyright The handcarry authors
"""Runs an installer over the attack corpus and compares what it says with what is expected.

    tests/attacks/run.py                                     handcarry itself
    tests/attacks/run.py --command 'other-installer check --roots {trust} {bundle}'

See tests/attacks/README.md for what the commands get and for attacks.json."""
import argparse
import contextlib
import hashlib
import json
import os
import shlex
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

if __name__ == "__main__":
    TESTS = Path(__file__).resolve().parents[1]
    sys.path[:0] = [str(TESTS), str(TESTS / "verbs")]

from attacks.make import make
from program import PROGRAM

TIMEOUT = 60
COMMANDS = {
    "verify": PROGRAM + " verify {bundle} --trust {trust} {deep}",
    "import": PROGRAM + " trust import {bundle} --root {host} {fingerprint}",
    "install": PROGRAM + " install {bundle} -y --root {host} --engine {engine}",
    "plan": PROGRAM + " plan {bundle} --root {host} --engine {engine}",
}
AUDIT = "var/lib/handcarry/audit.log"
# What a refusal of handcarry's own may leave: a line in the audit log, and its lock, an empty file.
LEFT = {AUDIT, "var/lib/handcarry/.lock"}


def snapshot(folder):
    """{path: what lies there}, for a comparison to the byte."""
    found = {}
    for top, folders, files in os.walk(folder):
        for name in folders + files:
            path = os.path.join(top, name)
            info = os.lstat(path)
            kind = (info.st_mode, info.st_uid, info.st_gid)
            if os.path.islink(path):
                kind += (os.readlink(path),)
            elif name in files and info.st_size < 1 << 28 and os.path.isfile(path):
                kind += (hashlib.sha256(Path(path).read_bytes()).digest(), info.st_mtime_ns)
            found[os.path.relpath(path, folder)] = kind
    return found


def read(path):
    return path.read_text() if path.exists() else ""


class Result:
    """What one command did with one attack."""

    def __init__(self, status, said, problems):
        self.status, self.said, self.problems = status, said, problems


class Runner:
    """Runs commands over a corpus; hosts are folders below work."""

    def __init__(self, corpus, commands, work, engine=None):
        self.corpus, self.commands, self.work = Path(corpus), commands, Path(work)
        self.engine = engine
        self.ours = commands == COMMANDS

    def call(self, command, row, host, bundle=None):
        trust = self.corpus / row["trust"] if row["trust"] else self.work / "nothing"
        told = row["fingerprint"] if row["trust"] is None else None
        words = {"bundle": bundle or self.corpus / row["file"], "trust": trust, "host": host,
                 "engine": self.engine, "deep": "--deep" if row["deep"] else None,
                 "fingerprint": "--fingerprint=" + told if told else None, "site": row["site"]}
        line = []
        for word in shlex.split(command):
            if word[:1] == "{" and word[-1:] == "}" and words.get(word[1:-1], "") is None:
                continue
            line.append(word.format(**words))
        ran = subprocess.run(line, stdin=subprocess.DEVNULL, capture_output=True, check=False,
                             timeout=TIMEOUT, cwd=self.work)
        return ran.returncode, (ran.stdout + ran.stderr).decode(errors="backslashreplace")

    def prepare(self, row):
        """A host that believes what the attack says, with what was installed before."""
        host = Path(tempfile.mkdtemp(dir=self.work, prefix="host-"))
        if row["command"] == "verify":
            return host
        if self.ours and row["trust"]:
            trust = self.corpus / row["trust"]
            roots = sorted(trust.glob("*.root.yaml"), key=lambda path: int(path.name.split(".")[0]))
            told = hashlib.sha256(roots[-1].read_bytes()).hexdigest()
            subprocess.run([PROGRAM, "trust", "import", trust, "--root", host, "--fingerprint", told],
                           check=True, stdout=subprocess.DEVNULL, timeout=TIMEOUT)
        if self.ours and row["site"]:
            (host / "etc/handcarry/host.yaml").write_text("site: %s\n" % row["site"])
        for name in row["before"]:
            status, said = self.call(self.commands["install"], row, host, self.corpus / name)
            if status != 0:
                raise RuntimeError("%s was not installed before: %s" % (name, said))
        return host

    def judge(self, row, status, said, changed):
        """What is not as expected."""
        good = row["expect"] != "refuse"
        if (status == 0) != good:
            yield "was %s" % ("refused" if good else "accepted")
        if status < 0 or status > 128:
            yield "ended with status %d, a crash" % status
        if changed and not good:
            yield "was refused and changed " + ", ".join(sorted(changed)[:5])
        if self.ours and status != row["handcarry"]["status"]:
            yield "ended with %d instead of %d" % (status, row["handcarry"]["status"])
        if self.ours and row["handcarry"]["message"] not in said:
            yield "did not say: " + row["handcarry"]["message"]

    def check_plan(self, row, host):
        """handcarry's plan ends as its install will, and writes nothing at all."""
        before = snapshot(host)
        status, said = self.call(self.commands["plan"], row, host)
        if status != row["handcarry"]["status"] or row["handcarry"]["message"] not in said:
            yield "plan ended with %d: %s" % (status, said)
        if snapshot(host) != before:
            yield "plan changed something"

    @staticmethod
    def check_audit(status, before, after):
        """A refusal is one line in the audit log, and an install is none."""
        new = after[len(before):].splitlines()
        if not after.startswith(before) or len(new) != (status != 0):
            yield "wrote %d lines to the audit log" % len(new)
        elif new and " exit=%d " % status not in new[0]:
            yield "wrote to the audit log: " + new[0]

    def run(self, row):
        """The Result of one attack, or None where there is no command for it."""
        if row["command"] not in self.commands:
            return None
        host = self.prepare(row)
        ours = self.ours and row["command"] == "install"
        problems = list(self.check_plan(row, host)) if ours else []
        medium = (self.corpus / row["file"]).parent
        before = snapshot(host), snapshot(medium), read(host / AUDIT)
        status, said = self.call(self.commands[row["command"]], row, host)
        after = snapshot(host), snapshot(medium), read(host / AUDIT)
        changed = {path for old, new in zip(before[:2], after[:2]) for path in {**old, **new}
                   if old.get(path) != new.get(path)}
        problems += self.judge(row, status, said, changed - LEFT if ours else changed)
        if ours:
            problems += self.check_audit(status, before[2], after[2])
        if before[1] != after[1]:
            problems.append("the medium was changed")
        shutil.rmtree(host)
        return Result(status, said, problems)


@contextlib.contextmanager
def quiet_engine(work):
    """An engine with nothing in it, which only answers."""
    from engines.lying import LyingEngine  # pylint: disable=import-outside-toplevel
    with LyingEngine(work) as engine:
        yield engine.url


def parse(arguments):
    parser = argparse.ArgumentParser(description=__doc__.split("\n", maxsplit=1)[0])
    parser.add_argument("--corpus", help="folder that make.py wrote; else one is made and removed")
    parser.add_argument("--command", help="verifies {bundle}; the host believes what lies in {trust}")
    parser.add_argument("--import-command", help="takes the newer root in {bundle} into {host}")
    parser.add_argument("--install-command", help="installs {bundle} on {host}")
    parser.add_argument("--json", action="store_true", help="results as one JSON object")
    return parser.parse_args(arguments)


def main(arguments):
    options = parse(arguments)
    given = {"verify": options.command, "import": options.import_command,
             "install": options.install_command}
    commands = {name: command for name, command in given.items() if command} or COMMANDS
    failed = 0
    with tempfile.TemporaryDirectory() as work, quiet_engine(work) as engine:
        corpus = Path(options.corpus or os.path.join(work, "corpus"))
        if not options.corpus:
            make(corpus)
        rows = json.loads((corpus / "attacks.json").read_text())["attacks"]
        runner = Runner(corpus, commands, work, engine)
        for row in rows:
            result = runner.run(row)
            failed += bool(result and result.problems)
            told = "not run" if result is None else "; ".join(result.problems) or "as expected"
            if options.json:
                print(json.dumps({"name": row["name"], "result": told, "status": result and result.status}))
            else:
                print("%-44s %-7s %s" % (row["name"], row["expect"], told))
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
