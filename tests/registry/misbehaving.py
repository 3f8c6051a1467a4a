# SPDX-License-Identifier: Apache-2.0
# Copyright The handcarry authors
"""A small registry on 127.0.0.1 whose every answer a test can replace by one that no good registry
gives. What it was asked is kept, headers and all."""
import hashlib
import http.server
import json
import re
import ssl
import threading
import time

MANIFEST = "application/vnd.oci.image.manifest.v1+json"
INDEX = "application/vnd.oci.image.index.v1+json"
CONFIG = "application/vnd.oci.image.config.v1+json"
LAYER = "application/vnd.oci.image.layer.v1.tar+gzip"
NAME = "plant/server"


def digest_of(data):
    return "sha256:" + hashlib.sha256(data).hexdigest()


class Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def log_message(self, format, *args):  # pylint: disable=redefined-builtin
        pass

    def reply(self, status, body=b"", **headers):
        """Header names with _ for -; Content_Length=None leaves it out."""
        headers = {"Content_Length": len(body), **headers}
        self.send_response(status)
        for name, value in headers.items():
            for one in value if isinstance(value, list) else [value]:
                if one is not None:
                    self.send_header(name.replace("_", "-"), str(one))
        self.end_headers()
        self.wfile.write(body)

    def refuse(self, status, code="DENIED", **headers):
        self.reply(status, json.dumps({"errors": [{"code": code, "message": "no"}]}).encode(),
                   Content_Type="application/json", **headers)

    def chunk(self, data):
        self.wfile.write(b"%x\r\n%s\r\n" % (len(data), data))

    def handle_one_request(self):
        try:
            super().handle_one_request()
        except (ConnectionError, ssl.SSLError):
            self.close_connection = True

    def do_GET(self):
        length = int(self.headers.get("Content-Length") or 0)
        form = self.rfile.read(length).decode()
        server = self.server.owner
        server.seen.append((self.command, self.path, dict(self.headers), form))
        path = self.path.partition("?")[0]
        for pattern, queue in server.answers.items():
            if queue and re.fullmatch(pattern, path):
                answer = queue.pop(0) if len(queue) > 1 else queue[0]
                if answer is not None:
                    answer(self)
                    return
        self.good(server, path)

    do_POST = do_GET

    def good(self, server, path):
        """What a registry answers."""
        kind, _, what = path.rpartition("/")
        data = server.content.get(what)
        if path == "/v2/":
            self.reply(200)
        elif data is None:
            self.refuse(404, "UNKNOWN")
        elif kind.endswith("/manifests"):
            self.reply(200, data[0], Content_Type=data[1], Docker_Content_Digest=digest_of(data[0]))
        else:
            self.part(data[0])

    def part(self, data):
        asked = re.fullmatch(r"bytes=(\d+)-", self.headers.get("Range", ""))
        first = int(asked[1]) if asked else 0
        if asked and first >= len(data):
            self.reply(416)
        elif asked:
            self.reply(206, data[first:],
                       Content_Range="bytes %d-%d/%d" % (first, len(data) - 1, len(data)))
        else:
            self.reply(200, data)


class Misbehaving:
    """With `certificate` (a PEM file with its key) it speaks TLS; with `clients` (a CA) it wants a
    certificate. One image, "v1", lies in it."""

    def __init__(self, certificate=None, clients=None):
        self.seen = []
        self.answers = {}
        self.content = {}
        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.server.daemon_threads = True
        self.server.owner = self
        if certificate:
            context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            context.load_cert_chain(certificate)
            if clients:
                context.verify_mode = ssl.CERT_REQUIRED
                context.load_verify_locations(clients)
            self.server.socket = context.wrap_socket(self.server.socket, server_side=True,
                                                     do_handshake_on_connect=False)
        self.scheme = "https" if certificate else "http"
        self.host = "127.0.0.1:%d" % self.server.server_address[1]
        self.name = "%s/%s" % (self.host, NAME)
        self.url = "%s://%s" % (self.scheme, self.host)
        self.config = self.blob(b'{"architecture":"amd64","os":"linux"}')
        self.layer = self.blob(bytes(range(256)) * 4096)
        self.manifest("v1", MANIFEST, {
            "schemaVersion": 2, "mediaType": MANIFEST, "layers": [self.entry(LAYER, self.layer)],
            "config": self.entry(CONFIG, self.config)})
        threading.Thread(target=self.server.serve_forever, kwargs={"poll_interval": 0.02},
                         daemon=True).start()

    def __enter__(self):
        return self

    def forget(self):
        self.seen, self.answers = [], {}

    def __exit__(self, *exception):
        self.server.shutdown()
        self.server.server_close()

    def entry(self, kind, digest):
        return {"mediaType": kind, "digest": digest, "size": len(self.content[digest][0])}

    def blob(self, data):
        self.content[digest_of(data)] = (data, None)
        return digest_of(data)

    def bytes_of(self, digest):
        return self.content[digest][0]

    def manifest(self, tag, kind, document):
        data = document if isinstance(document, bytes) else json.dumps(document).encode()
        self.content[tag] = self.content[digest_of(data)] = (data, kind)
        return digest_of(data)

    def answer(self, pattern, *answers):
        """Each request whose path matches gets the next of `answers` (functions of a Handler; None:
        a good answer), the last for ever. Patterns given later are asked first."""
        self.answers.pop(pattern, None)
        self.answers = {pattern: list(answers), **self.answers}

    def asked(self, part=""):
        """The requests so far whose path contains part: (method, path, headers, form)."""
        return [one for one in self.seen if part in one[1]]


def guarded(accepted, *challenges):
    """Good for who says one of `accepted` (values of Authorization), else 401."""
    def answer(handler):
        if handler.headers.get("Authorization") in accepted:
            handler.good(handler.server.owner, handler.path.partition("?")[0])
        else:
            handler.refuse(401, "UNAUTHORIZED", WWW_Authenticate=list(challenges))
    return answer


def token(value, **more):
    return lambda handler: handler.reply(200, json.dumps({"token": value, **more}).encode())


def status(number, **headers):
    return lambda handler: handler.refuse(number, **headers)


def breaks_off(data, at):
    """Announces everything, sends `at` bytes, and closes."""
    def answer(handler):
        handler.send_response(200)
        handler.send_header("Content-Length", str(len(data)))
        handler.end_headers()
        handler.wfile.write(data[:at])
        handler.wfile.flush()
        handler.close_connection = True
    return answer


def endless(handler):
    """A body without a length and without an end."""
    handler.send_response(200)
    handler.send_header("Transfer-Encoding", "chunked")
    handler.end_headers()
    while True:
        handler.chunk(b"\0" * 65536)


def dripping(pause):
    def answer(handler):
        handler.send_response(200)
        handler.send_header("Content-Length", "1048576")
        handler.end_headers()
        for _ in range(200):
            handler.wfile.write(b"\0")
            handler.wfile.flush()
            time.sleep(pause)
    return answer


def redirect(url, number=307):
    return lambda handler: handler.reply(number, Location=url)
