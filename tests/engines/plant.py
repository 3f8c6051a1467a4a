# SPDX-License-Identifier: Apache-2.0
# Copyright The handcarry authors
"""What the pages in docs/ are run on: a desk that packs and signs, and one host with an engine, whose
/etc, /var/lib, /run, /mnt and /srv are its own, so that commands are typed as on a real one."""
import hashlib
import os
import re
import shutil
import signal
import subprocess
import tempfile
from pathlib import Path

from engines.images import Image, Layer, busybox_layer, text
from engines.release import Release
from keytools import type_into
from program import MAKER, PROGRAM, handcarry

PROMPTS = r"\[y/N\]|\(spaces do not matter\):|installed here again:"
PLAY = """\
- name: Plant HMI
  hosts: localhost
  connection: local
  gather_facts: false
  tasks:
"""
ARCHIVE = """\
    - name: Write to the archive
      ansible.builtin.command: touch /srv/archive/plant-hmi
"""
START = """\
    - name: Start the server
      ansible.builtin.shell: >
        docker rm --force plant-hmi-server;
        docker run --detach --network none --name plant-hmi-server
        {{ handcarry.images['plant-hmi/server:' + handcarry.version].ref }}
"""
REMOVE = """\
    - name: Remove the server
      ansible.builtin.command: docker rm --force plant-hmi-server
"""
VERSIONS = {42: "1.5.0", 43: "1.5.1", 44: "1.5.2"}
MOUNTS = """\
mount --make-rprivate /
for name in etc var/lib mnt srv; do
    mkdir -p "/$name"
    mount --bind "$0/$name" "/$name"
done
mount -t tmpfs tmpfs /run
touch /run/docker.sock
mount --bind "$1" /run/docker.sock
exec sleep infinity
"""


def release_of(folder, number):
    """The folder of one release of plant-hmi; what changes from one to the next is little."""
    version = VERSIONS[number]
    made = Release(folder / f"r{number}", [Image(f"plant-hmi/server:{version}", [
        busybox_layer(), Layer().folder("srv").file("srv/words", text(7, 20000)),
        Layer().file("srv/version", version.encode())], {"Cmd": ["/bin/sleep", "100000"]})])
    made.fields.update(product="plant-hmi", version=version, release=number)
    made.values = [{"name": "public_name", "description": "name that operators type in the browser"}]
    made.configs = [{"from": "configs/server.ini", "to": "/etc/plant-hmi/server.ini",
                     "template": True}]
    made.playbooks = [{"path": "playbooks/site.yml", "run": "install"},
                      {"path": "playbooks/remove.yml", "run": "remove"}]
    made.health = [{"container": "plant-hmi-server", "within": "20s"}]
    made.write()
    made.put("playbooks/site.yml", PLAY + (ARCHIVE if number >= 44 else "") + START)
    made.put("playbooks/remove.yml", PLAY + REMOVE)
    made.put("configs/server.ini", "[server]\ntitle = {{ public_name }}\nlimit = %d\n" %
             {42: 20, 43: 5, 44: 5}[number])
    return made


class Plant:
    """Desk and host. Lines typed at either are run by run()."""

    def __init__(self, engine):
        self.folder = Path(tempfile.mkdtemp(prefix="hcd-", dir="/var/tmp"))
        self.desk, self.host = self.folder / "desk", self.folder / "host"
        self.stick = self.host / "mnt"
        for name in ("desk", "bin", "host/var/lib", "host/mnt", "host/srv", "host/root"):
            (self.folder / name).mkdir(parents=True)
        (self.folder / "bin/handcarry").symlink_to(PROGRAM)
        shutil.copytree("/etc", self.host / "etc", symlinks=True)
        shutil.rmtree(self.host / "etc/handcarry", ignore_errors=True)
        (self.host / "etc/handcarry").mkdir()
        (self.host / "etc/handcarry/host.yaml").write_text("name: ws-3\nsite: plant-a\n")
        self.process = subprocess.Popen(
            ["setpriv", "--pdeathsig", "KILL", "unshare", "--mount", "sh", "-euc", MOUNTS, self.host,
             engine.socket], stdin=subprocess.DEVNULL)
        self.status = 0
        made = handcarry("trust", "init", "--no-password", cwd=self.desk)
        assert made.returncode == 0, made.stderr

    def bundle(self, number, *options, more=""):
        """Packs and signs a release at the desk, once; the path of its bundle."""
        source = self.folder / "sources" / f"r{number}"
        if not source.exists():
            release_of(self.folder / "sources", number)
        output = self.desk / f"plant-hmi-{VERSIONS[number]}-r{number}{more}.tar.zst"
        if output.exists():
            return output
        made = handcarry("bundle", source / "release.yaml", "-o", output, "--trust",
                         self.desk / "trust", "--sign", self.desk / "release.key", *options,
                         env={**os.environ, "PATH": str(self.desk)})
        assert made.returncode == 0, made.stderr
        return output

    def command(self, machine, line):
        """The argument list that runs a line as typed at that machine."""
        if machine:
            return ["bash", "-c", line]
        return ["nsenter", "--mount", f"--target={self.process.pid}", "bash", "-c",
                f"cd /root && {line}"]

    def environment(self):
        return {"PATH": f"{self.folder}/bin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin",
                "HOME": "/root", "LC_ALL": "C.UTF-8", "TERM": "dumb", "HANDCARRY_MAKER": MAKER}

    def run(self, machine, line, answers=()):
        """(exit status, what the terminal showed) of a line, and of what is asked then."""
        status, shown = type_into(self.command(machine, line), answers, self.desk,
                                  self.environment())
        shown = re.sub(r"\x1b\[[0-9;?]*[A-Za-z]", "", shown).replace("\r\n", "\n")
        return status, re.sub(r"^.*\r", "", shown, flags=re.MULTILINE)

    def type(self, machine, line, shown):
        """What a line prints; what a person answers there stands in the lines shown."""
        answers = []
        for one in shown:
            asked = re.search(f"({PROMPTS}) (.+)$", one)
            if asked:
                answers.append((asked[1], self.answer(asked[2]) + "\n"))
        self.status, said = self.run(machine, f"(exit {self.status}); {line}", answers)
        return said

    def answer(self, shown):
        """What a person types where a page shows this; fingerprints differ from run to run."""
        return self.fingerprint() if re.match(r"([0-9a-f]{4} ){4}", shown) else shown

    def fingerprint(self):
        """Of the newest trust root, as it stands on paper."""
        newest = max((self.desk / "trust").glob("*.root.yaml"), key=lambda path: int(path.name.split(".")[0]))
        return hashlib.sha256(newest.read_bytes()).hexdigest()

    def carry(self, *names):
        """Empties the stick and puts these of the desk's files there."""
        for path in self.stick.iterdir():
            shutil.rmtree(path) if path.is_dir() else path.unlink()
        for name in names:
            path = self.desk / name
            (shutil.copytree if path.is_dir() else shutil.copy)(path, self.stick / path.name)

    def believe(self):
        """Trust and values, as after the first hour."""
        if not (self.host / "etc/handcarry/trust").exists():
            self.do(f"handcarry trust import {self.desk}/trust --fingerprint {self.fingerprint()}")
        values = self.host / "etc/handcarry/values/plant-hmi.yaml"
        values.parent.mkdir(exist_ok=True)
        values.write_text("public_name: hmi.plant.example\n")
        values.chmod(0o600)

    def install(self, number):
        """The host as it is once this release is installed, if it is not yet."""
        self.believe()
        if not (self.host / f"var/lib/handcarry/plant-hmi/r{number}").exists():
            self.do(f"handcarry install {self.bundle(number)} -y")

    def do(self, line):
        """A line that no page shows."""
        status, said = self.run("", line)
        assert status == 0, (line, said)

    def begin(self, name):
        """What lies where when the page begins."""
        self.status = 0
        getattr(self, "begin_" + name.replace("-", "_"))()

    def begin_monthly_upgrade(self):
        self.install(42)
        self.bundle(43, "--base", self.bundle(42), more="-from-r42")
        self.carry("plant-hmi-1.5.1-r43-from-r42.tar.zst", "plant-hmi-1.5.1-r43-from-r42.tar.zst.sha256")

    def close(self):
        self.process.send_signal(signal.SIGKILL)
        self.process.wait()
        shutil.rmtree(self.folder, ignore_errors=True)
