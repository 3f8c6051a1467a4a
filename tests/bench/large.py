# SPDX-License-Identifier: Apache-2.0
# Copyright The handcarry authors
"""A release of 4 GB in which no content repeats: four images of a gigabyte each."""
import hashlib
import io
import json
import random
import tarfile

IMAGES = ["bench/large-%d:1" % number for number in range(4)]
FILES = 256
FILE_BYTES = 4 << 20


def content(pick, size):
    """Half noise, half digits: distinct everywhere, and compressible by about a third."""
    return pick.randbytes(size // 2) + pick.randbytes(size // 4).hex().encode()


def write_layer(number, path):
    """One layer of a gigabyte; returns the digest of its tar."""
    pick = random.Random(number)
    with tarfile.open(path, "w", format=tarfile.PAX_FORMAT) as tar:
        for name in range(FILES):
            data = content(pick, FILE_BYTES)
            member = tarfile.TarInfo("data/%d/%d" % (number, name))
            member.size = len(data)
            tar.addfile(member, io.BytesIO(data))
    with open(path, "rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def config(digest):
    return json.dumps({"architecture": "amd64", "os": "linux", "config": {"Cmd": ["none"]},
                       "rootfs": {"type": "layers", "diff_ids": ["sha256:" + digest]}}).encode()


def put(tar, name, data):
    member = tarfile.TarInfo(name)
    member.size = len(data)
    tar.addfile(member, io.BytesIO(data))


def archive(path):
    """(docker-archive, image names); made once."""
    if path.exists():
        return path, IMAGES
    manifest, part = [], path.with_suffix(".part")
    layer = path.with_suffix(".layer")
    with tarfile.open(part, "w") as tar:
        for number, name in enumerate(IMAGES):
            digest = write_layer(number, layer)
            tar.add(layer, digest + "/layer.tar")
            text = config(digest)
            put(tar, hashlib.sha256(text).hexdigest() + ".json", text)
            manifest.append({"Config": hashlib.sha256(text).hexdigest() + ".json",
                             "RepoTags": [name], "Layers": [digest + "/layer.tar"]})
        put(tar, "manifest.json", json.dumps(manifest).encode())
    layer.unlink()
    part.rename(path)
    return path, IMAGES
