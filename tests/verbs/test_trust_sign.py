# SPDX-License-Identifier: Apache-2.0
# Copyright The handcarry authors
"""trust sign: a proposed root is shown, gets votes on several machines, and becomes the newest."""
import base64
import json
import os
import shutil
import subprocess
import time

import pytest
from keytools import (PASSWORD, minisign, minisign_accepts, needs_minisign, on_terminal,
                      password_env, refused, run)
from program import program_for

PROPOSED = "trust/2.root.yaml.new"


@pytest.fixture(name="made")
def made_fixture(tmp_path):
    """A trust folder with a proposed root 2 that asks for both root keys, and no vote."""
    for call in (("trust", "init"), ("keygen", "one")):
        assert run(*call, "--no-password", cwd=tmp_path).status == 0
    result = run("trust", "add", "--host", "ws-1", "--key", "one.pub", cwd=tmp_path)
    assert result.status == 0, result
    edit(tmp_path, "signs: root\n    threshold: 1", "signs: root\n    threshold: 2")
    return tmp_path


def edit(made, old, new):
    text = (made / PROPOSED).read_text()
    assert old in text
    (made / PROPOSED).write_text(text.replace(old, new, 1))


def sign(made, *keys, trust="trust", env=None):
    calls = [("--key", key + ".key") for key in keys] or [()]
    for words in calls:
        result = run("trust", "sign", "--trust", trust, *words, cwd=made, env=env)
        if result.status != 0:
            break
    return result


def number(made, trust="trust"):
    result = run("trust", "show", "--trust", trust, "--json", cwd=made)
    assert result.status == 0, result
    return json.loads(result.out)["number"]


def listing(made):
    return sorted(os.listdir(made / "trust"))


def key_id(made, name):
    return (made / "trust" / (name + ".pub")).read_text().split()[5]


def test_it_shows_the_change_before_the_password(made):
    env = password_env(made)
    assert run("keygen", "secret", cwd=made, env=env).status == 0
    line = (made / "secret.pub").read_text().splitlines()[1]
    old = (made / "trust" / "root-spare.pub").read_text().splitlines()[1]
    edit(made, old, line)
    status, shown = on_terminal(["trust", "sign", "--key", "secret.key"],
                                [("assword", PASSWORD + "\n")], made)
    assert status == 0, shown
    before = shown[:shown.index("assword")]
    for fragment in ("Trust root 2 is to follow root 1", "+ ws-1 (", "2 instead of 1 vote",
                     "role     + host: signs receipts, 1 vote of ws-1", "digest   sha256:"):
        assert fragment in before, shown
    assert "root-spare" in before.split("not listed any more")[0]


def test_020_it_takes_both_and_then_is_believed(made):
    first = sign(made, "root")
    assert first.status == 0 and number(made) == 1, first
    assert "root keys of root 1 have given 1 of 1 vote: root (" in first.out
    assert "root keys of root 2 itself have given 1 of 2 votes: root (" in first.out
    assert "may still sign: root-spare (" in first.out
    second = sign(made, "root-spare")
    assert second.status == 0 and "It is complete" in second.out, second
    assert number(made) == 2
    assert "2.root.yaml.new" not in listing(made)


def test_012_the_same_key_twice_is_one_vote(made):
    assert sign(made, "root", "root").status == 0
    assert sign(made, "root").status == 0
    shutil.copy(made / f"trust/2.root.yaml.{key_id(made, 'root')}.minisig",
                made / "trust/2.root.yaml.0123456789ABCDEF.minisig")
    refused(sign(made), 4, "lacks votes")
    assert number(made) == 1


def test_votes_of_two_machines_are_copied_together(made):
    for name in ("one", "two"):
        shutil.copytree(made / "trust", made / name)
    assert sign(made, "root", trust="one").status == 0
    assert sign(made, "root-spare", trust="two").status == 0
    for name in ("one", "two"):
        for vote in (made / name).glob("2.root.yaml.*.minisig"):
            shutil.copy(vote, made / "trust")
    assert number(made) == 1
    done = sign(made)
    assert done.status == 0 and "It is complete" in done.out, done
    assert number(made) == 2
    # and where it was completed elsewhere, copying the whole folder is enough
    shutil.copytree(made / "trust", made / "two", dirs_exist_ok=True)
    assert number(made, "two") == 2


@needs_minisign
def test_votes_by_stock_minisign(made):
    for name in ("root", "root-spare"):
        vote = f"trust/2.root.yaml.{key_id(made, name)}.minisig"
        assert minisign("-S", "-W", "-s", name + ".key", "-m", PROPOSED, "-x", vote,
                        cwd=made).status == 0
    assert sign(made).status == 0
    assert number(made) == 2


@needs_minisign
def test_minisign_agrees_about_the_vote(made):
    assert sign(made, "root").status == 0
    vote = f"trust/2.root.yaml.{key_id(made, 'root')}.minisig"
    assert "handcarry root 2 sha256:" in minisign_accepts("trust/root.pub", PROPOSED, vote, made)


@pytest.mark.parametrize("signer", ["release", "one"])
def test_001_only_root_keys_sign(made, signer):
    before = listing(made)
    refused(sign(made, signer), 4, "not in role 'root'")
    assert listing(made) == before


def test_020_old_root_keys_alone_are_not_enough(made):
    """The proposal's own root role must be satisfied too."""
    edit(made, "      - root-spare\n", "")
    edit(made, "signs: root\n    threshold: 2", "signs: root\n    threshold: 1")
    assert sign(made, "root-spare").status == 0
    refused(sign(made), 4, "lacks votes")
    assert number(made) == 1
    assert sign(made, "root").status == 0
    assert number(made) == 2


def test_016_a_vote_on_another_text_is_named_and_does_not_count(made):
    assert sign(made, "root").status == 0
    edit(made, "threshold: 1\n    keys:\n      - ws-1", "threshold: 1 \n    keys:\n      - ws-1")
    result = sign(made)
    refused(result, 4, "lacks votes")
    assert f"the vote of key {key_id(made, 'root')} does not count" in result.out


def test_016_junk_among_the_votes_is_left_out(made):
    (made / "trust/2.root.yaml.AAAA.minisig").write_text("junk\n")
    (made / "trust/2.root.yaml.FFFF.minisig").write_bytes(
        next((made / "trust").glob("1.root.yaml.*.minisig")).read_bytes())
    assert sign(made, "root", "root-spare").status == 0
    assert number(made) == 2


def test_015_too_many_votes(made):
    for i in range(33):
        (made / f"trust/2.root.yaml.{i + 1:X}.minisig").write_text("junk\n")
    refused(sign(made, "root"), 4, "has 33 votes on root 2; at most 32")
    assert number(made) == 1


@pytest.mark.parametrize("old, new, status, fragment", [
    ("number: 2", "number: 3", 4, "calls itself root 3; root 2 is the next one"),
    ("number: 2", "number: 257", 3, "expected a number from 1 to 256"),
    ("threshold: 2", "threshold: 0", 3, "expected a number from 1"),
    ("threshold: 2", "threshold: -1", 3, "expected a number from 1"),
    ("threshold: 2", "threshold: 3", 3, "needs 3 votes and has 2 different keys"),
    ("handcarry-root: 1", "handcarry-root: 2", 3, "first line must be"),
])
def test_014_019_what_could_never_follow_is_not_signed(made, old, new, status, fragment):
    edit(made, old, new)
    before = listing(made)
    refused(sign(made, "root"), status, fragment)
    assert listing(made) == before


def test_an_epoch_never_falls(made):
    edit(made, "epoch: 0", "epoch: 4")
    result = sign(made, "root", "root-spare")
    assert result.status == 0 and "epoch    4 instead of 0" in result.out, result
    text = (made / "trust/2.root.yaml").read_text()
    (made / "trust/3.root.yaml.new").write_text(
        text.replace("number: 2", "number: 3").replace("epoch: 4", "epoch: 3"))
    refused(sign(made, "root"), 4, "lowers the epoch from 4 to 3")


def test_018_a_key_that_is_no_longer_revoked_is_pointed_out(made):
    other = (made / "one.pub").read_text().splitlines()[1]
    edit(made, "  - name: ws-1\n    key: %s\n    since: 2\n" % other, "")
    edit(made, """  - name: host
    signs: receipt
    threshold: 1
    keys:
      - ws-1
""", "revoked:\n  - key: %s\n    reason: lost\n" % other)
    result = sign(made, "root", "root-spare")
    assert result.status == 0 and "revoked  key (" in result.out and "): lost\n" in result.out
    text = (made / "trust/2.root.yaml").read_text()
    (made / "trust/3.root.yaml.new").write_text(
        text.replace("number: 2", "number: 3").split("revoked:")[0])
    result = sign(made, "root")
    assert result.status == 0 and "NOT REVOKED ANY MORE" in result.out, result


def test_027_a_proposal_that_others_may_write_is_not_signed(made):
    (made / PROPOSED).chmod(0o666)
    refused(sign(made, "root"), 4, "others may write")


def test_nothing_is_proposed(made):
    (made / PROPOSED).unlink()
    refused(sign(made, "root"), 1, "nothing is proposed in 'trust'")
    refused(run("trust", "sign", "x", cwd=made), 2, "takes no argument")
    refused(run("trust", "sign", "--trust", "nowhere", cwd=made), 4, "no trust folder")


def make_token(made, wait=""):
    """o.pub, and a program that has the secret half."""
    subprocess.run(["openssl", "genpkey", "-algorithm", "ed25519", "-out", made / "o.pem"],
                   check=True, capture_output=True)
    der = subprocess.run(["openssl", "pkey", "-in", made / "o.pem", "-pubout", "-outform", "DER"],
                         check=True, capture_output=True).stdout
    blob = base64.b64encode(b"Ed" + b"openssl1" + der[-32:]).decode()
    (made / "o.pub").write_text("untrusted comment: openssl\n" + blob + "\n")
    script = made / "token"
    script.write_text(f"#!/bin/sh\ncat >in\n{wait}\n"
                      "openssl pkeyutl -sign -rawin -inkey o.pem -in in\n")
    script.chmod(0o755)
    return script


def test_a_program_that_has_the_key_signs(made):
    """--external, as of sign: here openssl is the token."""
    script = make_token(made)
    assert run("trust", "rotate", "root-spare", "--key", "o.pub", cwd=made).status == 0
    refused(run("trust", "sign", "--key", "one.pub", "--external", script, cwd=made), 4,
            "not in role 'root'")
    result = run("trust", "sign", "--key", "o.pub", "--external", script, cwd=made)
    assert result.status == 0, result
    assert result.out.index("role     root") < result.out.index("Nobody believes it yet")
    assert sign(made, "root").status == 0
    assert number(made) == 2
    refused(run("trust", "sign", "--external", script, cwd=made), 2, "--external needs --key")


def line_of(folder, name):
    return (folder / f"{name}.pub").read_text().splitlines()[1]


def with_id(line, donor):
    """The key in this line of a trust root, with the id of another."""
    key, other = base64.b64decode(line), base64.b64decode(donor)
    return base64.b64encode(key[:2] + other[2:10] + key[10:]).decode()


RELEASE_ROLE = "signs: statement\n    threshold: 1\n    keys:\n      - release\n"


@pytest.mark.parametrize("scope, name, shown", [
    ("sites", "everywhere", "sites: everywhere instead of all sites"),
    ("products", "all", "products: all instead of all products"),
])
def test_128_a_scope_that_is_called_like_none(made, scope, name, shown):
    """A role that is asked at the site 'everywhere' alone is asked nowhere."""
    edit(made, RELEASE_ROLE, f"{RELEASE_ROLE}    {scope}:\n      - {name}\n")
    signed = sign(made, "root")
    assert f"  role     release (signs statements): {shown}\n" in signed.out, signed


def test_128_another_key_with_the_same_id(made):
    """An id may be chosen: who compares it with a paper must see that the key is another."""
    assert run("keygen", "two", "--no-password", cwd=made).status == 0
    real = line_of(made / "trust", "root-spare")
    fake = with_id(line_of(made, "two"), real)
    edit(made, real, fake)
    shown = sign(made, "root").out
    attention = "             ATTENTION: it has the id of root-spare and is ANOTHER KEY\n"
    key = f"root-spare ({key_id(made, 'root-spare')})"
    assert f"  key      + {key}\n             {fake}\n{attention}" in shown, shown
    edit(made, fake, real)
    with open(made / PROPOSED, "a", encoding="utf-8") as file:
        file.write(f"revoked:\n  - key: {fake}\n")
    shown = sign(made, "root").out
    assert f"             {fake}\n{attention}" in shown, shown


def test_128_the_same_key_with_another_id(made):
    """Its votes would not be found any more."""
    old = line_of(made / "trust", "release")
    edit(made, old, with_id(old, base64.b64encode(b"EdANOTHER1" + bytes(32))))
    shown = sign(made, "root").out
    assert f"instead of {key_id(made, 'release')}; votes with the old id do not count" in shown, shown


def test_128_an_order_is_not_nothing(made):
    (made / PROPOSED).unlink()
    text = (made / "trust/1.root.yaml").read_text().replace("number: 1", "number: 2", 1)
    (made / PROPOSED).write_text(text + "# as before\n")
    assert "nothing  but the number\n" in sign(made).err + run(
        "trust", "show", "--trust", "trust", cwd=made).out
    edit(made, "      - root\n      - root-spare\n", "      - root-spare\n      - root\n")
    assert "but the number, and an order of names" in run("trust", "show", "--trust", "trust",
                                                          cwd=made).out


class Slow:
    """A third root key, in a token that waits for somebody who looks for the PIN."""

    def __init__(self, made):
        script = make_token(made, "while [ ! -e pin ]; do sleep 0.02; done")
        words = ("trust", "add", "slow", "--key", "o.pub", "--role", "root")
        assert run(*words, cwd=made).status == 0
        words = ("trust", "sign", "--key", "o.pub", "--external", script)
        self.made = made
        self.signing = subprocess.Popen([program_for(words), *words], cwd=made, text=True,
                                        stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
        while not (made / "in").exists():
            assert self.signing.poll() is None, self.signing.communicate()
            time.sleep(0.02)

    def end(self):
        (self.made / "pin").touch()
        shown = self.signing.communicate(timeout=60)[0]
        return self.signing.returncode, shown


def test_a_vote_that_comes_meanwhile_counts(made):
    """Two people on one folder: neither takes the other's vote away."""
    slow = Slow(made)
    assert sign(made, "root").status == 0
    status, shown = slow.end()
    assert status == 0 and "It is complete" in shown, shown
    assert number(made) == 2


def test_a_change_that_comes_meanwhile_stays(made):
    slow = Slow(made)
    assert run("trust", "add", "--role", "pack", "--product", "demo", cwd=made).status == 0
    text = (made / PROPOSED).read_text()
    status, shown = slow.end()
    assert status == 1 and "somebody else has changed 'trust/2.root.yaml.new'" in shown, shown
    assert (made / PROPOSED).read_text() == text and not list(made.glob("trust/2.*.minisig"))


def test_what_is_complete_meanwhile_stays(made):
    slow = Slow(made)
    assert sign(made, "root", "root-spare").status == 0 and number(made) == 2
    before = listing(made)
    status, shown = slow.end()
    assert status == 1 and "trust root 2 was completed in 'trust' meanwhile" in shown, shown
    assert listing(made) == before
