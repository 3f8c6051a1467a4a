# SPDX-License-Identifier: Apache-2.0
# Copyright The handcarry authors
"""pytest fixture: one real registry for the whole session, started when first asked for."""
import pytest

from registry.server import Server, missing


@pytest.fixture(scope="session")
def registry_server(tmp_path_factory):
    if missing():
        pytest.skip(missing() + " is not installed")
    with Server(tmp_path_factory.mktemp("registry")) as server:
        yield server
