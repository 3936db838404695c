"""The operator's desk: settings from the environment, and the database without the chain where the chain is not needed."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from ledger.clock import SystemClock
from ledger.config import Settings, read_settings
from ledger.errors import ConfigurationError

if TYPE_CHECKING:
    from ledger.services.context import Actor, House


def operator_actor() -> Actor:
    """Return the actor of what the operator does on the machine itself."""
    from ledger.services.context import Actor

    return Actor("operator", None, frozenset({"operator"}))


def settings_of(environment: Mapping[str, str], data: Path | None) -> Settings:
    """Return the settings of this environment; `data` comes before LINGTAN_DATA."""
    return read_settings(environment, data)


def require_set_up(settings: Settings) -> None:
    """Pass unless an SQLite database is missing: opening it would make an empty one.

    Raises:
        ConfigurationError: there is no such file.
    """
    file = settings.database_url.removeprefix("sqlite:///")
    if file != settings.database_url and not Path(file).is_file():
        raise ConfigurationError(f"nothing is set up: {file} does not exist", hint="run `lingtan init`, or name the directory with --data")


@contextmanager
def open_books(settings: Settings) -> Iterator[House]:
    """Yield a house whose chain stays closed: tokens and the like are given while the server has the chain file open."""
    from ledger.services.context import House
    from ledger.store.database import Database, open_database

    require_set_up(settings)

    class Books(House):
        def __init__(self, database: Database) -> None:
            self.settings, self.database, self.clock = settings, database, SystemClock()

    database = open_database(settings.database_url)
    try:
        yield Books(database)
    finally:
        database.close()
