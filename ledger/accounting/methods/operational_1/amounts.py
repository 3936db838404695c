"""Read a quantity of the activity in base units, or say what stands in the way (spec: method-operational-1 §2, §9)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from fractions import Fraction

from ledger.errors import InputError
from ledger.indicators.factor import BASE_UNITS
from ledger.indicators.release import Release
from ledger.records.activity import Amount
from ledger.records.findings import Finding
from ledger.units import parse_decimal


@dataclass(frozen=True)
class AmountReader:
    """Reads one item's figures; `place` is its JSON pointer, `params` name it in findings, which gather in `problems`."""

    release: Release
    place: str
    params: Mapping[str, str]
    problems: list[Finding]

    def refuse(self, code: str, place: str, action: str, got: str, expected: str) -> None:
        """Add a finding of severity error at a place below the item."""
        self.problems.append(Finding(code, "error", f"{self.place}{place}", action, got, expected, dict(self.params)))

    def dimension(self, amount: Amount, admitted: tuple[str, ...]) -> str | None:
        """Return the dimension of the amount's unit, or None where it is unknown or not one of `admitted` (empty: any is)."""
        unit = self.release.find_unit(amount.unit)
        if unit is None:
            known = ", ".join(unit.code for unit in self.release.units)
            self.refuse("MEASURE_UNKNOWN", "/quantity/unit", "use a unit of the library", amount.unit[:80], known)
            return None
        if admitted and unit.dimension not in admitted:
            first, *others = admitted
            expected = " or ".join([f"{first} (as {BASE_UNITS[first]})", *others])
            self.refuse("DIMENSION_WRONG", "/quantity/unit", "convert the quantity", f"{unit.code} ({unit.dimension})", expected)
            return None
        return unit.dimension

    def quantity(self, amount: Amount, action: str) -> Fraction | None:
        """Return the amount in base units of its known unit, or None where it is no decimal or below 0; `action` is for the latter."""
        value = self.decimal(amount.value, "/quantity/value", action)
        return None if value is None else value * self.release.unit(amount.unit).base_units

    def decimal(self, text: str, place: str, action: str) -> Fraction | None:
        """Return the exact value of a decimal string of 0 or more, or None."""
        try:
            value = parse_decimal(text)
        except InputError:
            expected = "a decimal string, as 123.456"
            self.refuse("QUANTITY_INVALID", place, f"write {expected}", text[:80], expected)
            return None
        if value < 0:
            self.refuse("QUANTITY_NEGATIVE", place, action, text, "0 or more")
            return None
        return value
