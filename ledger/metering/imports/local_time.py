"""The clock on the wall as UTC, where clocks change: an hour that comes twice, and one that does not come (spec: meter-import §3)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, tzinfo

import numpy as np

from ledger.metering.csv_block import Bytes, Ints, Mask
from ledger.metering.imports.stamps import Stamp


@dataclass(frozen=True)
class Instants:
    """For each stamp its UTC seconds, those of its second coming, and whether it comes twice or never.

    Where stamps end intervals, `edge` marks those that come twice in one of two ways to write: 1 the end of the first interval of the
    hour before it comes again, 2 the end of its last. One that stands there once is told apart by that.
    """

    first: Ints
    second: Ints
    twice: Mask
    never: Mask
    edge: Bytes


def compute_instants(stamps: Sequence[Stamp], zone: tzinfo | None, *, elapsed: bool, ends: bool) -> Instants:
    """Return the instants of stamps.

    Args:
        zone: of the stamps that are local; must be given where any is.
        elapsed: the seconds of a local stamp since its midnight are seconds that passed, not those of the wall's clock.
        ends: stamps end intervals, so that the end of an hour may be written by either clock.
    """
    first, second = np.zeros(len(stamps), dtype=np.int64), np.zeros(len(stamps), dtype=np.int64)
    edge = np.zeros(len(stamps), dtype=np.uint8)
    for at, stamp in enumerate(stamps):
        seconds = stamp.seconds
        if not stamp.local or zone is None:
            first[at] = second[at] = seconds
        elif elapsed:
            midnight = seconds - seconds % 86_400
            first[at] = second[at] = _utc(midnight, zone, 0) + seconds - midnight
        else:
            first[at], second[at] = _utc(seconds, zone, 0), _utc(seconds, zone, 1)
            if ends:
                before = _utc(seconds - 1, zone, 0) + 1
                if first[at] < second[at] and _utc(seconds - 1, zone, 1) + 1 == before:
                    edge[at] = 1
                elif first[at] == second[at] and before < first[at]:
                    first[at], edge[at] = before, 2
                elif first[at] > second[at] and _utc(seconds - 1, zone, 1) + 1 == before:
                    second[at] = first[at]  # the end of the last interval before clocks jump
    # Where clocks jump forward, the earlier offset gives the later instant (PEP 495).
    return Instants(first, second, first < second, first > second, edge)


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
