# SPDX-License-Identifier: Apache-2.0
# Copyright The handcarry authors
"""A kit for arm64, made on another machine by tests/arm64/build.sh and run by qemu's user mode.

That has no seccomp: a program that cannot confine itself ends, so a library that says it did stands
for libseccomp there. What confinement does is shown on the machine that the other tests run on."""
import hashlib
import os
import shutil
import subprocess
from pathlib import Path

import pytest

import kits
from program import TOP, handcarry
from verified import Made

BUILD = TOP / "build/arm64"
QEMU = "qemu-aarch64-static"
HOME = "opt/handcarry/" + handcarry("--version").stdout.split()[1]
SECCOMP = """\
static int filter;
void *seccomp_init (unsigned action) { return &filter; }
int seccomp_rule_add (void *to, ...) { return 0; }
int seccomp_load (void *all) { return 0; }
void seccomp_release (void *all) {}
"""
RUN = """\
mount -t proc proc "$0/proc"
exec chroot "$0" /%s "$@"
""" % QEMU


@pytest.fixture(name="root", scope="module")
def root_with_an_arm64_kit(tmp_path_factory):
    if os.environ.get("HANDCARRY_ARM64") != "1":
        pytest.skip("arm64 is built and run by tests/run.sh --arm64")
    for program in (QEMU, "aarch64-linux-gnu-gcc", "unshare"):
        assert shutil.which(program), program + " is not installed"
    folder = tmp_path_factory.mktemp("arm64")
    ran = kits.make("-o", folder / "kit.tar.zst", "--program", BUILD / "handcarry-host", "--sysroot",
                    BUILD / "sysroot")
    assert ran.returncode == 0 and "for aarch64" in ran.stdout, ran.stdout + ran.stderr
    root = folder / "root"
    for name in ("proc", "dev", "tmp", "var/tmp", "stick", HOME):
        (root / name).mkdir(parents=True)
    subprocess.run(["mknod", "-m", "666", root / "dev/null", "c", "1", "3"], check=True)
    subprocess.run(["tar", "--zstd", "--strip-components=1", "-xf", folder / "kit.tar.zst", "-C",
                    root / HOME], check=True)
    shutil.copy(shutil.which(QEMU), root)
    (folder / "seccomp.c").write_text(SECCOMP)
    subprocess.run(["aarch64-linux-gnu-gcc", "-w", "-shared", "-fPIC", "-Wl,-soname,libseccomp.so.2",
                    "-o", root / HOME / "lib/libseccomp.so.2", folder / "seccomp.c"], check=True)
    return root


def run(root, *words):
    return subprocess.run(["unshare", "--mount", "--propagation", "private", "sh", "-euc", RUN, root,
                           "/" + HOME + "/bin/handcarry", *words], capture_output=True, text=True,
                          stdin=subprocess.DEVNULL, timeout=300, check=False, env={"PATH": "/usr/sbin:/usr/bin:/sbin:/bin"})


def test_everything_in_the_kit_is_for_arm64(root):
    libraries = [path for path in (root / HOME / "lib").iterdir() if ".so" in path.name]
    assert len(libraries) >= 30
    for path in [*libraries, root / HOME / "bin/handcarry"]:
        assert path.read_bytes()[:20][-2:] == b"\xb7\x00", path  # EM_AARCH64
    assert (root / HOME / "lib/ld-linux-aarch64.so.1").stat().st_mode & 0o111


def test_the_verbs_prove_a_bundle_made_elsewhere(root, tmp_path):
    made = Made(tmp_path)
    shutil.copy(made.path, root / "stick/b.tar.zst")
    shutil.copytree(made.trust, root / "stick/trust")
    value = hashlib.sha256(Path(made.trust, "1.root.yaml").read_bytes()).hexdigest()
    for words, expected in (
            (("--version",), "handcarry "), (("trust", "import", "/stick/trust", "--fingerprint", value), "Imported"),
            (("verify", "--deep", "/stick/b.tar.zst"), "layer, config and file proven"),
            (("show", "/stick/b.tar.zst"), "handcarry-test"), (("status",), "nothing is installed here")):
        ran = run(root, *words)
        assert ran.returncode == 0 and expected in ran.stdout, (words, ran.stdout, ran.stderr)
    damaged = bytearray(made.data)
    damaged[len(damaged) // 2] ^= 1
    (root / "stick/damaged.tar.zst").write_bytes(damaged)
    assert run(root, "verify", "/stick/damaged.tar.zst").returncode == 3
