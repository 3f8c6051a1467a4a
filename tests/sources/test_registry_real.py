# SPDX-License-Identifier: Apache-2.0
# Copyright The handcarry authors
"""Debian's docker-registry with TLS and a password: what skopeo put there comes out again, and
nothing without the CA or the password."""
import base64
import json
import subprocess

import pytest

from engines.images import Image, Layer, noise, text, write_oci
from program import MAKER
from registry.asked import ask, clean_environment
from registry.server import PASSWORD, USER

NAME = "plant/server:1"


@pytest.fixture(scope="module", name="filled")
def fixture_filled(registry_server, tmp_path_factory):
    folder = tmp_path_factory.mktemp("filled")
    image = Image("x:1", [Layer().file("a", text(1, 500)), Layer().file("b", noise(2, 300_000))])
    write_oci(folder / "layout", image, compression="gzip")
    registry_server.push("oci:%s" % (folder / "layout"), NAME)
    index = json.loads((folder / "layout/index.json").read_text())
    digest = index["manifests"][0]["digest"]
    blobs = folder / "layout/blobs/sha256"
    return digest, json.loads((blobs / digest[7:]).read_text()), blobs


@pytest.fixture(name="env")
def fixture_env(registry_server, tmp_path):
    registry_server.forget()
    return registry_server.environment(tmp_path / "home")


def test_manifest_and_blobs(registry_server, filled, env, tmp_path):
    digest, manifest, blobs = filled
    code, out, text_ = ask(tmp_path, registry_server.name(NAME), env=env)
    assert code == 0, text_
    assert out.split()[1] == digest
    for part in [manifest["config"], *manifest["layers"]]:
        code, out, text_ = ask(tmp_path, registry_server.name(NAME), part["digest"], part["size"],
                               tmp_path / "blob", env=env)
        assert (code, out) == (0, "%d\n" % part["size"]), text_
        assert (tmp_path / "blob").read_bytes() == (blobs / part["digest"][7:]).read_bytes()
        (tmp_path / "blob").unlink()
    assert [status for _, _, status in registry_server.requests()] == [401, 200] * 4


def test_resumed_blob(registry_server, filled, env, tmp_path):
    _, manifest, blobs = filled
    part = manifest["layers"][1]
    data = (blobs / part["digest"][7:]).read_bytes()
    (tmp_path / "blob").write_bytes(data[:1000])
    code, out, text_ = ask(tmp_path, registry_server.name(NAME), part["digest"], part["size"],
                           tmp_path / "blob", env=env)
    assert (code, out) == (0, "%d\n" % (len(data) - 1000)), text_
    assert (tmp_path / "blob").read_bytes() == data
    assert [status for _, _, status in registry_server.requests()] == [401, 206]


def test_without_the_ca(registry_server, filled, env, tmp_path):
    (tmp_path / "home/.config/containers/certs.d" / registry_server.host / "ca.crt").unlink()
    code, out, text_ = ask(tmp_path, registry_server.name(NAME), env=env)
    assert (code, out) == (7, ""), text_
    assert "certs.d/%s/ca.crt" % registry_server.host in text_
    assert "--insecure " + registry_server.host in text_
    code, _, text_ = ask(tmp_path, registry_server.name(NAME), env=env,
                         insecure=[registry_server.host])
    assert code == 0, text_


def test_ca_of_the_system(registry_server, filled, env, tmp_path):
    certs = tmp_path / "home/.config/containers/certs.d" / registry_server.host / "ca.crt"
    certs.rename(tmp_path / "system.crt")
    code, _, text_ = ask(tmp_path, registry_server.name(NAME),
                         env={**env, "SSL_CERT_FILE": str(tmp_path / "system.crt")})
    assert code == 0, text_


def test_without_credentials_and_with_wrong_ones(registry_server, filled, env, tmp_path):
    config = tmp_path / "home/.docker/config.json"
    config.write_text("{}")
    code, _, text_ = ask(tmp_path, registry_server.name(NAME), env=env)
    assert code == 7 and "docker login " + registry_server.host in text_
    config.write_text(json.dumps({"auths": {registry_server.host: {
        "username": USER, "password": "not " + PASSWORD}}}))
    registry_server.forget()
    code, _, text_ = ask(tmp_path, registry_server.name(NAME), env=env)
    assert code == 7 and "the credentials of 'ci' from %s were used" % config in text_
    assert PASSWORD not in text_
    assert len(registry_server.requests()) == 2


def test_what_is_not_there(registry_server, filled, env, tmp_path):
    code, _, text_ = ask(tmp_path, registry_server.name("plant/server:2"), env=env)
    assert code == 7 and "manifest '2': it has no such thing (MANIFEST_UNKNOWN" in text_
    code, _, text_ = ask(tmp_path, registry_server.name("plant/other:1"), env=env)
    assert code == 7 and "repository plant/other" in text_


def bundle(folder, env, *more):
    done = subprocess.run([MAKER, "bundle", "release.yaml", *more], cwd=folder, check=False,
                          stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                          stderr=subprocess.STDOUT, env={**clean_environment(folder), **env})
    return done.returncode, done.stdout.decode()


def holds(folder, secrets):
    return [path for path in folder.rglob("*") if path.is_file()
            for secret in secrets if secret in path.read_bytes()]


def test_bundle_from_a_registry_with_a_password(registry_server, filled, env, tmp_path):
    """Nothing that is written holds the password, or what it became."""
    folder = tmp_path / "release"
    folder.mkdir()
    (folder / "release.yaml").write_text(
        "handcarry: 1\nproduct: plant\nversion: 1\nrelease: 1\nimages:\n"
        "  - {name: 'plant/server:1', from: 'docker://%s'}\n" % registry_server.name(NAME))
    code, text_ = bundle(folder, env, "--cache", "cache", "-o", "x.tar.zst")
    assert code == 0, text_
    assert filled[0] in (folder / "release.lock.yaml").read_text()
    encoded = base64.b64encode(("%s:%s" % (USER, PASSWORD)).encode())
    assert holds(tmp_path / "home", [encoded])
    assert not holds(folder, [PASSWORD.encode(), encoded]) and PASSWORD not in text_
    (tmp_path / "home/.docker/config.json").write_text("{}")
    code, text_ = bundle(folder, env, "--cache", "cache", "--offline", "-o", "y.tar.zst")
    assert code == 0, text_
    code, text_ = bundle(folder, env, "--cache", "other", "-o", "z.tar.zst")
    assert code == 7 and "docker login " + registry_server.host in text_
    code, text_ = bundle(folder, env, "--cache", "other", "-o", "z.tar.zst",
                         "--mirror", "%s=127.0.0.1:1" % registry_server.host)
    assert code == 7 and "asked before that: registry 127.0.0.1:1" in text_
    assert not (folder / "z.tar.zst").exists()
