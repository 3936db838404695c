"""One exposure of a JSON file as exact values, from what it says, its company says and the defaults say (spec: financed-input §3)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, fields
from fractions import Fraction

from ledger.accounting.financed.input_reading_layers import NOTE, SCORE, Layer, Written
from ledger.accounting.financed.input_reading_values import (
    Currencies,
    Money,
    read_activity,
    read_intensity,
    read_mass,
    read_money,
    read_number,
    text_of,
)
from ledger.accounting.financed.portfolio import enterprise_value_including_cash
from ledger.accounting.methods.pcaf_2.options import COMPANIES, OPTIONS_OF_CLASS
from ledger.indicators.release import Release
from ledger.loans.cell import read_cell
from ledger.loans.columns import Column, find_column, get_column
from ledger.loans.exposure import MONTHS, Exposure
from ledger.loans.faults import Refused, show
from ledger.records.fields import pointer_of
from ledger.records.findings import Finding

EVIC_PARTS = ("ordinary", "preferred", "debt", "minority")
EVIC_FIELDS = (*EVIC_PARTS, "cash", NOTE)
"""What EVIC is made of; cash may be named, and is not deducted."""
INTENSITIES = ("sector_factor", "asset_factor", "sector_factor_s3", "asset_factor_s3")
ACTIVITY = ("activity", "activity_factor")
OF_QUALITY = ("option", "option_2", SCORE)
OPTIONS_OF_SCORE = {1: ("1a", None), 2: ("1b", None), 3: ("2b", None), 4: ("1b", "3a"), 5: ("1b", "3b")}
"""What a score alone stands for with companies and projects: declared emissions, mixed where necessary with an option of the score."""
NO_SECTOR = "-"
_KNOWN = {item.name for item in fields(Exposure)}


@dataclass(frozen=True)
class RowInput:
    """One exposure, None where it cannot be read; `places` say where each column was written, `texts` what."""

    pointer: str
    id: str
    exposure: Exposure | None
    places: Mapping[str, str] = field(default_factory=dict)
    texts: Mapping[str, str] = field(default_factory=dict)

    def place(self, column: str) -> str:
        """Return where a column was written, or should stand where it was not."""
        name = column.partition("+")[0]
        return self.places.get(name, pointer_of(self.pointer, name))


@dataclass(frozen=True)
class Setting:
    """What all exposures of a file share. `currency` is that of amounts without one; `months` how many month-ends the period has."""

    institution: str
    currencies: Currencies
    currency: str
    release: Release
    months: int


class RowReader:
    """Reads the values of one exposure; everything that is wrong with them is a finding."""

    def __init__(self, number: int, pointer: str, layers: Sequence[Layer], setting: Setting) -> None:
        """Take what objects say, the first of them before the others."""
        self.findings: list[Finding] = []
        self._number = number
        self._pointer = pointer
        self._setting = setting
        self._said: dict[str, Written] = {}
        for layer in reversed(layers):
            if "option" in layer.said or SCORE in layer.said:
                for name in OF_QUALITY:
                    self._said.pop(name, None)
            self._said |= layer.said
        first = next((layer for layer in layers if any(name in layer.said for name in MONTHS[1:])), Layer())
        self._has_mean = first.has_mean
        self._texts: dict[str, str] = {}
        self._values: dict[str, object] = {}

    def read(self) -> RowInput:
        """Return the exposure and where it was written."""
        for name, written in self._said.items():
            column = find_column(name)
            if column is not None:
                self._read(column, written)
        self._read_activity()
        self._read_score()
        id = str(self._values.get("exposure") or f"e{self._number}")
        self._fill(id)
        self._values["months"] = self._months()
        s1 = self._values.get("s1_t")
        if isinstance(s1, int) and s1 < 0 and self._values.get("asset_class") != "sovereign":
            self._refuse(
                "s1_t", Refused("VALUE_NEGATIVE", "removals have a field of their own: removals_t", self._texts["s1_t"], "0 or more")
            )
        places = {name: written.pointer for name, written in self._said.items()}
        if self.findings:
            return RowInput(self._pointer, id, None, places, self._texts)
        given = {name: value for name, value in self._values.items() if name in _KNOWN and value is not None}
        return RowInput(self._pointer, id, Exposure(**given), places, self._texts)  # type: ignore[arg-type]

    def _refuse(self, column: str, refused: Refused, *steps: str) -> None:
        written = self._said.get(column)
        place = pointer_of(self._pointer, column) if written is None else written.pointer
        for step in steps:
            place = pointer_of(place, step)
        finding = Finding(refused.code, "error", place, refused.action, show(refused.got), refused.expected, {"column": column})
        if not any((known.code, known.place) == (finding.code, finding.place) for known in self.findings):
            self.findings.append(finding)  # a short form stands for several columns

    def _read(self, column: Column, written: Written) -> None:
        try:
            if column.name == "evic" and isinstance(written.value, dict):
                self._values["evic"] = self._evic(column, written.value, written)
                return
            text = self._texts[column.name] = text_of(written.value)
            if column.name not in ACTIVITY:
                self._values[column.name] = self._value(column, text, written)
        except Refused as refused:
            self._refuse(column.name, refused)

    def _value(self, column: Column, text: str, written: Written) -> object:
        if column.kind == "money":
            money = read_money(column, text, written.currency or self._setting.currency)
            return None if money is None else self._setting.currencies.cents(money)
        if column.kind == "mass":
            return read_mass(column, text)
        if column.name in INTENSITIES:
            return read_intensity(column, text, self._setting.currencies)
        if column.kind == "number":
            return read_number(column, text)
        if column.name in ("option", "option_2"):
            text = text.lower()
        return None if column.needed and not text.strip() else read_cell(column, text)

    def _evic(self, column: Column, parts: dict[str, object], written: Written) -> int:
        amounts: dict[str, Fraction] = {}
        for name, value in parts.items():
            if name not in EVIC_FIELDS:
                expected = ", ".join(EVIC_FIELDS)
                self._refuse("evic", Refused("FIELD_UNKNOWN", "remove the field", str(name), expected), str(name))
            elif name != NOTE:
                try:
                    money = read_money(column, text_of(value), written.currency or self._setting.currency)
                    amounts[name] = Fraction(0) if money is None else self._setting.currencies.convert(money)
                except Refused as refused:
                    self._refuse("evic", refused, name)
        if "ordinary" not in parts or "debt" not in parts:
            raise Refused("VALUE_MISSING", "give at least ordinary and debt; minority is minority interests", "nothing", "ordinary, debt")
        value = enterprise_value_including_cash(*(amounts.get(name, Fraction(0)) for name in EVIC_PARTS))
        return self._setting.currencies.cents(Money(value, self._setting.currencies.home))

    def _read_activity(self) -> None:
        try:
            quantity, factor = (self._texts.get(name, "") for name in ACTIVITY)
            self._values["activity"], self._values["activity_factor"] = read_activity(quantity, factor, self._setting.release)
        except Refused as refused:
            self._refuse("activity_factor" if "activity_factor" in self._said else "activity", refused)

    def _read_score(self) -> None:
        written, asset_class = self._said.get(SCORE), self._values.get("asset_class")
        if written is None:
            return
        text = str(written.value)
        if isinstance(written.value, bool) or text not in ("1", "2", "3", "4", "5"):
            self._refuse(SCORE, Refused("VALUE_UNKNOWN", "write a score", text, "1 (best) to 5"))
        if self._values.get("option") is not None:
            self._refuse(SCORE, Refused("ITEM_TWICE", "name the option or the score", text, "one of them"))
        elif isinstance(asset_class, str) and text.isdigit():
            options = {score: (option, None) for option, (score, _) in reversed(OPTIONS_OF_CLASS[asset_class].items())}
            found = (OPTIONS_OF_SCORE if asset_class in COMPANIES else options).get(int(text), ("1b", None))
            self._values["option"], self._values["option_2"] = found

    def _fill(self, id: str) -> None:
        """Put what may be left out, and ask for what may not."""
        setting, values = self._setting, self._values
        values["exposure"] = id
        for name, otherwise in (("borrower", id), ("branch", setting.institution), ("sector", NO_SECTOR), ("currency", setting.currency)):
            values[name] = values.get(name) or otherwise
        refused = {finding.params["column"] for finding in self.findings}
        for name in ("asset_class", "option"):
            if values.get(name) is None and name not in refused and not (name == "option" and SCORE in self._said):
                action = f"name {name}, of the exposure or of all of them in defaults"
                self._refuse(name, Refused("VALUE_MISSING", action, "nothing", ", ".join(get_column(name).choices)))

    def _months(self) -> tuple[int, ...]:
        values = {name: value for name, value in self._values.items() if name[:1] == "m" and name in MONTHS[1:] and isinstance(value, int)}
        if self._has_mean:
            return tuple(values[name] for name in ("m01",) if name in values)
        written = [name for name in self._said if name[:1] == "m" and name[1:].isdigit() and name != "m00" and self._is_there(name)]
        wanted = MONTHS[1 : self._setting.months + 1]
        missing = [name for name in wanted if name not in written]
        behind = [name for name in written if name not in wanted]
        got, expected = f"{len(written)} months", f"{self._setting.months} months"
        if written and missing:
            action = "give the balance at every month-end of the period, 0 where there was none; or mean_balance"
            self._refuse(missing[0], Refused("MONTH_MISSING", action, got, expected))
        if behind:
            action = "give the month-ends of the period only, or correct the period"
            self._refuse(behind[-1], Refused("MONTH_UNKNOWN", action, got, expected))
        return tuple(values[name] for name in wanted if name in values)

    def _is_there(self, name: str) -> bool:
        value = self._said[name].value
        return value is not None and value != ""
