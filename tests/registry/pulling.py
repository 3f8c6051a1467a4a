# SPDX-License-Identifier: Apache-2.0
# Copyright The handcarry authors
"""A folder with a release.yaml whose images come from a registry, and `bundle` run on it."""
import json
import os
import socket
import subprocess
import threading
import time
from pathlib import Path

import pytest

from engines.images import Image, Layer, noise, text
from engines.release import flow
from program import MAKER, handcarry
from registry.asked import clean_environment

HEAD = "handcarry: 1\nproduct: plant-hmi\nversion: 1.5.0\nrelease: 42\nimages:\n"
BASE = Layer().folder("etc").file("etc/os-release", text(1, 2000))


needs_root = pytest.mark.skipif(os.geteuid() != 0, reason="mounts need root")


def mounted(script, folder):
    """What to put before a command so that it finds `script "$1"` done to the folder, alone."""
    return ["unshare", "-m", "sh", "-c", script + ' && shift && exec "$@"', "sh", str(folder)]


def read_only(folder):
    return mounted('mount --bind "$1" "$1" && mount -o remount,bind,ro "$1"', folder)


def small_image(seed, size=30_000):
    """Two layers, of which the lower one is the same in all; tens of kilobytes."""
    return Image("small:%d" % seed, [BASE, Layer().folder("srv").file("srv/data", noise(seed, size))])


class Pulling:
    """Change images (name: source) between runs."""

    def __init__(self, folder, shelf):
        self.folder, self.shelf = Path(folder), shelf
        self.cache = self.folder / "cache"
        self.images = {}
        self.lock = self.folder / "release.lock.yaml"
        self.insecure = [shelf.host]

    def source(self, name):
        return "docker://%s/%s" % (self.shelf.host, name)

    def write(self):
        self.folder.joinpath("release.yaml").write_text(HEAD + "".join(
            "  - %s\n" % flow({"name": name, "from": source})
            for name, source in self.images.items()), encoding="utf-8")

    def command(self, *options, output="b.tar.zst"):
        """The arguments of a run."""
        self.write()
        named = [part for host in self.insecure for part in ("--insecure", host)]
        return ["bundle", str(self.folder / "release.yaml"), "-o", str(self.folder / output),
                "--cache", str(self.cache), *named, *map(str, options)]

    def environment(self):
        return {**clean_environment(self.folder), "G_DEBUG": "fatal-warnings"}

    def run(self, *options, output="b.tar.zst", before=(), status=0):
        """What is said, after the old output is gone."""
        path = self.folder / output
        path.unlink(missing_ok=True)
        command = self.command(*options, output=output)
        if before:
            done = handcarry_after(before, command, self.environment())
        else:
            done = handcarry(*command, env=self.environment())
        said = done.stdout + done.stderr
        assert done.returncode == status, said
        assert path.exists() == (status == 0)
        return said

    def said(self, command, **more):
        """What a command says, whatever becomes of it."""
        done = handcarry(*command, env={**self.environment(), **more})
        return done.stdout + done.stderr

    def result(self, *options, **more):
        """The object that --json prints."""
        said = self.run("--json", *options, **more)
        return json.loads(said[said.index("{"):])

    def bytes(self, *options, output="b.tar.zst", **more):
        self.run(*options, output=output, **more)
        return (self.folder / output).read_bytes()

    def cached(self):
        """Names of whole blobs and of parts in the cache."""
        return sorted(os.listdir(self.cache / "blobs/sha256"))

    def blob(self, digest):
        return self.cache / "blobs/sha256" / digest[7:]


def handcarry_after(before, command, env):
    """Runs the program through another one, as `unshare -n`."""
    return subprocess.run([*before, MAKER, *command], stdin=subprocess.DEVNULL, capture_output=True,
                          text=True, timeout=120, check=False, env=env)


class SlowLine:
    """A line to the registry on a port of its own, which can be made slow or cut."""

    def __init__(self, port):
        self.target, self.pause = port, 0.0
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.host = "127.0.0.1:%d" % self.listener.getsockname()[1]
        threading.Thread(target=self.serve, daemon=True).start()

    def serve(self):
        while True:
            try:
                near, _ = self.listener.accept()
            except OSError:
                return
            far = socket.create_connection(("127.0.0.1", self.target))
            threading.Thread(target=self.carry, args=(near, far, False), daemon=True).start()
            threading.Thread(target=self.carry, args=(far, near, True), daemon=True).start()

    def carry(self, source, target, slow):
        try:
            while data := source.recv(16384):
                target.sendall(data)
                if slow and self.pause:
                    time.sleep(self.pause)
        except OSError:
            pass
        for end in (source, target):
            try:
                end.shutdown(socket.SHUT_RDWR)
            except OSError:
                pass
            end.close()

    def close(self):
        self.listener.close()
