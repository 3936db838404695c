"""How a table is described: its columns, what each takes, and where each stands in an item of the document."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from ledger.records.names import Name
from ledger.workbook.labels import Labels

# name: the visible name of what the column `names` holds in code. ignored: shown or noted for people, no part of the document.
Kind = Literal["text", "decimal", "integer", "bp", "date", "month", "choice", "code", "name", "measure", "ignored"]


@dataclass(frozen=True)
class Column:
    """One column; `path` are the steps to its value in an item of the document, empty where the document has none."""

    key: str
    title: Name
    kind: Kind
    path: tuple[str, ...]
    note: Name
    width: int = 14
    optional: bool = False
    hidden: bool = False
    labels: Labels = ()
    names: str = ""


@dataclass(frozen=True)
class Table:
    """A sheet or CSV file. A row counts once a cell of one of the columns `filled` has something in it.

    `groups` are objects of an item that are null where none of their columns has something. In a table that is `offered`, rows stand
    ready that may stay as they are; in any other, a row that says something must say everything.
    """

    key: str
    list: str
    title: Name
    columns: tuple[Column, ...]
    filled: tuple[str, ...]
    groups: tuple[str, ...] = ()
    offered: bool = False

    def column(self, key: str) -> Column:
        """Return the column with this key, which must be one of the table's."""
        return next(column for column in self.columns if column.key == key)
