# SPDX-License-Identifier: Apache-2.0
# Copyright The handcarry authors
"""The SBOM of real systems: valid by the official schema, and what the package managers say."""
import pathlib
import re
import subprocess
import urllib.parse

import pytest

import cyclonedx
from engines.images import Image, Layer
from test_bundle_sbom import APK, OS, STATUS, dpkg, make, sbom

FORMAT = "${db:Status-Abbrev}|${Package}|${Version}|${Architecture}|${source:Package}|${source:Version}\\n"
# An excerpt of what Alpine 3.18 has, as its package manager wrote it.
ALPINE = b"""\
C:Q1qKcZ+j23xssAXmgQhkOO8dHnbWw=
P:alpine-baselayout
V:3.4.3-r1
A:x86_64
S:8515
I:315392
T:Alpine base dir structure and init scripts
U:https://git.alpinelinux.org/cgit/aports/tree/main/alpine-baselayout
L:GPL-2.0-only
o:alpine-baselayout
m:Natanael Copa <ncopa@alpinelinux.org>
t:1683642107
c:65502ca9379dd29d1ac4b0bf0dcf03a3dd1b324a
D:alpine-baselayout-data=3.4.3-r1 /bin/sh
q:1000
F:dev
F:dev/pts
R:group
a:0:0:644
Z:Q13OBYyWjTj7mTaIxwHB8Yd4bCFTc=

C:Q1FyQGdI3NLw8lVyFAQ2zlxQ8fZyA=
P:libcrypto3
V:3.1.4-r5
A:x86_64
L:Apache-2.0
o:openssl
p:so:libcrypto.so.3=3
F:lib
R:libcrypto.so.3
a:0:0:755

"""


@pytest.fixture(name="valid", scope="module")
def schema():
    """Fails with what the schema says against a document."""
    check = cyclonedx.validator()

    def valid(document):
        errors = [error.message for error in check.iter_errors(document)]
        assert not errors, errors[:3]
        refs = [row["bom-ref"] for row in document["components"]]
        assert len(set(refs)) == len(refs)
        return document
    with pytest.raises(AssertionError):
        valid({"bomFormat": "CycloneDX", "specVersion": "1.7", "components": [{"type": "library"}]})
    return valid


def host_packages():
    """What dpkg-query says of this machine: (name, version, architecture, source, its version)."""
    if not pathlib.Path("/var/lib/dpkg/status").exists():
        pytest.skip("this machine has no dpkg")
    said = subprocess.run(["dpkg-query", "-W", "-f", FORMAT], capture_output=True, text=True, check=True).stdout
    rows = [line.split("|") for line in said.splitlines()]
    return {tuple(row[1:]) for row in rows if row[0][1] in "iUFWt"}


def parts(url):
    """(name, version, architecture, source, its version) of a package URL, and what else it says."""
    path, _, query = url.partition("?")
    said = dict(urllib.parse.parse_qsl(query.replace("+", "%2B"), strict_parsing=True))
    name, _, version = (urllib.parse.unquote(part) for part in path.rpartition("/")[2].partition("@"))
    source, _, source_version = said.pop("upstream", name).partition("@")
    return (name, version, said.pop("arch"), source, source_version or version), path.split("/")[:2], said


def test_what_dpkg_says_of_this_machine(tmp_path, valid):
    status, release = (pathlib.Path(path).read_bytes() for path in ("/var/lib/dpkg/status", "/etc/os-release"))
    document = valid(sbom(make(tmp_path, Image("test/real:1", [Layer().file(STATUS, status).file(OS, release)]))))
    words = dict(re.findall(r'(?m)^(\w+)="?([^"\n]*)"?$', release.decode()))
    found, kinds, more = zip(*(parts(row["purl"]) for row in document["components"] if "purl" in row))
    assert set(found) == host_packages() and len(found) > 50
    assert {tuple(kind) for kind in kinds} == {("pkg:deb", words["ID"])}
    assert all(row == {"distro": "-".join(filter(None, (words["ID"], words.get("VERSION_ID"))))} for row in more)
    assert any("%2B" in row["purl"] for row in document["components"] if "purl" in row)


def test_what_apk_wrote(tmp_path, valid):
    layer = Layer().file(APK, ALPINE).file("etc/os-release", b"ID=alpine\nVERSION_ID=3.18.4\n")
    document = valid(sbom(make(tmp_path, Image("test/alpine:3.18", [layer]), issued="2026-02-03T04:05:06Z")))
    rows = {row["name"]: row for row in document["components"]}
    assert rows["alpine-baselayout"]["licenses"] == [{"license": {"name": "GPL-2.0-only"}}]
    assert parts(rows["libcrypto3"]["purl"])[0] == ("libcrypto3", "3.1.4-r5", "x86_64", "openssl", "3.1.4-r5")
    assert set(rows) == {"alpine", "alpine-baselayout", "libcrypto3"}


@pytest.mark.parametrize("layer", [
    Layer().file("a", b"x"), Layer().file(STATUS, b"?"),
    Layer().file(STATUS, dpkg(("a" * 255, "%s~%s" % ("1:", "+" * 250)), ("%/@?#&=\"\\", "<>")))],
    ids=["no-packages", "unread", "odd-words"])
def test_valid_whatever_the_image_is(tmp_path, valid, layer):
    valid(sbom(make(tmp_path, Image("127.0.0.1:5000/a/b:1.0_x-y", [layer]))))
