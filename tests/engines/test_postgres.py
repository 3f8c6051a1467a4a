# SPDX-License-Identifier: Apache-2.0
# Copyright The handcarry authors
"""A real PostgreSQL and a migration that its old programs cannot read: a backup before, the migration
at install, a health check that fails, and the way back with the data restored, or, where nothing
restores them, a stop that says so."""
import pytest

from engines.host import host20  # noqa: F401 pylint: disable=unused-import
from engines.postgres import database_image
from program import handcarry

PLAY = "- hosts: all\n  gather_facts: false\n  tasks:\n"
INSTALL = PLAY + """\
    - name: Start the database of this release
      ansible.builtin.command: "{{ item }}"
      loop:
        - docker rm --force hc-db
        - docker run --detach --name hc-db --network host -v hc-db-data:/data -v hc-db-backup:/backup
          {{ handcarry.images["hc-db:" ~ handcarry.release].id }}
    - name: Wait until it answers
      ansible.builtin.command: docker exec hc-db pg_isready --quiet
      register: ready
      until: ready.rc == 0
      retries: 60
      delay: 0.5
    - name: Bring the schema to this release
      ansible.builtin.command: docker exec hc-db psql -q -1 -v ON_ERROR_STOP=1 -f /srv/migrate.sql
"""
BEFORE = PLAY + """\
    - name: Back up what the old release has
      ansible.builtin.command: >-
        docker exec hc-db pg_dump --format=custom --file=/backup/before-{{ handcarry.release }}
"""
UNDO = PLAY + """\
    - name: Restore the backup
      ansible.builtin.command: "{{ item }}"
      loop:
        - docker exec hc-db psql -q -d template1 -c 'drop database postgres with (force)'
        - docker exec hc-db psql -q -d template1 -c 'create database postgres template template0'
        - docker exec hc-db pg_restore --dbname=postgres --exit-on-error
          /backup/before-{{ handcarry.release }}
"""
FIRST = {"migrate": "create table if not exists pump (name text primary key, level integer);",
         "query": "select name, level from pump order by name;"}
# Half of what the old column held is gone.
SECOND = {"migrate": "alter table pump add percent numeric;"
                     "update pump set percent = level / 10; alter table pump drop level;"
                     "create table valve (name text); insert into valve values ('main');",
          "query": "select name, percent from pump order by name;"}
CHECK = {"command": ["docker", "exec", "hc-db", "psql", "-q", "-v", "ON_ERROR_STOP=1", "-f",
                     "/srv/query.sql"], "within": "20s"}


def write(release, number, scripts, *, data=None, health=(), **playbooks):
    release.fields.update(release=number, version="%d.0" % number)
    release.fields.pop("data", None)
    if data is not None:
        release.fields["data"] = data
    release.images = [database_image("hc-db:%d" % number, **scripts)]
    release.playbooks = [{"path": "playbooks/%s.yml" % kind, "run": kind} for kind in playbooks]
    release.configs, release.health = [], [{"container": "hc-db", "within": "30s"}, CHECK, *health]
    release.write()
    for kind, text in playbooks.items():
        release.put("playbooks/%s.yml" % kind, text)


def verb(host, name, *more, status=0):
    ran = handcarry(*host.arguments(name, *more))
    assert ran.returncode == status, ran.stdout + ran.stderr


def ask(engine, *command):
    ran = engine.docker("exec", "hc-db", *command)
    assert ran.returncode == 0, ran.stdout
    return ran.stdout


def dump(engine):
    """Schema and data, without pg_dump's random key lines."""
    text = ask(engine, "pg_dump", "--inserts")
    return "\n".join(line for line in text.splitlines() if "restrict" not in line)


@pytest.fixture
def plant(host20, docker20, release):
    """Release 1 with data in it: (host, engine, release, dump of the database)."""
    release.values = [{"name": "migrated", "default": "false"}]
    write(release, 1, FIRST, install=INSTALL)
    host20.install(host20.bundle(release, level=1))
    ask(docker20, "psql", "-q", "-c", "insert into pump values ('north', 74), ('south', 31)")
    yield host20, docker20, release, dump(docker20)
    docker20.remove_all()


@pytest.mark.docker20
def test_a_migration_is_restored_when_the_release_is_not_healthy(plant):
    host, engine, release, before = plant
    write(release, 2, SECOND, data="{rollback-to: 2}", health=[{"command": ["false"], "within": "1s"}],
          before=BEFORE, install=INSTALL, undo=UNDO)
    said = host.install(host.bundle(release, level=1), status=8).stderr
    assert "health of command false: not within 1 s" in said and "back at release 1" in said
    assert dump(engine) == before
    rows = ask(engine, "psql", "-At", "-f", "/srv/query.sql")
    assert rows == "north|74\nsouth|31\n"
    running = engine.call("GET", "/containers/hc-db/json")
    assert running["Image"] == engine.inspect("hc-db:1")["Id"]
    assert engine.inspect("hc-db:2") is None
    assert host.status()["products"][0]["release"] == 1


@pytest.mark.docker20
def test_a_migration_that_nothing_undoes_stops_and_says_so(plant):
    """The old program is not started on data that it cannot read."""
    host, engine, release, before = plant
    well = host.folder / "well"
    write(release, 2, SECOND, data="{rollback-to: 2}", before=BEFORE,
          install=INSTALL.replace("-f /srv/migrate.sql", "-f /srv/migrate.sql\n"
                                  "      when: not handcarry.value.migrated | bool"),
          health=[{"command": ["test", "-e", str(well)], "within": "1s"}])
    said = host.install(host.bundle(release, level=1), status=9).stderr
    assert "health of command test -e %s: not within 1 s" % well in said
    assert "(data: rollback-to)" in said and "no playbook with 'run: undo'" in said
    assert "handcarry recover --forward" in said
    assert dump(engine) != before
    assert ask(engine, "psql", "-At", "-f", "/srv/query.sql") == "north|7\nsouth|3\n"
    running = engine.call("GET", "/containers/hc-db/json")
    assert running["Image"] == engine.inspect("hc-db:2")["Id"]
    # Neither a second install nor a second try of the way back makes it worse.
    again = host.install(host.bundle(release, level=1), status=9)
    assert "recover" in again.stderr
    verb(host, "recover", status=9)
    assert ask(engine, "psql", "-At", "-f", "/srv/query.sql") == "north|7\nsouth|3\n"
    # The cause is removed, and the playbook is told that the data are there already.
    well.touch()
    host.values("handcarry-test", "migrated: true\n")
    verb(host, "recover", "--forward")
    assert host.status()["products"][0]["release"] == 2
    assert ask(engine, "psql", "-At", "-f", "/srv/query.sql") == "north|7\nsouth|3\n"


@pytest.mark.docker20
def test_a_migration_that_fails_half_way_is_undone(plant):
    """trust.md 114: the playbook itself fails, after it changed data."""
    host, engine, release, before = plant
    broken = INSTALL + "    - name: Start the rest\n      ansible.builtin.command: 'false'\n"
    write(release, 2, SECOND, data="{rollback-to: 2}", before=BEFORE, install=broken, undo=UNDO)
    said = host.install(host.bundle(release, level=1), status=8).stderr
    assert "task 'Start the rest' on 'localhost': failed" in said
    assert dump(engine) == before


@pytest.mark.docker20
def test_a_backup_that_fails_changes_nothing(plant):
    host, engine, release, before = plant
    full = BEFORE.replace("/backup/before", "/proc/before")
    write(release, 2, SECOND, before=full, install=INSTALL, undo=UNDO)
    said = host.install(host.bundle(release, level=1), status=1).stderr
    assert "task 'Back up what the old release has' on 'localhost': failed" in said
    assert "nothing was changed" in said and dump(engine) == before
    assert engine.inspect("hc-db:2") is None
