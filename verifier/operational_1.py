"""Recompute the lines of method operational_1 in exact rationals (method-operational-1.md)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

from verifier import market_based
from verifier.errors import Refused
from verifier.exact import round_half_even
from verifier.library import GASES, LOCATION, MARKET, Factor, Indicator, Library, co2e_of
from verifier.local_time import Days
from verifier.market_based import Instrument
from verifier.organisation import Organisation
from verifier.quantities import Key, Metered, Quantity, quantity_of, sources_by_line
from verifier.roll_up import MEASURES, Totals
from verifier.uncertainty import activity_bp, factor_bp

METHOD = "operational_1"
_BY_SCOPE = {1: "scope1_g", 2: "scope2_location_g", 3: "scope3_g"}


@dataclass(frozen=True, slots=True)
class Inputs:
    """Hold what the lines follow from; `period` is its first and last local day."""

    institution: str
    organisation: Organisation
    activity: Any
    library: Library
    meters: Sequence[Metered]
    gwp_id: str
    period: Days


@dataclass(frozen=True, slots=True)
class Market:
    """Hold the market-based part of a line: the residual factor, Wh covered by each instrument (sorted), and the rest in kWh."""

    factor: str
    covered: tuple[tuple[str, int], ...]
    rest: Fraction


@dataclass(frozen=True, slots=True)
class Line:
    """Hold a recomputed line; `quantity` is exact, grams are rounded once."""

    unit: str
    indicator: str
    scope: int
    quantity: Quantity
    factor: str
    gases: Mapping[str, int]
    fluorinated: tuple[tuple[str, int], ...]
    market: Market | None
    grams: Totals
    quality: int
    activity_bp: int
    factor_bp: int
    sources: tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True)
class Emission:
    """Hold what a quantity emits: grams of each gas, each rounded for display, and grams of CO2e, rounded once."""

    gases: dict[str, int]
    fluorinated: tuple[tuple[str, int], ...]
    co2e: int


def emission_of(quantity: Quantity, factor: Factor, gwp: Mapping[str, Fraction]) -> Emission:
    """Return what a quantity emits by one factor (method §5). Raises: Refused for a factor of another unit, or a gas without a GWP."""
    per_unit = factor.gases_per(quantity.base_unit)
    grams = {gas: round_half_even(quantity.value * kg * 1000) for gas, kg in per_unit.items()}
    others = tuple(sorted((gas, amount) for gas, amount in grams.items() if gas not in GASES))
    return Emission({gas: grams[gas] for gas in GASES}, others, round_half_even(quantity.value * 1000 * co2e_of(per_unit, gwp)))


def compute_lines(inputs: Inputs) -> dict[Key, Line | Refused]:
    """Return every line by (unit, indicator); a line that the method refuses is the Refused that says why.

    Raises:
        Refused: the release does not know the method or the GWP set, or there are instruments and the units are not one tree.
    """
    library = inputs.library
    if METHOD not in library.methods:
        raise Refused("METHOD_UNKNOWN", "the release does not name the method", expected=METHOD, found=", ".join(library.methods))
    gwp = library.gwp_sets.get(inputs.gwp_id)
    if gwp is None:
        known = ", ".join(sorted(library.gwp_sets))
        raise Refused("GWP_UNKNOWN", f"GWP set {inputs.gwp_id} is not in the release", expected=known, found=inputs.gwp_id)
    # 1. What each line measures.
    lines: dict[Key, Line | Refused] = {}
    quantities: dict[Key, Quantity] = {}
    for key, (records, meters) in sources_by_line(inputs.activity["records"], inputs.meters).items():
        try:
            quantities[key] = quantity_of(_indicator(key, inputs), key[0], records, meters, library, inputs.organisation)
        except Refused as error:
            lines[key] = error
    # 2. What instruments cover of it. A line whose factor is refused below takes its share all the same, so that it alone is named.
    instruments = {item.id: item for item in _instruments(inputs)}
    consumed = {key: quantity.value for key, quantity in quantities.items() if library.indicators[key[1]].is_market_based}
    covered = market_based.spread(list(instruments.values()), inputs.organisation.tree(inputs.period[1]), consumed) if instruments else {}
    # 3. What it emits.
    choices = {(item["indicator"], item["use"]): item["factor"] for item in inputs.activity["factor_choices"]}
    for key, quantity in quantities.items():
        try:
            by_instrument = {instruments[id]: wh for id, wh in covered.get(key, {}).items()}
            lines[key] = _line(key, quantity, by_instrument, inputs, choices, gwp)
        except Refused as error:
            lines[key] = error
    return {key: lines[key] for key in sorted(lines)}


def _indicator(key: Key, inputs: Inputs) -> Indicator:
    unit, name = key
    if unit not in inputs.organisation.units:
        raise Refused("UNIT_UNKNOWN", f"unit {unit} is not in the organisation", unit=unit)
    indicator = inputs.library.indicators.get(name)
    if indicator is None:
        raise Refused("INDICATOR_UNKNOWN", f"indicator {name} is not in the release", indicator=name)
    return indicator


def _instruments(inputs: Inputs) -> list[Instrument]:
    return market_based.read_instruments(inputs.activity["instruments"], inputs.period, inputs.library, inputs.organisation)


def _line(
    key: Key,
    quantity: Quantity,
    covered: Mapping[Instrument, int],
    inputs: Inputs,
    choices: Mapping[tuple[str, str], str],
    gwp: Mapping[str, Fraction],
) -> Line:
    library, indicator = inputs.library, inputs.library.indicators[key[1]]

    def factor_for(use: str) -> Factor:
        choice = choices.get((indicator.id, use))
        name = library.select(indicator.id, use, inputs.organisation.region, inputs.period[0].year) if choice is None else choice
        return library.admitted(indicator, name, use, inputs.institution)

    factor = factor_for(LOCATION)
    emission = emission_of(quantity, factor, gwp)
    grams = dict.fromkeys(MEASURES, 0)
    grams[_BY_SCOPE[indicator.scope]] = emission.co2e
    market = None
    if indicator.is_market_based:
        residual = factor_for(MARKET)
        market, grams["scope2_market_g"] = _market(quantity, covered, residual, gwp)
    elif indicator.scope == 2:
        grams["scope2_market_g"] = emission.co2e
    return Line(
        unit=key[0],
        indicator=indicator.id,
        scope=indicator.scope,
        quantity=quantity,
        factor=factor.id,
        gases=emission.gases,
        fluorinated=emission.fluorinated,
        market=market,
        grams=grams,
        quality=max(source.quality for source in quantity.sources),
        activity_bp=activity_bp(quantity.sources, library),
        factor_bp=factor_bp(factor, library),
        sources=tuple((source.kind, source.id) for source in quantity.sources),
    )


def _market(quantity: Quantity, covered: Mapping[Instrument, int], residual: Factor, gwp: Mapping[str, Fraction]) -> tuple[Market, int]:
    """Return (the market-based part of a line, its grams): what instruments cover at their factors, the rest at the residual one."""
    rest = quantity.value - Fraction(sum(covered.values()), 1000)
    kg = rest * co2e_of(residual.gases_per(quantity.base_unit), gwp)
    kg += sum((Fraction(wh, 1000) * instrument.factor for instrument, wh in covered.items()), Fraction(0))
    by_id = tuple(sorted((instrument.id, wh) for instrument, wh in covered.items()))
    return Market(residual.id, by_id, rest), round_half_even(1000 * kg)
