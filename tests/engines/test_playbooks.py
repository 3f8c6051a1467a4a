# SPDX-License-Identifier: Apache-2.0
# Copyright The handcarry authors
"""Playbooks: when each kind runs, what it is told, and what is said of one that fails."""
import json
import time
from pathlib import Path

from engines.host import host, host20, steps  # noqa: F401 pylint: disable=unused-import
from program import handcarry

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


def test_plan_names_the_hosts_that_a_playbook_reaches(host20, release):
    release.playbooks = [{"path": "playbooks/site.yml", "run": "install", "inventory": "inv/plant.ini"}]
    release.write()
    release.put("inv/plant.ini", "localhost ansible_connection=local\n[plc]\nplc1\nplc2\n")
    _, plan = host20.plan(host20.bundle(release))
    assert steps(plan, "playbook")["playbooks/site.yml"]["detail"] == \
        "inventory inv/plant.ini, with the host's network; reaches plc1, plc2"


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


def verb(host, name, *more, status=0):
    ran = handcarry(*host.arguments(name, *more))
    assert ran.returncode == status, ran.stdout + ran.stderr
    return ran


def traced(host, release, n, **texts):
    """Release n, each of whose playbooks writes a line into one file."""
    number(release, n)
    trace = release.folder.parent / "trace"
    playbooks(release, **{kind: TRACE % trace for kind in ("before", "install", "undo", "remove")},
              **texts)
    return host.bundle(release)


def lines(release):
    trace = release.folder.parent / "trace"
    found = trace.read_text().splitlines()
    trace.write_text("")
    return found


def test_a_failing_release_is_left_by_its_undo_and_the_old_one_is_installed_again(host20, release):
    host20.install(traced(host20, release, 1))
    lines(release)
    release.health = [{"command": ["false"], "within": "1s"}]
    host20.install(traced(host20, release, 2), status=8)
    assert lines(release) == ["before 2 1 False", "install 2 1 False", "undo 2 2 True",
                              "install 1 2 True"]


def test_a_failing_first_release_is_left_by_its_remove(host20, release):
    release.health = [{"command": ["false"], "within": "1s"}]
    host20.install(traced(host20, release, 1), status=8)
    assert lines(release) == ["before 1 0 False", "install 1 0 False", "remove 1 1 True"]


def test_rollback_and_remove_run_theirs(host20, release):
    for n in (1, 2):
        host20.install(traced(host20, release, n))
    lines(release)
    verb(host20, "rollback", "handcarry-test", "-y")
    assert lines(release) == ["undo 2 2 True", "install 1 2 True"]
    verb(host20, "remove", "handcarry-test", "-y")
    assert lines(release) == ["remove 1 1 False"]


def receipt(host):
    return json.loads(sorted((host.state / "receipts").glob("*.json"))[-1].read_text())


def test_the_receipt_has_what_each_task_did(host20, release):
    release.health = [{"command": ["sh", "-c", "echo not well; exit 4"], "within": "1s"}]
    playbooks(release, install=FAIL % (
        "    - name: It fails\n      ansible.builtin.command: 'false'\n      ignore_errors: true\n"
        "    - name: It is fine\n      ansible.builtin.command: 'true'\n"))
    host20.install(host20.bundle(release), status=8)
    steps_of = {step["kind"]: step for step in receipt(host20)["steps"]}
    report = steps_of["playbook"]["report"]
    assert report["counts"]["ignored"] == 1 and report["counts"]["changed"] == 1
    assert [(task["task"], task["status"]) for task in report["tasks"]] == [
        ("It fails", "ignored"), ("It is fine", "changed")]
    assert all(task["ms"] > 0 and task["host"] == "localhost" for task in report["tasks"])
    assert steps_of["health"]["report"]["said"].endswith("exit code 4; it said last:\n    not well")


def children_of(pid):
    """Every process below one, by /proc."""
    found = []
    for task in Path("/proc/%d/task" % pid).glob("*/children"):
        for child in task.read_text().split():
            found += [int(child), *children_of(int(child))]
    return found


def is_there(pid):
    try:
        return Path("/proc/%d/stat" % pid).read_text().rsplit(")", 1)[1].split()[0] != "Z"
    except OSError:
        return False


def killed_in_the_middle(host, release, kind):
    """An install that is killed while its playbook runs; the processes that were below it."""
    begun = release.folder.parent / "begun"
    slow = "    - name: Take long\n      ansible.builtin.shell: |\n" \
           "        test -e %s && exit 0; touch %s; sleep 300\n" % (begun, begun)
    playbooks(release, **{kind: FAIL % slow})
    run = host.start(host.bundle(release))
    end = time.monotonic() + 60
    while not begun.exists() and time.monotonic() < end:
        time.sleep(0.05)
    below = children_of(run.pid)
    assert len(below) > 2 and (host.state / "handcarry-test/work").exists()
    run.kill()
    run.communicate()
    return below


def test_107_a_kill_in_the_middle_takes_the_playbook_with_it(host20, release):
    """trust.md 107: nothing goes on behind the back of recover, which runs the playbook again."""
    below = killed_in_the_middle(host20, release, "install")
    end = time.monotonic() + 10
    while any(map(is_there, below)) and time.monotonic() < end:
        time.sleep(0.05)
    assert [Path("/proc/%d/cmdline" % pid).read_text() for pid in below if is_there(pid)] == []
    verb(host20, "recover")
    assert not (host20.state / "handcarry-test/work").exists()
    assert host20.status()["products"][0]["release"] == 1


def test_107_values_that_a_kill_left_are_gone_after_recover(host20, release):
    """trust.md 107: also where recover runs no playbook."""
    killed_in_the_middle(host20, release, "before")
    assert (host20.state / "handcarry-test/work/variables.yml").exists()
    verb(host20, "recover")
    assert not (host20.state / "handcarry-test/work").exists()
    assert host20.status()["products"] == []
