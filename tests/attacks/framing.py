# SPDX-License-Identifier: Apache-2.0
# Copyright The handcarry authors
"""D. Framing and media, items 45 to 57: the end of the file, its directory, its parts."""
import hashlib
import os
import re
import struct

from attacks.kit import accepts, attack
from attacks.sealed import KEYS
from bundlefile import FOOTER, skippable, tail

FOOTER_BYTES = 62


def regions(data):
    """{name: (begin, end)} of a bundle; of sections of one name the first."""
    offset, length = map(int, FOOTER.search(data).groups())
    head = data[offset + 8:data.index(b"\n\n", offset)].decode().split("\n")[1:]
    found = {}
    for line in head:
        name, begin, size = line.split()
        found.setdefault(name, (int(begin), int(begin) + int(size)))
    texts = data.rindex(b"\x28\xb5\x2f\xfd\xa0", 0, offset)
    return {**found, "frame": (0, texts), "texts": (texts, offset), "directory": (offset + 8, found[
        "statement"][0]), "tail-frame": (offset, offset + 8), "footer": (
            len(data) - FOOTER_BYTES, len(data))}


@attack([45], "what is no bundle", 3, "not a bundle", each={
    "nothing": lambda data: b"", "one-byte": lambda data: b"x", "its-first-8-bytes": lambda data: data[:8],
    "footer-alone": (lambda data: data[-FOOTER_BYTES:], "its footer puts the tail at"), "zeros": lambda data: bytes(100_000),
    "text": lambda data: b"handcarry 1\n" * 9})
def no_bundle(kit, value):
    return value(kit.seal())


NUMBERS = {"0": 0, "1": 1, "2-31-minus-1": 2**31 - 1, "2-31": 2**31, "2-32": 2**32, "2-63": 2**63,
           "2-64-minus-1": 2**64 - 1}


@attack([46], "footer, where the tail begins", 3, "its footer puts the tail at", each={
    **NUMBERS, "2-64": (2**64, "damaged footer")})
def footer_offset(kit, value):
    data = kit.seal()
    return data[:-42] + b"%020d" % value + data[-22:]


@attack([46], "footer, how long the tail is", 3, "its footer puts the tail at", each={
    **NUMBERS, "2-64": (2**64, "damaged footer")})
def footer_length(kit, value):
    return kit.seal()[:-21] + b"%020d\n" % value


@attack([46], "directory, how long the packing list is", 3, "section '", each={
    **NUMBERS, "2-64": 2**64})
def section_length(kit, value):
    return re.sub(rb"(?m)^(packing \d{20} )\d{20}$", rb"\g<1>%020d" % value, kit.seal())


@attack([46, 47], "directory, where the packing list begins", 3,
        "section 'packing' of the tail does not lie", each={**NUMBERS, "2-64": 2**64})
def section_offset(kit, value):
    return re.sub(rb"(?m)^(packing )\d{20}", rb"\g<1>%020d" % value, kit.seal())


def with_index(kit, change):
    """A well signed bundle whose index says something else."""
    body, sections = kit.pack("images").parts()
    index = change(sections[2][1])
    packing = re.sub(rb"(?m)^index: sha256:\w+", b"index: sha256:%s" % hashlib.sha256(
        index).hexdigest().encode(), sections[1][1])
    return kit.seal_sections(body, [sections[0], ("packing", packing), ("index", index)])


@attack([46], "signed index, compressed length of the first frame", 3, "frame 0 of the index: ", each={
    **NUMBERS, "1": (1, "frames end at")})
def index_compressed(kit, value):
    return with_index(kit, lambda index: struct.pack("<Q", value) + index[8:])


@attack([46], "signed index, content length of the first frame", 3, "frame 0 of the index: ", each={
    "2-31": 2**31, "2-32": 2**32, "2-63": 2**63, "2-64-minus-1": 2**64 - 1, "0": 0,
    "limit-plus-1": 128 * 2**20 + 1})
def index_content(kit, value):
    return with_index(kit, lambda index: index[:8] + struct.pack("<Q", value) + index[16:])


@attack([46], "signed index that is", 3, "no whole number of entries", each={
    "empty": (lambda index: b"", "the index has 0"), "one-byte-longer": lambda index: index + b"\0",
    "one-byte-shorter": lambda index: index[:-1], "one-entry-longer": (lambda index: index + bytes(48), "frame 4 of the index: 0 bytes")})
def index_size(kit, value):
    return with_index(kit, value)


def other_directory(kit, change):
    """A bundle whose directory is another; offsets are those of the sections as they lie."""
    data = kit.seal()
    begin, end = regions(data)["directory"]
    lines = data[begin:end - 1].split(b"\n")
    head = b"\n".join(change(lines))
    assert len(head) == end - 1 - begin
    return data[:begin] + head + data[end - 1:]


@attack([47], "sections", 3, "does not lie where the one before it ends", each={
    "swapped": lambda lines: [*lines[:2], lines[3], lines[2], *lines[4:]],
    "overlapping": lambda lines: [*lines[:2], lines[2][:8] + lines[1][10:30] + lines[2][28:], *lines[3:]],
    "one-twice": lambda lines: [*lines[:4], lines[4], lines[4], *lines[6:]]})
def sections(kit, value):
    return other_directory(kit, value)


@attack([48], "cut", 3, "no footer 'handcarry 1", each={
    "in-the-first-frame": lambda data, at: 100, "before-the-texts": lambda data, at: at["texts"][0],
    "in-the-texts": lambda data, at: at["texts"][1] - 1, "before-the-tail": lambda data, at: at["texts"][1],
    "behind-the-directory": lambda data, at: at["directory"][1],
    "before-the-index": lambda data, at: at["index"][0],
    "before-the-votes": lambda data, at: at["index"][1],
    "before-the-roots": lambda data, at: at["root"][0],
    "before-the-footer": lambda data, at: at["footer"][0],
    "in-the-footer": lambda data, at: at["footer"][0] + 8,
    "by-one-byte": lambda data, at: len(data) - 1})
def cut(kit, value):
    data = kit.seal()
    return data[:value(data, regions(data))]


def flip(kit, region):
    data = bytearray(kit.seal())
    begin, end = regions(bytes(data))[region]
    data[(begin + end) // 2] ^= 1
    return bytes(data)


@attack([49], "one bit of the", 3, "", each={
    "frame": ("frame", "is damaged"), "texts": ("texts", "differs from the signed one"),
    "tail-frame": ("tail-frame", "damaged tail frame"), "directory": ("directory", "of the tail"),
    "index": ("index", "is not the one of the packing list"), "footer": ("footer", "its footer puts")})
def bit(kit, value):
    return flip(kit, value)


@attack([49], "one bit of the", 4, "", each={
    "statement": ("statement", "does not fit the signed bytes"),
    "packing-list": ("packing", "does not fit the signed bytes"),
    "vote-on-the-statement": ("vote-statement", "a vote on the statement does not count"),
    "vote-on-the-packing-list": ("vote-packing", "a vote on the packing does not count"),
    "vote-on-the-root": ("vote-root", "0 of the 1 votes that role 'root'"),
    "root": ("root", "two different roots with the number 1")})
def signed_bit(kit, value):
    return flip(kit, value)


@attack([49], "line of a vote that no signature covers", 4, "1 of the 2 votes", each={
    "comment": b"untrusted comment: approved by everybody", "nothing": b"untrusted comment: "})
def untrusted_comment(kit, value):
    vote = KEYS["ci"].vote(kit.statement())
    return kit.seal(statement=(b"\n".join([value, *vote.split(b"\n")[1:]]), "human"))


@attack([50], "behind the bundle:", 3, "no footer 'handcarry 1", each={
    "a-zero": b"\0", "zeros": bytes(1024), "a-line-end": b"\n", "a-skippable-frame": skippable(b"more"),
    "another-footer": (skippable(b"handcarry 1 %020d %020d\n" % (0, 100)), "its footer puts")})
def bytes_behind(kit, value):
    return kit.seal() + value


@attack([50], "before the bundle:", 3, "its footer puts the tail at", each={
    "a-zero": b"\0", "a-script": b"#!/bin/sh\nexit 0\n", "a-zip": b"PK\x03\x04" + bytes(26),
    "a-skippable-frame": skippable(b"more")})
def bytes_before(kit, value):
    return value + kit.seal()


@attack([51], "two bundles, one behind the other", 3, "its footer puts the tail at")
def two_bundles(kit):
    return kit.seal() + kit.seal(kit.pack("images", version="9"))


@attack([51], "in the directory twice: the", 3, "tail has more than 1 sections", each={
    "statement": 0, "packing-list": 1, "index": 2})
def section_twice(kit, value):
    body, parts = kit.pack("images").parts()
    return kit.seal_sections(body, [*parts[:value + 1], parts[value], *parts[value + 1:]])


@attack([51], "the tar holds another statement than the tail", 3, "differs from the signed one")
def texts_differ(kit):
    def with_texts(version):
        """Frames, frame n, and the sections of a bundle of this version."""
        bundle = kit.pack("images", version=version)
        (body, parts), end = bundle.parts(), sum(map(len, bundle.frames))
        return body[:end], body[end:], parts

    frames, texts, parts = with_texts("1.1")
    other = with_texts("9.9")[1]
    assert len(other) == len(texts) and other != texts
    return kit.seal_sections(frames + other, parts)


def write_parts(kit, data, change=lambda parts: parts, name="bundle.tar.zst"):
    """Parts 001 to 004 of a bundle, the last with the whole signed end; change takes and gives
    {number: bytes}."""
    end = regions(data)["texts"][0]
    size = end // 3 + 1
    parts = {n + 1: data[n * size:min(end, (n + 1) * size)] for n in range(3)}
    for number, part in change({**parts, 4: data[end:]}).items():
        (kit.folder / ("%s.%03d" % (name, number))).write_bytes(part)
    return kit.folder / (name + ".001")


@accepts([52], "a bundle in four parts, for comparison", "good")
def parts_good(kit):
    return write_parts(kit, kit.seal())


@attack([52], "of four parts", 3, "parts up to", each={
    "the-second-is-missing": lambda p: {1: p[1], 3: p[3], 4: p[4]},
    "the-last-is-missing": lambda p: {1: p[1], 2: p[2], 3: p[3]},
    "two-are-swapped": (lambda p: {1: p[1], 2: p[3], 3: p[2], 4: p[4]}, "is damaged"),
    "one-is-there-twice": lambda p: {1: p[1], 2: p[2], 3: p[2], 4: p[4]},
    "the-last-is-there-twice": lambda p: {**p, 5: p[4]},
    "one-is-short": lambda p: {**p, 2: p[2][:-1]}, "the-last-is-short": lambda p: {**p, 4: p[4][:-1]},
    "one-is-empty": lambda p: {**p, 2: b""}})
def parts_of_four(kit, value):
    return write_parts(kit, kit.seal(), value)


@attack([52], "the last part is of another bundle, well signed", 3, "is damaged")
def part_of_another(kit):
    """Its index has frames as long as these, so that only their bytes tell."""
    bundle = kit.pack("images")
    bundle.frames[0] = bundle.frames[0][:-1] + bytes([bundle.frames[0][-1] ^ 1])
    other = kit.seal(bundle)
    return write_parts(kit, kit.seal(), lambda p: {**p, 4: other[regions(other)["texts"][0]:]})


@accepts([53], "names as FAT makes them of a bundle", "good", each={
    "8-3": "BUNDLE~1.ZST", "upper-case": "BUNDLE.TAR.ZST", "decomposed": "bu\u0308ndel.tar.zst"})
def fat_name(kit, value):
    path = kit.folder / value
    path.write_bytes(kit.seal())
    return path


@accepts([53], "parts with the names that FAT makes of them", "good")
def fat_parts(kit):
    return write_parts(kit, kit.seal(), name="BUNDLE~1")


@attack([57], "in the place of a bundle", 3, "is not a regular file", each={
    "a-folder": os.mkdir, "a-fifo": os.mkfifo,
    "a-link-to-a-device": lambda path: os.symlink("/dev/zero", path)})
def not_a_file(kit, value):
    path = kit.folder / "bundle.tar.zst"
    value(path)
    return path


@attack([46, 57], "sparse file of", 3, "not a bundle", each={"5-gib": 5 << 30, "15-tib": 15 << 40})
def sparse(kit, value):
    path = kit.folder / "bundle.tar.zst"
    with open(path, "wb") as file:
        file.truncate(value)
    return path


@attack([46], "sparse 5 GiB with a good bundle at its end", 3, "its footer puts the tail at")
def sparse_then_bundle(kit):
    path = kit.folder / "bundle.tar.zst"
    with open(path, "wb") as file:
        file.seek(5 << 30)
        file.write(kit.seal())
    return path


@attack([50, 91], "frame that no signature covers", 3, "bytes that no signature covers", each={
    "at-the-begin": lambda b: 0, "among-the-frames": lambda b: b.begins[1],
    "before-the-texts": lambda b: b.texts_at})
def foreign_frame(kit, value):
    bundle = kit.pack("images")
    data = kit.seal()
    at, tail_at = value(bundle), regions(data)["texts"][1]
    evil = skippable(b"evil")
    end = data[tail_at + 8:-FOOTER_BYTES]
    rows = []
    for line in end[:end.index(b"\n\n")].decode().split("\n")[1:]:
        name, offset, size = line.split()
        rows.append((name, data[int(offset):int(offset) + int(size)]))
    body = data[:at] + evil + data[at:tail_at]
    return body + tail(len(body), rows)
