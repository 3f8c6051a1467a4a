# SPDX-License-Identifier: Apache-2.0
# Copyright The handcarry authors
"""Runs a pipeline as GitLab's runner does, as far as examples/ci/gitlab-ci.yml goes: anything that
this does not know fails."""
import shutil

from pipelines.texts import load, only
from pipelines.world import copy, put_secret, run_shell

GLOBAL = ("stages", "workflow", "variables")
JOB = ("stage", "tags", "needs", "variables", "environment", "script", "artifacts")
HEAD = "set -eo pipefail\nset +o noclobber\n"  # what the runner puts before a job's lines


def merge(below, above):
    """As "extends" does: mappings are merged, all else is replaced."""
    out = dict(below)
    for key, value in above.items():
        out[key] = merge(out[key], value) if isinstance(value, dict) and key in out else value
    return out


class Pipeline:
    """One run of it."""

    def __init__(self, world, path, secrets):
        self.world, self.secrets = world, secrets  # environment name → its variables of type file
        self.file = load(path)
        self.folder = world.folder / "gitlab"
        self.jobs = {}
        for name, job in self.file.items():
            if name not in GLOBAL and not name.startswith("."):
                job = dict(job)
                whole = merge(self.file[job.pop("extends")], job) if "extends" in job else job
                self.jobs[name] = only(whole, *JOB)
        self.said, self.traced = "", False

    def check_form(self):
        stages = self.file["stages"]
        assert self.file["workflow"] == {"rules": [{"if": "$CI_COMMIT_TAG"}]}
        for name, job in self.jobs.items():
            assert len(job["tags"]) == 1, name
            for needed in job.get("needs", []):
                assert stages.index(self.jobs[needed]["stage"]) < stages.index(job["stage"]), name
            assert ("sign" in name) == ("environment" in job), "keys are there where signing is"

    def run(self, traced):
        self.traced = traced
        for stage in self.file["stages"]:
            for name, job in self.jobs.items():
                if job["stage"] == stage:
                    self.run_job(name, job)

    def run_job(self, name, job):
        project = self.folder / name / "clock"
        self.world.checkout(project)
        for needed in job.get("needs", []):
            copy(self.folder / "artifacts" / needed, project)
        given = self.give_files(job, project)
        env = {**self.file.get("variables", {}), **job.get("variables", {}), **given, "GITLAB_CI": "true",
               "CI_PROJECT_DIR": str(project), "CI_COMMIT_SHA": self.world.commit, "CI_JOB_NAME": name,
               "CI_COMMIT_TAG": "v1.0.0", "CI_PIPELINE_IID": "7"}
        self.said += run_shell(self.world, HEAD + "\n".join(job["script"]) + "\n", ["bash"], project,
                               self.world.environment(self.traced, **env))
        shutil.rmtree(f"{project}.tmp", ignore_errors=True)
        for pattern in only(job["artifacts"], "paths", "expire_in")["paths"]:
            found = list(project.glob(pattern.rstrip("/")))
            assert found, f"{name}: no files for {pattern}"
            for path in found:
                copy(path, self.folder / "artifacts" / name / path.relative_to(project))

    def give_files(self, job, project):
        """Variables of type file are files that others can read; their paths are in the environment."""
        only(job.get("environment", {}), "name", "action")
        assert job.get("environment", {}).get("action", "access") == "access"
        paths = {}
        for key, text in self.secrets.get(job.get("environment", {}).get("name"), {}).items():
            path = project.parent / "clock.tmp" / key
            put_secret(path, text, 0o666 & ~0o022)
            paths[key] = str(path)
        return paths
