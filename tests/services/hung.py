"""Fittings of oak's meters, as a bank states them."""

from __future__ import annotations

from typing import Any

from ledger.services import fittings
from tests.product import Town, preparer


def stated(since: str, reason: str, *, first: str = "0", final: str = "500") -> dict[str, Any]:
    """What a person states of a change; readings as its reason needs them."""
    return {
        "since": since,
        "serial": "DTZ-1",
        "seal": None,
        "ratio": {"ct": "1", "pt": "1"},
        "register": {"digits": 6, "decimals": 2},
        "first": None if reason == "removed" else first,
        "final_before": None if reason == "installed" else final,
        "reason": reason,
        "reference": "work order 1",
    }


def fit(town: Town, meter: str, since: str, reason: str, *, first: str = "0", final: str = "500") -> fittings.FittingView:
    """Record what hangs in a meter's place from an instant on."""
    with town.work(preparer("oak")) as work:
        return fittings.record_fitting(work, "oak", meter, stated(since, reason, first=first, final=final))
