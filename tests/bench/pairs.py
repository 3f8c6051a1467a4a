# SPDX-License-Identifier: Apache-2.0
# Copyright The handcarry authors
"""Pairs of archives to make deltas between, all from Debian's packages and two lock files of npm:

old    Debian 12 as its last point release left it: a database server, nginx+python+numpy, a Node
       application of some 150 packages
new    the same with the upgrades of the security and the updates suite, and the newer lock file:
       every layer is another
app    old's images with only the application layer as in new
base   old's package and application layers, byte for byte, on new's base layer
base-old, base-new   nothing but the base layer

Package managers' caches are removed, as in well-made images.
"""
import json
import shutil
import subprocess
import tarfile
from pathlib import Path

from bench import images

HERE = Path(__file__).resolve().parent
COMPOSE = images.TOP / "examples/image-layer.py"
PACKAGES = {
    "database": "postgresql",
    "web": "nginx python3 python3-numpy python3-django python3-lxml python3-pil "
           "python3-cryptography python3-sqlalchemy python3-psycopg2",
    "application": "nodejs ca-certificates",
}
RUN = {"Cmd": ["sleep", "60"], "Env": ["PATH=/usr/sbin:/usr/bin:/sbin:/bin"]}


def application(folder, lock):
    """A folder with what `npm ci` makes of a lock file, to be laid over an image."""
    root = folder / ("application-" + lock)
    if root.exists():
        return root
    part = folder / "application.part"
    shutil.rmtree(part, ignore_errors=True)
    target = part / "srv/application"
    target.mkdir(parents=True)
    shutil.copy(HERE / "application/package.json", target)
    shutil.copy(HERE / ("application/%s-lock.json" % lock), target / "package-lock.json")
    subprocess.run(["npm", "ci", "--ignore-scripts", "--no-audit", "--no-fund", "--silent",
                    "--cache", folder / "npm-cache"], cwd=target, check=True)
    part.rename(root)
    return root


def unpack_layers(archive, folder):
    """The layers of a docker-archive of one image as files, the base first."""
    folder.mkdir(parents=True)
    with tarfile.open(archive) as tar:
        layers = json.load(tar.extractfile("manifest.json"))[0]["Layers"]
        for number, layer in enumerate(layers):
            with open(folder / ("%d.tar" % number), "wb") as file:
                shutil.copyfileobj(tar.extractfile(layer), file, 1 << 20)


def layers_of(folder, cache, side):
    """{image: [layer files]} of the old or the new side; what is there is used as it is."""
    for name, packages in PACKAGES.items():
        place = folder / "layers" / ("%s-%s" % (side, name))
        if place.exists():
            continue
        one, part = folder / "one.tar", place.with_suffix(".part")
        shutil.rmtree(part, ignore_errors=True)
        command = [images.BUILD, "--cache", cache, "--name", name, "--output", one,
                   "--packages", packages]
        if side == "new":
            command.append("--upgrade")
        if name == "application":
            command += ["--add", application(folder, side)]
        subprocess.run(command, check=True)
        unpack_layers(one, part)
        one.unlink()
        part.rename(place)
    return {name: sorted((folder / "layers" / ("%s-%s" % (side, name))).iterdir())
            for name in PACKAGES}


def mixtures(old, new):
    """{archive: (tag, {image: [layer files]})} of everything that is made of the two sides."""
    return {
        "old": ("1", old),
        "new": ("2", new),
        "app": ("2", {name: old[name][:2] + new[name][2:] for name in PACKAGES}),
        "base": ("2", {name: new[name][:1] + old[name][1:] for name in PACKAGES}),
        "base-old": ("1", {"database": old["database"][:1]}),
        "base-new": ("2", {"database": new["database"][:1]}),
    }


def save(engine, archive, tag, contents):
    """Lets a real engine write images made of layer files as one archive."""
    one, part = archive.with_suffix(".one"), archive.with_suffix(".part")
    for name, layers in contents.items():
        command = [COMPOSE, "archive", one, "bench/%s:%s" % (name, tag),
                   "--config", json.dumps(RUN)]
        for layer in layers:
            command += ["--layer", layer]
        subprocess.run(command, check=True)
        engine.load(one)
        one.unlink()
    engine.save(["bench/%s:%s" % (name, tag) for name in contents], part)
    engine.remove_all()
    part.rename(archive)


class Pairs:
    """The archives, and the layers of both sides; made where they are missing."""

    NAMES = ["old", "new", "app", "base", "base-old", "base-new"]

    def __init__(self, folder):
        self.folder = folder / "pairs"
        self.folder.mkdir(parents=True, exist_ok=True)
        self.layers = {side: layers_of(self.folder, folder / "cache", side)
                       for side in ("old", "new")}
        missing = [name for name in self.NAMES if not self.archive(name).exists()]
        if missing:
            self.save(missing)

    def archive(self, name):
        return self.folder / (name + ".tar")

    def save(self, wanted):
        engine = images.docker()
        made = mixtures(self.layers["old"], self.layers["new"])
        try:
            engine.start()
            for name in wanted:
                save(engine, self.archive(name), *made[name])
        finally:
            engine.stop()

    def images(self, name):
        """The names of the images in an archive."""
        tag, contents = mixtures(self.layers["old"], self.layers["new"])[name]
        return ["bench/%s:%s" % (image, tag) for image in contents]

    def distinct_layers(self, side):
        """The layers of a side, the base that all images share only once."""
        of_images = self.layers[side]
        return of_images["database"][:1] + [layer for image in of_images.values()
                                            for layer in image[1:]]
