"""Hold the shape of a library release (documents.md §3)."""

from __future__ import annotations

import re
from typing import Any

from verifier.errors import Malformed
from verifier.inventory_shapes import USE
from verifier.shapes import (
    HASH,
    ID,
    NAME,
    TEXT,
    amount,
    calendar_day,
    digits,
    either,
    fields,
    keyed,
    many,
    nullable,
    refuse,
    schema,
    text,
    whole,
    word,
)

CONFIDENCES = ("V", "X", "S", "M")
QUALITIES = ("1", "2", "3", "4", "5")
KINDS = (
    "grid_average", "grid_residual", "grid_fossil", "grid_ets", "grid_regional", "grid_footprint", "grid_om", "grid_bm", "fuel",
    "fuel_per_gas", "heat", "refrigerant", "travel", "water", "material", "waste", "self_generation", "supplier", "reported",
)  # fmt: skip
_GAS = text(re.compile(r"[A-Za-z0-9][A-Za-z0-9.-]{0,19}"), "the name of a gas")
_COUNT = whole(0, 2**53 - 1)
_YEAR = whole(1900, 2200)
_TITLE = either(TEXT, NAME)
_FUEL = fields(
    per=word("m3", "kg"),
    ncv_mj=amount(),
    density=nullable(amount()),
    carbon=amount(),
    oxidation=amount(),
    ch4=nullable(amount()),
    n2o=nullable(amount()),
)
_FACTOR = fields(
    id=TEXT,
    name=NAME,
    kind=word(*KINDS),
    carrier=TEXT,
    guide=nullable(TEXT),
    form=word("direct", "fuel", "blend"),
    value=nullable(amount()),
    fuel=nullable(_FUEL),
    blend=nullable(many(fields(gas=_GAS, share=amount(positive=True)), at_most=1_000)),
    unit=TEXT,
    basis=word("CO2", "CO2e"),
    region=TEXT,
    data_year=nullable(_YEAR),
    document=TEXT,
    clause=nullable(TEXT),
    valid_from=nullable(calendar_day),
    valid_to=nullable(calendar_day),
    supersedes=nullable(TEXT),
    owner=nullable(ID),
    uncertainty_bp=nullable(whole(0, 100_000)),
    confidence=word(*CONFIDENCES),
    source_sha256=nullable(HASH),
)
_POLICIES = fields(
    max_lag_years=_COUNT,
    base_year_threshold_bp=_COUNT,
    jump_bp=_COUNT,
    activity_uncertainty_bp=fields((), **dict.fromkeys(QUALITIES, _COUNT)),
    factor_uncertainty_bp=fields((), **dict.fromkeys(CONFIDENCES, _COUNT)),
)
_ROW = fields(id=TEXT, group=NAME, name=NAME, unit=TEXT, indicators=many(TEXT), show=word("quantity", "emissions"))


def _gases(value: Any, pointer: str) -> None:
    """Refuse a GWP set without CO2 (1), CH4 and N2O; other gases are free."""
    keyed(amount(), _GAS)(value, pointer)
    for gas in ("CO2", "CH4", "N2O"):
        if gas not in value:
            raise Malformed("DOCUMENT_MISSING_FIELD", f"{pointer}/{gas}", "this field is missing")
    if value["CO2"] != "1":
        raise refuse(f"{pointer}/CO2", "1", value["CO2"])


LIBRARY = fields(
    schema=schema("library"),
    release=TEXT,
    valid_from=calendar_day,
    supersedes=nullable(TEXT),
    methods=many(TEXT),
    policies=_POLICIES,
    documents=many(
        fields(
            id=TEXT,
            title=_TITLE,
            number=nullable(TEXT),
            issuer=nullable(either(TEXT, NAME)),
            published=nullable(TEXT),
            sha256=nullable(HASH),
        )
    ),
    units=many(fields(code=TEXT, aliases=many(TEXT), dimension=TEXT, numerator=digits, denominator=digits)),
    gwp_sets=many(fields(id=TEXT, values=_gases, source=TEXT, confidence=TEXT)),
    indicators=many(
        fields(
            id=TEXT,
            name=NAME,
            scope=whole(1, 3),
            dimension=TEXT,
            carrier=TEXT,
            factor_kinds=many(TEXT),
            market_kinds=many(TEXT),
            group=TEXT,
        )
    ),
    factors=many(_FACTOR),
    selections=many(fields(indicator=TEXT, use=USE, region=TEXT, year=nullable(_YEAR), factor=TEXT)),
    templates=many(fields(id=TEXT, title=_TITLE, document=nullable(TEXT), rows=many(_ROW))),
    target_profiles=many(
        fields(
            id=TEXT,
            name=_TITLE,
            peak_by=_YEAR,
            operations_neutral_by=_YEAR,
            financed_neutral_by=nullable(_YEAR),
            document=nullable(TEXT),
        )
    ),
)
