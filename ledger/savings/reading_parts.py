"""The lists and objects within a savings document: model, parts, adjustments, evidence, policies (spec: savings §4–6)."""

from __future__ import annotations

import re
from collections.abc import Mapping
from fractions import Fraction
from typing import Literal, cast

from ledger.records.fields import Fields, pointer_of
from ledger.records.findings import Finding
from ledger.savings.decimals import decimal
from ledger.savings.given import (
    CALENDAR_TERMS,
    DEGREE_TERMS,
    Adjustment,
    Evidence,
    Granularity,
    Grid,
    Limits,
    ModelPlan,
    Parameter,
    Part,
    Variable,
)
from ledger.savings.sources import ENERGY_UNITS, number
from ledger.units import parse_decimal

MAX_TERMS = 6
MAX_BASES = 101
DEFAULT_BASE_C = "18"
DEFAULT_DIGITS = 3
PARAMETER_UNITS = ("kW", "W", "h", "1", "kWh")
POLICIES: tuple[tuple[str, str], ...] = (
    ("cv_rmse_percent", "25"),
    ("r_squared", "0.75"),
    ("nmbe_percent", "0.5"),
    ("least_rows", ""),
    ("confidence_percent", "68"),
    ("uncertainty_percent", "50"),
    ("least_savings_percent", "10"),
    ("temperature_coverage_percent", "75"),
)
# Whether a limit is one that the figure must reach; the others it must stay below.
LOOSER: tuple[tuple[str, bool], ...] = (
    ("cv_rmse_percent", False),
    ("r_squared", True),
    ("nmbe_percent", False),
    ("least_rows", True),
    ("uncertainty_percent", False),
    ("least_savings_percent", True),
    ("temperature_coverage_percent", True),
)
LEAST_ROWS = {"monthly": "12", "daily": "330"}
_MONTH = re.compile(r"[0-9]{4}-(?:0[1-9]|1[0-2])")
_DAY = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")
_NAME = re.compile(r"[a-z][a-z0-9_]{0,30}")


def with_defaults(value: object, defaults: Mapping[str, object], numbers: tuple[str, ...] = ()) -> object:
    """Return an object with what it leaves out, and JSON integers of `numbers` as decimal strings; anything else as it is."""
    if not isinstance(value, dict):
        return value
    complete = {**defaults, **value}
    for name in numbers:
        if isinstance(complete.get(name), int) and not isinstance(complete[name], bool):
            complete[name] = str(complete[name])
    return complete


def read_limits(value: object, findings: list[Finding], *, daily: bool) -> Limits:
    """Return the policies; those left out have the defaults of the spec."""
    defaults = {**dict(POLICIES), "least_rows": LEAST_ROWS["daily" if daily else "monthly"]}
    names = tuple(defaults)
    fields = Fields(with_defaults({} if value is None else value, defaults, names), "/policies", findings, names)
    exact = {name: parse_decimal(fields.decimal_from_0(name)) for name in names}
    whole = ("least_rows", "temperature_coverage_percent")
    for name in whole:
        if exact[name].denominator != 1:
            fields.refuse("FIELD_INVALID", pointer_of("/policies", name), "write a whole number", got=str(exact[name]))
    if not 0 < exact["confidence_percent"] < 100:
        place = pointer_of("/policies", "confidence_percent")
        fields.refuse("FIELD_INVALID", place, "write a percentage between 0 and 100", got=str(exact["confidence_percent"]))
    for name, least in LOOSER:
        usual = parse_decimal(defaults[name])
        if (exact[name] < usual) if least else (exact[name] > usual):
            action = "say in the note why these limits are enough; an auditor decides whether they are"
            place = pointer_of("/policies", name)
            findings.append(
                Finding(
                    "LIMIT_LOOSENED",
                    "warning",
                    place,
                    action,
                    decimal(exact[name]),
                    f"{'at least' if least else 'at most'} {decimal(usual)}",
                )
            )
    return Limits(
        cv_rmse_percent=exact["cv_rmse_percent"],
        r_squared=exact["r_squared"],
        nmbe_percent=exact["nmbe_percent"],
        least_rows=int(exact["least_rows"]),
        confidence_percent=exact["confidence_percent"],
        uncertainty_percent=exact["uncertainty_percent"],
        least_savings_percent=exact["least_savings_percent"],
        temperature_coverage_percent=int(exact["temperature_coverage_percent"]),
    )


def read_model(value: object, findings: list[Finding]) -> ModelPlan:
    """Return the plan of the baseline model."""
    defaults = {"granularity": "monthly", "terms": ["cdd", "hdd"], "base_c": DEFAULT_BASE_C, "base_grid": None, "digits": DEFAULT_DIGITS}
    names = (*defaults, "variables")
    fields = Fields(with_defaults(value, {**defaults, "variables": {}}, ("base_c",)), "/model", findings, names)
    granularity = cast("Granularity", fields.choice("granularity", ("monthly", "daily")))
    base = parse_decimal(fields.decimal("base_c"))
    grid = fields.optional("base_grid", lambda name: _grid(fields, name))
    raw = value.get("variables") if isinstance(value, dict) else None
    variables = _variables({} if raw is None else raw, granularity, fields)
    known = (*DEGREE_TERMS, *CALENDAR_TERMS, *(variable.name for variable in variables))
    terms = fields.texts("terms")
    for at, term in enumerate(terms):
        if term not in known or term in terms[:at]:
            place = pointer_of("/model/terms", at)
            fields.refuse("MODEL_TERM", place, "name each term once; declare others as variables", got=term[:40], expected=", ".join(known))
    if not 1 <= len(terms) <= MAX_TERMS:
        fields.refuse("MODEL_TERM", "/model/terms", "name terms", got=f"{len(terms)} terms", expected=f"1 to {MAX_TERMS}")
    unused = [variable.name for variable in variables if variable.name not in terms]
    if unused:
        fields.refuse("MODEL_TERM", pointer_of("/model/variables", unused[0]), "name it among the terms, or remove it", got=unused[0])
    return ModelPlan(granularity, terms, base, grid, fields.integer("digits", 0, 9), variables)


def _grid(fields: Fields, name: str) -> Grid | None:
    inner = fields.nested(name, ("from", "to", "step"))
    grid = Grid(parse_decimal(inner.decimal("from")), parse_decimal(inner.decimal("to")), parse_decimal(inner.decimal_above_0("step")))
    if not 0 <= (grid.last - grid.first) / grid.step < MAX_BASES:
        fields.refuse("FIELD_INVALID", "/model/base_grid", "write from ≤ to and a coarser step", expected=f"1 to {MAX_BASES} temperatures")
        return None
    return grid


def _variables(value: object, granularity: str, fields: Fields) -> tuple[Variable, ...]:
    if not isinstance(value, dict):
        fields.refuse("FIELD_INVALID", "/model/variables", "write an object of names", expected="an object")
        return ()
    pattern, expected = (_DAY, "YYYY-MM-DD") if granularity == "daily" else (_MONTH, "YYYY-MM")
    found = []
    for name, figures in value.items():
        place = pointer_of("/model/variables", name)
        if not _NAME.fullmatch(name) or name in (*DEGREE_TERMS, *CALENDAR_TERMS) or not isinstance(figures, dict):
            fields.refuse("MODEL_TERM", place, "give a name of small letters and an object of figures by month or day", got=name[:40])
            continue
        known = {}
        for key, amount in figures.items():
            exact = number(amount)
            if exact is None or not pattern.fullmatch(key):
                fields.refuse(
                    "FIELD_INVALID", pointer_of(place, key), "write a decimal by month or day", got=str(amount)[:40], expected=expected
                )
            else:
                known[key] = exact
        found.append(Variable(name, known))
    return tuple(found)


def read_parts(value: object, findings: list[Finding]) -> tuple[Part, ...]:
    """Return the parts of an installation, each with its parameters (option A)."""
    if value is None:
        return ()
    fields, parts, seen = Fields({"parts": value}, "", findings, ("parts",)), [], set[str]()
    for part in fields.objects("parts", ("id", "parameters")):
        id = part.identifier("id")
        if id in seen:
            part.refuse("ITEM_TWICE", part.pointer, "name each part once", got=id)
        seen.add(id)
        parameters = tuple(_parameter(item, pointer, findings) for pointer, item in part.items("parameters"))
        units = [parameter.unit for parameter in parameters if parameter.unit != "1"]
        if sorted(units) not in (["kW", "h"], ["W", "h"], ["h", "kW"], ["kWh"]):
            action = "let the units multiply to kWh: one kW or W and one h, or one kWh, and any number of 1"
            part.refuse(
                "PARAMETER_UNITS", pointer_of(part.pointer, "parameters"), action, got=" × ".join(units) or "no unit", expected="kWh"
            )
        parts.append(Part(id, parameters))
    if not parts:
        fields.refuse("FIELD_INVALID", "/parts", "name at least one part", got="no parts")
    return tuple(parts)


def _parameter(value: object, pointer: str, findings: list[Finding]) -> Parameter:
    names = ("name", "unit", "basis", "baseline", "reporting", "reason", "evidence")
    fields = Fields(with_defaults(value, {"reason": None, "evidence": None}, ("baseline", "reporting")), pointer, findings, names)
    measured = fields.choice("basis", ("measured", "stipulated")) == "measured"
    reason = fields.optional("reason", fields.text)
    evidence = None if fields.is_null("evidence") else _evidence(value, pointer, findings)
    if not measured and reason is None:
        fields.refuse("STIPULATED_WITHOUT_REASON", pointer_of(pointer, "reason"), "say why the value is stipulated, and from what")
    if measured and evidence is None:
        fields.refuse("EVIDENCE_MISSING", pointer_of(pointer, "evidence"), "name the record of the measurement")
    before, after = (parse_decimal(fields.decimal_from_0(name)) for name in ("baseline", "reporting"))
    return Parameter(fields.text("name"), fields.choice("unit", PARAMETER_UNITS), measured, before, after, reason, evidence)


def read_adjustments(value: object, findings: list[Finding], months: tuple[str, ...]) -> tuple[Adjustment, ...]:
    """Return the listed adjustments; each stands in a month of the reporting period and says why."""
    if value is None:
        return ()
    names = ("id", "period", "kind", "value", "unit", "reason", "evidence")
    found, seen = [], set[str]()
    for pointer, item in Fields({"adjustments": value}, "", findings, ("adjustments",)).items("adjustments"):
        fields = Fields(with_defaults(item, {"kind": "non_routine", "unit": "kWh"}, ("value",)), pointer, findings, names)
        id, month = fields.identifier("id"), fields.text("period")
        if id in seen:
            fields.refuse("ITEM_TWICE", pointer, "give each adjustment its own id", got=id)
        seen.add(id)
        if month not in months:
            fields.refuse("ADJUSTMENT_PERIOD", pointer_of(pointer, "period"), "name a month of the reporting period", got=month[:40])
        factor = dict(ENERGY_UNITS)[fields.choice("unit", tuple(name for name, _ in ENERGY_UNITS))]
        mwh = parse_decimal(fields.decimal("value")) * factor
        evidence = _evidence(item, pointer, findings)
        kind = cast("Literal['routine', 'non_routine']", fields.choice("kind", ("routine", "non_routine")))
        found.append(Adjustment(id, month, kind, Fraction(mwh), fields.text("reason"), evidence))
    return tuple(found)


def read_evidence(value: object, findings: list[Finding]) -> tuple[Evidence, ...]:
    """Return the further documents that stand behind a project."""
    items = () if value is None else Fields({"evidence": value}, "", findings, ("evidence",)).items("evidence")
    return tuple(_evidence_of(item, pointer, findings) for pointer, item in items)


def _evidence(owner: object, pointer: str, findings: list[Finding]) -> Evidence:
    # A field that is missing was found by the owner's reader already.
    value = owner.get("evidence") if isinstance(owner, dict) else None
    return Evidence("none", "none", None) if value is None else _evidence_of(value, pointer_of(pointer, "evidence"), findings)


def _evidence_of(value: object, pointer: str, findings: list[Finding]) -> Evidence:
    fields = Fields(with_defaults(value, {"sha256": None}), pointer, findings, ("kind", "id", "sha256"))
    return Evidence(fields.identifier("kind"), fields.text("id"), fields.optional("sha256", fields.digest))
