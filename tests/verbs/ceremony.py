# SPDX-License-Identifier: Apache-2.0
# Copyright The handcarry authors
"""People with keys of their own, for the tests of trust roots with thresholds."""
import atexit
import functools
import json
import pathlib
import shutil
import tempfile

from keytools import run

PEOPLE = ("anna", "bert", "carl", "dora", "emil", "ci", "ci-2", "human", "frida")


@functools.lru_cache(maxsize=None)
def pairs():
    """A folder with a key pair of each; keys are made once a run."""
    folder = pathlib.Path(tempfile.mkdtemp(prefix="keys-"))
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    for name in PEOPLE:
        result = run("keygen", name, "--no-password", cwd=folder)
        assert result.status == 0, result
    return folder


def bring_keys(folder):
    for file in pairs().iterdir():
        shutil.copy(file, folder)


def line_of(name):
    """The public key as it stands in a trust root."""
    return (pairs() / f"{name}.pub").read_text().splitlines()[1]


def key_id(name):
    return (pairs() / f"{name}.pub").read_text().split()[5]

RELEASE = """handcarry: 1
product: demo
version: 1.0.0
release: 1
files:
  - {from: extra/, to: /opt/demo/}
"""


def pack(folder, name, *signers, release=RELEASE):
    """A small bundle, signed by these."""
    (folder / "extra").mkdir(exist_ok=True)
    (folder / "extra/a").write_text("hi\n")
    (folder / "release.yaml").write_text(release)
    words = [word for key in signers for word in ("--sign", f"{key}.key")]
    done(run("bundle", "release.yaml", "-o", name, *words, cwd=folder))


def trust(folder, *words):
    return run("trust", *words, cwd=folder)


def done(result):
    assert result.status == 0, result
    return result


def init(folder, *more, roots=("anna", "bert", "carl", "dora", "emil"), threshold=3):
    """Root keys as given, ci and human for each release, ci packs."""
    words = [word for name in roots for word in ("--root", f"{name}={name}.pub")]
    return trust(folder, "init", *words, "--root-threshold", str(threshold), "--key", "ci=ci.pub",
                 "--key", "human=human.pub", "--role", "ci:statement=ci", "--role",
                 "human:statement=human", "--role", "pack:packing=ci", *more)


def sign(folder, *names, trust_folder="trust"):
    """The last result, each call before it being done; without names one call without a key."""
    calls = [("--key", f"{name}.key") for name in names] or [()]
    for words in calls[:-1]:
        done(trust(folder, "sign", "--trust", trust_folder, *words))
    return trust(folder, "sign", "--trust", trust_folder, *calls[-1])


def show(folder, *more, trust_folder="trust"):
    return json.loads(done(trust(folder, "show", "--trust", trust_folder, "--json", *more)).out)


def roles(folder, trust_folder="trust"):
    return {role["name"]: (role["threshold"], role["keys"])
            for role in show(folder, trust_folder=trust_folder)["roles"]}
