"""A whole book to its vault: statement, tree and vault belong together; a book with errors leaves nothing."""

from __future__ import annotations

import random
from pathlib import Path
from typing import Any

import pytest

from ledger.accounting.financed.compute import compute_book
from ledger.accounting.financed.groups import published_leaves
from ledger.accounting.financed.methods import Policies
from ledger.accounting.financed.records import read_record
from ledger.accounting.financed.statement_reading import financed_statement_from_document
from ledger.accounting.methods import pboc_2021, pcaf_2
from ledger.client.book import Place, WrittenBook, write_book
from ledger.errors import InputError
from ledger.loans.book import Book
from ledger.merkle.bulk import seal_columns
from ledger.merkle.sum_nodes import pack_sums
from ledger.records import canonical
from ledger.records.dataset_statement import Origin
from tests.accounting.financed.committed import BOOK_KEY, CONTEXT, KEYS, PERIOD, PSEUDONYMS, loans
from tests.accounting.financed.scene import Maker, loan

ORIGIN = Origin("bank-1", PERIOD, "lingtan-2026.1", "00" * 32)
PCAF = pcaf_2.Policies()
PLACE = Place(1337, CONTEXT.contract)


def write(folder: Path, book: Book, policies: Policies = PCAF, **given: Any) -> WrittenBook:
    return write_book(folder, book, policies, ORIGIN, PLACE, pseudonyms=PSEUDONYMS, keys=KEYS, **given)


@pytest.mark.parametrize("policies", [PCAF, pboc_2021.Policies()], ids=["pcaf_2", "pboc_2021"])
def test_statement_tree_and_records_tell_the_same_sums(tmp_path: Path, policies: Policies) -> None:
    rows, heard = Maker(2, wild=0).book(400), list[tuple[str, int]]()
    # Rows that the method refuses are taken out: the maker knows nothing of methods.
    findings = compute_book(Book.of(rows), policies).findings(Book.of(rows))
    wrong = {finding.place.split()[1] for finding in findings if finding.severity == "error"}
    book = Book.of(row for at, row in enumerate(rows, start=1) if str(at) not in wrong)
    made = write(tmp_path / "v", book, policies, progress=lambda *step: heard.append(step))
    statement, vault = made.statement, made.vault
    assert financed_statement_from_document(canonical.load_canonical(vault.statement)).to_bytes() == statement.to_bytes()
    totals = (statement.totals.exposure_cents, statement.totals.s12_g, statement.totals.s3_g, statement.totals.weighted)
    records = [read_record(shown.record) for shown in vault.exposures()]  # type: ignore[union-attr]
    assert tuple(map(sum, zip(*(record.measures for record in records), strict=True))) == totals == statement.commitment.totals
    assert (statement.commitment.root, statement.groups.rows) == (vault.root.hex(), vault.n)
    assert statement.totals.rows == vault.n > 200
    assert heard[-1] == ("groups", vault.n)
    vault.verify()


def test_published_leaves_lead_to_the_root_and_hold_no_salt(tmp_path: Path) -> None:
    book = Book.of(loans(333))
    vault = write(tmp_path / "v", book).vault
    leaves = published_leaves(vault.committed)
    columns = [b"".join(bytes.fromhex(str(leaf[name])) for leaf in leaves) for name in ("key", "record_hash")]
    values = b"".join(pack_sums([int(value) for value in leaf["values"]]) for leaf in leaves)  # type: ignore[attr-defined]
    assert seal_columns(vault.context, columns[0], values, columns[1]).root == vault.root
    assert {name for leaf in leaves for name in leaf} == {"key", "record_hash", "values"}
    assert not any(opening.salt.hex() in str(leaves) for opening in vault.committed.openings)


def test_the_order_of_rows_changes_no_byte_of_the_vault(tmp_path: Path) -> None:
    rows = loans(120)
    for name, listed in (("a", rows), ("b", random.Random(9).sample(rows, len(rows)))):
        book = Book.of(listed)
        write(tmp_path / name, book, book_key=BOOK_KEY)
    names = sorted(path.name for path in (tmp_path / "a").iterdir())
    assert len(names) == 8
    assert [(tmp_path / "a" / name).read_bytes() for name in names] == [(tmp_path / "b" / name).read_bytes() for name in names]


def test_two_computations_have_other_salts_and_the_same_sums(tmp_path: Path) -> None:
    book = Book.of(loans(60))
    one, other = (write(tmp_path / name, book) for name in ("a", "b"))
    assert one.vault.root != other.vault.root
    assert one.statement.totals == other.statement.totals
    assert (tmp_path / "a" / "salts.bin").read_bytes() != (tmp_path / "b" / "salts.bin").read_bytes()


def test_a_book_with_an_error_or_without_a_calculated_row_leaves_nothing(tmp_path: Path) -> None:
    no_denominator, excluded = loan(1000, s12_t=1), loan(1000, exclude_reason="sold")
    for row, said in ((no_denominator, "errors among them"), (excluded, "no calculated exposure")):
        with pytest.raises(InputError, match=said):
            write(tmp_path / "v", Book.of([row]))
    assert list(tmp_path.iterdir()) == []
