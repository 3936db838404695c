"""Make edits from what a rule or a person says of a history's slots (spec: metering §8)."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from ledger.errors import InputError
from ledger.metering.edits import MAX_SLOTS, Change, Edit, Evidence, get_rule
from ledger.metering.meter_day import SLOT_SECONDS
from ledger.metering.vee.history import Flags, Ints, MeterHistory
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


@dataclass(frozen=True)
class Stretch:
    """Slots of a meter as they stand, from `first_slot` (Unix seconds ÷ 900) on; a missing slot has value and quality 0."""

    meter: str
    first_slot: int
    values: Ints
    quality: Flags

    @classmethod
    def of(cls, history: MeterHistory, start: int, stop: int) -> Stretch:
        """Return the slots [start, stop) of a history."""
        return cls(history.meter, history.first_slot + start, history.series.values[start:stop], history.series.quality[start:stop])


def make_edits(stretch: Stretch, rule: str, values: Sequence[int] | None, author: Author) -> Iterator[Edit]:
    """Yield the edits that give every slot of a stretch its value by a rule; None keeps the values, for the rule flag.

    Slots that the rule would leave as they are, and missing ones under `flag` and `replace`, are left out: a hole cuts an edit in two.

    Raises:
        InputError: another number of values than slots.
    """
    leaves, length = get_rule(rule).leaves, len(stretch.values)
    if values is not None and len(values) != length:
        raise InputError(f"{len(values)} values for {length} slots", hint="give one value for each quarter-hour")
    changes: list[Change] = []
    for at in range(length + 1):
        change = None
        if at < length:
            before, quality = int(stretch.values[at]), int(stretch.quality[at])
            change = Change(before, quality, before if values is None else values[at], int(leaves))
            if change.is_none or (quality == Quality.MISSING and rule in ("flag", "replace")):
                change = None
        if changes and (change is None or len(changes) == MAX_SLOTS):
            yield _edit(stretch, rule, at - len(changes), changes, author)
            changes = []
        if change is not None:
            changes.append(change)


def _edit(stretch: Stretch, rule: str, first: int, changes: list[Change], author: Author) -> Edit:
    return Edit(
        institution=author.institution,
        meter=stretch.meter,
        rule_set=author.rule_set,
        rule=rule,
        start=(stretch.first_slot + first) * SLOT_SECONDS,
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
