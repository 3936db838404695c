"""The insider of the drill: a copy of the database, its triggers dropped, one value changed and every checksum within reach mended."""

from __future__ import annotations

import hashlib
import json
import sqlite3
from collections.abc import Callable
from contextlib import closing
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

from ledger.clock import format_instant, parse_instant
from ledger.demo.drill import change_factor, change_line, change_reading, change_values, find_high_slot
from ledger.demo.faults import drop_triggers
from ledger.errors import NotFound
from ledger.metering.meter_day import SLOT_SECONDS
from ledger.records.findings import Finding
from ledger.records.period import DAY_SECONDS
from ledger.services.context import Actor, House
from ledger.services.fsck import check_house
from ledger.store.database import open_database
from ledger.store.repositories.metering import pack_values, unpack_values

_OPERATOR = Actor("operator", None, frozenset({"operator"}))


@dataclass(frozen=True)
class Break:
    """One change of a stored value: table, columns, row, how, and the word by which fsck must name it."""

    name: str
    table: str
    column: str
    digest: str
    where: str
    key: tuple[object, ...]
    change: Callable[[bytes], bytes]
    word: str


@dataclass(frozen=True)
class Noticed:
    """What fsck said of one change."""

    name: str
    finding: Finding | None
    holds: bool


def run_store_drill(house: House, statement: int, folder: Path) -> tuple[Noticed, ...]:
    """Change a reading in its meter-day and in its record, a factor and a line in copies of the SQLite database; return what fsck names."""
    source = Path(house.settings.database_url.removeprefix("sqlite:///"))
    with closing(sqlite3.connect(source)) as database:
        document = json.loads(database.execute("SELECT document FROM statement WHERE id = ?", (statement,)).fetchone()[0])
        meter = document["meters"][0]["meter"]
        reading = _break_reading(database, document, meter)
    line = max(document["lines"], key=lambda item: int(item["scope1_g"]) + int(item["scope2_location_g"]))
    library = document["library"]["hash"]
    breaks = (
        reading,
        Break(
            "record",
            "statement_meter_record",
            "record",
            "digest",
            "statement_id = ? AND meter_id = ?",
            (statement, meter),
            change_reading,
            meter,
        ),
        Break("factor", "library_release", "document", "", "hash = ?", (library,), change_factor(line["factor"]), line["factor"]),
        Break("line", "statement", "document", "hash", "id = ?", (statement,), change_line(line["unit"], line["indicator"]), line["unit"]),
    )
    return tuple(_run(house, source, folder, item) for item in breaks)


def _break_reading(database: sqlite3.Connection, document: dict[str, Any], meter: str) -> Break:
    """Choose a reading of the statement's period as the meter-day holds it; fsck must name meter and quarter-hour."""
    first = parse_instant(document["period"]["start"]) // DAY_SECONDS + 1
    last = parse_instant(document["period"]["end"]) // DAY_SECONDS - 1
    days = database.execute(
        'SELECT institution_id, meter_id, day, revision, "values", quality FROM meter_day'
        " WHERE institution_id = ? AND meter_id = ? AND day BETWEEN ? AND ? ORDER BY day, revision",
        (document["institution"], meter, first, last),
    )
    for *key, values, quality in days:
        slots = len(quality)
        slot = find_high_slot(unpack_values(values, slots))
        if slot is not None:
            instant = format_instant(key[2] * DAY_SECONDS + slot * SLOT_SECONDS)
            where = "institution_id = ? AND meter_id = ? AND day = ? AND revision = ?"
            return Break(
                "reading", "meter_day", '"values"', "", where, tuple(key), partial(_change_packed, slots), f"meter {meter} {instant}"
            )
    raise NotFound(f"{meter} has no reading of more than 1 kWh in the period", hint="choose a statement with another first meter")


def _change_packed(slots: int, stored: bytes) -> bytes:
    return pack_values(change_values(unpack_values(stored, slots)))


def _run(house: House, source: Path, folder: Path, item: Break) -> Noticed:
    copy = folder / f"insider-{item.name}.sqlite"
    copy.unlink(missing_ok=True)
    with closing(sqlite3.connect(source)) as original, closing(sqlite3.connect(copy)) as database:
        original.backup(database)
        _tamper(database, item)
    broken = open_database(f"sqlite:///{copy}")
    try:
        twin = House(house.settings, broken, house.chain, house.deployment, house.relayer, house.cursor_key, house.clock)
        with twin.view(_OPERATOR) as work:
            findings = check_house(work)
    finally:
        broken.close()
        for file in folder.glob(f"{copy.name}*"):
            file.unlink()
    hits = [finding for finding in findings if item.word in f"{finding.place} {finding.got} {finding.expected}"]
    return Noticed(item.name, hits[0] if hits else None, bool(hits))


def _tamper(database: sqlite3.Connection, item: Break) -> None:
    drop_triggers(database, item.table)
    (data,) = database.execute(f"SELECT {item.column} FROM {item.table} WHERE {item.where}", item.key).fetchone()  # noqa: S608 (our own names)
    changed = item.change(data)
    if item.digest:
        digest = hashlib.sha256(changed).hexdigest()
        database.execute(f"UPDATE {item.table} SET {item.column} = ?, {item.digest} = ? WHERE {item.where}", (changed, digest, *item.key))  # noqa: S608
    else:
        database.execute(f"UPDATE {item.table} SET {item.column} = ? WHERE {item.where}", (changed, *item.key))  # noqa: S608
    database.commit()
