"""What a text of date and time stands for, and texts that are numbers: of days, of seconds, of a spreadsheet (spec: meter-import §3)."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import date
from fractions import Fraction

DAY = 86_400
MIN_SECONDS, MAX_SECONDS = 0, 4_102_444_800  # 1970 to 2099
_EXCEL_EPOCH = -25_569 * DAY  # serial 0 of the 1900 system, as serials after 1900-02-28 count
_NUMBER = re.compile(r"\d{1,14}(\.\d{1,20})?", re.ASCII)


@dataclass(frozen=True, slots=True)
class Stamp:
    """Whole seconds since 1970: of UTC, or where `local` as if the wall's clock were UTC.

    `day` (since 1970) is there where the seconds after its midnight are those that passed, and not those of the wall's clock.
    """

    seconds: int
    local: bool
    day: int | None = None


class NoStamp(Exception):
    """A text that is no date and time of the format. Inside this room only; the message says what was expected."""


def within(seconds: int, local: bool) -> Stamp:
    """Return a stamp, or raise ValueError where it is not of the years that are read."""
    if not MIN_SECONDS <= seconds < MAX_SECONDS:
        raise ValueError
    return Stamp(seconds, local)


def origin_of(format: str) -> int | None:
    """Return the day (since 1970) that a format `day_slot@YYYY-MM-DD` numbers as 1; None for other formats."""
    found = re.fullmatch(r"day_slot@(\d{4}-\d{2}-\d{2})", format, re.ASCII)
    try:
        return None if found is None else (date.fromisoformat(found[1]) - date(1970, 1, 1)).days
    except ValueError:
        return None


def read_day_slot(text: str, origin: int, step: int) -> Stamp:
    """Return the stamp of a day's number, 1 for the day `origin`, and the number of an interval of `step` seconds of it."""
    found = re.fullmatch(r"(\d{1,4})(\d{2})", text, re.ASCII)
    # The longest day has 25 hours.
    if found is None or int(found[1]) < 1 or not 1 <= int(found[2]) <= 25 * 3600 // step:
        raise NoStamp("the number of a day and two digits of an interval of it, as 19503")
    day = origin + int(found[1]) - 1
    made = within(day * DAY + (int(found[2]) - 1) * step, True)
    return Stamp(made.seconds, True, day)


def read_excel(text: str, whole: bool) -> Stamp:
    """Return the stamp of a spreadsheet's serial number."""
    text = text.replace(",", ".")
    if not _NUMBER.fullmatch(text):
        raise NoStamp("a serial number of a spreadsheet, as 45658.25")
    # A serial keeps about a hundredth of a second: the nearest second is what was meant where it is that near.
    exact = Fraction(text) * DAY
    seconds = round(exact)
    if whole and abs(exact - seconds) > Fraction(1, 20):
        raise NoStamp("a serial number of whole seconds")
    return within(_EXCEL_EPOCH + seconds, True)


def read_epoch(text: str, divisor: int, whole: bool) -> Stamp:
    """Return the stamp of a count since 1970, of which `divisor` make a second."""
    exact = Fraction(text) / divisor if _NUMBER.fullmatch(text) else None
    if exact is None or (whole and exact.denominator != 1):
        raise NoStamp("whole seconds since 1970" if divisor == 1 else "milliseconds since 1970 of a whole second")
    return within(exact.numerator // exact.denominator, False)
