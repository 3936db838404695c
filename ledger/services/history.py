"""The periods of an institution as they stand: for each the statement that counts, with what it was computed from."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from ledger.accounting.analysis import PeriodInventory, of_statement
from ledger.accounting.validators.subject import Earlier
from ledger.errors import Conflict
from ledger.indicators.reading import read_release
from ledger.indicators.release import Release
from ledger.records import canonical
from ledger.records.activity import Activity
from ledger.records.organisation import Organisation
from ledger.records.statement import Statement
from ledger.services.context import Work
from ledger.services.statement_state import last_attested
from ledger.services.stored_statement import load_statement
from ledger.store import tables
from ledger.store.repositories import institutions, library, periods, statements


@dataclass(frozen=True)
class StatedPeriod:
    """A statement with its inputs; `is_attested` tells a signed one from a draft."""

    row: tables.Statement
    statement: Statement
    organisation: Organisation
    activity: Activity
    release: Release
    is_attested: bool

    def inventory(self) -> PeriodInventory:
        """Return the period in the form analysis needs."""
        return of_statement(self.statement, self.organisation, self.activity, self.release)


def load_history(work: Work, institution: str, *, drafts: bool = True) -> tuple[StatedPeriod, ...]:
    """Return the statement that counts of every period, in order of time.

    That is the last attested revision; where nothing is attested yet and `drafts` is true, the last one that was prepared without an error.
    Periods without either are left out.
    """
    releases: dict[str, Release] = {}
    return tuple(load_stated(work, row, releases) for row in _stated_rows(work, institution, before=None, drafts=drafts))


def load_earlier(work: Work, institution: str, before: int) -> tuple[Earlier, ...]:
    """Return the activity and statement of every period that ends by `before` (Unix seconds) and has a statement that counts, in time.

    What validators look back at; trees and releases, which cost more to read, stay unread.
    """
    return tuple(
        Earlier(_load_activity(work, row), load_statement(statements.get_statement(work.session, row.id)))
        for row in _stated_rows(work, institution, before=before, drafts=True)
    )


def find_stated(work: Work, institution: str, period: str, *, drafts: bool = True) -> tables.Statement | None:
    """Return the statement of a period that counts, or None."""
    attested = last_attested(work, institution, period)
    if attested is not None or not drafts:
        return attested
    draft = statements.find_latest_statement(work.session, institution, period)
    return None if draft is None or draft.has_errors else draft


def load_stated(work: Work, row: tables.Statement, releases: dict[str, Release] | None = None) -> StatedPeriod:
    """Return a stored statement with its inputs; `releases` keeps what was read once.

    Raises:
        Conflict: its inputs are not stored any more.
    """
    read = {} if releases is None else releases
    row = statements.get_statement(work.session, row.id)  # a row from a list comes without its document
    attested = last_attested(work, row.institution_id, row.period_id)
    organisation = institutions.find_organisation_by_hash(work.session, row.institution_id, row.organisation_hash)
    if organisation is None:
        raise _inputs_gone()
    if row.library_hash not in read:
        release = library.get_release(work.session, row.library_hash)
        read[row.library_hash] = read_release(release.document)
    return StatedPeriod(
        row=row,
        statement=load_statement(row),
        organisation=Organisation.from_document(canonical.load_canonical(organisation.document)),
        activity=_load_activity(work, row),
        release=read[row.library_hash],
        is_attested=attested is not None and attested.id == row.id,
    )


def _stated_rows(work: Work, institution: str, *, before: int | None, drafts: bool) -> Iterator[tables.Statement]:
    """Yield the statement that counts of every period, in order of time."""
    for period in periods.list_periods_in_time(work.session, institution, before=before):
        row = find_stated(work, institution, period.id, drafts=drafts)
        if row is not None:
            yield row


def _load_activity(work: Work, row: tables.Statement) -> Activity:
    activity = periods.find_activity_by_id(work.session, row.activity_version_id)
    if activity is None:
        raise _inputs_gone()
    return Activity.from_document(canonical.load_canonical(activity.document))


def _inputs_gone() -> Conflict:
    return Conflict("the inputs of this statement are not stored any more", hint="restore the database from a backup")
