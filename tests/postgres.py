"""A PostgreSQL server for tests, at LINGTAN_TEST_POSTGRES_URL: a database for each, copied from one that was set up once."""

from __future__ import annotations

import os
import shutil
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import psycopg
import pytest

from ledger.clock import FixedClock
from tests.product import Town, open_town
from tests.towns import Template

DATABASES = ["sqlite", pytest.param("postgresql", marks=pytest.mark.postgres)]


class PostgresServer:
    """Databases on the test server, dropped at the end."""

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


@contextmanager
def open_server() -> Iterator[PostgresServer]:
    """Yield the server that the environment names; without one, skip."""
    url = os.environ.get("LINGTAN_TEST_POSTGRES_URL")
    if not url:
        pytest.skip("LINGTAN_TEST_POSTGRES_URL is not set (scripts/with_postgres.py starts a private PostgreSQL)")
    server = PostgresServer(url)
    try:
        yield server
    finally:
        for name in list(server.names):
            server.drop(name)


@dataclass(frozen=True)
class PostgresTemplate:
    """A closed town whose books are in a database of the server."""

    server: PostgresServer
    database: str
    town: Template

    @contextmanager
    def reopen(self, folder: Path) -> Iterator[Town]:
        """Open a copy of the town in a fresh folder and a database of its own."""
        shutil.copytree(self.town.folder, folder, dirs_exist_ok=True)
        name = self.server.create(self.database)
        clock = FixedClock(self.town.now)
        try:
            with open_town(folder, database_url=self.server.url_of(name), clock=clock, set_up=False) as opened:
                opened.versions.update(self.town.versions)
                yield opened
        finally:
            self.server.drop(name)
