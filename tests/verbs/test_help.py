# SPDX-License-Identifier: Apache-2.0
# Copyright The handcarry authors
"""Every verb explains itself the same way."""
import re
from pathlib import Path

import pytest

from program import CONNECTED, PROGRAM, TOP, handcarry, verbs

VERBS = verbs()


def check_help(run):
    assert run.returncode == 0
    assert run.stderr == ""
    assert run.stdout.startswith("Usage: handcarry")
    assert max(map(len, run.stdout.splitlines())) <= 80
    assert run.stdout.endswith("\n")


def test_the_list_has_verbs():
    connected = {verb for verb in CONNECTED if isinstance(verb, str)}
    assert {"have", "install", "plan", "show", "status", "trust", "verify"} <= set(VERBS)
    assert connected & set(VERBS) in (connected, set())
    assert len(set(VERBS)) == len(VERBS)


def test_the_program_helps():
    check_help(handcarry("--help"))


def test_the_version_is_one_line():
    run = handcarry("--version")
    assert run.returncode == 0
    assert run.stdout.startswith("handcarry ") and run.stdout.count("\n") == 1


@pytest.mark.parametrize("verb", VERBS)
def test_the_verb_helps(verb):
    run = handcarry(verb, "--help")
    check_help(run)
    assert run.stdout.startswith(f"Usage: handcarry {verb}")
    assert "--quiet" in run.stdout or "SUB-VERB --help" in run.stdout


@pytest.mark.parametrize("verb", VERBS)
def test_the_verb_has_a_man_page(verb):
    built = Path(PROGRAM).resolve().parent
    if not list(built.glob("handcarry-*.1")):
        pytest.skip("man pages are not built: help2man is not installed")
    page = (built / f"handcarry-{verb}.1").read_text()
    assert f'.TH HANDCARRY-{verb.upper()} "1" "" ' in page
    assert re.search(rf"^handcarry-{verb} \\- \S", page, re.MULTILINE)
    assert "EXIT STATUS" in page
    assert "quiet" in page or "SUB\\-VERB" in page


def test_the_program_has_a_man_page():
    page = Path(PROGRAM).resolve().parent / "handcarry.1"
    if not page.exists():
        pytest.skip("man pages are not built: help2man is not installed")
    text = page.read_text()
    assert text.split("\n")[1].startswith('.TH HANDCARRY "1" "" ')
    also = text[text.index('.SH "SEE ALSO"'):].replace("\\-", "-")
    pages = {path.stem for path in (TOP / "docs/en").glob("*.md")}
    assert set(re.findall(r"handcarry-([a-z-]+)\\fR\(([17])\)", also)) == {
        *((verb, "1") for verb in VERBS), *((name, "7") for name in pages)}
    codes = re.findall(r"^\.TP\n(\d+)\n", text[text.index("EXIT STATUS"):], re.MULTILINE)
    assert codes == ["0", *re.findall(r"^    ERR_\w+ = (\d+),", (TOP / "manifest/error.h").read_text(),
                                      re.MULTILINE)]


@pytest.mark.parametrize("verb", VERBS)
def test_an_unknown_option_is_a_usage_error(verb):
    run = handcarry(verb, "--no-such-option")
    assert f"'handcarry {verb} --help' shows the options" in run.stderr
    assert run.returncode == 2
    assert run.stdout == ""
    assert "no-such-option" in run.stderr


def test_an_unknown_verb_is_a_usage_error():
    run = handcarry("frobnicate\x1b[31m")
    assert run.returncode == 2
    assert run.stdout == ""
    assert "not a verb" in run.stderr and "\x1b" not in run.stderr


def test_no_verb_is_a_usage_error():
    run = handcarry()
    assert run.returncode == 2
    assert run.stdout == "" and "Usage" in run.stderr
