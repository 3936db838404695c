"""Exposure records of whole books: the same bytes as row by row, read again strictly."""

from __future__ import annotations

import random
from dataclasses import fields

import pytest

from ledger.accounting.financed.compute import compute_book
from ledger.accounting.financed.methods import Policies, method_of
from ledger.accounting.financed.records import BookRecords, read_record
from ledger.accounting.methods import pboc_2021, pcaf_2
from ledger.errors import InputError, LedgerError, MalformedDocument
from ledger.loans.book import Book
from ledger.loans.exposure import Exposure
from ledger.records import canonical
from tests.accounting.financed.committed import PSEUDONYMS, loans, records_of
from tests.accounting.financed.scene import Maker, loan


def text(value: int | None) -> str | None:
    return None if value is None else str(value)


def record_of_row(row: Exposure, policies: Policies) -> bytes | None:
    """The record by the reference: one attribution, one document (loan-book §5)."""
    found = method_of(policies).attribute(row, policies).attribution
    if found is None:
        return None
    e, a = found.emissions, found.attributed
    return canonical.dump(
        {
            "schema": "lingtan.exposure/1",
            "exposure": PSEUDONYMS.exposure(row.exposure),
            "borrower": PSEUDONYMS.borrower(row.borrower),
            **{name: getattr(row, name) for name in ("asset_class", "branch", "sector", "high_carbon", "option")},
            "numerator_cents": str(found.numerator_cents),
            "denominator_cents": text(found.denominator_cents),
            "denominator": found.denominator,
            "emissions": {name: text(getattr(e, name)) for name in ("s1_g", "s2_g", "s12_g", "s3_g")},
            "attributed": {field.name: text(getattr(a, field.name)) for field in fields(a)},
            "score_s12": found.score_s12,
            "score_s3": found.score_s3,
            "exposure_cents": str(found.exposure_cents),
        }
    )


@pytest.mark.parametrize("policies", [pcaf_2.Policies(), pboc_2021.Policies()], ids=["pcaf_2", "pboc_2021"])
def test_records_of_a_book_are_those_of_its_rows_in_order_of_pseudonyms(policies: Policies) -> None:
    rows = Maker(7, wild=0.05).book(1500)
    book = Book.of(rows)
    records = BookRecords.of(book, compute_book(book, policies).attribution, PSEUDONYMS)
    expected = {PSEUDONYMS.exposure(row.exposure): record_of_row(row, policies) for row in rows}
    wanted = [expected[name] for name in sorted(expected) if expected[name] is not None]
    assert records.n == len(wanted) > 300
    assert records.records(0, records.n) == wanted
    assert records.records(0, 100) + records.records(100, records.n) == wanted


def test_a_record_reads_back_as_its_row_and_its_measures() -> None:
    records = records_of(loans(120))
    read = [read_record(data) for data in records.records(0, 120)]
    columns = [column.tolist() for column in records.measures()]
    assert [record.measures for record in read] == [(e, s12, s3, e * score) for e, s12, s3, score in zip(*columns, strict=True)]
    assert [record.exposure for record in read] == sorted(PSEUDONYMS.exposure(f"L{at}") for at in range(120))
    assert {record.s3_g is None for record in read} == {True, False}


def test_the_order_of_rows_changes_no_record() -> None:
    rows = loans(200)
    shuffled = random.Random(3).sample(rows, len(rows))
    assert records_of(shuffled).records(0, 200) == records_of(rows).records(0, 200)


def test_names_that_json_must_escape_stay_canonical() -> None:
    odd = loan(1000, exposure="A", borrower="B", sector='纸"\\与/纸', branch="HQ", total_equity=5000, total_debt=1, s12_t=4)
    (data,) = records_of([odd]).records(0, 1)
    document = canonical.load_canonical(data)
    assert isinstance(document, dict)
    assert document["sector"] == '纸"\\与/纸'


@pytest.mark.parametrize("text", ["批发\u3000零售", "a\u00a0b", "a\nb", "x" * 501])
@pytest.mark.parametrize("column", ["branch", "sector"])
def test_a_label_that_a_record_could_never_be_read_with_is_refused_before_anything_is_committed(column: str, text: str) -> None:
    with pytest.raises(InputError, match=f"{column} .* cannot stand in a record"):
        records_of([loan(1000, s12_t=4, total_equity=5000, total_debt=1, **{column: text})])


def test_an_empty_book_and_an_excluded_one_have_no_records() -> None:
    excluded = loan(1000, exclude_reason="sold")
    for rows in ([], [excluded]):
        records = records_of(rows)
        assert (records.n, records.records(0, 0)) == (0, [])


def test_an_exposure_twice_is_refused() -> None:
    rows = loans(3)
    book = Book.of([*rows, rows[1]])
    attribution = compute_book(book, pcaf_2.Policies()).attribution
    with pytest.raises(InputError, match=r"exposure of row [24] stands twice"):
        BookRecords.of(book, attribution, PSEUDONYMS)


@pytest.mark.parametrize(
    ("old", "new"),
    [
        (b'"schema":"lingtan.exposure/1"', b'"schema":"lingtan.exposure/2"'),
        (b'"option":"1b"', b'"option":"9z"'),
        (b'"score_s12":2', b'"score_s12":6'),
        (b'"score_s12":2', b'"score_s12":"2"'),
        (b'"score_s12":2', b'"score_s12":2.0'),
        (b'"exposure_cents":"', b'"exposure_cents":"-'),
        (b'"exposure_cents":"', b'"exposure_cents":"0'),
        (b'"removals_g":"0"', b'"removals_g":0'),
        (b'"removals_g":"0",', b""),
        (b'"sector"', b'"sectors"'),
        (b'"borrower":"', b'"borrower":"A'),
        (b'"schema"', b' "schema"'),
        (b'"denominator":"', b'"denominator":"x'),
    ],
)
def test_a_record_with_anything_else_is_refused(old: bytes, new: bytes) -> None:
    (data,) = records_of(loans(2)[1:]).records(0, 1)
    read_record(data)
    assert old in data
    with pytest.raises(MalformedDocument):
        read_record(data.replace(old, new, 1))


def test_a_denominator_without_its_cents_is_refused() -> None:
    document = canonical.load(records_of(loans(2)[1:]).records(0, 1)[0])
    assert isinstance(document, dict)
    with pytest.raises(LedgerError, match="denominator"):
        read_record(canonical.dump({**document, "denominator_cents": None}))
