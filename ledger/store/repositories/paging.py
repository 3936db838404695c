"""Keyset paging: a page continues after a key, so that rows added meanwhile neither repeat nor hide others."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

from sqlmodel import Session
from sqlmodel.sql.expression import SelectOfScalar

from ledger.errors import InputError, NotFound
from ledger.store.tables import Row

MAX_LIMIT = 500

T = TypeVar("T")
K = TypeVar("K", int, str)
R = TypeVar("R", bound=Row)


@dataclass(frozen=True)
class Page(Generic[T, K]):
    """Some rows in key order, and the key after which the next page starts; None at the end."""

    items: tuple[T, ...]
    next_after: K | None


def fetch_page(session: Session, query: SelectOfScalar[R], key: Any, key_of: Callable[[R], K], limit: int, after: K | None) -> Page[R, K]:
    """Return at most `limit` rows of `query` whose `key` column lies after `after`, ascending.

    Raises:
        InputError: the limit is not between 1 and 500.
    """
    if not 1 <= limit <= MAX_LIMIT:
        raise InputError(f"a page holds 1 to {MAX_LIMIT} rows", limit=limit)
    if after is not None:
        query = query.where(key > after)
    rows = session.exec(query.order_by(key).limit(limit + 1)).all()
    items = tuple(rows[:limit])
    return Page(items, key_of(items[-1]) if len(rows) > limit else None)


def found(row: R | None, thing: str, **key: str | int) -> R:
    """Return the row.

    Raises:
        NotFound: it is None; the facts name the key that was looked for.
    """
    if row is None:
        raise NotFound(f"no such {thing}", hint="", **{"thing": thing, **key})
    return row


def sha256_hex(data: bytes) -> str:
    """Return the lower-case hex SHA-256 of `data`."""
    return hashlib.sha256(data).hexdigest()
