"""A book as CSV: encodings, quotation marks, blocks, the order of columns; every value exactly as it was written."""

from __future__ import annotations

import random
from decimal import Decimal
from fractions import Fraction

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ledger.loans import csv_source
from ledger.loans.book import Book
from ledger.loans.columns import COLUMNS, Column
from ledger.loans.exposure import MONTHS, Exposure
from ledger.loans.reading import read_book
from tests.loans.tables import YEAR, read, row, said, write

_TEXT = st.text(st.characters(codec="utf-8", exclude_categories=["C", "Zl", "Zp"]), min_size=1, max_size=20).filter(
    lambda text: text == text.strip() and text
)


def values_of(column: Column) -> st.SearchStrategy[object]:
    """Exact values that a column may hold, None where it may be empty."""
    if column.kind == "identifier":
        return st.from_regex(r"[A-Za-z0-9][A-Za-z0-9._-]{0,62}", fullmatch=True)
    if column.name == "currency":
        return st.just("CNY")
    if column.kind in ("text", "label"):
        texts = _TEXT.filter(lambda text: "," not in text) if column.name == "sector" else _TEXT
        return texts if column.needed else st.one_of(st.none(), texts)
    if column.kind == "choice":
        empty = [] if column.needed else [column.default]
        return st.sampled_from([*column.choices, *empty])
    if column.kind == "flag":
        return st.booleans()
    low = -column.limit if column.may_be_negative and column.name != "s1_t" else 0
    units = st.one_of(st.integers(low, column.limit), st.integers(0, min(column.limit, 10**9)))
    return st.one_of(st.none(), units.map(column.exact))


@st.composite
def exposures(draw: st.DrawFn) -> list[Exposure]:
    """A few rows that a reader has nothing to refuse in."""
    columns = [column for column in COLUMNS if column.name not in MONTHS[1:] and column.name not in ("asset_turnover", "factor_source")]
    names = draw(st.lists(values_of(COLUMNS[0]), min_size=1, max_size=4, unique=True))
    rows = []
    for name in names:
        given_values = {column.name: draw(values_of(column)) for column in columns[1:]}
        months = draw(st.one_of(st.just(()), st.tuples(*[st.integers(0, 2**63 - 1)] * 12)))
        rows.append(Exposure(**{**given_values, "exposure": name, "months": months, "factor_source": "a document"}))  # type: ignore[arg-type]
    return rows


def text_of(column: Column, value: object) -> str:
    """Write an exact value as a decimal text, with the standard library's decimals."""
    if value is None:
        return ""
    if isinstance(value, bool):
        return "yes" if value else "no"
    if not column.is_integer:
        return str(value)
    units = Fraction(value) * 10**column.decimals if column.kind == "number" else Fraction(value)  # type: ignore[arg-type]
    return format(Decimal(int(units)).scaleb(-column.decimals), "f")


def written(rows: list[Exposure]) -> list[dict[str, str]]:
    texts = []
    for item in rows:
        months = dict(zip(MONTHS[1:], item.months, strict=False))
        values = {column.name: months.get(column.name) if column.name in MONTHS[1:] else getattr(item, column.name) for column in COLUMNS}
        texts.append({column.name: text_of(column, values[column.name]) for column in COLUMNS})
    return texts


@given(exposures(), st.randoms(use_true_random=False))
@settings(max_examples=40, deadline=None)
def test_what_is_written_is_read_back_exactly_in_any_order_of_columns(rows: list[Exposure], shuffle: random.Random) -> None:
    columns = [column.name for column in COLUMNS]
    shuffle.shuffle(columns)
    reading = read_book(write(written(rows), columns), "csv")
    assert [finding for finding in reading.findings if finding.severity == "error"] == []
    assert reading.book is not None
    assert list(reading.book.exposures()) == rows
    assert [reading.book.exposure(at) for at in range(len(rows))] == rows


@given(exposures())
@settings(max_examples=15, deadline=None)
def test_a_book_of_exposures_is_the_book_that_is_read(rows: list[Exposure]) -> None:
    reading = read_book(write(written(rows)), "csv")
    assert reading.book is not None
    made = Book.of(rows)
    assert list(made.exposures()) == list(reading.book.exposures())
    assert made.frame.schema == reading.book.frame.select(made.frame.columns).schema


def test_the_order_of_columns_does_not_matter() -> None:
    rows = [row(number, outstanding=f"{number}.25", revenue="7", **YEAR) for number in range(1, 5)]
    one, other = write(rows), write(rows, list(reversed(rows[0])))
    first, second = read_book(one, "csv").book, read_book(other, "csv").book
    assert first is not None
    assert second is not None
    assert first.frame.equals(second.frame)


NAMES = "borrower,exposure,asset_class,branch,sector,option"
CHINESE = f"{NAMES}\r\n某某纺织有限公司,LN-1,business_loan,西湖支行,C1751,1a\r\n"


@pytest.mark.parametrize(
    ("data", "findings"),
    [
        (CHINESE.encode(), []),
        (b"\xef\xbb\xbf" + CHINESE.encode(), []),
        (CHINESE.encode("gb18030"), [("CSV_GB18030", "info", "file")]),
        (CHINESE.replace("\r\n", "\n").encode(), []),
        (CHINESE.rstrip().encode(), []),
        (CHINESE.replace("某某纺织有限公司", '"某某纺织有限公司"').encode(), []),
        (("\r\n" + CHINESE + "\r\n,,,,,\r\n").encode(), []),
    ],
    ids=["utf-8", "byte order mark", "gb18030", "LF", "no last line end", "quoted", "empty lines"],
)
def test_a_book_is_read_whatever_program_wrote_it(data: bytes, findings: list[tuple[str, str, str]]) -> None:
    reading = read_book(data, "csv")
    assert said(reading) == findings
    assert reading.book is not None
    assert reading.rows == 1
    assert reading.book.exposure(0) == Exposure("LN-1", "某某纺织有限公司", "business_loan", "西湖支行", "C1751", "1a")


def test_commas_quotation_marks_and_breaks_inside_quotation_marks() -> None:
    good = read(row(1, borrower='A "B", C'), row(2, factor_source="document, page 3"))
    assert good.book is not None
    assert good.book.exposure(0).borrower == 'A "B", C'
    assert good.book.exposure(1).factor_source == "document, page 3"
    assert said(read(row(1), row(2, borrower="two\nlines"))) == [("TEXT_INVALID", "error", "row 2 column borrower")]


@pytest.mark.parametrize("quoted", [False, True])
def test_a_book_of_many_blocks_is_the_same_book(monkeypatch: pytest.MonkeyPatch, quoted: bool) -> None:
    name = 'firm "{}", ltd' if quoted else "firm {}"
    rows = [row(number, borrower=name.format(number), outstanding=f"{number}.01") for number in range(1, 700)]
    data = write(rows)
    whole = read_book(data, "csv")
    monkeypatch.setattr(csv_source, "BLOCK_BYTES", 1_000)
    for size in (1, 7, 4_096):
        pieces = read_book((data[at : at + size] for at in range(0, len(data), size)), "csv")
        assert pieces.book is not None
        assert whole.book is not None
        assert pieces.book.frame.equals(whole.book.frame)


def test_rows_are_counted_over_blocks(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(csv_source, "BLOCK_BYTES", 500)
    rows = [row(number, outstanding="x" if number in (3, 388) else "1") for number in range(1, 400)]
    assert said(read_book(write(rows), "csv")) == [
        ("VALUE_NOT_A_NUMBER", "error", "row 3 column outstanding"),
        ("VALUE_NOT_A_NUMBER", "error", "row 388 column outstanding"),
    ]


@pytest.mark.parametrize(
    ("change", "code", "place"),
    [
        (lambda data: data.replace(b",1a\r\n", b"\r\n", 1), "CSV_COLUMNS", "row 1"),
        (lambda data: data[: data.rindex(b",")], "CSV_COLUMNS", "row 3"),
        (lambda data: data.replace(b"hz,C3110", b"hz,C3110,C3120", 1), "CSV_COLUMNS", "row 1"),
        (lambda data: data.replace(b",hz,", b',"hz,', 1), "CSV_UNREADABLE", "row 1"),
        (lambda data: data.replace(b"hz", b"h\0z", 1), "CSV_NUL", "row 1 or later"),
        (lambda data: b"\xff\xfe" + data.decode().encode("utf-16-le"), "CSV_ENCODING", "file"),
        (lambda data: data.replace(b"LN-3", b"\xff\xff\xff"), "CSV_ENCODING", "row 3"),
        (lambda data: data.replace(b"hz", "杭州".encode(), 1).replace(b"LN-3", b"\xba\xbc"), "CSV_ENCODING", "row 3"),
        (lambda data: data.replace(b",", b";"), "CSV_HEADER", "header"),
        (lambda data: data.replace(b",", b"\t"), "CSV_HEADER", "header"),
        (lambda _: b"", "BOOK_EMPTY", "file"),
        (lambda _: b"\n\n", "BOOK_EMPTY", "file"),
        (lambda data: data.splitlines()[0], "BOOK_EMPTY", "file"),
    ],
    ids=range(13),
)
def test_a_damaged_file_is_refused_at_its_row(change: object, code: str, place: str) -> None:
    reading = read_book(change(write([row(1), row(2), row(3)])), "csv")  # type: ignore[operator]
    assert reading.book is None
    assert (code, "error", place) in said(reading)


def test_a_line_without_end_stops_reading() -> None:
    data = write([row(1)]) + b"x" * (9 << 20)
    assert said(read_book(data, "csv")) == [("CSV_LINE_TOO_LONG", "error", "row 2")]
    endless = (b"x" * (1 << 20) for _ in range(10_000))
    reading = read_book(endless, "csv")
    assert said(reading)[0][:2] == ("CSV_LINE_TOO_LONG", "error")


def test_a_quotation_mark_that_never_closes_stops_reading(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(csv_source, "BLOCK_BYTES", 10_000)
    rows = write([row(number) for number in range(1, 10_000)]).replace(b",hz,", b',"hz,', 1)
    assert said(read_book(rows, "csv"))[0] == ("CSV_UNREADABLE", "error", "row 1 or later")


def test_columns_of_the_header_are_all_looked_at() -> None:
    data = b"exposure,borrower,asset_class,branch,branch,sector,outstandng,m13,remark\nLN-1,b,mortgage,hz,hz,C,1,2,x\n"
    reading = read_book(data, "csv")
    assert reading.book is None
    assert said(reading) == [
        ("COLUMN_TWICE", "error", "column branch"),
        ("COLUMN_UNKNOWN", "warning", "column outstandng"),
        ("MONTH_UNKNOWN", "error", "column m13"),
        ("COLUMN_UNKNOWN", "warning", "column remark"),
        ("COLUMN_MISSING", "error", "column option"),
    ]
    assert reading.findings[1].action == "is outstanding meant? this column is not read"


def test_progress_rises_to_the_end(tmp_path_factory: pytest.TempPathFactory) -> None:
    path = tmp_path_factory.mktemp("book") / "book.csv"
    path.write_bytes(write([row(number, borrower="b" * 150) for number in range(1, 20_000)]))
    told: list[int] = []
    assert read_book(path, "csv", progress=told.append).rows == 19_999
    assert told == sorted(told)
    assert len(told) > 2
    assert told[-1] == 1_000
