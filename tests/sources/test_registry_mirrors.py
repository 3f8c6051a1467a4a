# SPDX-License-Identifier: Apache-2.0
# Copyright The handcarry authors
"""Mirrors are asked first, and believed no more than the registry is."""
import base64
import json

import pytest

from registry.asked import ask
from registry.misbehaving import Misbehaving, breaks_off, guarded, status

BLOB = ".*/blobs/.*"


@pytest.fixture(scope="module", name="servers")
def fixture_servers():
    with Misbehaving() as one, Misbehaving() as other:
        yield one, other


@pytest.fixture(name="origin")
def fixture_origin(servers):
    servers[0].forget()
    return servers[0]


@pytest.fixture(name="mirror")
def fixture_mirror(servers):
    servers[1].forget()
    return servers[1]


class Asking:
    def __init__(self, home, origin, mirror, place=None):
        self.home, self.origin, self.mirror = home, origin, mirror
        self.option = "--mirror=%s=%s" % (origin.host, place or mirror.host)

    def manifest(self, *more, **options):
        return ask(self.home, self.option, *more, self.origin.name + ":v1",
                   insecure=[self.origin.host, self.mirror.host], **options)

    def blob(self, *more):
        return ask(self.home, self.option, *more, self.origin.name, self.origin.layer, 1 << 20,
                   self.home / "blob", insecure=[self.origin.host, self.mirror.host])


def test_mirror_before_the_registry(tmp_path, origin, mirror):
    asking = Asking(tmp_path, origin, mirror)
    assert asking.manifest()[0] == 0 and asking.blob()[0] == 0
    assert origin.seen == [] and len(mirror.asked("plant/server")) == 2


def test_folder_of_a_mirror(tmp_path, origin, mirror):
    for place in (mirror.host + "/proxy/hub", "http://%s/proxy/hub/" % mirror.host):
        assert Asking(tmp_path, origin, mirror, place).manifest()[0] == 0
    assert len(mirror.asked("/v2/proxy/hub/plant/server/manifests/v1")) == 2


def test_what_the_mirror_lacks(tmp_path, origin, mirror):
    mirror.answer(".*/(manifests|blobs)/.*", status(404))
    asking = Asking(tmp_path, origin, mirror)
    assert asking.manifest()[0] == 0 and asking.blob()[0] == 0
    assert len(mirror.asked("plant/server")) == 2


def test_mirror_that_is_down(tmp_path, origin, mirror):
    asking = Asking(tmp_path, origin, mirror, "127.0.0.1:1")
    assert asking.manifest("--insecure=127.0.0.1:1")[0] == 0
    mirror.answer(".*", status(503))
    asking = Asking(tmp_path, origin, mirror)
    assert asking.blob()[0] == 0
    assert len(mirror.asked("blobs")) == 2


def test_095_mirror_that_lies(tmp_path, origin, mirror):
    mirror.answer(BLOB, lambda one: one.part(b"x" * (1 << 20)))
    asking = Asking(tmp_path, origin, mirror)
    assert asking.blob()[0] == 0
    assert (tmp_path / "blob").read_bytes() == origin.bytes_of(origin.layer)
    mirror.answer(".*/manifests/.*", lambda one: one.reply(200, b"<html>", Content_Type="text/html"))
    assert asking.manifest()[0] == 0


def test_mirror_that_breaks_off(tmp_path, origin, mirror):
    data = origin.bytes_of(origin.layer)
    mirror.answer(BLOB, breaks_off(data, 400_000), status(404))
    assert Asking(tmp_path, origin, mirror).blob() == (0, "%d\n" % len(data), "")
    assert [headers.get("Range") for _, _, headers, _ in origin.asked("blobs")] == ["bytes=400000-"]
    (tmp_path / "blob").unlink()
    origin.forget()
    mirror.answer(BLOB, breaks_off(b"x" * len(data), 400_000), status(404))
    assert Asking(tmp_path, origin, mirror).blob()[0] == 0
    assert (tmp_path / "blob").read_bytes() == data
    assert [headers.get("Range") for _, _, headers, _ in origin.asked("blobs")] == \
        ["bytes=400000-", None]


def test_all_that_were_asked_are_named(tmp_path, origin, mirror):
    mirror.answer(".*/manifests/.*", status(404))
    origin.answer(".*/manifests/.*", status(403))
    code, out, text = Asking(tmp_path, origin, mirror).manifest()
    assert (code, out) == (7, "")
    assert text.startswith("registry %s, repository plant/server: manifest 'v1': it refuses us" %
                           origin.host)
    assert "; asked before that: registry %s, repository plant/server: manifest 'v1': it has no " \
        "such thing" % mirror.host in text


def test_credentials_of_the_registry_are_not_the_mirror_s(tmp_path, origin, mirror):
    config = tmp_path / ".docker/config.json"
    config.parent.mkdir()
    config.write_text(json.dumps({"auths": {origin.host: {
        "auth": base64.b64encode(b"ci:word").decode()}}}))
    for server in (mirror, origin):
        server.answer("/v2/plant/.*", guarded(["Basic Y2k6d29yZA=="], 'Basic realm="x"'))
    assert Asking(tmp_path, origin, mirror).manifest()[0] == 0
    assert [headers.get("Authorization") for _, _, headers, _ in mirror.asked("manifests")] == [None]
    assert len(origin.asked("manifests")) == 2


@pytest.mark.parametrize("text", ["x", "=x", "h.example=", "h.example=a b", "h.example=../x",
                                  "h.example=m.example/UPPER", "h.example=user@m.example",
                                  "h.example=m.example?x", "h.example=ftp"])
def test_mirror_that_is_none(tmp_path, text):
    code, _, message = ask(tmp_path, "--mirror=" + text, "h.example/a:1")
    assert code == 2 and "is no mirror" in message


def test_mirrors_of_docker_s_own_daemon(tmp_path, mirror):
    """For docker.io alone, and one without TLS only where it was named."""
    mirror.content["12"] = mirror.content["v1"]
    daemon = tmp_path / ".config/docker/daemon.json"
    daemon.parent.mkdir(parents=True)
    daemon.write_text(json.dumps({"registry-mirrors": ["http://%s/" % mirror.host]}))
    nowhere = {"https_proxy": "http://127.0.0.1:1", "no_proxy": mirror.host.partition(":")[0]}
    code, _, text = ask(tmp_path, "debian:12", insecure=[mirror.host], env=nowhere)
    assert code == 0, text
    assert mirror.asked("/v2/library/debian/manifests/12")
    mirror.seen.clear()
    code, _, text = ask(tmp_path, "--tries=1", "debian:12", env=nowhere)
    assert code == 7 and mirror.seen == [], text
    code, _, text = ask(tmp_path, "127.0.0.1:1/debian:12", insecure=[mirror.host], env=nowhere)
    assert code == 7 and mirror.seen == [], text
    daemon.write_text('{"registry-mirrors": [5]}')
    code, _, text = ask(tmp_path, "debian:12", env=nowhere)
    assert code == 3 and "mirrors in %s" % daemon in text
