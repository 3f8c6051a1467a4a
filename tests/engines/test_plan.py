# SPDX-License-Identifier: Apache-2.0
# Copyright The handcarry authors
"""What plan says before anything is copied: differences, space, containers, and what going back
would not take back."""
import subprocess

import pytest

from engines.host import Host, host20, steps  # noqa: F401 pylint: disable=unused-import
from engines.images import Image
from engines.lying import LyingEngine
from engines.no_engine import host, plain  # noqa: F401 pylint: disable=unused-import
from program import handcarry


def next_release(host, release, **files):
    number = release.fields["release"] + 1
    release.fields.update(release=number, version="%d.0.0" % number)
    release.write()
    for name, content in files.items():
        release.put("configs/%s.conf" % name, content)
    return host.bundle(release)


def text_of(host, bundle, status=0):
    ran = handcarry(*host.arguments("plan", bundle))
    assert ran.returncode == status, ran.stderr
    return ran.stdout


def config(plan, release, name):
    return steps(plan, "config")[str(release.target / name)]


def test_a_change_of_a_config_is_shown_as_a_difference(host, plain):
    host.install(host.bundle(plain))
    bundle = next_release(host, plain, plain="plain = two\n\ttabbed \x1b[31m\n")
    step = config(host.plan(bundle)[1], plain, "plain.conf")
    assert step["diff"].splitlines() == ["@@ -1 +1,2 @@", "-plain = yes", "+plain = two",
                                         "+\ttabbed \\x1b[31m"]
    assert "diff" not in config(host.plan(bundle)[1], plain, "server.conf")
    assert "           -plain = yes\n           +plain = two\n" in text_of(host, bundle)


def test_the_difference_to_an_edit_is_shown_too(host, plain):
    host.install(host.bundle(plain))
    (plain.target / "plain.conf").write_text("plain = edited\n")
    bundle = next_release(host, plain, plain="plain = two\n")
    step = config(host.plan(bundle)[1], plain, "plain.conf")
    assert step["diff"].splitlines() == ["@@ -1 +1 @@", "-plain = edited", "+plain = two"]


def test_neither_the_new_secret_nor_the_old_one_is_shown(host, plain):
    plain.values.append({"name": "password", "secret": True})
    template = ('user = me\n  pass: "{{ password }}"\n'
                "url = db://{{ public_name }}:{{ password }}@db\n")
    plain.put("configs/server.conf", template)
    plain.write = lambda: plain.put("release.yaml", plain.text())
    plain.write()
    host.values("handcarry-test", "password: old-secret\n")
    host.install(host.bundle(plain))
    host.values("handcarry-test", "password: new-secret\n")
    template = template.replace("= me", "= you") + "note = new-secret\n"
    bundle = next_release(host, plain, server=template)
    step = config(host.plan(bundle)[1], plain, "server.conf")
    assert step["diff"].splitlines() == [
        "@@ -1,3 +1,4 @@", "-user = me", "-  pass: \"********", "-url = db://********",
        "+user = you", "+  pass: \"********", "+url = db://********", "+note = ********"]
    said = text_of(host, bundle)
    assert "new-secret" not in said and "old-secret" not in said


@pytest.mark.parametrize("template, value, why", [
    ("{{ password }}\n", "x", "begins with a secret"),
    ("key = {{ password }}\n", '"one\\ntwo"', "several lines")])
def test_where_a_secret_cannot_be_told_nothing_is_shown(host, plain, template, value, why):
    plain.values.append({"name": "password", "secret": True})
    plain.write = lambda: plain.put("release.yaml", plain.text())
    plain.put("configs/server.conf", template)
    plain.write()
    host.values("handcarry-test", f"password: {value}\n")
    host.install(host.bundle(plain))
    step = config(host.plan(next_release(host, plain, server="more\n" + template))[1], plain,
                  "server.conf")
    assert why in step["no-diff"] and "diff" not in step


def test_what_is_no_text_is_not_compared(host, plain):
    host.install(host.bundle(plain))
    bundle = next_release(host, plain, plain="a\0b")
    assert config(host.plan(bundle)[1], plain, "plain.conf")["no-diff"] == "binary"
    assert "(no comparison: binary)" in text_of(host, bundle)


def test_an_upgrade_that_skips_too_much_is_refused(host, plain):
    plain.fields["release"] = 2
    plain.write()
    host.install(host.bundle(plain))
    plain.fields["data"] = {"upgrade-from": 4}
    plain.fields["release"] = 5
    ran = host.install(next_release(host, plain), status=5)
    assert "install release 4, or one between it and 6, first" in ran.stderr
    assert host.status()["products"][0]["release"] == 2


def lasting(host, bundle):
    return "\n".join(host.plan(bundle)[1]["not-taken-back"])


def test_a_first_install_says_what_would_stay_running(host, plain):
    plain.playbooks = [{"path": "playbooks/site.yml", "run": "install"}]
    plain.write()
    assert "no remove playbook" in lasting(host, host.bundle(plain))
    plain.playbooks.append({"path": "playbooks/remove.yml", "run": "remove"})
    plain.put("playbooks/remove.yml", "- hosts: all\n  tasks: []\n")
    plain.write()
    assert lasting(host, host.bundle(plain)) == ""


@pytest.mark.parametrize("undo", [False, True])
def test_data_that_the_old_release_cannot_read_is_said(host, plain, undo):
    host.install(host.bundle(plain))
    plain.playbooks = [{"path": "playbooks/site.yml", "run": "install"}]
    if undo:
        plain.playbooks.append({"path": "playbooks/undo.yml", "run": "undo"})
        plain.put("playbooks/undo.yml", "- hosts: all\n  tasks: []\n")
    plain.fields["data"] = {"rollback-to": 2, "volumes": ["pgdata"]}
    bundle = next_release(host, plain)
    said = lasting(host, bundle)
    assert "volumes stays: pgdata" in said
    assert ("leads through the undo playbook" if undo else "no way back") in said
    assert ("  lasting  " in text_of(host, bundle)) and ("no undo playbook" in said) != undo


def test_the_text_can_be_signed(host, plain):
    ran = handcarry(*host.arguments("plan", host.bundle(plain), "--sign-off"))
    last = ran.stdout.splitlines()[-3:]
    assert "____" in last[-1] and "Approved" in ran.stdout
    assert "Approved" not in text_of(host, host.bundle(plain))


def test_104_each_file_system_says_what_it_needs_and_has(tmp_path, plain):
    plain.files = [{"from": "big", "to": str(plain.target / "big")}]
    plain.put("big", b"x" * 1_000_000)
    plain.write()
    with LyingEngine(tmp_path) as engine:
        host = Host(tmp_path / "host", engine.url)
        rows = host.plan(host.bundle(plain))[1]["file-systems"]
    for row in rows:
        assert "has" not in row or row["needs"] <= row["has"]
    assert any("configs and files" in row["use"] and row["needs"] > 1_000_000 for row in rows)


def test_104_each_file_system_that_is_too_small_is_named(host, plain):
    small, other = plain.target / "small", plain.target / "other"
    plain.files = [{"from": "big", "to": str(folder / "big")} for folder in (small, other)]
    plain.put("big", b"x" * 2_000_000)
    plain.write()
    bundle = host.bundle(plain)
    for folder in (small, other):
        folder.mkdir()
        subprocess.run(["mount", "-t", "tmpfs", "-o", "size=1m", "tmpfs", folder], check=True)
    try:
        ran = host.install(bundle, status=6)
        assert host.plan(bundle)[0] == 6
    finally:
        subprocess.run(["umount", small, other], check=True)
    for folder in (small, other):
        assert f"on the file system of '{folder}' (configs and files): needs 2.0 MB, has 1.0 MB" \
            in ran.stderr


def test_containers_of_images_whose_names_move_are_named(host20, docker20, release):
    host20.install(host20.bundle(release))
    for name, image in (("hc-server", "server"), ("hc-other", "database")):
        docker20.call("POST", "/containers/create", {"name": name}, {
            "Image": f"handcarry-test/{image}:1"})
    release.images[0] = Image("handcarry-test/server:1", release.images[1].layers[:2])
    bundle = next_release(host20, release)
    plan = host20.plan(bundle)[1]
    assert plan["containers"] == [
        {"name": "hc-server", "image": "handcarry-test/server:1", "running": False}]
    assert plan["engine-bytes"] == sum(step["bytes"] for step in steps(plan, "image").values())
    assert "affects  container hc-server (not running)" in text_of(host20, bundle)


def test_containers_of_images_that_are_left_are_named(tmp_path, engine, release):
    host = Host(tmp_path / "host", engine.url)
    host.install(host.bundle(release))
    for name, image in (("hc-server", "server"), ("hc-other", "database")):
        engine.call("POST", "/containers/create", {"name": name}, {
            "Image": f"handcarry-test/{image}:1"})
    release.images[0] = Image("handcarry-test/server:2", release.images[1].layers[:2])
    plan = host.plan(next_release(host, release))[1]
    assert [row["name"] for row in plan["containers"]] == ["hc-server"]
    assert not any("is gone from the engine" in line for line in plan["not-taken-back"])


def test_112_an_image_of_before_that_was_pruned_is_said(host20, docker20, release):
    host20.install(host20.bundle(release))
    docker20.remove_image("handcarry-test/database:1")
    bundle = next_release(host20, release)
    plan = host20.plan(bundle)[1]
    gone = [line for line in plan["not-taken-back"] if "is gone from the engine" in line]
    assert len(gone) == 1 and "handcarry-test/database:1" in gone[0]
