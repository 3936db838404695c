"""Statements of one dataset alone, financed ones and those of reductions: what both go through from draft to anchor.

What differs stands in a `Kind`. How each is handed in and judged is in `financed` and `reductions`, how they are signed in
`dataset_signing`.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Generic, Protocol, TypeVar

from ledger.accounting.commit import dataset_context
from ledger.errors import Conflict
from ledger.merkle.sums import Context
from ledger.records import canonical
from ledger.records.dataset_statement import CommittedTree, Origin
from ledger.services import attested
from ledger.services.context import Work
from ledger.services.stored_statement import contract_bytes
from ledger.services.transactions import find_transaction
from ledger.store.repositories.attested import Attested
from ledger.store.tables.attested import AnchorRow, AttestationRow, DatasetStatementRow


class DatasetStatement(Protocol):
    """A statement of one dataset, as a value."""

    @property
    def origin(self) -> Origin:
        """Whose and of when it is."""

    @property
    def commitment(self) -> CommittedTree:
        """The sum tree that is signed."""

    def digest(self) -> str:
        """Return the hash of its document as hex."""


S = TypeVar("S", bound=DatasetStatementRow)
V = TypeVar("V", bound=DatasetStatement)


@dataclass(frozen=True)
class Kind(Generic[S, V]):
    """A kind of statement of one dataset.

    code: how the audit log and transactions name it; rows: its tables; read: its value from the document. Two hints: where to find one,
    and what to do where a later one is attested.
    """

    code: str
    rows: Attested[S, Any, Any]
    read: Callable[[object], V]
    find_hint: str
    overtaken_hint: str

    def load(self, row: S) -> V:
        """Return the value of a stored statement."""
        return self.read(canonical.load_canonical(row.document))


def load_row(work: Work, kind: Kind[S, V], id: str) -> S:
    """Return the stored row of a statement that the actor may see.

    Raises:
        NotFound: none, or another institution's.
    """
    return attested.load_row(work, kind.rows, id, kind.find_hint)


def find_state(work: Work, kind: Kind[S, V], row: S) -> str:
    """Return the state of a statement: draft, queued, anchored, superseded, or rejected by the contract."""
    attestation = attested.latest_attestations(work, kind.rows, row).get(row.dataset)
    if attestation is None:
        return "draft"
    state = find_transaction(work, attestation.outbox_id).state
    if state == "anchored" and kind.rows.has_later_anchor(work.session, row, row.dataset):
        return "superseded"
    return state if state in ("anchored", "rejected") else "queued"


def find_live(work: Work, kind: Kind[S, V], row: S) -> tuple[AttestationRow | None, AnchorRow | None]:
    """Return the attestation of a statement that waits for the chain or is anchored, and its anchor; one refused for good is none."""
    attestation = attested.live_attestations(work, kind.rows, row).get(row.dataset)
    return attestation, None if attestation is None else kind.rows.find_anchor(work.session, attestation.id)


def next_revision(work: Work, kind: Kind[S, V], institution: str, period: str, dataset: str) -> tuple[int, str | None]:
    """Return the revision that follows what is attested of a dataset, and the hash of the statement that it supersedes.

    Raises:
        Conflict: an attestation is on its way to the chain.
    """
    last = kind.rows.find_last_attested(work.session, institution, period, dataset)
    if last is None:
        return 1, None
    if find_state(work, kind, last) == "queued":
        raise Conflict(f"revision {last.revision} of {period} is on its way to the chain", hint="wait until it is anchored", period=period)
    return last.revision + 1, last.hash


def tree_context(work: Work, dataset: str, origin: Origin) -> Context:
    """Return the context of a statement's tree on this house's chain."""
    return dataset_context(origin.institution, origin.period, origin.revision, dataset, work.house.chain.chain_id, contract_bytes(work))
