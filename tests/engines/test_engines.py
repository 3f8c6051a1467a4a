# SPDX-License-Identifier: Apache-2.0
# Copyright The handcarry authors
"""The test engines are what they claim to be, and end as they should."""
import os
import tarfile

import pytest

from engines import roots
from engines.images import plain_image, sample_images, write_docker_archive, write_oci_archive
from engines.images import skopeo_copy

VERSIONS = {"docker20": "20.10.", "docker26": "26.1.", "docker26_containerd": "26.1.",
            "podman4": "4.3.", "podman5": "5."}


def test_engine_has_the_version_of_its_name(engine):
    assert engine.version().startswith(VERSIONS[engine.name])


def test_engine_starts_empty_and_uses_its_own_folder(engine):
    assert engine.images() == {}
    assert engine.info()["DockerRootDir"].startswith(str(engine.data_root))


def test_store_is_the_one_asked_for(engine):
    status = [text for pair in engine.info().get("DriverStatus") or [] for text in pair]
    assert ("io.containerd.snapshotter.v1" in status) == (engine.store == "containerd")


def test_sample_images_load_run_and_are_removed(engine, tmp_path):
    images = sample_images()
    archive = write_docker_archive(tmp_path / "all.tar", images)
    engine.load(archive)
    assert set(engine.images()) == {engine.shown(image.name) for image in images}
    status, output = engine.run(images[0].name, "sha256sum", "/opt/app/program", "/opt/app/copy")
    assert status == 0, output
    digests = {line.split()[0] for line in output.strip().splitlines()}
    assert len(digests) == 1
    assert engine.run(images[0].name, "cat", "/etc/os-release")[0] == 1
    if engine.store != "containerd":
        assert engine.inspect(images[0].name)["Id"].removeprefix("sha256:") == images[0].id()[7:]
    engine.remove_all()
    assert engine.images() == {}


def test_exec_sees_the_files_of_its_container(engine, tmp_path):
    """As a HEALTHCHECK does; an engine in a chroot would run it among the files of the host."""
    image = plain_image()
    engine.load(write_docker_archive(tmp_path / "in.tar", [image]))
    status, output = engine.exec(image.name, "ls", "-1", "/")
    assert status == 0, output
    assert "bin" in output.split() and "usr" not in output.split()


def test_save_has_the_layout_of_its_release(engine, tmp_path):
    image = plain_image()
    engine.load(write_docker_archive(tmp_path / "in.tar", [image]))
    engine.save([image.name], tmp_path / "out.tar")
    with tarfile.open(tmp_path / "out.tar") as tar:
        names = tar.getnames()
    assert "manifest.json" in names
    assert ("oci-layout" in names) == engine.name.startswith("docker26")


def test_images_survive_a_restart_and_a_kill(docker20, tmp_path):
    image = plain_image()
    docker20.load(write_docker_archive(tmp_path / "in.tar", [image]))
    docker20.restart()
    assert list(docker20.images()) == [image.name]
    docker20.kill()
    assert not docker20.is_running()
    docker20.start()
    assert list(docker20.images()) == [image.name]


def test_a_killed_engine_leaves_neither_process_nor_mount(engine, tmp_path):
    engine.load(write_docker_archive(tmp_path / "in.tar", [plain_image()]))
    made = engine.call("POST", "/containers/create", value={
        "Image": plain_image().name, "Cmd": ["sleep", "600"],
        "HostConfig": {"NetworkMode": "host"}})
    engine.call("POST", "/containers/%s/start" % made["Id"])
    engine.kill()
    mounts = open("/proc/self/mounts", encoding="utf-8").read()
    assert str(engine.folder) not in mounts
    assert not [pid for pid in os.listdir("/proc") if pid.isdigit() and names(pid, engine.folder)]


def names(pid, folder):
    """True where a process carries the folder in its command line."""
    try:
        with open("/proc/%s/cmdline" % pid, "rb") as file:
            return str(folder).encode() in file.read()
    except OSError:
        return False


def test_skopeo_reads_the_oci_archives(tmp_path):
    image = plain_image()
    for compression in (None, "gzip", "zstd"):
        archive = write_oci_archive(tmp_path / "image.tar", image, compression=compression)
        target = tmp_path / ("copy-%s" % compression)
        skopeo_copy("oci-archive:%s:1" % archive, "oci:%s:1" % target)
        assert (target / "blobs/sha256" / image.id()[7:]).read_bytes() == image.config()


def test_an_engine_that_can_not_be_had_is_missing_with_a_reason(monkeypatch, tmp_path):
    other = "bookworm" if roots.host_release() == "13" else "trixie"
    (tmp_path / "usr/bin").mkdir(parents=True)
    monkeypatch.setenv("HANDCARRY_" + other.upper(), str(tmp_path))
    with pytest.raises(roots.Missing, match="has no dockerd"):
        roots.root_of(other, "dockerd")


def test_written_release_is_whole(release):
    text = (release.folder / "release.yaml").read_text()
    assert "product: handcarry-test" in text
    for image in release.images:
        assert '"%s"' % image.name in text
    assert (release.folder / "playbooks/site.yml").is_file()
    assert (release.folder / "configs/server.conf").is_file()
