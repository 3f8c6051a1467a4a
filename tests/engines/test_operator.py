# SPDX-License-Identifier: Apache-2.0
# Copyright The handcarry authors
"""What operators do in the middle of things: install again, press Ctrl-C, read the log."""
import signal
import time

from engines.host import host, host20  # noqa: F401 pylint: disable=unused-import
from engines.test_playbooks import FAIL, number, playbooks
from program import handcarry

SAY = FAIL % """\
    - name: Say who this is
      ansible.builtin.debug:
        msg: "{{ handcarry.run }} of release {{ handcarry.release }}"
"""
WAIT = FAIL % """\
    - name: Take a while
      ansible.builtin.shell: touch {0}; sleep 2
"""


def two_releases(host, release, **texts):
    """Installs release 1 and returns the bundle of release 2, both with the playbooks given."""
    playbooks(release, **texts)
    host.install(host.bundle(release))
    number(release, 2)
    playbooks(release, **texts)
    return host.bundle(release)


def rollback(host):
    ran = handcarry(*host.arguments("rollback", "handcarry-test", "-y"))
    assert ran.returncode == 0, ran.stdout + ran.stderr


def log(host):
    ran = handcarry("log", "--root", host.root)
    assert ran.returncode == 0, ran.stderr
    return ran.stdout


def test_a_release_that_was_left_is_installed_again(host20, release):
    bundle = two_releases(host20, release, install=SAY)
    host20.install(bundle)
    rollback(host20)
    ran = host20.install(bundle)
    assert "r2/tree: lay out" in ran.stdout
    assert (host20.state / "handcarry-test/r2/tree/playbooks/install.yml").is_file()
    rollback(host20)


def test_the_log_of_a_rollback_has_what_undo_playbooks_said(host20, release):
    host20.install(two_releases(host20, release, install=SAY, undo=SAY))
    rollback(host20)
    assert "undo of release 2" in log(host20) and "install of release 1" in log(host20)


def test_a_signal_during_the_last_playbook_is_no_installed_release(host20, release, tmp_path):
    flag = tmp_path / "begun"
    bundle = two_releases(host20, release, install=SAY)
    release.put("playbooks/install.yml", WAIT.format(flag))
    bundle = host20.bundle(release)
    going = host20.start(bundle)
    while not flag.exists() and going.poll() is None:
        time.sleep(0.05)
    going.send_signal(signal.SIGINT)
    said, why = going.communicate(timeout=60)
    assert going.returncode == 8, said + why
    assert "stopping when this ends" in said and "back at release 1" in why
    assert host20.status()["products"][0]["release"] == 1
