# SPDX-License-Identifier: Apache-2.0
# Copyright The handcarry authors
"""What operators do in the middle of things: install again, press Ctrl-C, read the log."""
import shutil
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


def refused(host, why, status=11):
    """A rollback that ends before anything is changed, and that status foretells."""
    ran = handcarry(*host.arguments("rollback", "handcarry-test", "-y"))
    assert ran.returncode == status and why in ran.stderr, ran.stdout + ran.stderr
    product = host.status()["products"][0]
    assert product["release"] == 2 and product["rollback-to"] == 0
    assert not (host.state / "journal").exists()


def test_a_release_whose_records_were_touched_is_not_gone_back_to(host20, release):
    bundle = two_releases(host20, release, install=SAY)
    (release.folder / "configs/plain.conf").write_text("plain = no\n")
    bundle = host20.bundle(release)
    host20.install(bundle)
    product = host20.state / "handcarry-test"
    touched = product / "r1/statement.yaml"
    state = product / "r2/before/state.yaml"
    kept = next(path for path in state.parent.iterdir() if path != state)
    for path, why in (touched, "was changed since release 1 was installed"), \
                     (kept, "as it was kept"), (state, "the state before release 2"):
        good = path.read_bytes()
        path.write_bytes(good.replace(b"1.0.0", b"6.6.6").replace(b"yes", b"on"))
        if path == state:
            path.unlink()
        refused(host20, why)
        path.write_bytes(good)
    rollback(host20)
    assert (release.target / "plain.conf").read_text() == "plain = yes\n"


def test_a_config_that_somebody_deleted_is_put_back_by_a_rollback(host20, release):
    two_releases(host20, release, install=SAY)
    (release.folder / "configs/plain.conf").write_text("plain = no\n")
    host20.install(host20.bundle(release))
    (release.target / "plain.conf").unlink()
    rollback(host20)
    assert (release.target / "plain.conf").read_text() == "plain = yes\n"


def test_what_a_host_keeps_of_a_release_is_made_anew_by_installing_it(host20, release):
    bundle = two_releases(host20, release, install=SAY)
    host20.install(bundle)
    product = host20.state / "handcarry-test"
    assert "already installed" in host20.install(bundle).stdout
    (product / "r2/statement.yaml").unlink()
    assert "is made anew" in host20.install(bundle).stdout
    (product / "current").unlink()
    (product / "current").symlink_to("r1")
    assert "is made anew" in host20.install(bundle).stdout
    assert (product / "current").readlink().name == "r2"
    rollback(host20)


def test_undo_playbooks_that_ran_are_not_run_again_by_recover(host20, release, tmp_path):
    told, flag = tmp_path / "told", tmp_path / "well"
    undo = FAIL % ("    - shell: echo undo >> %s\n" % told)
    install = FAIL % ("    - shell: test {{ handcarry.release }} = 2 -o ! -e %s\n" % flag)
    host20.install(two_releases(host20, release, install=install, undo=undo))
    flag.touch()
    ran = handcarry(*host20.arguments("rollback", "handcarry-test", "-y"))
    assert ran.returncode == 9, ran.stdout + ran.stderr
    flag.unlink()
    ran = handcarry(*host20.arguments("recover"))
    assert ran.returncode == 0 and told.read_text() == "undo\n", ran.stdout + ran.stderr
    assert host20.status()["products"][0]["release"] == 1


def test_a_host_key_that_is_gone_is_not_made_anew_beside_its_public_half(host20, release):
    bundle = two_releases(host20, release, install=SAY)
    (host20.etc / "host.key").unlink()
    ran = host20.install(bundle, status=11)
    assert "put 'host.key' back from a backup" in ran.stderr
    (host20.etc / "host.pub").unlink()
    host20.install(bundle)


def test_status_says_that_what_was_installed_is_not_known_any_more(host20, release):
    playbooks(release, install=SAY)
    host20.install(host20.bundle(release))
    shutil.rmtree(host20.state)
    ran = handcarry(*host20.arguments("status"))
    assert ran.returncode == 11 and "nothing is installed" not in ran.stdout
    assert "does not say what was installed" in ran.stderr and "--adopt" in ran.stderr


def test_a_way_back_that_fails_again_says_so_once(host20, release):
    bundle = two_releases(host20, release, install=SAY)
    playbooks(release, install=FAIL % "    - shell: exit 3\n", undo=FAIL % "    - shell: exit 4\n")
    bundle = host20.bundle(release)
    host20.install(bundle, status=9)
    for _ in range(2):
        ran = handcarry(*host20.arguments("recover"))
        assert ran.returncode == 9
        assert ran.stderr.count("the way back failed") == 1, ran.stderr


def test_an_engine_that_is_down_is_named_by_its_socket(host20, docker20, release):
    bundle = two_releases(host20, release, install=SAY)
    docker20.kill()
    ran = host20.install(bundle, status=7)
    assert "nothing answers at '%s'; start it" % docker20.socket in ran.stderr
    docker20.start()


def test_an_undo_playbook_that_never_ends_is_interrupted_by_a_second_signal(host20, release,
                                                                            tmp_path):
    flag = tmp_path / "begun"
    bundle = two_releases(host20, release, install=SAY)
    playbooks(release, install=FAIL % "    - shell: exit 3\n",
              undo=FAIL % ("    - shell: touch %s; exec sleep 600\n" % flag))
    bundle = host20.bundle(release)
    going = host20.start(bundle)
    while not flag.exists() and going.poll() is None:
        time.sleep(0.05)
    going.send_signal(signal.SIGINT)
    time.sleep(1)
    assert going.poll() is None
    going.send_signal(signal.SIGINT)
    said, why = going.communicate(timeout=60)
    assert going.returncode == 9, said + why
    assert "this is the way back, so it goes on" in said
    assert "'playbooks/undo.yml' was interrupted" in why and "type: handcarry recover" in why
