# SPDX-License-Identifier: Apache-2.0
# Copyright The handcarry authors
"""A. Votes in files of their own beside a bundle (*.vote): they count like those within, and no more."""
import os

from attacks.kit import accepts, attack
from attacks.sealed import KEYS

LACKS = "1 of the 2 votes that role 'release' must give"


def beside(kit, files, **more):
    """A bundle with the packer's own votes, and these files {name: bytes, or what makes it} in its
    folder."""
    path = kit.folder / "bundle.tar.zst"
    path.write_bytes(kit.seal(**{"statement": ("ci",), **more}))
    for name, content in files.items():
        if callable(content):
            content(kit.folder / name)
        else:
            (kit.folder / name).write_bytes(content)
    return path


@accepts([127], "the vote that lacks, in a file beside the bundle", "good")
def vote_beside(kit):
    return beside(kit, {"bundle-human.vote": KEYS["human"].vote(kit.statement())})


@attack([127], "only the packer's vote", 4, LACKS)
def packer_alone(kit):
    return beside(kit, {})


@attack([127], "in the place of the approver's vote, beside the bundle:", 4, LACKS, each={
    "a-stranger": lambda text: KEYS["stranger"].vote(text),
    "a-borrowed-key-id": lambda text: KEYS["forger"].vote(text),
    "a-legacy-vote": lambda text: KEYS["human"].vote(text, algorithm=b"Ed"),
    "a-vote-on-another-text": lambda text: KEYS["human"].vote(text + b"x-a: 1\n"),
    "the-packer-again": lambda text: KEYS["ci"].vote(text, comment="and again"),
    "nothing": lambda text: b"", "a-public-key": lambda text: KEYS["human"].file().encode(),
    "20000-bytes": lambda text: KEYS["human"].vote(text) + b"\n" * 20_000})
def no_vote_beside(kit, value):
    return beside(kit, {"bundle-human.vote": value(kit.statement())})


@attack([57, 127], "in the place of a vote, beside the bundle:", 4, LACKS, each={
    "a-fifo": os.mkfifo, "a-folder": os.mkdir,
    "a-link-to-a-device": lambda path: os.symlink("/dev/zero", path),
    "a-link-to-nothing": lambda path: os.symlink("gone", path)})
def no_file_beside(kit, value):
    return beside(kit, {"bundle-human.vote": value})


@attack([27, 57], "the good vote is a link to a file elsewhere", 4, LACKS)
def linked_vote(kit):
    elsewhere = kit.folder / "elsewhere"
    elsewhere.mkdir()
    (elsewhere / "v").write_bytes(KEYS["human"].vote(kit.statement()))
    return beside(kit, {"bundle-human.vote": lambda path: os.symlink("elsewhere/v", path)})


@attack([10, 127], "votes beside the bundle for a packing list that has none", 4,
        "0 of the 1 votes that role 'pack' must give")
def packing_beside(kit):
    bundle = kit.pack("images")
    packing = bundle.parts()[1][1][1]
    return beside(kit, {"bundle-ci.vote": KEYS["ci"].vote(packing)}, statement=("ci", "human"), packing=())


@accepts([15, 16], "a hundred files beside the bundle that are no votes on it", "good")
def crowd_beside(kit):
    return beside(kit, {"z-%03d.vote" % n: KEYS["crowd-%d" % n].vote(b"x") for n in range(100)},
                  statement=("ci", "human"))
