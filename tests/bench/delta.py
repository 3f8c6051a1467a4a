# SPDX-License-Identifier: Apache-2.0
# Copyright The handcarry authors
"""Measures deltas beside their peers and prints a table: both sides, the ratio, the goal.

The pairs are three images made from Debian's packages without and with the upgrades of the
security suite, and what can be mixed of the two; an image with one file of 300 MB; and releases
of growing size. Installs begin on an engine that holds the old release, and end with `sync`.
"""
import argparse
import json
import os
import shutil
import signal
import sys
from pathlib import Path

from bench import images, pairs, peers, synthetic, timing
from bench.handcarry import Handcarry
from bench.table import Table, megabytes

MIB = 1 << 20
KIB = 1 << 10
AGAINST = {  # bytes of the delta against a peer's; None: only to compare
    "patch-from": 0.38, "ostree": 0.70, "bsdiff": 0.80, "tar-diff": 0.75,
    "tar-diff-pairs": None, "casync": None, "xdelta3": None,
}
TAR_DIFFS = {"tar-diff": 0.5, "tar-diff-pairs": None}  # the time to make it
QUICKLY = ("--level", "1")  # bases: only what is in them counts
EXPORT = ("HANDCARRY_BASE=export",)
GROWTH = [(1024, 5), (2048, 5), (4096, 5), (1024, 20), (1024, 50)]  # MiB, images


class Host:
    """An engine and a host's folder that can be put back to the old release again and again."""

    def __init__(self, handcarry, engine):
        self.handcarry = handcarry
        self.engine = engine
        self.kept = {}

    def begin(self, bundle):
        """Nothing but the release of this bundle, installed by handcarry."""
        self.engine.remove_all()
        self.handcarry.new_host()
        timing.run(self.install(bundle))
        self.kept = self.engine.images()
        self.handcarry.keep_host()
        timing.run(["sync"])

    def back(self):
        """As begin() left it."""
        for name, image in self.engine.images().items():
            if image not in self.kept.values():
                self.engine.remove_image(image)
            elif name not in self.kept:
                self.engine.remove_image(name)
        for name, image in self.kept.items():
            self.engine.tag(image, name)
        self.handcarry.back_to_kept()
        timing.run(["sync"])

    def empty(self):
        self.engine.remove_all()
        timing.run(["sync"])

    def install(self, bundle):
        return self.handcarry.install(bundle, self.engine.url)

    def install_seconds(self, bundle, runs=3, environment=()):
        """The median time of installs, each on the old release."""
        line = timing.quoted(["env", *environment, *self.install(bundle)]) + " && sync"
        spent = self.median(line, runs, self.back)
        self.handcarry.expect(2)
        return spent

    def load_seconds(self, archive, runs=3, prepare=None):
        """The same of `docker load`."""
        line = "docker -H %s load -q -i %s && sync" % (self.engine.url, archive)
        return self.median(line, runs, prepare or self.back)

    @staticmethod
    def median(line, runs, prepare):
        spent = []
        for _ in range(runs):
            prepare()
            spent.append(timing.once(line))
        return sorted(spent)[runs // 2]


class Bench:
    """One run: where things lie, the program, the engine, and the rows so far."""

    def __init__(self, folder, chosen):
        self.folder = folder
        self.chosen = chosen
        self.table = Table()
        self.growth = Table(("release", "full archive", "delta", "make", "memory to make",
                             "install, in place"))
        self.pairs = pairs.Pairs(folder)
        self.handcarry = Handcarry(os.environ["HANDCARRY"], folder / "delta")
        self.bundles = folder / "delta/bundles"
        self.bundles.mkdir()
        self.engine = images.docker()
        self.host = Host(self.handcarry, self.engine)

    def pack(self, name, archive, names, number, *options):
        """(bundle, seconds, bytes of memory) of one bundle; the options may name its base."""
        bundle = self.bundles / (name + ".tar.zst")
        release = self.handcarry.release(archive, names, number)
        return bundle, *timing.once_and_memory(self.handcarry.pack(release, bundle, *options))

    def pack_pair(self, name, number, *options):
        kind = "delta-" if "--base" in options else ""
        return self.pack(kind + name, self.pairs.archive(name),
                         self.pairs.images(name), number, *options)

    def bytes_and_time(self, old):
        """The pair where every layer changed: the delta, its size, the time and memory it took."""
        delta, spent, used = self.pack_pair("new", 2, "--base", old)
        sides = [peers.Side(self.pairs.archive(side), self.pairs.distinct_layers(side))
                 for side in ("old", "new")]
        measured = peers.Peers(self.folder, *sides, self.chosen.peers_again,
                               self.chosen.slow_peers)
        for name, goal in AGAINST.items():
            self.against(measured, name, goal, delta.stat().st_size, spent)
        self.table.limit("memory to make", used, 1024 * MIB)
        return delta

    def against(self, measured, name, goal, size, spent):
        try:
            peer = measured.measure(name)
        except peers.Skipped as reason:
            self.table.skipped("delta, every layer changed", str(reason))
            return
        if name != "tar-diff-pairs":
            self.table.bytes("delta, every layer changed", size, peer.label, peer.size, goal)
        if name in TAR_DIFFS:
            self.table.seconds("making it", spent, peer.label, peer.seconds, TAR_DIFFS[name])

    def install(self, delta):
        load = self.host.load_seconds(self.pairs.archive("new"))
        peer = "docker load, complete archive"
        self.table.seconds("install, base read in place", self.host.install_seconds(delta), peer,
                           load, 1.15)
        spent = self.host.install_seconds(delta, 3, EXPORT)
        self.table.seconds("install, base by export", spent, peer, load, 1.6)
        self.memory_and_disk("base read in place", delta, 0)
        self.memory_and_disk("base by export", delta, self.named(delta), *EXPORT)

    def named(self, delta):
        """Bytes of the old contents that this delta draws on."""
        self.host.back()
        plan = self.handcarry.plan(delta, self.engine.url)
        said = json.loads(timing.run(["env", *EXPORT, *plan, "--json"]))
        return said["base"]["export-bytes"]

    def memory_and_disk(self, how, delta, named, *environment):
        """Rows of memory, and of disk beyond the frames that are copied in; named: bytes of the
        old contents that may be there for a while."""
        self.host.back()
        with self.handcarry.host_in_memory(kept=True) as folder, timing.DiskWatch(folder) as disk:
            used = timing.memory(["env", "TMPDIR=%s" % folder, *environment,
                                  *self.host.install(delta)])
        self.table.limit("memory to install, " + how, used, 384 * MIB)
        self.table.limit("extra disk to install, " + how,
                         max(0, disk.peak - delta.stat().st_size), named + 256 * MIB)

    def application(self, old):
        delta, _, _ = self.pack_pair("app", 2, "--base", old)
        full, _, _ = self.pack_pair("app", 2)
        what = "delta, only the application layer changed"
        self.table.bytes(what, delta.stat().st_size, "the full bundle", full.stat().st_size, 0.03)
        full.unlink()
        ours = self.host.install_seconds(delta)
        what = "install, only the application layer changed"
        empty = self.host.load_seconds(self.pairs.archive("app"), prepare=self.host.empty)
        self.table.seconds(what, ours, "docker load of everything", empty, 0.35)

    def base(self, old):
        delta, _, _ = self.pack_pair("base", 2, "--base", old)
        alone, _, _ = self.pack_pair("base-old", 1, *QUICKLY)
        own, _, _ = self.pack_pair("base-new", 2, "--base", alone)
        self.table.bytes("delta, only the base image changed", delta.stat().st_size,
                         "the base's own delta", own.stat().st_size, 1.1)

    def same(self, old):
        delta, _, _ = self.pack("same", self.pairs.archive("old"), self.pairs.images("old"), 2,
                                "--base", old)
        size = delta.stat().st_size
        self.table.add("delta, nothing changed", "%.1f KiB" % (size / KIB), "", "", "", "≤ 64 KiB",
                       size <= 64 * KIB)
        self.host.back()
        spent = timing.once(timing.quoted(self.host.install(delta)))
        self.table.limit_seconds("install, nothing changed", spent, 0.5)
        self.handcarry.expect(2)

    def big_file(self):
        """Slices keep the memory down where a file of 300 MB changed."""
        sides = [synthetic.big(self.pairs.folder, side) for side in ("old", "new")]
        old, _, _ = self.pack("big-old", *sides[0], 1, *QUICKLY)
        delta, _, used = self.pack("big-new", *sides[1], 2, "--base", old)
        self.table.limit("memory to make, one file of 300 MB", used, 1024 * MIB)
        out = self.bundles / "big.patch"
        timing.run(["zstd", "-q", "-3", "--long=31", "--single-thread", "--patch-from",
                    sides[0][0], sides[1][0], "-o", out])
        self.table.bytes("delta, one file of 300 MB", delta.stat().st_size,
                         "zstd -3 --long=31 --patch-from", out.stat().st_size)
        self.clear()

    def grow(self):
        for mebibytes, count in GROWTH:
            sides = [synthetic.grown(self.pairs.folder, side, mebibytes, count)
                     for side in ("old", "new")]
            old, _, _ = self.pack("grown-old", *sides[0], 1, *QUICKLY)
            delta, spent, used = self.pack("grown-new", *sides[1], 2, "--base", old)
            self.host.begin(old)
            installed = self.host.install_seconds(delta, 1)
            self.growth.row("%d GB, %d images" % (mebibytes >> 10, count),
                            megabytes(sides[1][0].stat().st_size), megabytes(delta.stat().st_size),
                            "%.1f s" % spent, "%.0f MiB" % (used / MIB), "%.1f s" % installed)
            self.clear()
            for archive, _ in sides:
                archive.unlink()

    def clear(self):
        shutil.rmtree(self.bundles)
        self.bundles.mkdir()

    def run(self):
        old, _, _ = self.pack_pair("old", 1, *QUICKLY)
        delta = self.bytes_and_time(old)
        self.engine.start()
        self.host.begin(old)
        self.install(delta)
        self.application(old)
        self.base(old)
        self.host.begin(old)
        self.same(old)
        if not self.chosen.quick:
            self.big_file()
            self.grow()

    def text(self):
        grown = ["", self.growth.text()] if len(self.growth.rows) > 1 else []
        return "\n".join([self.table.text(), *grown])

    def close(self):
        self.engine.stop()
        shutil.rmtree(self.handcarry.folder, ignore_errors=True)


def main():
    parser = argparse.ArgumentParser(prog="tests/bench/run.sh --delta", description=__doc__)
    parser.add_argument("--quick", action="store_true",
                        help="without the file of 300 MB and the growing releases")
    parser.add_argument("--slow-peers", action="store_true",
                        help="run tar-diff, bsdiff, ostree and xdelta3, too, where no result of "
                             "an earlier run is kept")
    parser.add_argument("--peers-again", action="store_true",
                        help="use no result of an earlier run")
    parser.add_argument("--folder", type=Path,
                        default=os.environ.get("HANDCARRY_BENCH_DIR", "/var/tmp/handcarry-bench"),
                        help="keeps the images between runs (default: %(default)s)")
    parser.add_argument("--output", type=Path, help="also write the tables there")
    chosen = parser.parse_args()
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))  # so that the engine is stopped
    bench = Bench(Path(chosen.folder), chosen)
    try:
        bench.run()
    finally:
        bench.close()
        print(bench.text())
    if chosen.output:
        chosen.output.write_text(bench.text() + "\n")
    sys.exit(0 if bench.table.reached else 1)


if __name__ == "__main__":
    main()
