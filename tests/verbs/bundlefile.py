# SPDX-License-Identifier: Apache-2.0
# Copyright The handcarry authors
"""A second reader and writer of bundle files, made from bundle/FORMAT.md, for hostile bundles: what
it writes is consistent again, so that a signature over it is the signer's own lie."""
import hashlib
import io
import re
import struct
import subprocess
import tarfile

FOOTER = re.compile(rb"handcarry 1 (\d{20}) (\d{20})\n\Z")
SKIPPABLE = b"\x50\x2a\x4d\x18"
REGIONS = ("tree", "meta", "literals", "control", "difference", "extra", "data")
STREAMS = REGIONS[2:]


def skippable(payload):
    return SKIPPABLE + struct.pack("<I", len(payload)) + payload


def zstd(*options, data):
    return subprocess.run(["zstd", "-q", "-c", *options], input=data, stdout=subprocess.PIPE,
                          check=True).stdout


def compress(content):
    """One frame with its content size, as the format wants it."""
    return zstd("-3", "--no-check", "--stream-size=%d" % len(content), data=content)


def member(name, data, mode=0o644, kind=tarfile.REGTYPE):
    """Header, content and padding of a tar member."""
    info = tarfile.TarInfo(name)
    info.size, info.mode, info.type = len(data), mode, kind
    return info.tobuf(tarfile.USTAR_FORMAT) + data + bytes(-len(data) % 512)


def members(tar):
    """[(name, mode, content)] of a run of members without an end."""
    with tarfile.open(fileobj=io.BytesIO(tar + bytes(1024))) as archive:
        return [(m.name, m.mode, archive.extractfile(m).read()) for m in archive]


def sized_header(block, size):
    """The header with another size."""
    header = bytearray(block)
    header[124:135], header[148:156] = b"%011o" % size, b" " * 8
    header[148:156] = b"%06o\0 " % sum(header)
    return bytes(header)


def raw_frame(content):
    """Raw blocks only: bytes that follow from the content."""
    out = b"\x28\xb5\x2f\xfd\xa0" + struct.pack("<I", len(content))
    for at in range(0, len(content), 131072):
        block = content[at:at + 131072]
        last = at + len(block) == len(content)
        out += struct.pack("<I", len(block) << 3 | last)[:3] + block
    return out


def encoded(text):
    """A text as the file has it; one that is no UTF-8 is bytes already."""
    return text if isinstance(text, bytes) else text.encode(errors="surrogateescape")


class BundleFile:
    """frames: [compressed bytes]; contents: their lengths; statement, packing: texts, and as bytes as
    they were; votes: [(section name, bytes)], those of the chain too."""

    def __init__(self, path):
        data = open(path, "rb").read()
        offset, length = map(int, FOOTER.search(data).groups())
        self.tail_at, self.data = offset, data
        payload = data[offset + 8:offset + length]
        self.votes = []
        for line in payload[:payload.index(b"\n\n")].decode().split("\n")[1:]:
            name, begin, size = line.split()
            content = data[int(begin):int(begin) + int(size)]
            if name in ("statement", "packing"):
                setattr(self, name + "_bytes", content)
                setattr(self, name, content.decode(errors="surrogateescape"))
            elif name == "index":
                self.index = content
            else:
                self.votes.append((name, content))
        self.frames, self.contents, self.begins = [], [], []
        at = 0
        for compressed, content, _ in struct.iter_unpack("<QQ32s", self.index):
            self.frames.append(data[at:at + compressed])
            self.contents.append(content)
            self.begins.append(at)
            at += compressed
        self.texts_at = at
        counts = re.findall(r"    frames: (\d+)", self.packing)
        self.counts = dict(zip(REGIONS, map(int, counts)))

    def first(self, region):
        """Number of the first frame of a region."""
        return sum(self.counts[r] for r in REGIONS[:REGIONS.index(region)])

    def content(self, frame):
        return zstd("-d", data=self.frames[frame])

    def region(self, region):
        """All bytes of a region, headers of streams included."""
        first = self.first(region)
        return b"".join(self.content(k) for k in range(first, first + self.counts[region]))

    def set_content(self, frame, content):
        self.frames[frame], self.contents[frame] = compress(content), len(content)

    def set_region(self, region, content):
        """Region tree or meta as one frame."""
        first = self.first(region)
        many = slice(first, first + self.counts[region])
        self.frames[many], self.contents[many] = [compress(content)], [len(content)]
        self.counts[region] = 1
        self.set_bytes(region, len(content))

    def set_bytes(self, region, size):
        self.packing = re.sub(r"(  %s:\n    frames: )\d+(\n    bytes: )\d+" % region,
                              r"\g<1>%d\g<2>%d" % (self.counts[region], size), self.packing)

    def extend_stream(self, region, more):
        """Bytes behind the last of a stream of one frame."""
        assert self.counts[region] == 1
        first = self.first(region)
        content = self.content(first)
        size = int(content[124:135], 8)
        payload = content[512:512 + size] + more
        self.set_content(first, sized_header(content[:512], len(payload)) + payload + bytes(
            -len(payload) % 512))
        self.set_bytes(region, len(payload))

    def change_meta(self, change):
        """change takes and returns [(name, mode, content)]."""
        rows = change(members(self.region("meta")))
        self.set_region("meta", b"".join(member(n, c, m) for n, m, c in rows))

    def parts(self):
        """(frames and frame n, sections of the tail without votes), with index, packing list and
        frame n made anew."""
        index = b"".join(struct.pack("<QQ", len(f), n) + hashlib.sha256(f).digest()
                         for f, n in zip(self.frames, self.contents))
        for key, data in (("index", index), ("statement", encoded(self.statement))):
            self.packing = re.sub(r"(?m)^%s: sha256:\w+" % key, "%s: sha256:%s" % (
                key, hashlib.sha256(data).hexdigest()), self.packing)
        statement, packing = encoded(self.statement), encoded(self.packing)
        body = b"".join(self.frames) + self.texts_frame(statement, packing)
        return body, [("statement", statement), ("packing", packing), ("index", index)]

    def bytes(self):
        """The file made anew, unsigned."""
        body, sections = self.parts()
        return body + tail(len(body), sections + [row for row in self.votes if "root" in row[0]])

    def texts_frame(self, *texts):
        """Frame n: headers are copied from the file as it was, so that only lengths may differ."""
        old = self.data[self.texts_at:self.tail_at]
        tar = b"".join(old[at + 3:at + 3 + 131072] for at in range(9, len(old), 131075))
        out, at = b"", 0
        for text in texts:
            size = int(tar[at + 124:at + 135], 8)
            out += sized_header(tar[at:at + 512], len(text)) + text + bytes(-len(text) % 512)
            at += 512 + size + -size % 512
        return raw_frame(out + bytes(1024))


def tail(offset, sections):
    """Tail and footer frames."""
    head = b"handcarry-tail: 1\n"
    at = offset + 8 + len(head) + 1 + sum(len(name) + 43 for name, _ in sections)
    for name, data in sections:
        head += b"%s %020d %020d\n" % (name.encode(), at, len(data))
        at += len(data)
    frame = skippable(head + b"\n" + b"".join(data for _, data in sections))
    return frame + skippable(b"handcarry 1 %020d %020d\n" % (offset, len(frame)))
