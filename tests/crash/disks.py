# SPDX-License-Identifier: Apache-2.0
# Copyright The handcarry authors
"""File systems on loop devices over files that record every write and flush (recorder.c), and what
a disk may hold after the power was cut: all that was written before its last flush, and of what
came later anything."""
import collections
import ctypes
import os
import struct
import subprocess
import time
from pathlib import Path

HEAD = struct.Struct("=c15sQQ")
MKFS = {"ext4": ["mkfs.ext4", "-q", "-F"], "xfs": ["mkfs.xfs", "-q", "-f"]}
# The smallest that mkfs.xfs makes; files with holes.
SIZE = 320 << 20

Record = collections.namedtuple("Record", "kind name offset data")


def run(*command):
    done = subprocess.run([str(word) for word in command], stdout=subprocess.PIPE,
                          stderr=subprocess.STDOUT, text=True, check=False)
    assert done.returncode == 0, "%s: %s" % (command, done.stdout)
    return done.stdout.strip()


def leave_mounts():
    """Gives this process mounts of its own: a program that starts beside it would keep what is
    mounted here, and write to it after it was unmounted."""
    libc = ctypes.CDLL(None, use_errno=True)
    if libc.unshare(0x20000) != 0:  # CLONE_NEWNS
        raise OSError(ctypes.get_errno(), "unshare")
    run("mount", "--make-rprivate", "/")


def build(folder):
    """The recorder's program."""
    program = Path(folder) / "recorder"
    flags = run("pkg-config", "--cflags", "--libs", "fuse3").split()
    run("cc", "-D_GNU_SOURCE", "-D_FILE_OFFSET_BITS=64", "-O2", "-o", program,
        Path(__file__).with_name("recorder.c"), *flags)
    return program


class Disks:
    """Named disks, each mounted at a place of its own while `mount` holds."""

    def __init__(self, folder, kind, places):
        self.folder, self.kind, self.places = Path(folder), kind, places
        self.images, self.shown = self.folder / "images", self.folder / "shown"
        self.log = self.folder / "log"
        self.base = self.folder / "base"
        for made in (self.images, self.shown, self.base, *places.values()):
            made.mkdir(parents=True, exist_ok=True)
        self.recorder, self.loops = None, {}
        for name in places:
            with open(self.images / name, "wb") as file:
                file.truncate(SIZE)
            run(*MKFS[kind], self.images / name)

    def mount(self, record=None):
        """Mounts all; record is the recorder's program where writes are to be logged."""
        source = self.images
        if record:
            self.recorder = subprocess.Popen([record, self.log, self.images, self.shown])
            while not os.path.ismount(self.shown):
                assert self.recorder.poll() is None, "the recorder ended"
                time.sleep(0.01)
            source = self.shown
        for name, place in self.places.items():
            self.loops[name] = run("losetup", "--find", "--show", source / name)
            run("mount", self.loops[name], place)

    def unmount(self):
        for name, loop in self.loops.items():
            if os.path.ismount(self.places[name]):
                run("umount", self.places[name])
            run("losetup", "--detach", loop)
            # What was mounted in a namespace that is still ending holds it, and would write.
            end = time.monotonic() + 20
            while Path("/sys/block", Path(loop).name, "loop").exists():
                assert time.monotonic() < end, "%s stays in use" % loop
                time.sleep(0.005)
        self.loops = {}
        if self.recorder is not None:
            run("umount", self.shown)
            assert self.recorder.wait(30) == 0
            self.recorder = None

    def keep(self):
        """What is on the disks now is what a recording begins with."""
        for name in self.places:
            run("cp", "--sparse=always", self.images / name, self.base / name)

    def reset(self):
        for name in self.places:
            run("cp", "--sparse=always", self.base / name, self.images / name)

    def records(self):
        """The log."""
        data, found, at = self.log.read_bytes(), [], 0
        while at < len(data):
            kind, name, offset, length = HEAD.unpack_from(data, at)
            at += HEAD.size
            found.append(Record(kind.decode(), name.rstrip(b"\0").decode(), offset,
                                data[at:at + length]))
            at += length
        return found

    def cut(self, records, number, pick=None):
        """The disks as a cut after `number` records leaves them. Of what each disk had not flushed,
        all is lost, or with pick (a random.Random) any of it."""
        self.reset()
        files = {name: open(self.images / name, "r+b") for name in self.places}
        waiting = {name: [] for name in self.places}
        for record in records[:number]:
            if record.kind == "W":
                waiting[record.name].append(record)
                continue
            write(files[record.name], waiting[record.name])
            waiting[record.name] = []
        for name, file in files.items():
            if pick:
                share = pick.random()
                write(file, [record for record in waiting[name] if pick.random() < share])
            file.close()


def write(file, records):
    for record in records:
        file.seek(record.offset)
        file.write(record.data)
