"""What a bank hands in of its own projects, computed again here: from its files, or from the meter-days that are stored."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field, replace
from datetime import date
from itertools import pairwise
from typing import Any

from ledger.errors import InputError
from ledger.indicators.release import Release
from ledger.metering.local_days import IntervalSeries, series_of_days
from ledger.metering.meter_day import DAY_SLOTS, MeterDay
from ledger.records import canonical
from ledger.records.findings import Finding, has_errors
from ledger.records.organisation import Organisation
from ledger.records.period import Period
from ledger.savings import compute, read_savings, savings_document
from ledger.savings.given import GridFactor, SavingsInput
from ledger.savings.result import Reduction
from ledger.savings.submission import GivenProject, GivenReductions, read_submission
from ledger.services.context import Work
from ledger.services.library_reference import load_release_in_force
from ledger.services.meters import get_meter_row
from ledger.services.organisation import load_organisation
from ledger.store.repositories import metering
from ledger.store.repositories.reductions import KeptEvidence
from ledger.units import parse_decimal

METERED = frozenset({"meter_days", "meter_csv"})


@dataclass(frozen=True)
class ComputedReductions:
    """The lines of the projects that have one, by id; what they rest on; everything that was found."""

    cause: str
    lines: tuple[Reduction, ...]
    evidence: tuple[KeptEvidence, ...] = field(repr=False)
    findings: tuple[Finding, ...]


def compute_submission(work: Work, institution: str, period: Period, document: object) -> ComputedReductions:
    """Compute every project of a `lingtan.reductions-submission/1`, with every finding; it changes nothing.

    Raises:
        NotFound: the institution has no organisation tree yet.
        Conflict: no library release is in force.
    """
    given, findings = read_submission(document)
    if given is None:
        return ComputedReductions("first", (), (), findings)
    _, organisation = load_organisation(work, institution)
    release = load_release_in_force(work).release
    place = _Place(work, institution, period, organisation, release)
    return _computed(given, [place.judge(at, project) for at, project in enumerate(given.projects)])


@dataclass(frozen=True)
class _Judged:
    """One project: its line or None, what is kept of it, what was found."""

    line: Reduction | None
    evidence: tuple[KeptEvidence, ...]
    findings: tuple[Finding, ...]


@dataclass(frozen=True)
class _Place:
    """What a project is held against: the bank's units, its period, its meters, the release in force."""

    work: Work
    institution: str
    period: Period
    organisation: Organisation
    release: Release

    def judge(self, at: int, project: GivenProject) -> _Judged:
        root, opened = f"/projects/{at}", set[str]()

        def open_file(name: str) -> bytes:
            if name not in project.files:
                raise InputError("it did not come with the project")
            opened.add(name)
            return project.files[name]

        given, found = read_savings(project.input, open_file, self.work.clock.now(), self.stored)
        if given is None:
            return _Judged(None, (), tuple(_placed(found, f"{root}/input", f"project {at}")))
        result = compute(given, found)
        findings = [*_placed(result.findings, f"{root}/input", f"project {given.id}"), *self.check(given, f"{root}/input")]
        for name in sorted(set(project.files) - opened):
            findings.append(Finding("FILE_UNUSED", "error", f"{root}/files", "leave out what the project does not name", name))
        answer, line = savings_document(result), result.reduction
        if project.line is not None:
            findings += _compared(project.line, line, f"{root}/line")
        kept = [KeptEvidence("input", given.id, canonical.dump(project.input)), KeptEvidence("answer", given.id, canonical.dump(answer))]
        kept += [KeptEvidence("file", name, project.files[name]) for name in sorted(opened)]
        return _Judged(line, tuple(kept), tuple(findings))

    def check(self, given: SavingsInput, root: str) -> Iterator[Finding]:
        """Yield what does not fit the bank: a unit it has not, days of another period, a factor that the release has otherwise or not."""
        if self.organisation.find_unit(given.unit) is None:
            yield Finding("UNIT_UNKNOWN", "error", f"{root}/unit", "name a unit of the organisation tree", given.unit)
        first, last = self.period.first_day, self.period.last_day
        if given.reporting.first < first or given.reporting.last > last:
            action = "hand the project in for a period that holds all its days, or claim those of this period alone"
            got = f"{given.reporting.first} to {given.reporting.last}"
            yield Finding("REPORTING_OUTSIDE_PERIOD", "error", f"{root}/reporting", action, got, f"{first} to {last}")
        yield from self.check_factor(given.factor, f"{root}/factor")

    def check_factor(self, given: GridFactor, place: str) -> Iterator[Finding]:
        known = next((factor for factor in self.release.factors if factor.id == given.id), None)
        if known is None or known.value is None:
            action = "name a factor of the release in force that is a single number"
            yield Finding("FACTOR_UNKNOWN", "error", f"{place}/id", action, given.id, self.release.release)
        elif (given.unit, parse_decimal(given.value)) != (known.unit, parse_decimal(known.value)):
            action = "write value and unit as the release has them"
            got, expected = f"{given.value} {given.unit}", f"{known.value} {known.unit}"
            yield Finding("FACTOR_DIFFERS", "error", place, action, got, expected)

    def stored(self, meter: str, quantities: tuple[str, ...], timezone: str, first: date, last: date) -> IntervalSeries:
        """Return the stored days of a meter of the bank.

        Raises:
            NotFound: there is no such meter.
            InputError: it measures something else, or the days are too many.
        """
        row = get_meter_row(self.work, self.institution, meter)
        if row.quantity not in quantities:
            raise InputError(f"the meter {meter} measures {row.quantity}", hint="name a meter of what is asked for")
        return stored_series(self.work, self.institution, meter, timezone, first, last)


def stored_series(work: Work, institution: str, meter: str, timezone: str, first: date, last: date) -> IntervalSeries:
    """Return the stored days of a meter over local days, both inclusive; what is not stored is missing.

    Raises:
        InputError: an unknown time zone, or more than ten years.
    """
    days = Period.of_dates("series", first, last, timezone).utc_days
    rows = metering.iterate_meter_days(work.session, institution, meter, days.start, days.stop - 1)
    known = [MeterDay(meter, day.day, day.values, day.quality) for day in rows]
    known = known or [MeterDay(meter, days.start, bytes(8 * DAY_SLOTS), bytes(DAY_SLOTS))]
    return series_of_days(known, timezone, first, last)


def _computed(given: GivenReductions, judged: list[_Judged]) -> ComputedReductions:
    findings = [finding for item in judged for finding in item.findings]
    lines = sorted((item.line for item in judged if item.line is not None), key=lambda line: line.id)
    for before, line in pairwise(lines):
        if before.id == line.id:
            findings.append(Finding("ITEM_TWICE", "error", "/projects", "give each project its own id", line.id))
    findings += _shared(lines)
    if not lines and not has_errors(findings):
        action = "hand in a project that saved something: one that saved nothing has no line"
        findings.append(Finding("REDUCTIONS_EMPTY", "error", "/projects", action, "no line", "at least one"))
    evidence = tuple(item for each in judged if each.line is not None for item in each.evidence)
    return ComputedReductions(given.cause, tuple(lines), evidence, tuple(findings))


def _shared(lines: Iterable[Reduction]) -> Iterator[Finding]:
    """Yield a warning for each meter that two projects rest on: one saving is easily claimed by both."""
    seen: dict[tuple[str, str], str] = {}
    for line in lines:
        for item in line.evidence:
            if item.kind not in METERED:
                continue
            key = item.kind, item.id if item.kind == "meter_days" else str(item.sha256)
            if key in seen and seen[key] != line.id:
                action = "make sure that neither project claims what the other saved, and say so in its note"
                yield Finding("REDUCTION_METER_TWICE", "warning", f"project {line.id}", action, f"{item.id}, of {seen[key]} too")
            seen.setdefault(key, line.id)


def _compared(own: object, line: Reduction | None, place: str) -> Iterator[Finding]:
    """Yield a finding where the bank's own line is not the one that was computed here, naming the first field that differs."""
    computed: dict[str, Any] = {} if line is None else line.to_document()
    if own == computed:
        return
    stated = own if isinstance(own, dict) else {}
    name = next((name for name in sorted({*computed, *stated}) if computed.get(name) != stated.get(name)), "")
    got, expected = (_shown(value) for value in (stated.get(name), computed.get(name)))
    action = "compute the project again from the same files, and hand in what comes out"
    yield Finding("REDUCTION_DIFFERS", "error", f"{place}/{name}".rstrip("/"), action, got, expected)


def _shown(value: object) -> str:
    return "nothing" if value is None else value[:200] if isinstance(value, str) else canonical.dump(value).decode()[:200]


def _placed(findings: Iterable[Finding], root: str, project: str) -> Iterator[Finding]:
    """Yield findings of one project with their place among several."""
    put: Callable[[str], str] = lambda place: f"{root}{place}" if not place or place.startswith("/") else f"{project}: {place}"  # noqa: E731
    return (replace(finding, place=put(finding.place)) for finding in findings)
