"""A plausible year of 15-minute demand for a bank building, in whole watts, from integers alone.

Shape: a base load day and night, office hours on working days, cooling in summer and some heating in winter, a little
noise. A few quarters are missing and a few are estimated, as on real meters. The same seed gives the same bytes.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

SLOTS_PER_DAY = 96
_CST = timedelta(hours=8)

# Share of the peak in thousandths, by hour of a working day and of a day off.
_WORKING = (120, 120, 120, 120, 120, 140, 220, 420, 700, 820, 860, 840, 700, 760, 850, 860, 820, 640, 380, 260, 200, 160, 130, 120)
_OFF = (110, 110, 110, 110, 110, 110, 120, 150, 210, 240, 240, 230, 210, 220, 240, 240, 220, 180, 150, 130, 120, 110, 110, 110)
# Climate factor in thousandths by month: cooling in July and August, heating in January.
_SEASON = (930, 860, 700, 620, 680, 860, 1000, 990, 830, 650, 690, 880)
_HOLIDAYS = frozenset(
    [
        (1, 1),
        (1, 28),
        (1, 29),
        (1, 30),
        (1, 31),
        (2, 3),
        (2, 4),
        (4, 4),
        (5, 1),
        (5, 2),
        (5, 5),
        (6, 2),
        (10, 1),
        (10, 2),
        (10, 3),
        (10, 6),
        (10, 7),
        (10, 8),
    ]
)


def meter_csv(meters: tuple[tuple[str, int], ...], start: int, end: int) -> Iterator[bytes]:
    """Yield the CSV body of these meters, one block of bytes per meter and day: `meter,timestamp,kW,quality`."""
    yield b"meter,timestamp,kW,quality\n"
    for meter, peak in meters:
        seed = hashlib.sha256(meter.encode()).digest()
        for day in range((end - start) // 86_400):
            yield _day(meter, peak, seed, start + day * 86_400, day)


def _day(meter: str, peak: int, seed: bytes, start: int, day: int) -> bytes:
    noise = hashlib.shake_128(seed + day.to_bytes(4, "big")).digest(SLOTS_PER_DAY + 2)
    utc = datetime.fromtimestamp(start, UTC)
    local = utc + _CST
    working = local.weekday() < 5 and (local.month, local.day) not in _HOLIDAYS
    hours, season = (_WORKING if working else _OFF), _SEASON[local.month - 1]
    # One day in forty a gap of an hour, one in fifty an estimated hour.
    gap = noise[-1] % 92 if noise[-2] < 6 else None
    estimated = noise[-1] % 92 if 6 <= noise[-2] < 11 else None
    lines = []
    for slot in range(SLOTS_PER_DAY):
        if gap is not None and gap <= slot < gap + 4:
            continue
        quality = "E" if estimated is not None and estimated <= slot < estimated + 4 else "A"
        share = hours[slot // 4] * season // 1000
        watts = peak * share // 1000 * (960 + noise[slot] * 80 // 255) // 1000
        stamp = (utc + timedelta(minutes=15 * slot)).strftime("%Y-%m-%dT%H:%M:%SZ")
        lines.append(f"{meter},{stamp},{watts // 1000}.{watts % 1000 // 10:02d},{quality}\n")
    return "".join(lines).encode()
