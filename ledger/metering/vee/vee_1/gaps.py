"""The gaps of a meter, and which rule may fill each of them, and why."""

from __future__ import annotations

from dataclasses import dataclass

from ledger.metering.vee.history import Ints, Mask, MeterHistory, runs
from ledger.metering.vee.vee_1.interpolate import interpolate
from ledger.metering.vee.vee_1.policies import Policies
from ledger.metering.vee.vee_1.proration import prorate
from ledger.metering.vee.vee_1.proxy_day import proxy_days
from ledger.records.meter_record import Quality


@dataclass(frozen=True)
class Gap:
    """Slots [start, stop) of a history without a reading, or with suspect ones where those are to be estimated too."""

    start: int
    stop: int

    @property
    def slots(self) -> int:
        """Return how many."""
        return self.stop - self.start


@dataclass(frozen=True)
class Proposal:
    """What a rule would write into a gap: `rule` with `values`, or None and `why` it stays open; `bill` where a bill is spread."""

    gap: Gap
    rule: str | None
    why: str
    values: Ints | None = None
    bill: str | None = None


def find_gaps(history: MeterHistory, *, suspect: bool = False) -> tuple[Gap, ...]:
    """Return the gaps of the judged days, in order of time; with `suspect`, doubtful readings are gaps too.

    While nothing hung there nothing is missing.
    """
    quality = history.series.quality
    missing = ((quality == Quality.MISSING) | (suspect & (quality == Quality.SUSPECT))) & history.hung
    first = history.series.bounds[history.judged]
    found = (Gap(max(start, first), stop) for start, stop in runs(missing))
    return tuple(gap for gap in found if gap.stop > first)


def propose(history: MeterHistory, policies: Policies, *, suspect: bool = False, rule: str | None = None) -> tuple[Proposal, ...]:
    """Return for each gap the rule that may fill it and the values it would write; with `rule`, that rule alone.

    Bills are spread last, over what the other rules leave, so that days and bill agree.
    """
    quality, values = history.series.quality, history.series.values.copy()
    known = (quality != Quality.MISSING) & ~(suspect & (quality == Quality.SUSPECT))
    filled = known | ~history.hung
    made: dict[int, Proposal] = {}
    gaps = find_gaps(history, suspect=suspect)
    for gap in gaps:
        proposal = _propose(history, gap, known, policies, rule)
        if proposal is not None and proposal.values is not None:
            made[gap.start] = proposal
            values[gap.start : gap.stop] = proposal.values
            filled[gap.start : gap.stop] = True
    for bill in sorted(history.bills, key=lambda item: (item.first, item.id)) if rule in (None, "bill") else ():
        for start, part in prorate(history, bill, values, filled, policies).items():
            gap = Gap(start, start + len(part))
            made[start] = Proposal(gap, "bill", f"the bill {bill.id} covers it", part, bill.id)
            values[start : gap.stop] = part
            filled[start : gap.stop] = True
    return tuple(made.get(gap.start) or Proposal(gap, None, _why_open(gap, policies)) for gap in gaps)


def _propose(history: MeterHistory, gap: Gap, known: Mask, policies: Policies, rule: str | None) -> Proposal | None:
    if gap.slots <= policies.interpolate_slots and rule in (None, "interpolate"):
        values = interpolate(history, gap.start, gap.stop, known)
        if values is not None:
            return Proposal(gap, "interpolate", "up to 2 h, with a reading on either side", values)
    if gap.slots <= policies.proxy_slots and rule in (None, "proxy_day"):
        values = proxy_days(history, gap.start, gap.stop, policies)
        if values is not None:
            return Proposal(gap, "proxy_day", "up to 7 days, and 2 of the same weekday in the 4 weeks before were measured", values)
    return None


def _why_open(gap: Gap, policies: Policies) -> str:
    if gap.slots <= policies.proxy_slots:
        return "fewer than 2 of the same weekday in the 4 weeks before were measured: enter a bill, or values with evidence"
    return "longer than 7 days: enter a bill that covers it, or values with evidence"
