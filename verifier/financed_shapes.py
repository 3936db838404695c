"""Hold the shapes of financed emissions: statement, exposure record, group, group line, opening (loan-book.md §5, documents.md §14–§16)."""

from __future__ import annotations

import re
from typing import Any

from verifier.errors import Malformed
from verifier.evidence_shapes import CONTEXT, TOTALS
from verifier.shapes import HASH, ID, PERIOD, TEXT, Shape, fields, hexed, many, nullable, schema, text, unsigned, whole, word

CLASSES = (
    "listed_equity",
    "corporate_bond",
    "business_loan",
    "unlisted_equity",
    "project_finance",
    "commercial_real_estate",
    "mortgage",
    "motor_vehicle",
    "sovereign",
)
HIGH_CARBON = ("power", "steel", "building_materials", "petrochemicals", "chemicals", "nonferrous_metals", "paper", "aviation")
OPTIONS = ("1a", "1b", "2a", "2b", "3", "3a", "3b", "3c")
USES = ("general", "project")
CAUSES = ("first", "data", "factor", "boundary", "method", "error")
BLOCK_FIELDS = (
    "rows",
    "exposure_cents",
    "s1_g",
    "s2_g",
    "s12_g",
    "s3_g",
    "s3_rows",
    "s3_exposure_cents",
    "removals_g",
    "avoided_g",
    "credits_retired_g",
    "credits_generated_g",
    "weighted",
    "weighted_s3",
)
MAX_OPENING = 4 * 1024 * 1024
MAX_LINE = 64 * 1024

_COUNT = unsigned(128)
_LABEL = text(re.compile(r"[^,]{1,1000}", re.S), "a code or text without commas")
_BLOCK = dict.fromkeys(BLOCK_FIELDS, _COUNT)
PSEUDONYM = hexed(16)


def _true_or_false(value: Any, pointer: str) -> None:
    if type(value) is not bool:
        raise Malformed("DOCUMENT_FIELD", pointer, f"true or false expected, found {repr(value)[:80]}", found=repr(value)[:80])


_POLICIES: dict[str, Shape] = {
    "pcaf_2": fields(),
    "pboc_2021": fields(
        average=word("month_end", "mean_of_ends"),
        exclude_short_life=_true_or_false,
        exclude_small_balance=_true_or_false,
        exclude_natural_person=_true_or_false,
        exclude_small_micro=_true_or_false,
    ),
}
DATASET_OF = {"pcaf_2": "FINANCED_PCAF", "pboc_2021": "FINANCED_PBOC"}
METHOD_OF = {dataset: method for method, dataset in DATASET_OF.items()}

_STATEMENT = fields(
    schema=schema("financed"),
    institution=ID,
    period=PERIOD,
    revision=whole(1, 2**32 - 1),
    cause=word(*CAUSES),
    supersedes=nullable(HASH),
    method=word(*DATASET_OF),
    dataset=word(*METHOD_OF),
    library=fields(release=TEXT, hash=HASH),
    policies=lambda value, pointer: None,  # its shape is the method's, below
    rows=_COUNT,
    excluded=many(fields(reason=TEXT, rows=_COUNT, exposure_cents=_COUNT), at_most=100_000),
    totals=fields((), **_BLOCK),
    classes=many(fields((), **{"class": word(*CLASSES)}, **_BLOCK), at_most=len(CLASSES)),
    sectors=many(fields((), sector=_LABEL, **_BLOCK)),
    branches=many(fields((), branch=_LABEL, **_BLOCK)),
    high_carbon=many(fields((), sector=word(*HIGH_CARBON), **_BLOCK), at_most=len(HIGH_CARBON)),
    uses=many(fields((), use=word(*USES), **_BLOCK), at_most=len(USES)),
    options=many(fields(option=word(*OPTIONS), rows=_COUNT, exposure_cents=_COUNT), at_most=len(OPTIONS)),
    reductions=fields(g=_COUNT, rows=_COUNT),
    waci=nullable(fields(value_micro=_COUNT, exposure_cents=_COUNT)),
    coverage=fields(exposure_cents=_COUNT, total_cents=_COUNT, unknown_rows=_COUNT),
    tie_out=many(fields(id=ID, asset_class=nullable(word(*CLASSES)), declared_cents=_COUNT, computed_cents=_COUNT), at_most=10_000),
    groups=fields(n=_COUNT, rows=_COUNT),
    commitment=fields(n=_COUNT, totals=TOTALS, tree_root=HASH, root=HASH),
)
ORDERED = (
    ("excluded", ("reason",)),
    ("classes", ("class",)),
    ("sectors", ("sector",)),
    ("branches", ("branch",)),
    ("high_carbon", ("sector",)),
    ("uses", ("use",)),
    ("options", ("option",)),
    ("tie_out", ("id",)),
)


def FINANCED(value: Any, pointer: str) -> None:
    """Refuse what is not a financed statement; the policies are those that its method names, complete."""
    _STATEMENT(value, pointer)
    _POLICIES[value["method"]](value["policies"], f"{pointer}/policies")


_GRAMS = unsigned(96)
_EMISSIONS = {"s1_g": nullable(_GRAMS), "s2_g": nullable(_GRAMS), "s12_g": nullable(_GRAMS), "s3_g": nullable(_GRAMS)}
_ATTRIBUTED = {
    "s1_g": nullable(_GRAMS),
    "s2_g": nullable(_GRAMS),
    "s12_g": _GRAMS,
    "s3_g": nullable(_GRAMS),
    "removals_g": _GRAMS,
    "avoided_g": _GRAMS,
    "credits_retired_g": _GRAMS,
    "credits_generated_g": _GRAMS,
}
EXPOSURE = fields(
    schema=schema("exposure"),
    exposure=PSEUDONYM,
    borrower=PSEUDONYM,
    asset_class=word(*CLASSES),
    branch=_LABEL,
    sector=_LABEL,
    high_carbon=nullable(word(*HIGH_CARBON)),
    option=word(*OPTIONS),
    numerator_cents=_GRAMS,
    denominator_cents=nullable(_GRAMS),
    denominator=nullable(TEXT),
    emissions=fields((), **_EMISSIONS),
    attributed=fields((), **_ATTRIBUTED),
    score_s12=whole(1, 5),
    score_s3=nullable(whole(1, 5)),
    exposure_cents=_GRAMS,
)
GROUP = fields(schema=schema("group"), group=whole(0, 999_999), n=whole(1, 2**32 - 1), root=HASH)
GROUP_LINE = fields(key=HASH, record_hash=HASH, values=TOTALS)


def _opened(value: Any, pointer: str) -> None:
    """Refuse what is neither a salted record nor the leaf hash of an erased one."""
    erased = isinstance(value, dict) and "leaf" in value
    (fields(leaf=HASH) if erased else fields(salt=HASH, record=text(None, "base64 of a record")))(value, pointer)


OPENING = fields(
    schema=schema("opening"),
    dataset=word(*METHOD_OF),
    context=CONTEXT,
    group=fields(asset=TEXT, key=HASH, salt=HASH, values=TOTALS, record=TEXT),
    index=whole(0, 2**32 - 1),
    path=many(fields(sums=TOTALS, hash=HASH), at_most=64),
    n=unsigned(64),
    totals=TOTALS,
    tree_root=HASH,
    root=HASH,
    exposures=many(_opened, at_most=10_000),
)
