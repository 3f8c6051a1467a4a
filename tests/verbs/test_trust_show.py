# SPDX-License-Identifier: Apache-2.0
# Copyright The handcarry authors
"""trust show: who holds what since when, the chain, and what waits for votes."""
import hashlib

import pytest
from ceremony import bring_keys, done, init, key_id, show, sign, trust
from keytools import refused


@pytest.fixture(name="made")
def made_fixture(tmp_path):
    """Root 2, in which ci's key was replaced, and a proposed root 3 with one vote."""
    bring_keys(tmp_path)
    done(init(tmp_path, "--sign", "anna.key", "--sign", "bert.key", roots=("anna", "bert", "carl"),
              threshold=2))
    done(trust(tmp_path, "rotate", "ci", "--key", "ci-2.pub", "--revoke", "--reason", "stolen",
               "--sign", "anna.key", "--sign", "carl.key"))
    done(trust(tmp_path, "retire", "carl", "--sign", "bert.key"))
    return tmp_path


def shown(made, *more):
    return done(trust(made, "show", "--trust", "trust", *more)).out


def test_who_holds_what_since_when(made):
    out = shown(made)
    lines = [line.split() for line in out.splitlines()]
    assert ["anna", key_id("anna"), "1", "root"] in lines
    assert ["ci", key_id("ci-2"), "2", "ci,", "pack"] in lines
    assert ["ci", key_id("ci"), "2", "REVOKED:", "stolen"] in lines


def test_what_is_proposed_and_who_has_signed(made):
    out = shown(made)
    assert "Trust root 3 is proposed, nobody believes it yet" in out
    assert f"retired  carl ({key_id('carl')})" in out
    assert "root keys that are believed: 1 of 2 votes" in out
    assert f"signed     bert ({key_id('bert')})" in out
    assert out.count(f"may still  anna ({key_id('anna')})") == 2
    assert out.count(f"may still  carl ({key_id('carl')})") == 1
    assert "next: handcarry trust sign --key ROOT.key --trust trust" in out


def test_the_chain(made):
    plain, out = shown(made), shown(made, "--chain")
    assert "signed by" not in plain
    assert f"signed by anna ({key_id('anna')}), carl ({key_id('carl')})" in out or \
        f"signed by carl ({key_id('carl')}), anna ({key_id('anna')})" in out
    for number in (1, 2):
        value = hashlib.sha256((made / f"trust/{number}.root.yaml").read_bytes()).hexdigest()
        assert " ".join(value[i:i + 4] for i in range(0, 32, 4)) in out


def test_the_json(made):
    data = show(made)
    assert data["number"] == 2 and [root["number"] for root in data["chain"]] == [1, 2]
    assert data["chain"][1]["fingerprint"] == data["fingerprint"]
    assert sorted(data["chain"][0]["signed"]) == sorted(
        f"{name} ({key_id(name)})" for name in ("anna", "bert"))
    assert [(entry["name"], entry["id"], entry["since"], entry["reason"])
            for entry in data["revoked"]] == [("ci", key_id("ci"), 2, "stolen")]
    keys = {key["name"]: key for key in data["keys"]}
    assert keys["ci"]["roles"] == ["ci", "pack"] and keys["ci"]["since"] == 2
    assert not keys["ci"]["revoked"]
    proposed = data["proposed"]
    assert proposed["number"] == 3 and not proposed["complete"]
    assert proposed["own"]["threshold"] == 2
    assert proposed["own"]["voted"] == [f"bert ({key_id('bert')})"]
    assert proposed["before"]["missing"] == [f"{n} ({key_id(n)})" for n in ("anna", "carl")]


def test_retired_keys_are_shown_as_such(made):
    done(sign(made, "anna"))
    assert ["carl", key_id("carl"), "1", "none:", "retired"] in [
        line.split() for line in shown(made).splitlines()]
    assert "proposed" not in show(made) and "is proposed" not in shown(made)


def test_a_bad_proposal_is_a_warning(made):
    (made / "trust/3.root.yaml.new").write_text("handcarry-root: 1\n[[[[")
    result = done(trust(made, "show", "--trust", "trust"))
    assert "3.root.yaml.new" in result.err and "warning" in result.err


def test_a_first_root_that_waits(tmp_path):
    bring_keys(tmp_path)
    done(init(tmp_path, "--sign", "anna.key"))
    result = trust(tmp_path, "show", "--trust", "trust")
    refused(result, 4, "holds no trust root")
    assert "Trust root 1 is proposed" in result.out and "its own root keys: 1 of 3" in result.out
