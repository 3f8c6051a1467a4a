# SPDX-License-Identifier: Apache-2.0
# Copyright The handcarry authors
"""A. Trust roots and their chain, items 12 to 28."""
import os

from attacks.kit import accepts, attack
from attacks.sealed import KEYS, ROLES, STANDARD, root_text, signed_root, votes, write_chain

ROOT_2 = (("root", "root", 2, ("root-a", "root-b")), *ROLES[1:])
NEW_ROOT = (("root", "root", 1, ("root-n",)), *ROLES[1:])
TWO = [signed_root(), signed_root(number=2)]
# A point of order 8, canonically encoded, and one that is not canonical: y = p + 1.
SMALL_ORDER = bytes.fromhex("c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac037a")
NOT_CANONICAL = bytes.fromhex("ee" + "ff" * 30 + "7f")


def line_of(public):
    key = type(KEYS["ci"])("ci", public=public)
    return key.line()


def release_role(threshold, *keys):
    return (ROLES[0], ("release", "statement", threshold, keys), ROLES[2])


def by_root_a(text):
    return text, votes(text, "root-a")


# (what is wrong, what handcarry says); each is tried as the first root and as the next one.
WRONG = {
    "key-listed-twice": (lambda n: root_text(n, release_role(2, "ci", "ci")), "is listed twice"),
    "one-key-with-two-ids": (lambda n: root_text(n, release_role(2, "ci", "ci-again")),
                             "has 1 different keys"),
    "threshold-0": (lambda n: root_text(n, release_role(0, "ci")), "expected a number from 1"),
    "threshold-negative": (lambda n: root_text(n, release_role(-1, "ci")), "expected a number from 1"),
    "threshold-above-keys": (lambda n: root_text(n, release_role(3, "ci", "human")),
                              "needs 3 votes and has 2"),
    "revoked-key-needed": (lambda n: root_text(n, release_role(2, "ci", "human"),
                                               revoked=("ci",)), "needs 2 votes and has 1"),
    "small-order-key": (lambda n: root_text(n, lines={"ci": line_of(SMALL_ORDER)}),
                        "is no valid Ed25519 key"),
    "key-not-canonical": (lambda n: root_text(n, lines={"ci": line_of(NOT_CANONICAL)}),
                          "is no valid Ed25519 key"),
    "zero-key": (lambda n: root_text(n, lines={"ci": line_of(bytes(32))}),
                 "is no valid Ed25519 key"),
    "secret-key": (lambda n: root_text(n, lines={"ci": "RWQAAEIy" + "A" * 204}),
                   "is a secret key"),
}
ITEMS = {"key-listed-twice": 12, "one-key-with-two-ids": 13, "revoked-key-needed": 18,
         "small-order-key": 25, "key-not-canonical": 25, "zero-key": 25, "secret-key": 26}



def first_root(kit, value):
    return [by_root_a(value(1))]


def next_root(kit, value):
    return [*STANDARD, by_root_a(value(2))]


for name, row in WRONG.items():
    number = ITEMS.get(name, 14)
    attack([number], "first trust root", 3, "", {name: row}, command="import", believes=())(
        first_root)
    attack([number], "next trust root", 3, "", {name: row}, command="import")(next_root)


@accepts([20], "a good next root, for comparison", command="import")
def good_next_root(kit):
    return TWO


@accepts([1], "a good first root, for comparison", command="import", believes=())
def good_first_root(kit):
    return TWO


@attack([5], "next trust root", 4, "does not begin with the line 'handcarry-root: 1'",
        command="import", each={"statement": None})
def statement_as_root(kit, value):
    text = kit.statement()
    return [*STANDARD, (text, votes(text, "root-a"))]


@attack([19], "a folder with roots 1 and 3", 4, "has root 3 but not root 2", command="import")
def gap(kit):
    folder = write_chain(kit.folder / "trust", STANDARD)
    write_chain(folder, [signed_root(number=3)], first=3)
    return folder


@attack([19], "a bundle whose chain goes from 1 to 3", 4, "calls itself number 3")
def gap_in_bundle(kit):
    return kit.seal(chain=[*STANDARD, signed_root(number=3)])


@attack([20], "next root, signed by", 4, "", command="import", each={
    "new-keys-only": (("root-n",), "keys of root 1: "),
    "old-keys-only": (("root-a",), "keys of root 2 itself: "),
    "nobody": ((), "keys of root 1: ")})
def half_signed(kit, value):
    text = root_text(2, NEW_ROOT)
    return [*STANDARD, (text, votes(text, *value))]


@attack([20], "the same in a bundle, signed by", 4, "", each={
    "new-keys-only": (("root-n",), "keys of root 1: "),
    "old-keys-only": (("root-a",), "keys of root 2 itself: ")})
def half_signed_in_bundle(kit, value):
    text = root_text(2, NEW_ROOT)
    return kit.seal(chain=[*STANDARD, (text, votes(text, *value))])


@attack([20], "next root with one vote where the old root asks for two", 4,
        "has 1 of the 2 votes", command="import",
        believes=[signed_root("root-a", "root-b", roles=ROOT_2)])
def one_of_two(kit):
    return [signed_root("root-a", "root-b", roles=ROOT_2), signed_root("root-a", number=2)]


@accepts([21], "votes of a root 2 whose text was never written", "good", believes=lambda folder: (
    write_chain(folder, TWO) / "2.root.yaml").unlink())
def torn_import(kit):
    return kit.seal()


@attack([21], "a root 2 that was stored without its votes", 4, "0 of the 1 votes",
        believes=lambda folder: [vote.unlink() for vote in write_chain(folder, TWO).glob(
            "2.root.yaml.*")])
def unproven_on_disk(kit):
    return kit.seal()


@attack([22], "another root of the number that the host believes", 4,
        "two different roots with the number 2", command="import", believes=TWO)
def fork(kit):
    return [*STANDARD, signed_root(number=2, more_keys=("somebody",))]


@attack([22], "the same in a bundle", 4, "two different roots with the number 2", believes=TWO)
def fork_in_bundle(kit):
    return kit.seal(chain=[*STANDARD, signed_root(number=2, more_keys=("somebody",))])


@accepts([22], "a bundle that carries an older chain than the host has", "good", believes=TWO)
def older_chain(kit):
    return kit.seal(chain=STANDARD)


@accepts([20], "trust bundle with a good next root, for comparison", command="import")
def trust_bundle(kit):
    return kit.trust_bundle(TWO)


@attack([19], "trust bundle with roots 1 and 3", 4, "calls itself number 3", command="import")
def gap_in_trust_bundle(kit):
    return kit.trust_bundle([*STANDARD, signed_root(number=3)])


@attack([20], "trust bundle whose next root is signed by new keys only", 4, "keys of root 1: ",
        command="import")
def half_signed_in_trust_bundle(kit):
    text = root_text(2, NEW_ROOT)
    return kit.trust_bundle([*STANDARD, (text, votes(text, "root-n"))])


@attack([22], "trust bundle with another root of a stored number", 4,
        "two different roots with the number 2", command="import", believes=TWO)
def fork_in_trust_bundle(kit):
    return kit.trust_bundle([*STANDARD, signed_root(number=2, more_keys=("somebody",))])


@accepts([22], "trust bundle with an older chain than the host has", command="import", believes=TWO)
def replayed_trust_bundle(kit):
    return kit.trust_bundle(STANDARD)


@attack([5], "trust bundle in the place of a release", 3,
        "is a trust bundle, which carries no release")
def trust_bundle_as_release(kit):
    return kit.trust_bundle(STANDARD)


@attack([5, 50], "trust bundle that carries more", 3, "no footer", command="import", each={
    "a-statement": (lambda data: data, "tail lacks a statement"),
    "bytes-before": (lambda data: b"\0" + data, "its footer puts the tail"),
    "bytes-behind": lambda data: data + b"\0", "cut": lambda data: data[:-1]})
def trust_bundle_with_more(kit, value):
    more = [("statement", kit.statement())] if value(b"x") == b"x" else []
    return value(kit.trust_bundle(TWO, more))


@attack([23], "next root with the number", 4, "", command="import", each={
    "3": (3, "calls itself number 3"), "256": (256, "calls itself number 256")})
def number_ahead(kit, value):
    return [*STANDARD, signed_root(number=value)]


@attack([23], "next root with the number", 3, "expected a number from 1 to 256", command="import", each={
    "257": 257, "2-63": 2**63, "2-64": 2**64, "minus-1": -1})
def number_no_root_has(kit, value):
    return [*STANDARD, signed_root(number=value)]


@attack([22], "next root that calls itself number 1 again", 4, "calls itself number 1",
        command="import")
def number_again(kit):
    return [*STANDARD, signed_root(number=1, more_keys=("somebody",))]


@attack([24], "next root that goes back to an earlier epoch", 4, "lowers the epoch", command="import",
        believes=[signed_root(epoch=2)])
def epoch_lowered(kit):
    return [signed_root(epoch=2), signed_root(number=2, epoch=1)]


def open_folder(folder):
    os.chmod(write_chain(folder, STANDARD), 0o777)


def open_root(folder):
    os.chmod(write_chain(folder, STANDARD) / "1.root.yaml", 0o664)


def linked_root(folder):
    text = write_chain(folder, STANDARD) / "1.root.yaml"
    text.rename(folder / "elsewhere")
    text.symlink_to("elsewhere")


@attack([27], "host's trust folder: others may write", 4, "others may write", believes=open_folder)
def folder_open_to_all(kit):
    return kit.seal()


@attack([27], "host's root text: others may write", 4, "others may write", believes=open_root)
def root_open_to_all(kit):
    return kit.seal()


@attack([27], "host's root text is a symbolic link", 4, "is a symbolic link", believes=linked_root)
def root_is_link(kit):
    return kit.seal()


@attack([28], "files beside an unsigned bundle that would change what is believed", 4,
        "0 of the 2 votes")
def hints_on_the_medium(kit):
    for name, text in (("handcarry.conf", "trust: none\n"), (".handcarryrc", "insecure\n"),
                       ("trust/1.root.yaml", ""), ("host.yaml", "site: anywhere\n")):
        (kit.folder / name).parent.mkdir(exist_ok=True)
        (kit.folder / name).write_text(text)
    path = kit.folder / "bundle.tar.zst"
    path.write_bytes(kit.seal(statement=(), packing=()))
    return path
