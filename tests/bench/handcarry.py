# SPDX-License-Identifier: Apache-2.0
# Copyright The handcarry authors
"""handcarry's command lines for the benchmark, with keys and hosts of its own."""
import contextlib
import hashlib
import json
import shutil

from bench import timing

RELEASE = """\
handcarry: 1
product: bench
version: %d.0.0
release: %d
platforms: [linux/amd64]
images:
"""


class Handcarry:
    """The program, a folder for its keys and releases, and a host below it."""

    def __init__(self, program, folder):
        self.program = program
        self.folder = folder
        self.host = folder / "host"
        self.trust = folder / "trust"
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir(parents=True)
        timing.run([program, "trust", "init", "--trust", self.trust, "--keys", folder / "keys",
                    "--no-password"])

    def release(self, archive, names, number=1):
        """The path of a release.yaml with these images of a docker-archive."""
        return self.release_from(
            {name: "docker-archive:%s:%s" % (archive, name) for name in names}, number)

    def release_from(self, sources, number=1):
        """The path of a release.yaml with an image from each source."""
        path = self.folder / "release.yaml"
        lines = ['  - {name: "%s", from: "%s"}\n' % item for item in sources.items()]
        path.write_text(RELEASE % (number, number) + "".join(lines))
        return path

    def pack(self, release, bundle, *options):
        return [self.program, "bundle", release, "-o", bundle, "--quiet",
                "--trust", self.trust, "--sign", self.folder / "keys/release.key", *options]

    def verify(self, bundle):
        return [self.program, "verify", bundle, "--quiet", "--trust", self.trust]

    def install(self, bundle, url):
        return [self.program, "install", bundle, "--quiet", "-y", "--root", self.host,
                "--engine", url]

    def plan(self, bundle, url):
        return [self.program, "plan", bundle, "--root", self.host, "--engine", url]

    def expect(self, number):
        """Raises where another release than this is the host's."""
        said = timing.run([self.program, "status", "--json", "--root", self.host])
        found = [product["release"] for product in json.loads(said)["products"]]
        if found != [number]:
            raise RuntimeError("the host has release %s instead of %d" % (found, number))

    def keep_host(self):
        """Remembers the host's folder as it is now, for back_to_kept()."""
        shutil.rmtree(self.folder / "kept", ignore_errors=True)
        shutil.copytree(self.host, self.folder / "kept", symlinks=True)

    def back_to_kept(self):
        shutil.rmtree(self.host, ignore_errors=True)
        shutil.copytree(self.folder / "kept", self.host, symlinks=True)

    def believe(self):
        """Imports the trust root, as a person does once on a host."""
        value = hashlib.sha256((self.trust / "1.root.yaml").read_bytes()).hexdigest()
        timing.run([self.program, "trust", "import", self.trust, "--root", self.host,
                    "--fingerprint", value])

    def new_host(self):
        """A host that has nothing but the trust root."""
        shutil.rmtree(self.host, ignore_errors=True)
        self.believe()

    @contextlib.contextmanager
    def host_in_memory(self, kept=False):
        """The host's folder on a file system of its own, so that what it takes can be seen: with
        nothing but the trust root, or as it was kept."""
        self.host.mkdir(parents=True, exist_ok=True)
        timing.run(["mount", "-t", "tmpfs", "tmpfs", self.host])
        try:
            if kept:
                shutil.copytree(self.folder / "kept", self.host, symlinks=True,
                                dirs_exist_ok=True)
            else:
                self.believe()
            yield self.host
        finally:
            timing.run(["umount", self.host])
