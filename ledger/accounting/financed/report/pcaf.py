"""The PCAF table by asset class, with coverage, exclusions and data quality (PCAF Part A, 2nd edition, chapter 6)."""

from __future__ import annotations

from fractions import Fraction

from ledger.accounting.financed.blocks import Block
from ledger.accounting.financed.report.figures import ReportFigures
from ledger.accounting.financed.report.labels import CLASSES, METHODS
from ledger.accounting.financed.report.tables import (
    Cell,
    ReportTable,
    amount,
    number_column,
    per_million,
    percent,
    ratio,
    s3_tonnes,
    scopes_apart,
    text_column,
    tonnes,
)
from ledger.records.names import Name

TOTAL = Name("Total", "合计")
COLUMNS = (
    text_column("Asset class", "资产类别"),
    number_column("Exposures", "敞口数"),
    number_column("Outstanding", "余额"),
    number_column("Scope 1, t CO2e", "范围一（吨）"),
    number_column("Scope 2, t CO2e", "范围二（吨）"),
    number_column("Scopes 1+2, t CO2e", "范围一和二（吨）"),
    number_column("Scope 3, t CO2e", "范围三（吨）"),
    number_column("Data quality S1+2 (1–5)", "数据质量得分（范围一和二）"),
    number_column("Data quality S3 (1–5)", "数据质量得分（范围三）"),
    number_column("Outstanding with Scope 3, %", "有范围三数据的余额占比（%）"),
    number_column("Intensity S1+2, t per million", "强度（吨/百万）"),
    number_column("Share of outstanding, %", "余额占比（%）"),
    number_column("Removals, t", "清除量（吨）"),
    number_column("Avoided emissions, t", "避免排放（吨）"),
    number_column("Credits retired, t", "注销的碳信用（吨）"),
    number_column("Credits generated, t", "产生的碳信用（吨）"),
)


def pcaf_tables(figures: ReportFigures) -> tuple[ReportTable, ...]:
    """Return the table by class, and that of coverage and data quality."""
    whole = figures.totals.exposure_cents
    rows: list[tuple[Cell, ...]] = [(CLASSES[name], *_cells(block, whole)) for name, block in figures.classes.items()]
    notes = (
        Name(
            "Scopes 1 and 2 are of exposures that know them apart, 1+2 of all. Removals, avoided emissions and credits are not netted.",
            "范围一、范围二仅含可区分的敞口；范围一和二为全部敞口。清除量、避免排放与碳信用不予抵减。",
        ),
        Name(
            f"Outstanding in {figures.currency}. Ratios are rounded half-even to 6 decimals.",
            f"余额单位：{figures.currency}。比率按四舍六入五成双保留六位小数。",
        ),
    )
    by_class = ReportTable(Name("Financed emissions", "投融资排放"), COLUMNS, (*rows, (TOTAL, *_cells(figures.totals, whole))), notes)
    return by_class, coverage_table(figures)


def coverage_table(figures: ReportFigures) -> ReportTable:
    """Return whose and when the figures are, coverage with every reason of exclusion, WACI, and exposure by option."""
    covered = figures.totals.exposure_cents
    rows: list[tuple[Cell, ...]] = [
        (Name("Institution", "机构"), figures.institution, ""),
        (Name("Period", "核算期"), figures.period, ""),
        (Name("Method", "方法"), METHODS[figures.method], ""),
        (Name("Statement (SHA-256)", "报表散列"), figures.statement or "", ""),
        (Name("Exposure calculated", "已核算余额"), amount(covered), ""),
        (Name("Exposure in all", "全部余额"), amount(figures.total_cents), ""),
        (Name("Coverage, %", "覆盖率（%）"), percent(covered, figures.total_cents), ""),
        (Name("Excluded exposures of unknown balance", "余额未知的除外敞口数"), str(figures.unknown_rows), ""),
    ]
    rows += [(Name("Excluded", "除外"), amount(item.exposure_cents), item.reason) for item in figures.excluded]
    if figures.waci is not None:
        value = ratio(Fraction(figures.waci.value_micro, 10**6))
        covers = Name(
            f"t per million of revenue; covers {percent(figures.waci.exposure_cents, covered)} % of exposure",
            f"吨/百万营业收入；覆盖余额的 {percent(figures.waci.exposure_cents, covered)}%",
        )
        rows.append((Name("Weighted average carbon intensity", "加权平均碳强度"), value, covers))
    for option, count, cents in figures.options:
        rows.append((Name(f"Option {option}", f"选项 {option}"), amount(cents), Name(f"{count} exposures", f"{count} 笔")))
    columns = (text_column("Item", "项目"), number_column("Value", "数值"), text_column("Note", "说明"))
    return ReportTable(Name("Coverage and data quality", "覆盖率与数据质量"), columns, tuple(rows))


def _cells(block: Block, whole: int) -> tuple[str, ...]:
    return (
        str(block.rows),
        amount(block.exposure_cents),
        *scopes_apart(block),
        tonnes(block.s12_g),
        s3_tonnes(block),
        ratio(block.score),
        ratio(block.score_s3),
        percent(block.s3_exposure_cents, block.exposure_cents),
        per_million(block.s12_g, block.exposure_cents),
        percent(block.exposure_cents, whole),
        tonnes(block.removals_g),
        tonnes(block.avoided_g),
        tonnes(block.credits_retired_g),
        tonnes(block.credits_generated_g),
    )
