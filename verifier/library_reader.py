"""Read a library release and refuse one that contradicts itself where a recomputation would rest on it (documents.md §3)."""

from __future__ import annotations

from fractions import Fraction
from typing import Any

from verifier.errors import Malformed
from verifier.library import BASE_UNITS, LOCATION, MARKET, Factor, Indicator, Library, Selection, Unit
from verifier.shapes import sorted_by


def read_library(document: Any) -> Library:
    """Return the release in a document whose shape was checked.

    Raises:
        Malformed: a unit's base is not positive, a name stands for two units, an indicator has market_kinds without being Scope 2
            electricity, a factor's form, unit, gases or document do not hold, or a rule selects a factor with an owner.
    """
    titles = {item["id"] for item in document["documents"]}
    factors = {item["id"]: _factor(item, f"library.json /factors/{index}", titles) for index, item in enumerate(document["factors"])}
    selections: dict[tuple[str, str], list[Selection]] = {}
    for index, item in enumerate(document["selections"]):
        name = item["factor"]
        if name in factors and factors[name].owner is not None:
            raise Malformed("LIBRARY_SELECTION", f"library.json /selections/{index}", "a selected factor has no owner", found=name)
        rule = Selection(item["indicator"], item["use"], item["region"], item["year"], name)
        selections.setdefault((rule.indicator, rule.use), []).append(rule)
    policies = document["policies"]
    return Library(
        release=document["release"],
        methods=tuple(document["methods"]),
        units=_units(document["units"]),
        gwp_sets={item["id"]: {gas: Fraction(value) for gas, value in item["values"].items()} for item in document["gwp_sets"]},
        indicators={item["id"]: _indicator(item, f"library.json /indicators/{index}") for index, item in enumerate(document["indicators"])},
        factors=factors,
        selections=selections,
        activity_uncertainty_bp={int(quality): bp for quality, bp in policies["activity_uncertainty_bp"].items()},
        factor_uncertainty_bp=dict(policies["factor_uncertainty_bp"]),
    )


def _units(items: Any) -> dict[str, Unit]:
    units: dict[str, Unit] = {}
    for index, item in enumerate(items):
        place = f"library.json /units/{index}"
        numerator, denominator = int(item["numerator"]), int(item["denominator"])
        if numerator <= 0 or denominator <= 0 or item["dimension"] not in BASE_UNITS:
            raise Malformed("LIBRARY_UNIT", place, "a known dimension and a positive quotient expected", found=item["code"])
        base = Fraction(numerator, denominator)
        if not _is_finite(base):
            raise Malformed("LIBRARY_UNIT", place, "the quotient has no finite decimal expansion", found=f"{numerator}/{denominator}")
        for name in (item["code"], *item["aliases"]):
            if name in units:
                raise Malformed("LIBRARY_UNIT", place, f"the name {name!r} stands for two units", found=name)
            units[name] = Unit(item["code"], item["dimension"], base)
    return units


def _is_finite(value: Fraction) -> bool:
    rest = value.denominator
    for prime in (2, 5):
        while rest % prime == 0:
            rest //= prime
    return rest == 1


def _indicator(item: Any, place: str) -> Indicator:
    if item["dimension"] not in BASE_UNITS:
        raise Malformed("LIBRARY_INDICATOR", place, "a known dimension expected", found=item["dimension"])
    if item["market_kinds"] and (item["scope"], item["dimension"]) != (2, "electricity"):
        raise Malformed("LIBRARY_INDICATOR", place, "market_kinds are for Scope 2 electricity alone", found=item["id"])
    kinds = {LOCATION: frozenset(item["factor_kinds"]), MARKET: frozenset(item["market_kinds"])}
    return Indicator(item["id"], item["scope"], item["dimension"], item["carrier"], kinds)


def _factor(item: Any, place: str, titles: set[str]) -> Factor:
    def wrong(what: str) -> Malformed:
        return Malformed("LIBRARY_FACTOR", place, what, found=item["id"])

    fuel, value, blend = item["fuel"], item["value"], item["blend"]
    given = {"direct": value, "fuel": fuel, "blend": blend}
    if [form for form, content in given.items() if content is not None] != [item["form"]]:
        raise wrong("exactly the field of its form is given: value, fuel or blend")
    if item["document"] not in titles:
        raise wrong(f"its document {item['document']!r} is not one of the release's documents")
    per = item["unit"].removeprefix(f"kg{item['basis']}/")
    if per == item["unit"]:
        raise wrong(f"the unit begins with kg{item['basis']}/")
    if value is not None and per not in BASE_UNITS.values():
        raise wrong("a direct factor is per base unit")
    if fuel is not None:
        gases = [fuel[name] is not None for name in ("ch4", "n2o")]
        if gases[0] != gases[1] or fuel["per"] != per or item["basis"] != ("CO2e" if gases[0] else "CO2"):
            raise wrong("ch4 and n2o stand together, with basis CO2e; the unit is per m3 or kg as the fuel is")
        if (item["kind"] in ("fuel", "fuel_per_gas")) and (item["kind"] == "fuel_per_gas") != gases[0]:
            raise wrong("kind fuel_per_gas has ch4 and n2o, kind fuel has not")
    if blend is not None:
        sorted_by(blend, f"{place}/blend", "gas")
        if sum(Fraction(part["share"]) for part in blend) != 1 or item["unit"] != "kgCO2e/kg" or item["kind"] != "refrigerant":
            raise wrong("a blend is a refrigerant in kgCO2e/kg whose shares add up to 1")
    return Factor(
        id=item["id"],
        kind=item["kind"],
        carrier=item["carrier"],
        unit=item["unit"],
        value=None if value is None else Fraction(value),
        fuel=None if fuel is None else {name: Fraction(part) for name, part in fuel.items() if name != "per" and part is not None},
        blend=None if blend is None else {part["gas"]: Fraction(part["share"]) for part in blend},
        per=per,
        owner=item["owner"],
        uncertainty_bp=item["uncertainty_bp"],
        confidence=item["confidence"],
    )
