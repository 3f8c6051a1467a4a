# SPDX-License-Identifier: Apache-2.0
# Copyright The handcarry authors
"""Runs dump-source (built beside handcarry), which opens an image source as `bundle` does."""
import os
import subprocess
from pathlib import Path

TOP = Path(__file__).resolve().parents[2]
HANDCARRY = Path(os.environ.get("HANDCARRY", TOP / "build/handcarry")).resolve()
DUMP = HANDCARRY.parent / "tests/sources/dump-source"


def dump(source, folder, platform="linux/amd64", engine=None, tmpdir=None, limit=None):
    """(status, lines on stdout, text on stderr)"""
    command = [DUMP, source, platform, folder] + ([engine] if engine else [])
    if limit:
        command = ["prlimit", "--fsize=%d" % limit] + command
    done = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, check=False,
                          env={**os.environ, "TMPDIR": str(tmpdir or "/var/tmp")}, timeout=120)
    return done.returncode, done.stdout.decode().splitlines(), done.stderr.decode()


def expected(image):
    """The lines for an engines.images.Image: each layer named and hashed alike."""
    lines = ["config %s linux/amd64" % image.id()]
    for layer in image.layers:
        digest = layer.diff_id()
        lines.append("layer %s %s %d" % (digest, digest, len(layer.bytes())))
    return lines


def assert_reads(source, folder, image, **more):
    status, lines, text = dump(source, folder, **more)
    assert status == 0, text
    lines[0] = lines[0].rpartition(" fds=")[0]
    assert lines == expected(image)
    assert text == ""


def assert_refused(source, folder, fragment, status=3, **more):
    found, lines, text = dump(source, folder, **more)
    assert found == status, (lines, text)
    assert lines == []
    assert fragment in text, text
    assert text.startswith("image source '"), text
    return text
