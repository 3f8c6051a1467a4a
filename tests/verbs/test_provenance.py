# SPDX-License-Identifier: Apache-2.0
# Copyright The handcarry authors
"""provenance.json: an in-toto statement with SLSA's predicate, from inputs alone."""
import hashlib
import json
import os
import re
import shutil
import subprocess

import pytest

from bundlefile import BundleFile, members
from engines.images import Image, Layer
from engines.release import Release
from program import PROGRAM, handcarry
from verified import made  # noqa: F401 pylint: disable=unused-import

IMAGES = [Image("plant/app:1", [Layer().file("bin/app", b"app\n" * 99)]),
          Image("plant/web:1", [Layer().file("srv/web", b"web\n" * 99)])]
COMMIT = ["-c", "user.name=Dev", "-c", "user.email=dev@example.org", "commit", "-qam", "all"]


def git(folder, *arguments):
    return subprocess.run(["git", *arguments], cwd=folder, capture_output=True, text=True,
                          check=True).stdout.strip()


def write(folder, images=(), **fields):
    """release.yaml, without configs, so that nothing in it depends on the folder."""
    release = Release(folder, list(images))
    release.configs, release.trace = [], "/srv/trace"
    release.fields.update(product="plant", **fields)
    return release.write()


def bundled(yaml, out, *options, **more):
    run = handcarry("bundle", yaml, "-o", out, *options, **more)
    assert run.returncode == 0, run.stderr
    return run.stdout + run.stderr


def provenance_of(path):
    run = subprocess.run([PROGRAM, "show", "--provenance", path], capture_output=True, check=False)
    assert run.returncode == 0, run.stderr
    return run.stdout


def dependencies(document):
    rows = document["predicate"]["buildDefinition"]["resolvedDependencies"]
    return {row["name"]: row for row in rows}


# What the specifications say of each field: in-toto's Statement v1 and ResourceDescriptor, SLSA's
# provenance v1. A name with * must be there.
URI = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*:[!-~]+\Z")
HEX = {"sha256": r"[0-9a-f]{64}\Z", "gitCommit": r"([0-9a-f]{40}|[0-9a-f]{64})\Z"}


def fields_of(value, where, **kinds):
    """The object has these fields, each of its kind; _ before a name: it must not be missing."""
    assert isinstance(value, dict), where
    needed = {name[1:] for name in kinds if name.startswith("_")}
    known = {name.lstrip("_"): kind for name, kind in kinds.items()}
    known["_type"] = str
    assert needed - {"type"} <= set(value), where
    for name, found in value.items():
        assert isinstance(found, known[name]), (where, name)


def check_descriptor(row, where, needs_digest):
    fields_of(row, where, name=str, uri=str, digest=dict, content=str, downloadLocation=str,
              mediaType=str, annotations=dict)
    assert {"uri", "digest", "content"} & set(row), where
    assert not needs_digest or row["digest"], where
    assert "uri" not in row or URI.match(row["uri"]), where
    for name, value in row.get("digest", {}).items():
        assert re.match(HEX[name], value), where


def check_specifications(text):
    """As strict as the texts of in-toto and SLSA are; more than they know is refused, too."""
    document = json.loads(text)
    fields_of(document, "statement", _subject=list, _predicateType=str, _predicate=dict)
    assert document["_type"] == "https://in-toto.io/Statement/v1"
    assert document["predicateType"] == "https://slsa.dev/provenance/v1"
    for row in document["subject"]:
        check_descriptor(row, "subject", True)
    names = [row["name"] for row in document["subject"]]
    assert len(set(names)) == len(names) > 0
    predicate = document["predicate"]
    fields_of(predicate, "predicate", _buildDefinition=dict, _runDetails=dict)
    definition, run = predicate["buildDefinition"], predicate["runDetails"]
    fields_of(definition, "buildDefinition", _buildType=str, _externalParameters=dict,
              internalParameters=dict, resolvedDependencies=list)
    assert URI.match(definition["buildType"])
    for row in definition["resolvedDependencies"]:
        check_descriptor(row, "resolvedDependencies", False)
    fields_of(run, "runDetails", _builder=dict, metadata=dict, byproducts=list)
    fields_of(run["builder"], "builder", _id=str, version=dict, builderDependencies=list)
    assert URI.match(run["builder"]["id"])
    assert all(isinstance(value, str) for value in run["builder"]["version"].values())
    canonical = json.dumps(document, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    assert canonical.encode() == text
    return document


def test_it_says_what_it_is_about(tmp_path):
    yaml, out = write(tmp_path / "r", IMAGES), tmp_path / "b.tar.zst"
    bundled(yaml, out, "--builder", "https://ci.example.org/plant", "--release", "7")
    document = check_specifications(provenance_of(out))
    shown = json.loads(handcarry("show", "--json", out).stdout)
    subjects = {row["name"]: "sha256:" + row["digest"]["sha256"] for row in document["subject"]}
    assert subjects.pop("statement.yaml") == shown["release-digest"]
    assert subjects == {what % image["name"]: image[key] for image in shown["images"]
                        for what, key in (("config of %s", "config"), ("manifest of %s", "manifest"))}
    definition = document["predicate"]["buildDefinition"]
    assert definition["buildType"] == "urn:handcarry:bundle:1"
    assert definition["externalParameters"] == {
        "product": "plant", "channel": "stable", "version": "1.0.0", "release": 7, "level": 9,
        "platforms": ["linux/amd64"], "hosts": [], "overrides": {"release": 7}}
    rows = dependencies(document)
    assert rows["release.yaml"]["digest"]["sha256"] == hashlib.sha256(yaml.read_bytes()).hexdigest()
    assert rows["image plant/app:1"]["annotations"]["transport"] == "docker-archive"
    assert "sources" not in rows and "uri" not in rows["image plant/app:1"]
    builder = document["predicate"]["runDetails"]["builder"]
    assert builder["id"] == "https://ci.example.org/plant"
    assert builder["version"]["libzstd"] == shown["packing"]["zstd"]
    assert "handcarry " + builder["version"]["handcarry"] == shown["packing"]["tool"]


def test_the_lock_is_the_file_beside_it(tmp_path):
    """Its digest is the same whether or not the lock is written."""
    yaml = write(tmp_path / "r", IMAGES)
    bundled(yaml, tmp_path / "a.tar.zst")
    assert not (tmp_path / "r/release.lock.yaml").exists()
    bundled(yaml, tmp_path / "b.tar.zst", "--relock")
    lock = (tmp_path / "r/release.lock.yaml").read_bytes()
    for name in ("a", "b"):
        rows = dependencies(json.loads(provenance_of(tmp_path / (name + ".tar.zst"))))
        assert rows["release.lock.yaml"]["digest"]["sha256"] == hashlib.sha256(lock).hexdigest()


def test_two_builders_say_the_same(tmp_path):
    """No path, user, host or time: another folder, another home, another clock."""
    found = []
    for name in ("one", "two"):
        yaml, out = write(tmp_path / name / "r", IMAGES), tmp_path / name / "b.tar.zst"
        os.utime(yaml, (1, 1)) if name == "two" else None
        bundled(yaml, out, env={**os.environ, "HOME": str(tmp_path / name), "USER": name, "TZ": "UTC-7"})
        found.append((provenance_of(out), out.read_bytes()))
    assert found[0] == found[1]
    for word in (str(tmp_path), os.uname().nodename, os.environ.get("USER", "root") + "@"):
        assert word.encode() not in found[0][0]


def test_source_date_epoch_is_the_only_clock(tmp_path):
    """It stands in statement and SBOM, not in the lock, and counts only where the file says no time."""
    def build(name, epoch, **fields):
        out, yaml = tmp_path / (name + ".tar.zst"), write(tmp_path / "r", IMAGES[:1], **fields)
        bundled(yaml, out, env={**os.environ, "SOURCE_DATE_EPOCH": epoch})
        return out, json.loads(provenance_of(out)), handcarry("show", "--sbom", out).stdout
    (one, first, sbom), (two, second, _) = build("one", "1700000000"), build("two", "1700000001")
    assert "2023-11-14T22:13:20Z" in sbom and b"1700000000" not in one.read_bytes()
    assert first["subject"][0] != second["subject"][0] and first["subject"][1:] == second["subject"][1:]
    assert first["predicate"] == second["predicate"]
    run = handcarry("diff", "--bytes", one, two)
    assert '-issued: 2023-11-14T22:13:20Z\n+issued: 2023-11-14T22:13:21Z\n' in run.stdout.replace('"', "")
    fixed = [build("said-" + epoch, epoch, issued="2026-01-01T00:00:00Z")[0].read_bytes()
             for epoch in ("1700000000", "1700000001")]
    assert fixed[0] == fixed[1]


def test_the_revision_of_the_sources(tmp_path):
    """The commit; whether files differ from it, and which carried ones it lacks, is said."""
    folder = tmp_path / "r"
    yaml = write(folder / "deploy", source="https://git.example.org/plant")
    (folder / ".gitignore").write_text("*.tar\n")
    git(folder, "init", "-q")
    git(folder, "add", ".")
    git(folder, *COMMIT)
    commit = git(folder, "rev-parse", "HEAD")

    def sources(name):
        said = bundled(yaml, tmp_path / (name + ".tar.zst"), env={**os.environ, "GIT_DIR": "/nowhere"})
        assert "warning" not in said
        document = check_specifications(provenance_of(tmp_path / (name + ".tar.zst")))
        return dependencies(document)["sources"]
    row = {"name": "sources", "uri": "https://git.example.org/plant", "digest": {"gitCommit": commit},
           "annotations": {"modified": False, "notInGit": 0}}
    assert sources("clean") == row
    (folder / "deploy/playbooks/roles/x/tasks").mkdir(parents=True)
    (folder / "deploy/playbooks/roles/x/tasks/main.yml").write_text("[]\n")
    assert sources("more") == {**row, "annotations": {"modified": False, "notInGit": 1}}
    (folder / ".gitignore").write_text("*.tar\n*.o\n")
    assert sources("changed") == {**row, "annotations": {"modified": True, "notInGit": 1}}
    assert "Changes not staged" in git(folder, "status")
    said = handcarry("show", tmp_path / "changed.tar.zst").stdout
    assert "built from      commit %s\n" % commit in said
    assert "with changes that are not in it\n" in said and "1 carried file is not in it\n" in said
    assert "built by        urn:handcarry:builder\n" in said
    shown = json.loads(handcarry("show", "--json", tmp_path / "changed.tar.zst").stdout)["provenance"]
    assert (shown["revision"], shown["modified"], shown["not-in-git"]) == (commit, True, 1)


def test_a_git_that_does_not_answer_is_a_warning(tmp_path):
    yaml = write(tmp_path / "r")
    git(tmp_path / "r", "init", "-q")
    said = bundled(yaml, tmp_path / "empty.tar.zst")
    assert "names no revision of the sources, though they are in git" in said
    git(tmp_path / "r", "add", ".")
    git(tmp_path / "r", *COMMIT)
    bin_folder = tmp_path / "bin"
    bin_folder.mkdir()
    said = bundled(yaml, tmp_path / "absent.tar.zst", env={**os.environ, "PATH": str(bin_folder)})
    assert "names no revision of the sources, though they are in git" in said
    if os.geteuid() == 0:  # whose work tree it is matters to git
        for path in [tmp_path / "r", *(tmp_path / "r").rglob("*")]:
            os.chown(path, 65534, 65534)
        said = bundled(yaml, tmp_path / "dubious.tar.zst", env={**os.environ, "HOME": str(tmp_path)})
        assert "dubious ownership" in said
    for path in tmp_path.glob("*.tar.zst"):
        assert "sources" not in dependencies(json.loads(provenance_of(path)))


@pytest.mark.parametrize("hide", ["--assume-unchanged", "--skip-worktree"])
def test_what_git_does_not_look_at_has_no_revision(tmp_path, hide):
    yaml = write(tmp_path / "r")
    git(tmp_path / "r", "init", "-q")
    git(tmp_path / "r", "add", ".")
    git(tmp_path / "r", *COMMIT)
    git(tmp_path / "r", "update-index", hide, "release.yaml")
    yaml.write_text(yaml.read_text() + "# changed\n")
    assert git(tmp_path / "r", "status", "--porcelain") == ""
    said = bundled(yaml, tmp_path / "hidden.tar.zst")
    assert "it was told not to look at 'release.yaml'" in said
    assert "sources" not in dependencies(json.loads(provenance_of(tmp_path / "hidden.tar.zst")))


def lacks_a_tree(folder, program):
    """A partial clone, whose remote says by which program the rest is fetched."""
    tree = git(folder, "rev-parse", "HEAD^{tree}")
    for name, value in (("core.repositoryformatversion", "1"), ("extensions.partialClone", "origin"),
                        ("remote.origin.promisor", "true"), ("remote.origin.url", str(folder)),
                        ("remote.origin.uploadpack", program)):
        git(folder, "config", name, value)
    (folder / ".git/objects" / tree[:2] / tree[2:]).unlink()


def is_a_repository_itself(folder, program):
    """What a commit may hold: a folder with all that git takes for a repository without work tree."""
    inner = folder / "inner"
    yaml = write(inner)
    git(inner, "init", "-q")
    (inner / ".gitattributes").write_text("*.yaml filter=x\n")
    git(inner, "add", "release.yaml")
    git(inner, *COMMIT)
    for path in list((inner / ".git").iterdir()):
        path.rename(inner / path.name)
    (inner / ".git").rmdir()
    for name, value in (("core.bare", "false"), ("core.worktree", "."), ("filter.x.clean", program)):
        git(inner, "config", "-f", "config", name, value)
    os.utime(yaml, (1, 1))
    return yaml


def has_a_submodule(folder, program):
    inner = folder / "inner"
    write(inner)
    git(inner, "init", "-q")
    git(inner, "add", ".")
    git(inner, *COMMIT)
    git(inner, "config", "filter.x.clean", program)
    (inner / ".git/info/attributes").write_text("* filter=x\n")
    git(folder, "add", "inner")
    git(folder, *COMMIT)
    os.utime(inner / "release.yaml", (1, 1))


def filters(key):
    def make(folder, program):
        git(folder, "config", "filter.x." + key, program)
        (folder / ".git/info/attributes").write_text("* filter=x\n")
        os.utime(folder / "release.yaml", (1, 1))
    return make


def watches(folder, program):
    git(folder, "config", "core.fsmonitor", program)


@pytest.mark.parametrize("make, said", [
    (filters("clean"), "'filter.x.clean', which is not run"),
    (filters("process"), "'filter.x.process', which is not run"),
    (lacks_a_tree, "git says "), (is_a_repository_itself, "git says "),
    (has_a_submodule, None), (watches, None)],
    ids=["clean", "process", "partial", "bare", "submodule", "fsmonitor"])
def test_git_runs_no_program_that_the_sources_name(tmp_path, make, said):
    yaml = write(tmp_path / "r")
    git(tmp_path / "r", "init", "-q")
    git(tmp_path / "r", "add", ".")
    git(tmp_path / "r", *COMMIT)
    program = tmp_path / "program"
    program.write_text("#!/bin/sh\n: >%s\ncat\n" % (tmp_path / "ran"))
    program.chmod(0o755)
    yaml = make(tmp_path / "r", str(program)) or yaml
    (tmp_path / "ran").unlink(missing_ok=True)  # git itself, here, may have run it
    text = bundled(yaml, tmp_path / "out.tar.zst")
    assert not (tmp_path / "ran").exists()
    assert said in text if said else "warning" not in text


def test_a_delta_names_its_bases(tmp_path):
    old, new = write(tmp_path / "old", IMAGES), write(tmp_path / "new", IMAGES[:1], release=2)
    bundled(old, tmp_path / "old.tar.zst")
    bundled(new, tmp_path / "new.tar.zst", "--base", tmp_path / "old.tar.zst")
    rows = dependencies(check_specifications(provenance_of(tmp_path / "new.tar.zst")))
    digest = json.loads(handcarry("show", "--json", tmp_path / "old.tar.zst").stdout)["release-digest"]
    assert "sha256:" + rows["base 1"]["digest"]["sha256"] == digest


def test_usage(tmp_path):
    yaml = write(tmp_path / "r")
    for builder in ("not a uri", "https://token@ci.example.org", "https://ci.example.org/?t=1"):
        run = handcarry("bundle", yaml, "-o", tmp_path / "b.tar.zst", "--builder", builder)
        assert run.returncode == 2 and "--builder is no URI" in run.stderr and "token@" not in run.stderr
    bundled(yaml, tmp_path / "b.tar.zst")
    run = handcarry("show", "--provenance", "--json", tmp_path / "b.tar.zst")
    assert run.returncode == 2 and "does not go with" in run.stderr


def test_signed_with_the_bundle(made, tmp_path):  # noqa: F811
    """The packing list's votes cover it as they cover every frame."""
    at = BundleFile(made.path)
    frame = at.first("meta")
    data = bytearray(made.data)
    data[at.begins[frame] + len(at.frames[frame]) // 2] ^= 1
    path = tmp_path / "b.tar.zst"
    path.write_bytes(data)
    assert "is damaged" in made.verify(path, status=3)


@pytest.mark.parametrize("change,message", [
    (lambda text: text.replace(b'"level":9', b'"level":13', 1), None),
    (lambda text: text.replace(b'"level":9', b'"level":09', 1), "provenance.json"),
    (lambda text: text + b"\n", "not as handcarry writes it"),
    (lambda text: text.replace(b'"config of handcarry', b'"config of xandcarry'), "not as handcarry"),
    (lambda text: re.sub(rb'(subject":\[{"digest":{"sha256":")....', rb"\g<1>0000", text), "another release"),
])
def test_what_a_signer_may_not_say(made, tmp_path, change, message):  # noqa: F811
    """Signed as it is, verify --deep still wants it to be a provenance of this release."""
    lie, path = BundleFile(made.path), tmp_path / "b.tar.zst"
    lie.change_meta(lambda rows: [(name, mode, change(text) if name == "provenance.json" else text)
                                  for name, mode, text in rows])
    path.write_bytes(lie.bytes())
    assert handcarry("sign", path, "--key", made.key).returncode == 0
    made.verify(path)
    said = made.verify(path, "--deep", status=3 if message else 0)
    assert message is None or message in said


def test_missing_and_misplaced(made, tmp_path):  # noqa: F811
    for number, (change, message) in enumerate([
            (lambda rows: [row for row in rows if row[0] != "provenance.json"], "'provenance.json'"),
            (lambda rows: [*(row for row in rows if row[0] != "provenance.json"),
                           *(row for row in rows if row[0] == "provenance.json")], "is not in its place")]):
        lie, path = BundleFile(made.path), tmp_path / ("%d.tar.zst" % number)
        lie.change_meta(change)
        path.write_bytes(lie.bytes())
        assert handcarry("sign", path, "--key", made.key).returncode == 0
        assert message in made.verify(path, "--deep", status=3)
        if number == 0:
            run = handcarry("show", path)
            assert run.returncode == 0 and "cannot read its provenance" in run.stderr
    names = [name for name, _, _ in members(BundleFile(made.path).region("meta"))]
    last = max(number for number, name in enumerate(names) if name.startswith("sbom/"))
    assert names[last + 1] == "provenance.json" and names[last + 2].startswith("layers/")
    shutil.rmtree(tmp_path)
