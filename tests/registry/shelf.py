# SPDX-License-Identifier: Apache-2.0
# Copyright The handcarry authors
"""A real docker-registry without TLS or users, whose blobs and manifests are pushed as they are, so
that a test decides every byte."""
import hashlib
import http.client
import json
import re
from urllib.parse import urlsplit

from engines.images import packed
from registry.server import Server

OCI = "application/vnd.oci.image."


def digest(data):
    return "sha256:" + hashlib.sha256(data).hexdigest()


class Shelf(Server):
    """Starts at once."""

    def __init__(self, folder):
        super().__init__(folder, tls=False, password=False)
        self.storage = self.folder / "data"
        self.port = int(self.host.rpartition(":")[2])
        self.start()

    def drop_blob(self, named):
        """Takes the bytes of a blob away; the registry still knows it."""
        self.stored(named).unlink()

    def stored(self, named):
        return self.storage / "docker/registry/v2/blobs/sha256" / named[7:9] / named[7:] / "data"

    def ask(self, method, path, body=None, headers=None):
        line = http.client.HTTPConnection("127.0.0.1", self.port, timeout=20)
        try:
            line.request(method, path, body, headers or {})
            answer = line.getresponse()
            answer.read()
            if answer.status >= 400:
                raise RuntimeError("%s %s: %d" % (method, path, answer.status))
            return answer
        finally:
            line.close()

    def push_blob(self, repository, data):
        where = self.ask("POST", "/v2/%s/blobs/uploads/" % repository).headers["Location"]
        parts = urlsplit(where)
        self.ask("PUT", "%s?%s&digest=%s" % (parts.path, parts.query, digest(data)), data,
                 {"Content-Type": "application/octet-stream"})
        return digest(data)

    def push_manifest(self, repository, tag, manifest):
        """Under its digest alone where tag is None. Returns the digest."""
        text = json.dumps(manifest).encode()
        self.ask("PUT", "/v2/%s/manifests/%s" % (repository, tag or digest(text)), text,
                 {"Content-Type": manifest["mediaType"]})
        return digest(text)

    def push_image(self, repository, tag, image, packing="gzip", config=None):
        """An engines.images.Image. Returns its descriptor; tag None: it is only for a list."""
        config = config or image.config()
        layers = []
        for layer in image.layers:
            data, suffix = packed(layer, packing)
            layers.append({"mediaType": OCI + "layer.v1.tar" + suffix, "size": len(data),
                           "digest": self.push_blob(repository, data)})
        manifest = {"schemaVersion": 2, "mediaType": OCI + "manifest.v1+json",
                    "config": {"mediaType": OCI + "config.v1+json", "size": len(config),
                               "digest": self.push_blob(repository, config)},
                    "layers": layers}
        return {"mediaType": OCI + "manifest.v1+json", "size": len(json.dumps(manifest)),
                "digest": self.push_manifest(repository, tag, manifest)}

    def push_list(self, repository, tag, descriptors):
        return self.push_manifest(repository, tag, {
            "schemaVersion": 2, "mediaType": OCI + "index.v1+json", "manifests": descriptors})

    def asked(self):
        """(method, path, status) of every request of handcarry so far, oldest first."""
        self.settle()
        lines = self.log.read_text(encoding="utf-8", errors="replace")
        found = re.findall(r'"([A-Z]+) (/v2/\S*) HTTP/[0-9.]+" (\d+) \d+ "[^"]*" "(handcarry[^"]*)"',
                           lines)
        return [(method, path, int(status)) for method, path, status, _ in found]

    def blobs_asked(self, since=0):
        """The digests of the blobs that were sent, in order."""
        return [path.rpartition("/")[2] for method, path, status in self.asked()[since:]
                if method == "GET" and "/blobs/" in path and status in (200, 206)]
