"""What units used before they came in, and errors found in earlier periods (spec: inventory-input §5; analysis §1, §6).

The inventory command and an institution's analysis policy write them alike, so that both read them here.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Any

from ledger.accounting.analysis import AnalysedLine, Correction, of_statement
from ledger.accounting.inventory.period import Given, expand_record, sort_key
from ledger.accounting.inventory.places import Places
from ledger.accounting.inventory.plain import id_of, quantity_of, without_notes
from ledger.accounting.methods.operational_1 import Inputs, compute
from ledger.errors import InputError
from ledger.indicators.release import Release
from ledger.records.activity import Activity, check_activity
from ledger.records.fields import pointer_of
from ledger.records.findings import Finding
from ledger.records.organisation import Organisation
from ledger.records.period import Period
from ledger.units import parse_decimal

CORRECTION_FIELDS = ("period", "unit", "indicator", "quantity", "reference")
EARLY_CODES = ("UNIT_WITHOUT_DATA", "NOTHING_TO_REPORT")
"""What an activity of some units' history alone cannot be blamed for."""


def read_historic(
    value: object, pointer: str, document: Mapping[str, object], period: Period, given: Given, places: Places, findings: list[Finding]
) -> Activity | None:
    """Return the records of units before they came in as an activity of their own, with the period's factor choices.

    Args:
        document: the period's activity document, whose factor choices hold for its history too.
        places: is filled, so that findings about the activity can be put at their places in the input.
    """
    if value in (None, []):
        return None
    records: object = value
    if isinstance(value, list):
        items = [_whole_period(entry, index, period, given) if isinstance(entry, dict) else entry for index, entry in enumerate(value)]
        numbered = sorted(enumerate(items), key=lambda pair: sort_key("records", pair[1]))
        records = [entry for _, entry in numbered]
        places.put_list("records", [index for index, _ in numbered], pointer)
    else:
        places.put("/records", pointer)
    empty: dict[str, object] = {name: [] for name in ("declared_totals", "declared_factors", "instruments", "denominators")}
    activity, found = check_activity({**document, **empty, "records": records})
    known = {(finding.code, finding.place) for finding in findings}
    located = [places.finding(finding) for finding in found]
    findings.extend(finding for finding in located if (finding.code, finding.place) not in known)
    return activity


def read_corrections(value: object, pointer: str, found: str, given: Given, findings: list[Finding]) -> Iterator[Correction]:
    """Yield the errors that the period `found` found in earlier ones: the right quantity of a line, in its base unit."""
    if not isinstance(value, list):
        findings.append(Finding("FIELD_INVALID", "error", pointer, "write a list", type(value).__name__, "a list"))
        return
    for index, entry in enumerate(value):
        place = f"{pointer}/{index}"
        correction: dict[str, Any] = without_notes(entry) if isinstance(entry, dict) else {}
        for name in sorted(set(map(str, correction)) - set(CORRECTION_FIELDS)):
            expected = ", ".join(CORRECTION_FIELDS)
            findings.append(Finding("FIELD_UNKNOWN", "error", pointer_of(place, name), "remove the field", name[:80], expected))
        quantity: Any = quantity_of(correction.get("quantity"))
        unit = given.release.find_unit(str(quantity.get("unit"))) if isinstance(quantity, dict) else None
        try:
            exact = parse_decimal(str(quantity["value"])) if isinstance(quantity, dict) and "value" in quantity else None
        except InputError:
            exact = None
        if unit is None or exact is None:
            action, expected = "write the right quantity, as 12.5 MWh", "a quantity {value, unit}"
            findings.append(Finding("FIELD_INVALID", "error", f"{place}/quantity", action, str(quantity)[:80], expected))
            continue
        named = str(id_of(correction.get("period"))), str(id_of(correction.get("unit", given.organisation.root.id)))
        reference = str(correction.get("reference", "as found"))
        yield Correction(found, *named, str(correction.get("indicator")), exact * unit.base_units, reference)


def historic_lines(
    historic: Activity, organisation: Organisation, release: Release, gwp: str
) -> tuple[tuple[AnalysedLine, ...], tuple[Finding, ...]]:
    """Return the lines of units before they came in, computed as if they had been open since the period's first day; and all findings."""
    opened = _opened_early(organisation, historic)
    computation = compute(Inputs(opened, historic, release, historic.period, gwp=gwp))
    findings = tuple(finding for finding in computation.findings if finding.code not in EARLY_CODES)
    if computation.statement is None:
        return (), findings
    return of_statement(computation.statement, opened, historic, release).lines, findings


def _whole_period(entry: dict[str, object], index: int, period: Period, given: Given) -> dict[str, object]:
    """Return a historic record; without days of its own it is about the whole period, though its unit came in later."""
    record = {"start": period.first_day.isoformat(), "end": period.last_day.isoformat(), **without_notes(entry)}
    return expand_record(record, index, period, given)


def _opened_early(organisation: Organisation, historic: Activity) -> Organisation:
    first, named = historic.period.first_day, {record.unit for record in historic.records}
    changed = tuple(
        replace(
            unit,
            opened=min(unit.opened, first),
            placements=(replace(unit.placements[0], since=min(unit.placements[0].since, first)), *unit.placements[1:]),
        )
        if unit.id in named and unit.placements
        else unit
        for unit in organisation.units
    )
    return replace(organisation, units=changed)
