"""Read and write `lingtan.fitting/1`, the entry of the envelope log that says what hangs in a meter's place (spec: metering §2)."""

from __future__ import annotations

from fractions import Fraction
from typing import cast

from ledger.clock import format_instant
from ledger.metering.fitting import MAX_DECIMALS, MAX_DIGITS, REASONS, Fitting, Ratio, RegisterForm
from ledger.records import canonical
from ledger.records.fields import Fields, raise_first
from ledger.records.findings import Finding
from ledger.units import parse_decimal

SCHEMA = "lingtan.fitting/1"
MEDIA_TYPE = "application/vnd.lingtan.fitting+json"
MAX_BYTES = 16 * 1024
FIELDS = (
    *("schema", "institution", "meter", "since", "serial", "seal", "ratio", "register", "first", "final_before"),
    *("reason", "reference", "by", "at"),
)
STATED_FIELDS = tuple(name for name in FIELDS if name not in ("schema", "institution", "meter", "by", "at"))
"""What a person states of a fitting; the rest is the server's to fill in."""
_MAX_RATIO = Fraction(10**6)


def read_fitting(document: object) -> tuple[Fitting | None, tuple[Finding, ...]]:
    """Return the fitting of a document, or None with everything that is wrong with it (places are JSON pointers)."""
    findings: list[Finding] = []
    fields = Fields(document, "", findings, FIELDS)
    fields.schema(SCHEMA)
    ratio = fields.nested("ratio", ("ct", "pt"))
    register = fields.nested("register", ("digits", "decimals"))
    values = {
        "institution": fields.identifier("institution"),
        "meter": fields.identifier("meter"),
        "since": fields.instant("since"),
        "serial": fields.text("serial"),
        "seal": fields.optional("seal", fields.text),
        "ratio": Ratio(ratio.decimal_above_0("ct"), ratio.decimal_above_0("pt")),
        "register": RegisterForm(register.integer("digits", 1, MAX_DIGITS), register.integer("decimals", 0, MAX_DECIMALS)),
        "first": fields.optional("first", fields.decimal_from_0),
        "final_before": fields.optional("final_before", fields.decimal_from_0),
        "reason": fields.choice("reason", REASONS),
        "reference": fields.text("reference"),
        "by": fields.identifier("by"),
        "at": fields.instant("at"),
    }
    if not findings:
        _check_meaning(fields, values)
    return (None, tuple(findings)) if findings else (Fitting(**values), ())  # type: ignore[arg-type]


def load_fitting(data: bytes) -> Fitting:
    """Return the fitting of an entry of the envelope log.

    Raises:
        MalformedDocument: the bytes are none in canonical form.
    """
    fitting, findings = read_fitting(canonical.load_canonical(data))
    raise_first("fitting", findings)
    return cast(Fitting, fitting)  # without a finding there is one


def fitting_document(fitting: Fitting) -> dict[str, object]:
    """Return the document of a fitting."""
    return {
        "schema": SCHEMA,
        "institution": fitting.institution,
        "meter": fitting.meter,
        "since": format_instant(fitting.since),
        "serial": fitting.serial,
        "seal": fitting.seal,
        "ratio": {"ct": fitting.ratio.ct, "pt": fitting.ratio.pt},
        "register": {"digits": fitting.register.digits, "decimals": fitting.register.decimals},
        "first": fitting.first,
        "final_before": fitting.final_before,
        "reason": fitting.reason,
        "reference": fitting.reference,
        "by": fitting.by,
        "at": format_instant(fitting.at),
    }


def fits_register(reading: str, register: RegisterForm) -> bool:
    """Tell whether a display of this form can show a reading: below 10^digits, with no more decimals than it has."""
    value = parse_decimal(reading)
    return bool(value < 10**register.digits) and (value * 10**register.decimals).denominator == 1


def register_range(register: RegisterForm) -> str:
    """Return the largest reading of a display, as 999999.99."""
    whole, part = "9" * register.digits, "9" * register.decimals
    return f"{whole}.{part}" if part else whole


def _check_meaning(fields: Fields, values: dict[str, object]) -> None:
    ratio, register, first = values["ratio"], values["register"], values["first"]
    installed, final = values["reason"] == "installed", values["final_before"]
    removed = values["reason"] == "removed"
    if isinstance(ratio, Ratio) and ratio.exact > _MAX_RATIO:
        fields.refuse("FIELD_INVALID", "/ratio", "write the ratio as it stands on the transformer", got=f"{ratio.ct} × {ratio.pt}")
    if not removed and isinstance(register, RegisterForm) and isinstance(first, str) and not fits_register(first, register):
        expected = f"0 to {register_range(register)}"
        fields.refuse("FIELD_INVALID", "/first", "write what the display shows, before the ratio", got=first, expected=expected)
    if removed and first is not None:
        fields.refuse("FIELD_INVALID", "/first", "write null: nothing hangs there from then on", got=str(first), expected="null")
    if not removed and first is None:
        action = "write what the display shows, before the ratio"
        fields.refuse("FIELD_INVALID", "/first", action, got="null", expected="a decimal string ≥ 0")
    if installed and final is not None:
        fields.refuse("FIELD_INVALID", "/final_before", "write null: nothing hung there before", got=str(final), expected="null")
    if not installed and final is None:
        action = "write the last reading of what hung there before"
        fields.refuse("FIELD_INVALID", "/final_before", action, got="null", expected="a decimal string ≥ 0")
