"""Build a library release from tables/*.csv: the tables are what people edit, the release is what is hashed."""

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


def build_release(tables: Traversable | None = None) -> Release:
    """Return the release of a folder of tables (default: the tables that come with the code).

    Raises:
        MalformedDocument: a table has ragged rows, or the release they make is refused.
    """
    folder = files("ledger.indicators") / "tables" if tables is None else tables
    head = {row["field"]: row["value"] for row in _rows(folder, "release.csv")}
    factors = [
        *(_direct_factor(row) for name in ("electricity.csv", "other.csv") for row in _rows(folder, name)),
        *(_fuel_factor(row) for row in _rows(folder, "fuels.csv")),
    ]
    return release_from_document(
        {
            "schema": SCHEMA,
            "release": head["release"],
            "valid_from": head["valid_from"],
            "supersedes": head["supersedes"] or None,
            "methods": _split(head["methods"]),
            "units": sorted((_unit(row) for row in _rows(folder, "units.csv")), key=lambda unit: str(unit["code"]).encode()),
            "gwp_sets": sorted((_gwp(row) for row in _rows(folder, "gwp.csv")), key=_id),
            "indicators": sorted((_indicator(row) for row in _rows(folder, "indicators.csv")), key=_id),
            "factors": sorted(factors, key=_id),
            "selections": [{**row, "year": int(row["year"]) if row["year"] else None} for row in _rows(folder, "selections.csv")],
        }
    )


def _rows(folder: Traversable, name: str) -> Iterator[Row]:
    reader = csv.DictReader(io.StringIO((folder / name).read_text(encoding="utf-8")), strict=True)
    for row in reader:
        if None in row or None in row.values():
            raise MalformedDocument(f"{name} line {reader.line_num} has more or fewer cells than the head", hint="quote cells with commas")
        yield row


def _unit(row: Row) -> dict[str, object]:
    return {**row, "aliases": _split(row["aliases"])}


def _gwp(row: Row) -> dict[str, object]:
    values = {gas: row[gas] for gas in ("CO2", "CH4", "N2O")}
    return {"id": row["id"], "values": values, "source": row["source"], "confidence": row["confidence"]}


def _indicator(row: Row) -> dict[str, object]:
    return {
        "id": row["id"],
        "name": {"en": row["name_en"], "zh": row["name_zh"]},
        "scope": int(row["scope"]),
        "dimension": row["dimension"],
        "carrier": row["carrier"],
        "factor_kinds": _split(row["factor_kinds"]),
        "group": row["group"],
    }


def _direct_factor(row: Row) -> dict[str, object]:
    form = {"kind": row["kind"], "form": "direct", "value": row["value"], "fuel": None, "unit": row["unit"], "basis": row["basis"]}
    return {**_provenance(row), **form, "data_year": int(row["data_year"]) if row["data_year"] else None}


def _fuel_factor(row: Row) -> dict[str, object]:
    optional = {name: row[name] or None for name in ("density", "ch4", "n2o")}
    fuel = {name: row[name] for name in ("per", "ncv_mj", "carbon", "oxidation")} | optional
    basis = "CO2" if fuel["ch4"] is None else "CO2e"
    kind = "fuel" if fuel["ch4"] is None else "fuel_per_gas"
    form = {"kind": kind, "form": "fuel", "value": None, "fuel": fuel, "unit": f"kg{basis}/{row['per']}", "basis": basis}
    return {**_provenance(row), **form, "data_year": None}


def _provenance(row: Row) -> dict[str, object]:
    return {
        "id": row["id"],
        "name": {"en": row["name_en"], "zh": row["name_zh"]},
        "carrier": row["carrier"],
        "region": row["region"],
        "document": {"title": row["title"], **{name: row[name] or None for name in ("number", "published", "clause")}},
        "valid_from": row["valid_from"] or None,
        "supersedes": row["supersedes"] or None,
        "confidence": row["confidence"],
        "source_sha256": row["source_sha256"] or None,
    }


def _split(text: str) -> list[str]:
    return text.split("|") if text else []


def _id(item: dict[str, object]) -> bytes:
    return str(item["id"]).encode()
