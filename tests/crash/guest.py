# SPDX-License-Identifier: Apache-2.0
# Copyright The handcarry authors
"""A machine with Debian's kernel, systemd, dockerd and handcarry, whose plug is pulled."""
import os
import re
import shutil
import signal
import subprocess
import time
from pathlib import Path

from crash.disks import run
from crash.world import write_release
from engines.host import believe
from engines.roots import CACHE, MIRROR, Missing
from program import PROGRAM, handcarry

PACKAGES = ["linux-image-amd64", "initramfs-tools", "systemd-sysv", "dbus", "kmod", "docker.io",
            "libarchive13", "libglib2.0-0", "libjson-glib-1.0-0", "libyaml-0-2", "libsodium23",
            "libcurl3-gnutls", "libseccomp2", "libdivsufsort3", "libelf1", "libqrencode4",
            "libostree-1-1", "zstd"]
INSTALL = """\
mount -t proc proc "$0/proc"
mount --rbind /dev "$0/dev"
export DEBIAN_FRONTEND=noninteractive LC_ALL=C
mkdir -p "$0/etc/initramfs-tools/conf.d"
echo MODULES=list >"$0/etc/initramfs-tools/conf.d/small"
printf 'virtio_pci\\nvirtio_blk\\next4\\ncrc32c_generic\\n' >"$0/etc/initramfs-tools/modules"
chroot "$0" apt-get -q update
chroot "$0" apt-get -q -y --no-install-recommends install "$@"
chroot "$0" apt-get clean
"""
# Says on the console what it finds after boot, then changes the host again and again.
LOOP = """\
#!/bin/sh
exec >/dev/ttyS0 2>&1
wrong() { echo "VERDICT wrong: $*"; exit 1; }
unit=$(systemctl show -p Result --value handcarry-recover.service)
[ "$unit" = success ] || wrong "handcarry-recover.service: $unit: $(journalctl -u handcarry-recover -o cat)"
[ ! -e /var/lib/handcarry/journal ] || wrong "there is a journal after boot"
said=$(handcarry recover 2>&1) || wrong "recover: $said"
if [ ! -e /var/lib/handcarry/crash-0/current ]; then
    said=$(handcarry install /stick/r1.tar.zst -y 2>&1) || wrong "the first install: $said"
fi
number=$(readlink /var/lib/handcarry/crash-0/current | tr -d r)
[ "$(docker image inspect -f '{{.Id}}' crash-0/server:stable)" = "$(cat /stick/server.$number)" ] ||
    wrong "release $number, but server:stable is another image"
docker image inspect crash-0/web:$number >/dev/null || wrong "release $number, but no web:$number"
docker save crash-0/server:stable crash-0/web:$number >/dev/null || wrong "an image is broken"
grep -q "^release $number$" /srv/target/etc/server.conf || wrong "release $number, other server.conf"
[ -e /srv/target/etc/only$number.conf ] || wrong "release $number, no only$number.conf"
[ ! -e /srv/target/etc/only$((3 - number)).conf ] || wrong "release $number, and the other's config"
grep -q "a of $number" /srv/target/extra/a || wrong "release $number, other files"
left=$(find /srv/target /var/lib/handcarry -name '.*.handcarry-*' -o -name 'frames-*' -o -name '*.new')
[ -z "$left" ] || wrong "left over: $left"
! docker image ls --format '{{.Repository}}' | grep -q handcarry.local/tmp || wrong "temporary names"
said=$(handcarry status 2>&1) || wrong "status: $said"
said=$(handcarry history --verify 2>&1) || wrong "history --verify: $said"
echo "VERDICT fine: release $number"
while :; do
    case $number in
        1) said=$(handcarry install /stick/r2.tar.zst -y 2>&1) || wrong "install: $said"; number=2 ;;
        2) said=$(handcarry rollback crash-0 -y 2>&1) || wrong "rollback: $said"; number=1 ;;
    esac
    echo "RAN $number"
done
"""
UNIT = """\
[Unit]
After=handcarry-recover.service docker.service
Wants=docker.service
[Service]
ExecStart=/usr/local/bin/loop
[Install]
WantedBy=multi-user.target
"""
DAEMON = '{"bridge": "none", "iptables": false, "ip6tables": false}\n'


def root():
    """Debian 12 with a kernel, made once, and again where it lacks a package."""
    folder = CACHE / "guest-bookworm"
    listed = folder / "var/lib/dpkg/info"
    if all(list(listed.glob(name + ".list")) + list(listed.glob(name + ":*.list"))
           for name in PACKAGES):
        return folder
    part = folder.with_name(folder.name + ".part")
    shutil.rmtree(part, ignore_errors=True)
    part.parent.mkdir(parents=True, exist_ok=True)
    try:
        run("debootstrap", "--variant=minbase", "bookworm", part, MIRROR)
        shutil.copyfile("/etc/resolv.conf", part / "etc/resolv.conf")
        run("unshare", "--mount", "--propagation", "private", "sh", "-euc", INSTALL, part,
            *PACKAGES)
    except AssertionError as error:
        shutil.rmtree(part, ignore_errors=True)
        raise Missing("no root for the guest: %s" % str(error)[-300:]) from error
    shutil.rmtree(folder, ignore_errors=True)
    part.rename(folder)
    return folder


def put(path, text, mode=0o644):
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)
    path.chmod(mode)


def write_stick(folder, guest):
    """Trust and two bundles into the guest's root."""
    made = handcarry("trust", "init", "--trust", folder / "trust", "--keys", folder / "keys",
                     "--no-password")
    assert made.returncode == 0, made.stderr
    believe(guest, folder / "trust")
    (guest / "stick").mkdir()
    for number in (1, 2):
        release = write_release(folder / ("r%d" % number), "crash-0", 0, number,
                                Path("/srv/target"))
        made = handcarry("bundle", release.folder / "release.yaml", "-o",
                         guest / ("stick/r%d.tar.zst" % number), "--trust", folder / "trust",
                         "--sign", folder / "keys/release.key")
        assert made.returncode == 0, made.stderr
        put(guest / ("stick/server.%d" % number), release.images[0].id() + "\n")


def accelerator(kernel, initrd):
    """KVM's options where a kernel says something with it: nested in another machine it may hang
    or end at once. Else the emulator's."""
    kvm = ["-accel", "kvm", "-cpu", "host,-arch-capabilities"]
    probe = ["qemu-system-x86_64", *kvm, "-m", "512", "-nodefaults", "-display", "none",
             "-no-reboot", "-serial", "stdio", "-kernel", kernel, "-initrd", initrd, "-append",
             "console=ttyS0 panic=-1"]
    try:
        ran = subprocess.run(probe, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                             stderr=subprocess.DEVNULL, timeout=20, check=False)
    except subprocess.TimeoutExpired:
        return ["-accel", "tcg,thread=multi", "-cpu", "max"]
    return kvm if b"Linux version" in ran.stdout else ["-accel", "tcg,thread=multi", "-cpu", "max"]


class Guest:
    """Its disk, and the machine while it runs."""

    def __init__(self, folder):
        if shutil.which("qemu-system-x86_64") is None:
            raise Missing("qemu-system-x86_64 is not installed")
        if os.uname().machine != "x86_64":
            raise Missing("the guest is an amd64 machine")
        self.folder = Path(folder)
        self.disk = self.folder / "disk"
        self.console = self.folder / "console"
        self.process = None
        copy = self.folder / "root"
        run("cp", "-a", root(), copy)
        self.fill(copy)
        with open(self.disk, "wb") as file:
            file.truncate(3 << 30)
        run("mkfs.ext4", "-q", "-F", "-d", copy, self.disk)
        for name in ("vmlinuz", "initrd.img"):
            shutil.copyfile(sorted((copy / "boot").glob(name + "-*"))[-1], self.folder / name)
        shutil.rmtree(copy)
        self.speed = accelerator(self.folder / "vmlinuz", self.folder / "initrd.img")

    def fill(self, guest):
        write_stick(self.folder, guest)
        shutil.copy(PROGRAM, guest / "usr/bin/handcarry")
        unit = (Path(PROGRAM).parent / "install/handcarry-recover.service").read_text()
        put(guest / "etc/systemd/system/handcarry-recover.service",
            re.sub(r"(?m)^ExecStart=\S+", "ExecStart=/usr/bin/handcarry", unit))
        put(guest / "etc/systemd/system/loop.service", UNIT)
        put(guest / "usr/local/bin/loop", LOOP, 0o755)
        put(guest / "etc/docker/daemon.json", DAEMON)
        put(guest / "etc/fstab", "/dev/vda / ext4 defaults 0 1\n")
        run("chroot", guest, "systemctl", "enable", "handcarry-recover", "loop", "docker")
        run("chroot", guest, "systemctl", "mask", "serial-getty@ttyS0")

    def start(self, cache):
        self.console.unlink(missing_ok=True)
        self.process = subprocess.Popen(
            ["qemu-system-x86_64", *self.speed, "-m", "1024", "-smp", "2", "-nodefaults", "-display",
             "none", "-no-reboot", "-nic", "none", "-serial", "file:%s" % self.console,
             "-kernel", self.folder / "vmlinuz", "-initrd", self.folder / "initrd.img",
             "-append", "root=/dev/vda rw console=ttyS0 quiet panic=-1",
             "-drive", "file=%s,format=raw,if=virtio,cache=%s" % (self.disk, cache)],
            stdin=subprocess.DEVNULL)

    def said(self):
        try:
            return self.console.read_text(errors="replace")
        except OSError:
            return ""

    def wait_for(self, word, seconds):
        """The first line that holds the word."""
        end = time.monotonic() + seconds
        while time.monotonic() < end and self.process.poll() is None:
            lines = [line for line in self.said().splitlines(True)
                     if word in line and line.endswith("\n")]
            if lines:
                return lines[0].strip()
            time.sleep(0.02)
        return None

    def kill(self):
        self.process.send_signal(signal.SIGKILL)
        self.process.wait()
