"""Compare the table of fittings with the entries of the envelope logs that it stands for: part of `lingtan fsck`."""

from __future__ import annotations

from collections.abc import Iterator

from ledger.clock import format_instant
from ledger.metering.fitting_document import MEDIA_TYPE, load_fitting
from ledger.records.findings import Finding
from ledger.store.repositories import devices, institutions
from ledger.store.session import Session

_ACTION = "restore the table of fittings from a backup, find out who changed it, and derive the register days again"


def check_fittings(session: Session) -> Iterator[Finding]:
    """Yield FITTING_CHANGED for every fitting of a log that the table lacks, and for every row that no entry of its log says.

    Raises:
        MalformedDocument: an entry of the log is no fitting any more; the check of stored hashes names it.
    """
    after: str | None = None
    while True:
        page = institutions.list_institutions(session, after=after)
        for institution in page.items:
            yield from _check_institution(session, institution.id)
        if page.next_after is None:
            return
        after = page.next_after


def _check_institution(session: Session, institution: str) -> Iterator[Finding]:
    said = set()
    for log_index, body in devices.list_entries_of_type(session, institution, MEDIA_TYPE):
        fitting = load_fitting(body)
        said.add((fitting.meter, fitting.since, log_index))
    listed = {(row.meter, row.since, row.log_index) for row in devices.list_fittings(session, institution)}
    for meter, since, log_index in sorted(said ^ listed):
        there = (meter, since, log_index) in listed
        got, expected = ("a row", "no such entry") if there else ("no row", f"entry {log_index} of the envelope log")
        params = {"institution": institution, "meter": meter, "instant": format_instant(since), "log_index": str(log_index)}
        place = f"meter {institution}/{meter} {format_instant(since)}"
        yield Finding("FITTING_CHANGED", "error", place, _ACTION, got=got, expected=expected, params=params)
