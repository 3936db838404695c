"""What a statement is a function of (spec: method-operational-1 §1)."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from functools import cached_property

from ledger.errors import InputError
from ledger.indicators.release import Release
from ledger.records.activity import Activity
from ledger.records.meter_record import MeterRecord
from ledger.records.organisation import Organisation, Tree
from ledger.records.period import Period
from ledger.records.statement import CAUSES, MeterSummary


@dataclass(frozen=True)
class MeteredEnergy:
    """A meter's period in short: its bounds in Unix seconds and what the statement says of it."""

    start: int
    end: int
    summary: MeterSummary

    @classmethod
    def of_record(cls, meter: str, unit: str, record: MeterRecord, sub_meter_of: str | None = None) -> MeteredEnergy:
        """Return the short form of the record of `meter`, which belongs to organisational unit `unit` and may hang behind another meter."""
        facts = (meter, unit, record.quantity.value, record.digest(), record.total)
        summary = MeterSummary(*facts, *record.counts, sub_meter_of=sub_meter_of)
        return cls(record.start, record.end, summary)

    @property
    def has_gaps(self) -> bool:
        """Tell whether more than 5 % of the slots were not measured."""
        return 20 * (self.summary.slots - self.summary.measured) > self.summary.slots


@dataclass(frozen=True)
class Inputs:
    """Everything a statement depends on. The order inside the tuples does not matter.

    `today` serves one finding (a record dated in the future) and never enters the statement; None leaves that check out.

    Raises on construction:
        InputError: revision, cause and supersedes contradict each other.
    """

    organisation: Organisation
    activity: Activity
    release: Release
    period: Period
    meters: tuple[MeteredEnergy, ...] = ()
    revision: int = 1
    cause: str = "first"
    supersedes: str | None = None
    gwp: str = "AR6"
    today: date | None = None

    def __post_init__(self) -> None:
        first = self.revision == 1
        if self.revision < 1 or self.cause not in CAUSES or (self.cause == "first") != first or (self.supersedes is None) != first:
            raise InputError(
                f"revision {self.revision} with cause {self.cause!r} and supersedes {self.supersedes!r}",
                hint="revision 1 has cause first and supersedes nothing; every later one has another cause and the hash it replaces",
            )

    @cached_property
    def tree(self) -> Tree:
        """Return the tree of the period: each unit where it stood on the period's last day (documents §1)."""
        return self.organisation.tree(self.period.last_day)
