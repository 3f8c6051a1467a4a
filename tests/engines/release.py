# SPDX-License-Identifier: Apache-2.0
# Copyright The handcarry authors
"""Writes the folder of a release: release.yaml, a playbook, configs and image archives."""
import json
from pathlib import Path

import pytest

from engines.images import sample_images, write_docker_archive

# Leaves a trace of what it was given; runs with stock ansible-core on the host itself.
PLAYBOOK = """\
- hosts: all
  connection: local
  gather_facts: false
  tasks:
    - name: Write down what was handed over
      ansible.builtin.copy:
        dest: "{trace}"
        mode: "0644"
        content: "{{{{ handcarry | to_json }}}}"
"""
CONFIG = "listen {{ http_port }}\nname {{ public_name }}\n"


def flow(value):
    """A value in YAML's flow style, which JSON is."""
    return json.dumps(value, ensure_ascii=False)


class Release:
    """A release folder; change the fields, then write() again."""

    def __init__(self, folder, images=None):
        self.folder = Path(folder)
        self.target = self.folder.parent / (self.folder.name + "-host")
        self.trace = self.target / "trace.json"
        self.images = sample_images() if images is None else images
        self.sources, self.sboms = {}, {}
        self.ansible = None  # the name of the image that carries it
        self.fields = {"handcarry": 1, "product": "handcarry-test", "version": "1.0.0",
                       "release": 1, "platforms": ["linux/amd64"]}
        self.values = [{"name": "http_port", "default": "8080"},
                       {"name": "public_name", "default": "plant"}]
        self.playbooks = [{"path": "playbooks/site.yml", "run": "install"}]
        self.configs = [{"from": "configs/server.conf", "to": str(self.target / "server.conf"),
                         "template": True, "mode": "0644"},
                        {"from": "configs/plain.conf", "to": str(self.target / "plain.conf")}]
        self.files = []
        self.compose = []
        self.health = []

    def put(self, name, content, mode=0o644):
        """Writes one file of the release."""
        path = self.folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content if isinstance(content, bytes) else content.encode())
        path.chmod(mode)
        return path

    def source_of(self, image):
        """The source of an image: what `sources` says, else its docker-archive."""
        return self.sources.get(image.name, "docker-archive:images.tar:" + image.name)

    def text(self):
        lines = ["%s: %s" % (key, value if isinstance(value, (str, int)) else flow(value))
                 for key, value in self.fields.items()]
        images = [{"name": image.name, "from": self.source_of(image),
                   **({"sbom": self.sboms[image.name]} if image.name in self.sboms else {}),
                   **({"ansible": True} if image.name == self.ansible else {})} for image in self.images]
        parts = {"values": self.values, "images": images, "playbooks": self.playbooks,
                 "compose": self.compose, "configs": self.configs, "files": self.files, "health": self.health}
        for key, rows in parts.items():
            if rows:
                lines.append(key + ":")
                lines += ["  - " + flow(row) for row in rows]
        return "\n".join(lines) + "\n"

    def write(self):
        """Writes everything; returns the path of release.yaml."""
        self.target.mkdir(parents=True, exist_ok=True)
        self.put("playbooks/site.yml", PLAYBOOK.format(trace=self.trace))
        self.put("configs/server.conf", CONFIG)
        self.put("configs/plain.conf", "plain = yes\n")
        write_docker_archive(self.folder / "images.tar", self.images)
        return self.put("release.yaml", self.text())


@pytest.fixture
def release(tmp_path, request):
    """A release of three small images, one playbook and two configs, written to a folder. A module
    that says PLAYBOOK = False has none: an install takes a second less."""
    made = Release(tmp_path / "release")
    if not getattr(request.module, "PLAYBOOK", True):
        made.playbooks = []
    made.write()
    return made
