"""Alembic's entry: run on the connection that ledger.store.migrate hands over, or on the URL of LINGTAN_DATABASE_URL."""

from __future__ import annotations

import os

from alembic import context
from sqlalchemy import Connection

from ledger.store.tables import Row


def run(connection: Connection) -> None:
    # The caller owns the transaction: all migrations of one upgrade hold or none does.
    context.configure(connection=connection, target_metadata=Row.metadata, compare_type=True, transactional_ddl=True)
    context.run_migrations()


def main() -> None:
    connection = context.config.attributes.get("connection")
    if connection is not None:
        run(connection)
        return
    from ledger.store.database import open_database

    database = open_database(os.environ["LINGTAN_DATABASE_URL"])
    with database.connection() as own:
        run(own)
    database.close()


main()
