"""The release of an inventory: the shipped one, with the input's own factors, documents and policies (spec: inventory-input §4)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from ledger.accounting.inventory.places import Places
from ledger.accounting.inventory.plain import decimal_of, decimals_in, id_of, name_of, without_notes
from ledger.accounting.validators.factor_units import find_factor_unit
from ledger.errors import InputError, LedgerError
from ledger.identifiers import is_identifier
from ledger.indicators.local_factor import SCHEMA, LocalFactor, check_local_factor, with_local_factors
from ledger.indicators.measure import Indicator
from ledger.indicators.release import Release
from ledger.records.findings import Finding
from ledger.units import format_decimal, parse_decimal

FACTOR_PARTS = ("value", "fuel", "blend")
"""What makes a factor of its own of a choice."""
_NAMED = ("indicator", "indicators", "carrier")
_DEFAULTS: Mapping[str, object] = {
    "guide": None,
    "value": None,
    "fuel": None,
    "blend": None,
    "region": "*",
    "data_year": None,
    "valid_from": None,
    "valid_to": None,
    "supersedes": None,
    "uncertainty_bp": None,
    "source_sha256": None,
}
_PLACEHOLDER = "as given in the input"


class LocalLibrary:
    """The factors that an input brings along, collected from its library and from its choices, and every finding about them."""

    def __init__(self, release: Release, institution: str) -> None:
        self.findings: list[Finding] = []
        self._release = release
        self._institution = institution if is_identifier(institution) else "institution"
        self._factors: list[LocalFactor] = []
        self._ids: dict[str, str] = {}
        self._documents: dict[str, dict[str, object]] = {}

    def resolve(self, id: object) -> object:
        """Return the id in the release for one that the input uses."""
        return self._ids.get(id, id) if isinstance(id, str) else id

    def add(self, value: object, pointer: str, *, indicator: object = None, use: object = "location") -> str | None:
        """Take a factor of the input, and return the id that lines name it by; None where it cannot be read."""
        if not isinstance(value, dict):
            self._refuse(pointer, "write an object with id, indicator, value, unit and document", type(value).__name__, "a factor")
            return None
        item = without_notes(value)
        given = id_of(item.pop("id", None)) or f"f{len(self._ids) + 1}"
        own = f"local.{self._institution}.{given}"
        named = self._indicator(item, indicator)
        places = Places(pointer)
        places.put("/factor", pointer)
        document = self._document(item, pointer, places)
        factor = self._expand(item, own, named, use, document)
        local, findings = check_local_factor(
            {"schema": SCHEMA, "institution": self._institution, "factor": factor, "document": document, "reason": _PLACEHOLDER}
        )
        self.findings.extend(places.finding(finding) for finding in findings)
        if str(given) in self._ids:
            self._refuse(f"{pointer}/id", "give every factor its own id", str(given), "each id once", code="ITEM_TWICE")
        self._ids[str(given)] = own
        if local is None:
            return None
        self._factors.append(local)
        return own

    def merged(self) -> Release:
        """Return the release with the factors of the input; what does not fit together is a finding."""
        try:
            return with_local_factors(self._release, self._factors)
        except LedgerError as error:
            action = error.hint or "correct the factor"
            self.findings.append(Finding("LOCAL_FACTOR_REFUSED", "error", "/library/factors", action, str(error)[:300]))
            return self._release

    def _indicator(self, item: dict[str, object], otherwise: object) -> Indicator | None:
        several = item.get("indicators")
        first = several[0] if isinstance(several, list) and several else None
        id = item.get("indicator", first if first is not None else otherwise)
        found = self._release.find_indicator(id) if isinstance(id, str) else None
        if found is None and isinstance(item.get("carrier"), str):
            fitting = [indicator for indicator in self._release.indicators if indicator.carrier == item["carrier"]]
            found = fitting[0] if fitting else None
        return found

    def _expand(
        self, item: dict[str, object], id: str, indicator: Indicator | None, use: object, document: dict[str, object]
    ) -> dict[str, object]:
        """Return the factor of a library document; what is no field of one stays in it, to be refused."""
        factor = {**_DEFAULTS, **{name: value for name, value in item.items() if name not in (*_NAMED, "reference")}}
        decimals_in(factor, "value")
        form = next((part for part in ("fuel", "blend") if factor[part] is not None), "value")
        factor |= {"id": id, "name": name_of(item.get("name"), id), "owner": self._institution, "document": document["id"]}
        factor["form"] = item.get("form", "direct" if form == "value" else form)
        factor.setdefault("guide", None)
        if factor["guide"] is None:
            factor["guide"] = id  # a table of its own: the factors of an input never stand for one another
        factor["clause"] = item.get("clause", item.get("reference"))
        factor["carrier"] = item.get("carrier", indicator.carrier if indicator else "unknown")
        factor["confidence"] = item.get("confidence", "V" if item.get("document") is not None else "S")
        if form == "fuel":
            _expand_fuel(factor)
        elif form == "blend":
            _expand_blend(factor)
        else:
            self._expand_value(factor)
        factor.setdefault("kind", _kind(factor, indicator, use))
        return factor

    def _expand_value(self, factor: dict[str, object]) -> None:
        unit = find_factor_unit(str(factor.get("unit", "")), self._release)
        if unit is None:
            factor.setdefault("unit", "")
            factor.setdefault("basis", "CO2")
            return
        basis = factor.setdefault("basis", unit.basis)
        if isinstance(factor["value"], str) and basis in ("CO2", "CO2e"):
            try:
                factor["value"] = format_decimal(parse_decimal(factor["value"]) * unit.kilograms)
            except InputError:
                return
            factor["unit"] = replace(unit, basis=str(basis)).canonical

    def _document(self, item: dict[str, object], pointer: str, places: Places) -> dict[str, object]:
        """Return the document that a factor names: one of the release, one of the input, or one that stands for the input itself."""
        given = item.get("document")
        if isinstance(given, str):
            for document in self._release.documents:
                if given in (document.id, document.number, document.title):
                    return document.to_document()
        fields: dict[str, object] = {"title": given} if isinstance(given, str) else without_notes(given) if isinstance(given, dict) else {}
        if given is None:
            fields = {"title": str(item.get("reference") or _PLACEHOLDER)}
        title = str(fields.get("title", ""))
        if title not in self._documents:
            id = fields.get("id", f"local.{self._institution}.d{len(self._documents) + 1}")
            empty = dict.fromkeys(("number", "issuer", "published", "sha256"))
            self._documents[title] = {**empty, **fields, "id": id, "title": fields.get("title", fields.get("number"))}
        places.put("/document", f"{pointer}/document")
        if isinstance(given, str):
            places.put("/document/title", f"{pointer}/document")
        return self._documents[title]

    def _refuse(self, place: str, action: str, got: str, expected: str, code: str = "FIELD_INVALID") -> None:
        self.findings.append(Finding(code, "error", place, action, got, expected))


def _kind(factor: Mapping[str, object], indicator: Indicator | None, use: object) -> str:
    if factor["form"] == "blend":
        return "refrigerant"
    if factor["form"] == "fuel":
        return "fuel_per_gas" if factor.get("basis") == "CO2e" else "fuel"
    if indicator is None:
        return "supplier"
    kinds = indicator.market_kinds if use == "market" and indicator.market_kinds else indicator.factor_kinds
    if "fuel" in kinds:
        return "fuel_per_gas" if factor.get("basis") == "CO2e" else "fuel"
    return kinds[0]


def _expand_fuel(factor: dict[str, object]) -> None:
    if not isinstance(factor["fuel"], dict):
        return
    fuel: dict[str, object] = {"density": None, "ch4": None, "n2o": None, **without_notes(factor["fuel"])}
    decimals_in(fuel, "ncv_mj", "density", "carbon", "oxidation", "ch4", "n2o")
    factor["fuel"] = fuel
    factor.setdefault("basis", "CO2" if fuel["ch4"] is None else "CO2e")
    factor.setdefault("unit", f"kg{factor['basis']}/{fuel.get('per', '')}")


def _expand_blend(factor: dict[str, object]) -> None:
    blend = factor["blend"]
    if isinstance(blend, dict):
        blend = [{"gas": gas, "share": share} for gas, share in without_notes(blend).items()]
    if isinstance(blend, list):
        items = [item | {"share": decimal_of(item.get("share"))} if isinstance(item, dict) else item for item in blend]
        factor["blend"] = sorted(items, key=lambda item: str(item.get("gas")).encode() if isinstance(item, dict) else b"")
    factor.setdefault("basis", "CO2e")
    factor.setdefault("unit", "kgCO2e/kg")
