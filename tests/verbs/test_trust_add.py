# SPDX-License-Identifier: Apache-2.0
# Copyright The handcarry authors
"""trust add: hosts are enrolled in the next trust root, and nothing else changes."""
import json
import os

import pytest
from keytools import minisign, minisign_accepts, needs_minisign, refused, run


@pytest.fixture(name="made")
def made_fixture(tmp_path):
    """A trust folder and the keys of two hosts."""
    for call in (("trust", "init"), ("keygen", "one"), ("keygen", "two")):
        result = run(*call, "--no-password", cwd=tmp_path)
        assert result.status == 0, result
    return tmp_path


def add(made, host, key, *more, sign=("root",)):
    signers = [word for name in sign for word in ("--sign", name + ".key")]
    return run("trust", "add", "--host", host, "--key", key + ".pub", *signers, *more, cwd=made)


def show(made):
    result = run("trust", "show", "--trust", "trust", "--json", cwd=made)
    assert result.status == 0, result
    return json.loads(result.out)


def roles(made):
    return {role["name"]: (role["signs"], role["threshold"], role["keys"])
            for role in show(made)["roles"]}


def listing(made):
    return sorted(os.listdir(made / "trust"))


def key_id(made, name):
    return (made / (name + ".pub")).read_text().split()[5]


def ask_two_votes(made):
    """Root 2 asks for both root keys."""
    trust = made / "trust"
    text = (trust / "1.root.yaml").read_text().replace("number: 1", "number: 2", 1)
    text = text.replace("threshold: 1", "threshold: 2", 1)
    (trust / "2.root.yaml").write_text(text)
    for name in ("root", "root-spare"):
        done = minisign("-S", "-W", "-s", made / (name + ".key"), "-m", trust / "2.root.yaml", "-x",
                        trust / f"2.root.yaml.{key_id(trust, name)}.minisig", cwd=made)
        assert done.status == 0, done
    assert show(made)["number"] == 2


def test_a_host_is_enrolled_in_the_next_root(made):
    before = roles(made)
    result = add(made, "ws-1", "one")
    assert result.status == 0, result
    assert (made / "one.pub").read_text().splitlines()[1] in result.out
    assert show(made)["number"] == 2
    assert roles(made) == {**before, "host": ("receipt", 1, ["ws-1"])}


def test_several_hosts_come_in_one_root(made):
    result = run("trust", "add", "--host", "ws-1", "--key", "one.pub", "--host", "ws-2", "--key",
                 "two.pub", "--sign", "root-spare.key", cwd=made)
    assert result.status == 0, result
    assert show(made)["number"] == 2 and roles(made)["host"][2] == ["ws-1", "ws-2"]


def test_a_second_host_joins_the_role(made):
    assert add(made, "ws-1", "one").status == 0
    assert add(made, "ws-2", "two").status == 0
    assert show(made)["number"] == 3 and roles(made)["host"] == ("receipt", 1, ["ws-1", "ws-2"])


def test_adding_again_does_nothing(made):
    assert add(made, "ws-1", "one").status == 0
    before = listing(made)
    result = add(made, "ws-1", "one")
    assert result.status == 0 and "has it already" in result.out
    assert listing(made) == before


@pytest.mark.parametrize("host, key, words", [
    ("ws-2", "one", ["as 'ws-1'", "need a key each"]),
    ("ws-1", "two", ["another key with the name 'ws-1'", "host.yaml"]),
    ("release", "two", ["another key with the name 'release'"]),
])
def test_names_and_keys_are_not_mixed_up(made, host, key, words):
    assert add(made, "ws-1", "one").status == 0
    before = listing(made)
    refused(add(made, host, key), 4, *words)
    assert listing(made) == before


@pytest.mark.parametrize("signer", ["release", "two"])
def test_001_only_root_keys_sign_it(made, signer):
    before = listing(made)
    refused(add(made, "ws-1", "one", sign=["root", signer]), 4, "not in role 'root'")
    assert listing(made) == before


@needs_minisign
def test_020_a_root_that_lacks_votes_is_not_believed(made):
    ask_two_votes(made)
    result = add(made, "ws-1", "one", sign=["root", "root"])
    assert result.status == 0 and "1 of 2 votes" in result.out, result
    assert show(made)["number"] == 2 and "3.root.yaml.new" in listing(made)


@needs_minisign
def test_020_both_keys_at_once_complete_it(made):
    ask_two_votes(made)
    assert add(made, "ws-1", "one", sign=["root"]).status == 0
    result = add(made, "ws-1", "one", sign=["root", "root-spare"])
    assert result.status == 0, result
    assert show(made)["number"] == 3 and "3.root.yaml.new" not in listing(made)


@needs_minisign
def test_020_the_line_for_the_other_holder_completes_it(made):
    ask_two_votes(made)
    shown = add(made, "ws-1", "one").out
    line = next(line for line in shown.splitlines() if "trust sign --key" in line)
    done = run(*line.replace("ROOT.key", "root-spare.key").split()[1:], cwd=made)
    assert done.status == 0, done
    assert show(made)["number"] == 3 and roles(made)["host"][2] == ["ws-1"]


@needs_minisign
def test_a_second_change_joins_the_first_and_drops_its_votes(made):
    ask_two_votes(made)
    assert add(made, "ws-1", "one").status == 0
    result = add(made, "ws-2", "two", sign=[])
    assert result.status == 0 and "the 1 vote given on that no longer" in result.out, result
    assert not [name for name in listing(made) if name.startswith("3.") and "minisig" in name]
    assert show(made)["number"] == 2
    for key in ("root", "root-spare"):
        assert run("trust", "sign", "--key", key + ".key", cwd=made).status == 0
    assert show(made)["number"] == 3 and roles(made)["host"][2] == ["ws-1", "ws-2"]


@needs_minisign
def test_the_same_change_again_keeps_the_votes(made):
    ask_two_votes(made)
    assert add(made, "ws-1", "one").status == 0
    result = add(made, "ws-1", "one", sign=["root-spare"])
    assert result.status == 0 and "no longer" not in result.out, result
    assert show(made)["number"] == 3


@needs_minisign
def test_minisign_agrees_about_the_next_root(made):
    assert add(made, "ws-1", "one").status == 0
    vote = f"trust/2.root.yaml.{key_id(made / 'trust', 'root')}.minisig"
    assert "handcarry root 2 sha256:" in minisign_accepts("trust/root.pub", "trust/2.root.yaml",
                                                          vote, made)


@pytest.mark.parametrize("words, fragment", [
    (["--host", "ws-1", "--sign", "root.key"], "in pairs"),
    (["--key", "one.pub", "--sign", "root.key"], "in pairs"),
    (["--host", "WS_1", "--key", "one.pub", "--sign", "root.key"], "--host: "),
    (["x", "--host", "ws-1", "--key", "one.pub", "--sign", "root.key"], "takes no argument"),
])
def test_usage(made, words, fragment):
    refused(run("trust", "add", *words, cwd=made), 2, fragment)


def test_026_a_secret_key_is_no_public_key(made):
    refused(run("trust", "add", "--host", "a", "--key", "one.key", "--sign", "root.key", cwd=made),
            3, "secret key")
