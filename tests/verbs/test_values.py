# SPDX-License-Identifier: Apache-2.0
# Copyright The handcarry authors
"""values edit, show and set: what a host says of itself, and nobody else may read."""
import hashlib
import json
import os
import shutil
import signal
import stat
import subprocess
import time

import pytest
from keytools import on_terminal, refused, run
from program import PROGRAM

RELEASE = """handcarry: 1
product: demo
version: 1.0.0
release: 1
values:
  - {name: public_name, description: what is typed in the browser}
  - {name: http_port, default: "8080"}
  - {name: db_password, secret: true, description: of the database}
files:
  - {from: extra/, to: /opt/demo/}
"""
SECRET = "s3cret: {word} #1"


@pytest.fixture(name="made", scope="module")
def made_fixture(tmp_path_factory):
    """A stick with bundles of two products, and the fingerprint of its trust root."""
    folder = tmp_path_factory.mktemp("values")
    (folder / "extra").mkdir()
    (folder / "extra/a").write_text("hi\n")
    assert run("trust", "init", "--no-password", cwd=folder).status == 0
    (folder / "stick").mkdir()
    texts = {"old": RELEASE, "other": RELEASE.replace("product: demo", "product: other"),
             "new": RELEASE.replace("release: 1", "release: 2").replace(
                 "values:\n", "values:\n  - {name: proxy}\n")}
    for name, text in texts.items():
        (folder / "release.yaml").write_text(text)
        made = run("bundle", "release.yaml", "-o", f"stick/{name}.tar.zst", "--sign", "release.key",
                   cwd=folder)
        assert made.status == 0, made
    return folder


class Station:
    """A host that believes the trust root."""

    def __init__(self, made, folder):
        self.stick, self.folder = made / "stick", folder
        self.bundle = self.stick / "old.tar.zst"
        self.root = folder / "host"
        value = hashlib.sha256((made / "trust/1.root.yaml").read_bytes()).hexdigest()
        done = run("trust", "import", self.stick, "--root", self.root, "--fingerprint", value, cwd=folder)
        assert done.status == 0, done
        self.values = self.root / "etc/handcarry/values"
        self.file = self.values / "demo.yaml"

    def call(self, verb, *words, bundle=None, **options):
        paths = [self.bundle if bundle is None else bundle]
        return run("values", verb, "demo", *words, *paths, "--root", self.root, cwd=self.folder, **options)

    def put(self, text):
        self.values.mkdir(mode=0o700, exist_ok=True)
        self.file.write_text(text)
        self.file.chmod(0o600)

    def edit(self, script, home=None, **options):
        """values edit with an editor that is a shell script: $1 is the file."""
        editor = self.folder / "editor"
        editor.write_text("#!/bin/sh\n" + script)
        editor.chmod(0o755)
        env = {"VISUAL": "", "EDITOR": str(editor), **({"HOME": str(home)} if home else {})}
        return self.call("edit", env=env, **options)

    def alone(self):
        """Nothing lies there but the values, and only their owner can read them."""
        for path in self.values.iterdir():
            assert path.name == "demo.yaml", path
            info = path.stat()
            assert stat.S_IMODE(info.st_mode) == 0o600 and info.st_uid == os.geteuid()
        assert stat.S_IMODE(self.values.stat().st_mode) == 0o700
        return True


@pytest.fixture(name="host")
def host_fixture(made, tmp_path):
    return Station(made, tmp_path)


def done(result):
    assert result.status == 0, result
    return result


def test_show_says_what_is_there_and_no_secret(host):
    host.put(f"public_name: hmi-1\ndb_password: {json.dumps(SECRET)}\nodd: {SECRET!r}\n")
    result = done(host.call("show"))
    for line in ("  public_name  'hmi-1'", "  http_port    '8080' (default)",
                 "  db_password  set, and not shown", "               of the database",
                 "               not declared by this release"):
        assert line + "\n" in result.out
    data = json.loads(done(host.call("show", "--json")).out)
    assert data["schema"] == "handcarry.values/1" and data["release"] == 1
    assert [(value["name"], value["source"], value.get("value")) for value in data["values"]] == [
        ("public_name", "text", "hmi-1"), ("http_port", "default", "8080"),
        ("db_password", "text", None), ("odd", "text", None)]
    assert "s3cret" not in result.out + json.dumps(data)


def test_the_newest_release_of_a_folder_counts_and_other_products_do_not(host):
    result = done(host.call("show", bundle=host.stick))
    assert "demo 1.0.0, release 2" in result.out and "proxy" in result.out
    assert "is a bundle of 'other', not of 'demo'" in result.err
    refused(host.call("show", bundle=host.stick / "other.tar.zst"), 11, "no bundle of 'demo'")
    refused(run("values", "show", "demo", "--root", host.root, cwd=host.folder), 11,
            "is not installed here, so name the bundle")


def test_nothing_is_believed_that_trust_does_not_prove(host, tmp_path):
    damaged = tmp_path / "damaged.tar.zst"
    damaged.write_bytes(host.bundle.read_bytes().replace(b"public_name", b"publik_name"))
    refused(host.call("show", bundle=damaged), 4)
    shutil.rmtree(host.root)
    for verb, words in (("show", []), ("set", ["public_name=x"]), ("edit", [])):
        refused(host.call(verb, *words), 4, "trust import")
    assert not host.root.exists()


def test_set_keeps_all_other_lines(host):
    text = "# mine\npublic_name: hmi   # here\n\n# the door\nhttp_port: 80\nodd: |\n  a\n  b\n# end\n"
    host.put(text)
    result = done(host.call("set", "http_port=8081"))
    assert "  http_port: '8081', was '80'\n" in result.out
    assert host.file.read_text() == text.replace(": 80", ': "8081"')
    done(host.call("set", "odd", "--unset"))
    assert host.file.read_text() == text.replace(": 80", ': "8081"').replace("odd: |\n  a\n  b\n", "")
    done(host.call("set", "public_name=a: b # \"c\"\n"))
    assert json.loads(done(host.call("show", "--json")).out)["values"][0]["value"] == 'a: b # "c"\n'
    assert host.alone()


def test_a_secret_comes_from_stdin_or_a_file_and_never_from_the_command_line(host, tmp_path):
    refused(host.call("set", f"db_password={SECRET}"), 2, "others can read a command line")
    assert not host.file.exists()
    result = done(host.call("set", "db_password", stdin=SECRET + "\n"))
    assert "  db_password: set\n  public_name: still missing" in result.out.replace(
        "  public_name: still missing\n  db_password", "  db_password")
    (tmp_path / "told").write_text(SECRET + "2\n")
    again = done(host.call("set", "db_password", "--from-file", tmp_path / "told"))
    assert "  db_password: changed\n" in again.out
    assert "s3cret" not in result.out + result.err + again.out + again.err
    assert host.file.read_text() == f"db_password: {json.dumps(SECRET + '2')}\n" and host.alone()
    refused(host.call("set", "db_password", stdin=""), 11, "stdin is empty")
    refused(host.call("set", "db_password", stdin="x" * 70000), 3, "longer than")
    refused(host.call("set", "nothing=x"), 2, "declares no value 'nothing'", "\n  http_port")
    refused(host.call("set", "http_port=1", "--unset"), 2, "takes one of")
    assert host.file.read_text() == f"db_password: {json.dumps(SECRET + '2')}\n"


def test_a_secret_is_asked_for_twice_without_echo(host):
    words = ["values", "set", "demo", "db_password", host.bundle, "--root", host.root]
    status, shown = on_terminal(words, [("it is not shown", SECRET + "\n"), ("once more", SECRET + "\n")],
                                host.folder)
    assert status == 0 and "s3cret" not in shown, shown
    assert "s3cret" in host.file.read_text() and host.alone()
    status, shown = on_terminal(words, [("it is not shown", "a\n"), ("once more", "b\n")], host.folder)
    assert status == 2 and "not the same; nothing was changed" in shown
    words[3] = "public_name"
    assert on_terminal(words, [("Value of 'public_name'", "hmi\n")], host.folder)[0] == 0
    assert "public_name: hmi\n" in host.file.read_text()


def test_edit_shows_everything_and_keeps_what_is_not_its_own(host):
    host.put("# mine\ndb_password: old\nodd: 1\n")
    result = done(host.edit('cp "$1" seen; pwd >where; echo $TMPDIR >>where; stat -c %a . "$1" >modes\n'
                            'sed -i -e "s/^public_name:/& hmi-1/; s/: old/: n3w/; /^odd/d" "$1"\n'
                            f'cp seen where modes {host.folder}\n'))
    seen = (host.folder / "seen").read_text()
    for part in ("#| public_name: what is typed in the browser\n#|   MISSING", "\npublic_name:\n",
                 '#| http_port\n#|   default: "8080"\nhttp_port:\n', "#|   a secret\ndb_password: old\n",
                 "#| odd: not declared by this release\nodd: 1\n", "# mine\n"):
        assert part in seen, part
    assert host.file.read_text() == "# mine\ndb_password: n3w\npublic_name: hmi-1\nhttp_port:\n"
    assert result.out == "  db_password: changed\n  public_name: 'hmi-1'\n  odd: not set any more\n"
    edited = str(host.values / ".demo.edit")
    assert (host.folder / "where").read_text() == f"{edited}\n{edited}\n"
    assert (host.folder / "modes").read_text() == "700\n600\n"
    assert host.alone()
    assert "No value was changed" in done(host.edit("true")).out  # nor does the file grow by that
    assert "No value was changed" in done(host.edit('echo "# more" >>"$1"')).out
    assert host.file.read_text().count("\n") == 5 and "#|" not in host.file.read_text()


def test_edit_with_an_editor_that_fails_deletes_links_or_replaces(host):
    host.put("public_name: x\n")
    before = host.file.read_bytes()
    for script, status, why in (
            ('echo "public_name: y" >"$1"; exit 3', 1, "ended with exit code 3, so nothing was changed"),
            ("kill -9 $$", 1, "exit code 137"), ('rm "$1"', 1, "nothing was changed"),
            ('rm "$1"; ln -s /etc/passwd "$1"', 1, "nothing was changed"),
            ('rm "$1"; mkfifo "$1"', 3, "nothing was changed"),
            ('rm "$1"; mkdir "$1"', 3, "nothing was changed"),
            ('head -c 2000000 /dev/zero | tr "\\0" x >"$1"', 3, "longer than"),
            ('echo "a: [" >"$1"', 3, "nothing was changed"),
            ('echo "public-name: y" >"$1"', 3, f"{host.file}:1:1: the name of a value"),
            ('printf "public_name: y\\0" >"$1"', 3, "nothing was changed")):
        refused(host.edit(script), status, why)
        assert host.file.read_bytes() == before and host.alone(), script
    # As many editors do: a new file in the place of the old, a backup beside it, another mode.
    done(host.edit('cp "$1" "$1~"; touch ".$(basename "$1").swp"; echo "public_name: z" >new\n'
                   'chmod 644 new; mv new "$1"'))
    assert host.file.read_text() == "public_name: z\n" and host.alone()


def test_edit_warns_where_nobody_can_be_asked(host):
    result = done(host.edit('printf "typo: s3cret\\ndb_password: {file: /nowhere}\\n" >"$1"'))
    for part in ("'public_name' is missing", "'typo' is declared by no value", "cannot open '/nowhere'"):
        assert part in result.err, part
    assert "s3cret" not in result.out + result.err
    assert "db_password: from the file '/nowhere'\n  public_name: still missing" in result.out


def test_what_an_editor_keeps_at_home_goes_too(host, tmp_path):
    home = tmp_path / "home"
    home.mkdir()
    (home / ".vimrc").write_text("of somebody else")
    done(host.edit(f'pwd >{tmp_path}/where; echo "$HOME" >>{tmp_path}/where\n[ -e ~/.vimrc ] && exit 4\n'
                   'mkdir -p ~/.cache/undo; cp "$1" ~/.viminfo; cp "$1" ~/.cache/undo/x\n'
                   'echo "public_name: s3cret" >"$1"', home=home))
    edited, at_home = (tmp_path / "where").read_text().splitlines()
    assert edited == at_home == str(host.values / ".demo.edit")
    assert [path.name for path in home.iterdir()] == [".vimrc"] and host.alone()


def test_two_values_in_one_call_are_refused_and_not_repeated(host):
    for words in (["public_name=a", f"db_password={SECRET}"], ["public_name", f"db_password={SECRET}"],
                  ["--unset", "public_name", f"http_port={SECRET}"]):
        result = host.call("set", *words, stdin="x")
        refused(result, 2, "sets one value at a time")
        assert "s3cret" not in result.out + result.err and not host.file.exists()
    odd = host.folder / "a=b.tar.zst"
    shutil.copy(host.bundle, odd)
    done(host.call("set", "public_name=a", bundle=odd))


def test_edit_repairs_what_is_no_values_file(host):
    host.put("a: [\n")
    result = done(host.edit('grep -q "^a: \\[" "$1" && sed -i "/^a:/d" "$1" && echo "public_name: x" >>"$1"'))
    assert "  public_name: 'x'\n" in result.out and host.file.read_text() == "public_name: x\n"
    for nothing in ("", "\n", "# nothing yet"):
        host.put(nothing)
        done(host.edit('grep -q MISSING "$1" && sed -i "s/^public_name:/& x/" "$1"'))
        assert "public_name: x\n" in host.file.read_text()
        host.put(nothing)
        done(host.call("set", "public_name=x"))
        assert host.file.read_text().endswith("public_name: x\n")
    host.put("{public_name: a}\n")  # takes no further line
    done(host.edit('sed -i "s/{public_name: a}/{public_name: b}/" "$1"'))
    assert host.file.read_text() == "{public_name: b}\n"
    refused(host.call("set", "http_port=1"), 3, "is not written line by line")


def test_edit_without_an_editor_or_a_terminal(host):
    for editor, status, why in (("", 2, "there is no terminal to edit on"), ("'", 2, "is no command"),
                                ("bin/vi", 2, "does not begin with '/'"),
                                ("no-such-editor", 11, "no editor 'no-such-editor' here; set EDITOR"),
                                ("true -x --", 0, "")):
        refused(host.call("edit", env={"VISUAL": editor, "EDITOR": ""}), status, why)
    assert not host.file.exists() and host.alone()


def test_it_asks_again_until_it_is_right(host):
    editor = host.folder / "editor"
    editor.write_text('#!/bin/sh\ncase $(cat count) in\n'
                      '1) echo "a: [" >"$1" ;;\n2) printf "public_name: x\\nhtp_port: 1\\n" >"$1" ;;\n'
                      f'*) echo "public_name: $(cat {host.folder}/count)" >"$1" ;;\nesac\n'.replace(
                          "$(cat count)", f"$(echo x >>{host.folder}/times; wc -l <{host.folder}/times)"))
    editor.chmod(0o755)
    (host.folder / "count").write_text("done")
    os.environ["EDITOR"] = str(editor)
    words = ["values", "edit", "demo", host.bundle, "--root", host.root]
    try:
        status, shown = on_terminal(words, [("e: edit again, d: drop", "s\n"), ("e: edit again, d: drop", "\n"),
                                            ("s: save as it is", "e\n"), ("s: save as it is", "s\n")],
                                    host.folder)
        assert status == 0, shown
        assert "'htp_port' is declared by no value" in shown and "'db_password' is missing" in shown
        assert host.file.read_text() == "public_name: done\n" and host.alone()
        (host.folder / "times").unlink()
        status, shown = on_terminal(words, [("e: edit again, d: drop", "d\n")], host.folder)
        assert status == 0 and "Dropped" in shown
        (host.folder / "times").unlink()
        status, shown = on_terminal(words, [("e: edit again, d: drop", "\x03")], host.folder)
        assert status == 2 and host.alone()  # Ctrl-C is no answer
    finally:
        del os.environ["EDITOR"]
    assert host.file.read_text() == "public_name: done\n"


@pytest.mark.skipif(shutil.which("busybox") is None, reason="program busybox is missing")
def test_a_real_editor_on_a_terminal(host):
    os.environ["VISUAL"] = "busybox vi"
    try:
        status, shown = on_terminal(
            ["values", "edit", "demo", host.bundle, "--root", host.root],
            [("1/20", ":%s/^public_name:/public_name: hmi-1/\r"), ("[Modified]", ":wq\r"),
             ("s: save as it is", "s\n")], host.folder)
    finally:
        del os.environ["VISUAL"]
    assert status == 0, shown
    assert "public_name: hmi-1\n" in host.file.read_text() and host.alone()


def start(host, script):
    editor = host.folder / "editor"
    editor.write_text("#!/bin/sh\n" + script)
    editor.chmod(0o755)
    return subprocess.Popen([PROGRAM, "values", "edit", "demo", str(host.bundle), "--root", str(host.root)],
                            env={**os.environ, "EDITOR": str(editor)}, stdin=subprocess.DEVNULL,
                            stderr=subprocess.PIPE, cwd=host.folder)


def until(path):
    end = time.monotonic() + 20
    while not path.exists() and time.monotonic() < end:
        time.sleep(0.02)
    assert path.exists()


def test_110_a_second_one_is_refused_and_kill_9_leaves_the_old_file(host):
    """trust.md 110"""
    host.put("public_name: old\n")
    script = f'echo "public_name: s3cret" >"$1"; echo $$ >{host.folder}/pid; sleep 60'
    first = start(host, script)
    until(host.folder / "pid")
    for verb, words in (("set", ["public_name=x"]), ("edit", [])):
        refused(host.call(verb, *words, env={"EDITOR": "true"}), 75, "another handcarry")
    done(host.call("show"))
    editor = int((host.folder / "pid").read_text())
    first.send_signal(signal.SIGKILL)
    first.communicate()
    end = time.monotonic() + 10
    while os.path.exists(f"/proc/{editor}") and time.monotonic() < end:
        time.sleep(0.02)
    assert not os.path.exists(f"/proc/{editor}")  # nobody writes on behind the back of the next
    assert host.file.read_text() == "public_name: old\n"
    done(host.call("set", "http_port=1"))
    assert host.file.read_text() == 'public_name: old\nhttp_port: "1"\n' and host.alone()


def test_signals_end_it_when_the_editor_has_ended(host):
    process = start(host, f'echo "public_name: x" >"$1"; touch {host.folder}/begun; sleep 1; exit 1')
    until(host.folder / "begun")
    for number in (signal.SIGTERM, signal.SIGHUP, signal.SIGINT):
        process.send_signal(number)
    _, said = process.communicate(timeout=20)
    assert process.returncode == 1 and b"nothing was changed" in said
    assert host.alone()


def test_folders_and_files_that_are_not_as_they_should_be(host, tmp_path):
    host.put("public_name: x\n")
    host.values.chmod(0o777)
    refused(host.call("set", "http_port=1"), 11, "others than root may write in", "chmod 700")
    host.values.chmod(0o755)
    host.file.chmod(0o640)
    for verb, words in (("set", ["http_port=1"]), ("show", []), ("edit", [])):
        refused(host.call(verb, *words, env={"EDITOR": "true"}), 11, "chmod 600")
    host.file.rename(tmp_path / "elsewhere")
    host.file.symlink_to(tmp_path / "elsewhere")
    for verb, words in (("set", ["http_port=1"]), ("show", []), ("edit", [])):
        refused(host.call(verb, *words, env={"EDITOR": "true"}), 11, "is a symbolic link")
    assert (tmp_path / "elsewhere").read_text() == "public_name: x\n"
    for bad in ("../demo", "Demo", ".."):
        assert run("values", "set", bad, "a=b", "--root", host.root, cwd=tmp_path).status in (2, 3)


needs_root = pytest.mark.skipif(os.geteuid() != 0, reason="mounts need root")


@needs_root
@pytest.mark.parametrize("full, status, why", [(False, 1, "Read-only"), (True, 6, "space")])
def test_a_full_or_read_only_disk_changes_nothing(host, full, status, why):
    host.values.mkdir(mode=0o700)
    subprocess.run(["mount", "-t", "tmpfs", "-o", "size=8k,mode=700", "tmpfs", host.values], check=True)
    try:
        host.put("public_name: old\n")
        if full:
            (host.values / "fill").write_bytes(b"x" * 4096)
        else:
            subprocess.run(["mount", "-o", "remount,ro", host.values], check=True)
        refused(host.call("set", "http_port=1"), status, why)
        refused(host.call("edit", env={"EDITOR": "true"}), status, why)
        assert host.file.read_text() == "public_name: old\n"
        assert not [path for path in host.values.iterdir() if path.name.startswith(".")]
    finally:
        subprocess.run(["umount", host.values], check=True)


@needs_root
def test_a_plain_user_changes_nothing(host):
    host.put("public_name: x\n")
    os.chmod(host.folder, 0o755)
    for path in (host.folder, *host.folder.parents):
        if path.stat().st_mode & 0o001 == 0 and str(path).startswith("/tmp/pytest"):
            path.chmod(0o755)
    result = run("values", "show", "demo", host.bundle, "--root", host.root, cwd="/", as_user=65534)
    assert result.status != 0 and "x" != result.out
    result = run("values", "set", "demo", "public_name=y", host.bundle, "--root", host.root, cwd="/",
                 as_user=65534)
    assert result.status != 0 and host.file.read_text() == "public_name: x\n"
