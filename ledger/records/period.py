"""Reporting periods: local dates of an institution as Unix seconds [start, end)."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from ledger.errors import InputError
from ledger.identifiers import check_identifier

DAY_SECONDS = 86_400


@dataclass(frozen=True)
class Period:
    """A period [start, end) in Unix seconds, with the IANA time zone in which its days are local days."""

    id: str
    start: int
    end: int
    timezone: str

    def __post_init__(self) -> None:
        check_identifier(self.id)
        _zone(self.timezone)
        if not 0 <= self.start < self.end < 2**40:
            raise InputError(f"the period {self.id} runs from {self.start} to {self.end}", hint="expected Unix seconds, start before end")

    @classmethod
    def of_dates(cls, id: str, first: date, last: date, timezone: str) -> Period:
        """Return the period from the start of local day `first` to the end of local day `last`, both inclusive.

        Raises:
            InputError: `last` is before `first`, or the time zone is unknown.
        """
        zone = _zone(timezone)
        if last < first:
            raise InputError(f"the period {id} ends on {last} before it starts on {first}", hint="swap the dates")
        return cls(id, _midnight(first, zone), _midnight(last + timedelta(days=1), zone), timezone)

    @property
    def first_day(self) -> date:
        """Return the local date of the first second."""
        return datetime.fromtimestamp(self.start, _zone(self.timezone)).date()

    @property
    def last_day(self) -> date:
        """Return the local date of the last second."""
        return datetime.fromtimestamp(self.end - 1, _zone(self.timezone)).date()

    @property
    def utc_days(self) -> range:
        """Return the UTC day numbers (Unix seconds ÷ 86,400) that the period touches."""
        return range(self.start // DAY_SECONDS, (self.end - 1) // DAY_SECONDS + 1)

    def slots(self, minutes: int) -> int:
        """Return how many intervals of `minutes` the period holds.

        Raises:
            InputError: the bounds are not on the grid of these intervals.
        """
        step = minutes * 60
        if step <= 0 or self.start % step or self.end % step:
            raise InputError(f"the period {self.id} is not made of whole intervals of {minutes} minutes")
        return (self.end - self.start) // step

    def contains(self, instant: int) -> bool:
        """Tell whether the Unix second `instant` lies in the period."""
        return self.start <= instant < self.end


def _midnight(day: date, zone: ZoneInfo) -> int:
    # Where clocks change at midnight, fold 0 takes the first of two midnights and the transition itself where there is none,
    # so that neighbouring periods always meet.
    return int(datetime.combine(day, time.min, tzinfo=zone).timestamp())


def _zone(name: str) -> ZoneInfo:
    try:
        return ZoneInfo(name)
    except (KeyError, ValueError, OSError) as error:
        raise InputError(f"unknown time zone {name[:40]!r}", hint="use an IANA name, as Asia/Shanghai") from error
