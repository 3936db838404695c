"""The clock on the wall as UTC, where clocks change: an hour that comes twice, and one that does not come (spec: meter-import §3)."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, tzinfo
from itertools import pairwise

import numpy as np

from ledger.metering.csv_block import Bytes, Ints, Mask

_DAY = 86_400


@dataclass(frozen=True)
class Instants:
    """For each stamp its UTC seconds, those of its second coming, and whether it comes twice or never.

    Where stamps end intervals, `edge` marks those that come twice in one of two ways to write: 1 the end of the first interval of the
    hour before it comes again, 2 the end of its last. One that stands there once is told apart by that. 3 marks the first stamp after
    clocks jumped, which ends the same interval as the one at which they did.
    """

    first: Ints
    second: Ints
    twice: Mask
    never: Mask
    edge: Bytes


def compute_instants(seconds: Ints, local: Mask, days: Ints, zone: tzinfo | None, *, elapsed: bool, ends: bool) -> Instants:
    """Return the instants of stamps.

    Args:
        seconds: since 1970, of UTC or where `local` as if the wall's clock were UTC.
        days: since 1970, to which the stamps belong.
        zone: of the stamps that are local; must be given where any is.
        elapsed: the seconds of a local stamp since its midnight are seconds that passed, not those of the wall's clock.
        ends: stamps end intervals, so that the end of an hour may be written by either clock.
    """
    first, second = seconds.copy(), seconds.copy()
    edge = np.zeros(len(seconds), dtype=np.uint8)
    if zone is not None and local.any():
        chosen = np.flatnonzero(local)
        order = np.argsort(days[chosen], kind="stable")
        chosen = chosen[order]
        bounds = np.append(np.flatnonzero(np.diff(days[chosen], prepend=days[chosen[:1]] - 1)), len(chosen)).tolist()
        for start, stop in pairwise(bounds):
            inside = chosen[start:stop]
            day = int(days[inside[0]])
            offset = _offset_of_day(day, zone)
            if offset is not None or elapsed:
                midnight = _utc(day * _DAY, zone, 0) - day * _DAY
                first[inside] = second[inside] = seconds[inside] + midnight
                continue
            for at in inside.tolist():
                first[at], second[at], edge[at] = _resolve(int(seconds[at]), zone, ends=ends)
    # Where clocks jump forward, the earlier offset gives the later instant (PEP 495).
    return Instants(first, second, first < second, first > second, edge)


def _offset_of_day(day: int, zone: tzinfo) -> int | None:
    """Return what a local day adds to its seconds, or None where its clock changes from the end of the day before to its own end."""
    begin, end = day * _DAY, (day + 1) * _DAY
    offsets = {_utc(at, zone, fold) - at for at in (begin - 1, begin, begin + _DAY // 2, end - 1, end) for fold in (0, 1)}
    return offsets.pop() if len(offsets) == 1 else None


def _resolve(seconds: int, zone: tzinfo, *, ends: bool) -> tuple[int, int, int]:
    first, second = _utc(seconds, zone, 0), _utc(seconds, zone, 1)
    if ends:
        before, after = (_utc(seconds - 1, zone, fold) + 1 for fold in (0, 1))
        if first < second and before == after:
            return first, second, 1
        if first == second and before < first:
            return before, second, 2
        if first == second and before > first:
            return first, second, 3
        if first > second and before == after:
            return first, first, 0  # the end of the last interval before clocks jump
    return first, second, 0


def _utc(seconds: int, zone: tzinfo, fold: int) -> int:
    return int(datetime.fromtimestamp(seconds, UTC).replace(tzinfo=zone, fold=fold).timestamp())


def which_coming(firsts: Ints, twice: Mask, edge: Bytes, *, descending: bool) -> tuple[Mask, Ints]:
    """Tell by their order which readings of one meter stand at the second coming of their stamp.

    Args:
        firsts: the first instants of the readings in the order of the file; they tell stamps apart.
        twice, edge: of the readings, as of `Instants`.
        descending: the file runs backwards.

    Returns:
        For each reading whether it is the second (or a later) one of its stamp; and the positions of those that stand alone and could
        be either.
    """
    second = np.zeros(len(firsts), dtype=np.bool_)
    at = np.flatnonzero(twice)
    counts: dict[int, int] = {}
    for place in (at[::-1] if descending else at).tolist():
        stamp = int(firsts[place])
        second[place] = counts.get(stamp, 0) > 0
        counts[stamp] = counts.get(stamp, 0) + 1
    alone = [place for place in at.tolist() if counts[int(firsts[place])] == 1]
    for place in alone:
        second[place] = edge[place] == 2
    return second, np.array([place for place in alone if not edge[place]], dtype=np.int64)
