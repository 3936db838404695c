"""Name the first line that differs from its recomputation, and why: data, factor, method or rounding."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

from verifier.errors import Refused
from verifier.library import GASES, Library
from verifier.operational_1 import MEASURES, Line, grams_of, round_half_even


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


def shortest_decimal(value: Fraction) -> str:
    """Return the shortest exact decimal of `value`, or p/q where there is none."""
    rest, twos, fives = value.denominator, 0, 0
    while rest % 2 == 0:
        rest, twos = rest // 2, twos + 1
    while rest % 5 == 0:
        rest, fives = rest // 5, fives + 1
    if rest != 1:
        return f"{value.numerator}/{value.denominator}"
    places = max(twos, fives)
    digits = str(abs(value.numerator) * 10**places // value.denominator).rjust(places + 1, "0")
    sign = "-" if value < 0 else ""
    return f"{sign}{digits[:-places]}.{digits[-places:]}" if places else sign + digits


def find_divergences(
    lines: list[Any], computed: Mapping[tuple[str, str], Line | Refused], library: Library, gwp_id: str
) -> list[Divergence]:
    """Return every line that differs, in the order of (unit, indicator); one entry per line, its first differing field."""
    stated = {(line["unit"], line["indicator"]): line for line in lines}
    found = []
    for unit, indicator in sorted(set(stated) | set(computed)):
        line, own = stated.get((unit, indicator)), computed.get((unit, indicator))
        if own is None:
            found.append(Divergence(unit, indicator, "data", "line", "no source, so no line", "a line"))
        elif isinstance(own, Refused):
            cause = "factor" if own.code.startswith("FACTOR") else "method" if own.code.startswith("GWP") else "data"
            found.append(Divergence(unit, indicator, cause, "line", str(own.facts.get("expected", "no line")), str(own)))
        elif line is None:
            found.append(Divergence(unit, indicator, "data", "line", "a line", "none"))
        else:
            divergence = _compare(line, own, library, gwp_id)
            if divergence is not None:
                found.append(divergence)
    return found


def _compare(line: Any, own: Line, library: Library, gwp_id: str) -> Divergence | None:
    def differs(cause: str, field: str, expected: object, found: object) -> Divergence:
        return Divergence(own.unit, own.indicator, cause, field, str(expected), str(found), own.factor)

    # 1. What went in: scope, quantity, sources and their quality.
    if line["scope"] != own.scope:
        return differs("method", "scope", own.scope, line["scope"])
    stated_quantity = f"{line['quantity']['value']} {line['quantity']['unit']}"
    own_quantity = f"{shortest_decimal(own.quantity)} {own.base_unit}"
    if stated_quantity != own_quantity:
        return differs("data", "quantity", own_quantity, stated_quantity)
    sources = [(source["kind"], source["id"]) for source in line["sources"]]
    if sources != list(own.sources):
        odd = sorted(set(sources) ^ set(own.sources))
        return differs("data", "sources", _names(own.sources), _names(sources) if odd else "the same sources in another order or twice")
    if line["quality"] != own.quality:
        return differs("data", "quality", own.quality, line["quality"])
    # 2. Which factor was taken.
    if line["factor"] != own.factor:
        return differs("factor", "factor", own.factor, line["factor"])
    # 3. What came out.
    for gas in GASES:
        if int(line["gases"][gas]) != own.gases[gas]:
            return differs(_cause(line, own, library, gwp_id), f"gases.{gas}", own.gases[gas], line["gases"][gas])
    for measure in MEASURES:
        if int(line[measure]) != own.grams[measure]:
            return differs(_cause(line, own, library, gwp_id), measure, own.grams[measure], line[measure])
    return None


def _names(sources: Any) -> str:
    text = ", ".join(f"{kind} {name}" for kind, name in sources)
    return text if len(text) < 400 else text[:400] + " …"


def _cause(line: Any, own: Line, library: Library, gwp_id: str) -> str:
    """Tell rounding, method and factor apart by what would have given the stated figures."""
    pairs = [(int(line["gases"][gas]), own.gases[gas]) for gas in GASES] + [
        (int(line[measure]), own.grams[measure]) for measure in MEASURES
    ]
    if all(abs(stated - computed) <= 1 for stated, computed in pairs):
        return "rounding"
    stated = [int(line[measure]) for measure in MEASURES]
    mine = [own.grams[measure] for measure in MEASURES]
    if sorted(stated) == sorted(mine):
        return "method"  # the right figure in another scope's place
    indicator = library.indicators[own.indicator]
    factor = library.factors[own.factor]
    for other, gwp in library.gwp_sets.items():
        if other != gwp_id and _listed(grams_of(own.quantity, factor, own.base_unit, gwp, indicator)[1]) == stated:
            return "method"  # another set of warming potentials
    total = sum(stated)
    gwp = library.gwp_sets[gwp_id]
    parts = sum((own.gases[gas] * gwp[gas] for gas in GASES if gas != "CO2"), Fraction(own.gases["CO2"]))
    if total in (round_half_even(parts), own.gases["CO2"]):
        return "method"  # added from rounded gases, or CO2 alone
    return "factor"


def _listed(grams: Mapping[str, int]) -> list[int]:
    return [grams[measure] for measure in MEASURES]
