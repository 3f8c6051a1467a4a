# SPDX-License-Identifier: Apache-2.0
# Copyright The handcarry authors
"""A. Signatures and keys, items 1 to 18 and 25: who votes, and what passes for a vote."""
import base64

from attacks.kit import accepts, attack
from attacks.sealed import KEYS, ORDER, ROLES, signed_root, take_apart, vote_file

LACKS = "that role 'release' must give"


@accepts([1], "a good bundle, for comparison", "good")
def good(kit):
    return kit.seal()


@accepts([1], "the same, every layer and file", "every frame, layer, config and file proven",
         deep=True)
def good_deep(kit):
    return kit.seal()


@attack([1], "votes of a key that nobody trusts", 4, "is not in trust root 1")
def stranger(kit):
    return kit.seal(statement=("ci", "stranger"))


@attack([1], "every vote by strangers, who carry a root of their own", 4,
        "two different roots with the number 1")
def strangers_with_root(kit):
    roles = (("root", "root", 1, ("x",)), ("release", "statement", 1, ("x",)),
             ("pack", "packing", 1, ("x",)))
    return kit.seal(statement=("x",), packing=("x",), chain=[signed_root("x", roles=roles)])


@attack([2], "another key with the key id of a trusted one", 4, "does not fit the signed bytes")
def borrowed_id(kit):
    return kit.seal(statement=("forger", "human"))


@attack([3], "legacy signature of the statement", 4, "is a legacy minisign signature")
def legacy(kit):
    text = kit.statement()
    return kit.seal(statement=(KEYS["ci"].vote(text, algorithm=b"Ed"), "human"))


@attack([3], "good vote with its algorithm changed from ED to Ed", 4,
        "is a legacy minisign signature")
def algorithm_flipped(kit):
    blob, comment, seal = take_apart(KEYS["ci"].vote(kit.statement()))
    return kit.seal(statement=(vote_file(b"Ed" + blob[2:], comment, seal), "human"))


@attack([3], "legacy signature of the statement marked as ED", 4, "does not fit the signed bytes")
def legacy_as_prehashed(kit):
    blob, comment, seal = take_apart(KEYS["ci"].vote(kit.statement(), algorithm=b"Ed"))
    return kit.seal(statement=(vote_file(b"ED" + blob[2:], comment, seal), "human"))


@attack([4], "votes of another release of the same publisher", 4, "does not fit the signed bytes")
def votes_of_another(kit):
    other = kit.statement(kit.pack("images", version="9"))
    return kit.seal(statement=[KEYS[name].vote(other) for name in ("ci", "human")])


@attack([5], "signed trust root in the place of the statement", 4,
        "does not begin with the line 'handcarry-statement: 1'")
def root_as_statement(kit):
    bundle = kit.pack("images")
    bundle.statement = signed_root()[0]
    return kit.seal(bundle)


@attack([5], "signed receipt in the place of the statement", 4,
        "does not begin with the line 'handcarry-statement: 1'")
def receipt_as_statement(kit):
    bundle = kit.pack("images")
    bundle.statement = b'{\n  "schema" : "handcarry.receipt/1"\n}\n'
    return kit.seal(bundle)


@attack([5], "packing list in the place of the statement, with the packer's vote", 4,
        "does not begin with the line 'handcarry-statement: 1'")
def packing_as_statement(kit):
    bundle = kit.pack("images")
    bundle.statement = bundle.packing
    return kit.seal(bundle)


@attack([5], "the packing list's vote as a vote on the statement", 4, "does not fit the signed bytes")
def vote_on_packing(kit):
    bundle = kit.pack("images")
    _, sections = bundle.parts()
    return kit.seal(bundle, statement=(KEYS["ci"].vote(sections[1][1]), "human"))


@attack([6], "trusted comment edited", 4, "does not fit its trusted comment")
def comment_edited(kit):
    blob, _, seal = take_apart(KEYS["ci"].vote(kit.statement()))
    return kit.seal(statement=(vote_file(blob, b"approved by everybody", seal), "human"))


@attack([6], "comment and its signature from another vote of the same key", 4,
        "does not fit its trusted comment")
def comment_transplanted(kit):
    blob, _, _ = take_apart(KEYS["ci"].vote(kit.statement()))
    _, comment, seal = take_apart(KEYS["ci"].vote(b"another text", comment="approved"))
    return kit.seal(statement=(vote_file(blob, comment, seal), "human"))


@attack([7], "trusted comment, well signed", 4, "not printable ASCII", each={
    "escape": b"\x1b[2Jgood\x1b[0m", "csi": b"\x9b2J", "bidi": "\u202eapproved".encode(),
    "nul": b"approved\0by nobody", "return": (b"bad\rgood", "carriage return"), "utf-8": "gepr\u00fcft".encode(),
    "8174-bytes": (b"a" * 8174, "trusted comment")})
def comment(kit, value):
    return kit.seal(statement=(KEYS["ci"].vote(kit.statement(), comment=value), "human"))


@attack([8], "encoding of a good vote", 4, "a vote on the statement does not count", each={
    "junk-behind": lambda vote: vote + b"junk\n", "empty-line-behind": lambda vote: vote + b"\n",
    "crlf": lambda vote: vote.replace(b"\n", b"\r\n"), "no-last-line-end": lambda vote: vote[:-1],
    "untrusted-comment": lambda vote: vote.replace(b"from handcarry", b"from a friend"),
    "spare-bits": lambda vote: spare_bits(vote),  # pylint: disable=unnecessary-lambda
    "space-in-base64": lambda vote: b"\n".join(
        line[:9] + b" " + line[9:] if number == 1 else line
        for number, line in enumerate(vote.split(b"\n"))),
    "url-safe-base64": lambda vote: b"\n".join(
        line.translate(bytes.maketrans(b"+/", b"-_")) if number in (1, 3) else line
        for number, line in enumerate(vote.split(b"\n")))})
def encoding(kit, value):
    return kit.seal(statement=(value(KEYS["ci"].vote(kit.statement())), "human"))


def spare_bits(vote):
    """The last character before the padding, with bits that decode to nothing."""
    lines = vote.split(b"\n")
    alphabet = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/"
    at = len(lines[1].rstrip(b"=")) - 1
    changed = bytearray(lines[1])
    changed[at] = alphabet[alphabet.index(changed[at]) | 1]
    assert base64.b64decode(changed) == base64.b64decode(lines[1]) and changed != lines[1]
    lines[1] = bytes(changed)
    return b"\n".join(lines)


@attack([9], "signature", 4, "a vote on the statement does not count", each={
    "empty-file": lambda blob, comment, seal: b"",
    "empty": lambda blob, comment, seal: vote_file(b"", comment, seal),
    "63-bytes": lambda blob, comment, seal: vote_file(blob[:-1], comment, seal),
    "65-bytes": lambda blob, comment, seal: vote_file(blob + b"\0", comment, seal),
    "without-key-id": lambda blob, comment, seal: vote_file(blob[10:], comment, seal),
    "short-seal": lambda blob, comment, seal: vote_file(blob, comment, seal[:-1]),
    "first-two-lines": lambda *parts: b"\n".join(vote_file(*parts).split(b"\n")[:2]) + b"\n"})
def size_of(kit, value):
    vote = value(*take_apart(KEYS["ci"].vote(kit.statement())))
    return kit.seal(statement=(vote, "human"))


@attack([10, 11], "no vote at all", 4, "0 of the 2 votes " + LACKS)
def no_votes(kit):
    return kit.seal(statement=(), packing=())


@attack([11], "neither votes nor chain: what an unsigned bundle looks like", 4,
        "0 of the 2 votes " + LACKS)
def unsigned(kit):
    return kit.seal(statement=(), packing=(), chain=[])


@attack([11], "the statement has its votes, the packing list none", 4,
        "0 of the 1 votes that role 'pack' must give")
def packing_unsigned(kit):
    return kit.seal(packing=())


@attack([12], "one vote twice for a threshold of two", 4, "1 of the 2 votes " + LACKS)
def vote_twice(kit):
    return kit.seal(statement=("ci", "ci"))


@attack([12], "two votes of one key with different comments", 4, "1 of the 2 votes " + LACKS)
def key_twice(kit):
    return kit.seal(statement=("ci", KEYS["ci"].vote(kit.statement(), comment="and once more")))


TWO_IDS = ("release", "statement", 2, ("ci", "ci-again", "human"))


@attack([13], "one key under two names and ids votes twice for a threshold of two", 4,
        "1 of the 2 votes " + LACKS, believes=[signed_root(roles=(ROLES[0], TWO_IDS, ROLES[2]))])
def key_with_two_ids(kit):
    return kit.seal(statement=("ci", "ci-again"), chain=[])


@attack([15], "signatures on one text", 3, "has more than 32 sections 'vote-statement'", each={
    "33": 33, "10000": 10_000})
def flood(kit, value):
    return kit.seal(statement=("ci", "human", *[KEYS["ci"].vote(b"another text")] * (value - 2)))


@accepts([15], "30 foreign votes beside the two needed", "does not count", expect="warn")
def crowd(kit):
    return kit.seal(statement=(*("crowd-%d" % n for n in range(30)), "ci", "human"))


@accepts([16], "a bad vote beside enough good ones", "does not count", expect="warn", each={
    "other-text": lambda: KEYS["ci"].vote(b"x"), "stranger": lambda: "stranger",
    "legacy": lambda: KEYS["human"].vote(b"x", algorithm=b"Ed"), "no-vote": lambda: b"\x1b[2J\n"})
def bad_vote_beside(kit, value):
    return kit.seal(statement=(value(), "ci", "human"))


REVOKED = [signed_root(), signed_root(number=2, roles=(
    ROLES[0], ("release", "statement", 2, ("ci-2", "human")), ("pack", "packing", 1, ("ci-2",))),
    revoked=("ci",))]
RETIRED = [signed_root(), signed_root(number=2, roles=(
    ROLES[0], ("release", "statement", 2, ("ci-2", "human")), ("pack", "packing", 1, ("ci-2",))),
    more_keys=("ci",))]


@attack([17], "vote of a key that the host knows to be revoked", 4, "is revoked; sign again",
        believes=REVOKED)
def revoked(kit):
    return kit.seal()


@attack([17], "vote of a key that the carried root revokes", 4, "is revoked; sign again")
def revoked_by_carried(kit):
    return kit.seal(chain=REVOKED)


@attack([17], "vote of a key that was retired", 4, "is in no role that signs it", believes=RETIRED)
def retired(kit):
    return kit.seal()


@attack([18], "key both in a role and revoked", 4, "is revoked; sign again", believes=[signed_root(
    roles=(ROLES[0], ("release", "statement", 2, ("ci", "human", "human-2")), (
        "pack", "packing", 1, ("human",))), revoked=("ci",))])
def revoked_wins(kit):
    return kit.seal(packing=("human",), chain=[])


@attack([25], "signature whose S is raised by the order", 4, "does not fit the signed bytes")
def malleable(kit):
    def raise_s(signature):
        raised = int.from_bytes(signature[32:], "little") + ORDER
        return signature[:32] + raised.to_bytes(32, "little")
    return kit.seal(statement=(KEYS["ci"].vote(kit.statement(), change=raise_s), "human"))
