"""Word the header of a meter record for people: instants for seconds, a unit at every amount."""

from __future__ import annotations

from verifier.check_policy import instant
from verifier.messages import LANGUAGES
from verifier.meter import Header

_NAMES = {
    "quantity": ("quantity", "计量量"),
    "from": ("from", "自"),
    "until": ("until", "至"),
    "slots": ("slots", "时段数"),
    "total": ("total", "合计"),
    "measured": ("measured", "实测"),
    "estimated": ("estimated", "估算"),
    "manual": ("manual", "人工"),
    "missing": ("missing", "缺失"),
    "key": ("key", "键"),
}
_KWH = 1_000_000  # mWh
# What stands for one of the record's integers, by quantity (commitments.md §6); electricity is shown in kWh.
_UNITS = {"gas.volume": "L", "water.volume": "L", "heat.energy": "kJ"}


def describe_header(header: Header, language: str) -> list[tuple[str, str]]:
    """Return the header as (name, text), in the order in which it is read."""
    at = LANGUAGES.index(language)
    seconds = header.interval_minutes * 60
    facts = {
        "quantity": header.quantity,
        "from": instant(header.start),
        "until": instant(header.start + header.slots * seconds),
        "slots": f"{header.slots} × {header.interval_minutes} min",
        "total": _amount(header.total, header.quantity),
        **{name: str(getattr(header, name)) for name in ("measured", "estimated", "manual", "missing")},
        "key": header.key.hex(),
    }
    return [(_NAMES[name][at], text) for name, text in facts.items()]


def _amount(value: int, quantity: str) -> str:
    unit = _UNITS.get(quantity)
    return f"{value} {unit}" if unit else f"{value // _KWH}.{value % _KWH:06d} kWh"
