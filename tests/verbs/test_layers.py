# SPDX-License-Identifier: Apache-2.0
# Copyright The handcarry authors
"""Layers of every form that a tar can have, and of none, come back bit for bit."""
import bz2
import gzip
import hashlib
import io
import json
import lzma
import subprocess
import tarfile

import pytest

from bundlefile import BundleFile
from engines.images import Image, Layer, near, noise, text
from program import MAKER, PROGRAM, handcarry

ONE = noise(21, 70_000)
TWO = text(22, 3_000)
FORMS = {"ustar": tarfile.USTAR_FORMAT, "gnu": tarfile.GNU_FORMAT, "pax": tarfile.PAX_FORMAT}


class RawLayer:
    """A layer of these very bytes."""

    def __init__(self, data):
        self.data = data

    def bytes(self):
        return self.data

    def diff_id(self):
        return "sha256:" + hashlib.sha256(self.data).hexdigest()


def header(name, size, kind=b"0", magic=b"ustar\x0000", checksum=None):
    """One header block by hand: size may lie."""
    block = bytearray(512)
    block[:len(name)] = name
    block[100:108], block[108:116], block[116:124] = b"0000644\0", b"0000000\0", b"0000000\0"
    block[124:136] = size if isinstance(size, bytes) else b"%011o\0" % size
    block[136:148], block[156:157], block[257:265] = b"00000000000\0", kind, magic
    block[148:156] = b" " * 8
    block[148:156] = b"%06o\0 " % (sum(block) if checksum is None else checksum)
    return bytes(block)


def padded(data):
    return data + bytes(-len(data) % 512)


def plain(name, data, **more):
    return header(name, len(data), **more) + padded(data)


def pax(**records):
    """An extended header for the next member."""
    out = b""
    for key, value in records.items():
        body = b" %s=%s\n" % (key.replace("__", ".").encode(), str(value).encode())
        size = len(body) + 1
        while len(b"%d" % size) + len(body) != size:
            size += 1
        out += b"%d" % size + body
    return plain(b"pax", out, kind=b"x")


END = bytes(1024)


def of_form(form):
    raw = io.BytesIO()
    with tarfile.open(fileobj=raw, mode="w", format=FORMS[form]) as tar:
        for name, data in (("one", ONE), ("deep/" * 30 + "long" * 40, TWO), ("two", TWO)):
            info = tarfile.TarInfo(name if form != "ustar" else name[:90])
            info.size = len(data)
            tar.addfile(info, io.BytesIO(data))
    return raw.getvalue()


def sparse(tmp_path, form):
    """What GNU tar makes of a file with holes."""
    with open(tmp_path / "holes", "wb") as file:
        for at in range(0, 2_000_000, 400_000):
            file.seek(at)
            file.write(ONE[:5000])
        file.truncate(2_200_000)
    (tmp_path / "plain").write_bytes(ONE)
    return subprocess.run(["tar", "-C", tmp_path, "--sparse", *form, "-cf", "-", "holes", "plain"],
                          stdout=subprocess.PIPE, check=True).stdout


BAD_SUM = header(b"x", 600, checksum=1)
LAYERS = {
    "empty-archive": END,
    "no-bytes": b"",
    "no-end": plain(b"one", ONE) + plain(b"two", TWO),
    "one-zero-block": plain(b"one", ONE) + bytes(512),
    "long-end": plain(b"one", ONE) + bytes(3 << 20),
    "garbage-behind": plain(b"one", ONE) + END + noise(23, 51_200),
    "much-garbage-behind": plain(b"one", ONE) + END + noise(24, 3 << 20),
    "tar-behind-tar": plain(b"one", ONE) + END + plain(b"two", TWO) + END,
    "no-tar": noise(25, 102_400),
    "no-tar-long": noise(26, 4 << 20),
    "text": padded(text(27, 9_000)),
    "zeros": bytes(200 << 10),
    "truncated-in-content": plain(b"one", ONE)[:20_480],
    "truncated-in-second-header": plain(b"one", ONE) + plain(b"two", TWO)[:512],
    "bad-checksum": plain(b"one", ONE) + BAD_SUM + padded(TWO) + END,
    "bad-checksum-first": BAD_SUM + padded(ONE) + END,
    "same-path-twice": plain(b"one", ONE) + plain(b"one", TWO) + plain(b"one", ONE) + END,
    "hardlink-with-content": plain(b"one", ONE) + plain(b"link", ONE, kind=b"1") + END,
    "folder-with-content": plain(b"folder/", ONE, kind=b"5") + plain(b"one", ONE) + END,
    "name-with-slash": plain(b"one/", ONE) + END,
    "contiguous-and-unknown-types": plain(b"a", ONE, kind=b"7") + plain(b"b", ONE, kind=b"Z") + END,
    "old-type": plain(b"one", ONE, kind=b"\0") + END,
    "v7-magic": plain(b"one", ONE, magic=bytes(8)) + END,
    "gnu-magic": plain(b"one", ONE, magic=b"ustar  \0") + END,
    "base-256-size": header(b"one", b"\x80" + len(ONE).to_bytes(11, "big")) + padded(ONE) + END,
    "negative-size": header(b"one", b"\xff" * 12) + padded(ONE) + END,
    "size-with-blanks": header(b"one", b"%11o " % len(ONE)) + padded(ONE) + END,
    "size-over-the-end": header(b"one", (8 << 30) - 1) + padded(ONE) + END,
    "pax-size-as-header": pax(size=len(ONE)) + plain(b"one", ONE) + END,
    "pax-size-header-zero": pax(size=len(ONE)) + header(b"one", 0) + padded(ONE) + END,
    "pax-size-smaller": pax(size=1000) + plain(b"one", ONE) + plain(b"two", TWO) + END,
    "pax-size-larger": pax(size=len(ONE) + 5000) + plain(b"one", ONE) + plain(b"two", TWO) + END,
    "pax-size-huge": pax(size=2**63 - 1) + plain(b"one", ONE) + END,
    "pax-size-minus": pax(size=-5) + plain(b"one", ONE) + END,
    "pax-charset": pax(hdrcharset="BINARY", path="\xff\xfe") + plain(b"one", ONE) + END,
    "pax-global": plain(b"g", b"19 comment=global\n", kind=b"g") + plain(b"one", ONE) + END,
    "pax-broken": plain(b"pax", b"99 nonsense", kind=b"x") + plain(b"one", ONE) + END,
    "pax-alone": plain(b"one", ONE) + pax(path="x"),
    "pax-twice": pax(path="a") + pax(path="b") + plain(b"one", ONE) + END,
    "gnu-sparse-0.1": pax(GNU__sparse__size=900_000, GNU__sparse__numblocks=1,
                          GNU__sparse__map="5000,%d" % len(ONE)) + plain(b"one", ONE) + END,
    "gnu-sparse-1.0": pax(GNU__sparse__major=1, GNU__sparse__minor=0, GNU__sparse__name="x",
                          GNU__sparse__realsize=900_000) + plain(
        b"one", padded(b"1\n5000\n%d\n" % len(ONE)) + ONE) + END,
    "gnu-sparse-1.0-lies": pax(GNU__sparse__major=1, GNU__sparse__minor=0, GNU__sparse__name="x",
                               GNU__sparse__realsize=len(ONE)) + plain(
        b"one", padded(b"1\n0\n%d\n" % (len(ONE) - 512)) + ONE[512:]) + END,
    "solaris-size": plain(b"X", b"16 size=1000000\n", kind=b"X") + plain(b"one", ONE) + END,
    "long-name": plain(b"././@LongLink", b"n" * 300 + b"\0", kind=b"L", magic=b"ustar  \0") + plain(
        b"one", ONE, magic=b"ustar  \0") + END,
    "apple-double": plain(b"._one", ONE) + plain(b"one", TWO) + END,
}


@pytest.fixture
def carried(release):
    """Packs images of these layers, and proves that every layer comes back."""
    def pack(*images):
        release.images = [Image("x%d:1" % n, layers) for n, layers in enumerate(images)]
        release.write()
        path = release.folder / "b.tar.zst"
        yaml = release.folder / "release.yaml"
        trust = release.folder.parent / "trust"
        made = [handcarry("trust", "init", "--no-password", cwd=trust.parent),
                handcarry("bundle", yaml, "-o", path, "--sign", trust.parent / "release.key"),
                handcarry("verify", path, "--deep", "--trust", trust)]
        for done in made:
            assert done.returncode == 0, done.stderr
        return BundleFile(path)
    return pack


@pytest.mark.parametrize("name", LAYERS)
def test_089_093_any_bytes_are_carried(carried, name):
    """Beside a layer with the same files, so that what is taken for a file is shared."""
    assert len(LAYERS[name]) % 512 == 0
    carried([RawLayer(LAYERS[name]), Layer().file("a", ONE).file("b", TWO)],
            [Layer().file("a", near(ONE, 1)).file("b", near(TWO, 2)), RawLayer(LAYERS[name])])


@pytest.mark.parametrize("form", FORMS)
def test_forms_share_content(carried, form):
    """The same files in another form of tar cost no bytes but their headers."""
    bundle = carried([RawLayer(of_form(form))], [Layer().file("a", ONE).file("b", TWO)])
    assert len(bundle.region("data")) < len(ONE) + len(TWO) + 2048


@pytest.mark.parametrize("form", [["--format=gnu"], ["--format=pax", "--sparse-version=0.0"],
                                  ["--format=pax", "--sparse-version=0.1"],
                                  ["--format=pax", "--sparse-version=1.0"]])
def test_sparse_members(carried, tmp_path, form):
    data = sparse(tmp_path, form)
    bundle = carried([RawLayer(data)], [Layer().file("a", ONE)])
    assert len(data) < 200_000 and len(bundle.region("data")) < len(ONE) + 2048


def test_odd_length_is_refused(release):
    """A layer of no whole number of blocks is no tar that an engine would make."""
    release.images = [Image("x:1", [RawLayer(plain(b"one", ONE) + END + b"x")])]
    release.write()
    done = handcarry("bundle", release.folder / "release.yaml", "-o", release.folder / "b.tar.zst")
    assert done.returncode == 3, done.stderr
    assert "no length of a tar" in done.stderr


class PackedLayer(RawLayer):
    """What an archive holds is packed once more than the config says."""

    def bytes(self):
        return gzip.compress(self.data, mtime=0)


PACKED = {"gzip": lambda data: gzip.compress(data, mtime=0), "bzip2": bz2.compress, "xz": lzma.compress,
          "zstd": lambda data: subprocess.run(["zstd", "-q", "-c"], input=data, check=True,
                                              stdout=subprocess.PIPE).stdout}


@pytest.mark.parametrize("form", PACKED)
def test_065_a_layer_that_is_packed_twice_is_refused(release, form):
    """An engine would unpack it, however large it gets, before it sees that it is not the layer."""
    release.images = [Image("x:1", [PackedLayer(padded(PACKED[form](plain(b"one", ONE) + END)))])]
    release.write()
    done = handcarry("bundle", release.folder / "release.yaml", "-o", release.folder / "b.tar.zst")
    assert done.returncode == 3, done.stderr
    assert "packed with %s once more" % form in done.stderr


class HugeLayer:
    """A file of zeros and a little behind it, never in memory and hardly on disk."""

    SIZE = (4 << 30) + 4096 + 1

    def __init__(self):
        self.head = header(b"huge", self.SIZE)
        self.tail = bytes(-self.SIZE % 512) + plain(b"one", ONE) + END
        digest = hashlib.sha256(self.head)
        zeros, left = bytes(1 << 24), self.SIZE
        while left > 0:
            digest.update(zeros[:left])
            left -= len(zeros)
        digest.update(self.tail)
        self.digest = "sha256:" + digest.hexdigest()

    def diff_id(self):
        return self.digest

    def write(self, file):
        file.write(self.head)
        file.seek(self.SIZE, 1)
        file.write(self.tail)


@pytest.mark.skipif("asan" in PROGRAM, reason="takes minutes in the build with sanitizers")
def test_046_file_of_more_than_4_gib(release):
    layer = HugeLayer()
    image = Image("huge:1", [layer])
    config = image.config()
    size = 512 + layer.SIZE + len(layer.tail)
    with open(release.folder / "huge.tar", "wb") as file:
        file.write(header(b"l/layer.tar", size))
        layer.write(file)
        file.write(plain(b"c.json", config) + plain(b"manifest.json", json.dumps([{
            "Config": "c.json", "RepoTags": ["huge:1"], "Layers": ["l/layer.tar"]}]).encode()))
        file.write(END)
    release.images = [image]
    release.sources = {"huge:1": "docker-archive:huge.tar"}
    release.put("release.yaml", release.text())
    path = release.folder / "b.tar.zst"
    done = subprocess.run([MAKER, "bundle", release.folder / "release.yaml", "-o", path,
                           "--level", "1"], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert path.stat().st_size < 5_000_000
    assert sum(BundleFile(path).contents) > layer.SIZE


def test_many_layers_and_one_twice(carried):
    """The same diffID in two images, under other parents, and twice in one."""
    layers = [Layer().file("f%d" % n, near(ONE, n)).file("g", TWO) for n in range(20)]
    carried(layers, layers[::-1], [layers[3], layers[3], layers[0]])
