# SPDX-License-Identifier: Apache-2.0
# Copyright The handcarry authors
"""Runs handcarry over the attack corpus: exit status, message, and not a byte changed by a refusal."""
import pytest

from attacks.catalogue import ATTACKS
from attacks.make import make
from attacks.run import COMMANDS, Runner, main, quiet_engine

NAMES = [attack.name for attack in ATTACKS]


@pytest.fixture(scope="module")
def corpus(tmp_path_factory):
    """(Runner, {name: row})"""
    folder = tmp_path_factory.mktemp("corpus")
    rows = make(folder / "files")
    with quiet_engine(folder) as engine:
        work = folder / "work"
        work.mkdir()
        yield Runner(folder / "files", COMMANDS, work, engine), {row["name"]: row for row in rows}


def test_names_are_different():
    assert len(set(NAMES)) == len(NAMES)


def test_each_attack_says_what_is_expected(corpus):
    for row in corpus[1].values():
        assert row["expect"] in ("refuse", "accept", "warn"), row
        assert row["handcarry"]["message"] or row["expect"] == "accept", "%s: no message" % row["name"]
        assert (row["handcarry"]["status"] == 0) == (row["expect"] != "refuse"), row


@pytest.mark.parametrize("name", NAMES)
def test_attack(corpus, name):
    runner, rows = corpus
    result = runner.run(rows[name])
    assert not result.problems, "%s\n%s" % ("; ".join(result.problems), result.said)


def test_the_same_corpus_each_time(corpus, tmp_path):
    """Whoever makes it finds what others talk about."""
    chosen = NAMES[::25]
    again = make(tmp_path / "again", lambda attack: attack.name in chosen)
    for row in again:
        old = corpus[0].corpus / row["file"]
        if old.is_file():
            assert old.read_bytes() == (tmp_path / "again" / row["file"]).read_bytes(), row["name"]


def test_another_installer_is_run_by_its_command_lines(tmp_path, capsys):
    """The program itself, as somebody else's would be called."""
    chosen = [name for name in NAMES if name in NAMES[::40] or name.startswith(("029", "031", "033"))]
    make(tmp_path / "files", lambda attack: attack.name in chosen)
    assert main(["--corpus", str(tmp_path / "files"), "--command", COMMANDS["verify"]]) == 0
    said = capsys.readouterr().out.splitlines()
    assert len(said) == len(chosen)
    assert {line.split(maxsplit=2)[2] for line in said} == {"as expected", "not run"}
    assert main(["--corpus", str(tmp_path / "files"), "--command", "true"]) == 1
    assert "was accepted" in capsys.readouterr().out


def test_a_runner_that_takes_everything_fails(corpus, tmp_path):
    """The runner itself must see it when an installer refuses nothing, or everything."""
    runner, rows = corpus
    for program, expected in (("true", "refuse"), ("false", "accept")):
        lax = Runner(runner.corpus, {"verify": program}, tmp_path)
        some = {name: rows[name] for name in NAMES[::8]}
        results = {name: lax.run(row) for name, row in some.items()}
        for name, row in some.items():
            if row["command"] != "verify":
                assert results[name] is None
            else:
                assert bool(results[name].problems) == ((row["expect"] == "refuse") == (
                    expected == "refuse")), name
