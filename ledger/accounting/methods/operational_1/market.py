"""Spread instruments over consumption, exactly: whole Wh, pro rata, largest remainder (spec: method-operational-1 §6)."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from fractions import Fraction

from ledger.accounting.methods.operational_1.instruments import WH_PER_KWH, CoveringInstrument
from ledger.accounting.methods.operational_1.sources import LineKey
from ledger.records.findings import Finding
from ledger.records.organisation import Tree
from ledger.records.statement import Covered, MarketBased
from ledger.units import format_decimal


@dataclass(frozen=True)
class Coverage:
    """What covers one line: (instrument, whole Wh above 0) by instrument id."""

    parts: tuple[tuple[CoveringInstrument, int], ...] = ()

    def rest(self, kwh: Fraction) -> Fraction:
        """Return the kWh of a line of `kwh` that no instrument covers."""
        return kwh - Fraction(sum(watt_hours for _, watt_hours in self.parts), WH_PER_KWH)

    def grams(self, kwh: Fraction, residual: Fraction) -> Fraction:
        """Return the exact market-based grams CO2e of a line of `kwh`, the rest at `residual` kg CO2e/kWh."""
        # Wh × kg/kWh are grams. Certificates, which are most, have the factor 0.
        covered = sum((watt_hours * instrument.factor for instrument, watt_hours in self.parts if instrument.factor), Fraction(0))
        return covered + 1000 * self.rest(kwh) * residual

    def document(self, factor: str, kwh: Fraction) -> MarketBased:
        """Return what the statement's line says of it; `factor` is the residual factor's id."""
        covered = tuple(Covered(instrument.id, format_decimal(Fraction(watt_hours, WH_PER_KWH))) for instrument, watt_hours in self.parts)
        return MarketBased(factor, covered, format_decimal(self.rest(kwh)))


def cover(
    instruments: Iterable[CoveringInstrument], consumption: Mapping[LineKey, Fraction], tree: Tree
) -> tuple[dict[LineKey, Coverage], tuple[Finding, ...]]:
    """Return the coverage of every line of `consumption` (kWh), and a finding for each instrument with a surplus.

    An instrument serves the lines of its unit and all below in the tree of the period; those of deeper units come first.
    """
    needs = {key: int(kwh * WH_PER_KWH) for key, kwh in consumption.items()}
    found: dict[LineKey, list[tuple[CoveringInstrument, int]]] = {key: [] for key in consumption}
    findings: list[Finding] = []
    for instrument in sorted(instruments, key=lambda item: (-tree.depth(item.unit), item.id.encode())):
        served = tree.below(instrument.unit)
        open_needs = {key: need for key, need in needs.items() if need and key[0] in served}
        shares = spread(instrument.watt_hours, open_needs)
        for key, watt_hours in shares.items():
            needs[key] -= watt_hours
            found[key].append((instrument, watt_hours))
        findings.extend(_check_surplus(instrument, sum(shares.values())))
    return {key: Coverage(tuple(sorted(parts, key=lambda part: part[0].id.encode()))) for key, parts in found.items()}, tuple(findings)


def spread(watt_hours: int, needs: Mapping[LineKey, int]) -> dict[LineKey, int]:
    """Return the whole Wh of each line, none of 0: every need where `watt_hours` suffices, else pro rata to the needs.

    Shares are rounded down; the Wh left over go one each to the greatest remainders, ties to the smaller key by bytes. So no line gets more
    than its need, all are handed out, and each share is less than 1 Wh from the exact one.
    """
    total = sum(needs.values())
    if watt_hours >= total:
        return {key: need for key, need in needs.items() if need}
    parts = {key: divmod(watt_hours * need, total) for key, need in needs.items()}
    left = watt_hours - sum(whole for whole, _ in parts.values())
    order = sorted(parts, key=lambda key: (-parts[key][1], key[0].encode(), key[1].encode()))
    favoured = set(order[:left])
    shares = {key: whole + (key in favoured) for key, (whole, _) in parts.items()}
    return {key: share for key, share in shares.items() if share}


def _check_surplus(instrument: CoveringInstrument, covered: int) -> Iterable[Finding]:
    surplus = instrument.watt_hours - covered
    if surplus > 0:
        params = {"instrument": instrument.id, "unit": instrument.unit, "surplus_wh": str(surplus)}
        got, used = (f"{format_decimal(Fraction(watt_hours, WH_PER_KWH))} kWh" for watt_hours in (instrument.watt_hours, covered))
        expected = f"at most {used}: what is not covered yet at {instrument.unit} and below"
        action = "nothing: what is left covers nothing; more than is used is never covered"
        yield Finding("INSTRUMENT_SURPLUS", "info", f"{instrument.place}/quantity/value", action, got, expected, params)
