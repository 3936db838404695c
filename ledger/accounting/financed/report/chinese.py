"""Blocks of Chinese environmental disclosure: the Jiangsu rules (苏银发〔2024〕49号) and JR/T 0227-2021, as reports print them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from ledger.accounting.financed.blocks import Block
from ledger.accounting.financed.report.figures import ReportFigures, by_industry
from ledger.accounting.financed.report.labels import CLASSES, HIGH_CARBON, USES, industry_name
from ledger.accounting.financed.report.pcaf import TOTAL, coverage_table
from ledger.accounting.financed.report.tables import (
    Cell,
    ReportTable,
    add_up,
    amount,
    number_column,
    per_ten_thousand,
    percent,
    ratio,
    s3_tonnes,
    text_column,
    tonnes,
)
from ledger.records.names import Name

LOANS = ("business_loan", "project_finance", "commercial_real_estate", "mortgage", "motor_vehicle")
BONDS = ("corporate_bond", "sovereign")
EQUITIES = ("listed_equity", "unlisted_equity")
COLUMNS = (
    text_column("Block", "类别"),
    number_column("Exposures", "笔数"),
    number_column("Balance", "余额（元）"),
    number_column("Share of balance, %", "余额占比（%）"),
    number_column("Scopes 1+2, t CO2e", "碳排放量（范围一和二，吨）"),
    number_column("Share of emissions, %", "排放占比（%）"),
    number_column("Scope 3, t CO2e", "碳排放量（范围三，吨）"),
    number_column("Intensity, t per 10,000", "碳排放强度（吨/万元）"),
    number_column("Data quality (1–5)", "数据质量得分"),
)
UNVERIFIED = Name(
    "Formulas of the PBOC guide are unverified against its text: docs/spec/method-pboc-2021.md.",
    "《金融机构碳核算技术指南（试行）》公式尚未与原文核对：见 docs/spec/method-pboc-2021.md。",
)


def jiangsu_tables(figures: ReportFigures) -> tuple[ReportTable, ...]:
    """Return loans, bonds and the whole; high-carbon sectors; industries; reductions; data quality."""
    parts = ((Name("Loans", "贷款资产"), LOANS), (Name("Bonds", "债券资产"), BONDS), (Name("Equity", "权益投资"), EQUITIES))
    rows: list[tuple[Cell, Block]] = []
    for title, names in parts:
        known = [name for name in names if name in figures.classes]
        if known:
            rows.append((title, add_up(figures.classes[name] for name in known)))
            rows += [(_below(CLASSES[name]), figures.classes[name]) for name in known]
    first = _table(Name("Investment and financing", "投融资总计"), rows, figures)
    return first, _high_carbon(figures), _industries(figures), _reductions(figures), coverage_table(figures)


def jrt0227_tables(figures: ReportFigures) -> tuple[ReportTable, ...]:
    """Return project and other business; high-carbon sectors; industries; branches; reductions; data quality."""
    uses: Mapping[str, Block] = figures.uses
    if not uses:
        projects = figures.classes.get("project_finance", Block())
        others = add_up(block for name, block in figures.classes.items() if name != "project_finance")
        uses = {"general": others, "project": projects}
    rows = [(USES[name], uses[name]) for name in ("project", "general") if name in uses]
    first = _table(Name("Project and other business", "项目与非项目业务"), rows, figures)
    branches = _table(Name("Branches", "分支机构"), list(figures.branches.items()), figures)
    return first, _high_carbon(figures), _industries(figures), branches, _reductions(figures), coverage_table(figures)


def _high_carbon(figures: ReportFigures) -> ReportTable:
    blocks = figures.high_carbon
    rows: list[tuple[Cell, Block]] = [(HIGH_CARBON[name], block) for name, block in blocks.items()]
    rows.append((Name("High-carbon sectors together", "高碳行业合计"), add_up(blocks.values())))
    return _table(Name("High-carbon sectors", "高碳行业"), rows, figures)


def _industries(figures: ReportFigures) -> ReportTable:
    rows: list[tuple[Cell, Block]] = [(industry_name(letter), block) for letter, block in by_industry(figures.sectors).items()]
    return _table(Name("Industries (GB/T 4754)", "行业门类"), rows, figures)


def _reductions(figures: ReportFigures) -> ReportTable:
    columns = (text_column("Item", "项目"), number_column("Exposures", "笔数"), number_column("Reduction, t CO2e", "碳减排量（吨）"))
    row = (
        Name("Green projects, the bank's share", "绿色信贷项目减排（按比例折算）"),
        str(figures.reduction_rows),
        tonnes(figures.reductions_g),
    )
    note = Name("A ledger of its own, never netted from emissions.", "单独列示，不抵减排放量。")
    return ReportTable(Name("Reductions", "节能减排"), columns, (row,), (note,))


def _below(name: Name) -> Name:
    return Name(f"– {name.en}", f"其中：{name.zh}")


def _table(title: Name, rows: Iterable[tuple[Cell, Block]], figures: ReportFigures) -> ReportTable:
    totals = figures.totals
    lines = [(name, *_cells(block, totals)) for name, block in (*rows, (TOTAL, totals))]
    return ReportTable(title, COLUMNS, tuple(lines), (UNVERIFIED,) if figures.method == "pboc_2021" else ())


def _cells(block: Block, totals: Block) -> tuple[str, ...]:
    return (
        str(block.rows),
        amount(block.exposure_cents),
        percent(block.exposure_cents, totals.exposure_cents),
        tonnes(block.s12_g),
        percent(block.s12_g, totals.s12_g),
        s3_tonnes(block),
        per_ten_thousand(block.s12_g, block.exposure_cents),
        ratio(block.score),
    )
