# SPDX-License-Identifier: Apache-2.0
# Copyright The handcarry authors
"""A second writer of keys, votes and trust roots, made from keys/FORMAT.md, with keys that are always
the same: what it signs may be wrong in any way that a signer or a forger can think of."""
import base64
import hashlib
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

ORDER = 2**252 + 27742317777372353535851937790883648493
COMMENT = "a vote of the attack corpus"
ROLES = (("root", "root", 1, ("root-a", "root-b")),
         ("release", "statement", 2, ("ci", "human")),
         ("pack", "packing", 1, ("ci",)))


def message_hash(text):
    """What a prehashed minisign signature signs."""
    return hashlib.blake2b(text, digest_size=64).digest()


class Key:
    """A key whose seed and id follow from its name."""

    def __init__(self, name, identity=None, public=None):
        seed = hashlib.sha256(b"handcarry attack corpus, key " + name.encode()).digest()
        self.name, self.secret = name, Ed25519PrivateKey.from_private_bytes(seed)
        self.id = identity or hashlib.sha256(seed).digest()[:8]
        own = self.secret.public_key().public_bytes(Encoding.Raw, PublicFormat.Raw)
        self.public = public or own

    def line(self):
        """Second line of the public key file."""
        return base64.b64encode(b"Ed" + self.id + self.public).decode()

    def file(self):
        number = int.from_bytes(self.id, "little")
        return "untrusted comment: minisign public key %X\n%s\n" % (number, self.line())

    def id_text(self):
        return "%X" % int.from_bytes(self.id, "little")

    def vote(self, text, comment=COMMENT, algorithm=b"ED", change=lambda signature: signature):
        """A signature file over text; comment is text or bytes."""
        signed = message_hash(text) if algorithm == b"ED" else text
        signature = change(self.secret.sign(signed))
        comment = comment if isinstance(comment, bytes) else comment.encode()
        seal = self.secret.sign(signature + comment)
        return vote_file(algorithm + self.id + signature, comment, seal)


def vote_file(blob, comment, seal):
    return b"untrusted comment: signature from handcarry\n%s\ntrusted comment: %s\n%s\n" % (
        base64.b64encode(blob), comment, base64.b64encode(seal))


def take_apart(vote):
    """(blob of 74 bytes, trusted comment, signature of the comment) of a good vote."""
    lines = vote.split(b"\n")
    return base64.b64decode(lines[1]), lines[2][len(b"trusted comment: "):], base64.b64decode(lines[3])


class Keys(dict):
    """Keys by name; each is there when it is asked for."""

    def __missing__(self, name):
        self[name] = Key(name)
        return self[name]


KEYS = Keys()
# One key under two names and two key ids; an id of a trusted key over another key.
KEYS["ci-again"] = Key("ci", identity=b"\x01again\x00\x00")
KEYS["forger"] = Key("forger", identity=KEYS["ci"].id)


def root_text(number=1, roles=ROLES, revoked=(), epoch=0, more_keys=(), lines=None):
    """Text of a trust root. roles: (name, signs, threshold, keys, more lines…). lines: the public
    key of a name where it shall be another than that of KEYS."""
    lines = lines or {}
    names = [name for _, _, _, names, *_ in roles for name in names] + list(more_keys)
    out = ["handcarry-root: 1", "number: %s" % number, "epoch: %s" % epoch, "keys:"]
    for name in dict.fromkeys(names):
        out += ["  - name: " + name, "    key: " + lines.get(name, KEYS[name].line()), "    since: 1"]
    out.append("roles:")
    for name, signs, threshold, members, *more in roles:
        out += ["  - name: " + name, "    signs: " + signs, "    threshold: %s" % threshold,
                "    keys:", *("      - " + member for member in members), *more]
    if revoked:
        out.append("revoked:")
    for name in revoked:
        out += ["  - key: " + KEYS[name].line(), "    reason: stolen"]
    return ("\n".join(out) + "\n").encode()


def votes(text, *signers):
    """One vote for each name; what is bytes is a vote already."""
    return [signer if isinstance(signer, bytes) else KEYS[signer].vote(text) for signer in signers]


def signed_root(*signers, **values):
    """(text, votes): one step of a chain."""
    text = root_text(**values)
    return text, votes(text, *(signers or ("root-a",)))


STANDARD = [signed_root()]


def write_chain(folder, chain, first=1):
    """A trust folder as it lies on a host, or on a stick; with the keys for people beside it."""
    folder = Path(folder)
    folder.mkdir(parents=True, exist_ok=True)
    for number, (text, made) in enumerate(chain, first):
        (folder / ("%d.root.yaml" % number)).write_bytes(text)
        for vote in made:
            name = int.from_bytes(take_apart(vote)[0][2:10], "little")
            (folder / ("%d.root.yaml.%X.minisig" % (number, name))).write_bytes(vote)
    for name in ("root-a", "root-b", "ci", "human"):
        (folder / (name + ".pub")).write_text(KEYS[name].file())
    return folder
