"""Look whether a factor that a report lists is in the document it cites, and whether the result was computed with it."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator
from fractions import Fraction

from ledger.accounting.validators.digits import half_last_digit
from ledger.accounting.validators.factor_units import FactorUnit, find_factor_unit
from ledger.accounting.validators.figures import GRAMS_PER_KG, DeclaredFigure, tonnes
from ledger.accounting.validators.measured import Measured, consistent_factors
from ledger.accounting.validators.ranges import for_people
from ledger.accounting.validators.subject import Subject
from ledger.errors import InputError, UnitError
from ledger.indicators.factor import Factor
from ledger.indicators.publication import PublishedDocument
from ledger.records.activity import DeclaredFactor
from ledger.records.findings import Finding
from ledger.units import parse_decimal

NEAREST = 4
_DIGITS = re.compile(r"[0-9]+")


def check_declared_factors(subject: Subject) -> tuple[Finding, ...]:
    """Return what is wrong with the factors that the report lists.

    `FACTOR_NOT_IN_DOCUMENT` where the cited document has no such value, `FACTOR_DOCUMENT_UNKNOWN` where the release does not hold the
    document, `DECLARED_FACTOR_MISMATCH` where the printed result does not follow from the printed factor.
    """
    findings: list[Finding] = []
    for index, declared in enumerate(sorted(subject.activity.declared_factors, key=lambda item: item.id.encode())):
        place, params = (
            f"/declared_factors/{index}",
            {"factor": declared.id, "indicator": declared.indicator, "document": declared.document},
        )
        indicator = subject.release.find_indicator(declared.indicator)
        unit = find_factor_unit(declared.unit, subject.release)
        if indicator is None:
            action, expected = "use an indicator of the library", "an indicator of the library release"
            findings.append(Finding("INDICATOR_UNKNOWN", "error", f"{place}/indicator", action, declared.indicator, expected, params))
        elif unit is None:
            action, expected = "write the unit as kgCO2/kWh or tCO2/MWh", "kg, t or g of CO2 or CO2e per unit of the library"
            findings.append(Finding("MEASURE_UNKNOWN", "error", f"{place}/unit", action, declared.unit, expected, params))
        else:
            try:
                value = parse_decimal(declared.value) * unit.kilograms
            except InputError:
                continue
            findings.extend(_check_document(subject, declared, unit, value, place, params))
            findings.extend(_check_result(subject, declared, unit, value, place, params))
    return tuple(findings)


def _check_document(
    subject: Subject, declared: DeclaredFactor, unit: FactorUnit, value: Fraction, place: str, params: dict[str, str]
) -> Iterator[Finding]:
    release, carrier = subject.release, subject.release.indicator(declared.indicator).carrier
    candidates = [factor for factor in release.factors if factor.carrier == carrier and _value(factor, unit, subject) is not None]
    slack = half_last_digit(declared.value) * unit.kilograms
    same = [factor for factor in candidates if abs((_value(factor, unit, subject) or Fraction(0)) - value) <= slack]
    cited = [document.id for document in release.documents if _is_cited(declared.document, document)]
    inside = [factor for factor in candidates if factor.document in cited]
    if any(factor in inside for factor in same):
        return
    consistent = _consistent(subject, declared)
    facts = {**params, "known_as": ", ".join(factor.id for factor in same), "consistent_with": ", ".join(consistent)}
    hint = f"; the published result follows from {', '.join(consistent)}" if consistent else ""
    got = f"{declared.value} {declared.unit} of {declared.document}"
    if not inside:
        known = f"; the release has this value as {facts['known_as']}" if same else ""
        action = f"name the document by its number as the library has it, or have it added to the library{known}{hint}"
        yield Finding("FACTOR_DOCUMENT_UNKNOWN", "info", f"{place}/document", action, got, "a document of the library release", facts)
        return
    nearest = sorted(inside, key=lambda factor: (abs((_value(factor, unit, subject) or Fraction(0)) - value), factor.id))[:NEAREST]
    values = (f"{for_people((_value(factor, unit, subject) or Fraction(0)) / unit.kilograms)} ({factor.id})" for factor in nearest)
    action = f"correct the listed factor or the document it is cited from{hint}"
    yield Finding("FACTOR_NOT_IN_DOCUMENT", "warning", f"{place}/value", action, got, ", ".join(values), facts)


def _check_result(
    subject: Subject, declared: DeclaredFactor, unit: FactorUnit, value: Fraction, place: str, params: dict[str, str]
) -> Iterator[Finding]:
    for figure, measured in _results(subject, declared):
        if measured.dimension != unit.dimension or measured.amount == 0:
            continue
        grams = measured.amount * value * GRAMS_PER_KG
        slack = (
            figure.tolerance + measured.amount * half_last_digit(declared.value) * unit.kilograms * GRAMS_PER_KG + subject.rounding(figure)
        )
        if abs(grams - figure.grams) <= slack:
            continue
        consistent = ", ".join(_consistent(subject, declared))
        facts = {**params, "total": figure.total.id, "difference": f"{tonnes(grams - figure.grams)} tCO2e", "consistent_with": consistent}
        hint = f": it follows from {consistent}" if consistent else ""
        action = f"correct the listed factor or the printed result{hint}"
        got = f"{declared.value} {declared.unit} gives {tonnes(grams)} tCO2e"
        yield Finding("DECLARED_FACTOR_MISMATCH", "error", f"{place}/value", action, got, f"{figure.text}, as printed", facts)


def _results(subject: Subject, declared: DeclaredFactor) -> Iterator[tuple[DeclaredFigure, Measured]]:
    for figure in subject.figures:
        measured = subject.measured(figure)
        if measured is not None and measured.indicator == declared.indicator:
            yield figure, measured


def _consistent(subject: Subject, declared: DeclaredFactor) -> list[str]:
    factors = (
        factor.id for figure, measured in _results(subject, declared) for factor in consistent_factors(figure, measured, subject.rates)
    )
    return list(dict.fromkeys(factors))


def _value(factor: Factor, unit: FactorUnit, subject: Subject) -> Fraction | None:
    """Return kg of the printed basis per base unit, or None where the factor does not serve the unit."""
    if not factor.serves(unit.dimension):
        return None
    gases = factor.gases(unit.dimension)
    if unit.basis == "CO2" and gases.amounts["CO2"]:
        return gases.amounts["CO2"]
    try:
        return gases.co2e(subject.gwp)
    except UnitError:
        return None


def _is_cited(text: str, document: PublishedDocument) -> bool:
    """Tell whether a citation names a document: by its id, number or title, a part of them, or the same numbers (2024, 33)."""
    wanted = _plain(text)
    names = [_plain(name) for name in (document.id, document.number, document.title) if name]
    if any(wanted == name or (len(wanted) > 3 and wanted in name) or (len(name) > 3 and name in wanted) for name in names):
        return True
    numbers = set(_DIGITS.findall(wanted))
    # The year of the data alone, as in "the 2022 announcement", stands in the title.
    return bool(numbers) and any(numbers <= set(_DIGITS.findall(name)) for name in (*names[1:], "".join(names[1:])))


def _plain(text: str) -> str:
    folded = unicodedata.normalize("NFKC", text).casefold()
    return "".join(character for character in folded if character.isalnum())
