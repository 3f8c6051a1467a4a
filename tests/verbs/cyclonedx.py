# SPDX-License-Identifier: Apache-2.0
# Copyright The handcarry authors
"""The official JSON schema of CycloneDX 1.7, as its library for JavaScript carries it."""
import json
import tarfile

import pytest

from npmpackage import npm_package

PACKAGE = "@cyclonedx/cyclonedx-library@10.3.0"
SHA512 = "RIT28sp1U0PCHaaeF3yNRwk6Jig/XJ8UsYAVOMYaHQ+0VVOvsjcp0PTWQFLUqJFF8XMud+Kdq6G+wtDAh+QJFA=="
NAMES = ("bom-1.7", "spdx", "jsf-0.82", "cryptography-defs")


def schemas():
    """{name: schema}; the test is skipped where they cannot be had."""
    with tarfile.open(npm_package(PACKAGE, SHA512)) as archive:
        return {name: json.load(archive.extractfile("package/res/schema/%s.SNAPSHOT.schema.json" % name))
                for name in NAMES}


def validator():
    jsonschema = pytest.importorskip("jsonschema", reason="python3-jsonschema is not installed")
    known = schemas()
    store = {"http://cyclonedx.org/schema/%s.SNAPSHOT.schema.json" % name: known[name] for name in NAMES}
    resolver = jsonschema.RefResolver(known["bom-1.7"]["$id"], known["bom-1.7"], store=store)
    return jsonschema.Draft7Validator(known["bom-1.7"], resolver=resolver,
                                      format_checker=jsonschema.FormatChecker())
