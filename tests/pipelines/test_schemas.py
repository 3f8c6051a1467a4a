# SPDX-License-Identifier: Apache-2.0
# Copyright The handcarry authors
"""examples/ci's files against the services' own schemas: GitLab's as gitlab-ci-local carries it, and
GitHub's as action-validator does."""
import json
import shutil
import subprocess
import tarfile

import pytest

from npmpackage import npm_package
from pipelines.texts import load
from pipelines.world import EXAMPLE

GITLAB = ("gitlab-ci-local@4.61.1",
          "VbOq91Ze7pCqBmYMBO8j9hEzLHXcN0AGqnicjZSMlm7YWGSR0/6oesjFvMHliKdLMhmaPn8CjXscfv36QrSGzQ==")
GITHUB = ("@action-validator/core@0.6.0",
          "tPglwCr8Mm8SWzwnVewwFmqRx91F0WvMsM0BRAqH4CLalyGndm53Xvp+UcUSzswpk1wkjIDYI7RyEhWMLyPkig==")
SCHEMA = 'import("./schema.mjs").then(found => console.log(JSON.stringify(found.schema)))'
VALIDATE = ('const text = require("fs").readFileSync(0, "utf8");'
            'console.log(JSON.stringify(require("./action_validator.js").validateWorkflow(text)))')
pytestmark = pytest.mark.skipif(not shutil.which("node"), reason="program node is missing")


def unpack(package, folder, **members):
    with tarfile.open(npm_package(*package)) as archive:
        for name, member in members.items():
            (folder / name.replace("__", ".")).write_bytes(archive.extractfile(f"package/{member}").read())


def node(folder, script, text=""):
    return json.loads(subprocess.run(["node", "-e", script], cwd=folder, input=text, check=True, text=True,
                                     capture_output=True).stdout)


def test_gitlab_file_fits_gitlabs_schema(tmp_path):
    jsonschema = pytest.importorskip("jsonschema", reason="python3-jsonschema is not installed")
    unpack(GITLAB, tmp_path, schema__mjs="src/schema/schema.js")
    check = jsonschema.Draft7Validator(node(tmp_path, SCHEMA))
    pipeline = load(EXAMPLE / "gitlab-ci.yml")
    assert [error.message for error in check.iter_errors(pipeline)] == []
    pipeline["sign-a"]["need"] = pipeline["release"]["script"]
    assert len(list(check.iter_errors(pipeline))) == 1


def test_github_file_fits_githubs_schema(tmp_path):
    unpack(GITHUB, tmp_path, action_validator__js="action_validator.js",
           action_validator_bg__wasm="action_validator_bg.wasm")
    text = (EXAMPLE / "github-actions.yml").read_text(encoding="utf-8")
    assert node(tmp_path, VALIDATE, text) == {"actionType": "workflow", "errors": []}
    assert node(tmp_path, VALIDATE, text.replace("needs: build", "need: build"))["errors"]
