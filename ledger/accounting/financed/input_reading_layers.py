"""What one object of a loan file says, by column: an exposure, a company, the defaults (spec: financed-input §3)."""

from __future__ import annotations

from dataclasses import dataclass, field

from ledger.loans.columns import NAMES
from ledger.loans.exposure import MONTHS
from ledger.records.fields import pointer_of
from ledger.records.findings import Finding

NOTE = "note"
LEDGERS = ("removals", "avoided", "credits_retired", "credits_generated")
_SCOPES = (("s1", "scope1"), ("s2", "scope2"), ("s12", "scope12"), ("s3", "scope3"))
EMISSIONS = {name: f"{names[0]}_t" for names in (*_SCOPES, *((name,) for name in LEDGERS)) for name in names}
SHORT_FORMS = ("months", "mean_balance", "equity_and_debt", "emissions")
SCORE = "score"
"""Instead of an option; which one it stands for, the asset class decides."""
EXPOSURE_FIELDS = ("id", *NAMES, *SHORT_FORMS, SCORE, NOTE)
OF_POSITION = (
    *("exposure", "branch", "outstanding", *MONTHS, "months", "mean_balance", "instrument", "called", "use", "shares"),
    *("life_days", "exclude_reason"),
)
"""Fields that speak of one position, not of whom or what it finances."""
COMPANY_FIELDS = tuple(name for name in EXPOSURE_FIELDS if name not in OF_POSITION)
DEFAULT_FIELDS = tuple(name for name in EXPOSURE_FIELDS if name not in ("id", "exposure", "borrower"))


@dataclass(frozen=True)
class Written:
    """A value where somebody wrote it; `currency` is that of the object it stands in, None where it names none."""

    value: object
    pointer: str
    currency: str | None


@dataclass(frozen=True)
class Layer:
    """What an object says by column. `has_mean` tells that m01 holds the mean of the period instead of a month-end."""

    said: dict[str, Written] = field(default_factory=dict)
    has_mean: bool = False


def read_layer(value: object, pointer: str, names: tuple[str, ...], findings: list[Finding]) -> Layer:
    """Return what an object says; fields that are not in `names`, or that say a thing twice, are findings.

    `id` is the exposure's, or the borrower's where there is no field `exposure`.
    """
    if not isinstance(value, dict):
        findings.append(Finding("FIELD_INVALID", "error", pointer, "write an object", _kind(value), "an object"))
        return Layer()
    reader = _Reader(value, pointer, findings)
    for name, what in value.items():
        if name not in names:
            near = f"{name}_t" if f"{name}_t" in names else None
            action = f"is {near} meant?" if near else "remove the field; names are those of docs/spec/financed-input.md §3"
            findings.append(Finding("FIELD_UNKNOWN", "error", pointer_of(pointer, str(name)), action, str(name)[:80], near))
        elif name == "id":
            reader.put("exposure" if "exposure" in names else "borrower", what, name)
        elif name == "option" and isinstance(what, str) and "+" in what:
            first, _, second = what.partition("+")
            reader.put("option", first.strip(), name)
            reader.put("option_2", second.strip(), name)
        elif name in SHORT_FORMS:
            reader.put_short_form(name, what)
        elif name != NOTE:
            reader.put(name, what, name)
    return Layer(reader.said, "mean_balance" in value and "mean_balance" in names)


class _Reader:
    def __init__(self, item: dict[str, object], pointer: str, findings: list[Finding]) -> None:
        self.said: dict[str, Written] = {}
        self._pointer = pointer
        self._findings = findings
        currency = item.get("currency")
        self._currency = currency.strip() if isinstance(currency, str) and currency.strip() else None

    def put(self, column: str, value: object, *steps: str | int) -> None:
        place = self._place(*steps)
        if column in self.said:
            self._refuse("ITEM_TWICE", place, "say it once", column, f"at {self.said[column].pointer} only")
        self.said[column] = Written(value, place, self._currency)

    def put_short_form(self, name: str, value: object) -> None:
        if name == "months":
            if not isinstance(value, list):
                self._refuse("FIELD_INVALID", self._place(name), "list the month-end balances of the period", _kind(value), "a list")
                return
            for index, item in enumerate(value):
                self.put(f"m{index + 1:02}", item, name, index)
        elif name == "mean_balance":
            self.put("m00", value, name)
            self.put("m01", value, name)
        elif name == "equity_and_debt":
            self.put("total_equity", 0, name)
            self.put("total_debt", value, name)
        else:
            self._put_emissions(value)

    def _put_emissions(self, value: object) -> None:
        expected = ", ".join(EMISSIONS)
        if not isinstance(value, dict):
            self._refuse("FIELD_INVALID", self._place("emissions"), "write an object", _kind(value), expected)
            return
        for name, what in value.items():
            if name in EMISSIONS:
                self.put(EMISSIONS[name], what, "emissions", name)
            elif name != NOTE:
                self._refuse("FIELD_UNKNOWN", self._place("emissions", str(name)), "remove the field", str(name)[:80], expected)

    def _place(self, *steps: str | int) -> str:
        place = self._pointer
        for step in steps:
            place = pointer_of(place, step)
        return place

    def _refuse(self, code: str, place: str, action: str, got: str, expected: str) -> None:
        self._findings.append(Finding(code, "error", place, action, got, expected))


def _kind(value: object) -> str:
    names = {dict: "an object", list: "a list", str: "a text", bool: "true or false", int: "a number", type(None): "null"}
    return names.get(type(value), type(value).__name__)
