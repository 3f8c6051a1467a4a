# SPDX-License-Identifier: Apache-2.0
# Copyright The handcarry authors
"""Small real images, made without a registry and in well under a second: busybox as the base,
layers of a few hundred kilobytes above it, with everything that makes layers awkward."""
import gzip
import hashlib
import io
import json
import random
import shutil
import subprocess
import tarfile
from pathlib import Path

BUSYBOX = Path("/bin/busybox")
APPLETS = ("sh", "ls", "cat", "echo", "id", "sleep", "sha256sum", "httpd", "true", "false",
           "mkdir", "find", "stat", "wget", "nc")


def noise(seed, size):
    """Bytes that do not compress, always the same for a seed."""
    return random.Random(seed).randbytes(size)


def text(seed, lines):
    """Bytes that compress well, always the same for a seed."""
    words = ["valve", "pump", "alarm", "level", "tank", "motor", "sensor", "value", "limit"]
    pick = random.Random(seed)
    return "".join("%s %s %d\n" % (pick.choice(words), pick.choice(words), pick.randrange(999))
                   for _ in range(lines)).encode()


def near(data, seed, changes=20):
    """The same bytes but for a few: what a rebuilt program looks like."""
    changed = bytearray(data)
    pick = random.Random(seed)
    for _ in range(changes):
        changed[pick.randrange(len(changed))] ^= 0xff
    return bytes(changed)


class Layer:
    """Collects the members of one layer; bytes() is the uncompressed tar."""

    def __init__(self):
        self.raw = io.BytesIO()
        self.tar = tarfile.open(fileobj=self.raw, mode="w", format=tarfile.PAX_FORMAT)
        self.closed = None

    def add(self, name, kind, data=b"", mode=0o644, link="", pax=None):
        member = tarfile.TarInfo(name)
        member.type, member.mode, member.linkname = kind, mode, link
        member.size, member.mtime = len(data), 1700000000
        member.pax_headers = pax or {}
        self.tar.addfile(member, io.BytesIO(data))
        return self

    def file(self, name, data, mode=0o644, pax=None):
        return self.add(name, tarfile.REGTYPE, data, mode, pax=pax)

    def folder(self, name, mode=0o755):
        return self.add(name, tarfile.DIRTYPE, mode=mode)

    def symlink(self, name, target):
        return self.add(name, tarfile.SYMTYPE, mode=0o777, link=target)

    def hardlink(self, name, target):
        return self.add(name, tarfile.LNKTYPE, link=target)

    def remove(self, name):
        """The image format's whiteout of a lower layer's file."""
        head, _, tail = name.rpartition("/")
        return self.file((head + "/" if head else "") + ".wh." + tail, b"")

    def bytes(self):
        if self.closed is None:
            self.tar.close()
            self.closed = self.raw.getvalue()
        return self.closed

    def diff_id(self):
        return "sha256:" + hashlib.sha256(self.bytes()).hexdigest()


class Image:
    """A name, layers and run settings."""

    def __init__(self, name, layers, run=None):
        self.name = name
        self.layers = layers
        self.run = run or {"Cmd": ["/bin/sh"]}

    def config(self):
        created = "2026-01-01T00:00:00Z"
        history = [{"created": created, "created_by": "layer %d" % n}
                   for n in range(len(self.layers))]
        return json.dumps({
            "architecture": "amd64", "os": "linux", "created": created, "config": self.run,
            "history": history,
            "rootfs": {"type": "layers", "diff_ids": [layer.diff_id() for layer in self.layers]},
        }).encode()

    def id(self):
        """The digest of the config: the image's id on overlay2 and Podman."""
        return "sha256:" + hashlib.sha256(self.config()).hexdigest()


def busybox_layer():
    layer = Layer()
    for name in ("bin", "etc", "tmp", "var", "dev", "proc", "sys"):
        layer.folder(name)
    layer.file("bin/busybox", BUSYBOX.read_bytes(), 0o755)
    for applet in APPLETS:
        layer.symlink("bin/" + applet, "busybox")
    layer.file("etc/passwd", b"root:x:0:0:root:/:/bin/sh\n")
    return layer.file("etc/os-release", b"NAME=busybox\n")


def plain_image(name="handcarry-test/plain:1", seed=1):
    """One image, two layers."""
    return Image(name, [busybox_layer(), Layer().folder("srv").file("srv/seed", text(seed, 50))])


def awkward_layer(seed):
    """One of everything that a layer may hold."""
    layer = Layer().folder("opt").folder("opt/app", 0o1777)
    program = noise(seed, 200_000)
    layer.file("opt/app/program", program, 0o4755).hardlink("opt/app/same", "opt/app/program")
    layer.file("opt/app/copy", program).file("opt/app/near", near(program, seed))
    layer.file("opt/app/empty", b"").file("opt/app/one", b"x")
    layer.file("opt/app/" + "long" * 50, text(seed, 10)).symlink("opt/app/link", "../../etc/passwd")
    layer.file("opt/app/ümläut and blank", b"named\n")
    layer.file("opt/app/attribute", b"y", pax={"SCHILY.xattr.user.note": "kept"})
    layer.add("opt/app/pipe", tarfile.FIFOTYPE)
    return layer.remove("etc/os-release")


def sample_images():
    """Three images over one base: layers shared, content repeated across images, files that
    differ in a few bytes, whiteouts, links, odd names, four layers in one."""
    base = busybox_layer()
    shared = Layer().folder("srv").file("srv/library", noise(7, 300_000)).file("srv/words", text(7, 4000))
    changed = Layer().file("srv/library", near(noise(7, 300_000), 8)).file("srv/words", text(8, 4000))
    return [
        Image("handcarry-test/server:1", [base, shared, awkward_layer(3)]),
        Image("handcarry-test/web:1", [base, shared, awkward_layer(4), changed]),
        Image("handcarry-test/database:1", [base, Layer().file("words", text(7, 4000)).file(
            "library", noise(7, 300_000)).file("only-here", noise(9, 150_000))],
            {"Cmd": ["/bin/sleep", "1000"], "Env": ["MODE=test"]}),
    ]


def put(tar, name, data):
    member = tarfile.TarInfo(name)
    member.size, member.mode = len(data), 0o644
    tar.addfile(member, io.BytesIO(data))


def write_docker_archive(path, images):
    """The layout that `docker save` of 20.10 writes: FOLDER/layer.tar, a config, manifest.json."""
    manifest, written = [], set()
    with tarfile.open(path, "w") as tar:
        for image in images:
            config = image.id()[7:] + ".json"
            layers = [layer.diff_id()[7:] + "/layer.tar" for layer in image.layers]
            for name, layer in zip(layers, image.layers):
                if name not in written:
                    put(tar, name, layer.bytes())
                    written.add(name)
            if config not in written:
                put(tar, config, image.config())
                written.add(config)
            manifest.append({"Config": config, "RepoTags": [image.name], "Layers": layers})
        put(tar, "manifest.json", json.dumps(manifest).encode())
    return path


def blob(folder, data, media_type, **more):
    digest = hashlib.sha256(data).hexdigest()
    (folder / "blobs/sha256" / digest).write_bytes(data)
    return {"mediaType": media_type, "digest": "sha256:" + digest, "size": len(data), **more}


def packed(layer, compression):
    """(bytes, media type) of a layer, compressed as registries and builders do."""
    if compression == "gzip":
        return gzip.compress(layer.bytes(), 6, mtime=0), "+gzip"
    if compression == "zstd":
        made = subprocess.run(["zstd", "-q", "-c"], input=layer.bytes(), stdout=subprocess.PIPE,
                              check=True)
        return made.stdout, "+zstd"
    return layer.bytes(), ""


def write_oci(folder, image, tag="1", compression=None):
    """An OCI image layout with one image; compression is None, "gzip" or "zstd"."""
    kind = "application/vnd.oci.image."
    folder = Path(folder)
    (folder / "blobs/sha256").mkdir(parents=True, exist_ok=True)
    layers = [blob(folder, data, kind + "layer.v1.tar" + suffix)
              for data, suffix in (packed(layer, compression) for layer in image.layers)]
    manifest = json.dumps({
        "schemaVersion": 2, "mediaType": kind + "manifest.v1+json",
        "config": blob(folder, image.config(), kind + "config.v1+json"), "layers": layers}).encode()
    entry = blob(folder, manifest, kind + "manifest.v1+json",
                 annotations={"org.opencontainers.image.ref.name": tag})
    (folder / "index.json").write_text(json.dumps({"schemaVersion": 2, "manifests": [entry]}))
    (folder / "oci-layout").write_text('{"imageLayoutVersion":"1.0.0"}')
    return folder


def write_oci_archive(path, image, tag="1", compression=None):
    """The same as one tar."""
    folder = Path(str(path) + ".layout")
    write_oci(folder, image, tag, compression)
    with tarfile.open(path, "w") as tar:
        for name in ("oci-layout", "index.json", "blobs"):
            tar.add(folder / name, name)
    shutil.rmtree(folder)
    return path


def skopeo_copy(source, target):
    """Converts an image with skopeo; both named as skopeo does."""
    subprocess.run(["skopeo", "--insecure-policy", "copy", "--quiet", source, target], check=True,
                   stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
