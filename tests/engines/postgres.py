# SPDX-License-Identifier: Apache-2.0
# Copyright The handcarry authors
"""Images with a real PostgreSQL in them: the files of Debian's package on this host, and what they
are linked with, over busybox."""
import functools
import subprocess
import tarfile
from pathlib import Path

from engines.images import Image, Layer, busybox_layer

USER = 999
PROGRAMS = ("postgres", "initdb", "psql", "pg_dump", "pg_restore", "pg_isready")
LIBRARIES = ("plpgsql.so", "dict_snowball.so")
START = b"""\
#!/bin/sh
test -s "$PGDATA/PG_VERSION" || initdb --locale=C --encoding=UTF8 --auth=trust >/dev/null || exit 1
exec postgres -c listen_addresses= -c unix_socket_directories=/run/postgresql -c jit=off
"""


def home():
    """/usr/lib/postgresql/N of the newest PostgreSQL here."""
    found = sorted(Path("/usr/lib/postgresql").glob("*/bin/postgres"),
                   key=lambda path: int(path.parts[4]))
    assert found, "Debian's package postgresql is not installed"
    return found[-1].parents[1]


def linked(program):
    """The libraries that a program is linked with, by the path at which it looks for them."""
    said = subprocess.run(["ldd", program], stdout=subprocess.PIPE, text=True, check=True).stdout
    words = (word for line in said.splitlines() for word in line.split() if word.startswith("/"))
    return {Path(word) for word in words}


def add_file(layer, path):
    """A file of this host at its own path, folders above it included."""
    here = Path(path)
    for folder in reversed(here.parents):
        name = str(folder).lstrip("/")
        if name and name not in layer.folders:
            layer.folders.add(name)
            layer.folder(name)
    layer.file(str(here).lstrip("/"), here.read_bytes(), here.stat().st_mode & 0o777)


def own_folder(layer, name):
    """A folder of the database's user, so that a volume there is its own too."""
    member = tarfile.TarInfo(name)
    member.type, member.mode, member.uid, member.gid = tarfile.DIRTYPE, 0o700, USER, USER
    member.mtime = 1700000000
    layer.tar.addfile(member)


@functools.lru_cache(maxsize=None)
def server_layers():
    """busybox and PostgreSQL: read once."""
    base, layer, root = busybox_layer(), Layer(), home()
    layer.folders = {"bin", "etc", "tmp", "var", "dev", "proc", "sys"}
    programs = [root / "bin" / name for name in PROGRAMS]
    files = set(programs) | {root / "lib" / name for name in LIBRARIES}
    for program in programs:
        files |= linked(program)
    files |= {path for path in Path("/usr/share/postgresql", root.name).rglob("*") if path.is_file()}
    files |= {Path("/usr/share/zoneinfo/UTC"), Path("/usr/share/zoneinfo/GMT")}
    for path in sorted(files):
        add_file(layer, path)
    layer.file("etc/passwd", b"root:x:0:0:root:/:/bin/sh\npostgres:x:%d:%d::/data:/bin/sh\n" % (
        USER, USER))
    for name in ("data", "backup", "run/postgresql"):
        if "/" in name and name.split("/", maxsplit=1)[0] not in layer.folders:
            layer.folder("run")
        own_folder(layer, name)
    layer.file("start", START, 0o755)
    return base, layer


def database_image(name, **scripts):
    """A database and the scripts of its release, as /srv/NAME.sql."""
    own = Layer().folder("srv")
    for script, text in scripts.items():
        own.file("srv/%s.sql" % script, text.encode())
    path = "PATH=%s/bin:/bin" % home()
    return Image(name, [*server_layers(), own], {
        "Cmd": ["/start"], "User": "%d:%d" % (USER, USER), "StopSignal": "SIGINT",
        "Env": [path, "PGDATA=/data", "PGHOST=/run/postgresql", "PGUSER=postgres"]})
