# SPDX-License-Identifier: Apache-2.0
# Copyright The handcarry authors
"""Runs a workflow as GitHub's runner does, as far as examples/ci/github-actions.yml goes: anything
that this does not know fails."""
import os
import re

from pipelines.texts import load, only
from pipelines.world import copy, run_shell

ACTION = re.compile(r"actions/(checkout|upload-artifact|download-artifact)@[0-9a-f]{40}")
EXPRESSION = re.compile(r"\$\{\{ *(matrix|secrets)\.(\w+) *\}\}")


def fill(value, known):
    """What stands for ${{ … }}, in everything below value."""
    if isinstance(value, dict):
        return {key: fill(one, known) for key, one in value.items()}
    if isinstance(value, list):
        return [fill(one, known) for one in value]
    if not isinstance(value, str):
        return value
    text = EXPRESSION.sub(lambda found: known[found[1]].get(found[2], ""), value)
    assert "${{" not in text, text
    return text


class Workflow:
    """One run of it."""

    def __init__(self, world, path, secrets):
        self.world, self.secrets = world, secrets  # environment name → its secrets
        self.text = path.read_text(encoding="utf-8")
        self.file = only(load(path), "name", "on", "permissions", "env", "jobs")
        self.folder = world.folder / "github"
        self.said, self.traced = "", False

    def check_form(self):
        assert self.file["permissions"] == {"contents": "read"}
        assert self.file["on"] == {"push": {"tags": ["v*"]}}
        for line in self.text.splitlines():
            if "uses:" in line:
                assert re.fullmatch(rf" +- uses: {ACTION.pattern} # v\d+\.\d+\.\d+", line), line
        for job in self.file["jobs"].values():
            for step in job["steps"]:
                assert "${{" not in step.get("run", ""), "what comes from outside is no shell text"
                if "secrets." in str(step):
                    assert "run" in step and "environment" in job
            assert "secrets." not in str({key: job[key] for key in job if key != "steps"})

    def run(self, traced):
        self.traced = traced
        done, waiting = [], dict(self.file["jobs"])
        while waiting:
            name = next(name for name, job in waiting.items() if set(needs(job)) <= set(done))
            job = only(waiting.pop(name), "needs", "strategy", "runs-on", "environment", "env", "steps")
            axes = only(only(job.get("strategy", {}), "matrix").get("matrix", {}), "builder")
            for value in axes.get("builder", [None]):
                self.run_job(f"{name}-{value}", job, {"builder": value} if value else {})
            done.append(name)

    def run_job(self, name, job, matrix):
        secrets = self.secrets[fill(job["environment"], {"matrix": matrix})] if "environment" in job else {}
        steps = fill(job["steps"], {"matrix": matrix, "secrets": secrets})
        workspace = self.folder / name / "workspace"
        env = {**self.file.get("env", {}), **fill(job.get("env", {}), {"matrix": matrix}),
               "GITHUB_ACTIONS": "true", "GITHUB_WORKSPACE": str(workspace), "GITHUB_REF": "refs/tags/v1.0.0",
               "GITHUB_SHA": self.world.commit, "GITHUB_JOB": name, "RUNNER_OS": "Linux",
               "RUNNER_TEMP": str(self.folder / name / "temp"), "GITHUB_RUN_NUMBER": "7"}
        assert job["runs-on"][0] == "self-hosted"
        for step in steps:
            only(step, "uses", "with", "run", "env")
            if "run" in step:
                self.said += run_shell(
                    self.world, step["run"] + "\n", ["bash", "-e"], workspace,
                    self.world.environment(self.traced, **env, **step.get("env", {})))
            else:
                action = ACTION.fullmatch(step["uses"])
                getattr(self, action[1].replace("-", "_"))(workspace, step["with"])

    def checkout(self, workspace, given):
        assert given == {"persist-credentials": False}
        self.world.checkout(workspace)

    def upload_artifact(self, workspace, given):
        only(given, "name", "path", "if-no-files-found")
        lines = given["path"].split()
        roots = [re.split(r"/[^/]*\*", line)[0].rstrip("/") for line in lines]
        root = os.path.commonpath(roots)
        files = [path for line in lines for path in workspace.glob(line.rstrip("/"))]
        target = self.folder / "artifacts" / given["name"]
        assert files, f"no files: {given}"
        assert not target.exists(), f"an artifact is never changed: {given}"
        for path in files:
            copy(path, target / path.relative_to(workspace / root))

    def download_artifact(self, workspace, given):
        only(given, "name", "path")
        copy(self.folder / "artifacts" / given["name"], workspace / given["path"])


def needs(job):
    given = job.get("needs", [])
    return [given] if isinstance(given, str) else given
