# SPDX-License-Identifier: Apache-2.0
# Copyright The handcarry authors
"""Pairs of archives made of nothing but numbers, so that they can have any size: an image of one
file of 300 MB that changed here and there, and releases of some gigabytes in many images of which
a tenth of the files changed."""
import hashlib
import io
import json
import random
import tarfile

from bench import large

MIB = 1 << 20
BIG_FILE = 300 * MIB
FILE = 1 * MIB


def edited(pick, data, places):
    """A copy in which bytes were replaced, put in or taken out at random places."""
    parts, last = [], 0
    for place in sorted(pick.randrange(len(data)) for _ in range(places)):
        if place < last:
            continue
        parts.append(data[last:place])
        kind = pick.randrange(4)
        last = place
        if kind != 0:  # 1: put in; 2, 3: replaced
            parts.append(pick.randbytes(pick.randrange(1, 200)))
        if kind != 1:
            last += pick.randrange(1, 200) if kind == 0 else len(parts[-1])
    parts.append(data[last:])
    return b"".join(parts)


def big_file(side):
    """300 MB of pages; the new side has 3000 edits, and 20 MB stand 150 MB further on."""
    pick = random.Random(300)
    data = b"".join(large.content(pick, 8192) for _ in range(BIG_FILE // 8192))
    if side == "old":
        return data
    data = edited(pick, data, 3000)
    return data[:20 * MIB] + data[40 * MIB:190 * MIB] + data[20 * MIB:40 * MIB] + data[190 * MIB:]


def one_big_file(side):
    yield "srv/data/table.db", big_file(side)


def files(image, count, side):
    """The files of one image: of every ten one changed in some places, of every fifty one is new."""
    for number in range(image * count, (image + 1) * count):
        pick = random.Random(number)
        data = large.content(pick, FILE)
        if side == "new" and number % 50 == 7:
            data = large.content(random.Random("new %d" % number), FILE)
        elif side == "new" and number % 10 == 3:
            data = edited(pick, data, 20)
        yield "srv/data/%d/%d" % (image, number), data


def write_layer(path, members):
    """The layer's diffID."""
    with tarfile.open(path, "w", format=tarfile.PAX_FORMAT) as tar:
        for name, data in members:
            member = tarfile.TarInfo(name)
            member.size = len(data)
            tar.addfile(member, io.BytesIO(data))
    with open(path, "rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def archive(path, contents):
    """(docker-archive, image names) of {image name: members of its layer}; made once."""
    if path.exists():
        return path, list(contents)
    manifest, part, layer = [], path.with_suffix(".part"), path.with_suffix(".layer")
    with tarfile.open(part, "w") as tar:
        for name, members in contents.items():
            digest = write_layer(layer, members)
            tar.add(layer, digest + "/layer.tar")
            text = large.config(digest)
            config = hashlib.sha256(text).hexdigest() + ".json"
            large.put(tar, config, text)
            manifest.append({"Config": config, "RepoTags": [name],
                             "Layers": [digest + "/layer.tar"]})
        large.put(tar, "manifest.json", json.dumps(manifest).encode())
    layer.unlink()
    part.rename(path)
    return path, list(contents)


def big(folder, side):
    """(docker-archive, image names) of one side of the pair with a file of 300 MB."""
    return archive(folder / ("big-%s.tar" % side),
                   {"bench/big:" + ("1" if side == "old" else "2"): one_big_file(side)})


def grown(folder, side, mebibytes, images):
    """(docker-archive, image names) of one side of a release of that size in so many images."""
    count = mebibytes * MIB // FILE // images
    tag = "1" if side == "old" else "2"
    return archive(folder / ("grown-%d-%d-%s.tar" % (mebibytes, images, side)),
                   {"bench/grown-%d:%s" % (image, tag): files(image, count, side)
                    for image in range(images)})
