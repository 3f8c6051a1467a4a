# SPDX-License-Identifier: Apache-2.0
# Copyright The handcarry authors
"""What install refuses or takes back, and that nothing of it is left. Needs no engine of its own
kind: a lying one, or Docker 20.10."""
import json
import os
import shutil
import signal
import subprocess
import time

import pytest

from engines.host import Host, host20, steps  # noqa: F401 pylint: disable=unused-import
from engines.images import Layer, text
from engines.lying import LyingEngine
from program import PROGRAM, handcarry

ID = "sha256:" + "a" * 64
LIES = {
    "an-error-inside-200": {"POST /images/load": b'{"stream":"x"}\n{"error":"no room"}'},
    "a-failed-unpack-as-text": {"POST /images/load": b'{"stream":"Error unpacking image x: y"}'},
    "success-without-an-image": {"POST /images/load": b'{"stream":"Loaded image: x"}'},
    "another-image": {"POST /images/load": b"{}", "GET /images/handcarry.local":
                      {"Id": ID, "RootFS": {"Layers": [ID]}}},
    "no-json": {"POST /images/load": b"<html>"},
    "half-an-answer": {"POST /images/load": b'{"stream":"Loa'},
    "status-500": {"POST /images/load": (500, {"message": "kaputt"})},
    "dies-in-the-load": {"POST /images/load": "die"},
    "dies-at-the-list": {"GET /images/json": "die"},
    "a-list-that-is-none": {"GET /images/json": {"a": 1}},
    "a-version-that-is-none": {"GET /version": []},
    "info-without-a-driver": {"GET /info": {"ID": "x"}},
    "rootless": {"GET /info": {"Driver": "overlay2", "SecurityOptions": ["name=rootless"]}},
    "deep-json": {"GET /info": b'{"a":' + b"[" * 5000 + b"]" * 5000 + b"}"},
    "far-too-long": {"GET /info": b'{"a":"' + b"x" * 9_000_000 + b'"}'},
}


@pytest.mark.parametrize("lie", LIES)
def test_an_engine_that_lies_is_exit_7(tmp_path, release, lie):
    with LyingEngine(tmp_path, **LIES[lie]) as engine:
        host = Host(tmp_path / "host", engine.url)
        ran = host.install(host.bundle(release), status=7)
        assert "handcarry: " in ran.stderr
        assert not release.trace.exists() and not (release.target / "plain.conf").exists()
        assert not (host.state / "handcarry-test/state.yaml").exists()
        assert not (host.state / "handcarry-test/r1").exists()


def test_an_image_without_layers_is_not_there(host20, release, tmp_path):
    """What Docker says of one that is being removed is no refusal of the run."""
    bundle = host20.bundle(release)
    host20.install(bundle)
    asked = []

    def answer(line):
        if "/images/json" in line or asked:
            return None
        asked.append(line)
        return 500, {"message": "layer does not exist"}

    with LyingEngine(tmp_path, real=host20.url.removeprefix("unix://"), **{"GET /images/": answer}) as between:
        host20.url = between.url
        assert host20.plan(bundle)[0] == 0
        assert asked.pop()
        host20.install(bundle)


def test_no_engine_is_exit_7(tmp_path, release):
    host = Host(tmp_path / "host", "unix:///nowhere.sock")
    bundle = host.bundle(release)
    host.install(bundle, status=7)
    assert host.plan(bundle)[0] == 7


def test_106_docker_host_is_ignored_and_said_so(tmp_path, release):
    with LyingEngine(tmp_path) as engine:
        host = Host(tmp_path / "host", engine.url)
        bundle = host.bundle(release)
        environment = {**os.environ, "DOCKER_HOST": "tcp://10.0.0.1:2375"}
        ran = handcarry(*host.arguments("plan", bundle), env=environment)
        assert ran.returncode == 0 and "DOCKER_HOST is set and ignored" in ran.stdout


def test_without_a_terminal_and_without_y_is_a_usage_error(tmp_path, release):
    with LyingEngine(tmp_path) as engine:
        host = Host(tmp_path / "host", engine.url)
        ran = handcarry(*host.arguments("install", host.bundle(release)))
        assert ran.returncode == 2 and engine.asked == []
        assert all(path.name.startswith("records") for path in host.state.iterdir())


def test_a_play_that_matches_no_host_fails(host20, docker20, release):
    release.put("playbooks/site.yml", "- hosts: app_servers\n  tasks: [{ansible.builtin.ping: {}}]\n")
    bundle = host20.bundle(release)
    ran = host20.install(bundle, status=8)
    assert "play 'app_servers' matches no host" in ran.stderr
    assert f"handcarry install {bundle}" in ran.stderr
    assert docker20.images() == {} and not (release.target / "plain.conf").exists()


def test_a_failing_task_is_named(host20, docker20, release):
    release.put("playbooks/site.yml", "- hosts: all\n  gather_facts: false\n  tasks:\n"
                "    - {name: start the pump, ansible.builtin.command: 'false'}\n")
    ran = host20.install(host20.bundle(release), status=8)
    assert "task 'start the pump' on 'localhost': failed" in ran.stderr
    assert docker20.images() == {}


def test_missing_values_name_the_lines_to_add(host20, docker20, release):
    release.values.append({"name": "db_password", "secret": True, "description": "of the database"})
    release.write()
    bundle = host20.bundle(release)
    ran = host20.install(bundle, status=11)
    assert "  db_password:   # of the database\n" in ran.stderr
    assert f"handcarry values edit handcarry-test {bundle} --root {host20.root}\n" in ran.stderr
    assert host20.plan(bundle)[0] == 11 and docker20.images() == {}


def test_secrets_reach_the_playbook_and_nothing_else(host20, docker20, release):
    secret = "s3cret{{no}}'\"x"
    release.values.append({"name": "db_password", "secret": True})
    release.write()
    release.put("playbooks/site.yml",
                "- hosts: all\n  gather_facts: false\n  tasks:\n"
                "    - ansible.builtin.copy: {content: \"{{ handcarry['values'].db_password }}\", "
                f"dest: {release.trace}, mode: '0600'}}\n"
                "    - ansible.builtin.debug: {msg: \"{{ handcarry.value.db_password }}\"}\n")
    host20.values("handcarry-test", "db_password: " + json.dumps(secret) + "\n")
    ran = host20.install(host20.bundle(release))
    assert release.trace.read_text() == secret
    said = [ran.stdout, ran.stderr]
    said += [path.read_text(errors="replace") for path in host20.state.rglob("*") if path.is_file()]
    assert not any("s3cret" in text for text in said)
    assert "********" in ran.stdout
    for path in (host20.state / "handcarry-test/log").iterdir():
        assert path.stat().st_mode & 0o777 == 0o600


def test_110_a_second_run_ends_with_75(host20, docker20, release):
    release.put("playbooks/site.yml", "- hosts: all\n  gather_facts: false\n  tasks:\n"
                f"    - ansible.builtin.copy: {{content: x, dest: {release.trace}, mode: '0600'}}\n"
                "    - ansible.builtin.command: sleep 4\n")
    bundle = host20.bundle(release)
    first = host20.start(bundle)
    while not release.trace.exists() and first.poll() is None:
        time.sleep(0.05)
    host20.install(bundle, status=75)
    assert host20.plan(bundle)[0] == 0
    assert first.wait(60) == 0, first.stderr.read()


def test_a_second_signal_interrupts_a_playbook_that_never_ends(host20, docker20, release):
    release.put("playbooks/site.yml", "- hosts: all\n  gather_facts: false\n  tasks:\n"
                f"    - ansible.builtin.copy: {{content: x, dest: {release.trace}, mode: '0600'}}\n"
                "    - ansible.builtin.command: sleep 1000\n")
    run = host20.start(host20.bundle(release))
    while not release.trace.exists() and run.poll() is None:
        time.sleep(0.05)
    run.send_signal(signal.SIGINT)
    time.sleep(1)
    assert run.poll() is None
    run.send_signal(signal.SIGINT)
    out, said = run.communicate(timeout=30)
    assert run.returncode == 8 and "was interrupted by a signal" in said
    assert "a second signal interrupts it" in out
    assert docker20.images() == {} and not (release.target / "plain.conf").exists()


def test_the_process_has_no_network_and_the_playbook_has(host20, docker20, release):
    release.put("playbooks/site.yml", "- hosts: all\n  gather_facts: false\n  tasks:\n"
                f"    - ansible.builtin.shell: readlink /proc/self/ns/net > {release.trace}\n"
                "    - ansible.builtin.command: sleep 2\n")
    run = host20.start(host20.bundle(release))
    while not release.trace.exists() or not release.trace.read_text():
        time.sleep(0.05)
    own = os.readlink("/proc/self/ns/net")
    assert os.readlink(f"/proc/{run.pid}/ns/net") != own
    devices = open(f"/proc/{run.pid}/net/dev", encoding="ascii").read().splitlines()[2:]
    assert [line.split(":")[0].strip() for line in devices] == ["lo"]
    assert release.trace.read_text().strip() == own
    assert run.wait(60) == 0


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_while_health_waits_takes_everything_back(host20, docker20, release, number):
    release.playbooks = []
    release.health = [{"command": ["false"], "within": "60s"}]
    release.write()
    run = host20.start(host20.bundle(release))
    while not (release.target / "plain.conf").exists() and run.poll() is None:
        time.sleep(0.05)
    time.sleep(1)
    run.send_signal(number)
    _, said = run.communicate(timeout=30)
    assert run.returncode == 8 and "stopped by a signal" in said
    assert docker20.images() == {} and not (release.target / "plain.conf").exists()


def test_029_a_lower_number_is_refused(host20, docker20, release):
    old = host20.bundle(release)
    release.fields.update(release=2, version="2.0.0")
    release.write()
    host20.install(host20.bundle(release))
    ran = host20.install(old, status=5)
    assert "numbers only grow" in ran.stderr


def test_031_the_same_number_with_another_content_is_an_alarm(host20, docker20, release):
    host20.install(host20.bundle(release))
    release.fields.update(version="1.0.1")
    release.write()
    ran = host20.install(host20.bundle(release), status=4)
    assert "ALARM" in ran.stderr


def test_033_another_site_is_refused(host20, docker20, release):
    release.fields["for"] = {"sites": ["plant-a"]}
    release.write()
    bundle = host20.bundle(release)
    host20.install(bundle, status=5)
    (host20.etc / "host.yaml").write_text("site: plant-a\n")
    host20.install(bundle)


def test_requirements_that_are_not_met_are_all_named(host20, docker20, release):
    release.fields["requires"] = {"docker": "99.1", "ansible-core": "99.2", "python": ["nonesuch"]}
    release.write()
    ran = host20.install(host20.bundle(release), status=11)
    for part in ("Docker 99.1", "ansible-core 99.2", "'nonesuch'"):
        assert part in ran.stderr


def edited_config(host, release, policy, status=0):
    """Release 1, then an edit on the host, then release 2 with another config."""
    release.configs[1]["on-conflict"] = policy
    release.write()
    host.install(host.bundle(release))
    target = release.target / "plain.conf"
    target.write_text("plain = edited\n")
    release.fields.update(release=2, version="2.0.0")
    release.write()
    (release.folder / "configs/plain.conf").write_text("plain = two\n")
    return target, host.install(host.bundle(release), status=status)


def test_an_edit_is_kept_and_the_new_one_lies_beside(host20, docker20, release):
    target, _ = edited_config(host20, release, "keep")
    assert target.read_text() == "plain = edited\n"
    assert target.with_name("plain.conf.handcarry-new").read_text() == "plain = two\n"


def test_an_edit_is_replaced_and_kept_as_old(host20, docker20, release):
    target, _ = edited_config(host20, release, "replace")
    assert target.read_text() == "plain = two\n"
    assert target.with_name("plain.conf.handcarry-old.r2").read_text() == "plain = edited\n"


def test_an_edit_stops_the_install_where_asked(host20, docker20, release):
    target, ran = edited_config(host20, release, "fail", status=11)
    assert "on-conflict: fail" in ran.stderr
    assert target.read_text() == "plain = edited\n"
    assert host20.status()["products"][0]["release"] == 1


def test_an_edit_stays_where_the_release_changes_nothing(host20, docker20, release):
    host20.install(host20.bundle(release))
    target = release.target / "plain.conf"
    target.write_text("plain = edited\n")
    release.fields.update(release=2, version="2.0.0")
    release.write()
    host20.install(host20.bundle(release))
    assert target.read_text() == "plain = edited\n"
    assert sorted(path.name for path in release.target.iterdir()) == [
        "plain.conf", "server.conf", "trace.json"]


def test_an_edit_made_during_the_run_is_not_lost(host20, docker20, release):
    host20.install(host20.bundle(release))
    before = docker20.images()
    release.fields.update(release=2, version="2.0.0")
    release.images[0].layers.append(Layer().file("big", text(1, 3_000_000)))
    release.write()
    (release.folder / "configs/plain.conf").write_text("plain = two\n")
    run = host20.start(host20.bundle(release))
    while not list(host20.state.glob("handcarry-test/frames-r2")) and run.poll() is None:
        time.sleep(0.005)
    (release.target / "plain.conf").write_text("plain = edited\n")
    _, said = run.communicate(timeout=60)
    assert run.returncode == 8 and "was changed on this host while the run went on" in said
    assert (release.target / "plain.conf").read_text() == "plain = edited\n"
    assert docker20.images() == before


def test_081_a_symlink_at_the_target_is_refused(host20, docker20, release, tmp_path):
    (tmp_path / "elsewhere").write_text("theirs")
    (release.target / "plain.conf").symlink_to(tmp_path / "elsewhere")
    host20.install(host20.bundle(release), status=11)
    assert (tmp_path / "elsewhere").read_text() == "theirs" and docker20.images() == {}


@pytest.mark.parametrize("where", ["etc/trust/root", "etc/values/x.yaml", "state/audit.log",
                                   "/proc/sys/kernel/x", "/sys/x", "/dev/sda"])
@pytest.mark.parametrize("kind", ["configs", "files"])
def test_no_release_places_into_what_is_ours_or_the_kernels(tmp_path, release, kind, where):
    with LyingEngine(tmp_path) as engine:
        host = Host(tmp_path / "host", engine.url)
        head, _, tail = where.partition("/")
        target = where if head == "" else str({"etc": host.etc, "state": host.state}[head] / tail)
        release.images, release.configs, release.files = [], [], []
        setattr(release, kind, [{"from": "configs/plain.conf", "to": target}])
        release.write()
        ran = host.install(host.bundle(release), status=5)
        assert "is not for a release" in ran.stderr
        assert not (host.etc / "trust/root").exists() and not (host.etc / "values").exists()


def test_folders_are_replaced_as_a_whole_but_only_ours(host20, docker20, release):
    release.files = [{"from": "extra/", "to": str(release.target / "extra") + "/"}]
    release.put("extra/a/tool", "one", 0o755)
    release.put("extra/gone", "x")
    release.write()
    host20.install(host20.bundle(release))
    placed = release.target / "extra"
    assert (placed / "a/tool").stat().st_mode & 0o777 == 0o755
    (release.folder / "extra/gone").unlink()
    release.fields.update(release=2, version="2.0.0")
    release.write()
    host20.install(host20.bundle(release))
    assert [path.name for path in placed.iterdir()] == ["a"]


def test_a_folder_that_somebody_else_made_is_not_replaced(host20, docker20, release):
    release.files = [{"from": "extra/", "to": str(release.target / "extra") + "/"}]
    release.put("extra/tool", "one")
    release.write()
    (release.target / "extra").mkdir()
    (release.target / "extra/precious").write_text("x")
    ran = host20.install(host20.bundle(release), status=11)
    assert "was not placed by" in ran.stderr
    assert (release.target / "extra/precious").exists() and docker20.images() == {}


def test_099_a_name_of_another_product_is_refused(host20, docker20, release):
    host20.install(host20.bundle(release))
    before = docker20.images()
    release.fields.update(product="other")
    release.configs = []
    release.images[0].layers = release.images[0].layers[:1]
    release.write()
    ran = host20.install(host20.bundle(release), status=5)
    assert "belongs to product 'handcarry-test'" in ran.stderr
    assert docker20.images() == before


def test_no_copy_reads_the_medium_in_place(host20, docker20, release):
    bundle = host20.bundle(release)
    _, plan = host20.plan(bundle, "--no-copy")
    ran = host20.install(bundle, "--no-copy")
    assert plan["medium-bytes"] > 0 and "copying in" not in ran.stderr
    assert len(docker20.images()) == 3


def test_json_says_whether_something_changed(host20, docker20, release):
    bundle = host20.bundle(release)
    first = json.loads(host20.install(bundle, "--json").stdout)
    second = json.loads(host20.install(bundle, "--json").stdout)
    assert first["changed"] and not second["changed"] and second["already-installed"]
    assert steps(second, "playbook")["playbooks/site.yml"]["action"] == "not due"


def test_status_says_what_differs(host20, docker20, release):
    host20.install(host20.bundle(release))
    (release.target / "plain.conf").write_text("edited")
    docker20.call("DELETE", "/images/" + release.images[0].name)
    product = host20.status()["products"][0]
    assert product["images"][0]["found"] == "missing"
    assert [row["found"] for row in product["configs"]] == ["ok", "changed"]


def test_115_one_damaged_copy_of_the_state_is_named(host20, docker20, release):
    bundle = host20.bundle(release)
    host20.install(bundle)
    (host20.state / "handcarry-test/state.yaml").write_text("")
    ran = handcarry(*host20.arguments("status"))
    assert ran.returncode == 0 and "state.copy.yaml' is good and was used" in ran.stderr
    code, plan = host20.plan(bundle)
    assert code == 0 and plan["already-installed"]
    assert any("state.copy.yaml' is good and was used" in note for note in plan["notes"])
    (host20.state / "records.copy.yaml").write_text("")
    _, plan = host20.plan(bundle)
    assert any("records.yaml' is good and was used" in note for note in plan["notes"])


def test_115_two_damaged_copies_stop_everything(host20, docker20, release):
    bundle = host20.bundle(release)
    host20.install(bundle)
    for name in ("state.yaml", "state.copy.yaml"):
        (host20.state / "handcarry-test" / name).write_text("")
    ran = host20.install(bundle, status=11)
    assert "cannot be read" in ran.stderr and "so nothing is done" in ran.stderr
    assert "handcarry recover --adopt handcarry-test --floor N" in ran.stderr
    assert handcarry(*host20.arguments("status")).returncode == 11


def test_115_trust_without_a_state_stops_everything(host20, docker20, release):
    bundle = host20.bundle(release)
    for gone in (host20.state / "records.yaml", host20.state / "records.copy.yaml"):
        gone.unlink()
    assert host20.plan(bundle)[0] == 11
    ran = host20.install(bundle, status=11)
    assert "it was lost, so nothing is done" in ran.stderr
    assert "handcarry recover --adopt PRODUCT --floor N" in ran.stderr
    shutil.rmtree(host20.state)
    assert host20.plan(bundle)[0] == 11 and not host20.state.exists()
    assert docker20.images() == {}


def test_104_too_little_space_is_exit_6_before_anything(host20, docker20, release):
    bundle = host20.bundle(release)
    records = {path.name: path.read_bytes() for path in host20.state.glob("records*")}
    subprocess.run(["mount", "-t", "tmpfs", "-o", "size=8m", "tmpfs", host20.state], check=True)
    for name, content in records.items():
        (host20.state / name).write_bytes(content)
    try:
        ran = host20.install(bundle, status=6)
        assert "needs" in ran.stderr and "has" in ran.stderr
        assert host20.plan(bundle)[0] == 6
    finally:
        subprocess.run(["umount", host20.state], check=True)
    assert docker20.images() == {}


def test_copies_that_a_killed_run_left_go(host20, docker20, release):
    bundle = host20.bundle(release)
    folder = host20.state / "handcarry-test"
    folder.mkdir(parents=True)
    (folder / "frames-r9").write_bytes(b"x")
    host20.install(bundle)
    assert not list(folder.glob("frames-*"))
    (folder / "frames-r1").write_bytes(b"x")
    assert "already installed" in host20.install(bundle).stdout
    assert not list(folder.glob("frames-*"))


def test_a_signal_while_loading_leaves_nothing(host20, docker20, release):
    release.images[0].layers.append(Layer().file("big", text(1, 3_000_000)))
    release.write()
    run = host20.start(host20.bundle(release))
    while not list(host20.state.glob("handcarry-test/frames-r1")) and run.poll() is None:
        time.sleep(0.005)
    run.send_signal(signal.SIGINT)
    _, said = run.communicate(timeout=60)
    assert run.returncode == 1 and "nothing was changed" in said
    assert docker20.images() == {} and not (release.target / "plain.conf").exists()


def test_120_closed_descriptors_are_not_written_to(host20, docker20, release):
    bundle = host20.bundle(release)
    command = [PROGRAM, *map(str, host20.arguments("install", bundle, "-y"))]
    ran = subprocess.run(["sh", "-c", 'exec "$@" <&- >&- 2>&-', "sh", *command], check=False)
    assert ran.returncode == 0 and len(docker20.images()) == 3
    host20.install(bundle)
