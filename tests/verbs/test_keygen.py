# SPDX-License-Identifier: Apache-2.0
# Copyright The handcarry authors
"""keygen: key files that stock minisign reads."""
import os
import stat
import subprocess

from keytools import (PASSWORD, minisign, minisign_accepts, needs_minisign, on_terminal,
                      password_env, refused, run)
from program import program_for


def mode(path):
    return stat.S_IMODE(os.stat(path).st_mode)


def test_two_files_with_exact_modes_whatever_the_umask(tmp_path):
    for umask in (0o000, 0o022, 0o077):
        name = "key%o" % umask
        before = os.umask(umask)
        try:
            result = run("keygen", name, "--no-password", cwd=tmp_path)
        finally:
            os.umask(before)
        assert result.status == 0, result
        assert result.err == ""
        assert mode(tmp_path / (name + ".key")) == 0o600
        assert mode(tmp_path / (name + ".pub")) == 0o644
        assert (tmp_path / (name + ".pub")).read_text().splitlines()[1] in result.out


@needs_minisign
def test_minisign_signs_with_a_key_without_password(tmp_path):
    assert run("keygen", "a", "--no-password", cwd=tmp_path).status == 0
    (tmp_path / "m").write_text("text\n")
    result = minisign("-S", "-W", "-s", "a.key", "-m", "m", cwd=tmp_path)
    assert result.status == 0, result
    minisign_accepts("a.pub", "m", "m.minisig", tmp_path)


@needs_minisign
def test_minisign_signs_with_a_key_with_password(tmp_path):
    assert run("keygen", "a", cwd=tmp_path, env=password_env(tmp_path)).status == 0
    (tmp_path / "m").write_text("text\n")
    bad = minisign("-S", "-s", "a.key", "-m", "m", cwd=tmp_path, stdin="wrong horse\n")
    assert bad.status != 0
    good = minisign("-S", "-s", "a.key", "-m", "m", cwd=tmp_path, stdin=PASSWORD + "\n")
    assert good.status == 0, good
    minisign_accepts("a.pub", "m", "m.minisig", tmp_path)


@needs_minisign
def test_minisign_makes_the_same_public_key_again(tmp_path):
    assert run("keygen", "a", "--no-password", cwd=tmp_path).status == 0
    result = minisign("-R", "-s", "a.key", "-p", "again.pub", cwd=tmp_path)
    assert result.status == 0, result
    assert (tmp_path / "again.pub").read_bytes() == (tmp_path / "a.pub").read_bytes()


def test_never_overwrites(tmp_path):
    for suffix in (".key", ".pub"):
        folder = tmp_path / suffix[1:]
        folder.mkdir()
        (folder / ("a" + suffix)).write_text("mine\n")
        refused(run("keygen", "a", "--no-password", cwd=folder), 1, "never overwritten")
        assert os.listdir(folder) == ["a" + suffix]
        assert (folder / ("a" + suffix)).read_text() == "mine\n"


def test_never_writes_through_a_dangling_link(tmp_path):
    (tmp_path / "a.key").symlink_to(tmp_path / "elsewhere")
    refused(run("keygen", "a", "--no-password", cwd=tmp_path), 1, "never overwritten")
    assert not (tmp_path / "elsewhere").exists()


def test_a_terminal_is_asked_twice_and_shows_nothing(tmp_path):
    status, shown = on_terminal(["keygen", "a"], [("New password for a: ", "s3cret phrase\n"),
                                                  ("Again", "s3cret phrase\n")], tmp_path)
    assert status == 0, shown
    assert "s3cret" not in shown
    assert (tmp_path / "a.key").exists()


def test_two_different_passwords_leave_nothing(tmp_path):
    status, shown = on_terminal(["keygen", "a"], [("New password", "one\n"), ("Again", "two\n")],
                                tmp_path)
    assert status == 2
    assert "the two passwords differ" in shown
    assert os.listdir(tmp_path) == []


def test_control_c_at_the_password_leaves_nothing(tmp_path):
    status, shown = on_terminal(["keygen", "a"], [("New password", "on\x03")], tmp_path)
    assert status == 2
    assert "nothing was done" in shown
    assert os.listdir(tmp_path) == []


def test_backspace_and_control_u_edit_the_password(tmp_path):
    status, shown = on_terminal(["keygen", "a"], [("New password", "abcx\x7f\n"),
                                                  ("Again", "zzz\x15abc\n")], tmp_path)
    assert status == 0, shown


def test_no_terminal_and_no_file_is_a_usage_error(tmp_path):
    refused(run("keygen", "a", cwd=tmp_path), 2, "HANDCARRY_PASSWORD_FILE")
    assert os.listdir(tmp_path) == []


def test_empty_password_is_refused(tmp_path):
    refused(run("keygen", "a", cwd=tmp_path, env=password_env(tmp_path, "")), 2, "empty password")
    assert not (tmp_path / "a.key").exists()


def test_password_through_a_pipe_is_asked_for_once(tmp_path):
    """As bash's <(…) gives it; read twice, the second time would find it empty."""
    read, write = os.pipe()
    os.write(write, PASSWORD.encode() + b"\n")
    os.close(write)
    env = {**os.environ, "HANDCARRY_PASSWORD_FILE": "/dev/fd/%d" % read}
    ran = subprocess.run([program_for(["keygen"]), "keygen", "a"], cwd=tmp_path, env=env, text=True,
                         capture_output=True, pass_fds=[read], check=False)
    os.close(read)
    assert (ran.returncode, ran.stderr) == (0, "")
    assert run("keygen", "b", cwd=tmp_path, env=password_env(tmp_path)).status == 0


def test_a_password_file_that_others_may_read_is_warned_about(tmp_path):
    env = password_env(tmp_path)
    os.chmod(env["HANDCARRY_PASSWORD_FILE"], 0o644)
    result = run("keygen", "a", cwd=tmp_path, env=env)
    assert result.status == 0
    assert "warning: others may read the password file" in result.err
    result = run("keygen", "b", "--no-password", cwd=tmp_path, env=env)
    assert (result.status, result.err) == (0, "")


def test_open_folder_is_warned_about(tmp_path):
    tmp_path.chmod(0o777)
    result = run("keygen", "a", "--no-password", cwd=tmp_path)
    assert result.status == 0
    assert "warning: everyone may write this folder" in result.err


def test_missing_or_second_name_is_a_usage_error(tmp_path):
    refused(run("keygen", cwd=tmp_path), 2, "exactly one NAME")
    refused(run("keygen", "a", "b", cwd=tmp_path), 2, "exactly one NAME")
    refused(run("keygen", "--frob", "a", cwd=tmp_path), 2, "--frob")
    refused(run("keygen", "nowhere/a", "--no-password", cwd=tmp_path), 1, "nowhere")


def test_help_is_on_stdout_and_narrow(tmp_path):
    result = run("keygen", "--help", cwd=tmp_path)
    assert result.status == 0 and result.err == ""
    assert "--no-password" in result.out
    assert max(map(len, result.out.splitlines())) <= 80
