# SPDX-License-Identifier: Apache-2.0
# Copyright The handcarry authors
"""What differs from host to host: values from texts, files and programs."""
import pytest

from engines.no_engine import host, plain  # noqa: F401

PLAYBOOK = False
SECRET = "s3cret word"


@pytest.fixture
def secretive(plain):
    """A release with a config that holds two secrets."""
    plain.values = [{"name": "password", "secret": True, "description": "of the database"},
                    {"name": "token", "description": "of the historian"}]
    plain.write()
    plain.put("configs/server.conf", "password={{ password }}\ntoken={{ token }}\n")
    return plain


def program(host, text):
    path = host.folder / "a program"
    path.write_text("#!/bin/sh\n" + text)
    path.chmod(0o700)
    return path


def test_secrets_from_a_file_and_a_program_reach_the_config_and_no_record(host, secretive):
    told = host.folder / "told"
    told.write_text(SECRET + "\n")
    told.chmod(0o600)
    asked = host.folder / "asked"
    tool = program(host, f"echo asked >>{asked}\necho >&2 looking it up\necho {SECRET}-2\n")
    host.values("handcarry-test", f"password: {{file: {told}}}\ntoken: {{command: ['{tool}', now]}}\n")
    bundle = host.bundle(secretive)
    status, plan = host.plan(bundle)
    assert status == 0 and "s3cret" not in str(plan)
    asked.unlink()
    ran = host.install(bundle)
    config = secretive.target / "server.conf"
    assert config.read_text() == f"password={SECRET}\ntoken={SECRET}-2\n"
    assert "looking it up" in ran.stderr and asked.read_text() == "asked\n"  # once in a run
    said = [ran.stdout, ran.stderr]
    said += [path.read_text(errors="replace") for path in host.state.rglob("*") if path.is_file()]
    assert not any("s3cret" in text for text in said)


def test_a_program_that_fails_is_exit_11_and_its_output_is_not_shown(host, secretive):
    tool = program(host, f"echo {SECRET}\necho >&2 the vault is sealed\nexit 2\n")
    host.values("handcarry-test", f"password: {{command: ['{tool}']}}\ntoken: x\n")
    bundle = host.bundle(secretive)
    assert host.plan(bundle)[0] == 11
    ran = host.install(bundle, status=11)
    assert "the value 'password' of this host" in ran.stderr and "ended with exit code 2" in ran.stderr
    assert "the vault is sealed" in ran.stderr and "s3cret" not in ran.stdout + ran.stderr
    assert not (secretive.target / "server.conf").exists()


def test_a_line_that_was_added_and_not_filled_in_is_still_missing(host, secretive):
    host.values("handcarry-test", "password:\ntoken: x\n")
    ran = host.install(host.bundle(secretive), status=11)
    assert "\n  password:   # of the database" in ran.stderr and "token" not in ran.stderr
