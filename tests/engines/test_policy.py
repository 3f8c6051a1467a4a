# SPDX-License-Identifier: Apache-2.0
# Copyright The handcarry authors
"""Which release may follow which: numbers, epochs, channels, sites, names and platforms."""
import json
import shutil

import pytest

from engines.host import host20  # noqa: F401 pylint: disable=unused-import
from engines.lying import LyingEngine
from engines.host import Host
from keytools import needs_minisign, next_root
from program import handcarry

PLAYBOOK = False
PRODUCT = "handcarry-test"


def pack(host, release, number, epoch=0, **fields):
    """A bundle of release number; fields are keys of release.yaml, None leaves one out."""
    for key, value in {"release": number, "version": f"{number}.0", "epoch": epoch or None,
                       **fields}.items():
        if value is None:
            release.fields.pop(key, None)
        else:
            release.fields[key] = value
    release.write()
    (release.folder / "configs/plain.conf").write_text(f"plain = {number} {epoch}\n")
    return host.bundle(release)


def channels(host):
    """{channel: (epoch, highest)} of the state."""
    found, name, epoch = {}, None, 0
    for line in (host.state / PRODUCT / "state.yaml").read_text().splitlines():
        key, _, value = line.strip().lstrip("- ").partition(": ")
        if key == "channel" and line.startswith("  "):
            name, epoch = value, 0
        elif key == "epoch":
            epoch = int(value)
        elif key == "highest":
            found[name] = (epoch, int(value))
    return found


def new_epoch(host, epoch=1):
    """Root N+1 of a higher epoch, in the folder that bundles are packed with and on the host."""
    next_root(host.folder / "trust", host.folder / "keys", epoch=epoch)
    ran = handcarry("trust", "import", host.folder / "trust", "--root", host.root)
    assert ran.returncode == 0, ran.stderr


def newest_receipt(host):
    return json.loads(sorted((host.state / "receipts").glob("*.json"))[-1].read_text())


@needs_minisign
def test_029_036_a_new_epoch_takes_back_a_number_that_stolen_keys_have_raised(host20, docker20, release):
    host20.install(pack(host20, release, 2**63 - 1))
    assert channels(host20) == {"stable": (0, 2**63 - 1)}
    honest = pack(host20, release, 7)
    host20.install(honest, status=5)
    new_epoch(host20)
    bundle = pack(host20, release, 7, epoch=1)
    code, plan = host20.plan(bundle)
    assert code == 0
    assert any("trust root 2 is of epoch 1: numbers of handcarry-test (stable) begin anew; the highest "
               f"of epoch 0 was {2**63 - 1}" in note for note in plan["notes"])
    assert channels(host20) == {"stable": (0, 2**63 - 1)}, "a plan commits nothing"
    host20.install(bundle)
    assert channels(host20) == {"stable": (1, 7)}
    assert newest_receipt(host20)["trust"] == {"root": 2, "epoch": 1}
    # From here on numbers grow again, and what the stolen keys have signed stays out.
    assert "numbers only grow" in host20.install(pack(host20, release, 6, epoch=1), status=5).stderr
    ran = host20.install(honest, status=5)
    assert "is of epoch 0, and trust root 2, which judges it, of epoch 1" in ran.stderr
    assert "pack it again with 'epoch: 1'" in ran.stderr


@needs_minisign
def test_031_the_same_number_of_a_new_epoch_is_no_alarm_but_must_be_free(host20, docker20, release):
    for number in (4, 5, 6):
        host20.install(pack(host20, release, number))
    new_epoch(host20)
    current = host20.install(pack(host20, release, 6, epoch=1), status=5)
    assert "kept here as number 6, the current one" in current.stderr
    assert "ALARM" not in current.stderr
    kept = host20.install(pack(host20, release, 5, epoch=1), status=5)
    assert "kept here as number 5, from another channel or an older epoch" in kept.stderr
    host20.install(pack(host20, release, 4, epoch=1))
    assert channels(host20) == {"stable": (1, 4)}
    ran = handcarry(*host20.arguments("rollback", PRODUCT, "-y"))
    assert ran.returncode == 0, ran.stderr
    assert host20.status()["products"][0]["release"] == 6
    assert channels(host20) == {"stable": (1, 4)}, "going back lowers no floor"


@needs_minisign
def test_031_within_the_new_epoch_the_same_number_is_an_alarm(host20, docker20, release):
    new_epoch(host20)
    host20.install(pack(host20, release, 4, epoch=1))
    ran = host20.install(pack(host20, release, 4, epoch=1, version="4.1"), status=4)
    assert "ALARM" in ran.stderr


@needs_minisign
def test_022_an_older_trust_folder_put_back_is_an_alarm(host20, docker20, release):
    first = pack(host20, release, 3)
    shutil.copytree(host20.etc / "trust", host20.folder / "saved")
    new_epoch(host20)
    host20.install(pack(host20, release, 4, epoch=1))
    shutil.rmtree(host20.etc / "trust")
    shutil.copytree(host20.folder / "saved", host20.etc / "trust")
    ran = host20.install(first, status=4)
    assert "ALARM" in ran.stderr and "an older trust folder was put back" in ran.stderr
    assert "next: handcarry trust import FILE" in ran.stderr


@needs_minisign
def test_115_an_adopted_floor_is_of_the_epoch_of_the_trust_root(host20, docker20, release):
    host20.install(pack(host20, release, 9))
    new_epoch(host20)
    host20.install(pack(host20, release, 2, epoch=1))
    for name in ("state.yaml", "state.copy.yaml"):
        (host20.state / PRODUCT / name).write_text("")
    lost = handcarry(*host20.arguments("status"))
    assert lost.returncode == 11 and "'handcarry history' shows what receipts say" in lost.stderr
    assert f"handcarry recover --adopt {PRODUCT} --floor N" in lost.stderr
    told = handcarry("history", "--root", host20.root)
    assert told.returncode == 0 and "r9 → r2" in told.stdout, "it needs no state"
    adopt = host20.arguments("recover", "--adopt", PRODUCT, "-y", "--floor")
    low = handcarry(*adopt, "1")
    assert low.returncode == 5 and "the floor cannot be 1" in low.stderr
    ran = handcarry(*adopt, "3")
    assert ran.returncode == 0, ran.stderr
    assert "release 3 of handcarry-test (stable), was typed in, for epoch 1" in ran.stdout
    assert channels(host20) == {"stable": (1, 3)}
    host20.install(pack(host20, release, 2, epoch=1), status=5)


@needs_minisign
def test_a_folder_passes_over_what_is_of_another_epoch(host20, docker20, release, tmp_path):
    stick = tmp_path / "stick"
    stick.mkdir()
    shutil.copy(pack(host20, release, 9), stick / "old.tar.zst")
    new_epoch(host20)
    shutil.copy(pack(host20, release, 2, epoch=1), stick / "new.tar.zst")
    ran = host20.install(stick)
    assert "old.tar.zst" in ran.stdout and "is of epoch 0" in ran.stdout
    assert channels(host20) == {"stable": (1, 2)}


def test_numbers_count_per_channel_but_a_number_is_kept_once(host20, docker20, release):
    host20.install(pack(host20, release, 5))
    same = host20.install(pack(host20, release, 5, channel="beta"), status=5)
    assert "kept here as number 5, the current one" in same.stderr
    host20.install(pack(host20, release, 3, channel="beta"))
    assert channels(host20) == {"stable": (0, 5), "beta": (0, 3)}
    host20.install(pack(host20, release, 4, channel="stable"), status=5)


def test_029_a_failed_install_does_not_raise_the_floor(host20, docker20, release):
    host20.install(pack(host20, release, 1))
    release.health = [{"command": ["false"], "within": "1s"}]
    bundle = pack(host20, release, 9)
    assert host20.plan(bundle)[0] == 0
    assert channels(host20) == {"stable": (0, 1)}, "a plan raises nothing"
    host20.install(bundle, status=8)
    assert channels(host20) == {"stable": (0, 1)}
    release.health = []
    host20.install(pack(host20, release, 2))
    assert channels(host20) == {"stable": (0, 2)}


def refused(host, bundle, status, *texts):
    """Both verbs refuse, and nothing of it is left."""
    assert host.plan(bundle)[0] == status
    ran = host.install(bundle, status=status)
    for text in texts:
        assert text in ran.stderr, ran.stderr
    assert not (host.state / PRODUCT).exists()


def test_033_site_and_name_of_the_host(tmp_path, release):
    with LyingEngine(tmp_path) as engine:
        host = Host(tmp_path / "host", engine.url)
        only = pack(host, release, 1, **{"for": {"sites": ["plant-a"], "hosts": ["ws-1", "ws-2"]}})
        refused(host, only, 5, "for the sites plant-a; here it is not set ('site' in")
        (host.etc / "host.yaml").write_text("site: plant-b\nname: ws-1\n")
        refused(host, only, 5, "for the sites plant-a; here it is plant-b")
        (host.etc / "host.yaml").write_text("site: plant-a\nname: ws-3\n")
        refused(host, only, 5, "for the hosts ws-1, ws-2; here it is ws-3")
        (host.etc / "host.yaml").write_text("site: plant-a\n")
        refused(host, only, 5, "for the hosts ws-1, ws-2; here it is not set ('name' in")


def test_039_a_release_that_needs_a_newer_handcarry(host20, docker20, release):
    bundle = pack(host20, release, 1, requires={"handcarry": "9.5"})
    assert host20.plan(bundle)[0] == 11
    ran = host20.install(bundle, status=11)
    assert "handcarry" in ran.stderr and "9.5" in ran.stderr
    assert not (host20.state / PRODUCT / "r1").exists()


def test_034_another_platform_is_refused(tmp_path, release):
    with LyingEngine(tmp_path, **{"GET /version": {
            "Version": "20.10.24", "ApiVersion": "1.41", "Os": "linux", "Arch": "arm64"}}) as engine:
        host = Host(tmp_path / "host", engine.url)
        refused(host, pack(host, release, 1), 5, "is for linux/amd64, the engine here runs linux/arm64")


def test_034_a_release_without_images_is_for_a_platform_too(tmp_path, release):
    release.images = []
    with LyingEngine(tmp_path) as engine:
        host = Host(tmp_path / "host", engine.url)
        bundle = pack(host, release, 1, platforms=["linux/arm64", "linux/arm/v7"])
        refused(host, bundle, 5, "this release is for linux/arm64, linux/arm/v7, the engine here runs "
                "linux/amd64")
