"""Spread green certificates and supplier contracts over the electricity that they cover (method §6)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from fractions import Fraction
from heapq import nsmallest
from typing import Any

from verifier.library import Library
from verifier.local_time import Days, read_day
from verifier.organisation import Organisation, Tree
from verifier.quantities import Key

_LIFE_YEARS = 2
_OLD = date(2024, 1, 1)  # the rule of two years holds for months from here on
_OLD_LIFE_END = date(2025, 12, 31)


@dataclass(frozen=True, slots=True)
class Instrument:
    """Hold an instrument in force: the unit that it serves with all below it, whole Wh, and kg CO2 per kWh."""

    id: str
    unit: str
    wh: int
    factor: Fraction


def is_in_force(item: Any, period: Days) -> bool:
    """Say whether an instrument of activity.json counts in the period. Raises: Malformed for a date that no calendar has."""
    if item["kind"] == "supplier_contract":
        return True
    month = read_day(item["generated"], f"activity.json instrument {item['id']} generated")
    used = period[1] if item["retired"] is None else read_day(item["retired"], f"activity.json instrument {item['id']} retired")
    return month <= period[1] and period[0] <= used and _lives_on(month, period[0]) and _lives_on(month, used)


def _lives_on(month: date, day: date) -> bool:
    """Say whether electricity generated in `month` has a certificate that is not past the end of its life on `day`."""
    if month < _OLD:
        return day <= _OLD_LIFE_END
    return (day.year, day.month) < (month.year + _LIFE_YEARS, month.month)


def read_instruments(items: Sequence[Any], period: Days, library: Library, organisation: Organisation) -> list[Instrument]:
    """Return the instruments that can cover something; what is wrong with the others is found by findings.recompute."""
    found = []
    for item in items:
        unit, quantity = library.units.get(item["quantity"]["unit"]), Fraction(item["quantity"]["value"])
        sound = item["unit"] in organisation.units and unit is not None and unit.dimension == "electricity" and quantity >= 0
        if sound and unit is not None and is_in_force(item, period):
            found.append(Instrument(item["id"], item["unit"], quantity * unit.base * 1000 // 1, Fraction(item["factor"])))
    return found


def spread(instruments: Sequence[Instrument], tree: Tree, consumed: Mapping[Key, Fraction]) -> dict[Key, dict[str, int]]:
    """Return the Wh that each instrument covers of each line; `consumed` is the kWh of every line that instruments can cover."""
    lines = sorted((key for key in consumed if key[0] in tree.start), key=lambda key: (tree.start[key[0]], key))
    starts = [tree.start[unit] for unit, _ in lines]
    left = [int(consumed[key] * 1000 // 1) for key in lines]  # whole Wh not yet covered
    covered: dict[Key, dict[str, int]] = {key: {} for key in consumed}
    for instrument in sorted(instruments, key=lambda item: (-tree.depth[item.unit], item.id)):
        first, end = tree.slice_below(instrument.unit, starts)
        for place, wh in _shares(instrument.wh, left[first:end], lines[first:end]):
            if wh:
                covered[lines[first + place]][instrument.id] = wh
                left[first + place] -= wh
    return covered


def _shares(wh: int, left: list[int], keys: Sequence[Key]) -> list[tuple[int, int]]:
    """Return (place, Wh) of the lines that get something: all of it where it suffices, else pro rata with the largest remainders."""
    need = sum(left)
    if wh >= need:
        return list(enumerate(left))
    shares, remainders, given = [0] * len(left), [], 0
    for place, wanted in enumerate(left):
        shares[place], remainder = divmod(wh * wanted, need)
        given += shares[place]
        if remainder:
            remainders.append((-remainder, keys[place], place))
    for _, _, place in nsmallest(wh - given, remainders):
        shares[place] += 1
    return list(enumerate(shares))
