# SPDX-License-Identifier: Apache-2.0
# Copyright The handcarry authors
"""An engine's HTTP interface over its unix socket, with nothing but the standard library."""
import contextlib
import http.client
import json
import shutil
import socket
import urllib.parse


class ApiError(Exception):
    """The engine answered with an error."""

    def __init__(self, status, text):
        super().__init__("HTTP %d: %s" % (status, text))
        self.status = status


class Connection(http.client.HTTPConnection):
    """HTTP over AF_UNIX."""

    def __init__(self, path, timeout):
        super().__init__("localhost", timeout=timeout)
        self.path = str(path)

    def connect(self):
        self.sock = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        self.sock.settimeout(self.timeout)
        self.sock.connect(self.path)


def path_of(path, query):
    return path + ("?" + urllib.parse.urlencode(query) if query else "")


def open_answer(socket_path, method, path, query=None, body=None, kind="application/json",
                timeout=300):
    """(connection, answer) of one request; raises ApiError for a status of 400 and above."""
    connection = Connection(socket_path, timeout)
    headers = {"Content-Type": kind} if body is not None else {}
    connection.request(method, path_of(path, query), body=body, headers=headers)
    answer = connection.getresponse()
    if answer.status >= 400:
        text = answer.read().decode("utf-8", "replace").strip()
        connection.close()
        raise ApiError(answer.status, text)
    return connection, answer


def call(socket_path, method, path, query=None, body=None, kind="application/json", timeout=300):
    """The whole body of the answer."""
    connection, answer = open_answer(socket_path, method, path, query, body, kind, timeout)
    with contextlib.closing(connection):
        return answer.read()


def call_json(socket_path, method, path, query=None, value=None, timeout=300):
    """Sends value as JSON; the answer as JSON, or None where it is empty."""
    body = None if value is None else json.dumps(value).encode()
    data = call(socket_path, method, path, query, body, timeout=timeout)
    return json.loads(data) if data.strip() else None


def download(socket_path, path, query, target, timeout=300):
    """Writes the body of a GET into the file target."""
    connection, answer = open_answer(socket_path, "GET", path, query, timeout=timeout)
    with contextlib.closing(connection), open(target, "wb") as file:
        shutil.copyfileobj(answer, file, 1 << 20)


def upload(socket_path, path, query, source, timeout=300):
    """Sends the file source as a tar; returns the answer's text. Engines report a failed load as
    an object with "error" inside an answer of status 200: that raises ApiError, too."""
    with open(source, "rb") as file:
        text = call(socket_path, "POST", path, query, file, "application/x-tar", timeout)
    for line in text.splitlines():
        try:
            said = json.loads(line)
        except ValueError:
            continue
        if isinstance(said, dict) and "error" in said:
            raise ApiError(200, said["error"])
    return text.decode("utf-8", "replace")
