# SPDX-License-Identifier: Apache-2.0
# Copyright The handcarry authors
"""examples/ci: its Jenkinsfile, its GitLab and its GitHub file run as the services run them, and no
secret is seen anywhere."""
import shutil
import subprocess
from pathlib import Path

import pytest

from pipelines.github import Workflow
from pipelines.gitlab import Pipeline
from pipelines.world import BUILDERS, BUNDLE, EXAMPLE, PASSWORDS, put_secret
from program import handcarry

pytestmark = pytest.mark.skipif(shutil.which("strace") is None, reason="program strace is missing")
HERE = Path(__file__).resolve().parent


@pytest.fixture(autouse=True)
def nothing_seen(world):
    for log in (world.folder / "seen").iterdir():
        log.unlink()


def judge(world, said, folder, release):
    """Both builders' votes are in what the service keeps, and no secret is where it may be seen."""
    shown = handcarry("verify", release / BUNDLE, "--trust", world.folder / "repository/trust").stdout
    assert "builders 2 of 2" in shown and "pack     2 of 2" in shown and "lead     0 of 1" in shown
    vote = world.folder / "tmp/lead.vote"
    signed = handcarry("sign", release / BUNDLE.replace(".tar.zst", ".statement.yaml"), "--key",
                       world.folder / "keys/lead.key", "--vote-out", vote)
    assert signed.returncode == 0, signed.stderr
    shutil.move(vote, release)
    done = handcarry("verify", release / BUNDLE, "--trust", world.folder / "repository/trust")
    assert done.returncode == 0, done.stderr
    provenance = handcarry("show", "--provenance", release / BUNDLE).stdout
    assert world.commit in provenance and '"id":"https://ci.example.org/clock"' in provenance
    started = world.programs()
    assert sum('"sign"' in arguments and "handcarry" in arguments for arguments, _ in started) >= 2
    for secret in world.secrets():
        assert secret not in said
        for arguments, _ in started:
            assert secret not in arguments
        for arguments, environment in started:
            assert "handcarry" not in arguments.split("[")[0] or secret not in environment
    assert world.leaks(folder) == []


def test_github_workflow_gives_a_signed_release_and_no_secret(world):
    workflow = Workflow(world, EXAMPLE / "github-actions.yml", {
        name: {"HANDCARRY_KEY": world.keys[name].replace("\n", "\r\n"),
               "HANDCARRY_PASSWORD": PASSWORDS[name]} for name in BUILDERS})
    workflow.check_form()
    workflow.run(traced=True)
    assert "+ handcarry bundle" in workflow.said
    judge(world, workflow.said, workflow.folder, workflow.folder / "artifacts/release")


def test_gitlab_pipeline_gives_a_signed_release_and_no_secret(world):
    pipeline = Pipeline(world, EXAMPLE / "gitlab-ci.yml", {
        name: {"HANDCARRY_KEY_FILE": world.keys[name], "HANDCARRY_PASSWORD_FILE": PASSWORDS[name]}
        for name in BUILDERS})
    pipeline.check_form()
    pipeline.run(traced=True)
    assert "+ handcarry bundle" in pipeline.said
    assert "others may read" not in pipeline.said
    judge(world, pipeline.said, pipeline.folder, pipeline.folder / "artifacts/release/dist/release")


def java_home():
    return str(Path(shutil.which("java") or "/usr/bin/java").resolve().parents[1])


@pytest.mark.skipif(shutil.which("groovy") is None, reason="package groovy is missing")
def test_jenkinsfile_gives_a_signed_release_and_no_secret(world):
    folder = world.folder / "jenkins"
    credentials = folder / "credentials"
    for name in BUILDERS:
        put_secret(credentials / f"{name}-key", world.keys[name], 0o600)
        put_secret(credentials / f"{name}-password", PASSWORDS[name] + "\n", 0o600)
    done = subprocess.run(
        ["groovy", HERE / "jenkins.groovy", EXAMPLE / "Jenkinsfile", folder, world.watch,
         world.folder / "repository"], cwd=folder, timeout=120, check=False, text=True,
        stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
        env={**world.environment(traced=True), "JAVA_HOME": java_home()})
    assert done.returncode == 0, done.stdout
    shutil.rmtree(credentials)
    for line in ("+ ci/sign.sh builder-a builder-a builder-b", "+ handcarry bundle"):
        assert line in done.stdout
    judge(world, done.stdout, folder, folder / "archive/dist/release")
