# SPDX-License-Identifier: Apache-2.0
# Copyright The handcarry authors
"""Times and memory of command lines, taken by hyperfine and /usr/bin/time."""
import json
import os
import re
import shlex
import subprocess
import tempfile
import threading
import time
from pathlib import Path


def quoted(command):
    return shlex.join(map(str, command))


def run(command, **options):
    """Runs a command and raises with its output where it fails."""
    ran = subprocess.run(list(map(str, command)), stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                         stdin=subprocess.DEVNULL, text=True, check=False, **options)
    if ran.returncode != 0:
        raise RuntimeError("%s: exit %d\n%s" % (quoted(command), ran.returncode, ran.stdout[-2000:]))
    return ran.stdout


def seconds(shell, runs=3, prepare=None):
    """The median time of a shell line over some runs; prepare is a line run before each."""
    with tempfile.NamedTemporaryFile(suffix=".json") as result:
        command = ["hyperfine", "--shell=bash", "--style=none", "--runs", str(runs),
                   "--export-json", result.name]
        if prepare is not None:
            command += ["--prepare", prepare]
        run(command + [shell])
        return json.loads(Path(result.name).read_text())["results"][0]["median"]


def once(shell):
    """The time of one run, for what takes minutes."""
    start = time.monotonic()
    run(["bash", "-o", "pipefail", "-c", shell])
    return time.monotonic() - start


def memory(command):
    """Bytes of memory at the peak of one process of the command, by /usr/bin/time -v."""
    said = run(["/usr/bin/time", "-v", *command])
    return int(re.search(r"Maximum resident set size \(kbytes\): (\d+)", said).group(1)) * 1024


def once_and_memory(command):
    """(seconds until all is on the disk, bytes of memory at the peak) of one run."""
    start = time.monotonic()
    used = memory(command)
    run(["sync"])
    return time.monotonic() - start, used


class DiskWatch:
    """The most that the file system of a folder held above its start, while in a `with` block."""

    def __init__(self, folder):
        self.folder = folder
        self.peak = 0
        self.start = self.used()
        self.done = threading.Event()
        self.thread = threading.Thread(target=self.watch)

    def used(self):
        status = os.statvfs(self.folder)
        return (status.f_blocks - status.f_bfree) * status.f_frsize

    def watch(self):
        while not self.done.wait(0.02):
            self.peak = max(self.peak, self.used() - self.start)

    def __enter__(self):
        self.thread.start()
        return self

    def __exit__(self, *_):
        self.done.set()
        self.thread.join()
        self.peak = max(self.peak, self.used() - self.start)
