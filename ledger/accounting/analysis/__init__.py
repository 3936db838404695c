"""Analysis of statements: pure and exact, without a clock (spec: docs/spec/analysis.md).

| § | file | in → out |
|---|---|---|
| 1 | columns.py | the columns of a statement and their sums |
| 1 | inventory.py | one period: lines with exact rates, tree, denominators |
| 1 | reading.py | statement, organisation, activity, release → one period |
| 2 | intensities.py | per head, m², outlet, yuan |
| 3 | series.py | as reported, and at the factors of one period |
| 4 | decomposition.py | change → activity, factor, boundary |
| 5 | comparison.py | a statement against the period before it, row by row |
| 6 | adjustments.py, base_year.py | recalculation of the base year, and its log |
| 7 | uncertainty.py, monte_carlo.py | half-widths by quadrature, and a simulation that checks them |
| 8 | paths.py | peak, distance to the target path, budget |
| 9 | document.py | all of it as `lingtan.analysis/1` |
"""

from ledger.accounting.analysis.adjustments import Correction
from ledger.accounting.analysis.base_year import BaseYearPolicy, BaseYearReview, LogEntry, corrections_of, review_base_year
from ledger.accounting.analysis.comparison import Comparison, ComparisonRow, compare_periods
from ledger.accounting.analysis.decomposition import Change, Decomposition, decompose
from ledger.accounting.analysis.document import (
    AnalysisOptions,
    PathOptions,
    SimulationOptions,
    analysis_document,
    change_document,
    path_of_periods,
)
from ledger.accounting.analysis.intensities import Intensity, compute_intensities
from ledger.accounting.analysis.inventory import AnalysedLine, PeriodInventory, Rating
from ledger.accounting.analysis.paths import PathAnalysis, Target, YearValue, analyse_path
from ledger.accounting.analysis.reading import of_statement
from ledger.accounting.analysis.series import SeriesPoint, as_reported, constant_factor
from ledger.accounting.analysis.uncertainty import TotalUncertainty, total_uncertainty

__all__ = [
    "AnalysedLine",
    "AnalysisOptions",
    "BaseYearPolicy",
    "BaseYearReview",
    "Change",
    "Comparison",
    "ComparisonRow",
    "Correction",
    "Decomposition",
    "Intensity",
    "LogEntry",
    "PathAnalysis",
    "PathOptions",
    "PeriodInventory",
    "Rating",
    "SeriesPoint",
    "SimulationOptions",
    "Target",
    "TotalUncertainty",
    "YearValue",
    "analyse_path",
    "analysis_document",
    "as_reported",
    "change_document",
    "compare_periods",
    "compute_intensities",
    "constant_factor",
    "corrections_of",
    "decompose",
    "of_statement",
    "path_of_periods",
    "review_base_year",
    "total_uncertainty",
]
