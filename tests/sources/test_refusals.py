# SPDX-License-Identifier: Apache-2.0
# Copyright The handcarry authors
"""Image sources that lie, are damaged or lead elsewhere are refused, with the reason."""
import gzip
import hashlib
import json
import os
import socket
import subprocess
import tarfile
import threading

import pytest

from engines.images import (Image, Layer, blob, plain_image, put, text, write_docker_archive,
                            write_oci, write_oci_archive)
from sources.dumped import assert_reads, assert_refused

KIND = "application/vnd.oci.image."


def build(path, members, manifest):
    """An archive of (name, bytes or TarInfo) and a manifest.json."""
    with tarfile.open(path, "w") as tar:
        for name, content in members:
            if isinstance(content, tarfile.TarInfo):
                tar.addfile(content)
            else:
                put(tar, name, content)
        put(tar, "manifest.json", json.dumps(manifest).encode())


def link(name, target, kind=tarfile.SYMTYPE):
    member = tarfile.TarInfo(name)
    member.type, member.linkname = kind, target
    return name, member


def archive_with(path, layer_members, layers, config=None):
    image = plain_image()
    build(path, [("c.json", config or image.config())] + layer_members,
          [{"Config": "c.json", "RepoTags": ["x:1"], "Layers": layers}])


@pytest.fixture
def layout(tmp_path):
    image = plain_image()
    write_oci(tmp_path / "layout", image, "1", "gzip")
    return tmp_path / "layout"


def manifest_of(layout):
    index = json.loads((layout / "index.json").read_text())
    return json.loads(blob_path(layout, index["manifests"][0]).read_text())


def blob_path(layout, descriptor):
    return layout / "blobs/sha256" / descriptor["digest"][7:]


def set_manifest(layout, manifest, kind=KIND + "manifest.v1+json"):
    entry = blob(layout, json.dumps(manifest).encode(), kind)
    (layout / "index.json").write_text(json.dumps({"schemaVersion": 2, "manifests": [entry]}))


def refused(layout, fragment, **more):
    return assert_refused("oci:layout", layout.parent, fragment, **more)


@pytest.mark.parametrize("source, fragment", [
    ("", "unknown transport"), ("x", "unknown transport"), ("/x.tar", "unknown transport"),
    ("oci:", "nothing follows"), ("docker-archive:", "nothing follows"),
    ("containers-storage:x", "unknown transport"), ("dir:x", "unknown transport"),
])
def test_unknown_transports(tmp_path, source, fragment):
    assert_refused(source, tmp_path, fragment)


def test_absent_files(tmp_path):
    assert_refused("docker-archive:no.tar", tmp_path, "No such file", status=1)
    assert_refused("oci:no", tmp_path, "No such file", status=1)
    (tmp_path / "empty").mkdir()
    assert_refused("oci:empty", tmp_path, "this is no OCI layout", status=1)
    assert_refused("docker-archive:empty", tmp_path, "not a regular file")
    os.mkfifo(tmp_path / "pipe")
    assert_refused("docker-archive:pipe", tmp_path, "not a regular file")


@pytest.mark.parametrize("content", [b"", b"x", b"x" * 5000, bytes(10240), b"PK\3\4" + b"x" * 999,
                                     b"\xfd7zXZ\0" + b"x" * 999, b"!<arch>\n" + b"x" * 999])
def test_files_that_are_no_archive(tmp_path, content):
    (tmp_path / "x").write_bytes(content)
    assert_refused("docker-archive:x", tmp_path, "'")
    assert_refused("oci-archive:x", tmp_path, "'")


def test_wrong_kind_of_archive_names_the_right_one(tmp_path):
    write_oci_archive(tmp_path / "oci.tar", plain_image())
    assert_refused("docker-archive:oci.tar", tmp_path, "'oci-archive:' reads it")
    write_docker_archive(tmp_path / "docker.tar", [plain_image()])
    assert_refused("oci-archive:docker.tar", tmp_path, "this is no OCI layout")


def test_011_no_program_runs_for_a_packed_archive(tmp_path):
    """libarchive would start lrzip or lzop from PATH for such a file."""
    tools = tmp_path / "bin"
    tools.mkdir()
    for name in ("lrzip", "lzop", "grzip", "zstd", "gzip", "uudecode"):
        (tools / name).write_text("#!/bin/sh\ntouch %s/ran\n" % tmp_path)
        (tools / name).chmod(0o755)
    os.environ["PATH"], before = "%s:%s" % (tools, os.environ["PATH"]), os.environ["PATH"]
    try:
        for magic in (b"LRZI\0\6", b"\x89LZO\0\r\n\x1a\n", b"GRZipII\0\2\4:)", b"begin 644 x\n"):
            (tmp_path / "x").write_bytes(magic + bytes(4096))
            assert_refused("docker-archive:x", tmp_path, "no tar archive")
    finally:
        os.environ["PATH"] = before
    assert not (tmp_path / "ran").exists()


def test_034_wrong_platform(tmp_path, layout):
    refused(layout, "the image is for linux/amd64; linux/arm64 is wanted", platform="linux/arm64")
    write_docker_archive(tmp_path / "x.tar", [plain_image()])
    assert_refused("docker-archive:x.tar", tmp_path, "linux/arm64 is wanted",
                   platform="linux/arm64")


def test_034_index_that_lies_about_the_platform(layout):
    """What counts is the image config."""
    index = json.loads((layout / "index.json").read_text())
    index["manifests"][0]["platform"] = {"os": "linux", "architecture": "arm64"}
    (layout / "index.json").write_text(json.dumps(index))
    refused(layout, "the image is for linux/amd64; linux/arm64 is wanted", platform="linux/arm64")
    refused(layout, "no image for linux/amd64; there are: 1 linux/arm64")


def test_multi_platform_index(tmp_path):
    layout = tmp_path / "layout"
    entries = []
    for number, architecture in enumerate(("amd64", "arm64")):
        image = Image("x", [Layer().file("f", text(number, 9))])
        config = json.loads(image.config())
        config["architecture"] = architecture
        image.config = lambda text=json.dumps(config).encode(): text
        write_oci(layout, image, "1", "gzip")
        entry = json.loads((layout / "index.json").read_text())["manifests"][0]
        entry["platform"] = {"os": "linux", "architecture": architecture}
        del entry["annotations"]
        entries.append(entry)
        if architecture == "amd64":
            wanted = image
    entries.append({**entries[0], "platform": {"os": "unknown", "architecture": "unknown"}})
    inner = blob(layout, json.dumps({"schemaVersion": 2, "manifests": entries}).encode(),
                 KIND + "index.v1+json", annotations={"org.opencontainers.image.ref.name": "1"})
    (layout / "index.json").write_text(json.dumps({"schemaVersion": 2, "manifests": [inner]}))
    assert_reads("oci:layout:1", tmp_path, wanted)
    refused(layout, "no image for linux/s390x; there are:", platform="linux/s390x")


def test_070_index_that_names_indexes_without_end(layout):
    entry = json.loads((layout / "index.json").read_text())["manifests"][0]
    for _ in range(6):
        entry = blob(layout, json.dumps({"schemaVersion": 2, "manifests": [entry]}).encode(),
                     KIND + "index.v1+json")
    (layout / "index.json").write_text(json.dumps({"schemaVersion": 2, "manifests": [entry]}))
    refused(layout, "more than 4 deep")


@pytest.mark.parametrize("part", ["config", "manifest", "layer"])
def test_095_blob_with_other_bytes(layout, part):
    manifest = manifest_of(layout)
    index = json.loads((layout / "index.json").read_text())
    path = blob_path(layout, {"config": manifest["config"], "layer": manifest["layers"][0],
                              "manifest": index["manifests"][0]}[part])
    data = bytearray(path.read_bytes())
    data[-2 if part == "layer" else len(data) // 2] ^= 1
    path.write_bytes(data)
    refused(layout, "layer 1 of 2" if part == "layer" else "not the ones it is named by")


def test_095_blob_that_is_missing_or_short(layout):
    path = blob_path(layout, manifest_of(layout)["layers"][1])
    data = path.read_bytes()
    path.write_bytes(data[:-1])
    refused(layout, "bytes; %d are announced" % len(data))
    path.unlink()
    refused(layout, "No such file", status=1)


def test_095_layer_recompressed_under_its_old_name(layout):
    """The content is the same, the packed bytes are not what the manifest says."""
    manifest = manifest_of(layout)
    layer = manifest["layers"][0]
    path = blob_path(layout, layer)
    other = gzip.compress(gzip.decompress(path.read_bytes()), 1, mtime=0)
    path.write_bytes(other)
    layer["size"] = len(other)
    set_manifest(layout, manifest)
    refused(layout, "the digest of its packed bytes")


def test_095_diffid_that_is_another(layout):
    manifest = manifest_of(layout)
    manifest["layers"].reverse()
    set_manifest(layout, manifest)
    refused(layout, "its diffID is sha256:")


def test_095_layer_count(tmp_path, layout):
    manifest = manifest_of(layout)
    manifest["layers"].pop()
    set_manifest(layout, manifest)
    refused(layout, "the image manifest lists 1 layers, the image config 2")
    archive_with(tmp_path / "x.tar", [("a", b"a")], ["a"])
    assert_refused("docker-archive:x.tar", tmp_path, "lists 1 layers, the image config 2")


def test_095_plain_layer_named_by_another_digest(tmp_path):
    image = plain_image()
    write_oci(tmp_path / "layout", image)
    manifest = manifest_of(tmp_path / "layout")
    manifest["layers"].reverse()
    set_manifest(tmp_path / "layout", manifest)
    refused(tmp_path / "layout", "its digest is sha256:")


def test_095_docker_config_named_by_another_digest(tmp_path):
    image = plain_image()
    name = hashlib.sha256(b"other").hexdigest() + ".json"
    build(tmp_path / "x.tar", [(name, image.config()), ("a", image.layers[0].bytes()),
                               ("b", image.layers[1].bytes())],
          [{"Config": name, "RepoTags": [], "Layers": ["a", "b"]}])
    assert_refused("docker-archive:x.tar", tmp_path, "the image config is named sha256:")


def test_096_manifest_called_index_and_index_called_manifest(layout):
    manifest = manifest_of(layout)
    set_manifest(layout, manifest, KIND + "index.v1+json")
    refused(layout, "'layers' too")
    index = json.loads((layout / "index.json").read_text())
    set_manifest(layout, index)
    refused(layout, "'manifests' too")
    set_manifest(layout, manifest, "application/vnd.docker.distribution.manifest.v2+json")
    refused(layout, "calls itself")


def test_096_index_json_that_is_a_manifest(layout):
    manifest = manifest_of(layout)
    (layout / "index.json").write_text(json.dumps(manifest))
    refused(layout, "'layers' too")


def test_097_digests_that_are_paths(tmp_path, layout):
    (tmp_path / "outside").write_text("{}")
    manifest = manifest_of(layout)
    manifest["config"]["digest"] = "sha256:../../../outside"
    set_manifest(layout, manifest)
    refused(layout, "digest")


def test_097_links_in_a_layout_are_not_followed(tmp_path, layout):
    config = blob_path(layout, manifest_of(layout)["config"])
    config.rename(tmp_path / "outside")
    config.symlink_to(tmp_path / "outside")
    refused(layout, "symbolic links", status=1)
    config.unlink()
    (tmp_path / "outside").rename(config)
    (layout / "blobs/sha256").rename(tmp_path / "moved")
    (layout / "blobs/sha256").symlink_to(tmp_path / "moved")
    refused(layout, "symbolic links", status=1)


@pytest.mark.parametrize("name", ["../outside.tar", "/etc/passwd", "a/../../outside.tar", "",
                                  ".", "..", "./../x", "absent"])
def test_098_layer_paths_that_lead_elsewhere(tmp_path, name):
    (tmp_path / "outside.tar").write_bytes(plain_image().layers[0].bytes())
    archive_with(tmp_path / "x.tar", [("a", b"a")], [name, name])
    assert_refused("docker-archive:x.tar", tmp_path, "archive")


@pytest.mark.parametrize("target", ["/etc/passwd", "../../../../etc/passwd", "../absent", "l",
                                    "../c.json/x", ""])
def test_098_links_that_lead_elsewhere(tmp_path, target):
    archive_with(tmp_path / "x.tar", [link("d/l", target or "x")], ["d/l", "d/l"])
    assert_refused("docker-archive:x.tar", tmp_path, "archive")


def test_098_chain_of_links(tmp_path):
    image = plain_image()
    archive_with(tmp_path / "x.tar", [("t", image.layers[0].bytes()), link("a", "t"),
                                      link("b", "a")], ["b", "b"])
    assert_refused("docker-archive:x.tar", tmp_path, "no regular file")


def test_098_members_that_are_no_files(tmp_path):
    for kind in (tarfile.DIRTYPE, tarfile.FIFOTYPE, tarfile.CHRTYPE):
        member = tarfile.TarInfo("a")
        member.type = kind
        archive_with(tmp_path / "x.tar", [("a", member)], ["a", "a"])
        assert_refused("docker-archive:x.tar", tmp_path, "no regular file")


def test_090_member_twice(tmp_path):
    image = plain_image()
    archive_with(tmp_path / "x.tar", [("a", image.layers[0].bytes()), ("b", b"x"),
                                      ("./b", image.layers[1].bytes())], ["a", "b"])
    assert_refused("docker-archive:x.tar", tmp_path, "has 'b' twice")
    build(tmp_path / "y.tar", [("manifest.json", b"[]")], [])
    assert_refused("docker-archive:y.tar", tmp_path, "has 'manifest.json' twice")


def test_sparse_member(tmp_path):
    """Its bytes in the archive are not the bytes of the file."""
    (tmp_path / "hole").write_bytes(b"")
    os.truncate(tmp_path / "hole", 1 << 20)
    with open(tmp_path / "hole", "r+b") as hole:
        hole.seek(500_000)
        hole.write(b"x" * 4096)
    for form in ("gnu", "posix"):
        subprocess.run(["tar", "-S", "-C", tmp_path, "--format", form, "-cf", tmp_path / "x.tar",
                        "hole"], check=True)
        assert_refused("docker-archive:x.tar", tmp_path, "is sparse")


def test_048_truncated_at_every_block(tmp_path):
    """Cut anywhere before the last member ends, nothing is taken for an image."""
    image = Image("x:1", [Layer().file("f", text(1, 30))])
    data = write_docker_archive(tmp_path / "x.tar", [image]).read_bytes()
    end = len(data.rstrip(b"\0"))
    for cut in list(range(0, end, 512)) + [end - 1, 1, 511, 513, 700]:
        (tmp_path / "cut.tar").write_bytes(data[:cut])
        assert_refused("docker-archive:cut.tar", tmp_path, "cut.tar")


@pytest.mark.parametrize("packing", ["gzip", "zstd"])
def test_048_truncated_packed_data(tmp_path, packing):
    data = write_docker_archive(tmp_path / "x.tar", [plain_image()]).read_bytes()
    packed = subprocess.run([packing, "-q", "-c"], input=data, stdout=subprocess.PIPE,
                            check=True).stdout
    for cut in (5, 18, 100, len(packed) // 2, len(packed) - 9, len(packed) - 4, len(packed) - 1):
        (tmp_path / "cut").write_bytes(packed[:cut])
        assert_refused("docker-archive:cut", tmp_path, "truncated")
    (tmp_path / "cut").write_bytes(packed + b"junk")
    assert_refused("docker-archive:cut", tmp_path, "damaged")
    damaged = bytearray(packed)
    damaged[len(packed) // 2] ^= 0xff
    (tmp_path / "cut").write_bytes(damaged)
    assert_refused("docker-archive:cut", tmp_path, "cut")


def test_062_zstd_window(tmp_path):
    data = subprocess.run(["zstd", "-q", "-c", "--long=31", "--ultra", "-1"],
                          input=bytes(100_000), stdout=subprocess.PIPE, check=True).stdout
    (tmp_path / "x").write_bytes(data)
    assert_refused("docker-archive:x", tmp_path, "too much memory")


def test_large_documents(tmp_path, layout):
    (layout / "index.json").write_bytes(b" " * (8 * 1024 * 1024 + 1))
    refused(layout, "at most 8388608 are read")
    build(tmp_path / "x.tar", [("c.json", b" " * (8 * 1024 * 1024 + 1))],
          [{"Config": "c.json", "Layers": []}])
    assert_refused("docker-archive:x.tar", tmp_path, "at most 8388608 are read")


def test_disk_full_while_unpacking(layout):
    if os.geteuid() != 0:
        pytest.skip("mounting a small file system needs root")
    small = layout.parent / "small"
    small.mkdir()
    subprocess.run(["mount", "-t", "tmpfs", "-o", "size=64k", "none", small], check=True)
    try:
        refused(layout, "No space left", status=6, tmpdir=small)
    finally:
        subprocess.run(["umount", small], check=True)


def answer_once(path, answer):
    """An engine that answers one request with these bytes; returns the thread and what it got."""
    server = socket.socket(socket.AF_UNIX)
    server.bind(str(path))
    server.listen(1)
    asked = []

    def run():
        connection, _ = server.accept()
        asked.append(connection.recv(65536))
        connection.sendall(answer)
        connection.close()
        server.close()
    thread = threading.Thread(target=run, daemon=True)
    thread.start()
    return thread, asked


def http(status, body, length=None):
    return ("HTTP/1.1 %s\r\nContent-Length: %d\r\n\r\n" % (
        status, len(body) if length is None else length)).encode() + body


def ask_fake(tmp_path, answer, fragment, status, name="x/y:1"):
    path = tmp_path / "e.sock"
    path.unlink(missing_ok=True)
    thread, asked = answer_once(path, answer)
    message = assert_refused("docker-daemon:" + name, tmp_path, fragment, status=status,
                             engine="unix://%s" % path)
    thread.join(10)
    assert asked[0].startswith(b"GET /images/")
    return message, asked[0]


def test_engine_that_refuses_breaks_off_or_lies(tmp_path):
    answer = b'{"message":"no such \\u001b[1m image"}'
    message, _ = ask_fake(tmp_path, http("404 Not Found", answer), "HTTP 404", 7)
    assert "\x1b" not in message
    ask_fake(tmp_path, http("500 X", b"<html>" * 9999), "HTTP 500", 7)
    ask_fake(tmp_path, http("200 OK", b"x" * 100, 2000), "failed", 7)
    ask_fake(tmp_path, b"", "failed", 7)
    ask_fake(tmp_path, b"junk\r\n\r\n", "failed", 7)
    ask_fake(tmp_path, http("302 Found", b""), "HTTP 302", 7)
    ask_fake(tmp_path, http("200 OK", b""), "what the engine saved", 3)
    ask_fake(tmp_path, http("200 OK", b"no tar" * 1000), "what the engine saved", 3)
    _, asked = ask_fake(tmp_path, http("404 Not Found", b"{}"), "HTTP 404", 7, name="x/y")
    assert asked.startswith(b"GET /images/x/y:latest/get HTTP/1.1\r\n")


def test_engine_that_sends_another_image(tmp_path):
    write_docker_archive(tmp_path / "x.tar", [plain_image("other:1")])
    image = (tmp_path / "x.tar").read_bytes()
    ask_fake(tmp_path, http("200 OK", image), "no image is named 'docker.io/x/y:1'", 3)


def test_engine_that_is_not_there(tmp_path):
    assert_refused("docker-daemon:x:1", tmp_path, "failed", status=7,
                   engine="unix://%s/absent.sock" % tmp_path)
    assert_refused("docker-daemon:x:1", tmp_path, "unix:///PATH", status=2, engine="tcp://x:1")


@pytest.mark.parametrize("name", ["a b", "a?b", "a#b", "../../containers/json", "a%2f", "/x", "ä"])
def test_image_names_that_are_no_url_path(tmp_path, name):
    assert_refused("docker-daemon:" + name, tmp_path, "is no image name",
                   engine="unix:///nonexistent")
