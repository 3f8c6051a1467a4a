# SPDX-License-Identifier: Apache-2.0
# Copyright The handcarry authors
"""Runs ask-registry (built beside handcarry), which reads one manifest or one blob as `bundle`
does, with shorter pauses."""
import os
import subprocess
from pathlib import Path

TOP = Path(__file__).resolve().parents[2]
HANDCARRY = Path(os.environ.get("HANDCARRY", TOP / "build/handcarry")).resolve()
ASK = HANDCARRY.parent / "tests/sources/ask-registry"


def clean_environment(home):
    """No credentials, certificates or proxies but those below home."""
    kept = {name: value for name, value in os.environ.items()
            if not name.upper().endswith("_PROXY") and
            name not in ("DOCKER_CONFIG", "DOCKER_AUTH_CONFIG", "REGISTRY_AUTH_FILE",
                         "SSL_CERT_FILE", "SSL_CERT_DIR", "XDG_CONFIG_HOME")}
    return {**kept, "HOME": str(home), "XDG_RUNTIME_DIR": str(home / "run")}


def ask(home, *arguments, insecure=(), env=None, timeout=60):
    """(status, text on stdout, text on stderr)"""
    command = [ASK] + ["--insecure=" + host for host in insecure] + [str(one) for one in arguments]
    done = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, check=False,
                          env={**clean_environment(home), **(env or {})}, timeout=timeout)
    return done.returncode, done.stdout.decode(), done.stderr.decode()
