"""The words that a map knows: layouts, forms of markets, marks, and texts that stand for no reading (spec: meter-import §2)."""

from __future__ import annotations

import re
from collections.abc import Mapping

from ledger.records.meter_record import Quantity

SECONDS = re.compile("([1-6]|10|12|15|20|30)s", re.ASCII)
SCHEMA = "lingtan.meter-map/1"
LAYOUTS = ("long", "day", "columns", "nem12", "espi")
INTERVALS = (1, 2, 3, 5, 6, 10, 12, 15, 20, 30, 60)
# Forms that say themselves what stands where: their rows come as those of a long table with these columns.
FORMS: Mapping[str, Mapping[str, object]] = {
    "nem12": {
        "time": ("start",),
        "value": ("value",),
        "meter": ("meter",),
        "quality": "quality",
        "qualities": {"A": "A", "E": "E", "F": "S", "S": "S", "N": "-"},
        "unit_column": "unit",
        "seconds_column": "seconds",
        "zone": "+10:00",
    },
    "espi": {
        "time": ("start",),
        "format": "epoch_s",
        "value": ("value",),
        "meter": ("meter",),
        "quality": "quality",
        "qualities": {"A": "A", "E": "E", "M": "M", "S": "S", "Q": "Q", "-": "-"},
        "unit_column": "unit",
        "seconds_column": "seconds",
    },
}
LISTS = ("time", "meter", "value", "missing", "skip")
PAIRS = ("meters", "qualities", "where")
_MARKS = {"comma": ",", "semicolon": ";", "tab": "\t", "pipe": "|", "blank": " "}
DELIMITERS = {"auto": "", **_MARKS, **{mark: mark for mark in _MARKS.values()}}
GROUPS = {"": "", "comma": ",", "dot": ".", "blank": " ", "apostrophe": "'", ",": ",", ".": ".", " ": " ", "'": "'"}
DECIMALS = {"dot": ".", "comma": ",", ".": ".", ",": ","}
MISSING = (
    *("", "-", "--", "---", "–", "—", "?", "NA", "N/A", "n/a", "n/e", "#N/A", "#VALUE!", "#REF!", "#DIV/0!", "NaN", "NAN", "nan"),
    *("NULL", "Null", "null", "None", "none", "\\N", "<NA>", "missing", "unavailable", "unknown", "No Data", "无", "缺失", "无数据"),
)
CHOICES: Mapping[str, tuple[str, ...]] = {
    "layout": LAYOUTS,
    "delimiter": tuple(DELIMITERS),
    "encoding": ("auto", "utf-8", "utf-16-le", "gb18030", "windows-1252"),
    "fold": ("order", "first", "second", "refuse"),
    "stamp": ("start", "end"),
    "kind": ("interval", "register"),
    "quantity": tuple(quantity.value for quantity in Quantity),
    "decimal": tuple(DECIMALS),
    "group": tuple(GROUPS),
    "sign": ("positive", "inverted", "split"),
    "day_columns": ("wall", "elapsed"),
}
