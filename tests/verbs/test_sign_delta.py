# SPDX-License-Identifier: Apache-2.0
# Copyright The handcarry authors
"""sign in steps: one person's vote on the statement counts for every bundle of the release."""
import pytest

from bundlefile import BundleFile
from engines.images import Image, Layer, noise
from engines.release import Release
from program import handcarry


def run(*arguments, status=0, **options):
    done = handcarry(*arguments, **options)
    assert done.returncode == status, (arguments, done.stdout, done.stderr)
    return done.stdout + done.stderr


@pytest.fixture(name="made")
def made_fixture(tmp_path):
    """Releases 1 and 2 of some files; 2 full and as a delta, unsigned."""
    run("trust", "init", "--no-password", cwd=tmp_path)
    release = Release(tmp_path / "release", [])
    base = Layer().file("a", noise(3, 1000))
    release.files = [{"from": "extra/", "to": "/opt/demo/"}]
    release.put("extra/big", noise(1, 200_000))
    release.put("extra/same", noise(2, 1000))
    for number, options in ((1, ()), (2, ()), (2, ("--base", "r1.tar.zst"))):
        release.fields.update(release=number, version="1.%d" % number)
        release.put("extra/new", "of release %d\n" % number)
        release.images = [Image("demo/a:1.%d" % number, [base, Layer().file("b", b"%d" % number)]),
                          Image("demo/%d:1" % number, [base, Layer().file("c%d" % number, b"")])]
        name = ("r%d-delta" if options else "r%d") % number
        run("bundle", release.write(), "-o", name + ".tar.zst", "--trust", "trust", *options,
            cwd=tmp_path)
    return tmp_path


def test_one_vote_counts_for_the_full_bundle_and_its_delta(made):
    def verify(name, status=0):
        return run("verify", name, "--trust", "trust", status=status, cwd=made)

    full, delta = BundleFile(made / "r2.tar.zst"), BundleFile(made / "r2-delta.tar.zst")
    assert full.statement == delta.statement and full.packing != delta.packing
    run("sign", "r2.tar.zst", "--key", "release.key", "--vote-out", "human.v", cwd=made)
    # Whoever packs has a vote of their own on each packing list: with the key of the role pack.
    for name in ("r2", "r2-delta"):
        verify(name + ".tar.zst", 4)
        payload = BundleFile(made / (name + ".tar.zst")).tail_at
        before = (made / (name + ".tar.zst")).read_bytes()[:payload]
        assert "Vote of key" in run("sign", name + ".tar.zst", "--add", "human.v", cwd=made)
        said = verify(name + ".tar.zst", 4)
        assert "role release  1 of 1" in said and "role pack     0 of 1" in said, said
        run("sign", name + ".tar.zst", "--key", "release.key", cwd=made)
        assert "role pack     1 of 1" in verify(name + ".tar.zst")
        assert (made / (name + ".tar.zst")).read_bytes()[:payload] == before
        # The same vote again is no second one.
        run("sign", name + ".tar.zst", "--add", "human.v", cwd=made)
        assert len([n for n, _ in BundleFile(made / (name + ".tar.zst")).votes
                    if n == "vote-statement"]) == 1


# In the order in which it is said.
CHANGES = ["What changes against version 1.1, release number 1 ('r1.tar.zst', signatures NOT VERIFIED)",
           "  images   1 changed, 1 new, 1 gone", "           demo/a:1.2", "           demo/2:1",
           "           demo/1:1", "  layers   2 new, 2 gone, 1 as before", "  packages none changed",
           "  files    1 changed", "           extra/new", "  configs  2 as before"]


def check_order(said, texts):
    at = 0
    for text in texts:
        assert text in said[at:], "%s\n%s" % (text, said)
        at = said.index(text, at)


def test_128_what_changes_is_shown_before_the_vote(made):
    said = run("sign", "r2.tar.zst", "--base", "r1.tar.zst", "--key", "release.key", cwd=made)
    check_order(said, ["digest   sha256:", *CHANGES, "Votes of key"])
    # A delta has the same release; what its tree leaves out is in the base.
    said = run("sign", "r2-delta.tar.zst", "--base", "r1.tar.zst", "--key", "release.key", cwd=made)
    check_order(said, [*CHANGES, "Votes of key"])
    said = run("sign", "r2-delta.tar.zst", "--base", "r2.tar.zst", "--add", "r2.v", status=1, cwd=made)
    assert "nothing: it is the same release" in said
    said = run("sign", "r1.tar.zst", "--base", "r2.tar.zst", "--key", "release.key", cwd=made)
    assert "ATTENTION: the release number is not above the base's" in said


def test_128_a_statement_tells_what_it_can(made):
    for name in ("r1", "r2"):
        (made / (name + ".yaml")).write_text(BundleFile(made / (name + ".tar.zst")).statement)
    said = run("sign", "r2.yaml", "--base", "r1.yaml", "--key", "release.key", cwd=made)
    check_order(said, ["images   1 changed, 1 new, 1 gone", "  layers   2 new", "  tree     changed; which files",
                       "  configs  2 as before", "Vote written to 'r2.yaml."])
    assert run("sign", "r2.yaml", "--base", "r1.tar.zst", "--key", "release.key", "--vote-out", "v.vote",
               cwd=made).count("gone") == 2
    said = run("sign", "r2.yaml", "--base", "trust/1.root.yaml", "--key", "release.key", status=2,
               cwd=made)
    assert "is a trust root, not a release" in said
    run("sign", "r2.yaml", "--base", "nowhere", "--key", "release.key", status=1, cwd=made)


def test_129_content_that_was_swapped_since_packing_is_not_signed(made):
    """Every frame is read again, of a split bundle too."""
    data = bytearray((made / "r2.tar.zst").read_bytes())
    half = len(data) // 2
    (made / "s.tar.zst.001").write_bytes(data[:half])
    (made / "s.tar.zst.002").write_bytes(data[half:])
    run("sign", "s.tar.zst", "--key", "release.key", "--vote-out", "v.vote", cwd=made)
    data[1000] ^= 1
    (made / "s.tar.zst.001").write_bytes(data[:half])
    said = run("sign", "s.tar.zst.001", "--key", "release.key", "--vote-out", "w.vote", status=3,
               cwd=made)
    assert "s.tar.zst.001" in said and "w.vote" not in [p.name for p in made.iterdir()]


def test_a_vote_on_another_release_does_not_count(made):
    run("sign", "r1.tar.zst", "--key", "release.key", "--vote-out", "human.v", cwd=made)
    run("sign", "r2.tar.zst", "--add", "human.v", cwd=made)
    said = run("verify", "r2.tar.zst", "--trust", "trust", status=4, cwd=made)
    assert "does not fit the signed bytes" in said and "missing: release (" in said
