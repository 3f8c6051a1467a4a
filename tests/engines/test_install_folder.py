# SPDX-License-Identifier: Apache-2.0
# Copyright The handcarry authors
"""install and plan of a folder: which of its bundles is used, and what is passed over."""
import shutil

import pytest

from engines.host import host20  # noqa: F401 pylint: disable=unused-import
from engines.images import plain_image
from keytools import minisign, needs_minisign
from program import handcarry

PLAYBOOK = False


@pytest.fixture
def stick(tmp_path):
    folder = tmp_path / "stick"
    folder.mkdir()
    return folder


def put(host, release, stick, name, /, **fields):
    """Packs the release with these fields as stick/name."""
    release.fields.update(fields)
    release.write()
    return shutil.move(host.bundle(release), stick / name)


def test_the_newest_release_is_installed(host20, docker20, release, stick):
    for number in (1, 3, 2):
        put(host20, release, stick, f"r{number}.tar.zst", release=number, version=f"{number}.0")
    code, plan = host20.plan(stick)
    assert code == 0 and plan["release"] == 3
    assert [row["path"] for row in plan["bundles"]] == [str(stick / "r3.tar.zst")]
    host20.install(stick)
    assert host20.status()["products"][0]["release"] == 3
    assert host20.plan(stick / "r1.tar.zst", stick / "r3.tar.zst")[1]["already-installed"]
    assert host20.plan(stick / "r1.tar.zst", stick / "r2.tar.zst")[0] == 5


def test_other_files_are_passed_over_in_silence(host20, docker20, release, stick):
    put(host20, release, stick, "one.tar.zst")
    for name in ("NOTES.txt", "one.tar.zst.sha256", "one.tar.zst.002", "._one.tar.zst", "x.have",
                 "x.have.minisig", "one.tar.zst.tail~"):
        (stick / name).write_text("something else")
    (stick / "sub.d").mkdir()
    code, plan = host20.plan(stick)
    assert code == 0 and plan["notes"] == []


def test_the_parts_of_a_split_bundle_are_one(host20, docker20, release, stick):
    whole = put(host20, release, stick, "one.tar.zst")
    data = whole.read_bytes()
    whole.unlink()
    half = len(data) // 2
    (stick / "one.tar.zst.001").write_bytes(data[:half])
    (stick / "one.tar.zst.002").write_bytes(data[half:])
    code, plan = host20.plan(stick)
    assert code == 0 and plan["bundles"][0]["bytes"] == len(data) and plan["notes"] == []


def test_a_damaged_bundle_is_named_and_passed_over(host20, docker20, release, stick):
    put(host20, release, stick, "good.tar.zst")
    data = put(host20, release, stick, "newer.tar.zst", release=2).read_bytes()
    (stick / "newer.tar.zst").write_bytes(data[:-100])
    code, plan = host20.plan(stick)
    assert code == 0 and plan["release"] == 1
    assert any("newer.tar.zst' is passed over: is not a bundle" in note for note in plan["notes"])
    assert host20.plan(stick / "good.tar.zst", stick / "newer.tar.zst")[0] == 3
    (stick / "good.tar.zst").unlink()
    assert host20.plan(stick)[0] == 3


def test_001_an_unsigned_bundle_is_passed_over(host20, docker20, release, stick):
    put(host20, release, stick, "good.tar.zst")
    release.fields["release"] = 2
    release.write()
    made = handcarry("bundle", release.folder / "release.yaml", "-o", stick / "unsigned.tar.zst")
    assert made.returncode == 0, made.stderr
    code, plan = host20.plan(stick)
    assert code == 0 and plan["release"] == 1
    assert any("unsigned.tar.zst' is passed over" in note for note in plan["notes"])
    (stick / "good.tar.zst").unlink()
    assert host20.plan(stick)[0] == 4


def test_bundles_for_other_sites_are_passed_over(host20, docker20, release, stick):
    (host20.etc / "host.yaml").write_text("site: plant-a\n")
    put(host20, release, stick, "here.tar.zst", **{"for": {"sites": ["plant-a"]}})
    put(host20, release, stick, "there.tar.zst", release=2, **{"for": {"sites": ["plant-b"]}})
    code, plan = host20.plan(stick)
    assert code == 0 and plan["release"] == 1
    assert any("there.tar.zst' is passed over" in note for note in plan["notes"])
    (stick / "here.tar.zst").unlink()
    assert host20.plan(stick)[0] == 5


def test_several_products_are_a_usage_error(host20, docker20, release, stick):
    put(host20, release, stick, "one.tar.zst")
    put(host20, release, stick, "other.tar.zst", product="other")
    ran = handcarry(*host20.arguments("plan", stick))
    assert ran.returncode == 2 and "one.tar.zst" in ran.stderr and "other.tar.zst" in ran.stderr
    assert host20.plan(stick / "other.tar.zst")[0] == 0


def test_031_two_releases_of_one_number_are_an_alarm(host20, docker20, release, stick):
    put(host20, release, stick, "one.tar.zst")
    release.images = [plain_image("handcarry-test/server:1", seed=7)]
    put(host20, release, stick, "other.tar.zst")
    ran = handcarry(*host20.arguments("plan", stick))
    assert ran.returncode == 4 and "ALARM" in ran.stderr


@needs_minisign
def test_017_the_newest_root_judges_all_of_them(host20, docker20, release, stick):
    """A key that root 2 revokes signed an older bundle, which carries root 1 only."""
    old = put(host20, release, stick, "old.tar.zst")
    trust, keys = host20.folder / "trust", host20.folder / "keys"
    made = handcarry("keygen", keys / "next", "--no-password")
    assert made.returncode == 0, made.stderr
    public = (keys / "next.pub").read_text().splitlines()[1]
    text = (trust / "1.root.yaml").read_text().replace("number: 1", "number: 2", 1)
    gone = (trust / "release.pub").read_text().splitlines()[1]
    text = text.replace(f"key: {gone}", f"key: {public}").replace(
        f"key: \"{gone}\"", f"key: {public}")
    text += f"revoked:\n  - key: \"{gone}\"\n"
    (trust / "2.root.yaml").write_text(text)
    sign_root(trust, keys)
    shutil.move(keys / "next.key", keys / "release.key")
    put(host20, release, stick, "new.tar.zst", release=2)
    code, plan = host20.plan(stick)
    assert code == 0 and plan["release"] == 2
    assert any("old.tar.zst' is passed over" in note for note in plan["notes"])
    assert host20.plan(old)[0] == 0
    assert host20.plan(old, stick / "new.tar.zst")[0] == 4


def sign_root(trust, keys):
    """Root 2 by stock minisign."""
    identity = (trust / "root.pub").read_text().split()[5]
    done = minisign("-S", "-W", "-s", keys / "root.key", "-m", trust / "2.root.yaml", "-x",
                    trust / f"2.root.yaml.{identity}.minisig", cwd=trust)
    assert done.status == 0, done


def test_an_empty_folder_and_a_missing_one(host20, docker20, stick):
    ran = handcarry(*host20.arguments("plan", stick))
    assert ran.returncode == 2 and "there is no bundle" in ran.stderr
    assert host20.plan(stick / "missing")[0] == 1
