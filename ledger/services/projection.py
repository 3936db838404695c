"""Bring meter-days up to date with the envelope log: behind the acknowledgement, in the order of the log (spec: metering §6).

In a server a thread does it while bodies come in; whoever reads meter-days calls `bring_up_to_date` first, so that what is read follows
from the whole log. Both write the same, because an entry's days follow from the log alone.
"""

from __future__ import annotations

import logging
import threading

from ledger.clock import Clock
from ledger.errors import LedgerError
from ledger.records import canonical
from ledger.records.findings import Finding, findings_document
from ledger.services.attested_periods import find_attested
from ledger.services.deriving import Derived, Deriver
from ledger.services.house import House
from ledger.services.intake import NOTHING_FOUND
from ledger.store.repositories import derived, metering
from ledger.store.repositories.derived import Derivation
from ledger.store.session import Session

log = logging.getLogger("lingtan.projection")

ENTRIES_AT_ONCE = 16
LOOK_SECONDS = 1.0


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
    findings = (*made.findings, *find_attested(session, institution, {day.day for day in made.days}))
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
        write_derived(session, clock, institution, entry.log_index, deriver.derive(entry))
    return len(entries)
