# SPDX-License-Identifier: Apache-2.0
# Copyright The handcarry authors
"""trust init, show and import: what a host believes, and how it comes to."""
import glob
import hashlib
import json
import os
import shutil

import pytest
from keytools import (minisign, minisign_accepts, needs_minisign, on_terminal, password_env,
                      refused, run)


@pytest.fixture(name="made")
def made_fixture(tmp_path):
    """A folder with the result of trust init."""
    result = run("trust", "init", "--no-password", cwd=tmp_path)
    assert result.status == 0, result
    return tmp_path


def show(folder, cwd):
    result = run("trust", "show", "--trust", folder, "--json", cwd=cwd)
    assert result.status == 0, result
    return json.loads(result.out)


def fingerprint(root):
    return hashlib.sha256(root.read_bytes()).hexdigest()


def sign_root(folder, number, keys):
    """Votes on a root by stock minisign, one per (key file, id)."""
    for key in keys:
        identity = (folder.parent / "trust" / (key + ".pub")).read_text().split()[5]
        result = minisign("-S", "-W", "-s", folder.parent / (key + ".key"),
                          "-m", folder / ("%d.root.yaml" % number),
                          "-x", folder / ("%d.root.yaml.%s.minisig" % (number, identity)),
                          cwd=folder)
        assert result.status == 0, result


def add_root(folder, number, change=lambda text: text):
    text = (folder / ("%d.root.yaml" % (number - 1))).read_text()
    text = change(text).replace("number: %d" % (number - 1), "number: %d" % number, 1)
    (folder / ("%d.root.yaml" % number)).write_text(text)


def test_init_writes_this_and_nothing_else(made):
    votes = [name for name in os.listdir(made / "trust") if name.endswith(".minisig")]
    assert len(votes) == 1
    assert sorted(os.listdir(made)) == ["release.key", "root-spare.key", "root.key", "trust"]
    assert sorted(os.listdir(made / "trust")) == sorted(
        ["1.root.yaml", "release.pub", "root-spare.pub", "root.pub"] + votes)
    for name in ("release", "root", "root-spare"):
        assert os.stat(made / (name + ".key")).st_mode & 0o777 == 0o600


def test_init_prints_the_fingerprint_in_groups(tmp_path):
    result = run("trust", "init", "--no-password", cwd=tmp_path)
    value = fingerprint(tmp_path / "trust" / "1.root.yaml")
    groups = [value[i:i + 4] for i in range(0, 64, 4)]
    assert "  " + " ".join(groups[:8]) + "\n  " + " ".join(groups[8:]) + "\n" in result.out


def test_init_overwrites_nothing(made):
    before = {path: open(path, "rb").read() for path in glob.glob(str(made) + "/**", recursive=True)
              if os.path.isfile(path)}
    refused(run("trust", "init", "--no-password", cwd=made), 1, "never overwritten")
    refused(run("trust", "init", "--no-password", "--trust", "other", cwd=made), 1,
            "'root.key' is there already")
    for path, content in before.items():
        assert open(path, "rb").read() == content
    assert glob.glob(str(made / "other" / "*")) == []


@pytest.mark.parametrize("keys", [".", "trust", "trust/secret", "./trust/../trust"])
def test_init_keeps_secrets_out_of_the_trust_folder(tmp_path, keys):
    trust = "trust" if keys != "." else "."
    if "/" in keys:
        (tmp_path / "trust" / "secret").mkdir(parents=True)
    refused(run("trust", "init", "--no-password", "--trust", trust, "--keys", keys, cwd=tmp_path),
            2, "must not lie in the trust folder")
    assert glob.glob(str(tmp_path) + "/**/*.key", recursive=True) == []


def test_init_puts_secrets_where_keys_says(tmp_path):
    result = run("trust", "init", "--no-password", "--keys", "secret", cwd=tmp_path)
    assert result.status == 0, result
    assert sorted(os.listdir(tmp_path / "secret")) == ["release.key", "root-spare.key", "root.key"]
    assert os.stat(tmp_path / "secret").st_mode & 0o777 == 0o700


def test_init_with_passwords(tmp_path):
    env = password_env(tmp_path)
    result = run("trust", "init", "--release-no-password", cwd=tmp_path, env=env)
    assert result.status == 0, result
    plain = (tmp_path / "release.key").read_text().splitlines()[1]
    assert plain.startswith("RWQAAEIy")
    for name in ("root.key", "root-spare.key"):
        assert (tmp_path / name).read_text().splitlines()[1].startswith("RWRTY0Iy")


def test_init_names_products(tmp_path):
    assert run("trust", "init", "--no-password", "--product", "plant-hmi", "--product", "other",
               cwd=tmp_path).status == 0
    roles = {role["name"]: role for role in show("trust", tmp_path)["roles"]}
    assert roles["release"]["products"] == ["plant-hmi", "other"]
    assert roles["pack"]["products"] == ["plant-hmi", "other"]
    refused(run("trust", "init", "--product", "Not/One", "--trust", "b", cwd=tmp_path), 2,
            "--product")


@needs_minisign
def test_minisign_agrees_about_the_first_root(made):
    vote = glob.glob(str(made / "trust" / "*.minisig"))[0]
    out = minisign_accepts("trust/root.pub", "trust/1.root.yaml", vote, made)
    assert "handcarry root 1 sha256:" + fingerprint(made / "trust" / "1.root.yaml") in out


def test_show_says_what_init_made(made):
    data = show("trust", made)
    assert data["schema"] == "handcarry/trust-show/1"
    assert data["number"] == 1 and data["epoch"] == 0
    assert data["fingerprint"] == fingerprint(made / "trust" / "1.root.yaml")
    assert [(role["name"], role["signs"], role["threshold"], role["keys"])
            for role in data["roles"]] == [
                ("root", "root", 1, ["root", "root-spare"]),
                ("release", "statement", 1, ["release"]),
                ("pack", "packing", 1, ["release"])]
    for key in data["keys"]:
        assert (made / "trust" / (key["name"] + ".pub")).read_text().split()[5] == key["id"]
    text = run("trust", "show", "--trust", "trust", cwd=made)
    assert text.status == 0 and "root, root-spare" in text.out


def test_show_finds_the_folder_beside_release_yaml(made):
    refused(run("trust", "show", "--root", "host", cwd=made), 4, "host/etc/handcarry/trust")
    (made / "release.yaml").write_text("")
    result = run("trust", "show", cwd=made)
    assert result.status == 0 and result.out.startswith("trust: Trust root 1"), result


@pytest.mark.skipif(os.path.exists("/etc/handcarry/trust"), reason="this machine believes a root")
def test_show_finds_the_folder_here_where_the_host_has_none(made):
    result = run("trust", "show", cwd=made)
    assert result.status == 0 and result.out.startswith("trust: Trust root 1"), result
    (made / "empty").mkdir()
    result = run("trust", "show", cwd=made / "empty")
    refused(result, 4, "/etc/handcarry/trust")
    assert "'handcarry trust show'" not in result.err


def importing(made, *args, source="trust", env=None):
    return run("trust", "import", source, "--root", "host", *args, cwd=made, env=env)


def host_trust(made):
    return made / "host" / "etc" / "handcarry" / "trust"


def test_first_import_with_the_fingerprint(made):
    value = fingerprint(made / "trust" / "1.root.yaml")
    result = importing(made, "--fingerprint", value)
    assert result.status == 0, result
    assert sorted(os.listdir(host_trust(made))) == [
        name for name in sorted(os.listdir(made / "trust")) if name.startswith("1.root")]
    assert show(host_trust(made), made)["fingerprint"] == value
    again = importing(made)
    assert again.status == 0 and "already" in again.out


def test_115_the_first_import_begins_the_state_and_no_later_one(made):
    """trust.md 115: a host that believes somebody and has no state is one that lost it."""
    state = made / "host/var/lib/handcarry"
    importing(made, "--fingerprint", fingerprint(made / "trust" / "1.root.yaml"))
    names = sorted(path.name for path in state.iterdir())
    assert names == ["records.copy.yaml", "records.yaml"]
    assert (state / "records.yaml").read_text().startswith("handcarry-records: 1\ngeneration: 1\n")
    for name in names:
        (state / name).unlink()
    assert importing(made).status == 0
    assert not list(state.iterdir())


def test_trust_elsewhere_begins_no_state(made):
    value = fingerprint(made / "trust" / "1.root.yaml")
    assert importing(made, "--fingerprint", value, "--trust", "elsewhere").status == 0
    assert (made / "elsewhere").exists() and not (made / "host").exists()


def groups(value):
    return [value[i:i + 4] for i in range(0, 64, 4)]


def with_wrong(value, *which):
    """The fingerprint with these groups (from 1) mistyped."""
    return "".join("%04x" % (int(group, 16) ^ 1) if i + 1 in which else group
                   for i, group in enumerate(groups(value)))


def test_the_fingerprint_ignores_spaces_dashes_and_case_only(made):
    value = fingerprint(made / "trust" / "1.root.yaml")
    for wrong, why in (
            (value[:-1], "these are 63"), (value + "0", "these are 65"), ("", "these are 0"),
            (value[1:] + value[0], "this is not the fingerprint"), ("z" + value[1:], "'z' is no digit"),
            ("sha256:" + value, "'s' is no digit"), (value[:-1] + "\x1b", "is no digit"),
            (with_wrong(value, 5), "group 5 of 16"), (with_wrong(value, 1, 16), "groups 1 and 16"),
            (with_wrong(value, 1, 2, 3), "this is not the fingerprint")):
        result = importing(made, "--fingerprint", wrong)
        refused(result, 4, "nothing was imported", why)
        assert "\x1b" not in result.err and not (made / "host").exists()
        if "group" in why:  # what was typed, never what is right
            assert groups(wrong)[int(why.split()[1]) - 1] in result.err
            assert groups(value)[int(why.split()[1]) - 1] not in result.err
    for written in (" ".join(groups(value)).upper(), "-".join(groups(value)), ":".join(groups(value)),
                    "\u00a0".join(groups(value)), "\u2013".join(groups(value)),
                    " ".join(groups(value)[:8]) + "\r\n  " + " ".join(groups(value)[8:]) + "\n"):
        assert importing(made, "--fingerprint", written).status == 0
        shutil.rmtree(made / "host")


def test_first_import_without_a_terminal_fails(made):
    refused(importing(made), 2, "--fingerprint")
    refused(importing(made, "-y"), 2, "-y")
    assert not (made / "host").exists()


def test_first_import_typed_on_a_terminal(made):
    value = fingerprint(made / "trust" / "1.root.yaml")
    spaced = " ".join(value[i:i + 4] for i in range(0, 64, 4))
    args = ["trust", "import", "trust", "--root", "host"]
    status, shown = on_terminal(args, [("Type the fingerprint", spaced + "\n")], made)
    assert status == 0, shown
    assert host_trust(made).joinpath("1.root.yaml").exists()


PROMPT, REST = "Type the fingerprint", "digits; go on"


def typed(made, *answers):
    status, shown = on_terminal(["trust", "import", "trust", "--root", "host"], answers, made)
    return status, shown.replace("\r\n", "\n")


def test_first_import_typed_in_two_lines_as_on_paper(made):
    value = fingerprint(made / "trust" / "1.root.yaml")
    first, second = " ".join(groups(value)[:8]), " ".join(groups(value)[8:])
    status, shown = typed(made, (PROMPT, first + "\n"), ("32 of 64 " + REST, second + "\n"))
    assert status == 0, shown
    assert f"  {first}\n  {second}\n" in shown  # as it is shown
    shutil.rmtree(made / "host")
    status, shown = typed(made, (PROMPT, f"\n  {first}\n  {second}\n"))  # pasted at once
    assert status == 0, shown


def test_first_import_right_the_second_time(made):
    value = fingerprint(made / "trust" / "1.root.yaml")
    status, shown = typed(made, (PROMPT, with_wrong(value, 9) + "\n"), (PROMPT, value + "\n"))
    assert status == 0, shown
    assert "group 9 of 16" in shown and groups(value)[8] not in shown.split("group 9 of 16")[1].split("\n")[0]
    shutil.rmtree(made / "host")
    status, shown = typed(made, (PROMPT, value[:60] + "\n"), (REST, "\n"), (PROMPT, value + "\n"))
    assert status == 0, shown


def test_first_import_typed_wrong_twice(made):
    value = fingerprint(made / "trust" / "1.root.yaml")
    for first, second in (("yes", "yes"), (with_wrong(value, 3), "no"), (value + "00", "y")):
        status, shown = typed(made, (PROMPT, first + "\n"), (PROMPT, second + "\n"))
        assert status == 4
        assert "the fingerprint was not typed; nothing was imported" in shown
        assert not (made / "host").exists()


def test_first_import_takes_no_more_of_a_paste_for_a_second_try(made):
    status, shown = typed(made, (PROMPT, "no\n" * 5), (PROMPT, "\x04"))
    assert status == 2 and shown.count("'n' is no digit") == 1, shown
    assert not (made / "host").exists()


def first_import(made):
    value = fingerprint(made / "trust" / "1.root.yaml")
    assert importing(made, "--fingerprint", value).status == 0


@needs_minisign
def test_import_follows_a_chain_signed_by_minisign(made):
    first_import(made)
    add_root(made / "trust", 2, lambda text: text.replace("epoch: 0", "epoch: 1"))
    sign_root(made / "trust", 2, ["root"])
    add_root(made / "trust", 3)
    sign_root(made / "trust", 3, ["root-spare"])
    result = importing(made)
    assert result.status == 0, result
    assert "from root 1 to 3" in result.out
    assert show(host_trust(made), made)["number"] == 3
    assert importing(made, source="trust/2.root.yaml").status == 0
    assert show(host_trust(made), made)["number"] == 3


@needs_minisign
def test_020_import_refuses_a_root_of_new_keys_only(made):
    first_import(made)
    other = made / "other"
    other.mkdir()
    assert run("trust", "init", "--no-password", cwd=other).status == 0
    lines = (other / "trust" / "root.pub").read_text().splitlines()
    old = (made / "trust" / "root.pub").read_text().splitlines()[1]
    spare_old = (made / "trust" / "root-spare.pub").read_text().splitlines()[1]
    spare_new = (other / "trust" / "root-spare.pub").read_text().splitlines()[1]
    add_root(made / "trust", 2,
             lambda text: text.replace(old, lines[1]).replace(spare_old, spare_new))
    sign_root_path = made / "trust" / "2.root.yaml"
    identity = lines[0].split()[-1]
    assert minisign("-S", "-W", "-s", other / "root.key", "-m", sign_root_path,
                    "-x", "%s.%s.minisig" % (sign_root_path, identity), cwd=made).status == 0
    refused(importing(made), 4, "keys of root 1")
    assert show(host_trust(made), made)["number"] == 1
    sign_root(made / "trust", 2, ["root"])
    assert importing(made).status == 0
    assert show(host_trust(made), made)["number"] == 2


@needs_minisign
def test_017_a_revoked_release_key_is_shown(made):
    release = (made / "trust" / "release.pub").read_text().splitlines()[1]
    spare = (made / "trust" / "root-spare.pub").read_text().splitlines()[1]

    def revoke(text):
        text = text.replace("    keys:\n      - release\n", "    keys:\n      - root-spare\n")
        return text + "revoked:\n  - key: %s\n    reason: stolen\n" % release

    first_import(made)
    assert spare != release
    add_root(made / "trust", 2, revoke)
    sign_root(made / "trust", 2, ["root"])
    result = importing(made)
    assert result.status == 0 and "stolen" in result.out, result
    data = show(host_trust(made), made)
    assert [key["name"] for key in data["keys"] if key["revoked"]] == ["release"]


@needs_minisign
def test_003_legacy_vote_does_not_count(made):
    vote = glob.glob(str(made / "trust" / "*.minisig"))[0]
    assert minisign("-S", "-l", "-W", "-s", "root.key", "-m", "trust/1.root.yaml", "-x", vote,
                    cwd=made).status == 0
    refused(run("trust", "show", "--trust", "trust", cwd=made), 4, "0 of the 1 votes")


def test_019_gap_in_the_carried_chain(made):
    first_import(made)
    shutil.copy(made / "trust" / "1.root.yaml", made / "trust" / "3.root.yaml")
    refused(importing(made), 4, "has root 3 but not root 2")


def test_022_another_root_1_is_refused(made):
    first_import(made)
    other = made / "other"
    other.mkdir()
    assert run("trust", "init", "--no-password", cwd=other).status == 0
    refused(importing(made, source="other/trust"), 4, "two different roots with the number 1")
    value = fingerprint(other / "trust" / "1.root.yaml")
    refused(importing(made, "--fingerprint", value, source="other/trust"), 4, "two different")


def test_changed_root_is_refused(made):
    root = made / "trust" / "1.root.yaml"
    root.write_text(root.read_text().replace("threshold: 1", "threshold: 2", 1))
    refused(run("trust", "show", "--trust", "trust", cwd=made), 4, "0 of the 2 votes")
    refused(importing(made, "--fingerprint", fingerprint(root)), 4, "votes")
    assert not (made / "host").exists()


def test_027_a_trust_folder_that_others_may_write(made):
    (made / "trust").chmod(0o777)
    refused(run("trust", "show", "--trust", "trust", cwd=made), 4, "others may write")
    value = fingerprint(made / "trust" / "1.root.yaml")
    assert importing(made, "--fingerprint", value).status == 0  # a stick has no permissions


def test_028_nothing_in_the_environment_or_folder_changes_trust(made):
    (made / "handcarry.conf").write_text("trust: none\n")
    (made / ".handcarryrc").write_text("insecure\n")
    env = {"HANDCARRY_INSECURE": "1", "HANDCARRY_TRUST": "trust", "INSECURE": "1"}
    refused(importing(made, env=env), 2, "--fingerprint")
    assert not (made / "host").exists()


def test_import_of_what_is_no_trust_root(made):
    (made / "empty").mkdir()
    refused(importing(made, source="nowhere"), 1, "nowhere")
    refused(importing(made, source="empty"), 4, "holds no trust root")
    (made / "junk").write_bytes(os.urandom(3000))
    assert importing(made, source="junk").status in (2, 3)
    refused(run("trust", "import", cwd=made), 2, "exactly one")


def test_unknown_sub_verbs(made):
    refused(run("trust", "frob", cwd=made), 2, "trust knows no 'frob'")
    refused(run("trust", cwd=made), 2, "needs a sub-verb")


def test_help_of_each_sub_verb(made):
    for args in ((), ("init",), ("add",), ("retire",), ("revoke",), ("rotate",), ("sign",),
                 ("show",), ("import",)):
        result = run("trust", *args, "--help", cwd=made)
        assert result.status == 0 and result.err == "", result
        assert result.out.startswith("Usage: handcarry trust")
        assert max(map(len, result.out.splitlines())) <= 80
