# SPDX-License-Identifier: Apache-2.0
# Copyright The handcarry authors
"""The power is cut: state folder, targets and the engine's images are on two disks that keep what
they had flushed, and any part of what they had not."""
import hashlib
import io
import json
import random
import tarfile

from crash.disks import Disks
from crash.sweep import SCENARIOS, Judge
from crash.points import Point
from crash.world import World
from engines import api
from engines.engine import Engine


class PowerWorld:
    """A host on recorded disks."""

    def __init__(self, folder, kind, seed):
        self.engine = Engine("docker20")
        self.folder = folder / kind
        self.disks = Disks(self.folder / "disks", kind, {
            "state": self.folder / "world/live", "engine": self.engine.data_root})
        self.disks.mount()
        self.engine.start()
        self.world = World(self.folder / "world", self.engine, seed)

    def power_off(self):
        """Nothing is asked to end, and nothing more is written."""
        self.engine.kill()
        self.disks.unmount()

    def power_on(self, record=None):
        self.disks.mount(record)
        self.engine.start()

    def begin(self, scenario):
        """Brings the host to where the scenario begins; ends with the power off."""
        before = SCENARIOS[scenario].old
        world = self.world
        for number in range(1, int(before[1:]) + 1):
            status, said = world.run(world.arguments("install", world.bundles[number], "-y"))
            assert status == 0, said
        world.looks[before] = world.look()
        self.engine.terminate()
        self.disks.unmount()
        self.disks.keep()

    def record(self, scenario, program):
        """Runs it once, recorded; returns the records."""
        self.power_on(program)
        status, said = self.world.run(SCENARIOS[scenario].command(self.world))
        assert status == 0, said
        self.world.looks[SCENARIOS[scenario].new] = self.world.look()
        self.power_off()
        return self.disks.records()

    def stop(self):
        self.power_off()
        self.engine.stop()


def check_images(world):
    """Every named image can be read back whole, layer by layer."""
    for name, image in world.engine_names().items():
        try:
            saved = api.call(world.engine.socket, "GET", "/images/get", {"names": name})
        except api.ApiError as error:
            yield "image %s: %s" % (name, error)
            continue
        layers = world.engine.inspect(image)["RootFS"]["Layers"]
        with tarfile.open(fileobj=io.BytesIO(saved)) as tar:
            listed = json.load(tar.extractfile("manifest.json"))[0]["Layers"]
            found = ["sha256:" + hashlib.sha256(tar.extractfile(layer).read()).hexdigest()
                     for layer in listed]
        if found != layers:
            yield "image %s: layers %s, expected %s" % (name, found, layers)


def strike(host, scenario, records, number, pick, again):
    """What is wrong after a cut behind `number` records; again: also where the run is made again."""
    host.disks.cut(records, number, pick)
    host.power_on()
    judge = Judge(host.world, Point(scenario, number, "cut", False))
    judge.recover(again=again)
    judge.wrong += check_images(host.world)
    host.power_off()
    return judge.wrong


def choose(records, seed):
    """(number of records, random or None) without end: a cut at every flush in an order that covers
    the run evenly from the first on, and after each a cut between flushes."""
    pick = random.Random(seed)
    flushes = [i + 1 for i, record in enumerate(records) if record.kind == "F"]
    pick.shuffle(flushes)
    for number in flushes:
        yield number, None
        yield pick.randrange(len(records) + 1), random.Random(pick.random())
    while True:
        yield pick.randrange(len(records) + 1), random.Random(pick.random())
