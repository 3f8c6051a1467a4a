# SPDX-License-Identifier: Apache-2.0
# Copyright The handcarry authors
"""Measures pulling and packing from a real docker-registry on this machine (TLS, one user), beside
`skopeo copy` of the same images to oci-archive: and `zstd -12 --long=27` of what came; then what
travels for the next release, counted in the registry's log. All rows end with `sync`.
"""
import argparse
import gzip
import hashlib
import json
import os
import re
import shutil
import signal
import statistics
import sys
from pathlib import Path

from bench import images, timing
from bench.handcarry import Handcarry
from bench.table import Table, megabytes
from registry.server import Server

ROUNDS = 3
MIB = 1 << 20
SENT = re.compile(r'"GET \S+/blobs/(sha256:[0-9a-f]{64}) HTTP/1\.[01]" 20[06] (\d+)')
CHANGED = "bench/application:1"  # the next release has one more layer on it


def with_one_more_layer(layout, tag):
    """Puts a layer of 400 kB on the only image of an OCI layout and names it by that tag."""
    blobs = layout / "blobs/sha256"

    def put(data, kind):
        digest = hashlib.sha256(data).hexdigest()
        (blobs / digest).write_bytes(data)
        return {"mediaType": kind, "digest": "sha256:" + digest, "size": len(data)}

    def read(descriptor):
        return json.loads((blobs / descriptor["digest"].split(":")[1]).read_bytes())

    index = json.loads((layout / "index.json").read_text())
    manifest = read(index["manifests"][0])
    config = read(manifest["config"])
    layer = layout / "layer"
    layer.mkdir()
    (layer / "release-notes").write_bytes(hashlib.shake_256(b"bench").digest(400_000))
    timing.run(["tar", "-C", layer, "--sort=name", "--mtime=@0", "-cf", layout / "tar", "."])
    data = (layout / "tar").read_bytes()
    config["rootfs"]["diff_ids"].append("sha256:" + hashlib.sha256(data).hexdigest())
    manifest["layers"].append(put(gzip.compress(data, mtime=0),
                                  "application/vnd.oci.image.layer.v1.tar+gzip"))
    manifest["config"] = put(json.dumps(config).encode(), manifest["config"]["mediaType"])
    entry = put(json.dumps(manifest).encode(), "application/vnd.oci.image.manifest.v1+json")
    entry["annotations"] = {"org.opencontainers.image.ref.name": tag}
    (layout / "index.json").write_text(json.dumps({"schemaVersion": 2, "manifests": [entry]}))
    return {part["digest"]: part["size"] for part in (manifest["config"], manifest["layers"][-1])}


class Bench:
    """One run: where things lie, the program, the registry, and the rows so far."""

    def __init__(self, folder, archive):
        self.folder = folder / "registry"
        shutil.rmtree(self.folder, ignore_errors=True)
        self.folder.mkdir(parents=True)
        self.table = Table()
        self.handcarry = Handcarry(os.environ["HANDCARRY"], folder / "run")
        self.archive = archive
        self.server = Server(self.folder)
        self.environment = self.server.environment(self.folder / "home")
        self.cache = self.folder / "cache"
        self.bundle = self.folder / "b.tar.zst"

    def fill(self):
        """The registry's images, and the next release's: {digest: bytes} of its new blobs."""
        for name in images.IMAGES:
            self.server.push("docker-archive:%s:%s" % (self.archive, name), name)
        layout = self.folder / "layout"
        timing.run(self.skopeo(CHANGED, "oci:%s:1" % layout), env=self.env())
        new = with_one_more_layer(layout, "2")
        self.server.push("oci:%s:2" % layout, self.next_name(CHANGED))
        shutil.rmtree(layout)
        return new

    def env(self):
        return {**os.environ, **self.environment}

    def skopeo(self, name, target):
        home = Path(self.environment["HOME"])
        return ["skopeo", "--insecure-policy", "copy", "--quiet", "--src-cert-dir",
                home / ".config/containers/certs.d" / self.server.host, "--src-authfile",
                home / ".docker/config.json", "docker://" + self.server.name(name), target]

    @staticmethod
    def next_name(name):
        return name.replace(":1", ":2") if name == CHANGED else name

    def release(self, names, number):
        return self.handcarry.release_from(
            {name: "docker://" + self.server.name(name) for name in names}, number)

    def pack(self, release, *options):
        return ["env", *("%s=%s" % item for item in self.environment.items()),
                *self.handcarry.pack(release, self.bundle, "--cache", self.cache, *options)]

    def clear(self):
        """A machine that never pulled."""
        shutil.rmtree(self.cache, ignore_errors=True)
        (self.handcarry.folder / "release.lock.yaml").unlink(missing_ok=True)
        self.drop()
        timing.run(["sync"])

    def drop(self):
        for path in self.folder.glob("b.tar.zst*"):
            path.unlink()

    def ours(self, release, *options):
        self.drop()
        return timing.once(timing.quoted(self.pack(release, *options)) + " && sync")

    def theirs(self, threads):
        """Seconds and bytes of the peer: each image copied, then packed."""
        lines = []
        for number, name in enumerate(images.IMAGES):
            copy = self.folder / ("peer-%d.tar" % number)
            lines += [timing.quoted(["env", *("%s=%s" % item for item in self.environment.items()),
                                     *self.skopeo(name, "oci-archive:%s" % copy)]),
                      "zstd -q -12 --long=27 %s -c %s >%s.zst" % (threads, copy, copy)]
        spent = timing.once(" && ".join([*lines, "sync"]))
        size = sum(path.stat().st_size for path in self.folder.glob("peer-*.zst"))
        for path in self.folder.glob("peer-*"):
            path.unlink()
        return spent, size

    def cold(self):
        """In turns, so that a noisy machine is noisy for all."""
        release = self.release(images.IMAGES, 1)
        ours, one, all_threads = [], [], []
        for _ in range(ROUNDS):
            spent, size = self.theirs("")
            one.append(spent)
            self.clear()
            ours.append(self.ours(release))
            all_threads.append(self.theirs("-T0")[0])
        spent = statistics.median(ours)
        peer = "skopeo copy, zstd -12 --long=27"
        self.table.seconds("pull and pack, empty cache", spent, peer, statistics.median(one), 1.2)
        self.table.seconds("", spent, peer + " -T0", statistics.median(all_threads))
        self.table.bytes("what is carried then", self.bundle.stat().st_size, peer, size)
        self.clear()
        self.table.limit("memory to pull and pack", timing.memory(self.pack(release)), 1024 * MIB)

    def warm(self, new):
        """Only what is new travels, and nothing twice."""
        release = self.release(map(self.next_name, images.IMAGES), 2)
        self.server.forget()
        spent = self.ours(release)
        sent = [(digest, int(size)) for digest, size in SENT.findall(self.server.log.read_text())]
        self.table.add("next release, blobs that travel", "%d, %s" % (
            len(sent), megabytes(sum(size for _, size in sent))), "new blobs", "%d, %s" % (
                len(new), megabytes(sum(new.values()))), "", "the same",
                       sorted(sent) == sorted(new.items()))
        self.server.forget()
        again = self.ours(release, "--locked", "--offline")
        self.table.add("again, --locked --offline: requests", str(len(self.server.requests())), "",
                       "", "", "0", not self.server.requests())
        self.table.seconds("time of that", again, "with the registry", spent)

    def run(self):
        new = self.fill()
        self.cold()
        self.warm(new)

    def close(self):
        self.server.stop()
        shutil.rmtree(self.handcarry.folder, ignore_errors=True)
        shutil.rmtree(self.folder, ignore_errors=True)


def main():
    parser = argparse.ArgumentParser(prog="tests/bench/run.sh --registry", description=__doc__)
    parser.add_argument("--folder", type=Path,
                        default=os.environ.get("HANDCARRY_BENCH_DIR", "/var/tmp/handcarry-bench"),
                        help="keeps the images between runs (default: %(default)s)")
    chosen = parser.parse_args()
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))  # so that the registry is stopped
    archive = images.build_all(Path(chosen.folder))["nocaches"]
    bench = Bench(Path(chosen.folder), archive)
    try:
        with bench.server:
            bench.run()
    finally:
        bench.close()
        print(bench.table.text())
    sys.exit(0 if bench.table.reached else 1)


if __name__ == "__main__":
    main()
