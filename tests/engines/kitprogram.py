# SPDX-License-Identifier: Apache-2.0
# Copyright The handcarry authors
"""The program of the isolated side as a kit carries it, laid out in a folder of its own.

HANDCARRY_KIT names a kit (.tar.zst) that was made elsewhere, on Debian 13 for instance; otherwise it is
the program of this build with the libraries that a kit made here would carry."""
import os
import re
import shutil
import subprocess
import tempfile
from pathlib import Path

from program import MAKER

HOST = Path(MAKER).with_name("handcarry-host")
LEFT_OUT = HOST.with_name("handcarry-left-out")
KIT = os.environ.get("HANDCARRY_KIT")


def missing():
    """Why there is no such program here, or None."""
    return None if HOST.exists() or KIT else "this build makes no program for kits"


def interpreter(program):
    """Where a program looks for its loader."""
    return re.search(rb"/opt/handcarry/[^/\0]+/lib/(ld-linux-[^/\0]+)\0", program.read_bytes())


def link_libraries(folder, loader):
    """lib/ with a link to each library that a kit made here would carry."""
    said = subprocess.run([loader, "--library-path", LEFT_OUT, "--list", HOST], text=True, check=True,
                          stdout=subprocess.PIPE).stdout
    (folder / "lib").mkdir()
    for name, path in re.findall(r"^\t(\S+) => (/\S+)", said, re.M):
        (folder / "lib" / Path(name).name).symlink_to(path)
    (folder / "lib" / loader.name).unlink(missing_ok=True)
    (folder / "lib" / loader.name).symlink_to(loader)


def lay_out():
    """A temporary folder with bin/handcarry and lib/, which takes its libraries and their loader
    from there as one below /opt does: only the loader's path in it is another."""
    folder = Path(tempfile.mkdtemp(prefix="hk-", dir="/tmp"))  # no longer than the path it replaces
    program = folder / "bin/handcarry"
    if KIT:
        subprocess.run(["tar", "--zstd", "--strip-components=1", "-xf", KIT, "-C", folder], check=True)
    else:
        program.parent.mkdir()
        shutil.copy(HOST, program)
    found = interpreter(program)
    loader = os.fsdecode(found[1])
    if not KIT:
        link_libraries(folder, Path("/lib64") / loader)
    path = os.fsencode(folder / "lib" / loader) + b"\0"
    assert len(path) <= len(found[0])
    program.write_bytes(program.read_bytes().replace(found[0], path.ljust(len(found[0]), b"\0")))
    return folder
