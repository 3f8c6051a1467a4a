# SPDX-License-Identifier: Apache-2.0
# Copyright The handcarry authors
"""Configs three ways, decided by the release or by the operator, and what a later release drops.
No image is carried, so an engine that answers is enough."""
import os

import pytest

from engines.host import steps
from engines.no_engine import host, plain  # noqa: F401 pylint: disable=unused-import


def next_release(host, release, content="plain = two\n"):
    number = release.fields["release"] + 1
    release.fields.update(release=number, version="%d.0.0" % number)
    release.write()
    release.put("configs/plain.conf", content)
    return host.bundle(release)


@pytest.fixture
def conflict(host, plain):
    """(target, bundle of release 2): release 1 is installed, its config was edited, and release 2
    changes the same and asks to stop then."""
    plain.configs[1]["on-conflict"] = "fail"
    plain.write()
    host.install(host.bundle(plain))
    target = plain.target / "plain.conf"
    target.write_text("plain = edited\n")
    return target, next_release(host, plain)


def names(target):
    return sorted(path.name for path in target.parent.iterdir() if path.name.startswith("plain"))


def test_the_message_names_the_option_that_decides(host, conflict):
    target, bundle = conflict
    ran = host.install(bundle, status=11)
    assert f"--config {target}=keep" in ran.stderr and "=new" in ran.stderr
    assert "to be decided" in ran.stdout and "-plain = edited\n" in ran.stdout
    assert host.plan(bundle)[0] == 11
    assert target.read_text() == "plain = edited\n" and names(target) == ["plain.conf"]


def test_the_operator_keeps_the_edit(host, conflict):
    target, bundle = conflict
    host.install(bundle, f"--config={target}=keep")
    assert target.read_text() == "plain = edited\n"
    assert target.with_name("plain.conf.handcarry-new").read_text() == "plain = two\n"
    assert names(target) == ["plain.conf", "plain.conf.handcarry-new"]


def test_the_operator_takes_the_new_one(host, conflict):
    target, bundle = conflict
    host.install(bundle, f"--config={target}=new")
    assert target.read_text() == "plain = two\n"
    assert target.with_name("plain.conf.handcarry-old.r2").read_text() == "plain = edited\n"


def test_the_operator_brings_a_merged_one(host, conflict, plain, tmp_path):
    target, bundle = conflict
    (tmp_path / "merged").write_text("plain = merged\n")
    host.install(bundle, f"--config={target}={tmp_path}/merged")
    assert target.read_text() == "plain = merged\n"
    assert target.with_name("plain.conf.handcarry-old.r2").read_text() == "plain = edited\n"
    # It counts as an edit of what release 2 offered.
    assert "already installed" in host.install(bundle).stdout
    host.install(next_release(host, plain), f"--config={target}=keep")
    assert target.read_text() == "plain = merged\n"


def test_an_offer_that_someone_worked_on_is_kept(host, conflict, plain):
    target, bundle = conflict
    host.install(bundle, f"--config={target}=keep")
    offer = target.with_name("plain.conf.handcarry-new")
    offer.write_text("plain = half merged\n")
    host.install(next_release(host, plain, "plain = three\n"), f"--config={target}=keep")
    assert offer.read_text() == "plain = three\n"
    kept = target.with_name("plain.conf.handcarry-new.handcarry-old.r3")
    assert kept.read_text() == "plain = half merged\n"


@pytest.mark.parametrize("option, said", [
    ("{target}=no-such-file", "no-such-file"), ("{target}", "expected PATH=keep"),
    ("plain.conf=keep", "expected PATH=keep"), ("{target}=", "expected PATH=keep"),
    ("{target}.other=keep", "has no config"), ("{target}=/", "--config"),
])
def test_a_decision_that_makes_no_sense_is_a_usage_error(host, conflict, option, said):
    target, bundle = conflict
    ran = host.install(bundle, "--config=" + option.format(target=target), status=2)
    assert said in ran.stderr
    ran = host.install(bundle, f"--config={target}=keep", f"--config={target}=new", status=2)
    assert "decided twice" in ran.stderr
    assert target.read_text() == "plain = edited\n"


def test_a_file_that_is_too_long_is_refused(host, conflict, tmp_path):
    target, bundle = conflict
    with (tmp_path / "long").open("wb") as file:
        file.truncate(8 * 1024 * 1024 + 1)
    host.install(bundle, f"--config={target}={tmp_path}/long", status=2)


def test_all_that_is_missing_is_named_at_once(host, plain):
    plain.configs[1]["on-conflict"] = "fail"
    plain.values.append({"name": "password", "secret": True, "description": "of the database"})
    plain.fields["requires"] = {"docker": "99.1"}
    plain.write()
    (plain.target / "plain.conf").write_text("theirs\n")
    ran = host.install(host.bundle(plain), status=11)
    for part in ("3 things", "password:   # of", "Docker 99.1", "on-conflict: fail"):
        assert part in ran.stderr, part


def test_what_is_dropped_is_removed_and_an_edit_stays(host, plain):
    plain.configs.append({"from": "configs/more.conf", "to": str(plain.target / "more.conf")})
    plain.files = [{"from": "extra/", "to": str(plain.target / "extra") + "/"},
                   {"from": "tool", "to": str(plain.target / "tool")}]
    plain.put("configs/more.conf", "more\n")
    plain.put("extra/a", "a")
    plain.put("tool", "tool", 0o755)
    plain.write()
    host.install(host.bundle(plain))
    (plain.target / "plain.conf").write_text("plain = edited\n")
    plain.configs, plain.files = plain.configs[:1], []
    bundle = next_release(host, plain)
    plan = host.plan(bundle)[1]
    configs, files = steps(plan, "config"), steps(plan, "files")
    assert configs[str(plain.target / "more.conf")]["action"].startswith("remove")
    assert configs[str(plain.target / "plain.conf")]["action"].startswith("keep")
    assert all(step["action"].startswith("remove") for step in files.values()) and len(files) == 2
    host.install(bundle)
    assert sorted(path.name for path in plain.target.iterdir()) == ["plain.conf", "server.conf"]
    # It is nobody's now.
    assert [config["path"] for config in host.status()["products"][0]["configs"]] == [
        str(plain.target / "server.conf")]


def test_a_dropped_path_that_is_used_otherwise_stays(host, plain):
    plain.files = [{"from": "extra/", "to": str(plain.target / "extra") + "/"}]
    plain.put("extra/a", "a")
    plain.write()
    host.install(host.bundle(plain))
    plain.files = []
    plain.configs.append({"from": "configs/plain.conf", "to": str(plain.target / "extra/new")})
    host.install(next_release(host, plain))
    assert (plain.target / "extra/a").exists() and (plain.target / "extra/new").exists()


def test_owner_and_mode_are_the_releases_and_attributes_are_named(host, plain):
    plain.configs[1]["mode"] = "0640"
    plain.write()
    host.install(host.bundle(plain))
    target = plain.target / "plain.conf"
    target.chmod(0o666)
    try:
        os.setxattr(target, "user.colour", b"blue")
    except OSError as error:
        pytest.skip(f"no extended attributes here: {error}")
    bundle = next_release(host, plain)
    assert any("user.colour" in note for note in host.plan(bundle)[1]["notes"])
    host.install(bundle)
    assert target.stat().st_mode & 0o7777 == 0o640 and os.listxattr(target) == []


def test_a_name_that_has_no_room_beside_it_is_refused_before(host, plain):
    plain.configs[1]["to"] = str(plain.target / ("x" * 240))
    plain.write()
    ran = host.install(host.bundle(plain), status=11)
    assert "too long by" in ran.stderr and list(plain.target.iterdir()) == []


def test_081_a_symlink_above_the_target_is_refused(host, plain, tmp_path):
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    plain.configs[1]["to"] = str(plain.target / "link/plain.conf")
    plain.write()
    (plain.target / "link").symlink_to(elsewhere)
    ran = host.install(host.bundle(plain), status=11)
    assert "symlink" in ran.stderr and list(elsewhere.iterdir()) == []


def test_083_a_file_with_two_names_is_refused(host, plain, tmp_path):
    (tmp_path / "theirs").write_text("theirs")
    (plain.target / "plain.conf").hardlink_to(tmp_path / "theirs")
    ran = host.install(host.bundle(plain), status=11)
    assert "hard links" in ran.stderr and (tmp_path / "theirs").read_text() == "theirs"
