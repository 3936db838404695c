"""Base of all tables: column types, naming convention, and the constraints that stand in for validation.

A sqlmodel class with table=True validates nothing, so what must hold is a constraint of the database: NOT NULL, CHECK, foreign keys,
and on SQLite STRICT tables, which refuse a text in an integer column. Times are Unix seconds, hashes lower-case hex, quantities
integers. Rows are written by the repositories only and are never an API model.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Annotated, Any, ClassVar

from backports import zstd
from sqlalchemy import BigInteger, Boolean, CheckConstraint, ForeignKeyConstraint, LargeBinary, MetaData, Text, UniqueConstraint
from sqlalchemy.dialects import sqlite
from sqlalchemy.engine import Dialect
from sqlalchemy.orm import declared_attr
from sqlalchemy.schema import SchemaItem
from sqlalchemy.types import TypeDecorator, TypeEngine
from sqlmodel import Field, SQLModel

NAMING_CONVENTION = {
    "pk": "pk_%(table_name)s",
    "fk": "fk_%(table_name)s_%(column_0_N_name)s",
    "uq": "uq_%(table_name)s_%(column_0_N_name)s",
    "ix": "ix_%(table_name)s_%(column_0_N_name)s",
    "ck": "ck_%(table_name)s_%(constraint_name)s",
}


class Flag(TypeDecorator[bool]):
    """A truth value: BOOLEAN on PostgreSQL, INTEGER 0 or 1 on SQLite, whose STRICT tables know no BOOLEAN."""

    impl = Boolean
    cache_ok = True

    def load_dialect_impl(self, dialect: Dialect) -> TypeEngine[Any]:
        """Return the column type of this dialect."""
        return dialect.type_descriptor(sqlite.INTEGER() if dialect.name == "sqlite" else Boolean())

    def process_bind_param(self, value: bool | None, dialect: Dialect) -> Any:
        """Return the value as the driver takes it."""
        return int(value) if dialect.name == "sqlite" and value is not None else value

    def process_result_value(self, value: Any, dialect: Dialect) -> bool | None:
        """Return the value as a bool."""
        return None if value is None else bool(value)


class PackedBytes(TypeDecorator[bytes]):
    """Bytes that are stored as a zstd frame where that is shorter, and given back as they were (decision 0012)."""

    impl = LargeBinary
    cache_ok = True

    def process_bind_param(self, value: bytes | None, dialect: Dialect) -> bytes | None:
        """Return what is stored of the bytes."""
        return None if value is None else pack(value)

    def process_result_value(self, value: bytes | None, dialect: Dialect) -> bytes | None:
        """Return the bytes that were stored."""
        return None if value is None else unpack(bytes(value))


_ZSTD_MAGIC = b"\x28\xb5\x2f\xfd"
_ZSTD_LEVEL = 1


def pack(data: bytes) -> bytes:
    """Return a zstd frame of the bytes, or the bytes themselves where that is no longer; bytes that look like a frame always get one."""
    frame = zstd.compress(data, _ZSTD_LEVEL)
    return frame if len(frame) < len(data) or data.startswith(_ZSTD_MAGIC) else data


def unpack(stored: bytes) -> bytes:
    """Return the bytes of `pack`. A frame that somebody damaged is given back as it is: the hash beside it then tells."""
    if not stored.startswith(_ZSTD_MAGIC):
        return stored
    try:
        return zstd.decompress(stored)
    except zstd.ZstdError:
        return stored


# SQLite gives an automatic key only to a column that is spelt INTEGER.
Whole = BigInteger().with_variant(sqlite.INTEGER(), "sqlite")

Str = Annotated[str, Field(sa_type=Text)]
Int = Annotated[int, Field(sa_type=Whole)]
Blob = Annotated[bytes, Field(sa_type=LargeBinary)]
Packed = Annotated[bytes, Field(sa_type=PackedBytes)]
Bool = Annotated[bool, Field(sa_type=Flag)]
OptStr = Annotated[str | None, Field(sa_type=Text, nullable=True)]
OptInt = Annotated[int | None, Field(sa_type=Whole, nullable=True)]
OptBlob = Annotated[bytes | None, Field(sa_type=LargeBinary, nullable=True)]
KeyStr = Annotated[str, Field(sa_type=Text, primary_key=True)]
KeyInt = Annotated[int, Field(sa_type=Whole, primary_key=True, sa_column_kwargs={"autoincrement": False})]
AutoInt = Annotated[int, Field(sa_type=Whole, primary_key=True)]


class Row(SQLModel):
    """Base of every table: its name is the class name in snake case."""

    metadata = MetaData(naming_convention=NAMING_CONVENTION)
    __table_args__: ClassVar[Any] = {"sqlite_strict": True}

    @declared_attr.directive
    def __tablename__(cls) -> str:
        """Return the table's name."""
        return re.sub(r"(?<!^)(?=[A-Z])", "_", cls.__name__).lower()


class SignedMessage(SQLModel):
    """Columns of a signed message that is relayed to a contract: what was signed, by whom, who handed it in, and its outbox row."""

    message: Blob  # canonical JSON of the struct's fields (spec: documents §6)
    signature: Str
    signer: Str
    struct_hash: Str
    submitted_by: Str
    at: Int
    outbox_id: OptInt = None


def table(*items: SchemaItem) -> tuple[Any, ...]:
    """Return table arguments with these constraints; every table is STRICT on SQLite."""
    return (*items, {"sqlite_strict": True})


def unique(*columns: str) -> UniqueConstraint:
    """Return a named uniqueness over these columns."""
    return UniqueConstraint(*columns)


def refers(columns: str | tuple[str, ...], target: str, target_columns: str | tuple[str, ...]) -> ForeignKeyConstraint:
    """Return a foreign key from `columns` to `target_columns` of `target`."""
    here = (columns,) if isinstance(columns, str) else columns
    there = (target_columns,) if isinstance(target_columns, str) else target_columns
    return ForeignKeyConstraint(list(here), [f"{target}.{column}" for column in there])


def one_of(column: str, values: Iterable[str]) -> CheckConstraint:
    """Return a check that `column` holds one of `values`."""
    allowed = ", ".join(f"'{value}'" for value in values)
    return CheckConstraint(f'"{column}" IN ({allowed})', name=column)


def holds(name: str, expression: str) -> CheckConstraint:
    """Return a named check."""
    return CheckConstraint(expression, name=name)


def sha256_hex(*columns: str) -> tuple[CheckConstraint, ...]:
    """Return checks that these columns hold 64 characters, as a lower-case hex digest does (null passes)."""
    return tuple(CheckConstraint(f'length("{column}") = 64 AND lower("{column}") = "{column}"', name=column) for column in columns)


def signed_message() -> tuple[SchemaItem, ...]:
    """Return the constraints of a signed message: forms, one row per struct hash, its outbox row."""
    return (
        unique("struct_hash"),
        refers("outbox_id", "outbox", "id"),
        holds("signature", "length(signature) = 132 AND substr(signature, 1, 2) = '0x'"),
        holds("signer", "length(signer) = 42 AND substr(signer, 1, 2) = '0x' AND lower(signer) = signer"),
        holds("struct_hash", "length(struct_hash) IN (64, 66)"),
    )
