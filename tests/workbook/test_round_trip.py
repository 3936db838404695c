"""Any activity there and back, through a workbook and through CSV, in both languages: not a character is lost, in any order of rows."""

from __future__ import annotations

from datetime import date, timedelta
from fractions import Fraction

from hypothesis import given, settings
from hypothesis import strategies as st

from ledger.records.activity import (
    Activity,
    ActivityRecord,
    Amount,
    DeclaredFactor,
    DeclaredTotal,
    Denominator,
    FactorChoice,
    Instrument,
    Register,
    Source,
)
from ledger.units import format_decimal, parse_decimal
from ledger.workbook import labels
from ledger.workbook.csv_twin import activity_csv, read_activity_tables
from ledger.workbook.reading import read_workbook
from ledger.workbook.tables import ACTIVITY_TABLES
from ledger.workbook.template import make_workbook
from tests.workbook.banks import BANK, PERIOD, RELEASE

# Blanks around a text are no part of what somebody typed.
texts = st.text(st.characters(codec="utf-8", categories=("L", "N", "P", "S")), min_size=1, max_size=20) | st.sampled_from(
    ["=1+1", "+86 572", "-5", "@x", "'quoted'", "_x0041_", "_x005F_", "00123", "1.50", "2025-01-01", "TRUE", 'a,"b";c', "＝1"]
)
ids = st.from_regex(r"[A-Za-z0-9][A-Za-z0-9._-]{0,15}", fullmatch=True)
decimals = st.builds(lambda number, places: format_decimal(Fraction(number, 10**places)), st.integers(0, 10**20), st.integers(0, 18))
spelled = decimals | st.sampled_from(["0", "0.10", "100.00", "0.1", "1.1", "4.35", "123456789012345.6"])
positive = spelled.filter(lambda text: parse_decimal(text) > 0)
days = st.builds(lambda number: date(2025, 1, 1) + timedelta(days=number), st.integers(0, 364))
units = st.sampled_from(["hq", "b-1", "o-1", "o-2"])
indicators = st.sampled_from(RELEASE.indicators)


@st.composite
def records(draw: st.DrawFn) -> ActivityRecord:
    indicator = draw(indicators)
    measures = [text for unit in RELEASE.units if indicator.admits_dimension(unit.dimension) for text in (unit.code, *unit.aliases)]
    start, end = sorted((draw(days), draw(days)))
    register = draw(st.none() | st.builds(Register, spelled, spelled, positive))
    value = draw(spelled) if register is None else format_decimal(register.used)
    source = Source(draw(st.sampled_from([code for code, _ in labels.SOURCE_KINDS])), draw(texts), draw(st.none() | st.just("ab" * 32)))
    amount = Amount(value, draw(st.sampled_from(measures)))
    return ActivityRecord(
        draw(ids),
        draw(units),
        indicator.id,
        amount,
        start,
        end,
        source,
        draw(st.integers(1, 5)),
        register,
        draw(st.none() | st.integers(0, 100_000)),
    )


@st.composite
def instruments(draw: st.DrawFn) -> Instrument:
    green = draw(st.booleans())
    month = date(2024, draw(st.integers(1, 12)), 1)
    return Instrument(
        draw(ids),
        draw(units),
        "green_certificate" if green else "supplier_contract",
        Amount(draw(spelled), draw(st.sampled_from(["kWh", "MWh"]))),
        "0" if green else draw(spelled),
        month if green else None,
        draw(st.none() | days),
        draw(texts),
    )


measures = st.sampled_from([code for code, _ in labels.TOTAL_MEASURES]) | st.builds(
    lambda indicator: f"indicator/{indicator.id}", indicators
)
totals = st.builds(
    DeclaredTotal, ids, measures, spelled, st.just("tCO2e"), st.integers(1, 99), spelled, texts, st.none() | ids, st.none() | units
)
choices = st.builds(
    FactorChoice, st.builds(lambda indicator: indicator.id, indicators), ids, texts, st.sampled_from(["location", "market"])
)
factors = st.builds(DeclaredFactor, ids, st.builds(lambda indicator: indicator.id, indicators), spelled, texts, texts, texts)
denominators = st.builds(Denominator, units, st.sampled_from(["income_cny", "headcount", "area_m2"]), positive)
activities = st.builds(
    Activity,
    st.just("anji"),
    st.just(PERIOD),
    st.lists(records(), max_size=6, unique_by=lambda item: item.id).map(tuple),
    st.lists(totals, max_size=3, unique_by=lambda item: item.id).map(tuple),
    st.lists(choices, max_size=3, unique_by=lambda item: (item.indicator, item.use)).map(tuple),
    st.lists(factors, max_size=3, unique_by=lambda item: item.id).map(tuple),
    st.lists(instruments(), max_size=3, unique_by=lambda item: item.id).map(tuple),
    st.lists(denominators, max_size=3, unique_by=lambda item: (item.unit, item.measure)).map(tuple),
)


def is_writable(activity: Activity) -> bool:
    """Decimal strings of more than 60 characters are none; products of long readings can be."""
    return all(len(record.quantity.value) <= 60 and not record.quantity.value.startswith("-") for record in activity.records)


@settings(max_examples=12, deadline=None)
@given(activities.filter(is_writable), st.sampled_from(["zh", "en"]))
def test_a_workbook_gives_back_the_activity_it_was_made_from(activity: Activity, language: str) -> None:
    reading = read_workbook(make_workbook(BANK, PERIOD, RELEASE, language=language, previous=activity), BANK, RELEASE)
    assert reading.findings == ()
    assert reading.activity_document == activity.to_document()


def tables(activity: Activity, language: str) -> dict[str, bytes]:
    return {table.key: activity_csv(activity, BANK, RELEASE, table.key, language=language) for table in ACTIVITY_TABLES}


@settings(max_examples=60, deadline=None)
@given(activities.filter(is_writable), st.sampled_from(["zh", "en"]))
def test_csv_gives_back_the_activity_and_writes_the_same_bytes_again(activity: Activity, language: str) -> None:
    files = tables(activity, language)
    reading = read_activity_tables(files, BANK, RELEASE, institution="anji", period=PERIOD)
    assert reading.findings == ()
    assert reading.activity_document == activity.to_document()
    assert tables(Activity.from_document(reading.activity_document), language) == files


@settings(max_examples=30, deadline=None)
@given(activities.filter(is_writable), st.randoms(use_true_random=False))
def test_the_order_of_rows_changes_no_byte(activity: Activity, random: st.randoms) -> None:  # type: ignore[valid-type]
    shuffled = {}
    for key, data in tables(activity, "zh").items():
        head, *rows = data.decode("utf-8-sig").splitlines(keepends=True)
        random.shuffle(rows)
        shuffled[key] = (head + "".join(rows)).encode()
    reading = read_activity_tables(shuffled, BANK, RELEASE, institution="anji", period=PERIOD)
    assert reading.activity_document == activity.to_document()


@settings(max_examples=60, deadline=None)
@given(activities.filter(is_writable), st.sampled_from(["zh", "en"]))
def test_no_cell_of_a_csv_begins_like_a_formula(activity: Activity, language: str) -> None:
    import csv
    import io

    for data in tables(activity, language).values():
        for line in csv.reader(io.StringIO(data.decode("utf-8-sig"), newline="")):
            assert not any(cell.startswith(("=", "+", "-", "@", "\t", "\r")) for cell in line)
