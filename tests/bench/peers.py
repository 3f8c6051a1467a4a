# SPDX-License-Identifier: Apache-2.0
# Copyright The handcarry authors
"""Other ways to make a delta of the same two sides, each measured in bytes and seconds.

What a slow peer gave is kept by the digests of its inputs, so that it needs to run once; a result
that was not measured in this run says so. A peer that is not on this machine is skipped
by name. tar-diff is no Debian package: put the program of that name into the PATH."""
import bz2
import concurrent.futures
import hashlib
import json
import shutil
import subprocess
import tempfile
import time
from pathlib import Path

from bench import layers, timing

NEEDED = {"patch-from": "zstd", "casync": "casync", "xdelta3": "xdelta3", "bsdiff": "bsdiff",
          "ostree": "ostree", "tar-diff": "tar-diff",
          "tar-diff-pairs": "tar-diff"}
SLOW = {"xdelta3", "bsdiff", "ostree", "tar-diff", "tar-diff-pairs"}
WORKERS = 2


class Skipped(Exception):
    """A peer that is not measured, and why."""


class Result:
    """What a peer needed; label is its name in the table."""

    def __init__(self, label, size, seconds):
        self.label = label
        self.size = size
        self.seconds = seconds


class Side:
    """One side of a pair: the whole archive, and each of its layers once, in order."""

    def __init__(self, archive, layer_files):
        self.archive = archive
        self.layers = layer_files

    def digest(self):
        with open(self.archive, "rb") as file:
            return hashlib.file_digest(file, "sha256").hexdigest()


def size_of(folder):
    return sum(path.stat().st_size for path in folder.rglob("*") if path.is_file())


def patch_from(old, new, work):
    """zstd -3 --long=31 --patch-from"""
    out = work / "delta"
    timing.run(["zstd", "-q", "-3", "--long=31", "--single-thread", "--patch-from", old.archive,
                new.archive, "-o", out])
    return out.stat().st_size


def casync(old, new, work):
    """casync, new chunks"""
    store, sizes = work / "store", []
    for side in (old, new):
        timing.run(["casync", "make", "--store", store, "--compression=zstd",
                    work / (side.archive.name + ".caibx"), side.archive])
        sizes.append(size_of(store))
    return sizes[1] - sizes[0] + (work / (new.archive.name + ".caibx")).stat().st_size


def xdelta3(old, new, work):
    """xdelta3 -9 -S lzma, whole archive"""
    out = work / "delta"
    timing.run(["xdelta3", "-e", "-9", "-S", "lzma", "-B", old.archive.stat().st_size, "-s",
                old.archive, new.archive, out])
    return out.stat().st_size


def one_bsdiff(pair, work):
    """Bytes of one patch; a file without an old self is compressed as bsdiff compresses."""
    old, new = pair
    if old is None:
        return len(bz2.compress(new.content()))
    with tempfile.TemporaryDirectory(dir=work) as place:
        place = Path(place)
        (place / "old").write_bytes(old.content())
        (place / "new").write_bytes(new.content())
        subprocess.run(["bsdiff", place / "old", place / "new", place / "patch"], check=True)
        return (place / "patch").stat().st_size


def bsdiff(old, new, work):
    """bsdiff, sum over changed files"""
    pairs = layers.changed(old.layers, new.layers)
    with concurrent.futures.ThreadPoolExecutor(WORKERS) as pool:
        return sum(pool.map(lambda pair: one_bsdiff(pair, work), pairs))


def ostree(old, new, work):
    """ostree static delta, unpacked layers"""
    repo, commits = work / "repo", []
    timing.run(["ostree", "init", "--repo", repo, "--mode=bare-user"])
    for side in (old, new):
        tree = work / "tree"
        for number, layer in enumerate(side.layers):
            (tree / str(number)).mkdir(parents=True)
            timing.run(["tar", "-C", tree / str(number), "--anchored", "--exclude=dev/*", "-xf",
                        layer])
        commits.append(timing.run(["ostree", "commit", "--repo", repo, "--branch=bench",
                                   "--tree=dir=%s" % tree]).strip())
        shutil.rmtree(tree)
    timing.run(["ostree", "static-delta", "generate", "--repo", repo, "--from", commits[0],
                "--to", commits[1], "--min-fallback-size=0"])
    return size_of(repo / "deltas")


def tar_diffs(old, new, work, workers):
    def one(number):
        out = work / str(number)
        timing.run(["tar-diff", old.layers[number], new.layers[number], out])
        return out.stat().st_size
    with concurrent.futures.ThreadPoolExecutor(workers) as pool:
        return sum(pool.map(one, range(len(new.layers))))


def tar_diff(old, new, work):
    """tar-diff, per layer"""
    return tar_diffs(old, new, work, 1)


def tar_diff_pairs(old, new, work):
    """tar-diff, two layers at a time"""
    return tar_diffs(old, new, work, WORKERS)


PEERS = {"patch-from": patch_from, "casync": casync, "xdelta3": xdelta3, "bsdiff": bsdiff,
         "ostree": ostree, "tar-diff": tar_diff, "tar-diff-pairs": tar_diff_pairs}


class Peers:
    """Measures peers on one pair. again: a slow one even where its result is kept; slow: where it is
    not kept."""

    def __init__(self, folder, old, new, again, slow):
        self.folder = folder
        self.sides = (old, new)
        self.again = again
        self.slow = slow
        self.key = "%s %s" % (old.digest(), new.digest())
        self.file = folder / "peers.json"

    def kept(self):
        return json.loads(self.file.read_text()) if self.file.exists() else {}

    def keep(self, name, value):
        results = self.kept()
        results.setdefault(self.key, {})[name] = value
        self.file.write_text(json.dumps(results, indent=1) + "\n")

    def measure(self, name):
        """A Result; raises Skipped."""
        label = PEERS[name].__doc__
        earlier = self.kept().get(self.key, {}).get(name)
        if name in SLOW and earlier and not self.again:
            return Result(label + ", earlier run", *earlier)
        if shutil.which(NEEDED[name]) is None:
            raise Skipped("no %s here" % NEEDED[name])
        if name in SLOW and not (self.slow or self.again):
            raise Skipped("%s runs with --slow-peers" % name)
        with tempfile.TemporaryDirectory(dir=self.folder, prefix="peer-") as work:
            start = time.monotonic()
            size = PEERS[name](*self.sides, Path(work))
            spent = time.monotonic() - start
        if name in SLOW:
            self.keep(name, [size, spent])
        return Result(label, size, spent)
