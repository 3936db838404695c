"""A text of date and time as seconds: of the clock on the wall, or of UTC where it says its offset (spec: meter-import §3)."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta, timezone, tzinfo
from fractions import Fraction
from functools import cache
from zoneinfo import ZoneInfo

from ledger.errors import InputError

DAY = 86_400
NAMED = ("iso", "excel", "epoch_s", "epoch_ms")
MIN_SECONDS, MAX_SECONDS = 0, 4_102_444_800  # 1970 to 2099
MAX_CHARACTERS = 200
_EXCEL_EPOCH = -25_569 * DAY  # serial 0 of the 1900 system, as serials after 1900-02-28 count
_OFFSET = re.compile(r"([+-])(\d{2}):?(\d{2})")
_NUMBER = re.compile(r"\d{1,14}(\.\d{1,20})?", re.ASCII)
_ISO = re.compile(
    r"(?P<Y>\d{4})-?(?P<m>\d{2})-?(?P<d>\d{2})"
    r"(?:(?:[T ]|\s)(?P<H>\d{1,2}):?(?P<M>\d{2})(?::?(?P<S>\d{2})(?:[.,](?P<f>\d{1,9}))?)?)?\s?(?P<z>[Zz]|[+-]\d{2}(?::?\d{2})?| ?UTC)?",
    re.ASCII,
)
_PARTS = {
    "Y": r"(?P<Y>\d{4})",
    "y": r"(?P<y>\d{2})",
    "m": r"(?P<m>\d{1,2})",
    "d": r"(?P<d>\d{1,2})",
    "H": r"(?P<H>\d{1,2})",
    "I": r"(?P<I>\d{1,2})",
    "M": r"(?P<M>\d{1,2})",
    "S": r"(?P<S>\d{1,2})",
    "f": r"(?P<f>\d{1,9})",
    "b": r"(?P<b>[A-Za-z]{3})",
    "B": r"(?P<B>[A-Za-z]{3,9})",
    "p": r"(?P<p>[AaPp]\.?[Mm]\.?|上午|下午)",
    "j": r"(?P<j>\d{1,3})",
    "z": r"(?P<z>[Zz]|[+-]\d{2}:?\d{2})",
    "Z": r"(?P<Z>[A-Z]{1,5})",
    "%": "%",
    "*": ".*",
}
# Of formats whose date has no blank in it, and whose time says nothing of the date.
_HALVES = re.compile(r"(?:%[YymdbBj]|[^% ])+ (?:%[HIMSfpz]|[^%])+")
_ZONE_WORDS = {"MEZ": "CET", "MESZ": "CEST"}
_MONTHS = ("january", "february", "march", "april", "may", "june", "july", "august", "september", "october", "november", "december")


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


def parse_zone(name: str) -> tzinfo:
    """Return the time zone of an IANA name, `UTC`, or an offset as `+08:00`.

    Raises:
        InputError: it is none.
    """
    found = _OFFSET.fullmatch(name)
    if found is not None:
        minutes = int(found[2]) * 60 + int(found[3])
        if minutes < 24 * 60:
            return timezone(timedelta(minutes=-minutes if found[1] == "-" else minutes))
    try:
        return ZoneInfo(name)
    except (KeyError, ValueError, OSError) as error:
        raise InputError(f"unknown time zone {name[:40]!r}", hint="an IANA name, as Asia/Shanghai, or an offset, as +08:00") from error


def check_format(format: str, *, with_date_only: bool = False) -> None:
    """Raise InputError unless the format is one of the named ones or says a whole date, and a time unless the layout has it."""
    if format in NAMED or _origin_of(format) is not None:
        return
    letters = set(re.findall(r"%(.)", format))
    if unknown := letters - set(_PARTS):
        raise InputError(
            f"the format has %{min(unknown)}", hint=f"known: {' '.join('%' + letter for letter in _PARTS)}, or {', '.join(NAMED)}"
        )
    has_date = bool(letters & {"Y", "y"}) and ((letters & {"m", "b", "B"} and "d" in letters) or "j" in letters)
    if not has_date or ("p" in letters) != ("I" in letters):
        raise InputError(f"the format {format[:40]!r} names no whole date", hint="as %d/%m/%Y %H:%M; %I goes with %p")
    if not with_date_only and not letters & {"H", "I"}:
        raise InputError(f"the format {format[:40]!r} names no time", hint="as %d/%m/%Y %H:%M")


@cache
def reader_of(format: str, step: int = 900, whole: bool = True, zone: tzinfo | None = None) -> Callable[[str], Stamp]:
    """Return the function that reads a text of this format.

    It raises NoStamp for a text that is none. An hour 24 with minute and second 0 is the end of its day.

    Args:
        step: seconds of an interval, for formats that number the intervals of a day.
        whole: part of a second is refused; otherwise it is left out.
        zone: whose names of summer and winter time `%Z` reads.
    """
    if format == "excel":
        return lambda text: _excel(text, whole)
    if format in ("epoch_s", "epoch_ms"):
        divisor = 1 if format == "epoch_s" else 1000
        return lambda text: _epoch(text, divisor, whole)
    origin = _origin_of(format)
    if origin is not None:
        return lambda text: _day_slot(text, origin, step)
    pattern = _ISO if format == "iso" else _compile(format)
    expected = "YYYY-MM-DD hh:mm[:ss][Z|±hh:mm]" if format == "iso" else format

    def read(text: str) -> Stamp:
        # `%*` goes over a text once for each that the format has: a line of millions would be read for ever.
        found = None if len(text) > MAX_CHARACTERS else pattern.fullmatch(text)
        if found is None:
            raise NoStamp(expected)
        try:
            return _stamp(found.groupdict(), whole, zone)
        except ValueError:
            raise NoStamp("a date and time that exist") from None

    return _Halves(read).read if format == "iso" or _HALVES.fullmatch(format) else read


def _origin_of(format: str) -> int | None:
    """Return the day (since 1970) that a format `day_slot@YYYY-MM-DD` numbers as 1; None for other formats."""
    found = re.fullmatch(r"day_slot@(\d{4}-\d{2}-\d{2})", format, re.ASCII)
    try:
        return None if found is None else (date.fromisoformat(found[1]) - date(1970, 1, 1)).days
    except ValueError:
        return None


class _Halves:
    """Reads texts of a date, a blank or `T`, and a time by their halves: a file has few different dates and fewer times.

    With a first text d₀ t₀ that was read whole, the stamp of d t is that of d t₀ plus that of d₀ t less that of d₀ t₀.
    """

    def __init__(self, read: Callable[[str], Stamp]) -> None:
        self._read = read
        self._first: tuple[str, str, int] | None = None
        self._dates: dict[str, int] = {}
        self._times: dict[str, Stamp] = {}

    def read(self, text: str) -> Stamp:
        """Return the stamp of a text, or raise as the reader of whole texts does."""
        date, blank, time = text.partition("T" if text[10:11] == "T" else " ")
        if not blank or not time or time[0] in " T":
            return self._read(text)
        if self._first is None:
            stamp = self._read(text)
            self._first = (date, time, stamp.seconds)
            return stamp
        first_date, first_time, base = self._first
        seconds = self._dates.get(date)
        if seconds is None:
            seconds = self._dates[date] = self._read(f"{date}{blank}{first_time}").seconds
        at = self._times.get(time)
        if at is None:
            at = self._times[time] = self._read(f"{first_date}{blank}{time}")
        return _within(seconds + at.seconds - base, at.local)


def _compile(format: str) -> re.Pattern[str]:
    pattern, at, seen = "", 0, set[str]()
    for found in re.finditer(r"%(.)", format):
        pattern += _literal(format[at : found.start()])
        letter = found[1]
        again = letter in seen and letter not in "%*"
        pattern += rf"(?P={letter})" if again else _PARTS[letter]
        seen.add(letter)
        at = found.end()
    return re.compile(pattern + _literal(format[at:]), re.ASCII)


def _literal(text: str) -> str:
    return re.sub(r"(\\ )+", r"\\s+", re.escape(text))


def _stamp(parts: dict[str, str | None], whole: bool, wall: tzinfo | None) -> Stamp:
    def number(name: str, default: int = 0) -> int:
        return int(parts.get(name) or default)

    year = number("Y") if parts.get("Y") else 2000 + number("y") - (100 if number("y") >= 70 else 0)
    if parts.get("j"):
        day = date(year, 1, 1) + timedelta(days=number("j") - 1)
        if day.year != year:
            raise ValueError
    else:
        name = (parts.get("b") or parts.get("B") or "").lower()
        month = number("m") if not name else 1 + next((at for at, full in enumerate(_MONTHS) if full.startswith(name)), 12)
        day = date(year, month, number("d"))
    hour, minute, second = number("H"), number("M"), number("S")
    if parts.get("I"):
        if not 1 <= number("I") <= 12:
            raise ValueError
        hour = number("I") % 12 + (12 if (parts.get("p") or "").lower().startswith(("p", "下")) else 0)
    if not (hour < 24 or (hour == 24 and minute == second == 0)) or minute > 59 or second > 59 or (whole and int(parts.get("f") or 0)):
        raise ValueError
    seconds = (day - date(1970, 1, 1)).days * DAY + hour * 3600 + minute * 60 + second
    if parts.get("Z"):
        return _within(_named(seconds, str(parts["Z"]), wall), False)
    zone = (parts.get("z") or "").strip()
    if not zone:
        return _within(seconds, True)
    if zone in ("Z", "z", "UTC"):
        return _within(seconds, False)
    digits = zone[1:].replace(":", "")
    minutes = int(digits[:2]) * 60 + int(digits[2:] or 0)
    return _within(seconds - (-minutes if zone[0] == "-" else minutes) * 60, False)


def _named(seconds: int, name: str, zone: tzinfo | None) -> int:
    """Return the instant of a local time whose zone is named, as CEST: of an hour that comes twice it tells which one is meant."""
    if name in ("Z", "UTC", "GMT") and (zone is None or name != "GMT"):
        return seconds
    wanted = _ZONE_WORDS.get(name, name)
    for fold in (0, 1):
        at = datetime.fromtimestamp(seconds, UTC).replace(tzinfo=zone, fold=fold)
        if zone is not None and at.tzname() == wanted:
            return int(at.timestamp())
    raise ValueError


def _day_slot(text: str, origin: int, step: int) -> Stamp:
    found = re.fullmatch(r"(\d{1,4})(\d{2})", text, re.ASCII)
    # The longest day has 25 hours.
    if found is None or int(found[1]) < 1 or not 1 <= int(found[2]) <= 25 * 3600 // step:
        raise NoStamp("the number of a day and two digits of an interval of it, as 19503")
    day = origin + int(found[1]) - 1
    made = _within(day * DAY + (int(found[2]) - 1) * step, True)
    return Stamp(made.seconds, True, day)


def _excel(text: str, whole: bool) -> Stamp:
    text = text.replace(",", ".")
    if not _NUMBER.fullmatch(text):
        raise NoStamp("a serial number of a spreadsheet, as 45658.25")
    # A serial keeps about a hundredth of a second: the nearest second is what was meant where it is that near.
    exact = Fraction(text) * DAY
    seconds = round(exact)
    if whole and abs(exact - seconds) > Fraction(1, 20):
        raise NoStamp("a serial number of whole seconds")
    return _within(_EXCEL_EPOCH + seconds, True)


def _epoch(text: str, divisor: int, whole: bool) -> Stamp:
    exact = Fraction(text) / divisor if _NUMBER.fullmatch(text) else None
    if exact is None or (whole and exact.denominator != 1):
        raise NoStamp("whole seconds since 1970" if divisor == 1 else "milliseconds since 1970 of a whole second")
    return _within(exact.numerator // exact.denominator, False)


def _within(seconds: int, local: bool) -> Stamp:
    if not MIN_SECONDS <= seconds < MAX_SECONDS:
        raise ValueError
    return Stamp(seconds, local)


def join_texts(texts: Sequence[str]) -> str:
    """Return date and time of two columns as one text."""
    return " ".join(text.strip() for text in texts)


def wall_clock(seconds: int) -> str:
    """Return local seconds as `YYYY-MM-DD hh:mm:ss`."""
    return datetime.fromtimestamp(seconds, UTC).strftime("%Y-%m-%d %H:%M:%S")
