"""Read a library release document strictly: all findings at once, or the release (spec: documents §3)."""

from __future__ import annotations

from ledger.indicators.factor import BASE_UNITS, BASES, CONFIDENCES, FORMS, KINDS, Factor, FactorDocument, FuelParameters, GwpSet
from ledger.indicators.measure import Indicator, Selection, UnitOfMeasure
from ledger.indicators.release import SCHEMA, Release
from ledger.records.fields import Fields, raise_first
from ledger.records.findings import Finding

METHODS = ("operational_1",)
DIMENSIONS = tuple(BASE_UNITS)
MAX_UNIT_PART = 10**15
_FIELDS = ("schema", "release", "valid_from", "supersedes", "methods", "units", "gwp_sets", "indicators", "factors", "selections")
_UNIT_FIELDS = ("code", "aliases", "dimension", "numerator", "denominator")
_INDICATOR_FIELDS = ("id", "name", "scope", "dimension", "carrier", "factor_kinds", "group")
_FACTOR_FIELDS = (
    *("id", "name", "kind", "carrier", "form", "value", "fuel", "unit", "basis", "region", "data_year", "document"),
    *("valid_from", "supersedes", "confidence", "source_sha256"),
)
_FUEL_FIELDS = ("per", "ncv_mj", "density", "carbon", "oxidation", "ch4", "n2o")


def release_from_document(document: object) -> Release:
    """Return the release of a document.

    Raises:
        MalformedDocument: with the first finding; `check_release` gives all.
    """
    release, findings = check_release(document)
    raise_first("library release", findings)
    return release  # type: ignore[return-value]  # without an error finding there is a release


def check_release(document: object) -> tuple[Release | None, tuple[Finding, ...]]:
    """Return the release (None if any error was found) and all findings of its document."""
    findings: list[Finding] = []
    fields = Fields(document, "", findings, _FIELDS)
    fields.schema(SCHEMA)
    release = Release(
        fields.identifier("release"),
        fields.date("valid_from"),
        fields.optional("supersedes", fields.digest),
        fields.texts("methods"),
        tuple(_read_unit(item) for item in fields.objects("units", _UNIT_FIELDS)),
        tuple(_read_gwp(item) for item in fields.objects("gwp_sets", ("id", "values", "source", "confidence"))),
        tuple(_read_indicator(item) for item in fields.objects("indicators", _INDICATOR_FIELDS)),
        tuple(_read_factor(item) for item in fields.objects("factors", _FACTOR_FIELDS)),
        tuple(_read_selection(item) for item in fields.objects("selections", ("indicator", "region", "year", "factor"))),
    )
    fields.check_sorted("units", [(unit.code,) for unit in release.units])
    fields.check_sorted("gwp_sets", [(gwp.id,) for gwp in release.gwp_sets])
    fields.check_sorted("indicators", [(indicator.id,) for indicator in release.indicators])
    fields.check_sorted("factors", [(factor.id,) for factor in release.factors])
    if not findings:
        _check_meaning(release, fields)
    return (None if findings else release), tuple(findings)


def _read_unit(fields: Fields) -> UnitOfMeasure:
    unit = UnitOfMeasure(
        fields.text("code"),
        fields.texts("aliases"),
        fields.choice("dimension", DIMENSIONS),
        fields.integer_text("numerator"),
        fields.integer_text("denominator"),
    )
    rest = unit.denominator
    for prime in (2, 5):
        while rest and rest % prime == 0:
            rest //= prime
    if not 0 < unit.numerator <= MAX_UNIT_PART or not 0 < unit.denominator <= MAX_UNIT_PART or rest != 1:
        got, expected = f"{unit.numerator}/{unit.denominator}", "a positive quotient with a finite decimal expansion"
        fields.refuse("UNIT_QUOTIENT", f"{fields.pointer}/numerator", "correct the quotient", got=got, expected=expected)
    return unit


def _read_gwp(fields: Fields) -> GwpSet:
    values = fields.nested("values", ("CO2", "CH4", "N2O"))
    texts = (values.choice("CO2", ("1",)), values.decimal("CH4"), values.decimal("N2O"))
    return GwpSet(fields.identifier("id"), *texts, fields.text("source"), fields.choice("confidence", CONFIDENCES))


def _read_indicator(fields: Fields) -> Indicator:
    indicator = Indicator(
        fields.identifier("id"),
        fields.name("name"),
        fields.integer("scope", 1, 3),
        fields.choice("dimension", DIMENSIONS),
        fields.identifier("carrier"),
        fields.texts("factor_kinds"),
        fields.identifier("group"),
    )
    for kind in indicator.factor_kinds:
        if kind not in KINDS:
            fields.refuse("FIELD_INVALID", f"{fields.pointer}/factor_kinds", "name known kinds", got=kind, expected=", ".join(KINDS))
    return indicator


def _read_factor(fields: Fields) -> Factor:
    document = fields.nested("document", ("title", "number", "published", "clause"))
    factor = Factor(
        id=fields.identifier("id"),
        name=fields.name("name"),
        kind=fields.choice("kind", KINDS),
        carrier=fields.identifier("carrier"),
        form=fields.choice("form", FORMS),
        value=fields.optional("value", fields.decimal),
        fuel=fields.optional("fuel", lambda name: _read_fuel(fields.nested(name, _FUEL_FIELDS))),
        unit=fields.text("unit"),
        basis=fields.choice("basis", BASES),
        region=fields.text("region"),
        data_year=fields.optional("data_year", lambda name: fields.integer(name, 1900, 2200)),
        document=FactorDocument(
            document.text("title"),
            document.optional("number", document.text),
            document.optional("published", document.date),
            document.optional("clause", document.text),
        ),
        valid_from=fields.optional("valid_from", fields.date),
        supersedes=fields.optional("supersedes", fields.identifier),
        confidence=fields.choice("confidence", CONFIDENCES),
        source_sha256=fields.optional("source_sha256", fields.digest),
    )
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


def _read_selection(fields: Fields) -> Selection:
    year = fields.optional("year", lambda name: fields.integer(name, 1900, 2200))
    return Selection(fields.identifier("indicator"), fields.text("region"), year, fields.identifier("factor"))


def _check_form(factor: Factor, fields: Fields) -> None:
    numbers = [factor.value] if factor.fuel is None else list(factor.fuel.to_document().values())
    if any(isinstance(number, str) and number.startswith("-") for number in numbers):
        fields.refuse("FACTOR_NEGATIVE", fields.pointer, "write factors of 0 or more", expected="no negative number", factor=factor.id)
    if (factor.form == "direct") != (factor.fuel is None) or (factor.value is None) != (factor.form == "fuel"):
        expected = "direct: value and no fuel; fuel: fuel and no value"
        fields.refuse("FACTOR_FORM", fields.pointer, "give what the form needs", got=factor.form, expected=expected, factor=factor.id)
        return
    if factor.fuel is None:
        units = [f"kg{factor.basis}/{unit}" for unit in BASE_UNITS.values()]
        if factor.unit not in units:
            place, expected = f"{fields.pointer}/unit", ", ".join(units)
            fields.refuse("FACTOR_UNIT", place, "write kg basis per base unit", got=factor.unit, expected=expected, factor=factor.id)
        return
    per_gas = factor.fuel.ch4 is not None
    expected = f"fuel{'_per_gas' if per_gas else ''} kgCO2{'e' if per_gas else ''}/{factor.fuel.per} CO2{'e' if per_gas else ''}"
    got = f"{factor.kind} {factor.unit} {factor.basis}"
    if got != expected or per_gas != (factor.fuel.n2o is not None):
        action = "make kind, unit and basis agree with the gases; give both CH4 and N2O or neither"
        fields.refuse("FACTOR_GASES", fields.pointer, action, got=got, expected=expected, factor=factor.id)


def _check_meaning(release: Release, fields: Fields) -> None:
    for method in release.methods:
        if method not in METHODS:
            fields.refuse("METHOD_UNKNOWN", "/methods", "name methods that exist", got=method, expected=", ".join(METHODS))
    seen: dict[str, str] = {}
    for index, unit in enumerate(release.units):
        for text in (unit.code, *unit.aliases):
            if text in seen:
                expected = f"only {seen[text]}"
                fields.refuse("UNIT_NAMED_TWICE", f"/units/{index}", "give every spelling to one unit", got=text, expected=expected)
            seen[text] = unit.code
    for index, selection in enumerate(release.selections):
        place = f"/selections/{index}"
        indicator, factor = release.find_indicator(selection.indicator), release.find_factor(selection.factor)
        if indicator is None:
            fields.refuse("INDICATOR_UNKNOWN", f"{place}/indicator", "name an indicator of this release", got=selection.indicator)
        elif factor is None:
            fields.refuse("FACTOR_UNKNOWN", f"{place}/factor", "name a factor of this release", got=selection.factor)
        elif not indicator.admits_factor(factor):
            expected = f"{' or '.join(indicator.factor_kinds)} of {indicator.carrier}"
            got = f"{factor.id}: {factor.kind} of {factor.carrier}"
            fields.refuse("FACTOR_NOT_ADMITTED", f"{place}/factor", "select a factor that fits", got=got, expected=expected)
