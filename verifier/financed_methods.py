"""Recompute one exposure record by pcaf_2 or pboc_2021 (method-pcaf-2.md, method-pboc-2021.md, loan-book.md §5).

The rules are those that a record shows: numerator, denominator, factor and rounding, scores, what is unknown. Where the emissions and
the denominator come from is in the raw book alone.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from verifier.errors import Refused
from verifier.exposure import Exposure

FIGURE_LIMIT = 2**63
PAIR = "total_equity+total_debt"
_COMPANY = {"1a": 1, "1b": 2, "2a": 2, "2b": 3, "3a": 4, "3b": 5, "3c": 5}
_BUILDING = {"1a": 1, "1b": 2, "2a": 3, "2b": 4, "3": 5}
_VEHICLE = {"1a": 1, "1b": 2, "2a": 2, "2b": 3, "3a": 4, "3b": 5}
_SOVEREIGN = {"1a": 1, "1b": 2, "2a": 3, "3a": 4, "3b": 5}
COMPANIES = ("listed_equity", "corporate_bond", "business_loan", "unlisted_equity", "project_finance")
SCORES = {
    **dict.fromkeys(COMPANIES, _COMPANY),
    **dict.fromkeys(("commercial_real_estate", "mortgage"), _BUILDING),
    "motor_vehicle": _VEHICLE,
    "sovereign": _SOVEREIGN,
}
_PCAF_DENOMINATORS = {
    "listed_equity": ("evic",),
    "corporate_bond": ("evic", PAIR, "total_assets"),
    "business_loan": ("evic", PAIR, "total_assets"),
    "unlisted_equity": (PAIR, "total_assets"),
    "project_finance": ("project_total",),
    "commercial_real_estate": ("property_value",),
    "mortgage": ("property_value",),
    "motor_vehicle": ("vehicle_value",),
    "sovereign": ("ppp_gdp",),
}
_PBOC_DENOMINATORS = ("project_total", "revenue", "total_investment")
USE_OF = {"revenue": "general", "project_total": "project", "total_investment": "project"}
_NO_OPTIONS_OF_PBOC = ("3b", "3c")
Difference = tuple[str, object, object]  # the record's field, expected, found


@dataclass(frozen=True, slots=True)
class Rules:
    """Hold the method, and how many balances a record's numerator may add up (pboc_2021; 1 for pcaf_2)."""

    method: str
    parts: tuple[int, ...] = (1,)


def months_between(start: int, end: int) -> int:
    """Return the number of months of a period between two local month beginnings, given in Unix seconds, in whatever time zone."""
    return _month(end) - _month(start)


def _month(time: int) -> int:
    # The first of a month, 00:00 local time, lies at most 14 hours before and 12 hours after 00:00 UTC: 14 hours on it is that month.
    days = (time + 14 * 3600) // 86400
    era, rest = divmod(days + 719468, 146097)
    year_of_era = (rest - rest // 1460 + rest // 36524 - rest // 146096) // 365
    day_of_year = rest - (365 * year_of_era + year_of_era // 4 - year_of_era // 100)
    return (era * 400 + year_of_era) * 12 + (5 * day_of_year + 2) // 153


def rules_of(method: str, start: int, end: int, average: str | None = None) -> Rules:
    """Return the rules of a method over [start, end); without the policy `average` both ways of averaging are possible.

    Raises:
        Refused: the period of a pboc_2021 book is not of 1 to 12 months.
    """
    if method == "pcaf_2":
        return Rules(method)
    months = months_between(start, end)
    if not 1 <= months <= 12:
        raise Refused("FINANCED_PERIOD", "a book's period has 1 to 12 months", expected="1 to 12", found=str(months), element="period")
    return Rules(method, {"month_end": (months,), "mean_of_ends": (2 * months,), None: (months, 2 * months)}[average])


def half_even(numerator: int, denominator: int) -> int:
    """Return numerator ÷ denominator to the nearest integer, the even one at a half; denominator > 0."""
    quotient, rest = divmod(numerator, denominator)
    twice = 2 * rest
    if twice > denominator or (twice == denominator and quotient & 1):
        return quotient + 1
    return quotient


def differences(record: Exposure, rules: Rules) -> Iterator[Difference]:
    """Yield what the method gives otherwise than the record says, the cause before its effects."""
    yield from _basis(record, rules)
    yield from _emissions(record)
    yield from _attributed(record)
    yield from _scores(record, rules)


def _basis(record: Exposure, rules: Rules) -> Iterator[Difference]:
    name, denominator = record.denominator_name, record.denominator
    if (name is None) != (denominator is None):
        yield "denominator", "given exactly where denominator_cents is", name
    if denominator == 0:
        yield "denominator_cents", "above 0, or null", 0
    pboc = rules.method == "pboc_2021"
    allowed = _PBOC_DENOMINATORS if pboc else _PCAF_DENOMINATORS[record.asset_class]
    if name is not None and name not in allowed:
        yield "denominator", " or ".join(allowed), name
    financed_part = not pboc and record.asset_class in COMPANIES and record.option in ("3b", "3c")
    if financed_part and denominator is not None:
        yield "denominator_cents", "null: the emissions are those of the financed part", denominator
    may_lack = record.numerator == 0 or financed_part or (not pboc and record.asset_class == "motor_vehicle")
    if denominator is None and not may_lack:
        yield "denominator_cents", "a denominator (DENOMINATOR_MISSING)", None
    exposures = [half_even(record.numerator, parts) for parts in rules.parts if denominator is None or denominator % parts == 0]
    if not exposures:
        yield "denominator_cents", "a multiple of " + " or ".join(map(str, rules.parts)), denominator
    elif record.exposure_cents not in exposures:
        yield "exposure_cents", " or ".join(map(str, exposures)), record.exposure_cents
    if record.exposure_cents >= FIGURE_LIMIT:
        yield "exposure_cents", "below 2^63 (FIGURE_TOO_LARGE)", record.exposure_cents


def _emissions(record: Exposure) -> Iterator[Difference]:
    s1, s2, s12 = record.e_s1, record.e_s2, record.e_s12
    for name, value in (("s1_g", s1), ("s2_g", s2), ("s12_g", s12), ("s3_g", record.e_s3)):
        if value is not None and value >= FIGURE_LIMIT:
            yield f"emissions/{name}", "below 2^63 (FIGURE_TOO_LARGE)", value
    if s1 is not None and s2 is not None:
        if s12 != s1 + s2:
            yield "emissions/s12_g", s1 + s2, s12
    elif s12 is not None and s12 < (s1 or s2 or 0):  # one of the two may be known alone beside S1+2; of a country S1 may be all there is
        yield "emissions/s12_g", f"at least {s1 or s2}", s12
    if s12 is None and record.numerator:
        yield "emissions/s12_g", "known (EMISSIONS_MISSING)", None
    if record.asset_class in COMPANIES and record.numerator:
        if record.option in ("3a", "3b", "3c") and (s1 is not None or s2 is not None):
            yield "emissions/s1_g", f"null: option {record.option} knows S1 and S2 together", s1 if s1 is not None else s2
        if record.option == "2a" and record.e_s3 is not None:
            yield "emissions/s3_g", "null: option 2a knows no S3 of a company", record.e_s3


def _attributed(record: Exposure) -> Iterator[Difference]:
    for name, emitted, found in (
        ("s1_g", record.e_s1, record.s1),
        ("s2_g", record.e_s2, record.s2),
        ("s12_g", record.e_s12, record.s12),
        ("s3_g", record.e_s3, record.s3),
    ):
        expected = attribute(record.numerator, record.denominator, emitted)
        if name == "s12_g" and emitted is None:
            expected = 0
        if expected != found:
            yield f"attributed/{name}", expected, found
    others = (
        ("removals_g", record.removals),
        ("avoided_g", record.avoided),
        ("credits_retired_g", record.credits_retired),
        ("credits_generated_g", record.credits_generated),
    )
    # What these are of is not in a record; without a balance, or with 3b and 3c that have no factor, they are nothing all the same.
    none = record.numerator == 0 or (record.asset_class in COMPANIES and record.option in ("3b", "3c"))
    for name, value in others:
        if none and value:
            yield f"attributed/{name}", 0, value
        elif value >= FIGURE_LIMIT:
            yield f"attributed/{name}", "below 2^63 (FIGURE_TOO_LARGE)", value


def attribute(numerator: int, denominator: int | None, emitted: int | None) -> int | None:
    """Return the attributed grams: round(min(N, D) × E ÷ D), all of E without a denominator, 0 without a balance."""
    if emitted is None:
        return None
    if numerator == 0:
        return 0
    if denominator is None:
        return emitted
    if denominator <= numerator:
        return emitted
    return half_even(numerator * emitted, denominator)


def _scores(record: Exposure, rules: Rules) -> Iterator[Difference]:
    table = SCORES[record.asset_class]
    own = table.get(record.option)
    if own is None:
        yield "option", "one of " + ", ".join(table), record.option
        return
    if rules.method == "pboc_2021" and record.option in _NO_OPTIONS_OF_PBOC:
        yield "option", "not 3b or 3c (OPTION_NOT_OF_METHOD)", record.option
    # A second option that is mixed in is not in the record: it can only make the score worse.
    if record.score_s12 < own:
        yield "score_s12", f"{own} or worse, the score of {record.option}", record.score_s12
    expected = None if record.e_s3 is None else own
    if record.score_s3 != expected:
        yield "score_s3", expected, record.score_s3
