"""What the demo says of a statement's figures: the columns side by side, and what made the change against the year before."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ledger.demo.seeds import BankSeed
from ledger.demo.voice import Voice
from ledger.errors import IntegrityError

ALL_SCOPES = "all_location_g"


def say_totals(voice: Voice, bank: BankSeed, statement: Mapping[str, Any]) -> None:
    """Say all columns of a statement, location- and market-based beside each other."""
    shown = {name: tonnes(int(grams)) for name, grams in statement["totals"].items()}
    voice.fact(
        f"{bank.en}: Scope 1 {shown['scope1_g']} t; Scope 2 location-based {shown['scope2_location_g']} t, market-based "
        f"{shown['scope2_market_g']} t; Scope 3 operations {shown['scope3_g']} t CO2e; {statement['lines']} lines, "
        f"{len(statement['findings'])} findings",
        f"{bank.zh}：范围一 {shown['scope1_g']} t；范围二 基于位置 {shown['scope2_location_g']} t、基于市场 "
        f"{shown['scope2_market_g']} t；范围三（运营） {shown['scope3_g']} t CO2e；{statement['lines']} 行，"
        f"{len(statement['findings'])} 条发现",
    )


def say_change(voice: Voice, bank: BankSeed, comparison: Mapping[str, Any]) -> None:
    """Say the change against the period before and its parts, all scopes together.

    Raises:
        IntegrityError: the parts do not add up to the change.
    """
    part = {name: int(grams) for name, grams in comparison["total"][ALL_SCOPES].items()}
    if part["activity"] + part["factor"] + part["boundary"] != part["change"]:
        raise IntegrityError(f"the parts of the change of {bank.id} do not add up to it")
    texts = {name: f"{'+' if grams > 0 else '−' if grams < 0 else ''}{tonnes(abs(grams))}" for name, grams in part.items()}
    before = comparison["before"]["period"]
    voice.fact(
        f"against {before}: {texts['change']} t, of which activity {texts['activity']}, factors {texts['factor']}, "
        f"boundary {texts['boundary']} (all scopes, location-based)",
        f"较 {before}：{texts['change']} t，其中活动 {texts['activity']}、因子 {texts['factor']}、边界 {texts['boundary']}"
        "（各范围合计，基于位置）",
    )


def tonnes(grams: int) -> str:
    """Return grams of 0 or more as tonnes with three decimals, cut off."""
    return f"{grams // 1_000_000:,}.{grams % 1_000_000 // 1_000:03d}"
