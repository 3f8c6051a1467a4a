# SPDX-License-Identifier: Apache-2.0
# Copyright The handcarry authors
"""Measures the first hour: from `mount` to healthy on a host that has a kernel, busybox and an engine
(tests/bare/host). Every line is typed on a terminal, the fingerprint and the answers too; the time
that a person takes to type and to read is left out on both sides. The peer is what one would do by
hand with the same images: `docker save | zstd` on the stick, `docker load` and `docker run` on a
host that was given docker's command and zstd before. Both end when all three containers are
healthy and everything is on the disk; signatures, plan and receipt have no peer."""
import argparse
import os
import re
import shutil
import signal
import statistics
import sys
from pathlib import Path

from bare.console import BareHost
from bench import images, timing
from bench.handcarry import Handcarry
from bench.table import Table

TOP = images.TOP
EXAMPLE = TOP / "examples/plant-hmi"
MADE = TOP / "build/images"
SERVICES = ("database", "server", "web")
ROUNDS = 3
MOST_TYPED = 5
LOOK = """\
for name in database server; do
    until docker inspect --format '{{.State.Health.Status}}' plant-hmi-$name | grep -qx healthy; do
        sleep 0.1
    done
done
until wget -q -O /dev/null http://127.0.0.1:18080/health; do sleep 0.1; done"""
START = "docker run -d --name plant-hmi-%s --network host --restart unless-stopped " \
    "-v plant-hmi_run:/run/plant-hmi %s plant-hmi/%s:1.5.0"
BY_HAND = [
    ("mount", "mount /mnt"),
    ("images", "zstd -dc /mnt/images.tar.zst | docker load -q"),
    ("configs", "mkdir /etc/plant-hmi && cp /mnt/nginx.conf /mnt/server.ini /etc/plant-hmi"),
    ("values", "sed -i 's/{{ public_name }}/hmi.plant-a.example/' /etc/plant-hmi/nginx.conf"),
    ("start", START % ("database", "-v plant-hmi_data:/var/lib/plant-hmi", "database")),
    ("start", START % ("server", "-v /etc/plant-hmi/server.ini:/etc/plant-hmi/server.ini:ro",
                       "server")),
    ("start", START % ("web", "-v /etc/plant-hmi/nginx.conf:/etc/nginx/nginx.conf:ro", "web")),
    ("health", LOOK),
]


def typed(fingerprint):
    """What is typed at the host's console, and what is answered; each is (phase, line, answer…)."""
    return [
        ("mount", "mount /mnt"),
        ("kit", "sh /mnt/handcarry-kit.sh"),
        ("trust", "handcarry trust import /mnt", ("matter): ", fingerprint)),
        ("values", "handcarry values set plant-hmi public_name=hmi.plant-a.example /mnt"),
        ("install", "handcarry install /mnt", ("[y/N] ", "y")),
    ]


def type_all(host, lines):
    """{phase: seconds}; raises where a line does not end well. What is still in memory counts."""
    spent = {}
    for phase, line, *answers in lines:
        run = host.type(line, *answers)
        if run.status != 0:
            raise RuntimeError("%s: exit %d\n%s" % (line, run.status, run.seen[-3000:]))
        spent[phase] = spent.get(phase, 0) + run.seconds
    run = host.type("sync")
    spent["sync"] = run.seconds
    return spent


def give(host, *programs):
    """Programs of this machine, with the libraries they need, for the peer's host."""
    for program in programs:
        path = shutil.which(program, path="/usr/bin:/bin")
        for file in [path, *re.findall(r"/\S+", timing.run(["sh", "-c", "ldd %s || :" % path]))]:
            to = host.root / file.lstrip("/")
            if file.startswith("/") and not to.exists():
                to.parent.mkdir(parents=True, exist_ok=True)
                shutil.copy(file, to)


class Bench:
    """One run: the two sticks, and what was measured so far."""

    def __init__(self, folder):
        self.table = Table()
        self.ours, self.theirs = folder / "stick", folder / "stick-by-hand"
        for stick in (self.ours, self.theirs):
            shutil.rmtree(stick, ignore_errors=True)
            stick.mkdir(parents=True)
        self.handcarry = Handcarry(os.environ["HANDCARRY"], folder / "run")

    def fill(self):
        """Both sticks, from the same images and configs."""
        timing.run([TOP / "examples/make-images.sh", "ansible", *SERVICES])
        timing.run(self.handcarry.pack(EXAMPLE / "release.yaml", self.ours / "plant-hmi-r42.tar.zst"))
        timing.run([self.handcarry.program, "kit", "-o", self.ours / "handcarry-kit.sh"])
        for config in (EXAMPLE / "configs").iterdir():
            shutil.copy(config, self.theirs)
        engine = images.docker()
        try:
            engine.start()
            for name in SERVICES:
                engine.load(MADE / (name + ".tar"))
            saved = self.theirs / "images.tar"
            engine.save(["plant-hmi/%s:1.5.0" % name for name in SERVICES], saved)
            timing.run(["zstd", "-q", "--rm", "-T0", saved])
        finally:
            engine.stop()

    def fingerprint(self):
        shown = timing.run([self.handcarry.program, "trust", "show", "--trust", self.handcarry.trust])
        return " ".join(re.findall(r"^ +((?:[0-9a-f]{4} ){7}[0-9a-f]{4})$", shown, re.MULTILINE))

    def rounds(self):
        """In turns, each on a new host, so that a noisy machine is noisy for both."""
        ours, theirs = [], []
        for _ in range(ROUNDS):
            with BareHost(self.theirs) as host:
                give(host, "docker", "zstd")
                theirs.append(type_all(host, BY_HAND))
            with BareHost(self.ours) as host:
                ours.append(type_all(host, typed(self.fingerprint())))
        return ours, theirs

    def measure(self):
        self.fill()
        size, peer = (sum(path.stat().st_size for path in stick.iterdir() if path.suffix != ".sha256")
                      for stick in (self.ours, self.theirs))
        self.table.bytes("on the stick: kit, bundle with Ansible", size, "docker save, zstd", peer)
        ours, theirs = self.rounds()
        count = len(typed(""))
        self.table.add("lines typed, from mount to healthy", str(count), "by hand", str(len(BY_HAND)),
                       "%.2f" % (count / len(BY_HAND)), "≤ %d" % MOST_TYPED, count <= MOST_TYPED)
        self.table.seconds("seconds, from mount to healthy", median(ours), "by hand", median(theirs))
        print("handcarry: " + phases(ours))
        print("by hand:   " + phases(theirs))


def median(runs):
    return statistics.median(sum(run.values()) for run in runs)


def phases(runs):
    return ", ".join("%s %.2f s" % (phase, statistics.median(run[phase] for run in runs))
                     for phase in runs[0])


def main():
    parser = argparse.ArgumentParser(prog="tests/bench/run.sh --first-hour", description=__doc__)
    parser.add_argument("--folder", type=Path,
                        default=os.environ.get("HANDCARRY_BENCH_DIR", "/var/tmp/handcarry-bench"),
                        help="where the sticks are filled (default: %(default)s)")
    parser.add_argument("--output", type=Path, help="also write the table there")
    chosen = parser.parse_args()
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))  # so that hosts are stopped
    bench = Bench(Path(chosen.folder) / "first-hour")
    bench.measure()
    text = bench.table.text()
    print(text)
    if chosen.output:
        chosen.output.write_text(text + "\n")
    sys.exit(0 if bench.table.reached else 1)


if __name__ == "__main__":
    main()
