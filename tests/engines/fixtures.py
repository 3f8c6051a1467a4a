# SPDX-License-Identifier: Apache-2.0
# Copyright The handcarry authors
"""pytest fixtures: one running engine of each kind for the whole session, empty at the start of
each test. A kind that can not be had is skipped by name, with the reason."""
import signal

import pytest

from engines.engine import KINDS, Engine
from engines.roots import Missing


class Pool:
    """The engines of this session, started when first asked for."""

    def __init__(self):
        self.engines = {}
        self.missing = {}

    def get(self, name):
        """The engine, running; raises Missing with the same reason each time."""
        if name in self.missing:
            raise self.missing[name]
        if name not in self.engines:
            try:
                self.engines[name] = Engine(name)
            except Missing as reason:
                self.missing[name] = reason
                raise
        engine = self.engines[name]
        if not engine.is_running():
            engine.start()
        return engine

    def stop(self):
        for engine in self.engines.values():
            engine.stop()


@pytest.fixture(scope="session")
def engine_pool():
    pool = Pool()
    # What ends the tests from outside must not leave engines' folders behind.
    signal.signal(signal.SIGTERM, lambda *_: pytest.exit("terminated", 143))
    yield pool
    pool.stop()


def empty_engine(pool, name):
    try:
        found = pool.get(name)
    except Missing as reason:
        pytest.skip("engine %s: %s" % (name, reason))
    found.remove_all()
    return found


def marked(name):
    return pytest.param(name, marks=getattr(pytest.mark, name), id=name)


@pytest.fixture(params=[marked(name) for name in KINDS])
def engine(request, engine_pool):
    """Every engine in turn, empty."""
    return empty_engine(engine_pool, request.param)


@pytest.fixture
def docker20(engine_pool):
    return empty_engine(engine_pool, "docker20")


@pytest.fixture
def docker26(engine_pool):
    return empty_engine(engine_pool, "docker26")


@pytest.fixture
def docker26_containerd(engine_pool):
    return empty_engine(engine_pool, "docker26_containerd")


@pytest.fixture
def podman4(engine_pool):
    return empty_engine(engine_pool, "podman4")


@pytest.fixture
def podman5(engine_pool):
    return empty_engine(engine_pool, "podman5")
