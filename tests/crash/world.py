# SPDX-License-Identifier: Apache-2.0
# Copyright The handcarry authors
"""A host with two small releases that is brought back to a saved state in a few milliseconds, and
what is on it, to be compared."""
import hashlib
import os
import re
import shutil
import subprocess
from pathlib import Path

from crash.shim import Shim
from engines.host import believe
from engines.images import Image, Layer, noise, write_docker_archive
from engines.release import Release
from program import PROGRAM, handcarry

ANSIBLE = Path(PROGRAM).parent / "tests/crash/ansible-like"

# An empty repository of trees is as good as none.
REPOSITORY = re.compile(r"/ostree(/(config|extensions|\.lock|objects|objects/..|refs|refs/\w+|"
                        r"refs/heads/[a-z0-9-]+|state|tmp|tmp/cache))?")
# What each run adds to or may change, however it ends: the records and the lock.
VOLATILE = ("/receipts", "/audit.log", "/.lock", "/log", "/records.yaml", "/records.copy.yaml")


def images_of(product, seed, number):
    """Two images: one that moves its name, one that has another tag in each release."""
    base = Layer().folder("srv").file("srv/base", noise(seed, 4000))
    own = Layer().file("srv/release", noise(seed * 100 + number, 3000))
    return [Image(product + "/server:stable", [base, own]),
            Image("%s/web:%d" % (product, number), [base, own, Layer().file("web", b"%d" % number)])]


def ansible_image(product, seed, number):
    """One that carries what says that it is Ansible."""
    layer = Layer().folder("usr/bin").file("usr/bin/python3", ANSIBLE.read_bytes(), 0o755)
    layer.file("usr/bin/ansible-playbook", b"#!/usr/bin/python3\n", 0o755)
    layer.symlink("bin", "usr/bin").file("usr/release", noise(seed * 100 + number, 100))
    return Image(product + "/ansible:%d" % number, [layer])


def write_release(folder, product, seed, number, target, ansible=False):
    """Release 1, 2, or 3, which never gets healthy: a template, a config that changes, one that does
    not, one that only this release has, and a folder of files."""
    made = Release(folder, images_of(product, seed, number))
    made.fields.update(product=product, release=number, version="%d.0.0" % number)
    made.playbooks = []
    if ansible:
        made.images.append(ansible_image(product, seed, number))
        made.ansible = made.images[-1].name
        made.fields["requires"] = {"ansible-core": "bundled"}
    made.configs = [{"from": "configs/server.conf", "to": str(target / "etc/server.conf"),
                     "template": True, "mode": "0640"},
                    {"from": "configs/plain.conf", "to": str(target / "etc/plain.conf")},
                    {"from": "configs/only%d.conf" % number,
                     "to": str(target / ("etc/only%d.conf" % number))}]
    made.files = [{"from": "extra/", "to": "%s/extra/" % target}]
    made.health = [{"command": ["false" if number == 3 else "true"], "within": "1s"}]
    made.write()
    made.put("configs/server.conf", "release %d\nlisten {{ http_port }}\n" % number)
    made.put("configs/only%d.conf" % number, "only %d\n" % number)
    made.put("extra/a", "a of %d\n" % number, 0o755)
    made.put("extra/sub/b%d" % number, "b\n")
    return made


def look(folder):
    """{path: what is there} of a folder, times aside."""
    found = {}
    for here, folders, files in os.walk(folder):
        for name in folders + files:
            path = Path(here, name)
            st = path.lstat()
            if path.is_symlink():
                content = "-> " + os.readlink(path)
            elif path.is_file():
                content = hashlib.sha256(path.read_bytes()).hexdigest()
            else:
                content = "folder"
            found[str(path)[len(str(folder)):]] = (content, oct(st.st_mode), st.st_uid, st.st_gid)
    return found


def shortly(thing):
    """A few words for what is at a path."""
    if isinstance(thing, tuple):
        return " ".join([thing[0][:12], thing[1][-4:]])
    return "nothing" if thing is None else repr(thing[:40])


def differences(expected, found):
    """Lines that say in what two looks differ."""
    return ["%s: expected %s, found %s" % (key, shortly(expected.get(key)), shortly(found.get(key)))
            for key in sorted(set(expected) | set(found)) if expected.get(key) != found.get(key)]


class World:
    """One host, on an engine that other worlds use too: product, names and layers are its own."""

    def __init__(self, folder, engine, seed, ansible=False):
        """What is below folder/live is the host, the rest is beside it. With ansible the releases
        carry one."""
        self.folder, self.engine = Path(folder), engine
        self.url = engine.url
        self.product = "crash-%d" % seed
        self.live, self.saved = self.folder / "live", self.folder / "saved"
        self.live.mkdir(parents=True, exist_ok=True)
        self.root, self.target = self.live / "root", self.live / "target"
        self.state = self.root / "var/lib/handcarry"
        self.saved.mkdir()
        self.names, self.looks, self.switch = {}, {}, None
        self.shim = Shim(self.folder / "shim")
        self.make_bundles(seed, ansible)

    def make_bundles(self, seed, ansible):
        made = handcarry("trust", "init", "--trust", self.folder / "trust", "--keys",
                         self.folder / "keys", "--no-password")
        assert made.returncode == 0, made.stderr
        believe(self.root, self.folder / "trust")
        self.target.mkdir()
        self.bundles, self.ids = {}, set()
        for number in (1, 2, 3):
            release = write_release(self.folder / ("r%d" % number), self.product, seed, number,
                                    self.target, ansible)
            self.bundles[number] = self.folder / ("r%d.tar.zst" % number)
            made = handcarry("bundle", release.folder / "release.yaml", "-o", self.bundles[number],
                             "--trust", self.folder / "trust", "--sign",
                             self.folder / "keys/release.key")
            assert made.returncode == 0, made.stderr
            self.ids |= {image.id() for image in release.images}

    def arguments(self, verb, *more):
        return [PROGRAM, *map(str, (verb, "--root", self.root, "--engine", self.url, *more))]

    def run(self, command, environment=None):
        """(exit status, what it said); -9 where it was killed. A session of its own, as the shim
        kills the process group."""
        ran = subprocess.run(command, env=environment, stdin=subprocess.DEVNULL,
                             stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
                             timeout=120, check=False, start_new_session=True)
        return ran.returncode, ran.stdout

    def engine_names(self):
        """{name: id} of this world's images, and {id: id} of those without a name."""
        return {name: image for name, image in self.engine.images().items()
                if self.product + "/" in name or self.product + ":" in name or image in self.ids}

    def save(self, name):
        """Keeps the host as it is now."""
        shutil.rmtree(self.saved / name, ignore_errors=True)
        subprocess.run(["cp", "-a", self.live, self.saved / name], check=True)
        self.names[name], self.looks[name] = self.engine_names(), self.look()

    def restore(self, name):
        """Brings the host back to what was saved."""
        shutil.rmtree(self.live)
        subprocess.run(["cp", "-a", self.saved / name, self.live], check=True)
        self.restore_engine(self.names[name])

    def restore_engine(self, wanted):
        found = self.engine_names()
        if set(wanted.values()) - set(found.values()):
            for number in self.bundles:
                self.engine.load(self.folder / ("r%d/images.tar" % number))
            found = self.engine_names()
        for name, image in wanted.items():
            if found.get(name) != image:
                self.engine.tag(image, name)
        for _ in range(2):  # an image that lost its last name is listed only then
            for name in set(self.engine_names()) - set(wanted):
                self.engine.remove_image(name)
        left = differences(wanted, self.engine_names())
        assert not left, left

    def join_state(self, found, state):
        """The state is there twice, and the newer copy counts: one entry."""
        copies = [state + "/" + self.product + name for name in ("/state.yaml", "/state.copy.yaml")]
        texts = [Path(str(self.live) + path).read_text() for path in copies if path in found]
        for path in copies:
            found.pop(path, None)
        if texts:
            newest = max(texts, key=lambda text: int(text.split("\n")[1].split()[1]))
            found["state"] = re.sub("generation: .*|check: .*", "", newest)

    def look(self):
        """All that is the host's: state, targets and images. The byte-identity of two looks is
        what "nothing was changed" means."""
        found = look(self.live)
        state = str(self.state)[len(str(self.live)):]
        for path in list(found):
            inside = path[len(state):] if path.startswith(state + "/") else ""
            if REPOSITORY.fullmatch(inside) or any(("/" + part) in VOLATILE for part in inside.split("/")):
                del found[path]
            elif re.fullmatch(r".*/etc/handcarry/\.?host\.(key|pub)(\..*\.tmp)?", path):
                del found[path]  # made with the first record, or the next
            elif inside.endswith("/journal"):
                found[path] = ("the journal of the run that brought it",) + found[path][1:]
        # A run that was killed before its journal began may have made the product's folder.
        folder = state + "/" + self.product
        if not any(path.startswith(folder + "/") for path in found):
            found.pop(folder, None)
        self.join_state(found, state)
        found.update(("image " + name, image) for name, image in self.engine_names().items())
        for container in self.engine.containers():
            if container["ImageID"] in self.ids:
                found["container " + container["Id"]] = container["Image"]
        return found
