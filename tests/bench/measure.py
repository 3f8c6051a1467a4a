# SPDX-License-Identifier: Apache-2.0
# Copyright The handcarry authors
"""Measures handcarry beside its peers and prints a table: both sides, the ratio, the goal.

The release is three images made from Debian's packages, packed twice: as apt leaves them, and
without apt's caches. Both sides of every row run here, one after the other, and end with `sync`.
"""
import argparse
import os
import shutil
import signal
import sys
from pathlib import Path

from bench import images, large, timing
from bench.handcarry import Handcarry
from bench.table import Table

ZSTD12 = "zstd -q -12 --long=27 -T0 -c"
ZSTD19 = "zstd -q -19 --long=27 -T0 -c"
MIB = 1 << 20
GOALS = {  # bytes at the default level against zstd -12 and -19
    "caches": (0.80, 0.92),
    "nocaches": (0.93, 1.04),
}


class Bench:
    """One run: where things lie, the program, the engine, and the rows so far."""

    def __init__(self, folder, quick):
        self.folder = folder
        self.quick = quick
        self.table = Table()
        self.handcarry = Handcarry(os.environ["HANDCARRY"], folder / "run")
        self.engine = images.docker()

    def pack(self, variant, archive):
        """Size and time of a full bundle; returns the bundle."""
        release = self.handcarry.release(archive, list(images.IMAGES))
        bundle = self.folder / (variant + ".tar.zst")
        peer = self.folder / (variant + ".12.zst")
        line = timing.quoted(self.handcarry.pack(release, bundle))
        ours = timing.seconds("%s && sync" % line, 1, "rm -f %s*; sync" % bundle)
        theirs = timing.seconds("%s %s >%s && sync" % (ZSTD12, archive, peer), 1,
                                "rm -f %s; sync" % peer)
        size = bundle.stat().st_size
        self.table.bytes("bundle, %s" % variant, size, "zstd -12 --long=27", peer.stat().st_size,
                         GOALS[variant][0])
        self.table.seconds("pack, %s" % variant, ours, "zstd -12 --long=27 -T0", theirs, 1.5)
        return bundle

    def best(self, variant, archive):
        """Against zstd -19, which takes minutes: one run each."""
        release = self.handcarry.release(archive, list(images.IMAGES))
        size = (self.folder / (variant + ".tar.zst")).stat().st_size
        goal = GOALS[variant][1]
        peer = self.folder / (variant + ".19.zst")
        theirs = timing.once("%s %s >%s && sync" % (ZSTD19, archive, peer))
        best = peer.stat().st_size
        self.table.bytes("bundle, %s" % variant, size, "zstd -19 --long=27", best, goal)
        peer.unlink()
        if variant == "nocaches":
            bundle = self.folder / "level19.tar.zst"
            line = timing.quoted(self.handcarry.pack(release, bundle, "--level", "19"))
            ours = timing.once("%s && sync" % line)
            self.table.bytes("bundle --level 19, nocaches", bundle.stat().st_size,
                             "zstd -19 --long=27", best, 0.96)
            self.table.seconds("pack --level 19, nocaches", ours, "zstd -19 --long=27 -T0", theirs,
                               1.2)
            self.drop(bundle)

    def memory_to_pack(self, archive):
        release = self.handcarry.release(archive, list(images.IMAGES))
        bundle = self.folder / "memory.tar.zst"
        small = timing.memory(self.handcarry.pack(release, bundle))
        self.table.limit("memory to pack, 1 GB", small, 1024 * MIB)
        self.drop(bundle)
        if self.quick:
            return
        release = self.handcarry.release(*large.archive(self.folder / "large.tar"))
        grown = timing.memory(self.handcarry.pack(release, bundle))
        self.table.limit("memory to pack, 4 GB of distinct content", grown, 1024 * MIB)
        self.drop(bundle)

    @staticmethod
    def drop(bundle):
        """Takes a bundle and its checksum away."""
        for path in (bundle, Path(str(bundle) + ".sha256")):
            path.unlink(missing_ok=True)

    def verify(self, bundle):
        ours = timing.seconds(timing.quoted(self.handcarry.verify(bundle)), runs=5)
        theirs = timing.seconds("openssl dgst -sha256 %s" % bundle, runs=5)
        self.table.seconds("verify", ours, "openssl dgst -sha256", theirs, 1.3)

    def install(self, variant, bundle):
        """Each run into an engine that was emptied before."""
        peer = self.folder / (variant + ".12.zst")
        ours, theirs = [], []
        for _ in range(3):
            self.empty()
            line = "zstd -q -dc %s | docker -H %s load -q && sync" % (peer, self.engine.url)
            theirs.append(timing.once(line))
            self.empty()
            line = timing.quoted(self.handcarry.install(bundle, self.engine.url))
            ours.append(timing.once(line + " && sync"))
        self.table.seconds("install into an empty engine, %s" % variant, sorted(ours)[1],
                           "zstd -dc, docker load", sorted(theirs)[1], 1.1)
        again = timing.quoted(self.handcarry.install(bundle, self.engine.url))
        self.table.limit_seconds("install again, nothing to do, %s" % variant,
                                 timing.seconds(again, runs=5), 0.5)

    def memory_and_disk_to_install(self, bundle):
        self.empty()
        with self.handcarry.host_in_memory() as folder, timing.DiskWatch(folder) as disk:
            command = self.handcarry.install(bundle, self.engine.url)
            used = timing.memory(["env", "TMPDIR=%s" % folder, *command])
        self.table.limit("memory to install", used, 512 * MIB)
        self.table.limit("extra disk to install, beyond the frames",
                         max(0, disk.peak - bundle.stat().st_size), 256 * MIB)

    def empty(self):
        self.engine.remove_all()
        self.handcarry.new_host()
        timing.run(["sync"])

    def close(self):
        self.engine.stop()
        shutil.rmtree(self.handcarry.folder, ignore_errors=True)


def main():
    parser = argparse.ArgumentParser(prog="tests/bench/run.sh", description=__doc__)
    parser.add_argument("--quick", action="store_true",
                        help="pack once; without zstd -19, level 19 and the release of 4 GB")
    parser.add_argument("--folder", type=Path,
                        default=os.environ.get("HANDCARRY_BENCH_DIR", "/var/tmp/handcarry-bench"),
                        help="keeps the images between runs (default: %(default)s)")
    parser.add_argument("--output", type=Path, help="also write the table there")
    chosen = parser.parse_args()
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))  # so that the engine is stopped
    archives = images.build_all(Path(chosen.folder))
    bench = Bench(Path(chosen.folder), chosen.quick)
    try:
        bench.engine.start()
        for variant, archive in archives.items():
            bundle = bench.pack(variant, archive)
            bench.install(variant, bundle)
        bench.memory_to_pack(archives["nocaches"])
        bench.verify(bundle)
        bench.memory_and_disk_to_install(bundle)
        # The rows that take longest come last: what is known by then is shown.
        for variant in [] if chosen.quick else reversed(archives):
            print(bench.table.text(), flush=True)
            bench.best(variant, archives[variant])
    finally:
        bench.close()
    text = bench.table.text()
    print(text)
    if chosen.output:
        chosen.output.write_text(text + "\n")
    sys.exit(0 if bench.table.reached else 1)


if __name__ == "__main__":
    main()
