# SPDX-License-Identifier: Apache-2.0
# Copyright The handcarry authors
"""The cache of pulled blobs when something is wrong with it: other bytes, a full disk, a folder
that can not be written, something else in its place."""
import os
import shutil

import pytest

from registry.pulling import Pulling, mounted, needs_root, read_only, small_image


@pytest.fixture(scope="module", name="filled")
def fixture_filled(shelf):
    shelf.image = small_image(1)
    shelf.push_image("a", "1", shelf.image)
    return shelf


@pytest.fixture(name="pulling")
def fixture_pulling(filled, tmp_path):
    """Pulled once: the cache is warm."""
    made = Pulling(tmp_path, filled)
    made.images = {"a:1": made.source("a:1")}
    made.first = made.bytes()
    return made


def largest(pulling):
    return max(map(pulling.cache.joinpath("blobs/sha256").joinpath, pulling.cached()),
               key=lambda path: path.stat().st_size)


def spoil(path, how):
    data = bytearray(path.read_bytes())
    if how == "flipped":
        data[len(data) // 2] ^= 1
    elif how == "short":
        del data[-1]
    elif how == "long":
        data.append(0)
    path.unlink()
    if how == "folder":
        path.mkdir()
    elif how == "pipe":
        os.mkfifo(path)
    elif how == "link":
        path.symlink_to("/etc/passwd")
    else:
        path.write_bytes(b"" if how == "empty" else data)


def test_a_part_with_a_second_name_is_not_written(pulling, tmp_path):
    """In a cache that others may write to, it could be a file of ours that lies elsewhere."""
    path, other = largest(pulling), tmp_path / "other"
    other.write_bytes(b"precious")
    path.unlink()
    os.link(other, path.with_name(path.name + ".part"))
    assert "has a second name" in pulling.run(status=1)
    assert other.read_bytes() == b"precious"


@pytest.mark.parametrize("how", ["flipped", "short", "long", "empty", "pipe", "link"])
def test_other_bytes_are_fetched_again(pulling, shelf, how):
    path = largest(pulling)
    right, before = path.read_bytes(), len(shelf.asked())
    spoil(path, how)
    said = pulling.run("--offline", status=7)
    assert "sha256:%s in the cache '%s' is damaged" % (path.name, pulling.cache) in said
    result = pulling.result()
    assert shelf.blobs_asked(before) == ["sha256:" + path.name]
    assert len(result["warnings"]) == 1 and "had damaged bytes for sha256:" + path.name in \
        result["warnings"][0]
    assert path.read_bytes() == right and not path.is_symlink()
    assert pulling.bytes("--offline") == pulling.first


def test_a_damaged_manifest_is_fetched_again(pulling):
    manifest = pulling.result()["images"][0]["manifest"]
    spoil(pulling.blob(manifest), "flipped")
    assert manifest + " in the cache" in pulling.run("--offline", status=7)
    assert pulling.bytes() == pulling.first
    assert pulling.bytes("--offline") == pulling.first


def test_a_folder_in_the_place_of_a_blob(pulling):
    path = largest(pulling)
    spoil(path, "folder")
    assert "cannot rename '%s.part'" % path.name in pulling.run(status=1)


def test_parts_that_are_wrong_or_too_long(pulling):
    """What another program, or an older run with another image, may have left."""
    path = largest(pulling)
    right = path.read_bytes()
    for left in (right[:100], b"x" * 100, right + b"x", b"x" * len(right), right):
        path.unlink()
        path.with_suffix(".part").write_bytes(left)
        assert pulling.bytes() == pulling.first, len(left)
        assert path.read_bytes() == right
        assert not path.with_suffix(".part").exists()


def test_clearing_it_is_safe(pulling, shelf):
    shutil.rmtree(pulling.cache)
    before = len(shelf.asked())
    assert pulling.bytes() == pulling.first
    assert len(shelf.blobs_asked(before)) == 3


def test_the_time_of_a_file_is_that_of_its_use(pulling):
    for name in pulling.cached():
        os.utime(pulling.cache / "blobs/sha256" / name, (1, 1))
    pulling.run("--offline")
    assert all((pulling.cache / "blobs/sha256" / name).stat().st_mtime > 1
               for name in pulling.cached())


def test_the_usual_folder(pulling):
    """$XDG_CACHE_HOME, else ~/.cache."""
    command = [word for word in pulling.command(output="other.tar.zst")
               if word not in ("--cache", str(pulling.cache))]
    pulling.said(command)
    assert (pulling.folder / ".cache/handcarry/blobs/sha256").is_dir()
    command[command.index("-o") + 1] += ".2"
    pulling.said(command, XDG_CACHE_HOME=str(pulling.folder / "xdg"))
    assert sorted(os.listdir(pulling.folder / "xdg/handcarry/blobs/sha256")) == pulling.cached()


@needs_root
def test_a_folder_that_can_not_be_written(pulling):
    assert pulling.bytes(before=read_only(pulling.cache)) == pulling.first
    path = largest(pulling)
    path.unlink()
    said = pulling.run(before=read_only(pulling.cache), status=1)
    assert "cannot write '%s.part' in the cache '%s' (another one: --cache DIR): Read-only" % (
        path.name, pulling.cache) in said
    pulling.cache = pulling.folder / "none" / "cache"
    (pulling.folder / "none").mkdir()
    said = pulling.run(before=read_only(pulling.folder / "none"), status=1)
    assert "cannot make the cache '%s" % pulling.cache in said


def small_disk(size, folder):
    return mounted('mount -t tmpfs -o size=%dk none "$1"' % size, folder)


@needs_root
def test_a_disk_that_is_too_small(pulling):
    """Said before anything travels."""
    pulling.lock.unlink()
    before = len(pulling.shelf.asked())
    said = pulling.run(before=small_disk(20, pulling.cache), status=6)
    assert "are to be pulled, and the disk of the cache '%s' has " % pulling.cache in said
    assert pulling.shelf.blobs_asked(before) == [] and not pulling.lock.exists()
    assert pulling.bytes() == pulling.first


@needs_root
def test_a_disk_that_gets_full(pulling, shelf):
    """Ends with 6, names the cache, and leaves neither bundle nor lock. A file of a few bytes takes
    a page, which nothing says in advance."""
    pulling.lock.unlink()
    for seed in range(8):
        shelf.push_image("tiny/%d" % seed, "1", small_image(seed, 100))
        pulling.images["tiny:%d" % seed] = pulling.source("tiny/%d:1" % seed)
    said = pulling.run(before=small_disk(96, pulling.cache), status=6)
    assert "No space left on device" in said and "cache '%s' is full" % pulling.cache in said
    assert not pulling.lock.exists()
    assert pulling.run()
