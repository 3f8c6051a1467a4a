# SPDX-License-Identifier: Apache-2.0
# Copyright The handcarry authors
"""Image sources that real tools write: each ends as the same config and the same layers."""
import gzip
import json
import shutil
import subprocess
import tarfile

import pytest

from engines.images import (Image, Layer, busybox_layer, noise, plain_image, put, sample_images,
                            skopeo_copy, text, write_docker_archive, write_oci, write_oci_archive)
from sources.dumped import assert_reads, assert_refused, dump

PACKINGS = [None, "gzip", "zstd"]


def need(program):
    if shutil.which(program) is None:
        pytest.skip("%s is not installed" % program)


def test_docker_archive_by_name_and_number(tmp_path):
    images = sample_images()
    write_docker_archive(tmp_path / "all.tar", images)
    for number, image in enumerate(images):
        assert_reads("docker-archive:all.tar:" + image.name, tmp_path, image)
        assert_reads("docker-archive:all.tar:docker.io/" + image.name, tmp_path, image)
        assert_reads("docker-archive:all.tar:@%d" % number, tmp_path, image)
    assert_refused("docker-archive:all.tar", tmp_path, "it holds 3 images")
    message = assert_refused("docker-archive:all.tar:other:1", tmp_path,
                             "docker.io/library/other:1")
    assert all(image.name in message for image in images)


def test_layers_of_an_archive_are_used_in_place(tmp_path):
    write_docker_archive(tmp_path / "one.tar", [plain_image()])
    status, lines, _ = dump("docker-archive:one.tar", tmp_path, tmpdir="/nonexistent")
    assert status == 0 and lines[0].endswith(" fds=1")


@pytest.mark.parametrize("program", ["gzip", "zstd"])
def test_packed_archive(tmp_path, program):
    image = plain_image()
    write_docker_archive(tmp_path / "one.tar", [image])
    subprocess.run([program, "-q", tmp_path / "one.tar"], check=True)
    packed = next(tmp_path.iterdir()).name
    assert_reads("docker-archive:" + packed, tmp_path, image)


def test_packed_archive_of_several_members(tmp_path):
    """gzip files may be joined, and so may zstd frames."""
    image = plain_image()
    data = write_docker_archive(tmp_path / "one.tar", [image]).read_bytes()
    (tmp_path / "joined.gz").write_bytes(gzip.compress(data[:7777]) + gzip.compress(data[7777:]))
    assert_reads("docker-archive:joined.gz", tmp_path, image)
    frames = b"".join(subprocess.run(["zstd", "-q", "-c"], input=part, stdout=subprocess.PIPE,
                                     check=True).stdout for part in (data[:7777], data[7777:]))
    skippable = b"\x50\x2a\x4d\x18\x04\x00\x00\x00abcd"
    (tmp_path / "joined.zst").write_bytes(frames + skippable)
    assert_reads("docker-archive:joined.zst", tmp_path, image)


def test_symlinked_layers_as_docker_20_10_writes_them(tmp_path):
    layer = Layer().file("a", text(1, 10))
    image = Image("x:1", [busybox_layer(), layer, layer])
    ids = ["%064x" % n for n in range(3)]
    with tarfile.open(tmp_path / "one.tar", "w") as tar:
        for number, content in ((0, image.layers[0]), (1, layer)):
            put(tar, ids[number] + "/layer.tar", content.bytes())
        link = tarfile.TarInfo(ids[2] + "/layer.tar")
        link.type, link.linkname = tarfile.SYMTYPE, "../%s/layer.tar" % ids[1]
        tar.addfile(link)
        put(tar, image.id()[7:] + ".json", image.config())
        put(tar, "manifest.json", json.dumps([{
            "Config": image.id()[7:] + ".json", "RepoTags": ["x:1"],
            "Layers": [name + "/layer.tar" for name in ids]}]).encode())
    assert_reads("docker-archive:one.tar", tmp_path, image)


@pytest.mark.parametrize("form", [tarfile.USTAR_FORMAT, tarfile.GNU_FORMAT, tarfile.PAX_FORMAT])
def test_every_form_of_tar_gives_the_right_offsets(tmp_path, form):
    """Long names put extra headers before the one whose bytes count."""
    image = plain_image()
    folder = "long" * 22
    with tarfile.open(tmp_path / "one.tar", "w", format=form) as tar:
        names = []
        for number, layer in enumerate(image.layers):
            names.append("%s/%s/%d.tar" % (folder, "deep" * (12 if form == 0 else 40), number))
            put(tar, "./" + names[-1], layer.bytes())
        put(tar, "./config.json", image.config())
        put(tar, "./manifest.json", json.dumps([{
            "Config": "config.json", "RepoTags": None, "Layers": names}]).encode())
    assert_reads("docker-archive:one.tar", tmp_path, image)


def test_archive_without_end_marker_and_with_a_large_record(tmp_path):
    image = plain_image()
    data = write_docker_archive(tmp_path / "one.tar", [image]).read_bytes().rstrip(b"\0")
    (tmp_path / "cut.tar").write_bytes(data + bytes(-len(data) % 512))
    assert_reads("docker-archive:cut.tar", tmp_path, image)
    (tmp_path / "long.tar").write_bytes(data + bytes(-len(data) % 512) + bytes(1024 * 1024))
    assert_reads("docker-archive:long.tar", tmp_path, image)


@pytest.mark.parametrize("packing", PACKINGS)
def test_oci_layout_and_archive(tmp_path, packing):
    image = sample_images()[1]
    write_oci(tmp_path / "layout", image, "1.5", packing)
    write_oci_archive(tmp_path / "layout.tar", image, "1.5", packing)
    for source in ("oci:layout", "oci:layout:1.5", "oci-archive:layout.tar",
                   "oci-archive:layout.tar:1.5"):
        assert_reads(source, tmp_path, image)
    for source in ("oci:layout:2", "oci-archive:layout.tar:2"):
        assert_refused(source, tmp_path, "no image named '2' for linux/amd64; there are: 1.5")


def test_repeated_packed_layer_is_unpacked_once(tmp_path):
    layer = Layer().file("big", noise(1, 3_000_000))
    image = Image("x:1", [layer] * 20)
    write_oci(tmp_path / "layout", image, "1", "gzip")
    assert_reads("oci:layout", tmp_path, image, limit=4_000_000)


def test_empty_layer_and_image_without_layers(tmp_path):
    for number, layers in enumerate(([Layer()], [])):
        image = Image("x:1", layers)
        write_docker_archive(tmp_path / "one.tar", [image])
        assert_reads("docker-archive:one.tar", tmp_path, image)
        write_oci(tmp_path / str(number), image, "1", "gzip")
        assert_reads("oci:%d" % number, tmp_path, image)


@pytest.mark.parametrize("target", ["docker-archive:out.tar:x/y:1", "oci:out:1", "oci:out:x/y:1",
                                    "oci-archive:out.tar:1"])
def test_what_skopeo_writes(tmp_path, target, monkeypatch):
    need("skopeo")
    monkeypatch.chdir(tmp_path)
    image = sample_images()[0]
    write_oci(tmp_path / "in", image, "1", "gzip")
    skopeo_copy("oci:in:1", target)
    assert_reads(target, tmp_path, image)


def test_two_images_in_one_layout(tmp_path, monkeypatch):
    need("skopeo")
    monkeypatch.chdir(tmp_path)
    first, second = sample_images()[:2]
    for image, tag in ((first, "a/first:1"), (second, "a/second:1")):
        write_oci(tmp_path / "in", image, "1")
        skopeo_copy("oci:in:1", "oci:both:" + tag)
        shutil.rmtree(tmp_path / "in")
    assert_reads("oci:both:a/first:1", tmp_path, first)
    assert_reads("oci:both:a/second:1", tmp_path, second)
    message = assert_refused("oci:both", tmp_path, "more than one image for linux/amd64")
    assert "a/first:1" in message and "a/second:1" in message


def test_docker_save_and_podman_save(engine, tmp_path):
    image = sample_images()[1]
    engine.load(write_docker_archive(tmp_path / "in.tar", [image]))
    engine.save([image.name], tmp_path / "out.tar")
    assert_reads("docker-archive:out.tar", tmp_path, image)
    assert_reads("docker-archive:out.tar:" + image.name, tmp_path, image)


def test_docker_daemon(engine, tmp_path):
    image = sample_images()[0]
    engine.load(write_docker_archive(tmp_path / "in.tar", [image]))
    assert_reads("docker-daemon:" + image.name, tmp_path, image, engine=engine.url)
    message = assert_refused("docker-daemon:absent/image:7", tmp_path, "refused to save",
                             status=7, engine=engine.url)
    assert "absent/image:7" in message


def test_repeated_layers_saved_by_docker_20_10(docker20, tmp_path):
    layer = Layer().file("a", text(1, 10))
    image = Image("x/y:1", [busybox_layer(), layer, layer])
    docker20.load(write_docker_archive(tmp_path / "in.tar", [image]))
    docker20.save([image.name], tmp_path / "out.tar")
    with tarfile.open(tmp_path / "out.tar") as tar:
        assert any(member.issym() for member in tar), "docker wrote no link; this proves nothing"
    assert_reads("docker-archive:out.tar", tmp_path, image)
