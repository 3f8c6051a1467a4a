# SPDX-License-Identifier: Apache-2.0
# Copyright The handcarry authors
"""verify takes what bundle made and refuses everything else: damage, lies, other people's keys."""
import hashlib
import json
import os
import subprocess
import time

import pytest

from bundlefile import REGIONS, BundleFile, member, skippable, tail
from keytools import minisign_accepts, needs_minisign
from program import PROGRAM, SAMPLED, handcarry
from verified import made, run  # noqa: F401 pylint: disable=unused-import


@pytest.fixture
def refuse(made, tmp_path):
    """Writes bytes to a file that verify must refuse; returns what it said."""
    def refused(data, *fragments, status=3, deep=False):
        path = tmp_path / "bad.tar.zst"
        path.write_bytes(data)
        said = made.verify(path, *["--deep"] * deep, status=status)
        assert all(fragment in said for fragment in fragments), said
        return said
    return refused


def test_good(made):
    assert ": good\n" in made.verify(made.path)
    said = made.verify(made.path, "--deep")
    assert "every frame, layer, config and file proven" in said
    data = json.loads(made.verify(made.path, "--json"))
    assert data["schema"] == "handcarry-verify-1" and data["bundles"][0]["good"]
    assert {role["role"] for role in data["bundles"][0]["roles"]} == {"release", "pack"}


def test_007_a_name_that_steers_the_terminal(made, tmp_path):
    """'verify MEDIUM/*' hands over what somebody else called his files."""
    path = tmp_path / "x\x1b[2K\nb.tar.zst: good\n\u202e.tar.zst"
    path.write_bytes(made.path.read_bytes()[:-1])
    said = made.verify(path, status=3)
    assert "\x1b" not in said and "\n" + "b.tar.zst" not in said and "\u202e" not in said
    assert "x\\x1b[2K\\x0ab.tar.zst: good\\x0a\\u{202e}.tar.zst: NOT GOOD\n" in said, said
    path.write_bytes(made.path.read_bytes())
    assert ": good\\x0a\\u{202e}.tar.zst: good\n" in made.verify(path)


def test_second_writer_makes_the_same_file(made):
    """The hostile bundles below differ from a good one only where they mean to."""
    bundle = BundleFile(made.path)
    written = bundle.bytes()
    assert written[:bundle.tail_at] == made.data[:bundle.tail_at]


def test_001_wrong_key(made, tmp_path):
    run("trust", "init", "--no-password", cwd=tmp_path)
    said = made.verify(made.path, status=4, trust=tmp_path / "trust")
    assert "NOT GOOD" in said
    other = tmp_path / "other.tar.zst"
    run("bundle", made.release.folder / "release.yaml", "-o", other, "--sign",
        tmp_path / "release.key", "--trust", made.trust)
    said = made.verify(other, status=4)
    assert "role release  0 of 1 needed: nobody" in said


def test_no_trust_root_yet_names_the_one_next_command(made, tmp_path):
    ran = handcarry("verify", made.path, "--trust", tmp_path / "none")
    assert ran.returncode == 4 and "'handcarry trust import PATH' takes over" in ran.stderr
    assert "trust show" not in ran.stderr and ran.stderr.count("\n") == 1


def test_lines_stay_in_order_in_one_file(made, tmp_path):
    (tmp_path / "both").write_bytes(made.data[:-1])
    with open(tmp_path / "log", "w+", encoding="utf-8") as log:
        subprocess.run([PROGRAM, "verify", tmp_path / "both", "--trust", made.trust], stdout=log,
                       stderr=log, check=False)
        log.seek(0)
        said = log.read()
    assert 0 <= said.index("NOT GOOD") < said.index("handcarry: ")


def test_010_011_no_signature(made, refuse):
    bundle = BundleFile(made.path)
    said = refuse(bundle.bytes(), "0 of 1 needed: nobody", "missing: release", status=4)
    assert "NOT GOOD" in said


def test_004_signature_of_another_bundle(made, tmp_path, refuse):
    other = tmp_path / "other.tar.zst"
    run("bundle", made.release.folder / "release.yaml", "--version", "9", "-o", other, "--sign",
        made.key)
    votes = BundleFile(other).votes
    bundle = BundleFile(made.path)
    kept = [row for row in bundle.votes if "root" in row[0]]
    sections = [("statement", bundle.statement.encode()), ("packing", bundle.packing.encode()),
                ("index", bundle.index)]
    end = tail(bundle.tail_at, sections + votes + kept)
    refuse(made.data[:bundle.tail_at] + end, "not counted", status=4)


def test_005_vote_on_the_other_text(made, refuse):
    """The packing list's vote is no vote on the statement."""
    bundle = BundleFile(made.path)
    swapped = [("vote-statement", data) if name == "vote-packing" else (name, data)
               for name, data in bundle.votes if name != "vote-statement"]
    sections = [("statement", bundle.statement.encode()), ("packing", bundle.packing.encode()),
                ("index", bundle.index)] + swapped
    refuse(made.data[:bundle.tail_at] + tail(bundle.tail_at, sections), status=4)


def test_012_same_vote_twice_counts_once(made, tmp_path):
    bundle = BundleFile(made.path)
    votes = [row for row in bundle.votes for _ in (0, 1)
             if "vote-s" in row[0] or "vote-p" in row[0]]
    rest = [row for row in bundle.votes if "root" in row[0]]
    path = tmp_path / "twice.tar.zst"
    path.write_bytes(made.data[:bundle.tail_at] + tail(bundle.tail_at, [
        ("statement", bundle.statement.encode()), ("packing", bundle.packing.encode()),
        ("index", bundle.index)] + votes + rest))
    roles = json.loads(made.verify(path, "--json"))["bundles"][0]["roles"]
    assert [len(role["voted"]) for role in roles] == [1, 1]


def borders(made):
    """Where regions begin and end: frames, frame n, tail, its sections, footer."""
    bundle = BundleFile(made.path)
    at = set(bundle.begins) | {bundle.texts_at, bundle.tail_at, bundle.tail_at + 8}
    at |= {bundle.tail_at + 8 + i for i in (18, 200)}
    return sorted(at | {len(made.data) - 62, len(made.data) - 54, len(made.data)})


def test_045_048_truncated(made, refuse):
    for border in borders(made):
        for length in (border - 1, border, border + 1):
            if 0 <= length < len(made.data):
                refuse(made.data[:length])


def test_049_one_bit_in_every_frame(made, refuse):
    bundle = BundleFile(made.path)
    assert len(bundle.frames) >= 5
    for number, (begin, frame) in enumerate(zip(bundle.begins, bundle.frames)):
        for inside in {0, 4, len(frame) // 2, len(frame) - 1}:
            bad = bytearray(made.data)
            bad[begin + inside] ^= 1 << inside % 8
            refuse(bad, "frame %d (" % number, "is damaged")


def test_004_049_one_bit_in_texts_and_footer(made, refuse):
    """Frame n and the footer have no bit that may be another; attacks/flip.c tries more of them."""
    bundle = BundleFile(made.path)
    places = list(range(bundle.texts_at, bundle.tail_at, 29))
    places += range(len(made.data) - 62, len(made.data))
    if SAMPLED:
        places = places[::5]
    for number, at in enumerate(places):
        bad = bytearray(made.data)
        bad[at] ^= 1 << number % 8
        refuse(bad)


def test_050_051_appended_and_concatenated(made, refuse):
    refuse(made.data + b"\0")
    refuse(made.data + bytes(1024))
    refuse(made.data + skippable(b"more"))
    refuse(made.data + made.data)
    refuse(b"\0" + made.data)


def test_091_unsigned_content_in_the_tar(made, refuse):
    """A frame between the signed ones and the tail, or one more in the tail."""
    bundle = BundleFile(made.path)
    frame = subprocess.run(["zstd", "-qc"], input=member("tree/evil", b"evil\n"),
                           stdout=subprocess.PIPE, check=True).stdout
    sections = [("statement", bundle.statement.encode()), ("packing", bundle.packing.encode()),
                ("index", bundle.index)] + bundle.votes
    for extra in (frame, skippable(b"evil")):
        for at in (0, bundle.begins[1], bundle.texts_at, bundle.tail_at):
            body = made.data[:at] + extra + made.data[at:bundle.tail_at]
            refuse(body + tail(len(body), sections))


def test_051_texts_in_the_tar_differ(made, refuse):
    bundle = BundleFile(made.path)
    at = made.data.index(b"release: 1", bundle.texts_at)
    bad = bytearray(made.data)
    bad[at:at + 10] = b"release: 9"
    refuse(bad, "differs from the signed one")


def test_037_packing_list_of_another_release(made, tmp_path, refuse):
    other = tmp_path / "other.tar.zst"
    run("bundle", made.release.folder / "release.yaml", "--version", "9", "-o", other, "--sign",
        made.key)
    ours, theirs = BundleFile(made.path), BundleFile(other)
    votes = [row for row in ours.votes if row[0] == "vote-statement"]
    votes += [row for row in theirs.votes if row[0] == "vote-packing"]
    body = made.data[:ours.texts_at]
    refuse(body + tail(len(body), [("statement", ours.statement.encode()),
                                   ("packing", theirs.packing.encode()),
                                   ("index", theirs.index)] + votes), "another release")


def test_regions_of_the_packing_list_do_not_fit(made, tmp_path):
    for region in REGIONS:
        bundle = BundleFile(made.path)
        if bundle.counts[region] == 0:
            continue
        bundle.counts[region] += 1
        bundle.set_bytes(region, 512)
        path = tmp_path / "bad.tar.zst"
        path.write_bytes(bundle.bytes())
        run("sign", path, "--key", made.key, status=3)
        run("show", path, status=3)


def test_057_not_a_regular_file(made, tmp_path):
    os.mkfifo(tmp_path / "fifo")
    for path in (tmp_path / "fifo", tmp_path, "/dev/zero", "/dev/null"):
        assert "is not a regular file" in made.verify(path, status=3)
    assert "no-such" in made.verify(tmp_path / "no-such", status=1)
    os.symlink(made.path, tmp_path / "link")
    made.verify(tmp_path / "link")


def test_045_046_057_other_files(made, tmp_path):
    path = tmp_path / "x"
    for data in (b"", b"x", b"handcarry", made.data[-62:], bytes(100_000)):
        path.write_bytes(data)
        assert "not a bundle" in made.verify(path, status=3) or len(data) == 62
    begin = time.monotonic()
    for size in (5 << 30, 15 << 40):
        with open(path, "wb") as file:
            file.truncate(size)
        assert "not a bundle" in made.verify(path, status=3)
    assert time.monotonic() - begin < 2


@pytest.mark.parametrize("region", ["tree", "meta", "data"])
def test_129_a_frame_exchanged_between_packing_and_signing(made, tmp_path, region):
    """Votes are on the texts, which name each frame by its digest: no signature makes another frame
    good."""
    bundle = BundleFile(made.path)
    data = bytearray(bundle.bytes())
    data[bundle.begins[bundle.first(region)] + 20] ^= 1
    path = tmp_path / "b.tar.zst"
    path.write_bytes(data)
    said = run("sign", path, "--key", made.key, status=3)
    assert "is damaged" in said


def test_several_bundles_and_their_status(made, tmp_path):
    bad = tmp_path / "bad.tar.zst"
    bad.write_bytes(made.data[:-1])
    said = made.verify(bad, made.path, status=3)
    assert "bad.tar.zst: NOT GOOD" in said and "b.tar.zst: good" in said
    worse = tmp_path / "worse.tar.zst"
    worse.write_bytes(made.data[:-2])
    said = made.verify(bad, worse, status=3)
    assert all(f"{path}: is not a bundle" in said for path in (bad, worse)), said


@needs_minisign
def test_035_stock_tools_say_the_same(made, tmp_path):
    """tail, dd, minisign and sha256sum find what people decide on, without handcarry."""
    script = r"""
    set -e
    set -- "$1" $(tail -c 54 "$1")
    at() { grep -a -m1 "^$1 " head | { read -r _ o l; echo "$((10#$o)) $((10#$l))"; }; }
    cut() { dd if="$1" bs=64k iflag=skip_bytes,count_bytes skip="$2" count="$3" status=none; }
    cut "$1" $((10#$4 + 8)) 4000 > head
    set -- "$1" $(at statement); cut "$@" > statement.yaml
    set -- "$1" $(at packing); cut "$@" > packing.yaml
    set -- "$1" $(at index); cut "$@" > index
    set -- "$1" $(at vote-statement); cut "$@" > statement.yaml.minisig
    set -- "$1" $(at vote-packing); cut "$@" > packing.yaml.minisig
    """
    subprocess.run(["bash", "-c", script, "sh", made.path], cwd=tmp_path, check=True)
    for text in ("statement.yaml", "packing.yaml"):
        out = minisign_accepts(made.trust / "release.pub", text, text + ".minisig", tmp_path)
        assert "sha256:" + hashlib.sha256((tmp_path / text).read_bytes()).hexdigest() in out
    index = hashlib.sha256((tmp_path / "index").read_bytes()).hexdigest()
    assert "index: sha256:" + index in (tmp_path / "packing.yaml").read_text()
    subprocess.run(["sha256sum", "-c", made.path.name + ".sha256"], cwd=made.folder, check=True,
                   stdout=subprocess.DEVNULL)
    listed = subprocess.run(["tar", "--zstd", "-tf", made.path], stdout=subprocess.PIPE,
                            check=True).stdout.decode().split("\n")
    assert listed[-3:] == ["statement.yaml", "packing.yaml", ""]
    assert "tree/playbooks/files/big" in listed


def test_119_stdin_and_stdout_closed(made):
    for closing in ("<&-", ">&-", "<&- >&- 2>&-"):
        done = subprocess.run(["sh", "-c", '"$@" ' + closing, "sh", PROGRAM, "verify", made.path,
                               "--trust", made.trust], check=False)
        assert done.returncode == 0
