"""Compare a restatement with what it supersedes: did only change what its cause names (spec: method-operational-1 §9)."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from ledger.records import canonical
from ledger.records.activity import Activity
from ledger.records.findings import Finding
from ledger.records.statement import MeterSummary, Statement

EXPECTED = (
    ("data", ("records", "instruments", "meters")),
    ("factor", ("library", "factor_choices")),
    ("boundary", ("organisation",)),
    ("method", ("method", "gwp")),
)
"""The inputs that a cause is about. The cause `error` is about any of them."""

_SHOWN_METERS = 5


@dataclass(frozen=True)
class Version:
    """A statement and the activity it was computed from."""

    statement: Statement
    activity: Activity


def check_cause(before: Version, after: Version, *, same_keys: bool) -> tuple[Finding, ...]:
    """Return a warning for every input that changed although the cause of `after` does not name it.

    The activity is taken in parts: its factor choices, which a factor's change is about, its instruments, and all the rest.

    Args:
        same_keys: whether both were committed with one commitment key. With another key the same readings give a record with
            another hash; meters are then compared by unit, total and counts.
    """
    cause = after.statement.cause
    expected = dict(EXPECTED).get(cause)
    if expected is None:
        return ()
    return tuple(
        Finding(
            code="INPUT_CHANGED_BESIDE_CAUSE",
            severity="warning",
            place=f"/{name}",
            action="make sure that the change is meant; name the cause that covers it, or restate one change after the other",
            got=f"{name} changed: {got}",
            expected=f"{name} as in revision {before.statement.revision}; the cause {cause} is about {' and '.join(expected)}",
            params={"cause": cause, "input": name, "revision": str(before.statement.revision)},
        )
        for name, got in _changes(before, after, same_keys)
        if name not in expected
    )


def _changes(before: Version, after: Version, same_keys: bool) -> Iterator[tuple[str, str]]:
    one, other = before.statement, after.statement
    for name, old, new in (
        ("organisation", one.organisation, other.organisation),
        ("records", _records_digest(before.activity), _records_digest(after.activity)),
        ("instruments", _part_digest(before.activity, "instruments"), _part_digest(after.activity, "instruments")),
        ("factor_choices", _part_digest(before.activity, "factor_choices"), _part_digest(after.activity, "factor_choices")),
        ("library", one.library_hash, other.library_hash),
        ("method", one.method, other.method),
        ("gwp", one.gwp, other.gwp),
    ):
        if old != new:
            yield name, f"{old[:16]} to {new[:16]}"
    meters = _changed_meters(one.meters, other.meters, same_keys)
    if meters:
        rest = f" and {len(meters) - _SHOWN_METERS} more" if len(meters) > _SHOWN_METERS else ""
        yield "meters", ", ".join(meters[:_SHOWN_METERS]) + rest


def _changed_meters(before: tuple[MeterSummary, ...], after: tuple[MeterSummary, ...], same_keys: bool) -> list[str]:
    old, new = ({meter.meter: _facts(meter, same_keys) for meter in meters} for meters in (before, after))
    return sorted(meter for meter in old.keys() | new.keys() if old.get(meter) != new.get(meter))


def _facts(meter: MeterSummary, same_keys: bool) -> tuple[object, ...]:
    facts = (meter.unit, meter.quantity, meter.total, meter.measured, meter.estimated, meter.manual, meter.missing, meter.sub_meter_of)
    return (*facts, meter.record) if same_keys else facts


def _records_digest(activity: Activity) -> str:
    apart = ("factor_choices", "instruments")
    return canonical.digest({name: part for name, part in activity.to_document().items() if name not in apart})


def _part_digest(activity: Activity, name: str) -> str:
    return canonical.digest(activity.to_document()[name])
