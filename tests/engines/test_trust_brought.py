# SPDX-License-Identifier: Apache-2.0
# Copyright The handcarry authors
"""A newer trust root that comes on the medium: it judges first, and is kept when the operator has
confirmed; and the site of a host, which says who is asked there."""
import os
import shutil

import pytest

from ceremony import done, key_id, pairs, show
from ceremony import trust as trust_verb
from engines.host import Host
from engines.lying import LyingEngine
from program import handcarry

PLAYBOOK = False


class Plant:
    """A host on an engine without images, its trust root made by two people, and a stick."""

    def __init__(self, folder, release, url):
        release.images = []
        release.fields.pop("platforms", None)
        self.folder, self.release = folder, release
        self.host = Host(folder / "host", url)
        self.trust = folder / "trust"
        self.stick = folder / "stick"
        self.stick.mkdir()
        words = [word for name in ("anna", "bert") for word in ("--root", f"{name}={name}.pub")]
        done(trust_verb(pairs(), "init", "--trust", self.trust, *words, "--key", "ci=ci.pub",
                        "--role", "ci:statement=ci", "--role", "pack:packing=ci", "--sign",
                        "anna.key", "--sign", "bert.key"))
        shutil.rmtree(self.host.etc / "trust")
        shutil.copytree(self.trust, self.host.etc / "trust")

    def change(self, *words):
        """The next root, signed by both."""
        done(trust_verb(pairs(), *words, "--trust", self.trust, "--sign", "anna.key", "--sign",
                        "bert.key"))

    def pack(self, name, *signers, trust=None, number=1):
        self.release.fields.update(release=number)
        self.release.write()
        words = [word for key in signers for word in ("--sign", pairs() / f"{key}.key")]
        made = handcarry("bundle", self.release.folder / "release.yaml", "-o", self.stick / name,
                         "--trust", trust or self.trust, *words)
        assert made.returncode == 0, made.stderr
        return self.stick / name

    def export(self, name="new.trust", trust=None):
        done(trust_verb(pairs(), "export", "-o", self.stick / name, "--trust", trust or self.trust))
        return self.stick / name

    def number(self):
        return show(self.folder, trust_folder=self.host.etc / "trust")["number"]

    def listing(self):
        return sorted(os.listdir(self.host.etc / "trust"))

    def refused(self, path, *texts, status=4):
        """Both verbs refuse, and nothing of it is left."""
        before = self.listing()
        assert self.host.plan(path)[0] == status
        ran = self.host.install(path, status=status)
        for text in texts:
            assert text in ran.stderr, ran.stderr
        assert self.listing() == before
        assert not (self.host.state / "handcarry-test").exists()

    def text_plan(self, path):
        return handcarry(*self.host.arguments("plan", path)).stdout


@pytest.fixture(name="plant")
def plant_fixture(tmp_path, release):
    with LyingEngine(tmp_path) as engine:
        yield Plant(tmp_path, release, engine.url)


def test_a_bundle_brings_a_root_that_is_kept_with_the_install(plant):
    plant.change("rotate", "ci", "--key", "ci-2.pub")
    plant.change("add", "frida", "--key", "frida.pub", "--role", "pack")
    bundle = plant.pack("one.tar.zst", "ci-2")
    text = plant.text_plan(bundle)
    assert f"  trust    root 1 → 3 comes with it, in {bundle}\n" in text
    assert f"  key      + ci ({key_id('ci-2')})\n" in text
    assert plant.host.plan(bundle)[1]["trust"] == {"number": 3, "stored": 1, "from": str(bundle)}
    assert plant.number() == 1, "a plan stores nothing"
    ran = handcarry(*plant.host.arguments("install", bundle))
    assert ran.returncode == 2 and plant.number() == 1, "nobody confirmed"
    plant.host.install(bundle)
    assert plant.number() == 3
    plan = plant.host.plan(bundle)[1]
    assert plan["already-installed"] and plan["trust"] == {"number": 3, "stored": 3}
    assert "comes with it" not in plant.text_plan(bundle)


def test_017_a_revocation_beside_a_release_wins(plant):
    """trust.md 17, and 5.3: applied first, before any payload in the same run."""
    old = plant.folder / "old"
    shutil.copytree(plant.trust, old)
    bundle = plant.pack("stolen.tar.zst", "ci", trust=old)
    assert plant.host.plan(plant.stick)[0] == 0
    plant.change("rotate", "ci", "--key", "ci-2.pub", "--revoke", "--reason", "stolen")
    made = plant.export()
    plant.refused(plant.stick, "role 'ci'", f"by trust root 2, which '{made}' brings",
                  "this host has 1", f"handcarry trust import {made}")
    assert plant.host.plan(bundle)[0] == 0, "beside it lies the revocation, but nobody gave it"
    assert plant.host.plan(bundle)[0] == 0
    ran = plant.host.install(bundle, made, status=4)
    assert "role 'ci'" in ran.stderr and plant.number() == 1


def test_017_a_newer_bundle_judges_an_older_one_beside_it(plant):
    plant.pack("a.tar.zst", "ci", number=2)
    plant.change("rotate", "ci", "--key", "ci-2.pub", "--revoke", "--reason", "stolen")
    good = plant.pack("b.tar.zst", "ci-2", number=1)
    code, plan = plant.host.plan(plant.stick)
    assert code == 0 and plan["release"] == 1 and plan["trust"]["from"] == str(good)
    assert any("a.tar.zst' is passed over" in note for note in plan["notes"])
    plant.host.install(plant.stick)
    assert plant.number() == 2


def test_a_trust_bundle_is_kept_with_the_install(plant):
    plant.pack("one.tar.zst", "ci")
    plant.change("add", "frida", "--key", "frida.pub", "--role", "pack")
    made = plant.export()
    assert plant.host.plan(plant.stick)[1]["trust"] == {"number": 2, "stored": 1,
                                                        "from": str(made)}
    plant.host.install(plant.stick)
    assert plant.number() == 2


def test_a_trust_bundle_is_known_by_its_name_wherever_it_lies(plant, monkeypatch):
    plant.pack("one.tar.zst", "ci")
    plant.change("add", "frida", "--key", "frida.pub", "--role", "pack")
    plant.export()
    monkeypatch.chdir(plant.stick)
    plant.host.install("./one.tar.zst", "./new.trust")
    assert plant.number() == 2


def test_036_a_new_epoch_comes_with_the_release(plant):
    """After a thief used high numbers: host and release learn of it in one run."""
    plant.host.install(plant.pack("a.tar.zst", "ci", number=50))
    low = plant.pack("b.tar.zst", "ci", number=7)
    assert plant.host.plan(low)[0] == 5
    plant.change("rotate", "--raise-epoch")
    plant.release.fields["epoch"] = 1
    low = plant.pack("c.tar.zst", "ci", number=7)
    assert "  epoch    1 instead of 0: " in plant.text_plan(low)
    plant.host.install(low)
    assert plant.number() == 2 and plant.host.status()["products"][0]["release"] == 7
    assert plant.host.plan(plant.stick / "a.tar.zst")[0] == 5


def test_a_trust_bundle_alone_is_no_release(plant):
    plant.change("add", "frida", "--key", "frida.pub", "--role", "pack")
    plant.export()
    plant.refused(plant.stick, "there is no bundle", status=2)


def test_an_installed_release_says_how_to_keep_a_root(plant):
    plant.pack("one.tar.zst", "ci")
    plant.host.install(plant.stick)
    plant.change("add", "frida", "--key", "frida.pub", "--role", "pack")
    made = plant.export()
    assert f"to keep it: handcarry trust import {made}\n" in plant.text_plan(plant.stick)
    plant.host.install(plant.stick)
    assert plant.number() == 1


def test_109_the_install_does_not_begin_where_the_root_cannot_be_stored(plant):
    plant.change("add", "frida", "--key", "frida.pub", "--role", "pack")
    plant.pack("one.tar.zst", "ci")
    vote = next(path.name for path in plant.trust.glob("2.root.yaml.*.minisig"))
    (plant.host.etc / "trust" / vote).mkdir()
    ran = plant.host.install(plant.stick, status=1)
    assert "cannot keep the trust root" in ran.stderr and "nothing was begun" in ran.stderr
    assert plant.number() == 1 and not (plant.host.state / "handcarry-test").exists()


def test_022_a_fork_on_the_stick(plant):
    fork = plant.folder / "fork"
    shutil.copytree(plant.trust, fork)
    plant.change("add", "frida", "--key", "frida.pub", "--role", "pack")
    plant.pack("one.tar.zst", "ci")
    done(trust_verb(pairs(), "add", "emil", "--key", "emil.pub", "--role", "pack", "--trust", fork,
                    "--sign", "anna.key", "--sign", "bert.key"))
    for name in ("zz-fork.trust", "aa-fork.trust"):
        forked = plant.export(name, fork)
        plant.refused(plant.stick, "ALARM: ", name, "two different roots with the number 2")
        ran = plant.host.install(plant.stick / "one.tar.zst", forked, status=4)
        assert "two different roots with the number 2" in ran.stderr and plant.number() == 1
        forked.unlink()
    assert plant.host.plan(plant.stick)[1]["trust"]["number"] == 2


def test_022_two_bundles_with_chains_that_contradict(plant):
    """Whose name comes first must not decide which chain judges."""
    fork = plant.folder / "fork"
    shutil.copytree(plant.trust, fork)
    plant.change("add", "frida", "--key", "frida.pub", "--role", "pack")
    plant.pack("b.tar.zst", "ci")
    done(trust_verb(pairs(), "rotate", "ci", "--key", "ci-2.pub", "--trust", fork, "--sign",
                    "anna.key", "--sign", "bert.key"))
    plant.pack("a.tar.zst", "ci-2", trust=fork, number=9)
    plant.refused(plant.stick, "ALARM: ", "two different roots with the number 2")
    assert plant.number() == 1


def test_022_a_chain_of_somebody_else_is_no_alarm(plant):
    """Two publishers share a stick; and a chain that nobody signed contradicts nothing."""
    plant.change("add", "frida", "--key", "frida.pub", "--role", "pack")
    plant.pack("one.tar.zst", "ci")
    other = plant.folder / "other"
    done(trust_verb(pairs(), "init", "--trust", other, "--root", "carl=carl.pub", "--key",
                    "ci=ci.pub", "--role", "ci:statement=ci", "--role", "pack:packing=ci",
                    "--sign", "carl.key"))
    plant.export("aa-other.trust", other)
    code, plan = plant.host.plan(plant.stick)
    assert code == 0 and plan["trust"]["number"] == 2
    assert any("aa-other.trust" in note and "two different roots" in note for note in plan["notes"])


def test_049_a_damaged_trust_bundle_on_the_stick(plant):
    plant.pack("one.tar.zst", "ci")
    (plant.stick / "new.trust").write_bytes(b"junk" * 40)
    (plant.stick / "._new.trust").write_bytes(b"")
    code, plan = plant.host.plan(plant.stick)
    notes = [note for note in plan["notes"] if "no trust root is taken from" in note]
    assert code == 0 and len(notes) == 1 and "stick/new.trust: is not a bundle" in notes[0]
    plant.refused(plant.stick / "new.trust", "is not a bundle", status=3)


def site(plant, name):
    text = f"site: {name}\n" if name else "name: ws-1\n"
    (plant.host.etc / "host.yaml").write_text(text)


@pytest.fixture(name="sites")
def sites_fixture(plant):
    """ci alone is enough at the staging site; plant-a wants human too."""
    plant.change("add", "--role", "ci", "--site", "staging", "--site", "plant-a")
    plant.change("add", "human", "--key", "human.pub", "--role", "approved", "--signs",
                 "statement", "--site", "plant-a")
    done(trust_verb(plant.folder, "import", plant.trust, "--trust", plant.host.etc / "trust"))
    return plant


def test_033_a_build_for_staging_does_not_reach_a_plant(sites):
    bundle = sites.pack("one.tar.zst", "ci")
    for name in ("plant-a", None):
        site(sites, name)
        sites.refused(bundle, "role 'approved'")
    site(sites, "plant-new")
    sites.refused(bundle, "no role of the trust root signs the statement at site 'plant-new'")
    site(sites, "staging")
    assert sites.host.plan(bundle)[0] == 0
    sites.host.install(bundle)


def test_an_approved_build_reaches_both(sites):
    bundle = sites.pack("one.tar.zst", "ci", "human")
    for name in ("staging", "plant-a", None):
        site(sites, name)
        assert sites.host.plan(bundle)[0] == 0
    site(sites, "plant-new")
    sites.refused(bundle, "at site 'plant-new'")


def test_033_a_folder_is_judged_for_the_site_too(sites):
    sites.pack("one.tar.zst", "ci")
    sites.pack("two.tar.zst", "ci", number=2)
    site(sites, "plant-a")
    sites.refused(sites.stick, "role 'approved'")
    site(sites, "staging")
    assert sites.host.plan(sites.stick)[1]["release"] == 2


def test_verify_for_a_site(sites):
    bundle = sites.pack("one.tar.zst", "ci")

    def verify(*words):
        return handcarry("verify", bundle, "--trust", sites.trust, *words)

    assert verify().returncode == 4
    assert verify("--site", "staging").returncode == 0
    assert "role 'approved'" in verify("--site", "plant-a").stderr
    assert "no role of the trust root signs the statement at site 'plant-new'" in verify(
        "--site", "plant-new").stderr
    assert verify("--site", "Plant").returncode == 2
