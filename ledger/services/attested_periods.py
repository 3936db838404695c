"""Say which attested periods a change of meter-days touches: the days change, the attested figures stand until a revision."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

from ledger.metering.meter_day import SLOT_SECONDS
from ledger.records.findings import Finding
from ledger.store.repositories import attestations, periods
from ledger.store.session import Session


def find_attested(session: Session, institution: str, slots: NDArray[np.int64]) -> Iterator[Finding]:
    """Yield PERIOD_ATTESTED (warning) for each attested period that has one of these slots (Unix seconds ÷ 900, ascending).

    A period ends at its institution's midnight, within a UTC day: what comes after that is of the next one.
    """
    after: str | None = None
    while len(slots):
        page = periods.list_periods(session, institution, limit=500, after=after)
        for period in page.items:
            first, stop = np.searchsorted(slots * SLOT_SECONDS, (period.start, period.end))
            if first == stop:
                continue
            statement = attestations.find_last_attested_statement(session, institution, period.id)
            if statement is not None:
                action = "the attested figures stay as they are; prepare a revision with the cause data to take the change in"
                params = {"period": period.id, "revision": str(statement.revision)}
                got = f"revision {statement.revision}"
                yield Finding("PERIOD_ATTESTED", "warning", f"period {period.id}", action, got=got, params=params)
        if page.next_after is None:
            return
        after = page.next_after
