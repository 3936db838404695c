"""Read one emission factor strictly: its fields, and what its form, unit and gases need of each other (spec: documents §3)."""

from __future__ import annotations

from fractions import Fraction

from ledger.indicators.factor import BASE_UNITS, BASES, CONFIDENCES, FORMS, KINDS, Factor, FuelParameters, GasShare
from ledger.records.fields import Fields
from ledger.units import format_decimal, parse_decimal

FACTOR_FIELDS = (
    *("id", "name", "kind", "carrier", "guide", "form", "value", "fuel", "blend", "unit", "basis", "region", "data_year"),
    *("document", "clause", "valid_from", "valid_to", "supersedes", "owner", "uncertainty_bp", "confidence", "source_sha256"),
)
MAX_BP = 100_000
BLEND_UNIT = ("kgCO2e/kg", "CO2e")
_FUEL_FIELDS = ("per", "ncv_mj", "density", "carbon", "oxidation", "ch4", "n2o")


def read_factor(fields: Fields) -> Factor:
    """Return the factor of an object with FACTOR_FIELDS; what is wrong goes to the findings of `fields`."""
    factor = Factor(
        id=fields.identifier("id"),
        name=fields.name("name"),
        kind=fields.choice("kind", KINDS),
        carrier=fields.identifier("carrier"),
        guide=fields.optional("guide", fields.identifier),
        form=fields.choice("form", FORMS),
        value=fields.optional("value", fields.decimal),
        fuel=fields.optional("fuel", lambda name: _read_fuel(fields.nested(name, _FUEL_FIELDS))),
        blend=fields.optional("blend", lambda name: _read_blend(fields, name)),
        unit=fields.text("unit"),
        basis=fields.choice("basis", BASES),
        region=fields.text("region"),
        data_year=fields.optional("data_year", lambda name: fields.integer(name, 1900, 2200)),
        document=fields.identifier("document"),
        clause=fields.optional("clause", fields.text),
        valid_from=fields.optional("valid_from", fields.date),
        valid_to=fields.optional("valid_to", fields.date),
        supersedes=fields.optional("supersedes", fields.identifier),
        owner=fields.optional("owner", fields.identifier),
        uncertainty_bp=fields.optional("uncertainty_bp", lambda name: fields.integer(name, 0, MAX_BP)),
        confidence=fields.choice("confidence", CONFIDENCES),
        source_sha256=fields.optional("source_sha256", fields.digest),
    )
    if factor.valid_from is not None and factor.valid_to is not None and factor.valid_to < factor.valid_from:
        got, expected = factor.valid_to.isoformat(), f"{factor.valid_from} or later"
        fields.refuse("FACTOR_DATES", f"{fields.pointer}/valid_to", "correct the dates", got=got, expected=expected, factor=factor.id)
    _check_form(factor, fields)
    return factor


def _read_fuel(fields: Fields) -> FuelParameters:
    return FuelParameters(
        fields.choice("per", ("m3", "kg")),
        fields.decimal("ncv_mj"),
        fields.optional("density", fields.decimal),
        fields.decimal("carbon"),
        fields.decimal("oxidation"),
        fields.optional("ch4", fields.decimal),
        fields.optional("n2o", fields.decimal),
    )


def _read_blend(fields: Fields, name: str) -> tuple[GasShare, ...]:
    blend = tuple(GasShare(item.gas("gas"), item.decimal_above_0("share")) for item in fields.objects(name, ("gas", "share")))
    fields.check_sorted(name, [(item.gas,) for item in blend])
    return blend


def _check_form(factor: Factor, fields: Fields) -> None:
    numbers = [factor.value] if factor.fuel is None else list(factor.fuel.to_document().values())
    if any(isinstance(number, str) and number.startswith("-") for number in numbers):
        fields.refuse("FACTOR_NEGATIVE", fields.pointer, "write factors of 0 or more", expected="no negative number", factor=factor.id)
    given = [form for form, part in (("direct", factor.value), ("fuel", factor.fuel), ("blend", factor.blend)) if part is not None]
    if given != [factor.form]:
        got = f"form {factor.form} with {' and '.join(given) or 'nothing'}"
        expected = "direct: value alone; fuel: fuel alone; blend: blend alone"
        fields.refuse("FACTOR_FORM", fields.pointer, "give what the form needs", got=got, expected=expected, factor=factor.id)
    elif factor.fuel is not None:
        _check_fuel(factor, factor.fuel, fields)
    elif factor.blend is not None:
        _check_blend(factor, factor.blend, fields)
    else:
        units = [f"kg{factor.basis}/{unit}" for unit in BASE_UNITS.values()]
        if factor.unit not in units:
            place, expected = f"{fields.pointer}/unit", ", ".join(units)
            fields.refuse("FACTOR_UNIT", place, "write kg basis per base unit", got=factor.unit, expected=expected, factor=factor.id)
    if (factor.kind == "refrigerant") != (factor.form == "blend"):
        got, expected = f"{factor.kind} {factor.form}", "form blend for kind refrigerant and no other"
        fields.refuse("FACTOR_FORM", f"{fields.pointer}/form", "make kind and form agree", got=got, expected=expected, factor=factor.id)


def _check_fuel(factor: Factor, fuel: FuelParameters, fields: Fields) -> None:
    per_gas = fuel.ch4 is not None
    expected = f"fuel{'_per_gas' if per_gas else ''} kgCO2{'e' if per_gas else ''}/{fuel.per} CO2{'e' if per_gas else ''}"
    got = f"{factor.kind} {factor.unit} {factor.basis}"
    if got != expected or per_gas != (fuel.n2o is not None):
        action = "make kind, unit and basis agree with the gases; give both CH4 and N2O or neither"
        fields.refuse("FACTOR_GASES", fields.pointer, action, got=got, expected=expected, factor=factor.id)


def _check_blend(factor: Factor, blend: tuple[GasShare, ...], fields: Fields) -> None:
    if (factor.unit, factor.basis) != BLEND_UNIT:
        place, got = f"{fields.pointer}/unit", f"{factor.unit} {factor.basis}"
        fields.refuse("FACTOR_UNIT", place, "write what a blend has", got=got, expected=" ".join(BLEND_UNIT), factor=factor.id)
    total = sum((parse_decimal(item.share) for item in blend), Fraction(0))
    if total != 1:
        place, got = f"{fields.pointer}/blend", format_decimal(total)
        fields.refuse("BLEND_SHARES", place, "correct the shares", got=got, expected="shares that add up to 1", factor=factor.id)
