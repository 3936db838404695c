"""Open reporting periods."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from ledger.errors import Conflict, InputError, NotFound
from ledger.identifiers import check_identifier
from ledger.records.period import Period
from ledger.services import audit
from ledger.services.context import Page, Work, require_own, require_visible
from ledger.store import tables
from ledger.store.repositories import institutions, periods


@dataclass(frozen=True)
class PeriodView:
    """A reporting period [start, end) in Unix seconds, in the institution's time zone."""

    institution: str
    id: str
    start: int
    end: int
    timezone: str
    state: str


def open_period(work: Work, institution: str, *, id: str, first_day: date, last_day: date) -> PeriodView:
    """Open a period of whole local days; the same again changes nothing.

    Raises:
        InputError: the last day is before the first, or the period ends in the future.
        Conflict: it overlaps another period.
    """
    require_own(work, institution, "preparer")
    check_identifier(id)
    if last_day < first_day:
        raise InputError(f"the period ends on {last_day}, before it begins on {first_day}", hint="exchange the two days")
    owner = institutions.get_institution(work.session, institution)
    period = Period.of_dates(id, first_day, last_day, owner.timezone)
    earlier = periods.find_period(work.session, institution, id)
    if earlier is not None and (earlier.start, earlier.end) == (period.start, period.end):
        return _view(work, earlier)
    other = earlier or periods.find_overlapping_period(work.session, institution, period.start, period.end)
    if other is not None:
        raise Conflict(f"the period overlaps {other.id}", hint="periods of one institution never overlap", period=other.id)
    row = periods.add_period(
        work.session,
        institution_id=institution,
        id=id,
        start=period.start,
        end=period.end,
        timezone=owner.timezone,
        created_by=work.actor.subject,
        at=work.clock.now(),
    )
    audit.record(work, "period.open", f"{institution}/{id}", institution=institution)
    return _view(work, row)


def get_period(work: Work, institution: str, id: str) -> PeriodView:
    """Return a period of an institution that the actor may see."""
    require_visible(work, institution)
    return _view(work, load_period_row(work, institution, id))


def list_periods(work: Work, institution: str, limit: int, after: str | None) -> Page[PeriodView]:
    """Return the institution's periods by id."""
    require_visible(work, institution)
    page = periods.list_periods(work.session, institution, limit=limit, after=after)
    return Page(tuple(_view(work, row) for row in page.items), page.next_after)


def load_period_row(work: Work, institution: str, id: str) -> tables.Period:
    """Return the stored period.

    Raises:
        NotFound: there is none.
    """
    row = periods.find_period(work.session, institution, id)
    if row is None:
        raise NotFound(f"{institution} has no period {id}", hint="open the period first")
    return row


def to_period(row: tables.Period) -> Period:
    """Return the value of a stored period."""
    return Period(id=row.id, start=row.start, end=row.end, timezone=row.timezone)


def _view(work: Work, row: tables.Period) -> PeriodView:
    state = "closed" if row.end <= work.clock.now() else "running"
    return PeriodView(row.institution_id, row.id, row.start, row.end, row.timezone, state)
