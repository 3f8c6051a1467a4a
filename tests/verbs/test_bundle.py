# SPDX-License-Identifier: Apache-2.0
# Copyright The handcarry authors
"""bundle: what it packs, that its bytes depend on nothing else, and that it leaves no half file."""
import ctypes
import errno
import json
import os
import pathlib
import re
import resource
import shutil
import signal
import struct
import subprocess
import tempfile
import threading
import time

import pytest

from bundlefile import BundleFile
from engines.images import (Image, Layer, busybox_layer, near, noise, plain_image, text, write_oci,
                            write_oci_archive)
from engines.release import Release
from program import PROGRAM, handcarry


def run(*arguments, status=0, **options):
    done = handcarry(*arguments, **options)
    assert done.returncode == status, (arguments, done.stdout, done.stderr)
    return done.stdout + done.stderr


def pack(release, name="b.tar.zst", *options, status=0, **more):
    path = release.folder.parent / name
    said = run("bundle", release.folder / "release.yaml", "-o", path, *options, status=status,
               **more)
    return path, said


def trust(folder):
    run("trust", "init", "--no-password", cwd=folder)
    return folder / "trust", folder / "release.key"


@pytest.fixture
def signed(release, tmp_path):
    """Packs with a key, and proves what came out with verify --deep."""
    root, key = trust(tmp_path)

    def packed(name="b.tar.zst", *options):
        path, said = pack(release, name, "--sign", key, "--trust", root, *options)
        run("verify", path, "--trust", root, "--deep")
        return path, said
    return packed


def big_image():
    """Some megabytes that do not compress: several parts when split, and time to interrupt."""
    return Image("big:1", [busybox_layer(), Layer().file("noise", noise(1, 9_000_000))])


def test_from_every_kind_of_source(release, signed):
    images = release.images
    write_oci(release.folder / "layout", images[1], "1", "gzip")
    write_oci_archive(release.folder / "layout.tar", images[2], "1", "zstd")
    first = signed()[0]
    release.sources = {images[1].name: "oci:layout:1", images[2].name: "oci-archive:layout.tar"}
    release.write()
    again = signed("again.tar.zst")[0]
    document = json.loads(run("diff", "--bytes", "--json", first, again, status=1))
    assert document["verdict"] == "the same but for the provenance"
    assert {row["key"] for row in document["provenance"]} == {"release.yaml", "lock", "images"}


def test_result_and_json(release, signed):
    path, said = signed()
    assert "fits" in said and "b.tar.zst" in said
    out = handcarry("bundle", release.folder / "release.yaml", "-o", path.parent / "j.tar.zst",
                    "--json").stdout
    data = json.loads(out)
    assert data["bytes"] == (path.parent / "j.tar.zst").stat().st_size
    listed = subprocess.run(["tar", "--zstd", "-tf", path], stdout=subprocess.PIPE,
                            check=True).stdout.decode().split()
    assert "tree/playbooks/site.yml" in listed and listed[-1] == "packing.yaml"


def test_default_name(release):
    run("bundle", release.folder / "release.yaml", cwd=release.folder)
    assert (release.folder / "handcarry-test-1.0.0-r1.tar.zst").exists()
    assert (release.folder / "handcarry-test-1.0.0-r1.tar.zst.sha256").exists()
    run("bundle", release.folder / "release.yaml", "--version", "2.0.0-rc1", "--release", "7",
        cwd=release.folder)
    assert (release.folder / "handcarry-test-2.0.0-rc1-r7.tar.zst").exists()


def test_identical_and_near_content_is_carried_once(release, signed):
    """Twelve copies of one file, and one that differs in a few bytes."""
    data = noise(11, 400_000)
    layer = Layer()
    for number in range(12):
        layer.file("copy%d" % number, data)
    release.images = [Image("x:1", [layer]), Image("y:1", [Layer().file("z", near(data, 3))])]
    release.write()
    path, _ = signed()
    assert path.stat().st_size < 480_000
    assert BundleFile(path).counts["difference"] == 1


def test_long_files_are_compared_too(release, signed):
    """They are looked at first: comparing takes long."""
    data = noise(5, 1_600_000)
    release.images = [Image("x:1", [Layer().file("a", data).file("b", near(data, 3))])]
    release.write()
    path, said = signed()
    assert "1.6 MB of it as patches" in said and path.stat().st_size < 1_700_000


def copy_in_other_order(release, folder, reverse):
    """The same files, made in another order: what readdir says differs, times differ."""
    for path in sorted(release.folder.rglob("*"), reverse=reverse):
        target = folder / path.relative_to(release.folder)
        target.parent.mkdir(parents=True, exist_ok=True)
        if path.is_file():
            shutil.copyfile(path, target)
            target.chmod(path.stat().st_mode)
            os.utime(target, (1, 1))
    return folder / "release.yaml"


@pytest.fixture
def in_memory():
    """A folder on another file system."""
    folder = pathlib.Path(tempfile.mkdtemp(prefix="handcarry-test-", dir="/dev/shm"))
    folder.chmod(0o755)
    yield folder
    shutil.rmtree(folder)


def let_all_enter(folder):
    """Another run of pytest that begins meanwhile closes the folder that they share."""
    for one in (folder, *folder.parents):
        if one != pathlib.Path("/tmp") and str(one).startswith("/tmp/"):
            one.chmod(0o755)


def test_123_same_bytes_whatever_the_circumstances(release, tmp_path, in_memory):
    for number in range(40):
        release.put("playbooks/files/%s" % noise(number, 4).hex(), str(number))
    _, key = trust(tmp_path)
    key.chmod(0o644)
    other = copy_in_other_order(release, tmp_path / "other", True)
    memory = copy_in_other_order(release, in_memory / "release", False)
    tmp = tmp_path / "tmp"
    tmp.mkdir(mode=0o777)
    tmp.chmod(0o777)
    env = dict(os.environ)
    nobody = ["setpriv", "--reuid", "65534", "--regid", "65534", "--clear-groups"]
    ways = [
        ([], release.folder / "release.yaml", env, 0o022),
        ([], release.folder / "release.yaml", {**env, "TZ": "Asia/Tokyo", "LC_ALL": "C"}, 0o077),
        ([], other, {**env, "LC_ALL": "C.UTF-8", "TMPDIR": str(tmp)}, 0),
        ([], memory, {**env, "LANG": "tr_TR.UTF-8", "LC_ALL": "", "HOME": "/nonexistent"}, 0o027),
        (nobody, other, env, 0o077),
        (["taskset", "1"], memory, env, 0o022),
    ]
    made = []
    for number, (before, yaml, environment, umask) in enumerate(ways):
        for jobs in ("1", "2"):
            path = tmp / ("%d-%s.tar.zst" % (number, jobs))
            let_all_enter(tmp_path)
            subprocess.run([*before, PROGRAM, "bundle", yaml, "-o", path, "--sign", key, "--jobs",
                            jobs, "--quiet", "--trust", tmp_path / "trust"], env=environment,
                           umask=umask, check=True, cwd="/")
            made.append(path.read_bytes())
            assert path.stat().st_mode & 0o777 == 0o644
    assert len(made) == 12 and all(data == made[0] for data in made)


def test_125_a_file_that_grows_while_it_is_packed(release, tmp_path):
    big = release.put("playbooks/files/big", noise(3, 40_000_000))
    stop = threading.Event()

    def grow():
        with open(big, "ab") as file:
            while not stop.wait(0.002):
                file.write(b"x" * 1000)
                file.flush()
    writer = threading.Thread(target=grow)
    writer.start()
    try:
        path, said = pack(release, status=1)
    finally:
        stop.set()
        writer.join()
    assert "'playbooks/files/big' changed while it was read" in said
    assert not path.exists()


def test_125_files_that_change_without_growing_are_packed_as_they_were_read(release, tmp_path):
    """Whatever was read is what is hashed, packed and signed; an image must still be its digest."""
    root, key = trust(tmp_path)
    files = [release.put("playbooks/files/big", noise(3, 20_000_000)), release.folder / "images.tar"]
    stop = threading.Event()

    def write():
        number = 0
        while not stop.wait(0.001):
            for path in files:
                with open(path, "r+b") as file:
                    file.seek(number * 7919 % path.stat().st_size)
                    file.write(b"y")
            number += 1
    writer = threading.Thread(target=write)
    writer.start()
    try:
        path = tmp_path / "b.tar.zst"
        done = handcarry("bundle", release.folder / "release.yaml", "-o", path, "--sign", key,
                         "--trust", root)
    finally:
        stop.set()
        writer.join()
    assert done.returncode in (0, 3), done.stderr
    if done.returncode == 0:
        run("verify", path, "--trust", root, "--deep")
    else:
        assert not path.exists()


@pytest.mark.parametrize("where", ["roles/web/tasks", "roles/web/files/key", "collections/a/b/plugins"])
@pytest.mark.parametrize("target", ["/etc", "../../../../etc/passwd", "../roles"])
def test_094_links_in_roles_and_collections_are_not_carried(release, where, target):
    """ansible-galaxy has been led out of its folder by such links, twice."""
    release.put("playbooks/roles/web/meta/main.yml", "dependencies: []\n")
    path = release.folder / "playbooks" / where
    path.parent.mkdir(parents=True, exist_ok=True)
    path.symlink_to(target)
    made, said = pack(release, status=1)
    assert "playbooks/%s': symbolic links are not followed" % where in said
    assert not made.exists()


def test_existing_file_is_never_overwritten(release):
    path, _ = pack(release)
    before = path.read_bytes()
    said = pack(release, status=1)[1]
    assert "exists already" in said and "reading layers" not in said
    assert path.read_bytes() == before
    assert "exists already" in pack(release, "b.tar.zst", "--split", "2M", status=1)[1]
    (path.parent / "c.tar.zst").symlink_to("/nonexistent")
    assert "exists already" in pack(release, "c.tar.zst", status=1)[1]
    (path.parent / "d.tar.zst.002").write_bytes(b"mine")
    release.images = [big_image()]
    release.write()
    assert "d.tar.zst.002' exists already" in pack(release, "d.tar.zst", "--split", "2M",
                                                   status=1)[1]
    assert not list(path.parent.glob("d.tar.zst.001*"))


@pytest.mark.parametrize("size", ["x", "0", "10", "1M ", "-5M", "5T", "99999999999999999G", ""])
def test_077_split_sizes(release, size):
    assert "--split" in pack(release, "b.tar.zst", "--split=" + size, status=2)[1]


@pytest.fixture
def parts(release, tmp_path):
    """A signed release of several parts."""
    release.images = [big_image()]
    release.write()
    root, key = trust(tmp_path)
    pack(release, "p.tar.zst", "--split", "2500K", "--sign", key, "--trust", root)
    pack(release, "whole.tar.zst", "--sign", key, "--trust", root)
    return tmp_path


def names(folder):
    return sorted(path for path in folder.glob("p.tar.zst.0*"))


def verify_parts(folder, status=0, first="p.tar.zst.001", *options):
    return run("verify", folder / first, "--trust", folder / "trust", *options, status=status)


def test_split_joins_with_cat(parts):
    made = names(parts)
    assert len(made) >= 4
    assert all(path.stat().st_size == 2_500_000 for path in made[:-2])
    assert all(path.stat().st_size <= 2_500_000 for path in made)
    assert b"".join(path.read_bytes() for path in made) == (parts / "whole.tar.zst").read_bytes()
    subprocess.run(["sha256sum", "--quiet", "-c", "p.tar.zst.sha256"], cwd=parts, check=True)
    verify_parts(parts, 0, "p.tar.zst.001", "--deep")
    verify_parts(parts, 0, "p.tar.zst", "--deep")


def names_frame(said, part):
    """Is a frame said to be damaged that lies in this part?"""
    found = re.search(r"frame \d+ \(\S*\.(\d{3})(?: to \S*\.(\d{3}))?, .* is damaged", said)
    assert found, said
    return int(found[1]) <= part <= int(found[2] or found[1])


@pytest.mark.parametrize("number", range(1, 5))
def test_052_part_missing(parts, number):
    made = names(parts)
    gone = made[number - 1] if number < 4 else made[-1]
    gone.unlink()
    said = verify_parts(parts, 1 if number == 1 else 3)
    assert gone.name in said


def test_052_part_renamed(parts):
    made = names(parts)
    made[1].rename(parts / "p.tar.zst.2")
    assert made[1].name in verify_parts(parts, 3)


def test_052_parts_swapped(parts):
    made = names(parts)
    made[1].rename(parts / "x")
    made[2].rename(made[1])
    (parts / "x").rename(made[2])
    assert names_frame(verify_parts(parts, 3), 2)


def test_052_part_of_another_set(parts, release):
    """All of it is good, but the frames it signs are others."""
    made = names(parts)
    release.images = [Image("big:1", [busybox_layer(), Layer().file("noise", noise(2, 9_000_000))])]
    release.write()
    pack(release, "q.tar.zst", "--split", "2500K", "--sign", parts / "release.key",
         "--trust", parts / "trust")
    other = str(made[-1]).replace("p.tar", "q.tar")
    assert not os.path.exists(other[:-1] + "6")
    shutil.copy(other, made[-1])
    verify_parts(parts, 3)


@pytest.mark.parametrize("by", [1, 512, 100_000])
def test_052_part_truncated(parts, by):
    for part in names(parts):
        data = part.read_bytes()
        if len(data) <= by:
            continue
        part.write_bytes(data[:-by])
        assert part.name in verify_parts(parts, 3)
        part.write_bytes(data)


def test_052_part_duplicated(parts):
    made = names(parts)
    extra = parts / ("p.tar.zst.%03d" % (len(made) + 1))
    shutil.copy(made[-1], extra)
    assert "parts up to '%s'" % extra in verify_parts(parts, 3)


def test_052_part_damaged(parts):
    part = names(parts)[2]
    data = bytearray(part.read_bytes())
    data[1000] ^= 1
    part.write_bytes(data)
    assert names_frame(verify_parts(parts, 3), 3)


def left(folder):
    return sorted(path.name for path in folder.iterdir())


def heed_signals():
    """Who runs the tests in the background or under nohup has these ignored."""
    for number in (signal.SIGINT, signal.SIGHUP):
        signal.signal(number, signal.SIG_DFL)


@pytest.fixture
def slow(release, tmp_path):
    """Starts packing something that takes a second or more; returns the process."""
    release.images = [Image("slow:1", [Layer().file("text", text(1, 400_000)).file(
        "noise", noise(2, 12_000_000))])]
    release.write()
    out = tmp_path / "out"
    out.mkdir()

    def started(*options, **more):
        more.setdefault("preexec_fn", heed_signals)
        # Without an ansible-playbook it is packing that is killed, and no copy of the playbooks
        # that were being checked is left.
        more.setdefault("env", {**os.environ, "PATH": str(tmp_path)})
        return subprocess.Popen([PROGRAM, "bundle", release.folder / "release.yaml", "-o",
                                 out / "b.tar.zst", "--level", "19", *options],
                                stderr=subprocess.PIPE, stdout=subprocess.PIPE, **more)
    return started, out


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGKILL, signal.SIGHUP])
def test_107_killed_while_packing(slow, number):
    start, out = slow
    killed = 0
    for wait in (0.02, 0.2, 0.5, 0.9):
        process = start()
        time.sleep(wait)
        process.send_signal(number)
        process.communicate()
        killed += process.returncode != 0
        if process.returncode != 0:
            assert left(out) == []
        for path in out.iterdir():
            path.unlink()
    assert killed >= 2


def test_107_killed_while_splitting(slow):
    start, out = slow
    process = start("--split", "2M")
    time.sleep(0.8)
    process.kill()
    process.communicate()
    assert process.returncode == -signal.SIGKILL and left(out) == []


@pytest.fixture
def small_disk(tmp_path):
    """A tmpfs of 4 MB."""
    if os.geteuid() != 0:
        pytest.skip("mounting a tmpfs needs root")
    folder = tmp_path / "disk"
    folder.mkdir()
    subprocess.run(["mount", "-t", "tmpfs", "-o", "size=4m", "tmpfs", folder], check=True)
    yield folder
    subprocess.run(["umount", folder], check=True)


def test_109_disk_full_while_packing(release, small_disk):
    release.images = [big_image()]
    release.write()
    yaml = release.folder / "release.yaml"
    said = run("bundle", yaml, "-o", small_disk / "b.tar.zst", status=6)
    assert "No space left" in said and left(small_disk) == []
    said = run("bundle", yaml, "-o", small_disk / "b.tar.zst", "--split", "2M", status=6)
    assert left(small_disk) == []


def test_109_temporary_folder_full(release, small_disk):
    write_oci(release.folder / "layout", big_image(), "1", "gzip")
    release.images = [big_image()]
    release.sources = {"big:1": "oci:layout:1"}
    release.write()
    pack(release, "b.tar.zst", "--tmpdir", str(small_disk), status=6)
    assert left(small_disk) == []
    assert not (release.folder.parent / "b.tar.zst").exists()


def test_109_file_size_limit(release):
    """EFBIG by SIGXFSZ or error: no file under the final name."""
    release.images = [big_image()]
    release.write()
    path = release.folder.parent / "b.tar.zst"
    done = subprocess.run([PROGRAM, "bundle", release.folder / "release.yaml", "-o", path],
                          capture_output=True, check=False, preexec_fn=lambda: resource.setrlimit(
                              resource.RLIMIT_FSIZE, (3_000_000, 3_000_000)))
    assert done.returncode != 0 and not path.exists()


def without_unnamed_files():
    """For the child: opening with O_TMPFILE fails as on FAT, FUSE and old overlayfs."""
    rows = [(0x20, 0, 0, 0), (0x15, 0, 3, 257),            # another call than openat: allowed
            (0x20, 0, 0, 32), (0x45, 0, 1, 0x400000),      # no __O_TMPFILE in its flags: allowed
            (0x06, 0, 0, 0x00050000 | errno.EOPNOTSUPP), (0x06, 0, 0, 0x7fff0000)]
    code = b"".join(struct.pack("<HBBI", *row) for row in rows)
    buffer = ctypes.create_string_buffer(code, len(code))
    program = ctypes.create_string_buffer(struct.pack("<HxxxxxxQ", len(rows),
                                                      ctypes.addressof(buffer)))
    libc = ctypes.CDLL(None, use_errno=True)
    assert libc.prctl(38, 1, 0, 0, 0) == 0 and libc.prctl(22, 2, program, 0, 0) == 0


@pytest.mark.skipif(os.uname().machine != "x86_64", reason="the filter is for x86_64")
def test_file_systems_without_unnamed_files(release, slow):
    """The same bytes, under the final name only when whole; a kill leaves a .partial and no more,
    and the next run takes its place."""
    start, out = slow
    yaml = release.folder / "release.yaml"
    process = start(preexec_fn=without_unnamed_files)
    time.sleep(0.8)
    process.kill()
    process.communicate()
    assert set(left(out)) <= {"b.tar.zst.partial"}
    (out / "b.tar.zst.partial").write_bytes(bytes(30_000_000))
    tmp = out.parent / "tmp"
    tmp.mkdir()
    done = subprocess.run([PROGRAM, "bundle", yaml, "-o", out / "b.tar.zst", "--tmpdir", tmp],
                          preexec_fn=without_unnamed_files, check=False)
    assert done.returncode == 0
    assert left(out) == ["b.tar.zst", "b.tar.zst.sha256"] and left(tmp) == []
    assert (out / "b.tar.zst").read_bytes() == pack(release, "other.tar.zst")[0].read_bytes()


def test_output_folder_missing_or_not_writable(release):
    assert "nowhere" in run("bundle", release.folder / "release.yaml", "-o", "nowhere/b.tar.zst",
                            status=1)


def test_124_wrong_diffid_is_refused(release):
    class Liar(Image):
        def config(self):
            return super().config().replace(self.layers[0].diff_id().encode(),
                                            b"sha256:" + b"0" * 64)
    release.images = [Liar("liar:1", plain_image().layers)]
    release.write()
    path, said = pack(release, status=3)
    assert "image 'liar:1'" in said or "0000" in said
    assert not path.exists()
