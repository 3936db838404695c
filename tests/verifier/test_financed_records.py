"""One record at a time: two readers that agree, attribution as exact fractions, published cases, months of every time zone."""

from __future__ import annotations

import calendar
import tracemalloc
from fractions import Fraction
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.verifier import financed_bank as fb
from tests.verifier.financed_bank import exposure, jcs, make_book
from tests.verifier.test_financed_book import PBOC, check, wrong
from verifier import exposure as reader
from verifier.errors import Malformed, Refused
from verifier.financed_blocks import Tally
from verifier.financed_groups import group_count, group_size
from verifier.financed_methods import Rules, attribute, differences, half_even, months_between, rules_of
from verifier.package import open_package
from verifier.verify_package import verify_book_package

PCAF = Rules("pcaf_2")
GRAMS = st.one_of(st.just(0), st.integers(0, 10**6), st.integers(0, 2**63 - 1))


def both(data: bytes) -> list[Any]:
    """What the fast and the slow reader give; None where a record is refused."""
    found: list[Any] = []
    for read in (reader.read_exposure, reader._read_slowly):
        try:
            found.append(read(data, ""))
        except Malformed:
            found.append(None)
    return found


def found_in(record: dict[str, Any], rules: Rules = PCAF) -> list[str]:
    return [pointer for pointer, _, _ in differences(reader.read_exposure(jcs(record), ""), rules)]


@pytest.mark.parametrize("record", [*fb.pcaf_records(15), *fb.pboc_records(5)])
def test_the_fast_reader_reads_what_the_strict_one_does(record: dict[str, Any]) -> None:
    data = jcs(record)
    assert reader._PATTERN.fullmatch(data)
    fast, slow = both(data)
    assert fast == slow is not None


SECTORS = ["C30", "房地产业", "x" * 1000, "x" * 1001, "房" * 1000, "房" * 1001, 'a"b', "a\\b", "a\tb", "\x7f", "a,b", "", "𝄞", "\u2028"]


@pytest.mark.parametrize("name", ["branch", "sector"])
@pytest.mark.parametrize("words", SECTORS)
def test_both_readers_agree_on_every_text(name: str, words: str) -> None:
    fast, slow = both(jcs({**fb.pcaf_records(1)[0], name: words}))
    assert fast == slow
    assert (fast is None) == (len(words) > 1000 or words in ("", "a,b"))


@settings(max_examples=400, deadline=None)
@given(st.integers(0, 14), st.integers(0, 10**6), st.integers(0, 255))
def test_both_readers_agree_on_every_changed_byte(number: int, at: int, byte: int) -> None:
    data = bytearray(jcs(fb.pcaf_records(15)[number]))
    data[at % len(data)] = byte
    fast, slow = both(bytes(data))
    assert fast == slow


@settings(max_examples=300, deadline=None)
@given(GRAMS, st.integers(1, 2**63), GRAMS)
def test_attribution_is_the_exact_fraction_rounded_half_to_even(numerator: int, denominator: int, grams: int) -> None:
    assert attribute(numerator, denominator, grams) == round(min(Fraction(1), Fraction(numerator, denominator)) * grams)


@given(st.integers(-(10**30), 10**30), st.integers(1, 10**20))
def test_rounding_is_half_to_even(numerator: int, denominator: int) -> None:
    assert half_even(numerator, denominator) == round(Fraction(numerator, denominator))


@settings(max_examples=200, deadline=None)
@given(GRAMS, st.integers(1, 2**63 - 1), GRAMS, GRAMS, st.none() | GRAMS)
def test_any_record_made_by_the_rules_holds(numerator: int, denominator: int, s1: int, s2: int, s3: int | None) -> None:
    if s1 + s2 < 2**63:
        record = exposure(1, "business_loan", "1b", numerator, denominator, "evic", s1, s2, s3=s3)
        assert found_in(record) == []


# Worked case 11: PCAF Part A, 2nd edition, tables 5-4 and 5-5. Tonnes; factors 10 %, 25 %, 20 %.
CASE_11 = {
    "forestry": (10, 1_000, 100, 5_000, (20_000, 0, 0, 5_000)),
    "industrial": (25, 20_000, 5_000, 30_000, (0, 0, 25_000, 0)),
    "energy": (20, 5_000, 0, 10_000, (1_000, 0, 5_000, 500)),
}


def test_worked_case_11_comes_to_the_published_portfolio(tmp_path: Path) -> None:
    records = [
        exposure(
            number,
            "business_loan",
            "1a",
            percent * 1_000_000,
            100_000_000,
            fb.PAIR,
            s1 * 10**6,
            s2 * 10**6,
            s3=s3 * 10**6,
            apart=tuple(t * 10**6 for t in apart),  # type: ignore[arg-type]
            sector=name,
        )
        for number, (name, (percent, s1, s2, s3, apart)) in enumerate(CASE_11.items())
    ]
    verification = check(tmp_path, make_book(records=records).disclosed())
    assert wrong(verification) == set()
    assert verification.book is not None
    totals = verification.book.totals
    assert totals is not None
    tonnes = {name: totals[name] // 10**6 for name in ("s1_g", "s2_g", "s3_g", "removals_g", "credits_retired_g", "credits_generated_g")}
    assert list(tonnes.values()) == [6_100, 1_260, 10_000, 2_200, 7_250, 600]
    assert totals["s12_g"] == (6_100 + 1_260) * 10**6  # the headline nets nothing


# Worked case 13: box 8. Outstanding in thousands, option of the printed score, S1+2 attributed in kt.
CASE_13 = [
    ("oil and gas", 522_425, "2b", 15),
    ("oil and gas", 187_449, "3b", 7),
    ("cattle", 82_778, "1a", 8),
    ("cattle", 108_997, "1a", 11),
    ("cattle", 67_556, "1b", 7),
    ("cattle", 54_762, "3b", 5),
]


def test_worked_case_13_comes_to_the_published_weighted_scores(tmp_path: Path) -> None:
    records = []
    for number, (sector, outstanding, option, kilotonnes) in enumerate(CASE_13):
        cents = outstanding * 100_000
        column = (None, None) if option == "3b" else (cents, fb.PAIR)
        records.append(exposure(number, "business_loan", option, cents, *column, s12=kilotonnes * 10**9, sector=sector))
    made = make_book(records=records)
    assert wrong(check(tmp_path, made.disclosed())) == set()
    tally = Tally(made.statement)
    for record in made.records:
        tally.add(reader.read_exposure(jcs(record), ""))
    assert list(tally.differences()) == []
    names = list(fb.block([]))

    def weighted(sums: list[int]) -> float:
        return float(Fraction(sums[names.index("weighted")], sums[names.index("exposure_cents")]))

    assert weighted(tally.totals) == pytest.approx(3.03254, abs=5e-6)
    assert weighted(tally.blocks["sectors"]["oil and gas"]) == pytest.approx(3.52812, abs=5e-6)
    assert weighted(tally.blocks["sectors"]["cattle"]) == pytest.approx(1.91248, abs=5e-6)
    assert tally.totals[names.index("s12_g")] == 53 * 10**9


@pytest.mark.parametrize("hours", range(-12, 15))
def test_months_are_counted_in_every_time_zone(hours: int) -> None:
    for year in (1999, 2000, 2023, 2024, 2100):
        starts = [calendar.timegm((year + month // 12, month % 12 + 1, 1, 0, 0, 0)) - hours * 3600 for month in range(25)]
        assert [months_between(starts[0], start) for start in starts] == list(range(25))


def test_a_book_of_pboc_2021_has_1_to_12_months() -> None:
    year, start = 365 * 86400, calendar.timegm((2025, 1, 1, 0, 0, 0))
    assert rules_of("pboc_2021", start, start + year).parts == (12, 24)
    assert rules_of("pboc_2021", start, start + year, "month_end").parts == (12,)
    assert rules_of("pboc_2021", start, start + year, "mean_of_ends").parts == (24,)
    for end in (start, start + 2 * year):
        with pytest.raises(Refused):
            rules_of("pboc_2021", start, end)


def test_the_mean_of_twelve_months_rounds_half_to_even() -> None:
    rules = Rules("pboc_2021", (12,))
    for total, mean in ((6, 0), (18, 2), (30, 2), (42, 4), (31, 3)):
        record = exposure(1, "business_loan", "1a", total, 12 * 1000, "revenue", 10**6, 5, parts=12)
        assert record["exposure_cents"] == str(mean)
        assert found_in(record, rules) == []
        assert found_in({**record, "exposure_cents": str(mean + 1)}, rules) == ["exposure_cents"]
    assert "denominator_cents" in found_in(exposure(1, "business_loan", "1a", 60, 1001, "revenue", 1, 1, parts=12), rules)


def test_a_book_of_pboc_2021_may_average_month_ends(tmp_path: Path) -> None:
    records = [exposure(0, "business_loan", "1a", 300_000, 500_000, "revenue", 7, 8)]
    made = make_book(PBOC, records, change_statement=lambda s: s["policies"].update(average="month_end"))
    assert wrong(check(tmp_path, made.disclosed())) == set()
    assert "financed.records" in wrong(check(tmp_path, make_book(PBOC, records).disclosed()))


@given(st.integers(1, 10_000_000))
def test_groups_have_50_to_99_exposures_and_hold_them_all(count: int) -> None:
    groups = group_count(count)
    if count >= 100:
        assert groups == count // 50
        assert 50 <= group_size(count, groups - 1) <= group_size(count, 0) <= 99
    else:
        assert groups == 1
    large = sum(group_size(count, number) for number in {0, groups - 1})
    assert large <= count or groups == 1
    first, last = group_size(count, 0), group_size(count, groups - 1)
    assert count == first * (count % groups) + last * (groups - count % groups)


def test_a_book_is_verified_in_memory_that_does_not_hold_it(tmp_path: Path) -> None:
    made = make_book(records=fb.pcaf_records(6_000)).disclosed()
    path = tmp_path / "book.zip"
    path.write_bytes(made.package())
    whole = len(made.parts["exposures.jsonl"])
    tracemalloc.start()
    try:
        with open_package(path) as package:
            verification = verify_book_package(package, None, None, 1_750_000_000)
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert wrong(verification) == set()
    assert whole > 3 * 1024**2
    assert peak < 5 * 1024**2 // 2, peak
