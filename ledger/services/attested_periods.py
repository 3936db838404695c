"""Say which attested periods a change of meter-days touches: the days change, the attested figures stand until a revision."""

from __future__ import annotations

from collections.abc import Iterator, Set

from ledger.records.findings import Finding
from ledger.records.period import DAY_SECONDS
from ledger.store.repositories import attestations, periods
from ledger.store.session import Session


def find_attested(session: Session, institution: str, days: Set[int]) -> Iterator[Finding]:
    """Yield PERIOD_ATTESTED (warning) for each attested period that has one of these UTC days (Unix seconds ÷ 86,400)."""
    after: str | None = None
    while days:
        page = periods.list_periods(session, institution, limit=500, after=after)
        for period in page.items:
            if not any(period.start < (day + 1) * DAY_SECONDS and day * DAY_SECONDS < period.end for day in days):
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
