# SPDX-License-Identifier: Apache-2.0
# Copyright The handcarry authors
"""Measures what the transaction costs: an install beside a bare load of the same images by the same
code, a rollback, and recovery after a kill. Both sides of the first row end with `sync`."""
import argparse
import os
import shutil
import signal
import statistics
import subprocess
import sys
import time
from pathlib import Path

from bench import images, timing
from bench.handcarry import Handcarry
from bench.table import Table

ROUNDS = 3
HEALTH = """\
health:
  - {command: [test, -e, %s], within: 60s}
"""


class Bench:
    """One run: where things lie, the program, the engine, and the rows so far."""

    def __init__(self, folder):
        self.folder = folder
        self.table = Table()
        self.handcarry = Handcarry(os.environ["HANDCARRY"], folder / "run")
        self.bare = Path(os.environ["HANDCARRY"]).parent / "tests/bare-load"
        self.engine = images.docker()

    def bundle(self, archive, number, more=""):
        """A release of the benchmark's images, with another number and text at its end."""
        release = self.handcarry.release(archive, list(images.IMAGES), number)
        release.write_text(release.read_text() + more)
        bundle = self.folder / ("transaction-%d.tar.zst" % number)
        timing.run(self.handcarry.pack(release, bundle))
        return bundle

    def empty(self):
        self.engine.remove_all()
        self.handcarry.new_host()
        timing.run(["sync"])

    def cost(self, bundle):
        """In turns, so that a noisy machine is noisy for both."""
        ours, theirs = [], []
        for _ in range(ROUNDS):
            self.empty()
            theirs.append(timing.once(timing.quoted(
                [self.bare, bundle, self.handcarry.host / "etc/handcarry/trust",
                 self.handcarry.host, self.engine.url]) + " && sync"))
            self.empty()
            ours.append(timing.once(timing.quoted(
                self.handcarry.install(bundle, self.engine.url)) + " && sync"))
        self.table.seconds("install, all of it", statistics.median(ours), "bare load",
                           statistics.median(theirs), 1.08)

    def verb(self, name, *more):
        return [self.handcarry.program, name, *more, "--root", self.handcarry.host, "--engine",
                self.engine.url]

    def rollback(self, first, second):
        """The images are the same, the numbers are not; there is no playbook."""
        spent = []
        for _ in range(ROUNDS):
            self.empty()
            timing.run(self.handcarry.install(first, self.engine.url))
            timing.run(self.handcarry.install(second, self.engine.url))
            spent.append(timing.once(timing.quoted(self.verb("rollback", "bench", "-y"))))
        self.table.limit_seconds("rollback", statistics.median(spent), 3.0)

    def kill_after(self, bundle, seen):
        """Starts an install and kills it when the journal says what is looked for."""
        journal = self.handcarry.host / "var/lib/handcarry/journal"
        with subprocess.Popen(list(map(str, self.handcarry.install(bundle, self.engine.url))),
                              stdin=subprocess.DEVNULL) as run:
            while seen not in (journal.read_text() if journal.exists() else ""):
                if run.poll() is not None:
                    raise RuntimeError("the install ended before it could be killed")
                time.sleep(0.01)
            time.sleep(0.3)
            run.kill()

    def recover(self, bundle, flag, where, seen):
        spent = []
        for _ in range(ROUNDS):
            flag.unlink(missing_ok=True)
            self.empty()
            self.kill_after(bundle, seen)
            flag.touch()
            spent.append(timing.once(timing.quoted(self.verb("recover"))))
        self.table.limit_seconds("recover from a kill %s" % where, statistics.median(spent), 2.0)

    def close(self):
        self.engine.stop()
        shutil.rmtree(self.handcarry.folder, ignore_errors=True)
        for bundle in self.folder.glob("transaction-*"):
            bundle.unlink()


def main():
    parser = argparse.ArgumentParser(prog="tests/bench/run.sh --transaction", description=__doc__)
    parser.add_argument("--folder", type=Path,
                        default=os.environ.get("HANDCARRY_BENCH_DIR", "/var/tmp/handcarry-bench"),
                        help="keeps the images between runs (default: %(default)s)")
    chosen = parser.parse_args()
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))  # so that the engine is stopped
    archive = images.build_all(Path(chosen.folder))["nocaches"]
    bench = Bench(Path(chosen.folder))
    flag = bench.folder / "transaction-flag"
    try:
        bench.engine.start()
        first, second = bench.bundle(archive, 1), bench.bundle(archive, 2)
        held = bench.bundle(archive, 3, HEALTH % flag)
        bench.cost(first)
        bench.rollback(first, second)
        bench.recover(held, flag, "while loading", '"part":"prepare"')
        bench.recover(held, flag, "behind the switch", '"phase":"switch"')
    finally:
        bench.close()
    print(bench.table.text())
    sys.exit(0 if bench.table.reached else 1)


if __name__ == "__main__":
    main()
