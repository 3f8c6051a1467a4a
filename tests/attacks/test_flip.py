# SPDX-License-Identifier: Apache-2.0
# Copyright The handcarry authors
"""One flipped bit anywhere in a bundle that has exactly the votes it needs: refused, and the host as it
was. flip.c does all of them; the program itself, one in each region."""
import hashlib
import os
import re
import subprocess
import time
from pathlib import Path

import pytest

from attacks.kit import Kit
from attacks.run import AUDIT, quiet_engine, snapshot
from attacks.sealed import ROLES, signed_root, write_chain
from program import PROGRAM, SAMPLED, handcarry

FLIP = Path(PROGRAM).resolve().parent / "tests/attacks/flip"
CHAIN = [signed_root(), signed_root(number=2)]
SPARE = [signed_root(number=number, roles=(ROLES[0], (
    "release", "statement", 2, ("ci", "human", "deputy")), ROLES[2])) for number in (1, 2)]


@pytest.fixture(name="kit", scope="module")
def kit_fixture(tmp_path_factory):
    return Kit(tmp_path_factory.mktemp("kit"))


def sweep(folder, data, chain, *options):
    """flip's exit status and lines; the counts are shown with -s, and where the test fails."""
    (folder / "bundle").write_bytes(data)
    write_chain(folder / "trust", chain)
    start = time.monotonic()
    ran = subprocess.run([FLIP, *options, folder / "bundle", folder / "trust"], text=True,
                         capture_output=True, stdin=subprocess.DEVNULL, check=False, timeout=300)
    print(ran.stdout, ran.stderr[-2000:], "took %.0f s" % (time.monotonic() - start))
    return ran.returncode, ran.stdout.splitlines()


def test_049_every_flipped_bit_is_refused(kit, tmp_path):
    status, lines = sweep(tmp_path, kit.seal(chain=CHAIN), CHAIN,
                          *(["--every", "100"] if SAMPLED else []))
    bits, refused = map(int, re.match(r"flip: (\d+) bits, (\d+) refused", lines[-1]).groups())
    assert status == 0 and bits == refused and bits > (400 if SAMPLED else 40_000)
    regions = [re.match(r"flip: (.*?) +\d+ bytes", line).group(1) for line in lines[:-1]]
    assert sorted(regions) == sorted([
        "payload", "frame n", "directory", "statement", "packing", "index", "vote-statement",
        "vote-statement", "vote-packing", "root", "vote-root", "root", "vote-root", "footer"])


def test_016_a_flip_in_a_spare_vote_is_accepted_and_reported(kit, tmp_path):
    bundle = kit.seal(chain=SPARE, statement=("ci", "human", "deputy"))
    status, lines = sweep(tmp_path, bundle, SPARE, "--spare",
                          *(["--every", "20"] if SAMPLED else []))
    bits, reported = map(int, re.match(r"flip: (\d+) bits, 0 refused .*, (\d+) accepted",
                                       lines[-1]).groups())
    assert status == 0 and bits == reported and len(lines) == 4


def test_the_sweep_sees_what_is_accepted(kit, tmp_path):
    """A spare vote without --spare: flip must fail, or it could not find anything."""
    status, lines = sweep(tmp_path, kit.seal(chain=SPARE, statement=("ci", "human", "deputy")),
                          SPARE, "--every", "400")
    assert status == 1 and not lines[-1].endswith(" 0 wrong")


def regions(data):
    """{name: (begin, end)} of a bundle, by its own footer and directory."""
    offset, length = map(int, re.search(rb"handcarry 1 (\d{20}) (\d{20})\n\Z", data).groups())
    found, end = {}, data.index(b"\n\n", offset) + 2
    for name, begin, size in re.findall(rb"(?m)^([a-z-]+) (\d{20}) (\d{20})$", data[offset:end]):
        key = name.decode()
        while key in found:
            key += " again"
        found[key] = (int(begin), int(begin) + int(size))
    statement, packing = (found[n][1] - found[n][0] for n in ("statement", "packing"))
    texts = 1024 + sum(512 + size + -size % 512 for size in (statement, packing))
    found["frame n"] = (offset - texts - 12, offset)
    found["payload"] = (0, offset - texts - 12)
    found["directory"] = (offset, end)
    found["footer"] = (offset + length, len(data))
    return found


@pytest.fixture(name="host", scope="module")
def host_fixture(tmp_path_factory):
    """A host that believes the chain, and an engine that has nothing."""
    folder = tmp_path_factory.mktemp("host")
    write_chain(folder / "trust", CHAIN)
    told = hashlib.sha256(CHAIN[-1][0]).hexdigest()
    done = handcarry("trust", "import", folder / "trust", "--root", folder / "root",
                     "--fingerprint", told)
    assert done.returncode == 0, done.stderr
    with quiet_engine(folder) as engine:
        # The first run on a host makes its lock.
        handcarry("install", folder / "trust/ci.pub", "-y", "--root", folder / "root")
        yield folder / "root", engine


def test_049_a_refused_install_leaves_the_host_as_it_was(kit, host, tmp_path):
    root, engine = host
    good = kit.seal(kit.pack("bare"), chain=CHAIN)
    medium = tmp_path / "bundle"
    for name, (begin, end) in regions(good).items():
        # Of the payload: the tree. What it does not need an install does not read.
        middle = 100 if name == "payload" else (begin + end) // 2
        data = bytearray(good)
        data[middle] ^= 1 << middle % 8
        medium.write_bytes(data)
        before = snapshot(root)
        for verb, options in (("plan", ()), ("install", ("-y", "--quiet"))):
            ran = handcarry(verb, medium, *options, "--root", root, "--engine", engine)
            # A plan reads no content of the tree: only the frames that it needs.
            if (verb, name) != ("plan", "payload"):
                assert ran.returncode in (3, 4), (name, verb, ran.stdout, ran.stderr)
        after = snapshot(root)
        assert {path for path in {**before, **after} if before.get(path) != after.get(path)} == {
            AUDIT}, name
    medium.write_bytes(good)
    ran = handcarry("install", medium, "-y", "--quiet", "--root", root, "--engine", engine)
    assert ran.returncode == 0, ran.stderr
    assert os.path.exists(root / AUDIT)
