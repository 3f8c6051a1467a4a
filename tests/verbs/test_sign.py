# SPDX-License-Identifier: Apache-2.0
# Copyright The handcarry authors
"""sign: votes in a bundle and beside a statement, with stock minisign both ways."""
import glob
import hashlib
import io
import json
import shutil
import subprocess
import tarfile

import pytest
from keytools import (PASSWORD, minisign, minisign_accepts, needs_minisign, on_terminal,
                      password_env, refused, run)
from program import program_for

RELEASE = """handcarry: 1
product: demo
version: 1.0.0
release: 1
platforms: [linux/amd64]
images:
  - {name: "demo/a:1", from: "docker-archive:i.tar"}
files:
  - {from: extra/, to: /opt/demo/}
"""


def tar_of(members):
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w") as archive:
        for name, data in members:
            info = tarfile.TarInfo(name)
            info.size = len(data)
            archive.addfile(info, io.BytesIO(data))
    return out.getvalue()


@pytest.fixture(name="made")
def made_fixture(tmp_path):
    """A folder with keys, a trust root, an unsigned bundle b.tar.zst and its statement s.yaml."""
    layer = tar_of([("hello", b"hello\n")])
    config = json.dumps({"architecture": "amd64", "os": "linux", "config": {}, "rootfs": {
        "type": "layers", "diff_ids": ["sha256:" + hashlib.sha256(layer).hexdigest()]}}).encode()
    name = hashlib.sha256(config).hexdigest() + ".json"
    manifest = [{"Config": name, "RepoTags": ["demo/a:1"], "Layers": ["l/layer.tar"]}]
    (tmp_path / "i.tar").write_bytes(tar_of([(name, config), ("l/layer.tar", layer), (
        "manifest.json", json.dumps(manifest).encode())]))
    (tmp_path / "extra").mkdir()
    (tmp_path / "extra" / "a").write_text("hi\n")
    (tmp_path / "release.yaml").write_text(RELEASE)
    for args in (("trust", "init", "--no-password"), ("bundle", "release.yaml", "-o", "b.tar.zst")):
        result = run(*args, cwd=tmp_path)
        assert result.status == 0, result
    with open(tmp_path / "s.yaml", "wb") as out:
        subprocess.run(["tar", "--zstd", "-xOf", "b.tar.zst", "statement.yaml"], cwd=tmp_path,
                       stdout=out, check=True)
    return tmp_path


def verify(made):
    return run("verify", "b.tar.zst", "--trust", "trust", cwd=made)


def test_a_signed_bundle_verifies_and_an_unsigned_one_does_not(made):
    assert verify(made).status == 4
    result = run("sign", "b.tar.zst", "--key", "release.key", cwd=made)
    assert result.status == 0, result
    digest = hashlib.sha256((made / "s.yaml").read_bytes()).hexdigest()
    for shown in ("demo", "1.0.0", "release number 1", "sha256:" + digest):
        assert shown in result.out
    assert verify(made).status == 0


def test_a_vote_of_another_key_does_not_count(made):
    assert run("sign", "b.tar.zst", "--key", "root.key", cwd=made).status == 0
    assert verify(made).status == 4


def test_votes_made_on_a_copy_come_as_two_small_files(made):
    """What a second builder gives, who made the same bytes: its bundle need not travel."""
    (made / "copy").mkdir()
    shutil.copy(made / "b.tar.zst", made / "copy")
    before = (made / "copy/b.tar.zst").read_bytes()
    assert run("sign", "copy/b.tar.zst", "--key", "release.key", "--vote-out", "s.vote",
               "--packing-vote-out", "p", cwd=made).status == 0
    assert (made / "copy/b.tar.zst").read_bytes() == before
    for vote, status in (("s.vote", 4), ("p", 0)):
        assert run("sign", "b.tar.zst", "--add", vote, cwd=made).status == 0
        assert verify(made).status == status
    assert run("sign", "copy/b.tar.zst", "--key", "release.key", cwd=made).status == 0
    assert (made / "b.tar.zst").read_bytes() == (made / "copy/b.tar.zst").read_bytes()


def test_a_vote_on_another_packing_list_is_not_added(made):
    assert run("bundle", "release.yaml", "--level", "1", "-o", "c.tar.zst", cwd=made).status == 0
    assert run("sign", "c.tar.zst", "--key", "release.key", "--vote-out", "s.vote",
               "--packing-vote-out", "p", cwd=made).status == 0
    before = (made / "b.tar.zst").read_bytes()
    refused(run("sign", "b.tar.zst", "--add", "p", cwd=made), 4,
            "'p' is a vote on another packing list")
    assert (made / "b.tar.zst").read_bytes() == before
    assert run("sign", "b.tar.zst", "--add", "s.vote", cwd=made).status == 0


@needs_minisign
def test_minisign_accepts_a_vote_on_a_statement(made):
    assert run("sign", "s.yaml", "--key", "release.key", cwd=made).status == 0
    vote = glob.glob(str(made / "s.yaml.*.vote"))[0]
    out = minisign_accepts("trust/release.pub", "s.yaml", vote, made)
    assert "handcarry statement demo stable r1 sha256:" in out
    again = run("sign", "s.yaml", "--key", "release.key", cwd=made)
    assert again.status == 0 and "already" in again.out
    refused(run("sign", "s.yaml", "--key", "root.key", "--vote-out", vote, cwd=made), 1,
            "is another file")


@needs_minisign
def test_keys_of_minisign_sign_here(made):
    made_key = minisign("-G", "-p", "m.pub", "-s", "m.key", cwd=made, stdin=(PASSWORD + "\n") * 2)
    assert made_key.status == 0, made_key
    result = run("sign", "s.yaml", "--key", "m.key", "--vote-out", "v", cwd=made,
                 env=password_env(made))
    assert result.status == 0, result
    minisign_accepts("m.pub", "s.yaml", "v", made)
    refused(run("sign", "s.yaml", "--key", "m.key", "--vote-out", "w", cwd=made,
                env=password_env(made, "wrong")), 4, "wrong password")


@needs_minisign
def test_128_the_subject_is_shown_before_the_password(made):
    assert minisign("-G", "-p", "m.pub", "-s", "m.key", cwd=made,
                    stdin=(PASSWORD + "\n") * 2).status == 0
    status, shown = on_terminal(["sign", "s.yaml", "--base", "b.tar.zst", "--key", "m.key"],
                                [("Password for 'm.key': ", PASSWORD + "\n")], made)
    assert status == 0, shown
    assert shown.index("digest") < shown.index("the same release") < shown.index("Password for")
    assert PASSWORD not in shown


@needs_minisign
def test_003_a_legacy_vote_is_not_added(made):
    assert minisign("-S", "-l", "-W", "-s", "release.key", "-m", "s.yaml", "-x", "v",
                    cwd=made).status == 0
    before = (made / "b.tar.zst").read_bytes()
    refused(run("sign", "b.tar.zst", "--add", "v", cwd=made), 3, "legacy minisign signature")
    assert (made / "b.tar.zst").read_bytes() == before


def test_usage(made):
    refused(run("sign", "b.tar.zst", cwd=made), 2, "--key KEY, or --add FILE")
    refused(run("sign", "--key", "release.key", cwd=made), 2, "exactly one")
    refused(run("sign", "s.yaml", "--add", "s.yaml", cwd=made), 2, "--add needs a bundle")
    refused(run("sign", "b.tar.zst", "--key", "release.key", "--packing-vote-out", "p", cwd=made), 2,
            "--packing-vote-out goes with --vote-out")
    refused(run("sign", "s.yaml", "--key", "release.key", "--vote-out", "v", "--packing-vote-out", "p",
                cwd=made), 2, "--packing-vote-out needs a bundle")
    refused(run("sign", "trust/1.root.yaml", "--key", "root.key", cwd=made), 2, "is a trust root")
    refused(run("sign", "i.tar", "--key", "release.key", cwd=made), 3, "is not a bundle")
    refused(run("sign", "s.yaml", "--key", "trust/release.pub", cwd=made), 3, "is a public key")


def test_key_and_password_through_pipes_sign_like_files(made):
    """As bash's <(…) gives them: no file on any disk holds a secret."""
    env = password_env(made)
    assert run("keygen", "p", cwd=made, env=env).status == 0
    assert run("sign", "s.yaml", "--key", "p.key", "--vote-out", "file.vote", cwd=made,
               env=env).status == 0
    script = ('key=$(<p.key) word=$(<password.txt); rm p.key password.txt; '
              'HANDCARRY_PASSWORD_FILE=<(printf "%s\\n" "$word") '
              '"$1" sign s.yaml --key <(printf "%s\\n" "$key") --vote-out pipe.vote')
    ran = subprocess.run(["bash", "-euc", script, "-", program_for(["sign"])], cwd=made, text=True,
                         capture_output=True, check=False)
    assert (ran.returncode, ran.stderr) == (0, "")
    assert (made / "pipe.vote").read_bytes() == (made / "file.vote").read_bytes()


def test_026_bundle_warns_of_a_key_that_others_may_read(made):
    (made / "release.key").chmod(0o644)
    for args in (("bundle", "release.yaml", "--sign", "release.key", "-o", "w.tar.zst"),
                 ("sign", "b.tar.zst", "--key", "release.key")):
        result = run(*args, cwd=made)
        assert result.status == 0
        assert "warning: others may read the secret key 'release.key'" in result.err


@pytest.mark.parametrize("key, fragment", [("/dev/null", "neither a regular file nor a pipe"),
                                           ("nowhere.key", "cannot open 'nowhere.key'")])
def test_what_is_no_key_file_is_named(made, key, fragment):
    before = (made / "b.tar.zst").read_bytes()
    result = run("sign", "b.tar.zst", "--key", key, cwd=made)
    assert result.status in (1, 3)
    assert fragment in result.err, result
    assert (made / "b.tar.zst").read_bytes() == before
