"""Hold what recomputing a bundle's statement came to: a line of its own beside checks and level (bundle.md §2)."""

from __future__ import annotations

from dataclasses import dataclass

from verifier.check_lines import Recomputed
from verifier.checks import Check

RECOMPUTED, DIVERGES, NOT_RECOMPUTED = "RECOMPUTED", "DIVERGES", "NOT RECOMPUTED"


@dataclass(frozen=True, slots=True)
class Recomputation:
    """Hold the outcome, the figures where there are any, the answers that diverged or could not be given, and a word on them.

    Where it is RECOMPUTED, `reason` names the quantities of meters whose totals are the signed statement's alone, having no leaf.
    """

    outcome: str
    figures: Recomputed | None = None
    checks: tuple[Check, ...] = ()
    reason: str = ""
