"""An auditor's samples: committed to before the anchor, drawn from what nobody could foresee, every outcome kept (spec: bundle.md §4).

Each step is an entry of the auditor's institution's own envelope log, which its logkeeper signs and the chain anchors: an entry is never
changed or taken out, so neither is a sample that went badly.
"""

from __future__ import annotations

from dataclasses import dataclass

from ledger.errors import Conflict, Forbidden, InputError, NotFound
from ledger.records.sample import (
    DATASETS,
    OUTCOMES,
    SampleCommitment,
    SampleResult,
    SampleReveal,
    read_step,
)
from ledger.records.sampling import SIZE_OF_1_PERCENT_AT_95, commitment_of, draw_sample, seed_of
from ledger.services.context import Work, require_role, require_visible
from ledger.services.log_proofs import build_log_proof
from ledger.services.periods import load_period_row
from ledger.services.sample_dataset import load_anchored_dataset
from ledger.services.sample_log import Sample, append_step, find_anchored_size, list_samples_of, visible_samples

PROOF_SCHEMA = "lingtan.sample-proof/1"


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
    for sample in list_samples_of(work, institution):
        if sample.commitment.commitment == commitment:
            if _stated(sample.commitment) != _stated(step):
                raise Conflict("this commitment stands for another sample", hint="take a new nonce for each sample")
            return _view(work, sample)
    append_step(work, institution, step, "sample.commit")
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
    anchored = load_anchored_dataset(work, sample.commitment, statement)
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
    same_books = (item for item in list_samples_of(work, sample.commitment.institution) if item.is_of_books_of(sample))
    earlier = [item for item in same_books if item.number < sample.number]
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
    append_step(work, sample.commitment.institution, step, "sample.reveal")
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
    append_step(work, sample.commitment.institution, step, "sample.record")
    return get_sample(work, commitment)


def list_samples(work: Work, subject: str | None) -> tuple[SampleView, ...]:
    """Return every sample that the actor may see, of one subject if given: an auditor's own, and a bank those of its own books."""
    if subject is not None:
        require_visible(work, subject)
    return tuple(_view(work, sample) for sample in visible_samples(work) if subject is None or sample.commitment.subject == subject)


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
    size = find_anchored_size(work, sample)
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


def _own(work: Work, commitment: str) -> Sample:
    institution = _own_institution(work)
    found = next((item for item in list_samples_of(work, institution) if item.commitment.commitment == commitment), None)
    if found is None:
        raise InputError("your institution has no such sample", hint="list the samples")
    return found


def _find(work: Work, commitment: str) -> Sample:
    found = next((item for item in visible_samples(work) if item.commitment.commitment == commitment), None)
    if found is None:
        raise NotFound("no such sample", hint="list the samples")
    return found


def _stated(step: SampleCommitment) -> tuple[object, ...]:
    return (step.subject, step.dataset, step.start, step.end, step.measure, step.size)


def _commitment_block(work: Work, sample: Sample) -> int | None:
    size = find_anchored_size(work, sample)
    return None if size is None else size[1]


def _view(work: Work, sample: Sample) -> SampleView:
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
