# SPDX-License-Identifier: Apache-2.0
# Copyright The handcarry authors
"""What bash and zsh complete, each asked itself, and compared with what --help says."""
import os
import pathlib
import re
import shutil
import subprocess

import pytest
from keytools import type_into
from program import PROGRAM, handcarry, verbs

FOLDER = pathlib.Path(PROGRAM).resolve().parent / "manifest/completion"
pytestmark = pytest.mark.skipif(not (FOLDER / "handcarry").exists(),
                                reason="completions are not built: cross build")
# Each line of stdin: words, separated by "|"; the last is being typed.
DRIVER = r'''
. "$1"
[[ $(complete -p handcarry) == *"-F _handcarry "* ]] || exit 9
while IFS= read -r line; do
    IFS='|' read -ra COMP_WORDS <<<"$line|x"
    unset "COMP_WORDS[-1]"
    COMP_WORDS[0]=$2 COMP_CWORD=$((${#COMP_WORDS[@]} - 1))
    COMPREPLY=()
    _handcarry
    (IFS='|'; printf '%s\n' "${COMPREPLY[*]}")
done
'''


def bash(lines, cwd="/", program=PROGRAM, path=None):
    """What bash offers for each line, sorted."""
    done = subprocess.run(["bash", "--norc", "-c", DRIVER, "bash", FOLDER / "handcarry", program],
                          input="".join("handcarry|" + line + "\n" for line in lines), text=True,
                          capture_output=True, cwd=cwd, timeout=60, check=False,
                          env={**os.environ, "PATH": path or os.environ["PATH"]})
    assert done.returncode == 0 and done.stderr == "", done.stderr
    return [sorted(filter(None, line.split("|"))) for line in done.stdout.splitlines()]


def nodes():
    """Each verb, or verb and sub-verb, with the long options of its --help."""
    found = {}
    for verb in verbs():
        text = handcarry(verb, "--help").stdout
        if "SUB-VERB" not in text:
            found[(verb,)] = text
            continue
        for sub in re.findall(r"(?m)^  ([a-z]+) ", text):
            found[(verb, sub)] = handcarry(verb, sub, "--help").stdout
    return {words: sorted(re.findall(r"(?m)^  (?:-\w, )?(--[a-z-]+)", text)) for words, text in found.items()}


NODES = nodes()


def test_bash_completes_each_verb_and_each_option_that_help_shows():
    assert len(NODES) > 15 and all("--help" in options for options in NODES.values())
    groups = sorted({words[0] for words in NODES if len(words) == 2})
    offered = bash(["", *(f"{group}|" for group in groups), *("|".join(words) + "|--" for words in NODES)])
    assert offered[0] == sorted(verbs())
    for group, words in zip(groups, offered[1:]):
        assert words == sorted(["--help", *(node[1] for node in NODES if node[0] == group and len(node) == 2)])
    for words, options in zip(NODES, offered[1 + len(groups):]):
        assert options == NODES[words], words


@pytest.fixture(name="stick", scope="module")
def stick_fixture(tmp_path_factory):
    folder = tmp_path_factory.mktemp("completion")
    for name in ("a.tar.zst", "a.tar.zst.sha256", "b.tar.zst.001", "b.tar.zst.002", "of.have", "ci.key",
                 "notes.txt", "release.yaml", "my bundle.tar.zst"):
        (folder / name).write_text("")
    (folder / "stick").mkdir()
    for product in ("plant-hmi", "plant-db"):
        (folder / "root/var/lib/handcarry" / product).mkdir(parents=True)
        (folder / "root/var/lib/handcarry" / product / "state.yaml").write_text("")
    (folder / "root/var/lib/handcarry/ostree").mkdir()
    return folder


BUNDLES = ["a.tar.zst", "b.tar.zst.001", "my bundle.tar.zst"]
FOLDERS = ["root", "stick"]


def test_bash_completes_files_and_products_that_fit(stick):
    rows = {
        "pl": ["plan"], "plan|": sorted(BUNDLES + FOLDERS), "install|-y|a": ["a.tar.zst"],
        "install|my\\ b": ["my bundle.tar.zst"], "install|\"my": ["my bundle.tar.zst"],
        "plan|--trust|": FOLDERS, "plan|--trust|=": FOLDERS, "plan|--trust|=|st": ["stick"],
        "plan|--ro": ["--root"], "diff|a.tar.zst|o": ["of.have"], "status|": [], "keygen|": [],
        "rollback|--root|root|": ["plant-db", "plant-hmi"], "rollback|--root|=|root|plant-h": ["plant-hmi"],
        "values|edit|--root|root|plant-d": ["plant-db"], "values|edit|--root|root|plant-db|": sorted(BUNDLES + FOLDERS),
        "values|s": ["set", "show"], "nonsense|": [], "install|--by|": [],
    }
    if "bundle" in verbs():
        rows.update({"bundle|re": ["release.yaml"], "bundle|release.yaml|--for|": sorted(["of.have"] + FOLDERS),
                     "sign|a.tar.zst|--key|": sorted(["ci.key"] + FOLDERS)})
    for line, words in zip(rows, bash(rows, cwd=stick)):
        assert words == sorted(rows[line]), line


def fake(folder):
    """A program of few verbs that leaves a trace when it is started."""
    folder.mkdir(parents=True)
    program = folder / "handcarry"
    program.write_text(f"#!/bin/sh\ntouch {folder}/started\necho '  pear  a verb'\n")
    program.chmod(0o755)
    return program


@pytest.mark.parametrize("line, path, starts", [
    ("handcarry", "{}:", True), ("./handcarry", "{}:", False), ("{}/handcarry", "{}:", False),
    ("handcarry", ".:", False)])  # the last one: of the current folder
def test_a_program_that_is_named_by_its_path_is_not_started_by_tab(tmp_path, line, path, starts):
    program = fake(tmp_path / "stick")
    words = bash([""], cwd=program.parent, program=line.format(program.parent),
                 path=path.format(program.parent) + "/usr/bin:/bin")[0]
    assert (program.parent / "started").exists() == starts
    assert words == (["pear"] if starts else sorted(verbs()))


def test_a_folder_below_root_is_offered_only_as_a_products_name(tmp_path):
    for name in ("$(touch started)", "`touch started`", "a b", "a;b", "plant-hmi", "p_2.x"):
        (tmp_path / "root/var/lib/handcarry" / name).mkdir(parents=True)
        (tmp_path / "root/var/lib/handcarry" / name / "state.yaml").write_text("")
    assert bash(["rollback|--root|root|"], cwd=tmp_path) == [["p_2.x", "plant-hmi"]]
    assert not (tmp_path / "started").exists()


@pytest.mark.skipif(shutil.which("zsh") is None, reason="program zsh is missing")
def test_zsh_completes_the_same(stick):
    """Typed into an interactive zsh, which writes down what the line is after each Tab."""
    begin = ["fpath=(%s $fpath)" % FOLDER, "autoload -Uz compinit", "compinit -u -D",
             "zstyle ':completion:*' menu no", "unsetopt beep", "setopt no_auto_menu",
             "tell() { print -r -- $BUFFER >>%s/told; zle kill-buffer }" % stick, "zle -N tell",
             "bindkey '^G' tell", "cd %s" % stick, "PS1='ready> '", "print begin-$((40 + 2))"]
    typed = {"handcarry roll": "handcarry rollback ", "handcarry trust imp": "handcarry trust import ",
             "handcarry plan --sig": "handcarry plan --sign-off ", "handcarry plan a.": "handcarry plan a.tar.zst ",
             "handcarry install --root st": "handcarry install --root stick/",
             "handcarry install --root=st": "handcarry install --root=stick/",
             "handcarry rollback --root root plant-h": "handcarry rollback --root root plant-hmi ",
             "handcarry values set --from": "handcarry values set --from-file=",
             "handcarry have --out": "handcarry have --output="}
    for words, options in NODES.items():
        option = max(options, key=len)
        if sum(other.startswith(option) for other in options) == 1:
            typed[" ".join(("handcarry", *words, option[:-1]))] = " ".join(("handcarry", *words, option))
    keys = "".join(line + "\t\x07" for line in typed)
    prompt = "% " if os.geteuid() else "# "
    status, shown = type_into(["zsh", "-f", "-i"],
                              [(prompt, "\n".join(begin) + "\n"), ("begin-42", keys + "exit\n")], stick,
                              {**os.environ, "PATH": os.path.dirname(PROGRAM) + ":" + os.environ["PATH"],
                               "TERM": "dumb"})
    assert status == 0, shown
    told = (stick / "told").read_text().splitlines()
    assert len(told) == len(typed), shown
    for line, (before, after) in zip(told, typed.items()):
        assert line.rstrip(" =") == after.rstrip(" ="), before
