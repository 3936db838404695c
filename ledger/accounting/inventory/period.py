"""One period of an inventory: its days, and the activity document that its records and figures make (spec: inventory-input §5)."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from typing import TypeGuard

from ledger.accounting.inventory.library import FACTOR_PARTS, LocalLibrary
from ledger.accounting.inventory.places import Places
from ledger.accounting.inventory.plain import (
    days_of,
    decimal_of,
    decimals_in,
    emissions_unit,
    half_last_digit_times,
    id_of,
    quantity_of,
    without_notes,
)
from ledger.accounting.validators.measured import EMISSIONS
from ledger.errors import InputError
from ledger.indicators.release import Release
from ledger.records.activity import INDICATOR_MEASURE, SCHEMA
from ledger.records.fields import period_document
from ledger.records.findings import Finding
from ledger.records.organisation import Organisation
from ledger.records.period import Period

LISTS = ("records", "declared_totals", "declared_factors", "factor_choices", "instruments", "denominators")
PERIOD_FIELDS = ("id", "period", "year", "start", "end", *LISTS, "historic", "corrections", "meters")
SHORT_MEASURES = {
    "scope1": "scope1_g",
    "scope2": "scope2_location_g",
    "scope2_location": "scope2_location_g",
    "scope2_market": "scope2_market_g",
    "scope3": "scope3_g",
    "scope1_scope2": "scope1_scope2_location_g",
    "scope1_scope2_location": "scope1_scope2_location_g",
    "scope1_scope2_market": "scope1_scope2_market_g",
    "all": "all_location_g",
    "all_location": "all_location_g",
    "all_market": "all_market_g",
}
SELECTED = "(selected)"
"""Where a period carries the choices that the input's selections make for it, with the pointers of these; no name of a field."""
QUALITY = 2
REFERENCE = "as published"


@dataclass(frozen=True)
class Given:
    """What the periods of one input share."""

    organisation: Organisation
    release: Release
    library: LocalLibrary
    residual: object = None


@dataclass(frozen=True)
class Expanded:
    """A period's activity document as the strict reader takes it, and where its parts were written.

    `rounded` are the ids of the published figures that were given no tolerance: rounding alone explains how far they may be off.
    """

    period: Period
    document: dict[str, object]
    places: Places
    rounded: frozenset[str]


def read_period(item: Mapping[str, object], pointer: str, timezone: str, findings: list[Finding]) -> Period | None:
    """Return the period of `id` (or `period`), `year`, `start`, `end`; what an id such as 2024, 2024-03 or 2024-Q1 says may be left out."""
    given = item.get("id", item.get("period", item.get("year")))
    id = id_of(given)
    known = days_of(id) if isinstance(id, str) else None
    if known is None and "year" in item:
        known = days_of(str(item["year"]))
    days = []
    for name, position in (("start", 0), ("end", 1)):
        text = item.get(name)
        if text is None and known is not None:
            days.append(known[position])
            continue
        try:
            days.append(date.fromisoformat(text if isinstance(text, str) and len(text) == 10 else ""))
        except ValueError:
            code, expected = ("FIELD_MISSING" if text is None else "FIELD_INVALID"), "a date YYYY-MM-DD"
            action = f"write {expected}, or an id such as 2024, 2024-03, 2024-Q1"
            findings.append(Finding(code, "error", f"{pointer}/{name}", action, None if text is None else str(text)[:80], expected))
    if not isinstance(id, str):
        action, expected = "name the period, as 2024", "an id"
        findings.append(Finding("FIELD_MISSING", "error", f"{pointer}/id", action, None, expected))
    if len(days) < 2 or not isinstance(id, str):
        return None
    try:
        return Period.of_dates(id, days[0], days[1], timezone)
    except InputError as error:
        place, action = f"{pointer}/end" if days[1] < days[0] else f"{pointer}/id", error.hint or "correct the period"
        findings.append(Finding("FIELD_INVALID", "error", place, action, f"{id}: {days[0]} to {days[1]}", str(error)[:200]))
        return None


def expand_period(item: Mapping[str, object], pointer: str, period: Period, given: Given) -> Expanded:
    """Return the activity document of a period. What cannot be understood stays as written, for the reader to refuse."""
    places = Places(pointer)
    places.put("/institution", "/institution")
    places.put("/period", pointer)
    document: dict[str, object] = {
        "schema": SCHEMA,
        "institution": given.organisation.institution,
        "period": period_document(period),
    }
    expanders: dict[str, Callable[[dict[str, object], int], dict[str, object]]] = {
        "records": lambda record, index: expand_record(record, index, period, given),
        "declared_totals": lambda total, index: _expand_total(total, index, given.release),
        "declared_factors": lambda factor, index: _expand_declared_factor(factor, index, given.release),
        "factor_choices": lambda choice, index: _expand_choice(choice, f"{pointer}/factor_choices/{index}", given),
        "instruments": lambda instrument, index: _expand_instrument(instrument, index, period, given),
        "denominators": lambda denominator, _: _expand_denominator(denominator, given),
    }
    for name, expand in expanders.items():
        value = item.get(name, [])
        if name == "denominators" and isinstance(value, dict):
            value = [{"measure": measure, "value": amount} for measure, amount in without_notes(value).items()]
        if not isinstance(value, list):
            document[name] = value
            continue
        written = [f"{pointer}/{name}/{index}" for index in range(len(value))]
        items = [expand(without_notes(entry), index) if isinstance(entry, dict) else entry for index, entry in enumerate(value)]
        if name == "factor_choices":
            for choice, place in _further_choices(item, items, given):
                items.append(choice)
                written.append(place)
        numbered = sorted(zip(items, written, strict=True), key=lambda pair: sort_key(name, pair[0]))
        document[name] = [entry for entry, _ in numbered]
        for index, (_, place) in enumerate(numbered):
            places.put(f"/{name}/{index}", place)
    totals = item.get("declared_totals")
    rounded = [index for index, total in enumerate(totals) if "tolerance" not in total] if _are_objects(totals) else []
    return Expanded(period, document, places, frozenset(_ids_of(document["declared_totals"], places, pointer, rounded)))


def _are_objects(value: object) -> TypeGuard[list[dict[str, object]]]:
    return isinstance(value, list) and all(isinstance(item, dict) for item in value)


def _ids_of(totals: object, places: Places, pointer: str, indices: list[int]) -> Iterator[str]:
    wanted = {f"{pointer}/declared_totals/{index}" for index in indices}
    for index, total in enumerate(totals if _are_objects(totals) else []):
        if places.translate(f"/declared_totals/{index}") in wanted:
            yield str(total.get("id"))


def sort_key(name: str, item: object) -> tuple[bytes, ...]:
    """Return the key by which a list of the activity document is sorted (documents §2)."""
    if not isinstance(item, dict):
        return (b"",)
    fields = {"factor_choices": ("indicator", "use"), "denominators": ("unit", "measure")}.get(name, ("id",))
    return tuple(str(item.get(field)).encode("utf-8", "replace") for field in fields)


def expand_record(item: dict[str, object], index: int, period: Period, given: Given) -> dict[str, object]:
    """Return a record with every field; days are the period's, as far as the unit was open."""
    record: dict[str, object] = {"register": None, "quality": QUALITY, "uncertainty_bp": None, **item}
    record["id"] = id_of(item.get("id", f"r{index + 1:04d}"))
    record["unit"] = id_of(item.get("unit", given.organisation.root.id))
    if "quantity" in item:
        record["quantity"] = _emissions(quantity_of(item["quantity"]), item.get("indicator"), given.release)
    unit = given.organisation.find_unit(str(record["unit"]))
    first, last = period.first_day, period.last_day
    if unit is not None and unit.is_open(first, last):
        first, last = max(first, unit.opened), last if unit.closed is None else min(last, unit.closed)
    record.setdefault("start", first.isoformat())
    record.setdefault("end", last.isoformat())
    source = item.get("source")
    if source is None or isinstance(source, str):
        record["source"] = {"kind": "document", "reference": source or REFERENCE, "sha256": None}
    elif isinstance(source, dict):
        record["source"] = {"kind": "document", "reference": REFERENCE, "sha256": None, **without_notes(source)}
    if isinstance(record["register"], dict):
        register: dict[str, object] = {"multiplier": "1", **without_notes(record["register"])}
        decimals_in(register, "first", "last", "multiplier")
        record["register"] = register
    return record


def _emissions(quantity: object, indicator: object, release: Release) -> object:
    """Return the quantity of an indicator that is reported in emissions, with what reports write for tonnes as `tCO2e`."""
    found = release.find_indicator(str(indicator))
    if found is None or found.dimension != EMISSIONS or not isinstance(quantity, dict):
        return quantity
    value, _, unit = emissions_unit(quantity.get("value"), "0", quantity.get("unit"))
    return {**quantity, "value": value, "unit": unit}


def _expand_total(item: dict[str, object], index: int, release: Release) -> dict[str, object]:
    total: dict[str, object] = {"period": None, "at": None, "unit": "tCO2e", "parts": 1, "reference": REFERENCE, **item}
    total["id"] = id_of(item.get("id", f"t{index + 1:04d}"))
    total["period"], total["at"] = id_of(total["period"]), id_of(total["at"])
    indicator = total.pop("indicator", None)
    if indicator is not None and "measure" not in item:
        total["measure"] = f"{INDICATOR_MEASURE}{indicator}"
    measure = total.get("measure")
    if isinstance(measure, str):
        total["measure"] = SHORT_MEASURES.get(measure, measure)
        if release.find_indicator(measure) is not None:
            total["measure"] = f"{INDICATOR_MEASURE}{measure}"
    decimals_in(total, "value", "tolerance")
    if "tolerance" not in item:
        # Where value or parts are no numbers the reader refuses them; it need not miss a tolerance that nobody has to give.
        total["tolerance"] = half_last_digit_times(total.get("value"), total["parts"]) or "0"
    if release.find_unit(str(total["unit"])) is None or total["unit"] in ("t", "kg", "吨", "千克", "公斤"):
        total["value"], total["tolerance"], total["unit"] = emissions_unit(total.get("value"), total.get("tolerance"), total["unit"])
    return {name: value for name, value in total.items() if not (name in ("value", "tolerance") and value is None)}


def _expand_declared_factor(item: dict[str, object], index: int, release: Release) -> dict[str, object]:
    factor: dict[str, object] = {"document": "not named", "reference": REFERENCE, **item}
    factor["id"] = id_of(item.get("id", f"f{index + 1:04d}"))
    indicator = release.find_indicator(str(item.get("indicator")))
    if "unit" not in item and indicator is not None and indicator.dimension == "electricity":
        factor["unit"] = "kgCO2/kWh"
    decimals_in(factor, "value")
    return factor


def _expand_choice(item: dict[str, object], pointer: str, given: Given) -> dict[str, object]:
    use = item.get("use", "location")
    if "factor" not in item and any(part in item for part in FACTOR_PARTS):
        own = {name: value for name, value in item.items() if name != "use"}
        factor = given.library.add(own, pointer, indicator=item.get("indicator"), use=use)
        reference = str(item.get("reference") or item.get("document") or REFERENCE)
        return {"indicator": item.get("indicator"), "use": use, "factor": factor or "unreadable", "reference": reference[:500]}
    choice: dict[str, object] = {"use": use, "reference": REFERENCE, **item}
    choice["factor"] = given.library.resolve(choice.get("factor"))
    return choice


def _expand_instrument(item: dict[str, object], index: int, period: Period, given: Given) -> dict[str, object]:
    instrument: dict[str, object] = {"kind": "green_certificate", "retired": None, "reference": REFERENCE, **item}
    instrument["id"] = id_of(item.get("id", f"i{index + 1:04d}"))
    instrument["unit"] = id_of(item.get("unit", given.organisation.root.id))
    if "quantity" in item:
        instrument["quantity"] = quantity_of(item["quantity"])
    if instrument["kind"] == "green_certificate":
        instrument.setdefault("factor", "0")
        instrument.setdefault("generated", period.first_day.replace(day=1).isoformat())
        if isinstance(instrument["generated"], str) and len(instrument["generated"]) == 7:
            instrument["generated"] += "-01"
    instrument.setdefault("generated", None)
    decimals_in(instrument, "factor")
    return instrument


def _expand_denominator(item: dict[str, object], given: Given) -> dict[str, object]:
    denominator = {**item, "unit": id_of(item.get("unit", given.organisation.root.id))}
    if "value" in item:
        denominator["value"] = decimal_of(item["value"])
    return denominator


def _further_choices(item: Mapping[str, object], choices: list[object], given: Given) -> Iterator[tuple[object, str]]:
    """Yield what the selections of the input choose, and its residual factor where nothing else is chosen for use market."""
    selected = item.get(SELECTED, [])
    known = [*choices, *(choice for choice, _ in selected)] if isinstance(selected, list) else choices
    if isinstance(selected, list):
        yield from selected
    named = {(str(choice.get("indicator")), str(choice.get("use"))) for choice in known if isinstance(choice, dict)}
    for indicator in given.release.indicators:
        if given.residual is not None and indicator.market_kinds and (indicator.id, "market") not in named:
            choice = {"indicator": indicator.id, "use": "market", "factor": given.residual, "reference": "policies/residual_factor"}
            yield choice, "/policies/residual_factor"
