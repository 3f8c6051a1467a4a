# SPDX-License-Identifier: Apache-2.0
# Copyright The handcarry authors
"""What installs and uninstalls a kit, in roots that have busybox or dash and nothing else. The
content is tiny but where it is what counts: test_kit.py installs a real one."""
import os
import re
import shutil
import signal
import subprocess
import time

import pytest

import kits

OLD, NOW, NEXT = "0.0.8", "0.0.9", "0.1.9"
BASE = "opt/handcarry"


@pytest.fixture(name="tiny", scope="module")
def fixture_tiny(kit_shelf, tmp_path_factory):
    """Three versions: folders, and scripts NAME.sh beside them."""
    folder = tmp_path_factory.mktemp("tiny")
    made = {}
    for version in (OLD, NOW, NEXT):
        made[version] = kits.Tiny(folder, kit_shelf.folder, version)
        made[version].script(folder / f"{version}.sh", kit_shelf.script)
    made["real"] = kit_shelf.script
    return made


class Host(kits.Root):
    """A root with a stick that has all three."""

    def __init__(self, path, tiny, shell):
        super().__init__(path, shell)
        self.tiny = tiny
        for version in (OLD, NOW, NEXT):
            shutil.copy(tiny[version].folder.parent / f"{version}.sh", path / "stick")

    def install(self, version=NOW, *options):
        return self.run("sh", f"/stick/{version}.sh", *options)

    def says(self):
        return self.run("/usr/local/bin/handcarry").stdout.strip()

    def everything(self):
        """All files but what is no part of a kit's work."""
        return {name: what for name, what in self.files().items()
                if name.split("/")[0] not in ("bin", "dev", "proc", "stick", "lib", "lib64")}


@pytest.fixture(name="host", params=["ash", "dash"])
def fixture_host(request, tiny, tmp_path):
    return Host(tmp_path / "root", tiny, request.param)


@pytest.fixture(name="dash")
def fixture_dash(tiny, tmp_path):
    return Host(tmp_path / "root", tiny, "dash")


def done(ran, *said):
    assert ran.returncode == 0 and ran.stderr == "", (ran.stdout, ran.stderr)
    for text in said:
        assert text in ran.stdout, ran.stdout
    return ran


def refused(ran, status, *said):
    assert ran.returncode == status, (ran.returncode, ran.stdout, ran.stderr)
    for text in said:
        assert text in ran.stderr, ran.stderr


def test_an_upgrade_keeps_the_version_before_and_one_only(host):
    done(host.install(OLD), f"handcarry {OLD} is installed in /{BASE}/{OLD}")
    done(host.install(NOW), f"{OLD} is kept")
    assert host.says() == f"handcarry {NOW}"
    done(host.install(NEXT), f"{NOW} is kept", f"removed   version {OLD}")
    assert sorted(os.listdir(host.path / BASE)) == [NOW, NEXT, "current", "previous"]
    back = host.run(f"/{BASE}/{NOW}/install")
    done(back, f"handcarry {NOW} is installed", f"{NEXT} is kept")
    assert host.says() == f"handcarry {NOW}"
    done(host.run(f"/{BASE}/{NOW}/uninstall"), f"current   version {NEXT} again")
    assert host.says() == f"handcarry {NEXT}"
    (host.path / "etc/handcarry").mkdir()
    (host.path / "var/lib/handcarry").mkdir()
    done(host.run(f"/{BASE}/{NEXT}/uninstall"), "kept      /etc/handcarry and /var/lib/handcarry")
    assert set(host.everything()) >= {"etc/handcarry", "var/lib/handcarry"}
    assert not [name for name in host.everything() if name.startswith((BASE, "usr/local/bin/"))]


def test_uninstall_all_removes_every_version(dash):
    before = dash.everything()
    done(dash.install(OLD))
    done(dash.install(NOW))
    (dash.path / "var/lib/handcarry").mkdir()
    (dash.path / "var/lib/handcarry/journal").write_text("")
    refused(dash.run(f"/{BASE}/{NOW}/uninstall", "--all"), 75, "handcarry recover")
    assert dash.says() == f"handcarry {NOW}"
    shutil.rmtree(dash.path / "var/lib/handcarry")
    done(dash.run(f"/{BASE}/{OLD}/uninstall", "--all"), f"version {OLD}", f"version {NOW}")
    assert set(dash.everything()) - set(before) == {"opt", "usr", "usr/local", "usr/local/bin"}


def test_030_the_same_again_changes_nothing_and_damage_is_repaired(host):
    done(host.install())
    before = host.everything()
    done(host.install(), "nothing changed")
    assert host.everything() == before
    page = host.path / BASE / NOW / "share/man/man1/handcarry-plan.1"
    page.write_text("damaged\n")
    done(host.install(), f"repaired  /{BASE}/{NOW}/share/man/man1/handcarry-plan.1")
    done(host.run("sh", "-c", f"cd /{BASE}/{NOW} && sha256sum -c SHA256SUMS"))
    assert host.everything() == before


@pytest.mark.parametrize("change, said", [
    (lambda data: data[:-1] + bytes([data[-1] ^ 1]), "SHA-256 of its content is"),
    (lambda data: data[:-100], "is damaged: it has"),
    (lambda data: data + b"x", "is damaged: it has"),
    (lambda data: data.replace(b"payload_sum=", b"payload_sum=0", 1)[:-1], "copy it again"),
], ids=["bit", "cut", "longer", "sum"])
def test_049_a_damaged_kit_changes_nothing(dash, change, said):
    before = dash.everything()
    kit = dash.path / f"stick/{NOW}.sh"
    kit.write_bytes(change(kit.read_bytes()))
    for options in ([], ["--check"]):
        refused(dash.install(NOW, *options), 3, said)
    assert set(dash.everything()) - set(before) <= {"opt", "usr", "usr/local", "usr/local/bin"}


def test_048_a_script_that_is_cut_off_anywhere_runs_nothing(host):
    before = host.everything()
    kit = host.path / f"stick/{NOW}.sh"
    script = kit.read_bytes()
    end = script.index(b'\nmain "$@"\n}\n')
    for at in (*(match.end() for match in re.finditer(rb"\n}\n\n", script[:end])), end, end + 12):
        kit.write_bytes(script[:at])
        assert host.install().returncode != 0, at
    assert host.everything() == before


def test_055_a_kit_that_lies_about_its_files_is_not_installed(dash):
    """A good sum over content that is not what its own list says."""
    tiny = kits.Tiny(dash.path / "tmp", dash.tiny[NOW].folder, NOW)
    tiny.put("bin/handcarry", kits.SAYS.format(NOW) + "# another one\n")
    tiny.script(dash.path / f"stick/{NOW}.sh", dash.tiny["real"])
    refused(dash.install(), 3, "bin/handcarry: FAILED", "nothing was changed")
    assert not (dash.path / BASE).exists()


def test_a_kit_says_whether_it_is_whole(host):
    before = host.everything()
    ran = done(host.install(NOW, "--check"), "ok: the content has the SHA-256", "Who made it")
    assert host.everything() == before and "installed" not in ran.stdout
    shutil.copytree(host.tiny[NOW].folder, host.path / "stick/kit")
    done(host.run("sh", "/stick/kit/install", "--check"), "ok: every file is as")
    (host.path / "stick/kit/bin/handcarry").write_text("")
    refused(host.run("sh", "/stick/kit/install"), 3, "bin/handcarry: FAILED")


def test_the_folder_installs_from_a_stick_without_modes(dash):
    shutil.copytree(dash.tiny[NOW].folder, dash.path / "stick/kit")
    for path in (dash.path / "stick/kit").rglob("*"):
        path.chmod(0o777)
        os.chown(path, 1000, 1000)
    (dash.path / "stick/kit/bin/._handcarry").write_text("of another system")
    done(dash.run("sh", "/stick/kit/install"))
    assert dash.says() == f"handcarry {NOW}"
    found = dash.files(BASE)
    assert f"{BASE}/{NOW}/bin/._handcarry" not in found
    assert found[f"{BASE}/{NOW}/SHA256SUMS"][0] == 0o644
    assert found[f"{BASE}/{NOW}/bin/handcarry"][0] == 0o755 and found[f"{BASE}/{NOW}/bin"] == 0o755
    assert (dash.path / BASE / NOW / "bin/handcarry").stat().st_uid == 0


def test_anothers_file_or_link_is_not_replaced(dash):
    for make in (lambda path: path.write_text("theirs"), lambda path: path.symlink_to("/bin/busybox")):
        link = dash.path / "usr/local/bin/handcarry"
        link.parent.mkdir(parents=True, exist_ok=True)
        make(link)
        before = dash.everything()
        refused(dash.install(), 5, "another program's", "nothing was changed")
        assert dash.everything() == before
        link.unlink()


def test_034_another_machines_kit_is_refused(dash):
    dash.tiny[NOW].script(dash.path / f"stick/{NOW}.sh", dash.tiny["real"], machine="sparc9")
    refused(dash.install(), 5, "this kit is for sparc9", "nothing was changed")


def test_a_program_that_does_not_start_is_not_made_current(dash):
    done(dash.install(OLD))
    for name, said in ((f"lib/{dash.tiny[NOW].loader}", "does not start on this machine"),
                       ("bin/handcarry", f"does not start from /{BASE}/{NOW}")):
        tiny = kits.Tiny(dash.path / "tmp" / name, dash.tiny[NOW].folder, NOW)
        tiny.put(name, "#!/bin/sh\necho FATAL: kernel too old >&2\nexit 127\n")
        tiny.seal()
        tiny.script(dash.path / f"stick/{NOW}.sh", dash.tiny["real"])
        refused(dash.install(), 1, said, "kernel too old")
        assert dash.says() == f"handcarry {OLD}"
        assert sorted(os.listdir(dash.path / BASE)) == [OLD, "current"]


def test_the_unit_is_placed_where_systemd_is(dash):
    systemd = dash.path / "usr/lib/systemd/systemd"
    systemd.parent.mkdir(parents=True)
    systemd.write_text("")
    systemd.chmod(0o755)
    units = dash.path / "etc/systemd/system"
    done(dash.install(), "boot      handcarry-recover.service ends")
    unit = (units / "handcarry-recover.service").read_text()
    assert "ExecStart=/opt/handcarry/current/bin/handcarry recover --boot" in unit
    assert os.readlink(units / "multi-user.target.wants/handcarry-recover.service") == \
        "/etc/systemd/system/handcarry-recover.service"
    done(dash.install(), "nothing changed")
    done(dash.run(f"/{BASE}/{NOW}/uninstall"))
    assert dash.files("etc/systemd/system") == {"etc/systemd/system/multi-user.target.wants": 0o755}
    (units / "handcarry-recover.service").write_text("theirs\n")
    done(dash.install(), "is not the kit's and stays as it is")
    done(dash.run(f"/{BASE}/{NOW}/uninstall"))
    assert (units / "handcarry-recover.service").read_text() == "theirs\n"


def test_a_root_is_said_and_081_none_is_left_by_a_link(dash, tmp_path):
    other = dash.path / "tmp/other"
    (other / "etc").mkdir(parents=True)
    before = {name for name in dash.everything() if not name.startswith("tmp")}
    done(dash.install(NOW, "--root", "/tmp/other"), f"is installed in /tmp/other/{BASE}/{NOW}")
    assert os.readlink(other / "usr/local/bin/handcarry") == "/opt/handcarry/current/bin/handcarry"
    done(dash.run(f"/tmp/other/{BASE}/{NOW}/uninstall", "--root=/tmp/other"))
    assert before == {name for name in dash.everything() if not name.startswith("tmp")}
    shutil.rmtree(other / "opt")
    (dash.path / "tmp/elsewhere").mkdir()
    (other / "opt").symlink_to("/tmp/elsewhere")
    refused(dash.install(NOW, "--root", "/tmp/other"), 5, "leads out of /tmp/other")
    assert not os.listdir(dash.path / "tmp/elsewhere")


def test_what_is_not_meant_is_said(host):
    refused(host.install(NOW, "--rot"), 2, "unknown option --rot")
    refused(host.install(NOW, "--root"), 2, "needs a folder")
    refused(host.install(NOW, "--root", "/none"), 2, "no such folder")
    help_text = done(host.install(NOW, "--help")).stdout
    assert help_text.startswith(f"Usage: {NOW}.sh [options]")
    assert max(map(len, help_text.splitlines())) <= 80
    refused(host.run("sh", "-c", f"sh </stick/{NOW}.sh"), 2, "run as a file")
    done(host.install())
    done(host.run(f"/{BASE}/{NOW}/uninstall", "--help"))
    refused(host.run(f"/{BASE}/{NOW}/uninstall", "now"), 2, "unknown option now")


def test_119_the_callers_settings_decide_nothing(dash):
    """Its umask, its language, options of tools, and a PATH that leads to the stick."""
    (dash.path / "stick/tar").write_text("#!/bin/sh\n: >/tmp/ran\n")
    (dash.path / "stick/tar").chmod(0o755)
    command = "cd /stick; umask 077; export PATH=.:$PATH TAR_OPTIONS=--nonsense GZIP=-1 LC_ALL=ko_KR.UTF-8 " \
              f"CDPATH=/stick; exec sh {NOW}.sh"
    done(dash.run("sh", "-c", command))
    assert not (dash.path / "tmp/ran").exists()
    assert dash.files(BASE)[f"{BASE}/{NOW}/bin/handcarry"][0] == 0o755


def mounted(host, mount, *command):
    """Runs a command in the host with a mount that only it sees."""
    return subprocess.run(
        ["unshare", "--mount", "--propagation", "private", "sh", "-euc",
         f'{mount}\nmount -t proc proc "$0/proc"\nexec chroot "$0" "$@"', str(host.path), *command],
        capture_output=True, text=True, timeout=60, check=False, stdin=subprocess.DEVNULL,
        env={"PATH": "/usr/sbin:/usr/bin:/sbin:/bin"})


@pytest.mark.parametrize("place", ["opt", "usr/local/bin"])
def test_109_a_read_only_place_changes_nothing(host, place):
    (host.path / "opt").mkdir()
    (host.path / "usr/local/bin").mkdir(parents=True)
    before = host.everything()
    ran = mounted(host, f'mount --bind -o ro "$0/{place}" "$0/{place}"\n'
                  f'mount -o remount,bind,ro "$0/{place}"', "sh", f"/stick/{NOW}.sh")
    assert ran.returncode == 1 and "nothing was changed" in ran.stderr, ran.stderr
    assert host.everything() == before


def full_disk(host):
    """Installs more than fits on /opt; what is left there is printed."""
    big = kits.Tiny(host.path / "tmp", host.tiny[NOW].folder, NOW)
    (big.folder / "lib/libbig.so").write_bytes(os.urandom(2 << 20))
    big.seal()
    big.script(host.path / f"stick/{NOW}.sh", host.tiny["real"], room=3000)
    (host.path / "opt").mkdir()
    return mounted(host, 'mount -t tmpfs -o size=1m tmpfs "$0/opt"', "sh", "-c",
                   f"sh /stick/{NOW}.sh; status=$?; ls -A /opt/handcarry 2>&-; exit $status")


def test_109_a_full_disk_is_seen_before_anything_is_written(host):
    ran = full_disk(host)
    refused(ran, 6, "not enough space in /opt/handcarry: needs", "nothing was changed")
    assert ran.stdout == "", "something is left"


def test_109_a_full_disk_is_found_where_it_was_not_seen(dash):
    (dash.path / "bin/df").unlink()
    (dash.path / "bin/df").write_text("#!/bin/sh\n[ -d /opt/handcarry/.new ] && exec /bin/busybox df \"$@\"\n")
    (dash.path / "bin/df").chmod(0o755)
    ran = full_disk(dash)
    refused(ran, 6, "No space left", "not enough space in /opt/handcarry: needs", "nothing was changed")
    assert ran.stdout == "", "something is left"


HOLD = """\
mkdir -p /opt/handcarry
read -r line </proc/$$/stat
set -- ${line##*)}
shift 19
echo "$$ $1" >/opt/handcarry/.lock
: >/tmp/held
exec sleep 60
"""


def test_110_a_second_one_is_refused_and_a_killed_one_blocks_nobody(host):
    done(host.install(OLD))
    first = host.start("sh", "-c", HOLD)
    while not (host.path / "tmp/held").exists():
        assert first.poll() is None
        time.sleep(0.02)
    before = host.everything()
    for command in (("sh", f"/stick/{NEXT}.sh"), (f"/{BASE}/{OLD}/uninstall",)):
        refused(host.run(*command), 75, "another install or uninstall is under way")
    assert host.everything() == before
    os.killpg(first.pid, signal.SIGKILL)
    first.wait()
    (host.path / BASE / ".new").mkdir()
    done(host.install(NOW), f"handcarry {NOW} is installed")
    assert sorted(os.listdir(host.path / BASE)) == [OLD, NOW, "current", "previous"]
    (host.path / BASE / ".lock").write_text("")
    done(host.run(f"/{BASE}/{NOW}/uninstall", "--all"))


TOOLS = ("mkdir", "ln", "mv", "rm", "rmdir", "cp", "chmod", "chown", "tar", "tail", "sync", "find")
COUNTED = """\
#!/bin/busybox sh
n=$(($(/bin/busybox cat /tmp/calls) + 1))
echo $n >/tmp/calls
if [ $n = "$(/bin/busybox cat /tmp/last)" ]; then
    kill -9 $PPID
    exit 1
fi
exec /bin/busybox {} "$@"
"""


def count_calls(host):
    """Each tool that changes something is counted, and kills the shell that calls it at one call."""
    for tool in TOOLS:
        path = host.path / "bin" / tool
        path.unlink()
        path.write_text(COUNTED.format(tool))
        path.chmod(0o755)


def run_until(host, call, *command):
    (host.path / "tmp/calls").write_text("0")
    (host.path / "tmp/last").write_text(str(call))
    ran = host.run(*command)
    return ran, int((host.path / "tmp/calls").read_text())


def test_107_a_kill_at_any_call_leaves_a_version_that_runs(dash):
    """From one version to the next; the same kit again ends it. All calls with HANDCARRY_KIT_KILLS."""
    done(dash.install(OLD))
    done(dash.install(NOW))
    keep = dash.path.parent / "keep"
    shutil.copytree(dash.path / BASE, keep, symlinks=True)
    count_calls(dash)
    _, calls = run_until(dash, 0, "sh", f"/stick/{NEXT}.sh")
    assert dash.says() == f"handcarry {NEXT}" and calls > 30
    step = 1 if os.environ.get("HANDCARRY_KIT_KILLS") else 4
    for call in range(1, calls + 1, step):
        shutil.rmtree(dash.path / BASE)
        shutil.copytree(keep, dash.path / BASE, symlinks=True)
        ran, _ = run_until(dash, call, "sh", f"/stick/{NEXT}.sh")
        assert ran.returncode != 0, call
        assert dash.says() in (f"handcarry {NOW}", f"handcarry {NEXT}"), call
        ran, _ = run_until(dash, 0, "sh", f"/stick/{NEXT}.sh")
        assert ran.returncode == 0, (call, ran.stderr)
        assert dash.says() == f"handcarry {NEXT}", call
        assert sorted(os.listdir(dash.path / BASE)) == [NOW, NEXT, "current", "previous"], call
        assert os.listdir(dash.path / "usr/local/bin") == ["handcarry"], call


def test_107_a_killed_uninstall_is_ended_by_either(dash):
    """By itself where it is still there, and by the kit in any case."""
    done(dash.install(NOW))
    keep = dash.path.parent / "keep"
    shutil.copytree(dash.path / BASE, keep, symlinks=True)
    count_calls(dash)
    _, calls = run_until(dash, 0, f"/{BASE}/{NOW}/uninstall", "--all")
    assert not (dash.path / BASE).exists() and calls > 8
    for call in range(1, calls + 1, 1 if os.environ.get("HANDCARRY_KIT_KILLS") else 3):
        shutil.rmtree(dash.path / BASE, ignore_errors=True)
        shutil.copytree(keep, dash.path / BASE, symlinks=True)
        run_until(dash, call, f"/{BASE}/{NOW}/uninstall", "--all")
        (dash.path / "tmp/calls").write_text("0")
        (dash.path / "tmp/last").write_text("0")
        if (dash.path / BASE / NOW / "uninstall").exists():
            ended = dash.run(f"/{BASE}/{NOW}/uninstall", "--all")
            assert ended.returncode == 0 and not (dash.path / BASE).exists(), (call, ended.stderr)
        done(dash.install(NOW), "is installed in")
        assert dash.says() == f"handcarry {NOW}", call
        assert sorted(os.listdir(dash.path / BASE)) == [NOW, "current"], call


@pytest.mark.parametrize("name", ["install", "uninstall"])
def test_the_scripts_are_plain_posix_shell(tiny, name):
    if shutil.which("shellcheck") is None:
        pytest.skip("shellcheck is not installed")
    script = tiny[NOW].folder / name
    ran = subprocess.run(["shellcheck", "--shell=sh", "--exclude=SC2015,SC2034,SC2317", script],
                         capture_output=True, text=True, check=False)
    assert ran.returncode == 0, ran.stdout
    assert re.match(r"#!/bin/sh\n# handcarry-kit: 1\n", script.read_text())
