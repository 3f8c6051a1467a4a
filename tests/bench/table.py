# SPDX-License-Identifier: Apache-2.0
# Copyright The handcarry authors
"""The table of a benchmark: what, ours, the peer's, the ratio, the goal, reached or not."""

HEAD = ("what", "handcarry", "peer", "", "ratio", "goal", "")


def megabytes(size):
    return "%.1f MB" % (size / 1e6) if size >= 1e6 else "%.1f kB" % (size / 1e3)


def in_seconds(spent):
    return "%.2f s" % spent


class Table:
    """Rows as they are measured; each is printed at once, the whole at the end."""

    def __init__(self, head=HEAD):
        self.rows = [head]
        self.reached = True

    def row(self, *parts):
        self.rows.append(parts)
        print("  ".join(part for part in parts if part), flush=True)

    def add(self, what, ours, peer, theirs, ratio, goal, fine):
        """A row with a goal; fine is None where there is none."""
        self.reached = self.reached and fine is not False
        self.row(what, ours, peer, theirs, ratio, goal, {None: "", True: "ok", False: "MISSED"}[fine])

    def ratio(self, what, ours, peer, theirs, goal, form):
        """goal None: the row is there to compare, nothing has to be reached."""
        ratio = ours / theirs
        self.add(what, form(ours), peer, form(theirs), ("%.2f" if ratio >= 0.1 else "%.3f") % ratio,
                 "" if goal is None else "≤ %.2f" % goal,
                 None if goal is None else ours <= goal * theirs)

    def bytes(self, what, ours, peer, theirs, goal=None):
        self.ratio(what, ours, peer, theirs, goal, megabytes)

    def seconds(self, what, ours, peer, theirs, goal=None):
        self.ratio(what, ours, peer, theirs, goal, in_seconds)

    def limit(self, what, ours, goal):
        self.add(what, "%.0f MiB" % (ours / (1 << 20)), "", "", "", "≤ %d MiB" % (goal >> 20),
                 ours <= goal)

    def limit_seconds(self, what, ours, goal):
        self.add(what, in_seconds(ours), "", "", "", "≤ %.2f s" % goal, ours <= goal)

    def skipped(self, what, reason):
        """Says by name what could not be measured here, and why."""
        self.row(what, "", "skipped: " + reason, "", "", "", "")

    def text(self):
        """The table in Markdown."""
        rows = ["| " + " | ".join(row) + " |" for row in self.rows]
        return "\n".join([rows[0], "|" + " --- |" * len(self.rows[0]), *rows[1:]])
