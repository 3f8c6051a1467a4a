# SPDX-License-Identifier: Apache-2.0
# Copyright The handcarry authors
"""What a registry may answer, and a good one never does: each ends as the right bytes or as a
refusal that says what came, and in bounded time."""
import time

import pytest

from registry.asked import ask
from registry.misbehaving import (CONFIG, INDEX, MANIFEST, Misbehaving, breaks_off, digest_of,
                                  dripping, endless, redirect, status)

BLOB = ".*/blobs/.*"
TAG = ".*/manifests/v1"


@pytest.fixture(scope="module", name="servers")
def fixture_servers():
    with Misbehaving() as one, Misbehaving() as other:
        yield one, other


@pytest.fixture(name="server")
def fixture_server(servers):
    servers[0].answers, servers[0].seen = {}, []
    return servers[0]


@pytest.fixture(name="other")
def fixture_other(servers):
    servers[1].answers, servers[1].seen = {}, []
    return servers[1]


def manifest(home, server, tag=":v1", more=(), hosts=()):
    return ask(home, *more, server.name + tag, insecure=[server.host, *hosts])


def refused(result, fragment, code=7):
    found, out, text = result
    assert (found, out) == (code, ""), (found, out, text)
    assert fragment in text, text
    return text


def blob(home, server, digest=None, size=None, more=(), hosts=()):
    digest = digest or server.layer
    size = len(server.bytes_of(server.layer)) if size is None else size
    return ask(home, *more, server.name, digest, size, home / "blob",
               insecure=[server.host, *hosts])


def read(home, server, travelled, **more):
    """The blob was read whole, and so many bytes of it travelled."""
    code, out, text = blob(home, server, **more)
    assert (code, out) == (0, "%d\n" % travelled), text
    assert (home / "blob").read_bytes() == server.bytes_of(server.layer)


def ranges(server):
    return [headers.get("Range") for _, _, headers, _ in server.asked("/blobs/")]


def test_manifest_by_tag_and_by_digest(tmp_path, server):
    data, kind = server.content["v1"]
    line = "%s %s %d\n" % (kind, digest_of(data), len(data))
    assert manifest(tmp_path, server) == (0, line, "")
    assert manifest(tmp_path, server, "@" + digest_of(data)) == (0, line, "")
    assert manifest(tmp_path, server, ":other@" + digest_of(data)) == (0, line, "")
    text = refused(manifest(tmp_path, server, ":v2"), "it has no such thing (UNKNOWN: no)")
    assert text.startswith("registry %s, repository plant/server: manifest 'v2': " % server.host)
    method, path, headers, _ = server.asked("manifests")[0]
    assert (method, path) == ("GET", "/v2/plant/server/manifests/v1")
    assert INDEX in headers["Accept"] and MANIFEST in headers["Accept"]
    assert headers["Accept-Encoding"] == "identity"


def test_without_tls_only_where_the_host_was_named(tmp_path, server):
    text = refused(ask(tmp_path, server.name + ":v1"), "--insecure " + server.host)
    assert "certs.d/%s/ca.crt" % server.host in text
    assert server.seen == []
    refused(ask(tmp_path, server.name + ":v1", insecure=["127.0.0.1", "localhost"]), "--insecure")
    assert server.seen == []


def test_insecure_is_for_a_host(tmp_path):
    for text in ("http://127.0.0.1:5000", "127.0.0.1/x", "", "a b", "127.0.0.1:99999"):
        code, _, message = ask(tmp_path, "127.0.0.1:1/a:1", insecure=[text])
        assert code == 2 and "is no host" in message


def test_095_manifest_with_another_digest(tmp_path, server):
    data = server.content["v1"][0]
    server.answer(".*/manifests/sha256:.*",
                  lambda one: one.reply(200, data.replace(b"2", b"3", 1), Content_Type=MANIFEST))
    refused(manifest(tmp_path, server, "@" + digest_of(data)),
            "asked for was " + digest_of(data), 3)
    server.answer(TAG, lambda one: one.reply(200, data, Content_Type=MANIFEST,
                                             Docker_Content_Digest=digest_of(b"other")))
    refused(manifest(tmp_path, server), "the registry says " + digest_of(b"other"), 3)


@pytest.mark.parametrize("kind, body, fragment", [
    ("text/html", b"<html>", "of type 'text/html'"),
    (CONFIG, b"{}", "of type '%s'" % CONFIG),
    (INDEX, b'{"schemaVersion":2,"mediaType":"%s"}' % MANIFEST.encode(), "calls itself"),
    (MANIFEST, b'{"schemaVersion":2,"mediaType":"%s"}' % INDEX.encode(), "calls itself"),
    ("application/json", b'{"schemaVersion":2}', "calls itself ''"),
    (MANIFEST, b"no JSON", "manifest"),
    (MANIFEST, b'{"schemaVersion":1,"fsLayers":[]}', "schema 1"),
    ("application/vnd.docker.distribution.manifest.v1+prettyjws",
     b'{"schemaVersion":1,"fsLayers":[]}', "schema 1"),
    (MANIFEST, b'{"schemaVersion":2,"a":1,"a":2}', "manifest"),
])
def test_096_manifest_of_another_type(tmp_path, server, kind, body, fragment):
    server.answer(TAG, lambda one: one.reply(200, body, Content_Type=kind))
    refused(manifest(tmp_path, server), fragment, 3)


def test_type_from_the_body_where_the_server_knows_none(tmp_path, server):
    data = server.content["v1"][0]
    server.answer(TAG, lambda one: one.reply(200, data, Content_Type=None),
                  lambda one: one.reply(200, data, Content_Type="application/json; charset=utf-8"))
    for _ in range(2):
        assert manifest(tmp_path, server)[1].startswith(MANIFEST + " ")


def test_manifest_without_end(tmp_path, server):
    server.answer(TAG, endless)
    refused(manifest(tmp_path, server), "more than 4194304 bytes", 3)
    server.answer(TAG, lambda one: one.reply(200, b" " * 4194305, Content_Type=MANIFEST))
    refused(manifest(tmp_path, server), "more than 4194304 bytes", 3)
    assert len(server.asked("manifests")) == 2


def test_refusal_without_end(tmp_path, server):
    def answer(one):
        one.send_response(403)
        one.send_header("Transfer-Encoding", "chunked")
        one.end_headers()
        while True:
            one.chunk(b"<" * 65536)
    server.answer(BLOB, answer)
    refused(blob(tmp_path, server), "HTTP status 403")


def test_headers_without_end(tmp_path, server):
    def answer(one):
        one.send_response(200)
        while True:
            one.send_header("X-Filler", "x" * 900)
            one.flush_headers()
    server.answer(TAG, answer)
    refused(manifest(tmp_path, server), "65536 bytes of headers", 3)
    server.answer(TAG, lambda one: one.reply(200, X_Long="x" * 200_000))
    found, _, text = manifest(tmp_path, server, more=["--tries=1"])
    assert found in (3, 7), text


@pytest.mark.parametrize("number", [408, 429, 500, 502, 503, 504])
def test_status_that_passes(tmp_path, server, number):
    server.answer(TAG, status(number), status(number), None)
    assert manifest(tmp_path, server)[0] == 0
    server.answer(BLOB, status(number), None)
    read(tmp_path, server, 1 << 20)
    assert (len(server.asked("manifests")), len(server.asked("blobs"))) == (3, 2)


@pytest.mark.parametrize("number", [429, 503])
def test_status_that_never_passes(tmp_path, server, number):
    server.answer(".*", status(number))
    refused(manifest(tmp_path, server), "HTTP status %d (DENIED: no)" % number)
    refused(blob(tmp_path, server), "HTTP status %d" % number)
    assert (len(server.asked("manifests")), len(server.asked("blobs"))) == (5, 5)


@pytest.mark.parametrize("number", [400, 403, 404, 418, 501])
def test_status_that_is_final(tmp_path, server, number):
    server.answer(".*/(manifests|blobs)/.*", status(number))
    refused(manifest(tmp_path, server), "no such thing" if number == 404 else "HTTP status")
    refused(blob(tmp_path, server), "blob " + server.layer)
    assert (len(server.asked("manifests")), len(server.asked("blobs"))) == (1, 1)


def test_retry_after_is_kept_and_bounded(tmp_path, server):
    server.answer(TAG, status(429, Retry_After="1"), None)
    start = time.monotonic()
    assert manifest(tmp_path, server)[0] == 0
    assert time.monotonic() - start >= 1
    server.answer(TAG, status(429, Retry_After="86400"))
    start = time.monotonic()
    refused(manifest(tmp_path, server), "asks to wait")
    assert time.monotonic() - start < 5


def test_text_of_a_refusal_is_made_fit_to_read(tmp_path, server):
    body = b'{"errors":[{"code":"\\u001b[31mX","message":"' + b"y" * 3000 + b'"}]}'
    server.answer(TAG, lambda one: one.reply(403, body))
    text = refused(manifest(tmp_path, server), "\\x1b[31mX")
    assert "\x1b" not in text and len(text) < 600


def test_nobody_answers(tmp_path):
    start = time.monotonic()
    refused(ask(tmp_path, "127.0.0.1:1/a/b:1"), "127.0.0.1:1")
    refused(ask(tmp_path, "127.0.0.1:1/a/b:1", insecure=["127.0.0.1:1"]), "127.0.0.1:1")
    assert time.monotonic() - start < 10


def test_095_blob_with_other_bytes(tmp_path, server):
    data = server.bytes_of(server.layer)
    server.answer(BLOB, lambda one: one.part(b"x" + data[1:]))
    text = refused(blob(tmp_path, server), digest_of(b"x" + data[1:]), 3)
    assert server.layer + " is expected" in text
    assert text.startswith("registry %s, repository plant/server: blob sha256:" % server.host)
    assert (tmp_path / "blob").read_bytes() == b""
    assert len(server.asked("blobs")) == 1


def test_blob_longer_than_announced(tmp_path, server):
    data = server.bytes_of(server.layer)
    server.answer(BLOB, lambda one: one.reply(200, data + b"x"))
    refused(blob(tmp_path, server), "announces 1048577 bytes; the manifest says 1048576", 3)
    server.answer(BLOB, endless)
    refused(blob(tmp_path, server), "more comes than the 1048576 bytes", 3)
    assert (tmp_path / "blob").stat().st_size <= 1 << 20


def test_blob_shorter_than_announced(tmp_path, server):
    data = server.bytes_of(server.layer)
    server.answer(BLOB, lambda one: one.reply(200, data[:-1]))
    refused(blob(tmp_path, server), "announces 1048575 bytes", 3)

    def short(one):
        one.send_response(200)
        one.send_header("Transfer-Encoding", "chunked")
        one.end_headers()
        one.chunk(data[:1000])
        one.chunk(b"")
    server.answer(BLOB, short)
    refused(blob(tmp_path, server), "it ends at byte 1000 of 1048576", 3)
    assert len(server.asked("blobs")) == 1 + 5


def test_blob_of_no_bytes(tmp_path, server):
    assert blob(tmp_path, server, digest_of(b""), 0) == (0, "0\n", "")
    refused(blob(tmp_path, server, digest_of(b"x"), 0), digest_of(b""), 3)
    assert server.asked("blobs") == []


def test_broken_connections_go_on_where_they_broke(tmp_path, server):
    data = server.bytes_of(server.layer)
    server.answer(BLOB, breaks_off(data, 300_000), breaks_off(data[300_000:], 0), None)
    server.answer(BLOB, breaks_off(data, 300_000), None)
    read(tmp_path, server, 1 << 20)
    first, second = ranges(server)
    assert first is None and second == "bytes=300000-"


def test_connection_that_always_breaks(tmp_path, server):
    data = server.bytes_of(server.layer)
    server.answer(BLOB, breaks_off(data, 0))
    refused(blob(tmp_path, server), "no whole answer from http://" + server.host)
    assert len(server.asked("blobs")) == 5


def test_what_came_stays_for_the_next_time(tmp_path, server):
    data = server.bytes_of(server.layer)
    server.answer(BLOB, breaks_off(data, 700_000), status(403))
    refused(blob(tmp_path, server), "HTTP status 403")
    assert (tmp_path / "blob").read_bytes() == data[:700_000]
    server.answers = {}
    read(tmp_path, server, len(data) - 700_000)
    assert ranges(server)[-1] == "bytes=700000-"
    server.seen.clear()
    read(tmp_path, server, 0)
    assert server.asked("blobs") == []


def test_what_is_there_and_wrong_is_read_anew(tmp_path, server):
    data = server.bytes_of(server.layer)
    for kept in (b"x" * 1000, b"x" * len(data), data + b"x"):
        (tmp_path / "blob").write_bytes(kept)
        code, _, text = blob(tmp_path, server)
        assert code == 0, text
        assert (tmp_path / "blob").read_bytes() == data


def test_095_kept_part_and_a_server_that_is_wrong_too(tmp_path, server):
    (tmp_path / "blob").write_bytes(b"x" * 1000)
    other = b"y" * (1 << 20)
    server.answer(BLOB, lambda one: one.part(other))
    refused(blob(tmp_path, server), digest_of(other), 3)
    assert (tmp_path / "blob").read_bytes() == b""
    assert len(server.asked("blobs")) == 2


def test_range_that_is_ignored(tmp_path, server):
    data = server.bytes_of(server.layer)
    (tmp_path / "blob").write_bytes(data[:500_000])
    server.answer(BLOB, lambda one: one.reply(200, data))
    read(tmp_path, server, len(data) - 500_000)
    assert len(server.asked("blobs")) == 1


@pytest.mark.parametrize("said", ["bytes 0-1048575/1048576", "bytes 500000-1048575/1048577",
                                  "bytes 500001-1048575/1048576", "bytes 500000-1048576/*",
                                  "bytes */1048576", "500000-1048575/1048576", "bytes 9-5/10",
                                  "bytes 18446744073709551616-1/2", "", None])
def test_range_that_lies(tmp_path, server, said):
    data = server.bytes_of(server.layer)
    (tmp_path / "blob").write_bytes(data[:500_000])
    server.answer(BLOB, lambda one: one.reply(206, data[500_000:], Content_Range=said), None)
    read(tmp_path, server, len(data) - 500_000)
    assert ranges(server) == ["bytes=500000-", None]


def test_range_without_a_total_and_range_in_parts(tmp_path, server):
    data = server.bytes_of(server.layer)
    (tmp_path / "blob").write_bytes(data[:500_000])
    server.answer(
        BLOB, lambda one: one.reply(206, data[500_000:600_000],
                                    Content_Range="bytes 500000-599999/*"), None)
    read(tmp_path, server, len(data) - 500_000)
    assert ranges(server) == ["bytes=500000-", "bytes=600000-"]


def test_range_that_can_not_be_had(tmp_path, server):
    data = server.bytes_of(server.layer)
    (tmp_path / "blob").write_bytes(data[:500_000])
    server.answer(BLOB, status(416), None)
    read(tmp_path, server, len(data) - 500_000)
    assert ranges(server) == ["bytes=500000-", None]


def test_part_that_nobody_asked_for(tmp_path, server):
    data = server.bytes_of(server.layer)
    server.answer(".*/(manifests|blobs)/.*", lambda one: one.reply(
        206, data[:100], Content_Type=MANIFEST, Content_Range="bytes 0-99/1048576"))
    refused(blob(tmp_path, server), "HTTP status 206")
    refused(manifest(tmp_path, server), "HTTP status 206")


def test_answer_that_drips(tmp_path, server):
    server.answer(BLOB, dripping(0.05))
    start = time.monotonic()
    refused(blob(tmp_path, server, more=["--slow=1", "--tries=2"]), "no whole answer")
    assert time.monotonic() - start < 20


def test_redirects_are_followed(tmp_path, server, other):
    def elsewhere(one):
        redirect("http://%s%s?signature=secret" % (other.host, one.path), 302)(one)
    server.answer(BLOB, redirect("/elsewhere", 307))
    server.answer("/elsewhere", redirect("http://%s/v2/x/blobs/%s?signature=secret" %
                                         (other.host, server.layer), 302))
    read(tmp_path, server, 1 << 20, hosts=[other.host])
    assert len(other.asked("signature=secret")) == 1
    server.answer(TAG, elsewhere)
    assert manifest(tmp_path, server, hosts=[other.host])[0] == 0
    other.answer(".*", status(500))
    text = refused(manifest(tmp_path, server, hosts=[other.host]), "HTTP status 500")
    assert "secret" not in text


def test_redirects_without_end(tmp_path, server):
    server.answer(BLOB, lambda one: redirect(one.path)(one))
    refused(blob(tmp_path, server), "more than 10 times")
    assert len(server.asked("blobs")) == 11


def test_redirect_to_a_host_that_was_not_named(tmp_path, server, other):
    server.answer(BLOB, lambda one: redirect("http://%s%s" % (other.host, one.path))(one))
    refused(blob(tmp_path, server), "--insecure " + other.host)
    assert other.seen == []


@pytest.mark.parametrize("where", ["file:///etc/passwd", "ftp://127.0.0.1/x", "gopher://127.0.0.1/",
                                   "http://user:word@127.0.0.1/", "http://user@127.0.0.1/",
                                   "http://", "http://[", "//user:word@127.0.0.1/x"])
def test_redirect_to_what_is_no_place(tmp_path, server, where):
    server.answer(BLOB, redirect(where))
    text = refused(blob(tmp_path, server), "it names a place", 3)
    assert "word" not in text.replace("password", "")
    assert len(server.asked("blobs")) == 1
