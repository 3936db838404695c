"""The organisation tree of an inventory, from as little as the institution's id (spec: inventory-input §3)."""

from __future__ import annotations

from collections.abc import Mapping

from ledger.accounting.inventory.places import Places
from ledger.accounting.inventory.plain import decimals_in, id_of, name_of, without_notes
from ledger.records.findings import Finding
from ledger.records.organisation import SCHEMA, Organisation, check_organisation
from ledger.records.shorthand import write_out_organisation

LONG_AGO = "1900-01-01"
NAMELESS = "institution"
"""Stands in for an id that is missing, so that the rest is still read for its findings."""
KINDS_BY_DEPTH = ("institution", "branch", "sub_branch", "outlet")
TIMEZONE = "Asia/Shanghai"
REGION = "CN"


def read_organisation(institution: object, units: object) -> tuple[Organisation | None, tuple[Finding, ...]]:
    """Return the organisation (None if any error was found) and all findings, at their places in the input.

    Args:
        institution: the input's `institution`: an object, or its id alone.
        units: the input's `units`, None where there are none: then the institution is one unit.
    """
    given: dict[str, object] = without_notes(institution) if isinstance(institution, Mapping) else {"id": institution}
    where = "/institution/id" if isinstance(institution, Mapping) else "/institution"
    id = id_of(given.pop("id", None))
    missing = id is None
    id = NAMELESS if missing else id
    places = Places("")
    places.put("/institution", where)
    for name in ("name", "region", "timezone"):
        places.put(f"/{name}", f"/institution/{name}")
    order, items = _units(units, id, given.get("name"))
    places.put_list("units", order, "/units")
    if not units:
        places.put("/units/0", "/institution")
        places.put("/units/0/id", where)
    document = {
        "schema": SCHEMA,
        "institution": id,
        "name": name_of(given.pop("name", None), id),
        "timezone": given.pop("timezone", TIMEZONE),
        "region": given.pop("region", REGION),
        "units": items,
    }
    findings = [
        Finding("FIELD_UNKNOWN", "error", f"/institution/{name}", "remove the field", name[:80], "id, name, region, timezone, note")
        for name in sorted(given)
    ]
    if missing:
        findings.append(
            Finding("FIELD_MISSING", "error", where, "name the institution, as example-bank", None, "an id, or an object with one")
        )
    organisation, more = check_organisation(document)
    located = {(item.code, item.place, item.got): item for item in (places.finding(finding) for finding in more)}
    return (None if findings else organisation), (*findings, *located.values())


def _units(units: object, institution: object, name: object) -> tuple[list[int], object]:
    """Return where each unit of the document stands in the input (an invented root: at 0), and the units, sorted by id."""
    root = {"id": institution, "name": name_of(name, institution), "kind": KINDS_BY_DEPTH[0], "placements": [], "opened": LONG_AGO}
    if units is None or units == []:
        return [0], write_out_organisation({"units": [root]})["units"]
    if not isinstance(units, list) or not all(isinstance(item, dict) for item in units):
        return [], units
    top = _root_id(units, institution)
    items = [_with_root(without_notes(item), top) for item in units]
    numbered = list(enumerate(items))
    if not any(item.get("id") == top for item in items):
        numbered.append((0, dict(root)))
    by_id = {str(item.get("id")): item for _, item in numbered}
    for _, item in numbered:
        _write_out(item, by_id)
    numbered.sort(key=lambda pair: str(pair[1].get("id")).encode())
    return [index for index, _ in numbered], write_out_organisation({"units": [item for _, item in numbered]})["units"]


def _root_id(units: list[dict[str, object]], institution: object) -> object:
    roots = [id_of(unit.get("id")) for unit in units if unit.get("kind") == KINDS_BY_DEPTH[0]]
    return roots[0] if roots else institution


def _with_root(unit: dict[str, object], root: object) -> dict[str, object]:
    """Return a unit that stands under the root where it names no parent."""
    item = unit | {"id": id_of(unit.get("id"))}
    if item["id"] == root:
        return item | ({} if "placements" in item or "parent" in item else {"parent": None})
    if item.get("parent") is None and "placements" not in item:
        item["parent"] = root
    return item


def _write_out(item: dict[str, object], by_id: Mapping[str, dict[str, object]]) -> None:
    """Fill in name, kind, opening day and numbers of a unit, in place."""
    item["name"] = name_of(item.get("name"), item.get("id"))
    if "kind" not in item:
        item["kind"] = KINDS_BY_DEPTH[min(_depth(item, by_id), len(KINDS_BY_DEPTH) - 1)]
    item.setdefault("opened", _opened(item, by_id))
    decimals_in(item, "area_m2")
    if isinstance(item.get("allocations"), list):
        allocations = [dict(part) if isinstance(part, dict) else part for part in _list(item["allocations"])]
        for part in allocations:
            if isinstance(part, dict):
                part.pop("note", None)
                part.setdefault("since", item["opened"])
                part.setdefault("rule", "area")
                part.setdefault("reference", "as given")
                decimals_in(part, "part", "whole")
        item["allocations"] = allocations


def _list(value: object) -> list[object]:
    return value if isinstance(value, list) else []


def _parent(item: Mapping[str, object]) -> str | None:
    placements = _list(item.get("placements"))
    parent = (
        item.get("parent") if "parent" in item else placements[0].get("parent") if placements and isinstance(placements[0], dict) else None
    )
    return None if parent is None else str(parent)


def _depth(item: Mapping[str, object], by_id: Mapping[str, dict[str, object]]) -> int:
    depth, seen, parent = 0, {str(item.get("id"))}, _parent(item)
    while parent is not None and parent in by_id and parent not in seen:
        seen.add(parent)
        depth, parent = depth + 1, _parent(by_id[parent])
    return max(depth, 1) if _parent(item) is not None else depth


def _opened(item: Mapping[str, object], by_id: Mapping[str, dict[str, object]]) -> object:
    """Return the day of the first placement, else the day on which the parent opened, else a day long ago."""
    placements = _list(item.get("placements"))
    if placements and isinstance(placements[0], dict) and "since" in placements[0]:
        return placements[0]["since"]
    seen, parent = {str(item.get("id"))}, _parent(item)
    while parent is not None and parent in by_id and parent not in seen:
        seen.add(parent)
        if "opened" in by_id[parent]:
            return by_id[parent]["opened"]
        parent = _parent(by_id[parent])
    return LONG_AGO
