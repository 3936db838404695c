"""A seeded simulation of a total's uncertainty: a check of the quadrature, never a stated figure (spec: analysis §7).

This is the one file of the room with floating-point numbers: they are draws, and nothing of them enters a quantity. The generator is
numpy's RandomState, whose stream for a seed is frozen.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np

from ledger.accounting.analysis.uncertainty import BP, Contribution
from ledger.errors import InputError

WITHIN_95 = 1.96
MAX_DRAWS = 1_000_000


@dataclass(frozen=True)
class Simulation:
    """The simulated 95 % half-width in basis points of the total; None where the total is 0."""

    draws: int
    seed: int
    half_width_bp: int | None


def simulate(items: Iterable[Contribution], draws: int, seed: int) -> Simulation:
    """Return the half-width of `draws` seeded draws: one normal number per line and one per factor, in the order of the items.

    Raises:
        InputError: fewer than 2 draws or more than a million, or a seed that is none.
    """
    if not 2 <= draws <= MAX_DRAWS or not 0 <= seed < 2**32:
        raise InputError(f"{draws} draws with seed {seed}", hint=f"give 2 to {MAX_DRAWS} draws and a seed from 0 to {2**32 - 1}")
    known = tuple(items)
    total = sum(item.grams for item in known)
    if total == 0:
        return Simulation(draws, seed, None)
    generator = np.random.RandomState(seed)
    factors = {id: _draw(generator, draws) for id in dict.fromkeys(item.factor for item in known)}
    drawn = np.zeros(draws)
    for item in known:
        activity = 1 + item.activity_bp / BP * _draw(generator, draws)
        drawn += item.grams / abs(total) * activity * (1 + item.factor_bp / BP * factors[item.factor])
    return Simulation(draws, seed, round(float(np.std(drawn, ddof=1)) * WITHIN_95 * BP))


def _draw(generator: np.random.RandomState, draws: int) -> np.ndarray[tuple[int], np.dtype[np.float64]]:
    """Return normal numbers of which 95 % lie within ±1."""
    drawn: np.ndarray[tuple[int], np.dtype[np.float64]] = generator.standard_normal(draws) / WITHIN_95
    return drawn
