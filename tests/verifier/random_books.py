"""Make up small banks, sound and unsound, as plain documents of the specification; the same seed makes the same bank."""

from __future__ import annotations

import random
from dataclasses import dataclass
from typing import Any

from tests.verifier.bank_library import library, name

PERIODS = (
    {"id": "2025-03", "start": "2025-02-28T16:00:00Z", "end": "2025-03-31T16:00:00Z", "timezone": "Asia/Shanghai"},
    {"id": "2025", "start": "2024-12-31T16:00:00Z", "end": "2025-12-31T16:00:00Z", "timezone": "Asia/Shanghai"},
    {"id": "2026-q1", "start": "2026-01-01T00:00:00Z", "end": "2026-04-01T00:00:00Z", "timezone": "UTC"},
)
DAYS = {
    "2025-03": ("2025-03-01", "2025-03-17", "2025-03-31"),
    "2025": ("2025-01-01", "2025-08-15", "2025-12-31"),
    "2026-q1": ("2026-01-01", "2026-02-28", "2026-03-31"),
}
SLOTS = {"2025-03": 31 * 96, "2025": 365 * 96, "2026-q1": 90 * 96}
QUANTITIES = ("el.import", "el.export", "pv.generation", "gas.volume", "water.volume", "heat.energy")
RECORDED = (
    ("electricity.purchased", ("kWh", "MWh", "度")),
    ("electricity.self_used_pv", ("kWh",)),
    ("electricity.vehicles", ("MWh",)),
    ("fuel.natural_gas.stationary", ("m3", "万m3")),
    ("fuel.petrol", ("L", "L", "L", "kg")),
    ("heat.purchased", ("GJ", "MJ")),
    ("refrigerant.mixed", ("kg",)),
    ("refrigerant.topup", ("kg", "t")),
    ("travel.rail", ("pkm",)),
    ("water.supply", ("m3",)),
)
MEASURES = (
    *("scope1_g", "scope2_location_g", "scope2_market_g", "scope3_g", "scope1_scope2_location_g", "scope1_scope2_market_g"),
    *("all_location_g", "all_market_g", "indicator/electricity.purchased", "indicator/water.supply", "indicator/refrigerant.mixed"),
)


@dataclass
class Book:
    """Documents of one period, and what its meters come to."""

    organisation: Any
    activity: Any
    library: Any
    meters: list[dict[str, str]]
    gwp: str


def make(seed: int) -> Book:
    """Return the book of a seed. About half of them hold a fault of some kind."""
    chance = random.Random(seed)
    faulty = chance.random() < 0.5
    period = chance.choice(PERIODS)
    organisation = _organisation(chance, period["id"], faulty)
    units = [unit["id"] for unit in organisation["units"]]
    activity = _activity(chance, period, units, faulty)
    return Book(organisation, activity, _library(chance, faulty), _meters(chance, period["id"], units), chance.choice(["AR5", "AR6"]))


def _organisation(chance: random.Random, period: str, faulty: bool) -> Any:
    first, middle, last = DAYS[period]
    units: list[dict[str, Any]] = []
    for index in range(chance.randint(1, 7)):
        earlier = [unit["id"] for unit in units]
        moves = chance.sample(["2020-02-29", first, middle, last, "2027-01-01"], chance.randint(0, 2)) if index else []
        placements = [{"parent": chance.choice(earlier), "since": day} for day in ["2001-01-01", *sorted(moves)]] if index else []
        whole = chance.randint(1, 97)
        starts = ["2001-01-01", *chance.sample(["2019-01-01", first, middle], chance.randint(0, 2))]
        unit = {
            "id": f"u{(index * 7) % 10}-{index}",
            "name": name("unit"),
            "kind": "outlet" if index else "institution",
            "placements": placements,
            "opened": "2001-01-01",
            "closed": None,
            "opening": chance.choice(["opened", "acquired", "included"]),
            "closing": None,
            "merged_into": None,
            "county": None,
            "area_m2": None,
            "headcount": None,
            "ownership": None,
            "allocations": [
                {"since": since, "rule": "area", "part": str(chance.randint(1, whole)), "whole": str(whole), "reference": "lease"}
                for since in sorted(starts)
            ],
        }
        units.append(unit)
    # Some of those that nobody ever stood under close, merge or open late.
    above = {entry["parent"] for unit in units for entry in unit["placements"]}
    for unit in units:
        if unit["placements"] and unit["id"] not in above and chance.random() < 0.3:
            if chance.random() < 0.5:
                opened = chance.choice(["2010-05-05", middle, "2027-06-01"])
                unit.update(opened=opened, placements=[{**unit["placements"][0], "since": opened}])
            else:
                closed = chance.choice(["2019-12-31", middle, last])
                unit.update(closed=closed, closing=chance.choice(["closed", "divested"]))
                unit["placements"] = [entry for entry in unit["placements"] if entry["since"] <= closed]
    units.sort(key=lambda unit: str(unit["id"]))
    document = {
        "schema": "lingtan.organisation/1",
        "institution": "bank-a",
        "name": name("Bank"),
        "timezone": "Asia/Shanghai",
        "region": chance.choice(["CN-ZJ", "CN-SH"]),
        "units": units,
    }
    if faulty and chance.random() < 0.3:
        _break_unit(chance, chance.choice(units), middle)
    return document


def _break_unit(chance: random.Random, unit: dict[str, Any], day: str) -> None:
    fault = chance.choice(["closing", "parent", "share", "since", "kind", "merger", "backwards", "loop", "late parent"])
    if fault == "closing":
        unit["closing"] = "closed" if unit["closing"] is None else None
    elif fault == "parent":
        unit["placements"] = [{"parent": "nobody", "since": unit["opened"]}]
    elif fault == "share":
        unit["allocations"] = [
            {
                "since": "2001-01-01",
                "rule": "area",
                "part": "3",
                "whole": "2",
                "reference": "paper",
            }
        ]
    elif fault == "since" and unit["placements"]:
        unit["placements"][0]["since"] = "2000-01-01"
    elif fault == "kind":
        unit["kind"] = "outlet" if unit["kind"] == "institution" else "institution"
    elif fault == "merger":
        unit.update(closed=day, closing="merged", merged_into=unit["id"])
    elif fault == "backwards":
        unit.update(closed="1999-01-01", closing="closed")
    elif fault == "loop" and unit["placements"]:
        unit["placements"][-1]["parent"] = unit["id"]
    elif fault == "late parent":
        unit["opened"] = day
        if unit["placements"]:
            unit["placements"] = [{**unit["placements"][0], "since": day}]


def _amount(chance: random.Random) -> str:
    if chance.random() < 0.1:
        return "0"
    return f"{chance.randint(0, 10 ** chance.randint(0, 8))}.{chance.randint(0, 99999):05d}"


def _activity(chance: random.Random, period: dict[str, str], units: list[str], faulty: bool) -> Any:
    first, middle, last = DAYS[period["id"]]

    def odd(share: float) -> bool:
        return faulty and chance.random() < share

    records = []
    for number in range(chance.randint(0, 12)):
        indicator, measures = chance.choice(RECORDED)
        start, end = chance.choice([(first, last), (first, last), (first, middle), (middle, last)])
        value = _amount(chance)
        register = None
        if chance.random() < 0.2:
            value, register = "37.5", {"first": "1002.5", "last": "1015.0" if not odd(0.3) else "1016", "multiplier": "3"}
        records.append(
            {
                "id": f"r{number:02d}",
                "unit": "nobody" if odd(0.02) else chance.choice(units),
                "indicator": "unheard.of" if odd(0.02) else indicator,
                "quantity": {"value": "-1" if odd(0.02) else value, "unit": "L" if odd(0.02) else chance.choice(measures)},
                "start": "2024-12-01" if odd(0.02) else start,
                "end": end,
                "source": {"kind": "landlord" if chance.random() < 0.25 else "invoice", "reference": "paper", "sha256": None},
                "register": register,
                "quality": chance.randint(1, 5),
                "uncertainty_bp": chance.choice([None, 0, 1, chance.randint(0, 100_000)]),
            }
        )
    choices = [
        {
            "indicator": indicator,
            "use": use,
            "factor": factor,
            "reference": "paper",
        }
        for indicator, use, factor in (
            ("electricity.purchased", "location", "grid-zj-2022"),
            ("electricity.purchased", "market", "own-a"),
            ("electricity.vehicles", "location", "grid-om" if odd(0.4) else "grid-cn-2022"),
            ("electricity.vehicles", "market", "own-b" if odd(0.4) else "residual-cn"),
            ("refrigerant.mixed", "location", "unknown-factor" if odd(0.2) else "mixed-blend"),
            *((("unheard.of", "location", "rail"),) if odd(0.05) else ()),
            *((("water.supply", "market", "residual-cn"),) if odd(0.05) else ()),
        )
        if chance.random() < 0.3
    ]
    instruments = [_instrument(chance, f"i{(number * 7) % 10}", units, odd) for number in range(chance.choice([0, 0, 1, 2, 5]))]
    totals = [
        {
            "id": f"t{number}",
            "period": chance.choice([None, None, period["id"], "2019"]),
            "at": chance.choice([None, *units, *(["nobody"] if odd(0.3) else [])]),
            "measure": "scope9_g" if odd(0.05) else chance.choice(MEASURES),
            "value": "1.5",
            "unit": chance.choice(["tCO2e", "kgCO2e", *(["kWh"] if odd(0.2) else [])]),
            "parts": 1,
            "tolerance": chance.choice(["0.5", "1000000000000"]),
            "reference": "paper",
        }
        for number in range(chance.choice([0, 0, 1, 3]))
    ]
    return {
        "schema": "lingtan.activity/1",
        "institution": "bank-a",
        "period": period,
        "records": records,
        "declared_totals": totals,
        "declared_factors": [],
        "factor_choices": choices,
        "instruments": sorted(instruments, key=lambda item: str(item["id"])),
        "denominators": [],
    }


def _instrument(chance: random.Random, id: str, units: list[str], odd: Any) -> dict[str, Any]:
    contract = chance.random() < 0.5
    made = f"{chance.choice([2022, 2023, 2024, 2025, 2026])}-{chance.choice([1, 3, 12]):02d}-01"
    retired = chance.choice([None, "2025-12-31", "2026-01-01", "2026-02-28", "2026-03-01", "2027-11-30", "2027-12-01"])
    return {
        "id": id,
        "unit": "nobody" if odd(0.1) else chance.choice(units),
        "kind": "supplier_contract" if contract else "green_certificate",
        "quantity": {
            "value": "-5" if odd(0.03) else _amount(chance),
            "unit": "m3" if odd(0.05) else chance.choice(["kWh", "MWh", "Wh"]),
        },
        "factor": chance.choice(["0", "0.05", "1.2345678"]) if contract else ("0.1" if odd(0.05) else "0"),
        "generated": made if contract is odd(0.05) else None,
        "retired": retired if retired is None or retired >= made or odd(0.2) else None,
        "reference": "paper",
    }


def _meters(chance: random.Random, period: str, units: list[str]) -> list[dict[str, str]]:
    found = []
    for number in range(chance.choice([0, 0, 1, 3, 6])):
        slots = SLOTS[period]
        missing = chance.choice([0, slots // 20, slots // 20 + 1, slots]) if chance.random() < 0.3 else 0
        total = 0 if missing == slots else chance.randint(0, 10 ** chance.choice([0, 9, 13]))
        found.append(
            {
                "meter": f"m{number}",
                "unit": chance.choice(units[:3]),
                "quantity": chance.choice(QUANTITIES),
                "record": f"{number:064x}",
                "total": str(total),
                "measured": str(slots - missing),
                "estimated": "0",
                "manual": "0",
                "missing": str(missing),
            }
        )
    return found


def _library(chance: random.Random, faulty: bool) -> Any:
    document = library()
    like = {str(item["id"]): item for item in (*document["indicators"], *document["factors"])}

    def indicator(id: str, model: str, **changes: Any) -> None:
        document["indicators"].append({**like[model], "id": id, **changes})

    def factor(id: str, model: str, **changes: Any) -> None:
        document["factors"].append({**like[model], "id": id, **changes})

    def unit(code: str, dimension: str, numerator: str, denominator: str = "1") -> None:
        document["units"].append(
            {**document["units"][0], "code": code, "dimension": dimension, "numerator": numerator, "denominator": denominator}
        )

    for code, dimension, numerator in (
        ("GJ", "energy", "1000"),
        ("MJ", "energy", "1"),
        ("kgCO2e", "emissions", "1"),
        ("pkm", "passenger_distance", "1"),
    ):
        unit(code, dimension, numerator)
    unit("Wh", "electricity", "1", "1000")
    unit("tCO2e", "emissions", "1000")
    indicator("electricity.self_used_pv", "electricity.purchased", scope=1, factor_kinds=["self_generation"], market_kinds=[])
    indicator("electricity.vehicles", "electricity.purchased")
    indicator("fuel.natural_gas.stationary", "gas.natural")
    indicator("heat.purchased", "water.supply", scope=2, dimension="energy", carrier="heat", factor_kinds=["heat"])
    indicator("refrigerant.mixed", "refrigerant.topup", carrier="mixed")
    indicator("travel.rail", "water.supply", dimension="passenger_distance", carrier="rail", factor_kinds=["travel"])
    factor("pv-zero", "grid-om", kind="self_generation", value="0", confidence="M")
    factor("heat-ndrc", "grid-om", kind="heat", carrier="heat", unit="kgCO2/MJ", value="0.11", confidence="S")
    blend = [{"gas": "CO2", "share": "0.06"}, {"gas": "R-125", "share": "0.2"}, {"gas": "R-32", "share": "0.74"}]
    if faulty and chance.random() < 0.2:
        del document["gwp_sets"][0]["values"]["R-32"]  # AR5 knows it no more
    factor("mixed-blend", "r410a-blend", carrier="mixed", blend=blend, uncertainty_bp=1)
    factor("own-a", "residual-cn", owner="bank-a", value="0.9999")
    factor("own-b", "residual-cn", owner="bank-b", value="0.1")
    factor("rail", "water-supply", kind="travel", carrier="rail", unit="kgCO2e/pkm", value="0.0345", confidence="X")
    plain = document["selections"][-1]
    for name_, use, chosen in (
        ("electricity.self_used_pv", "location", "pv-zero"),
        ("electricity.vehicles", "location", "grid-zj-2022"),
        ("electricity.vehicles", "market", "residual-cn"),
        ("electricity.purchased", "location", "grid-cn-2022"),
        ("fuel.natural_gas.stationary", "location", "gas-ndrc"),
        ("heat.purchased", "location", "heat-ndrc"),
        ("refrigerant.mixed", "location", "mixed-blend"),
        ("travel.rail", "location", "rail"),
    ):
        if not (faulty and chance.random() < 0.02):
            document["selections"].append({**plain, "indicator": name_, "use": use, "factor": chosen})
    for list_name, key in (("units", "code"), ("indicators", "id"), ("factors", "id")):
        document[list_name].sort(key=lambda item: str(item[key]))
    return document
