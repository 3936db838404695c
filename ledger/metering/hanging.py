"""When something hung in a meter's place, by its fittings (spec: metering §2)."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import numpy as np
from numpy.typing import NDArray

from ledger.metering.fitting import Fitting

Mask = NDArray[np.bool_]
Span = tuple[int, int]
"""A stretch of time [start, end) in Unix seconds."""

LONG_AGO, FOR_EVER = -(2**62), 2**62


def find_hanging(fittings: Iterable[Fitting]) -> tuple[Span, ...]:
    """Return when something hung there: disjoint stretches that do not touch, ascending; without any fitting, always.

    Before the first fitting something hung there, unless that one is `installed`; from `removed` to the next fitting nothing did.
    """
    found: list[Span] = []
    ordered = sorted(fittings, key=lambda fitting: fitting.since)
    since: int | None = None if ordered and ordered[0].reason == "installed" else LONG_AGO
    for fitting in ordered:
        if fitting.reason != "removed":
            since = fitting.since if since is None else since
        elif since is not None:
            found.append((since, fitting.since))
            since = None
    return (*found, *(() if since is None else ((since, FOR_EVER),)))


def whole_slots(spans: Sequence[Span], start: int, step: int, count: int) -> Mask:
    """Return which of `count` slots of `step` seconds from `start` on lie wholly within one of the stretches."""
    made = np.zeros(count, dtype=np.bool_)
    for since, until in spans:
        first, last = -((start - since) // step), (until - start) // step
        made[max(0, min(first, count)) : max(0, min(last, count))] = True
    return made


def touched_slots(spans: Sequence[Span], start: int, step: int, count: int) -> Mask:
    """Return which of `count` slots of `step` seconds from `start` on have an instant in one of the stretches."""
    made = np.zeros(count, dtype=np.bool_)
    for since, until in spans:
        first, last = (since - start) // step, -((start - until) // step)
        made[max(0, min(first, count)) : max(0, min(last, count))] = True
    return made
