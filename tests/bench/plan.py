# SPDX-License-Identifier: Apache-2.0
# Copyright The handcarry authors
"""Measures `plan` for a large release: 50 images, and 20,000 files in the tree that are placed as one
folder. Before the first install, for the same release again, and for the next one, in full and as a
delta. The goal is one second."""
import argparse
import random
import shutil
import statistics
import sys
import tempfile
import time
from pathlib import Path

from bench.table import Table
from engines.engine import KINDS, Engine
from engines.host import Host
from engines.images import Image, Layer, busybox_layer
from engines.release import Release
from program import handcarry

GOAL = 1.0
ROUNDS = 5


def make_images(count, number):
    """Each has three layers of its own on a common one; a release changes the last."""
    base = busybox_layer()
    return [Image("bench/service-%d:1" % n, [
        base, *(Layer().file("srv/%d-%d" % (n, k), random.Random(n * 9 + k).randbytes(20_000))
                for k in range(2)),
        Layer().file("srv/%d-app" % n, random.Random(n * 99 + number).randbytes(20_000))])
        for n in range(count)]


def make_release(folder, images, files):
    """Release 1, written to the folder."""
    release = Release(folder, make_images(images, 1))
    release.playbooks = []
    release.files = [{"from": "extra/", "to": str(release.target / "extra") + "/"}]
    for n in range(files):
        release.put("extra/%d/%d" % (n % 200, n), random.Random(n).randbytes(500 + n % 1500))
    release.write()
    return release


def next_release(release, images, files):
    """One file in twenty is another, and the last layer of each image."""
    release.images = make_images(images, 2)
    release.fields.update(release=2, version="2.0.0")
    for n in range(0, files, 20):
        release.put("extra/%d/%d" % (n % 200, n), random.Random(-n).randbytes(900))
    release.write()


def seconds(host, bundle):
    """The median time of a plan."""
    spent = []
    for _ in range(ROUNDS):
        start = time.monotonic()
        ran = handcarry(*host.arguments("plan", bundle, "--quiet"))
        spent.append(time.monotonic() - start)
        if ran.returncode != 0:
            raise RuntimeError(ran.stderr)
    return statistics.median(spent)


def measure(engine, folder, images, files):
    """(what, seconds) rows."""
    host = Host(folder / "host", engine.url)
    release = make_release(folder / "release", images, files)
    first = host.bundle(release)
    yield "first install", seconds(host, first)
    host.install(first, "--quiet")
    yield "again", seconds(host, first)
    next_release(release, images, files)
    yield "next release", seconds(host, host.bundle(release))
    yield "next release, delta", seconds(host, host.bundle(release, base=first))


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--engine", default="docker20", choices=KINDS)
    parser.add_argument("--images", type=int, default=50)
    parser.add_argument("--files", type=int, default=20_000)
    options = parser.parse_args()
    folder = Path(tempfile.mkdtemp(prefix="handcarry-plan-", dir="/var/tmp"))
    engine = Engine(options.engine)
    try:
        engine.start()
        table = Table()
        for what, spent in measure(engine, folder, options.images, options.files):
            table.limit_seconds("plan on %s, %s" % (options.engine, what), spent, GOAL)
        print(table.text())
    finally:
        engine.stop()
        shutil.rmtree(folder, ignore_errors=True)
    return 0 if table.reached else 1


if __name__ == "__main__":
    sys.exit(main())
