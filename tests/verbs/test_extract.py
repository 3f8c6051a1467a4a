# SPDX-License-Identifier: Apache-2.0
# Copyright The handcarry authors
"""What `extract` writes is what went in, and other tools read it."""
import hashlib
import json
import os
import shutil
import stat
import subprocess
import tarfile

import pytest

from engines.images import skopeo_copy
from program import handcarry

def run(*arguments, status=0, umask=-1):
    """(stdout, stderr); the exit status must be this one."""
    done = handcarry(*arguments, umask=umask)
    assert done.returncode == status, (arguments, done.stdout, done.stderr)
    return done.stdout, done.stderr


@pytest.fixture
def bundle(release):
    release.put("playbooks/roles/app/tasks/main.yml", "- debug: {msg: ümläut}\n")
    release.put("playbooks/files/foo@.service", "")
    release.put("playbooks/files/run.sh", "#!/bin/sh\n", 0o755)
    release.write()
    path = release.folder / "b.tar.zst"
    run("bundle", release.folder / "release.yaml", "-o", path)
    return path


def carried(release):
    """Path -> (bytes, executable) of what the release's tree must hold."""
    found = {}
    for top in ("playbooks", "configs"):
        for path in sorted((release.folder / top).rglob("*")):
            if path.is_file():
                found[str(path.relative_to(release.folder))] = (
                    path.read_bytes(), bool(path.stat().st_mode & 0o100))
    return found


def extracted(folder):
    found = {}
    for path in sorted(folder.rglob("*")):
        mode = stat.S_IMODE(path.lstat().st_mode)
        assert not path.is_symlink()
        if path.is_dir():
            assert mode == 0o755, path
        else:
            assert mode in (0o644, 0o755), path
            found[str(path.relative_to(folder))] = (path.read_bytes(), mode == 0o755)
    return found


def test_tree_is_what_went_in_whatever_the_umask(bundle, release, tmp_path):
    for umask in (0o022, 0o077, 0):
        target = tmp_path / ("tree%o" % umask)
        out, _ = run("extract", bundle, "--tree", target, umask=umask)
        assert out.startswith("NOT VERIFIED")
        assert stat.S_IMODE(target.stat().st_mode) == 0o755
        assert extracted(target) == carried(release)


def test_oci_layout_holds_every_blob_and_nothing_else(bundle, release, tmp_path):
    out, _ = run("extract", bundle, "--oci", tmp_path / "oci")
    assert out.splitlines()[0].startswith("NOT VERIFIED")
    expected = {image.id()[7:]: image.config() for image in release.images}
    for image in release.images:
        expected.update({layer.diff_id()[7:]: layer.bytes() for layer in image.layers})
    index = json.loads((tmp_path / "oci/index.json").read_bytes())
    blobs = {path.name: path.read_bytes() for path in (tmp_path / "oci/blobs/sha256").iterdir()}
    assert all(hashlib.sha256(data).hexdigest() == name for name, data in blobs.items())
    manifests = {entry["digest"][7:] for entry in index["manifests"]}
    assert blobs.keys() - manifests == expected.keys()
    assert all(blobs[name] == data for name, data in expected.items())
    names = [entry["annotations"]["org.opencontainers.image.ref.name"]
             for entry in index["manifests"]]
    assert names == [image.name for image in release.images]


def test_skopeo_reads_every_image(bundle, release, tmp_path):
    if shutil.which("skopeo") is None:
        pytest.skip("skopeo is not installed")
    run("extract", bundle, "--oci", tmp_path / "oci")
    for image in release.images:
        source = "oci:%s:%s" % (tmp_path / "oci", image.name)
        seen = json.loads(subprocess.run(["skopeo", "inspect", "--config", "--raw", source],
                                         stdout=subprocess.PIPE, check=True).stdout)
        assert seen == json.loads(image.config())
        target = tmp_path / (image.id()[7:17] + ".tar")
        skopeo_copy(source, "docker-archive:%s:x:1" % target)
        with tarfile.open(target) as tar:
            digests = {hashlib.sha256(tar.extractfile(member).read()).hexdigest()
                       for member in tar if member.isfile()}
        assert digests >= {layer.diff_id()[7:] for layer in image.layers}


def test_what_was_extracted_can_be_bundled_again(bundle, release, tmp_path):
    """The same images from the other form are the same release."""
    run("extract", bundle, "--oci", release.folder / "oci")
    release.sources = {image.name: "oci:oci:" + image.name for image in release.images}
    release.write()
    again = release.folder / "again.tar.zst"
    first = json.loads(run("bundle", release.folder / "release.yaml", "-o", again, "--json")[0])
    out, _ = run("extract", bundle, "--json", "--tree", tmp_path / "tree")
    seen = json.loads(out)
    assert seen["schema"] == "handcarry.extract/1" and seen["verified"] is False
    assert seen["images"] == [image.name for image in release.images]
    assert seen["release_digest"] == first["release_digest"]


def test_podman_loads_the_layout(bundle, release, tmp_path, podman4):
    """As a tar, one image at a time: that is what Podman takes."""
    run("extract", bundle, "--oci", tmp_path / "oci")
    for image in release.images:
        archive = tmp_path / "one.tar"
        skopeo_copy("oci:%s:%s" % (tmp_path / "oci", image.name), "oci-archive:%s:%s" % (
            archive, image.name))
        podman4.load(archive)
        assert podman4.inspect(image.name)["Id"].removeprefix("sha256:") == image.id()[7:]
        archive.unlink()


def test_split_bundle(release, tmp_path):
    path = release.folder / "s.tar.zst"
    run("bundle", release.folder / "release.yaml", "-o", path, "--split", "1100K")
    assert (release.folder / "s.tar.zst.002").exists()
    run("extract", str(path) + ".001", "--tree", tmp_path / "tree", "--oci", tmp_path / "oci")
    assert extracted(tmp_path / "tree") == carried(release)


def test_trust_is_proven_before_anything_is_written(bundle, release, tmp_path):
    trust = tmp_path / "trust"
    run("trust", "init", "--trust", trust, "--keys", tmp_path, "--no-password")
    _, text = run("extract", bundle, "--tree", tmp_path / "no", "--trust", trust, status=4)
    assert "0 of the 1 votes" in text
    assert not (tmp_path / "no").exists()
    signed = release.folder / "signed.tar.zst"
    run("bundle", release.folder / "release.yaml", "-o", signed, "--trust", trust,
        "--sign", tmp_path / "release.key")
    out, _ = run("extract", signed, "--tree", tmp_path / "tree", "--trust", trust)
    assert "NOT VERIFIED" not in out
    assert extracted(tmp_path / "tree") == carried(release)


@pytest.mark.parametrize("arguments, fragment", [
    ([], "takes one bundle"), (["b"], "needs --oci"), (["a", "b", "--tree", "t"], "one bundle"),
    (["b", "--frob"], "frob")])
def test_usage(arguments, fragment):
    assert fragment in run("extract", *arguments, status=2)[1]


def test_target_must_be_empty_or_absent(bundle, tmp_path):
    full = tmp_path / "full"
    full.mkdir()
    (full / "keep").write_text("mine")
    for option in ("--tree", "--oci"):
        assert "not empty" in run("extract", bundle, option, full, status=2)[1]
    assert [path.name for path in full.iterdir()] == ["keep"]
    run("extract", bundle, "--oci", tmp_path / "oci", "--tree", full, status=2)
    assert not (tmp_path / "oci").exists()
    assert "Not a directory" in run("extract", bundle, "--tree", full / "keep", status=1)[1]
    (tmp_path / "empty").mkdir()
    run("extract", bundle, "--tree", tmp_path / "empty")


def test_damaged_bundle_leaves_no_layout(bundle, tmp_path):
    """One byte of the first frame that holds image content."""
    data = bytearray(bundle.read_bytes())
    data[len(data) // 2] ^= 0x10
    bundle.write_bytes(data)
    _, text = run("extract", bundle, "--oci", tmp_path / "oci", status=3)
    assert "is incomplete" in text
    assert not (tmp_path / "oci/index.json").exists()
    for path in (tmp_path / "oci/blobs/sha256").iterdir():
        assert hashlib.sha256(path.read_bytes()).hexdigest() == path.name


def test_disk_full(bundle, tmp_path):
    if os.geteuid() != 0:
        pytest.skip("mounting a small file system needs root")
    small = tmp_path / "small"
    small.mkdir()
    subprocess.run(["mount", "-t", "tmpfs", "-o", "size=200k", "none", small], check=True)
    try:
        _, text = run("extract", bundle, "--oci", small / "oci", status=6)
        assert "No space left" in text
    finally:
        subprocess.run(["umount", small], check=True)
