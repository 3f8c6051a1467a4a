# SPDX-License-Identifier: Apache-2.0
# Copyright The handcarry authors
"""Playbooks: when each kind runs, what it is told, and what is said of one that fails."""
import json

from engines.host import host, host20, steps  # noqa: F401 pylint: disable=unused-import

TRACE = """\
- hosts: all
  gather_facts: false
  tasks:
    - name: Tell what was handed over
      ansible.builtin.lineinfile:
        path: "%s"
        create: true
        line: "{{ handcarry.run }} {{ handcarry.release }} {{ handcarry.from }} {{ handcarry.back }}"
        insertafter: EOF
"""
FAIL = """\
- hosts: all
  gather_facts: false
  tasks:
%s
"""
SAY = """\
    - name: Say it and fail
      ansible.builtin.command: sh -c 'echo "{{ handcarry.value.password }} is wrong" >&2; exit 3'
"""


def playbooks(release, **texts):
    """One playbook of each kind that is named, in the order given."""
    release.playbooks = [{"path": "playbooks/%s.yml" % kind, "run": kind} for kind in texts]
    release.write()
    for kind, text in texts.items():
        release.put("playbooks/%s.yml" % kind, text)


def number(release, n):
    release.fields.update(release=n, version="%d.0.0" % n)


def test_before_runs_first_and_both_are_told_what_they_are(host20, release):
    trace = release.folder.parent / "trace"
    playbooks(release, install=TRACE % trace, before=TRACE % trace)
    bundle = host20.bundle(release)
    _, plan = host20.plan(bundle)
    kinds = [step["kind"] for step in plan["steps"]]
    assert kinds.index("before") < kinds.index("config") < kinds.index("playbook")
    host20.install(bundle)
    number(release, 2)
    release.write()
    playbooks(release, install=TRACE % trace, before=TRACE % trace)
    host20.install(host20.bundle(release))
    assert trace.read_text().splitlines() == [
        "before 1 0 False", "install 1 0 False", "before 2 1 False", "install 2 1 False"]


def test_114_a_failing_before_changes_nothing(host20, release):
    """trust.md 114: what ran before the switch and failed leaves the host as it was."""
    engine_before = release.target.exists() and sorted(p.name for p in release.target.iterdir())
    playbooks(release, before=FAIL % SAY.replace("{{ handcarry.value.password }}", "this"),
              install=TRACE % (release.folder.parent / "trace"))
    ran = host20.install(host20.bundle(release), status=1)
    assert "playbook 'playbooks/before.yml': task 'Say it and fail' on 'localhost': failed:" in ran.stderr
    assert "\n    this is wrong" in ran.stderr and "nothing was changed" in ran.stderr
    assert not (release.folder.parent / "trace").exists()
    assert (sorted(p.name for p in release.target.iterdir()) or False) == (engine_before or False)
    assert host20.status()["products"] == []


def test_114_a_failing_task_is_named_with_its_host_and_words_but_no_secret(host20, release):
    """trust.md 114; the password is in the task's output, and in no message or log."""
    release.values = release.values + [{"name": "password", "secret": True}]
    host20.values("handcarry-test", "password: hunter2-hunter2\n")
    playbooks(release, install=FAIL % SAY)
    ran = host20.install(host20.bundle(release), status=8)
    assert "task 'Say it and fail' on 'localhost': failed:" in ran.stderr
    assert "\n    ******** is wrong" in ran.stderr
    log = next((host20.state / "handcarry-test/log").iterdir())
    assert log.stat().st_mode & 0o777 == 0o600 and "******** is wrong" in log.read_text()
    assert "hunter2" not in ran.stdout + ran.stderr + log.read_text()
    assert not (host20.state / "handcarry-test/work").exists()


def test_a_task_that_was_rescued_is_no_failure(host20, release):
    block = "    - block:\n        - name: It fails\n          ansible.builtin.command: 'false'\n" \
            "      rescue:\n        - name: It is mended\n          ansible.builtin.debug: {msg: fine}\n"
    playbooks(release, install=FAIL % block)
    host20.install(host20.bundle(release))


def test_of_a_loop_the_item_that_failed_speaks(host20, release):
    loop = "    - name: Try each\n      ansible.builtin.fail: {msg: 'no {{ item }} here'}\n" \
           "      when: item == 'pump'\n      loop: [valve, pump]\n"
    playbooks(release, install=FAIL % loop)
    ran = host20.install(host20.bundle(release), status=8)
    assert "task 'Try each' on 'localhost': failed:\n    no pump here" in ran.stderr
