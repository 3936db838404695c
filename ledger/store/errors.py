"""Errors of the store, and the border where the database driver's exceptions become ours."""

from __future__ import annotations

import re

from sqlalchemy import exc

from ledger.errors import ConfigurationError, Conflict, IntegrityError, LedgerError


class StoreError(LedgerError):
    """The database refused or failed; the unit of work left nothing behind."""

    code = "store.failed"


class StoreBusy(StoreError):
    """Another writer kept the database longer than we wait. The same unit of work may be tried again."""

    code = "store.busy"


class StoreUnavailable(StoreError):
    """The database cannot be reached or opened."""

    code = "store.unavailable"


class RowRefused(StoreError):
    """A row breaks a constraint: a check, a reference to something absent, a missing or ill-typed value."""

    code = "store.row_refused"


class AlreadyStored(Conflict):
    """A row with the same key is there already."""

    code = "store.already_stored"


class AppendOnlyViolation(IntegrityError):
    """Somebody tried to change or delete a row that stays for ever."""

    code = "store.append_only"


class NotMigrated(ConfigurationError):
    """The database's schema is not the one this release works with."""

    code = "store.not_migrated"


_SQLITE_UNIQUE = re.compile(r"UNIQUE constraint failed: (.+)")
_BUSY_STATES = frozenset({"55P03", "40001", "40P01"})  # lock not available, serialization failure, deadlock


def translate(error: exc.SQLAlchemyError) -> LedgerError:
    """Return our error for one of SQLAlchemy's; the row's values are never repeated in the message."""
    original = getattr(error, "orig", None)
    text = str(original) if original is not None else str(error)
    state = str(getattr(original, "sqlstate", None) or "")
    if "append-only:" in text:
        return AppendOnlyViolation(text.splitlines()[0], hint="add a revision or an event instead")
    if isinstance(error, exc.IntegrityError):
        return _constraint_error(original, text, state)
    if state in _BUSY_STATES or "database is locked" in text or isinstance(error, exc.TimeoutError):
        return StoreBusy("another writer holds the database", hint="try again in a moment")
    if isinstance(error, exc.DataError) or state[:2] == "22" or "cannot store" in text:
        return RowRefused("a value has the wrong type or form for its column")
    if isinstance(error, exc.OperationalError):
        return StoreUnavailable(f"the database cannot be used: {text.splitlines()[0]}", hint="check the URL and that the server runs")
    return StoreError(f"the database failed: {type(error).__name__}")


def _constraint_error(original: BaseException | None, text: str, state: str) -> LedgerError:
    diagnosis = getattr(original, "diag", None)
    name = str(getattr(diagnosis, "constraint_name", None) or "")
    match = _SQLITE_UNIQUE.search(text)
    if state == "23505" or match:
        where = name or (match.group(1) if match else "")
        return AlreadyStored(f"a row with this key is there already: {where}", constraint=where)
    return RowRefused(f"a row breaks a constraint: {name or text.splitlines()[0]}", constraint=name)
