# SPDX-License-Identifier: Apache-2.0
# Copyright The handcarry authors
"""A release that carries Ansible: its playbooks run on a host that has none, and leave the same
traces as on one that has."""
import json
import os
import re
import shutil
import subprocess

import pytest

from engines import ansible
from engines.host import host, host20, steps  # noqa: F401 pylint: disable=unused-import
from engines.images import plain_image
from engines.roots import Missing
from program import PROGRAM

VERSION = "2.14.18"  # Debian 12's
BASH = shutil.which("bash")
# What a host without Ansible and Python has of both: nothing that can be started or imported.
HIDE = """\
PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin
mount --make-rprivate /
mount -t tmpfs tmpfs /usr/lib/python3
for path in /usr/bin/python3* /usr/bin/ansible* /usr/local/bin/python3*; do
    [ ! -f "$path" ] || mount --bind "$0" "$path"
done
! python3 -c '' 2>/dev/null && ! ansible-playbook --version 2>/dev/null || exit 99
exec "$@"
"""
TASKS = """\
- hosts: all
  tasks:
    - name: See the host
      ansible.builtin.command: sh -c 'readlink /proc/self/root; id -u; command -v python3 || true'
      register: seen
      changed_when: false
    - name: Write it down
      ansible.builtin.copy:
        dest: "{trace}"
        mode: "0640"
        content: "{{{{ seen.stdout_lines[:2] | join(' ') }}}} {{{{ ansible_facts.kernel }}}}\\n"
    - name: Say it again
      ansible.builtin.lineinfile: {{path: "{trace}", line: "release {{{{ handcarry.release }}}}"}}
    - name: Not here
      ansible.builtin.file: {{path: /nonexistent, state: absent}}
    - name: Skipped
      ansible.builtin.fail: {{msg: never}}
      when: false
"""


@pytest.fixture(scope="module")
def archive():
    try:
        return ansible.real_archive()
    except Missing as reason:
        pytest.skip(str(reason))


@pytest.fixture
def bare(tmp_path):
    """Runs a verb where neither Python nor Ansible can be started."""
    nothing = tmp_path / "nothing"
    nothing.write_text("")
    nothing.chmod(0o600)

    def run(host, verb, *more, status=0):
        command = [str(part) for part in host.arguments(verb, *more)]
        ran = subprocess.run(["unshare", "--mount", BASH, "-c", HIDE, str(nothing), PROGRAM, *command], capture_output=True, text=True, check=False,
                             stdin=subprocess.DEVNULL)
        assert ran.returncode == status, ran.stdout + ran.stderr
        return ran
    return run


def ansible_program():
    return os.environ["HANDCARRY"]


def carried(host, product="handcarry-test"):
    """The folders of Ansible that the host keeps."""
    folder = host.state / product / "ansible"
    return sorted(folder.iterdir()) if folder.exists() else []


def receipt(host):
    return json.loads(max((host.state / "receipts").glob("*.json")).read_text())


def prepared(release, **kinds):
    """Playbooks with TASKS, one of each kind named."""
    release.images = [plain_image()]
    release.configs = []
    release.playbooks = [{"path": "playbooks/%s.yml" % kind, "run": kind} for kind in kinds]
    for kind in kinds:
        release.put("playbooks/%s.yml" % kind, TASKS.format(trace=release.target / kind))
    return release


def results(host):
    """Of each playbook: its tasks, without times."""
    return [(step["subject"], [(task["task"], task["host"], task["status"])
                              for task in step["report"]["tasks"]])
            for step in receipt(host)["steps"] if step["kind"] in ("before", "playbook")]


def ran_with(host):
    """Of each playbook: the version of ansible-core, and the image that carried it."""
    return [(step["report"]["ansible-core"], step["report"].get("image"))
            for step in receipt(host)["steps"] if step["kind"] in ("before", "playbook")]


def version():
    said = subprocess.run(["ansible-playbook", "--version"], capture_output=True, text=True, check=True)
    return re.search(r"core ([0-9.]+)", said.stdout)[1]


def test_a_host_without_ansible_and_python_runs_what_is_carried(host, release, archive, bare):
    """On each engine, from its own store of images."""
    prepared(release, before=1, install=1)
    bundle = host.bundle(ansible.use(release, archive))
    plan = json.loads(bare(host, "plan", bundle, "--json").stdout)
    kinds = [(step["kind"], step["subject"]) for step in plan["steps"]]
    assert kinds.index(("image", ansible.NAME)) < kinds.index(("ansible", ansible.NAME)) < \
        kinds.index(("before", "playbooks/before.yml")) < kinds.index(("image", "handcarry-test/plain:1"))
    assert steps(plan, "playbook")["playbooks/install.yml"]["action"] == \
        "run, with the Ansible carried in " + ansible.NAME
    bare(host, "install", bundle, "-y")
    kernel = os.uname().release
    assert (release.target / "before").read_text() == "/ 0 %s\nrelease 1\n" % kernel
    assert (release.target / "install").stat().st_mode & 0o777 == 0o640
    assert len(carried(host)) == 1
    assert "nothing to do" in bare(host, "install", bundle, "-y").stdout


def test_the_results_are_those_of_a_host_with_ansible(host20, release, archive, bare, tmp_path):
    prepared(release, install=1)
    release.write()
    host20.install(host20.bundle(release))
    assert ran_with(host20) == [(version(), None)]
    own, trace = results(host20), (release.target / "install").read_text()
    (release.target / "install").unlink()
    release.fields["release"] = 2
    bare(host20, "install", host20.bundle(ansible.use(release, archive)), "-y")
    assert results(host20) == own
    (found,) = ran_with(host20)
    assert found == (VERSION, "sha256:" + carried(host20)[0].name)
    assert (release.target / "install").read_text() == trace.replace("release 1", "release 2")
