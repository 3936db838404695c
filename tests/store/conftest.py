"""Every store test runs on SQLite, and on PostgreSQL where LINGTAN_TEST_POSTGRES_URL names a server; each in a database of its own.

The migrations run once per session and kind of database; a test gets a copy. Tests of the migrations start from an empty one.
"""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from ledger.store.database import Database, open_database
from tests.postgres import DATABASES, PostgresServer, open_server


@pytest.fixture(scope="session")
def postgres() -> Iterator[PostgresServer]:
    """The PostgreSQL server for tests."""
    with open_server() as server:
        yield server


@pytest.fixture(scope="session")
def migrated_postgres(postgres: PostgresServer) -> str:
    """The name of a database at the head of the migrations, to copy from."""
    name = postgres.create()
    database = open_database(postgres.url_of(name))
    database.migrate()
    database.close()
    return name


@pytest.fixture(scope="session")
def migrated_file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An SQLite file at the head of the migrations, to copy from."""
    path = tmp_path_factory.mktemp("store") / "migrated.sqlite"
    database = open_database(f"sqlite:///{path}")
    database.migrate()
    database.close()
    return path


@pytest.fixture(params=DATABASES)
def empty_database(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Database]:
    """A database without a schema."""
    if request.param == "sqlite":
        database = open_database(f"sqlite:///{tmp_path}/empty.sqlite")
        yield database
        database.close()
        return
    server: PostgresServer = request.getfixturevalue("postgres")
    name = server.create()
    database = open_database(server.url_of(name))
    yield database
    database.close()
    server.drop(name)


@pytest.fixture(params=DATABASES)
def database_url(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    """The URL of a migrated database without rows."""
    if request.param == "sqlite":
        shutil.copy(request.getfixturevalue("migrated_file"), tmp_path / "ledger.sqlite")
        yield f"sqlite:///{tmp_path}/ledger.sqlite"
        return
    server: PostgresServer = request.getfixturevalue("postgres")
    name = server.create(request.getfixturevalue("migrated_postgres"))
    yield server.url_of(name)
    server.drop(name)


@pytest.fixture
def database(database_url: str) -> Iterator[Database]:
    """A migrated database without rows."""
    database = open_database(database_url)
    yield database
    database.close()
