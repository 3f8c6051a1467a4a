# SPDX-License-Identifier: Apache-2.0
# Copyright The handcarry authors
"""The files in layers, and which of them changed: what peers that know files are given."""
import hashlib
import mmap
import re
import tarfile


class File:
    """One regular file of a layer; its content is read where it lies."""

    def __init__(self, layer, member):
        self.layer = layer
        self.path = member.name
        self.at = member.offset_data
        self.size = member.size
        self.digest = hashlib.sha256(self.content()).digest()

    def content(self):
        return self.layer[self.at:self.at + self.size]

    def name(self):
        """The last part of the path with every number made the same."""
        return re.sub(r"[0-9a-f]{8,}|[0-9]+", "N", self.path.rsplit("/", 1)[-1])


def files(layers):
    """The files of these layers, in order."""
    found = []
    for path in layers:
        with open(path, "rb") as file, tarfile.open(path) as tar:
            layer = mmap.mmap(file.fileno(), 0, prot=mmap.PROT_READ)
            found += [File(layer, member) for member in tar if member.isreg() and member.size]
    return found


def changed(old_layers, new_layers):
    """[(old file or None, new file)] of each content that only the new side has; old is the file
    of the same path, else the one of the same name nearest in size."""
    paths, names, known = {}, {}, set()
    for file in files(old_layers):
        known.add(file.digest)
        paths.setdefault(file.path, []).append(file)
        names.setdefault(file.name(), []).append(file)
    pairs = []
    for file in files(new_layers):
        if file.digest in known:
            continue
        known.add(file.digest)
        olds = paths.get(file.path) or names.get(file.name()) or [None]
        pairs.append((min(olds, key=lambda old, new=file: abs(old.size - new.size) if old else 0),
                      file))
    return pairs
