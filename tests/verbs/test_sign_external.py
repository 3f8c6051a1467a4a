# SPDX-License-Identifier: Apache-2.0
# Copyright The handcarry authors
"""sign --external: the secret key lies in a token, or behind any program; what such a program may do
wrong."""
import glob
import os
import shutil
import subprocess
import time
from pathlib import Path

import pytest
from keytools import minisign, minisign_accepts, needs_minisign, refused, run

from program import MAKER
from test_sign import made_fixture  # noqa: F401  the fixture "made"

TOP = Path(__file__).resolve().parents[2]
PKCS11 = TOP / "examples/signers/pkcs11.sh"
MODULE = "/usr/lib/softhsm/libsofthsm2.so"
needs_token = pytest.mark.skipif(
    not os.path.exists(MODULE) or shutil.which("pkcs11-tool") is None,
    reason="packages softhsm2 and opensc are missing")


@pytest.fixture(name="token")
def token_fixture(made, monkeypatch):
    """A SoftHSM token with an Ed25519 key, its public key in hsm.pub; gives the command."""
    (made / "tokens").mkdir()
    (made / "softhsm2.conf").write_text(
        f"directories.tokendir = {made}/tokens\nobjectstore.backend = file\nlog.level = ERROR\n")
    monkeypatch.setenv("SOFTHSM2_CONF", str(made / "softhsm2.conf"))
    monkeypatch.setenv("PIN", "1234")
    tool = ["pkcs11-tool", "--module", MODULE, "--token-label", "ci", "--login", "--pin", "1234"]
    for command in (
            ["softhsm2-util", "--init-token", "--free", "--label", "ci", "--pin", "1234",
             "--so-pin", "12345678"],
            [*tool, "--keypairgen", "--key-type", "EC:edwards25519", "--id", "0a"]):
        subprocess.run(command, check=True, capture_output=True)
    public = subprocess.run([PKCS11, MODULE, "ci", "0a", "--public"], check=True,
                            capture_output=True, text=True).stdout
    (made / "hsm.pub").write_text(public)
    return f"'{PKCS11}' {MODULE} ci 0a"


def believe(made, public):
    """A trust root whose release role is this key's instead."""
    for old in glob.glob(str(made / "trust/1.root.yaml.*")):
        os.unlink(old)
    root = made / "trust/1.root.yaml"
    own = (made / "trust/release.pub").read_text().split("\n")[1]
    root.write_text(root.read_text().replace(own, public.split("\n")[1]))
    identity = (made / "trust/root.pub").read_text().split("\n")[0].split()[-1]
    assert minisign("-S", "-W", "-s", "root.key", "-m", root, "-x", f"{root}.{identity}.minisig",
                    cwd=made).status == 0


@needs_token
@needs_minisign
def test_a_token_signs_and_its_votes_count(made, token):
    result = run("sign", "s.yaml", "--key", "hsm.pub", "--external", token, "--vote-out", "v",
                 cwd=made)
    assert result.status == 0, result
    assert result.out.index("digest") < result.out.index("Vote written")
    minisign_accepts("hsm.pub", "s.yaml", "v", made)
    believe(made, (made / "hsm.pub").read_text())
    for args in (("bundle", "release.yaml", "-o", "c.tar.zst"),
                 ("sign", "c.tar.zst", "--key", "hsm.pub", "--external", token)):
        result = run(*args, cwd=made)
        assert result.status == 0, result
    result = run("verify", "c.tar.zst", "--trust", "trust", cwd=made)
    assert result.status == 0, result


@needs_token
def test_a_token_with_another_key_writes_nothing(made, token):
    before = (made / "b.tar.zst").read_bytes()
    refused(run("sign", "b.tar.zst", "--key", "trust/release.pub", "--external", token, cwd=made),
            4, "are no signature of key", "it has another key")
    assert (made / "b.tar.zst").read_bytes() == before


@needs_token
def test_a_token_that_refuses_the_pin_writes_nothing(made, token, monkeypatch):
    monkeypatch.setenv("PIN", "9999")
    refused(run("sign", "s.yaml", "--key", "hsm.pub", "--external", token, "--vote-out", "v",
                cwd=made), 1, "signing with the program", "it failed: ", "CKR_PIN_INCORRECT")
    assert not (made / "v").exists()


# What the program does, the exit status, and what is said about it.
WRONG = {
    "fails": ("head -c 64 /dev/zero; exit 3", 1, "it failed: Child process exited with code 3"),
    "killed": ("head -c 64 /dev/zero; kill -9 $$", 1, "it failed: Child process killed by signal 9"),
    "nothing": ("cat >/dev/null", 1, "it gave 0 bytes; it must give the 64 raw bytes"),
    "short": ("head -c 63 /dev/zero", 1, "it gave 63 bytes"),
    "long": ("head -c 65 /dev/zero", 1, "it gave more than 64 bytes"),
    "hexadecimal": ("head -c 64 /dev/zero | od -v -An -tx1", 1, "not hexadecimal, base64"),
    "endless": ("cat /dev/zero", 1, "it gave more than 64 bytes"),
    "endless child": ("cat /dev/zero & sleep 0.5", 1, "it gave more than 64 bytes"),
    "hangs": ("exec sleep 60", 1, "it was not done after 1 seconds"),
    "hangs with an answer": ("head -c 64 /dev/zero; exec >&-; exec sleep 60", 1, "not done after 1"),
    "zeros": ("head -c 64 /dev/zero", 4, "its 64 bytes are no signature of key"),
    "echoes": ("cat", 4, "its 64 bytes are no signature of key"),
}


def program(made, text):
    path = made / "it's a program"
    path.write_text("#!/bin/sh\n" + text + "\n")
    path.chmod(0o755)
    return '"%s" one "two three"' % path


@pytest.mark.parametrize("name", WRONG)
def test_a_wrong_program_writes_nothing(made, name):
    text, status, said = WRONG[name]
    before = (made / "b.tar.zst").read_bytes()
    start = time.monotonic()
    refused(run("sign", "b.tar.zst", "--key", "trust/release.pub", "--external",
                program(made, text), "--external-wait", "1", cwd=made), status,
            "signing with the program", said)
    assert time.monotonic() - start < 20
    assert (made / "b.tar.zst").read_bytes() == before
    assert sorted(p.name for p in made.glob("b.tar.zst*")) == ["b.tar.zst", "b.tar.zst.sha256"]


@pytest.fixture(name="openssl")
def openssl_fixture(made):
    """A program that signs well, with a key of openssl; its public key in o.pub."""
    subprocess.run(["openssl", "genpkey", "-algorithm", "ed25519", "-out", made / "o.pem"],
                   check=True, capture_output=True)
    der = subprocess.run(["openssl", "pkey", "-in", made / "o.pem", "-pubout", "-outform", "DER"],
                         check=True, capture_output=True).stdout
    blob = subprocess.run(["base64"], input=b"Ed" + b"openssl1" + der[-32:], check=True,
                          capture_output=True).stdout.decode()
    (made / "o.pub").write_text("untrusted comment: openssl\n" + blob)
    return ('cat >in; echo "$(wc -c <in) $1 $2" >>calls\n'
            "openssl pkeyutl -sign -rawin -inkey o.pem -in in")


@needs_minisign
def test_the_program_runs_twice_with_what_is_signed(made, openssl):
    result = run("sign", "s.yaml", "--key", "o.pub", "--external", program(made, openssl),
                 "--vote-out", "v", cwd=made)
    assert result.status == 0, result
    comment = (made / "v").read_text().split("\n")[2].removeprefix("trusted comment: ")
    assert (made / "calls").read_text().splitlines() == [
        "64 one two three", "%d one two three" % (64 + len(comment))]
    minisign_accepts("o.pub", "s.yaml", "v", made)


def test_a_child_that_keeps_the_output_open_is_not_waited_for(made, openssl):
    start = time.monotonic()
    result = run("sign", "s.yaml", "--key", "o.pub", "--external",
                 program(made, openssl + "\nsleep 60 2>/dev/null &"), "--vote-out", "v", cwd=made)
    assert result.status == 0, result
    assert time.monotonic() - start < 30


def test_120_closed_descriptors_are_no_input_and_no_output(made, openssl):
    """What is opened next gets their numbers: the program's input, a bundle that is written."""
    command = program(made, openssl)
    for line in ('sign s.yaml --key o.pub --external "$2" --vote-out v <&- >&- 2>&-',
                 "bundle release.yaml -o closed.tar.zst <&- >&- 2>&-"):
        ran = subprocess.run(["sh", "-c", '"$1" ' + line, "sh", MAKER, command], cwd=made,
                             stdin=subprocess.DEVNULL, timeout=60, check=False)
        assert ran.returncode == 0, line
    assert (made / "v").exists()
    assert (made / "closed.tar.zst").read_bytes() == (made / "b.tar.zst").read_bytes()


def test_a_second_answer_that_is_wrong_writes_nothing(made, openssl):
    refused(run("sign", "s.yaml", "--key", "o.pub", "--external",
                program(made, "[ ! -e once ] || exec head -c 64 /dev/zero; touch once\n" + openssl),
                "--vote-out", "v", cwd=made), 4, "are no signature of key")
    assert not (made / "v").exists() and (made / "calls").exists()


def test_usage_of_external(made):
    def sign(*args):
        return run("sign", "s.yaml", *args, cwd=made)

    refused(sign("--external", "true"), 2, "--external needs --key KEY.pub")
    refused(sign("--add", "v", "--external", "true"), 2, "--external needs --key KEY.pub")
    refused(sign("--key", "release.key", "--external-wait", "5"), 2, "goes with --external")
    refused(sign("--key", "release.key", "--external", "true"), 3, "is a secret key")
    refused(sign("--key", "trust/release.pub", "--external", "'"), 2, "signing with the program '''")
    refused(sign("--key", "trust/release.pub", "--external", ""), 2, "signing with the program")
    refused(sign("--key", "trust/release.pub", "--external", "true", "--external-wait", "-1"), 2,
            "above 0")
    refused(sign("--key", "trust/release.pub", "--external", "no-such-program"), 1,
            "no-such-program", "No such file")
