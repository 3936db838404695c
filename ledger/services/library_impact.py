"""What a release would change: every open period computed with the release in force and with the candidate. Nothing is written.

A closed period, one whose statement was signed, is listed with the release that its statement froze; no later release touches it.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field

from ledger.errors import Conflict, NotFound
from ledger.records.findings import Finding
from ledger.records.statement import MEASURES, Line, Measures, Statement
from ledger.services.context import OF_A_BANK, Work, may_see, require_role, require_visible
from ledger.services.library_reference import NamedRelease, load_release, load_release_in_force
from ledger.services.statement_inputs import gather_inputs, judge_inputs
from ledger.services.statement_state import last_attested
from ledger.services.stored_statement import load_statement
from ledger.store import tables
from ledger.store.repositories import institutions, periods, statements

ROLES = ("librarian", "publisher", "preparer", "approver")
_AT_ONCE = 200
Grams = dict[str, str]


@dataclass(frozen=True)
class LineImpact:
    """A line that comes out otherwise: its factors, location-based and residual, and grams before and after; null where it is not there."""

    unit: str
    indicator: str
    factor_before: str | None
    factor_after: str | None
    market_factor_before: str | None
    market_factor_after: str | None
    before: Grams | None
    after: Grams | None


@dataclass(frozen=True)
class PeriodImpact:
    """One period under both releases.

    state: open (computed both ways), incomplete (inputs are missing, `reason` says which), running (not over yet), closed (its statement
    was signed: `release` and `library` are what it froze). Totals are null where findings leave no statement.
    """

    institution: str
    period: str
    state: str
    reason: str = ""
    release: str | None = None
    library: str | None = None
    before: Grams | None = None
    after: Grams | None = None
    difference: Grams | None = None
    changed_lines: int = 0
    lines: tuple[LineImpact, ...] = ()
    appearing: tuple[Finding, ...] = ()
    disappearing: tuple[Finding, ...] = ()


@dataclass(frozen=True)
class ImpactView:
    """What the candidate would change against the release in force, for every period that the actor sees."""

    in_force: str
    in_force_release: str
    candidate: str
    candidate_release: str
    periods: tuple[PeriodImpact, ...] = field(default=())


def preview_impact(work: Work, reference: str, institution: str | None = None) -> ImpactView:
    """Return the impact of a release (its hash or name; a draft's too, for the centre's people) on one institution or on all.

    A bank's people get their own bank. Lines are listed where one institution is asked for; else they are counted only.

    Raises:
        NotFound: no such release or institution, or not for this actor.
        Conflict: no release is in force, or the candidate is a draft with errors.
    """
    require_role(work, *ROLES)
    if institution is None and (work.actor.roles & OF_A_BANK or not may_see(work.actor, "")):
        institution = work.actor.institution or "-"
    if institution is not None:
        require_visible(work, institution)
    before, after = load_release_in_force(work), load_release(work, reference)
    names = [institution] if institution is not None else list(_all_institutions(work))
    rows = (row for name in names for row in _all_periods(work, name))
    found = tuple(_period(work, row, before, after, with_lines=institution is not None) for row in rows)
    return ImpactView(before.hash, before.release.release, after.hash, after.release.release, found)


def _all_institutions(work: Work) -> Iterator[str]:
    after: str | None = None
    while True:
        page = institutions.list_institutions(work.session, limit=_AT_ONCE, after=after)
        yield from (row.id for row in page.items if may_see(work.actor, row.id))
        if page.next_after is None:
            return
        after = page.next_after


def _all_periods(work: Work, institution: str) -> Iterator[tables.Period]:
    after: str | None = None
    while True:
        page = periods.list_periods(work.session, institution, limit=_AT_ONCE, after=after)
        yield from page.items
        if page.next_after is None:
            return
        after = page.next_after


def _period(work: Work, row: tables.Period, before: NamedRelease, after: NamedRelease, *, with_lines: bool) -> PeriodImpact:
    signed = last_attested(work, row.institution_id, row.id)
    if signed is not None:
        frozen = load_statement(statements.get_statement(work.session, signed.id))
        return PeriodImpact(row.institution_id, row.id, "closed", release=frozen.library_release, library=frozen.library_hash)
    if row.end > work.clock.now():
        return PeriodImpact(row.institution_id, row.id, "running")
    try:
        stored = gather_inputs(work, row)
    except (NotFound, Conflict) as missing:
        return PeriodImpact(row.institution_id, row.id, "incomplete", reason=str(missing))
    judged, tried = (judge_inputs(work, stored, stored.under(named.release)) for named in (before, after))
    old, new = judged.computation.statement, tried.computation.statement
    lines = tuple(_changed_lines(_lines(old), _lines(new)))
    return PeriodImpact(
        row.institution_id,
        row.id,
        "open",
        before=_totals(old),
        after=_totals(new),
        difference=_difference(old, new),
        changed_lines=len(lines),
        lines=lines if with_lines else (),
        appearing=tuple(finding for finding in tried.findings if finding not in judged.findings),
        disappearing=tuple(finding for finding in judged.findings if finding not in tried.findings),
    )


def _lines(statement: Statement | None) -> dict[tuple[str, str], Line]:
    return {} if statement is None else {(line.unit, line.indicator): line for line in statement.lines}


def _changed_lines(before: dict[tuple[str, str], Line], after: dict[tuple[str, str], Line]) -> Iterator[LineImpact]:
    for unit, indicator in sorted(before.keys() | after.keys(), key=lambda key: (key[0].encode(), key[1].encode())):
        old, new = before.get((unit, indicator)), after.get((unit, indicator))
        if old != new:
            yield LineImpact(
                unit, indicator, _factor(old), _factor(new), _market_factor(old), _market_factor(new), _grams_of(old), _grams_of(new)
            )


def _factor(line: Line | None) -> str | None:
    return None if line is None else line.factor


def _market_factor(line: Line | None) -> str | None:
    return None if line is None or line.market is None else line.market.factor


def _grams_of(line: Line | None) -> Grams | None:
    return None if line is None else _grams(line.measures)


def _grams(measures: Measures) -> Grams:
    return {name: str(grams) for name, grams in zip(MEASURES, measures.as_tuple(), strict=True)}


def _totals(statement: Statement | None) -> Grams | None:
    return None if statement is None else _grams(statement.totals)


def _difference(before: Statement | None, after: Statement | None) -> Grams | None:
    if before is None or after is None:
        return None
    pairs = zip(MEASURES, before.totals.as_tuple(), after.totals.as_tuple(), strict=True)
    return {name: str(new - old) for name, old, new in pairs}
