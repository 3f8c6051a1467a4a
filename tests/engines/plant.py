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

# What is asked, in both languages.
FIRST_HALF = r"capitals do not matter\):|상관없습니다\):"
SECOND_HALF = r"ends it\):|빈 줄이면 끝\):"
PROMPTS = rf"\[y/N\]|{FIRST_HALF}|{SECOND_HALF}|installed here again:|다시 입력하십시오:"
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
CHANGES = {42: "CHG-1", 43: "CHG-7", 44: "CHG-8"}
VERSIONS = {42: "1.5.0", 43: "1.5.1", 44: "1.5.2", 45: "1.5.3"}
MOUNTS = """\
mount --make-rprivate /
for name in etc var/lib mnt media srv opt usr/local/bin; do
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
             (20 if number == 42 else 5))
    return made


class Plant:
    """Desk and host. Lines typed at either are run by run()."""

    def __init__(self, engine, language="en"):
        self.language = language
        self.folder = Path(tempfile.mkdtemp(prefix="hcd-", dir="/var/tmp"))
        self.desk, self.host = self.folder / "desk", self.folder / "host"
        self.stick = self.host / "mnt"
        for name in ("desk", "bin", "host/var/lib", "host/mnt", "host/media", "host/srv", "host/root",
                     "host/opt", "host/usr/local/bin"):
            (self.folder / name).mkdir(parents=True)
        (self.folder / "bin/handcarry").symlink_to(PROGRAM)
        shutil.copytree("/etc", self.host / "etc", symlinks=True)
        shutil.rmtree(self.host / "etc/handcarry", ignore_errors=True)
        self.process = subprocess.Popen(
            ["setpriv", "--pdeathsig", "KILL", "unshare", "--mount", "sh", "-euc", MOUNTS, self.host,
             engine.socket], stdin=subprocess.DEVNULL)
        self.status, self.carried = 0, ()
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

    def environment(self, machine):
        own = f"{self.folder}/bin:" if machine else ""
        return {"PATH": own + "/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin",
                "HOME": "/root", "LC_CTYPE": "C.UTF-8", "TERM": "dumb", "HANDCARRY_MAKER": MAKER,
                "LANG": {"en": "C.UTF-8", "ko": "ko_KR.UTF-8"}[self.language]}

    def run(self, machine, line, answers=()):
        """(exit status, what the terminal showed) of a line, and of what is asked then."""
        status, shown = type_into(self.command(machine, line), answers, self.desk,
                                  self.environment(machine))
        shown = re.sub(r"\x1b\[[0-9;?]*[A-Za-z]", "", shown).replace("\r\n", "\n")
        return status, re.sub(r"^.*\r", "", shown, flags=re.MULTILINE)

    def type(self, machine, line, shown):
        """What a line prints; what a person answers there stands in the lines shown. Between desk
        and host somebody goes with the stick."""
        if self.carried and not machine:
            self.carry(*self.carried)
            self.carried = ()
        answers = []
        for one in shown:
            asked = re.search(f"({PROMPTS}) (.+)$", one)
            if asked:
                answers.append((asked[1], self.answer(asked[1], asked[2]) + "\n"))
        self.status, said = self.run(machine, f"(exit {self.status}); {line}", answers)
        return said

    def answer(self, prompt, shown):
        """What a person types where a page shows this; fingerprints differ from run to run."""
        if re.match(FIRST_HALF, prompt):
            shown = self.fingerprint()[:32]
        elif re.match(SECOND_HALF, prompt):
            shown = self.fingerprint()[32:]
        else:
            return shown
        return " ".join(shown[at:at + 4] for at in range(0, 32, 4))

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

    def kit(self):
        """handcarry as it comes to a host that has nothing; the path of the file."""
        output = self.desk / "handcarry-kit.sh"
        if not output.exists():
            made = handcarry("kit", "-o", output, "--level", "3")
            assert made.returncode == 0, made.stderr
        return output

    def believe(self):
        """Kit, trust and values, as after the first hour."""
        if not (self.host / "opt/handcarry").exists():
            self.do(f"sh {self.kit()}")
        (self.host / "etc/handcarry").mkdir(exist_ok=True)
        (self.host / "etc/handcarry/host.yaml").write_text("name: ws-3\n")
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
            self.do(f"handcarry install {self.bundle(number)} -y --ref {CHANGES[number]}")

    def do(self, line):
        """A line that no page shows."""
        status, said = self.run("", line)
        assert status == 0, (line, said)

    def begin(self, name):
        """What lies where when the page begins."""
        self.status, self.carried = 0, ()
        getattr(self, "begin_" + name.replace("-", "_"))()

    def begin_first_hour(self):
        self.carry(self.kit().name, self.bundle(42).name)

    def begin_monthly_upgrade(self):
        self.install(42)
        self.bundle(43, "--base", self.bundle(42), more="-from-r42")
        self.carry("plant-hmi-1.5.1-r43-from-r42.tar.zst", "plant-hmi-1.5.1-r43-from-r42.tar.zst.sha256")

    def begin_damaged_stick(self):
        self.install(43)
        full, delta = self.bundle(44), self.bundle(44, "--base", self.bundle(43), more="-from-r43")
        self.carry(full.name, delta.name)
        flipped = bytearray(delta.read_bytes())
        flipped[60] ^= 1
        (self.stick / delta.name).write_bytes(flipped)
        (self.host / "media" / delta.name).write_bytes(flipped)
        os.truncate(self.stick / full.name, full.stat().st_size // 2)
        shutil.copy(full, self.host / "media")

    def begin_failed_playbook(self):
        self.install(43)
        self.carry(self.bundle(44, "--base", self.bundle(43), more="-from-r43").name)
        shutil.rmtree(self.host / "srv/archive", ignore_errors=True)

    def begin_restored_from_backup(self):
        (self.host / "srv/archive").mkdir(exist_ok=True)
        self.install(44)
        self.carry(self.bundle(44).name)
        self.do("handcarry recover --carry-back /mnt")
        shutil.rmtree(self.host / "var/lib/handcarry")

    def begin_key_rotation(self):
        (self.host / "srv/archive").mkdir(exist_ok=True)
        self.install(44)
        self.bundle(45)
        self.carried = ("2026-11.trust", self.bundle(44).name, self.bundle(45).name)

    def begin_auditors_visit(self):
        (self.host / "srv/archive").mkdir(exist_ok=True)
        self.install(44)
        self.carry(self.bundle(44).name)

    def close(self):
        self.process.send_signal(signal.SIGKILL)
        self.process.wait()
        shutil.rmtree(self.folder, ignore_errors=True)
