# SPDX-License-Identifier: Apache-2.0
# Copyright The handcarry authors
"""Where a run is hit, and with what: every point of a scenario, or a fair sample of them."""
import collections
import errno
import random

from crash.shim import ALL, KINDS

# What each kind of call can fail with.
ERRORS = {
    "opens": ("EIO", "ENOSPC", "EROFS", "EDQUOT", "EMFILE", "ENOMEM", "EINTR"),
    "writes": ("EIO", "ENOSPC", "EROFS", "EDQUOT", "EINTR"),
    "names": ("EIO", "ENOSPC", "EROFS", "EDQUOT", "ENOMEM"),
    "removes": ("EIO", "EROFS", "ENOMEM"),
    "marks": ("EIO", "EROFS"),
    "syncs": ("EIO", "ENOSPC", "EDQUOT", "EROFS"),
    "asks": ("ECONNRESET",),
}
# Which errors can last. Nothing that a program does ends an EINTR that never ends.
LASTING = ("EIO", "ENOSPC", "EROFS", "EDQUOT", "EMFILE", "ENOMEM")

Point = collections.namedtuple("Point", "scenario number what lasts")


def label(point):
    """upgrade:57:EIO, upgrade:57:EIO+ where it lasts: what HANDCARRY_CRASH_POINT takes."""
    return "%s:%d:%s%s" % (point.scenario, point.number, point.what, "+" if point.lasts else "")


def parse(text):
    scenario, number, what = text.split(":")
    return Point(scenario, int(number), what.rstrip("+"), what.endswith("+"))


def kinds_of(point):
    """The calls that a lasting error falls on."""
    if not point.lasts:
        return ALL
    if point.what == "short":
        return KINDS["writes"]
    return sum(bit for kind, bit in KINDS.items() if point.what in ERRORS[kind])


def arm(shim, point):
    """Tells the shim."""
    mode = point.what if not point.what.startswith("E") else "fail"
    error = getattr(errno, point.what) if mode == "fail" else 0
    shim.arm(mode, point.number, error, point.lasts, kinds_of(point))


def of_call(scenario, number, call):
    """All points of one call."""
    kind = next(name for name, bit in KINDS.items() if bit == call.kind)
    found = [Point(scenario, number, "kill", False)]
    if kind == "asks":  # the engine goes on where we do not
        found.append(Point(scenario, number, "kill-after", False))
    if kind == "writes":
        found += [Point(scenario, number, "torn", False), Point(scenario, number, "short", False)]
    found += [Point(scenario, number, name, False) for name in ERRORS[kind]]
    return found + [Point(scenario, number, name, True) for name in ERRORS[kind] if name in LASTING]


def all_of(scenario, calls):
    return [point for number, call in enumerate(calls, 1)
            for point in of_call(scenario, number, call)]


def sample(points, count, seed):
    """count of them: kills, single and lasting errors in equal parts, over the whole run."""
    pick = random.Random(seed)
    kinds = [[p for p in points if not p.what.startswith("E")],
             [p for p in points if p.what.startswith("E") and not p.lasts],
             [p for p in points if p.lasts]]
    found = []
    for kind in kinds:
        share = min(len(kind), count // len(kinds))
        # One of each stretch of the run, so that none is left out.
        edges = [len(kind) * i // share for i in range(share + 1)] if share else []
        found += [kind[pick.randrange(a, b)] for a, b in zip(edges, edges[1:])]
    return found
