"""The gaps of meters: where they are, which rule may fill each, and what it would write (spec: metering §8)."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, field

from ledger.metering.meter_day import SLOT_SECONDS
from ledger.metering.vee.history import MeterHistory
from ledger.metering.vee.making import Shares
from ledger.metering.vee.vee_1.gaps import Proposal, propose
from ledger.metering.vee.vee_1.policies import VEE_1
from ledger.services.context import Work
from ledger.services.meter_history import Window, chosen_meters, load_history


@dataclass(frozen=True)
class GapView:
    """A gap [start, end) in Unix seconds. `rule` may fill it, None where it stays open; `values` would be written, in the stored unit."""

    meter: str
    start: int
    end: int
    slots: int
    rule: str | None
    why: str
    bill: str | None
    total: int | None
    values: tuple[int, ...] = field(repr=False)


@dataclass(frozen=True)
class MeterGaps:
    """The gaps of a meter in a window, and the shares of its slots there.

    `basis` is the SHA-256 of the slots that these gaps were seen in: estimates can be asked for on that basis alone.
    """

    meter: str
    shares: Shares
    basis: str
    gaps: tuple[GapView, ...]


def find_gaps(
    work: Work, institution: str, window: Window, meter: str | None = None, *, suspect: bool = False, rule: str | None = None
) -> tuple[MeterGaps, ...]:
    """Return the gaps of one meter or of all, with the estimate of each; with `suspect`, of doubtful readings too. It changes nothing.

    Raises:
        NotFound: no such institution or meter.
    """
    rows = chosen_meters(work, institution, meter)
    return tuple(_gaps(load_history(work, row, window), suspect, rule) for row in rows)


def basis_of(history: MeterHistory) -> str:
    """Return the SHA-256 of the judged slots of a history."""
    first = history.series.bounds[history.judged]
    values, quality = history.series.values[first:], history.series.quality[first:]
    return hashlib.sha256(values.astype("<i8").tobytes() + quality.tobytes()).hexdigest()


def _gaps(history: MeterHistory, suspect: bool, rule: str | None) -> MeterGaps:
    quality = history.series.quality[history.series.bounds[history.judged] :]
    views = tuple(_view(history, proposal) for proposal in propose(history, VEE_1, suspect=suspect, rule=rule))
    return MeterGaps(history.meter, Shares.of(quality), basis_of(history), views)


def _view(history: MeterHistory, proposal: Proposal) -> GapView:
    gap, values = proposal.gap, () if proposal.values is None else tuple(proposal.values.tolist())
    return GapView(
        meter=history.meter,
        start=(history.first_slot + gap.start) * SLOT_SECONDS,
        end=(history.first_slot + gap.stop) * SLOT_SECONDS,
        slots=gap.slots,
        rule=proposal.rule,
        why=proposal.why,
        bill=proposal.bill,
        total=sum(values) if proposal.rule else None,
        values=values,
    )
