"""Which columns of a table hold its times, and in which format (spec: meter-import §8)."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Sequence
from itertools import pairwise

from ledger.errors import InputError
from ledger.metering.imports.guess_table import is_numeric
from ledger.metering.imports.map_words import INTERVALS
from ledger.metering.imports.numbered_stamps import DAY, NoStamp, Stamp
from ledger.metering.imports.stamps import reader_of

_DATES = (
    "%Y-%m-%d",
    "%Y/%m/%d",
    "%d/%m/%Y",
    "%m/%d/%Y",
    "%d.%m.%Y",
    "%d-%m-%Y",
    "%m-%d-%Y",
    "%d-%b-%Y",
    "%d-%b-%y",
    "%d%b%Y",
    "%Y%m%d",
    "%d/%m/%y",
    "%m/%d/%y",
)
_TIMES = ("%H:%M", "%H:%M:%S", "%I:%M %p", "%I:%M:%S %p", "%I:%M%p")
_HOURS = ("%H",)
_FORMATS = (
    "iso",
    *(f"{date} {time}" for date in _DATES for time in _TIMES),
    *(f"{date} %H:%M - %*" for date in _DATES),
    "%d%b%Y:%H:%M:%S",
    "%Y年%m月%d日 %H:%M",
    "epoch_s",
    "epoch_ms",
    "excel",
)
_DAY_FORMATS = ("iso", *_DATES, "%Y年%m月%d日")
_TIME = re.compile(r"time|date|stamp|hour|start|period|zeit|datum|mtu|last_changed|tstp|^ts$|_ts$|时间|日期|时刻", re.IGNORECASE)
_HOUR = re.compile(r"hour|^he$|^hr$|时", re.IGNORECASE)


def _reader(format: str) -> Callable[[str], Stamp]:
    # Displays are read at any moment: parts of a second are no reason against a format.
    return reader_of(format, 900, False)


def _reads(read: Callable[[str], Stamp], cells: Sequence[str]) -> bool:
    good = 0
    for cell in cells:
        try:
            read(cell)
            good += 1
        except (NoStamp, ValueError):
            pass
    return bool(cells) and good >= 0.95 * len(cells)


def find_time(titles: Sequence[str], columns: Sequence[Sequence[str]], stamps: set[int], numbers: int) -> tuple[tuple[int, ...], str, bool]:
    """Return the columns of the time, their format, and whether no other format reads them too."""
    if stamps:
        return (min(stamps),), "iso", True
    order = sorted(range(len(titles)), key=lambda at: (not _TIME.search(titles[at]), at))
    for at in order:
        cells = [cell for cell in columns[at] if cell]
        formats = [format for format in _FORMATS if _reads(_reader(format), cells[:50]) and _reads(_reader(format), cells)]
        if "excel" in formats and not (_TIME.search(titles[at]) and all(20_000 < float(cell.replace(",", ".")) < 80_000 for cell in cells)):
            formats.remove("excel")
        if "epoch_s" in formats and not (all(len(cell) == 10 for cell in cells) and _TIME.search(titles[at])):
            formats.remove("epoch_s")
        if "epoch_ms" in formats and not (all(len(cell) == 13 for cell in cells) and _TIME.search(titles[at])):
            formats.remove("epoch_ms")
        if "iso" in formats and not all(re.search(r"\d[T ]\d", cell) for cell in cells[:20]):
            formats.remove("iso")
        if formats:
            return (at,), _likeliest(formats, cells), len(formats) == 1 or formats[0] == "iso"
    for at in order:
        cells = [cell for cell in columns[at] if cell]
        days = [format for format in _DAY_FORMATS if not cells or _reads(_reader(format), cells)]
        if not cells or not days or (is_numeric(cells, ".") and not (_TIME.search(titles[at]) and len(cells[0]) == 8)):
            continue
        for other in order if numbers < 24 else ():
            hours = [cell for cell in columns[other] if cell]
            for clock in _TIMES + (_HOURS if _HOUR.search(titles[other]) else ()):
                if other != at and hours and _reads(_reader(f"%Y-%m-%d {clock}"), [f"2000-01-01 {cell}" for cell in hours]):
                    day = _likeliest([day for day in days if day != "iso"] or ["%Y-%m-%d"], cells)
                    return (at, other), f"{day} {clock}", len(days) == 1
        return (at,), _likeliest(days, cells), len(days) == 1 or days[0] == "iso"
    raise InputError("no column of dates and times was found", hint="write a map: docs/spec/meter-import.md")


def _likeliest(formats: Sequence[str], cells: Sequence[str]) -> str:
    """Return the format under which the stamps span the shortest time: a day taken for a month scatters them."""

    def span(format: str) -> int:
        read, seconds = _reader(format), list[int]()
        for cell in cells:
            try:
                seconds.append(read(cell).seconds)
            except (NoStamp, ValueError):
                continue
        return max(seconds) - min(seconds) if seconds else 0

    return min(formats, key=span)


def stamps_of(
    columns: Sequence[Sequence[str]], rows: Sequence[Sequence[object]], time: Sequence[int], format: str, typed: set[int]
) -> list[Stamp]:
    """Return the stamps of the rows, without what is none."""
    read, found = _reader(format), list[Stamp]()
    for at, row in enumerate(rows):
        cell = row[time[0]]
        try:
            found.append(cell if isinstance(cell, Stamp) else read(" ".join(columns[column][at] for column in time)))
        except (NoStamp, ValueError):
            continue
    return found


def find_interval(
    columns: Sequence[Sequence[str]], rows: Sequence[Sequence[object]], time: Sequence[int], format: str, meter: int | None, typed: set[int]
) -> int:
    """Return the commonest step of one meter's stamps, in minutes; 15 where it is none of a map's."""
    by_meter: dict[str, list[int]] = {}
    for at, stamp in enumerate(stamps_of(columns, rows, time, format, typed)):
        by_meter.setdefault("" if meter is None or at >= len(columns[meter]) else columns[meter][at], []).append(stamp.seconds)
    steps: Counter[int] = Counter()
    for seconds in by_meter.values():
        ordered = sorted(set(seconds))
        steps.update(second - first for first, second in pairwise(ordered) if second - first < DAY)
    common = steps.most_common(1)[0][0] // 60 if steps else 15
    return common if common in INTERVALS else 15
