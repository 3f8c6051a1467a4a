# SPDX-License-Identifier: Apache-2.0
# Copyright The handcarry authors
"""history and log, on receipts that stock minisign has signed: needs no engine."""
import hashlib
import json
import os
import shutil
import subprocess

import pytest
from keytools import minisign, needs_minisign, refused, run

pytestmark = needs_minisign
ZEROS = "sha256:" + "0" * 64


def sha256(path):
    return "sha256:" + hashlib.sha256(path.read_bytes()).hexdigest()


class Receipts:
    """A host's receipts, written and signed by others than handcarry."""

    def __init__(self, top, name):
        self.name = name
        self.folder = top / name
        self.folder.mkdir(parents=True)
        self.keys = top / (name + "-keys")
        self.keys.mkdir()
        self.count, self.head = 0, ZEROS
        made = minisign("-G", "-W", "-p", self.folder / "host.pub", "-s", self.keys / "host.key",
                        cwd=top)
        assert made.status == 0, made

    def sign(self, path):
        done = minisign("-S", "-W", "-s", self.keys / "host.key", "-m", path, "-x", f"{path}.minisig",
                        cwd=self.folder)
        assert done.status == 0, done

    def add(self, begun, before, wanted, after=None, code=0, **more):
        """One more receipt: begun "2026-11-01T08:00", release numbers (0: none), seconds it took."""
        self.count += 1
        seconds = more.pop("seconds", 60)
        release = lambda n: {"release": n, "version": f"1.{n}"} if n else None  # noqa: E731
        ended = f"{begun}:{seconds % 60:02}Z" if seconds < 60 else f"{begun[:-2]}{int(begun[-2:]) + seconds // 60:02}:00Z"
        receipt = {
            "schema": "handcarry.receipt/1", "number": self.count, "previous": self.head,
            "run": f"run-{self.count}", "verb": "install", "product": "plant-hmi",
            "channel": "stable", "host": self.name, "by": "ada", "before": release(before),
            "wanted": release(wanted), "after": release(wanted if after is None else after),
            "state-generation": self.count, "begun": begun + ":00Z", "ended": ended,
            "ms": seconds * 1000,
            "result": {"code": code, "outcome": {0: "done", 8: "rolled back"}.get(code, "failed")},
            **more}
        path = self.folder / f"{self.count:06}.json"
        text = json.dumps(receipt, indent=2).replace('"schema":', '"schema" :', 1)
        path.write_text(text + "\n")
        self.sign(path)
        self.head = sha256(path)
        return path


def put_records(state, count, head):
    text = (f"handcarry-records: 1\ngeneration: 5\nreceipts: {count}\nhead: {head}\nproducts: []\n")
    text += f"check: sha256:{hashlib.sha256(text.encode()).hexdigest()}\n"
    for name in ("records.yaml", "records.copy.yaml"):
        (state / name).write_text(text)


@pytest.fixture(name="local")
def local_fixture(tmp_path):
    """A host with three receipts: root, its receipts."""
    made = Receipts(tmp_path, "ws-1")
    made.add("2026-11-01T08:00", 0, 41, ref="CHG-1")
    made.add("2026-11-02T08:00", 41, 42, 41, code=8, seconds=30)
    made.add("2026-11-03T08:00", 41, 42)
    state = tmp_path / "root/var/lib/handcarry"
    etc = tmp_path / "root/etc/handcarry"
    state.mkdir(parents=True)
    etc.mkdir(parents=True)
    shutil.copy(made.folder / "host.pub", etc)
    shutil.move(made.folder, state / "receipts")
    made.folder = state / "receipts"
    put_records(state, 3, made.head)
    return tmp_path / "root", made


def history(root, *args):
    return run("history", "--root", root, *args, cwd=root)


def test_the_table_says_when_what_who_and_how(local):
    root, _ = local
    result = history(root)
    assert result.status == 0, result
    heading, first, second, third = result.out.splitlines()
    assert heading.split()[:3] == ["receipt", "when", "(UTC)"]
    assert first.split() == ["000001", "2026-11-01", "08:00", "install", "plant-hmi", "-", "→",
                             "r41", "ada", "CHG-1", "done", "60.0", "s"]
    assert "r41 → r42" in second and "rolled back (exit 8)" in second and "30.0 s" in second
    assert third.split()[-3:] == ["done", "60.0", "s"]


def test_json_holds_the_same(local):
    root, _ = local
    found = json.loads(history(root, "--json").out)
    assert found["schema"] == "handcarry.history/1" and not found["checked"]
    assert [row["number"] for row in found["receipts"]] == [1, 2, 3]
    assert found["receipts"][1]["code"] == 8 and found["receipts"][1]["after"] == 41
    assert json.loads(history(root, "--json", "--verify").out)["checked"]


def test_nothing_yet_is_no_error(tmp_path):
    assert history(tmp_path).out == "nothing was ever changed here\n"
    result = history(tmp_path, "--verify")
    assert result.status == 0 and result.out.startswith("0 receipts")


def test_107_a_run_killed_before_the_first_key_left_nothing_to_prove(tmp_path):
    state = tmp_path / "var/lib/handcarry"
    (state / "receipts").mkdir(parents=True)
    put_records(state, 0, ZEROS)
    result = history(tmp_path, "--verify")
    assert result.status == 0 and result.out.startswith("0 receipts"), result


def test_118_verify_takes_a_chain_as_it_was_written(local):
    root, _ = local
    result = history(root, "--verify")
    assert result.status == 0 and result.out.startswith("3 receipts: all there"), result


def test_118_verify_names_what_was_edited(local):
    root, made = local
    path = made.folder / "000002.json"
    path.write_text(path.read_text().replace("rolled back", "done"))
    refused(history(root, "--verify"), 4, "receipt 000002: it is not as the host signed it")
    assert history(root).status == 0


def test_118_verify_names_what_is_missing(local):
    root, made = local
    (made.folder / "000002.json").unlink()
    refused(history(root, "--verify"), 4, "receipt 000002 is missing")


def test_118_verify_sees_that_the_newest_was_cut_off(local):
    root, made = local
    (made.folder / "000003.json").unlink()
    refused(history(root, "--verify"), 4, "the newest were cut off")
    shutil.rmtree(made.folder)
    refused(history(root, "--verify"), 4, "is gone", "3 receipts")


def test_118_verify_sees_a_receipt_of_another_key(local, tmp_path):
    root, made = local
    other = Receipts(tmp_path / "other", "ws-1")
    subprocess.run(["minisign", "-S", "-W", "-s", other.keys / "host.key", "-m", "000003.json", "-x",
                    "000003.json.minisig"], cwd=made.folder, check=True, capture_output=True)
    refused(history(root, "--verify"), 4, "receipt 000003: it is signed by the key")


def test_118_a_legacy_signature_is_refused(local):
    """trust.md 3: without -H, minisign makes the older kind."""
    root, made = local
    done = minisign("-S", "-l", "-W", "-s", made.keys / "host.key", "-m", "000003.json", "-x",
                    "000003.json.minisig", cwd=made.folder)
    assert done.status == 0, done
    refused(history(root, "--verify"), 4, "receipt 000003: its signature is no minisign signature")


def test_116_records_put_back_are_seen(local):
    root, made = local
    put_records(root / "var/lib/handcarry", 1, sha256(made.folder / "000001.json"))
    refused(history(root, "--verify"), 4, "receipt 000003 is not known to this host")


def test_115_one_bad_copy_of_the_records_is_no_failure(local):
    root, _ = local
    (root / "var/lib/handcarry/records.yaml").write_text("")
    assert history(root, "--verify").status == 0
    (root / "var/lib/handcarry/records.copy.yaml").write_text("")
    refused(history(root, "--verify"), 11, "handcarry recover --adopt PRODUCT --floor N")


@pytest.fixture(name="stick")
def stick_fixture(tmp_path):
    """What was carried back from three hosts."""
    top = tmp_path / "stick"
    one, two, three = (Receipts(top, name) for name in ("ws-1", "ws-2", "ws-3"))
    one.add("2026-11-01T08:00", 0, 41, issued="2026-10-31T08:01:00Z")
    one.add("2026-11-15T08:00", 41, 42, issued="2026-11-13T08:01:00Z")
    two.add("2026-11-01T09:00", 0, 41, issued="2026-10-31T09:01:00Z")
    two.add("2026-11-15T09:00", 41, 42, 41, code=8, seconds=120)
    three.add("2026-11-01T10:00", 0, 41)
    three.add("2026-11-15T10:00", 41, 42)
    three.add("2026-11-15T10:11", 42, 41, verb="rollback")
    for host in (one, two, three):
        shutil.move(host.keys, tmp_path)
        host.keys = tmp_path / host.keys.name
    return top, (one, two, three)


def test_many_hosts_by_releases(stick):
    top, _ = stick
    result = run("history", top, cwd=top)
    assert result.status == 0, result
    hosts, table, figures = result.out.split("\n\n")
    assert [line.split()[:3] for line in hosts.splitlines()[1:]] == [
        ["ws-1", "2", "good"], ["ws-2", "2", "good"], ["ws-3", "3", "good"]]
    assert hosts.count("not in the trust root") == 3
    assert [line.split() for line in table.splitlines()] == [
        ["plant-hmi", "r41", "r42"],
        ["ws-1", "2026-11-01", "2026-11-15", "*"],
        ["ws-2", "2026-11-01", "*", "exit", "8"],
        ["ws-3", "2026-11-15", "*", "2026-11-15"]]
    assert figures.startswith("plant-hmi")


def test_the_four_figures(stick):
    """Six deployments; two failed: one was rolled back by itself in two minutes, one by a person
    eleven minutes after it had ended at 10:01. Lead times are one, one and two days."""
    top, _ = stick
    (found,) = json.loads(run("history", top, "--json", cwd=top).out)["products"]
    assert found == {"product": "plant-hmi", "deployments": 6, "days": 15, "failed": 2,
                     "lead-seconds": 86400, "restore-seconds": (120 + 11 * 60) // 2}
    text = run("history", top, cwd=top).out
    assert "6 in 15 days, 2.8 a week" in text and "33 % (2 of 6)" in text
    assert "24 h (median of 3)" in text


def test_the_trust_root_knows_hosts(stick, tmp_path):
    top, (one, _, _) = stick
    assert run("trust", "init", "--no-password", cwd=tmp_path).status == 0
    added = run("trust", "add", "--host", "ws-1", "--key", one.folder / "host.pub", "--sign",
                "root.key", cwd=tmp_path)
    assert added.status == 0, added
    result = run("history", top, "--trust", "trust", cwd=tmp_path)
    assert result.status == 0 and result.out.count("known as ws-1") == 1, result
    assert result.out.count("not in the trust root") == 2


def test_118_one_bad_host_is_named_and_the_others_shown(stick):
    top, (_, two, _) = stick
    path = two.folder / "000001.json"
    path.write_text(path.read_text().replace("ada", "eve"))
    result = run("history", top, cwd=top)
    refused(result, 4, "ws-2: receipt 000001: it is not as the host signed it")
    assert [line.split()[2] for line in result.out.splitlines()[1:4]] == ["good", "BAD", "good"]


def test_116_a_host_that_was_put_back_has_two_receipts_of_one_number(stick, tmp_path):
    """trust.md 116: a whole machine put back cannot know it; what was carried away before can."""
    top, (one, _, _) = stick
    earlier = tmp_path / "earlier"
    shutil.copytree(top / "ws-1", earlier / "ws-1")
    assert run("history", top, earlier, cwd=top).status == 0
    one.count, one.head = 1, sha256(top / "ws-1/000001.json")
    one.add("2026-11-16T08:00", 41, 43)
    refused(run("history", top, earlier, cwd=top), 4, "host ws-1 has two different receipts 000002")


def test_a_folder_without_receipts_is_named(tmp_path):
    (tmp_path / "empty").mkdir()
    refused(run("history", "empty", cwd=tmp_path), 3, "'empty' holds no receipts")


def test_receipts_without_a_key_prove_nothing(stick):
    top, (one, _, _) = stick
    (one.folder / "host.pub").unlink()
    (one.folder / "host.pub").write_text("")
    refused(run("history", one.folder, cwd=top), 3, "ws-1: 'host.pub' has 0 lines")


def put_logs(root):
    logs = root / "var/lib/handcarry/log"
    logs.mkdir(mode=0o700)
    for number in (1, 2, 3):
        (logs / f"run-{number}.log").write_text(f"line of run {number}\n")
    return logs


def test_log_prints_the_last_run_or_the_one_named(local):
    root, _ = local
    put_logs(root)
    assert run("log", "--root", root, cwd=root).out == "line of run 3\n"
    assert run("log", "run-2", "--root", root, cwd=root).out == "line of run 2\n"
    assert run("log", "1", "--root", root, cwd=root).out == "line of run 1\n"
    found = json.loads(run("log", "--json", "--root", root, cwd=root).out)
    assert found == {"schema": "handcarry.log/1", "run": "run-3", "log": "line of run 3\n"}
    refused(run("log", "run-9", "--root", root, cwd=root), 1, "no run 'run-9'", "handcarry history")
    refused(run("log", "../../x", "--root", root, cwd=root), 2, "no name of a run")


def test_log_where_nothing_was_changed(tmp_path):
    refused(run("log", "--root", tmp_path, cwd=tmp_path), 1, "nothing was ever changed here")


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can become somebody else")
def test_plain_users_see_history_and_are_told_why_no_log(local):
    root, _ = local
    put_logs(root)
    for folder in (root, *root.parents):
        if folder.stat().st_uid == 0 and folder != folder.parent and str(folder) != "/tmp":
            folder.chmod(0o755)
    shown = run("history", "--verify", "--root", root, cwd="/", as_user=65534)
    assert shown.status == 0, shown
    refused(run("log", "--root", root, cwd="/", as_user=65534), 1, "only root may read the logs")
