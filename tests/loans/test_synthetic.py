"""The made-up book: seeded, realistic in shape, read and computed without an error."""

from __future__ import annotations

import hashlib
import json
from collections import Counter
from pathlib import Path

import polars as pl
import pytest

from ledger.accounting.financed.compute import compute_book
from ledger.accounting.financed.methods import get_method
from ledger.loans.head import head_from_document
from ledger.loans.reading import read_columns
from ledger.loans.synthetic import make_head, make_rows
from ledger.workbook.loan_book import read_loan_file
from scripts.make_loan_book import main

ROWS = 6_000


@pytest.fixture(scope="module")
def frame() -> pl.DataFrame:
    return make_rows(ROWS, 7)


def test_equal_seeds_give_equal_bytes_and_others_do_not(tmp_path: Path) -> None:
    files = [tmp_path / name for name in ("a.csv", "b.csv", "c.csv")]
    for path, seed in zip(files, (7, 7, 8), strict=True):
        assert main(["--rows", "500", "--seed", str(seed), "--out", str(path)]) == 0
    digests = [hashlib.sha256(path.read_bytes()).hexdigest() for path in files]
    assert digests[0] == digests[1] != digests[2]
    # The bytes themselves: whoever changes what a seed gives sees it here.
    assert digests[0] == "e5bc239e5a23c851481e5e68f87f03650fccb6009ac2a552f5190fb4c2359ac5"


def test_the_script_writes_a_book_and_its_head_that_pass_the_reader(tmp_path: Path) -> None:
    for name in ("book.csv", "book.parquet"):
        assert main(["--rows", "300", "--out", str(tmp_path / name), "--institution", "bank-a"]) == 0
        head = head_from_document(json.loads((tmp_path / "book.head.json").read_text(encoding="utf-8")))
        reading = read_loan_file(tmp_path / name, head)
        assert reading.findings == ()
        assert reading.rows == 300
    assert main(["--rows", "300", "--out", str(tmp_path / "book.doc")]) == 2


def test_it_has_the_shape_of_a_city_s_bank(frame: pl.DataFrame) -> None:
    classes = Counter(frame["asset_class"].to_list())
    assert classes["business_loan"] > ROWS // 2
    assert classes["mortgage"] > ROWS // 5
    assert set(classes) >= {
        "motor_vehicle",
        "commercial_real_estate",
        "project_finance",
        "corporate_bond",
        "unlisted_equity",
        "listed_equity",
    }
    firms = frame.filter(pl.col("asset_class") == "business_loan")
    options = Counter(firms["option"].to_list())
    assert 0.005 < (options["1a"] + options["1b"]) / firms.height < 0.03
    assert (options["3a"] + options["3b"]) / firms.height > 0.8
    assert (firms["small_micro"] == "yes").sum() > firms.height // 2
    assert frame["high_carbon"].n_unique() == 9
    assert frame["exposure"].n_unique() == ROWS
    assert firms["borrower"].n_unique() < firms.height
    balances = firms["outstanding"].drop_nulls()
    assert balances.mean() > 2 * balances.median()  # type: ignore[operator]


def test_credit_codes_have_their_check_character(frame: pl.DataFrame) -> None:
    letters = "0123456789ABCDEFGHJKLMNPQRTUWXY"
    for code in frame.filter(pl.col("asset_class") == "business_loan")["borrower"].head(50).to_list():
        weighted = sum(letters.index(character) * 3**place % 31 for place, character in enumerate(code[:17]))
        assert len(code) == 18
        assert letters.index(code[17]) == (31 - weighted % 31) % 31


@pytest.mark.parametrize("method", ["pcaf_2", "pboc_2021"])
def test_a_method_computes_it_without_an_error(method: str) -> None:
    frame = make_rows(3_000, 5, method=method)
    reading = read_columns(frame, head_from_document(make_head(frame)))
    assert reading.book is not None
    computed = compute_book(reading.book, get_method(method).read_policies({}))
    assert [finding for finding in computed.findings(reading.book) if finding.severity == "error"] == []
    assert computed.figures is not None
    assert computed.figures.total.s12_g > 0
    assert 0 < computed.figures.covered_cents <= computed.figures.total_cents
