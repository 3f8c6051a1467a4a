# SPDX-License-Identifier: Apache-2.0
# Copyright The handcarry authors
"""Bundles to write reports about: the example plant-hmi with small images in place of its own."""
import atexit
import functools
import pathlib
import shutil
import tempfile

from engines.images import Image, Layer, noise, text, write_docker_archive
from engines.release import Release
from program import handcarry

TOP = pathlib.Path(__file__).resolve().parents[2]
EXAMPLE = TOP / "examples/plant-hmi"
# name: version, as dpkg's database has them; of these the next release has ten otherwise.
PACKAGES = {"package-%d" % n: "1.%d-1+deb12u1" % n for n in range(100)}


def dpkg(packages):
    rows = "".join("Package: %s\nStatus: install ok installed\nVersion: %s\nArchitecture: amd64\n\n"
                   % row for row in sorted(packages.items()))
    return Layer().folder("var").folder("var/lib").folder("var/lib/dpkg").file(
        "var/lib/dpkg/status", rows.encode())


def images_of(version, packages, seed):
    base = Layer().file("base", noise(4, 200_000))
    return [Image("plant-hmi/database:" + version, [base, Layer().file("data", text(1, 9000))]),
            Image("plant-hmi/server:" + version,
                  [base, dpkg(PACKAGES), Layer().file("server", text(seed, 300))]),
            Image("plant-hmi/web:" + version, [base, dpkg(packages)])]


def run(*arguments, status=0, **options):
    done = handcarry(*arguments, **options)
    assert done.returncode == status, (arguments, done.stdout, done.stderr)
    return done.stdout + done.stderr


def write_release(folder, version, number, packages, seed, limit):
    """The example's folder; its images are archives beside release.yaml, the one with Ansible left out."""
    shutil.copytree(EXAMPLE, folder)
    yaml = folder / "release.yaml"
    words = "".join(line for line in yaml.read_text().splitlines(True) if "ansible" not in line.lower())
    words = words.replace("../../build/images/", "").replace("1.5.0", version)
    yaml.write_text(words.replace("release: 42", "release: %d" % number))
    for image in images_of(version, packages, seed):
        name = image.name.split("/")[1].split(":")[0]
        write_docker_archive(folder / (name + ".tar"), [image])
    config = folder / "configs/server.ini"
    config.write_text(config.read_text().replace("limit = 20", "limit = %d" % limit))
    return yaml


class Example:
    """Two releases of the example, both signed, and the delta between them."""

    def __init__(self, folder):
        self.folder = folder
        newer = dict(PACKAGES, **{name: "2.0-1+deb12u1" for name in sorted(PACKAGES)[:10]})
        old = write_release(folder / "old", "1.5.0", 42, PACKAGES, 2, 20)
        self.yaml = write_release(folder / "new", "1.5.1", 43, newer, 3, 5)
        run("trust", "init", "--no-password", cwd=folder)
        self.trust, key = folder / "trust", folder / "release.key"
        self.old, self.full, self.delta = (folder / name for name in (
            "plant-hmi-1.5.0-r42.tar.zst", "plant-hmi-1.5.1-r43.tar.zst",
            "plant-hmi-1.5.1-r43-from-r42.tar.zst"))
        for yaml, path, more in ((old, self.old, ()), (self.yaml, self.full, ()),
                                 (self.yaml, self.delta, ("--base", self.old))):
            run("bundle", yaml, "-o", path, "--sign", key, "--trust", self.trust, *more)

    def report(self, bundle, *options, name="report.html", **more):
        """The page, written into the folder."""
        path = self.folder / name
        run("report", bundle, "-o", path, *options, **more)
        return path


@functools.lru_cache(maxsize=None)
def example():
    """Made once a run: packing checks the playbooks of three bundles with ansible."""
    folder = pathlib.Path(tempfile.mkdtemp(prefix="report-"))
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    return Example(folder)


def plain_release(folder, images=(), **fields):
    """A release without playbooks; the caller writes it."""
    release = Release(folder, list(images))
    release.playbooks = []
    release.fields.update(fields)
    return release
