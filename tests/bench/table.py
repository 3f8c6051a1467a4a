# SPDX-License-Identifier: Apache-2.0
# Copyright The handcarry authors
"""The table of a benchmark: what, ours, the peer's, the ratio, the goal, reached or not."""


class Table:
    """Rows as they are measured; each is printed at once, the whole at the end."""

    def __init__(self):
        self.rows = [("what", "handcarry", "peer", "", "ratio", "goal", "")]
        self.reached = True

    def add(self, what, ours, peer, theirs, ratio, goal, fine):
        row = (what, ours, peer, theirs, ratio, goal, "ok" if fine else "MISSED")
        self.reached = self.reached and fine
        self.rows.append(row)
        print("  ".join(part for part in row if part), flush=True)

    def ratio(self, what, ours, peer, theirs, goal, form):
        self.add(what, form(ours), peer, form(theirs), "%.2f" % (ours / theirs), "≤ %.2f" % goal,
                 ours <= goal * theirs)

    def bytes(self, what, ours, peer, theirs, goal):
        self.ratio(what, ours, peer, theirs, goal, lambda size: "%.1f MB" % (size / 1e6))

    def seconds(self, what, ours, peer, theirs, goal):
        self.ratio(what, ours, peer, theirs, goal, lambda spent: "%.2f s" % spent)

    def limit(self, what, ours, goal):
        self.add(what, "%.0f MiB" % (ours / (1 << 20)), "", "", "", "≤ %d MiB" % (goal >> 20),
                 ours <= goal)

    def limit_seconds(self, what, ours, goal):
        self.add(what, "%.2f s" % ours, "", "", "", "≤ %.2f s" % goal, ours <= goal)

    def text(self):
        """The table in Markdown."""
        rows = ["| " + " | ".join(row) + " |" for row in self.rows]
        return "\n".join([rows[0], "|" + " --- |" * len(self.rows[0]), *rows[1:]])
