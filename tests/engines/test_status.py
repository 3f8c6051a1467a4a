# SPDX-License-Identifier: Apache-2.0
# Copyright The handcarry authors
"""What status says: drift, what waits for a person, whether the way back is open, and a run that
did not end."""
import fcntl
import json
import os
import shutil
import struct
import subprocess
import tempfile
from pathlib import Path

import pytest

from engines.host import Host, host20  # noqa: F401 pylint: disable=unused-import
from engines.lying import Change, LyingEngine
from engines.release import Release
from engines.no_engine import host, plain  # noqa: F401 pylint: disable=unused-import
from program import PROGRAM, handcarry


def install_next(host, release, *more, status=0, content="plain = two\n"):
    number = release.fields["release"] + 1
    release.fields.update(release=number, version="%d.0.0" % number)
    release.write()
    release.put("configs/plain.conf", content)
    return host.install(host.bundle(release), *more, status=status)


def text_of(host):
    ran = handcarry(*host.arguments("status"))
    assert ran.returncode == 0, ran.stderr
    return ran.stdout


def test_names_are_shown_as_people_write_them(host20, docker20, release):
    host20.install(host20.bundle(release))
    product = host20.status()["products"][0]
    assert {row["name"] for row in product["images"]} == {image.name for image in release.images}
    assert {row["found"] for row in product["images"]} == {"ok"}


def test_what_waits_for_a_person_is_listed_until_it_is_gone(host, plain):
    plain.configs[1]["on-conflict"] = "keep"
    plain.write()
    host.install(host.bundle(plain))
    target = plain.target / "plain.conf"
    target.write_text("plain = edited\n")
    install_next(host, plain)
    offer = str(target) + ".handcarry-new"
    assert host.status()["products"][0]["beside"] == [{"path": offer}]
    assert f"  beside   {offer}: merge it or drop it" in text_of(host)
    os.unlink(offer)
    assert host.status()["products"][0]["beside"] == []
    assert "handcarry-new" not in text_of(host)


def test_the_first_release_says_why_there_is_no_way_back(host, plain):
    host.install(host.bundle(plain))
    product = host.status()["products"][0]
    assert product["rollback-to"] == 0 and "is the first one here" in product["no-rollback"]


def test_the_way_back_is_open_or_says_why_not(host, plain):
    host.install(host.bundle(plain))
    install_next(host, plain)
    assert host.status()["products"][0]["rollback-to"] == 1
    assert "  rollback ready, to release 1\n" in text_of(host)
    (host.state / "handcarry-test/r1/statement.yaml").unlink()
    product = host.status()["products"][0]
    assert product["rollback-to"] == 0 and "release 1 is not kept" in product["no-rollback"]


def test_112_a_pruned_image_closes_the_way_back(host20, docker20, release):
    host20.install(host20.bundle(release))
    install_next(host20, release)
    release.images = release.images[:2]
    install_next(host20, release)
    assert host20.status()["products"][0]["rollback-to"] == 2
    for name in docker20.images():
        if "database" in name:
            docker20.remove_image(name)
    product = host20.status()["products"][0]
    assert product["rollback-to"] == 0 and "database" in product["no-rollback"]


def test_a_run_that_was_held_names_the_next_command(host, plain):
    host.install(host.bundle(plain))
    assert "open-run" not in host.status()
    plain.health = [{"command": ["false"], "within": "1s"}]
    install_next(host, plain, "--on-failure=stop", status=9)
    said = host.status()
    assert said["open-run"] == "install of handcarry-test, from release 1 to 2"
    assert "handcarry recover --forward" in said["next"] and not said["busy"]
    assert "false" in said["why"]
    assert text_of(host).startswith("open: install of handcarry-test, from release 1 to 2 (")
    # A plan of the same says so too.
    assert any("did not end" in note for note in host.plan(host.bundle(plain))[1]["notes"])
    ran = handcarry(*host.arguments("recover"))
    assert ran.returncode in (0, 8), ran.stderr
    assert "open-run" not in host.status()


def test_110_a_run_that_goes_on_is_said(host, plain):
    host.install(host.bundle(plain))
    with (host.state / ".lock").open("r+b") as lock:
        fcntl.fcntl(lock, 37, struct.pack("hhqqi4x", fcntl.F_WRLCK, 0, 0, 0, 0))  # F_OFD_SETLK
        assert host.status()["busy"] and "goes on right now" in text_of(host)
    assert not host.status()["busy"]


def test_another_engine_is_named_first(tmp_path, host, plain):
    host.install(host.bundle(plain))

    def change(info):
        info["DockerRootDir"] = "/elsewhere"
        return info
    other = tmp_path / "other"
    other.mkdir()
    with LyingEngine(other, real=host.url.removeprefix("unix://"),
                     **{"GET /info": Change(change)}) as between:
        host.url = between.url
        assert "data root was '/nowhere', now '/elsewhere'" in host.status()["products"][0][
            "engine-change"]
        assert "  engine   the engine is another one" in text_of(host)


def test_an_engine_that_is_gone_is_said_and_the_rest_is_shown(host, plain):
    host.install(host.bundle(plain))
    host.url = "unix:///nowhere.sock"
    said = host.status()
    assert not said["engine-reached"]
    assert {row["found"] for row in said["products"][0]["configs"]} == {"ok"}
    assert "nowhere.sock" in said["products"][0]["no-rollback"]


@pytest.fixture
def open_folder():
    """A folder that plain users may look into, as they may into /var/lib."""
    folder = Path(tempfile.mkdtemp(prefix="handcarry-status-", dir="/var/tmp"))
    folder.chmod(0o755)
    yield folder
    shutil.rmtree(folder)


def test_120_a_plain_user_sees_what_may_be_read(open_folder):
    with LyingEngine(open_folder) as engine:
        host = Host(open_folder / "host", engine.url)
        release = Release(open_folder / "release")
        release.images, release.playbooks = [], []
        release.write()
        host.install(host.bundle(release))
        release.health = [{"command": ["false"], "within": "1s"}]
        install_next(host, release, "--on-failure=stop", status=9)
        ran = subprocess.run(["setpriv", "--reuid=65534", "--regid=65534", "--clear-groups", PROGRAM,
                              *map(str, host.arguments("status", "--json"))],
                             capture_output=True, text=True, check=False)
    assert ran.returncode == 0, ran.stderr
    said = json.loads(ran.stdout)
    assert "Permission denied" in said["open-run"] and "as root" in said["next"]
    # The run was held behind its switch: release 2's config is there, release 1 is the current one.
    assert [row["found"] for row in said["products"][0]["configs"]] == ["ok", "changed"]


def test_what_was_removed_is_not_installed(host, plain):
    host.install(host.bundle(plain))
    ran = handcarry(*host.arguments("remove", "handcarry-test", "-y"))
    assert ran.returncode == 0, ran.stderr
    assert host.status()["products"] == [] and "nothing is installed here" in text_of(host)
    text = handcarry(*host.arguments("plan", host.bundle(plain))).stdout
    assert "  here     not installed\n" in text
