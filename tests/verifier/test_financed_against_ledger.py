"""The product and the verifier, written from one specification and sharing no code, agree to the gram on made-up books."""

from __future__ import annotations

from datetime import date
from pathlib import Path
from typing import Any

import pytest

from ledger.accounting.financed.compute import compute_book
from ledger.accounting.financed.groups import published_leaves
from ledger.accounting.methods import pboc_2021, pcaf_2
from ledger.client.book import Place, WrittenBook, write_book
from ledger.errors import InputError
from ledger.loans.book import Book as Loans
from ledger.loans.exposure import Exposure
from ledger.loans.pseudonyms import PseudonymKey
from ledger.merkle.keys import CommitmentKeys
from ledger.records.dataset_statement import Origin
from ledger.records.period import Period
from tests.accounting.financed.scene import Maker, loan
from tests.verifier.bank import ROOT, jcs, sha
from tests.verifier.evidence import pack
from verifier.checks import Outcome
from verifier.package import open_package
from verifier.verify_opening import verify_opening
from verifier.verify_package import Verification, verify_book_package

CONTRACT = bytes(19) + b"\xaa"
PERIODS = {
    12: Period.of_dates("2025", date(2025, 1, 1), date(2025, 12, 31), "Asia/Shanghai"),
    3: Period.of_dates("2025-q1", date(2025, 1, 1), date(2025, 3, 31), "America/New_York"),
    1: Period.of_dates("2025-02", date(2025, 2, 1), date(2025, 2, 28), "Europe/London"),
}
PCAF = pcaf_2.Policies()
ENDS = pboc_2021.Policies(average="mean_of_ends", exclude_small_micro=True)
ALL = pboc_2021.Policies(exclude_short_life=True, exclude_small_balance=True, exclude_natural_person=True)
BOOKS: list[tuple[int, Any, int, int, float]] = [  # seed, policies, rows, months, share of wild figures
    (1, PCAF, 1, 12, 0.0),
    (2, PCAF, 90, 12, 0.0),
    (3, PCAF, 2_500, 12, 0.02),
    (4, PCAF, 2_500, 12, 0.1),
    (5, PCAF, 1_500, 3, 0.3),
    (6, pboc_2021.Policies(), 2_500, 12, 0.02),
    (7, pboc_2021.Policies(), 1_500, 3, 0.1),
    (8, ENDS, 2_500, 12, 0.02),
    (9, ENDS, 1_500, 1, 0.1),
    (10, ALL, 1_500, 12, 0.05),
]


def sound(rows: list[Exposure], policies: Any) -> Loans:
    """The rows that the method does not refuse, as a book."""
    findings = compute_book(Loans.of(rows), policies).findings(Loans.of(rows))
    refused = {finding.place.split()[1] for finding in findings if finding.severity == "error"}
    return Loans.of(row for number, row in enumerate(rows, start=1) if str(number) not in refused)


def written(folder: Path, seed: int, policies: Any, rows: int, months: int, wild: float) -> WrittenBook:
    origin = Origin("bank-1", PERIODS[months], "lingtan-2026.1", "00" * 32)
    keys = {"pseudonyms": PseudonymKey(b"p" * 32), "keys": CommitmentKeys(b"k" * 32), "book_key": bytes(range(32))}
    book = sound(Maker(seed, wild, months).book(rows), policies)
    return write_book(folder / "vault", book, policies, origin, Place(1337, CONTRACT), **keys)  # type: ignore[arg-type]


def package_of(made: WrittenBook, disclosed: bool, *opened: int) -> bytes:
    """The package of documents §16, put together here from what the bank's vault holds."""
    vault = made.vault
    statement = made.statement.to_document()
    dataset = statement["dataset"]
    shown: list[Any] = list(vault.exposures())
    parts = {
        "financed.json": made.statement.to_bytes(),
        "groups.jsonl": b"".join(jcs(leaf) + b"\n" for leaf in published_leaves(vault.committed)),
        f"schemas/{dataset}.json": (ROOT / "docs/spec/schemas" / f"{dataset}.json").read_bytes(),
    }
    if disclosed:
        parts["commitments.json"] = jcs({"schema": "lingtan.commitments/1", "datasets": [vault.committed.to_document()]})
        parts["exposures.jsonl"] = b"".join(item.record + b"\n" for item in shown)
        parts["salts.bin"] = b"".join(item.salt for item in shown)
    parts |= {f"openings/{number:06d}.json": vault.opening(number).to_bytes() for number in opened}
    manifest = {
        "schema": "lingtan.package/1",
        **{name: statement[name] for name in ("institution", "period", "revision")},
        "statement": sha(parts["financed.json"]).hex(),
        "chain_id": "1337",
        "period_ledger": "0x" + CONTRACT.hex(),
        "parts": [{"path": path, "sha256": sha(data).hex(), "bytes": len(data)} for path, data in sorted(parts.items())],
        "withheld": [],
    }
    return pack(parts, manifest)


def verified(folder: Path, data: bytes) -> Verification:
    (folder / "book.zip").write_bytes(data)
    with open_package(folder / "book.zip") as package:
        return verify_book_package(package, None, None, 1_800_000_000)


def held(verification: Verification) -> set[str]:
    bad = [item for item in verification.checks.items if item.outcome in (Outcome.FAIL, Outcome.MALFORMED)]
    assert bad == []
    return {item.id for item in verification.checks.items if item.outcome is Outcome.PASS}


@pytest.mark.parametrize(("seed", "policies", "rows", "months", "wild"), BOOKS)
def test_a_made_up_book_is_recomputed_to_the_gram(tmp_path: Path, seed: int, policies: Any, rows: int, months: int, wild: float) -> None:
    made = written(tmp_path, seed, policies, rows, months, wild)
    dataset = made.statement.to_document()["dataset"]
    verification = verified(tmp_path, package_of(made, disclosed=True))
    financed = {f"financed.{name}" for name in ("manifest", "records", "groups", "blocks", "sample")}
    assert held(verification) >= {*financed, f"commitment.{dataset}"}
    assert verification.book is not None
    assert verification.book.records == made.vault.n
    assert set((verification.book.differences or {}).values()) == {0}
    # Each group opened is the same book again.
    number = int(made.statement.to_document()["groups"]["n"])
    opened = verified(tmp_path, package_of(made, False, *range(number)))
    assert held(opened) >= {f"financed.{name}" for name in ("manifest", "records", "groups", "blocks")} | {f"commitment.{dataset}"}
    assert opened.book is not None
    assert opened.book.totals == verification.book.totals


def test_an_erased_exposure_leaves_what_the_verifier_confirmed(tmp_path: Path) -> None:
    made = written(tmp_path, 3, PCAF, 400, 12, 0.02)
    before = verified(tmp_path, package_of(made, False, 1))
    position = next(at for at in range(made.vault.n) if made.vault.group_of(at) == 1)
    made.vault.erase(position, by="archivist", at=1_800_000_000, reason="request of the borrower")
    after = verify_opening(made.vault.opening(1).to_bytes(), None, None, 1_800_000_000)
    assert held(after) >= {"commitment.FINANCED_PCAF", "financed.records"}
    assert before.commitments[0].root == after.commitments[0].root
    assert {item.facts["count"] for item in after.checks.items if item.code == "FINANCED_ERASED"} == {"1"}


def alone(folder: Path, policies: Any, row: Exposure) -> set[str]:
    """The ids that fail for a book of one row."""
    origin = Origin("bank-1", PERIODS[12], "lingtan-2026.1", "00" * 32)
    keys = {"pseudonyms": PseudonymKey(b"p" * 32), "keys": CommitmentKeys(b"k" * 32)}
    made = write_book(folder / "vault", Loans.of([row]), policies, origin, Place(1337, CONTRACT), **keys)  # type: ignore[arg-type]
    return {item.id for item in verified(folder, package_of(made, disclosed=True)).checks.items if item.outcome is Outcome.FAIL}


def test_s1_and_s2_together_are_not_less_than_s1(tmp_path: Path) -> None:
    with pytest.raises(InputError):
        alone(tmp_path, PCAF, loan(50, total_equity=100, total_debt=0, s1_t=10, s12_t=5))


def test_the_denominator_of_a_guarantee_is_that_of_as_many_months(tmp_path: Path) -> None:
    row = loan(0, instrument="guarantee", revenue=7, months=(5,) * 12, s1_t=1, s2_t=1)
    assert alone(tmp_path, pboc_2021.Policies(), row) == set()
