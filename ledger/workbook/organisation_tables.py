"""The tables of an organisation: the institution, its units with their closings, their placements, and their shares of shared buildings."""

from __future__ import annotations

from ledger.records.names import Name
from ledger.workbook import labels
from ledger.workbook.columns import Column, Kind, Table


def _column(
    key: str, en: str, zh: str, kind: Kind, path: tuple[str, ...], note: Name, *, optional: bool = False, width: int = 14
) -> Column:
    choices = {
        "kind": labels.UNIT_KINDS,
        "opening": labels.OPENINGS,
        "closing": labels.CLOSINGS,
        "ownership": labels.OWNERSHIPS,
        "rule": labels.ALLOCATION_RULES,
    }
    return Column(key, Name(en, zh), kind, path, note, width, optional, labels=choices.get(key, ()))


_ID = Name("Letters, digits, dots and hyphens, each once.", "字母、数字、点、连字符，不可重复。")
_UNIT = Name("The code of a unit.", "机构编号。")
_UNIT_COLUMN = _column("unit", "Unit code", "机构编号", "text", ("unit",), _UNIT, width=18)
_NAME_ZH = _column("name_zh", "Name in Chinese", "中文名称", "text", ("name", "zh"), Name("In Chinese.", "中文。"), width=26)
_NAME_EN = _column("name_en", "Name in English", "英文名称", "text", ("name", "en"), Name("In English.", "英文。"), width=26)

INSTITUTION = Table(
    "institution",
    "institution",
    Name("Institution", "法人机构"),
    (
        _column("institution", "Institution code", "法人机构编号", "text", ("institution",), _ID, width=18),
        _NAME_ZH,
        _NAME_EN,
        _column(
            "timezone", "Time zone", "时区", "text", ("timezone",), Name("Asia/Shanghai and the like.", "如 Asia/Shanghai。"), width=16
        ),
        _column("region", "Region", "地区", "text", ("region",), Name("CN-ZJ and the like.", "如 CN-ZJ。")),
    ),
    filled=("institution", "name_zh", "name_en", "timezone", "region"),
)
UNITS = Table(
    "units",
    "units",
    Name("Units", "机构"),
    (
        _column("unit", "Unit code", "机构编号", "text", ("id",), _ID, width=18),
        _NAME_ZH,
        _NAME_EN,
        _column(
            "kind",
            "Kind",
            "层级",
            "choice",
            ("kind",),
            Name("One of the list; the institution itself stands once.", "从列表选择；法人机构仅一个。"),
        ),
        _column("opened", "First day", "开业日期", "date", ("opened",), Name("The first day it was open.", "开业首日。")),
        _column(
            "closed",
            "Last day",
            "关闭日期",
            "date",
            ("closed",),
            Name("The last day it was open; empty while it is.", "营业末日；存续则留空。"),
            optional=True,
        ),
        _column("opening", "Opening", "开业方式", "choice", ("opening",), Name("Why it came into the inventory.", "纳入核算的原因。")),
        _column(
            "closing",
            "Closing",
            "关闭方式",
            "choice",
            ("closing",),
            Name("Why it left; with the last day.", "退出原因；与关闭日期同填。"),
            optional=True,
        ),
        _column(
            "merged_into",
            "Merged into",
            "并入机构",
            "text",
            ("merged_into",),
            Name("The unit that went on.", "并入后的机构编号。"),
            optional=True,
        ),
        _column("county", "County", "区县", "text", ("county",), Name("Where it is.", "所在区县。"), optional=True),
        _column("area_m2", "Area, m²", "建筑面积（m²）", "decimal", ("area_m2",), Name("Of its rooms.", "使用面积。"), optional=True),
        _column("headcount", "Staff", "员工人数", "integer", ("headcount",), Name("Persons.", "人数。"), optional=True),
        _column("ownership", "Rooms", "房产", "choice", ("ownership",), Name("Owned or leased.", "自有或租赁。"), optional=True),
    ),
    filled=(
        "unit",
        "name_zh",
        "name_en",
        "kind",
        "opened",
        "closed",
        "opening",
        "closing",
        "merged_into",
        "county",
        "area_m2",
        "headcount",
        "ownership",
    ),
)
PLACEMENTS = Table(
    "placements",
    "placements",
    Name("Placements", "归属"),
    (
        _UNIT_COLUMN,
        _column(
            "parent",
            "Parent code",
            "上级机构编号",
            "text",
            ("parent",),
            Name("Under whom it stood from this day.", "自该日起的上级机构。"),
            width=18,
        ),
        _column(
            "since", "Since", "起始日期", "date", ("since",), Name("The first placement begins on the first day.", "首次归属自开业日起。")
        ),
    ),
    filled=("unit", "parent", "since"),
)
ALLOCATIONS = Table(
    "allocations",
    "allocations",
    Name("Allocations", "分摊"),
    (
        _UNIT_COLUMN,
        _column("since", "Since", "起始日期", "date", ("since",), Name("From this day until the next one.", "自该日起，至下一条为止。")),
        _column("rule", "Rule", "分摊依据", "choice", ("rule",), Name("What part and whole count.", "份额与整体的口径。")),
        _column("part", "Part", "本机构份额", "decimal", ("part",), Name("The unit's own.", "本机构数值。")),
        _column("whole", "Whole", "整栋总量", "decimal", ("whole",), Name("Of the whole building.", "整栋数值。")),
        _column("reference", "Reference", "依据文件", "text", ("reference",), Name("Lease or measurement.", "租约或测量文件。"), width=26),
    ),
    filled=("unit", "since", "rule", "part", "whole", "reference"),
)
ORGANISATION_TABLES = (INSTITUTION, UNITS, PLACEMENTS, ALLOCATIONS)
