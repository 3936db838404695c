"""A whole book to its vault: attribution, groups, tree and statement, on the bank's own machine (spec: documents §14, commitments §5)."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from ledger.accounting.commit import dataset_context
from ledger.accounting.financed.compute import BookComputation, compute_book
from ledger.accounting.financed.groups import commit_groups, make_groups, new_book_key
from ledger.accounting.financed.methods import Policies
from ledger.accounting.financed.records import BookRecords
from ledger.accounting.financed.statement import FinancedStatement, Groups
from ledger.client.vault import Vault
from ledger.client.vault_writer import VaultWriter
from ledger.errors import InputError
from ledger.loans.book import Book
from ledger.loans.pseudonyms import PseudonymKey
from ledger.merkle.keys import CommitmentKeys
from ledger.records.dataset_statement import CommittedTree, Origin

Progress = Callable[[str, int], None]


@dataclass(frozen=True)
class Place:
    """Where the tree will be anchored: chain id and PeriodLedger (its 20 address bytes)."""

    chain_id: int
    contract: bytes


@dataclass(frozen=True)
class WrittenBook:
    """What came of a book: the statement to sign, and the vault that can open it."""

    computation: BookComputation
    statement: FinancedStatement
    vault: Vault


def write_book(
    folder: Path,
    book: Book,
    policies: Policies,
    origin: Origin,
    place: Place,
    *,
    pseudonyms: PseudonymKey,
    keys: CommitmentKeys,
    book_key: bytes | None = None,
    progress: Progress | None = None,
) -> WrittenBook:
    """Compute a book by the method of `policies`, commit to it and write its vault to `folder`.

    Args:
        book_key: for tests that need the same salts again; a fresh one without it, as it should be.
        progress: hears the part (`attribution`, `groups`) and how many rows of it are done.

    Raises:
        InputError: a row has an error (facts: `findings`), or no row is calculated.
        Conflict: the folder is there already.
        ConfigurationError: it stands in a server's data directory.
    """
    with VaultWriter(folder) as writer:
        computation = compute_book(book, policies, progress=_tell(progress, "attribution"))
        if computation.figures is None:
            findings = computation.findings(book)
            raise InputError(
                f"the book has {len(findings)} findings, errors among them", hint="`lingtan loans check` lists them", findings=findings
            )
        records = BookRecords.of(book, computation.attribution, pseudonyms)
        groups = make_groups(records, book_key or new_book_key(), keep=writer.add, progress=_tell(progress, "groups"))
        dataset = computation.method.dataset
        context = dataset_context(origin.institution, origin.period, origin.revision, dataset, place.chain_id, place.contract)
        committed = commit_groups(groups, dataset, context, keys)
        tree = committed.tree
        exposure, s12, s3, weighted = tree.totals
        statement = FinancedStatement.of(
            computation.figures,
            origin,
            computation.method.id,
            policies.to_document(),
            Groups(len(groups.groups), groups.n),
            CommittedTree(tree.n, (exposure, s12, s3, weighted), tree.tree_root.hex(), tree.root.hex()),
        )
        return WrittenBook(computation, statement, writer.finish(statement.to_bytes(), committed, groups))


def _tell(progress: Progress | None, part: str) -> Callable[[int], None] | None:
    return None if progress is None else lambda done: progress(part, done)
