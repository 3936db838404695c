"""Take the approver's signatures on a statement, and queue them for the chain in the same transaction."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from ledger.accounting.commit import Commitments
from ledger.chain.typed_data import PeriodAttestation, ReleaseStatus
from ledger.errors import Conflict, Forbidden, InputError, NotFound
from ledger.records import canonical
from ledger.records.statement import Statement
from ledger.services import audit
from ledger.services.attested import S, latest_attestations, live_attestations
from ledger.services.context import Page, Work, require_own, require_visible
from ledger.services.signable import require_signable
from ledger.services.signing import Received, queue, receive, signed_columns
from ledger.services.signing_request import attestation_message
from ledger.services.statement_state import find_statement_state, last_attested
from ledger.services.stored_statement import load_commitments, load_statement, load_statement_row
from ledger.services.transactions import find_transaction
from ledger.store import tables
from ledger.store.repositories import attestations, statements
from ledger.store.repositories.attested import STATEMENTS, Attested
from ledger.store.tables.attested import AttestationRow


@dataclass(frozen=True)
class AttestedDataset:
    """One signed dataset: its root R, the signer's address, and what became of the transaction (`id` names the anchor)."""

    dataset: str
    root: str
    signer: str
    state: str
    tx_hash: str | None
    error: str | None
    id: str


@dataclass(frozen=True)
class AttestationView:
    """The attestation of a statement: signed, queued, anchored or rejected as a whole."""

    id: str
    statement: str
    institution: str
    state: str
    items: tuple[AttestedDataset, ...]


def submit_attestation(work: Work, statement_id: str, items: Sequence[Mapping[str, Any]]) -> AttestationView:
    """Take one signed message per dataset that the signing request lists: all of them or none. The same messages again change nothing.

    A dataset that waits for the chain or is anchored stays as it is; one that was refused for good is signed again under the same revision.

    Raises:
        Forbidden: the person who prepared the statement signs it, or the actor is no approver.
        InputError: a message is not the one the statement gives; a dataset is missing or twice.
        SignatureRefused: past its deadline; another bank's, a suspended or an ended key; signed for another chain.
        Conflict: errors stand against the statement; its library release is not in force; other messages are recorded; a later revision,
            or another statement of this one, is used.
    """
    row = load_statement_row(work, statement_id)
    require_own(work, row.institution_id, "approver")
    if row.prepared_by == work.actor.subject:
        raise Forbidden("the preparer of a statement does not sign it", hint="preparer and approver are two people")
    require_signable(work, row)
    require_library(work, row.library_hash)
    commitments = load_commitments(work, row)
    statement = load_statement(row)
    received = [_receive(work, statement, str(row.id), commitments, item) for item in items]
    live = live_attestations(work, STATEMENTS, row)
    _check_datasets([dataset for dataset, _ in received], [dataset.dataset for dataset in commitments.datasets], frozenset(live))
    new = [(dataset, message) for dataset, message in received if not _is_recorded(live.get(dataset), message)]
    if new:
        _check_revision(work, row)
    for dataset, message in new:
        outbox_id = queue(work, work.house.contracts.periods, message, kind="periods.submit", subject=f"statement/{row.id}/{dataset}")
        attestations.add_attestation(
            work.session, row, dataset=dataset, digest=message.digest.hex(), signed=signed_columns(work, message, outbox_id)
        )
    audit.record(work, "attestation.submit", statement_id, institution=row.institution_id, details={"statement": row.hash})
    return _view(work, row)


def get_attestation(work: Work, id: str) -> AttestationView:
    """Return the attestation of a statement (it has the statement's id)."""
    return _view(work, load_statement_row(work, id))


def list_attestations(work: Work, institution: str, limit: int, after: str | None) -> Page[AttestationView]:
    """Return the attested statements of an institution in the order of their first signature."""
    require_visible(work, institution)
    page = statements.list_statements(work.session, institution_id=institution, limit=limit, after=None if after is None else int(after))
    signed = (row for row in page.items if attestations.list_statement_attestations(work.session, row.id))
    items = tuple(_view(work, statements.get_statement(work.session, row.id)) for row in signed)
    return Page(items, None if page.next_after is None else str(page.next_after))


def _receive(
    work: Work, statement: Statement, statement_id: str, commitments: Commitments, item: Mapping[str, Any]
) -> tuple[str, Received[PeriodAttestation]]:
    dataset = str(item.get("dataset"))
    if commitments.find_dataset(dataset) is None:
        raise InputError("the statement commits to no such dataset", hint="sign what the signing request lists")
    received = receive(work, work.house.contracts.periods, PeriodAttestation, item["message"], str(item["signature"]))
    check_message(received.struct, attestation_message(statement, dataset, commitments, received.struct.deadline), statement_id)
    return dataset, received


def check_message(signed: PeriodAttestation, expected: PeriodAttestation, statement_id: str) -> None:
    """Pass if a signed message is the one that the statement gives.

    Raises:
        InputError: it is another one; every field that differs is named.
    """
    if signed == expected:
        return
    got, want = signed.to_message(), expected.to_message()
    differing = tuple((f"/{name}", "DIFFERS", f"expected {want[name]}") for name in want if got[name] != want[name])
    raise InputError(
        f"the message attests something else than statement {statement_id}: {', '.join(pointer[1:] for pointer, _, _ in differing)}",
        hint="sign the message of the signing request unchanged",
        errors=differing,
    )


def _check_datasets(names: Sequence[str], wanted: Sequence[str], live: frozenset[str]) -> None:
    missing = [dataset for dataset in wanted if dataset not in live]
    if not names and not missing:
        raise Conflict("every dataset of this statement is attested already", hint="a correction is the next revision, with a cause")
    if not names or len(set(names)) != len(names) or not set(missing) <= set(names):
        got = ", ".join(sorted(names)) or "none"
        raise InputError(f"signed datasets: got {got}, expected {', '.join(missing or wanted)}", hint="sign every dataset once")


def _is_recorded(live: tables.Attestation | None, message: Received[PeriodAttestation]) -> bool:
    return live is not None and live.struct_hash == message.struct.struct_hash().hex()


def _check_revision(work: Work, row: tables.Statement) -> None:
    """Pass unless the chain will hold, or holds, something else for this revision or a later one."""
    last = last_attested(work, row.institution_id, row.period_id)
    if last is not None and last.id != row.id and last.revision >= row.revision:
        raise Conflict(
            f"revision {last.revision} of {row.period_id} is attested already, by statement {last.id}",
            hint="prepare the statement again, with a cause, and sign that one",
            statement=str(last.id),
        )


def require_library(work: Work, release: str) -> None:
    """Pass if the chain has the library release with this hash in force.

    Raises:
        Conflict: it has not.
    """
    status = work.house.contracts.libraries.status_at(bytes.fromhex(release), work.clock.now())
    if status != ReleaseStatus.IN_FORCE:
        raise Conflict(
            f"the library release of this statement is {status.name.lower().replace('_', ' ')} on chain, expected in force",
            hint="wait until the centre has published it, or prepare the statement with a published one",
            library=release,
        )


def attestation_view(work: Work, rows: Attested[S, Any, Any], row: S, state: str) -> AttestationView:
    """Return the attestation of a statement that is in this state.

    Raises:
        NotFound: it is not signed yet.
    """
    latest = latest_attestations(work, rows, row)
    if not latest:
        raise NotFound("no such attestation", hint="the statement is not signed yet")
    items = []
    for dataset, item in sorted(latest.items()):
        transaction = find_transaction(work, item.outbox_id)
        root = read_attestation(item).root.hex()
        items.append(AttestedDataset(dataset, root, item.signer, transaction.state, transaction.tx_hash, transaction.error, str(item.id)))
    if state in ("verified", "superseded"):
        state = "anchored"
    return AttestationView(str(row.id), str(row.id), row.institution_id, state, tuple(items))


def _view(work: Work, row: tables.Statement) -> AttestationView:
    return attestation_view(work, STATEMENTS, row, find_statement_state(work, row))


def read_attestation(row: AttestationRow) -> PeriodAttestation:
    """Return the signed struct of a stored attestation."""
    return PeriodAttestation.from_message(read_message(row))


def read_message(row: AttestationRow) -> dict[str, Any]:
    """Return the stored message of an attestation."""
    message = canonical.load(row.message)
    return dict(message) if isinstance(message, dict) else {}
