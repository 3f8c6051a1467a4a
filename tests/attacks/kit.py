# SPDX-License-Identifier: Apache-2.0
# Copyright The handcarry authors
"""What the attacks are made of: the list that they enter themselves in, and good bundles to spoil."""
import copy
import dataclasses
import functools
import os
import subprocess
from pathlib import Path
from typing import Any, Callable

from attacks.sealed import STANDARD, votes
from bundlefile import BundleFile, tail
from engines.images import Image, Layer, noise
from engines.release import Release
from program import MAKER

PRODUCT = "attack-corpus"
REMOVE = "- hosts: localhost\n  connection: local\n  gather_facts: false\n  tasks: []\n"
ATTACKS = []


@dataclasses.dataclass
class Attack:
    """One line of attacks.json. make(kit) or make(kit, variant) gives the file that is carried:
    its bytes, or a path below kit.folder where it wrote it itself."""
    name: str
    stem: str               # of all variants together
    items: list
    title: str
    status: int             # handcarry's exit status
    message: str            # what handcarry says somewhere
    make: Callable
    expect: str = "refuse"  # refuse, accept, or warn: accept and say `message`
    command: str = "verify"  # verify, import or install
    believes: Any = tuple(STANDARD)  # the host's trust root: a chain, or what writes its folder
    deep: bool = False      # the signer lies: signatures and frames are good, content is not
    before: tuple = ()      # names of good bundles that are installed before
    site: str = ""          # where the host is


def attack(items, title, status, message, each=None, **more):
    """Enters a function, or one attack for each of its variants {name: value}. A variant may have a
    message of its own: {name: (value, message)}."""
    def enter(make):
        stem = "%03d-%s" % (items[0], make.__name__.replace("_", "-"))
        if each is None:
            ATTACKS.append(Attack(stem, stem, items, title, status, message, make, **more))
        for name, value in (each or {}).items():
            value, said = value if isinstance(value, tuple) else (value, message)
            ATTACKS.append(Attack("%s-%s" % (stem, name), stem, items, "%s: %s" % (
                title, name.replace("-", " ")), status, said, functools.partial(make, value=value),
                **more))
        return make
    return enter


def accepts(items, title, message="", each=None, expect="accept", **more):
    return attack(items, title, 0, message, each, expect=expect, **more)


class ArmImage(Image):
    """The same for another processor."""

    def config(self):
        return super().config().replace(b'"amd64"', b'"arm64"')


def image_release(folder, kind=Image):
    """Two images over one layer, and some files."""
    base = Layer().folder("bin").file("bin/program", noise(1, 60_000), 0o755)
    images = [kind("attack-corpus/one:1", [base, Layer().file("one", noise(2, 3_000))]),
              kind("attack-corpus/two:1", [base, Layer().file("two", noise(3, 3_000))])]
    release = Release(folder, images)
    release.values, release.configs, release.playbooks = [], [], []
    release.files = [{"from": "extra/", "to": "/opt/attack-corpus/extra/"}]
    release.put("extra/a", "a\n")
    release.put("extra/b", noise(4, 9_000))
    return release


def arm_release(folder):
    release = image_release(folder, ArmImage)
    release.fields["platforms"] = ["linux/arm64"]
    return release


def bare_release(folder):
    """Touches nothing on a host: its only playbook runs when it is removed."""
    release = Release(folder, [])
    release.values, release.configs = [], []
    release.playbooks = [{"path": "playbooks/remove.yml", "run": "remove"}]
    release.put("playbooks/remove.yml", REMOVE)
    return release


KINDS = {"images": image_release, "arm": arm_release, "bare": bare_release}


class Kit:
    """The good bundles, made by handcarry once, unsigned; folder is for the attack being made."""

    def __init__(self, work):
        self.work, self.folder = Path(work), None
        self.made = {}

    def pack(self, kind, **fields):
        """An unsigned bundle to change; kind is one of KINDS."""
        name = "-".join([kind, *("%s-%s" % (k, str(v).strip("{}[]")) for k, v in sorted(fields.items()))])
        if name not in self.made:
            release = KINDS[kind](self.work / name)
            release.fields.update({"product": PRODUCT, "version": "1.0", **fields})
            output = self.work / (name + ".tar.zst")
            # Without an ansible-playbook in PATH nothing checks its syntax: half a second a bundle.
            subprocess.run([MAKER, "bundle", release.write(), "-o", output, "--quiet"], check=True,
                           stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
                           stderr=subprocess.PIPE, env={**os.environ, "PATH": str(self.work)})
            self.made[name] = BundleFile(output)
        return copy.deepcopy(self.made[name])

    def seal(self, bundle=None, statement=("ci", "human"), packing=("ci",), chain=STANDARD):
        """The bytes of a bundle with these votes (names of keys, or votes) and this chain."""
        return self.seal_sections(*(bundle or self.pack("images")).parts(), statement, packing, chain)

    @staticmethod
    def seal_sections(body, sections, statement=("ci", "human"), packing=("ci",), chain=STANDARD):
        """The same of frames and texts that may not belong together."""
        rows = [("vote-statement", vote) for vote in votes(sections[0][1], *statement)]
        rows += [("vote-packing", vote) for vote in votes(sections[1][1], *packing)]
        for text, made in chain:
            rows += [("root", text)] + [("vote-root", vote) for vote in made]
        return body + tail(len(body), [*sections, *rows])

    @staticmethod
    def trust_bundle(chain, before=()):
        """The bytes of a *.trust file with this chain; before: sections that it must not have."""
        rows = list(before)
        for text, made in chain:
            rows += [("root", text)] + [("vote-root", vote) for vote in made]
        return tail(0, rows)

    def good(self, name):
        """The path of a good bundle, such as bare-5: what it holds and its number."""
        path = self.work / ("good-%s.tar.zst" % name)
        if not path.exists():
            kind, _, number = name.partition("-")
            path.write_bytes(self.seal(self.pack(kind, release=int(number))))
        return path

    def statement(self, bundle=None):
        return (bundle or self.pack("images")).parts()[1][0][1]
