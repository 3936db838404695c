"""Who uses a factor: the statements whose lines took it, the rules of releases that select it, and the banks that chose it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from ledger.errors import NotFound
from ledger.indicators.reading import read_release
from ledger.indicators.release import Release
from ledger.records import canonical
from ledger.records.activity import Activity
from ledger.records.statement import Line
from ledger.services.context import OF_A_BANK, Work, may_see, require_role
from ledger.services.statement_state import find_statement_state
from ledger.services.stored_statement import load_statement
from ledger.store import tables
from ledger.store.repositories import institutions, library, periods, statements

ROLES = ("librarian", "publisher", "preparer", "approver", "auditor", "operator", "verifier", "certifier")
_AT_ONCE = 200


@dataclass(frozen=True)
class FactorUse:
    """A statement whose lines took the factor: for location (all but market-based Scope 2) or as the residual factor of market.

    `grams` are those of the lines in the columns of that use, a market line's with what instruments cover.
    """

    statement: str
    institution: str
    period: str
    revision: int
    state: str
    release: str
    library: str
    use: str
    lines: int
    grams: int


@dataclass(frozen=True)
class FactorRule:
    """A selection rule of a release that takes the factor; region `*` and year None match all."""

    release: str
    library: str
    indicator: str
    use: str
    region: str
    year: int | None


@dataclass(frozen=True)
class FactorChosen:
    """A choice of the factor in the latest activity data of a bank's period, with the reason given."""

    institution: str
    period: str
    indicator: str
    use: str
    reference: str


@dataclass(frozen=True)
class FactorUsers:
    """Everything that names one factor, as far as the actor may see it."""

    factor: str
    statements: tuple[FactorUse, ...]
    rules: tuple[FactorRule, ...]
    choices: tuple[FactorChosen, ...]


def find_factor_users(work: Work, factor: str) -> FactorUsers:
    """Return who uses a factor. A bank's people see their own bank, and every release.

    Raises:
        NotFound: no release, proposed or published, has a factor with this id.
    """
    require_role(work, *ROLES)
    releases = list(_releases(work, factor))
    if not releases:
        raise NotFound("no such factor", hint="take the id from the factors of a release: `lingtan library show`")
    names = list(_institutions(work))
    return FactorUsers(
        factor=factor,
        statements=tuple(use for name in names for row in _statements(work, name) for use in _uses(work, row, factor)),
        rules=tuple(
            FactorRule(release.release, release.hash, rule.indicator, rule.use, rule.region, rule.year)
            for release in releases
            for rule in release.selections
            if rule.factor == factor
        ),
        choices=tuple(choice for name in names for choice in _choices(work, name, factor)),
    )


def _releases(work: Work, factor: str) -> Iterator[Release]:
    """Yield the releases that have the factor."""
    after: str | None = None
    while True:
        page = library.list_releases(work.session, kind="library", limit=_AT_ONCE, after=after)
        for listed in page.items:
            data = library.get_release(work.session, listed.hash).document
            # An id is plain ASCII and stands in canonical bytes as it is: what lacks it need not be read.
            if f'"{factor}"'.encode() in data:
                release = read_release(data)
                if release.find_factor(factor) is not None:
                    yield release
        if page.next_after is None:
            return
        after = page.next_after


def _institutions(work: Work) -> Iterator[str]:
    if work.actor.roles & OF_A_BANK or not may_see(work.actor, ""):
        yield from () if work.actor.institution is None else (work.actor.institution,)
        return
    after: str | None = None
    while True:
        page = institutions.list_institutions(work.session, limit=_AT_ONCE, after=after)
        yield from (row.id for row in page.items)
        if page.next_after is None:
            return
        after = page.next_after


def _statements(work: Work, institution: str) -> Iterator[tables.Statement]:
    after: int | None = None
    while True:
        page = statements.list_statements(work.session, institution_id=institution, limit=_AT_ONCE, after=after)
        for row in page.items:
            yield statements.get_statement(work.session, row.id)
        if page.next_after is None:
            return
        after = page.next_after


def _uses(work: Work, row: tables.Statement, factor: str) -> Iterator[FactorUse]:
    if f'"{factor}"'.encode() not in row.document:
        return
    statement = load_statement(row)
    location = [line for line in statement.lines if line.factor == factor]
    market = [line for line in statement.lines if line.market is not None and line.market.factor == factor]
    for use, lines, grams in (("location", location, _location_grams(location)), ("market", market, _market_grams(market))):
        if lines:
            yield FactorUse(
                statement=str(row.id),
                institution=row.institution_id,
                period=row.period_id,
                revision=row.revision,
                state=find_statement_state(work, row),
                release=statement.library_release,
                library=row.library_hash,
                use=use,
                lines=len(lines),
                grams=grams,
            )


def _location_grams(lines: list[Line]) -> int:
    return sum(line.measures.scope1_g + line.measures.scope2_location_g + line.measures.scope3_g for line in lines)


def _market_grams(lines: list[Line]) -> int:
    return sum(line.measures.scope2_market_g for line in lines)


def _choices(work: Work, institution: str, factor: str) -> Iterator[FactorChosen]:
    after: str | None = None
    while True:
        page = periods.list_periods(work.session, institution, limit=_AT_ONCE, after=after)
        for period in page.items:
            row = periods.find_latest_activity(work.session, institution, period.id)
            if row is None or f'"{factor}"'.encode() not in row.document:
                continue
            for choice in Activity.from_document(canonical.load_canonical(row.document)).factor_choices:
                if choice.factor == factor:
                    yield FactorChosen(institution, period.id, choice.indicator, choice.use, choice.reference)
        if page.next_after is None:
            return
        after = page.next_after
