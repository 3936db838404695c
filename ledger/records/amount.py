"""Quantities as documents write them: a decimal string and the code of its unit."""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction

from ledger.records.fields import Fields
from ledger.units import parse_decimal


@dataclass(frozen=True)
class Amount:
    """A quantity: a decimal string and the code (or an alias) of its unit."""

    value: str
    unit: str

    @property
    def exact(self) -> Fraction:
        """Return the exact value in `unit`."""
        return parse_decimal(self.value)

    def to_document(self) -> dict[str, object]:
        """Return `{"value": …, "unit": …}`."""
        return {"value": self.value, "unit": self.unit}


def read_amount(fields: Fields) -> Amount:
    """Return the amount of an object's fields `value` and `unit`."""
    return Amount(fields.decimal("value"), fields.text("unit"))
