"""Which tables there are, by the name that the command takes."""

from __future__ import annotations

from collections.abc import Callable

from ledger.accounting.financed.report.cerf import cerf_tables
from ledger.accounting.financed.report.chinese import jiangsu_tables, jrt0227_tables
from ledger.accounting.financed.report.figures import CNY, ReportFigures
from ledger.accounting.financed.report.ifrs_s2 import ifrs_s2_tables
from ledger.accounting.financed.report.pcaf import pcaf_tables
from ledger.accounting.financed.report.tables import ReportTable
from ledger.errors import InputError, NotFound

REPORTS: tuple[tuple[str, Callable[[ReportFigures], tuple[ReportTable, ...]]], ...] = (
    ("pcaf", pcaf_tables),
    ("jiangsu", jiangsu_tables),
    ("jrt0227", jrt0227_tables),
    ("ifrs_s2", ifrs_s2_tables),
    ("cerf", cerf_tables),
)
IN_YUAN = ("jiangsu", "jrt0227", "cerf")


def make_report(name: str, figures: ReportFigures) -> tuple[ReportTable, ...]:
    """Return the tables of a report.

    Raises:
        NotFound: there is none of this name.
        InputError: the figures lack what it needs.
    """
    for known, make in REPORTS:
        if known == name:
            if name in IN_YUAN and figures.currency != CNY:
                raise InputError(
                    f"the tables of {name} are in CNY, the figures in {figures.currency}", hint="compute them in CNY, with rates"
                )
            return make(figures)
    raise NotFound(f"no report {name[:40]!r}", hint=", ".join(known for known, _ in REPORTS))
