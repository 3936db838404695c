"""Turn instants into local days of a period, and texts into days of the calendar."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta, timezone, tzinfo
from typing import Any

from verifier.errors import Malformed
from verifier.policy import seconds

Days = tuple[date, date]  # both inclusive
_FIXED_ZONES = {"UTC": 0, "Etc/UTC": 0, "Asia/Shanghai": 8, "PRC": 8}  # China keeps UTC+8 without change since 1991-09-15


def local_date(instant: int, timezone_name: str) -> date:
    """Return the local date of Unix seconds. Raises: Malformed for a time zone this machine does not know, or a date beyond year 9999."""
    try:
        return datetime.fromtimestamp(instant, UTC).astimezone(_zone(timezone_name)).date()
    except (ValueError, OverflowError, OSError):
        raise Malformed("INSTANT", "statement.json /period", f"{instant} s has no local date", found=str(instant)) from None


def days_of_period(period: Any) -> Days:
    """Return the first and last local day of a period. Raises: Malformed as local_date does."""
    first, last = (local_date(instant, period["timezone"]) for instant in (seconds(period["start"]), seconds(period["end"]) - 1))
    return first, last


def read_day(text: str, place: str) -> date:
    """Return the day of `YYYY-MM-DD`. Raises: Malformed where no calendar has it."""
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise Malformed("DATE", place, f"{text!r} is not a date of the calendar", found=text) from None


def _zone(name: str) -> tzinfo:
    if name in _FIXED_ZONES:
        return timezone(timedelta(hours=_FIXED_ZONES[name]))
    from zoneinfo import ZoneInfo

    try:
        return ZoneInfo(name)
    except (KeyError, ValueError, OSError):
        raise Malformed("TIMEZONE", "statement.json /period/timezone", f"time zone {name!r} is unknown here") from None
