# SPDX-License-Identifier: Apache-2.0
# Copyright The handcarry authors
"""Two builders make the same file, whatever machine, user, clock, language and file system they have."""
import contextlib
import hashlib
import json
import os
import shutil
import subprocess

import pytest

from engines.images import Image, Layer, busybox_layer, near, noise, text, write_oci
from engines.release import Release
from engines.roots import Missing, builder_root
from program import MAKER, handcarry

# A machine: its own file system over a clean root, name, user, time; then what is built is carried out.
BUILD = r"""
mount -t tmpfs tmpfs "$WORK"
mkdir "$WORK/upper" "$WORK/work" "$WORK/root" "$WORK/plain"
mount -t overlay overlay -o "lowerdir=$LOWER,upperdir=$WORK/upper,workdir=$WORK/work" "$WORK/root"
mount -t proc proc "$WORK/root/proc"
mount --rbind /dev "$WORK/root/dev"
install -m 755 "$PROGRAM" "$WORK/root/usr/local/bin/handcarry"
mkdir -p "$WORK/root$PLACE" "$WORK/root/out" "$WORK/root$HOME"
(cd "$SOURCES" && find . -type d -exec mkdir -p "$WORK/plain/{}" \; && find . ! -type d | sort $SORT |
    tar -cf - --no-recursion -T - | tar -C "$WORK/plain" -xf -)
find "$WORK/plain" -exec touch -h -d "$WHEN" {} +
cp "$KEY" "$WORK/root/out/release.key"
chown -hR "$OWNER:$OWNER" "$WORK/plain" "$WORK/root/out" "$WORK/root$HOME"
if [ "$FILES" = disordered ]; then
    disorderfs -q --multi-user=yes --shuffle-dirents=yes "$WORK/plain" "$WORK/root$PLACE"
else
    mount --bind "$WORK/plain" "$WORK/root$PLACE"
fi
hostname "$NAME"
chroot "$WORK/root" setpriv --reuid "$OWNER" --regid "$OWNER" --clear-groups \
    env -i PATH=/usr/local/bin:/usr/bin:/bin HOME="$HOME" TZ="$ZONE" LANG="$LANGUAGE" LC_ALL="$LANGUAGE" \
    USER="$NAME" SOURCE_DATE_EPOCH=1700000000 FAKETIME_DONT_FAKE_MONOTONIC=1 \
    faketime "$WHEN" taskset -c "$CORES" sh -euc '
        umask "$1"; cd "$2"
        for word in "$(date +%Y)" "$(date +%Z)" "$(hostname)" "$(id -u)" "$HOME" "$(nproc)" "$PWD" "$(umask)" \
            "$(ls -U "$3/deploy/playbooks/files" | cksum)" "$(stat -c %y "$3/deploy/release.yaml")"
        do echo "$word"; done >/out/machine
        shift 3; exec "$@"' sh "$MASK" "$FROM" "$PLACE" handcarry bundle "$PLACE/deploy/release.yaml" \
    -o /out/b.tar.zst --sign /out/release.key --locked --quiet --jobs "$JOBS"
cp "$WORK/root/out/b.tar.zst" "$WORK/root/out/b.tar.zst.sha256" "$WORK/root/out/machine" "$OUT"
"""

FIRST = {"PLACE": "/build", "FROM": "/", "HOME": "/root", "OWNER": "0", "ZONE": "UTC", "LANGUAGE": "C",
         "NAME": "alpha", "WHEN": "2024-02-29 23:59:59", "MASK": "022", "CORES": "0", "JOBS": "1",
         "SORT": "", "FILES": "plain"}
SECOND = {"PLACE": "/home/dev/deep er/\u00fcber", "FROM": "/tmp", "HOME": "/home/dev", "OWNER": "1234",
          "ZONE": "Pacific/Chatham", "LANGUAGE": "C.UTF-8", "NAME": "omega", "WHEN": "2037-12-31 00:00:01",
          "MASK": "077", "CORES": "0-%d" % (os.cpu_count() - 1), "JOBS": "2", "SORT": "-r",
          "FILES": "disordered"}


def git(folder, *arguments):
    subprocess.run(["git", "-c", "user.name=Dev", "-c", "user.email=dev@example.org", *arguments], cwd=folder,
                   check=True, capture_output=True)


class Builders:
    """Sources in git with their lock, and what each machine makes of them."""

    def __init__(self, folder):
        self.folder, self.sources = folder, folder / "sources"
        base = noise(7, 300_000)
        images = [Image("plant/app:1", [busybox_layer(), Layer().file("lib/a", base, 0o755)]),
                  Image("plant/web:1", [busybox_layer(), Layer().file("lib/b", near(base, 3)).file(
                      "var/lib/dpkg/status", b"Package: a\nStatus: install ok installed\nVersion: 1\n"
                      b"Architecture: all\n\n").file("srv/page", text(5, 9000))])]
        release = Release(self.sources / "deploy", images)
        release.fields.update(product="plant", source="https://git.example.org/plant")
        release.configs, release.trace = [], "/srv/trace"
        release.sources = {images[1].name: "oci:layout:1"}
        for number in range(30):
            release.put("playbooks/files/%s" % noise(number, 4).hex(), str(number))
        release.put("playbooks/files/" + "l/" * 40 + "x" * 120, "a path that does not fit ustar\n")
        yaml = release.write()
        write_oci(self.sources / "deploy/layout", images[1], "1", "gzip")
        assert handcarry("bundle", yaml, "--relock", "-o", folder / "lock.tar.zst").returncode == 0
        assert handcarry("keygen", "--no-password", "release", cwd=folder).returncode == 0
        git(self.sources, "init", "-q")
        git(self.sources, "add", ".")
        git(self.sources, "commit", "-qm", "all")

    def build(self, name, lower, machine):
        out = self.folder / name
        out.mkdir()
        # In a mount namespace of its own; other users can get there, as to no folder of pytest's.
        values = {**machine, "LOWER": str(lower), "WORK": "/mnt", "OUT": str(out), "PROGRAM": MAKER,
                  "SOURCES": str(self.sources), "KEY": str(self.folder / "release.key")}
        run = subprocess.run(["unshare", "--mount", "--uts", "--propagation", "private", "sh", "-euc", BUILD],
                             env={**os.environ, **values}, capture_output=True, text=True, timeout=120,
                             stdin=subprocess.DEVNULL, check=False)
        assert run.returncode == 0, run.stderr
        return out / "b.tar.zst"


@pytest.fixture(name="builders", scope="module")
def make_builders(tmp_path_factory):
    if os.geteuid() != 0:
        pytest.skip("only root makes machines of roots")
    for program in ("disorderfs", "git"):
        if shutil.which(program) is None:
            pytest.skip("no " + program)
    return Builders(tmp_path_factory.mktemp("reproducible"))


@pytest.fixture(name="first", scope="module")
def make_first(builders):
    return builders.build("first", root("bookworm"), FIRST)


def root(codename):
    try:
        return builder_root(codename)
    except Missing as missing:
        pytest.skip(str(missing))
        raise


def provenance_of(path):
    return json.loads(handcarry("show", "--provenance", path).stdout)["predicate"]


def test_123_two_machines_make_the_same_file(builders, first):
    """Bundle with its signature, and FILE.sha256, byte for byte."""
    second = builders.build("second", root("bookworm"), SECOND)
    seen = [path.with_name("machine").read_text().splitlines() for path in (first, second)]
    assert len(seen[0]) == len(seen[1]) == 10 and not [
        pair for pair in zip(*seen) if pair[0] == pair[1] and pair != ("1", "1")]
    run = handcarry("diff", "--bytes", first, second)
    assert run.returncode == 0, run.stdout + run.stderr
    assert first.read_bytes() == second.read_bytes()
    sums = [path.with_name("b.tar.zst.sha256").read_bytes() for path in (first, second)]
    assert sums[0] == sums[1]
    assert sums[0].decode() == "%s  b.tar.zst\n" % hashlib.sha256(first.read_bytes()).hexdigest()
    shown = handcarry("show", first).stdout
    assert "issued          2023-11-14T22:13:20Z" in shown and "built from      commit " in shown
    assert b"/build" not in first.read_bytes() and b"omega" not in second.read_bytes()


def test_another_debian_makes_the_same_release(builders, first):
    """Another zstd compresses otherwise; what the release is, it does not change."""
    third = builders.build("third", root("trixie"), SECOND)
    versions = [provenance_of(path)["runDetails"]["builder"]["version"]["libzstd"] for path in (first, third)]
    assert versions[0] != versions[1]
    run = handcarry("diff", "--bytes", "--json", first, third)
    assert run.returncode == 1, run.stdout + run.stderr
    document = json.loads(run.stdout)
    assert document["same-release"] and not document["b"]["damaged"]
    assert document["verdict"] == "the same release and content, compressed by another zstd"
    assert document["packing"] == [{"key": "zstd", "a": versions[0], "b": versions[1]}]
    assert [row["key"] for row in document["provenance"]] == ["libzstd"]
    assert all(row["same-content"] or row.get("only-provenance") for row in document["regions"])


@contextlib.contextmanager
def one_line_more(path):
    before = path.read_bytes()
    path.write_bytes(before + b"# a line more\n")
    yield
    path.write_bytes(before)


def test_a_builder_with_other_sources_is_told_apart(builders, first):
    """The comparison does find what is not the same: here only what the sources were called."""
    with one_line_more(builders.sources / "deploy/release.yaml"):
        other = builders.build("release", root("bookworm"), FIRST)
    document = json.loads(handcarry("diff", "--bytes", "--json", first, other).stdout)
    assert document["verdict"] == "the same but for the provenance"
    assert {row["key"] for row in document["provenance"]} == {"release.yaml", "modified"}


def test_a_builder_with_another_playbook_is_told_apart(builders, first):
    with one_line_more(builders.sources / "deploy/playbooks/site.yml"):
        other = builders.build("playbook", root("bookworm"), FIRST)
    document = json.loads(handcarry("diff", "--bytes", "--json", first, other).stdout)
    assert document["verdict"] == "another release under the same number 1"
    tree = next(row for row in document["regions"] if row["region"] == "tree")
    assert tree["a"]["member"] == tree["b"]["member"] == "tree/playbooks/site.yml"
