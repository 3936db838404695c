"""Build a library release from tables/*.csv: the tables are what people edit, the release is what is hashed.

A cell with several items separates them by `|`. A selection row may name several regions and a span of years (`2012-2020`): it
stands for one rule each, in the order of the cell.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator
from importlib.resources import files
from importlib.resources.abc import Traversable

from ledger.errors import MalformedDocument
from ledger.indicators.reading import release_from_document
from ledger.indicators.release import SCHEMA, Release

Row = dict[str, str]
Item = dict[str, object]
DIRECT_TABLES = ("electricity.csv", "heat.csv", "scope3.csv")
_NO_FORM: Item = {"value": None, "fuel": None, "blend": None}


def build_release(tables: Traversable | None = None) -> Release:
    """Return the release of a folder of tables (default: the tables that come with the code).

    Raises:
        MalformedDocument: a table has ragged rows or a number that is none, or the release they make is refused.
    """
    folder = files("ledger.indicators") / "tables" if tables is None else tables
    head = {row["field"]: row["value"] for row in _rows(folder, "release.csv")}
    factors = [
        *(_direct_factor(row) for name in DIRECT_TABLES for row in _rows(folder, name)),
        *(_fuel_factor(row) for row in _rows(folder, "fuels.csv")),
        *(_blend_factor(row) for row in _rows(folder, "refrigerants.csv")),
    ]
    return release_from_document(
        {
            "schema": SCHEMA,
            "release": head["release"],
            "valid_from": head["valid_from"],
            "supersedes": head["supersedes"] or None,
            "methods": _split(head["methods"]),
            "policies": _policies(_rows(folder, "policies.csv")),
            "documents": sorted((_document(row) for row in _rows(folder, "documents.csv")), key=_id),
            "units": sorted((_unit(row) for row in _rows(folder, "units.csv")), key=lambda unit: str(unit["code"]).encode()),
            "gwp_sets": sorted((_gwp(row) for row in _rows(folder, "gwp.csv")), key=_id),
            "indicators": sorted((_indicator(row) for row in _rows(folder, "indicators.csv")), key=_id),
            "factors": sorted(factors, key=_id),
            "selections": [rule for row in _rows(folder, "selections.csv") for rule in _selections(row)],
            "templates": sorted(_templates(folder), key=_id),
            "target_profiles": sorted((_profile(row) for row in _rows(folder, "target_profiles.csv")), key=_id),
        }
    )


def _rows(folder: Traversable, name: str) -> Iterator[Row]:
    reader = csv.DictReader(io.StringIO((folder / name).read_text(encoding="utf-8")), strict=True)
    for row in reader:
        if None in row or None in row.values():
            raise MalformedDocument(f"{name} line {reader.line_num} has more or fewer cells than the head", hint="quote cells with commas")
        yield row


def _policies(rows: Iterator[Row]) -> Item:
    policies: Item = {}
    for row in rows:
        name, _, key = row["field"].partition(".")
        inner = policies.setdefault(name, {}) if key else policies
        if isinstance(inner, dict):
            inner[key or name] = _integer(row["value"])
    return policies


def _document(row: Row) -> Item:
    return _nullable(row, "number", "issuer", "published", "sha256")


def _unit(row: Row) -> Item:
    return {**row, "aliases": _split(row["aliases"])}


def _gwp(row: Row) -> Item:
    about = ("id", "source", "confidence")
    values = {gas: value for gas, value in row.items() if gas not in about and value}
    return {**{name: row[name] for name in about}, "values": values}


def _indicator(row: Row) -> Item:
    texts = {name: row[name] for name in ("id", "dimension", "carrier", "group")}
    lists = {name: _split(row[name]) for name in ("factor_kinds", "market_kinds")}
    return {**texts, **lists, "name": _name(row), "scope": _integer(row["scope"])}


def _direct_factor(row: Row) -> Item:
    form = {"kind": row["kind"], "form": "direct", "value": row["value"], "unit": row["unit"], "basis": row["basis"]}
    return {**_NO_FORM, **_provenance(row), **form, "guide": row["guide"] or None, "data_year": _optional_integer(row["data_year"])}


def _fuel_factor(row: Row) -> Item:
    parameters = {name: row[name] for name in ("per", "ncv_mj", "carbon", "oxidation", "density", "ch4", "n2o")}
    fuel = _nullable(parameters, "density", "ch4", "n2o")
    basis = "CO2" if fuel["ch4"] is None else "CO2e"
    kind = "fuel" if fuel["ch4"] is None else "fuel_per_gas"
    form = {"kind": kind, "form": "fuel", "fuel": fuel, "unit": f"kg{basis}/{row['per']}", "basis": basis}
    return {**_NO_FORM, **_provenance(row), **form, "guide": row["guide"] or None, "data_year": None}


def _blend_factor(row: Row) -> Item:
    blend = [dict(zip(("gas", "share"), part.split(":", 1), strict=False)) for part in _split(row["blend"])]
    form = {"kind": "refrigerant", "form": "blend", "blend": blend, "unit": "kgCO2e/kg", "basis": "CO2e"}
    return {**_NO_FORM, **_provenance(row), **form, "guide": None, "data_year": None}


def _provenance(row: Row) -> Item:
    optional = ("clause", "valid_from", "valid_to", "supersedes", "source_sha256")
    return {
        **{name: row[name] for name in ("id", "carrier", "region", "document", "confidence")},
        **{name: row[name] or None for name in optional},
        "name": _name(row),
        "owner": None,
        "uncertainty_bp": _optional_integer(row["uncertainty_bp"]),
    }


def _selections(row: Row) -> Iterator[Item]:
    first, _, last = row["year"].partition("-")
    years = [None] if not first else range(_integer(first), _integer(last or first) + 1)
    for region in _split(row["region"]):
        for year in years:
            yield {**row, "region": region, "year": year}


def _templates(folder: Traversable) -> Iterator[Item]:
    rows = list(_rows(folder, "template_rows.csv"))
    for template in _rows(folder, "templates.csv"):
        own = [_template_row(row) for row in rows if row["template"] == template["id"]]
        yield {"id": template["id"], "title": _name(template, "title"), "document": template["document"] or None, "rows": own}


def _template_row(row: Row) -> Item:
    texts = {name: row[name] for name in ("id", "unit", "show")}
    return {**texts, "group": _name(row, "group"), "name": _name(row), "indicators": _split(row["indicators"])}


def _profile(row: Row) -> Item:
    years = {name: _optional_integer(row[name]) for name in ("peak_by", "operations_neutral_by", "financed_neutral_by")}
    return {"id": row["id"], "name": _name(row), **years, "document": row["document"] or None}


def _name(row: Row, field: str = "name") -> Item:
    return {"en": row[f"{field}_en"], "zh": row[f"{field}_zh"]}


def _nullable(row: Row, *names: str) -> Item:
    return {name: (value or None) if name in names else value for name, value in row.items()}


def _optional_integer(text: str) -> int | None:
    return _integer(text) if text else None


def _integer(text: str) -> int:
    try:
        return int(text)
    except ValueError as error:
        raise MalformedDocument(f"a table has {text[:40]!r} where an integer is expected", hint="write digits alone") from error


def _split(text: str) -> list[str]:
    return text.split("|") if text else []


def _id(item: Item) -> bytes:
    return str(item["id"]).encode()
