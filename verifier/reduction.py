"""Hold the line of a bank's own project, `lingtan.reduction/1`: its shape and the rules that it keeps by itself (savings.md §7)."""

from __future__ import annotations

from fractions import Fraction
from itertools import pairwise
from typing import Any

from verifier import json_strict
from verifier.errors import Malformed, Refused
from verifier.exact import round_half_even
from verifier.shapes import HASH, ID, TEXT, amount, fields, many, nullable, schema, unsigned, word

MEASURES = ("avoided_g", "saved_wh", "self_used_wh", "exported_wh")
# Grams per watt-hour of one of the unit, by the mass above and the energy below.
_MASSES = {"g": Fraction(1, 1000), "kg": Fraction(1), "t": Fraction(1000)}
_ENERGIES = {"Wh": Fraction(1000), "kWh": Fraction(1), "MWh": Fraction(1, 1000)}
UNITS = {
    f"{mass}{gas}/{energy}": grams * per for mass, grams in _MASSES.items() for gas in ("CO2", "CO2e") for energy, per in _ENERGIES.items()
}
_FIGURE = unsigned(96)
_LINE = fields(
    schema=schema("reduction"),
    id=ID,
    unit=ID,
    kind=word("retrofit", "pv"),
    option=word("A", "B", "C"),
    factor=fields(id=TEXT, value=amount(), unit=word(*UNITS)),
    avoided_g=_FIGURE,
    saved_wh=_FIGURE,
    self_used_wh=_FIGURE,
    exported_wh=_FIGURE,
    evidence=many(fields(kind=ID, id=TEXT, sha256=nullable(HASH)), at_most=10_000),
)


def asset_of(line: Any) -> str:
    """Return the asset name of a line's leaf."""
    return f"reduction/{line['id']}"


def values_of(line: Any) -> tuple[int, ...]:
    """Return a line's four measures: g avoided, Wh saved, Wh of own PV used, Wh exported."""
    return tuple(int(line[name]) for name in MEASURES)


def read_line(data: bytes, place: str) -> Any:
    """Return a line from its canonical bytes.

    Raises:
        Malformed: not canonical, of another shape, or evidence out of order.
        Refused: grams that are not energy times factor, or figures that a project of its kind has not.
    """
    line = json_strict.load_canonical(data)
    _LINE(line, place)
    keys = [(item["kind"], item["id"], item["sha256"] or "") for item in line["evidence"]]
    if any(after <= before for before, after in pairwise(keys)):
        raise Malformed("DOCUMENT_ORDER", f"{place}/evidence", "not in strictly ascending order of kind, id, sha256")
    avoided, saved, used, exported = values_of(line)
    exact = round_half_even((saved + used) * Fraction(line["factor"]["value"]) * UNITS[line["factor"]["unit"]])
    _same("avoided_g", exact, avoided)
    if line["kind"] == "pv":
        _same("saved_wh", 0, saved)
        _same("option", "B", line["option"])
    else:
        _same("self_used_wh", 0, used)
        _same("exported_wh", 0, exported)
    return line


def _same(name: str, expected: object, found: object) -> None:
    if expected != found:
        raise Refused(
            "REDUCTION",
            f"{name} contradicts the rest of the line",
            element=f"record {name}",
            expected=str(expected),
            found=str(found)[:400],
        )
