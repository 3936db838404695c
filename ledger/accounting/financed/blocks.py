"""Sums of a book by asset class, sector, branch and the rest, as the statement holds them (spec: documents §14)."""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass, fields
from fractions import Fraction
from operator import add, attrgetter

import numpy as np

from ledger.accounting.financed.attributions import BookAttribution
from ledger.accounting.financed.columns import Codes, Table
from ledger.accounting.financed.division import Int64
from ledger.accounting.financed.sums import halves_of_groups
from ledger.errors import InputError

SCORES = 6  # 0 is unknown, 1 to 5
MAX_CELLS = 2**62
MAX_ROWS = 2**28  # upper halves of 31 bits, times scores up to 5, stay below 2^63


@dataclass(frozen=True)
class Block:
    """Sums over calculated rows: cents and grams; `weighted` is Σ exposure × score. Nothing is netted."""

    rows: int = 0
    exposure_cents: int = 0
    s1_g: int = 0
    s2_g: int = 0
    s12_g: int = 0
    s3_g: int = 0
    s3_rows: int = 0
    s3_exposure_cents: int = 0
    removals_g: int = 0
    avoided_g: int = 0
    credits_retired_g: int = 0
    credits_generated_g: int = 0
    weighted: int = 0
    weighted_s3: int = 0

    def __add__(self, other: Block) -> Block:
        return Block(*map(add, _figures(self), _figures(other)))

    @classmethod
    def sum(cls, blocks: Iterable[Block]) -> Block:
        """Return the sum of all blocks."""
        return sum(blocks, cls())

    def to_document(self) -> dict[str, object]:
        """Return the block's fields as integers in decimal strings."""
        return {item.name: str(getattr(self, item.name)) for item in fields(self)}

    @property
    def score(self) -> Fraction | None:
        """Return the weighted data-quality score of S1+2, or None without exposure."""
        return Fraction(self.weighted, self.exposure_cents) if self.exposure_cents else None

    @property
    def score_s3(self) -> Fraction | None:
        """Return the weighted score of S3 over the rows that know S3, or None without any."""
        return Fraction(self.weighted_s3, self.s3_exposure_cents) if self.s3_exposure_cents else None

    @property
    def intensity(self) -> Fraction | None:
        """Return the economic intensity in t CO2e (S1+2) per million CNY of exposure, or None without exposure."""
        return Fraction(self.s12_g * 100, self.exposure_cents) if self.exposure_cents else None


_AT = {item.name: at for at, item in enumerate(fields(Block))}
_GRAMS = ("s1_g", "s2_g", "s12_g", "s3_g", "removals_g", "avoided_g", "credits_retired_g", "credits_generated_g")


_figures = attrgetter(*(item.name for item in fields(Block)))


@dataclass(frozen=True)
class Cells:
    """Calculated rows summed where they agree in every key and score. Sums are kept as upper × 2^32 + lower, so that none can wrap.

    `codes` numbers each key's `names` cell by cell; a row of `upper` and `lower` has the columns of a block in their order.
    """

    codes: dict[str, Codes]
    names: dict[str, tuple[str, ...]]
    upper: Int64
    lower: Int64

    def total(self) -> Block:
        """Return the block of all cells."""
        return _block(self.upper.sum(axis=0), self.lower.sum(axis=0))

    def by(self, key: str) -> dict[str, Block]:
        """Return the blocks of a key by its names, in order of their bytes; an empty cell's name "" is left out."""
        codes = self.codes[key]
        if not codes.size:
            return {}
        order = np.argsort(codes, kind="stable")
        starts = _starts(codes[order])
        upper, lower = np.add.reduceat(self.upper[order], starts), np.add.reduceat(self.lower[order], starts)
        named = zip((self.names[key][code] for code in codes[order][starts].tolist()), upper, lower, strict=True)
        return {name: _block(high, low) for name, high, low in named if name}


KEYS = ("asset_class", "sector", "branch", "high_carbon", "option", "use")


def make_cells(table: Table, attribution: BookAttribution) -> Cells:
    """Return the calculated rows summed by asset class, sector, branch, high-carbon sector, option, use and scores.

    Raises:
        InputError: more combinations of names than 2^62, or more rows than 2^28.
    """
    columns = {name: table.codes(name) for name in KEYS}
    keys: list[tuple[Codes, int]] = [(codes, len(names)) for codes, names in columns.values()]
    keys += [(scores.astype(np.intp), SCORES) for scores in (attribution.score_s12, attribution.score_s3)]
    if math.prod(size for _, size in keys) >= MAX_CELLS or attribution.rows >= MAX_ROWS:
        raise InputError("the book has too many names or rows for one statement", hint="split it by asset class")
    at = np.flatnonzero(attribution.calculated)
    joint = np.zeros(at.size, np.intp)
    for codes, size in keys:
        joint = joint * size + codes[at]
    by_cell = np.argsort(joint, kind="stable")
    starts = _starts(joint[by_cell])
    order = at[by_cell]
    first = order[starts]
    upper, lower = _cell_sums(attribution, order, starts, first)
    return Cells(
        {name: codes[first] for name, (codes, _) in columns.items()}, {name: names for name, (_, names) in columns.items()}, upper, lower
    )


def _cell_sums(attribution: BookAttribution, order: Codes, starts: Codes, first: Codes) -> tuple[Int64, Int64]:
    halves = np.zeros((2, first.size, len(fields(Block))), np.int64)
    if first.size:
        score, score_s3 = attribution.score_s12[first].astype(np.int64), attribution.score_s3[first].astype(np.int64)
        knows_s3 = score_s3 > 0
        rows = np.diff(np.append(starts, order.size))
        halves[1, :, _AT["rows"]], halves[1, :, _AT["s3_rows"]] = rows, rows * knows_s3
        exposure = halves_of_groups(attribution.exposure, order, starts)
        for half, cents in zip(halves, exposure, strict=True):
            half[:, _AT["exposure_cents"]], half[:, _AT["s3_exposure_cents"]] = cents, cents * knows_s3
            half[:, _AT["weighted"]], half[:, _AT["weighted_s3"]] = cents * score, cents * score_s3
        for name, column in zip(_GRAMS, attribution.attributed_columns(), strict=True):
            if column.any():
                halves[0, :, _AT[name]], halves[1, :, _AT[name]] = halves_of_groups(column, order, starts)
    return halves[0], halves[1]


def _starts(ordered: Codes) -> Codes:
    """Return where each run of equal numbers begins."""
    return np.flatnonzero(np.append(True, ordered[1:] != ordered[:-1])) if ordered.size else np.zeros(0, np.intp)


def _block(upper: Int64, lower: Int64) -> Block:
    return Block(*((high << 32) + low for high, low in zip(upper.tolist(), lower.tolist(), strict=True)))
