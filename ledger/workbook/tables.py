"""The tables that bank staff fill in, column by column: what each is called, what it takes, and where it stands in the document.

One description serves the template, the reader, the CSV twin and their comments, so that they cannot differ.
"""

from __future__ import annotations

from ledger.records.names import Name
from ledger.workbook import labels
from ledger.workbook.columns import Column, Kind, Table


def _hidden(key: str, en: str, zh: str, path: tuple[str, ...], *, kind: Kind = "code", optional: bool = False) -> Column:
    note = Name(
        "A code that the ledger needs. Leave it as it is; leave it empty in a row of your own.", "系统代码，请勿修改；自行新增的行可留空。"
    )
    return Column(key, Name(en, zh), kind, path, note, 18, optional, True)


_UNIT_NOTE = Name("The branch or outlet, by its name in the organisation tree.", "机构名称，须与机构树一致。")
_REFERENCE_NOTE = Name("Number of the invoice or document, so that somebody can find it.", "发票号、凭证号等，便于复核。")
_SOURCE_NOTE = Name(
    "What the value was taken from. A landlord's bill is for the whole building: write its full quantity, the share comes from the tree.",
    "数据来源。物业整栋账单请填整栋用量，分摊比例取自机构树。",
)

ACTIVITY = Table(
    "activity",
    "records",
    Name("Activity", "活动数据"),
    (
        Column("unit_name", Name("Unit", "机构"), "name", (), _UNIT_NOTE, 22, names="unit"),
        Column(
            "indicator_name",
            Name("Indicator", "指标"),
            "name",
            (),
            Name("What was used, by its name in the library.", "指标名称，取自指标库。"),
            28,
            names="indicator",
        ),
        Column(
            "value",
            Name("Quantity", "数量"),
            "decimal",
            ("quantity", "value"),
            Name(
                "The quantity as printed, with a point as decimal sign and no thousands separator; no formula. Empty: no record.",
                "按凭证填写的数量，小数点用“.”，不带千分位，不用公式；留空即无记录。用量为零请填 0。",
            ),
            16,
        ),
        Column(
            "measure",
            Name("Unit of measure", "计量单位"),
            "measure",
            ("quantity", "unit"),
            Name("One of the list. 10,000 kWh is a unit of its own: 万kWh.", "从下拉列表中选择；万千瓦时与千瓦时不同。"),
            12,
        ),
        Column(
            "start",
            Name("First day", "开始日期"),
            "date",
            ("start",),
            Name("First day of use, inside the period.", "起始日，须在核算期内。"),
            12,
        ),
        Column("end", Name("Last day", "结束日期"), "date", ("end",), Name("Last day of use, included.", "截止日，含当日。"), 12),
        Column("source", Name("Source", "数据来源"), "choice", ("source", "kind"), _SOURCE_NOTE, 16, labels=labels.SOURCE_KINDS),
        Column("reference", Name("Reference", "凭证编号"), "text", ("source", "reference"), _REFERENCE_NOTE, 26),
        Column(
            "quality",
            Name("Data quality", "数据质量"),
            "integer",
            ("quality",),
            Name("1 best (metered, invoiced) to 5 (estimated from something else).", "1 最好（计量、账单）至 5（推算）。"),
            10,
        ),
        Column(
            "uncertainty",
            Name("Uncertainty, ± %", "不确定度（±%）"),
            "bp",
            ("uncertainty_bp",),
            Name(
                "Half-width at 95 %, in percent, if it is known; else the default of the data quality.",
                "95% 置信区间半宽（%）；不填则按数据质量取默认值。",
            ),
            12,
            True,
        ),
        Column(
            "note",
            Name("Note", "备注"),
            "ignored",
            (),
            Name("For yourselves: not part of the data.", "仅供内部参考，不进入数据。"),
            24,
            True,
        ),
        Column(
            "row_of_table",
            Name("Row of the disclosure table", "披露表项目"),
            "ignored",
            (),
            Name("Which row of the disclosure template this indicator fills.", "对应披露模板的项目。"),
            28,
            True,
        ),
        Column(
            "first_reading",
            Name("Reading at start", "起始读数"),
            "decimal",
            ("register", "first"),
            Name("Of a meter read by hand. All three columns or none.", "人工抄表时填写；三列同填或同空。"),
            12,
            True,
        ),
        Column(
            "last_reading",
            Name("Reading at end", "截止读数"),
            "decimal",
            ("register", "last"),
            Name("At the last day.", "截止日读数。"),
            12,
            True,
        ),
        Column(
            "multiplier",
            Name("Multiplier", "倍率"),
            "decimal",
            ("register", "multiplier"),
            Name("1 where the meter has none. Quantity = (end − start) × multiplier.", "无互感器填 1。数量 =（截止−起始）× 倍率。"),
            8,
            True,
        ),
        Column(
            "sha256",
            Name("SHA-256 of the paper", "凭证文件 SHA-256"),
            "text",
            ("source", "sha256"),
            Name("Of the scanned document, if you keep one: 64 lower-case hex digits.", "凭证扫描件散列值，64 位小写十六进制；可不填。"),
            14,
            True,
        ),
        _hidden("unit", "unit code", "机构代码", ("unit",)),
        _hidden("indicator", "indicator code", "指标代码", ("indicator",)),
        _hidden("id", "row code", "行代码", ("id",), kind="text", optional=True),
    ),
    filled=("value", "first_reading", "last_reading", "multiplier"),
    groups=("register",),
    offered=True,
)
INSTRUMENTS = Table(
    "instruments",
    "instruments",
    Name("Instruments", "绿证"),
    (
        Column(
            "id",
            Name("Number", "编号"),
            "text",
            ("id",),
            Name("Letters, digits, dots and hyphens, each once.", "字母、数字、点、连字符，不可重复。"),
            18,
        ),
        Column(
            "unit_name",
            Name("Unit", "机构"),
            "name",
            (),
            Name("It serves this unit and all below it.", "用于该机构及其下属机构。"),
            22,
            names="unit",
        ),
        Column(
            "kind",
            Name("Kind", "类别"),
            "choice",
            ("kind",),
            Name("One of the list.", "从下拉列表中选择。"),
            18,
            labels=labels.INSTRUMENT_KINDS,
        ),
        Column(
            "value", Name("Quantity", "数量"), "decimal", ("quantity", "value"), Name("One certificate is 1 MWh.", "1 个绿证为 1 MWh。"), 12
        ),
        Column("measure", Name("Unit of measure", "计量单位"), "measure", ("quantity", "unit"), Name("MWh or kWh.", "MWh 或 kWh。"), 12),
        Column(
            "factor",
            Name("Factor, kg CO2/kWh", "因子（kgCO2/kWh）"),
            "decimal",
            ("factor",),
            Name("0 for a certificate; the supplier's own for a contract.", "绿证填 0；合同填供应商因子。"),
            16,
        ),
        Column(
            "generated",
            Name("Month generated", "生产月份"),
            "month",
            ("generated",),
            Name(
                "First day of the month of generation, or YYYY-MM; empty for a contract.", "电量生产月份（YYYY-MM 或当月首日）；合同留空。"
            ),
            14,
            True,
        ),
        Column(
            "retired",
            Name("Retired on", "核销日期"),
            "date",
            ("retired",),
            Name("Empty while it is not retired.", "未核销则留空。"),
            12,
            True,
        ),
        Column("reference", Name("Reference", "凭证编号"), "text", ("reference",), _REFERENCE_NOTE, 26),
        _hidden("unit", "unit code", "机构代码", ("unit",)),
    ),
    filled=("id", "unit_name", "kind", "value", "measure", "factor", "generated", "retired", "reference"),
)
TOTALS = Table(
    "totals",
    "declared_totals",
    Name("Declared totals", "公布数"),
    (
        Column(
            "measure",
            Name("Figure", "指标"),
            "choice",
            ("measure",),
            Name("One of the list, or indicator/ and the code of an indicator.", "从下拉列表中选择，或填 indicator/指标代码。"),
            30,
            labels=labels.TOTAL_MEASURES,
        ),
        Column("value", Name("Published value", "公布值"), "decimal", ("value",), Name("As printed.", "按公布原文填写。"), 16),
        Column("unit", Name("Unit of measure", "计量单位"), "measure", ("unit",), Name("tCO2e or the like.", "如 tCO2e。"), 12),
        Column(
            "parts",
            Name("Rounded parts", "舍入项数"),
            "integer",
            ("parts",),
            Name("How many rounded numbers it was added up from; 1 if none.", "由多少个已舍入的数相加；否则填 1。"),
            10,
        ),
        Column(
            "tolerance",
            Name("Tolerance", "容差"),
            "decimal",
            ("tolerance",),
            Name("In the same unit: half the last printed digit times the parts.", "同单位；末位数字之半 × 项数。"),
            10,
        ),
        Column("reference", Name("Reference", "出处"), "text", ("reference",), Name("Report and page.", "报告名称与页码。"), 26),
        Column(
            "period",
            Name("Period", "核算期"),
            "text",
            ("period",),
            Name("Empty for this one, else its id.", "本期留空，否则填核算期编号。"),
            10,
            True,
        ),
        Column(
            "at_name",
            Name("Unit", "机构"),
            "name",
            (),
            Name("Empty for the whole institution.", "全机构合计则留空。"),
            22,
            True,
            names="at",
        ),
        _hidden("at", "unit code", "机构代码", ("at",), optional=True),
        _hidden("id", "row code", "行代码", ("id",), kind="text", optional=True),
    ),
    filled=("measure", "value", "unit", "parts", "tolerance", "reference", "period", "at_name"),
)
DECLARED_FACTORS = Table(
    "declared-factors",
    "declared_factors",
    Name("Printed factors", "公布因子"),
    (
        Column(
            "indicator_name",
            Name("Indicator", "指标"),
            "name",
            (),
            Name("What the factor is printed for.", "因子所对应的指标。"),
            28,
            names="indicator",
        ),
        Column("value", Name("Printed value", "公布值"), "decimal", ("value",), Name("As printed.", "按公布原文填写。"), 14),
        Column("unit", Name("Unit", "单位"), "text", ("unit",), Name("kgCO2/kWh and the like.", "如 kgCO2/kWh。"), 14),
        Column(
            "document",
            Name("Cited document", "引用文件"),
            "text",
            ("document",),
            Name("Number of the document cited.", "报告引用文件的文号。"),
            26,
        ),
        Column("reference", Name("Reference", "出处"), "text", ("reference",), Name("Report and page.", "报告名称与页码。"), 26),
        _hidden("indicator", "indicator code", "指标代码", ("indicator",)),
        _hidden("id", "row code", "行代码", ("id",), kind="text", optional=True),
    ),
    filled=("indicator_name", "value", "unit", "document", "reference"),
)
CHOICES = Table(
    "choices",
    "factor_choices",
    Name("Factor choices", "因子选择"),
    (
        Column(
            "indicator_name",
            Name("Indicator", "指标"),
            "name",
            (),
            Name("Only where you do not want the library's own choice.", "仅在不采用指标库默认因子时填写。"),
            28,
            names="indicator",
        ),
        Column(
            "use",
            Name("Use", "用途"),
            "choice",
            ("use",),
            Name("Market-based only for Scope 2.", "基于市场仅用于范围二。"),
            14,
            labels=labels.FACTOR_USES,
        ),
        Column("factor", Name("Factor", "因子"), "text", ("factor",), Name("The code of a factor of the library.", "指标库因子代码。"), 34),
        Column("reference", Name("Reason", "理由"), "text", ("reference",), Name("Why this one.", "选用理由。"), 30),
        _hidden("indicator", "indicator code", "指标代码", ("indicator",)),
    ),
    filled=("indicator_name", "use", "factor", "reference"),
)
DENOMINATORS = Table(
    "denominators",
    "denominators",
    Name("Denominators", "分母"),
    (
        Column("unit_name", Name("Unit", "机构"), "name", (), _UNIT_NOTE, 22, names="unit"),
        Column(
            "measure",
            Name("Measure", "指标"),
            "choice",
            ("measure",),
            Name("One of the list.", "从下拉列表中选择。"),
            18,
            labels=labels.DENOMINATORS,
        ),
        Column(
            "value",
            Name("Value", "数值"),
            "decimal",
            ("value",),
            Name("Over the period; staff and area default to the organisation tree's.", "核算期数值；人数与面积不填则取机构树。"),
            18,
        ),
        _hidden("unit", "unit code", "机构代码", ("unit",)),
    ),
    filled=("value",),
    offered=True,
)
ACTIVITY_TABLES = (ACTIVITY, INSTRUMENTS, TOTALS, DECLARED_FACTORS, CHOICES, DENOMINATORS)
