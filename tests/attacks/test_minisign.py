# SPDX-License-Identifier: Apache-2.0
# Copyright The handcarry authors
"""Stock minisign -V -H and handcarry agree about signatures, but where handcarry is known to be
stricter: that list is exact."""
import json
import re
import shutil
import subprocess
from pathlib import Path

import pytest

from attacks.catalogue import ATTACKS
from attacks.make import make
from attacks.minisign import STRICTER, accepts
from attacks.sealed import KEYS, STANDARD, write_chain
from bundlefile import BundleFile
from program import PROGRAM

pytestmark = pytest.mark.skipif(shutil.which("minisign") is None,
                                reason="program minisign is missing")
DATA = Path(__file__).resolve().parents[1] / "data"
MESSAGE = "handcarry-statement: 1\nproduct: plant-hmi\n"  # what tests/data/signature signs


def compare(name, minisign, ours):
    """Both take it, both refuse it, or it is on the list."""
    if name in STRICTER:
        assert minisign and not ours, "%s is no difference any more" % name
    else:
        assert minisign == ours, "%s: minisign %s it, handcarry %s it" % (
            name, *("takes" if taken else "refuses" for taken in (minisign, ours)))


def names_in(folder):
    return sorted(path.name for path in (DATA / folder).iterdir() if path.suffix != ".expected")


@pytest.mark.parametrize("name", names_in("signature"))
def test_001_to_009_025_signature_files(name, tmp_path):
    """tests/unit/test-signature.c holds handcarry to the names of these files."""
    (tmp_path / "message").write_text(MESSAGE)
    taken = accepts(DATA / "public-key/ok-minisign.pub", tmp_path / "message",
                    DATA / "signature" / name)
    compare(name, taken, name.startswith("ok-"))


@pytest.mark.parametrize("name", [name for name in names_in("public-key") if "minisign" in name
                                  or name.startswith("bad-")])
def test_025_026_public_key_files(name, tmp_path):
    (tmp_path / "message").write_text(MESSAGE)
    taken = accepts(DATA / "public-key" / name, tmp_path / "message",
                    DATA / "signature/ok-minisign.minisig")
    compare(name, taken, name == "ok-minisign.pub")


# Revocation (17, 18) and what is not signed for are no business of minisign's.
VOTES = [attack.name for attack in ATTACKS if attack.command == "verify"
         and "trust-bundle" not in attack.stem and attack.believes == tuple(STANDARD) and (
             attack.items[0] in (*range(1, 17), 25) or attack.stem == "049-untrusted-comment")]
ROOTS = [attack.name for attack in ATTACKS
         if attack.command == "import" and attack.stem != "005-trust-bundle-with-more"]


@pytest.fixture(scope="module")
def corpus(tmp_path_factory):
    folder = tmp_path_factory.mktemp("minisign") / "corpus"
    rows = make(folder, lambda attack: attack.name in VOTES + ROOTS)
    return {row["name"]: {**row, "path": folder / row["file"], "trust": row["trust"] and folder / row[
        "trust"]} for row in rows}


def signers_by_minisign(text, votes, names, folder):
    """Which of these keys have a vote on the text."""
    (folder / "text").write_bytes(text)
    signers = set()
    for name in names:
        (folder / "key.pub").write_text(KEYS[name].file())
        for vote in votes:
            (folder / "vote").write_bytes(vote)
            if accepts(folder / "key.pub", folder / "text", folder / "vote"):
                signers.add(name)
    return signers


@pytest.mark.parametrize("name", VOTES)
def test_001_to_009_votes_in_bundles(name, corpus, tmp_path):
    row = corpus[name]
    bundle = BundleFile(row["path"])
    votes = [vote for kind, vote in bundle.votes if kind == "vote-statement"][-40:]
    ran = subprocess.run([PROGRAM, "verify", "--json", row["path"], "--trust", row["trust"]],
                         capture_output=True, check=False)
    said = json.loads(ran.stdout)["bundles"][0]
    roles = {role["role"]: {who.split()[0] for who in role["voted"]} for role in said["roles"]}
    theirs = signers_by_minisign(bundle.statement_bytes, votes, ("ci", "human"), tmp_path)
    if "release" not in roles:  # never came to votes: the text was of another kind, or too many
        assert ran.returncode in (3, 4)
        return
    for signer in ("ci", "human"):
        taken, ours = signer in theirs, signer in roles["release"]
        if taken != ours:
            assert taken and name in STRICTER, (name, signer)
    if name in STRICTER:
        assert theirs != roles["release"], "%s is no difference any more" % name


def root_role(text):
    """(threshold, {names of root keys}) of a root's text."""
    found = re.search(r"- name: root\n    signs: root\n    threshold: (\d+)\n    keys:\n"
                      r"((?:      - .*\n)+)", text.decode())
    return int(found[1]), set(re.findall(r"- (.*)", found[2]))


def chain_of(data):
    """[(text, votes)] of a trust bundle; what is none has an empty chain."""
    chain = []
    for name, begin, size in re.findall(rb"(?m)^(root|vote-root) (\d{20}) (\d{20})$", data):
        section = data[int(begin):int(begin) + int(size)]
        if name == b"root":
            chain.append((section, []))
        else:
            chain[-1][1].append(section)
    return chain


def enough_by_minisign(folder, work):
    """Do the votes of each root in a folder meet the thresholds of it and of the one before?"""
    judges = []
    for number in range(1, 300):
        path = folder / ("%d.root.yaml" % number)
        if not path.exists():
            return True
        text = path.read_bytes()
        votes = [vote.read_bytes() for vote in folder.glob(path.name + ".*.minisig")]
        if not text.startswith(b"handcarry-root: 1\n"):
            return True  # handcarry stops at the type line, minisign knows none
        judges = [*judges[-1:], root_role(text)]
        for threshold, names in judges:
            if len(signers_by_minisign(text, votes, names, work)) < threshold:
                return False
    return True


@pytest.mark.parametrize("name", ROOTS)
def test_001_020_votes_on_roots(name, corpus, tmp_path):
    row = corpus[name]
    if row["path"].is_file():
        folder = write_chain(tmp_path / "roots", chain_of(row["path"].read_bytes()))
    else:
        folder = row["path"]
    enough = enough_by_minisign(folder, tmp_path)
    if row["expect"] != "refuse":
        assert enough
    if not enough:
        assert row["expect"] == "refuse" and "votes" in row["handcarry"]["message"] or (
            "keys of root" in row["handcarry"]["message"])
    elif row["expect"] == "refuse":
        assert "of the" not in row["handcarry"]["message"], "minisign counts enough votes"
