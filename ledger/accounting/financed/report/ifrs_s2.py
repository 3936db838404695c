"""Fields of IFRS S2 on financed emissions: paragraph 29(a) and B58–B63 (commercial banking: by industry and asset class)."""

from __future__ import annotations

from ledger.accounting.financed.blocks import Block
from ledger.accounting.financed.report.figures import ReportFigures, by_industry
from ledger.accounting.financed.report.labels import CLASSES, METHODS, industry_name
from ledger.accounting.financed.report.pcaf import TOTAL
from ledger.accounting.financed.report.tables import (
    Cell,
    ReportTable,
    amount,
    number_column,
    percent,
    s3_tonnes,
    scopes_apart,
    text_column,
    tonnes,
)
from ledger.records.names import Name

COLUMNS = (
    text_column("Industry (GB/T 4754)", "行业（GB/T 4754）"),
    text_column("Asset class", "资产类别"),
    number_column("B62(b) gross exposure, funded", "B62(b) 总敞口（已提款）"),
    number_column("B62(a) Scope 1, t CO2e", "B62(a) 范围一（吨）"),
    number_column("B62(a) Scope 2, t CO2e", "B62(a) 范围二（吨）"),
    number_column("Scopes 1+2, t CO2e", "范围一和二（吨）"),
    number_column("B62(a) Scope 3, t CO2e", "B62(a) 范围三（吨）"),
)
ALL = Name("All", "全部")


def ifrs_s2_tables(figures: ReportFigures) -> tuple[ReportTable, ...]:
    """Return gross emissions and exposure by industry and asset class, and the disclosures beside them."""
    return _by_industry(figures), _disclosures(figures)


def _by_industry(figures: ReportFigures) -> ReportTable:
    rows: list[tuple[Cell, ...]] = []
    notes: tuple[Name, ...] = ()
    if figures.industries is not None:
        for (asset_class, letter), block in sorted(
            figures.industries.items(), key=lambda item: (item[0][1] == "-", item[0][1], item[0][0])
        ):
            rows.append((industry_name(letter), CLASSES[asset_class], *_cells(block)))
    else:
        rows += [(industry_name(letter), ALL, *_cells(block)) for letter, block in by_industry(figures.sectors).items()]
        rows += [(ALL, CLASSES[name], *_cells(block)) for name, block in figures.classes.items()]
        notes = (
            Name(
                "A statement has no exposures: industries and classes stand apart. From the vault the table has both together.",
                "报表不含逐笔敞口，行业与资产类别分开列示；由保管库生成可得行业与资产类别交叉表。",
            ),
        )
    rows.append((TOTAL, ALL, *_cells(figures.totals)))
    return ReportTable(Name("B62 Financed emissions", "B62 融资排放"), COLUMNS, tuple(rows), notes)


def _disclosures(figures: ReportFigures) -> ReportTable:
    totals, method = figures.totals, METHODS[figures.method]
    reasons = "; ".join(f"{item.reason} ({item.rows}: {amount(item.exposure_cents)})" for item in figures.excluded)
    rows: tuple[tuple[Cell, ...], ...] = (
        (
            "29(a)(i)(3)",
            Name("Scope 3 category 15, financed emissions S1+2, t CO2e", "范围三第15类：融资排放（范围一和二，吨）"),
            tonnes(totals.s12_g),
        ),
        ("29(a)(i)(3)", Name("Scope 3 of borrowers, where known, t CO2e", "被投融资方范围三（已知部分，吨）"), s3_tonnes(totals)),
        ("29(a)(vi)(1)", Name("Categories included", "所含类别"), Name("category 15 alone", "仅第15类")),
        ("29(a)(vi)(2)", Name("Financed emissions are in this table", "融资排放信息"), Name("B58–B63", "B58–B63")),
        ("B58", Name("Activity", "活动"), Name("commercial banking", "商业银行业务")),
        ("B59", Name("Period", "核算期"), figures.period),
        ("B62(b)", Name("Gross exposure, funded, in all", "总敞口（已提款）合计"), amount(figures.total_cents)),
        (
            "B62(b)",
            Name("Undrawn commitments", "未提款承诺"),
            Name("not included: only what is outstanding is attributed", "不包含：仅归因未偿余额"),
        ),
        (
            "B62(c)",
            Name("Exposure included in the calculation, %", "纳入计算的敞口占比（%）"),
            percent(totals.exposure_cents, figures.total_cents),
        ),
        ("B62(c)", Name("Excluded, and why", "除外敞口及原因"), reasons),
        ("B62(c)(ii)", Name("Exposure whose balance is unknown, rows", "余额未知的敞口（笔）"), str(figures.unknown_rows)),
        ("B62(d)", Name("Method", "方法"), method),
        (
            "B62(d)",
            Name("Allocation", "归因"),
            Name("share of the exposure in the borrower's value, as the method's page says", "敞口占被投融资方价值的比例，见方法说明"),
        ),
        ("B62(d)", Name("Statement (SHA-256)", "报表散列"), figures.statement or ""),
    )
    columns = (text_column("Paragraph", "条款"), text_column("Field", "字段"), number_column("Value", "数值"))
    return ReportTable(Name("IFRS S2 fields", "IFRS S2 字段"), columns, rows)


def _cells(block: Block) -> tuple[str, ...]:
    return (amount(block.exposure_cents), *scopes_apart(block), tonnes(block.s12_g), s3_tonnes(block))
