# SPDX-License-Identifier: Apache-2.0
# Copyright The handcarry authors
"""sign in steps: one person's vote on the statement counts for every bundle of the release."""
import pytest

from bundlefile import BundleFile
from engines.images import noise
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
    release.files = [{"from": "extra/", "to": "/opt/demo/"}]
    release.put("extra/big", noise(1, 200_000))
    release.put("extra/same", noise(2, 1000))
    for number, options in ((1, ()), (2, ()), (2, ("--base", "r1.tar.zst"))):
        release.fields.update(release=number, version="1.%d" % number)
        release.put("extra/new", "of release %d\n" % number)
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


def test_a_vote_on_another_release_does_not_count(made):
    run("sign", "r1.tar.zst", "--key", "release.key", "--vote-out", "human.v", cwd=made)
    run("sign", "r2.tar.zst", "--add", "human.v", cwd=made)
    said = run("verify", "r2.tar.zst", "--trust", "trust", status=4, cwd=made)
    assert "does not fit the signed bytes" in said and "missing: release (" in said
