"""Column types of the first migrations, kept apart from ledger.store.tables so that a migration never changes with them."""

from __future__ import annotations

import sqlalchemy as sa
from sqlalchemy.dialects import sqlite

WHOLE = sa.BigInteger().with_variant(sqlite.INTEGER(), "sqlite")
FLAG = sa.Boolean().with_variant(sqlite.INTEGER(), "sqlite")
TEXT = sa.Text()
BLOB = sa.LargeBinary()
