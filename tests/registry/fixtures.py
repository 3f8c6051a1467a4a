# SPDX-License-Identifier: Apache-2.0
# Copyright The handcarry authors
"""pytest fixtures: real registries, started when first asked for."""
import pytest

from registry.server import Server, missing
from registry.shelf import Shelf


@pytest.fixture(scope="session")
def registry_server(tmp_path_factory):
    if missing():
        pytest.skip(missing() + " is not installed")
    with Server(tmp_path_factory.mktemp("registry")) as server:
        yield server


@pytest.fixture(scope="module", name="shelf")
def fixture_shelf(tmp_path_factory):
    if missing():
        pytest.skip(missing() + " is not installed")
    made = Shelf(tmp_path_factory.mktemp("registry"))
    yield made
    made.stop()
