# SPDX-License-Identifier: Apache-2.0
# Copyright The handcarry authors
"""A kit's program does all that the isolated side does, without the libraries that it leaves out and
on a kernel of 2018."""
import re
import shutil
import signal
import subprocess
import sys
from pathlib import Path

import pytest

import program
from engines import kitprogram
from engines.host import host20  # noqa: F401 pylint: disable=unused-import
from engines.images import Image
from program import MAKER, TOP, handcarry

OLD_KERNEL = Path(MAKER).with_name("tests") / "old-kernel"
CALL = "import ctypes, sys; getattr(ctypes.CDLL(sys.argv[1]), sys.argv[2])()"


@pytest.fixture(name="kit", scope="module")
def laid_out():
    reason = kitprogram.missing()
    if reason:
        pytest.skip(reason)
    folder = kitprogram.lay_out()
    yield folder
    shutil.rmtree(folder)


@pytest.fixture(name="kit_host")
def host_of_kit(host20, kit, monkeypatch):
    """A host whose handcarry is a kit's and whose kernel is that of 2018: what came later is not
    there for the program, its libraries and what it starts."""
    old = kit / "old-kernel"
    old.write_text('#!/bin/sh\nexec %s %s/bin/handcarry "$@"\n' % (OLD_KERNEL, kit))
    old.chmod(0o755)
    monkeypatch.setattr(program, "PROGRAM", str(old))
    return host20


def next_release(release):
    """Release 2: another image under the first name, another config."""
    release.fields.update(release=2, version="2.0.0")
    release.images[0] = Image("handcarry-test/server:1", release.images[1].layers[:2])
    release.write()
    (release.folder / "configs/plain.conf").write_text("plain = no\n")


def stem_of(soname):
    return re.sub(r"(-[\d.]+)?\.so.*", "", soname)


def run(*arguments):
    ran = handcarry(*arguments)
    assert ran.returncode == 0, ran.stdout + ran.stderr
    assert "leaves out" not in ran.stderr
    return ran


def test_the_whole_path_on_linux_4_18_reaches_nothing_left_out(kit_host, docker20, release):
    first = kit_host.bundle(release)
    next_release(release)
    second = kit_host.bundle(release, base=first)
    trust = kit_host.root / "etc/handcarry/trust"
    for bundle in first, second:
        run("verify", bundle, "--trust", trust)
        run("show", bundle)
    run("verify", first, "--trust", trust, "--deep")
    run("diff", first, second)
    run("trust", "show", "--trust", trust)
    on_host = lambda verb, *more: run(*kit_host.arguments(verb, *more))  # noqa: E731
    said = on_host("plan", first)
    assert "no landlock" in said.stdout + said.stderr
    on_host("install", first, "-y")
    old = docker20.inspect("handcarry-test/server:1")["Id"]
    on_host("have", "-o", kit_host.folder / "here.have")
    on_host("install", second, "-y")
    assert docker20.inspect("handcarry-test/server:1")["Id"] != old
    on_host("rollback", "handcarry-test", "-y")
    assert docker20.inspect("handcarry-test/server:1")["Id"] == old
    assert (release.target / "plain.conf").read_text() == "plain = yes\n"
    assert kit_host.status()["products"][0]["release"] == 1
    for verb, more in ("status", ()), ("recover", ()), ("prune", ("--keep", "1")):
        on_host(verb, *more)
    run("history", "--root", kit_host.root, "--verify")
    run("log", "--root", kit_host.root)
    on_host("remove", "handcarry-test", "-y")
    assert not (release.target / "server.conf").exists()


def test_what_is_left_out_says_so_where_it_is_called(kit):
    ran = subprocess.run([sys.executable, "-c", CALL, kit / "lib/libxml2.so.2", "xmlFreeTextReader"],
                         stderr=subprocess.PIPE, text=True, check=False)
    assert ran.returncode == -signal.SIGABRT
    assert ran.stderr == ("handcarry: xmlFreeTextReader() was called, but a kit leaves out libxml2.so.2: "
                          "libarchive reads xar with it; bundles, image archives and exports are tar. "
                          "Please report this.\n")


def test_every_library_left_out_is_in_the_table_and_nothing_needs_more(kit):
    table = (TOP / "bundle/kit-left-out.txt").read_text()
    stems = re.findall(r"^(lib\S+)", table, re.M)
    left_out = sorted(path.name for path in kitprogram.LEFT_OUT.iterdir())
    assert len(left_out) >= 10
    for name in left_out:
        assert any(re.match(re.escape(stem) + r"(-[\d.]+)?\.so", name) for stem in stems), name
    carried = {path.name for path in (kit / "lib").iterdir()}
    # A kit made on another Debian has libldap of another version.
    assert {stem_of(name) for name in left_out} <= {stem_of(name) for name in carried}
    assert not [name for name in carried if re.match("libicu|libstdc|libp11|libkrb5|libgcrypt", name)]
