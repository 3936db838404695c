"""Seeded faults: an insider with full rights drops the triggers of a table, changes one row and mends the checksums within reach.

One kind for each thing that is stored. Faults are planted in a copy of a data directory, never in the directory itself.
"""

from __future__ import annotations

import hashlib
import json
import random
import sqlite3
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ledger.demo.drill import change_reading, change_values, find_high_slot
from ledger.records import canonical
from ledger.store.repositories.metering import pack_values, unpack_values
from ledger.store.tables.base import pack, unpack

EDIT_TYPE = "application/vnd.lingtan.edit+json"
Row = dict[str, Any]


@dataclass(frozen=True)
class Kind:
    """A kind of fault: the table it is in, which rows will do, and what is changed in the one that is drawn.

    change: returns the new values of some columns, or None to erase the row. where: a condition in SQL, of our own words.
    """

    name: str
    table: str
    change: Callable[[Row], Row | None]
    where: str = "1"


@dataclass(frozen=True)
class Planted:
    """A fault that was planted: in which table, and in which row."""

    kind: str
    place: str


def plant(database: Path, kind: Kind, draw: random.Random) -> Planted | None:
    """Change one row of the kind's table in this copy of a SQLite database; None where no row will do."""
    connection = sqlite3.connect(database)
    connection.row_factory = sqlite3.Row
    try:
        rows = connection.execute(f"SELECT rowid AS row_number, * FROM {kind.table} WHERE {kind.where}").fetchall()  # noqa: S608 (our own names)
        for found in draw.sample(rows, len(rows)):
            row = dict(found)
            changed = kind.change(row)
            if changed == {}:
                continue
            drop_triggers(connection, kind.table)
            connection.execute("PRAGMA foreign_keys = OFF")
            if changed is None:
                connection.execute(f"DELETE FROM {kind.table} WHERE rowid = ?", (row["row_number"],))  # noqa: S608
            else:
                names = ", ".join(f'"{name}" = ?' for name in changed)
                connection.execute(f"UPDATE {kind.table} SET {names} WHERE rowid = ?", (*changed.values(), row["row_number"]))  # noqa: S608
            connection.commit()
            return Planted(kind.name, f"{kind.table} {_key(connection, kind.table, row)}")
        return None
    finally:
        connection.close()


def drop_triggers(connection: sqlite3.Connection, table: str) -> None:
    """Drop what makes a table append-only."""
    for (name,) in connection.execute("SELECT name FROM sqlite_master WHERE type = 'trigger' AND tbl_name = ?", (table,)).fetchall():
        connection.execute(f'DROP TRIGGER "{name}"')


def cut_chain(chain: Path) -> None:
    """Put the chain file back to what it was some blocks ago, as somebody who restores an old copy would: its newest blocks are gone."""
    connection = sqlite3.connect(chain)
    try:
        size = connection.execute("SELECT COUNT(*) FROM block_log WHERE level = 0").fetchone()[0]
        connection.execute("DELETE FROM block_log WHERE level = 0 AND position >= ?", (max(size - 3, 1),))
        connection.commit()
    finally:
        connection.close()


def _key(connection: sqlite3.Connection, table: str, row: Row) -> str:
    columns = connection.execute(f"PRAGMA table_info({table})").fetchall()
    return " ".join(str(row[column["name"]]) for column in columns if column["pk"])


def _sha(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()


def _body(row: Row) -> Row:
    data = unpack(row["body"])
    at = next((at for at in range(len(data) - 1, -1, -1) if data[at : at + 1].isdigit()), len(data) - 1)
    changed = data[:at] + (b"7" if data[at : at + 1] != b"7" else b"8") + data[at + 1 :]
    return {"body": pack(changed), "sha256": _sha(changed), "leaf_hash": hashlib.sha256(b"\x00" + changed).digest()}


def _meter_day(row: Row) -> Row:
    slots = len(row["quality"])
    values = unpack_values(row["values"], slots)
    return {} if find_high_slot(values) is None else {"values": pack_values(change_values(values))}


def _document(change: Callable[[Any], None]) -> Callable[[Row], Row]:
    def changed(row: Row) -> Row:
        document = json.loads(row["document"])
        change(document)
        data = canonical.dump(document)
        return {"document": data, "hash": _sha(data)}

    return changed


def _total(document: Any) -> None:
    document["totals"]["scope1_g"] = str(int(document["totals"]["scope1_g"]) + 1)


def _line(document: Any) -> None:
    line = document["lines"][-1]
    line["scope1_g"] = str(int(line["scope1_g"]) + 1)


def _message(row: Row) -> Row:
    message = json.loads(row["message"])
    name = next(name for name in ("root", "packageHash", "resultHash") if name in message)
    digit = message[name][-1]
    message[name] = message[name][:-1] + ("0" if digit != "0" else "1")
    return {"message": canonical.dump(message)}


def _record(row: Row) -> Row:
    data = change_reading(row["record"])
    return {"record": data, "digest": _sha(data)}


def _leaves(row: Row) -> Row:
    n = len(row["leaves"]) // 128
    at = 32 * n + 15
    data = row["leaves"][:at] + bytes([row["leaves"][at] ^ 1]) + row["leaves"][at + 1 :]
    return {"leaves": data, "sha256": _sha(data)}


def _findings(row: Row) -> Row:
    document = json.loads(row["findings"])
    invented: dict[str, object] = {
        "code": "NOTHING",
        "severity": "info",
        "place": "x",
        "got": None,
        "expected": None,
        "action": "none",
        "params": {},
    }
    return {"findings": canonical.dump([] if document else [invented])}


def _verdict(row: Row) -> Row:
    result = json.loads(row["result"])
    result["materiality_bp"] = int(result["materiality_bp"]) + 1
    data = canonical.dump(result)
    return {"result": data, "result_hash": _sha(data)}


KINDS: tuple[Kind, ...] = (
    Kind("body", "telemetry_body", _body, "media_type = 'text/csv'"),
    Kind("edit", "telemetry_body", _body, f"media_type = '{EDIT_TYPE}'"),
    Kind("erased-body", "telemetry_body", lambda _: None),
    Kind("meter-day", "meter_day", _meter_day),
    Kind("erased-day", "meter_day", lambda _: None),
    Kind("envelope", "envelope", lambda row: {"seq": row["seq"] + 1_000}),
    Kind("statement", "statement", _document(_total)),
    Kind("line", "statement", _document(_line)),
    Kind("findings", "statement", _findings),
    Kind("erased-statement", "statement", lambda _: None),
    Kind("record", "statement_meter_record", _record),
    Kind("erased-record", "statement_meter_record", lambda _: None),
    Kind("answer", "statement_answer", lambda row: {"reason": row["reason"] + "."}),
    Kind("attestation", "attestation", _message),
    Kind("signature", "attestation", lambda row: {"signature": "0x" + "11" * 64 + "1b"}),
    Kind("financed-leaf", "financed_leaves", _leaves),
    Kind("claim", "claim", _message),
    Kind("verdict", "verdict", _verdict),
    Kind("log-checkpoint", "log_checkpoint", _message),
    Kind("library", "library_release", _document(lambda document: document.update(version="x"))),
    Kind("audit", "audit_log", lambda row: {"actor": row["actor"] + "x"}),
)
"""Every kind that is a row of the database; `chain`, an old copy of the chain file, is the one that is not."""
CHAIN = "chain"
