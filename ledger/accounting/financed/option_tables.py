"""The methods' tables of classes and options as arrays: one look-up per row."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from ledger.accounting.financed.columns import EMPTY, Rows, Small
from ledger.accounting.financed.division import Bool
from ledger.accounting.financed.said import Said
from ledger.accounting.methods.pboc_2021.attribute import NOT_OF_METHOD
from ledger.accounting.methods.pcaf_2.options import OPTIONS_OF_CLASS, has_declared_s3
from ledger.loans.exposure import ASSET_CLASSES, OPTIONS

NONE, DECLARED, ACTIVITY, REVENUE, ASSETS, TURNOVER = range(6)
_SOURCES = {"declared": DECLARED, "activity": ACTIVITY, "revenue": REVENUE, "assets": ASSETS, "turnover": TURNOVER}


def _table(values: dict[tuple[str, str], int]) -> Small:
    table = np.zeros((len(ASSET_CLASSES), 256), np.uint8)
    for (asset_class, option), value in values.items():
        table[ASSET_CLASSES.index(asset_class), OPTIONS.index(option)] = value
    return table


_ALL = [(asset_class, option, found) for asset_class, options in OPTIONS_OF_CLASS.items() for option, found in options.items()]
_SCORE = _table({(asset_class, option): score for asset_class, option, (score, _) in _ALL})
_SOURCE = _table({(asset_class, option): _SOURCES[source] for asset_class, option, (_, source) in _ALL})
_DECLARED_S3 = _table({(asset_class, option): has_declared_s3(asset_class, option) for asset_class, option, _ in _ALL})
_NOT_OF_PBOC = np.zeros(256, np.bool_)
_NOT_OF_PBOC[[OPTIONS.index(option) for option in NOT_OF_METHOD]] = True


@dataclass(frozen=True)
class Chosen:
    """Options of a run: scores of S1+2 (worse of two) and of S3, where emissions come from, and whether s3_t counts; 0 where refused."""

    score_s12: Small
    score_s3: Small
    source: Small
    declared_s3: Bool


def choose(rows: Rows, among: Bool, said: Said, *, pboc: bool) -> Chosen:
    """Return the options of every row, saying which of the rows `among` have one that their class or the method has not."""
    asset_class, first, second = rows.choice("asset_class"), rows.choice("option"), rows.choice("option_2")
    score, mixed, worse = _SCORE[asset_class, first], second != EMPTY, _SCORE[asset_class, second]
    first_wrong, second_wrong = score == 0, mixed & (worse == 0)
    if pboc:
        first_barred, second_barred = _NOT_OF_PBOC[first], _NOT_OF_PBOC[second]
        said.add("OPTION_NOT_OF_METHOD", "option", among & first_barred)
        first_wrong &= ~first_barred
        said.add("OPTION_NOT_OF_CLASS", "option", among & first_wrong)
        said.add("OPTION_NOT_OF_METHOD", "option_2", among & second_barred & ~first_barred & ~first_wrong)
        second_wrong &= ~second_barred & ~first_barred
    else:
        said.add("OPTION_NOT_OF_CLASS", "option", among & first_wrong)
    said.add("OPTION_NOT_OF_CLASS", "option_2", among & second_wrong & ~first_wrong)
    source = _SOURCE[asset_class, first]
    return Chosen(np.maximum(score, worse), score, source, _DECLARED_S3[asset_class, first] != 0)
