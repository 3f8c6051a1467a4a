#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
# Copyright The handcarry authors
"""Turns folders into an image: each folder is a layer, the archive is what `docker load` takes.

    image-layer.py layer DIR LAYER.tar              one layer from a folder (or an overlayfs upper)
    image-layer.py archive OUT.tar NAME:TAG --layer LAYER.tar... [--config JSON]

Layers are uncompressed tar files; the archive has docker-archive's layout. Times come from the
files and from SOURCE_DATE_EPOCH (default 0), so the same folders give the same bytes.
"""
import argparse
import hashlib
import io
import json
import os
import shutil
import stat
import tarfile
import time

EPOCH = int(os.environ.get("SOURCE_DATE_EPOCH", "0"))
BLOCK = 1 << 20


def xattrs(path):
    """Extended attributes that belong into a layer, as tar's PAX header names them."""
    found = {}
    for name in os.listxattr(path, follow_symlinks=False):
        if name.startswith(("trusted.overlay.", "user.overlay.", "system.")):
            continue
        value = os.getxattr(path, name, follow_symlinks=False)
        found["SCHILY.xattr." + name] = value.decode("utf-8", "surrogateescape")
    return found


def is_opaque(path):
    try:
        return os.getxattr(path, "trusted.overlay.opaque", follow_symlinks=False) == b"y"
    except OSError:
        return False


def empty_member(tar, name):
    member = tarfile.TarInfo(name)
    member.mtime = EPOCH
    tar.addfile(member)


def add(tar, path, name, links):
    """Adds one file; overlayfs marks a deleted file by a device 0:0, an image by a .wh. name."""
    status = os.lstat(path)
    if stat.S_ISCHR(status.st_mode) and status.st_rdev == 0:
        head, tail = os.path.split(name)
        empty_member(tar, os.path.join(head, ".wh." + tail))
        return
    if stat.S_ISSOCK(status.st_mode):
        return
    member = tar.gettarinfo(path, name)
    member.uname = member.gname = ""
    member.mtime = int(status.st_mtime)
    member.pax_headers = xattrs(path)
    first = links.setdefault((status.st_dev, status.st_ino), name)
    if member.isreg() or member.islnk():
        member.type, member.linkname = (tarfile.REGTYPE, "") if first == name else (tarfile.LNKTYPE, first)
        member.size = status.st_size if first == name else 0
    if member.isreg():
        with open(path, "rb") as file:
            tar.addfile(member, file)
    else:
        tar.addfile(member)


def write_layer(folder, output):
    links = {}
    with tarfile.open(output, "w", format=tarfile.PAX_FORMAT) as tar:
        for here, folders, files in os.walk(folder):
            folders.sort()
            below = os.path.relpath(here, folder)
            if below != ".":
                add(tar, here, below, links)
            if below != "." and is_opaque(here):
                empty_member(tar, os.path.join(below, ".wh..wh..opq"))
            linked = [name for name in folders if os.path.islink(os.path.join(here, name))]
            for name in sorted(files + linked):
                add(tar, os.path.join(here, name), os.path.normpath(os.path.join(below, name)), links)


def digest(path):
    sha = hashlib.sha256()
    with open(path, "rb") as file:
        for block in iter(lambda: file.read(BLOCK), b""):
            sha.update(block)
    return sha.hexdigest()


def image_config(diff_ids, run):
    created = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(EPOCH))
    return {
        "architecture": "amd64", "os": "linux", "created": created, "config": run,
        "history": [{"created": created, "created_by": "layer %d" % n} for n in range(len(diff_ids))],
        "rootfs": {"type": "layers", "diff_ids": ["sha256:" + diff for diff in diff_ids]},
    }


def put(tar, name, data, size):
    member = tarfile.TarInfo(name)
    member.size, member.mtime, member.mode = size, EPOCH, 0o644
    tar.addfile(member, data)


def write_archive(output, name, layers, run):
    diff_ids = [digest(layer) for layer in layers]
    config = json.dumps(image_config(diff_ids, run), sort_keys=True).encode()
    config_name = hashlib.sha256(config).hexdigest() + ".json"
    members = ["%s/layer.tar" % diff for diff in diff_ids]
    manifest = json.dumps([{"Config": config_name, "RepoTags": [name], "Layers": members}]).encode()
    with open(output + ".part", "wb") as raw, tarfile.open(fileobj=raw, mode="w") as tar:
        for member, layer in zip(members, layers):
            with open(layer, "rb") as file:
                put(tar, member, file, os.path.getsize(layer))
        put(tar, config_name, io.BytesIO(config), len(config))
        put(tar, "manifest.json", io.BytesIO(manifest), len(manifest))
    shutil.move(output + ".part", output)


def main():
    parser = argparse.ArgumentParser(description=__doc__,
                                     formatter_class=argparse.RawDescriptionHelpFormatter)
    verbs = parser.add_subparsers(dest="verb", required=True)
    layer = verbs.add_parser("layer")
    layer.add_argument("folder")
    layer.add_argument("output")
    archive = verbs.add_parser("archive")
    archive.add_argument("output")
    archive.add_argument("name")
    archive.add_argument("--layer", action="append", required=True)
    archive.add_argument("--config", type=json.loads, default={}, help="the image's run settings")
    chosen = parser.parse_args()
    if chosen.verb == "layer":
        write_layer(chosen.folder, chosen.output)
    else:
        write_archive(chosen.output, chosen.name, chosen.layer, chosen.config)


if __name__ == "__main__":
    main()
