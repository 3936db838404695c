"""Instruments of market-based Scope 2: green certificates and supplier contracts (spec: documents §2, method-operational-1 §6)."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from fractions import Fraction

from ledger.records.amount import Amount, read_amount
from ledger.records.fields import Fields
from ledger.units import parse_decimal

GREEN_CERTIFICATE = "green_certificate"
SUPPLIER_CONTRACT = "supplier_contract"
INSTRUMENT_KINDS = (GREEN_CERTIFICATE, SUPPLIER_CONTRACT)
INSTRUMENT_FIELDS = ("id", "unit", "kind", "quantity", "factor", "generated", "retired", "reference")


@dataclass(frozen=True)
class Instrument:
    """A quantity of power that a certificate or contract covers, for `unit` and all below it.

    `factor` is a decimal string of kg CO2 per kWh, `"0"` for a green certificate; `generated` the first day of a certificate's month,
    None for a contract; `retired` the day on which it was retired.
    """

    id: str
    unit: str
    kind: str
    quantity: Amount
    factor: str
    generated: date | None
    retired: date | None
    reference: str

    @property
    def exact_factor(self) -> Fraction:
        """Return the exact factor, kg CO2 per kWh."""
        return parse_decimal(self.factor)

    def to_document(self) -> dict[str, object]:
        """Return the instrument as an item of the activity document."""
        return {
            "id": self.id,
            "unit": self.unit,
            "kind": self.kind,
            "quantity": self.quantity.to_document(),
            "factor": self.factor,
            "generated": None if self.generated is None else self.generated.isoformat(),
            "retired": None if self.retired is None else self.retired.isoformat(),
            "reference": self.reference,
        }


def read_instrument(fields: Fields) -> Instrument:
    """Return the instrument of an object."""
    wrong = len(fields.findings)
    instrument = Instrument(
        id=fields.identifier("id"),
        unit=fields.identifier("unit"),
        kind=fields.choice("kind", INSTRUMENT_KINDS),
        quantity=read_amount(fields.nested("quantity", ("value", "unit"))),
        factor=fields.decimal_from_0("factor"),
        generated=fields.optional("generated", fields.date),
        retired=fields.optional("retired", fields.date),
        reference=fields.text("reference"),
    )
    if len(fields.findings) == wrong:
        _check_form(instrument, fields)
    return instrument


def _check_form(instrument: Instrument, fields: Fields) -> None:
    def refuse(field: str, got: str, expected: str) -> None:
        place = f"{fields.pointer}/{field}"
        fields.refuse("INSTRUMENT_FORM", place, f"write {expected}", got=got, expected=expected, instrument=instrument.id)

    generated, retired = instrument.generated, instrument.retired
    if instrument.quantity.value.startswith("-"):
        refuse("quantity/value", instrument.quantity.value, "a quantity of 0 or more")
    if instrument.kind == SUPPLIER_CONTRACT:
        if generated is not None:
            refuse("generated", generated.isoformat(), "null for a supplier's contract")
        return
    if instrument.factor != "0":
        refuse("factor", instrument.factor, '"0" for a green certificate')
    if generated is None or generated.day != 1:
        refuse("generated", "null" if generated is None else generated.isoformat(), "the first day of the month of generation")
    elif retired is not None and retired < generated:
        refuse("retired", retired.isoformat(), f"a day from {generated.isoformat()}, its month of generation, on")
