# SPDX-License-Identifier: Apache-2.0
# Copyright The handcarry authors
"""What pages show of a console: the lines that are typed, and what is printed below each."""
import re


def typed(text):
    """(machine, command, lines shown below it) for each line that a console block shows after
    "$ " or "MACHINE$ "."""
    found = []
    for block in re.findall(r"^```console\n(.*?)^```", text, re.DOTALL | re.MULTILINE):
        for line in block.replace("\\\n", "").splitlines():
            prompt = re.match(r"([a-z0-9-]*)\$ (.*)", line)
            if prompt:
                found.append((prompt[1], prompt[2], []))
            else:
                found[-1][2].append(line)
    return found


def assert_shown(lines, said):
    """Each line is printed, "…" being anything; "(exit status N)" is no line."""
    for line in lines:
        pattern = "^" + re.escape(line).replace("…", ".*") + "$"
        assert line.startswith("(exit status ") or re.search(pattern, said, re.MULTILINE), (line, said)


# What differs from run to run, and so is shown in pages as it once was.
CHANGING = [
    (r"(?<![0-9a-f])[0-9a-f]{64}(?![0-9a-f])", "DIGEST"),
    (r"(?:[0-9a-f]{4} ){15}[0-9a-f]{4}", "FINGERPRINT"),
    (r"(?:[0-9a-f]{4} ){7}[0-9a-f]{4}", "HALF"),
    (r"\bRW[A-Za-z0-9+/]{54}", "PUBLIC-KEY"),
    (r"\b[0-9A-F]{14,16}\b", "KEY-ID"),
    (r"\b\d{8}T\d{6}Z", "RUN"),
    (r"\b\d{4}-\d\d-\d\d[ T]\d\d:\d\d(:\d\d(\.\d+)?)?", "TIME"),
    (r"\b\d+(\.\d+)? ([kMG]?B/s|[kMGT]?B|s)\b", "SIZE"),
    (r"\bDocker \d[^\s,]*", "ENGINE"),
]


def lines_as_words(text):
    """Blanks and line ends are one: what a console breaks at its edge, a page breaks where it is
    read best."""
    text = " ".join(text.split())
    for pattern, name in CHANGING:
        text = re.sub(pattern, name, text, flags=re.ASCII)  # Korean goes on right behind a word
    return text


def assert_all_shown(lines, said):
    """All that is printed is shown, in that order; "…" is anything."""
    shown = lines_as_words("\n".join(lines))
    pattern = re.sub(r"(\\ )?…(\\ )?", ".*", re.escape(shown))
    said_once = lines_as_words(said)
    assert re.fullmatch(pattern, said_once), f"the page shows:\n{shown}\n\nprinted is:\n{said}"
