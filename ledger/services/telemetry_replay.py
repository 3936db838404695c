"""Read every stored telemetry body again and compare with the meter-days it is said to have brought: part of `lingtan fsck`.

Bodies are leaves of the envelope log and never change; meter-days follow from them alone. One body and its days are in memory at a
time: the day before a body's merge is the one that earlier bodies left, which was compared when their turn was.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from ledger.clock import format_instant
from ledger.errors import LedgerError
from ledger.merkle.plain import root
from ledger.metering.csv_line import MeterFacts
from ledger.metering.csv_source import CsvReading, read_meter_csv
from ledger.metering.meter_day import DAY_SLOTS, SLOT_SECONDS, MeterDay, merge
from ledger.records.findings import Finding, has_errors
from ledger.records.meter_record import Quality, Quantity
from ledger.store.repositories import institutions, metering
from ledger.store.repositories.metering import StoredDay
from ledger.store.session import Session

_ACTION = "restore the meter-days from a backup, find out who changed them, and prepare again the statements that used them"
_NO_VALUE = bytes(8)
_DayKey = tuple[str, int]


def check_meter_days(session: Session) -> Iterator[Finding]:
    """Yield METER_DAY_CHANGED for every meter whose stored days are not those that a telemetry body brought, and
    TELEMETRY_BODY_CHANGED for every body that is no longer read as when it was accepted, LOG_ROOT_DIFFERS for every signed checkpoint
    of another log.

    A finding names the meter and the instant of the first slot that differs, once per meter and body; `params` count the days.
    """
    after: str | None = None
    while True:
        page = institutions.list_institutions(session, after=after)
        for institution in page.items:
            yield from _Replay(session, institution.id).check()
        if page.next_after is None:
            return
        after = page.next_after


@dataclass(frozen=True)
class _Replay:
    session: Session
    institution: str
    changed: set[_DayKey] = field(default_factory=set)
    """Days found to be wrong: what later bodies merged into them says nothing of its own."""

    def check(self) -> Iterator[Finding]:
        meters, seen = self._meters(), set[int]()
        after: int | None = None
        while True:
            page = metering.list_telemetry(self.session, self.institution, after=after)
            indices, after = [row.log_index for row in page.items], page.next_after
            # A page holds its rows, and a row that is held keeps its body once that was read.
            del page
            for index in indices:
                seen.add(index)
                yield from self._check_body(index, meters)
            if after is None:
                break
        for index in metering.list_bodies_of_days(self.session, self.institution):
            if index not in seen:
                place = f"meter-days of telemetry body {index} of {self.institution}"
                params = {"institution": self.institution, "log_index": str(index)}
                yield Finding("METER_DAY_CHANGED", "error", place, _ACTION, "meter-days", "the body that brought them", params)
        yield from self._check_roots()

    def _check_roots(self) -> Iterator[Finding]:
        """Yield a finding for every signed checkpoint that the log as stored does not lead to: whoever mends all hashes stops here."""
        after: int | None = None
        while True:
            page = metering.list_checkpoints(self.session, self.institution, after=after)
            for row in page.items:
                leaves = metering.list_leaf_hashes(self.session, self.institution, row.size)
                got = root(leaves).hex() if len(leaves) == row.size else f"{len(leaves)} bodies"
                if got != row.root:
                    place = f"envelope log of {self.institution} at size {row.size}"
                    params = {"institution": self.institution, "size": str(row.size)}
                    action = "restore the bodies from a backup and find out who changed them"
                    yield Finding("LOG_ROOT_DIFFERS", "error", place, action, got, row.root, params)
            if page.next_after is None:
                return
            after = page.next_after

    def _meters(self) -> dict[str, MeterFacts]:
        found: dict[str, MeterFacts] = {}
        after: str | None = None
        while True:
            page = metering.list_meters(self.session, self.institution, limit=500, after=after)
            found |= {row.id: MeterFacts(row.id, Quantity(row.quantity)) for row in page.items}
            if page.next_after is None:
                return found
            after = page.next_after

    def _check_body(self, index: int, meters: Mapping[str, MeterFacts]) -> Iterator[Finding]:
        row = metering.get_telemetry_body(self.session, self.institution, index)
        reading = read_meter_csv([row.body], meters=meters, now=row.received_at)
        if has_errors(reading.findings):
            first = next(finding for finding in reading.findings if finding.severity == "error")
            place = f"telemetry body {index} of {self.institution}, {first.place}"
            params = {"institution": self.institution, "log_index": str(index)}
            action = "restore the body from a backup and find out who changed it"
            yield Finding("TELEMETRY_BODY_CHANGED", "error", place, action, f"{first.code}: {first.got}", "readings as accepted", params)
            return
        stored: dict[str, dict[int, list[StoredDay]]] = {}
        for day in metering.list_days_of_body(self.session, self.institution, index):
            stored.setdefault(day.meter_id, {}).setdefault(day.day, []).append(day)
        for meter in sorted(reading.readings.keys() | stored.keys()):
            differing = dict(self._compare(meter, index, reading, stored.get(meter, {})))
            fresh = [day for day in sorted(differing) if (meter, day) not in self.changed]
            self.changed.update((meter, day) for day in fresh)
            if fresh:
                yield self._found(meter, index, fresh, *differing[fresh[0]])

    def _compare(
        self, meter: str, index: int, reading: CsvReading, stored: dict[int, list[StoredDay]]
    ) -> Iterator[tuple[int, tuple[list[StoredDay], StoredDay | None]]]:
        """Yield (day, (rows, expected row)) for every day of a meter that a body did not bring in this way."""
        incoming = reading.readings[meter].days() if meter in reading.readings else ()
        before: dict[int, StoredDay] = {}
        if incoming:
            found = metering.list_days_before(self.session, self.institution, [meter], incoming[0].day, incoming[-1].day, index)
            before = {day: stored for (_, day), stored in found.items()}
        expected = {day.day: _expect(before.get(day.day), day, index) for day in incoming if (meter, day.day) not in self.changed}
        for day in sorted(expected.keys() | stored.keys()):
            wanted, rows = expected.get(day), stored.get(day, [])
            if rows != ([] if wanted is None else [wanted]):
                yield day, (rows, wanted)

    def _found(self, meter: str, index: int, days: list[int], rows: list[StoredDay], wanted: StoredDay | None) -> Finding:
        got, expected = (None if not rows else rows[0]), wanted
        slot = 0
        if got is not None and expected is not None:
            slot = next((at for at in range(DAY_SLOTS) if _slot(got, at) != _slot(expected, at)), 0)
        instant = format_instant((days[0] * DAY_SLOTS + slot) * SLOT_SECONDS)
        params = {"institution": self.institution, "meter": meter, "instant": instant, "log_index": str(index), "days": str(len(days))}
        return Finding(
            code="METER_DAY_CHANGED",
            severity="error",
            place=f"meter {meter} {instant} of {self.institution}",
            action=_ACTION,
            got=_show(got, slot),
            expected=f"{_show(expected, slot)}, as telemetry body {index} gives it",
            params=params,
        )


def _expect(before: StoredDay | None, incoming: MeterDay, index: int) -> StoredDay | None:
    """Return the row that a body adds to the day as it stood before, or None where it adds nothing new."""
    existing = None
    if before is not None:
        try:
            existing = MeterDay(before.meter_id, before.day, before.values, before.quality)
        except LedgerError:
            # Its own body is gone or cannot be read, which is a finding already: the day is what this body says.
            existing = None
    merged, _ = merge(existing, incoming)
    if merged == existing:
        return None
    revision = 0 if before is None else before.revision + 1
    return StoredDay(merged.meter, merged.day, merged.values, merged.quality, revision, index)


def _slot(day: StoredDay, at: int) -> tuple[bytes, bytes]:
    return day.values[8 * at : 8 * at + 8], day.quality[at : at + 1]


def _show(day: StoredDay | None, at: int) -> str:
    if day is None:
        return "no such meter-day"
    value, quality = _slot(day, at)
    if len(value) != len(_NO_VALUE) or not quality or quality[0] > max(Quality):
        return f"{len(day.quality)} slots, or a slot that cannot be read"
    return f"{int.from_bytes(value, 'little')} {Quality(quality[0]).name} (revision {day.revision})"
