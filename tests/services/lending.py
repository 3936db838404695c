"""A bank's loan book for the tests of services: computed and kept at the bank, handed in, signed with the bank's key."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from ledger.accounting.financed.leaves import LeafColumns, submission_document
from ledger.accounting.financed.methods import Policies
from ledger.accounting.methods import pcaf_2
from ledger.client.book import Place, write_book
from ledger.client.vault import Vault
from ledger.identifiers import sid
from ledger.loans.book import Book
from ledger.loans.exposure import Exposure
from ledger.loans.pseudonyms import PseudonymKey
from ledger.merkle.keys import CommitmentKeys
from ledger.records import canonical
from ledger.records.dataset_statement import Origin
from ledger.services import dataset_signing, financed, library, periods
from ledger.services.attestations import AttestationView
from tests.accounting.financed.scene import loan
from tests.product import Town, approver, preparer, sign, signer

PERIOD = "2025-03"


def loans(n: int = 120, *, first: int = 0) -> list[Exposure]:
    """So many business loans of companies that are told apart by their number, two a borrower."""
    made = []
    for at in range(first, first + n):
        figures = {"total_equity": 50_000 + at, "total_debt": 40_000, "s1_t": 3 * at, "s2_t": at, "s3_t": None if at % 10 == 0 else 10 * at}
        made.append(loan(1000 + at, exposure=f"L{at}", borrower=f"Secret Company {at // 2} Ltd", sector=f"C{30 + at % 9}", **figures))
    return made


def pseudonyms(bank: str) -> PseudonymKey:
    """The bank's pseudonym key."""
    return PseudonymKey(sid("pseudonym", bank))


def write_vault(
    town: Town,
    bank: str,
    folder: Path,
    *,
    rows: Sequence[Exposure] | None = None,
    policies: Policies | None = None,
    revision: int = 1,
    cause: str = "first",
    supersedes: str | None = None,
    period: str = PERIOD,
) -> Vault:
    """Compute a bank's book at the bank, with what the server tells about chain, period and library."""
    with town.house.view(preparer(bank)) as work:
        known = periods.to_period(periods.load_period_row(work, bank, period))
        release = library.find_release_in_force(work)
        assert release is not None
        name, library_hash = str(canonical.load(release.document)["release"]), release.hash  # type: ignore[index, call-overload]
    place = Place(town.house.chain.chain_id, bytes.fromhex(town.house.contracts.periods.address[2:]))
    origin = Origin(bank, known, name, library_hash, revision, cause, supersedes)
    keys = CommitmentKeys(sid("commitment", bank))
    book = Book.of(rows if rows is not None else loans())
    return write_book(folder, book, policies or pcaf_2.Policies(), origin, place, pseudonyms=pseudonyms(bank), keys=keys).vault


def submission(vault: Vault) -> dict[str, Any]:
    """What the bank hands in of its vault."""
    return submission_document(vault.statement, LeafColumns.of(vault.committed))


def hand_in_document(town: Town, bank: str, document: object, period: str = PERIOD) -> financed.FinancedView:
    """Hand a document in as the bank's preparer."""
    with town.house.view(preparer(bank)) as work:
        read = financed.read_financed(work, bank, period, document)
    with town.work(preparer(bank)) as work:
        return financed.submit_financed(work, read)


def hand_in(town: Town, bank: str, vault: Vault, period: str = PERIOD) -> financed.FinancedView:
    """Hand a vault's statement and leaves in; they are taken."""
    view = hand_in_document(town, bank, submission(vault), period)
    assert view.accepted, view.findings
    return view


def attest_loans(town: Town, bank: str, id: str, *, key: str | None = None) -> AttestationView:
    """Sign a financed statement with the bank's key and hand the signature in."""
    with town.house.view(approver(bank)) as work:
        (item,) = dataset_signing.get_signing_request(work, financed.FINANCED_KIND, id).items
    with town.work(approver(bank)) as work:
        signature = sign(item, signer(key or f"{bank}.approver"))
        return dataset_signing.submit_attestation(work, financed.FINANCED_KIND, id, item.message, signature)
