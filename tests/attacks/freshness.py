# SPDX-License-Identifier: Apache-2.0
# Copyright The handcarry authors
"""B. Freshness and targets, items 29 to 39: good signatures on what this host must not take, and what
it must take all the same."""
import re

from attacks.kit import accepts, attack
from attacks.sealed import ROLES, signed_root
from attacks.signatures import REVOKED

PRODUCTS = ["    products:", "      - another-product"]


def bare(kit, **fields):
    return kit.seal(kit.pack("bare", **fields))


@accepts([29], "a good bundle, for comparison", command="install")
def good_install(kit):
    return bare(kit)


@attack([29], "lower number than the installed one", 5, "numbers only grow", command="install",
        before=("bare-5",))
def lower_number(kit):
    return bare(kit, release=4, version="9.9")


@attack([29], "lower number after two steps up", 5, "numbers only grow", command="install",
        before=("bare-5", "bare-6"))
def back_two_steps(kit):
    return bare(kit, release=5)


@accepts([30], "the same bundle again", "already installed", command="install", before=("bare-5",))
def replay(kit):
    return bare(kit, release=5)


@attack([31], "the installed number with another content", 4, "ALARM: two releases", command="install",
        before=("bare-5",))
def equivocation(kit):
    return bare(kit, release=5, version="5.1")


@attack([33], "release for other sites", 5, "here it is plant-a", command="install", site="plant-a")
def other_site(kit):
    return bare(kit, **{"for": "{sites: [plant-b, plant-c]}"})


@accepts([33], "release for this site among others", command="install", site="plant-b")
def this_site(kit):
    return bare(kit, **{"for": "{sites: [plant-b, plant-c]}"})


@attack([33], "release for certain sites on a host that does not know where it is", 5, "here it is not set",
        command="install")
def no_site(kit):
    return bare(kit, **{"for": "{sites: [plant-b, plant-c]}"})


@attack([33], "product that the keys may not sign", 5,
        "does not let role 'release' sign the product", believes=[signed_root(roles=(
            ROLES[0], (*ROLES[1], *PRODUCTS), ROLES[2]))])
def other_product(kit):
    return kit.seal(chain=[])


@attack([33], "product that the packer's key may not pack", 5,
        "does not let role 'pack' sign the product", believes=[signed_root(roles=(
            *ROLES[:2], (*ROLES[2], *PRODUCTS)))])
def other_product_packed(kit):
    return kit.seal(chain=[])


@attack([33], "site whose own role has not voted", 4, "role 'plant-b'", command="install",
        site="plant-b", believes=[signed_root(roles=(*ROLES, (
            "plant-b", "statement", 1, ("plant",), "    sites:", "      - plant-b")))])
def site_vote_missing(kit):
    return kit.seal(kit.pack("bare"), chain=[])


@attack([34], "release for another platform", 5, "is for linux/arm64, the engine here runs",
        command="install")
def other_platform(kit):
    return kit.seal(kit.pack("arm"))


@attack([34], "release without images for another platform", 5, "linux/arm64", command="install")
def other_platform_without_images(kit):
    return bare(kit, platforms="[linux/arm64]")


@accepts([36], "number far above the installed one", command="install", before=("bare-5",))
def jump(kit):
    return bare(kit, release=2**62)


EPOCH_1 = [signed_root(), signed_root(number=2, epoch=1)]


@accepts([29, 36], "lower number in a later epoch, which the carried root brings", command="install",
         before=("bare-5",))
def later_epoch(kit):
    return kit.seal(kit.pack("bare", epoch=1), chain=EPOCH_1)


@attack([29], "later epoch than any root says", 5, "is of epoch 1, and trust root 1", command="install", before=("bare-5",))
def epoch_without_root(kit):
    return bare(kit, epoch=1)


@attack([29], "higher number of an epoch that a root has ended", 5, "is of epoch 0, and trust root 2", command="install",
        before=("bare-5",))
def ended_epoch(kit):
    return kit.seal(kit.pack("bare", release=9), chain=EPOCH_1)


@attack([33], "release for other hosts", 5, "this release is for the hosts", command="install", site="plant-a")
def other_hosts(kit):
    return bare(kit, **{"for": "{hosts: [ws-1, ws-2]}"})


@accepts([32], "release of 2001, good until 2002 by what it says", "2002", expect="warn",
         command="install")
def old_release(kit):
    return bare(kit, issued="2001-01-01T00:00:00Z", **{"advise-until": "2002-01-01T00:00:00Z"})


@accepts([44], "release of 2099", "", command="install")
def release_of_2099(kit):
    return bare(kit, issued="2099-01-01T00:00:00Z")


def stick(kit, roots, name="bundle.tar.zst", **more):
    """A folder with a trust bundle and a release."""
    folder = kit.folder / "stick"
    folder.mkdir()
    (folder / "roots.trust").write_bytes(kit.trust_bundle(roots))
    (folder / name).write_bytes(kit.seal(kit.pack("bare"), **more))
    return folder


@accepts([20], "stick with a newer root and a release under it", command="install")
def stick_with_root(kit):
    return stick(kit, [signed_root(), signed_root(number=2)])


@attack([17], "stick with a root that revokes a key, and a release with that key's vote", 4,
        "1 of the 2 votes",
        command="install")
def stick_that_revokes(kit):
    return stick(kit, REVOKED)


@attack([22], "stick with another root of the stored number beside a good release", 4, "ALARM: ",
        command="install", believes=[signed_root(), signed_root(number=2)])
def stick_with_fork(kit):
    return stick(kit, [signed_root(), signed_root(number=2, more_keys=("somebody",))])


@accepts([20], "stick with a next root that only its own keys signed beside a good release",
         "no trust root is taken from", expect="warn", command="install")
def stick_with_forged_root(kit):
    return stick(kit, [signed_root(), signed_root("root-n", number=2, roles=(
        ("root", "root", 1, ("root-n",)), *ROLES[1:]))])


@attack([37], "statement of one release, packing list of another, each well signed", 3,
        "another release")
def texts_of_two(kit):
    ours, theirs = kit.pack("images"), kit.pack("images", version="9")
    return kit.seal_sections(ours.parts()[0], [
        ("statement", kit.statement(ours)), *theirs.parts()[1][1:]])


@attack([37], "texts of one release, frames of another", 3, "frames end at")
def frames_of_another(kit):
    ours, theirs = kit.pack("bare"), kit.pack("images", version="9")
    return kit.seal_sections(theirs.parts()[0], ours.parts()[1])


@attack([38], "one recipe of a layer is missing", 3, "does not carry 'layers/", deep=True)
def layer_missing(kit):
    bundle = kit.pack("images")
    bundle.change_meta(lambda rows: rows[:-1])
    return kit.seal(bundle)


@attack([38], "the last frames are missing, texts say so", 3, "the index has 3")
def frames_missing(kit):
    bundle = kit.pack("images")
    bundle.frames.pop()
    return kit.seal(bundle)


@attack([39], "handcarry of the year 3000 needed", 11, "99.0", command="install")
def newer_installer(kit):
    return bare(kit, requires='{handcarry: "99.0"}')


@attack([39], "format of the statement", 3, "a newer handcarry is needed", each={
    "2": b"2", "11": b"11", "2-63": b"%d" % 2**63})
def newer_statement(kit, value):
    return of_format(kit, "statement", value)


@attack([39], "format of the packing list", 3, "the packing is of format 2", each={"2": b"2"})
def newer_packing(kit, value):
    return of_format(kit, "packing", value)


@attack([39], "format of the statement that never was", 4, "does not begin with the line", each={
    "0": b"0", "minus-1": b"-1", "nothing": b"", "word": b"new"})
def no_format(kit, value):
    return of_format(kit, "statement", value)


def of_format(kit, text, number):
    bundle = kit.pack("images")
    line = "handcarry-%s: " % text
    setattr(bundle, text, getattr(bundle, text).replace(line + "1\n", line + number.decode() + "\n"))
    return kit.seal(bundle)


@attack([39, 130], "unknown key in the statement", 3, "unknown key", each={
    "at-the-top": ["product: ", "critical: yes\nproduct: "],
    "in-a-map": ["tree:\n", "tree:\n  critical: yes\n"]})
def unknown_key(kit, value):
    bundle = kit.pack("images")
    assert value[0] in bundle.statement
    bundle.statement = bundle.statement.replace(*value, 1)
    return kit.seal(bundle)


@accepts([130], "optional keys of a newer tool, which begin with x-", "good")
def optional_key(kit):
    bundle = kit.pack("images")
    bundle.statement = bundle.statement.replace("product: ", "x-later: 1\nproduct: ", 1)
    return kit.seal(bundle)


@attack([39], "format of the file", 3, "is a bundle of format 2", each={
    "2": rb"handcarry 1 (?=\d{20} \d{20}\n\Z)"})
def newer_format(kit, value):
    return re.sub(value, b"handcarry 2 ", kit.seal())
