# SPDX-License-Identifier: Apache-2.0
# Copyright The handcarry authors
"""lint: every problem with its place; what is likely a mistake as a warning."""
import json
import os

import pytest

from program import TOP, handcarry

HEAD = "handcarry: 1\nproduct: p\nversion: 1\nrelease: 1\n"
IMAGE = "images: [{name: 'a:1', from: 'oci:x'}]\n"
PLAYBOOK = "playbooks: [{path: site.yml, run: install%s}]\n"


@pytest.fixture
def folder(tmp_path):
    """Writes files below a folder; gives the path of release.yaml."""
    def write(release, **files):
        (tmp_path / "release.yaml").write_text(release)
        for name, content in files.items():
            path = tmp_path / name.replace("__", "/").replace("_yml", ".yml")
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(content)
        return tmp_path / "release.yaml"
    return write


def lines_of(run):
    return run.stdout.splitlines()


@pytest.mark.parametrize("example", sorted(path.parent.name for path in
                                           (TOP / "examples").glob("*/release.yaml")))
def test_the_examples_are_fine(example):
    run = handcarry("lint", "--strict", TOP / "examples" / example / "release.yaml")
    assert run.returncode == 0, run.stdout
    assert run.stderr == ""
    assert "warnings 0" in run.stdout


def test_every_mistake_is_told_with_its_place(folder):
    path = folder("handcarry: 1\nproduct: P\nrelease: 010\ncolour: red\n")
    run = handcarry("lint", path)
    assert run.returncode == 3
    assert run.stderr == ""
    assert [line.split(": ")[0] for line in lines_of(run)[:-1]] == [
        f"{path}:1:1", f"{path}:1:1", f"{path}:2:10", f"{path}:3:10", f"{path}:4:1"]
    assert lines_of(run)[-1] == f"{path}: 5 problems, 0 warnings"


def test_a_number_may_come_from_the_command_line(folder):
    path = folder("handcarry: 1\nproduct: p\n" + IMAGE)
    assert handcarry("lint", path).returncode == 3
    run = handcarry("lint", path, "--version", "2.0", "--release", "7")
    assert run.returncode == 0
    assert "p 2.0, release 7" in run.stdout


def test_the_json_says_the_same(folder):
    run = handcarry("lint", "--json", folder(HEAD + "colour: red\n" + IMAGE))
    document = json.loads(run.stdout)
    assert run.returncode == 3
    assert document["schema"] == "handcarry-lint-1"
    assert document["passed"] is False
    assert [(p["severity"], p["line"], p["column"], p["message"])
            for p in document["problems"]] == [("error", 5, 1, "unknown key 'colour'")]


def test_a_missing_file_is_no_release(tmp_path):
    run = handcarry("lint", tmp_path / "gone.yaml")
    assert run.returncode == 1
    assert "gone.yaml" in run.stderr and run.stdout == ""


@pytest.mark.parametrize("arguments", [[], ["a", "b"], ["--release", "-1", "a"]])
def test_wrong_arguments_are_usage_errors(arguments):
    run = handcarry("lint", *arguments)
    assert run.returncode == 2
    assert run.stdout == "" and run.stderr.startswith("handcarry: lint: ")


def test_059_a_fifo_is_refused_at_once(tmp_path):
    os.mkfifo(tmp_path / "release.yaml")
    run = handcarry("lint", tmp_path / "release.yaml")
    assert run.returncode == 3
    assert "not a regular file" in run.stderr


def test_070_a_depth_bomb_is_refused(folder):
    run = handcarry("lint", folder("[" * 80000))
    assert run.returncode == 3
    assert "nested deeper than 4" in run.stdout


@pytest.mark.parametrize("hosts", ["localhost", "all", "127.0.0.1", "'*'", "[nowhere, localhost]",
                                   "'{{ target }}'", "all:!db", "~loc.*", "&here"])
def test_a_play_that_may_match_is_fine(folder, hosts):
    path = folder(HEAD + PLAYBOOK % "", site_yml=f"- hosts: {hosts}\n  tasks: []\n"
                  if hosts != "&here" else "- hosts: &here localhost\n- hosts: *here\n")
    run = handcarry("lint", "--strict", path)
    assert run.returncode == 0, run.stdout


def test_a_play_that_matches_no_host_is_a_warning(folder):
    path = folder(HEAD + PLAYBOOK % "",
                  site_yml="---\n- name: one\n  hosts: localhost\n- name: two\n  tasks: []\n"
                           "  hosts:\n    - app_servers\n    - db\n")
    run = handcarry("lint", path)
    assert run.returncode == 0
    assert lines_of(run)[0].startswith(
        "site.yml:6:3: warning: hosts 'app_servers,db' matches no host of the inventory")
    assert handcarry("lint", "--strict", path).returncode == 3
    assert handcarry("lint", "--quiet", path).stdout == ""


@pytest.mark.parametrize("inventory,fits", [
    ("[app_servers]\nhost-1\n", True),
    ("# app_servers\n[db]\nhost-1\n", False),
    ("app_servers ansible_connection=local\n", True),
    ("[db]\napp[01:03]\n", True),
    ("all:\n  children:\n    app_servers:\n      hosts:\n        a:\n", True),
    ("all:\n  children:\n    db:\n      hosts:\n        a:\n", False),
    ("", False),
])
def test_the_named_inventory_counts(folder, inventory, fits):
    path = folder(HEAD + PLAYBOOK % ", inventory: inv_yml".replace("_yml", ".yml"),
                  site_yml="- hosts: app_servers\n", inv_yml=inventory)
    run = handcarry("lint", "--strict", path)
    assert run.returncode == (0 if fits else 3), run.stdout


def test_a_playbook_without_a_byte_has_no_play(folder):
    assert handcarry("lint", folder(HEAD + PLAYBOOK % "", site_yml="")).returncode == 0


def test_a_playbook_that_is_no_yaml_is_a_warning(folder):
    path = folder(HEAD + PLAYBOOK % "", site_yml="- hosts: [\n")
    run = handcarry("lint", path)
    assert run.returncode == 0
    assert "site.yml:2:1: warning: not valid YAML" in run.stdout


KEY = "-----BEGIN OPENSSH PRIVATE KEY-----\nb3BlbnNzaC1rZXktdjEAAAAA\n"


@pytest.mark.parametrize("name,content", [
    ("extra/.env", "A=b\n"), ("extra/deep/er/id_ed25519", "x"), ("extra/site.txt", "\n" + KEY),
    ("roles/web/files/tls.key", "x"), ("group_vars/all.yml", "db_password: hunter22\n"),
    ("extra/release.sec", "untrusted comment: minisign encrypted secret key\nRWQ\n"),
])
def test_126_a_secret_that_would_be_carried_is_a_warning(folder, tmp_path, name, content):
    path = folder(HEAD + PLAYBOOK % "" + "files: [{from: extra/, to: /opt/x/}]\n",
                  site_yml="- hosts: all\n", extra__readme="hello\n")
    assert handcarry("lint", "--strict", path).returncode == 0
    secret = tmp_path / name
    secret.parent.mkdir(parents=True, exist_ok=True)
    secret.write_text(content)
    run = handcarry("lint", path)
    assert run.returncode == 0
    assert lines_of(run)[0].startswith(f"{name}:") and "warning" in lines_of(run)[0]
    assert handcarry("lint", "--strict", path).returncode == 3


@pytest.mark.parametrize("content", [
    "db_password: '{{ handcarry.values.db_password }}'\n", "password: ${PASSWORD}\n",
    "-----BEGIN CERTIFICATE-----\n", "token_file: /etc/x\n",
])
def test_126_a_reference_to_a_secret_is_fine(folder, content):
    path = folder(HEAD + PLAYBOOK % "", site_yml="- hosts: all\n", group_vars__all_yml=content)
    run = handcarry("lint", "--strict", path)
    assert run.returncode == 0, run.stdout


def test_078_carried_files_exist_and_are_files(folder, tmp_path):
    path = folder(HEAD + "configs: [{from: gone, to: /a}, {from: link, to: /b}]\n")
    (tmp_path / "link").symlink_to("/etc/passwd")
    run = handcarry("lint", path)
    assert run.returncode == 3
    assert "'gone' does not exist beside the file" in run.stdout
    assert "'link' is or passes a symbolic link" in run.stdout
