# SPDX-License-Identifier: Apache-2.0
# Copyright The handcarry authors
"""What a kit meets on a host, and must not be led by: links out of its place, folders of others,
newer versions, what a kill left, and what is missing."""
import os
import shutil
import subprocess

import pytest

import kits
from test_kit_install import (  # the fixtures, too
    BASE, NEXT, NOW, OLD, count_calls, done, fixture_dash, fixture_host, fixture_tiny, mounted, refused,
    run_until)

assert fixture_dash and fixture_host and fixture_tiny
PAIRS = (("0.0.8", "0.0.9"), ("0.9", "0.10"), ("9.9.9", "10.01"), ("1", "1.0.1"), ("1.2.08", "1.2.9"),
         ("0.99.99", "1"), ("1.9.0", "1.10"), ("", "0.1"), ("x", "0.1"))


def functions(tiny):
    """The installer without its last words, as something to call parts of."""
    return (tiny[NOW].folder / "install").read_text().replace('\nmain "$@"\n}\n', "\n}\n")


def test_versions_are_compared_as_numbers(host):
    (host.path / "tmp/functions").write_text(functions(host.tiny))
    asked = [*PAIRS, *((new, old) for old, new in PAIRS), ("0.1.0", "0.1.0"), ("1.0", "1"), ("1.01", "1.1")]
    lines = [f"is_older '{one}' '{other}' && echo yes || echo no\n" for one, other in asked]
    ran = done(host.run("sh", "-c", ". /tmp/functions\n" + "".join(lines)))
    assert ran.stdout.split() == ["yes"] * len(PAIRS) + ["no"] * (len(PAIRS) + 3)


def test_an_older_kit_over_a_newer_one_is_refused(host):
    """Where it is not kept, where it is, as a folder, and by numbers: 10.01 is newer than 9.9.9."""
    done(host.install(NEXT))
    before = host.everything()
    refused(host.install(NOW), 5, f"this kit has handcarry {NOW}, and the newer {NEXT} is installed",
            "add --older", "nothing was changed")
    shutil.copytree(host.tiny[NOW].folder, host.path / "stick/kit")
    refused(host.run("sh", "/stick/kit/install"), 5, NOW, NEXT)
    assert host.everything() == before
    done(host.install(NOW, "--older"), f"handcarry {NOW} is installed", f"{NEXT} is kept")
    done(host.install(NEXT), f"{NOW} is kept")
    before = host.everything()
    refused(host.install(NOW), 5, f"type /{BASE}/{NOW}/install")
    assert host.everything() == before
    done(host.run(f"/{BASE}/{NOW}/install"), f"handcarry {NOW} is installed")
    for version in ("9.9.9", "10.01"):
        newer = kits.Tiny(host.path / "tmp", host.tiny[NOW].folder, version)
        newer.script(host.path / f"stick/{version}.sh", host.tiny["real"])
        done(host.install(version), f"handcarry {version} is installed")
    refused(host.install("9.9.9"), 5, "9.9.9", "10.01", "nothing was changed")


def test_the_way_back_works_where_opt_is_a_link(dash):
    (dash.path / "var/lib/opt").mkdir()
    (dash.path / "opt").symlink_to("var/lib/opt")
    done(dash.install(NOW))
    done(dash.install(NEXT))
    done(dash.run(f"/{BASE}/{NOW}/install"), f"handcarry {NOW} is installed", f"{NEXT} is kept")
    assert dash.says() == f"handcarry {NOW}"


def with_root(dash):
    """A folder for --root, and one beside it that nothing may be written to."""
    (dash.path / "tmp/other").mkdir()
    (dash.path / "tmp/elsewhere").mkdir()
    (dash.path / "tmp/elsewhere/file").write_text("theirs\n")
    return dash.path / "tmp/other"


def outside(dash):
    """What lies there, with the owner and content of each file."""
    folder = dash.path / "tmp/elsewhere"
    return {path.name: (path.lstat().st_mode, path.lstat().st_uid, path.is_file() and path.read_bytes())
            for path in folder.rglob("*")}


@pytest.mark.parametrize("place", [
    "usr", "usr/local", "usr/local/bin", "etc", "etc/systemd", "etc/systemd/system",
    "etc/systemd/system/multi-user.target.wants", f"{BASE}/{NOW}"])
def test_081_no_link_leads_out_of_a_root(dash, place):
    other = with_root(dash)
    systemd = other / "lib/systemd/systemd"
    systemd.parent.mkdir(parents=True)
    systemd.write_text("")
    systemd.chmod(0o755)
    (other / place).parent.mkdir(parents=True, exist_ok=True)
    (other / place).symlink_to("/tmp/elsewhere")
    before = outside(dash)
    refused(dash.install(NOW, "--root", "/tmp/other"), 5, f"/tmp/other/{place} leads out of /tmp/other")
    assert outside(dash) == before
    uninstall = dash.tiny[NOW].folder / "uninstall"
    shutil.copy(uninstall, dash.path / "stick/uninstall")
    refused(dash.run("sh", "/stick/uninstall", "--root", "/tmp/other", "--all"), 5, "leads out of")
    assert outside(dash) == before


@pytest.mark.parametrize("name, leads", [
    ("etc/systemd/system/.handcarry-recover.service.new", "/tmp/elsewhere/file"),
    (f"{BASE}/.lock", "/tmp/elsewhere"), (f"{BASE}/.new", "/tmp/elsewhere"),
    (f"{BASE}/.gone", "/tmp/elsewhere"), (f"{BASE}/current", "../../../elsewhere"),
    (f"{BASE}/previous", "/tmp/elsewhere")])
def test_081_a_name_that_the_kit_uses_is_not_written_through(dash, name, leads):
    other = with_root(dash)
    for made in ("lib/systemd", "etc/systemd/system", BASE):
        (other / made).mkdir(parents=True)
    (other / "lib/systemd/systemd").write_text("")
    (other / "lib/systemd/systemd").chmod(0o755)
    (other / name).symlink_to(leads)
    before = outside(dash)
    ran = dash.install(NOW, "--root", "/tmp/other")
    assert outside(dash) == before
    if name.endswith(".lock"):
        refused(ran, 5, "/.lock is no file", "nothing was changed")
    else:
        done(ran, "is installed in /tmp/other", "handcarry-recover.service ends")
        assert not (other / BASE / "previous").is_symlink() or name.endswith("previous")


@pytest.mark.parametrize("name", ["bin", "lib", "share/man/man1/handcarry-plan.1", "bin/handcarry"])
def test_081_a_link_in_the_version_is_made_a_file_again(dash, name):
    """Its sums are right: what it leads to is a copy of the real one."""
    other = with_root(dash)
    done(dash.install(NOW, "--root", "/tmp/other"))
    whole = dash.files(f"tmp/other/{BASE}")
    (other / BASE / NOW / name).rename(dash.path / "tmp/elsewhere/copy")
    (other / BASE / NOW / name).symlink_to("/tmp/elsewhere/copy")
    for path in (dash.path / "tmp/elsewhere").rglob("*"):
        path.chmod(0o700)
        os.chown(path, 1000, 1000)
    before = outside(dash)
    refused(dash.run(f"/tmp/other/{BASE}/{NOW}/install", "--root", "/tmp/other"), 3, "has links", name)
    done(dash.install(NOW, "--root", "/tmp/other"), "repaired")
    assert outside(dash) == before
    assert dash.files(f"tmp/other/{BASE}") == whole


def test_030_a_folder_in_place_of_a_file_is_mended(host):
    done(host.install())
    before = host.everything()
    program = host.path / BASE / NOW / "bin/handcarry"
    program.unlink()
    (program / "deep").mkdir(parents=True)
    done(host.install(), f"repaired  /{BASE}/{NOW}/bin/handcarry")
    assert host.everything() == before and host.says() == f"handcarry {NOW}"


@pytest.mark.parametrize("owner, mode, said", [
    (1000, 0o755, "belongs to user 1000"), (0, 0o775, "others than root may write"),
    (0, 0o757, "others than root may write"), (1000, 0o777, "others than root may write")])
def test_a_folder_that_others_can_change_is_refused(host, owner, mode, said):
    done(host.install(OLD))
    os.chown(host.path / BASE, owner, owner)
    (host.path / BASE).chmod(mode)
    before = host.everything()
    refused(host.install(NOW), 5, said, f"/{BASE}", "nothing was changed")
    refused(host.run(f"/{BASE}/{OLD}/uninstall"), 5, said, "nothing was changed")
    assert host.everything() == before


def owners(host):
    return {str(path): (path.lstat().st_uid, path.lstat().st_gid, path.lstat().st_mode & 0o7777)
            for path in (host.path / BASE / NOW).rglob("*")}


@pytest.mark.parametrize("again", ["script", "damaged", "own"])
def test_030_owners_and_modes_are_mended(host, again):
    done(host.install())
    before = owners(host)
    for path in (host.path / BASE / NOW).rglob("*"):
        path.chmod(0o700 if again == "own" else 0o777)
        os.chown(path, 1000, 1000)
    os.chown(host.path / BASE / NOW, 1000, 1000)
    if again == "damaged":
        (host.path / BASE / NOW / "share/man/man1/handcarry-plan.1").write_text("damaged\n")
    command = (f"/{BASE}/{NOW}/install",) if again == "own" else ("sh", f"/stick/{NOW}.sh")
    done(host.run(*command), f"repaired  owners and modes in /{BASE}/{NOW}")
    assert owners(host) == before
    assert (host.path / BASE / NOW).stat().st_uid == 0
    done(host.run(*command), "nothing changed")


def test_a_link_to_a_folder_is_replaced(host):
    done(host.install())
    link = host.path / "usr/local/bin/handcarry"
    link.unlink()
    link.symlink_to(f"/{BASE}/{NOW}/bin")
    done(host.install())
    assert os.readlink(link) == f"/{BASE}/current/bin/handcarry"
    assert os.listdir(host.path / BASE / NOW / "bin") == ["handcarry"]


@pytest.mark.parametrize("path", [".", ".:/bin", "", "stick:..:/bin", "/bin:."])
def test_119_nothing_of_the_folder_that_one_is_in_is_run(dash, path):
    shutil.copytree(dash.tiny[NOW].folder, dash.path / "stick/kit")
    for folder in ("stick", "stick/kit"):
        for tool in ("dirname", "uname", "id", "wc", "sha256sum", "readlink", "tail", "mkdir", "cat"):
            (dash.path / folder / tool).write_text("#!/bin/busybox sh\n: >/tmp/ran-${0##*/}\n")
            (dash.path / folder / tool).chmod(0o755)
    for folder, name in ("/stick", f"{NOW}.sh"), ("/stick/kit", "install"):
        ran = dash.run("/bin/sh", "-c", f"cd {folder}; PATH={path}; export PATH; exec /bin/sh {name}")
        assert os.listdir(dash.path / "tmp") == []
        done(ran)


def cut_off_upgrade(host):
    """NOW over OLD, killed after 'previous' and before 'current'."""
    done(host.install(OLD))
    keep = host.path.parent / "keep"
    shutil.copytree(host.path / BASE, keep, symlinks=True)
    count_calls(host)
    for call in range(1, 200):
        shutil.rmtree(host.path / BASE)
        shutil.copytree(keep, host.path / BASE, symlinks=True)
        run_until(host, call, "sh", f"/stick/{NOW}.sh")
        links = [os.path.lexists(host.path / BASE / name) and os.readlink(host.path / BASE / name)
                 for name in ("previous", "current")]
        if links == [OLD, OLD]:
            (host.path / "tmp/last").write_text("0")
            return
    raise AssertionError("there is no call between the two links")


def test_107_a_kill_between_the_links_takes_no_version_away(dash):
    cut_off_upgrade(dash)
    refused(dash.run(f"/{BASE}/{OLD}/uninstall"), 75, "an install was cut off", "nothing was changed")
    assert dash.says() == f"handcarry {OLD}"
    assert (dash.path / BASE / NOW / "bin/handcarry").is_file()
    done(dash.install(NOW), f"{OLD} is kept")
    assert dash.says() == f"handcarry {NOW}"
    done(dash.run(f"/{BASE}/{NOW}/uninstall"), f"current   version {OLD} again")
    assert dash.says() == f"handcarry {OLD}"


@pytest.mark.parametrize("back", [f"/{BASE}/{OLD}/install", f"/{BASE}/{NOW}/uninstall"])
def test_107_a_kill_between_the_links_can_be_gone_back_from(dash, back):
    cut_off_upgrade(dash)
    done(dash.run(back), f"removed   version {NOW}")
    assert dash.says() == f"handcarry {OLD}"
    assert sorted(os.listdir(dash.path / BASE)) == [OLD, "current"]
    done(dash.run(f"/{BASE}/{OLD}/uninstall"))
    assert not (dash.path / BASE).exists()


def test_107_a_killed_way_back_is_ended_by_itself(dash):
    """uninstall of the current version, with one before: the same again removes it."""
    done(dash.install(OLD))
    done(dash.install(NOW))
    keep = dash.path.parent / "keep"
    shutil.copytree(dash.path / BASE, keep, symlinks=True)
    count_calls(dash)
    _, calls = run_until(dash, 0, f"/{BASE}/{NOW}/uninstall")
    for call in range(1, calls + 1):
        shutil.rmtree(dash.path / BASE)
        shutil.copytree(keep, dash.path / BASE, symlinks=True)
        run_until(dash, call, f"/{BASE}/{NOW}/uninstall")
        assert dash.says() in (f"handcarry {OLD}", f"handcarry {NOW}"), call
        if (dash.path / BASE / NOW / "uninstall").exists():
            ran, _ = run_until(dash, 0, f"/{BASE}/{NOW}/uninstall")
            assert ran.returncode == 0, (call, ran.stderr)
            assert sorted(os.listdir(dash.path / BASE)) == [OLD, "current"], call
        assert dash.says() == f"handcarry {OLD}", call


def test_uninstall_makes_no_unit_where_there_is_no_systemd(dash):
    done(dash.install(OLD))
    done(dash.install(NOW))
    done(dash.run(f"/{BASE}/{NOW}/uninstall"))
    assert not (dash.path / "etc/systemd").exists()


def test_no_proc_is_said(host):
    before = host.everything()
    ran = subprocess.run(["chroot", host.path, "sh", f"/stick/{NOW}.sh"], capture_output=True, text=True,
                         timeout=60, check=False, stdin=subprocess.DEVNULL, env={"PATH": "/bin:/usr/sbin"})
    refused(ran, 1, "needs /proc, which is not mounted", "mount -t proc proc /proc")
    assert host.everything() == before


def test_a_place_that_runs_nothing_is_said(host):
    (host.path / "opt").mkdir()
    ran = mounted(host, 'mount -t tmpfs -o noexec tmpfs "$0/opt"', "sh", "-c",
                  f"sh /stick/{NOW}.sh; status=$?; ls -A /opt; exit $status")
    refused(ran, 1, f"is /{BASE} mounted noexec?", "nothing was changed")
    assert ran.stdout == "", "something is left"


GENERIC = "next      handcarry trust import FOLDER, where the bundles lie\n"


@pytest.mark.parametrize("folder, beside, said", [
    ("mnt", "plant.tar.zst", "next      handcarry trust import /mnt\n"),
    ("mnt", "trust/1.root.yaml", "next      handcarry trust import /mnt\n"),
    ("mnt", "1.root.yaml", "next      handcarry trust import /mnt\n"),
    ("root", None, GENERIC), ("root", "notes.txt", GENERIC), ("root", "handcarry-kit.tar.zst", GENERIC),
    ("mnt", "kit.tar.zst", GENERIC), ("", None, GENERIC), ("mnt/a b", "plant.tar.zst", GENERIC),
    ("mnt/$(id)", "plant.tar.zst", GENERIC), ("mnt/현장", "plant.tar.zst", GENERIC),
    ("mnt/a\x1b[2J", "plant.tar.zst", GENERIC)])
def test_the_next_line_names_a_folder_that_has_something(dash, folder, beside, said):
    (dash.path / folder).mkdir(parents=True, exist_ok=True)
    shutil.move(dash.path / f"stick/{NOW}.sh", dash.path / folder / "kit.sh")
    if beside is not None:
        (dash.path / folder / beside).parent.mkdir(exist_ok=True)
        (dash.path / folder / beside).write_text("")
    assert done(dash.run("sh", f"/{folder}/kit.sh".replace("//", "/"))).stdout.endswith(said)


def test_the_next_line_has_a_whole_name(dash):
    (dash.path / "stick/trust").mkdir()
    for words in (f"sh ./{NOW}.sh", f"sh {NOW}.sh", f"sh ../stick/./{NOW}.sh"):
        said = done(dash.run("sh", "-c", "cd /stick && " + words)).stdout
        assert said.endswith("next      handcarry trust import /stick\n"), words


def test_the_next_line_of_an_unpacked_kit_names_what_it_lies_in(dash):
    shutil.copytree(dash.tiny[NOW].folder, dash.path / "mnt/handcarry-kit")
    assert done(dash.run("sh", "/mnt/handcarry-kit/install")).stdout.endswith(GENERIC)
    (dash.path / "mnt/plant.tar.zst").write_text("")
    said = done(dash.run("sh", "-c", "cd /mnt/handcarry-kit && sh ./install")).stdout
    assert said.endswith("next      handcarry trust import /mnt\n")
    assert done(dash.run(f"/{BASE}/{NOW}/install")).stdout.endswith(GENERIC)


@pytest.mark.parametrize("name", ["../x", "bin/../../x", "/tmp/x", "bin//x", ".."])
def test_055_a_list_names_only_files_of_the_kit(host, name):
    shutil.copytree(host.tiny[NOW].folder, host.path / "stick/kit")
    (host.path / "stick/x").write_text("")
    (host.path / "stick/kit/bin/x").write_text("")
    sums = host.path / "stick/kit/SHA256SUMS"
    sums.write_text(sums.read_text() + "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"
                    f"  {name}\n")
    refused(host.run("sh", "/stick/kit/install"), 3, f"names '{name}'", "nothing was changed")
    assert not (host.path / BASE).exists() and os.listdir(host.path / "tmp") == []
