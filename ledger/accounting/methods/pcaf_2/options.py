"""Which options a class of assets has, the score of each, and where its emissions come from (spec: method-pcaf-2 §3)."""

from __future__ import annotations

from typing import Literal

# Where E comes from: figures of the book; activity × factor or else figures of the book; revenue, assets or turnover × sector factor.
Source = Literal["declared", "activity", "revenue", "assets", "turnover"]

COMPANIES = ("listed_equity", "corporate_bond", "business_loan", "unlisted_equity", "project_finance")
BUILDINGS = ("commercial_real_estate", "mortgage")

_OF_COMPANIES: dict[str, tuple[int, Source]] = {
    "1a": (1, "declared"),
    "1b": (2, "declared"),
    "2a": (2, "activity"),
    "2b": (3, "activity"),
    "3a": (4, "revenue"),
    "3b": (5, "assets"),
    "3c": (5, "turnover"),
}
_OF_BUILDINGS: dict[str, tuple[int, Source]] = {
    "1a": (1, "activity"),
    "1b": (2, "activity"),
    "2a": (3, "activity"),
    "2b": (4, "activity"),
    "3": (5, "activity"),
}
_OF_VEHICLES: dict[str, tuple[int, Source]] = {
    "1a": (1, "activity"),
    "1b": (2, "activity"),
    "2a": (2, "activity"),
    "2b": (3, "activity"),
    "3a": (4, "activity"),
    "3b": (5, "activity"),
}
_OF_SOVEREIGNS: dict[str, tuple[int, Source]] = {
    "1a": (1, "declared"),
    "1b": (2, "declared"),
    "2a": (3, "declared"),
    "3a": (4, "declared"),
    "3b": (5, "declared"),
}
OPTIONS_OF_CLASS: dict[str, dict[str, tuple[int, Source]]] = {
    **dict.fromkeys(COMPANIES, _OF_COMPANIES),
    **dict.fromkeys(BUILDINGS, _OF_BUILDINGS),
    "motor_vehicle": _OF_VEHICLES,
    "sovereign": _OF_SOVEREIGNS,
}
# Options whose figures are attributed by the balance itself, without a denominator.
WITHOUT_DENOMINATOR: tuple[Source, ...] = ("assets", "turnover")


def has_declared_s3(asset_class: str, option: str) -> bool:
    """Tell whether s3_t counts: for companies with options 1a, 1b and 2b, for every other class always."""
    return asset_class not in COMPANIES or option in ("1a", "1b", "2b")


def find_option(asset_class: str, option: str) -> tuple[int, Source] | None:
    """Return the score of S1+2 and the source of an option, or None where the class does not have it."""
    return OPTIONS_OF_CLASS[asset_class].get(option)


def find_score(asset_class: str, option: str, second: str | None) -> int | None:
    """Return the score of S1+2, the worse one where two options are mixed, or None where the class has not both."""
    scores = [find_option(asset_class, item) for item in (option, second) if item is not None]
    known = [found[0] for found in scores if found is not None]
    return max(known) if len(known) == len(scores) else None
