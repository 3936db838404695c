"""The anchored dataset that a sample is drawn from, as its statement's attestation and anchor have it."""

from __future__ import annotations

from dataclasses import dataclass

from ledger.chain.typed_data import PeriodAttestation
from ledger.errors import Conflict, InputError
from ledger.merkle.dataset_schema import FINANCED_DATASETS
from ledger.records.sample import SampleCommitment
from ledger.services.anchors import attested
from ledger.services.attestations import read_attestation
from ledger.services.context import Work
from ledger.services.dataset_statements import find_live, load_row
from ledger.services.financed import FINANCED_KIND, load_leaves
from ledger.services.stored_statement import load_commitments, load_statement_row
from ledger.store.repositories import attestations, institutions
from ledger.store.tables.attested import AnchorRow, AttestationRow

VALUE_BYTES, MEASURES = 16, 4


@dataclass(frozen=True)
class AnchoredDataset:
    """What was signed of it, and the block that anchored it."""

    message: PeriodAttestation
    block: int
    block_hash: bytes
    values: tuple[tuple[int, ...], ...]
    """Of each leaf, where it is drawn by a measure."""


def load_anchored_dataset(work: Work, of: SampleCommitment, statement: str) -> AnchoredDataset:
    """Return the dataset that was committed to, of a statement; of a FINANCED dataset, of a financed statement.

    Raises:
        NotFound: no such statement.
        Conflict: the dataset is not anchored.
        InputError: the statement is of another subject or period than the commitment.
    """
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
    return AnchoredDataset(message, mark.block_number, bytes.fromhex(mark.block_hash.removeprefix("0x")), values)
