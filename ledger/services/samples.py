"""An auditor's samples: committed to before the anchor, drawn from what nobody could foresee, every outcome kept (spec: bundle.md §4).

Each step is an entry of the auditor's institution's own envelope log, which its logkeeper signs and the chain anchors: an entry is never
changed or taken out, so neither is a sample that went badly.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field

from ledger.chain.typed_data import PeriodAttestation
from ledger.errors import Conflict, Forbidden, InputError, NotFound
from ledger.merkle.dataset_schema import FINANCED_DATASETS
from ledger.records import canonical
from ledger.records.findings import findings_document
from ledger.records.sample import (
    DATASETS,
    MEDIA_TYPE,
    OUTCOMES,
    SampleCommitment,
    SampleResult,
    SampleReveal,
    SampleStep,
    load_step,
    read_step,
)
from ledger.records.sampling import SIZE_OF_1_PERCENT_AT_95, commitment_of, draw_sample, seed_of
from ledger.services import audit
from ledger.services.anchors import attested
from ledger.services.attestations import read_attestation
from ledger.services.context import Work, may_see, require_role, require_visible
from ledger.services.dataset_statements import find_live, load_row
from ledger.services.financed import FINANCED_KIND, load_leaves
from ledger.services.log_proofs import build_log_proof
from ledger.services.periods import load_period_row
from ledger.services.stored_statement import load_commitments, load_statement_row
from ledger.store.repositories import attestations, devices, institutions, log_anchors, metering
from ledger.store.tables.attested import AnchorRow, AttestationRow

PROOF_SCHEMA = "lingtan.sample-proof/1"
VALUE_BYTES, MEASURES = 16, 4


@dataclass(frozen=True)
class SampleView:
    """A sample and how far it has come. number: 1, 2, … among the samples of one auditor, subject, dataset and period.

    state: committed (not anchored yet), anchored (its log entry is), drawn, or done where every drawn item has an outcome. `block` is the
    block that anchored the commitment; `draws` are the leaves in the order drawn, `items` each drawn leaf once with its outcome or None.
    """

    commitment: str
    institution: str
    subject: str
    dataset: str
    start: int
    end: int
    number: int
    measure: int | None
    size: int
    state: str
    log_index: int
    block: int | None
    seed: str | None
    draws: tuple[int, ...]
    items: tuple[SampleItem, ...]


@dataclass(frozen=True)
class SampleItem:
    """A drawn leaf; outcome None where nothing was recorded yet."""

    index: int
    outcome: str | None
    note: str | None


@dataclass
class _Sample:
    commitment: SampleCommitment
    log_index: int
    number: int
    reveal: SampleReveal | None = None
    results: dict[int, SampleResult] = field(default_factory=dict)


@dataclass(frozen=True)
class _Anchored:
    message: PeriodAttestation
    block: int
    block_hash: bytes
    values: tuple[tuple[int, ...], ...]
    """Of each leaf, where it is drawn by a measure."""


def commit_sample(
    work: Work, subject: str, period: str, dataset: str, commitment: str, *, measure: int | None = None, size: int | None = None
) -> SampleView:
    """Take an auditor's H(0x20 ‖ nonce) for a period to be anchored, with the way it will be drawn. The same again changes nothing.

    Args:
        size: the number of draws; without it 299, for 1 % at 95 %.

    Raises:
        NotFound: no such institution or period.
        Forbidden: the auditor's own institution is the subject.
        InputError: what is given is no commitment of this form.
        Conflict: the commitment stands for another sample.
    """
    institution = _own_institution(work)
    require_visible(work, subject)
    if subject == institution:
        raise Forbidden("nobody samples their own books as an auditor", hint="a verifier of another institution does")
    if dataset not in DATASETS:
        raise InputError(f"no dataset {dataset[:60]!r} to sample", hint=f"expected one of {', '.join(DATASETS)}")
    row = load_period_row(work, subject, period)
    size = SIZE_OF_1_PERCENT_AT_95 if size is None else size
    now = work.clock.now()
    step = SampleCommitment(institution, subject, dataset, row.start, row.end, commitment, measure, size, work.actor.subject, now)
    read_step(step.to_document())
    for sample in _samples(work, institution):
        if sample.commitment.commitment == commitment:
            if _stated(sample.commitment) != _stated(step):
                raise Conflict("this commitment stands for another sample", hint="take a new nonce for each sample")
            return _view(work, sample)
    _append(work, institution, step, "sample.commit")
    return get_sample(work, commitment)


def reveal_sample(work: Work, commitment: str, nonce: bytes, statement: str) -> SampleView:
    """Take the nonce once the subject's dataset is anchored, and draw. The same again changes nothing.

    Args:
        statement: the statement whose anchor it is; of a FINANCED dataset, the financed statement.

    Raises:
        NotFound: no such statement.
        InputError: no such sample of the actor's institution, another nonce, or a statement of another subject, period or dataset.
        Conflict: the dataset is not anchored, the commitment was not anchored before it, an earlier sample is not drawn yet, or the
            sample was drawn from another anchor.
    """
    sample = _own(work, commitment)
    if commitment_of(nonce).hex() != commitment:
        raise InputError("another nonce was committed to", hint="give the 32 bytes of the nonce file that was made with the commitment")
    anchored = _load_anchored(work, sample.commitment, statement)
    seed = seed_of(anchored.message.root, nonce, anchored.block_hash)
    if sample.reveal is not None:
        if sample.reveal.seed != seed.hex():
            raise Conflict(
                "this sample was drawn from another anchor", hint="a nonce that is known draws nothing more: take a further sample"
            )
        return _view(work, sample)
    committed = _commitment_block(work, sample)
    if committed is None or committed >= anchored.block:
        stood = "not anchored" if committed is None else f"anchored in block {committed}"
        raise Conflict(
            f"the commitment is {stood}, the dataset in block {anchored.block}: it has to come before",
            hint="commit, have the logkeeper sign the log, and only then let the bank sign",
        )
    earlier = [item for item in _samples(work, sample.commitment.institution) if _of_same(item, sample) and item.number < sample.number]
    if any(item.reveal is None for item in earlier):
        raise Conflict("an earlier sample of this dataset is not drawn yet", hint="reveal the samples in the order of their commitments")
    measure = sample.commitment.measure
    limit = anchored.message.n if measure is None else tuple(item[measure] for item in anchored.values)
    step = SampleReveal(
        institution=sample.commitment.institution,
        commitment=commitment,
        nonce=nonce.hex(),
        revision=anchored.message.revision,
        root=anchored.message.root.hex(),
        n=anchored.message.n,
        block=anchored.block,
        block_hash=anchored.block_hash.hex(),
        seed=seed.hex(),
        draws=draw_sample(seed, sample.commitment.size, limit),
        by=work.actor.subject,
        at=work.clock.now(),
    )
    _append(work, sample.commitment.institution, step, "sample.reveal")
    return get_sample(work, commitment)


def record_result(work: Work, commitment: str, index: int, outcome: str, note: str) -> SampleView:
    """Record what became of a drawn leaf, for ever. The same again changes nothing.

    Raises:
        InputError: the actor's institution has no such sample, the leaf was not drawn, or no such outcome.
        Conflict: the sample is not drawn yet, or another outcome of this leaf is recorded.
    """
    sample = _own(work, commitment)
    if sample.reveal is None:
        raise Conflict("the sample is not drawn yet", hint="reveal its nonce when the dataset is anchored")
    if index not in sample.reveal.draws:
        raise InputError(f"leaf {index} was not drawn", hint="`lingtan sample list` names the leaves that were")
    if outcome not in OUTCOMES:
        raise InputError(f"no outcome {outcome[:40]!r}", hint=f"expected one of {', '.join(OUTCOMES)}")
    stored = sample.results.get(index)
    if stored is not None:
        if (stored.outcome, stored.note) != (outcome, note):
            raise Conflict(
                f"leaf {index} is recorded as {stored.outcome}, and stays so",
                hint="take a further sample; what was recorded is never replaced",
                stored=stored.outcome,
                got=outcome,
            )
        return _view(work, sample)
    step = SampleResult(sample.commitment.institution, commitment, index, outcome, note, work.actor.subject, work.clock.now())
    _append(work, sample.commitment.institution, step, "sample.record")
    return get_sample(work, commitment)


def list_samples(work: Work, subject: str | None) -> tuple[SampleView, ...]:
    """Return every sample that the actor may see, of one subject if given: an auditor's own, and a bank those of its own books."""
    if subject is not None:
        require_visible(work, subject)
    return tuple(_view(work, sample) for sample in _visible(work) if subject is None or sample.commitment.subject == subject)


def get_sample(work: Work, commitment: str) -> SampleView:
    """Return one sample.

    Raises:
        NotFound: none, or not visible.
    """
    return _view(work, _find(work, commitment))


def get_sample_proof(work: Work, commitment: str) -> dict[str, object]:
    """Return `lingtan.sample-proof/1`: every step of a sample, and that its commitment is in the auditor's log and where that is anchored.

    Raises:
        NotFound: none, or not visible.
    """
    sample = _find(work, commitment)
    institution = sample.commitment.institution
    size = _anchored_size(work, sample)
    return {
        "schema": PROOF_SCHEMA,
        "commitment": sample.commitment.to_document(),
        "proof": build_log_proof(work, institution, sample.log_index, None if size is None else size[0], None),
        "reveal": None if sample.reveal is None else sample.reveal.to_document(),
        "results": [sample.results[index].to_document() for index in sorted(sample.results)],
    }


def _own_institution(work: Work) -> str:
    require_role(work, "verifier")
    if work.actor.institution is None:
        raise InputError("a sample is an institution's", hint="use the token of a verifier of a verifying institution")
    return work.actor.institution


def _own(work: Work, commitment: str) -> _Sample:
    institution = _own_institution(work)
    found = next((item for item in _samples(work, institution) if item.commitment.commitment == commitment), None)
    if found is None:
        raise InputError("your institution has no such sample", hint="list the samples")
    return found


def _find(work: Work, commitment: str) -> _Sample:
    found = next((item for item in _visible(work) if item.commitment.commitment == commitment), None)
    if found is None:
        raise NotFound("no such sample", hint="list the samples")
    return found


def _visible(work: Work) -> Iterator[_Sample]:
    after: str | None = None
    while True:
        page = institutions.list_institutions(work.session, after=after)
        for row in page.items:
            if row.kind != "bank":
                samples = _samples(work, row.id)
                yield from (item for item in samples if may_see(work.actor, item.commitment.subject))
        if page.next_after is None:
            return
        after = page.next_after


def _samples(work: Work, institution: str) -> list[_Sample]:
    """Return an institution's samples in the order of their commitments, as its log has them."""
    found: dict[str, _Sample] = {}
    for log_index, body in devices.list_entries_of_type(work.session, institution, MEDIA_TYPE):
        step = load_step(body)
        if isinstance(step, SampleCommitment):
            sample = _Sample(step, log_index, 1)
            sample.number += sum(_of_same(item, sample) for item in found.values())
            found[step.commitment] = sample
        elif isinstance(step, SampleReveal):
            found[step.commitment].reveal = step
        else:
            found[step.commitment].results[step.index] = step
    return list(found.values())


def _of_same(one: _Sample, other: _Sample) -> bool:
    first, second = one.commitment, other.commitment
    return (first.subject, first.dataset, first.start, first.end) == (second.subject, second.dataset, second.start, second.end)


def _stated(step: SampleCommitment) -> tuple[object, ...]:
    return (step.subject, step.dataset, step.start, step.end, step.measure, step.size)


def _append(work: Work, institution: str, step: SampleStep, action: str) -> None:
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


def _anchored_size(work: Work, sample: _Sample) -> tuple[int, int] | None:
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


def _commitment_block(work: Work, sample: _Sample) -> int | None:
    size = _anchored_size(work, sample)
    return None if size is None else size[1]


def _load_anchored(work: Work, of: SampleCommitment, statement: str) -> _Anchored:
    attestation: AttestationRow | None
    mark: AnchorRow | None
    values: tuple[tuple[int, ...], ...] = ()
    if of.dataset in FINANCED_DATASETS:
        book = load_row(work, FINANCED_KIND, statement)
        attestation, mark = find_live(work, FINANCED_KIND, book) if book.dataset == of.dataset else (None, None)
        if attestation is not None and of.measure is not None:
            packed = load_leaves(work, book).values
            words = [int.from_bytes(packed[at : at + VALUE_BYTES], "big") for at in range(0, len(packed), VALUE_BYTES)]
            values = tuple(tuple(words[at : at + MEASURES]) for at in range(0, len(words), MEASURES))
    else:
        row = load_statement_row(work, statement)
        attestation = next((item for item in attested(work, row) if item.dataset == of.dataset), None)
        mark = None if attestation is None else attestations.find_anchor(work.session, attestation.id)
        if attestation is not None and of.measure is not None:
            values = tuple(tuple(opening.values) for opening in load_commitments(work, row).dataset(of.dataset).openings)
    if attestation is None or mark is None:
        raise Conflict(f"{of.dataset} of statement {statement} is not anchored", hint="reveal the nonce when it is")
    message = read_attestation(attestation)
    subject = institutions.find_institution_by_org(work.session, message.org.hex())
    if subject is None or (subject.id, message.period_start, message.period_end) != (of.subject, of.start, of.end):
        raise InputError("the statement is of another institution or period than the commitment", hint="name the statement of that period")
    return _Anchored(message, mark.block_number, bytes.fromhex(mark.block_hash.removeprefix("0x")), values)


def _view(work: Work, sample: _Sample) -> SampleView:
    of, reveal = sample.commitment, sample.reveal
    block = _commitment_block(work, sample)
    drawn = () if reveal is None else tuple(sorted(set(reveal.draws)))
    items = tuple(
        SampleItem(index, None, None) if (result := sample.results.get(index)) is None else SampleItem(index, result.outcome, result.note)
        for index in drawn
    )
    if reveal is not None:
        state = "drawn" if any(item.outcome is None for item in items) else "done"
    else:
        state = "committed" if block is None else "anchored"
    return SampleView(
        commitment=of.commitment,
        institution=of.institution,
        subject=of.subject,
        dataset=of.dataset,
        start=of.start,
        end=of.end,
        number=sample.number,
        measure=of.measure,
        size=of.size,
        state=state,
        log_index=sample.log_index,
        block=block,
        seed=None if reveal is None else reveal.seed,
        draws=() if reveal is None else reveal.draws,
        items=items,
    )
