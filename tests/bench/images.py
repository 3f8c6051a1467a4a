# SPDX-License-Identifier: Apache-2.0
# Copyright The handcarry authors
"""The benchmark's release: three images of different kinds made from Debian's packages, no shared
layer but the base, as one `docker save` archive each time: caches.tar as apt leaves them,
nocaches.tar without var/cache/apt, var/lib/apt/lists and var/cache/debconf."""
import subprocess
from pathlib import Path

from engines.engine import KINDS, Engine
from engines.roots import Missing

TOP = Path(__file__).resolve().parents[2]
BUILD = TOP / "examples/debian-image.sh"
IMAGES = {
    "bench/database:1": "postgresql",
    "bench/web:1": "nginx python3 python3-numpy python3-django python3-lxml python3-pil "
                   "python3-cryptography python3-sqlalchemy python3-psycopg2",
    "bench/application:1": "nodejs npm webpack node-typescript",
}
VARIANTS = {"caches": ["--keep-caches"], "nocaches": []}


def docker():
    """A Docker engine on this machine, whichever version is here."""
    reasons = []
    for name in [name for name, kind in KINDS.items() if kind.program == "dockerd"]:
        try:
            return Engine(name)
        except Missing as reason:
            reasons.append("%s: %s" % (name, reason))
    raise Missing("no Docker engine: " + "; ".join(reasons))


def build(folder, variant, engine):
    """Builds the images of one variant and lets a real engine save them as one archive."""
    archive = folder / (variant + ".tar")
    if archive.exists():
        return archive
    engine.start()
    for name, packages in IMAGES.items():
        one = folder / "one.tar"
        subprocess.run([BUILD, "--cache", folder / "cache", "--name", name, "--output", one,
                        "--packages", packages, *VARIANTS[variant]], check=True)
        engine.load(one)
        one.unlink()
    part = folder / (variant + ".part")
    engine.save(list(IMAGES), part)
    engine.kill()
    part.rename(archive)
    return archive


def build_all(folder):
    """{variant: archive}; what is already there is used as it is."""
    folder.mkdir(parents=True, exist_ok=True)
    missing = [variant for variant in VARIANTS if not (folder / (variant + ".tar")).exists()]
    for variant in missing:
        engine = docker()
        try:
            build(folder, variant, engine)
        finally:
            engine.stop()
    return {variant: folder / (variant + ".tar") for variant in VARIANTS}
