# SPDX-License-Identifier: Apache-2.0
# Copyright The handcarry authors
"""Real engines on private sockets. Each runs in a mount and a process namespace of its own, so
that killing one process ends the engine, its containers and its mounts."""
import json
import os
import shutil
import signal
import subprocess
import tempfile
import time
from pathlib import Path

from engines import api, roots

LAUNCH = Path(__file__).with_name("launch.sh")
START_SECONDS = 60


class Kind:
    """How to start one engine: its release of Debian, program, arguments and store."""

    def __init__(self, codename, program, store):
        self.codename = codename
        self.program = program
        self.store = store

    def command(self, folder, parent):
        """The command line of an engine whose data lie below folder."""
        if self.program == "podman":
            return ["podman", "--root", folder / "root", "--runroot", folder / "exec",
                    "--tmpdir", folder / "tmp", "--storage-driver", "overlay",
                    "--cgroup-manager", "cgroupfs", "--events-backend", "file",
                    "system", "service", "--time=0", "unix://%s" % (folder / "engine.sock")]
        settings = {"features": {"containerd-snapshotter": self.store == "containerd"}}
        (folder / "daemon.json").write_text(json.dumps(
            settings if self.codename != "bookworm" else {}))
        return ["dockerd", "--config-file", folder / "daemon.json", "--data-root", folder / "root",
                "--exec-root", folder / "exec", "--pidfile", folder / "pid",
                "--host", "unix://%s" % (folder / "engine.sock"), "--bridge=none",
                "--iptables=false", "--ip6tables=false", "--cgroup-parent", "/" + parent,
                "--exec-opt", "native.cgroupdriver=cgroupfs"]


KINDS = {
    "docker20": Kind("bookworm", "dockerd", "overlay2"),
    "docker26": Kind("trixie", "dockerd", "overlay2"),
    "docker26_containerd": Kind("trixie", "dockerd", "containerd"),
    "podman4": Kind("bookworm", "podman", "podman"),
    "podman5": Kind("trixie", "podman", "podman"),
}


class Engine:
    """One engine: name, store ("overlay2", "containerd" or "podman"), socket, data_root."""

    def __init__(self, name):
        self.name = name
        self.kind = KINDS[name]
        self.store = self.kind.store
        if os.geteuid() != 0:
            raise roots.Missing("starting an engine needs root")
        self.from_root = roots.root_of(self.kind.codename, self.kind.program)
        # Short, as a socket's path is limited to 107 bytes.
        self.folder = Path(tempfile.mkdtemp(prefix="hce-", dir="/var/tmp"))
        self.socket = self.folder / "engine.sock"
        self.data_root = self.folder / "root"
        self.log = self.folder / "log"
        self.cgroup = self.folder.name
        self.process = None
        (self.folder / "over").mkdir()

    @property
    def url(self):
        """The engine's address, as DOCKER_HOST and --engine take it."""
        return "unix://%s" % self.socket

    def start(self):
        """Starts the engine and waits until it answers."""
        self.socket.unlink(missing_ok=True)
        (self.folder / "pid").unlink(missing_ok=True)
        # As after a reboot: process numbers written there would name other processes by now.
        for gone in ("exec", "tmp"):
            shutil.rmtree(self.folder / gone, ignore_errors=True)
        command = ["setpriv", "--pdeathsig", "KILL", "unshare", "--mount", "--pid", "--fork",
                   "--kill-child", LAUNCH, self.from_root, self.folder]
        command += self.kind.command(self.folder, self.cgroup)
        environment = {"PATH": "/usr/local/sbin:/usr/sbin:/usr/bin:/sbin:/bin", "HOME": "/root"}
        with open(self.log, "ab") as log:
            self.process = subprocess.Popen(command, env=environment, stdin=subprocess.DEVNULL,
                                            stdout=log, stderr=log, start_new_session=True)
        self.wait_until_it_answers()

    def wait_until_it_answers(self):
        end = time.monotonic() + START_SECONDS
        while time.monotonic() < end and self.process.poll() is None:
            try:
                self.call("GET", "/_ping", timeout=5)
                return
            except (OSError, api.ApiError):
                time.sleep(0.05)
        last = self.log.read_text(errors="replace").strip().splitlines()[-3:]
        self.kill()
        raise RuntimeError("%s does not answer: %s" % (self.name, " / ".join(last)))

    def is_running(self):
        return self.process is not None and self.process.poll() is None

    def children(self):
        """The engine's own process, which is the first of its namespace."""
        try:
            listed = Path("/proc/{0}/task/{0}/children".format(self.process.pid)).read_text()
        except OSError:
            return []
        return [int(pid) for pid in listed.split()]

    def kill(self):
        """Ends engine and containers at once, as a power cut would; the data stay."""
        if self.process is None:
            return
        # The first process of the namespace: it is gone only when all others there are.
        for child in self.children():
            os.kill(child, signal.SIGKILL)
        try:
            self.process.wait(10)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
        self.process = None
        self.remove_cgroups()

    def terminate(self):
        """Asks the engine to end, and makes it after ten seconds."""
        if not self.is_running():
            return
        for child in self.children():
            os.kill(child, signal.SIGTERM)
        try:
            self.process.wait(10)
        except subprocess.TimeoutExpired:
            pass
        self.kill()

    def restart(self):
        """Ends the engine in order and starts it again on the same data."""
        self.terminate()
        self.start()

    def stop(self):
        """Ends the engine and removes everything it had."""
        self.kill()
        shutil.rmtree(self.folder, ignore_errors=True)

    def remove_cgroups(self):
        top = Path("/sys/fs/cgroup")
        for place in list(top.glob("*/" + self.cgroup)) + [top / self.cgroup]:
            for here, _, _ in os.walk(place, topdown=False):
                try:
                    os.rmdir(here)
                except OSError:
                    pass

    def call(self, method, path, query=None, value=None, timeout=300):
        """One request; value goes as JSON; the answer's JSON, or its bytes where it is none."""
        try:
            return api.call_json(self.socket, method, path, query, value, timeout)
        except ValueError:
            return None

    def info(self):
        return self.call("GET", "/info")

    def version(self):
        return self.call("GET", "/version")["Version"]

    def shown(self, name):
        """How this engine lists an image of that name: Podman puts "localhost/" before it."""
        return "localhost/" + name if self.store == "podman" else name

    def images(self):
        """{"NAME:TAG": id} of every named image, and {id: id} of those without a name."""
        found = {}
        for image in self.call("GET", "/images/json"):
            names = [n for n in image.get("RepoTags") or [] if n != "<none>:<none>"]
            found.update({name: image["Id"] for name in names or [image["Id"]]})
        return found

    def inspect(self, image):
        """What the engine knows about an image, or None where it has none of that name."""
        try:
            return self.call("GET", "/images/%s/json" % image)
        except api.ApiError as error:
            if error.status == 404:
                return None
            raise

    def load(self, archive):
        """Loads an archive; raises api.ApiError where the engine reports a failure."""
        return api.upload(self.socket, "/images/load", {"quiet": "1"}, archive)

    def save(self, names, archive):
        """What `docker save NAMES` writes with this engine."""
        api.download(self.socket, "/images/get", [("names", name) for name in names], archive)

    def tag(self, image, name):
        repository, tag = name.rsplit(":", 1)
        self.call("POST", "/images/%s/tag" % image, {"repo": repository, "tag": tag})

    def run(self, image, *command):
        """(exit status, output) of a command in a new container, which is removed."""
        made = self.call("POST", "/containers/create", value={
            "Image": image, "Cmd": list(command), "Tty": True,
            "HostConfig": {"NetworkMode": "host"}})
        path = "/containers/" + made["Id"]
        try:
            self.call("POST", path + "/start")
            status = self.call("POST", path + "/wait")["StatusCode"]
            output = api.call(self.socket, "GET", path + "/logs", {"stdout": 1, "stderr": 1})
        finally:
            self.call("DELETE", path, {"force": "1"})
        return status, output.decode("utf-8", "replace").replace("\r\n", "\n")

    def exec(self, image, *command):
        """(exit status, output) of a command in a container that runs already and is removed."""
        made = self.call("POST", "/containers/create", value={
            "Image": image, "Cmd": ["sleep", "60"], "HostConfig": {"NetworkMode": "host"}})
        path = "/containers/" + made["Id"]
        try:
            self.call("POST", path + "/start")
            run = "/exec/" + self.call("POST", path + "/exec", value={
                "Cmd": list(command), "Tty": True, "AttachStdout": True})["Id"]
            output = api.call(self.socket, "POST", run + "/start", body=b'{"Tty":true}')
            status = self.call("GET", run + "/json")["ExitCode"]
        finally:
            self.call("DELETE", path, {"force": "1"})
        return status, output.decode("utf-8", "replace")

    def containers(self):
        return self.call("GET", "/containers/json", {"all": "1"})

    def remove_all(self):
        """Takes away every container, image and volume."""
        for container in self.containers():
            self.call("DELETE", "/containers/" + container["Id"], {"force": "1", "v": "1"})
        for _ in range(4):
            left = self.call("GET", "/images/json", {"all": "1"})
            for image in left:
                self.remove_image(image["Id"])
            if not left:
                break
        for volume in self.call("GET", "/volumes").get("Volumes") or []:
            self.call("DELETE", "/volumes/" + volume["Name"], {"force": "1"})

    def remove_image(self, image):
        """Removes an image with all its names; one that is a parent of another goes later."""
        try:
            self.call("DELETE", "/images/" + image, {"force": "1"})
        except api.ApiError as error:
            if error.status not in (404, 409):
                raise

    def docker(self, *arguments, **options):
        """Runs the docker program against this engine; the caller checks the status."""
        return subprocess.run(["docker", "--host", self.url, *map(str, arguments)], text=True,
                              stdout=subprocess.PIPE, stderr=subprocess.STDOUT, check=False,
                              **options)
