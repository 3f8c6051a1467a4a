# SPDX-License-Identifier: Apache-2.0
# Copyright The handcarry authors
"""Images that carry Ansible: the one that examples/ansible-image.sh makes, once, and small ones that
only look like it."""
import hashlib
import subprocess
from pathlib import Path

from engines.images import BUSYBOX, Image, Layer, busybox_layer, write_docker_archive
from engines.roots import CACHE, Missing, alone

SCRIPT = Path(__file__).parents[2] / "examples/ansible-image.sh"
NAME = "handcarry-test/ansible:1"
TOOL = b"#!/usr/bin/python3\nprint('ansible-playbook [core 2.99.0]')\n"


def real_archive():
    """Debian 12's ansible-core as a docker-archive; made again where the script changed."""
    wanted = hashlib.sha256(b"".join(path.read_bytes() for path in (
        SCRIPT, SCRIPT.with_name("image-layer.py")))).hexdigest()[:16]
    made = CACHE / ("ansible-%s.tar" % wanted)
    with alone(CACHE / "ansible"):
        if not made.exists():
            for old in CACHE.glob("ansible-*.tar"):
                old.unlink()
            ran = subprocess.run([SCRIPT, "--name", NAME, "--output", made.with_suffix(".part")],
                                 capture_output=True, text=True, check=False)
            if ran.returncode != 0:
                raise Missing("examples/ansible-image.sh failed: %s" % ran.stderr.strip()[-200:])
            made.with_suffix(".part").rename(made)
    return made


def script_image(program, name=NAME, tool=TOOL, more=()):
    """An image whose Python is any program: what ansible-playbook prints then is its affair."""
    layer = Layer().folder("usr").folder("usr/bin")
    if program is not None:
        layer.file("usr/bin/python3", program, 0o755)
    if tool is not None:
        layer.file("usr/bin/ansible-playbook", tool, 0o755)
    for add in more:
        add(layer)
    return Image(name, [busybox_layer(), layer])


def static_program():
    """A program without a loader, for the machine that this is."""
    return BUSYBOX.read_bytes()


def use(release, source, python=()):
    """Makes the release one that carries Ansible: source is an archive or an image."""
    if isinstance(source, Image):
        archive = release.folder / "ansible.tar"
        release.folder.mkdir(exist_ok=True)
        write_docker_archive(archive, [source])
    else:
        archive = source
    release.fields["requires"] = {"ansible-core": "bundled", **({"python": list(python)} if python else {})}
    release.write()
    row = '  - {"name": "%s", "from": "docker-archive:%s:%s", "ansible": true}\n' % (NAME, archive, NAME)
    text = release.text()
    if "\nimages:\n" not in text:
        text += "images:\n"
    release.put("release.yaml", text.replace("\nimages:\n", "\nimages:\n" + row))
    return release
