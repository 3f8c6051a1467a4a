# SPDX-License-Identifier: Apache-2.0
# Copyright The handcarry authors
"""trust init with keys that people made on machines of their own."""
import os

import pytest
from ceremony import bring_keys, done, init, key_id, line_of, roles, show, sign, trust
from keytools import refused


@pytest.fixture(name="made")
def made_fixture(tmp_path):
    bring_keys(tmp_path)
    return tmp_path


def test_it_makes_no_key_and_is_not_believed_before_enough_have_signed(made):
    before = {name for name in os.listdir(made) if name.endswith(".key")}
    result = done(init(made))
    assert "given 0 of 3 votes" in result.out and "handcarry trust sign --key" in result.out
    assert {name for name in os.listdir(made) if name.endswith(".key")} == before
    assert sorted(os.listdir(made / "trust")) == [
        "1.root.yaml.new", "anna.pub", "bert.pub", "carl.pub", "ci.pub", "dora.pub", "emil.pub",
        "human.pub"]
    refused(trust(made, "show", "--trust", "trust"), 4, "holds no trust root")
    for names in (["anna"], ["emil"]):
        done(sign(made, *names))
        refused(trust(made, "show", "--trust", "trust"), 4, "holds no trust root")
    done(sign(made, "carl"))
    data = show(made)
    assert data["number"] == 1
    assert {key["name"]: key["id"] for key in data["keys"]}["dora"] == key_id("dora")
    assert roles(made) == {"root": (3, ["anna", "bert", "carl", "dora", "emil"]),
                           "ci": (1, ["ci"]), "human": (1, ["human"]), "pack": (1, ["ci"])}


def test_signed_at_once(made):
    done(init(made, "--sign", "anna.key", "--sign", "bert.key", "--sign", "carl.key"))
    assert show(made)["number"] == 1


def test_more_than_half_sign_where_nothing_is_said(made):
    words = [word for name in ("anna", "bert", "carl", "dora") for word in
             ("--root", f"{name}={name}.pub")]
    result = done(trust(made, "init", *words, "--key", "ci=ci.pub", "--role", "ci:statement=ci",
                        "--role", "pack:packing=ci", "--product", "plant-hmi"))
    assert "given 0 of 3 votes" in result.out
    assert "1 vote of ci; products plant-hmi" in result.out


def test_several_keys_a_role(made):
    done(init(made, "--key", "frida=frida.pub", "--role", "lead:statement:2=human,frida,anna"))
    assert "    threshold: 2\n    keys:\n      - human\n      - frida\n      - anna\n" in (
        made / "trust/1.root.yaml.new").read_text()


def test_it_can_still_be_changed_while_votes_are_lacking(made):
    done(init(made, "--sign", "anna.key"))
    result = done(trust(made, "retire", "emil"))
    assert "the 1 vote given on that" in result.out
    done(sign(made, "anna", "bert", "carl"))
    assert show(made)["number"] == 1 and "emil" not in roles(made)["root"][1]


def test_it_overwrites_nothing(made):
    done(init(made))
    refused(init(made), 1, "waits for votes")
    done(sign(made, "anna", "bert", "carl"))
    refused(init(made), 1, "never overwritten")


def test_a_root_key_that_signs_releases_is_warned_of(made):
    result = done(init(made, "--role", "more:statement=anna"))
    assert "'anna' is a root key and signs releases too" in result.err


@pytest.mark.parametrize("words, fragment", [
    (["--role", "qa:statement:0=ci"], "expected ROLE:SIGNS[:K]"),
    (["--role", "qa:statement:-1=ci"], "expected ROLE:SIGNS[:K]"),
    (["--role", "qa:root=ci"], "expected ROLE:SIGNS[:K]"),
    (["--role", "qa"], "expected ROLE:SIGNS[:K]"),
    (["--role", "QA:statement=ci"], "--role: "),
    (["--role", "ci:statement=human"], "role 'ci' is given twice"),
    (["--key", "x"], "expected NAME=…"),
    (["--key", "ci=ci.pub"], "key 'ci' is given twice"),
    (["--product", "A"], "--product: "),
    (["--root-threshold", "6"], "--root-threshold is '6'; expected a number up to 5"),
    (["--root-threshold", "0"], "expected a number from 1 to 32"),
    (["--root-threshold", "a=2"], "expected a number up to 5"),
])
def test_014_usage(made, words, fragment):
    refused(init(made, *words), 2, fragment)
    assert not (made / "trust").exists()


@pytest.mark.parametrize("words, status, fragment", [
    (["--role", "qa:statement:2=ci"], 4, "role 'qa' asks for 2 votes and would have 1 key"),
    (["--role", "qa:statement=nobody"], 4, "has no key 'nobody'"),
    (["--key", "other=ci.pub"], 4, "already, as 'ci'"),
    (["--key", "other=ci.key"], 3, "secret key"),
])
def test_012_014_what_could_not_work_is_refused(made, words, status, fragment):
    refused(init(made, *words), status, fragment)
    assert not (made / "trust").exists()


def test_roles_that_must_be_there(made):
    roots = ["--root", "anna=anna.pub"]
    refused(trust(made, "init", *roots), 2, "no role signs the statement", "--role ci:statement=ci")
    refused(trust(made, "init", *roots, "--key", "ci=ci.pub", "--role", "ci:statement=ci"), 2,
            "no role signs the packing", "--role pack:packing=ci")
    refused(trust(made, "init", "--key", "ci=ci.pub"), 2, "--root NAME=FILE.pub")
    assert line_of("ci") and not (made / "trust").exists()
