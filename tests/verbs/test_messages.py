# SPDX-License-Identifier: Apache-2.0
# Copyright The handcarry authors
"""Messages: none is forgotten by po/extract, what is shown is translated and what is kept is not,
and a catalogue comes from the program's own folder alone."""
import os
import pathlib
import re
import shutil
import subprocess
import unicodedata

import pytest
import pseudo
from engines.no_engine import host, plain  # noqa: F401 pylint: disable=unused-import
from program import PROGRAM, verbs

TOP = pathlib.Path(__file__).resolve().parents[2]
KOREAN = TOP / "po/ko.po"
LOCALES = ("LANG", "LANGUAGE", "LC_ALL", "LC_MESSAGES")
TRUST_VERBS = ("init", "show", "add", "retire", "revoke", "rotate", "sign", "export", "import")
# Translations that are the same word in Korean, or have none.
SAME = {"", "  handcarry plan %s%s%s\\n", "   %s\\n", "root"}

pytestmark = pytest.mark.skipif(not shutil.which("xgettext"), reason="gettext is not installed")


def speaking(language, **more):
    kept = {name: value for name, value in os.environ.items() if name not in LOCALES}
    return {**kept, **({"LANG": language} if language else {}), **more}


def run(program, *args, language="eo", **more):
    return subprocess.run([program, *map(str, args)], env=speaking(language, **more), text=True,
                          stdin=subprocess.DEVNULL, capture_output=True, check=False)


@pytest.fixture(scope="module")
def template():
    return pseudo.template()


@pytest.fixture(scope="module")
def marked(tmp_path_factory, template):
    """A program that marks each of its own words."""
    return pseudo.install(PROGRAM, tmp_path_factory.mktemp("marked"), pseudo.catalogue(template))


def all_helps():
    return [[verb] for verb in verbs()] + [["trust", verb] for verb in TRUST_VERBS]


def own_words(text):
    """Words of a text that are not marked, but for what stands in quotes and names of things."""
    text = re.sub(r"⟦[^⟧]*⟧", "\0", text)
    text = re.sub(r"'[^'\n]*'", "\0", text)
    text = re.sub(r"\S*[/@=_\d]\S*", "\0", text)
    return re.findall(r"\b[a-z]{2,}(?: [a-z]{2,})*\b", text)


# ---- what is extracted

def sources():
    return [TOP / "main.c", *(path for folder in ("manifest", "keys", "bundle", "install")
                              for path in sorted((TOP / folder).glob("*.c")))]


def test_verbs_print_nothing_that_is_not_translated():
    found = []
    for path in sources():
        text = re.sub(r"/\*.*?\*/", "", path.read_text(), flags=re.S)
        for match in re.finditer(r'(?<![\w.>])(?:v?f?printf|f?puts|g_print(?:err)?) \((?:\w+, )?"([^"]*)', text):
            words = re.sub(r"%[-*.\d]*l*\w|\\[a-z0-9]+(\[\w)?", "", match[1]).replace("handcarry", "")
            if re.search("[A-Za-z]{2}", words):
                found.append(f"{path.name}: {match[1]}")
    assert not found, "use say (), say_error () or verb_print ()"


# Sentences of other programs, of documents and of files, that no catalogue translates.
DATA_FILES = ("report", "html", "cyclonedx", "provenance-write", "lint-commands", "message", "playbook-files", "ansible-program",
              "ansible.c", "receipt.c", "syntax.c", "audit.c", "plan-requires")


def test_a_sentence_that_is_put_together_is_a_message(template):
    ids = {msgid for _, msgid, _ in pseudo.entries(template)}
    found = []
    for path in sources():
        if any(path.name.startswith(name) for name in DATA_FILES):
            continue
        text = re.sub(r"/\*.*?\*/", "", path.read_text(), flags=re.S)
        for match in re.finditer(r'(?<!\w)g_str(?:dup|ing_append)_printf \((?:\w+(?:->\w+)*, )?"((?:\\.|[^"\\])*)"', text):
            if "%" in match[1] and match[1] in ids and " " in re.sub(r"%\S+", "", match[1]).strip():
                found.append(f"{path.name}: {match[1]}")
        found += re.findall(r"g_prefix_error|g_propagate_prefixed_error|g_error_new\w*|g_strdup_vprintf", text) \
            if path.name != "error.c" else []
    assert not found, "use message_printf () or message_append (); fail () and fail_prefix ()"


def test_the_template_has_what_c_hides_from_xgettext(template):
    ids = {msgid for _, msgid, _ in pseudo.entries(template)}
    assert "NOT VERIFIED: no signature was checked; 'handcarry verify' does that.\\n\\n" in ids
    assert "%s %s, release %lu (%s)\\n" in ids            # GLib's format macros
    assert "print one JSON object" in ids                 # a table of options
    assert "Permission denied" in ids                     # what the system says
    assert any("'handcarry history' shows what receipts say" in one and "--floor N" in one for one in ids)
    assert not {"handcarry-statement: 1", "untrusted comment", "docker"} & ids


# ---- what is shown

@pytest.mark.parametrize("args", all_helps(), ids=" ".join)
def test_help_is_translated(marked, args):
    ran = run(marked, *args, "--help")
    assert ran.returncode == 0 and ran.stdout.count("⟦") > 3
    left = [line for line in ran.stdout.splitlines()[1:] if len(" ".join(own_words(line)).split()) > 1]
    options = [line for line in left if not re.match(r" +(-\w, )?--?[a-z-]+", line)]
    assert not [line for line in options if "⟦" not in line and "⟧" not in line and own_words(line)
                and not inside(ran.stdout, line)]


def inside(text, line):
    """Whether a line goes on with what an earlier one began."""
    before = text[:text.index(line)]
    return before.count("⟦") > before.count("⟧")


def test_the_list_of_verbs_is_translated(marked):
    ran = run(marked, "--help")
    rows = [line for line in ran.stdout.splitlines() if re.match("  [a-z]", line)]
    assert len(rows) == len(verbs())
    assert all(re.fullmatch(r"  [a-z]+ +⟦[^⟧]+⟧", row) for row in rows)


ERRORS = [
    ["lint"], ["lint", "--frob"], ["lint", "/none"], ["show", "/etc/passwd"], ["trust"], ["trust", "frob"],
    ["diff", "a"], ["verify"], ["verify", "/none"], ["plan"], ["install"], ["rollback"], ["remove"], ["prune", "--frob=x"],
    ["keygen"], ["sign", "/none"], ["have"], ["log", "--root=/none"], ["extract", "/none"], ["bundle", "/none"],
    ["trust", "show", "--trust=/none"], ["trust", "import", "/none"], ["install", "/etc/passwd", "--json", "-y"],
]


@pytest.mark.parametrize("args", [row for row in ERRORS if row[0] in verbs()], ids=" ".join)
def test_errors_are_translated(marked, args):
    ran = run(marked, *args)
    english = run(PROGRAM, *args, language=None)
    assert ran.returncode == english.returncode != 0
    assert re.sub("[⟦⟧]", "", ran.stderr) == english.stderr
    said = [line for line in ran.stderr.splitlines() if line.strip()]
    assert said and not [words for line in said for words in own_words(line.partition("handcarry: ")[2] or line)
                         if " " in words]


def test_a_connected_side_tour_is_translated(marked, tmp_path):
    (tmp_path / "configs").mkdir()
    (tmp_path / "configs/app.conf").write_text("x\n")
    (tmp_path / "release.yaml").write_text(
        "handcarry: 1\nproduct: p\nversion: '1'\nrelease: 1\nplatforms: [linux/amd64]\n"
        "values: [{name: port, description: door}, {name: password, secret: true}]\n"
        "configs:\n  - {from: configs/app.conf, to: /etc/app.conf, mode: '0777'}\n")
    commands = [["trust", "init", "--no-password", "--trust", "trust", "--keys", "keys"],
                ["trust", "show", "--trust", "trust"], ["lint", "release.yaml"],
                ["bundle", "release.yaml", "-o", "b.tar.zst", "--trust", "trust"],
                ["sign", "b.tar.zst", "--key", "keys/release.key"], ["show", "b.tar.zst"],
                ["verify", "b.tar.zst", "--trust", "trust"], ["diff", "b.tar.zst", "b.tar.zst"]]
    for command in commands:
        ran = subprocess.run([marked, *command], cwd=tmp_path, env=speaking("eo"), text=True, check=False,
                             stdin=subprocess.DEVNULL, capture_output=True)
        assert ran.returncode == 0, ran.stderr
        words = [two for two in own_words(ran.stdout + ran.stderr) if " " in two]
        assert not words, (command, ran.stdout + ran.stderr)
        assert command[0] != "show" or all(word in ran.stdout for word in ("⟦required⟧", "⟦required, secret⟧"))
        json = subprocess.run([marked, *command, "--json"], cwd=tmp_path, env=speaking("eo"), text=True,
                              stdin=subprocess.DEVNULL, capture_output=True, check=False)
        assert "⟦" not in json.stdout, "what programs read is English"
    # What a confined child finds wrong, this process shows.
    bundle = tmp_path / "b.tar.zst"
    damaged = bytearray(bundle.read_bytes())
    damaged[10] ^= 1
    bundle.write_bytes(damaged)
    ran = run(marked, "verify", bundle, "--trust", tmp_path / "trust")
    assert ran.returncode == 3 and "⟦is damaged: its SHA-256 is not the signed one" in ran.stderr
    assert not [two for two in own_words(ran.stderr) if " " in two], ran.stderr


# ---- what is kept

def kept(folder):
    return {str(path.relative_to(folder)): path.read_bytes() for path in sorted(folder.rglob("*"))
            if path.is_file() and not path.is_symlink()}


def installs(host, plain, program, language):
    """An install, one that fails and goes back, and one that is refused."""
    bundle = host.bundle(plain)
    arguments = host.arguments("install", bundle, "-y")
    ran = [run(program, *arguments, language=language)]
    plain.fields.update(release=2, version="2.0.0",
                        health=[{"command": ["/bin/false"], "within": "1s"}])
    plain.write()
    ran.append(run(program, *host.arguments("install", host.bundle(plain), "-y"), language=language))
    plain.fields.update(release=3, version="3.0.0", requires={"docker": "99.0"})
    plain.write()
    ran.append(run(program, *host.arguments("install", host.bundle(plain), "-y"), language=language))
    return ran


@pytest.mark.skipif(os.geteuid() != 0, reason="places files as root")
def test_records_stay_english(host, plain, marked):
    ran = installs(host, plain, marked, "eo")
    assert [one.returncode for one in ran] == [0, 8, 11], [one.stderr for one in ran]
    assert all("⟦" in one.stdout + one.stderr for one in ran)
    files = kept(host.root)
    assert any("audit.log" in name for name in files) and any("receipts/" in name for name in files)
    assert not [name for name, text in files.items() if "⟦".encode() in text]
    history = run(marked, "history", "--root", host.root, "--json")
    assert history.returncode == 0 and "⟦" not in history.stdout
    back = [text for name, text in files.items() if name.endswith("000002.json")][0].decode()
    assert "went" in back or "back at release 1" in back
    shown = re.sub("[⟦⟧]", "", ran[1].stderr)
    assert "back at release 1" in shown and "⟦back at release⟧ 1" in ran[1].stderr


@pytest.mark.skipif(os.geteuid() != 0, reason="places files as root")
def test_the_records_of_leaving_a_release_stay_english_and_its_plan_is_translated(host, plain, marked):
    for number in (1, 2):
        plain.fields.update(release=number, version=f"{number}.0.0")
        plain.write()
        host.install(host.bundle(plain))
    host.values("handcarry-test", "http_port: '2'\n")
    words = {"rollback": ["⟦: back from⟧", "⟦tree⟧"],
             "remove": ["⟦: taken away⟧", "⟦note⟧", "⟦the values of this host in '⟧"]}
    for verb, said in words.items():
        before = set(kept(host.root))
        ran = run(marked, *host.arguments(verb, "handcarry-test", "-y"))
        assert ran.returncode == 0, ran.stderr
        assert all(word in ran.stdout for word in said), ran.stdout
        assert not [two for two in own_words(ran.stdout) if " " in two], ran.stdout
        files = kept(host.root)
        assert not [name for name, text in files.items() if "⟦".encode() in text]
        (log,) = [name for name in set(files) - before if name.endswith(".log")]
        assert re.sub("[⟦⟧]", "", ran.stdout.splitlines()[0]).encode() in files[log]
    values = host.etc / "values/handcarry-test.yaml"
    assert values.read_text() == "http_port: '2'\n" and str(values) in ran.stdout


# ---- where a catalogue comes from

def test_without_a_catalogue_and_in_the_c_locale_all_is_english(marked):
    for language in (None, "C", "POSIX", "C.UTF-8"):
        assert "⟦" not in run(marked, "--help", language=language, LANGUAGE="eo").stdout
    for language in ("fr_FR.UTF-8", "en_US.UTF-8"):
        assert "⟦" not in run(marked, "--help", language=language).stdout
    assert "⟦" in run(marked, "--help", language="fr_FR.UTF-8", LANGUAGE="de:eo").stdout
    assert "⟦" in run(marked, "--help", language="C", LC_ALL="eo").stdout
    assert "⟦" not in run(marked, "--help", LC_MESSAGES="C").stdout


def test_no_variable_and_no_folder_leads_to_a_foreign_catalogue(marked, tmp_path):
    """trust.md: a format string from elsewhere would be the attacker's word in a root program."""
    evil = tmp_path / "share/locale/xx/LC_MESSAGES"
    shutil.copytree(marked.parents[1] / "share/locale/eo/LC_MESSAGES", evil)
    more = {name: str(tmp_path / "share/locale") for name in ("TEXTDOMAINDIR", "LOCPATH", "NLSPATH")}
    more["ASAN_OPTIONS"] = "detect_leaks=0"  # of glibc's, once a process, where LOCPATH is set
    for language in ("xx", f"../../../../..{tmp_path}/share/locale/xx", f"{tmp_path}/share/locale/xx"):
        for variable in LOCALES:
            ran = subprocess.run([marked, "--help"], cwd=tmp_path, capture_output=True, text=True, check=False,
                                 env={**speaking("xx"), variable: language, **more})
            assert "⟦" not in ran.stdout and ran.returncode == 0


def test_a_catalogue_that_others_may_write_or_that_is_damaged_is_not_read(tmp_path, template):
    program = pseudo.install(PROGRAM, tmp_path, pseudo.catalogue(template))
    file = tmp_path / "share/locale/eo/LC_MESSAGES/handcarry.mo"
    assert "⟦" in run(program, "--help").stdout
    for mode in (0o664, 0o646, 0o666):
        file.chmod(mode)
        assert "⟦" not in run(program, "--help").stdout
    file.chmod(0o644)
    if os.geteuid() == 0:
        os.chown(file, 65534, 0)
        assert "⟦" not in run(program, "--help").stdout
        os.chown(file, 0, 65534)  # whose members may only read it
        assert "⟦" in run(program, "--help").stdout
    file.write_bytes(file.read_bytes()[:-40])
    ran = run(program, "--help")
    assert ran.returncode == 0 and "⟦" not in ran.stdout


# ---- Korean

@pytest.fixture(scope="module")
def korean(tmp_path_factory):
    if not KOREAN.exists():
        pytest.skip("no po/ko.po")
    return pseudo.install(PROGRAM, tmp_path_factory.mktemp("korean"), KOREAN.read_text(), "ko")


def test_the_korean_catalogue_is_complete(template):
    if not KOREAN.exists():
        pytest.skip("no po/ko.po")
    subprocess.run(["msgfmt", "--check", "-o", os.devnull, KOREAN], check=True)
    wanted = {msgid for _, msgid, _ in pseudo.entries(template)}
    text = KOREAN.read_text()
    rows = {msgid: (flags, msgstr) for flags, msgid, msgstr in pseudo.entries(text)}
    assert not re.search(r"^#~", text, re.M), "obsolete messages"
    assert not sorted(wanted - set(rows)), "messages without an entry"
    assert not sorted(set(rows) - wanted), "entries of messages that are gone"
    assert not [msgid for msgid, (flags, msgstr) in rows.items() if "fuzzy" in flags or not msgstr]
    specs = re.compile(r"%(?:\d+\$)?[-0-9.*+ #]*(l*[a-zA-Z%])")  # "%.0s": no plural here
    for msgid, (_, msgstr) in rows.items():
        if msgid:
            assert sorted(specs.findall(msgid)) == sorted(specs.findall(msgstr)), msgid
    same = [msgid for msgid, (_, msgstr) in rows.items() if msgid == msgstr and msgid not in SAME]
    assert not [msgid for msgid in same if re.search("[a-z]{3,} [a-z]{3,}", msgid)], "left in English"


def columns(line):
    return sum(2 if unicodedata.east_asian_width(one) in "WF" else 1 for one in line
               if not unicodedata.combining(one))


@pytest.mark.parametrize("args", [[], *all_helps()], ids=" ".join)
def test_korean_help_fits_80_columns(korean, args):
    ran = run(korean, *args, "--help", language="ko_KR.UTF-8")
    assert ran.returncode == 0 and re.search("[가-힣]{2}", ran.stdout)
    assert not [line for line in ran.stdout.splitlines() if columns(line) > 80]


def test_the_korean_catalogue_is_that_of_the_build_folder(korean):
    if not (pathlib.Path(PROGRAM).parent / "po/ko/LC_MESSAGES/handcarry.mo").exists():
        pytest.skip("the catalogue is not built")
    assert run(PROGRAM, "--help", language="ko_KR.UTF-8").stdout == \
        run(korean, "--help", language="ko_KR.UTF-8").stdout
