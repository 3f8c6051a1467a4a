# SPDX-License-Identifier: Apache-2.0
# Copyright The handcarry authors
"""Receipts, the audit log, the log of a run, and what is carried back, on Docker 20.10."""
import json
import os
import subprocess

import pytest

from engines.host import host20  # noqa: F401 pylint: disable=unused-import
from program import handcarry


def receipts(host):
    """All receipts, parsed, oldest first."""
    return [json.loads(path.read_text()) for path in
            sorted((host.state / "receipts").glob("*.json"))]


def minisign(host, receipt):
    return subprocess.run(["minisign", "-V", "-H", "-p", host.etc / "host.pub", "-m", receipt, "-x",
                           f"{receipt}.minisig"], capture_output=True, text=True, check=False)


def history(host, *arguments):
    return handcarry("history", "--root", host.root, *arguments)


def test_118_a_run_leaves_a_receipt_that_stock_minisign_takes(host20, docker20, release):
    host20.install(host20.bundle(release), "--by", "ada", "--ref", "CHG-7")
    (receipt,) = receipts(host20)
    assert receipt["schema"] == "handcarry.receipt/1" and receipt["number"] == 1
    assert (receipt["by"], receipt["ref"]) == ("ada", "CHG-7")
    assert receipt["before"] is None and receipt["after"]["release"] == 1
    assert receipt["result"] == {"code": 0, "outcome": "done"}
    assert {role["role"] for role in receipt["votes"]} == {"release", "pack"}
    assert receipt["after"]["digest"] == host20.status()["products"][0]["digest"]
    assert {"tree", "image", "name", "config", "playbook"} <= {s["kind"] for s in receipt["steps"]}
    file = host20.state / "receipts/000001.json"
    assert minisign(host20, file).returncode == 0
    log = host20.state / "log" / (receipt["run"] + ".log")
    assert log.stat().st_mode & 0o777 == 0o600
    found = subprocess.run(["sha256sum", log], capture_output=True, text=True, check=True).stdout
    assert receipt["log"]["digest"] == "sha256:" + found.split()[0]
    assert "Write down what was handed over" in log.read_text() and "image" in log.read_text()


def test_114_a_failed_run_has_a_receipt_too(host20, docker20, release):
    host20.install(host20.bundle(release))
    release.fields.update(release=2, version="2.0.0")
    release.health = [{"command": ["false"], "within": "1s"}]
    release.write()
    host20.install(host20.bundle(release), status=8)
    first, second = receipts(host20)
    assert second["result"]["code"] == 8 and second["result"]["outcome"] == "rolled back"
    assert second["before"] == second["after"] == first["after"]
    assert second["wanted"]["release"] == 2
    health = [step for step in second["steps"] if step["kind"] == "health"]
    assert health[0]["parts"][0]["result"] == "failed" and "within 1 s" in health[0]["parts"][0]["message"]
    assert [phase["phase"] for phase in second["phases"]][0] == "switch"


def test_no_secret_is_in_any_record_of_a_failure(host20, docker20, release):
    """Said by a task that failed, by one that went well, and by a health check."""
    told = release.folder.parent / "told"
    told.write_text("s3cret word\n")
    say = f"cat {told}; exit %d"
    release.values.append({"name": "db_password", "secret": True})
    release.health = [{"command": ["sh", "-c", say % 1], "within": "1s"}]
    release.write()
    task = "    - {name: \"say {{ handcarry.value.db_password }}\", ansible.builtin.shell: \"" + say + "\"}\n"
    host20.values("handcarry-test", "db_password: s3cret word\n")
    for status, word in ((1, "site.yml"), (0, "health")):
        release.put("playbooks/site.yml", "- hosts: all\n  gather_facts: false\n  tasks:\n" + task % status)
        ran = host20.install(host20.bundle(release), status=8)
        assert word in ran.stderr and "********" in ran.stdout
        for path in host20.state.rglob("*"):
            assert not path.is_file() or b"s3cret" not in path.read_bytes(), path
    log = sorted((host20.state / "log").iterdir())[-1].read_text()
    assert "********" in log and log.splitlines()[-1] == ran.stderr.splitlines()[-1]


def test_rollback_and_remove_have_receipts(host20, docker20, release):
    release.playbooks = []
    release.write()
    host20.install(host20.bundle(release))
    release.fields.update(release=2, version="2.0.0")
    release.write()
    host20.install(host20.bundle(release))
    for arguments in (["rollback", "handcarry-test", "--ref", "CHG-8"], ["remove", "handcarry-test"]):
        ran = handcarry(*host20.arguments(*arguments), "-y", "--by", "ada")
        assert ran.returncode == 0, ran.stderr
    _, second, third, fourth = receipts(host20)
    assert (third["verb"], third["ref"]) == ("rollback", "CHG-8")
    assert third["before"]["release"] == second["after"]["release"] == 2
    assert third["wanted"]["release"] == third["after"]["release"] == 1
    assert (fourth["verb"], fourth["by"]) == ("remove", "ada")
    assert fourth["before"]["release"] == 1 and fourth["wanted"] is fourth["after"] is None
    logs = [host20.state / "log" / (receipt["run"] + ".log") for receipt in (third, fourth)]
    assert "back from 2.0.0" in logs[0].read_text() and "taken away" in logs[1].read_text()


def test_a_refusal_leaves_one_line_and_no_receipt(host20, docker20, release):
    host20.install(host20.bundle(release))
    before = {path: path.read_bytes() for path in host20.state.rglob("*") if path.is_file()}
    release.fields.update(requires={"docker": "99.0"}, release=2)
    release.write()
    host20.install(host20.bundle(release), "--by", "eve", status=11)
    after = {path: path.read_bytes() for path in host20.state.rglob("*") if path.is_file()}
    (line,) = after.pop(host20.state / "audit.log").decode().splitlines()
    assert after == before
    assert " install handcarry-test r2 " in line and 'by="eve"' in line and "exit=11" in line


@pytest.mark.parametrize("options, status, why", [
    ("size=64k", 6, "cannot reserve 1048576 bytes"), ("ro", 1, "Read-only file system")])
def test_117_a_full_or_read_only_disk_for_receipts(host20, docker20, release, options, status, why):
    bundle = host20.bundle(release)
    folder = host20.state / "receipts"
    folder.mkdir()
    subprocess.run(["mount", "-t", "tmpfs", "-o", options, "tmpfs", folder], check=True)
    try:
        ran = host20.install(bundle, status=status)
    finally:
        subprocess.run(["umount", folder], check=True)
    assert "nothing was changed" in ran.stderr and "could not be recorded" in ran.stderr
    assert why in ran.stderr
    assert docker20.images() == {} and not (release.target / "plain.conf").exists()
    assert not (host20.state / "journal").exists()
    host20.install(bundle)


def test_109_a_receipt_that_fails_at_the_end_is_written_by_recover(host20, docker20, release):
    room = host20.state / "receipts/.room"
    release.put("playbooks/site.yml", "- hosts: all\n  gather_facts: false\n  tasks:\n"
                f"    - ansible.builtin.file: {{path: {room}, state: absent}}\n"
                f"    - ansible.builtin.file: {{path: {room}, state: directory}}\n")
    ran = host20.install(host20.bundle(release), status=9)
    assert "all is done and healthy" in ran.stderr and "handcarry recover" in ran.stderr
    assert receipts(host20) == [] and host20.status()["products"][0]["release"] == 1
    room.rmdir()
    assert handcarry(*host20.arguments("recover")).returncode == 0
    (receipt,) = receipts(host20)
    assert receipt["result"]["code"] == 0 and receipt["after"]["release"] == 1
    assert history(host20, "--verify").returncode == 0
    assert handcarry(*host20.arguments("recover")).stdout == "no run is open\n"


def test_who_it_was_is_found_out(host20, docker20, release):
    bundle = host20.bundle(release)
    host20.install(bundle, env={**os.environ, "SUDO_USER": "ada"})
    (release.target / "plain.conf").unlink()
    host20.install(bundle, env={key: value for key, value in os.environ.items()
                                if key != "SUDO_USER"})
    assert [receipt["by"] for receipt in receipts(host20)] == ["ada", "root"]
    assert [receipt.get("ref") for receipt in receipts(host20)] == [None, None]


def test_118_history_proves_what_a_real_host_wrote(host20, docker20, release):
    host20.install(host20.bundle(release))
    assert "1 receipt: all there" in history(host20, "--verify").stdout
    assert "Write down what was handed over" in handcarry("log", "--root", host20.root).stdout
    path = host20.state / "receipts/000001.json"
    path.write_text(path.read_text().replace('"code" : 0', '"code" : 8'))
    ran = history(host20, "--verify")
    assert ran.returncode == 4 and "receipt 000001: it is not as the host signed it" in ran.stderr
    release.fields.update(release=2, version="2.0.0")
    release.write()
    ran = host20.install(host20.bundle(release))
    said = "receipt 000001.json is not as this host wrote it"
    assert said in ran.stdout
    assert any(said in note for note in receipts(host20)[1]["notes"])
    path.unlink()
    (host20.state / "receipts/000002.json").unlink()
    _, plan = host20.plan(host20.bundle(release))
    assert any("receipt 000002.json is gone" in note for note in plan["notes"])


def test_117_without_room_for_the_record_nothing_starts(host20, docker20, release):
    bundle = host20.bundle(release)
    (host20.state / "receipts").write_text("in the way")
    ran = host20.install(bundle, status=1)
    assert "could not be recorded" in ran.stderr
    assert docker20.images() == {} and not (release.target / "plain.conf").exists()


@pytest.mark.parametrize("option", [["--by", "a\nb"], ["--ref", "x" * 201], ["--by", ""]])
def test_who_and_why_are_plain_words(host20, release, option):
    ran = handcarry(*host20.arguments("install", "nothing.tar.zst", "-y", *option))
    assert ran.returncode == 2 and option[0] in ran.stderr


def test_carry_back_copies_what_is_not_there_yet(host20, docker20, release, tmp_path):
    (host20.etc / "host.yaml").write_text("name: ws-3\n")
    back = tmp_path / "stick"
    back.mkdir()
    ran = host20.install(host20.bundle(release), "--carry-back", back)
    assert "1 receipt copied" in ran.stdout
    assert sorted(path.name for path in (back / "ws-3").iterdir()) == [
        "000001.json", "000001.json.minisig", "host.pub"]
    assert minisign(host20, back / "ws-3/000001.json").returncode == 0
    (back / "ws-3/000001.json").write_text("edited")
    release.fields.update(release=2, version="2.0.0")
    release.write()
    ran = host20.install(host20.bundle(release), "--carry-back", back)
    assert "1 receipt copied" in ran.stdout and "ws-3/000001.json' differs" in ran.stderr
    assert (back / "ws-3/000001.json").read_text() == "edited"


def test_carry_back_that_fails_does_not_fail_the_install(host20, docker20, release):
    ran = host20.install(host20.bundle(release), "--carry-back", "/nonexistent/stick")
    assert "warning" in ran.stderr and "/nonexistent/stick" in ran.stderr
