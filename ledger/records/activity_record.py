"""One quantity used by one unit, and where it comes from (spec: documents §2)."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from fractions import Fraction

from ledger.records.amount import Amount, read_amount
from ledger.records.fields import Fields
from ledger.units import parse_decimal

SOURCE_KINDS = ("invoice", "register", "document", "estimate", "reported", "landlord")
MAX_UNCERTAINTY_BP = 100_000
RECORD_FIELDS = ("id", "unit", "indicator", "quantity", "start", "end", "source", "register", "quality", "uncertainty_bp")


@dataclass(frozen=True)
class Source:
    """Where a record comes from: its kind, a reference a person can follow, and the SHA-256 of the paper if there is one."""

    kind: str
    reference: str
    sha256: str | None = None

    def to_document(self) -> dict[str, object]:
        """Return `{"kind": …, "reference": …, "sha256": …}`."""
        return {"kind": self.kind, "reference": self.reference, "sha256": self.sha256}


@dataclass(frozen=True)
class Register:
    """The readings of a meter's register at the start and end of a record, and what one unit of them counts; decimal strings."""

    first: str
    last: str
    multiplier: str

    @property
    def used(self) -> Fraction:
        """Return (last − first) × multiplier, exactly."""
        return (parse_decimal(self.last) - parse_decimal(self.first)) * parse_decimal(self.multiplier)

    def to_document(self) -> dict[str, object]:
        """Return `{"first": …, "last": …, "multiplier": …}`."""
        return {"first": self.first, "last": self.last, "multiplier": self.multiplier}


@dataclass(frozen=True)
class ActivityRecord:
    """One quantity used by one unit for one indicator; `start` and `end` are local days, both inclusive; quality 1 (best) to 5.

    `uncertainty_bp` is the 95 % half-width in basis points, None for the policy's default. The quantity of a source of kind landlord
    is the whole building's.
    """

    id: str
    unit: str
    indicator: str
    quantity: Amount
    start: date
    end: date
    source: Source
    quality: int
    register: Register | None = None
    uncertainty_bp: int | None = None

    def to_document(self) -> dict[str, object]:
        """Return the record as an item of the activity document."""
        return {
            "id": self.id,
            "unit": self.unit,
            "indicator": self.indicator,
            "quantity": self.quantity.to_document(),
            "start": self.start.isoformat(),
            "end": self.end.isoformat(),
            "source": self.source.to_document(),
            "register": None if self.register is None else self.register.to_document(),
            "quality": self.quality,
            "uncertainty_bp": self.uncertainty_bp,
        }


def read_record(fields: Fields) -> ActivityRecord:
    """Return the record of an object."""
    wrong = len(fields.findings)
    source = fields.nested("source", ("kind", "reference", "sha256"))
    record = ActivityRecord(
        id=fields.identifier("id"),
        unit=fields.identifier("unit"),
        indicator=fields.identifier("indicator"),
        quantity=read_amount(fields.nested("quantity", ("value", "unit"))),
        start=fields.date("start"),
        end=fields.date("end"),
        source=Source(source.choice("kind", SOURCE_KINDS), source.text("reference"), source.optional("sha256", source.digest)),
        quality=fields.integer("quality", 1, 5),
        register=fields.optional("register", lambda name: _read_register(fields.nested(name, ("first", "last", "multiplier")))),
        uncertainty_bp=fields.optional("uncertainty_bp", lambda name: fields.integer(name, 0, MAX_UNCERTAINTY_BP)),
    )
    if len(fields.findings) == wrong:
        _check_record(record, fields)
    return record


def _read_register(fields: Fields) -> Register:
    return Register(fields.decimal("first"), fields.decimal("last"), fields.decimal_above_0("multiplier"))


def _check_record(record: ActivityRecord, fields: Fields) -> None:
    if record.end < record.start:
        place, got, expected = f"{fields.pointer}/end", record.end.isoformat(), f"{record.start.isoformat()} or later"
        fields.refuse("RECORD_ENDS_BEFORE_START", place, "correct the dates", got=got, expected=expected, record=record.id)
    register = record.register
    if register is not None and register.used < 0:
        place, expected = f"{fields.pointer}/register/last", f"{register.first} or more"
        action = "correct the readings; where the meter was changed or rolled over, make one record up to then and one after"
        fields.refuse("METER_BELOW_REGISTER", place, action, got=register.last, expected=expected, record=record.id)
    elif register is not None and register.used != record.quantity.exact:
        expected = f"({register.last} − {register.first}) × {register.multiplier}"
        place, action = f"{fields.pointer}/quantity/value", "correct the quantity, the readings or the multiplier"
        fields.refuse("REGISTER_DIFFERS", place, action, got=record.quantity.value, expected=expected, record=record.id)
