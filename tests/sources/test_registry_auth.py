# SPDX-License-Identifier: Apache-2.0
# Copyright The handcarry authors
"""Who we are to a registry: what is sent, to whom, and above all to whom it is not."""
import base64
import json
import os
import urllib.parse

import pytest

from registry.asked import ask
from registry.certificates import Authority
from registry.misbehaving import Misbehaving, breaks_off, guarded, redirect, status, token

V2 = "/v2/plant/.*"
SECRET = "w0rd:of ci"
BASIC = "Basic " + base64.b64encode(b"ci:" + SECRET.encode()).decode()
SCOPE = "repository:plant/server:pull"


class World:
    """A registry, a token server (or a store that redirects lead to), and a HOME that trusts
    them."""

    def __init__(self, folder):
        self.authority = Authority(folder / "ca")
        self.pem = self.authority.issue("server")[2]
        self.registry, self.other = Misbehaving(self.pem), Misbehaving(self.pem)
        self.home = None

    def begin(self, home):
        self.home = home
        self.registry.forget()
        self.other.forget()
        for server in (self.registry, self.other):
            certs = home / ".config/containers/certs.d" / server.host
            certs.mkdir(parents=True)
            os.link(self.authority.certificate, certs / "ca.crt")

    def bearer(self, **more):
        parts = {"realm": self.other.url + "/token", "service": "tests", "scope": SCOPE, **more}
        return "Bearer " + ",".join('%s="%s"' % part for part in parts.items())

    def guard(self, *tokens):
        """The registry wants one of these tokens, the token server gives them in turn."""
        self.registry.answer(V2, guarded(["Bearer " + one for one in tokens], self.bearer()))
        self.other.answer("/token", *[token(one) for one in tokens])

    def config(self, name=".docker/config.json", **entry):
        path = self.home / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(json.dumps({"auths": {self.registry.host: entry}}))
        return path

    def log_in(self):
        return self.config(auth=base64.b64encode(b"ci:" + SECRET.encode()).decode())

    def ask(self, *arguments, **more):
        result = ask(self.home, *(arguments or [self.registry.name + ":v1"]), **more)
        assert SECRET not in result[2] and BASIC[6:] not in result[2]
        return result

    def blob(self, **more):
        return self.ask(self.registry.name, self.registry.layer, 1 << 20, self.home / "blob", **more)

    def works(self, *arguments, **more):
        code, _, text = self.ask(*arguments, **more)
        assert code == 0, text

    def refused(self, fragment, *arguments, code=7, **more):
        found, out, text = self.ask(*arguments, **more)
        assert (found, out) == (code, ""), text
        assert fragment in text, text
        return text

    def told(self, server):
        """What each request to a server said we are."""
        return [headers.get("Authorization") for _, _, headers, _ in server.seen]


@pytest.fixture(scope="module", name="made")
def fixture_made(tmp_path_factory):
    world = World(tmp_path_factory.mktemp("world"))
    with world.registry, world.other:
        yield world


@pytest.fixture(name="world")
def fixture_world(made, tmp_path):
    made.begin(tmp_path)
    return made


def test_token_for_anybody(world):
    world.guard("abc")
    world.works()
    assert world.told(world.registry) == [None, "Bearer abc"]
    (method, path, headers, form), = world.other.seen
    assert (method, form) == ("GET", "") and "Authorization" not in headers
    assert urllib.parse.parse_qs(path.partition("?")[2]) == {"service": ["tests"], "scope": [SCOPE]}


def test_token_for_a_password(world):
    world.guard("abc")
    world.log_in()
    world.works()
    assert world.told(world.registry) == [None, "Bearer abc"]
    assert world.told(world.other) == [BASIC]
    assert "account=ci" in world.other.seen[0][1]


def test_token_for_an_identity(world):
    world.guard("abc")
    world.config(auth=base64.b64encode(b"<token>:").decode(), identitytoken="id+&=1")
    world.works()
    (method, path, headers, form), = world.other.seen
    assert (method, path) == ("POST", "/token") and "Authorization" not in headers
    assert urllib.parse.parse_qs(form) == {
        "grant_type": ["refresh_token"], "service": ["tests"], "client_id": ["handcarry"],
        "scope": [SCOPE], "refresh_token": ["id+&=1"]}
    assert headers["Content-Type"] == "application/x-www-form-urlencoded"


def test_token_of_the_registry_itself(world):
    world.registry.answer(V2, guarded(["Bearer own"], world.bearer()))
    world.config(registrytoken="own")
    world.works()
    assert world.other.seen == []
    world.config(registrytoken="old")
    text = world.refused("config.json was used")
    assert "'old'" not in text and world.other.seen == []
    world.config(registrytoken="own\r\nX-More: 1")
    world.refused("'registrytoken' has blanks or control characters", code=3)
    assert not any("X-More" in headers for _, _, headers, _ in world.registry.seen)


def test_token_under_its_other_name(world):
    world.guard("abc")
    world.other.answer("/token", lambda one: one.reply(200, b'{"access_token":"abc"}'))
    world.works()


def test_password_where_it_is_asked_for(world):
    world.registry.answer(V2, guarded([BASIC], 'Basic realm="x"'))
    world.log_in()
    world.works()
    assert world.told(world.registry) == [None, BASIC]


def test_wrong_password_is_tried_once(world):
    world.registry.answer(V2, guarded(["nothing"], 'Basic realm="x"'))
    path = world.log_in()
    world.refused("the credentials of 'ci' from %s were used" % path)
    assert world.told(world.registry) == [None, BASIC]


def test_nothing_is_said_to_who_does_not_ask(world):
    world.log_in()
    world.works()
    assert world.told(world.registry) == [None]


@pytest.mark.parametrize("headers", [
    ['Basic realm="x"', "BEARER"], ['Basic realm="x", BEARER'], ["BEARER", 'Basic realm="x"'],
    ["Negotiate", "BEARER"], ["Negotiate YII=, BEARER"], ["what = is this", "BEARER"]])
def test_bearer_before_all_others(world, headers):
    world.guard("abc")
    world.registry.answer(V2, guarded(["Bearer abc"], *[one.replace("BEARER", world.bearer())
                                                        for one in headers]))
    world.log_in()
    world.works()
    assert world.told(world.registry) == [None, "Bearer abc"]


@pytest.mark.parametrize("headers", [["Negotiate"], ['Digest realm="x"'], ["Bearer service=x"],
                                     ["\"", "=="], []])
def test_what_nobody_can_answer(world, headers):
    world.registry.answer(V2, guarded(["nothing"], *headers))
    world.log_in()
    world.refused("asks for nothing that we have")
    assert len(world.registry.seen) == 1


def test_token_that_ends_meanwhile(world):
    data = world.registry.bytes_of(world.registry.layer)
    world.other.answer("/token", token("one"), token("two"))

    def answer(one):
        seen = world.told(world.registry)
        if one.headers.get("Authorization") == "Bearer two":
            one.part(data)
        elif seen.count("Bearer one") == 1:
            breaks_off(data, 400_000)(one)
        else:
            one.refuse(401, WWW_Authenticate=world.bearer())
    world.registry.answer(V2, guarded(["nothing"], world.bearer()), answer)
    assert world.blob() == (0, "%d\n" % len(data), "")
    assert world.told(world.registry) == [None, "Bearer one", "Bearer one", "Bearer two"]
    assert (world.home / "blob").read_bytes() == data


def test_token_that_says_it_ended(world):
    data = world.registry.bytes_of(world.registry.layer)
    world.other.answer("/token", token("one", expires_in=0), token("two", expires_in=3600))
    world.registry.answer(V2, guarded([], world.bearer()), breaks_off(data, 400_000), None)
    assert world.blob()[0] == 0
    assert world.told(world.registry) == [None, "Bearer one", "Bearer two"] or \
        world.told(world.registry) == [None, "Bearer two", "Bearer two"]


def test_scope_that_did_not_suffice(world):
    wide = world.bearer(scope="repository:mirrored/plant/server:pull", error="insufficient_scope")
    world.registry.answer(V2, guarded([], world.bearer()), guarded([], wide), None)
    world.other.answer("/token", token("one"), token("two"))
    world.works()
    assert world.told(world.registry) == [None, "Bearer one", "Bearer two"]
    assert "mirrored%2Fplant" in world.other.seen[1][1]


def test_more_than_to_pull_is_not_asked_for(world):
    world.guard("abc")
    world.registry.answer(V2, guarded(["Bearer abc"], world.bearer(scope="repository:x:push,pull")))
    world.works()
    assert urllib.parse.quote(SCOPE, safe="") in world.other.seen[0][1]


def test_tokens_that_never_suffice(world):
    world.guard("abc")
    world.registry.answer(V2, guarded([], world.bearer()))
    world.log_in()
    world.refused("it refuses us (HTTP status 401) (UNAUTHORIZED: no); the credentials of 'ci'")
    assert (len(world.registry.seen), len(world.other.seen)) == (3, 2)


@pytest.mark.parametrize("number", [400, 401, 403, 404])
def test_token_server_that_refuses(world, number):
    world.guard("abc")
    world.other.answer("/token", status(number))
    path = world.log_in()
    text = world.refused("it gives no token (HTTP status %d)" % number)
    assert "token server %s" % world.other.url in text
    assert "the credentials of 'ci' from %s were used" % path in text
    path.unlink()
    world.refused("docker login " + world.registry.host)
    assert len(world.other.seen) == 2


def test_token_server_that_is_busy(world):
    world.guard("abc")
    world.other.answer("/token", status(503), status(429), token("abc"))
    world.works()
    world.other.answer("/token", status(503))
    world.refused("HTTP status 503")
    assert len(world.other.seen) == 3 + 5


@pytest.mark.parametrize("body", [
    b"", b"{}", b"<html>", b'{"token":"a\\r\\nX-Injected: yes"}', b'{"token":"a b"}', b'{"token":""}',
    b'{"token":5}', b'{"token":"' + b"a" * 40000 + b'"}', b'{"token":"a","expires_in":"soon"}',
    b'{"token":"' + b"a" * 70000 + b'"}'])
def test_token_that_is_none(world, body):
    world.guard("abc")
    world.other.answer("/token", lambda one: one.reply(200, body))
    world.refused("token server", code=3)
    assert len(world.registry.seen) == 1


def test_token_server_that_sends_us_on(world):
    """With it would go the password."""
    world.guard("abc")
    world.other.answer("/token", lambda one: redirect(world.registry.url + "/trap")(one))
    world.log_in()
    world.refused("it gives no token (HTTP status 307)")
    assert world.registry.asked("trap") == []


@pytest.mark.parametrize("realm", ["http://127.0.0.1:9/token", "ftp://127.0.0.1/token",
                                   "https://ci:word@127.0.0.1/token", "file:///etc/passwd", "https://"])
def test_token_server_that_is_no_good_place(world, realm):
    world.registry.answer(V2, guarded([], world.bearer(realm=realm)))
    world.log_in()
    code, _, text = world.ask()
    assert code in (3, 7) and ("without TLS" in text or "names a place" in text), text
    code, _, text = world.ask(insecure=["127.0.0.1:9"])
    assert code in (3, 7) and ("without TLS" in text or "names a place" in text), text


def test_authorization_stays_with_its_origin(world):
    """Another port is another origin; a store there sees nobody, and its 401 changes nothing."""
    world.guard("abc")
    world.log_in()
    world.registry.answer(".*/blobs/.*", lambda one: (
        redirect(world.other.url + one.path)(one) if one.headers.get("Authorization") == "Bearer abc"
        else one.refuse(401, WWW_Authenticate=world.bearer())))
    world.other.content = dict(world.registry.content)
    assert world.blob()[0] == 0
    assert world.told(world.registry) == [None, "Bearer abc"]
    (_, _, headers, _), = world.other.asked("/blobs/")
    assert "Authorization" not in headers and "Cookie" not in headers
    assert not [value for value in headers.values() if "abc" in value]
    (world.home / "blob").unlink()
    world.other.answer(".*/blobs/.*", guarded([], 'Basic realm="give me"', world.bearer()))
    world.other.seen.clear()
    assert world.blob()[0] == 7
    assert [told for _, path, headers, _ in world.other.asked("/blobs/")
            for told in [headers.get("Authorization")]] == [None]


def test_authorization_comes_back_to_its_origin(world):
    world.registry.answer(V2, guarded([BASIC], 'Basic realm="x"'))
    world.registry.answer(".*/manifests/v1", lambda one: (
        redirect("/v2/plant/server/manifests/moved")(one) if one.headers.get("Authorization")
        else one.refuse(401, WWW_Authenticate='Basic realm="x"')))
    world.registry.content["moved"] = world.registry.content["v1"]
    world.log_in()
    world.works()
    assert world.told(world.registry) == [None, BASIC, BASIC]


def test_basic_stays_with_its_origin(world):
    world.registry.answer(V2, lambda one: (
        redirect(world.other.url + one.path, 302)(one) if one.headers.get("Authorization") == BASIC
        else one.refuse(401, WWW_Authenticate='Basic realm="x"')))
    world.log_in()
    world.works()
    assert world.told(world.other) == [None]


def test_never_from_tls_to_none(world):
    with Misbehaving() as plain:
        world.registry.answer(V2, lambda one: redirect(plain.url + one.path)(one))
        world.refused("without TLS; refused")
        world.refused("without TLS; refused", insecure=[plain.host])
        assert plain.seen == []


def test_certificate_of_another_name(world, tmp_path):
    pem = world.authority.issue("stranger", "DNS:registry.example.org")[2]
    with Misbehaving(pem) as stranger:
        certs = tmp_path / ".config/containers/certs.d" / stranger.host
        certs.mkdir(parents=True)
        os.link(world.authority.certificate, certs / "ca.crt")
        world.refused("--insecure " + stranger.host, stranger.name + ":v1")
        assert stranger.seen == []
        world.works(stranger.name + ":v1", insecure=[stranger.host])


def test_certificate_of_another_host_s_ca(world, tmp_path):
    """certs.d is for one host each."""
    other = Authority(tmp_path / "other")
    with Misbehaving(other.issue("server")[2]) as stranger:
        certs = tmp_path / ".config/containers/certs.d" / stranger.host
        certs.mkdir(parents=True)
        os.link(world.authority.certificate, certs / "ca.crt")
        world.refused("certs.d", stranger.name + ":v1")
        (certs / "second.crt").write_bytes(other.certificate.read_bytes())
        world.works(stranger.name + ":v1")
        (certs / "third.crt").write_bytes(b"no PEM")
        world.refused("third.crt' is no certificate", stranger.name + ":v1", code=3)


def test_certificate_of_ours(world, tmp_path):
    certificate, key, _ = world.authority.issue("client")
    with Misbehaving(world.pem, clients=world.authority.certificate) as picky:
        certs = tmp_path / ".config/containers/certs.d" / picky.host
        certs.mkdir(parents=True)
        os.link(world.authority.certificate, certs / "ca.crt")
        assert world.ask(picky.name + ":v1", "--tries=1")[0] == 7
        os.link(certificate, certs / "client.cert")
        world.refused("needs its key", picky.name + ":v1", code=1)
        os.link(key, certs / "client.key")
        world.works(picky.name + ":v1")


HELPER = """#!/bin/sh
echo "$0 $*" >>"$HOME/helper.log"
read -r server; echo "$server" >>"$HOME/helper.log"
%s
"""


def helper(world, name, script):
    """Makes docker-credential-NAME; the variables that let it be found."""
    folder = world.home / "bin"
    folder.mkdir(exist_ok=True)
    program = folder / ("docker-credential-" + name)
    program.write_text(HELPER % script)
    program.chmod(0o755)
    return {"PATH": "%s:%s" % (folder, os.environ["PATH"])}


ANSWER = """echo '{"ServerURL":"x","Username":"ci","Secret":"%s"}'""" % SECRET


def write_config(world, **config):
    path = world.home / ".docker/config.json"
    path.parent.mkdir(exist_ok=True)
    path.write_text(json.dumps(config))


def test_helper_for_one_registry_before_the_one_for_all(world):
    world.registry.answer(V2, guarded([BASIC], 'Basic realm="x"'))
    host = world.registry.host
    env = helper(world, "mine", ANSWER)
    helper(world, "all", "exit 1")
    wrong = {host: {"auth": base64.b64encode(b"no:body").decode()}}
    write_config(world, auths=wrong, credHelpers={host: "mine"}, credsStore="all")
    world.works(env=env)
    lines = (world.home / "helper.log").read_text().splitlines()
    assert lines == ["%s/bin/docker-credential-mine get" % world.home, host]
    env = helper(world, "all", ANSWER)
    write_config(world, auths=wrong, credHelpers={"registry.example.org": "mine"}, credsStore="all")
    world.works(env=env)


def test_helper_that_has_an_identity_token(world):
    world.guard("abc")
    env = helper(world, "mine", """echo '{"Username":"<token>","Secret":"id"}'""")
    write_config(world, credsStore="mine")
    world.works(env=env)
    assert "refresh_token=id" in world.other.seen[0][3]


def test_helper_that_knows_nothing(world):
    world.registry.answer(V2, guarded([BASIC], 'Basic realm="x"'))
    env = helper(world, "mine", "echo 'credentials not found in native keychain'; exit 1")
    write_config(world, credsStore="mine")
    world.refused("docker login", env=env)
    world.config("run/containers/auth.json",
                 auth=base64.b64encode(b"ci:" + SECRET.encode()).decode())
    world.works(env=env)


@pytest.mark.parametrize("script, fragment", [
    ("echo 'the store is locked'; exit 1", "docker-credential-mine failed: the store is locked"),
    ("echo '{\"Secret\":\"%s\"}'; exit 3" % SECRET, "it does not say why"),
    ("echo nonsense", "docker-credential-mine: answer is no JSON"),
    ("kill -9 $$", "docker-credential-mine failed"),
])
def test_helper_that_fails(world, script, fragment):
    world.registry.answer(V2, guarded([BASIC], 'Basic realm="x"'))
    env = helper(world, "mine", script)
    write_config(world, credsStore="mine")
    code, _, text = world.ask(env=env)
    assert code in (1, 3) and fragment in text, text


def test_helper_that_does_not_listen(world):
    world.registry.answer(V2, guarded([BASIC], 'Basic realm="x"'))
    env = helper(world, "mine", "")
    (world.home / "bin/docker-credential-mine").write_text(
        "#!/bin/sh\nexec <&-\n%s\n" % ANSWER)
    write_config(world, credsStore="mine")
    world.works(env=env)
    for _ in range(5):
        env = {"PATH": "%s:%s" % (world.home / "bin", os.environ["PATH"])}
        (world.home / "bin/docker-credential-mine").write_text("#!/bin/false\n")
        world.refused("docker-credential-mine failed", code=1, env=env)


def test_helper_that_is_not_there_or_no_name(world):
    world.registry.answer(V2, guarded([BASIC], 'Basic realm="x"'))
    write_config(world, credsStore="absent")
    world.refused("docker-credential-absent", code=1)
    write_config(world, credsStore="../../bin/sh")
    world.refused("is no name of a credential helper", code=3)


def test_places_of_credentials(world):
    world.registry.answer(V2, guarded([BASIC], 'Basic realm="x"'))
    good = base64.b64encode(b"ci:" + SECRET.encode()).decode()
    for name, env in [
            (".docker/config.json", {}), ("d/config.json", {"DOCKER_CONFIG": str(world.home / "d")}),
            ("run/containers/auth.json", {}), (".config/containers/auth.json", {}),
            ("x.json", {"REGISTRY_AUTH_FILE": str(world.home / "x.json")})]:
        path = world.config(name, auth=good)
        world.works(env=env)
        path.unlink()
    text = json.dumps({"auths": {"https://%s/v1/" % world.registry.host: {"auth": good}}})
    world.works(env={"DOCKER_AUTH_CONFIG": text})
    world.refused("no credentials")
    world.config(auth=good)
    world.refused("absent.json", env={"REGISTRY_AUTH_FILE": str(world.home / "absent.json")}, code=1)
    (world.home / ".docker/config.json").write_text('{"auths": ' + good)
    world.refused("credentials in %s/.docker/config.json" % world.home, code=3)


def test_proxy_as_the_usual_variables_say(world):
    with Misbehaving() as plain:
        world.works(plain.name + ":v1", insecure=[plain.host],
                    env={"http_proxy": world.other.url.replace("https", "http"),
                         "https_proxy": "", "no_proxy": "127.0.0.1"})
        count = len(plain.seen)
        with Misbehaving() as proxy:
            world.works(plain.name + ":v1", insecure=[plain.host], env={"http_proxy": proxy.url})
            assert proxy.asked("http://%s/v2/plant/server/manifests/v1" % plain.host)
        assert len(plain.seen) == count


@pytest.mark.parametrize("proxy", ["bogus://ci:%s@127.0.0.1:1", "http://ci:%s@no host:1"])
def test_proxy_whose_password_is_not_shown(world, proxy):
    world.refused("no whole answer", env={"https_proxy": proxy % SECRET, "no_proxy": ""})
