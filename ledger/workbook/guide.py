"""The first sheet of a template: how to fill it in, in one language."""

from __future__ import annotations

from ledger.records.names import Name

TITLE = Name("Guide", "填报说明")
LINES: tuple[Name, ...] = (
    Name("How to fill in this workbook", "填报要求"),
    Name(
        "1. Activity: write each quantity as the invoice or register has it. A row without one is not read; a use of nothing is 0.",
        "1. 活动数据：按发票或抄表原值填写数量。数量留空的行不读取；用量为零请填 0。",
    ),
    Name(
        "2. Type numbers, not formulas, without separators of thousands. Numbers of more than 15 digits: format the cell as text first.",
        "2. 直接填写数字，不用公式，不带千分位；超过 15 位的数字请先将单元格设为文本格式。",
    ),
    Name(
        "3. Choose the unit of measure from the list: 10,000 kWh is 万kWh. Days are days of the period, both included.",
        "3. 计量单位从下拉列表中选择，注意“万”字；日期须在核算期内，首尾均含。",
    ),
    Name(
        "4. Need another row? Copy one and empty its hidden codes, or write unit and indicator by name below the last row.",
        "4. 需要增加行时，可在末行之后按名称填写机构与指标；复制的行请清空隐藏的行代码。",
    ),
    Name(
        "5. Instruments: green certificates and supplier contracts; each is 1 MWh. Declared totals: published figures to tie out.",
        "5. 绿证：绿色电力证书与供应合同，1 证为 1 MWh。公布数：已披露的数据，用于勾稽核对。",
    ),
    Name(
        "6. Factor choices: only where the library's own choice is not to be used, with the reason. Denominators: for intensities.",
        "6. 因子选择：仅在不采用指标库默认因子时填写，并说明理由。分母：用于计算强度。",
    ),
    Name(
        "7. Do not rename sheets or column titles. Point at a title to read what its column takes. Save as .xlsx, without a password.",
        "7. 请勿更改工作表名和列标题；鼠标停留在列标题上可见说明。保存为 .xlsx，不加密。",
    ),
    Name(
        "8. What is wrong is named by its cell, all at once. Notes are for yourselves and are not read.",
        "8. 全部问题按单元格一次列出。备注仅供内部参考，不读取。",
    ),
)
INSTITUTION = Name("Institution", "机构")
PERIOD = Name("Period", "核算期")
RELEASE = Name("Indicator library", "指标库版本")
EARLIER = Name("Reported before", "上次填报")
