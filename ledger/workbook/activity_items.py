"""The tables of an activity document: how their items are judged, put in order, and written back into cells."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from functools import cached_property

from ledger.identifiers import is_identifier
from ledger.indicators.release import Release
from ledger.records.activity_record import RECORD_FIELDS, read_record
from ledger.records.declared import (
    CHOICE_FIELDS,
    DECLARED_FACTOR_FIELDS,
    DENOMINATOR_FIELDS,
    TOTAL_FIELDS,
    read_choice,
    read_declared_factor,
    read_denominator,
    read_total,
)
from ledger.records.findings import Finding
from ledger.records.instruments import INSTRUMENT_FIELDS, read_instrument
from ledger.records.organisation import Organisation
from ledger.records.period import Period
from ledger.workbook.columns import Table
from ledger.workbook.labels import NameList
from ledger.workbook.rows import Item, Reader, RowItem, TableRules

_READERS: Mapping[str, tuple[tuple[str, ...], Reader]] = {
    "records": (RECORD_FIELDS, read_record),
    "instruments": (INSTRUMENT_FIELDS, read_instrument),
    "declared_totals": (TOTAL_FIELDS, read_total),
    "declared_factors": (DECLARED_FACTOR_FIELDS, read_declared_factor),
    "factor_choices": (CHOICE_FIELDS, read_choice),
    "denominators": (DENOMINATOR_FIELDS, read_denominator),
}
_KEYS: Mapping[str, tuple[str, ...]] = {"factor_choices": ("indicator", "use"), "denominators": ("unit", "measure")}


@dataclass(frozen=True)
class Setting:
    """What the rows of an activity are read against: the release, and the organisation and period where they are known."""

    release: Release
    organisation: Organisation | None
    period: Period | None

    @cached_property
    def units(self) -> NameList | None:
        """Return the names of all units, None where no organisation is known."""
        return None if self.organisation is None else NameList((unit.id, unit.name) for unit in self.organisation.units)

    @cached_property
    def indicators(self) -> NameList:
        """Return the names of the release's indicators."""
        return NameList((indicator.id, indicator.name) for indicator in self.release.indicators)


def rules_of(table: Table, setting: Setting) -> TableRules:
    """Return how the items of one of the activity's tables are judged."""
    fields, reader = _READERS[table.list]
    names = {"unit": setting.units, "at": setting.units, "indicator": setting.indicators}
    return TableRules(names, fields, reader, _checks(table, setting))


def key_of(table: Table, item: Item) -> tuple[str, ...]:
    """Return what an item is sorted by in its list."""
    return tuple(str(item[name]) for name in _KEYS.get(table.list, ("id",)))


def give_ids(table: Table, items: Iterable[RowItem]) -> None:
    """Give an id to each item that has none: what it is about, and the next free number."""
    items = tuple(items)
    taken = {str(item.item["id"]) for item in items if item.item.get("id")}
    for item in items:
        if "id" in item.item and not item.item["id"]:
            item.item["id"] = new_id(item.item, taken)
            taken.add(str(item.item["id"]))


def new_id(item: Item, taken: set[str]) -> str:
    """Return an id for a row of the user's own that no other row has; the same rows in the same order get the same ids."""
    parts = [str(item[name]) for name in ("unit", "at", "indicator", "measure") if item.get(name)]
    stem = "-".join(parts).replace("/", ".") or "row"
    if not is_identifier(stem) or len(stem) > 56:
        stem = "row-" + hashlib.sha256("/".join(parts).encode()).hexdigest()[:16]
    number = 1
    while f"{stem}-{number}" in taken:
        number += 1
    return f"{stem}-{number}"


def check_keys(table: Table, items: Iterable[RowItem]) -> list[Finding]:
    """Return a finding for each item whose key an earlier row has already."""
    findings, seen = [], dict[tuple[str, ...], str]()
    for item in items:
        key = key_of(table, item.item)
        if key in seen:
            column = next((column for column in table.columns if column.path == ("id",) and not column.hidden), None)
            place = item.place if column is None else item.place_of(("id",))
            got, expected = "/".join(key), f"each once; {seen[key]} is the first"
            findings.append(Finding("ITEM_TWICE", "error", place, "keep one of the two rows", got, expected))
        seen.setdefault(key, item.place)
    return findings


def _checks(table: Table, setting: Setting) -> Callable[[RowItem], list[Finding]]:
    def check(row: RowItem) -> list[Finding]:
        findings = list(_check_measure(row, table, setting.release))
        if table.list == "records" and setting.period is not None:
            findings.extend(_check_days(row, setting.period))
        return findings

    return check


def _check_measure(row: RowItem, table: Table, release: Release) -> Iterable[Finding]:
    path = next((column.path for column in table.columns if column.kind == "measure"), None)
    if path is None:
        return
    holder = row.item["quantity"] if path[0] == "quantity" else row.item
    code = str(holder[path[-1]]) if isinstance(holder, dict) else ""
    measure = release.find_unit(code)
    if measure is None:
        yield Finding("MEASURE_UNKNOWN", "error", row.place_of(path), "choose from the list", code[:40], "a unit of measure of the release")
        return
    if table.list == "records":
        indicator = release.find_indicator(str(row.item["indicator"]))
        if indicator is not None and not indicator.admits_dimension(measure.dimension):
            got, expected = f"{code} ({measure.dimension})", f"a unit of {indicator.dimension}"
            yield Finding("DIMENSION_WRONG", "error", row.place_of(path), "choose from the list of this row", got, expected)
    elif table.list == "instruments" and measure.dimension != "electricity":
        yield Finding(
            "DIMENSION_WRONG", "error", row.place_of(path), "choose MWh or kWh", f"{code} ({measure.dimension})", "a unit of electricity"
        )


def _check_days(row: RowItem, period: Period) -> Iterable[Finding]:
    for name in ("start", "end"):
        day = date.fromisoformat(str(row.item[name]))
        if not period.first_day <= day <= period.last_day:
            expected = f"{period.first_day.isoformat()} to {period.last_day.isoformat()}"
            action = "correct the day, or split the quantity over the periods"
            yield Finding("RECORD_OUTSIDE_PERIOD", "error", row.place_of((name,)), action, day.isoformat(), expected)
