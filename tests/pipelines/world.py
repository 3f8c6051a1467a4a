# SPDX-License-Identifier: Apache-2.0
# Copyright The handcarry authors
"""What a pipeline of examples/ci needs: a repository, keys with passwords, and eyes on every program
that it starts."""
import base64
import os
import pathlib
import re
import shutil
import stat
import subprocess
import tempfile

from program import PROGRAM, TOP, handcarry
from registry.server import PASSWORD, USER, Server

EXAMPLE = TOP / "examples/ci"
BUILDERS = ("builder-a", "builder-b")
BUNDLE = "clock-1.0.0-r1.tar.zst"
# A shell that takes one of these for its own shows it.
PASSWORDS = {"builder-a": "SesamOeffneDich 'a\" $HOME %s \\n `id`",
             "builder-b": "--HinterDemMond #b; x & ! *"}
CORES = ("SesamOeffneDich", "HinterDemMond")  # stay as they are, however they are quoted
WATCHED = 'exec strace -f --seccomp-bpf -qq -v -s 100000 -e trace=execve -e signal=none -o "{}.$$" -- "$@"\n'


def check(*command, **options):
    return subprocess.run(command, check=True, capture_output=True, text=True, **options).stdout


def copy(source, target):
    """A file or a folder, with the folders above it; what is in the target already stays."""
    target.parent.mkdir(parents=True, exist_ok=True)
    if source.is_dir():
        shutil.copytree(source, target, dirs_exist_ok=True)
    else:
        shutil.copy2(source, target)


class World:
    """Everything outside the pipeline."""

    def __init__(self, folder):
        self.folder = folder
        self.keys = {}
        for name in ("keys", "bin", "home", "tmp", "seen", "repository"):
            (folder / name).mkdir()
        (folder / "bin/handcarry").symlink_to(PROGRAM)
        self.watch = folder / "bin/watch"
        self.watch.write_text("#!/bin/sh\n" + WATCHED.format(folder / "seen/exec"))
        self.watch.chmod(0o755)
        self.registry = Server(folder)
        self.make_keys()

    def __enter__(self):
        self.registry.start()
        self.settings = self.registry.environment(self.folder / "home")
        self.make_repository()
        return self

    def __exit__(self, *exception):
        self.registry.stop()

    def make_keys(self):
        for name in ("root", "lead"):
            self.handcarry("keygen", "--no-password", "--quiet", f"keys/{name}")
        for name, password in PASSWORDS.items():
            word = self.folder / f"keys/{name}.password"
            word.touch(mode=0o600)
            word.write_text(password + "\n")
            # With less memory the key takes less time to open, as this many times in a test.
            check("sh", "-c", 'ulimit -v 400000; exec "$@"', "sh", PROGRAM, "keygen", "--quiet",
                  f"keys/{name}", cwd=self.folder,
                  env={**os.environ, "HANDCARRY_PASSWORD_FILE": str(word)})
            self.keys[name] = (self.folder / f"keys/{name}.key").read_text()
        given = [f"--key={name}=keys/{name}.pub" for name in (*BUILDERS, "lead")]
        self.handcarry("trust", "init", "--trust", "repository/trust", "--root", "root=keys/root.pub",
                       *given, "--role", "builders:statement:2=builder-a,builder-b",
                       "--role", "lead:statement=lead", "--role", "pack:packing:2=builder-a,builder-b",
                       "--sign", "keys/root.key")

    def make_repository(self):
        repository = self.folder / "repository"
        check(EXAMPLE / "make-image.sh", self.folder / "clock.tar")
        self.registry.push(f"docker-archive:{self.folder}/clock.tar", "clock/clock:1.0.0")
        copy(EXAMPLE / "release", repository)
        release = repository / "release.yaml"
        release.write_text(release.read_text().replace("registry.example.org", self.registry.host))
        check(PROGRAM, "bundle", release, "-o", self.folder / "first.tar.zst",
              env={**os.environ, **self.settings})
        for script in ("build.sh", "sign.sh", "collect.sh"):
            copy(EXAMPLE / script, repository / "ci" / script)
        self.git("init", "--quiet")
        self.git("add", "--all")
        self.git("-c", "user.name=ada", "-c", "user.email=ada@example.org", "commit", "--quiet",
                 "--message", "Release 1")
        self.commit = self.git("rev-parse", "HEAD").strip()

    def handcarry(self, *arguments):
        done = handcarry(*arguments, cwd=self.folder)
        assert done.returncode == 0, (arguments, done.stdout, done.stderr)

    def git(self, *arguments):
        return check("git", "-C", self.folder / "repository", *arguments)

    def checkout(self, workspace):
        """As a service's runner does before it runs a job."""
        check("git", "-c", "advice.detachedHead=false", "clone", "--quiet",
              self.folder / "repository", workspace)

    def environment(self, traced=False, **more):
        env = {"PATH": f"{self.folder}/bin:/usr/local/bin:/usr/bin:/bin", "CI": "true",
               **self.settings, "TMPDIR": str(self.folder / "tmp"),
               "LC_ALL": "C.UTF-8", **more}
        if traced:
            (self.folder / "trace.sh").write_text("set -x\n")
            env.update(BASH_ENV=str(self.folder / "trace.sh"), SHELLOPTS="xtrace")
        return env

    def secrets(self):
        """Any of these, anywhere, is a leak."""
        registry = f"{USER}:{PASSWORD}"
        return (PASSWORD, base64.b64encode(registry.encode()).decode()) + CORES + tuple(text.splitlines()[1] for text in self.keys.values())

    def programs(self):
        """(arguments, environment) of each program that was started, as strace writes them."""
        started = []
        for log in sorted((self.folder / "seen").iterdir()):
            for line in log.read_text(errors="replace").splitlines():
                found = re.search(r'execve\(".*?", (\[.*\]), (\[.*?\]|0x\S+ .*)\) = 0$', line)
                if found:
                    split = found[0].split('], ["', 1)
                    started.append((split[0], split[1] if len(split) == 2 else ""))
        return started

    def leaks(self, *folders):
        """Files in these folders, and in what is in memory only, that hold a secret."""
        wanted = [secret.encode() for secret in self.secrets()]
        found = []
        for folder in (*folders, self.folder / "tmp", self.folder / "home/.cache", pathlib.Path("/dev/shm")):
            for path in folder.rglob("*"):
                if not path.is_symlink() and path.is_file() and holds(path, wanted):
                    found.append(str(path))
        return found


def holds(path, wanted):
    try:
        content = path.read_bytes()
    except OSError:
        return False
    return any(secret in content for secret in wanted)


def run_shell(world, script, interpreter, cwd, env):
    """One script as a runner starts it, watched; gives what it said."""
    with tempfile.NamedTemporaryFile("w", suffix=".sh", dir=world.folder, delete=False) as file:
        file.write(script)
    done = subprocess.run([world.watch, *interpreter, file.name], cwd=cwd, env=env, text=True,
                          stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                          timeout=120, check=False)
    assert done.returncode == 0, done.stdout
    return done.stdout


def put_secret(path, text, mode):
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)
    path.chmod(mode)
    assert stat.S_IMODE(path.stat().st_mode) == mode
