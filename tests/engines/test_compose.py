# SPDX-License-Identifier: Apache-2.0
# Copyright The handcarry authors
"""Releases whose containers are run by compose: the older program and the plugin, up, back, down."""
import os
import subprocess

import pytest

from engines import roots
from engines.fixtures import empty_engine
from engines.host import Host, steps
from engines.images import Image, Layer
from program import handcarry

COMPOSE = """\
%sservices:
  server:
    image: handcarry-test/server:${HANDCARRY_VERSION}
    container_name: hc-server
    network_mode: host
    stop_signal: SIGKILL
    command: [sh, -c, 'echo "port $$PORT"; cat /srv/new; sleep 1000']
    environment:
      PORT: ${http_port}
      DB_PASSWORD: ${password}
    volumes: ["data:/data"]
volumes:
  data: {}
"""
PLUGIN = "usr/libexec/docker/cli-plugins/docker-compose"
# The tool, the engine, and the line `version:` of the file.
KINDS = [("program", "docker20", ""), ("program", "docker20", "version: '3.8'\n"),
         ("plugin", "docker20", ""), ("plugin", "docker26_containerd", "version: '3.8'\n"),
         ("program", "podman4", ""), ("plugin", "podman5", "")]


def home_with(tool, folder):
    """A HOME in which `docker compose` is there or not."""
    folder.mkdir()
    if tool == "program":
        ran = subprocess.run(["docker-compose", "version", "--short"], capture_output=True,
                             text=True, check=False)
        assert ran.returncode == 0, "docker-compose is not installed"
        if not ran.stdout.startswith("1."):
            pytest.skip("docker-compose of this Debian is %s, not 1" % ran.stdout.strip())
        return folder
    try:
        root = roots.root_of("trixie", "docker-compose")
    except roots.Missing as reason:
        pytest.skip("the compose plugin: %s" % reason)
    plugins = folder / ".docker/cli-plugins"
    plugins.mkdir(parents=True)
    (plugins / "docker-compose").symlink_to(root / PLUGIN)
    return folder


@pytest.fixture(params=[pytest.param(kind, marks=getattr(pytest.mark, kind[1]), id="-".join(
    [kind[0], kind[1]] + (["versioned"] if kind[2] else []))) for kind in KINDS])
def composed(request, engine_pool, release, tmp_path, monkeypatch):
    """(host, engine, release): a release that is run by compose."""
    tool, name, version = request.param
    monkeypatch.setenv("HOME", str(home_with(tool, tmp_path / "home")))
    engine = empty_engine(engine_pool, name)
    host = Host(tmp_path / "host", engine.url)
    release.values = release.values + [{"name": "password", "secret": True}]
    host.values("handcarry-test", "password: \"hunter2 'and' $more\"\n")
    release.playbooks, release.compose = [], [{"path": "compose.yaml"}]
    release.health = [{"container": "hc-server", "within": "30s"}]
    numbered(release, 1)
    release.put("compose.yaml", COMPOSE % version)
    yield host, engine, release
    engine.remove_all()


def numbered(release, n, tail=b""):
    """The release of that number, whose server is its own."""
    release.fields.update(release=n, version=str(n))
    base = release.images[0].layers[0]
    own = Layer().folder("srv").file("srv/new", b"release %d\n" % n + tail)
    release.images = [Image("handcarry-test/server:%d" % n, [base, own])]
    release.write()


def running(engine):
    """(image ID, environment) of the one container, or None."""
    found = engine.containers()
    if not found:
        return None
    assert len(found) == 1
    known = engine.call("GET", "/containers/hc-server/json")
    assert known["State"]["Running"]
    bare = known["Image"].removeprefix("sha256:")
    return bare, dict(line.split("=", 1) for line in known["Config"]["Env"] if "=" in line)


def image_id(engine, name):
    return engine.inspect(name)["Id"].removeprefix("sha256:")


def test_up_again_and_back_by_itself(composed):
    host, engine, release = composed
    bundle = host.bundle(release)
    _, plan = host.plan(bundle)
    assert steps(plan, "compose")["compose.yaml"]["action"] == "up"
    ran = host.install(bundle)
    image, environment = running(engine)
    assert image == image_id(engine, "handcarry-test/server:1")
    assert environment["PORT"] == "8080" and environment["DB_PASSWORD"] == "hunter2 'and' $more"
    log = (host.state / "handcarry-test/log/r1-compose.log").read_text()
    assert "hunter2" not in log + ran.stdout + ran.stderr
    assert not (host.state / "handcarry-test/work").exists()
    numbered(release, 2)
    host.install(host.bundle(release))
    assert running(engine)[0] == image_id(engine, "handcarry-test/server:2")
    numbered(release, 3)
    release.health.append({"command": ["false"], "within": "1s"})
    release.write()
    said = host.install(host.bundle(release), status=8).stderr
    assert "health of command false" in said and "back at release 2" in said
    assert running(engine)[0] == image_id(engine, "handcarry-test/server:2")
    assert [name for name in engine.images() if name.endswith("server:3")] == []


def verb(host, name, *more):
    ran = handcarry(*host.arguments(name, "handcarry-test", "-y", *more))
    assert ran.returncode == 0, ran.stdout + ran.stderr


def test_rollback_and_remove(composed):
    host, engine, release = composed
    for n in (1, 2):
        numbered(release, n)
        host.install(host.bundle(release))
    verb(host, "rollback")
    assert running(engine)[0] == image_id(engine, "handcarry-test/server:1")
    verb(host, "remove")
    assert running(engine) is None
    assert [volume["Name"] for volume in engine.call("GET", "/volumes")["Volumes"]] == [
        "handcarry-test_data"]


def test_a_release_without_compose_takes_the_old_containers_down(composed):
    host, engine, release = composed
    host.install(host.bundle(release))
    release.compose = []
    numbered(release, 2)
    release.health = [{"command": ["false"], "within": "1s"}]
    release.write()
    host.install(host.bundle(release), status=8)
    assert running(engine)[0] == image_id(engine, "handcarry-test/server:1")
    release.health = []
    release.write()
    bundle = host.bundle(release)
    _, plan = host.plan(bundle)
    assert steps(plan, "compose-leave")["compose.yaml"]["action"] == "down"
    host.install(bundle)
    assert running(engine) is None


def test_a_first_release_that_fails_is_taken_down_and_volumes_are_kept(composed):
    host, engine, release = composed
    release.health = [{"command": ["false"], "within": "1s"}]
    release.write()
    host.install(host.bundle(release), status=8)
    assert running(engine) is None and engine.images() == {}
    volumes = engine.call("GET", "/volumes")["Volumes"]
    assert [volume["Name"] for volume in volumes] == ["handcarry-test_data"]


def test_files_that_compose_does_not_take_change_nothing(composed):
    host, _, release = composed
    release.put("compose.yaml", "services:\n  server:\n    image: handcarry-test/server:1\n"
                                "    colour: red ${password}\n")
    said = host.install(host.bundle(release), status=1).stderr
    assert "compose config ended with exit code" in said and "nothing was changed" in said
    assert "colour" in said and "hunter2" not in said


@pytest.mark.docker20
def test_a_host_without_compose_is_not_ready(release, tmp_path, docker20, monkeypatch):
    """Nothing but handcarry itself is asked: both programs are taken from its fixed PATH."""
    host = Host(tmp_path / "host", docker20.url)
    release.playbooks, release.compose = [], [{"path": "compose.yaml"}]
    release.put("compose.yaml", "services:\n  server: {image: 'handcarry-test/server:1'}\n")
    release.write()
    monkeypatch.setenv("HOME", str(tmp_path))
    hide = ("for p in /usr/bin/docker-compose /usr/local/bin/docker-compose; do "
            "if [ -e $p ]; then mount --bind /dev/null $p; fi; done; exec \"$@\"")
    bundle = host.bundle(release)
    ran = subprocess.run(["unshare", "--mount", "--propagation", "private", "sh", "-c", hide, "sh",
                          os.environ.get("HANDCARRY", "build/handcarry"), *map(str, host.arguments(
                              "plan", bundle))], capture_output=True, text=True, check=False)
    assert ran.returncode == 11, ran.stderr
    assert "'docker compose' or 'docker-compose', found neither" in ran.stderr


def test_a_service_whose_image_is_not_carried_is_refused(release):
    release.playbooks, release.compose = [], [{"path": "compose.yaml"}]
    release.put("compose.yaml", "services:\n  web: {image: 'nginx:1'}\n")
    release.write()
    for verb in ("bundle", "lint"):
        ran = handcarry(verb, release.folder / "release.yaml", cwd=release.folder)
        assert ran.returncode == 3
        assert "compose.yaml:2:3: service 'web' has the image 'nginx:1', which the release does " \
               "not carry" in ran.stdout + ran.stderr
