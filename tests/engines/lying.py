# SPDX-License-Identifier: Apache-2.0
# Copyright The handcarry authors
"""An engine that lies: a small HTTP server on a unix socket, with the answers a test gives it."""
import http.client
import json
import socket
import socketserver
import threading
from http.server import BaseHTTPRequestHandler
from pathlib import Path

GOOD = {
    "GET /version": {"Version": "20.10.24", "Os": "linux", "Arch": "amd64"},
    "GET /info": {"Driver": "overlay2", "ID": "LIAR", "DockerRootDir": "/nowhere",
                  "DriverStatus": [["Backing Filesystem", "extfs"]]},
    "GET /images/json": [],
    "GET /containers/json": [],
    "GET /_ping": "OK",
}


class Once:
    """An answer that is given once."""

    def __init__(self, reply):
        self.reply = reply


class Change:
    """The real engine's answer, as change makes it (JSON in, JSON out)."""

    def __init__(self, change):
        self.change = change


class Before:
    """Something that happens before the real engine is asked."""

    def __init__(self, action):
        self.action = action


class After:
    """Something that happens when the real engine has done what it was asked; nobody hears of it."""

    def __init__(self, action):
        self.action = action


class Handler(BaseHTTPRequestHandler):
    """Takes any body; answers by the longest prefix of "METHOD /path" that is known, else 404. An
    answer that is a function is asked with the whole line."""
    protocol_version = "HTTP/1.1"

    def address_string(self):
        return "socket"

    def log_message(self, format, *args):  # pylint: disable=redefined-builtin
        pass

    def take_body(self):
        if self.headers.get("Transfer-Encoding") != "chunked":
            return self.rfile.read(int(self.headers.get("Content-Length") or 0))
        body = b""
        while (size := int(self.rfile.readline(), 16)) > 0:
            body += self.rfile.read(size + 2)[:-2]
        self.rfile.readline()
        return body

    def ask_real(self, body):
        """(status, body) of the real engine behind."""
        connection = http.client.HTTPConnection("engine")
        connection.sock = socket.socket(socket.AF_UNIX)
        connection.sock.connect(self.server.real)
        kind = {"Content-Type": self.headers.get("Content-Type") or "application/json"}
        connection.request(self.command, self.path, body, kind)
        reply = connection.getresponse()
        return reply.status, reply.read()

    def answer(self):
        line = "%s %s" % (self.command, self.path)
        self.server.asked.append(line)
        known = [key for key in self.server.answers if line.startswith(key)]
        reply = self.server.answers[max(known, key=len)] if known else None
        if callable(reply):
            reply = reply(line)
        if reply == "die":
            self.connection.close()
            raise ConnectionError("as asked")
        body = self.take_body()
        status = 404 if reply is None else 200
        if isinstance(reply, Once):
            self.server.answers.pop(max(known, key=len))
            reply = reply.reply
        if isinstance(reply, Before):
            reply.action()
            reply = None
        if isinstance(reply, After):
            self.ask_real(body)
            reply.action()
            self.connection.close()
            raise ConnectionError("as asked")
        if reply is None and self.server.real:
            reply = self.ask_real(body)
        if isinstance(reply, Change):
            status, real = self.ask_real(body)
            reply = (status, reply.change(json.loads(real)) if status == 200 else real)
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

    def __init__(self, folder, real=None, **answers):
        """With real, the socket of an engine, it lies only where told to."""
        self.socket = Path(folder) / "liar.sock"
        self.server = Server(str(self.socket), Handler)
        self.server.real = str(real) if real else None
        self.server.answers = answers if real else {**GOOD, **answers}
        self.server.asked = self.asked = []
        self.url = "unix://%s" % self.socket

    def __enter__(self):
        threading.Thread(target=self.server.serve_forever, daemon=True).start()
        return self

    def __exit__(self, *_):
        self.server.shutdown()
        self.server.server_close()
        self.socket.unlink()
