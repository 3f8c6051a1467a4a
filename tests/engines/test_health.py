# SPDX-License-Identifier: Apache-2.0
# Copyright The handcarry authors
"""Health checks: what hangs, flaps or is missing, what is said of it, and which container counts."""
import http.server
import socket
import ssl
import subprocess
import threading
import time

import pytest

from engines.host import host, host20  # noqa: F401 pylint: disable=unused-import
from engines.images import Image, Layer, write_docker_archive


def checked(release, number, *health):
    release.fields.update(release=number, version="%d.0.0" % number)
    release.playbooks, release.health = [], list(health)
    release.write()
    return release


def failing(host, release, *health):
    """The message of an install whose check does not hold, and how long it took."""
    bundle = host.bundle(checked(release, 1, *health))
    begin = time.monotonic()
    said = host.install(bundle, status=8).stderr
    return said, time.monotonic() - begin


@pytest.fixture
def server():
    """An HTTP server that is not well and says why."""
    class Answer(http.server.BaseHTTPRequestHandler):
        def do_GET(self):
            self.send_response(503)
            self.end_headers()
            self.wfile.write(b"database: hunter2-hunter2 refused\n\x1b[31mred\n" + b"x" * 9000)

        def log_message(self, *_):
            pass
    made = http.server.HTTPServer(("127.0.0.1", 0), Answer)
    thread = threading.Thread(target=made.serve_forever)
    thread.start()
    yield made
    made.shutdown()
    thread.join()
    made.server_close()


def test_113_a_server_that_never_answers(host20, release):
    """trust.md 113"""
    with socket.socket() as listening:
        listening.bind(("127.0.0.1", 0))
        listening.listen()
        url = "http://127.0.0.1:%d/" % listening.getsockname()[1]
        said, took = failing(host20, release, {"http": url, "within": "2s"})
    assert "health of %s: not within 2 s:" % url in said and "imed out" in said
    assert took < 8


def test_113_a_command_that_hangs(host20, release):
    """trust.md 113"""
    said, took = failing(host20, release, {
        "command": ["sh", "-c", "echo waiting for the pump; sleep 1000"], "within": "2s"})
    assert "not within 2 s: it did not end in time; it said last:\n    waiting for the pump" in said
    assert took < 8


def test_113_a_script_that_is_missing(host20, release):
    """trust.md 113"""
    said, _ = failing(host20, release, {"command": ["./check-plant"], "within": "1s"})
    assert "it ended with exit code 127" in said and "cannot run './check-plant'" in said


def test_113_what_comes_up_late_is_well(host20, release, tmp_path):
    """trust.md 113: fails twice, then holds."""
    script = 'echo x >>"$0"; test $(wc -l <"$0") -ge 3'
    count = tmp_path / "count"
    host20.install(host20.bundle(checked(release, 1, {
        "command": ["sh", "-c", script, str(count)], "within": "20s"})))
    assert count.read_text() == "x\n" * 3


def test_what_a_server_says_is_masked_and_cut(host20, release, server):
    release.values = release.values + [{"name": "password", "secret": True}]
    host20.values("handcarry-test", "password: hunter2-hunter2\n")
    said, _ = failing(host20, release, {
        "http": "http://127.0.0.1:%d/" % server.server_port, "within": "1s"})
    assert "status 503, expected 2xx; it said last:\n    database: ******** refused\n    " in said
    assert "\\x1b[31mred" in said and "hunter2" not in said and len(said) < 2000


def test_a_certificate_that_the_host_does_not_believe(host20, release, server, tmp_path):
    """https is asked too, and what this host does not trust is not well."""
    made = tmp_path / "made.pem"
    subprocess.run(["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-batch", "-subj",
                    "/CN=localhost", "-keyout", made, "-out", tmp_path / "cert.pem"], check=True,
                   stderr=subprocess.DEVNULL)
    with made.open("ab") as both:
        both.write((tmp_path / "cert.pem").read_bytes())
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(made)
    server.socket = context.wrap_socket(server.socket, server_side=True)
    said, _ = failing(host20, release, {
        "http": "https://127.0.0.1:%d/" % server.server_port, "within": "2s"})
    assert "ertificate" in said and "not supported" not in said


def run_container(engine, image, script, name="hc-server", restart=None):
    made = engine.call("POST", "/containers/create", {"name": name}, {
        "Image": image, "Cmd": ["/bin/sh", "-c", script],
        "HostConfig": {"NetworkMode": "host", "RestartPolicy": restart or {}}})
    engine.call("POST", "/containers/%s/start" % made["Id"])
    return made["Id"]


def test_the_log_of_a_container_is_told(host, engine, release):
    host.install(host.bundle(checked(release, 1)))
    run_container(engine, "handcarry-test/server:1", "echo no licence >&2; exit 1")
    bundle = host.bundle(checked(release, 2, {"container": "hc-server", "within": "1s"}))
    said = host.install(bundle, status=8).stderr
    assert "the container is not running; it said last:\n    no licence" in said


def test_113_a_container_that_starts_again_and_again(host, engine, release):
    """trust.md 113: it runs whenever it is looked at, but never for long."""
    host.install(host.bundle(checked(release, 1)))
    run_container(engine, "handcarry-test/server:1", "echo up; sleep 1; exit 1",
                  restart={"Name": "always"})
    bundle = host.bundle(checked(release, 2, {"container": "hc-server", "within": "6s"}))
    said = host.install(bundle, status=8).stderr
    assert "the container has just been started" in said or "is not running" in said
    assert "it said last:\n    up" in said


def test_a_container_of_the_old_image_does_not_count(host, engine, release):
    """It runs well, but it is the one of before: by the name it was made of, or by its ID."""
    host.install(host.bundle(checked(release, 1)))
    old = engine.inspect("handcarry-test/server:1")["Id"]
    first = release.images[0]
    release.images = [Image("handcarry-test/server:1", first.layers + [Layer().file("new", b"2")])]
    bundle = host.bundle(checked(release, 2, {"container": "hc-server", "within": "3s"}))
    for reference in ("handcarry-test/server:1", old):
        running = run_container(engine, reference, "sleep 100")
        said = host.install(bundle, status=8).stderr
        assert "the container is still of an image of another release (%s" % old in said
        engine.call("DELETE", "/containers/" + running, {"force": "1"})


def test_containers_of_the_release_and_of_none_count(host, engine, release, tmp_path):
    host.install(host.bundle(checked(release, 1)))
    other = Image("elsewhere/database:9", [release.images[0].layers[0], Layer().file("other", b"1")])
    engine.load(write_docker_archive(tmp_path / "other.tar", [other]))
    run_container(engine, "handcarry-test/server:1", "sleep 100")
    run_container(engine, "elsewhere/database:9", "sleep 100", "hc-other")
    host.install(host.bundle(checked(release, 2, {"container": "hc-server", "within": "20s"},
                                     {"container": "hc-other", "within": "20s"})))
