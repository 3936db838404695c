"""Hold the rules that a single document shows (documents.md §1, §2): dates that follow each other, fields that belong together."""

from __future__ import annotations

from datetime import date, timedelta
from fractions import Fraction
from typing import Any

from verifier.errors import Malformed
from verifier.shapes import sorted_by


def _broken(pointer: str, rule: str) -> Malformed:
    return Malformed("DOCUMENT_RULE", pointer, rule)


def check_organisation(document: Any) -> None:
    """Refuse placements, allocations and closings that contradict themselves. Whether the units form a tree is answered by the checks.

    Raises:
        Malformed: with the pointer of the first field that breaks a rule of documents.md §1.
    """
    units = {unit["id"]: unit for unit in document["units"]}
    for index, unit in enumerate(document["units"]):
        at = f"/units/{index}"
        # ISO dates of four digits compare as text.
        for name in ("placements", "allocations"):
            sorted_by(unit[name], f"{at}/{name}", "since")
        if unit["placements"]:
            if unit["placements"][0]["since"] != unit["opened"]:
                raise _broken(f"{at}/placements/0/since", f"the first placement is since the opening, {unit['opened']}")
            if unit["closed"] is not None and unit["opened"] <= unit["closed"] < unit["placements"][-1]["since"]:
                raise _broken(f"{at}/placements", f"no placement begins after the unit closed, {unit['closed']}")
        if (unit["closed"] is None) != (unit["closing"] is None):
            raise _broken(f"{at}/closing", "closing says why a unit closed: it is null exactly where closed is null")
        if (unit["closing"] == "merged") != (unit["merged_into"] is not None):
            raise _broken(f"{at}/merged_into", "given exactly where closing is merged")
        if unit["merged_into"] is not None:
            _check_merger(units, unit, at)
        for place, allocation in enumerate(unit["allocations"]):
            if not _is_share(allocation["part"], allocation["whole"]):
                raise _broken(f"{at}/allocations/{place}/part", "0 < part ≤ whole")


def _is_share(part: str, whole: str) -> bool:
    return Fraction(part) <= Fraction(whole)


def _check_merger(units: dict[str, Any], unit: Any, at: str) -> None:
    """Refuse a merger with itself, or into a unit that is not open on the day after."""
    into = units.get(unit["merged_into"])
    if into is None or into is unit:
        raise _broken(f"{at}/merged_into", "another unit of the document expected")
    # Open on the day after `closed`: opened at most a day later, and not closed by then.
    if into["opened"] > _next_day(unit["closed"]) or (into["closed"] is not None and into["closed"] <= unit["closed"]):
        raise _broken(f"{at}/merged_into", f"{into['id']} is not open on the day after {unit['closed']}")


def _next_day(day: str) -> str:
    parsed = date.fromisoformat(day)
    return day if parsed == date.max else (parsed + timedelta(days=1)).isoformat()


def check_activity(document: Any) -> None:
    """Refuse instruments whose fields do not fit their kind.

    Raises:
        Malformed: with the pointer of the first field that breaks a rule of documents.md §2.
    """
    for index, item in enumerate(document["instruments"]):
        at, generated = f"/instruments/{index}", item["generated"]
        if item["quantity"]["value"].startswith("-"):
            raise _broken(f"{at}/quantity/value", "0 or more expected")
        if item["kind"] == "supplier_contract":
            if generated is not None:
                raise _broken(f"{at}/generated", "a supplier contract has no month of generation")
            continue
        if generated is None or not generated.endswith("-01"):
            raise _broken(f"{at}/generated", "the first day of the month of generation expected")
        if item["retired"] is not None and item["retired"] < generated:
            raise _broken(f"{at}/retired", f"no certificate is retired before its month, {generated}")
        if item["factor"] != "0":
            raise _broken(f"{at}/factor", "the factor of a green certificate is 0")
