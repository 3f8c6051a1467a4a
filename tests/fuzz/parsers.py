# SPDX-License-Identifier: Apache-2.0
# Copyright The handcarry authors
"""Which files each fuzz target is about. Coverage is counted over their lines, and a campaign begins
anew where one of them changes. FILE: [functions that are not counted, because they write or need a
host]."""

PARSERS = {
    "apk-installed": {"bundle/package-db.c": []},
    "base-table": {"bundle/base-table.c": []},
    "bundle": {
        "bundle/bundle.c": [],
        "bundle/reader.c": [],
        "bundle/stream.c": [],
        "bundle/rebuild.c": [],
        "bundle/rebuild-open.c": [],
        "bundle/rebuild-form.c": [],
        "bundle/rebuild-base.c": [],
        "bundle/tree-cursor.c": [],
        "bundle/deep.c": [],
    },
    "compose": {"manifest/compose.c": []},
    "docker-manifest": {"bundle/docker-manifest.c": []},
    "dpkg-status": {"bundle/package-db.c": []},
    "engine-containers": {"install/engine-reply.c": []},
    "engine-image": {"install/engine-reply.c": [], "install/json-member.c": []},
    "engine-load": {"install/engine-reply.c": []},
    "engine-log": {"install/engine-reply.c": []},
    "footer": {"bundle/tail.c": []},
    "frame": {"bundle/frame.c": []},
    "frame-index": {"bundle/frame.c": []},
    "gzip-nine": {"bundle/gzip-nine.c": [], "bundle/gzip-block.c": [], "bundle/gzip-huffman.c": [],
                  "bundle/gzip-match.c": []},
    "have": {"manifest/have.c": []},
    "host": {"install/host.c": [], "install/host-values.c": []},
    "inventory": {"install/reach.c": []},
    "journal": {"install/journal-read.c": []},
    "layer-files": {"bundle/image-files.c": [], "bundle/whiteout.c": []},
    "line-diff": {"manifest/line-diff.c": []},
    "mask": {"install/mask.c": []},
    "member": {"bundle/member.c": []},
    "oci-config": {"bundle/oci-config.c": [], "bundle/strictjson.c": []},
    "oci-index": {"bundle/oci-index.c": []},
    "oci-manifest": {"bundle/oci-index.c": []},
    "packages": {"bundle/packages.c": []},
    "packing": {"manifest/packing.c": []},
    "patch": {"bundle/patch.c": [], "bundle/sparse.c": []},
    "playbook-results": {"install/playbook-recap.c": []},
    "plays": {"manifest/lint-plays.c": []},
    "public-key": {"keys/public.c": [], "keys/lines.c": []},
    "receipt": {"install/receipt-read.c": []},
    "recipe": {"bundle/recipe.c": []},
    "records": {"install/records.c": []},
    "release": {"manifest/release.c": [], "manifest/release-parse.c": [],
                "manifest/release-health.c": [], "manifest/release-check.c": [],
                "manifest/field.c": [], "manifest/path.c": []},
    "root": {"keys/root-parse.c": [], "keys/root.c": []},
    "secret-key": {"keys/secret.c": []},
    "signature": {"keys/signature.c": [], "keys/lines.c": []},
    "source-tar": {"bundle/source-tar.c": [], "bundle/source-unpack.c": []},
    "state": {"install/state-text.c": []},
    "statement": {"manifest/statement.c": []},
    "tail": {"bundle/tail.c": []},
    "template": {"install/template.c": []},
    "tree-table": {"bundle/tree-table.c": []},
    "trust-chain": {"keys/trust.c": [], "keys/votes.c": []},
    "twice": {"install/twice.c": []},
    "votes": {"keys/votes.c": [], "keys/trust.c": [], "keys/trust-host.c": []},
    "yaml": {"manifest/yaml.c": []},
}

# Longest input, where 4096 bytes are too few for what is to be reached.
MAX_LEN = {"bundle": 24000, "votes": 10000, "trust-chain": 10000, "footer": 6000, "source-tar": 8192,
           "member": 8192}

# Words beyond those that the parsers' own files hold.
SECTIONS = ["\n==== root\n", "\n==== vote\n", "\n==== text\n", "\n==== vote-root\n"]
WORDS = {
    "bundle": ["\n==== ", "content/data.000000", "content/literals.000001", "\n==== bases\n"],
    "trust-chain": SECTIONS + ["    threshold: 2\n", "epoch: 1\n", "revoked:\n  - key: "],
    "votes": SECTIONS + ["\n==== site\n", "revoked:\n  - key: ", "    sites:\n      - plant-a\n"],
}
