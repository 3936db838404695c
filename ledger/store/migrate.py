"""Migrations without a command line: which one the schema stands at, which one is the last, and how to get there."""

from __future__ import annotations

from functools import cache
from pathlib import Path

from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection

FOLDER = Path(__file__).parent / "migrations"


def configuration(connection: Connection | None = None) -> Config:
    """Return Alembic's settings for our migrations, on this connection if one is given."""
    config = Config()
    config.set_main_option("script_location", str(FOLDER).replace("%", "%%"))
    config.attributes["connection"] = connection
    return config


@cache
def head() -> str:
    """Return the name of the last migration."""
    revision = ScriptDirectory.from_config(configuration()).get_current_head()
    return revision or ""


def current(connection: Connection) -> str | None:
    """Return the name of the migration that this database stands at; None before the first."""
    return MigrationContext.configure(connection).get_current_revision()


def upgrade(connection: Connection, revision: str = "head") -> None:
    """Run the migrations up to `revision` in the connection's own transaction."""
    command.upgrade(configuration(connection), revision)
