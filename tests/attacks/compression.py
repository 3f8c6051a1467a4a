# SPDX-License-Identifier: Apache-2.0
# Copyright The handcarry authors
"""E. Compression, items 61 to 66: frames that are what the index says, and yet no plain frame."""
import struct

from attacks.kit import attack
from bundlefile import compress, skippable, zstd

MAGIC = b"\x28\xb5\x2f\xfd"
CONTENT = bytes(1000)


def raw_block(content, last=True):
    return struct.pack("<I", len(content) << 3 | last)[:3] + content


def raw_blocks(content):
    return b"".join(raw_block(content[at:at + 100_000], at + 100_000 >= len(content))
                    for at in range(0, len(content), 100_000))


def frame(descriptor, fields, content=CONTENT, blocks=None):
    """A frame made by hand: descriptor byte, the fields that it announces, raw blocks."""
    return MAGIC + bytes([descriptor]) + fields + (blocks or raw_blocks(content))


def with_frame(kit, made, length):
    """The bundle with another first frame of the layers' data; the index tells its length truly."""
    bundle = kit.pack("images")
    number = bundle.first("data")
    bundle.frames[number] = made
    if length is not None:
        bundle.contents[number] = length
        bundle.set_bytes("data", length - 512)
    return kit.seal(bundle)


@attack([61], "frame that holds more than the index says", 3, "not one plain frame", deep=True, each={
    "50-mb-of-zeros": 50_000_000, "one-byte-more": None})
def ratio_bomb(kit, value):
    bundle = kit.pack("images")
    content = bundle.content(bundle.first("data"))
    made = bytes(value) if value else content + b"\0"
    return with_frame(kit, zstd("-3", "--no-check", "--stream-size=%d" % len(made), data=made), None)


@attack([61], "frame that holds less than the index says", 3, "not one plain frame", deep=True)
def half_frame(kit):
    return with_frame(kit, compress(CONTENT), None)


@attack([61], "128 MiB of zeros, as the texts say", 3, "does not hold 'content/data.000000'", deep=True)
def long_region(kit):
    return with_frame(kit, compress(bytes(128 << 20)), 128 << 20)


@attack([62], "frame that wants a window of", 3, "not one plain frame", deep=True, each={
    "2-gib": 21 << 3, "256-mib": 18 << 3, "3-7-tib": 0xff})
def window(kit, value):
    content = data_of(kit)
    return with_frame(kit, frame(0x80, bytes([value]) + size_of(content), content), None)


def data_of(kit):
    bundle = kit.pack("images")
    return bundle.content(bundle.first("data"))


def size_of(content, more=0):
    return struct.pack("<I", len(content) + more)


@attack([63], "frame with", 3, "not one plain frame", deep=True, each={
    "a-dictionary-id": lambda c: frame(0xa1, b"\x07" + size_of(c), c),
    "a-reserved-bit": lambda c: frame(0xa8, size_of(c), c),
    "no-content-size": lambda c: frame(0x00, b"\x50", c),
    "a-content-size-too-large": lambda c: frame(0xa0, size_of(c, 1), c),
    "a-content-size-too-small": lambda c: frame(0xa0, size_of(c, -1), c),
    "a-wrong-checksum": (lambda c: frame(0xa4, size_of(c), c) + bytes(4), "doesn't match checksum"),
    "a-reserved-block": lambda c: frame(0xa0, size_of(c), blocks=b"\x07\0\0"),
    "a-byte-behind": lambda c: frame(0xa0, size_of(c), c) + b"\0",
    "another-frame-behind": lambda c: zstd("-3", "--no-check", data=c[:9]) + zstd("-3", data=c[9:]),
    "a-skippable-frame-behind": lambda c: frame(0xa0, size_of(c), c) + skippable(b"x"),
    "only-a-skippable-frame": lambda c: skippable(b"x" * 100), "nothing-in-it": lambda c: b"x"})
def odd_frame(kit, value):
    return with_frame(kit, value(data_of(kit)), None)


@attack([64], "frame of a million empty blocks", 3, "3001012 bytes for a content of 1000", deep=True)
def empty_blocks(kit):
    return with_frame(kit, frame(0xa0, size_of(CONTENT), blocks=b"\0\0\0" * 1_000_000 + raw_block(CONTENT)),
                      len(CONTENT))


@attack([64], "65,537 frames in the index", 3, "at most 3145728 are allowed")
def many_frames(kit):
    bundle = kit.pack("images")
    bundle.frames += [compress(b"x")] * 65_537
    bundle.contents += [1] * 65_537
    bundle.counts["data"] += 65_537
    bundle.set_bytes("data", 100_000)
    return kit.seal(bundle)


@attack([66], "image config of more than 8 MiB", 3, "1 to 8388608 bytes")
def large_config(kit):
    bundle = kit.pack("images")
    first = bundle.statement.index("config-bytes: ")
    end = bundle.statement.index("\n", first)
    bundle.statement = bundle.statement[:first] + "config-bytes: 8388609" + bundle.statement[end:]
    return kit.seal(bundle)
