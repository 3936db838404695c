"""Samples as the auditors' envelope logs have them: every step is an entry there, and is found there again."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field

from ledger.records import canonical
from ledger.records.findings import findings_document
from ledger.records.sample import MEDIA_TYPE, SampleCommitment, SampleResult, SampleReveal, SampleStep, load_step
from ledger.services import audit
from ledger.services.context import Work, may_see
from ledger.store.repositories import devices, institutions, log_anchors, metering


@dataclass
class Sample:
    """A sample as far as it has come; `number` counts those of one auditor, subject, dataset and period from 1."""

    commitment: SampleCommitment
    log_index: int
    number: int
    reveal: SampleReveal | None = None
    results: dict[int, SampleResult] = field(default_factory=dict)

    def is_of_books_of(self, other: Sample) -> bool:
        """Tell whether the other sample is of the same subject, dataset and period."""
        mine, theirs = self.commitment, other.commitment
        return (mine.subject, mine.dataset, mine.start, mine.end) == (theirs.subject, theirs.dataset, theirs.start, theirs.end)


def visible_samples(work: Work) -> Iterator[Sample]:
    """Yield every sample that the actor may see: an auditor's own, and a bank those of its own books."""
    after: str | None = None
    while True:
        page = institutions.list_institutions(work.session, after=after)
        for row in page.items:
            if row.kind != "bank":
                samples = list_samples_of(work, row.id)
                yield from (item for item in samples if may_see(work.actor, item.commitment.subject))
        if page.next_after is None:
            return
        after = page.next_after


def list_samples_of(work: Work, institution: str) -> list[Sample]:
    """Return an institution's samples in the order of their commitments, as its log has them."""
    found: dict[str, Sample] = {}
    for log_index, body in devices.list_entries_of_type(work.session, institution, MEDIA_TYPE):
        step = load_step(body)
        if isinstance(step, SampleCommitment):
            sample = Sample(step, log_index, 1)
            sample.number += sum(item.is_of_books_of(sample) for item in found.values())
            found[step.commitment] = sample
        elif isinstance(step, SampleReveal):
            found[step.commitment].reveal = step
        else:
            found[step.commitment].results[step.index] = step
    return list(found.values())


def append_step(work: Work, institution: str, step: SampleStep, action: str) -> None:
    """Append a step to the log of an auditor's institution; `action` names it in the audit log."""
    metering.add_telemetry_body(
        work.session,
        institution,
        canonical.dump(step.to_document()),
        media_type=MEDIA_TYPE,
        findings=canonical.dump(findings_document(())),
        actor=work.actor.subject,
        received_at=work.clock.now(),
    )
    audit.record(work, action, f"{institution}/{step.commitment[:16]}", institution=institution, details={"commitment": step.commitment})


def find_anchored_size(work: Work, sample: Sample) -> tuple[int, int] | None:
    """Return size and block of the first anchored checkpoint of the auditor's log that has the commitment, or None."""
    found: list[tuple[int, int]] = []
    after: int | None = None
    while True:
        page = metering.list_checkpoints(work.session, sample.commitment.institution, after=after)
        for row in page.items:
            anchor = log_anchors.find_log_anchor(work.session, row.id) if row.size > sample.log_index else None
            if anchor is not None:
                found.append((row.size, anchor.block_number))
        if page.next_after is None:
            return min(found, key=lambda item: item[1]) if found else None
        after = page.next_after
