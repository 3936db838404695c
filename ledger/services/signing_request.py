"""What people are asked to sign: the message, its domain, and the digest that their own key signs, away from this server."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

from ledger.accounting.commit import Commitments
from ledger.chain.contracts.base import Contract
from ledger.chain.typed_data import Cause, PeriodAttestation, TypedStruct
from ledger.merkle.sums import Context
from ledger.records.statement import Statement
from ledger.services.attested import live_attestations
from ledger.services.context import Work
from ledger.services.signable import require_signable
from ledger.services.stored_statement import load_commitments, load_statement, load_statement_row
from ledger.store.repositories.attested import STATEMENTS

SIGNING_SECONDS = 7 * 86_400
"""How long a signing request stays good: a week, for an approver who is not at the desk."""


@dataclass(frozen=True)
class SigningItem:
    """One message to sign: EIP-712 domain, primary type, message and the digest that the key signs (0x hex)."""

    dataset: str
    primary_type: str
    domain: dict[str, object]
    message: dict[str, object]
    digest: str
    typed_data: dict[str, object]


@dataclass(frozen=True)
class SigningRequest:
    """What the approver of a statement signs: one message per dataset that is not attested yet."""

    statement: str
    items: tuple[SigningItem, ...]


def signing_item(contract: Contract, struct: TypedStruct, dataset: str = "") -> SigningItem:
    """Return the request to sign one message for one contract."""
    return SigningItem(
        dataset=dataset,
        primary_type=type(struct).__name__,
        domain=contract.domain.to_message(),
        message=struct.to_message(),
        digest="0x" + struct.digest(contract.domain).hex(),
        typed_data=struct.to_typed_data(contract.domain),
    )


def get_signing_request(work: Work, id: str) -> SigningRequest:
    """Return the messages that the approver signs: of each dataset that neither waits for the chain nor is anchored.

    Raises:
        Conflict: findings of severity error stand against the statement, or an unanswered RATIO_SLIP.
    """
    row = load_statement_row(work, id)
    require_signable(work, row)
    statement = load_statement(row)
    deadline = work.clock.now() + SIGNING_SECONDS
    ledger = work.house.contracts.periods
    items = []
    live, commitments = live_attestations(work, STATEMENTS, row), load_commitments(work, row)
    for dataset in commitments.datasets:
        if dataset.dataset in live:
            continue
        struct = attestation_message(statement, dataset.dataset, commitments, deadline)
        items.append(signing_item(ledger, struct, dataset.dataset))
    return SigningRequest(str(row.id), tuple(items))


def attestation_message(statement: Statement, dataset: str, commitments: Commitments, deadline: int) -> PeriodAttestation:
    """Return the message that attests one dataset of a statement."""
    committed = commitments.dataset(dataset)
    return tree_attestation(committed.context, committed.tree, statement.cause, statement.library_hash, statement.digest(), deadline)


class Tree(Protocol):
    """What is signed of a sum tree."""

    @property
    def n(self) -> int:
        """How many leaves."""

    @property
    def totals(self) -> Sequence[int]:
        """The four totals."""

    @property
    def tree_root(self) -> bytes:
        """The hash of the root node."""

    @property
    def root(self) -> bytes:
        """The sealed root R."""


def tree_attestation(context: Context, tree: Tree, cause: str, library: str, statement: str, deadline: int) -> PeriodAttestation:
    """Return the message that attests a sum tree in its context, for the statement and the library release with these hashes."""
    return PeriodAttestation(
        org=context.org,
        dataset=context.dataset,
        period_start=context.period_start,
        period_end=context.period_end,
        revision=context.revision,
        cause=int(Cause[cause.upper()]),
        alg=context.alg,
        measures=context.measures,
        schema_hash=context.schema_hash,
        n=tree.n,
        totals=(tree.totals[0], tree.totals[1], tree.totals[2], tree.totals[3]),
        tree_root=tree.tree_root,
        root=tree.root,
        library_hash=bytes.fromhex(library),
        statement_hash=bytes.fromhex(statement),
        deadline=deadline,
    )
