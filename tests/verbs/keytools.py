# SPDX-License-Identifier: Apache-2.0
# Copyright The handcarry authors
"""Runs handcarry and stock minisign for the tests of keys, signatures and trust."""
import os
import pty
import re
import select
import signal
import shutil
import subprocess
import time

import pytest

from program import program_for

PASSWORD = "correct horse"

needs_minisign = pytest.mark.skipif(shutil.which("minisign") is None,
                                    reason="program minisign is missing")


class Result:
    """Exit status and both outputs of one call."""

    def __init__(self, done):
        self.status, self.out, self.err = done.returncode, done.stdout, done.stderr

    def __repr__(self):
        return "status %d\nstdout: %s\nstderr: %s" % (self.status, self.out, self.err)


def run(*args, cwd, env=None, stdin=None, as_user=None):
    """Calls handcarry without a terminal."""
    done = subprocess.run([program_for(args), *map(str, args)], cwd=cwd, text=True, capture_output=True,
                          env={**os.environ, **(env or {})}, input=stdin, timeout=120,
                          start_new_session=True, check=False, user=as_user)
    return Result(done)


def refused(result, status, *fragments):
    """The call failed with this status, said all of this on stderr and crashed nowhere."""
    assert result.status == status, result
    for fragment in fragments:
        assert fragment in result.err, result


def password_env(folder, password=PASSWORD):
    path = os.path.join(folder, "password.txt")
    with open(path, "w", encoding="utf-8", opener=lambda name, flags: os.open(name, flags, 0o600)) as file:
        file.write(password + "\n")
    return {"HANDCARRY_PASSWORD_FILE": path}


def minisign(*args, cwd, stdin=None):
    return Result(subprocess.run(["minisign", *map(str, args)], cwd=cwd, text=True,
                                 capture_output=True, input=stdin, timeout=120, check=False))


def minisign_accepts(public_key, message, signature, cwd):
    result = minisign("-V", "-H", "-p", public_key, "-m", message, "-x", signature, cwd=cwd)
    assert result.status == 0, result
    return result.out


def on_terminal(args, answers, cwd, limit=120):
    """Calls handcarry with a terminal of its own, as type_into() does."""
    return type_into([program_for(args), *args], answers, cwd, os.environ, limit)


def type_into(command, answers, cwd, env, limit=120):
    """Runs a command with a terminal of its own. answers: pairs of a text to wait for and what is
    typed then. Returns the exit status and all that the terminal showed."""
    pid, fd = pty.fork()
    if pid == 0:
        os.chdir(cwd)
        env = {name: value for name, value in env.items() if name != "HANDCARRY_PASSWORD_FILE"}
        os.execvpe(command[0], list(map(str, command)), env)
    shown, waiting, end = "", list(answers), time.monotonic() + limit
    seen = 0
    while time.monotonic() < end:
        if select.select([fd], [], [], 0.2)[0]:
            try:
                piece = os.read(fd, 4096)
            except OSError:
                piece = b""
            if not piece:
                break
            shown += piece.decode(errors="replace")
        if waiting and waiting[0][0] in shown[seen:]:
            seen = len(shown)
            os.write(fd, waiting.pop(0)[1].encode())
    else:
        os.kill(pid, signal.SIGKILL)
    status = os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])
    os.close(fd)
    assert status != -signal.SIGKILL, "did not end: %s" % shown
    assert not waiting, "never asked for %r: %s" % (waiting[0][0], shown)
    return status, shown


def next_root(trust, keys, *names, **changes):
    """Writes root N+1 into the folder trust: root N with `key: value` lines changed, signed with
    stock minisign by the keys of these names ("root" where none is given)."""
    number = len(list(trust.glob("*.root.yaml")))
    text = (trust / f"{number}.root.yaml").read_text()
    for key, value in {**changes, "number": number + 1}.items():
        text, count = re.subn(rf"(?m)^{key}: .*$", f"{key}: {value}", text)
        assert count == 1, (key, text)
    path = trust / f"{number + 1}.root.yaml"
    path.write_text(text)
    for name in names or ("root",):
        identity = (trust / (name + ".pub")).read_text().split()[5]
        done = minisign("-S", "-W", "-s", keys / (name + ".key"), "-m", path,
                        "-x", f"{path}.{identity}.minisig", cwd=trust)
        assert done.status == 0, done
    return path
