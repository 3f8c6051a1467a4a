# SPDX-License-Identifier: Apache-2.0
# Copyright The handcarry authors
"""Bundles and members above 2 and 4 GiB: every byte of them counts. The bundle is written here, sparse:
raw blocks of zeros with a few bytes between them. One build reads it at its size, the others at a
sixteenth of it; packing such members takes a minute and is for `tests/run.sh --large`."""
import bisect
import concurrent.futures
import hashlib
import itertools
import json
import os
import re
import struct
import subprocess
import tempfile
from pathlib import Path

import pytest

from attacks.sealed import KEYS, signed_root, write_chain
from bundlefile import BundleFile, member, members, raw_frame, sized_header, tail
from engines.images import Image, Layer, noise
from engines.release import Release
from program import MAKER, PROGRAM, handcarry

WHOLE = PROGRAM == MAKER and b"__asan_init" not in Path(PROGRAM).read_bytes()
GIB = 1 << (30 if WHOLE else 26)
BLOCK = 131_072
FRAME = (128 << 20) - 512  # payload of a frame of a stream
NAMES = ("over-2-gib", "over-4-gib")
SIZES = (2 * GIB + 5, 4 * GIB + 7)
# What is not zero, by its place in both members one behind the other.
MARKS = {2 * GIB - 2: b"over 2", 3 * GIB: b"between", SIZES[0] + 4 * GIB - 3: b"over 4",
         sum(SIZES) - 1: b"!"}
ZEROS = bytes(BLOCK)
CHAIN = [signed_root()]


def stream(at, size):
    """Bytes of both members; at most a block."""
    found = [(place, mark) for place, mark in MARKS.items()
             if place < at + size and place + len(mark) > at]
    if not found:
        return ZEROS[:size]
    out = bytearray(size)
    for place, mark in found:
        for i, byte in enumerate(mark, place - at):
            if 0 <= i < size:
                out[i] = byte
    return bytes(out)


def layer_pieces(headers):
    """The layer's tar."""
    at = 0
    for header, size in zip(headers, SIZES):
        yield sized_header(header, size)
        for begin in range(at, at + size, BLOCK):
            yield stream(begin, min(BLOCK, at + size - begin))
        yield bytes(-size % 512)
        at += size
    yield bytes(1024)


def layer_digest(headers):
    digest = hashlib.sha256()
    for piece in layer_pieces(headers):
        digest.update(piece)
    return digest.hexdigest()


def write_frame(out, header, at, size):
    """One frame of the stream data; (compressed length, content length, digest)."""
    begin, digest = out.tell(), hashlib.sha256()
    content = 512 + size + -size % 512

    def put(data, seen=None):
        digest.update(data)
        if seen is None or seen.count(0) < len(seen):
            out.write(data)
        else:  # a hole behind the block's header
            out.write(data[:3])
            out.seek(len(data) - 3, os.SEEK_CUR)

    put(b"\x28\xb5\x2f\xfd\xa0" + struct.pack("<I", content))
    for block in range(0, content, BLOCK):
        n = min(BLOCK, content - block)
        first = block - 512
        if block == 0:
            data = sized_header(header, size) + stream(at, min(n - 512, size))
        else:
            data = stream(at + first, min(n, size - first)) if first < size else b""
        data += bytes(n - len(data))
        put(struct.pack("<I", n << 3 | (block + n == content))[:3] + data,
            ZEROS[:n] if data == ZEROS[:n] else data)
    return out.tell() - begin, content, digest.digest()


def number(value):
    """LEB128."""
    out = b""
    while value > 127:
        out, value = out + bytes([value & 127 | 128]), value >> 7
    return out + bytes([value])


class Large:
    """A signed bundle of one image of one layer of both members."""

    def __init__(self, folder):
        self.folder, self.path = folder, folder / "large.tar.zst"
        self.small = self.pack_small()
        headers = [self.layer[:512], self.layer[512 + 3072:][:512]]
        self.layer_bytes = sum(512 + size + -size % 512 for size in SIZES) + 1024
        # Raw frames: their length does not depend on the digest, which is computed meanwhile.
        begin = sum(len(frame) for frame, _ in self.front("0" * 64)[0])
        with concurrent.futures.ThreadPoolExecutor() as pool:
            digest = pool.submit(layer_digest, headers)
            rows = self.write_data(begin)
            self.diffid = digest.result()
        self.finish(rows)
        write_chain(folder / "trust", CHAIN)

    def pack_small(self):
        """The same with small members, by handcarry, to be made larger."""
        release = Release(self.folder / "release", [Image("large/a:1", [
            Layer().file(NAMES[0], noise(1, 3000)).file(NAMES[1], noise(2, 5000))])])
        release.values, release.configs, release.playbooks = [], [], []
        packed = self.folder / "small.tar.zst"
        for words in (("bundle", release.write(), "-o", packed),
                      ("extract", packed, "--oci", self.folder / "oci")):
            ran = handcarry(*words)
            assert ran.returncode == 0, ran.stderr
        small = BundleFile(packed)
        assert small.counts == {**dict.fromkeys(small.counts, 0), "meta": 1, "literals": 1, "data": 1}
        names = [re.search(key + r": sha256:(\w+)", small.statement).group(1)
                 for key in ("config", "manifest", "diffid")]
        self.config, self.manifest, self.old = names
        self.texts = [(self.folder / "oci/blobs/sha256" / name).read_bytes() for name in names]
        self.layer = self.texts[2]
        return small

    def literals(self):
        """Headers as the packer stores them, with the padding that goes with the sizes."""
        content = self.small.content(1)
        new = content[512:1024] + bytes(-SIZES[0] % 512) + content[1024 + 72:][:512]
        new += bytes(-SIZES[1] % 512 + 1024)
        self.small.set_bytes("literals", len(new))
        return sized_header(content[:512], len(new)) + new + bytes(-len(new) % 512)

    def front(self, diffid):
        """What stands before the data: [(frame, length of its content)], and the statement."""
        config = self.texts[0].replace(self.old.encode(), diffid.encode())
        config_now = hashlib.sha256(config).hexdigest()
        oci = self.texts[1].decode().replace(self.config, config_now).replace(self.old, diffid)
        oci = oci.replace('"size":%d}]' % len(self.layer), '"size":%d}]' % self.layer_bytes)
        recipe = b"\1\2" + b"".join(b"\0" + number(size) for size in SIZES)
        recipe += b"\2" + number(512) + b"\0" + number(-SIZES[0] % 512 + 512) + b"\0"
        now = {self.config: config_now, self.old: diffid,
               self.manifest: hashlib.sha256(oci.encode()).hexdigest()}

        def renamed(text):
            for old, new in now.items():
                text = text.replace(old, new)
            return text

        statement = renamed(self.small.statement).replace(
            "bytes: %d\n" % len(self.layer), "bytes: %d\n" % self.layer_bytes)
        now[hashlib.sha256(self.small.statement.encode()).hexdigest()] = hashlib.sha256(
            statement.encode()).hexdigest()
        contents = {"images": config, "layers": recipe}
        meta = b"".join(
            member(renamed(name), contents.get(name.split("/")[0]) or renamed(text.decode()).encode())
            for name, _, text in members(self.small.region("meta")))
        self.small.set_bytes("meta", len(meta))
        return [(raw_frame(content), len(content)) for content in (meta, self.literals())], statement

    def write_data(self, begin):
        header = self.small.content(2)[:512]
        with open(self.path, "wb") as out:
            out.seek(begin)
            rows = [write_frame(out, header.replace(b"000000", b"%06d" % k, 1), at,
                                min(FRAME, sum(SIZES) - at))
                    for k, at in enumerate(range(0, sum(SIZES), FRAME))]
            out.truncate()
        self.small.counts["data"] = len(rows)
        self.small.set_bytes("data", sum(SIZES))
        return rows

    def finish(self, rows):
        """What needed the digest, then the signed end."""
        frames, statement = self.front(self.diffid)
        rows = [(len(frame), n, hashlib.sha256(frame).digest()) for frame, n in frames] + rows
        index = b"".join(struct.pack("<QQ", a, b) + c for a, b, c in rows)
        statement, packing = statement.encode(), self.small.packing
        for key, data in (("index", index), ("statement", statement)):
            packing = re.sub(r"(?m)^%s: sha256:\w+" % key, "%s: sha256:%s" % (
                key, hashlib.sha256(data).hexdigest()), packing)
        packing = packing.encode()
        sections = [("statement", statement), ("packing", packing), ("index", index)]
        sections += [("vote-statement", KEYS[name].vote(statement)) for name in ("ci", "human")]
        sections += [("vote-packing", KEYS["ci"].vote(packing)), ("root", CHAIN[0][0])]
        sections += [("vote-root", vote) for vote in CHAIN[0][1]]
        with open(self.path, "rb+") as out:
            out.write(b"".join(frame for frame, _ in frames))
            out.seek(0, os.SEEK_END)
            out.write(self.small.texts_frame(statement, packing))
            out.write(tail(out.tell(), sections))
        self.ends = list(itertools.accumulate(row[0] for row in rows))

    def flip(self, at):
        """Another bit at this place; again brings it back."""
        with open(self.path, "rb+") as file:
            file.seek(at)
            byte = file.read(1)[0]
            file.seek(at)
            file.write(bytes([byte ^ 4]))

    def verify(self, *options, status=0):
        ran = handcarry("verify", self.path, "--trust", self.folder / "trust", *options)
        assert ran.returncode == status, ran.stdout + ran.stderr
        return ran.stdout + ran.stderr


@pytest.fixture(name="large", scope="module")
def large_fixture():
    """In memory where there is room for it: a disk takes long to give back fifty thousand pieces."""
    room = os.statvfs("/dev/shm")
    place = "/dev/shm" if room.f_bavail * room.f_frsize > 1 << 30 else "/var/tmp"
    with tempfile.TemporaryDirectory(dir=place) as folder:
        yield Large(Path(folder))


def test_046_a_bundle_above_4_gib_verifies_over_all_bytes(large):
    size = os.stat(large.path)
    assert size.st_size > 6 * GIB and size.st_blocks * 512 < size.st_size // 8
    for at in (2 * GIB + 12_345, 4 * GIB + 12_345, large.ends[-1] - 1):
        large.flip(at)
        frame = bisect.bisect_right(large.ends, at)
        assert "frame %d (" % frame in large.verify(status=3), at
        large.flip(at)


def test_046_members_above_2_and_4_gib_are_as_they_were_packed(large):
    assert "every frame, layer, config and file proven" in large.verify("--deep")


def write_layout(folder):
    """An OCI layout of the same layer, sparse; returns the layer's digest."""
    blobs = folder / "oci/blobs/sha256"
    blobs.mkdir(parents=True)
    digest = hashlib.sha256()
    with open(folder / "layer", "wb") as out:
        for piece in layer_pieces([member(name, b"")[:512] for name in NAMES]):
            digest.update(piece)
            if piece == ZEROS:
                out.seek(len(piece), os.SEEK_CUR)
            else:
                out.write(piece)
    layer = digest.hexdigest()
    size = (folder / "layer").stat().st_size
    os.rename(folder / "layer", blobs / layer)

    def blob(value, kind):
        data = json.dumps(value).encode()
        name = hashlib.sha256(data).hexdigest()
        (blobs / name).write_bytes(data)
        return {"mediaType": "application/vnd.oci.image." + kind, "digest": "sha256:" + name,
                "size": len(data)}
    config = blob({"architecture": "amd64", "os": "linux", "config": {}, "rootfs": {
        "type": "layers", "diff_ids": ["sha256:" + layer]}}, "config.v1+json")
    manifest = blob({"schemaVersion": 2, "config": config, "layers": [{
        "mediaType": "application/vnd.oci.image.layer.v1.tar", "digest": "sha256:" + layer,
        "size": size}]}, "manifest.v1+json")
    manifest["annotations"] = {"org.opencontainers.image.ref.name": "1"}
    (folder / "oci/oci-layout").write_text('{"imageLayoutVersion": "1.0.0"}')
    (folder / "oci/index.json").write_text(json.dumps({"schemaVersion": 2, "manifests": [manifest]}))
    return layer


def pack_large(folder):
    """Packs, verifies and takes out again; returns the digest and the file that came out."""
    layer = write_layout(folder)
    (folder / "release.yaml").write_text(
        'handcarry: 1\nproduct: large\nversion: "1"\nrelease: 1\nplatforms: [linux/amd64]\n'
        'images:\n  - {name: "large/a:1", from: "oci:oci:1"}\n')
    for words in ("trust init --no-password", "bundle release.yaml -o b.tar.zst --sign release.key",
                  "verify b.tar.zst --deep --trust trust", "extract b.tar.zst --oci out"):
        ran = subprocess.run([MAKER, *words.split()], cwd=folder, capture_output=True, text=True,
                             stdin=subprocess.DEVNULL, timeout=1800, check=False)
        assert ran.returncode == 0, ran.stdout + ran.stderr
    return layer, folder / "out/blobs/sha256" / layer


# Whole in the one build, and only where it is asked for; of a sixteenth of the size in the others.
if not WHOLE or os.environ.get("HANDCARRY_LARGE"):
    def test_046_members_above_2_and_4_gib_are_packed_and_come_out(tmp_path):
        layer, out = pack_large(tmp_path)
        said = subprocess.run(["sha256sum", out], check=True, capture_output=True, text=True).stdout
        assert said.split()[0] == layer
