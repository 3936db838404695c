"""Every store test runs on SQLite, and on PostgreSQL where LINGTAN_TEST_POSTGRES_URL names a server; each in a database of its own.

The migrations run once per session and kind of database; a test gets a copy. Tests of the migrations start from an empty one.
"""

from __future__ import annotations

import os
import shutil
import uuid
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest

from ledger.store.database import Database, open_database

KINDS = ["sqlite", pytest.param("postgresql", marks=pytest.mark.postgres)]


class PostgresServer:
    """Databases on the test server, dropped when the session ends."""

    def __init__(self, url: str) -> None:
        self.url = url
        self.names: list[str] = []

    def create(self, template: str = "template0") -> str:
        """Create a database from a template and return its name."""
        name = f"lingtan_test_{uuid.uuid4().hex[:12]}"
        with psycopg.connect(self.url, autocommit=True) as connection:
            connection.execute(f"CREATE DATABASE {name} TEMPLATE {template}")
        self.names.append(name)
        return name

    def url_of(self, name: str) -> str:
        """Return the URL of a database of ours."""
        return f"{self.url.rpartition('/')[0]}/{name}"

    def drop(self, name: str) -> None:
        """Drop a database of ours."""
        with psycopg.connect(self.url, autocommit=True) as connection:
            connection.execute(f"DROP DATABASE {name} WITH (FORCE)")
        self.names.remove(name)


@pytest.fixture(scope="session")
def postgres() -> Iterator[PostgresServer]:
    """The PostgreSQL server for tests."""
    url = os.environ.get("LINGTAN_TEST_POSTGRES_URL")
    if not url:
        pytest.skip("LINGTAN_TEST_POSTGRES_URL is not set (scripts/with_postgres.py starts a private PostgreSQL)")
    server = PostgresServer(url)
    yield server
    for name in list(server.names):
        server.drop(name)


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


@pytest.fixture(params=KINDS)
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


@pytest.fixture(params=KINDS)
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
