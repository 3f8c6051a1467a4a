# SPDX-License-Identifier: Apache-2.0
# Copyright The handcarry authors
"""lint follows tasks to wherever they lie among what is carried: roles, handlers, collections."""
import json
import re

import pytest

from program import handcarry

RELEASE = """handcarry: 1
product: p
version: 1
release: 1
images: [{name: 'x:1', from: 'docker-daemon:x:1'}]
playbooks: [{path: play/site.yml, run: install%s}]
"""
PLAY = "- hosts: localhost\n  roles: [web]\n"
FETCH = "- name: Fetch it\n  ansible.builtin.get_url: {url: 'https://example.org/a', dest: /a}\n"
COLLECTION = "play/collections/ansible_collections/plant/base/"


@pytest.fixture
def lint(tmp_path):
    """Writes files; gives what lint --strict --json says of them."""
    def run(files, inventory=""):
        for name, content in {"release.yaml": RELEASE % inventory, "play/site.yml": PLAY,
                              **files}.items():
            path = tmp_path / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(content)
        return json.loads(handcarry("lint", "--strict", "--json", tmp_path / "release.yaml").stdout)
    return run


def places(document):
    return [(p.get("rule"), p["file"], p["line"], p["column"]) for p in document["problems"]]


@pytest.mark.parametrize("path", [
    "play/site.yml", "play/roles/web/tasks/main.yml", "play/roles/web/handlers/main.yaml",
    "play/tasks/extra.yml", "play/roles/web/included/more.yml",
])
def test_a_task_that_reaches_for_the_network(lint, path):
    document = lint({path: FETCH})
    assert places(document) == [("network", path, 2, 3)]
    assert document["problems"][0]["message"] == (
        "'ansible.builtin.get_url' asks 'https://example.org/a'; a host has none, so the task fails "
        "there in the middle of an install. Carry what it needs ('images', 'files', 'files/' beside "
        "the playbook) and take it from there.")


@pytest.mark.parametrize("path", [
    "play/roles/web/vars/main.yml", "play/roles/web/molecule/default/tasks/prepare.yml",
    "play/roles/web/tests/tasks/x.yml", "play/files/tasks.yml",
    COLLECTION + "roles/web/tasks/main.yml", COLLECTION + "tests/integration/tasks/main.yml",
])
def test_a_file_that_no_play_runs(lint, path):
    assert places(lint({path: FETCH})) == []


def test_a_role_of_a_collection_counts_where_it_is_named(lint):
    document = lint({"play/site.yml": "- hosts: localhost\n  roles: [plant.base.one]\n",
                     COLLECTION + "roles/one/tasks/main.yml":
                         "- import_role: {name: plant.base.two}\n",
                     COLLECTION + "roles/two/tasks/main.yml": FETCH,
                     COLLECTION + "roles/three/tasks/main.yml": FETCH})
    assert places(document) == [("network", COLLECTION + "roles/two/tasks/main.yml", 2, 3)]


def test_an_included_file_counts_wherever_it_lies(lint):
    document = lint({"play/tasks/one.yml": "- include_tasks: ../files/two.yml\n",
                     "play/files/two.yml": "- import_tasks: {file: vars/three.yaml}\n",
                     "play/vars/three.yaml": FETCH, "play/vars/four.yml": FETCH})
    assert places(document) == [("network", "play/vars/three.yaml", 2, 3)]


def test_a_comment_above_the_task_allows_it(lint):
    why = "# handcarry: allow network: the plant has a mirror\n"
    document = lint({"play/tasks/a.yml": why + FETCH})
    assert document["problems"] == [] and len(document["allowed"]) == 1
    document = lint({"play/tasks/a.yml": why + FETCH + FETCH})
    assert places(document) == [("network", "play/tasks/a.yml", 5, 3)]


def test_one_local_source_is_enough_for_all_packages(lint):
    packages = "- apt: {name: nginx}\n"
    assert places(lint({"play/tasks/a.yml": packages})) == [("network", "play/tasks/a.yml", 1, 3)]
    source = "- apt_repository: {repo: 'deb [trusted=yes] file:///opt/plant ./'}\n"
    assert places(lint({"play/roles/web/tasks/main.yml": source})) == []


def test_a_file_of_tasks_that_is_no_yaml(lint):
    document = lint({"play/roles/web/tasks/main.yml": "- a: [\n"})
    assert places(document) == [("not-yaml", "play/roles/web/tasks/main.yml", 2, 1)]


@pytest.mark.parametrize("inventory,executable,why", [
    ("plugin: x.y.z\n", False, "a plugin finds its hosts"), ("#!/bin/sh\n", False, "a program"),
    ("[web]\n", True, "a program"), ("$ANSIBLE_VAULT;1.1;AES256\n", False, "encrypted"),
])
def test_what_cannot_be_checked_is_said_and_no_failure(lint, tmp_path, inventory, executable, why):
    (tmp_path / "inv").write_text(inventory)
    (tmp_path / "inv").chmod(0o755 if executable else 0o644)
    document = lint({"play/site.yml": "- hosts: nowhere\n"}, ", inventory: inv")
    assert document["passed"] is True
    assert [p["severity"] for p in document["problems"]] == ["note"]
    assert why in document["problems"][0]["message"]
    run = handcarry("lint", "--strict", tmp_path / "release.yaml")
    assert run.returncode == 0
    assert re.match("inv:1:1: note: hosts of 'play/site.yml' were not checked", run.stdout)


@pytest.mark.parametrize("play,severity", [
    ("- hosts: '{{ where }}'\n", "note"), ("- hosts: late\n", "warning"),
    ("- hosts: localhost\n  tasks: [{add_host: {name: a, groups: late}}]\n- hosts: late\n", "note"),
])
def test_hosts_that_only_the_run_knows(lint, play, severity):
    assert [p["severity"] for p in lint({"play/site.yml": play})["problems"]] == [severity]


def test_a_password_in_a_url_is_not_shown(lint, tmp_path):
    lint({"play/site.yml": "- hosts: localhost\n  tasks:\n    - uri: {url: 'https://a:swordfish@"
                           "example.org/'}\n    - shell: curl https://a:swordfish@example.org/\n"})
    run = handcarry("lint", tmp_path / "release.yaml")
    assert run.stdout.count("[network]") == 2 and run.stdout.count("[secret]") == 2
    assert "swordfish" not in run.stdout
