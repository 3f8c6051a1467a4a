# SPDX-License-Identifier: Apache-2.0
# Copyright The handcarry authors
"""The epoch of a release, its times and its hosts, on the connected side."""
import json

import pytest

from engines.release import Release
from keytools import needs_minisign, next_root
from program import handcarry


@pytest.fixture(name="release")
def release_fixture(tmp_path):
    made = Release(tmp_path / "release", images=[])
    made.playbooks = []
    made.write()
    return made


@pytest.fixture(name="trust")
def trust_fixture(tmp_path):
    handcarry("trust", "init", "--no-password", cwd=tmp_path)
    return tmp_path / "trust"


def pack(release, trust, *more, env=None):
    path = release.folder / "b.tar.zst"
    ran = handcarry("bundle", release.write(), "-o", path, "--trust", trust, "--sign",
                    trust.parent / "release.key", *more, env=env)
    return path, ran


def shown(path):
    ran = handcarry("show", path, "--json")
    assert ran.returncode == 0, ran.stderr
    return json.loads(ran.stdout)


def test_a_release_of_another_epoch_than_the_trust_folder_is_not_packed(release, trust):
    release.fields["epoch"] = 3
    path, ran = pack(release, trust)
    assert ran.returncode == 5 and not path.exists()
    assert "is of epoch 3, and trust root 1 is of epoch 0" in ran.stderr
    assert "write 'epoch: 0' into that file" in ran.stderr


@needs_minisign
def test_the_epoch_of_the_newest_root_counts(release, trust):
    next_root(trust, trust.parent, epoch=3)
    _, ran = pack(release, trust)
    assert ran.returncode == 5 and "write 'epoch: 3'" in ran.stderr
    release.fields["epoch"] = 3
    path, ran = pack(release, trust)
    assert ran.returncode == 0, ran.stderr
    assert shown(path)["epoch"] == 3
    assert handcarry("verify", path, "--trust", trust).returncode == 0


def test_times_and_hosts_are_sealed(release, trust):
    release.fields.update({"issued": "2026-11-22T08:30:00Z", "advise-until": "2027-11-22T00:00:00Z",
                           "for": {"sites": ["plant-a"], "hosts": ["ws-3"]}})
    path, ran = pack(release, trust)
    assert ran.returncode == 0, ran.stderr
    told = shown(path)
    assert told["issued"] == "2026-11-22T08:30:00Z"
    assert told["advise-until"] == "2027-11-22T00:00:00Z"
    assert told["sites"] == ["plant-a"] and told["hosts"] == ["ws-3"]
    text = handcarry("show", path).stdout
    assert "issued          2026-11-22T08:30:00Z\n" in text
    assert "only for hosts  ws-3\n" in text


def test_source_date_epoch_is_the_time_of_a_file_that_has_none(release, trust):
    path, ran = pack(release, trust, env={"SOURCE_DATE_EPOCH": "86400"})
    assert ran.returncode == 0, ran.stderr
    assert shown(path)["issued"] == "1970-01-02T00:00:00Z"
    path.unlink()
    release.fields["issued"] = "2026-11-22T08:30:00Z"
    path, ran = pack(release, trust, env={"SOURCE_DATE_EPOCH": "86400"})
    assert ran.returncode == 0 and shown(path)["issued"] == "2026-11-22T08:30:00Z"


@pytest.mark.parametrize("text", ["", "-1", "1e9", "253402300800", "now"])
def test_a_source_date_epoch_that_is_no_number_is_a_usage_error(release, trust, text):
    path, ran = pack(release, trust, env={"SOURCE_DATE_EPOCH": text})
    assert ran.returncode == 2 and "SOURCE_DATE_EPOCH" in ran.stderr and not path.exists()
