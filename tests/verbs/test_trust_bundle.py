# SPDX-License-Identifier: Apache-2.0
# Copyright The handcarry authors
"""trust export and import: the chain as a file of its own, and chains that are not what they say."""
import hashlib
import os
import shutil

import pytest
from bundlefile import tail
from ceremony import bring_keys, done, init, pack, show, trust
from keytools import refused, run

ROOTS = ("anna", "bert", "carl")


@pytest.fixture(name="made")
def made_fixture(tmp_path):
    """Three roots; a host that believes the first."""
    bring_keys(tmp_path)
    done(init(tmp_path, "--sign", "anna.key", "--sign", "bert.key", roots=ROOTS, threshold=2))
    value = hashlib.sha256((tmp_path / "trust/1.root.yaml").read_bytes()).hexdigest()
    done(importing(tmp_path, "trust", "--fingerprint", value))
    done(trust(tmp_path, "rotate", "carl", "--key", "dora.pub", "--sign", "anna.key", "--sign",
               "bert.key"))
    done(trust(tmp_path, "rotate", "ci", "--key", "ci-2.pub", "--revoke", "--reason", "stolen",
               "--sign", "anna.key", "--sign", "dora.key"))
    return tmp_path


def importing(made, source, *more):
    return trust(made, "import", source, "--root", "host", *more)


def export(made, name="new.trust", folder="trust"):
    return trust(made, "export", "-o", name, "--trust", folder)


def host_number(made):
    return show(made, trust_folder="host/etc/handcarry/trust")["number"]


def host_files(made):
    return {path.name: path.read_bytes()
            for path in (made / "host/etc/handcarry/trust").iterdir()}


def chain(folder):
    """(text, votes) of each root in a trust folder."""
    found = []
    while (folder / f"{len(found) + 1}.root.yaml").exists():
        name = f"{len(found) + 1}.root.yaml"
        found.append(((folder / name).read_bytes(),
                      [vote.read_bytes() for vote in sorted(folder.glob(name + ".*.minisig"))]))
    return found


def write(path, roots):
    sections = []
    for text, votes in roots:
        sections += [("root", text)] + [("vote-root", vote) for vote in votes]
    path.write_bytes(tail(0, sections))


def test_a_host_two_roots_behind_catches_up(made):
    result = done(export(made))
    size = os.path.getsize(made / "new.trust")
    assert f"Roots 1 to 3 with their votes, in 'new.trust' ({size} bytes)" in result.out
    assert size < 8192
    result = done(importing(made, "new.trust"))
    assert "Followed the chain from root 1 to 3" in result.out and "REVOKED: stolen" in result.out
    assert host_number(made) == 3
    assert "already; nothing newer" in done(importing(made, "new.trust")).out


def test_its_bytes_follow_from_the_chain(made):
    done(export(made, "one.trust"))
    done(export(made, "two.trust"))
    write(made / "three.trust", chain(made / "trust"))
    assert (made / "one.trust").read_bytes() == (made / "two.trust").read_bytes() == (
        made / "three.trust").read_bytes()


def test_a_host_exports_what_it_believes(made):
    done(trust(made, "export", "-o", "of-host.trust", "--root", "host"))
    write(made / "first.trust", chain(made / "trust")[:1])
    assert (made / "of-host.trust").read_bytes() == (made / "first.trust").read_bytes()


def test_the_first_import_may_be_of_a_trust_bundle(made):
    done(export(made))
    value = hashlib.sha256((made / "trust/3.root.yaml").read_bytes()).hexdigest()
    done(trust(made, "import", "new.trust", "--root", "other", "--fingerprint", value))
    assert show(made, trust_folder="other/etc/handcarry/trust")["number"] == 3


def test_a_stick_with_one_trust_bundle(made):
    (made / "stick").mkdir()
    refused(importing(made, "stick"), 4, "holds no trust root", "NAME.trust")
    done(export(made, "stick/new.trust"))
    (made / "stick/._new.trust").write_text("what other systems leave")
    pack(made, "stick/b.tar.zst", "ci-2", "human")
    done(importing(made, "stick"))
    assert host_number(made) == 3
    shutil.copy(made / "stick/new.trust", made / "stick/old.trust")
    refused(importing(made, "stick"), 2, "several trust bundles in 'stick'")


def first(made, source, *more):
    """An import on a host that believes nobody yet."""
    value = hashlib.sha256((made / "trust/3.root.yaml").read_bytes()).hexdigest()
    return trust(made, "import", source, "--root", "other", "--fingerprint", value, *more)


def test_the_first_import_straight_from_the_stick_says_what_to_type_next(made):
    stick = made / "a stick"
    stick.mkdir()
    pack(made, "a stick/b.tar.zst", "ci-2", "human")
    shutil.copy(made / "a stick/b.tar.zst", stick / "damaged.tar.zst")
    (stick / "damaged.tar.zst").write_bytes((stick / "b.tar.zst").read_bytes()[:-9])
    done(export(made, "a stick/new.trust"))
    for source, plan in (("a stick", "'a stick'"), ("a stick/b.tar.zst", "'a stick/b.tar.zst'"),
                         ("a stick/new.trust", "'a stick'"), ("trust", "PATH")):
        result = done(first(made, source))
        assert result.out.endswith(f"\n  handcarry plan {plan} --root other\n"), result
        shutil.rmtree(made / "other")
    (stick / "new.trust").unlink()
    done(first(made, "a stick"))  # by what the bundles carry
    shutil.rmtree(made / "other")
    shutil.copytree(made / "trust", stick / "trust")
    assert "handcarry plan 'a stick'" in done(first(made, "a stick/trust")).out
    shutil.rmtree(made / "other")
    done(first(made, "a stick"))


def test_a_stick_whose_bundles_carry_different_roots(made):
    (made / "stick").mkdir()
    pack(made, "stick/b.tar.zst", "ci-2", "human")
    shutil.move(made / "trust", made / "ours")
    done(init(made, "--sign", "anna.key", "--sign", "bert.key", roots=("anna", "bert"), threshold=2))
    pack(made, "stick/a.tar.zst", "ci", "human")
    shutil.move(made / "trust", made / "theirs")
    shutil.move(made / "ours", made / "trust")
    refused(first(made, "stick"), 4, "different trust roots", "name that file")
    assert not (made / "other").exists()


def test_only_a_trust_bundle_gives_way(made):
    done(export(made))
    done(export(made))
    pack(made, "b.tar.zst", "ci-2", "human")
    before = (made / "b.tar.zst").read_bytes()
    refused(export(made, "b.tar.zst"), 1, "is there already and is no trust bundle")
    (made / "note").write_text("mine\n")
    refused(export(made, "note"), 1, "is no trust bundle")
    assert (made / "b.tar.zst").read_bytes() == before and (made / "note").read_text() == "mine\n"
    refused(trust(made, "export", "--trust", "trust"), 2, "-o FILE.trust")


def test_it_is_no_release(made):
    done(export(made))
    for words in (("verify", "new.trust", "--trust", "trust"), ("show", "new.trust"),
                  ("sign", "new.trust", "--key", "human.key")):
        refused(run(*words, cwd=made), 3, "is a trust bundle, which carries no release")


def test_019_a_gap(made):
    roots = chain(made / "trust")
    write(made / "gap.trust", [roots[0], roots[2]])
    before = host_files(made)
    refused(importing(made, "gap.trust"), 4, "keys of root 1")
    shutil.copytree(made / "trust", made / "gap")
    (made / "gap/2.root.yaml").unlink()
    refused(importing(made, "gap"), 4, "the chain has a gap")
    assert host_files(made) == before


def test_020_a_step_signed_by_new_keys_only_or_old_keys_only(made):
    before = host_files(made)
    root = (made / "trust/1.root.yaml").read_text()
    keys = {name: (made / f"{name}.pub").read_text().splitlines()[1]
            for name in (*ROOTS, "dora", "emil", "frida")}
    text = root.replace("number: 1", "number: 2")
    for old, new in zip(ROOTS, ("dora", "emil", "frida")):
        text = text.replace(keys[old], keys[new])
    for names, status, fragment in ((("dora", "emil"), 4, "keys of root 1: "),
                                    (("anna", "bert"), 4, "keys of root 2 itself: "),
                                    (("anna", "dora", "emil"), 4, "1 of the 2 votes"),
                                    (("anna", "bert", "dora"), 4, "1 of the 2 votes")):
        write(made / "forged.trust", [chain(made / "trust")[0], (text.encode(), votes(made, text, names))])
        refused(importing(made, "forged.trust"), status, fragment)
        assert host_files(made) == before
    write(made / "good.trust", [chain(made / "trust")[0],
                                (text.encode(), votes(made, text, ("anna", "bert", "dora", "emil")))])
    done(importing(made, "good.trust"))
    assert host_number(made) == 2


def votes(made, text, names):
    """Votes on any text, as handcarry makes them for a proposal in a folder where all may vote."""
    folder = made / "votes"
    shutil.rmtree(folder, ignore_errors=True)
    (folder / "trust").mkdir(parents=True)
    (folder / "trust/2.root.yaml.new").write_text(text)
    for file in (made / "trust").glob("1.root.yaml*"):
        shutil.copy(file, folder / "trust")
    found = []
    for name in names:
        done(run("trust", "sign", "--key", f"../{name}.key", cwd=folder))
        found += [vote.read_bytes() for vote in (folder / "trust").glob("2.root.yaml.*.minisig")]
        for vote in (folder / "trust").glob("2.root.yaml.*.minisig"):
            vote.unlink()
    return found


def test_021_nothing_is_stored_where_a_later_step_is_bad(made):
    roots = chain(made / "trust")
    write(made / "half.trust", [roots[0], roots[1], (roots[2][0], roots[2][1][:1])])
    before = host_files(made)
    refused(importing(made, "half.trust"), 4, "keys of root 2: the trust root 3 has 1 of the 2")
    assert host_files(made) == before


def test_022_a_fork(made):
    """Two roots 2, both signed by enough: somebody with the keys made both."""
    shutil.copytree(made / "trust", made / "fork")
    for name in os.listdir(made / "fork"):
        if name.startswith(("2.", "3.")):
            (made / "fork" / name).unlink()
    done(trust(made, "retire", "human", "--drop-role", "human", "--trust", "fork", "--sign",
               "anna.key", "--sign", "bert.key"))
    done(export(made, "fork.trust", "fork"))
    done(export(made))
    done(importing(made, "new.trust"))
    before = host_files(made)
    refused(importing(made, "fork.trust"), 4, "two different roots with the number 2",
            "ask the people who hold the root keys")
    assert host_files(made) == before


def test_an_older_chain_changes_nothing(made):
    done(export(made))
    write(made / "old.trust", chain(made / "trust")[:2])
    done(importing(made, "new.trust"))
    before = host_files(made)
    assert "already; nothing newer" in done(importing(made, "old.trust")).out
    assert host_files(made) == before


@pytest.mark.parametrize("change, fragment", [
    (lambda roots: [roots[0], roots[2], roots[1]], "keys of root 1"),
    (lambda roots: [roots[0], (roots[1][0] + b"#\n", roots[1][1])], "0 of the 2 votes"),
    (lambda roots: [roots[0], (b"handcarry-packing: 1\n" + roots[1][0], roots[1][1])],
     "does not begin with the line"),
    (lambda roots: [roots[1]], "two different roots with the number 1"),
])
def test_005_019_022_steps_out_of_place(made, change, fragment):
    write(made / "odd.trust", change(chain(made / "trust")))
    before = host_files(made)
    refused(importing(made, "odd.trust"), 4, fragment)
    assert host_files(made) == before


def test_015_votes_without_end(made):
    roots = chain(made / "trust")
    write(made / "many.trust", [roots[0], (roots[1][0], roots[1][1] * 5000)])
    refused(importing(made, "many.trust"), 3, "more than")
    assert host_number(made) == 1


def test_048_050_cut_or_longer(made):
    done(export(made))
    whole = (made / "new.trust").read_bytes()
    for bytes_ in (whole[:-1], whole[1:], whole + b"\0", b"\0" + whole, whole + whole, b""):
        (made / "odd.trust").write_bytes(bytes_)
        refused(importing(made, "odd.trust"), 3)
    assert host_number(made) == 1
