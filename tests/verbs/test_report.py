# SPDX-License-Identifier: Apache-2.0
# Copyright The handcarry authors
"""What report writes: the facts, whom it believes, and where it writes."""
import html.parser
import json
import os
import re
import shutil
import subprocess

import pytest

from engines.images import Image, Layer
from engines.release import flow
from program import handcarry
from registry.pulling import Pulling, small_image
from registry.server import missing
from registry.shelf import Shelf
import reports
from reports import PACKAGES, dpkg, images_of, plain_release, run
from test_diff import have_text

VOID = {"meta", "link"}


class Reader(html.parser.HTMLParser):
    """The text of a page, element by element; every element is closed in order."""

    def __init__(self, page):
        super().__init__()
        self.open, self.texts = [], []
        self.feed(page.read_text(encoding="utf-8"))
        self.close()
        assert self.open == []

    def handle_starttag(self, tag, attrs):
        assert len({name for name, _ in attrs}) == len(attrs)
        if tag not in VOID:
            self.open.append(tag)

    def handle_endtag(self, tag):
        assert self.open.pop() == tag

    def handle_data(self, data):
        if "style" not in self.open:
            self.texts.append(data)

    @property
    def text(self):
        return re.sub(r"\s+", " ", "".join(self.texts))


@pytest.fixture(name="example", scope="module")
def find_example():
    return reports.example()


def read(example, bundle, *options):
    return Reader(example.report(bundle, *options)).text


def test_the_delta_is_told_in_one_sentence(example):
    text = read(example, example.delta, "--base", example.old, "--trust", example.trust)
    assert ("This file brings plant-hmi 1.5.1 (release 43) to hosts that have 1.5.0 (release 42): "
            "3 images, 2 configs and 2 playbooks. Against 1.5.0 (release 42) it changes 2 of 3 images, "
            "10 packages and 1 of 2 configs." in text)
    assert "SIGNATURES COMPLETE" in text and "NOT VERIFIED" not in text
    assert "1 of 1: complete" in text and "MISSING" not in text
    assert "-limit = 20 +limit = 5" in text
    assert "package-0 1.0-1+deb12u1 2.0-1+deb12u1 plant-hmi/web" in text
    assert "Playbooks and other files The same." in text
    assert "The same hosts, requirements, values, playbooks and checks." in text


def test_the_full_bundle_needs_no_base(example):
    text = read(example, example.full, "--trust", example.trust)
    assert ("This file brings plant-hmi 1.5.1 (release 43) to any host: 3 images, 2 configs and "
            "2 playbooks." in text)
    assert "every host: the file is complete in itself" in text
    assert "What changes" not in text
    for fact in ("public_name name that operators type in the browser required",
                 "playbooks/remove.yml when the product is removed",
                 "/etc/plant-hmi/server.ini 0640 root:root the edit stays",
                 "container plant-hmi-database 180 s"):
        assert fact in text


def test_the_signed_texts_are_all_there(example):
    text = read(example, example.delta)
    for which in ("statement", "packing"):
        assert re.sub(r"\s+", " ", run("show", example.delta, "--raw", which)) in text


def test_digests_are_those_of_the_file(example):
    text = read(example, example.delta)
    summed = (example.folder / (example.delta.name + ".sha256")).read_text().split()[0]
    assert "QR code: SHA-256 of the file, sha256:" + summed in text
    assert "QR code: Release digest, " + re.search(r"sha256:\w{64}", run("show", example.delta))[0] in text


def test_without_a_trust_root_it_says_so(example, tmp_path):
    alone = shutil.copy(example.full, tmp_path)
    said = run("report", alone, cwd=tmp_path)
    text = Reader(tmp_path / "report.html").text
    assert "NOT VERIFIED" in said and "NOT VERIFIED" in text
    assert re.search(r"Votes on the statement \(what the release is\) by key [0-9A-F]+, not checked", text)
    assert "complete" not in text.replace("the file is complete in itself", "")


def test_trust_lies_here_or_beside_the_bundle(example, tmp_path):
    assert "signatures  complete" in run("report", example.full, "-o", "r.html", cwd=tmp_path)
    alone = shutil.copy(example.full, tmp_path)
    assert "signatures  complete" in run("report", alone, "-o", tmp_path / "s.html", cwd=example.folder)


def test_votes_that_are_missing_are_named(tmp_path):
    for name in ("ci", "lead", "root"):
        run("keygen", name, "--no-password", cwd=tmp_path)
    run("trust", "init", "--root", "root=root.pub", "--key", "ci=ci.pub", "--key", "lead=lead.pub",
        "--role", "ci:statement=ci", "--role", "lead:statement=lead", "--role", "pack:packing=ci",
        cwd=tmp_path)
    run("trust", "sign", "--key", "root.key", cwd=tmp_path)
    release = plain_release(tmp_path / "release")
    run("bundle", release.write(), "-o", "b.tar.zst", "--sign", "ci.key", "--trust", "trust", cwd=tmp_path)
    run("verify", "b.tar.zst", "--trust", "trust", cwd=tmp_path, status=4)
    lead = (tmp_path / "lead.pub").read_text().split()[5]
    said = json.loads(handcarry("report", "b.tar.zst", "--json", cwd=tmp_path).stdout)
    text = Reader(tmp_path / "report.html").text
    assert said["signatures"] == "missing" and said["changed"] is True
    assert "SIGNATURES MISSING" in text and "COMPLETE" not in text
    assert "Not yet to be installed: role lead has given 0 of 1 vote." in text
    assert "lead statement 0 of 1: MISSING nobody lead (%s)" % lead in text
    run("sign", "b.tar.zst", "--key", "lead.key", cwd=tmp_path)
    assert json.loads(handcarry("report", "b.tar.zst", "--json", cwd=tmp_path).stdout)[
        "signatures"] == "complete"


def test_what_verify_refuses_is_refused_in_large_letters(example, tmp_path):
    """Signed by all who must, but of an epoch that the trust root has left behind."""
    run("trust", "init", "--no-password", cwd=tmp_path)
    release = plain_release(tmp_path / "release", epoch=7)
    run("bundle", release.write(), "-o", "b.tar.zst", "--sign", "release.key", "--trust",
        example.trust, cwd=tmp_path, status=5)
    run("bundle", release.write(), "-o", "b.tar.zst", "--sign", "release.key", cwd=release.folder.parent)
    said = run("report", "b.tar.zst", cwd=tmp_path)
    text = Reader(tmp_path / "report.html").text
    assert "REFUSED" in said and "REFUSED" in text
    assert "Not to be installed: " in text and "epoch 7" in text


def test_a_trust_root_of_others_counts_nothing(example, tmp_path):
    run("trust", "init", "--no-password", cwd=tmp_path)
    text = read(example, example.full, "--trust", tmp_path / "trust")
    assert "REFUSED" in text and "two different roots with the number 1" in text
    assert "by key" in text and "not checked" in text


def test_the_same_files_give_the_same_bytes(example, tmp_path):
    options = (example.delta, "--base", example.old, "--trust", example.trust)
    first = example.report(*options).read_bytes()
    there = {name: shutil.copy(path, tmp_path) for name, path in (
        ("delta", example.delta), ("old", example.old))}
    environment = dict(os.environ, TZ="Asia/Tokyo", LC_ALL="C.UTF-8", SOURCE_DATE_EPOCH="1")
    run("report", there["delta"], "--base", there["old"], "--trust", example.trust, "-o", "x.html",
        "--jobs", "1", cwd=tmp_path, env=environment)
    assert (tmp_path / "x.html").read_bytes() == first


def test_nothing_but_a_report_is_replaced(example, tmp_path):
    path = example.report(example.full)
    path.chmod(0o600)
    example.report(example.full)
    assert path.stat().st_mode & 0o777 == 0o644
    copied = tmp_path / "precious.tar.zst"
    shutil.copy(example.full, copied)
    before = copied.read_bytes()
    said = run("report", example.full, "-o", copied, status=1)
    assert "is there already and is no report" in said and copied.read_bytes() == before
    (tmp_path / "link").symlink_to(path)
    run("report", example.full, "-o", tmp_path / "link", status=1)
    run("report", example.full, "-o", tmp_path, status=1)
    assert [name for name in os.listdir(tmp_path) if "report" in name] == []


def test_a_damaged_bundle_has_no_report(example, tmp_path):
    damaged = tmp_path / "b.tar.zst"
    data = bytearray(example.full.read_bytes())
    data[100] ^= 1
    damaged.write_bytes(data)
    run("report", damaged, "-o", tmp_path / "r.html", status=3)
    run("report", example.full, "--base", damaged, "-o", tmp_path / "r.html", status=3)
    assert not (tmp_path / "r.html").exists()


def test_a_split_bundle_is_one_file(example, tmp_path):
    release = plain_release(tmp_path / "release", [Image("a/b:1", [Layer().file(
        "noise", os.urandom(2_500_000))])])
    run("bundle", release.write(), "-o", "b.tar.zst", "--split", "1100K", cwd=tmp_path)
    run("report", "b.tar.zst", cwd=tmp_path)
    text = Reader(tmp_path / "report.html").text
    sums = (tmp_path / "b.tar.zst.sha256").read_text()
    assert len(sums.splitlines()) == 3 and re.sub(r"\s+", " ", sums).strip() in text
    assert "SHA-256 of the file, all parts joined" in text


def test_a_have_file_as_base(example, tmp_path):
    have = tmp_path / "ws-3.have"
    statement = run("show", example.old, "--raw", "statement")
    text = have_text(statement, images_of("1.5.0", PACKAGES, 2)).replace("product: plant\n", "product: plant-hmi\n")
    have.write_text(text.replace('"1.0"', '"1.5.0"').replace("release: 41", "release: 42"))
    text = read(example, example.delta, "--base", have)
    assert "What changes against host ws-3 at 1.5.0 (release 42)" in text
    assert "plant-hmi/web:1.5.0 → 1.5.1 changed" in text and "not known" in text
    assert "'handcarry plan' shows there" in text and "1 of 2 configs" not in text


def test_two_bases_are_two_sections(example):
    text = read(example, example.full, "--base", example.old, "--base", example.full)
    assert "What changes against 1.5.0 (release 42)" in text
    assert "What changes against 1.5.1 (release 43)" in text
    assert "Against 1.5.1 (release 43) it changes no image, package or config." in text


def test_targets_and_requirements(tmp_path):
    release = plain_release(tmp_path / "release", release=5)
    release.fields["for"] = {"sites": ["plant-a", "plant-b"], "hosts": ["ws-3"]}
    release.fields["requires"] = {"docker": "20.10", "python": ["requests"]}
    release.fields["data"] = {"volumes": ["pgdata"], "upgrade-from": 3, "rollback-to": 4}
    release.values = [{"name": "db_password", "secret": True}, {"name": "http_port", "default": "8080"}]
    release.configs[0]["template"] = False
    for name in ("for", "requires", "data"):
        release.fields[name] = flow(release.fields[name])
    run("bundle", release.write(), "-o", "b.tar.zst", cwd=tmp_path)
    run("report", "b.tar.zst", cwd=tmp_path)
    text = Reader(tmp_path / "report.html").text
    assert "to host ws-3 at sites plant-a and plant-b: 2 configs." in text
    assert "docker ≥ 20.10, python module requests" in text and "pgdata" in text
    assert "May follow release 3 and newer" in text and "read by release 4 and newer" in text
    assert "db_password required, secret" in text and "http_port has a default" in text


def test_what_changes_in_all_images_alike_is_said_once(tmp_path):
    bundles = []
    for number in (1, 2):
        images = [Image("a/%s:%d" % (name, number), [dpkg({"bash": str(number), "zsh": "1"})])
                  for name in "bcd"]
        release = plain_release(tmp_path / str(number), images, release=number)
        release.configs = []
        release.put("extra/file", "x" * number)
        release.files.append({"from": "extra/", "to": "/opt/extra/"})
        bundles.append(tmp_path / ("%d.tar.zst" % number))
        run("bundle", release.write(), "-o", bundles[-1])
    run("report", bundles[1], "--base", bundles[0], "-o", tmp_path / "report.html")
    text = Reader(tmp_path / "report.html").text
    assert "bash 1 2 all 3" in text and "zsh" not in text.split("What is carried")[0]
    assert "it changes 3 of 3 images and 1 package." in text
    assert "extra/file changed 1 B 2 B" in text


def test_what_gets_older_can_not_be_missed(tmp_path):
    for number, versions in (1, {"apt": "1.0", "zsh": "2.0~rc1"}), (2, {"apt": "1.1", "zsh": "1.9"}):
        release = plain_release(tmp_path / str(number), [Image("a/b:1", [dpkg(versions)])], release=number)
        run("bundle", release.write(), "-o", tmp_path / ("%d.tar.zst" % number))
    run("report", tmp_path / "2.tar.zst", "--base", tmp_path / "1.tar.zst", "-o", tmp_path / "report.html")
    text = Reader(tmp_path / "report.html").text
    assert "2 packages (1 of them to an OLDER version)" in text
    assert "zsh 2.0~rc1 1.9 (OLDER) a/b apt 1.0 1.1 a/b" in text


def test_sources_and_revision_are_told(tmp_path):
    def git(*arguments):
        return subprocess.run(["git", "-c", "user.name=a", "-c", "user.email=a@example.org", *arguments],
                              cwd=tmp_path / "release", check=True, capture_output=True, text=True).stdout

    def told(*options):
        path = tmp_path / "b.tar.zst"
        path.unlink(missing_ok=True)
        run("bundle", yaml, "-o", path, *options)
        run("report", path, cwd=tmp_path)
        return Reader(tmp_path / "report.html").text

    release = plain_release(tmp_path / "release", [Image("a/b:1", [Layer().file("a", b"b")])],
                            source="https://git.example.org/plant-hmi")
    yaml = release.write()
    text = told("--builder", "https://ci.example.org/builder")
    assert "Revision not known: packed outside a git repository" in text
    assert "Sources https://git.example.org/plant-hmi" in text
    assert "Built by https://ci.example.org/builder, with handcarry 0." in text
    assert "Images of the builder's own a/b:1 (docker-archive)" in text
    git("init", "-q")
    git("add", ".")
    git("commit", "-qm", "all")
    head = git("rev-parse", "HEAD").strip()
    text = told()
    assert "Revision " + head[:12] + " This file" in text and "Revision " + head + " release.yaml" in text
    release.put("configs/plain.conf", "plain = no\n")
    text = told()
    assert "Revision " + head[:12] + ", changed since" in text
    assert head + " WITH CHANGES that are not committed" in text
    assert handcarry("show", "--provenance", tmp_path / "b.tar.zst").stdout.strip() in text


@pytest.mark.skipif(bool(missing()), reason="docker-registry is not installed")
def test_images_of_registries_have_their_addresses(tmp_path):
    shelf = Shelf(tmp_path / "registry")
    pulling = Pulling(tmp_path, shelf)
    digest = shelf.push_image("plant/small", "1", small_image(1))["digest"]
    pulling.images = {"small:1": pulling.source("plant/small:1")}
    pulling.run()
    shelf.stop()
    run("report", "b.tar.zst", cwd=tmp_path)
    text = Reader(tmp_path / "report.html").text
    assert "small:1 docker://%s/plant/small@%s" % (shelf.host, digest) in text
    assert "release.lock.yaml sha256:" in text and "builder's own" not in text


def test_many_hosts_are_a_number_in_the_sentence(tmp_path):
    hosts = ["ws-%d" % n for n in range(500)]
    release = plain_release(tmp_path / "release", **{"for": flow({"hosts": hosts})})
    release.put("configs/x.conf", "x\n")
    for n in range(30):
        release.configs.append({"from": "configs/x.conf", "to": "/etc/x-%d.conf" % n})
    run("bundle", release.write(), "-o", "1.tar.zst", cwd=tmp_path)
    release.put("configs/x.conf", "y\n")
    run("bundle", release.folder / "release.yaml", "--release", "2", "-o", "2.tar.zst", cwd=tmp_path)
    run("report", "2.tar.zst", "--base", "1.tar.zst", cwd=tmp_path)
    text = Reader(tmp_path / "report.html").text
    assert "(release 2) to 500 hosts: 32 configs." in text
    assert "480 more hosts are not on this paper" in text and "ws-499" in text
    assert "24 more configs that change" in text and text.count("@@ -1 +1 @@ -x +y") == 30


def test_long_lists_fold_away_and_are_counted(tmp_path):
    bundles = []
    for number, version in ((1, "1"), (2, "2")):
        release = plain_release(tmp_path / str(number), [Image("a/b:1", [dpkg(
            {"package-%d" % n: version for n in range(300)})])], release=number)
        release.put("configs/long.conf", "".join("%d %d\n" % (number, n) for n in range(100)))
        release.configs.append({"from": "configs/long.conf", "to": "/etc/long.conf"})
        bundles.append(tmp_path / ("%d.tar.zst" % number))
        run("bundle", release.write(), "-o", bundles[-1])
    run("report", bundles[1], "--base", bundles[0], "-o", tmp_path / "report.html")
    page = (tmp_path / "report.html").read_text()
    text = Reader(tmp_path / "report.html").text
    assert "288 more packages are not on this paper: open the list on screen before printing" in text
    assert "181 more lines" in text
    assert text.count("package-299 1 2") == 1
    assert "<details open" not in page


@pytest.mark.parametrize("arguments", [(), ("a", "b"), ("a", "--jobs", "-1"), ("a", "--nonsense")])
def test_wrong_arguments_are_usage_errors(arguments):
    run("report", *arguments, status=2)


def test_what_is_no_bundle_is_refused(tmp_path):
    (tmp_path / "x").write_text("no bundle\n")
    run("report", tmp_path / "x", status=3, cwd=tmp_path)
    run("report", tmp_path / "y", status=1, cwd=tmp_path)
    assert os.listdir(tmp_path) == ["x"]
