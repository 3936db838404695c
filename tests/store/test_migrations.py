from __future__ import annotations

import pytest
from alembic.autogenerate import compare_metadata
from alembic.runtime.migration import MigrationContext

from ledger.errors import ConfigurationError
from ledger.store import migrate
from ledger.store.database import Database, open_database
from ledger.store.errors import NotMigrated
from ledger.store.tables import Row


def test_the_migrated_schema_is_the_one_the_tables_describe(database: Database) -> None:
    with database.connection() as connection:
        context = MigrationContext.configure(connection, opts={"compare_type": True})
        assert compare_metadata(context, Row.metadata) == []


def test_a_database_that_is_not_migrated_is_refused(empty_database: Database) -> None:
    assert not empty_database.at_head()
    with pytest.raises(NotMigrated), empty_database.unit_of_work():
        pass
    with pytest.raises(NotMigrated), empty_database.reading():
        pass


def test_a_database_at_an_earlier_migration_is_refused_until_migrated(empty_database: Database) -> None:
    with empty_database.connection() as connection:
        migrate.upgrade(connection, "0003")
    assert empty_database.revision() == "0003"
    with pytest.raises(NotMigrated, match="0003"), empty_database.unit_of_work():
        pass
    empty_database.migrate()
    assert empty_database.at_head()
    with empty_database.unit_of_work():
        pass


def test_migrating_twice_changes_nothing(database: Database) -> None:
    database.migrate()
    assert database.revision() == migrate.head()


def test_a_migration_that_fails_half_way_leaves_the_schema_as_it_was(empty_database: Database) -> None:
    def upgrade_and_fail() -> None:
        with empty_database.connection() as connection:
            migrate.upgrade(connection, "0004")
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        upgrade_and_fail()
    assert empty_database.revision() is None
    empty_database.migrate()


@pytest.mark.parametrize("url", ["sqlite://", "sqlite:///:memory:", "mysql://root@localhost/x", "ledger.sqlite"])
def test_a_url_that_would_lose_the_ledger_or_is_none_is_refused(url: str) -> None:
    with pytest.raises(ConfigurationError):
        open_database(url)
