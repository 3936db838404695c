"""Bring meter-days up to date with the envelope log: behind the acknowledgement, in the order of the log (spec: metering §6).

In a server a thread does it while bodies come in; whoever reads meter-days calls `bring_up_to_date` first, so that what is read follows
from the whole log. Both write the same, because an entry's days follow from the log alone.
"""

from __future__ import annotations

import hashlib
import logging
import threading

from ledger.clock import Clock
from ledger.errors import InputError, LedgerError
from ledger.records import canonical
from ledger.records.findings import Finding, findings_document
from ledger.services.attested_periods import find_attested
from ledger.services.context import House
from ledger.services.deriving import Derived, Deriver, EntryUnreadable
from ledger.services.intake import NOTHING_FOUND
from ledger.store.repositories import derived, metering
from ledger.store.repositories.derived import Derivation, LogEntry
from ledger.store.session import Session

log = logging.getLogger("lingtan.projection")

ENTRIES_AT_ONCE = 16
LOOK_SECONDS = 1.0
# What an entry can bring about by what is in it. A fault of the store is none of these: it passes, or is mended, and the entry waits.
_FAULTS_OF_THE_ENTRY = (EntryUnreadable, InputError, ArithmeticError, LookupError, TypeError, ValueError)


def bring_up_to_date(session: Session, clock: Clock, institution: str) -> int:
    """Derive every entry of the institution's log that waits, within this unit of work; return how many did."""
    done = 0
    while step := _derive_some(session, clock, institution, ENTRIES_AT_ONCE):
        done += step
    return done


def bring_house_up_to_date(house: House, stop: threading.Event | None = None) -> int:
    """Derive every entry that waits, of every institution, a few in each unit of work; return how many did."""
    done = 0
    with house.database.reading() as session:
        behind = derived.list_behind(session)
    failures: list[LedgerError] = []
    for institution in sorted(behind):
        while stop is None or not stop.is_set():
            try:
                with house.database.unit_of_work() as session:
                    step = _derive_some(session, house.clock, institution, ENTRIES_AT_ONCE)
            except LedgerError as error:
                # What one bank's log holds must not keep the days of the others back.
                log.error("projection: %s: %s: %s", institution, error.code, error)
                failures.append(error)
                break
            if not step:
                break
            done += step
    if failures and not done:
        raise failures[0]
    return done


def bring_institution_up_to_date(house: House, institution: str) -> None:
    """Derive every entry of one institution that waits: before a view that reads meter-days is opened."""
    with house.database.reading() as session:
        waiting = metering.count_telemetry(session, institution) > derived.count_derived(session, institution)
    if waiting:
        with house.database.unit_of_work() as session:
            bring_up_to_date(session, house.clock, institution)


def run_projection(house: House, stop: threading.Event) -> None:
    """Derive what comes in until told to stop. An error of ours is logged, and the next look tries again."""
    while not stop.is_set():
        try:
            if bring_house_up_to_date(house, stop):
                continue
        except LedgerError as error:
            log.warning("projection: %s: %s", error.code, error)
        stop.wait(LOOK_SECONDS)


def write_derived(session: Session, clock: Clock, institution: str, index: int, made: Derived) -> tuple[Finding, ...]:
    """Write what an entry brings, and that it was derived; return everything that was found."""
    findings = (*made.findings, *find_attested(session, institution, made.slots))
    metering.insert_meter_days(session, institution, made.days)
    derived.insert_register_days(session, institution, made.points)
    found = canonical.dump(findings_document(findings)) if findings else NOTHING_FOUND
    derivation = Derivation(index, len(made.days), len(made.points), found, clock.now())
    derived.add_derivations(session, institution, [derivation])
    return findings


def _derive_some(session: Session, clock: Clock, institution: str, limit: int) -> int:
    entries = derived.list_entries(session, institution, derived.count_derived(session, institution), limit)
    deriver = Deriver(session, institution)
    for entry in entries:
        write_derived(session, clock, institution, entry.log_index, _derive(session, institution, deriver, entry))
    return len(entries)


def _derive(session: Session, institution: str, deriver: Deriver, entry: LogEntry) -> Derived:
    """Return what the entry brings: nothing but a finding where it cannot be derived, so that the entries after it are.

    Raises:
        EntryUnreadable: its body is not the one that was taken; once that is restored, it is derived.
    """
    try:
        return deriver.derive(entry)
    except _FAULTS_OF_THE_ENTRY as error:
        leaves = metering.read_leaf_hashes(session, institution, entry.log_index, entry.log_index + 1)
        if leaves != [hashlib.sha256(b"\x00" + entry.body).digest()]:
            raise
        log.error("projection: entry %s of %s brings nothing: %s", entry.log_index, institution, error, exc_info=True)
        return Derived((), (), (_failure(institution, entry.log_index, error),))


def _failure(institution: str, index: int, error: Exception) -> Finding:
    action = "report the error, and give these readings again, as CSV or as an estimate; the body itself stays in the log"
    got = f"{type(error).__name__}: {error}"[:200]
    params = {"institution": institution, "log_index": str(index)}
    place = f"telemetry body {index} of {institution}"
    return Finding("DERIVATION_FAILED", "error", place, action, got, "an entry that gives days", params)
