# SPDX-License-Identifier: Apache-2.0
# Copyright The handcarry authors
"""The program of the isolated side as a kit carries it, laid out in a folder of its own."""
import os
import re
import subprocess
import tempfile
from pathlib import Path

from program import MAKER

HOST = Path(MAKER).with_name("handcarry-host")
LEFT_OUT = HOST.with_name("handcarry-left-out")


def missing():
    """Why there is no such program here, or None."""
    return None if HOST.exists() else "this build makes no program for kits"


def interpreter(program):
    """Where a program looks for its loader."""
    return re.search(rb"/opt/handcarry/[^/\0]+/lib/(ld-linux-[^/\0]+)\0", program.read_bytes())


def lay_out():
    """A temporary folder with bin/handcarry and lib/, which takes its libraries and their loader
    from there as one below /opt does: only the loader's path in it is another."""
    folder = Path(tempfile.mkdtemp(prefix="hk-", dir="/tmp"))  # no longer than the path it replaces
    (folder / "bin").mkdir()
    (folder / "lib").mkdir()
    found = interpreter(HOST)
    loader = Path("/lib64") / os.fsdecode(found[1])
    said = subprocess.run([loader, "--library-path", LEFT_OUT, "--list", HOST], text=True, check=True,
                          stdout=subprocess.PIPE).stdout
    for name, path in re.findall(r"^\t(\S+) => (/\S+)", said, re.M):
        (folder / "lib" / Path(name).name).symlink_to(path)
    (folder / "lib" / loader.name).unlink(missing_ok=True)
    (folder / "lib" / loader.name).symlink_to(loader)
    path = os.fsencode(folder / "lib" / loader.name) + b"\0"
    code = HOST.read_bytes().replace(found[0], path.ljust(len(found[0]), b"\0"))
    assert len(path) <= len(found[0])
    program = folder / "bin/handcarry"
    program.write_bytes(code)
    program.chmod(0o755)
    return folder
