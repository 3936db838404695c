"""The drift monitor: the whole check of the house, again and again, page by page, beside everybody else's work (docs/guides/operator.md).

A cycle reads in short views, one page in each, so that no writer waits and no view grows old; between two pages it rests, so that it takes
a bounded share of one core. It keeps nothing from one cycle to the next: every cycle reads everything. What it finds is an alarm at once,
not at the cycle's end, and stays one until a whole cycle has found nothing.
"""

from __future__ import annotations

import logging
import threading
import time
from collections import deque
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field, replace
from functools import partial

from ledger.clock import format_instant
from ledger.errors import LedgerError
from ledger.records.findings import Finding
from ledger.services import audit
from ledger.services.context import Actor, House, Work, require_role
from ledger.services.financed_checks import check_financed_statements
from ledger.services.fitting_check import check_fittings
from ledger.services.fsck import check_stored_statement
from ledger.services.kept_checks import check_audited, check_signed
from ledger.services.reductions_checks import check_reduction_statements
from ledger.services.telemetry_replay import LogReplay
from ledger.services.witnessing import check_alarm, find_alarm
from ledger.store.integrity import HASHED, check_audit, check_hashed_rows, check_logs, list_hashed_keys
from ledger.store.repositories import institutions, statements

log = logging.getLogger("lingtan.drift")

MONITOR = Actor("drift-monitor", None, frozenset({"operator"}))
ROWS_AT_ONCE, ENTRIES_AT_ONCE = 100, 32
REST_PARTS = 3
"""Rest this many times as long as a page took: a quarter of one core at most."""
LONGEST_REST = 5.0
MAX_LISTED = 200


@dataclass(frozen=True)
class DriftReport:
    """What one whole cycle found, or what is known of it so far. Times in Unix seconds; block and its time are the head at the start.

    rows: stored rows, entries and statements that were read. milliseconds: from start to end, rests included.
    """

    started_at: int
    ended_at: int | None
    block: int
    block_time: int
    rows: int = 0
    milliseconds: int = 0
    findings: tuple[Finding, ...] = ()

    @property
    def clean(self) -> bool:
        """Whether the cycle is over and found no error."""
        return self.ended_at is not None and not any(finding.severity == "error" for finding in self.findings)

    def summary(self) -> str:
        """Return the sentence for logs and commands."""
        at = f"block {self.block} ({format_instant(self.block_time)})"
        figures = f"{self.rows} rows, {self.milliseconds // 1000}.{self.milliseconds % 1000:03d} seconds"
        return f"clean at {at}, {figures}" if self.clean else f"{len(self.findings)} findings at {at}, {figures}"


@dataclass(frozen=True)
class DriftView:
    """The monitor as it stands: `last` is the last whole cycle, `alarm` what is wrong now, from this cycle or the last."""

    running: bool
    every_seconds: int
    cycles: int
    last: DriftReport | None
    alarm: tuple[Finding, ...]


@dataclass
class _Done:
    """What one page came to, and the pages that follow from it."""

    rows: int = 0
    findings: Iterable[Finding] = ()
    more: list[_Step] = field(default_factory=list)


_Step = Callable[[Work], _Done]


class DriftMonitor:
    """Runs cycles over one house. One thread runs it; others may look at it."""

    def __init__(self, house: House, *, resting: bool = True) -> None:
        """Take an open house.

        Args:
            resting: rest between two pages; a command that somebody waits for does not.
        """
        self._house, self._resting = house, resting
        self._lock = threading.Lock()
        self._cycles = 0
        self._last: DriftReport | None = None
        self._found: tuple[Finding, ...] = ()
        self._told: frozenset[tuple[str, str]] = frozenset()

    def view(self) -> DriftView:
        """Return how the monitor stands."""
        with self._lock:
            last = self._last
            errors = [finding for finding in (*self._found, *(last.findings if last else ())) if finding.severity == "error"]
            alarm = {(finding.code, finding.place): finding for finding in errors}
            return DriftView(True, self._house.settings.drift_seconds, self._cycles, last, tuple(alarm.values()))

    def run_cycle(self, stop: threading.Event | None = None) -> DriftReport | None:
        """Check everything once; None where it was stopped before the end.

        Raises:
            LedgerError: database or chain did not answer; nothing is known then.
        """
        stop = stop or threading.Event()
        head = self._house.chain.head()
        report = DriftReport(self._house.clock.now(), None, head.number, head.timestamp)
        began = time.monotonic()
        with self._lock:
            self._found = ()
        waiting: deque[_Step] = deque(_first_steps())
        findings: list[Finding] = []
        rows = 0
        while waiting:
            if stop.is_set():
                return None
            since = time.monotonic()
            with self._house.view(MONITOR) as work:
                done = waiting.popleft()(work)
                found = list(done.findings)
            waiting.extendleft(reversed(done.more))
            rows += done.rows
            if found:
                findings += found
                self._raise(found, findings)
            if self._resting:
                stop.wait(min(REST_PARTS * (time.monotonic() - since), LONGEST_REST))
        report = replace(
            report,
            ended_at=self._house.clock.now(),
            rows=rows,
            milliseconds=round(1000 * (time.monotonic() - began)),
            findings=tuple(findings[:MAX_LISTED]),
        )
        self._finish(report)
        return report

    def run(self, stop: threading.Event) -> None:
        """Run cycles until told to stop, each `drift_seconds` after the one before."""
        while not stop.is_set():
            try:
                self.run_cycle(stop)
            except LedgerError as error:
                log.warning("the drift monitor could not look: %s: %s", error.code, error)
            stop.wait(self._house.settings.drift_seconds)

    def _raise(self, found: list[Finding], so_far: list[Finding]) -> None:
        """Make what was found known at once, and what is new to this process an entry of the audit log."""
        errors = [finding for finding in found if finding.severity == "error"]
        with self._lock:
            self._found = tuple(so_far[:MAX_LISTED])
        new = [finding for finding in errors if (finding.code, finding.place) not in self._told]
        for finding in new[:MAX_LISTED]:
            log.error("drift: %s at %s: got %s, expected %s", finding.code, finding.place, finding.got, finding.expected)
        if new:
            self._told |= {(finding.code, finding.place) for finding in new}
            details = {"findings": str(len(new)), "first": f"{new[0].code} {new[0].place}"[:500]}
            self._note("drift.alarm", details)

    def _finish(self, report: DriftReport) -> None:
        with self._lock:
            before, self._last, self._found = self._last, report, ()
            self._cycles += 1
        if report.clean:
            log.info("drift: %s", report.summary())
            if before is not None and not before.clean:
                self._told = frozenset()
                self._note("drift.clean", {"block": str(report.block)})
        else:
            log.error("drift: %s", report.summary())

    def _note(self, action: str, details: dict[str, str]) -> None:
        try:
            with self._house.work(MONITOR) as work:
                audit.record(work, action, "house", details=details)
        except LedgerError as error:
            log.error("drift: the audit log could not be written: %s", error)


def get_drift(work: Work, monitor: DriftMonitor | None) -> DriftView:
    """Return how the monitor of this server stands, for the operator and for auditors.

    Raises:
        Forbidden: another role.
    """
    require_role(work, "operator", "auditor")
    return DriftView(False, work.house.settings.drift_seconds, 0, None, ()) if monitor is None else monitor.view()


def _first_steps() -> list[_Step]:
    return [
        *(partial(_hashed, at) for at in range(len(HASHED))),
        lambda work: _Done(1, (*check_logs(work.session), *check_audit(work.session))),
        partial(_institutions, None),
        partial(_statements, None),
        lambda work: _Done(1, tuple(check_financed_statements(work))),
        lambda work: _Done(1, tuple(check_reduction_statements(work))),
        lambda work: _Done(1, tuple(check_signed(work))),
        lambda work: _Done(1, tuple(check_audited(work))),
        lambda work: _Done(1, (*work.house.chain.check(), *check_alarm(find_alarm(work.house)))),
    ]


def _hashed(at: int, work: Work) -> _Done:
    keys = list_hashed_keys(work.session, at)
    pages = [keys[start : start + ROWS_AT_ONCE] for start in range(0, len(keys), ROWS_AT_ONCE)]
    return _Done(more=[partial(_hashed_page, at, page) for page in pages])


def _hashed_page(at: int, keys: list[tuple[object, ...]], work: Work) -> _Done:
    return _Done(len(keys), tuple(check_hashed_rows(work.session, at, keys)))


def _institutions(after: str | None, work: Work) -> _Done:
    page = institutions.list_institutions(work.session, after=after)
    steps: list[_Step] = [partial(_envelope_log, row.id) for row in page.items]
    steps += [] if page.next_after is None else [partial(_institutions, page.next_after)]
    # Of all institutions at once; they are few.
    return _Done(len(page.items), tuple(check_fittings(work.session)) if after is None else (), steps)


def _envelope_log(institution: str, work: Work) -> _Done:
    replay = LogReplay(institution)
    size = replay.count(work.session)
    steps: list[_Step] = [partial(_entries, replay, start, min(start + ENTRIES_AT_ONCE, size)) for start in range(0, size, ENTRIES_AT_ONCE)]
    return _Done(more=[*steps, lambda work: _Done(1, tuple(replay.check_whole(work.session, size)))])


def _entries(replay: LogReplay, start: int, end: int, work: Work) -> _Done:
    return _Done(end - start, tuple(replay.check_entries(work.session, start, end)))


def _statements(after: int | None, work: Work) -> _Done:
    page = statements.list_statements(work.session, limit=ROWS_AT_ONCE, after=after)
    steps: list[_Step] = [partial(_statement, row.id) for row in page.items]
    steps += [] if page.next_after is None else [partial(_statements, page.next_after)]
    return _Done(more=steps)


def _statement(id: int, work: Work) -> _Done:
    row = statements.find_statement(work.session, id)
    if row is None:
        place, action = f"statement {id}", "restore the row from a backup and find out who erased it"
        return _Done(1, (Finding("STATEMENT_ERASED", "error", place, action, "no row", "the statement that was there"),))
    return _Done(1, tuple(check_stored_statement(work, row)))
