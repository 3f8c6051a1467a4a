# SPDX-License-Identifier: Apache-2.0
# Copyright The handcarry authors
"""Playbooks are checked before they are packed, with nothing but what is carried."""
import json
import os

import pytest

from program import handcarry

GOOD = "- hosts: all\n  gather_facts: false\n  roles: [pump]\n"
ROLE = "- name: Say it\n  ansible.builtin.debug: {msg: \"{{ handcarry.value.name }}\"}\n"


@pytest.fixture
def folder(tmp_path):
    """A release of one playbook and one role beside it."""
    put(tmp_path, "release.yaml", "handcarry: 1\nproduct: p\nversion: 1\nrelease: 1\n"
        "values: [{name: name, default: x}]\nplaybooks: [{path: plays/site.yml, run: install}]\n")
    put(tmp_path, "plays/site.yml", GOOD)
    put(tmp_path, "plays/roles/pump/tasks/main.yml", ROLE)
    return tmp_path


def put(folder, name, text):
    (folder / name).parent.mkdir(parents=True, exist_ok=True)
    (folder / name).write_text(text)


def bundle(folder, *more, **environment):
    return handcarry("bundle", folder / "release.yaml", "-o", folder / "out.tar.zst", "--tmpdir",
                     folder, *more, env={**os.environ, **environment})


def left_in(folder):
    return sorted(path.name for path in folder.iterdir())


def test_a_good_playbook_is_packed_and_nothing_is_left(folder):
    ran = bundle(folder)
    assert ran.returncode == 0, ran.stderr
    assert left_in(folder) == ["out.tar.zst", "out.tar.zst.sha256", "plays", "release.yaml"]


@pytest.mark.parametrize("name, text, place, words", [
    ("plays/site.yml", GOOD + "  tasks:\n    - no.such.module: {}\n", "plays/site.yml:5:7: ",
     "no.such.module"),
    ("plays/site.yml", GOOD + "   tasks: []\n", "plays/site.yml:4:", ""),
    ("plays/site.yml", GOOD.replace("pump", "valve"), "plays/site.yml:3:", "valve"),
    ("plays/roles/pump/tasks/main.yml", ROLE + "  ansible.builtin.fail: {}\n",
     "plays/roles/pump/tasks/main.yml:1:3: ", "conflicting action"),
])
def test_what_ansible_does_not_take_is_told_with_its_place(folder, name, text, place, words):
    put(folder, name, text)
    ran = bundle(folder)
    assert ran.returncode == 3 and place in ran.stderr and words in ran.stderr, ran.stderr
    assert left_in(folder) == ["plays", "release.yaml"]


def test_a_role_that_only_this_machine_has_is_not_found(folder, tmp_path_factory):
    """On a host it would be missing, whatever the packer's own ansible.cfg and home say."""
    home = tmp_path_factory.mktemp("home")
    put(home, ".ansible/roles/valve/tasks/main.yml", ROLE)
    put(home, "ansible.cfg", "[defaults]\nroles_path = %s/.ansible/roles\n" % home)
    put(folder, "plays/site.yml", GOOD.replace("pump", "valve"))
    ran = bundle(folder, HOME=str(home), ANSIBLE_CONFIG=str(home / "ansible.cfg"))
    assert ran.returncode == 3 and "valve" in ran.stderr


def test_without_ansible_there_is_a_warning(folder, tmp_path_factory):
    empty = tmp_path_factory.mktemp("empty")
    put(folder, "plays/site.yml", "- nonsense\n")
    ran = bundle(folder, PATH=str(empty))
    assert ran.returncode == 0 and "warning   there is no ansible-playbook here" in ran.stdout
    (folder / "out.tar.zst").unlink()
    (folder / "out.tar.zst.sha256").unlink()
    said = json.loads(bundle(folder, "--json", PATH=str(empty)).stdout)
    assert len(said["warnings"]) == 1


def test_126_a_secret_is_a_warning_when_it_is_packed(folder):
    put(folder, "plays/roles/pump/files/a.pem",
        "-----BEGIN PRIVATE KEY-----\nMIIEvQIBADANBgkqhkiG9w0B\n")
    ran = bundle(folder, "--json")
    assert ran.returncode == 0
    assert json.loads(ran.stdout)["warnings"] == [
        "plays/roles/pump/files/a.pem:1: this looks like a private key; whoever has the bundle can "
        "read it"]
    put(folder, "release.yaml", (folder / "release.yaml").read_text() +
        "# handcarry: allow secret plays/roles/pump/files/a.pem: of the test stand\n")
    (folder / "out.tar.zst").unlink()
    assert json.loads(bundle(folder, "--json").stdout)["warnings"] == []


def test_126_only_the_first_secrets_are_listed(folder):
    for number in range(5):
        put(folder, f"plays/roles/pump/vars/{number}.yml", "db_password: hunter22\n")
    said = json.loads(bundle(folder, "--json").stdout)["warnings"]
    assert len(said) == 4
    assert said[-1] == "2 more files or lines look like secrets: 'handcarry lint' lists them"
