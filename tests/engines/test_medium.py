# SPDX-License-Identifier: Apache-2.0
# Copyright The handcarry authors
"""A medium that is pulled out, lies, is slow, or brings more than the release."""
import json
import os
import signal
import struct
import subprocess
import time
from pathlib import Path

import pytest

from bundlefile import BundleFile
from engines.host import host20  # noqa: F401 pylint: disable=unused-import
from engines.images import noise
from engines.no_engine import host, plain  # noqa: F401 pylint: disable=unused-import
from engines.test_trust_brought import plant_fixture  # noqa: F401 pylint: disable=unused-import
from program import PROGRAM


@pytest.fixture(scope="session")
def fault_library(tmp_path_factory):
    """What stands between a program and the medium (medium-fault.c)."""
    made = tmp_path_factory.mktemp("medium") / "medium-fault.so"
    source = Path(__file__).with_name("medium-fault.c")
    subprocess.run(["cc", "-D_GNU_SOURCE", "-Wall", "-Werror", "-O1", "-shared", "-fPIC", "-o", made,
                    source, "-ldl"], check=True)
    return made


class Medium:
    """Runs handcarry against a bundle that is read badly."""

    def __init__(self, library, bundle, state):
        self.library, self.bundle, self.state = library, bundle, state

    def environment(self, fault):
        self.state.write_bytes(bytes(16 + self.bundle.stat().st_size))
        return {**os.environ, "LD_PRELOAD": str(self.library), "MEDIUM_FILE": str(self.bundle),
                "MEDIUM_STATE": str(self.state), "MEDIUM_FAULT": fault}

    def read(self):
        """(bytes read, bytes read again) of the last run"""
        return struct.unpack("=QQ", self.state.read_bytes()[:16])


@pytest.fixture
def medium(fault_library, tmp_path):
    return lambda bundle: Medium(fault_library, bundle, tmp_path / "medium-state")


def install(host, bundle, environment, *more):
    command = [PROGRAM, *map(str, host.arguments("install", bundle, "-y", *more))]
    return subprocess.run(command, stdin=subprocess.DEVNULL, capture_output=True, text=True,
                          env=environment, timeout=120, check=False)


def placed(release):
    return sorted(path.name for path in release.target.rglob("*"))


def large(release):
    """A file beside the configs, so that there is something to read."""
    release.files = [{"from": "extra/", "to": str(release.target / "extra") + "/"}]
    release.put("extra/big", noise(1, 200_000))
    release.put("extra/small", "small\n")
    release.write()
    return release


def test_056_a_bundle_that_would_be_another_when_it_is_opened_again(plant, medium):
    """Its roots are looked at before it is judged, and that is the one look there is."""
    old = plant.pack("one.tar.zst", "ci")
    plant.change("add", "frida", "--key", "frida.pub", "--role", "pack")
    new = plant.pack("two.tar.zst", "ci", number=2)
    bad = medium(old)
    ran = install(plant.host, old, bad.environment("other=%s" % new))
    assert ran.returncode == 0 and plant.number() == 1, ran
    assert [product["release"] for product in plant.host.status()["products"]] == [1]
    assert bad.read()[1] <= BundleFile(old).texts_at, "the signed end was read again"


@pytest.mark.parametrize("after", [0, 100, 5_000, 100_000, 200_000])
def test_054_a_medium_that_is_pulled_out(host, plain, medium, after):
    bundle = host.bundle(large(plain))
    bad = medium(bundle)
    before = placed(plain)
    ran = install(host, bundle, bad.environment("gone=%d" % after))
    assert ran.returncode == 1 and "Input/output error" in ran.stderr, ran
    assert bundle.name in ran.stderr
    assert placed(plain) == before and host.status()["products"] == []
    host.install(bundle)
    assert (plain.target / "extra/big").read_bytes() == noise(1, 200_000)


def refused_or(said, ran, *fragments):
    """A refusal that the medium is to blame for."""
    assert ran.returncode == 3 and any(fragment in ran.stderr for fragment in fragments), (said, ran)


WAYS = pytest.mark.parametrize("way", [[], ["--no-copy"]], ids=["copied", "read-in-place"])


@WAYS
def test_055_056_a_file_that_is_another_when_it_is_read_again(host, plain, medium, way):
    """Whatever is used was compared with its digest as it was read: the lie is found, or it comes
    too late."""
    bundle = host.bundle(large(plain))
    bad = medium(bundle)
    before = placed(plain)
    ran = install(host, bundle, bad.environment("lie=%d" % BundleFile(bundle).tail_at), *way)
    assert bad.read()[0] >= BundleFile(bundle).texts_at
    if ran.returncode == 0:
        assert (plain.target / "extra/big").read_bytes() == noise(1, 200_000)
        assert (plain.target / "plain.conf").read_text() == "plain = yes\n"
    else:
        refused_or(bad.read(), ran, "is damaged", "differs from the signed one")
        assert placed(plain) == before and host.status()["products"] == []


def test_055_056_a_tail_that_is_another_when_it_is_read_again(host, plain, medium):
    bundle = host.bundle(large(plain))
    bad = medium(bundle)
    before = placed(plain)
    ran = install(host, bundle, bad.environment("lie=%d" % bundle.stat().st_size))
    if ran.returncode == 0:
        assert (plain.target / "plain.conf").read_text() == "plain = yes\n"
    else:
        assert bad.read()[1] > 0 and ran.returncode in (3, 4), ran
        assert placed(plain) == before and host.status()["products"] == []


@WAYS
def test_055_056_images_of_a_medium_that_lies(host20, docker20, release, medium, way):
    release.playbooks = []
    release.write()
    bundle = host20.bundle(release)
    bad = medium(bundle)
    ran = install(host20, bundle, bad.environment("lie=%d" % BundleFile(bundle).tail_at), *way)
    if ran.returncode == 0:
        found = docker20.images()
        assert {image.name: found[image.name] for image in release.images} == {
            image.name: image.id() for image in release.images}
    else:
        refused_or(bad.read(), ran, "is damaged", "differs from the signed one")
        assert docker20.images() == {} and placed(release) == []


def test_056_a_good_bundle_put_in_the_place_of_the_one_that_is_installed(host, plain, medium):
    """What the plan has shown is what is installed, whatever its name means later."""
    bundle = host.bundle(large(plain))
    plain.fields.update(release=2, version="2.0.0")
    plain.write()
    plain.put("configs/plain.conf", "plain = two\n")
    other = host.bundle(plain)
    slow = medium(bundle).environment("slow=30000")
    command = [PROGRAM, *map(str, host.arguments("install", bundle, "-y"))]
    with subprocess.Popen(command, stdin=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True,
                          stdout=subprocess.PIPE, env=slow) as run:
        while not (host.state / "journal").exists() and run.poll() is None:
            time.sleep(0.002)
        assert run.poll() is None
        os.replace(other, bundle)
        _, said = run.communicate(timeout=60)
    assert run.returncode == 0, said
    assert (plain.target / "plain.conf").read_text() == "plain = yes\n"
    assert host.status()["products"][0]["release"] == 1


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_058_a_medium_that_gives_nothing_can_be_left(host, plain, medium, number):
    bundle = host.bundle(large(plain))
    before = placed(plain)
    slow = medium(bundle).environment("slow=700000")
    command = [PROGRAM, *map(str, host.arguments("install", bundle, "-y"))]
    with subprocess.Popen(command, stdin=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True,
                          stdout=subprocess.PIPE, env=slow,
                          preexec_fn=lambda: signal.signal(number, signal.SIG_DFL)) as run:
        time.sleep(1)
        begin = time.monotonic()
        run.send_signal(number)
        _, said = run.communicate(timeout=60)
    assert time.monotonic() - begin < 10
    assert run.returncode in (1, -number), said
    assert placed(plain) == before and host.status()["products"] == []
    host.install(bundle)


TRAP = "- hosts: all\n  connection: local\n  gather_facts: false\n  tasks:\n" \
    "    - ansible.builtin.copy: {dest: \"%s\", content: x, mode: \"0644\"}\n"


def test_040_060_only_what_is_named_runs(host, release, tmp_path):
    """Programs, playbooks and settings that lie on the medium, in the release, at home or in the
    folder of the run are none of it, and ansible-galaxy is never asked."""
    trap = tmp_path / "trap"
    trap.mkdir()
    config = "[defaults]\nlog_path = %s/log\n" % trap
    release.images, release.configs = [], []
    release.files = [{"from": "playbooks/", "to": str(release.target / "playbooks") + "/"}]
    for name in ("other.yml", "main.yml", "pre-install.yml"):
        release.put("playbooks/" + name, TRAP % (trap / name))
    for name in ("pre-install.sh", "autorun.sh", "hook"):
        release.put("playbooks/" + name, "#!/bin/sh\ntouch %s/%s\n" % (trap, name), 0o755)
    release.put("playbooks/ansible.cfg", config)
    release.put("playbooks/requirements.yml", "roles: [{src: somebody.role}]\n")
    release.write()
    bundle = host.bundle(release)
    programs, home = tmp_path / "programs", tmp_path / "home"
    for folder in (programs, home):
        folder.mkdir()
    for name in ("ansible-galaxy", "zstd", "tar", "git"):
        (programs / name).write_text("#!/bin/sh\ntouch %s/%s\n" % (trap, name))
        (programs / name).chmod(0o755)
    for folder, name in ((bundle.parent, "ansible.cfg"), (home, ".ansible.cfg")):
        (folder / name).write_text(config)
    for folder in (bundle.parent, home):
        (folder / ".netrc").write_text("machine engine login a password b\n")
        (folder / "autorun.inf").write_text("[autorun]\nopen=%s\n" % (programs / "git"))
    environment = {**os.environ, "HOME": str(home), "ANSIBLE_CONFIG": str(home / ".ansible.cfg"),
                   "ANSIBLE_LOG_PATH": str(trap / "log-2"), "PATH": "%s:%s" % (
                       programs, os.environ["PATH"])}
    host.install(bundle, env=environment, cwd=bundle.parent)
    assert json.loads(release.trace.read_text())["product"] == "handcarry-test"
    assert sorted(path.name for path in trap.iterdir()) == []
    assert (release.target / "playbooks/hook").exists()


def test_085_a_link_in_the_place_of_what_an_earlier_release_placed(host, plain, tmp_path):
    host.install(host.bundle(large(plain)))
    elsewhere = tmp_path / "elsewhere"
    (plain.target / "extra").rename(elsewhere)
    (plain.target / "extra").symlink_to(elsewhere)
    plain.fields.update(release=2, version="2.0.0")
    plain.write()
    plain.put("extra/small", "other\n")
    ran = host.install(host.bundle(plain), status=11)
    assert "symlink" in ran.stderr or "symbolic link" in ran.stderr, ran.stderr
    assert (elsewhere / "small").read_text() == "small\n"
