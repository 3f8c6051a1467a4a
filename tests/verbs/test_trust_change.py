# SPDX-License-Identifier: Apache-2.0
# Copyright The handcarry authors
"""trust add, retire, revoke, rotate: the next root, as several people make it."""
import os
import shutil

import pytest
from ceremony import RELEASE, bring_keys, done, init, key_id, pack, roles, show, sign, trust
from keytools import refused, run


@pytest.fixture(name="made")
def made_fixture(tmp_path):
    """Three root keys of which two must sign."""
    bring_keys(tmp_path)
    done(init(tmp_path, "--sign", "anna.key", "--sign", "bert.key", roots=("anna", "bert", "carl"),
              threshold=2))
    return tmp_path


def listing(made):
    return sorted(os.listdir(made / "trust"))


def agree(made):
    done(sign(made, "anna", "bert"))


def revoked(made):
    return {entry["id"]: entry["reason"] for entry in show(made)["revoked"]}


def test_add_to_a_role_that_is_there(made):
    done(trust(made, "add", "frida", "--key", "frida.pub", "--role", "human", "--threshold", "2"))
    agree(made)
    assert roles(made)["human"] == (2, ["human", "frida"])


def test_add_makes_a_new_role(made):
    result = done(trust(made, "add", "dora", "--key", "dora.pub", "--role", "plant-a", "--signs",
                        "statement", "--site", "plant-a", "--product", "demo"))
    assert "+ plant-a: signs statements, 1 vote of dora; products demo; sites plant-a" in result.out
    agree(made)
    role = show(made)["roles"][-1]
    assert role["sites"] == ["plant-a"] and role["products"] == ["demo"]


def test_add_gives_a_listed_key_another_role_and_changes_what_a_role_asks(made):
    done(trust(made, "add", "human", "--role", "pack"))
    done(trust(made, "add", "--role", "pack", "--threshold", "2", "--product", "demo"))
    agree(made)
    assert roles(made)["pack"] == (2, ["ci", "human"])
    assert show(made)["number"] == 2


@pytest.mark.parametrize("words, status, fragment", [
    (["add", "frida", "--key", "frida.pub"], 2, "--role ROLE"),
    (["add", "frida", "--role", "ci"], 4, "no key 'frida'; give it with --key"),
    (["add", "frida", "--key", "frida.pub", "--role", "new"], 4, "--signs"),
    (["add", "frida", "--key", "frida.pub", "--role", "ci", "--signs", "packing"], 4,
     "role 'ci' signs the statement, not the packing"),
    (["add", "frida", "--key", "frida.pub", "--role", "new", "--signs", "all"], 2, "--signs is"),
    (["add", "frida", "--key", "frida.pub", "--role", "other", "--signs", "root"], 3,
     "2 roles sign the root"),
    (["add", "frida", "--key", "ci.pub", "--role", "human"], 4, "already, as 'ci'"),
    (["add", "ci", "--key", "frida.pub", "--role", "human"], 4, "trust rotate ci --key FILE.pub"),
    (["add", "frida", "--key", "frida.pub", "--role", "human", "--threshold", "3"], 4,
     "role 'human' asks for 3 votes and would have 2 keys"),
    (["add", "frida", "--key", "frida.pub", "--role", "human", "--threshold", "0"], 2,
     "expected a number from 1 to 32"),
    (["add", "Frida", "--key", "frida.pub", "--role", "human"], 2, "NAME: "),
    (["add", "frida", "--key", "frida.pub", "--role", "pack", "--site", "a"], 3, "'sites' is for"),
    (["retire", "nobody"], 4, "no key 'nobody'"),
    (["retire"], 2, "takes the name of a key"),
    (["retire", "human"], 4, "--drop-role human"),
    (["retire", "human", "--drop-role", "root"], 4, "signs trust roots"),
    (["retire", "carl", "--threshold", "root=4"], 4, "lower what it asks for with --threshold root=2"),
    (["retire", "carl", "--threshold", "x"], 2, "expected a number from 1 to 32"),
    (["retire", "ci", "--threshold", "1"], 2, "the key is in 2 roles"),
    (["revoke", "ci"], 2, "--reason"),
    (["revoke", "ci", "--reason", ""], 2, "--reason is empty"),
    (["revoke", "ci", "--reason", "a\nb"], 2, "one line"),
    (["revoke", "ci", "--reason", "stolen"], 4, "rotate NAME --key FILE.pub [--revoke"),
    (["revoke", "nobody", "--reason", "x"], 4, "no key's name or id"),
    (["revoke", "ci.key", "--reason", "x"], 3, "secret key"),
    (["rotate", "ci"], 2, "--key FILE.pub"),
    (["rotate"], 2, "--raise-epoch"),
    (["rotate", "ci", "--key", "ci-2.pub", "--revoke"], 2, "go together"),
    (["rotate", "nobody", "--key", "ci-2.pub"], 4, "no key 'nobody'"),
    (["rotate", "ci", "--key", "human.pub"], 4, "already, as 'human'"),
])
def test_014_refusals_change_nothing(made, words, status, fragment):
    before = listing(made)
    refused(trust(made, *words), status, fragment)
    assert listing(made) == before


def test_retire_keeps_the_key_in_good_standing(made):
    result = done(trust(made, "retire", "carl"))
    assert f"retired  carl ({key_id('carl')}): in no role any more" in result.out
    agree(made)
    data = show(made)
    assert roles(made)["root"] == (2, ["anna", "bert"]) and not data["revoked"]
    assert [key["name"] for key in data["keys"]] == ["anna", "bert", "carl", "ci", "human"]
    refused(sign(made, "carl"), 1, "nothing is proposed")


def test_retire_lowers_a_threshold_where_told(made):
    done(trust(made, "retire", "carl"))
    agree(made)
    refused(trust(made, "retire", "bert"), 4, "--threshold root=1")
    done(trust(made, "retire", "bert", "--threshold", "1"))
    result = done(sign(made, "anna"))
    assert "root keys of root 2 have given 1 of 2 votes" in result.out
    assert "root keys of root 3 itself have given 1 of 1 vote: anna" in result.out
    done(sign(made, "bert"))
    assert roles(made)["root"] == (1, ["anna"])


def test_retire_drops_a_role(made):
    done(trust(made, "retire", "human", "--drop-role", "human"))
    agree(made)
    assert list(roles(made)) == ["root", "ci", "pack"]


def test_the_last_host_takes_its_role_along(made):
    done(trust(made, "add", "--host", "ws-1", "--key", "frida.pub"))
    done(trust(made, "retire", "ws-1"))
    agree(made)
    assert list(roles(made)) == ["root", "ci", "human", "pack"]


@pytest.mark.parametrize("how", ["name", "id", "file"])
def test_018_a_revoked_key_is_in_no_list_but_one(made, how):
    word = {"name": "ci", "id": key_id("ci"), "file": "ci.pub"}[how]
    done(trust(made, "add", "ci-2", "--key", "ci-2.pub", "--role", "ci", "--role", "pack"))
    done(trust(made, "revoke", word, "--reason", "laptop \"blue\" stolen: in May"))
    agree(made)
    assert revoked(made) == {key_id("ci"): 'laptop "blue" stolen: in May'}
    assert roles(made)["ci"] == (1, ["ci-2"]) and roles(made)["pack"] == (1, ["ci-2"])
    refused(trust(made, "add", "old", "--key", "ci.pub", "--role", "ci"), 4, "is revoked")
    result = done(trust(made, "revoke", "ci.pub", "--reason", "again"))
    assert "has it already" in result.out


def test_018_a_key_that_no_root_listed_can_be_revoked(made):
    done(trust(made, "revoke", "frida.pub", "--reason", "found on a stick"))
    agree(made)
    assert list(revoked(made)) == [key_id("frida")]


def test_018_a_key_of_an_older_root_is_revoked_by_its_id(made):
    done(trust(made, "rotate", "ci", "--key", "ci-2.pub"))
    agree(made)
    done(trust(made, "revoke", key_id("ci"), "--reason", "late"))
    agree(made)
    assert list(revoked(made)) == [key_id("ci")]
    assert [key["name"] for key in show(made)["keys"]] == ["anna", "bert", "carl", "human", "ci"]


def test_017_a_revoked_root_key_signs_nothing_more(made):
    done(trust(made, "rotate", "carl", "--key", "dora.pub", "--revoke", "--reason", "lost"))
    before = listing(made)
    # root 1 still takes carl's vote, but root 2 itself does not
    done(sign(made, "carl", "anna"))
    refused(sign(made), 4, "lacks votes")
    assert show(made)["number"] == 1 and len(listing(made)) == len(before) + 2
    done(sign(made, "dora"))
    assert show(made)["number"] == 2
    done(trust(made, "rotate", "--raise-epoch"))
    refused(sign(made, "carl"), 4, "is revoked; sign with another root key")


def test_rotate_takes_name_and_roles(made):
    result = done(trust(made, "rotate", "ci", "--key", "ci-2.pub"))
    assert f"ci ({key_id('ci')}) is called ci-r1 from now on" in result.out
    agree(made)
    keys = {key["name"]: (key["id"], key["since"]) for key in show(made)["keys"]}
    assert keys["ci"] == (key_id("ci-2"), 2) and keys["ci-r1"] == (key_id("ci"), 1)
    assert roles(made)["ci"] == (1, ["ci"]) and roles(made)["pack"] == (1, ["ci"])
    assert "has it already" in done(trust(made, "rotate", "ci", "--key", "ci-2.pub")).out


def test_rotate_and_revoke_and_raise_the_epoch(made):
    result = done(trust(made, "rotate", "ci", "--key", "ci-2.pub", "--revoke", "--reason",
                        "stolen", "--raise-epoch"))
    assert "epoch    1 instead of 0" in result.out and "stolen" in result.out
    assert "with 'epoch: 1' in its release.yaml" in result.out
    done(trust(made, "rotate", "--raise-epoch"))
    agree(made)
    assert show(made)["epoch"] == 1 and revoked(made) == {key_id("ci"): "stolen"}


def test_several_changes_are_one_ceremony(made):
    done(trust(made, "retire", "carl"))
    done(trust(made, "add", "dora", "--key", "dora.pub", "--role", "root"))
    done(trust(made, "rotate", "human", "--key", "frida.pub", "--sign", "anna.key", "--sign",
               "bert.key"))
    assert show(made)["number"] == 2 and roles(made)["root"] == (2, ["anna", "bert", "dora"])


def test_retire_lists_the_bundles_that_want_new_votes(made):
    pack(made, "one.tar.zst", "ci", "human")
    pack(made, "two.tar.zst", "ci", "frida")
    (made / "kept").mkdir()
    shutil.move(made / "two.tar.zst", made / "kept")
    done(trust(made, "add", "frida", "--key", "frida.pub", "--role", "human"))
    agree(made)
    result = done(trust(made, "retire", "human"))
    assert "\n  one.tar.zst: the statement has 0 of the 1 votes that role 'human' must give; " \
        f"missing: frida ({key_id('frida')})\n" in result.out
    assert "two.tar.zst" not in result.out and "handcarry sign BUNDLE" in result.out
    result = done(trust(made, "retire", "human", "kept"))
    assert "1 kept bundle looked at: their votes are enough" in result.out
    result = done(trust(made, "rotate", "ci", "--key", "ci-2.pub", "kept", "one.tar.zst"))
    assert "  one.tar.zst: " in result.out and "  kept/two.tar.zst: " in result.out


def test_a_vote_beside_a_kept_bundle_counts(made):
    done(trust(made, "add", "frida", "--key", "frida.pub", "--role", "human"))
    agree(made)
    pack(made, "one.tar.zst", "ci", "human")
    vote = done(run("sign", "one.tar.zst", "--key", "frida.key", "--vote-out", "one.tar.zst.vote",
                    cwd=made))
    assert "Vote written" in vote.out
    result = done(trust(made, "retire", "human"))
    assert "1 kept bundle looked at: their votes are enough" in result.out
    (made / "one.tar.zst.vote").unlink()
    result = done(trust(made, "retire", "human"))
    assert "one.tar.zst: the statement has 0 of the 1 votes" in result.out


def test_files_that_are_no_bundles_are_warned_of(made):
    (made / "junk.tar.zst").write_bytes(os.urandom(300))
    result = done(trust(made, "retire", "carl"))
    assert "junk.tar.zst" in result.err and "warning" in result.err


def test_017_a_bundle_is_refused_after_the_revocation(made):
    pack(made, "one.tar.zst", "ci", "human")
    assert run("verify", "one.tar.zst", "--trust", "trust", cwd=made).status == 0
    done(trust(made, "rotate", "ci", "--key", "ci-2.pub", "--revoke", "--reason", "stolen"))
    assert run("verify", "one.tar.zst", "--trust", "trust", cwd=made).status == 0
    agree(made)
    result = run("verify", "one.tar.zst", "--trust", "trust", cwd=made)
    refused(result, 4, "role 'ci'")
    assert "is revoked" in result.out


def test_128_sign_shows_where_files_go_now(made):
    """The same files at another place are a change that no list of contents shows."""
    agreed = RELEASE.replace("release: 1", "release: 2").replace("/opt/demo/", "/etc/cron.d/")
    pack(made, "one.tar.zst", "ci")
    pack(made, "two.tar.zst", "ci", release=agreed)
    shown = done(run("sign", "two.tar.zst", "--key", "human.key", "--base", "one.tar.zst",
                     cwd=made)).out
    assert "-    to: /opt/demo/\n+    to: /etc/cron.d/\n" in shown, shown
