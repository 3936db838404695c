"""Change a meter's slots: each change an entry of the envelope log, with who, why, before and after (spec: metering §8).

The days of a period that is attested change too; its figures do not, until a revision takes them in.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np

from ledger.errors import Conflict
from ledger.metering.edits import MEDIA_TYPE, Edit, Evidence, check_rule
from ledger.metering.meter_day import DAY_SLOTS, SLOT_SECONDS
from ledger.metering.vee.history import Flags
from ledger.metering.vee.making import Author, Shares, Stretch, make_edits
from ledger.metering.vee.vee_1.gaps import propose
from ledger.metering.vee.vee_1.policies import VEE_1
from ledger.metering.vee.vee_1.registry import RULE_SET
from ledger.records import canonical
from ledger.records.findings import Finding, findings_document
from ledger.services import audit
from ledger.services.context import Page, Work, require_own
from ledger.services.deriving import Deriver
from ledger.services.edit_request import read_request, refused
from ledger.services.gaps import basis_of
from ledger.services.meter_history import Window, load_history
from ledger.services.meters import get_meter_row
from ledger.services.projection import bring_up_to_date, write_derived
from ledger.services.texts import check_reason
from ledger.store.repositories import edits as store
from ledger.store.repositories import metering
from ledger.store.repositories.derived import LogEntry
from ledger.store.tables import Meter


@dataclass(frozen=True)
class EditView:
    """An edit and the entry of the envelope log that says it."""

    log_index: int
    sha256: str
    edit: Edit


@dataclass(frozen=True)
class EditOutcome:
    """What was recorded, the shares of the meter's slots in the window afterwards, and warnings (PERIOD_ATTESTED)."""

    edits: tuple[EditView, ...]
    shares: Shares
    findings: tuple[Finding, ...]


def record_edit(work: Work, institution: str, meter: str, stated: Mapping[str, object]) -> EditOutcome:
    """Change slots of a meter by hand, as entries of the envelope log.

    Args:
        stated: the fields of edit_request.py: rule, from, to, values, before, reason, evidence.

    Raises:
        NotFound: no such meter.
        InputError: everything that is wrong with them, EVIDENCE_MISSING and EDIT_REFUSED among it.
        Conflict: `before` is not what stands there (EDIT_OUTDATED), or the time is not over.
    """
    require_own(work, institution, "preparer")
    row = get_meter_row(work, institution, meter)
    asked = read_request(stated)
    bring_up_to_date(work.session, work.clock, institution)
    if asked.end > work.clock.now():
        raise Conflict("these slots are not over yet", hint="edit them when they are", meter=meter)
    stretch = _load_stretch(work, row, asked.start, asked.end)
    if asked.before is not None and asked.before != tuple(zip(stretch.values.tolist(), stretch.quality.tolist(), strict=True)):
        raise _outdated(meter)
    author = Author(institution, RULE_SET.name, work.actor.subject, work.clock.now(), asked.reason, asked.evidence)
    made = tuple(make_edits(stretch, asked.rule, asked.values, author))
    if not made:
        raise Conflict("nothing would change", hint="look at the slots as they stand now", meter=meter)
    return _record(work, row, made, lambda: _load_stretch(work, row, asked.start, asked.end).quality)


def apply_estimates(
    work: Work,
    institution: str,
    meter: str,
    window: Window,
    *,
    reason: str,
    rule: str | None = None,
    suspect: bool = False,
    basis: str | None = None,
) -> EditOutcome:
    """Fill the gaps of a meter in a window, each by the rule that may, and leave open those that no rule may fill.

    Args:
        basis: of the gaps that the person saw; estimates on another one are refused.

    Raises:
        NotFound: no such meter.
        InputError: no reason.
        Conflict: the slots are others than the person saw (EDIT_OUTDATED).
    """
    require_own(work, institution, "preparer")
    row = get_meter_row(work, institution, meter)
    bring_up_to_date(work.session, work.clock, institution)
    history = load_history(work, row, window)
    if basis is not None and basis != basis_of(history):
        raise _outdated(meter)
    author = Author(institution, RULE_SET.name, work.actor.subject, work.clock.now(), check_reason(reason))
    bills = {bill.id: Evidence(bill.reference, bill.sha256) for bill in history.bills}
    made: list[Edit] = []
    for proposal in propose(history, VEE_1, suspect=suspect, rule=rule):
        if proposal.rule is not None and proposal.values is not None:
            by = author if proposal.bill is None else replace(author, evidence=bills[proposal.bill])
            stretch = Stretch.of(history, proposal.gap.start, proposal.gap.stop)
            made.extend(make_edits(stretch, proposal.rule, proposal.values.tolist(), by))

    def after() -> Flags:
        later = load_history(work, row, window)
        return later.series.quality[later.series.bounds[later.judged] :]

    return _record(work, row, made, after)


def list_edits(work: Work, institution: str, meter: str, limit: int, after: str | None) -> Page[EditView]:
    """Return the edits of a meter in the order of the log.

    Raises:
        NotFound: no such meter.
    """
    get_meter_row(work, institution, meter)
    page = store.list_edits(work.session, institution, meter, limit=limit, after=None if after is None else int(after))
    views = tuple(EditView(item.log_index, item.sha256, Edit.from_bytes(item.document)) for item in page.items)
    return Page(views, None if page.next_after is None else str(page.next_after))


def _record(work: Work, row: Meter, made: Sequence[Edit], shares_of: Callable[[], Flags]) -> EditOutcome:
    """Append edits to the envelope log and change the days by them, in one transaction.

    Raises:
        InputError, Conflict: what their rules refuse.
    """
    wrong = [finding for edit in made for finding in check_rule(edit)]
    if wrong:
        raise refused(wrong)
    views, warnings = [], dict[str, Finding]()
    for edit in made:
        entry = metering.add_telemetry_body(
            work.session,
            row.institution_id,
            edit.to_bytes(),
            media_type=MEDIA_TYPE,
            findings=canonical.dump(findings_document(())),
            actor=work.actor.subject,
            received_at=work.clock.now(),
        )
        bounds = {"start": edit.start, "end": edit.end}
        store.add_edit(work.session, row.institution_id, entry.log_index, meter_id=row.id, rule=edit.rule, **bounds)
        log_entry = LogEntry(entry.log_index, MEDIA_TYPE, entry.received_at, entry.body)
        derived = Deriver(work.session, row.institution_id).derive(log_entry)
        findings = write_derived(work.session, work.clock, row.institution_id, entry.log_index, derived)
        if any(finding.code == "EDIT_OUTDATED" for finding in findings):
            raise _outdated(row.id)
        warnings |= {finding.place: finding for finding in findings}
        place, details = f"{row.institution_id}/{row.id}", {"log_index": entry.log_index, "rule": edit.rule, "slots": edit.changed}
        audit.record(work, "meter.edit", place, institution=row.institution_id, details=details)
        views.append(EditView(entry.log_index, entry.sha256, edit))
    return EditOutcome(tuple(views), Shares.of(shares_of()), tuple(warnings.values()))


def _load_stretch(work: Work, row: Meter, start: int, end: int) -> Stretch:
    first, count = start // SLOT_SECONDS, (end - start) // SLOT_SECONDS
    begin = first // DAY_SLOTS
    slots = DAY_SLOTS * ((first + count - 1) // DAY_SLOTS - begin + 1)
    values, quality = np.zeros(slots, dtype=np.int64), np.zeros(slots, dtype=np.uint8)
    for day in metering.iterate_meter_days(work.session, row.institution_id, row.id, begin, (first + count - 1) // DAY_SLOTS):
        at = DAY_SLOTS * (day.day - begin)
        values[at : at + DAY_SLOTS] = np.frombuffer(day.values, dtype="<i8")
        quality[at : at + DAY_SLOTS] = np.frombuffer(day.quality, dtype=np.uint8)
    skip = first - begin * DAY_SLOTS
    return Stretch(row.id, first, values[skip : skip + count], quality[skip : skip + count])


def _outdated(meter: str) -> Conflict:
    return Conflict(
        f"EDIT_OUTDATED: slots of {meter} are others than the edit says stood there",
        hint="look at the slots as they stand now, and make the edit again",
        meter=meter,
        finding="EDIT_OUTDATED",
    )
