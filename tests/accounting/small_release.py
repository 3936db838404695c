"""A small library release for tests: few indicators, round factors, GWP values as the assessment reports print them."""

from __future__ import annotations

from dataclasses import replace
from datetime import date

from ledger.indicators.factor import Factor, FuelParameters, GasShare, GwpSet
from ledger.indicators.measure import Indicator, Selection, UnitOfMeasure
from ledger.indicators.publication import Policies, PublishedDocument
from ledger.indicators.release import Release
from ledger.records.names import Name

POLICIES = Policies(
    max_lag_years=2,
    base_year_threshold_bp=500,
    jump_bp=2000,
    activity_uncertainty_bp={1: 100, 2: 300, 3: 500, 4: 1500, 5: 3000},
    factor_uncertainty_bp={"V": 200, "X": 200, "S": 1000, "M": 2000},
)
DOCUMENT = PublishedDocument("tests", "Factors for tests", None, None, None, None)
UNITS = (
    *(("GJ", "energy", 1000, 1), ("MJ", "energy", 1, 1), ("L", "liquid", 1, 1), ("MWh", "electricity", 1000, 1)),
    *(("Wh", "electricity", 1, 1000), ("kWh", "electricity", 1, 1), ("kg", "mass", 1, 1), ("kgCO2e", "emissions", 1, 1)),
    *(("m3", "volume", 1, 1), ("pkm", "passenger_distance", 1, 1), ("t", "mass", 1000, 1), ("tCO2e", "emissions", 1000, 1)),
)
GWP_SETS = (
    ("AR4", {"CO2": "1", "CH4": "25", "N2O": "298", "R-32": "675", "R-125": "3500", "R-134a": "1430", "SF6": "22800"}),
    ("AR5", {"CO2": "1", "CH4": "28", "N2O": "265", "R-32": "677", "R-125": "3170", "R-134a": "1300", "SF6": "23500"}),
    ("AR6", {"CO2": "1", "CH4": "29.8", "N2O": "273", "R-32": "771", "R-125": "3740", "R-134a": "1530", "SF6": "25200"}),
    ("three-gases", {"CO2": "1", "CH4": "29.8", "N2O": "273"}),
)
# id, scope, dimension, carrier, kinds, market kinds
INDICATORS = (
    ("electricity.purchased", 2, "electricity", "electricity", ("grid_average",), ("grid_residual",)),
    ("electricity.self_used_pv", 2, "electricity", "electricity", ("self_generation",), ()),
    ("electricity.vehicles", 2, "electricity", "electricity", ("grid_average",), ("grid_residual",)),
    ("fuel.natural_gas.stationary", 1, "volume", "natural_gas", ("fuel", "fuel_per_gas"), ()),
    ("fuel.petrol.vehicles", 1, "liquid", "petrol", ("fuel", "fuel_per_gas"), ()),
    ("heat.purchased", 2, "energy", "heat", ("heat",), ()),
    ("refrigerant.co2_r32", 1, "mass", "co2_r32", ("refrigerant",), ()),
    ("refrigerant.r410a", 1, "mass", "r410a", ("refrigerant",), ()),
    ("scope1.reported", 1, "emissions", "reported", ("reported",), ()),
    ("travel.rail", 3, "passenger_distance", "rail", ("travel",), ()),
    ("water.supply", 3, "volume", "water", ("water",), ()),
)


def _factor(id: str, kind: str, carrier: str, unit: str, value: str | None, **changes: object) -> Factor:
    made = Factor(
        id=id,
        name=Name(id, id),
        kind=kind,
        carrier=carrier,
        guide=None,
        form="direct",
        value=value,
        fuel=None,
        blend=None,
        unit=unit,
        basis="CO2e" if "CO2e" in unit else "CO2",
        region="CN",
        data_year=None,
        document="tests",
        clause=None,
        valid_from=None,
        valid_to=None,
        supersedes=None,
        owner=None,
        uncertainty_bp=None,
        confidence="V",
        source_sha256=None,
    )
    return replace(made, **changes)  # type: ignore[arg-type]


GAS = FuelParameters("m3", "38.931", None, "15.3", "0.99", "1", "0.1")
PETROL = FuelParameters("kg", "44.8", "0.73", "18.9", "0.98", "3.8", "5.7")
FACTORS = (
    _factor(
        "blend.co2_r32",
        "refrigerant",
        "co2_r32",
        "kgCO2e/kg",
        None,
        form="blend",
        blend=(GasShare("CO2", "0.75"), GasShare("R-32", "0.25")),
    ),
    _factor(
        "blend.r410a", "refrigerant", "r410a", "kgCO2e/kg", None, form="blend", blend=(GasShare("R-125", "0.5"), GasShare("R-32", "0.5"))
    ),
    _factor("fuel.gas", "fuel", "natural_gas", "kgCO2/m3", None, form="fuel", fuel=replace(GAS, ch4=None, n2o=None)),
    _factor("fuel.gas.per_gas", "fuel_per_gas", "natural_gas", "kgCO2e/m3", None, form="fuel", fuel=GAS, confidence="S"),
    _factor("fuel.petrol.per_gas", "fuel_per_gas", "petrol", "kgCO2e/kg", None, form="fuel", fuel=PETROL),
    _factor("grid.average", "grid_average", "electricity", "kgCO2/kWh", "0.20", data_year=2023),
    _factor("grid.local", "grid_average", "electricity", "kgCO2/kWh", "0.64", owner="another-bank"),
    _factor("grid.om", "grid_om", "electricity", "kgCO2/kWh", "0.7921"),
    _factor("grid.residual", "grid_residual", "electricity", "kgCO2/kWh", "0.45", data_year=2023),
    _factor("heat.default", "heat", "heat", "kgCO2/MJ", "0.11"),
    _factor("pv.zero", "self_generation", "electricity", "kgCO2e/kWh", "0"),
    _factor("reported", "reported", "reported", "kgCO2e/kgCO2e", "1"),
    _factor("travel.rail", "travel", "rail", "kgCO2e/pkm", "0.03549", uncertainty_bp=4200),
    _factor("water.supply", "water", "water", "kgCO2e/m3", "0.168", confidence="M"),
)
SELECTIONS = (
    *(("electricity.purchased", "grid.average"), ("electricity.vehicles", "grid.average"), ("electricity.self_used_pv", "pv.zero")),
    *(
        ("fuel.natural_gas.stationary", "fuel.gas.per_gas"),
        ("fuel.petrol.vehicles", "fuel.petrol.per_gas"),
        ("heat.purchased", "heat.default"),
    ),
    *(("refrigerant.co2_r32", "blend.co2_r32"), ("refrigerant.r410a", "blend.r410a"), ("scope1.reported", "reported")),
    *(("travel.rail", "travel.rail"), ("water.supply", "water.supply")),
)
MARKET_SELECTIONS = (("electricity.purchased", "grid.residual"), ("electricity.vehicles", "grid.residual"))


def small_release(**values: str) -> Release:
    """The release; named values replace those of direct factors (`grid_average="0.30"`)."""
    changed = {name.replace("_", ".", 1): value for name, value in values.items()}
    return Release(
        release="small-1",
        valid_from=date(2024, 1, 1),
        supersedes=None,
        methods=("operational_1",),
        policies=POLICIES,
        documents=(DOCUMENT,),
        units=tuple(UnitOfMeasure(code, (), dimension, numerator, denominator) for code, dimension, numerator, denominator in UNITS),
        gwp_sets=tuple(GwpSet(id, values, "assessment report", "V") for id, values in GWP_SETS),
        indicators=tuple(
            Indicator(id, Name(id, id), scope, dimension, carrier, kinds, market_kinds, "tests")
            for id, scope, dimension, carrier, kinds, market_kinds in INDICATORS
        ),
        factors=tuple(replace(factor, value=changed.get(factor.id, factor.value)) for factor in FACTORS),
        selections=(
            *(Selection(indicator, "*", None, factor) for indicator, factor in SELECTIONS),
            *(Selection(indicator, "*", None, factor, "market") for indicator, factor in MARKET_SELECTIONS),
        ),
        templates=(),
        target_profiles=(),
    )
