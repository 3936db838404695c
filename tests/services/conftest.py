"""Towns for the tests of services: set up once, then copied, so that each test has a house of its own in a tenth of a second."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.postgres import DATABASES, PostgresTemplate, open_server
from tests.product import Town, open_town
from tests.services.books import add_books
from tests.towns import Template, close, reopen

# Rooms whose own SQL, types and locks differ by database: what comes in from meters, and what is made of it.
ON_BOTH_DATABASES = frozenset(
    f"test_{name}"
    for name in ("devices", "edits", "fittings", "hostile_bodies", "intake", "log_proofs", "reductions", "telemetry", "two_servers")
)


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """Run the tests of these modules on SQLite, and on PostgreSQL where there is one (pytest.mark.postgres)."""
    if "town" in metafunc.fixturenames and metafunc.module.__name__.rpartition(".")[2] in ON_BOTH_DATABASES:
        metafunc.parametrize("town", DATABASES, indirect=True)


@pytest.fixture(scope="session")
def founded(centre: Template, tmp_path_factory: pytest.TempPathFactory) -> Template:
    """A centre with everything published, and the books of two banks, oak and elm; nothing is prepared yet."""
    folder = tmp_path_factory.mktemp("founded")
    with reopen(centre, folder) as town:
        for bank in ("oak", "elm"):
            add_books(town, bank)
        return close(town, folder)


@pytest.fixture(scope="session")
def anchored(founded: Template, tmp_path_factory: pytest.TempPathFactory) -> Template:
    """The same, with statement 1 of oak on chain."""
    folder = tmp_path_factory.mktemp("anchored")
    with reopen(founded, folder / "data") as town:
        statement = town.prepare("oak", "2025-03")
        town.attest("oak", statement.id)
        town.relay()
        return close(town, folder / "data")


@pytest.fixture(scope="session")
def founded_on_postgres(tmp_path_factory: pytest.TempPathFactory) -> Iterator[PostgresTemplate]:
    """The same as `founded`, set up on PostgreSQL from the beginning."""
    folder = tmp_path_factory.mktemp("founded-on-postgres")
    with open_server() as server:
        name = server.create()
        with open_town(folder, database_url=server.url_of(name)) as town:
            town.found_centre()
            for bank in ("oak", "elm"):
                add_books(town, bank)
            template = close(town, folder)
        yield PostgresTemplate(server, name, template)


@pytest.fixture
def town(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Town]:
    """A copy of `founded`, on the database that the test asks for."""
    if getattr(request, "param", "sqlite") == "postgresql":
        template: PostgresTemplate = request.getfixturevalue("founded_on_postgres")
        with template.reopen(tmp_path / "data") as opened:
            yield opened
        return
    with reopen(request.getfixturevalue("founded"), tmp_path / "data") as opened:
        yield opened


@pytest.fixture
def anchored_town(anchored: Template, tmp_path: Path) -> Iterator[Town]:
    """A copy of `anchored`."""
    with reopen(anchored, tmp_path / "data") as opened:
        yield opened
