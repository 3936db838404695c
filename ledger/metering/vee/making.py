"""Make edits from what a rule or a person says of a history's slots (spec: metering §8)."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from ledger.errors import InputError
from ledger.metering.edits import MAX_SLOTS, Change, Edit, Evidence, get_rule
from ledger.metering.meter_day import SLOT_SECONDS
from ledger.metering.vee.history import Flags, MeterHistory
from ledger.records.meter_record import Quality


@dataclass(frozen=True)
class Author:
    """Who edits what, by which rule set, why, on what evidence, when (Unix seconds)."""

    institution: str
    rule_set: str
    by: str
    at: int
    reason: str
    evidence: Evidence | None = None


def make_edits(history: MeterHistory, rule: str, start: int, values: Sequence[int] | None, stop: int, author: Author) -> Iterator[Edit]:
    """Yield the edits that give the slots [start, stop) of a history these values by a rule; None keeps the values, for the rule flag.

    Slots that the rule would leave as they are, and missing ones under `flag` and `replace`, are left out: a hole cuts an edit in two.

    Raises:
        InputError: another number of values than slots.
    """
    leaves = get_rule(rule).leaves
    if values is not None and len(values) != stop - start:
        raise InputError(f"{len(values)} values for {stop - start} slots")
    changes: list[Change] = []
    first = start
    for at in range(start, stop + 1):
        change = None
        if at < stop:
            before, quality = int(history.series.values[at]), int(history.series.quality[at])
            after = before if values is None else values[at - start]
            change = Change(before, quality, after, int(leaves))
            if change.is_none or (quality == Quality.MISSING and rule in ("flag", "replace")):
                change = None
        if changes and (change is None or len(changes) == MAX_SLOTS):
            yield _edit(history, rule, first, changes, author)
            changes = []
        if change is not None:
            first = at if not changes else first
            changes.append(change)


def _edit(history: MeterHistory, rule: str, first: int, changes: list[Change], author: Author) -> Edit:
    return Edit(
        institution=author.institution,
        meter=history.meter,
        rule_set=author.rule_set,
        rule=rule,
        start=(history.first_slot + first) * SLOT_SECONDS,
        slots=tuple(changes),
        reason=author.reason,
        by=author.by,
        at=author.at,
        evidence=author.evidence,
    )


@dataclass(frozen=True)
class Shares:
    """Slots by origin: measured (actual, suspect), estimated (estimated, substituted), manual, missing."""

    measured: int
    estimated: int
    manual: int
    missing: int

    @classmethod
    def of(cls, quality: Flags) -> Shares:
        """Return the shares of quality bytes."""
        count = [int((quality == flag).sum()) for flag in Quality]
        measured, estimated = count[Quality.ACTUAL] + count[Quality.SUSPECT], count[Quality.ESTIMATED] + count[Quality.SUBSTITUTED]
        return cls(measured, estimated, count[Quality.MANUAL], count[Quality.MISSING])
