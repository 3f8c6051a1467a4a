# SPDX-License-Identifier: Apache-2.0
# Copyright The handcarry authors
"""The preloaded shim from outside: says what is to happen, reads what was counted (shim.c)."""
import collections
import mmap
import os
import re
import struct
from pathlib import Path

from program import PROGRAM

LIBRARY = Path(PROGRAM).parent / "tests/crash/crash-shim.so"

MODES = {"count": 0, "kill": 1, "kill-after": 2, "torn": 3, "fail": 4, "short": 5}
KINDS = {"opens": 1, "writes": 2, "names": 4, "removes": 8, "marks": 16, "syncs": 32, "asks": 64}
ALL = sum(KINDS.values())
HEAD = struct.Struct("=IIIIiIII")
CALL = struct.Struct("=III12s232s")
CALLS_MAX = 8192

Call = collections.namedtuple("Call", "pid tid kind call what")


def text(field):
    return field.split(b"\0", 1)[0].decode("utf-8", "replace")


class Shim:
    """One file that all processes of a run map."""

    def __init__(self, path):
        self.path = Path(path)
        size = HEAD.size + CALL.size * CALLS_MAX
        with open(self.path, "wb") as file:
            file.truncate(size)
        with open(self.path, "r+b") as file:
            self.map = mmap.mmap(file.fileno(), size)

    def environment(self):
        return {**os.environ, "LD_PRELOAD": str(LIBRARY), "HANDCARRY_CRASH": str(self.path)}

    def arm(self, mode="count", target=0, error=0, forever=False, kinds=ALL):
        """What happens at call number target of the next run, counted from 1."""
        HEAD.pack_into(self.map, 0, MODES[mode], target, kinds, int(forever), error, 0, 0, 0)

    def counts(self):
        """(calls counted, calls that something happened to)"""
        fields = HEAD.unpack_from(self.map, 0)
        return fields[5], fields[6]

    def calls(self):
        count = self.counts()[0]
        assert count <= CALLS_MAX, "more calls than the shim has room for"
        found = []
        for number in range(count):
            pid, tid, kind, call, what = CALL.unpack_from(self.map, HEAD.size + number * CALL.size)
            found.append(Call(pid, tid, kind, text(call), text(what)))
        return found


def numbered(calls, folder):
    """One line for each call, the same for two runs that do the same: paths below folder, and
    nothing that is new in each run (process numbers, times, random names)."""
    lines, processes = [], {}
    for call in calls:
        process = processes.setdefault(call.pid, len(processes))
        what = call.what.replace(str(folder), "")
        what = re.sub(r"\d{8}T\d{6}Z", "TIME", what)
        what = re.sub(r"\.[0-9a-f]{8}\.tmp$", ".RANDOM.tmp", what)
        what = re.sub(r"/#\d+ \(deleted\)$", "/UNNAMED", what)
        what = re.sub(r"/tmp\.\w{6}$", "/tmp.RANDOM", what)
        what = re.sub(r"(/staging-[0-9a-f-]{36}-)\w{6}", r"\1RANDOM", what)
        what = re.sub(r"/(containers|exec)/[0-9a-f]{64}", r"/\1/ID", what)
        lines.append("%d %s %s" % (process, call.call, what))
    return lines
