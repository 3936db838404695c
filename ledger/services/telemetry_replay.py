"""Derive every entry of the envelope logs again and compare with the days it is said to have brought: part of `lingtan fsck`.

Bodies are leaves of the envelope log and never change; meter-days and register-days follow from them alone. One entry and its days are in
memory at a time: the day before an entry is the one that earlier entries left, which was compared when their turn was.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass, field

from ledger.clock import format_instant
from ledger.errors import LedgerError
from ledger.merkle.plain import root
from ledger.metering.body import SIGNED, read_form
from ledger.metering.device_signature import is_signed_by
from ledger.metering.meter_day import DAY_SLOTS, SLOT_SECONDS
from ledger.records import canonical
from ledger.records.findings import Finding, findings_document
from ledger.records.meter_record import Quality
from ledger.records.period import DAY_SECONDS
from ledger.services.deriving import DayKey, Derived, Deriver, EntryUnreadable
from ledger.services.findings import read_findings
from ledger.store.repositories import derived, devices, envelopes, institutions, metering
from ledger.store.repositories.derived import LogEntry, StoredPoints
from ledger.store.repositories.metering import StoredDay
from ledger.store.session import Session

_ACTION = "restore the meter-days from a backup, find out who changed them, and prepare again the statements that used them"
_BODY_ACTION = "restore the body from a backup and find out who changed it"
_NO_VALUE = bytes(8)
# What is found when an entry is derived and hangs on more than the log.
_NOT_OF_THE_LOG = frozenset({"PERIOD_ATTESTED"})


def check_meter_days(session: Session) -> Iterator[Finding]:
    """Yield METER_DAY_CHANGED and REGISTER_DAY_CHANGED for every meter whose stored days are not those that an entry brought,
    TELEMETRY_BODY_CHANGED for every entry that is no longer read as when it was taken, DERIVATION_CHANGED for one whose identity or
    findings are others, DERIVATION_FAILED for one that could not be derived when its turn was, LOG_ROOT_DIFFERS for every signed checkpoint
    of another log.

    A finding names the meter and the instant of the first slot that differs, once per meter and entry; `params` count the days.
    """
    after: str | None = None
    while True:
        page = institutions.list_institutions(session, after=after)
        for institution in page.items:
            replay = LogReplay(institution.id)
            size = replay.count(session)
            yield from replay.check_entries(session, 0, size)
            yield from replay.check_whole(session, size)
        if page.next_after is None:
            return
        after = page.next_after


@dataclass(frozen=True)
class LogReplay:
    """The log of one institution derived again, a page of entries in each view if need be; entries are checked once, in order."""

    institution: str
    changed: set[DayKey] = field(default_factory=set)

    def count(self, session: Session) -> int:
        """Return how many entries there are to check: those that are derived."""
        return min(derived.count_derived(session, self.institution), metering.count_telemetry(session, self.institution))

    def check_entries(self, session: Session, start: int, end: int) -> Iterator[Finding]:
        """Yield what is wrong with the entries [start, end) and with what they brought."""
        replay, deriver = _Replay(session, self.institution, self.changed), Deriver(session, self.institution, lenient=True)
        for index in range(start, end):
            yield from replay.check_entry(index, deriver)

    def check_whole(self, session: Session, size: int) -> Iterator[Finding]:
        """Yield what is wrong with the log as a whole: days of entries beyond `size`, checkpoints of another log."""
        return _Replay(session, self.institution, self.changed).check_whole(size)


@dataclass(frozen=True)
class _Replay:
    session: Session
    institution: str
    changed: set[DayKey] = field(default_factory=set)
    """Days found to be wrong: what later entries made of them says nothing of its own."""

    def check_whole(self, size: int) -> Iterator[Finding]:
        named = {*metering.list_bodies_of_days(self.session, self.institution)}
        named |= {*derived.list_bodies_of_points(self.session, self.institution)}
        for index in sorted(index for index in named if index >= size):
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

    def check_entry(self, index: int, deriver: Deriver) -> Iterator[Finding]:
        entries = derived.list_entries(self.session, self.institution, index, 1)
        if not entries or entries[0].log_index != index:
            return  # its absence is found by the store's own check
        params = {"institution": self.institution, "log_index": str(index)}
        failure = self._find_failure(index)
        if failure is not None:
            # Nothing of it was ever merged, so later entries follow from a log without it, whatever a program of today makes of it.
            yield failure
            yield from self._compare_days(index, Derived((), (), ()))
            yield from self._compare_points(index, Derived((), (), ()))
            yield from self._compare_identity(entries[0])
            return
        try:
            made = deriver.derive(entries[0])
        except EntryUnreadable as error:
            first = error.finding
            place = f"telemetry body {index} of {self.institution}, {first.place}"
            got = f"{first.code}: {first.got}"
            yield Finding("TELEMETRY_BODY_CHANGED", "error", place, _BODY_ACTION, got, "readings as accepted", params)
            return
        except LedgerError as error:
            place = f"telemetry body {index} of {self.institution}"
            yield Finding("TELEMETRY_BODY_CHANGED", "error", place, _BODY_ACTION, str(error)[:200], "readings as accepted", params)
            return
        yield from self._compare_days(index, made)
        yield from self._compare_points(index, made)
        if not self.changed:
            # What was found on a day hangs on the day as it was: once one is wrong, only days are compared.
            yield from self._compare_facts(index, made)
        yield from self._compare_identity(entries[0])

    def _find_failure(self, index: int) -> Finding | None:
        kept = derived.list_derivations(self.session, self.institution, [index]).get(index)
        if kept is None or b"DERIVATION_FAILED" not in kept.findings:
            return None
        return next((finding for finding in read_findings(kept.findings) if finding.code == "DERIVATION_FAILED"), None)

    def _compare_days(self, index: int, made: Derived) -> Iterator[Finding]:
        expected: dict[DayKey, StoredDay] = {(day.meter_id, day.day): day for day in made.days}
        stored: dict[DayKey, list[StoredDay]] = {}
        for day in metering.list_days_of_body(self.session, self.institution, index):
            stored.setdefault((day.meter_id, day.day), []).append(day)
        differing: dict[str, list[int]] = {}
        for meter, number in sorted(expected.keys() | stored.keys()):
            key = meter, number
            wanted = expected.get(key)
            if key not in self.changed and stored.get(key, []) != ([] if wanted is None else [wanted]):
                differing.setdefault(meter, []).append(number)
        for meter, days in differing.items():
            self.changed.update((meter, day) for day in days)
            rows = stored.get((meter, days[0]), [])
            yield self._found(meter, index, days, rows, expected.get((meter, days[0])))

    def _compare_points(self, index: int, made: Derived) -> Iterator[Finding]:
        expected = {(item.meter_id, item.day): item for item in made.points}
        stored: dict[DayKey, list[StoredPoints]] = {}
        for item in derived.list_points_of_body(self.session, self.institution, index):
            stored.setdefault((item.meter_id, item.day), []).append(item)
        for meter, number in sorted(expected.keys() | stored.keys()):
            wanted, rows = expected.get((meter, number)), stored.get((meter, number), [])
            if rows == ([] if wanted is None else [wanted]):
                continue
            instant = format_instant(number * DAY_SECONDS)
            params = {"institution": self.institution, "meter": meter, "instant": instant, "log_index": str(index)}
            place = f"meter {meter} {instant} of {self.institution}"
            got, said = (f"{len(item.points) // 13} points" if item else "no points" for item in (rows[0] if rows else None, wanted))
            yield Finding("REGISTER_DAY_CHANGED", "error", place, _ACTION, got, f"{said}, as telemetry body {index} gives them", params)

    def _compare_facts(self, index: int, made: Derived) -> Iterator[Finding]:
        """Compare what is kept about an entry's derivation; what hangs on more than the log is left out."""
        kept = derived.list_derivations(self.session, self.institution, [index]).get(index)
        if kept is None:
            yield self._facts(index, "no derivation", "one")
            return
        if (kept.days, kept.register_days) == (0, 0) and made.days and not read_findings(kept.findings):
            return  # taken before derivations were kept (migration 0010)
        if (kept.days, kept.register_days) != (len(made.days), len(made.points)):
            yield self._facts(index, f"{kept.days} and {kept.register_days} days", f"{len(made.days)} and {len(made.points)} days")
        stored = tuple(finding for finding in read_findings(kept.findings) if finding.code not in _NOT_OF_THE_LOG)
        if canonical.dump(findings_document(stored)) != canonical.dump(findings_document(made.findings)):
            yield self._facts(index, f"{len(stored)} findings", f"{len(made.findings)} findings, as telemetry body {index} gives them")

    def _compare_identity(self, entry: LogEntry) -> Iterator[Finding]:
        kept = envelopes.list_envelopes_at(self.session, self.institution, [entry.log_index]).get(entry.log_index)
        form = read_form(entry.media_type, entry.body)[0] if entry.media_type in SIGNED else None
        if form is None:
            if kept is not None:
                yield self._facts(entry.log_index, "an identity", "none: nobody signed it")
            return
        identity, digest = form.identity, hashlib.sha256(entry.body).digest()
        key = devices.find_key(self.session, self.institution, identity.kid)
        if key is None or not is_signed_by(key.public_key, identity.signature, identity.message):
            yield self._facts(entry.log_index, f"key {identity.kid}", "the key that signed it")
            return
        prev = None if identity.prev is None else bytes.fromhex(identity.prev)
        said = (key.device, identity.boot, identity.seq, digest, prev)
        if kept is None or (kept.device, kept.boot, kept.seq, kept.sha256, kept.prev) != said:
            yield self._facts(entry.log_index, "another identity", "device, boot, seq and hash as the body has them")

    def _facts(self, index: int, got: str, expected: str) -> Finding:
        place = f"telemetry body {index} of {self.institution}"
        params = {"institution": self.institution, "log_index": str(index)}
        return Finding(
            "DERIVATION_CHANGED", "error", place, "restore the row from a backup and find out who changed it", got, expected, params
        )

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


def _slot(day: StoredDay, at: int) -> tuple[bytes, bytes]:
    return day.values[8 * at : 8 * at + 8], day.quality[at : at + 1]


def _show(day: StoredDay | None, at: int) -> str:
    if day is None:
        return "no such meter-day"
    value, quality = _slot(day, at)
    if len(value) != len(_NO_VALUE) or not quality or quality[0] > max(Quality):
        return f"{len(day.quality)} slots, or a slot that cannot be read"
    return f"{int.from_bytes(value, 'little')} {Quality(quality[0]).name} (revision {day.revision})"
