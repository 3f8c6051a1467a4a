# SPDX-License-Identifier: Apache-2.0
# Copyright The handcarry authors
"""recover --adopt on Docker 20.10: what a host knew is rebuilt where it was lost."""
import json
import shutil

import pytest

from engines.host import host20  # noqa: F401 pylint: disable=unused-import
from program import Terminal, handcarry

PRODUCT = "handcarry-test"


@pytest.fixture(name="bundles")
def bundles_fixture(host20, docker20, release):
    """Bundles of releases 1 to 3, of which 1 and 2 are installed."""
    release.playbooks = []
    made = []
    for number in (1, 2, 3):
        release.fields.update(release=number, version=f"{number}.0.0")
        release.write()
        (release.folder / "configs/plain.conf").write_text(f"plain = {number}\n")
        made.append(host20.bundle(release))
    for bundle in made[:2]:
        host20.install(bundle)
    return made


def adopt(host, *more, floor=2):
    return handcarry(*host.arguments("recover", "--adopt", PRODUCT, "--floor", str(floor)), *more)


def damage_state(host):
    for name in ("state.yaml", "state.copy.yaml"):
        (host.state / PRODUCT / name).write_text("")


def newest_receipt(host):
    return json.loads(sorted((host.state / "receipts").glob("*.json"))[-1].read_text())


def verify(host):
    return handcarry("history", "--verify", "--root", host.root)


def test_115_a_lost_state_is_rebuilt_from_what_is_stored(host20, docker20, release, bundles):
    before = host20.status()["products"]
    damage_state(host20)
    host20.install(bundles[2], status=11)
    ran = adopt(host20, "-y", "--by", "ada", "--ref", "CHG-9")
    assert ran.returncode == 0, ran.stderr
    assert host20.status()["products"] == before
    receipt = newest_receipt(host20)
    assert (receipt["verb"], receipt["by"], receipt["ref"]) == ("adopt", "ada", "CHG-9")
    assert receipt["after"]["release"] == 2
    assert any("the floor, release 2 of handcarry-test (stable), was typed in" in note
               for note in receipt["notes"])
    assert verify(host20).returncode == 0
    host20.install(bundles[0], status=5)
    ran = handcarry(*host20.arguments("rollback", PRODUCT), "-y")
    assert ran.returncode == 0, ran.stderr
    assert (release.target / "plain.conf").read_text() == "plain = 1\n"
    host20.install(bundles[2])


def test_115_nothing_is_left_but_engine_and_paper(host20, docker20, release, bundles):
    images = docker20.images()
    shutil.rmtree(host20.state)
    host20.install(bundles[1], status=11)
    ran = adopt(host20, "-y")
    assert ran.returncode == 0, ran.stderr
    host20.install(bundles[0], status=5)
    host20.install(bundles[1])
    assert host20.status()["products"][0]["release"] == 2 and docker20.images() == images
    assert (release.target / "plain.conf").read_text() == "plain = 2\n"
    assert verify(host20).returncode == 0


def test_116_an_older_state_put_back_is_named_and_replaced(host20, docker20, bundles):
    folder = host20.state / PRODUCT
    kept = {name: (folder / name).read_bytes() for name in ("state.yaml", "state.copy.yaml")}
    host20.install(bundles[2])
    for name, content in kept.items():
        (folder / name).write_bytes(content)
    ran = host20.install(bundles[2], status=11)
    assert "an older one that was put back" in ran.stderr
    assert adopt(host20, "-y", floor=2).returncode == 5
    assert adopt(host20, "-y", floor=3).returncode == 0
    assert host20.status()["products"][0]["release"] == 3
    host20.install(bundles[1], status=5)


def test_115_lost_records_are_rebuilt_behind_the_newest_receipt(host20, docker20, bundles):
    for path in host20.state.glob("records*.yaml"):
        path.unlink()
    host20.install(bundles[2], status=11)
    assert adopt(host20, "-y").returncode == 0
    assert newest_receipt(host20)["number"] == 3
    assert verify(host20).returncode == 0
    host20.install(bundles[2])


def test_a_floor_is_never_lowered(host20, docker20, bundles):
    ran = adopt(host20, "-y", floor=0)
    assert ran.returncode == 5 and "nothing of 'handcarry-test' was lost" in ran.stderr
    damage_state(host20)
    ran = adopt(host20, "-y", floor=1)
    assert ran.returncode == 5 and "the floor cannot be 1" in ran.stderr
    host20.install(bundles[2], status=11)


def test_other_products_stay_closed(host20, docker20, release, bundles):
    release.fields.update(product="other", release=1)
    release.configs = []
    release.write()
    shutil.copytree(host20.state / PRODUCT, host20.state / "other", symlinks=True)
    for path in [*host20.state.glob("records*.yaml"), *host20.state.glob("*/state*.yaml")]:
        path.unlink()
    assert adopt(host20, "-y").returncode == 0
    ran = host20.install(host20.bundle(release), status=11)
    assert "the state of 'other' is gone" in ran.stderr


def test_the_number_is_typed_twice_at_the_console(host20, docker20, bundles):
    damage_state(host20)
    ran = adopt(host20)
    assert ran.returncode == 2 and "-y" in ran.stderr
    arguments = host20.arguments("recover", "--adopt", PRODUCT, "--floor", "2")
    for typed, status in (("3", 1), ("2", 0)):
        with Terminal(*arguments) as terminal:
            terminal.read_until("again: ")
            terminal.write(typed + "\n")
            said = terminal.read_until(None)
        assert terminal.returncode == status, said
    assert host20.status()["products"][0]["release"] == 2


@pytest.mark.parametrize("options", [["--adopt", "x"], ["--floor", "3"], ["-y"],
                                     ["--adopt", "x", "--floor", "1", "--give-up"],
                                     ["--adopt", "../x", "--floor", "1"],
                                     ["--adopt", "x", "--floor", "-1"]])
def test_adopt_and_floor_go_together(host20, options):
    ran = handcarry(*host20.arguments("recover", *options))
    assert ran.returncode in (2, 3) and not (host20.state / "audit.log").exists()


def test_no_product_is_named_as_a_folder_of_handcarry(host20, docker20, bundles):
    ran = handcarry(*host20.arguments("recover", "--adopt", "log", "--floor", "1", "-y"))
    assert ran.returncode == 5 and "a folder of handcarry's own" in ran.stderr
    assert (host20.state / "log").stat().st_mode & 0o777 == 0o700


def test_a_host_that_believes_nobody_has_lost_nothing(host20, docker20):
    shutil.rmtree(host20.etc / "trust")
    ran = adopt(host20, "-y")
    assert ran.returncode == 11 and "handcarry trust import" in ran.stderr
