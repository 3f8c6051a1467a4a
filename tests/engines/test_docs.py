# SPDX-License-Identifier: Apache-2.0
# Copyright The handcarry authors
"""The pages for the person at the console: what they let one type is typed, on one host, in the
order in which a host lives, and all that is printed then is what they show."""
import os
import re
import shutil
import unicodedata
from pathlib import Path

import pytest

from console import assert_all_shown, typed
from engines.plant import Plant
from engines.roots import Missing
from program import PROGRAM, TOP, verbs

DOCS = TOP / "docs"
# Each leaves the host as the next one finds it, and brings it there by itself where it is run alone.
PAGES = ("first-hour", "monthly-upgrade", "damaged-stick", "failed-playbook", "restored-from-backup",
         "key-rotation", "auditors-visit")
EXIT_STATUS = ("exit-status",)
BOTH = pytest.mark.parametrize("language", ("en", "ko"))


def page(language, name):
    return (DOCS / language / f"{name}.md").read_text(encoding="utf-8")


def plant_on(pool, language):
    try:
        engine = pool.get("docker20")
    except Missing as reason:
        pytest.skip("engine docker20: %s" % reason)
    engine.remove_all()
    made = Plant(engine, language)
    yield made
    made.close()


def follow(plant, language, name):
    """Types all lines of a page; each prints what the page shows, and ends as it shows."""
    plant.begin(name)
    for machine, line, shown in typed(page(language, name)):
        assert plant.status == 0 or line == "echo $?", f"exit status {plant.status} is not shown"
        assert_all_shown(shown, plant.type(machine, line, shown))


@pytest.fixture(name="plant", scope="module")
def plant_fixture(engine_pool):
    yield from plant_on(engine_pool, "en")


@pytest.mark.parametrize("name", PAGES)
def test_page_shows_what_is_printed(plant, name):
    follow(plant, "en", name)


@pytest.fixture(name="korean_plant", scope="module")
def korean_plant_fixture(engine_pool):
    yield from plant_on(engine_pool, "ko")


@pytest.mark.skipif("HANDCARRY_KOREAN" not in os.environ, reason="tests/run.sh --korean runs it")
@pytest.mark.parametrize("name", PAGES)
def test_korean_page_shows_what_is_printed_in_korean(korean_plant, name):
    follow(korean_plant, "ko", name)


@pytest.mark.parametrize("name", PAGES)
def test_pages_in_both_languages_type_the_same(name):
    lines = [[(machine, line) for machine, line, _ in typed(page(language, name))]
             for language in ("en", "ko")]
    assert lines[0] == lines[1]


@pytest.mark.parametrize("path", sorted(DOCS.glob("*/*.md")),
                         ids=lambda path: f"{path.parent.name}-{path.stem}")
def test_pages_fit_a_console(path):
    """80 columns, of which man pages and code take some; Hangul takes two each."""
    code = False
    for line in path.read_text(encoding="utf-8").splitlines():
        code = code != line.startswith("```")
        columns = sum(1 + (unicodedata.east_asian_width(char) in "FW") for char in line)
        assert columns <= (73 if code else 76) or line.startswith("|"), line


@BOTH
@pytest.mark.parametrize("name", PAGES + EXIT_STATUS)
def test_pages_are_text_and_man_pages(language, name):
    made = Path(PROGRAM).resolve().parent / "docs" / language
    shown = (made / f"{name}.txt").read_text(encoding="utf-8")
    assert not re.search(r"^```|^#|`", shown, re.MULTILINE)
    lines = re.findall(r"^[a-z]*\$ (.*)$", page(language, name), re.MULTILINE)
    assert all(f"$ {line}\n" in shown for line in lines)
    if not shutil.which("cmark"):
        pytest.skip("cmark is not installed")
    manual = (made / f"handcarry-{name}.7").read_text(encoding="utf-8")
    assert manual.startswith(f".TH HANDCARRY-{name.upper()} 7 \"\" ")
    assert all(line.replace("-", r"\-").rstrip("\\") in manual for line in lines)


def statuses():
    """Those that the program may end with."""
    return [0] + list(map(int, re.findall(r"^    ERR_\w+ = (\d+),", (TOP / "manifest/error.h").read_text(), re.MULTILINE)))


@BOTH
def test_each_exit_status_is_explained(language):
    found = re.findall(r"^## (\d+): ", page(language, "exit-status"), re.MULTILINE)
    assert list(map(int, found)) == statuses()


@BOTH
def test_pages_name_pages_and_verbs_that_are_there(language):
    for path in (DOCS / language).glob("*.md"):
        text = path.read_text(encoding="utf-8")
        for name in re.findall(r"handcarry-([a-z-]+)\(7\)", text):
            assert (DOCS / language / f"{name}.md").exists(), (path, name)
        for verb in re.findall(r"`handcarry ([a-z]+)", text):
            assert verb in verbs(), (path, verb)
