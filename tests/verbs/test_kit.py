# SPDX-License-Identifier: Apache-2.0
# Copyright The handcarry authors
"""The kit: made, signed, and installed where there is a shell and nothing else."""
import hashlib
import io
import json
import os
import re
import shutil
import stat
import subprocess
import tarfile

import pytest

import kits
from console import assert_shown, typed
from keytools import minisign, needs_minisign
from program import CONNECTED, MAKER, TOP, handcarry

VERSION = handcarry("--version").stdout.split()[1]
HOME = f"/opt/handcarry/{VERSION}"


@pytest.fixture(name="root", params=["ash", "dash"])
def fixture_root(request, kit_shelf, tmp_path):
    root = kits.Root(tmp_path / "root", request.param)
    (root.path / "stick/kit.sh").hardlink_to(kit_shelf.script)
    return root


def test_the_script_installs_a_program_that_runs(root):
    ran = root.run("sh", "/stick/kit.sh")
    assert (ran.returncode, ran.stderr) == (0, "")
    assert f"handcarry {VERSION} is installed in {HOME}" in ran.stdout
    assert "next      handcarry trust import FOLDER, where the bundles lie\n" in ran.stdout
    assert root.run("/usr/local/bin/handcarry", "--version").stdout == f"handcarry {VERSION}\n"
    proven = root.run("sh", "-c", f"cd {HOME} && sha256sum -c SHA256SUMS")
    assert proven.returncode == 0 and "OK" in proven.stdout
    again = root.run("sh", "/stick/kit.sh")
    assert again.returncode == 0 and "nothing changed" in again.stdout
    pages = {re.match(r"handcarry-(.*)\.1$", name)[1] for name in os.listdir(
        root.path / HOME[1:] / "share/man/man1")}
    listed = root.run("/usr/local/bin/handcarry", "--help").stdout.splitlines()
    assert {line.split()[0] for line in listed if line.startswith("  ")} == pages
    assert not pages & CONNECTED
    gone = root.run(f"{HOME}/uninstall")
    assert gone.returncode == 0, gone.stderr
    assert root.files("opt") == {} and root.files("usr/local/bin") == {}


def test_123_two_builds_are_equal(kit_shelf, tmp_path):
    """Another folder, clock, zone, language, umask and home."""
    old = os.umask(0o077)
    try:
        ran = kits.make("-o", "other.sh", "-o", "other.tar.zst", cwd=tmp_path, env={
            "PATH": os.environ["PATH"], "HOME": "/none", "TZ": "Asia/Seoul", "LC_ALL": "ko_KR.UTF-8",
            "SOURCE_DATE_EPOCH": "1", "G_DEBUG": "fatal-warnings"})
    finally:
        os.umask(old)
    assert ran.returncode == 0, ran.stderr
    assert (tmp_path / "other.sh").read_bytes() == kit_shelf.script.read_bytes()
    assert (tmp_path / "other.tar.zst").read_bytes() == kit_shelf.archive.read_bytes()
    assert stat.S_IMODE((tmp_path / "other.sh").stat().st_mode) == 0o644
    sums = subprocess.run(["sha256sum", "-c", "other.sh.sha256", "other.tar.zst.sha256"], cwd=tmp_path,
                          capture_output=True, text=True, check=False)
    assert sums.stdout == "other.sh: OK\nother.tar.zst: OK\n"


def test_the_archive_holds_files_of_root_and_a_list_of_all(kit_shelf):
    plain = subprocess.run(["zstd", "-dcq", kit_shelf.archive], check=True, capture_output=True).stdout
    script = kit_shelf.script.read_bytes()
    at = int(re.search(rb"^payload_at=(\d+)$", script, re.M)[1])
    assert subprocess.run(["gzip", "-dc"], input=script[at:], check=True,
                          capture_output=True).stdout == plain
    assert script[at:at + 8] == b"\x1f\x8b\x08\0\0\0\0\0", "a name or a time"
    with tarfile.open(fileobj=io.BytesIO(plain)) as archive:
        members = archive.getmembers()
        listed = archive.extractfile(f"handcarry-{VERSION}/SHA256SUMS").read().decode()
        found = {member.name.split("/", 1)[1]: hashlib.sha256(
            archive.extractfile(member).read()).hexdigest() for member in members}
    assert {(m.uid, m.gid, m.uname, m.gname, m.mtime, m.isfile()) for m in members} == \
        {(0, 0, "", "", 0, True)}
    programs = {member.name.split("/", 1)[1] for member in members if member.mode == 0o755}
    assert {member.mode for member in members} == {0o644, 0o755}
    assert {name for name in programs if not name.startswith("lib/ld-")} == \
        {"bin/handcarry", "install", "uninstall"} and len(programs) == 4
    assert dict(reversed(line.split("  ")) for line in listed.splitlines()) == \
        {name: digest for name, digest in found.items() if name != "SHA256SUMS"}
    assert [line.split("  ")[1] for line in listed.splitlines()][2:] == sorted(set(found) - {
        "install", "uninstall", "SHA256SUMS"})


def test_an_installed_prefix_gives_the_same_kit(kit_shelf, tmp_path):
    if shutil.which("meson") is None:
        pytest.skip("meson is not installed")
    built = os.path.dirname(MAKER)
    subprocess.run(["meson", "install", "-C", built, "--no-rebuild", "--quiet", "--destdir",
                    tmp_path / "to"], check=True, capture_output=True)
    program = next((tmp_path / "to").rglob("bin/handcarry"))
    ran = subprocess.run([program, "kit", "--json", "--level", "1", *kits.PROGRAM,
                          "-o", tmp_path / "kit.sh"],
                         capture_output=True, text=True, check=False)
    assert ran.returncode == 0, ran.stderr
    assert (tmp_path / "kit.sh").read_bytes() == kit_shelf.script.read_bytes()


def test_it_says_where_its_libraries_are_from(kit_shelf):
    if shutil.which("dpkg-query") is None:
        pytest.skip("dpkg-query is not installed")
    rows = [line.split("\t") for line in
            (kit_shelf.folder / "share/doc/libraries.txt").read_text().splitlines()]
    assert {row[0] for row in rows} == {path.name for path in (kit_shelf.folder / "lib").iterdir()
                                        if path.is_file()}
    packages = {(name, version) for _, name, version in rows if name != "handcarry"}
    assert len(packages) > 10
    for name, version in packages:
        ran = subprocess.run(["dpkg-query", "-W", "-f", "${Version}\n", name], capture_output=True,
                             text=True, check=False)
        assert version in ran.stdout.splitlines(), (name, version, ran.stdout)
        licence = kit_shelf.folder / "share/doc/copyright" / name
        assert licence.is_file() or not os.path.exists(f"/usr/share/doc/{name}/copyright")
    stubs = {row[0] for row in rows if row[1:] == ["handcarry", "-"]}
    assert stubs == set(os.listdir(kits.HOST.parent / "handcarry-left-out"))


def test_what_is_missing_is_said(tmp_path):
    """A prefix that has the program and nothing beside it."""
    kits.require()
    for name, source in (("bin/handcarry", MAKER), ("libexec/handcarry/handcarry-host", kits.HOST)):
        (tmp_path / name).parent.mkdir(parents=True)
        shutil.copy(source, tmp_path / name)
    (tmp_path / "libexec/handcarry/handcarry-left-out").symlink_to(
        kits.HOST.parent / "handcarry-left-out")
    ran = subprocess.run([tmp_path / "bin/handcarry", "kit", "--json", "--level", "1", "-o",
                          tmp_path / "kit.tar.zst"], capture_output=True, text=True, check=False)
    assert ran.returncode == 0, ran.stderr
    said = json.loads(ran.stdout)
    assert said["schema"] == "handcarry-kit-1" and said["changed"]
    wanted = (TOP / "bundle/kit-share.c").read_text().split("} wanted[] = {")[1].split("};")[0]
    missing = re.findall(r'", "([^"]+)" }', wanted)
    assert len(missing) >= 9 and [text for text in said["missing"] if "librar" not in text] == missing
    for text in said["missing"]:
        assert f"warning: the kit is without {text}\n" in ran.stderr
    kit = (tmp_path / "kit.tar.zst").read_bytes()
    assert said["written"] == [{"file": str(tmp_path / "kit.tar.zst"), "bytes": len(kit),
                                "digest": "sha256:" + hashlib.sha256(kit).hexdigest()}]
    assert said["version"] == VERSION and said["machine"] == os.uname().machine
    (tmp_path / "libexec/handcarry/handcarry-host").unlink()
    ran = subprocess.run([tmp_path / "bin/handcarry", "kit", "-o", tmp_path / "other.sh"],
                         capture_output=True, text=True, check=False)
    assert ran.returncode == 1 and "name it with --program" in ran.stderr


def test_refusals(tmp_path):
    there = tmp_path / "there.sh"
    there.write_text("")
    new = tmp_path / "new.sh"
    for arguments, status, said in (
            ([], 2, "kit needs -o"),
            (["-o", new, "more"], 2, "takes no arguments"),
            (["-o", tmp_path / "kit.zip"], 2, "its name ends in .tar.zst or in .sh"),
            (["-o", there], 1, "exists already"),
            (["-o", new, "--level", "23"], 2, "goes from 1 to 22"),
            (["-o", new, "--external", "true"], 2, "--external needs --sign KEY.pub"),
            (["-o", new, "--sign", tmp_path / "none.key"], 1, "none.key"),
            (["-o", new, "--program", there], 1, "there.sh"),
            (["-o", new, "--program", shutil.which("true")], 3, "no handcarry-host of version")):
        ran = handcarry("kit", *arguments)
        assert ran.returncode == status and said in ran.stderr, (arguments, ran.returncode, ran.stderr)
        assert ran.stdout == "" and os.listdir(tmp_path) == ["there.sh"]
    (tmp_path / "new.sh.minisig").write_text("of another kit\n")
    ran = handcarry("kit", "-o", new)
    assert ran.returncode == 1 and "new.sh.minisig' exists already" in ran.stderr


@pytest.fixture(name="signed", scope="module")
def fixture_signed(tmp_path_factory):
    """A signed kit, and two keys."""
    kits.require()
    folder = tmp_path_factory.mktemp("signed")
    for name in ("kit", "other"):
        assert handcarry("keygen", "--no-password", name, cwd=folder).returncode == 0
    ran = kits.make("-o", "kit.sh", "--sign", "kit.key", cwd=folder)
    assert ran.returncode == 0 and "signature  kit.sh.minisig" in ran.stdout, ran.stderr
    return folder


@needs_minisign
def test_004_stock_minisign_proves_the_file(signed, tmp_path):
    good = minisign("-V", "-m", "kit.sh", "-p", "kit.pub", cwd=signed)
    digest = hashlib.sha256((signed / "kit.sh").read_bytes()).hexdigest()
    assert good.status == 0, good
    assert f"Trusted comment: handcarry kit {VERSION} sha256:{digest}\n" in good.out
    assert minisign("-V", "-H", "-m", "kit.sh", "-p", "other.pub", cwd=signed).status != 0
    bad = tmp_path / "kit.sh"
    data = bytearray((signed / "kit.sh").read_bytes())
    data[-1] ^= 1
    bad.write_bytes(data)
    unsigned = minisign("-V", "-H", "-m", bad, "-p", signed / "kit.pub", cwd=tmp_path)
    assert unsigned.status != 0
    shutil.copy(signed / "kit.sh.minisig", tmp_path)
    assert minisign("-V", "-H", "-m", bad, "-p", signed / "kit.pub", cwd=tmp_path).status != 0
    text = (signed / "kit.sh.minisig").read_text()
    (tmp_path / "kit.sh.minisig").write_text(text.replace(f"handcarry kit {VERSION}", "handcarry kit 9.9.9"))
    bad.write_bytes((signed / "kit.sh").read_bytes())
    assert minisign("-V", "-H", "-m", bad, "-p", signed / "kit.pub", cwd=tmp_path).status != 0


def test_005_a_signature_of_a_kit_is_none_of_anything_else(signed):
    """Every other text that is signed begins with a line that no kit begins with."""
    kinds = re.findall(r"`(handcarry-[a-z]+: 1)`", (TOP / "keys/FORMAT.md").read_text())
    assert len(set(kinds)) >= 4
    begin = (signed / "kit.sh").read_bytes()[:64]
    assert begin.startswith(b"#!/bin/sh\n# handcarry-kit: 1\n")
    assert not [kind for kind in kinds if begin.startswith(kind.encode())]


def test_a_program_that_has_the_key_signs(signed, tmp_path):
    if shutil.which("openssl") is None:
        pytest.skip("openssl is not installed")
    key = tmp_path / "o.pem"
    subprocess.run(["openssl", "genpkey", "-algorithm", "ed25519", "-out", key], check=True,
                   capture_output=True)
    der = subprocess.run(["openssl", "pkey", "-in", key, "-pubout", "-outform", "DER"], check=True,
                         capture_output=True).stdout
    line = subprocess.run(["base64"], input=b"Ed" + b"openssl1" + der[-32:], check=True,
                          capture_output=True).stdout.decode()
    (tmp_path / "o.pub").write_text("untrusted comment: openssl\n" + line)
    (tmp_path / "signer").write_text(
        f"#!/bin/sh\ncat >{tmp_path}/in\nexec openssl pkeyutl -sign -rawin -inkey {key} -in {tmp_path}/in\n")
    (tmp_path / "signer").chmod(0o755)
    ran = kits.make("-o", "k.tar.zst", "--sign", "o.pub", "--external", tmp_path / "signer", cwd=tmp_path)
    assert ran.returncode == 0, ran.stderr
    if shutil.which("minisign") is not None:
        assert minisign("-V", "-H", "-m", "k.tar.zst", "-p", "o.pub", cwd=tmp_path).status == 0
    refused = kits.make("-o", "l.tar.zst", "--sign", signed / "kit.pub", "--external",
                        tmp_path / "signer", cwd=tmp_path)
    assert refused.returncode == 4 and not list(tmp_path.glob("l.*"))


def test_readme_lines_prove_and_install_a_kit(tmp_path):
    """As they stand there, but for the disk that is mounted and what is on paper."""
    kits.require()
    text = (TOP / "README.md").read_text()
    lines = typed(re.search(r"^## The kit\n(.*?)^## ", text, re.DOTALL | re.MULTILINE)[1])
    assert [machine for machine, _, _ in lines] == [""] * 2 + ["host"] * 5
    root = kits.Root(tmp_path / "root", "dash")
    (root.path / "mnt").mkdir()
    make, said = root.path / "mnt", ""
    for _, line, shown in lines[:2]:
        command = line.split()[1:] + (["--no-password"] if "keygen" in line else
                                      ["--level", "1", *kits.PROGRAM])
        ran = handcarry(*command, cwd=make)
        assert ran.returncode == 0, (line, ran.stderr)
        assert_shown(shown, ran.stdout)
        said += ran.stdout
    paper = {"SUM-ON-PAPER": re.search(r"^sha256     (\S+)$", said, re.M)[1],
             "KEY-ON-PAPER": (make / "kit.pub").read_text().splitlines()[1]}
    for _, line, _ in lines[3:]:
        for word, value in paper.items():
            line = line.replace(word, value)
        if line.startswith("minisign"):
            good = minisign(*line.split()[1:], cwd=root.path / "root") if shutil.which("minisign") else None
            assert good is None or f"handcarry kit {VERSION}" in good.out, good
            continue
        ran = root.run("sh", "-c", "cd /root && " + line)
        assert ran.returncode == 0, (line, ran.stderr)
    assert root.run("/usr/local/bin/handcarry", "--version").stdout == f"handcarry {VERSION}\n"
    wrong = lines[4][1].replace("SUM-ON-PAPER", "0" * 64)
    assert root.run("sh", "-c", "cd /root && " + wrong).returncode != 0
