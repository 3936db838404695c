"""A settled city per engine and session; every test starts from it and leaves it as it was."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest

from tests.contracts.engines import EmbeddedEngine, Engine, EthTesterEngine
from tests.contracts.world import World

City = Callable[[], World]


def _city(engine: Engine) -> City:
    world = World(engine)
    world.deploy()
    world.settle()
    kept = engine.keep()

    def fresh() -> World:
        engine.restore(kept)
        return world.copy()

    return fresh


@pytest.fixture(scope="session")
def tester_city() -> City:
    return _city(EthTesterEngine())


@pytest.fixture(scope="session")
def embedded_city(tmp_path_factory: pytest.TempPathFactory) -> Iterator[City]:
    engine = EmbeddedEngine(tmp_path_factory.mktemp("embedded"))
    yield _city(engine)
    engine.close()


@pytest.fixture(scope="module", params=["eth-tester", "embedded"])
def city(request: pytest.FixtureRequest) -> City:
    """Gives the settled city, on each engine in turn."""
    found: City = request.getfixturevalue("tester_city" if request.param == "eth-tester" else "embedded_city")
    return found


@pytest.fixture
def world(city: City) -> World:
    """The settled city, on each engine in turn."""
    return city()


@pytest.fixture
def tester_world(tester_city: City) -> World:
    """The settled city on eth-tester alone, for what does not depend on the engine."""
    return tester_city()
