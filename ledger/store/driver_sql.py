"""SQL for the few statements that run thousands of times a second: text for the driver, without an expression built for every call."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import CursorResult
from sqlmodel import Session

_NAME = re.compile(r":([a-z_0-9]+)")


class Statement:
    """A statement with parameters written `:name`, for SQLite and PostgreSQL alike."""

    def __init__(self, sql: str) -> None:
        self._texts = {"sqlite": sql, "postgresql": _NAME.sub(r"%(\1)s", sql)}

    def run(self, session: Session, parameters: Mapping[str, Any] | Sequence[Mapping[str, Any]]) -> CursorResult[Any]:
        """Execute with these parameters, or once for each of a list of them."""
        connection = session.connection()
        return connection.exec_driver_sql(self._texts[connection.dialect.name], parameters)
