"""The method once more, written from the specification alone in one pass over documents; it shares no code with the ledger's.

Slow and plain on purpose: lists of dictionaries, one loop per sentence of method-operational-1 §2–§8. Inputs must be free of errors.
"""

from __future__ import annotations

from datetime import date, timedelta
from decimal import ROUND_FLOOR, Decimal, localcontext
from fractions import Fraction
from typing import Any

COLUMNS = ("scope1_g", "scope2_location_g", "scope2_market_g", "scope3_g")
METER_LINES = {
    "el.import": ("electricity.purchased", 1_000_000, 1),
    "pv.generation": ("electricity.self_used_pv", 1_000_000, 1),
    "el.export": ("electricity.self_used_pv", 1_000_000, -1),
    "gas.volume": ("fuel.natural_gas.stationary", 1_000, 1),
    "water.volume": ("water.supply", 1_000, 1),
    "heat.energy": ("heat.purchased", 1_000, 1),
}


def half_even(value: Fraction) -> int:
    floor = value.numerator // value.denominator
    twice = 2 * (value - floor)
    return floor if twice < 1 else floor + 1 if twice > 1 else floor + floor % 2


def text_of(value: Fraction) -> str:
    places = 0
    while (value * 10**places).denominator != 1:
        places += 1
    whole = str(abs(int(value * 10**places))).zfill(places + 1)
    return ("-" if value < 0 else "") + (whole if places == 0 else whole[:-places] + "." + whole[-places:])


def parents_of(organisation: Any, last: str) -> dict[str, str | None]:
    """Where every unit stands at the end of the period; before its opening it stands under its first parent."""
    parents: dict[str, str | None] = {}
    for unit in organisation["units"]:
        standing = [placement["parent"] for placement in unit["placements"] if placement["since"] <= last]
        first = unit["placements"][0]["parent"] if unit["placements"] else None
        parents[unit["id"]] = standing[-1] if standing else first
    return parents


def chain(parents: dict[str, str | None], unit: str) -> list[str]:
    above: list[str] = [unit]
    while (parent := parents[above[-1]]) is not None:
        above.append(parent)
    return above


def kilograms(factor: Any, base: str) -> dict[str, Fraction]:
    gases = {"CO2": Fraction(0), "CH4": Fraction(0), "N2O": Fraction(0)}
    if factor["form"] == "blend":
        for item in factor["blend"]:
            gases[item["gas"]] = Fraction(item["share"])
    elif factor["form"] == "fuel":
        fuel = factor["fuel"]
        energy = Fraction(fuel["ncv_mj"]) * (Fraction(fuel["density"]) if base == "L" else 1)
        gases["CO2"] = energy * Fraction(fuel["carbon"]) * Fraction(fuel["oxidation"]) * Fraction(44, 12) / 1000
        gases["CH4"] = energy * Fraction(fuel["ch4"] or "0") / 1_000_000
        gases["N2O"] = energy * Fraction(fuel["n2o"] or "0") / 1_000_000
    else:
        gases["CO2"] = Fraction(factor["value"])
    return gases


def counts(instrument: Any, first: str, last: str) -> bool:
    if instrument["kind"] == "supplier_contract":
        return True
    year, month = int(instrument["generated"][:4]), int(instrument["generated"][5:7])
    end = "2025-12-31" if year < 2024 else (date(year + 2, month, 1) - timedelta(days=1)).isoformat()
    used = instrument["retired"] or last
    return bool(instrument["generated"] <= last and end >= first and first <= used <= end)


def nearest_root(square: Fraction) -> int:
    """⌊√square + ½⌋ by decimals of many digits, moved to the integer that the method's inequality allows."""
    with localcontext() as context:
        context.prec = 80
        guess = int(((Decimal(square.numerator) / Decimal(square.denominator)).sqrt() + Decimal("0.5")).to_integral_value(ROUND_FLOOR))
    while (2 * (guess + 1) - 1) ** 2 <= 4 * square:
        guess += 1
    while guess > 0 and (2 * guess - 1) ** 2 > 4 * square:
        guess -= 1
    return guess


def compute_again(organisation: Any, activity: Any, library: Any, meters: list[Any], gwp: str, first: str, last: str) -> dict[str, Any]:
    """The lines, roll-up and totals of a statement, as in its document."""
    units = {spelling: unit for unit in library["units"] for spelling in [unit["code"], *unit["aliases"]]}
    indicators = {item["id"]: item for item in library["indicators"]}
    factors = {item["id"]: item for item in library["factors"]}
    warming = {gas: Fraction(value) for item in library["gwp_sets"] if item["id"] == gwp for gas, value in item["values"].items()}
    bases = {"electricity": "kWh", "volume": "m3", "mass": "kg", "energy": "MJ", "emissions": "kgCO2e", "liquid": "L"}
    bases |= {"passenger_distance": "pkm", "distance": "km", "nights": "night", "days": "day"}
    policies, parents = library["policies"], parents_of(organisation, last)

    def factor_of(indicator: str, use: str) -> Any:
        for choice in activity["factor_choices"]:
            if (choice["indicator"], choice["use"]) == (indicator, use):
                return factors[choice["factor"]]
        for rule in library["selections"]:
            here = rule["region"] in ("*", organisation["region"]) and rule["year"] in (None, int(first[:4]))
            if (rule["indicator"], rule["use"]) == (indicator, use) and here:
                return factors[rule["factor"]]
        raise LookupError(indicator)

    # §2: sources as (kind, id, quantity, base, quality, half-width)
    sources: dict[tuple[str, str], list[tuple[str, str, Fraction, str, int, int]]] = {}
    for record in activity["records"]:
        unit = units[record["quantity"]["unit"]]
        quantity = Fraction(record["quantity"]["value"]) * int(unit["numerator"]) / int(unit["denominator"])
        if record["source"]["kind"] == "landlord":
            allocations = next(item["allocations"] for item in organisation["units"] if item["id"] == record["unit"])
            share = [item for item in allocations if item["since"] <= record["start"]][-1]
            quantity = Fraction(half_even(quantity * Fraction(share["part"]) / Fraction(share["whole"]) * 10**6), 10**6)
        width = record["uncertainty_bp"]
        width = policies["activity_uncertainty_bp"][str(record["quality"])] if width is None else width
        entry = ("activity", record["id"], quantity, bases[unit["dimension"]], record["quality"], width)
        sources.setdefault((record["unit"], record["indicator"]), []).append(entry)
    generating = {meter["unit"] for meter in meters if meter["quantity"] == "pv.generation"}
    for meter in meters:
        indicator, steps, sign = METER_LINES[meter["quantity"]]
        if sign < 0 and meter["unit"] not in generating:
            continue
        slots = sum(int(meter[name]) for name in ("measured", "estimated", "manual", "missing"))
        quality = 3 if 20 * (slots - int(meter["measured"])) > slots else 1
        width = policies["activity_uncertainty_bp"][str(quality)]
        entry = (
            "meter",
            meter["meter"],
            sign * Fraction(int(meter["total"]), steps),
            bases[indicators[indicator]["dimension"]],
            quality,
            width,
        )
        sources.setdefault((meter["unit"], indicator), []).append(entry)

    # §6: whole Wh, instrument after instrument
    left = {key: int(sum(item[2] for item in found) * 1000) for key, found in sources.items() if indicators[key[1]]["market_kinds"]}
    covered: dict[tuple[str, str], dict[str, int]] = {key: {} for key in left}
    in_force = [item for item in activity["instruments"] if counts(item, first, last)]
    for item in sorted(in_force, key=lambda item: (-len(chain(parents, item["unit"])), item["id"].encode())):
        unit = units[item["quantity"]["unit"]]
        whole = int(Fraction(item["quantity"]["value"]) * int(unit["numerator"]) / int(unit["denominator"]) * 1000)
        served = sorted((key for key in left if item["unit"] in chain(parents, key[0])), key=lambda key: (key[0].encode(), key[1].encode()))
        total = sum(left[key] for key in served)
        given = {key: left[key] if whole >= total else whole * left[key] // total for key in served}
        rest = min(whole, total) - sum(given.values())
        while rest:
            best = max(served, key=lambda key: Fraction(whole * left[key], total) - given[key])
            given[best] += 1
            rest -= 1
        for key in served:
            left[key] -= given[key]
            if given[key]:
                covered[key][item["id"]] = given[key]

    # §3–§5, §7: lines
    instruments = {item["id"]: Fraction(item["factor"]) for item in activity["instruments"]}
    lines = []
    for key in sorted(sources, key=lambda key: (key[0].encode(), key[1].encode())):
        found = sorted(sources[key], key=lambda item: (item[0], item[1].encode()))
        indicator, base, quantity = indicators[key[1]], found[0][3], sum((item[2] for item in found), Fraction(0))
        factor = factor_of(key[1], "location")
        gases = kilograms(factor, base)
        grams = half_even(quantity * 1000 * sum(amount * warming[gas] for gas, amount in gases.items()))
        measures = dict.fromkeys(COLUMNS, 0)
        market = None
        if indicator["scope"] == 1:
            measures["scope1_g"] = grams
        elif indicator["scope"] == 3:
            measures["scope3_g"] = grams
        else:
            measures["scope2_location_g"] = measures["scope2_market_g"] = grams
        if key in covered:
            residual = factor_of(key[1], "market")
            per_kwh = sum(amount * warming[gas] for gas, amount in kilograms(residual, base).items())
            parts = {id: Fraction(watt_hours, 1000) for id, watt_hours in covered[key].items()}
            rest_kwh = quantity - sum(parts.values())
            exact = sum((kwh * instruments[id] for id, kwh in parts.items()), Fraction(0)) + rest_kwh * per_kwh
            measures["scope2_market_g"] = half_even(1000 * exact)
            listed = [{"instrument": id, "quantity": text_of(parts[id])} for id in sorted(parts, key=str.encode)]
            market = {"factor": residual["id"], "covered": listed, "rest": text_of(rest_kwh)}
        sizes = [(abs(item[2]), item[5]) for item in found]
        whole_size = sum(size for size, _ in sizes)
        if whole_size == 0:
            activity_bp = max(width for _, width in sizes)
        else:
            activity_bp = nearest_root(sum((size * width) ** 2 for size, width in sizes) / Fraction(whole_size) ** 2)
        factor_bp = factor["uncertainty_bp"]
        shown = {gas: str(half_even(quantity * amount * 1000)) for gas, amount in gases.items()}
        lines.append(
            {
                "schema": "lingtan.line/1",
                "unit": key[0],
                "indicator": key[1],
                "scope": indicator["scope"],
                "quantity": {"value": text_of(quantity), "unit": base},
                "factor": factor["id"],
                "gases": {gas: shown.pop(gas) for gas in ("CO2", "CH4", "N2O")},
                "fluorinated": [{"gas": gas, "g": shown[gas]} for gas in sorted(shown, key=str.encode)],
                "market": market,
                **{name: str(value) for name, value in measures.items()},
                "quality": max(item[4] for item in found),
                "uncertainty": {
                    "activity_bp": activity_bp,
                    "factor_bp": policies["factor_uncertainty_bp"][factor["confidence"]] if factor_bp is None else factor_bp,
                },
                "sources": [{"kind": item[0], "id": item[1]} for item in found],
            }
        )

    # §8: every line counts for its unit and for each unit above it
    own = {unit: dict.fromkeys(COLUMNS, 0) for unit in parents}
    total_of = {unit: dict.fromkeys(COLUMNS, 0) for unit in parents}
    for line in lines:
        for name in COLUMNS:
            own[line["unit"]][name] += int(line[name])
            for unit in chain(parents, line["unit"]):
                total_of[unit][name] += int(line[name])
    rollup = [{"unit": unit, "own": _texts(own[unit]), "total": _texts(total_of[unit])} for unit in sorted(parents, key=str.encode)]
    root = next(unit for unit, parent in parents.items() if parent is None)
    return {"lines": lines, "rollup": rollup, "totals": _texts(total_of[root])}


def _texts(measures: dict[str, int]) -> dict[str, str]:
    return {name: str(value) for name, value in measures.items()}
