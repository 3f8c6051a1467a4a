# SPDX-License-Identifier: Apache-2.0
# Copyright The handcarry authors
"""The README's first hour, typed at a desk and at the console of a host that has busybox and an engine
alone: kit, trust by a typed fingerprint, value, install with the Ansible that is carried, upgrade by
a delta, and back."""
import re
import shlex
from pathlib import Path

import pytest

from bare.console import BareHost, missing
from console import assert_shown, typed
from engines import ansible, api
from engines.images import plain_image
from engines.release import Release
from engines.roots import Missing
from program import handcarry

pytestmark = pytest.mark.skipif(missing() is not None, reason=str(missing()))
README = (Path(__file__).resolve().parents[2] / "README.md").read_text(encoding="utf-8")
SECTION = re.search(r"^## The first hour\n(.*?)^## ", README, re.DOTALL | re.MULTILINE)[1]
LINES = typed(SECTION)
IMAGE = "handcarry-test/server:1"
PLAY = """\
- hosts: localhost
  connection: local
  gather_facts: false
  tasks:
    - name: Write down what runs
      ansible.builtin.copy:
        dest: /var/lib/plant-hmi
        content: "{{ handcarry.version }} of {{ handcarry.value.public_name }}\\n"
    - name: Ask the engine
      ansible.builtin.uri: {unix_socket: "{{ handcarry.socket }}", url: "http://engine/_ping"}
"""


@pytest.fixture(name="desk")
def fixture_desk(tmp_path):
    """A folder with a release that carries Ansible, and one with what the stick carries."""
    release = Release(tmp_path / "desk", [plain_image(IMAGE)])
    release.fields.update(product="plant-hmi", version="1.5.0", release=42)
    release.values = [{"name": "public_name"}]
    release.configs = [{"from": "configs/plain.conf", "to": "/etc/plant-hmi/plain.conf"}]
    release.write()
    try:
        ansible.use(release, ansible.real_archive())
    except Missing as reason:
        pytest.skip(str(reason))
    release.put("playbooks/site.yml", PLAY)
    (release.folder / "stick").mkdir()
    return release.folder


def at_desk(desk, line):
    ran = handcarry(*shlex.split(line)[1:], cwd=desk)
    assert ran.returncode == 0, (line, ran.stdout, ran.stderr)
    return ran.stdout + ran.stderr


def fingerprint(desk):
    """Both lines of it, as on paper."""
    return " ".join(re.findall(r"^ +((?:[0-9a-f]{4} ){7}[0-9a-f]{4})$",
                               at_desk(desk, "handcarry trust show --trust trust"), re.MULTILINE))


def test_readme_first_hour(desk):
    count = [machine for machine, _, _ in LINES].count("ws-3")
    assert count == 7 and SECTION.index("five lines") < SECTION.index("mount /mnt")
    with BareHost(desk / "stick") as host:
        for machine, line, shown in LINES:
            if machine == "desk":
                said = at_desk(desk, line)
            else:
                answers = [("matter): ", fingerprint(desk))] if "trust import" in line else []
                run = host.type(line, *answers, ("[y/N] ", "y"))
                said = run.seen
                assert run.status == 0, line + "\n" + said
            assert_shown(shown, said)
            if "1.5.1, release 43, is" in said:
                assert (host.root / "var/lib/plant-hmi").read_text() == "1.5.1 of hmi.plant-a.example\n"
        assert (host.root / "var/lib/plant-hmi").read_text() == "1.5.0 of hmi.plant-a.example\n"
        images = api.call_json(host.root / "run/docker.sock", "GET", "/images/json")
        assert IMAGE in [tag for image in images for tag in image["RepoTags"] or []]
        assert host.run("handcarry history --verify").stdout.startswith("3 receipts: all there")
        assert host.run("/opt/handcarry/current/uninstall").returncode == 0
        assert not list((host.root / "opt").glob("handcarry*"))
        assert not (host.root / "usr/local/bin/handcarry").is_symlink()
