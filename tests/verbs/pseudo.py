# SPDX-License-Identifier: Apache-2.0
# Copyright The handcarry authors
"""A language in which every message of the program stands between ⟦ and ⟧, and a program that
speaks it: what is shown outside of these is not translated."""
import os
import pathlib
import re
import shutil
import subprocess

TOP = pathlib.Path(__file__).resolve().parents[2]
STRING = re.compile(r'"((?:\\.|[^"\\])*)"')


def template():
    return subprocess.run([TOP / "po/extract", TOP], check=True, capture_output=True, text=True).stdout


def entries(text):
    """(flags, msgid, msgstr) of each message of a catalogue's source, with escapes as they stand."""
    for entry in text.split("\n\n"):
        if not (match := re.search(r'^msgid ((?:".*"\n)+)msgstr ((?:".*"\n?)+)', entry, re.M)):
            continue
        flags = " ".join(re.findall(r"^#, (.*)$", entry, re.M))
        yield flags, *("".join(STRING.findall(part)) for part in match.groups())


def wrap(msgid):
    """The program's own words of it marked; what is put in, and white space around, are not."""
    parts = re.split(r"(%%|%[-0-9.*+ #]*l*[a-zA-Z]|\\n)", msgid)
    own = lambda part: re.sub(r"^( *)(.*?)( *)$", r"\1⟦\2⟧\3", part) if part.strip() else part
    return "".join(part if i % 2 else own(part) for i, part in enumerate(parts))


def catalogue(text):
    head = 'msgid ""\nmsgstr "Content-Type: text/plain; charset=UTF-8\\nLanguage: eo\\n"\n'
    return "\n".join([head, *(f'#, {flags or "x"}\nmsgid "{msgid}"\nmsgstr "{wrap(msgid)}"\n'
                              for flags, msgid, _ in entries(text) if msgid)])


def install(program, folder, text, language="eo"):
    """A copy of the program in folder/bin, with a catalogue made of text beside it."""
    target = pathlib.Path(folder, "share/locale", language, "LC_MESSAGES")
    target.mkdir(parents=True, exist_ok=True)
    source = pathlib.Path(folder, f"{language}.po")
    source.write_text(text)
    subprocess.run(["msgfmt", "-o", target / "handcarry.mo", source], check=True)
    copy = pathlib.Path(folder, "bin/handcarry")
    copy.parent.mkdir(exist_ok=True)
    if not copy.exists():
        try:
            os.link(program, copy)
        except OSError:
            shutil.copy2(program, copy)
    return copy
