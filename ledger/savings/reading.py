"""Read a `lingtan.savings/1` document: strictly, everything that is wrong at once (spec: savings §1–6)."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import date
from fractions import Fraction
from typing import cast

from ledger.metering.local_days import Calendar
from ledger.records import canonical
from ledger.records.fields import Fields
from ledger.records.findings import Finding, has_errors
from ledger.records.period import Period
from ledger.records.respelled import load_respelled
from ledger.savings.given import Energy, Evidence, GridFactor, Option, ProjectKind, SavingsInput, Span
from ledger.savings.reading_parts import (
    read_adjustments,
    read_evidence,
    read_limits,
    read_model,
    read_parts,
    with_defaults,
)
from ledger.savings.sources import OpenFile, Sources, StoredDays
from ledger.units import parse_decimal

SCHEMA = "lingtan.savings/1"
MAX_DAYS = 3 * 366
USED = ("el.import",)
FIELDS = (
    "schema", "id", "unit", "kind", "option", "title", "note", "timezone", "baseline", "reporting", "use", "generation", "export", "parts",
    "model", "temperature", "calendar", "adjustments", "factor", "expected_percent", "policies", "evidence",
)  # fmt: skip
OPTIONAL = (
    "title", "note", "baseline", "use", "generation", "export", "parts", "model", "temperature", "calendar", "adjustments",
    "expected_percent", "policies", "evidence",
)  # fmt: skip
# Grams per Wh of 1 of the unit: kg per kWh is g per Wh.
_MASSES = (("gCO2", Fraction(1, 1000)), ("kgCO2", Fraction(1)), ("tCO2", Fraction(1000)))
_PER = (("Wh", Fraction(1000)), ("kWh", Fraction(1)), ("MWh", Fraction(1, 1000)))
FACTOR_UNITS = {f"{mass}{e}/{per}": kg * kwh for mass, kg in _MASSES for e in ("", "e") for per, kwh in _PER}
# A string as a whole, or a number with a fraction and nothing behind it. Possessive: linear in any text.
_TOKEN = re.compile(r'"[^"\\]*+(?:\\.[^"\\]*+)*+"|-?(?:0|[1-9][0-9]*+)\.[0-9]++(?![0-9.eE+-])', re.DOTALL)


def load_savings(data: bytes) -> canonical.Json:
    """Return the value of a document's bytes; numbers with a fraction are taken as the decimals they are written as.

    Raises:
        MalformedDocument: with the pointer or the position of what is wrong.
    """
    return load_respelled(data, _TOKEN, lambda match: match[0] if match[0].startswith('"') else f'"{match[0]}"')


def read_savings(
    document: object, open_file: OpenFile, now: int, stored: StoredDays | None = None
) -> tuple[SavingsInput | None, tuple[Finding, ...]]:
    """Return what a document asks to compute (None if any error was found), and every finding about it and its files.

    Args:
        open_file: gives the bytes of a file by the name that the document has for it; raises OSError or a LedgerError otherwise.
        now: Unix seconds; readings of the future are refused.
        stored: gives a registered meter's days; without it a document that asks for them is refused.
    """
    findings: list[Finding] = []
    value = _with_defaults(document)
    fields = Fields(value, "", findings, FIELDS)
    fields.schema(SCHEMA)
    if not isinstance(value, dict):
        return None, tuple(findings)
    id, unit = fields.identifier("id"), fields.identifier("unit")
    kind, option = fields.choice("kind", ("retrofit", "pv")), fields.choice("option", ("A", "B", "C"))
    timezone = fields.timezone("timezone")
    baseline = fields.optional("baseline", lambda name: _span(fields, name))
    reporting = _span(fields, "reporting")
    if baseline is not None and baseline.last >= reporting.first and not has_errors(findings):
        action, got = "let the baseline end before the reporting period begins", f"{baseline.last} and {reporting.first}"
        fields.refuse("PERIODS_OVERLAP", "/reporting/start", action, got=got, expected="a later day")
    if not has_errors(findings) and Period.of_dates("reporting", reporting.last, reporting.last, timezone).end > now:
        action, got = "claim savings when the period is over", str(reporting.last)
        fields.refuse("PERIOD_ORDER", "/reporting/end", action, got=got, expected="a day that is over")
    _check_form(value, kind, option, fields)
    limits = read_limits(value["policies"], findings, daily=_is_daily(value["model"]))
    model = None if value["model"] is None else read_model(value["model"], findings)
    sources = Sources(open_file, timezone, now, findings, stored)
    before, after = _use(value["use"], sources, baseline, reporting)
    generation, export = (
        None if value[name] is None else sources.energy(value[name], f"/{name}", (reporting,), quantities)
        for name, quantities in (("generation", ("pv.generation",)), ("export", ("el.export",)))
    )
    temperature: Mapping[date, Fraction] = {}
    if value["temperature"] is not None:
        temperature = sources.temperature(value["temperature"], "/temperature", limits.temperature_coverage_percent)
    parts = read_parts(value["parts"], findings)
    adjustments = read_adjustments(value["adjustments"], findings, tuple(month for month, _ in reporting.months()))
    factor = _factor(fields, value.get("factor"))
    expected = fields.optional("expected_percent", lambda name: parse_decimal(fields.decimal_from_0(name)))
    calendar = _calendar(value["calendar"], findings)
    evidence = read_evidence(value["evidence"], findings)
    if has_errors(findings):
        return None, tuple(findings)
    digest = canonical.digest(document)
    own = Evidence("savings_input", id, digest)
    given = SavingsInput(
        id, unit, cast("ProjectKind", kind), cast("Option", option), timezone, baseline, reporting, before, after, generation, export,
        parts, model, temperature, calendar, adjustments, factor, expected, limits, (own, *sources.evidence, *evidence), digest,
    )  # fmt: skip
    return given, tuple(findings)


def _with_defaults(document: object) -> object:
    if not isinstance(document, dict):
        return document
    complete = {**dict.fromkeys(OPTIONAL), "timezone": "Asia/Shanghai", **document}
    return with_defaults(complete, {}, ("expected_percent",))


def _is_daily(model: object) -> bool:
    return isinstance(model, dict) and model.get("granularity") == "daily"


def _span(fields: Fields, name: str) -> Span:
    inner = fields.nested(name, ("start", "end"))
    span = Span(inner.date("start"), inner.date("end"))
    days = (span.last - span.first).days + 1
    if not 1 <= days <= MAX_DAYS:
        fields.refuse("PERIOD_ORDER", f"/{name}", "write the first and the last day", got=f"{days} days", expected=f"1 to {MAX_DAYS} days")
        return Span(span.first, span.first)
    return span


def _check_form(value: Mapping[str, object], kind: str, option: str, fields: Fields) -> None:
    """Refuse what an option needs and has not, and what it has and does not use."""
    form = "pv" if kind == "pv" else option
    if kind == "pv" and option != "B":
        action = "write option B: generation and export are both measured"
        fields.refuse("OPTION_FORM", "/option", action, got=option, expected="B for pv")
    needs = {"pv": ("generation", "export"), "A": ("parts",), "B": ("baseline", "use"), "C": ("baseline", "use")}[form]
    may = {"pv": (), "A": ("baseline",), "B": ("model", "temperature", "calendar"), "C": ("model", "temperature", "calendar")}[form]
    ruled = {"baseline", "use", "generation", "export", "parts", "model", "temperature", "calendar"}
    for name in sorted(ruled):
        if name in needs and value[name] is None:
            fields.refuse("OPTION_FORM", f"/{name}", f"add {name}", expected=f"{name} for {form}")
        elif name not in (*needs, *may) and value[name] is not None:
            fields.refuse("OPTION_FORM", f"/{name}", f"remove {name}", expected=f"no {name} for {form}")
    if form in ("pv", "A") and value["adjustments"]:
        fields.refuse(
            "OPTION_FORM", "/adjustments", "remove the adjustments", expected="adjustments of options B and C of a retrofit alone"
        )


def _use(value: object, sources: Sources, baseline: Span | None, reporting: Span) -> tuple[Energy | None, Energy | None]:
    if value is None or baseline is None:
        return None, None
    if isinstance(value, dict) and set(value) == {"baseline", "reporting"}:
        return (
            sources.energy(value["baseline"], "/use/baseline", (baseline,), USED),
            sources.energy(value["reporting"], "/use/reporting", (reporting,), USED),
        )
    both = sources.energy(value, "/use", (baseline, reporting), USED)
    return both, both


def _factor(fields: Fields, value: object) -> GridFactor:
    return read_factor(Fields(with_defaults(value, {}, ("value",)), "/factor", fields.findings, ("id", "value", "unit")))


def read_factor(raw: Fields) -> GridFactor:
    """Return the factor of an object `{id, value, unit}`."""
    unit = raw.choice("unit", tuple(FACTOR_UNITS))
    value = raw.decimal_from_0("value")
    return GridFactor(raw.text("id"), value, unit, parse_decimal(value) * FACTOR_UNITS[unit])


def _calendar(value: object, findings: list[Finding]) -> Calendar:
    if value is None:
        return Calendar()
    fields = Fields(
        {"holidays": [], "workdays": [], **value} if isinstance(value, dict) else value, "/calendar", findings, ("holidays", "workdays")
    )
    lists = []
    for name in ("holidays", "workdays"):
        days = set()
        for pointer, item in fields.items(name):
            day = Fields({"day": item}, pointer, findings, ("day",)).date("day")
            days.add(day)
        lists.append(frozenset(days))
    return Calendar(lists[0], lists[1])
