# SPDX-License-Identifier: Apache-2.0
# Copyright The handcarry authors
"""One point: run, be hit, recover, and look whether the host is the old or the new one."""
import queue
import re
from concurrent.futures import ThreadPoolExecutor

from crash import points
from crash.shim import numbered
from crash.world import differences
from program import PROGRAM

class Scenario:
    """A run that is hit: the saved host it begins with, the hosts that it may end with, and the exit
    status of one that nothing happens to."""

    def __init__(self, old, new, verb, *arguments, status=0, cut=None):
        self.old, self.new, self.cut = old, new, cut
        self.verb, self.arguments, self.status = verb, arguments, status

    def command(self, world):
        return world.arguments(self.verb, *(part.format(world=world) for part in self.arguments))

    def begin(self, world):
        """Brings the host to where the run begins."""
        world.restore(self.old)
        if self.cut:
            self.cut(world)


INSTALL = "{world.folder}/r%d.tar.zst"
SCENARIOS = {
    "first": Scenario("r0", "r1", "install", INSTALL % 1, "-y"),
    "upgrade": Scenario("r1", "r2", "install", INSTALL % 2, "-y"),
    "failing": Scenario("r1", "r1", "install", INSTALL % 3, "-y", status=8),
    "rollback": Scenario("r2", "back", "rollback", "{world.product}", "-y"),
    "remove": Scenario("r1", "gone", "remove", "{world.product}", "-y"),
    # Of an upgrade that was killed before its switch, or after it. Not from a copy of that host, as
    # the journal names inodes.
    "undo": Scenario("r1", "r1", "recover", cut=lambda world: cut(world, False)),
    "forward": Scenario("r1", "r2", "recover", cut=lambda world: cut(world, True)),
}
# What recover removes later, where nothing can be removed now.
TEMPORARY = re.compile(r"/(\.[^/]*\.tmp|\.[^/]*\.handcarry-r\d+(/.*)?|journal\.new|\.current"
                       r"|frames-r\d+): expected nothing")
UNREFERRED = re.compile(r"/var/lib/handcarry/ostree/|/\.[^/]*\.handcarry-r\d+(-gone)?(/|$)|/frames-r\d+$")
# What a run may say of a host that is as it was before.
UNCHANGED = (1, 6, 7, 8)


def reach(world, name):
    """Makes the host of that name and keeps it, where that was not done yet."""
    if name in world.names:
        return
    if name != "r0":
        maker = next(scenario for scenario in SCENARIOS.values() if scenario.new == name)
        reach(world, maker.old)
        world.restore(maker.old)
        status, said = world.run(maker.command(world))
        assert status == maker.status, said
    world.save(name)


def cut(world, late):
    """Kills an upgrade in the middle of what comes before its switch, or after it."""
    upgrade = SCENARIOS["upgrade"]
    if not world.switch:
        calls = count(world, upgrade)
        world.switch = len(calls), next(
            number for number, call in enumerate(calls)
            if call.call.startswith("rename") and call.what.endswith("/current"))
        world.restore("r1")
    end, switch = world.switch
    world.shim.arm("kill", (switch + end) // 2 if late else switch * 3 // 4)
    status, said = world.run(upgrade.command(world), world.shim.environment())
    assert status == -9, said


def count(world, scenario):
    """The calls of a run that nothing happens to."""
    scenario.begin(world)
    world.shim.arm()
    status, said = world.run(scenario.command(world), world.shim.environment())
    assert status == scenario.status, said
    return world.shim.calls()


def make_hosts(world, name):
    """Makes the hosts that a scenario begins and ends with."""
    for needed in (SCENARIOS[name].old, SCENARIOS[name].new):
        reach(world, needed)


def prepare(world, name):
    """The same; returns the calls of the scenario's run, after two of them."""
    scenario = SCENARIOS[name]
    make_hosts(world, name)
    calls = count(world, scenario)
    first, second = (numbered(each, world.folder) for each in (calls, count(world, scenario)))
    assert first == second, "two runs differ: %s" % [
        pair for pair in zip(first, second) if pair[0] != pair[1]][:3]
    # Only the thread that owns the journal changes anything.
    strange = [call for call in calls if call.pid != call.tid]
    assert not strange, strange
    return calls


def spoken(said):
    """What a run said after its plan and its progress."""
    at = said.find("handcarry: ")
    return said[max(at, 0):].strip() or "nothing"


class Judge:
    """Collects what is wrong at one point."""

    def __init__(self, world, point):
        self.world, self.point = world, point
        self.scenario = SCENARIOS[point.scenario]
        self.old, self.new = world.looks[self.scenario.old], world.looks[self.scenario.new]
        # Where a call failed, what no release refers to may wait in the repository for a prune, and
        # what was to be removed beside its target: the run says so.
        self.ignored = UNREFERRED if point.what.startswith("E") else None
        self.wrong = []

    def expect(self, fine, text, *more):
        if not fine:
            self.wrong.append(": ".join([text, *map(str, more)]))

    def expect_host(self, wanted, text, litter=False):
        """With litter, temporary files that could not be removed are no difference."""
        left = [line for line in differences(self.seen(wanted), self.look())
                if not (litter and TEMPORARY.search(line))]
        self.expect(not left, text, "\n      ".join(left[:4]))

    def seen(self, look):
        return {path: thing for path, thing in look.items()
                if self.ignored is None or not self.ignored.search(path)}

    def look(self):
        return self.seen(self.world.look())

    def which(self):
        """The host that this is, or None."""
        found = self.look()
        return next((look for look in (self.old, self.new) if found == self.seen(look)), None)

    def hit(self):
        """The run itself."""
        world, point = self.world, self.point
        points.arm(world.shim, point)
        status, said = world.run(self.scenario.command(world), world.shim.environment())
        self.expect(world.shim.counts()[1] > 0, "the call was not reached", status, said[-500:])
        if not point.what.startswith("E") and point.what != "short":
            self.expect(status == -9, "status", status, spoken(said))
            return
        self.ended(status, said)

    def ended(self, status, said):
        """A run that could end by itself says what the host is now."""
        self.expect(status in UNCHANGED + (0, 9), "status", status, spoken(said))
        if status in UNCHANGED and self.scenario.verb != "recover":
            self.expect_host(self.old, "status %d, but the host is not the old one: %s" % (
                status, spoken(said)), self.point.lasts)
        if status == 0:
            self.expect_host(self.new, "status 0, but the host is not the new one",
                             self.point.lasts)
        if status == 9:
            self.expect("handcarry recover" in said, "no next command", spoken(said))

    def recover(self, again=True):
        status, said = self.world.run(self.world.arguments("recover"))
        self.expect(status in (0, 1, 8), "recover: status", status, spoken(said))
        found = self.which()
        if found is None:
            self.expect_host(self.old, "neither old nor new after recover; against old: " +
                             spoken(said))
            self.expect_host(self.new, "against new")
            return
        status, said = self.world.run(self.world.arguments("recover"))
        self.expect(status == 0, "second recover: status", status, spoken(said))
        self.expect_host(found, "the second recover changed something")
        self.verify_history()
        if again and found is self.old:
            self.again()

    def verify_history(self):
        if any(self.world.state.glob("receipts/*.json")):
            status, said = self.world.run([PROGRAM, "history", "--root", str(self.world.root),
                                           "--verify"])
            self.expect(status == 0, "history --verify: status", status, spoken(said))

    def again(self):
        status, said = self.world.run(self.scenario.command(self.world))
        self.expect(status == self.scenario.status, "again: status", status, spoken(said))
        self.expect_host(self.new, "again: not the new host")


def strike(world, point):
    """What is wrong at this point: a list of lines."""
    SCENARIOS[point.scenario].begin(world)
    judge = Judge(world, point)
    judge.hit()
    judge.recover()
    return judge.wrong


def run(worlds, chosen):
    """[(point, what is wrong)] of the points that failed; each world takes one at a time."""
    free = queue.Queue()
    for world in worlds:
        free.put(world)

    def one(point):
        world = free.get()
        try:
            return point, strike(world, point)
        finally:
            free.put(world)

    with ThreadPoolExecutor(len(worlds)) as pool:
        return [(point, wrong) for point, wrong in pool.map(one, chosen) if wrong]


def describe(failed, calls):
    """For a person: label, the call, what was wrong."""
    return "\n".join("%s (%s %s):\n    %s" % (
        points.label(point), calls[point.number - 1].call, calls[point.number - 1].what,
        "\n    ".join(wrong)) for point, wrong in failed)
