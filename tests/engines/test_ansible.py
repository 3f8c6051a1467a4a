# SPDX-License-Identifier: Apache-2.0
# Copyright The handcarry authors
"""A release that carries Ansible: its playbooks run on a host that has none, and leave the same
traces as on one that has."""
import json
import os
import re
import shutil
import subprocess
from pathlib import Path

import pytest

from engines import ansible
from engines.fixtures import empty_engine, marked
from engines.host import Host, host20, steps  # noqa: F401 pylint: disable=unused-import
from engines.images import plain_image
from engines.roots import Missing
from program import PROGRAM

VERSION = "2.14.18"  # Debian 12's
BASH = shutil.which("bash")
# What a host without Ansible and Python has of both: nothing that can be started or imported.
HIDE = """\
PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin
mount --make-rprivate /
mount -t tmpfs tmpfs "$0"
mkdir "$0/upper" "$0/work"
mount -t overlay overlay -o "lowerdir=/usr/bin,upperdir=$0/upper,workdir=$0/work" /usr/bin
rm -f /usr/bin/python3* /usr/bin/ansible*
mount -t tmpfs tmpfs /usr/lib/python3
! command -v python3 && ! command -v ansible-playbook || exit 99
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
    nothing.mkdir()

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


@pytest.fixture(params=[marked("docker26_containerd"), marked("podman4")])
def other(request, tmp_path, engine_pool):
    """A host on each store of images that the other tests do not have."""
    return Host(tmp_path / "host", empty_engine(engine_pool, request.param).url)


def test_a_host_without_ansible_and_python_runs_what_is_carried(other, release, archive, bare):
    host = other
    prepared(release, before=1, install=1)
    release.playbooks[1]["inventory"] = "local.ini"  # which does not say where Python is
    release.put("local.ini", "localhost ansible_connection=local\n")
    bundle = host.bundle(ansible.use(release, archive), level=1)
    plan = json.loads(bare(host, "plan", bundle, "--json").stdout)
    kinds = [(step["kind"], step["subject"]) for step in plan["steps"]]
    assert kinds.index(("image", ansible.NAME)) < kinds.index(("ansible", ansible.NAME)) < \
        kinds.index(("before", "playbooks/before.yml")) < kinds.index(("image", "handcarry-test/plain:1"))
    assert steps(plan, "playbook")["playbooks/install.yml"]["action"] == \
        "run, with ansible-core %s carried in %s" % (VERSION, ansible.NAME)
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
    bundle = host20.bundle(ansible.use(release, archive), level=1)
    bare(host20, "install", bundle, "-y")
    assert results(host20) == own
    (found,) = ran_with(host20)
    assert found == (VERSION, "sha256:" + carried(host20)[0].name)
    assert (release.target / "install").read_text() == trace.replace("release 1", "release 2")
    python = carried(host20)[0] / "root/usr/bin/python3"
    python.unlink()
    python.symlink_to("/bin/true")
    assert "handcarry-test/ansible:1: unpack" in bare(host20, "install", bundle, "-y").stdout
    assert os.readlink(python) == "../../usr/bin/python3.11"


def machine(number):
    """busybox as if for another machine."""
    program = bytearray(ansible.static_program())
    program[18:20] = number.to_bytes(2, "little")
    return bytes(program)


def venv(layer):
    layer.file("usr/pyvenv.cfg", b"home = /usr/bin\n")


def host_shell(layer):
    """A Python that leads to the host's shell, were the image not its own root."""
    layer.symlink("usr/bin/python3", "../../../../../../../../../../bin/dash")


UNFIT = {
    "no-ansible": (dict(program=ansible.static_program(), tool=None),
                   "the image that is to carry Ansible has no ansible-playbook;"),
    "no-python": (dict(program=None), "the image that is to carry Ansible has no usr/bin/python3;"),
    "no-script": (dict(program=None, tool=b"\x7fELF"), "has no ansible-playbook that is a Python script"),
    "other-machine": (dict(program=machine(183)), "'usr/bin/python3' of the image that carries Ansible is "
                      "for aarch64, and this host is"),
    "no-loader": (dict(program=Path("/bin/true").read_bytes()), "Ansible has no lib64/ld-linux-x86-64.so.2;"),
    "not-a-program": (dict(program=b"#!/bin/sh\necho '[core 2.99.0]'\n"), "'usr/bin/python3' is no ELF program"),
    "link-out": (dict(program=None, more=[host_shell]), "has no usr/bin/python3;"),
    "venv": (dict(program=ansible.static_program(), more=[venv]), "is of a virtual environment"),
    "not-python": (dict(program=ansible.static_program()), "'ansible-playbook --version' ended with exit code"),
}


@pytest.mark.parametrize("name", UNFIT)
def test_114_an_image_that_cannot_run_ansible_changes_nothing(host20, docker20, release, name):
    """trust.md 114. What it lacks is named before anything runs, and nothing of it stays."""
    options, message = UNFIT[name]
    prepared(release, before=1)
    bundle = host20.bundle(ansible.use(release, ansible.script_image(**options)))
    _, plan = host20.plan(bundle)
    assert steps(plan, "before")["playbooks/before.yml"]["action"] == \
        "run, with the Ansible carried in " + ansible.NAME
    ran = host20.install(bundle, status=None)
    assert ran.returncode in (3, 11) and message in ran.stderr and "nothing was changed" in ran.stderr, ran.stderr
    assert not carried(host20) and not (host20.state / "handcarry-test/ansible").exists()
    assert not (release.target / "before").exists() and not docker20.images()


def mounted(folder, *options):
    folder.mkdir(parents=True)
    subprocess.run(["mount", "-t", "tmpfs", *options, "tmpfs", folder], check=True)
    return folder


@pytest.mark.parametrize("where, options, message, code", [
    ("handcarry-test", ["-o", "size=1m,mode=755"], "No space left on device", 6),
    ("handcarry-test/ansible", ["-o", "ro"], "Read-only file system", 1)])
def test_117_a_full_or_read_only_disk_for_what_is_carried(host20, docker20, release, where, options, message,
                                                          code):
    """trust.md 117"""
    prepared(release, before=1)
    bundle = host20.bundle(ansible.use(release, ansible.script_image(ansible.static_program())))
    folder = mounted(host20.state / where, *options)
    try:
        ran = host20.install(bundle, status=code)
        assert message in ran.stderr and "nothing was changed" in ran.stderr
        assert not carried(host20) and not docker20.images()
    finally:
        subprocess.run(["umount", folder], check=True)


def test_a_module_that_the_carried_python_lacks_is_named_before_anything_runs(host20, release, archive):
    prepared(release, before=1)
    bundle = host20.bundle(ansible.use(release, archive, python=["yaml", "no_such_module"]), level=1)
    ran = host20.install(bundle, status=11)
    assert "the image that carries Ansible lacks the Python module 'no_such_module'; nothing was changed" in ran.stderr
    assert not carried(host20) and not (release.target / "before").exists()


def test_what_was_copied_out_serves_without_its_image(host20, docker20, release, archive, bare):
    """A delta leaves the image out; rollback, undo and remove run while the engine has it no more;
    what was edited is not run; what no release needs goes."""
    prepared(release, install=1, undo=1, remove=1)
    first = host20.bundle(ansible.use(release, archive), level=1)
    bare(host20, "install", first, "-y")
    release.fields.update(release=2, version="2.0.0")
    delta = host20.bundle(ansible.use(release, archive), base=first)
    assert delta.stat().st_size < 200_000
    docker20.call("DELETE", "/images/%s" % ansible.NAME)
    plan = json.loads(bare(host20, "plan", delta, "--json").stdout)
    assert steps(plan, "image")[ansible.NAME]["action"] == "is copied out"
    assert steps(plan, "playbook")["playbooks/install.yml"]["action"] == \
        "run, with ansible-core %s carried in %s" % (VERSION, ansible.NAME)
    bare(host20, "install", delta, "-y")
    assert {row["found"] for row in host20.status()["products"][0]["images"]} == {"ok"}
    (release.target / "undo").unlink(missing_ok=True)
    bare(host20, "rollback", "handcarry-test", "-y")
    assert (release.target / "undo").read_text().endswith("release 2\n")
    (folder,) = carried(host20)
    tool = folder / "root/usr/bin/ansible-playbook"
    text = tool.read_text()
    tool.write_text("#!/usr/bin/python3\n")
    ran = bare(host20, "remove", "handcarry-test", "-y", status=11)
    assert "which carries the Ansible of release 1, is not in the engine any more" in ran.stderr
    tool.write_text(text)
    bare(host20, "remove", "handcarry-test", "-y")
    assert (release.target / "remove").exists() and not carried(host20)
