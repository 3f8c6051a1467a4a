# SPDX-License-Identifier: Apache-2.0
# Copyright The handcarry authors
"""release.lock.yaml: what bundle writes, what it believes, what --locked refuses, what --relock
says, and that --offline needs nothing else."""
import os
import shutil

import pytest

from engines.images import write_oci_archive
from registry.pulling import Pulling, SlowLine, needs_root, read_only, small_image


@pytest.fixture(name="pulling")
def fixture_pulling(shelf, tmp_path, request):
    """An image in the registry under a tag of its own test, and one in an archive; locked."""
    made = Pulling(tmp_path, shelf)
    made.repository = request.node.name.replace("_", "-")
    shelf.push_image(made.repository, "1", small_image(1))
    write_oci_archive(tmp_path / "local.tar", small_image(2))
    made.images = {"a:1": made.source(made.repository + ":1"), "b:1": "oci-archive:local.tar:1"}
    made.first = made.bytes()
    made.text = made.lock.read_text()
    return made


def refused(pulling, fragment, *options, status=5):
    text = pulling.lock.read_text() if pulling.lock.exists() else None
    said = pulling.run(*(options or ("--locked",)), status=status)
    assert fragment in said, said
    assert text == (pulling.lock.read_text() if pulling.lock.exists() else None)
    return said


def test_a_lock_is_written_once_and_never_for_nothing(pulling):
    assert pulling.text.startswith("handcarry-lock: 1\nimages:\n  - name: a:1\n    from: docker://")
    stamp = pulling.lock.stat().st_mtime_ns
    for options in ((), ("--locked",), ("--relock",), ("--offline",), ("--locked", "--offline")):
        said = pulling.run(*options)
        assert "lock  " not in said and "moved" not in said
        assert pulling.lock.stat().st_mtime_ns == stamp
    pulling.lock.unlink()
    assert "lock      release.lock.yaml was written" in pulling.run()
    assert pulling.lock.read_text() == pulling.text


def test_124_a_tag_that_moved(pulling, shelf):
    """The lock decides until --relock, which says what moved."""
    before = pulling.result()["images"][0]
    after = shelf.push_image(pulling.repository, "1", small_image(3))["digest"]
    assert pulling.bytes() == pulling.first
    assert pulling.bytes("--locked") == pulling.first
    assert pulling.lock.read_text() == pulling.text
    result = pulling.result("--relock")
    assert result["moved"] == [{"name": "a:1", "before": before["manifest"], "after": after}]
    assert result["lock_written"] == "release.lock.yaml"
    assert result["images"][0]["manifest"] == after
    pulling.lock.write_text(pulling.text)
    said = pulling.run("--relock")
    assert "moved     a:1\n          %s\n       to %s\n" % (before["manifest"], after) in said
    assert after in pulling.lock.read_text()
    assert pulling.bytes("--locked") != pulling.first


def test_locked_wants_a_lock(pulling):
    pulling.lock.unlink()
    said = refused(pulling, "release.lock.yaml: there is no lock; --locked builds nothing else")
    assert "handcarry bundle" in said


def test_what_has_no_images_needs_no_lock(tmp_path, shelf):
    made = Pulling(tmp_path, shelf)
    (tmp_path / "notes").write_text("x")
    made.write = lambda: (tmp_path / "release.yaml").write_text(
        "handcarry: 1\nproduct: x\nversion: 1\nrelease: 1\nfiles: [{from: notes, to: /opt/notes}]\n")
    assert made.bytes() == made.bytes("--locked", "--offline")
    assert not made.lock.exists() and not made.cache.exists()


def test_locked_refuses_an_image_that_is_not_locked(pulling):
    pulling.images["c:1"] = "oci-archive:local.tar:1"
    refused(pulling, "image 'c:1' for linux/amd64 is not in the lock")


def test_locked_refuses_another_source(pulling):
    pulling.images["a:1"] = pulling.source(pulling.repository + ":2")
    refused(pulling, "image 'a:1' is from 'docker://")


def test_locked_refuses_what_the_release_lacks(pulling):
    del pulling.images["b:1"]
    refused(pulling, "the lock has image 'b:1' for linux/amd64, the release has not")
    pulling.run()
    assert "b:1" not in pulling.lock.read_text()


def test_124_locked_refuses_another_archive(pulling):
    """What the lock says of a file is only its config; without --locked the file is right."""
    write_oci_archive(pulling.folder / "local.tar", small_image(4))
    refused(pulling, "image 'b:1' has the config %s, in the lock %s" % (small_image(4).id(),
                                                                        small_image(2).id()))
    said = pulling.run()
    assert "moved     b:1\n          %s\n" % small_image(2).id() in said
    assert small_image(4).id() in pulling.lock.read_text()


def test_locked_refuses_other_words_and_another_order(pulling):
    pulling.lock.write_text(pulling.text + "# seen\n")
    refused(pulling, "it says the same in other words or another order")
    pulling.lock.write_text(pulling.text)
    pulling.images = dict(reversed(pulling.images.items()))
    refused(pulling, "it says the same in other words or another order")


def test_a_lock_that_was_changed_by_hand(pulling, shelf):
    other = shelf.push_image(pulling.repository, "other", small_image(5))["digest"]
    manifest = pulling.result()["images"][0]["manifest"]
    pulling.lock.write_text(pulling.text.replace(manifest, other))
    refused(pulling, "image 'a:1' has the config %s" % small_image(5).id())
    said = pulling.run(status=5)
    assert "but the lock says %s for the same manifest; --relock" % small_image(1).id() in said
    # A digest in the release file and another one in the lock.
    pulling.images["a:1"] = pulling.source(pulling.repository + "@" + manifest)
    pulling.lock.write_text(pulling.text.replace(pulling.repository + ":1", pulling.repository +
                                                 "@" + manifest).replace("manifest: " + manifest,
                                                                         "manifest: " + other))
    refused(pulling, "the release file names %s and its lock %s" % (manifest, other))
    pulling.lock.write_text("handcarry-lock: 1\n<<<<<<< ours\n")
    refused(pulling, "release.lock.yaml:", "--locked", status=3)
    refused(pulling, "release.lock.yaml:", "--offline", status=3)
    pulling.run("--relock")
    assert manifest in pulling.lock.read_text()


def test_a_lock_belongs_to_its_release_file(pulling):
    shutil.copy(pulling.folder / "release.yaml", pulling.folder / "other.yaml")
    command = [word.replace("release.yaml", "other.yaml")
               for word in pulling.command("--locked", output="other.tar.zst")]
    assert "other.lock.yaml: there is no lock" in pulling.said(command)
    command.remove("--locked")
    pulling.said(command)
    assert (pulling.folder / "other.lock.yaml").read_text() == pulling.text


@needs_root
def test_a_folder_that_can_not_be_written(pulling, tmp_path_factory):
    """Sources are often checked out read-only: what is locked needs no writing."""
    path = tmp_path_factory.mktemp("out") / "b.tar.zst"
    assert pulling.bytes("--locked", output=path, before=read_only(pulling.folder)) == pulling.first
    pulling.lock.unlink()
    said = pulling.run(output=path, before=read_only(pulling.folder), status=1)
    assert "writing the lock: cannot create 'release.lock.yaml': Read-only file system" in said


def test_offline_asks_nobody(pulling, shelf, tmp_path):
    line = SlowLine(shelf.port)
    pulling.insecure = [line.host]
    pulling.images["a:1"] = "docker://%s/%s:1" % (line.host, pulling.repository)
    first = pulling.bytes()
    line.close()  # from now on nobody listens there
    asked = len(shelf.asked())
    assert pulling.bytes("--offline", "--locked") == first
    if os.geteuid() == 0:
        assert pulling.bytes("--offline", before=["unshare", "-n"]) == first
    assert len(shelf.asked()) == asked
    # A tag that no lock knows, and a blob that the cache lacks.
    text = pulling.lock.read_text()
    pulling.lock.unlink()
    said = pulling.run("--offline", status=7)
    assert "no lock says what" in said and "run 'handcarry bundle' once without --offline" in said
    pulling.lock.write_text(text)
    pulling.blob(small_image(1).id()).unlink()
    said = pulling.run("--offline", status=7)
    assert small_image(1).id() + " is not in the cache" in said and "image 'a:1'" in said
    pulling.cache = tmp_path / "nothing"
    assert "is not in the cache '%s'" % pulling.cache in pulling.run("--offline", status=7)
    assert not pulling.cache.exists()


def test_relock_contradicts_the_others(pulling):
    refused(pulling, "--relock asks registries anew, which --locked forbids", "--relock", "--locked",
            status=2)
    refused(pulling, "--relock asks registries anew, which --offline forbids", "--relock",
            "--offline", status=2)


def test_a_password_in_a_source_is_refused_and_not_kept(pulling):
    pulling.images["a:1"] = "docker://user:secret@%s/x:1" % pulling.shelf.host
    pulling.run(status=3)
    assert "secret" not in pulling.lock.read_text()
