"""Name the first line that differs from its recomputation, and why: data, allocation, factor, instrument, method or rounding."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

from verifier.errors import Refused
from verifier.exact import round_half_even, shortest_decimal
from verifier.library import GASES, Library
from verifier.operational_1 import Line, emission_of
from verifier.roll_up import MEASURES

INSTRUMENT = "instrument"
_CAUSES_OF_REFUSAL = (("FACTOR", "factor"), ("ALLOCATION", "allocation"), ("GAS", "method"))  # by the beginning of the code


@dataclass(frozen=True, slots=True)
class Divergence:
    """Hold where a stated line leaves the recomputed one."""

    unit: str
    indicator: str
    cause: str
    field: str
    expected: str
    found: str
    factor: str = ""


def find_divergences(
    lines: list[Any], computed: Mapping[tuple[str, str], Line | Refused], library: Library, gwp_id: str
) -> list[Divergence]:
    """Return every line that differs: one entry per line, its first differing field, in the order of (unit, indicator).

    What instruments leave to one line depends on all others, so lines that differ in that alone come last.
    """
    stated = {(line["unit"], line["indicator"]): line for line in lines}
    found = []
    for unit, indicator in sorted(set(stated) | set(computed)):
        line, own = stated.get((unit, indicator)), computed.get((unit, indicator))
        if own is None:
            found.append(Divergence(unit, indicator, "data", "line", "no source, so no line", "a line"))
        elif isinstance(own, Refused):
            cause = next((cause for start, cause in _CAUSES_OF_REFUSAL if own.code.startswith(start)), "data")
            found.append(Divergence(unit, indicator, cause, "line", str(own.facts.get("expected", "no line")), str(own)))
        elif line is None:
            found.append(Divergence(unit, indicator, "data", "line", "a line", "none"))
        else:
            divergence = _Comparison(line, own, library, gwp_id).first()
            if divergence is not None:
                found.append(divergence)
    return sorted(found, key=lambda entry: entry.cause == INSTRUMENT)


class _Comparison:
    """Compare one stated line with the recomputed one, field by field."""

    def __init__(self, line: Any, own: Line, library: Library, gwp_id: str) -> None:
        self._line = line
        self._own = own
        self._library = library
        self._gwp_id = gwp_id

    def first(self) -> Divergence | None:
        """Return the first field that differs: what went in, which factors were taken, what came out."""
        return self._sources() or self._factors() or self._instruments() or self._outcome() or self._uncertainty()

    def _differs(self, cause: str, field: str, expected: object, found: object) -> Divergence:
        return Divergence(self._own.unit, self._own.indicator, cause, field, str(expected), str(found), self._own.factor)

    def _sources(self) -> Divergence | None:
        line, own = self._line, self._own
        if line["scope"] != own.scope:
            return self._differs("method", "scope", own.scope, line["scope"])
        stated_quantity = f"{line['quantity']['value']} {line['quantity']['unit']}"
        own_quantity = f"{shortest_decimal(own.quantity.value)} {own.quantity.base_unit}"
        if stated_quantity != own_quantity:
            return self._differs("allocation" if own.quantity.allocated else "data", "quantity", own_quantity, stated_quantity)
        sources = [(source["kind"], source["id"]) for source in line["sources"]]
        if sources != list(own.sources):
            odd = sorted(set(sources) ^ set(own.sources))
            return self._differs(
                "data", "sources", _listed(own.sources), _listed(sources) if odd else "the same sources in another order or twice"
            )
        if line["quality"] != own.quality:
            return self._differs("data", "quality", own.quality, line["quality"])
        return None

    def _factors(self) -> Divergence | None:
        line, own = self._line, self._own
        if line["factor"] != own.factor:
            return self._differs("factor", "factor", own.factor, line["factor"])
        if (line["market"] is None) != (own.market is None):
            return self._differs("method", "market", *("none" if market is None else "one" for market in (own.market, line["market"])))
        if own.market is not None and line["market"]["factor"] != own.market.factor:
            return self._differs("factor", "market.factor", own.market.factor, line["market"]["factor"])
        return None

    def _instruments(self) -> Divergence | None:
        market = self._own.market
        if market is None:
            return None
        covered = [(id, shortest_decimal(Fraction(wh, 1000))) for id, wh in market.covered]
        stated = [(item["instrument"], item["quantity"]) for item in self._line["market"]["covered"]]
        if stated != covered:
            return self._differs(INSTRUMENT, "market.covered", _listed(covered), _listed(stated))
        rest = shortest_decimal(market.rest)
        if self._line["market"]["rest"] != rest:
            return self._differs(INSTRUMENT, "market.rest", rest, self._line["market"]["rest"])
        return None

    def _outcome(self) -> Divergence | None:
        line, own = self._line, self._own
        for gas in GASES:
            if int(line["gases"][gas]) != own.gases[gas]:
                return self._differs(self._cause(), f"gases.{gas}", own.gases[gas], line["gases"][gas])
        fluorinated = [(item["gas"], int(item["g"])) for item in line["fluorinated"]]
        if fluorinated != list(own.fluorinated):
            return self._differs(self._cause(), "fluorinated", _listed(own.fluorinated), _listed(fluorinated))
        for measure in MEASURES:
            if int(line[measure]) != own.grams[measure]:
                return self._differs(self._cause(), measure, own.grams[measure], line[measure])
        return None

    def _uncertainty(self) -> Divergence | None:
        stated, own = self._line["uncertainty"], self._own
        if stated["activity_bp"] != own.activity_bp:
            cause = "rounding" if abs(stated["activity_bp"] - own.activity_bp) == 1 else "data"
            return self._differs(cause, "uncertainty.activity_bp", own.activity_bp, stated["activity_bp"])
        if stated["factor_bp"] != own.factor_bp:
            return self._differs("factor", "uncertainty.factor_bp", own.factor_bp, stated["factor_bp"])
        return None

    def _cause(self) -> str:
        """Tell rounding, method, instrument and factor apart by what would have given the stated figures."""
        line, own = self._line, self._own
        stated = {measure: int(line[measure]) for measure in MEASURES}
        gases = {**{gas: int(line["gases"][gas]) for gas in GASES}, **{item["gas"]: int(item["g"]) for item in line["fluorinated"]}}
        own_gases = {**own.gases, **dict(own.fluorinated)}
        pairs = [(stated[measure], own.grams[measure]) for measure in MEASURES]
        pairs += [(gases.get(gas, 0), own_gases.get(gas, 0)) for gas in {*gases, *own_gases}]
        if all(abs(found - expected) <= 1 for found, expected in pairs):
            return "rounding"
        if gases == own_gases and self._is_other_method(stated):
            return "method"
        only_market = all(stated[measure] == own.grams[measure] for measure in MEASURES if measure != "scope2_market_g")
        return INSTRUMENT if gases == own_gases and only_market and own.market is not None and own.market.covered else "factor"

    def _is_other_method(self, stated: Mapping[str, int]) -> bool:
        own, library = self._own, self._library
        if sorted(stated.values()) == sorted(own.grams.values()):
            return True  # the right figure in another scope's place
        columns = own.grams["scope2_location_g"], own.grams["scope2_market_g"]
        others = all(stated[measure] == own.grams[measure] for measure in ("scope1_g", "scope3_g"))
        if others and stated["scope2_location_g"] in (0, *columns) and stated["scope2_market_g"] in (0, *columns):
            return True  # one column of Scope 2 empty, or with the other one's figure
        if all(stated[measure] == own.grams[measure] for measure in MEASURES if measure != "scope2_market_g"):
            return False
        factor, total = library.factors[own.factor], sum(stated.values()) - stated["scope2_market_g"]
        for other, gwp in library.gwp_sets.items():
            known = set(factor.blend or {}) <= set(gwp)
            if other != self._gwp_id and known and emission_of(own.quantity, factor, gwp).co2e == total:
                return True  # another set of warming potentials
        gwp = library.gwp_sets[self._gwp_id]
        parts = sum((grams * gwp[gas] for gas, grams in {**own.gases, **dict(own.fluorinated)}.items()), Fraction(0))
        return total in (round_half_even(parts), own.gases["CO2"])  # added from rounded gases, or CO2 alone


def _listed(pairs: Any) -> str:
    text = ", ".join(f"{first} {second}" for first, second in pairs) or "none"
    return text if len(text) < 400 else text[:400] + " …"
