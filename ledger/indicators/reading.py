"""Read a library release document strictly: all findings at once, or the release (spec: documents §3).

The shape of every field first; what the fields mean together (meaning.py) as soon as every field has its shape.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import lru_cache

from ledger.indicators.disclosure import SHOWS, TargetProfile, Template, TemplateRow
from ledger.indicators.factor import BASE_UNITS, COMMON_GASES, CONFIDENCES, KINDS, GwpSet
from ledger.indicators.meaning import check_meaning
from ledger.indicators.measure import USES, Indicator, Selection, UnitOfMeasure
from ledger.indicators.publication import Policies, PublishedDocument
from ledger.indicators.reading_factor import FACTOR_FIELDS, read_factor
from ledger.indicators.release import SCHEMA, Release
from ledger.records import canonical
from ledger.records.fields import Fields, pointer_of, raise_first
from ledger.records.findings import Finding, has_errors

DIMENSIONS = tuple(BASE_UNITS)
MAX_UNIT_PART = 10**15
MAX_BP = 100_000
DOCUMENT_FIELDS = ("id", "title", "number", "issuer", "published", "sha256")
_FIELDS = (
    *("schema", "release", "valid_from", "supersedes", "methods", "policies", "documents", "units", "gwp_sets", "indicators"),
    *("factors", "selections", "templates", "target_profiles"),
)
_POLICY_FIELDS = ("max_lag_years", "base_year_threshold_bp", "jump_bp", "activity_uncertainty_bp", "factor_uncertainty_bp")
_QUALITIES = ("1", "2", "3", "4", "5")
_UNIT_FIELDS = ("code", "aliases", "dimension", "numerator", "denominator")
_GWP_FIELDS = ("id", "values", "source", "confidence")
_INDICATOR_FIELDS = ("id", "name", "scope", "dimension", "carrier", "factor_kinds", "market_kinds", "group")
_SELECTION_FIELDS = ("indicator", "use", "region", "year", "factor")
_TEMPLATE_FIELDS = ("id", "title", "document", "rows")
_ROW_FIELDS = ("id", "group", "name", "unit", "indicators", "show")
_PROFILE_FIELDS = ("id", "name", "peak_by", "operations_neutral_by", "financed_neutral_by", "document")
_GAS = re.compile(r"[A-Za-z0-9][A-Za-z0-9.-]{0,19}")
_KEPT = 8


def release_from_document(document: object) -> Release:
    """Return the release of a document.

    Raises:
        MalformedDocument: with the first finding; `check_release` gives all.
    """
    release, findings = check_release(document)
    raise_first("library release", findings)
    return release  # type: ignore[return-value]  # without an error finding there is a release


@lru_cache(maxsize=_KEPT)
def read_release(data: bytes) -> Release:
    """Return the release of canonical bytes: the same object for the same bytes while they are among the last few asked for.

    Raises:
        MalformedDocument: with the first finding; the bytes are not canonical.
    """
    return release_from_document(canonical.load_canonical(data))


def check_release(document: object) -> tuple[Release | None, tuple[Finding, ...]]:
    """Return the release (None if any error was found) and all findings of its document; a warning lets it pass."""
    findings: list[Finding] = []
    fields = Fields(document, "", findings, _FIELDS)
    fields.schema(SCHEMA)
    release = Release(
        release=fields.identifier("release"),
        valid_from=fields.date("valid_from"),
        supersedes=fields.optional("supersedes", fields.digest),
        methods=fields.texts("methods"),
        policies=_read_policies(fields.nested("policies", _POLICY_FIELDS)),
        documents=tuple(read_document(item) for item in fields.objects("documents", DOCUMENT_FIELDS)),
        units=tuple(_read_unit(item) for item in fields.objects("units", _UNIT_FIELDS)),
        gwp_sets=tuple(_read_gwp_sets(fields)),
        indicators=tuple(_read_indicator(item) for item in fields.objects("indicators", _INDICATOR_FIELDS)),
        factors=tuple(read_factor(item) for item in fields.objects("factors", FACTOR_FIELDS)),
        selections=tuple(_read_selection(item) for item in fields.objects("selections", _SELECTION_FIELDS)),
        templates=tuple(_read_template(item) for item in fields.objects("templates", _TEMPLATE_FIELDS)),
        target_profiles=tuple(_read_profile(item) for item in fields.objects("target_profiles", _PROFILE_FIELDS)),
    )
    fields.check_sorted("units", [(unit.code,) for unit in release.units])
    for name in ("documents", "gwp_sets", "indicators", "factors", "templates", "target_profiles"):
        fields.check_sorted(name, [(item.id,) for item in getattr(release, name)])
    if not any(finding.code.startswith("FIELD_") for finding in findings):
        findings.extend(check_meaning(release))
    return (None if has_errors(findings) else release), tuple(findings)


def read_document(fields: Fields) -> PublishedDocument:
    """Return the publication of `{id, title, number?, issuer?, published?, sha256?}`."""
    return PublishedDocument(
        fields.identifier("id"),
        fields.text("title"),
        fields.optional("number", fields.text),
        fields.optional("issuer", fields.text),
        fields.optional("published", fields.date),
        fields.optional("sha256", fields.digest),
    )


def _read_policies(fields: Fields) -> Policies:
    activity = fields.nested("activity_uncertainty_bp", _QUALITIES)
    factor = fields.nested("factor_uncertainty_bp", CONFIDENCES)
    return Policies(
        fields.integer("max_lag_years", 0, 100),
        fields.integer("base_year_threshold_bp", 0, MAX_BP),
        fields.integer("jump_bp", 0, MAX_BP),
        {int(quality): activity.integer(quality, 0, MAX_BP) for quality in _QUALITIES},
        {confidence: factor.integer(confidence, 0, MAX_BP) for confidence in CONFIDENCES},
    )


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


def _read_gwp_sets(fields: Fields) -> Iterator[GwpSet]:
    for pointer, item in fields.items("gwp_sets"):
        given = item.get("values") if isinstance(item, dict) else None
        others = sorted(set(map(str, given)) - set(COMMON_GASES)) if isinstance(given, dict) else []
        yield _read_gwp(Fields(item, pointer, fields.findings, _GWP_FIELDS), (*COMMON_GASES, *others))


def _read_gwp(fields: Fields, gases: tuple[str, ...]) -> GwpSet:
    values = fields.nested("values", gases)
    found = {"CO2": values.choice("CO2", ("1",))} | {gas: values.decimal_from_0(gas) for gas in gases if gas != "CO2"}
    for gas in gases:
        if not _GAS.fullmatch(gas):
            place, expected = pointer_of(values.pointer, gas), "1 to 20 letters, digits, dots, hyphens"
            fields.refuse("FIELD_INVALID", place, "name the gas as R-32 or SF6", got=gas[:80], expected=expected)
    return GwpSet(fields.identifier("id"), found, fields.text("source"), fields.choice("confidence", CONFIDENCES))


def _read_indicator(fields: Fields) -> Indicator:
    indicator = Indicator(
        fields.identifier("id"),
        fields.name("name"),
        fields.integer("scope", 1, 3),
        fields.choice("dimension", DIMENSIONS),
        fields.identifier("carrier"),
        fields.texts("factor_kinds"),
        fields.texts("market_kinds"),
        fields.identifier("group"),
    )
    for name in ("factor_kinds", "market_kinds"):
        for kind in getattr(indicator, name):
            if kind not in KINDS:
                fields.refuse("FIELD_INVALID", f"{fields.pointer}/{name}", "name known kinds", got=kind, expected=", ".join(KINDS))
    return indicator


def _read_selection(fields: Fields) -> Selection:
    year = fields.optional("year", lambda name: fields.integer(name, 1900, 2200))
    use = fields.choice("use", USES)
    return Selection(fields.identifier("indicator"), fields.text("region"), year, fields.identifier("factor"), use)


def _read_template(fields: Fields) -> Template:
    rows = tuple(_read_row(row) for row in fields.objects("rows", _ROW_FIELDS))
    return Template(fields.identifier("id"), fields.name("title"), fields.optional("document", fields.identifier), rows)


def _read_row(fields: Fields) -> TemplateRow:
    return TemplateRow(
        fields.identifier("id"),
        fields.name("group"),
        fields.name("name"),
        fields.text("unit"),
        fields.texts("indicators"),
        fields.choice("show", SHOWS),
    )


def _read_profile(fields: Fields) -> TargetProfile:
    def year(name: str) -> int:
        return fields.integer(name, 1900, 2200)

    return TargetProfile(
        fields.identifier("id"),
        fields.name("name"),
        year("peak_by"),
        year("operations_neutral_by"),
        fields.optional("financed_neutral_by", year),
        fields.optional("document", fields.identifier),
    )
