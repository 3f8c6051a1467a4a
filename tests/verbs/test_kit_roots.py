# SPDX-License-Identifier: Apache-2.0
# Copyright The handcarry authors
"""A kit's program runs in other distributions, and loads nothing from any of them.
HANDCARRY_KIT_ROOTS=all takes those, too, whose roots have to be made. HANDCARRY_KIT=FILE.tar.zst, with
FILE.sh beside it, is a kit that was made elsewhere."""
import hashlib
import os
import re
import shutil
import subprocess

import pytest

import kitroots
import kits
from engines.roots import Missing
from program import handcarry
from verified import Made

FEW = os.environ.get("HANDCARRY_KIT_ROOTS") != "all"
ROOTS = ["busybox", "bookworm"] if FEW else ["busybox", "musl", "bullseye", "bookworm", "trixie"]
HOME = "/opt/handcarry/" + handcarry("--version").stdout.split()[1]
# What the host would have loaded: it says so, and has no other C library than the host's.
EVIL = """\
#include <unistd.h>
__attribute__ ((constructor)) static void loaded (void) { write (2, "LOADED\\n", 7); }
"""
EVIL_CONF = """\
openssl_conf = all
[all]
providers = list
[list]
evil = evil_section
default = default_section
[default_section]
activate = 1
[evil_section]
module = /usr/lib/x86_64-linux-gnu/libnss_evil.so.2
activate = 1
"""


@pytest.fixture(name="shelf", scope="module")
def what_a_stick_has(tmp_path_factory):
    """A kit, and a bundle with its trust root."""
    kits.require()
    for program in "strace", "cc":
        if shutil.which(program) is None:
            pytest.skip(program + " is not installed")
    folder = tmp_path_factory.mktemp("stick")
    given = os.environ.get("HANDCARRY_KIT")
    if given:
        shutil.copy(given.replace(".tar.zst", ".sh"), folder / "kit.sh")
    else:
        ran = kits.make("-o", folder / "kit.sh")
        assert ran.returncode == 0, ran.stderr
    made = Made(tmp_path_factory.mktemp("made"))
    shutil.copy(made.path, folder / "b.tar.zst")
    shutil.copytree(made.trust, folder / "trust")
    return folder


def lower_of(name, folder):
    if name == "musl":
        return kitroots.musl()
    return kits.Root(folder / "busybox").path if name == "busybox" else kitroots.debian(name)


@pytest.fixture(name="root", params=ROOTS, scope="module")
def root_with_the_kit(request, shelf, tmp_path_factory):
    try:
        lower = lower_of(request.param, tmp_path_factory.mktemp("root"))
    except Missing as reason:
        pytest.skip("%s: %s" % (request.param, reason))
    with kitroots.Overlaid(lower) as root:
        shutil.copytree(shelf, root.path / "stick", dirs_exist_ok=True)
        ran = root.run("/bin/sh", "/stick/kit.sh")
        assert (ran.returncode, ran.stderr) == (0, ""), ran.stdout
        yield root


def check_verbs(root, shelf, **options):
    """Runs the verbs that need no engine; everything that they said."""
    value = hashlib.sha256((shelf / "trust/1.root.yaml").read_bytes()).hexdigest()
    said = ""
    for words, expected in (
            (("--version",), "handcarry "), (("--help",), "install"),
            (("trust", "import", "/stick/trust", "--fingerprint", value), "Imported into"),
            (("verify", "/stick/b.tar.zst"), "every frame proven"),
            (("verify", "--deep", "/stick/b.tar.zst"), "layer, config and file proven"),
            (("show", "/stick/b.tar.zst"), "handcarry-test"), (("status",), "nothing is installed here")):
        ran = root.run("/usr/local/bin/handcarry", *words, **options)
        assert ran.returncode == 0, (words, ran.stdout, ran.stderr)
        assert expected in ran.stdout, (words, ran.stdout)
        said += ran.stdout + ran.stderr
    return said


def test_the_verbs_run_with_what_the_kit_carries(root, shelf, tmp_path):
    trace = tmp_path / "trace"
    before = ["strace", "-f", "-A", "-o", trace, "-e", "trace=execve,open,openat,openat2"]
    check_verbs(root, shelf, before=before)
    text = trace.read_text()
    ours = text[text.index('execve("/usr/local/bin/handcarry"'):]
    opened = re.findall(r'open(?:at2?)?\((?:\w+, )?"([^"]+\.so[^"/]*)"[^\n]* = \d', ours)
    ours_only = [path for path in opened if path.startswith(HOME + "/")]
    assert len(ours_only) >= 7 * 20
    # What starts the next run is the host's: its shell, mount and chroot.
    others = {path for path in opened if not path.startswith(HOME + "/")}
    assert others <= libraries_of_starters(), others
    assert 'openat(AT_FDCWD, "/etc/nsswitch.conf"' in ours or "busybox" in str(root.lower)


def libraries_of_starters():
    """What unshare, sh, mount and chroot load before a root is another."""
    found = {"/etc/ld.so.cache"}
    for program in ("unshare", "sh", "mount", "chroot"):
        said = subprocess.run(["ldd", shutil.which(program)], capture_output=True, text=True,
                              check=True).stdout
        found |= set(re.findall(r"(/\S+\.so\S*)", said))
    return found


def test_what_the_host_would_load_is_not_loaded(root, shelf, tmp_path):
    """Modules of NSS, GIO and OpenSSL, and what the environment names."""
    (tmp_path / "evil.c").write_text(EVIL)
    library = tmp_path / "libevil.so"
    subprocess.run(["cc", "-w", "-shared", "-fPIC", "-nostdlib", "-o", library, tmp_path / "evil.c"], check=True)
    for name in ("usr/lib/x86_64-linux-gnu/libnss_evil.so.2", "usr/lib/x86_64-linux-gnu/gio/modules/libevil.so",
                 "evil/libzstd.so.1", "evil/libc.so.6"):
        (root.path / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(library, root.path / name)
    for name, text in (("etc/nsswitch.conf", "passwd: evil files\ngroup: evil files\n"),
                       ("etc/passwd", "root:x:0:0:root:/root:/bin/sh\n"), ("etc/group", "root:x:0:\n"),
                       ("etc/ssl/openssl.cnf", EVIL_CONF), ("usr/lib/ssl/openssl.cnf", EVIL_CONF)):
        (root.path / name).parent.mkdir(parents=True, exist_ok=True)
        (root.path / name).write_text(text)
    env = {"LD_LIBRARY_PATH": "/evil", "OPENSSL_CONF": "/etc/ssl/openssl.cnf",
           "GIO_EXTRA_MODULES": "/usr/lib/x86_64-linux-gnu/gio/modules"}
    if (root.path / "usr/bin/getent").exists():  # what the host's own programs do
        assert "LOADED" in root.run("/usr/bin/getent", "passwd", "root").stderr
    for words in ("verify", "/stick/b.tar.zst"), ("recover",):
        trace = tmp_path / "trace"
        ran = root.run("/usr/local/bin/handcarry", *words, env=env, before=["strace", "-f", "-o", trace])
        assert ran.returncode == 0 and "LOADED" not in ran.stderr, ran.stderr
    assert '"/etc/passwd"' in trace.read_text()  # who recovers
    ran = root.run("/usr/local/bin/handcarry", "status", env={"LD_PRELOAD": "/evil/libzstd.so.1"})
    assert ran.returncode == 0, ran.stderr
    assert ran.stderr.count("LOADED") == 1  # before the program begins again, and not after
