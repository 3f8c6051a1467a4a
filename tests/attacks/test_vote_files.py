# SPDX-License-Identifier: Apache-2.0
# Copyright The handcarry authors
"""Votes in files NAME.vote beside a bundle that nobody can write to: which count, which are spoken of,
and what else may lie there under such a name."""
import hashlib
import json
import os
import subprocess

import pytest

from attacks.kit import Kit
from attacks.run import AUDIT, quiet_engine, snapshot
from attacks.sealed import KEYS, ROLES, signed_root, write_chain
from keytools import minisign, needs_minisign
from program import MAKER, handcarry

CHAIN = [signed_root()]
MISSING = "missing: human"


class Stick:
    """A bundle that lacks the vote of human, and a host that asks for it."""

    def __init__(self, folder, kit, chain):
        self.folder, self.chain = folder, chain
        self.bundle = folder / "plant-1.0-r1.tar.zst"
        self.data = kit.seal(kit.pack("bare"), statement=("ci",), chain=chain)
        self.bundle.write_bytes(self.data)
        self.text = kit.statement(kit.pack("bare"))
        self.digest = "sha256:" + hashlib.sha256(self.text).hexdigest()
        write_chain(folder / "trust", chain)

    def vote(self, signer="human", comment="approved", text=None):
        return KEYS[signer].vote(text or self.text, comment=comment)

    def put(self, name, content):
        (self.folder / name).write_bytes(content)

    def verify(self, status=0, path=None):
        ran = handcarry("verify", path or self.bundle, "--trust", self.folder / "trust")
        assert ran.returncode == status, ran.stdout + ran.stderr
        return ran.stdout


@pytest.fixture(name="kit", scope="module")
def kit_fixture(tmp_path_factory):
    return Kit(tmp_path_factory.mktemp("kit"))


@pytest.fixture(name="stick")
def stick_fixture(kit, tmp_path):
    return Stick(tmp_path, kit, CHAIN)


def test_a_vote_beside_the_bundle_counts(stick):
    said = stick.verify(4)
    assert MISSING in said and "1 of 2 needed: ci (" in said and "role pack     1 of 1" in said
    stick.put("any name.vote", stick.vote())
    said = stick.verify()
    assert "counted:     a vote from 'any name.vote'" in said and "not counted" not in said
    assert "2 of 2 needed" in said
    report = json.loads(handcarry("verify", stick.bundle, "--json", "--trust",
                                  stick.folder / "trust").stdout)["bundles"][0]
    assert report["vote_files"] == ["any name.vote"] and report["not_counted"] == []
    assert stick.bundle.read_bytes() == stick.data


def test_plan_and_install_look_there_too(stick, tmp_path):
    root = tmp_path / "root"
    told = hashlib.sha256(CHAIN[-1][0]).hexdigest()
    assert handcarry("trust", "import", stick.folder / "trust", "--root", root, "--fingerprint",
                     told).returncode == 0
    with quiet_engine(tmp_path) as engine:
        def call(verb, *options):
            return handcarry(verb, stick.bundle, *options, "--root", root, "--engine", engine)
        assert call("plan").returncode == 4 and call("install", "-y").returncode == 4
        before = snapshot(root)
        stick.put("human.vote", stick.vote(text=b"another text"))
        assert call("install", "-y").returncode == 4
        after = snapshot(root)
        assert {path for path in after if before.get(path) != after[path]} == {AUDIT}
        stick.put("human.vote", stick.vote())
        ran = call("plan")
        assert ran.returncode == 0, ran.stderr
        ran = call("install", "-y")
        assert ran.returncode == 0, ran.stderr


@needs_minisign
def test_stock_minisign_votes_over_the_raw_statement(kit, tmp_path):
    """The lines of bundle/FORMAT.md."""
    assert minisign("-G", "-W", "-p", "human.pub", "-s", "human.key", cwd=tmp_path).status == 0
    public = (tmp_path / "human.pub").read_text().split("\n")[1]
    stick = Stick(tmp_path, kit, [signed_root(lines={"human": public})])
    raw = handcarry("show", "--raw", "statement", stick.bundle).stdout
    stick.put("s.yaml", raw.encode())
    stick.verify(4)
    assert minisign("-S", "-W", "-s", "human.key", "-m", "s.yaml", "-x", "x.vote",
                    cwd=tmp_path).status == 0
    assert "a vote from 'x.vote'" in stick.verify()
    # In the bundle it has the untrusted comment of all votes there.
    ran = handcarry("sign", stick.bundle, "--add", "x.vote", cwd=tmp_path)
    assert ran.returncode == 0, ran.stderr
    assert "counted" not in stick.verify()
    (tmp_path / "x.vote").unlink()
    stick.verify()
    assert b"signature from minisign" not in stick.bundle.read_bytes()


def test_a_split_bundle_has_them_beside_its_first_part(stick):
    stick.bundle.unlink()
    half = len(stick.data) // 2
    stick.put(stick.bundle.name + ".001", stick.data[:half])
    stick.put(stick.bundle.name + ".002", stick.data[half:])
    stick.verify(4)
    stick.put("h.vote", stick.vote())
    stick.verify()
    stick.verify(path=str(stick.bundle) + ".001")


# What a file holds or is, whether it is spoken of under any name, and what is said.
IGNORED = {
    "of another release": (lambda s: s.vote(text=b"another text"), False, "does not fit the signed"),
    "of another release that claims this one": (
        lambda s: s.vote(text=b"another text", comment="handcarry statement " + s.digest), True,
        "does not fit the signed"),
    "of a stranger": (lambda s: s.vote("stranger"), False, "is not in trust root 1"),
    "of a stranger that names this release": (
        lambda s: s.vote("stranger", comment="handcarry " + s.digest), True, "not in trust root 1"),
    "of a key without a role": (lambda s: s.vote("root-a"), True, "in no role that signs it"),
    "of who has voted": (lambda s: s.vote("ci", comment="again"), True, "has voted already"),
    "with another comment": (lambda s: s.vote().replace(b"approved", b"rejected"), False,
                             "does not fit its trusted comment"),
    "legacy": (lambda s: KEYS["human"].vote(s.text, algorithm=b"Ed"), False, "legacy"),
    "text": (lambda s: b"yes, please\n", False, "'"),
    "empty": (lambda s: b"", False, "'"),
    "too long": (lambda s: s.vote(comment="a" * 17000), False, "longer than"),
    "crlf": (lambda s: s.vote().replace(b"\n", b"\r\n"), False, "carriage return"),
}


@pytest.mark.parametrize("name", IGNORED)
def test_015_what_does_not_count_is_spoken_of_only_where_it_is_meant(stick, name):
    make, always, said = IGNORED[name]
    stick.put("x.vote", make(stick))
    shown = stick.verify(4)
    assert MISSING in shown and ("not counted" in shown) == always, shown
    if always:
        assert said in shown
    # Named like the bundle, it is meant for it.
    os.rename(stick.folder / "x.vote", stick.folder / "plant-1.0-r1.x.vote")
    shown = stick.verify(4)
    assert MISSING in shown and said in shown and shown.count("not counted") == 1, shown
    # Whatever it is, the good vote beside it counts.
    stick.put("human.vote", stick.vote())
    stick.verify()


@pytest.mark.parametrize("kind", ["link", "dangling link", "fifo", "folder", "device"])
def test_057_what_is_no_regular_file_is_not_opened(stick, kind):
    path = stick.folder / "plant-1.0-r1.vote"
    stick.put("elsewhere", stick.vote())
    if kind == "fifo":
        os.mkfifo(path)
    elif kind == "folder":
        path.mkdir()
    elif kind == "device":
        path.symlink_to("/dev/zero")
    else:
        path.symlink_to(stick.folder / ("elsewhere" if kind == "link" else "nowhere"))
    assert "the vote in 'plant-1.0-r1.vote' does not count" in stick.verify(4)


def test_007_a_name_reaches_no_terminal_as_it_is(stick):
    stick.put("plant-1.0-r1\x1b[2J.vote", b"x")
    stick.put("\x1b[2Jhuman.vote", stick.vote())
    shown = stick.verify()
    assert "\x1b" not in shown and "not counted: the vote in 'plant-1.0-r1\\x1b" in shown


def test_015_only_so_many_files_are_looked_at(stick):
    for number in range(64):
        stick.put("a%02d.vote" % number, b"junk")
    stick.put("z.vote", stick.vote())
    shown = stick.verify(4)
    assert "only 64 files *.vote beside a bundle are looked at" in shown and "'z.vote'" in shown
    os.unlink(stick.folder / "a00.vote")
    stick.verify()


def test_015_no_more_votes_than_a_text_may_have(kit, stick):
    junk = [KEYS["stranger"].vote(stick.text, comment=str(n)) for n in range(31)]
    stick.bundle.write_bytes(kit.seal(kit.pack("bare"), statement=("ci", *junk)))
    stick.put("human.vote", stick.vote())
    shown = stick.verify(4)
    assert MISSING in shown
    os.rename(stick.folder / "human.vote", stick.folder / "plant-1.0-r1.vote")
    assert "there are as many others as are looked at" in stick.verify(4)


def test_a_vote_that_is_in_the_bundle_too_is_one(kit, stick):
    stick.bundle.write_bytes(kit.seal(kit.pack("bare")))
    stick.put("plant-1.0-r1.vote", KEYS["human"].vote(stick.text))
    assert "counted" not in stick.verify()


def test_017_a_revoked_key_is_named(kit, tmp_path):
    roles = (ROLES[0], ("release", "statement", 2, ("ci", "human", "deputy")), ROLES[2])
    stick = Stick(tmp_path, kit, [signed_root(roles=roles, revoked=("deputy",))])
    stick.put("plant-1.0-r1.vote", stick.vote("deputy"))
    shown = stick.verify(4)
    assert "is revoked; sign again with another key" in shown and MISSING in shown


def test_votes_on_the_packing_list_do_not_count_there(kit, stick):
    """Who packs has the bundle."""
    _, sections = kit.pack("bare").parts()
    stick.bundle.write_bytes(kit.seal(kit.pack("bare"), packing=()))
    stick.put("p.vote", KEYS["ci"].vote(sections[1][1]))
    shown = stick.verify(4)
    assert "role pack     0 of 1 needed: nobody" in shown and "role release  2 of 2" in shown


TWO_ROLES = (ROLES[0], ("ci", "statement", 1, ("ci",)), ("approval", "statement", 1, ("human", "deputy")),
             ROLES[2])


def test_each_role_is_told_with_who_is_missing_and_what_was_ignored(kit, tmp_path):
    stick = Stick(tmp_path, kit, [signed_root(roles=TWO_ROLES, revoked=("thief",),
                                              more_keys=("retired",))])
    stick.bundle.write_bytes(kit.seal(
        kit.pack("bare"), chain=stick.chain,
        statement=("ci", "retired", "thief", stick.vote("human", text=b"another text"))))
    ran = handcarry("verify", stick.bundle, "--trust", stick.folder / "trust", "--json")
    assert ran.returncode == 4, ran.stderr
    report = json.loads(ran.stdout)["bundles"][0]
    assert [(r["role"], r["signs"], r["threshold"], len(r["voted"]), [m.split()[0] for m in r["missing"]])
            for r in report["roles"]] == [("ci", "statement", 1, 1, []),
                                          ("approval", "statement", 1, 0, ["human", "deputy"]),
                                          ("pack", "packing", 1, 1, [])]
    shown = stick.verify(4)
    for line in ("role ci       1 of 1 needed: ci (", "role approval 0 of 1 needed: nobody",
                 "missing: human (", "role pack     1 of 1 needed: ci (",
                 "key retired is in no role that signs it", "is revoked; sign again with another key",
                 "signature does not fit the signed bytes"):
        assert line in shown, (line, shown)
    for words in report["not_counted"]:
        assert "not counted: " + words in shown
    stick.put("d.vote", stick.vote("deputy"))
    assert "role approval 1 of 1 needed: deputy (" in stick.verify()


def test_a_product_that_a_role_may_not_sign_is_policy(kit, tmp_path):
    roles = (ROLES[0], ("release", "statement", 1, ("ci",), "    products:", "      - another"), ROLES[2])
    stick = Stick(tmp_path, kit, [signed_root(roles=roles)])
    assert "role release  1 of 1" in stick.verify(5)


def test_015_the_33rd_vote_is_not_added(kit, stick):
    junk = [KEYS["stranger"].vote(stick.text, comment=str(n)) for n in range(31)]
    stick.bundle.write_bytes(kit.seal(kit.pack("bare"), statement=("ci", *junk)))
    before = stick.bundle.read_bytes()
    stick.put("v", stick.vote())
    ran = handcarry("sign", stick.bundle, "--add", stick.folder / "v")
    assert ran.returncode == 1 and "has 32 votes already" in ran.stderr, ran.stderr
    assert stick.bundle.read_bytes() == before
    assert not (stick.folder / (stick.bundle.name + ".tail~")).exists()
    # One that is there is no 33rd.
    stick.put("v", junk[0])
    assert handcarry("sign", stick.bundle, "--add", stick.folder / "v").returncode == 0


def test_a_bundle_that_cannot_be_written_to_says_where_a_vote_can_lie(stick):
    assert handcarry("trust", "init", "--no-password", "--trust", stick.folder / "t", "--keys",
                     stick.folder).returncode == 0
    (stick.folder / "medium").mkdir()
    path = stick.folder / "medium" / stick.bundle.name
    stick.bundle.rename(path)
    script = "mount -t tmpfs none \"$1\"; cp \"$2\" \"$1\"; mount -o remount,ro \"$1\"; shift 2; exec \"$@\""
    copy = stick.folder / "copy"
    copy.mkdir()
    ran = subprocess.run(["unshare", "--mount", "sh", "-c", script, "sh", copy, path, MAKER, "sign",
                          copy / path.name, "--key", stick.folder / "release.key"], text=True,
                         capture_output=True, stdin=subprocess.DEVNULL, check=False)
    assert ran.returncode == 1 and "--vote-out NAME.vote" in ran.stderr, ran.stderr
    assert "Read-only file system" in ran.stderr
