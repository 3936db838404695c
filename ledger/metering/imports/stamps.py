"""A text of date and time as seconds: of the clock on the wall, or of UTC where it says its offset (spec: meter-import §3)."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from datetime import UTC, date, datetime, timedelta, timezone, tzinfo
from functools import cache
from zoneinfo import ZoneInfo

from ledger.errors import InputError
from ledger.metering.imports.numbered_stamps import DAY, NoStamp, Stamp, origin_of, read_day_slot, read_epoch, read_excel, within

NAMED = ("iso", "excel", "epoch_s", "epoch_ms")
MAX_CHARACTERS = 200
_OFFSET = re.compile(r"([+-])(\d{2}):?(\d{2})")
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
    if format in NAMED or origin_of(format) is not None:
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
        return lambda text: read_excel(text, whole)
    if format in ("epoch_s", "epoch_ms"):
        divisor = 1 if format == "epoch_s" else 1000
        return lambda text: read_epoch(text, divisor, whole)
    origin = origin_of(format)
    if origin is not None:
        return lambda text: read_day_slot(text, origin, step)
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
        return within(seconds + at.seconds - base, at.local)


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
        return within(_named(seconds, str(parts["Z"]), wall), False)
    zone = (parts.get("z") or "").strip()
    if not zone:
        return within(seconds, True)
    if zone in ("Z", "z", "UTC"):
        return within(seconds, False)
    digits = zone[1:].replace(":", "")
    minutes = int(digits[:2]) * 60 + int(digits[2:] or 0)
    return within(seconds - (-minutes if zone[0] == "-" else minutes) * 60, False)


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


def join_texts(texts: Sequence[str]) -> str:
    """Return date and time of two columns as one text."""
    return " ".join(text.strip() for text in texts)


def wall_clock(seconds: int) -> str:
    """Return local seconds as `YYYY-MM-DD hh:mm:ss`."""
    return datetime.fromtimestamp(seconds, UTC).strftime("%Y-%m-%d %H:%M:%S")
