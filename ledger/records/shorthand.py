"""Write out what people may leave out of an organisation or an activity document (spec: documents §1, §2).

The documents that are hashed list every field. A person who writes one by hand may leave out what has one plain meaning; everything else is
left as it is, for the readers to judge, so that a finding names what the person wrote.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial

_UNIT: dict[str, object] = {
    "closed": None,
    "opening": "opened",
    "merged_into": None,
    "county": None,
    "area_m2": None,
    "headcount": None,
    "ownership": None,
    "allocations": [],
}
_LISTS = ("declared_totals", "declared_factors", "factor_choices", "instruments", "denominators")
_ITEMS: dict[str, dict[str, object]] = {
    "records": {"register": None, "uncertainty_bp": None},
    "declared_totals": {"period": None, "at": None},
    "factor_choices": {"use": "location"},
    "instruments": {"generated": None, "retired": None},
}


def write_out_organisation(document: Mapping[str, object]) -> dict[str, object]:
    """Return the document with `parent` as a placement since the unit opened, and with every optional field."""
    return {**document, "units": _each(document.get("units"), _write_out_unit)} if "units" in document else dict(document)


def write_out_activity(document: Mapping[str, object]) -> dict[str, object]:
    """Return the document with every optional list and field."""
    complete: dict[str, object] = {**{name: [] for name in _LISTS}, **document}
    for name, defaults in _ITEMS.items():
        if name in complete:
            complete[name] = _each(complete[name], partial(_with_defaults, defaults))
    if "records" in complete:
        complete["records"] = _each(complete["records"], _write_out_source)
    return complete


def _write_out_unit(unit: dict[str, object]) -> dict[str, object]:
    complete = {**_UNIT, **unit}
    if "parent" in complete and "placements" not in complete:
        parent = complete.pop("parent")
        complete["placements"] = [] if parent is None else [{"parent": parent, "since": complete.get("opened")}]
    if "closing" not in complete:
        complete["closing"] = None if complete["closed"] is None else "closed"
    return complete


def _write_out_source(record: dict[str, object]) -> dict[str, object]:
    source = record.get("source")
    return {**record, "source": {"sha256": None, **source}} if isinstance(source, dict) else record


def _with_defaults(defaults: dict[str, object], item: dict[str, object]) -> dict[str, object]:
    return {**defaults, **item}


def _each(items: object, complete: Callable[[dict[str, object]], dict[str, object]]) -> object:
    if not isinstance(items, list):
        return items
    return [complete(item) if isinstance(item, dict) else item for item in items]
