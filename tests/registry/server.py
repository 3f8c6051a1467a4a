# SPDX-License-Identifier: Apache-2.0
# Copyright The handcarry authors
"""Debian's docker-registry on a port of 127.0.0.1: TLS by a CA of its own, one user by htpasswd,
filled by skopeo. What it was asked is read from its log.

    with Server(tmp_path) as server:
        server.push("oci:layout:tag", "plant/server:1")
        env = server.environment(tmp_path / "home")     # HOME with the CA and the credentials
        "docker://" + server.name("plant/server:1")
        server.requests()                               # [("GET", "/v2/…", 200), …]
"""
import base64
import json
import os
import re
import shutil
import socket
import subprocess
import time

from registry.certificates import Authority

PROGRAM = "docker-registry"
USER, PASSWORD = "ci", "s3cr3t:with colon"
# bcrypt of PASSWORD; htpasswd is in a package of its own.
HTPASSWD = USER + ":$2y$05$abcdefghijklmnopqrstuuKPJ9WNUKO1eWFFbRBsVLSwUXR8ZMZK2\n"
REQUEST = re.compile(r'"([A-Z]+) (\S+) HTTP/1\.[01]" (\d+) ')


def missing():
    """The program that is not installed, or None."""
    return next((name for name in (PROGRAM, "skopeo", "openssl") if not shutil.which(name)), None)


def free_port():
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        return one.getsockname()[1]


class Server:
    def __init__(self, folder, tls=True, password=True):
        self.folder = folder / "registry"
        self.folder.mkdir(parents=True)
        self.tls, self.password = tls, password
        self.host = "127.0.0.1:%d" % free_port()
        self.log = self.folder / "log"
        self.process = None
        self.pushing = self.folder / "pushing"
        if tls:
            self.authority = Authority(self.folder / "ca")
            self.certificate = self.authority.issue("server")
        (self.folder / "config.yml").write_text(json.dumps(self.config()))
        (self.folder / "htpasswd").write_text(HTPASSWD)
        self.environment(self.pushing)

    def config(self):
        http = {"addr": self.host}
        if self.tls:
            http["tls"] = {"certificate": str(self.certificate[0]), "key": str(self.certificate[1])}
        auth = {"htpasswd": {"realm": "tests", "path": str(self.folder / "htpasswd")}}
        return {"version": "0.1", "http": http, "log": {"accesslog": {"disabled": False}},
                "storage": {"filesystem": {"rootdirectory": str(self.folder / "data")}},
                **({"auth": auth} if self.password else {})}

    def __enter__(self):
        self.start()
        return self

    def __exit__(self, *exception):
        self.stop()

    def start(self):
        with open(self.log, "ab") as log:
            self.process = subprocess.Popen(  # pylint: disable=consider-using-with
                [PROGRAM, "serve", self.folder / "config.yml"], stdin=subprocess.DEVNULL,
                stdout=log, stderr=subprocess.STDOUT, env={**os.environ, "OTEL_TRACES_EXPORTER": "none"})
        host, _, port = self.host.partition(":")
        for _ in range(500):
            with socket.socket() as one:
                if one.connect_ex((host, int(port))) == 0:
                    return
            if self.process.poll() is not None:
                break
            time.sleep(0.02)
        raise RuntimeError("docker-registry does not start: " + self.log.read_text()[-2000:])

    def stop(self):
        if self.process:
            self.process.terminate()
            self.process.wait(10)
            self.process = None

    def name(self, image):
        return "%s/%s" % (self.host, image)

    def environment(self, home):
        """Makes a HOME that knows the CA and the user; the variables to set for a program."""
        (home / ".docker").mkdir(parents=True, exist_ok=True)
        config = home / ".docker/config.json"
        known = json.loads(config.read_text()) if config.exists() else {"auths": {}}
        if self.password:
            both = "%s:%s" % (USER, PASSWORD)
            known["auths"][self.host] = {"auth": base64.b64encode(both.encode()).decode()}
        config.write_text(json.dumps(known))
        if self.tls:
            certs = home / ".config/containers/certs.d" / self.host
            certs.mkdir(parents=True, exist_ok=True)
            shutil.copy(self.authority.certificate, certs / "ca.crt")
        return {"HOME": str(home), "XDG_RUNTIME_DIR": str(home / "run"),
                "DOCKER_CONFIG": str(home / ".docker")}

    def push(self, source, image, *options):
        """source as skopeo names it."""
        certs = ["--dest-cert-dir", self.pushing / ".config/containers/certs.d" / self.host] \
            if self.tls else ["--dest-tls-verify=false"]
        done = subprocess.run(["skopeo", "--insecure-policy", "copy", "--quiet", *options, *certs,
                        "--dest-authfile", self.pushing / ".docker/config.json", source,
                        "docker://" + self.name(image)],
                       check=False, stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
        assert done.returncode == 0, done.stdout.decode()

    def requests(self, part=""):
        """(method, path, status) of what was asked since forget(), where the path contains part."""
        self.settle()
        found = REQUEST.findall(self.log.read_text())
        return [(method, path, int(status)) for method, path, status in found if part in path]

    def settle(self):
        """The registry writes the line of a request after its answer."""
        length = -1
        while length != (length := self.log.stat().st_size):
            time.sleep(0.1)

    def forget(self):
        self.settle()
        os.truncate(self.log, 0)
