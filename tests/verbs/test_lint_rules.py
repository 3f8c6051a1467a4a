# SPDX-License-Identifier: Apache-2.0
# Copyright The handcarry authors
"""lint's rules have names that the page explains, and a warning that is meant is allowed by a
comment with a reason."""
import hashlib
import json
import os
import re
import tarfile

import pytest

from program import TOP, handcarry

HEAD = "handcarry: 1\nproduct: p\nversion: 1\nrelease: 1\n"
KEY = "-----BEGIN PRIVATE KEY-----\nMIIEvQIBADANBgkqhkiG9w0B\n"


@pytest.fixture
def tree(tmp_path):
    """Writes files; gives what lint --strict --json says of them."""
    (tmp_path / "x").mkdir()  # where images would lie

    def write(release, files):
        for name, content in {"release.yaml": HEAD + release, **files}.items():
            path = tmp_path / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(content)
        run = handcarry("lint", "--strict", "--json", tmp_path / "release.yaml")
        document = json.loads(run.stdout)
        assert document["passed"] == (run.returncode == 0)
        return document
    return write


def places(items):
    return [(item.get("rule"), item["file"].split("/")[-1], item["line"]) for item in items]


def test_the_page_has_the_rules_of_the_code():
    page = (TOP / "manifest" / "FORMAT.md").read_text()
    rows = re.findall(r"^\| `([a-z-]+)` \| (.*?) \| (.*?) \| (.*?) \|$",
                      page.split("## 9. What lint warns of")[1], re.M)
    rules = json.loads(handcarry("lint", "--rules", "--json").stdout)["rules"]
    assert rows == [(r["rule"], r["what"], r["why"], r["advice"]) for r in rules]
    text = handcarry("lint", "--rules").stdout
    assert [line.split(":")[0] for line in text.splitlines()] == [r["rule"] for r in rules]
    assert handcarry("lint", "--rules", "release.yaml").returncode == 2


def test_a_warning_says_what_why_and_what_to_do(tree, tmp_path):
    document = tree("configs: [{from: a.pem, to: /a}]\n", {"a.pem": "one\n" + KEY})
    assert document["problems"] == [{
        "severity": "warning", "rule": "secret", "file": "a.pem", "line": 2, "column": 1,
        "message": "this looks like a private key; whoever has the bundle can read it. Let each host "
                   "supply it ('values' with 'secret: true'), or encrypt it with ansible-vault."}]
    run = handcarry("lint", tmp_path / "release.yaml")
    assert run.returncode == 0
    assert run.stdout.startswith("a.pem:2:1: warning: this looks like a private key; ")
    assert run.stdout.splitlines()[0].endswith(" [secret]")


@pytest.mark.parametrize("before,after", [
    ("# handcarry: allow secret: only for the demo\n", ""),
    ("// handcarry: allow secret: only for the demo\n", ""),
    ("<!-- handcarry: allow secret: only for the demo -->\n", ""),
    ("", "   # handcarry: allow secret: only for the demo"),
    ("# handcarry: allow secret: only for the demo\n"
     "# handcarry: allow image-digest: it is a mirror\n", ""),
])
def test_a_comment_with_a_reason_allows_it(tree, before, after):
    digest = " x:1@sha256:" + "a" * 64 if "digest" in before else ""
    document = tree("images: [{name: 'x:1', from: 'oci:x'}]\nconfigs: [{from: a.conf, to: /a}]\n",
                    {"a.conf": f"{before}password=hunter22{after or digest and ' #'}{digest}\n"})
    assert document["problems"] == []
    assert document["allowed"][0]["rule"] == "secret"
    assert document["allowed"][0]["reason"] == "only for the demo"
    assert len(document["allowed"]) == (2 if digest else 1)


def test_a_comment_in_the_release_file_allows_a_file_without_comments(tree):
    document = tree("# handcarry: allow secret tls/a.json: a test certificate\n"
                    "configs: [{from: tls/a.json, to: /a}]\n", {"tls/a.json": KEY})
    assert document["problems"] == []
    assert document["allowed"][0]["reason"] == "a test certificate"


def test_a_comment_that_is_hard_to_read_costs_no_time(tree):
    """Thousands of lines with many blanks, and at their end what a comment can not have."""
    blanks = " " * 40
    comment = "# handcarry: allow secret" + blanks + "b.conf" + blanks + ":" + blanks + "\r x\n"
    before = os.times().children_user
    document = tree("configs: [{from: a.conf, to: /a}]\n", {"a.conf": comment * 4000})
    assert os.times().children_user - before < 5
    assert len(document["problems"]) == 4000
    assert all("names no rule" in row["message"] for row in document["problems"])


@pytest.mark.parametrize("comment,says", [
    ("# handcarry: allow secrets: because", "there is no rule 'secrets'"),
    ("# handcarry: allow exception: because", "there is no rule 'exception'"),
    ("# handcarry: allow secret", "no reason is given for allowing 'secret'"),
    ("# handcarry: allow secret:  ", "no reason is given for allowing 'secret'"),
    ("# handcarry: allow", "names no rule"),
    ("# handcarry: allow secret b.conf: because", "is no file that is carried"),
])
def test_a_comment_that_allows_nothing_is_a_warning_itself(tree, comment, says):
    document = tree("configs: [{from: a.conf, to: /a}]\n",
                    {"a.conf": f"{comment}\npassword=hunter22\n"})
    assert places(document["problems"]) == [("exception", "a.conf", 1), ("secret", "a.conf", 2)]
    assert says in document["problems"][0]["message"]


def test_a_comment_that_nothing_needs_is_a_warning(tree):
    document = tree("configs: [{from: a.conf, to: /a}]\n",
                    {"a.conf": "\n# handcarry: allow secret: it was one\npassword=$OTHER\n"})
    assert places(document["problems"]) == [("exception", "a.conf", 2)]
    assert "nothing here breaks the rule 'secret'" in document["problems"][0]["message"]


def test_the_comment_is_about_one_line(tree):
    document = tree("configs: [{from: a.conf, to: /a}]\n",
                    {"a.conf": "# handcarry: allow secret: the demo\npassword=hunter22\n"
                               "password=hunter23\n"})
    assert places(document["problems"]) == [("secret", "a.conf", 3)]


@pytest.mark.parametrize("mode,found", [("0666", True), ("0777", True), ("0644", False)])
def test_a_config_that_everybody_may_write(tree, mode, found):
    document = tree(f"configs:\n  - from: a\n    to: /a\n    mode: '{mode}'\n", {"a": "x\n"})
    assert places(document["problems"]) == ([("world-writable", "release.yaml", 8)] if found else [])


def test_files_that_everybody_here_may_write(tree, tmp_path):
    assert tree("files: [{from: d/, to: /d/}]\n", {"d/a": "", "d/b": ""})["problems"] == []
    for name in "ab":
        (tmp_path / "d" / name).chmod(0o666)
    document = tree("files: [{from: d/, to: /d/}]\n", {})
    assert places(document["problems"]) == [("writable-source", "a", 1)]
    assert "'d/a' (and 1 more)" in document["problems"][0]["message"]


@pytest.mark.parametrize("reference,found", [
    ("plant/web", True), ("plant/web:1", True), ("plant/web:2", True),
    ("docker.io/plant/web", True), ("registry.example.org/plant/web", False), ("web", False),
])
def test_a_carried_image_named_by_its_digest(tree, reference, found):
    document = tree("images: [{name: 'plant/web:1', from: 'oci:x'}]\n"
                    "configs: [{from: run.sh, to: /run.sh}]\n",
                    {"run.sh": f"#!/bin/sh\ndocker run {reference}@sha256:{'0a' * 32}\n"})
    assert places(document["problems"]) == ([("image-digest", "run.sh", 2)] if found else [])


@pytest.mark.parametrize("platform,found", [
    ("linux/amd64", False), ("amd64", False), ("linux/arm64", True), ("linux/amd64/v3", True),
    ("${PLATFORM}", False),
])
def test_a_service_of_another_platform(tree, platform, found):
    document = tree("images: [{name: 'x:1', from: 'oci:x'}]\ncompose: [{path: compose.yaml}]\n",
                    {"compose.yaml": "services:\n  web:\n    image: x:1\n"
                                     f"    platform: {platform}\n"})
    assert places(document["problems"]) == ([("platform", "compose.yaml", 4)] if found else [])


def image_archive(folder, architecture, kind):
    """An image of no layers, as docker saves it or as an OCI layout or its archive."""
    config = json.dumps({"os": "linux", "architecture": architecture,
                         "rootfs": {"type": "layers", "diff_ids": []}}).encode()
    blob = hashlib.sha256(config).hexdigest()
    manifest = json.dumps({
        "schemaVersion": 2, "mediaType": "application/vnd.oci.image.manifest.v1+json",
        "config": {"mediaType": "application/vnd.oci.image.config.v1+json",
                   "digest": f"sha256:{blob}", "size": len(config)}, "layers": []}).encode()
    top = hashlib.sha256(manifest).hexdigest()
    index = {"schemaVersion": 2, "manifests": [
        {"mediaType": "application/vnd.oci.image.manifest.v1+json", "digest": f"sha256:{top}",
         "size": len(manifest)}]}
    files = {"oci-layout": b'{"imageLayoutVersion": "1.0.0"}', f"blobs/sha256/{blob}": config,
             f"blobs/sha256/{top}": manifest, "index.json": json.dumps(index).encode(),
             "manifest.json": json.dumps([{"Config": f"blobs/sha256/{blob}", "Layers": [],
                                           "RepoTags": ["x:1"]}]).encode()}
    for name, content in files.items():
        path = folder / "image" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)
    if kind == "oci":
        return "oci:image"
    with tarfile.open(folder / "image.tar", "w:gz" if kind == "packed" else "w") as tar:
        for name in files:
            tar.add(folder / "image" / name, arcname=name)
    return f"{'docker-archive' if kind == 'packed' else kind}:image.tar"


@pytest.mark.parametrize("kind", ["oci", "oci-archive", "docker-archive"])
@pytest.mark.parametrize("architecture,found", [("amd64", False), ("arm64", True)])
def test_an_image_of_another_platform(tree, tmp_path, kind, architecture, found):
    source = image_archive(tmp_path, architecture, kind)
    document = tree(f"images:\n  - {{name: 'x:1', from: '{source}'}}\n", {})
    assert places(document["problems"]) == ([("platform", "release.yaml", 6)] if found else [])
    if found:
        assert "the image 'x:1' is for linux/arm64, and the release for linux/amd64; " in \
            document["problems"][0]["message"]


@pytest.mark.parametrize("source", ["oci:gone", "oci-archive:gone.tar", "docker-archive:notes.txt",
                                    "docker-daemon:x:1", "oci:.", "oci-archive:notes.txt"])
def test_an_image_that_cannot_be_looked_into_is_left_to_bundle(tree, source):
    document = tree(f"images: [{{name: 'x:1', from: '{source}'}}]\n", {"notes.txt": "x" * 2000})
    assert document["passed"] is True
    said = [(problem["severity"], problem["message"]) for problem in document["problems"]]
    if "gone" not in source:
        assert said == []
    else:
        assert len(said) == 1 and said[0][0] == "note"
        assert said[0][1].endswith("' is not there, and 'bundle' needs it")


def test_a_packed_archive_is_not_unpacked_for_it(tree, tmp_path):
    source = image_archive(tmp_path, "arm64", "packed")
    assert tree(f"images: [{{name: 'x:1', from: '{source}'}}]\n", {})["problems"] == []


DIGEST = "sha256:" + "0a" * 32
LOCK = f"""handcarry-lock: 1
images:
  - name: "x:1"
    from: "docker://registry.example.org/x:1"
    platform: linux/amd64
    manifest: "{DIGEST}"
    config: "{DIGEST}"
"""


@pytest.mark.parametrize("source,lock,found", [
    ("docker://registry.example.org/x:1", None, True),
    ("docker://registry.example.org/x:1", LOCK, False),
    ("docker://registry.example.org/x:2", LOCK, True),
    (f"docker://registry.example.org/x@{DIGEST}", None, False),
    ("oci:x", None, False),
])
def test_a_tag_that_nothing_pins(tree, source, lock, found):
    document = tree(f"images:\n  - name: 'x:1'\n    from: '{source}'\n",
                    {"release.lock.yaml": lock} if lock else {})
    assert places(document["problems"]) == ([("mutable-tag", "release.yaml", 7)] if found else [])


def test_a_lock_that_cannot_be_read_is_a_mistake(tree):
    document = tree("images: [{name: 'x:1', from: 'docker://registry.example.org/x:1'}]\n",
                    {"release.lock.yaml": "handcarry-lock: 1\nimages: x\n"})
    assert [(p["severity"], p["file"], p["line"]) for p in document["problems"]] == [
        ("error", "release.lock.yaml", 2)]


@pytest.mark.parametrize("name,default,found", [
    ("db_password", "hunter22", True), ("api_token", "a1b2c3d4", True),
    ("db_password", "change-me", False), ("http_port", "18080", False),
])
def test_a_value_whose_default_is_a_secret(tree, name, default, found):
    document = tree(f"values:\n  - name: {name}\n    default: {default}\n"
                    "configs: [{from: a, to: /a}]\n", {"a": "x\n"})
    assert places(document["problems"]) == ([("secret", "release.yaml", 7)] if found else [])
    assert default not in str(document["problems"])
