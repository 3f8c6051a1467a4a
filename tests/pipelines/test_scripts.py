# SPDX-License-Identifier: Apache-2.0
# Copyright The handcarry authors
"""examples/ci/sign.sh where something is wrong: it signs nothing, says why, and leaves no secret."""
import base64
import os
import shutil
import signal
import subprocess
import time

import pytest

from pipelines.world import BUNDLE, PASSWORDS, check, copy

NAME = "builder-a"


@pytest.fixture(scope="module", name="built")
def built_fixture(world):
    """A checkout with a bundle that builder-a has built, and builder-b too."""
    world.checkout(world.folder / "a/clock")
    for name in PASSWORDS:
        done = build(world, world.folder / "a/clock", name)
        assert done.returncode == 0, done.stderr
    return world.folder / "a/clock"


def build(world, checkout, name):
    return subprocess.run(["ci/build.sh", name], cwd=checkout, env=world.environment(), text=True,
                          stdin=subprocess.DEVNULL, capture_output=True, check=False)


@pytest.fixture(name="checkout")
def checkout_fixture(built, tmp_path):
    copy(built, tmp_path / "clock")
    return tmp_path / "clock"


def sign(world, checkout, *arguments, **given):
    """sign.sh as a job runs it, whose secrets are texts in its environment."""
    env = world.environment(**{"HANDCARRY_KEY": world.keys[NAME],
                               "HANDCARRY_PASSWORD": PASSWORDS[NAME], **given})
    return subprocess.run(["ci/sign.sh", *(arguments or (NAME, NAME, "builder-b"))], cwd=checkout,
                          env={key: value for key, value in env.items() if value is not None},
                          text=True, capture_output=True, stdin=subprocess.DEVNULL, check=False)


def votes(checkout):
    return sorted(path.suffix for path in (checkout / "dist" / NAME).iterdir()
                  if path.suffix in (".vote", ".packing"))


def refuses(world, checkout, done, status, said):
    assert (done.returncode, votes(checkout)) == (status, []), done.stderr
    assert said in done.stderr
    assert not any(secret in done.stdout + done.stderr for secret in world.secrets())
    assert world.leaks(checkout) == []


@pytest.mark.parametrize("change", [
    lambda text: text.strip(), lambda text: text + "\n\n", lambda text: text.replace("\n", "\r\n")],
    ids=["no line end", "empty lines", "CRLF"])
def test_a_pasted_key_is_read_however_its_lines_end(world, checkout, change):
    done = sign(world, checkout, HANDCARRY_KEY=change(world.keys[NAME]),
                HANDCARRY_PASSWORD=PASSWORDS[NAME] + "\r\n")
    assert (done.returncode, votes(checkout)) == (0, [".packing", ".vote"]), done.stderr
    assert world.leaks(checkout) == []


def test_a_program_that_has_the_key_signs(world, checkout, tmp_path):
    """As examples/signers/pkcs11.sh does; here openssl has it."""
    check("openssl", "genpkey", "-algorithm", "ed25519", "-out", tmp_path / "o.pem")
    der = subprocess.run(["openssl", "pkey", "-in", tmp_path / "o.pem", "-pubout", "-outform", "DER"],
                         check=True, capture_output=True).stdout
    public = tmp_path / "o.pub"
    public.write_text("untrusted comment: o\n" + base64.b64encode(b"Ed" + b"openssl1" + der[-32:]).decode() + "\n")
    signer = tmp_path / "sign with openssl"
    signer.write_text('#!/bin/sh\ncd "$(mktemp -d)" && cat >in && '
                      f"openssl pkeyutl -sign -rawin -inkey '{tmp_path}/o.pem' -in in\n")
    signer.chmod(0o700)
    done = sign(world, checkout, HANDCARRY_KEY=None, HANDCARRY_PASSWORD=None,
                HANDCARRY_KEY_FILE=str(public), HANDCARRY_EXTERNAL=f"'{signer}'")
    assert (done.returncode, votes(checkout)) == (0, [".packing", ".vote"]), done.stderr


@pytest.mark.parametrize("given, status, said", [
    ({"HANDCARRY_KEY": None}, 2, "no key: neither HANDCARRY_KEY_FILE nor HANDCARRY_KEY is set"),
    ({"HANDCARRY_KEY": ""}, 2, "no key: neither HANDCARRY_KEY_FILE nor HANDCARRY_KEY is set"),
    ({"HANDCARRY_KEY": "no key\nat all"}, 3, "/dev/fd/"),
    ({"HANDCARRY_PASSWORD": "another"}, 4, "wrong password"),
    ({"HANDCARRY_PASSWORD": None}, 2, "HANDCARRY_PASSWORD_FILE"),
    ({"HANDCARRY_KEY_FILE": "/nowhere/a.key"}, 1, "cannot open '/nowhere/a.key'")])
def test_without_the_right_key_nothing_is_signed(world, checkout, given, status, said):
    refuses(world, checkout, sign(world, checkout, **given), status, said)


def test_other_bytes_are_not_signed_and_it_says_where_they_differ(world, checkout):
    other = checkout / "dist/builder-b"
    content = bytearray((other / BUNDLE).read_bytes())
    content[40] ^= 1
    (other / BUNDLE).write_bytes(content)
    with open(other / (BUNDLE + ".sha256"), "w", encoding="utf-8") as sums:
        subprocess.run(["sha256sum", BUNDLE], cwd=other, stdout=sums, check=True)
    done = sign(world, checkout)
    refuses(world, checkout, done, 5, "the builders made different bytes: nothing was signed")
    assert "frame 0" in done.stderr


def test_a_sum_that_is_none_is_shown_without_what_steers_a_log(world, checkout):
    (checkout / "dist/builder-b" / (BUNDLE + ".sha256")).write_text("0\n::stop-commands::x\x1b[2J\n")
    done = sign(world, checkout)
    refuses(world, checkout, done, 5, "builder-b    0::stop-commands::x[2J\n")


def test_what_was_changed_behind_its_sum_is_not_signed(world, checkout):
    path = checkout / "dist" / NAME / BUNDLE
    content = bytearray(path.read_bytes())
    content[40] ^= 1
    path.write_bytes(content)
    refuses(world, checkout, sign(world, checkout), 5, "the builders made different bytes")


def test_a_builder_that_said_nothing_is_waited_for(world, checkout):
    shutil.rmtree(checkout / "dist/builder-b")
    refuses(world, checkout, sign(world, checkout), 1, f"builder builder-b made no {BUNDLE}")
    shutil.rmtree(checkout / "dist" / NAME)
    (checkout / "dist" / NAME).mkdir()
    refuses(world, checkout, sign(world, checkout), 2, "does not hold exactly one bundle")


@pytest.mark.parametrize("change, status, said", [
    (None, 3, "mutable-tag"), (lambda text: text[:-20], 3, "release.lock.yaml"),
    (lambda text: text.replace(text[-10:-1], "000000000"), 5, "clock/clock:1.0.0")],
    ids=["none", "malformed", "another image"])
def test_without_the_lock_nothing_is_built_and_nothing_older_stays(world, checkout, change, status, said):
    lock = checkout / "release.lock.yaml"
    if change:
        lock.write_text(change(lock.read_text()))
    else:
        lock.unlink()
    done = build(world, checkout, NAME)
    assert done.returncode == status, done.stdout + done.stderr
    assert said in done.stdout + done.stderr
    assert not list(checkout.glob(f"dist/{NAME}/*"))


@pytest.mark.parametrize("script, arguments", [
    ("sign", ()), ("sign", (NAME,)), ("build", ()), ("build", ("../elsewhere",)),
    ("build", ("release",)), ("collect", ())])
def test_scripts_say_how_they_are_called(world, checkout, script, arguments):
    done = subprocess.run([f"ci/{script}.sh", *arguments], cwd=checkout, env=world.environment(),
                          text=True, capture_output=True, check=False)
    assert done.returncode == 2
    assert f"usage: ci/{script}.sh" in done.stderr


def test_a_job_that_is_killed_leaves_no_secret(world, checkout):
    """While it signs, and after: not in a file, not on a command line, not in what it started."""
    path = checkout / "bin/handcarry"
    path.parent.mkdir()
    path.write_text('#!/bin/sh\ntouch "$HOME/signing"\nexec sleep 60\n')
    path.chmod(0o755)
    env = world.environment(HANDCARRY_KEY=world.keys[NAME], HANDCARRY_PASSWORD=PASSWORDS[NAME])
    env["PATH"] = f"{path.parent}:{env['PATH']}"
    with subprocess.Popen(["ci/sign.sh", NAME, NAME, "builder-b"], cwd=checkout, env=env,
                          stdout=subprocess.PIPE, stderr=subprocess.STDOUT, stdin=subprocess.DEVNULL,
                          start_new_session=True) as job:
        try:
            end = time.monotonic() + 30
            while not (world.folder / "home/signing").exists() and time.monotonic() < end:
                time.sleep(0.02)
            assert (world.folder / "home/signing").exists()
            seen = {name: of_session(job.pid, name) for name in ("cmdline", "environ")}
            found = world.leaks(checkout)
        finally:
            os.killpg(job.pid, signal.SIGKILL)
        said = job.communicate()[0].decode()
    (world.folder / "home/signing").unlink()
    assert len(seen["cmdline"]) >= 2
    for secret in world.secrets():
        assert secret not in said
        assert not any(secret in text for text in seen["cmdline"].values())
        # The service gave them to the script; nobody else has them.
        assert not any(secret in text for pid, text in seen["environ"].items()
                       if "sleep" in seen["cmdline"].get(pid, ""))
    assert found == [] and world.leaks(checkout) == []


def of_session(session, name):
    """/proc/PID/NAME of its processes."""
    texts = {}
    for pid in filter(str.isdigit, os.listdir("/proc")):
        try:
            if os.getsid(int(pid)) == session:
                with open(f"/proc/{pid}/{name}", encoding="utf-8", errors="replace") as file:
                    texts[pid] = file.read()
        except OSError:
            continue
    return texts
