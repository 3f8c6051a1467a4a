# SPDX-License-Identifier: Apache-2.0
# Copyright The handcarry authors
"""What pages show of a console: the lines that are typed, and what is printed below each."""
import re


def typed(text):
    """(machine, command, lines shown below it) for each line that a console block shows after
    "$ " or "MACHINE$ "."""
    found = []
    for block in re.findall(r"^```console\n(.*?)^```", text, re.DOTALL | re.MULTILINE):
        for line in block.splitlines():
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
