# SPDX-License-Identifier: Apache-2.0
# Copyright The handcarry authors
"""An engine that lies: a small HTTP server on a unix socket, with the answers a test gives it."""
import json
import socketserver
import threading
from http.server import BaseHTTPRequestHandler
from pathlib import Path

GOOD = {
    "GET /version": {"Version": "20.10.24", "Os": "linux", "Arch": "amd64"},
    "GET /info": {"Driver": "overlay2", "ID": "LIAR", "DockerRootDir": "/nowhere",
                  "DriverStatus": [["Backing Filesystem", "extfs"]]},
    "GET /images/json": [],
    "GET /_ping": "OK",
}


class Handler(BaseHTTPRequestHandler):
    """Takes any body; answers by the longest prefix of "METHOD /path" that is known, else 404."""
    protocol_version = "HTTP/1.1"

    def address_string(self):
        return "socket"

    def log_message(self, format, *args):  # pylint: disable=redefined-builtin
        pass

    def take_body(self):
        if self.headers.get("Transfer-Encoding") == "chunked":
            while (size := int(self.rfile.readline(), 16)) > 0:
                self.rfile.read(size + 2)
            self.rfile.readline()
        else:
            self.rfile.read(int(self.headers.get("Content-Length") or 0))

    def answer(self):
        line = "%s %s" % (self.command, self.path)
        self.server.asked.append(line)
        known = [key for key in self.server.answers if line.startswith(key)]
        reply = self.server.answers[max(known, key=len)] if known else None
        if reply == "die":
            self.connection.close()
            raise ConnectionError("as asked")
        self.take_body()
        status = 404 if reply is None else 200
        if isinstance(reply, tuple):
            status, reply = reply
        body = reply if isinstance(reply, bytes) else json.dumps({} if reply is None else reply).encode()
        self.send_response(status)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    do_GET = do_POST = do_DELETE = answer


class Server(socketserver.ThreadingMixIn, socketserver.UnixStreamServer):
    daemon_threads = True

    def handle_error(self, request, client_address):
        pass


class LyingEngine:
    """Use with `with`; url goes to --engine, asked lists what was asked."""

    def __init__(self, folder, **answers):
        self.socket = Path(folder) / "liar.sock"
        self.server = Server(str(self.socket), Handler)
        self.server.answers = {**GOOD, **answers}
        self.server.asked = self.asked = []
        self.url = "unix://%s" % self.socket

    def __enter__(self):
        threading.Thread(target=self.server.serve_forever, daemon=True).start()
        return self

    def __exit__(self, *_):
        self.server.shutdown()
        self.server.server_close()
