"""Texts as exact numbers, each text read once: a column of readings holds few different ones (spec: meter-import §4).

A value is a whole number of the smallest unit and an exact rest below 1; nothing is a float. A float of a Parquet column is the number
that its shortest decimal notation says.
"""

from __future__ import annotations

import re
from array import array
from collections.abc import Hashable
from dataclasses import dataclass
from fractions import Fraction

from ledger.metering.csv_line import MAX_READING
from ledger.metering.imports.map_words import DECIMALS, GROUPS
from ledger.metering.imports.meter_map import MeterMap

MAX_CHARACTERS = 60
MISSING = 0
_PLAIN = re.compile(r"([+-]?)(\d+\.?\d*|\.\d+)(?:[eE]([+-]?\d{1,2}))?", re.ASCII)
_DIGITS = re.compile(r"(\d{1,18})(?:\.(\d{0,18}))?", re.ASCII)
REMEMBERED = 1 << 20
_BLANKS = "\u00a0\u202f\u2009"


@dataclass(frozen=True)
class Refused:
    """Why a text is no value: the code of the finding, what to do and what was expected."""

    code: str
    action: str
    expected: str


class Scale:
    """Texts in one unit and of one length of interval → codes into `Values`: 0 is missing."""

    def __init__(self, values: Values, map: MeterMap, unit: str, seconds: int) -> None:
        self.others: dict[Hashable, int] = dict.fromkeys(map.missing, MISSING) | {None: MISSING}
        """The codes of what is missing or refused."""
        self.plain: dict[Hashable, int] = {}
        """The codes of numbers: of the last million at most, so that a file of which no two are alike does not fill the memory."""
        self._values, self._factor, self._missing = values, map.factor_of(unit, seconds), frozenset(map.missing)

    def add(self, key: Hashable) -> int:
        """Return the code of a text that was not met yet; remember it."""
        text = str(key).strip()
        code = MISSING if text in self._missing else self._values.read(text, self._factor)
        if len(self.plain) >= REMEMBERED:
            self.plain.clear()
        if len(self.others) >= REMEMBERED:
            self.others = {None: MISSING}
        (self.others if code == MISSING or code in self._values.refused else self.plain)[key] = code
        return code


class Values:
    """What codes stand for: they index `wholes`, `rests`, `negative`, `exact` or `refused`."""

    def __init__(self, map: MeterMap) -> None:
        self.wholes: array[int] = array("q", [0])
        self.rests: dict[int, Fraction] = {}
        self.negative: set[int] = set()
        self.refused: dict[int, Refused] = {}
        self.shown: dict[int, str] = {}
        self.exact: dict[int, Fraction] = {}
        """The value as written, before unit and multiplier: of registers alone."""
        self._map, self._scales = map, dict[tuple[str, int], Scale]()
        self._sign, self._register = map.sign, map.kind == "register"
        self._decimal, self._group = DECIMALS[map.decimal], GROUPS[map.group]
        self.main = self.scale_of(map.unit, map.seconds)
        """Of rows that name neither unit nor length."""

    def scale_of(self, unit: str, seconds: int) -> Scale:
        """Return the scale of values in a unit of the map's quantity, of intervals of so many seconds."""
        found = self._scales.get((unit, seconds))
        if found is None:
            found = self._scales[unit, seconds] = Scale(self, self._map, unit, seconds)
        return found

    def is_zero(self, code: int) -> bool:
        """Tell whether a code stands for exactly nothing."""
        return not self.wholes[code] and code not in self.rests

    def read(self, text: str, factor: Fraction) -> int:
        """Return a new code for a text that stands for a number, or is refused."""
        code = len(self.wholes)
        found = _DIGITS.fullmatch(text)
        if found is not None and not self._register and self._decimal == ".":
            # Nearly every text is one of these: whole numbers do what fractions do, in a tenth of the time.
            places = len(found[2] or "")
            number = (-1 if self._sign == "inverted" else 1) * int(found[1] + (found[2] or "")) * factor.numerator
            whole, rest = divmod(number, factor.denominator * 10**places)
            if whole >= 0 and whole < MAX_READING:
                self.wholes.append(whole)
                if rest:
                    self.rests[code] = Fraction(rest, factor.denominator * 10**places)
                return code
        self.wholes.append(0)
        self._read_any(code, text, factor)
        return code

    def _read_any(self, code: int, text: str, factor: Fraction) -> None:
        number = self._number(text)
        wrong = number if isinstance(number, Refused) else None
        if not isinstance(number, Refused):
            if self._sign == "inverted":
                number = -number
            exact = number * factor
            wrong = self._check(exact)
            if wrong is None:
                self._keep(code, exact)
                if self._register:
                    self.exact[code] = number
        if wrong is not None:
            self.refused[code] = wrong
            self.shown[code] = text[: MAX_CHARACTERS + 1]

    def _keep(self, code: int, exact: Fraction) -> None:
        if exact < 0:
            self.negative.add(code)
            exact = -exact
        whole = exact.numerator // exact.denominator
        self.wholes[code] = whole
        if exact.denominator != 1:
            self.rests[code] = exact - whole

    def _check(self, exact: Fraction) -> Refused | None:
        if exact < 0 and self._sign != "split":
            action = "look it up: consumption is never negative; where export is written as negative, say sign=split in the map"
            return Refused("VALUE_NEGATIVE", action, "0 or more")
        limit = 10**18 if self._register else MAX_READING
        if abs(exact) > limit:
            return Refused("VALUE_TOO_LARGE", "check unit and multiplier of the map", f"at most {limit} of the smallest unit")
        return None

    def _number(self, text: str) -> Fraction | Refused:
        action = "correct the cell, the map's decimal or group, or name the text among the map's missing ones"
        wrong = Refused("VALUE_NOT_A_NUMBER", action, f"a number, as 12{self._decimal}5")
        if len(text) > MAX_CHARACTERS:
            return wrong
        plain = self._without_groups(text)
        if plain is None:
            return wrong
        if self._decimal != ".":
            if "." in plain:
                return wrong
            plain = plain.replace(self._decimal, ".")
        found = _PLAIN.fullmatch(plain)
        return wrong if found is None else Fraction(plain)

    def _without_groups(self, text: str) -> str | None:
        """Return the number without marks between thousands; None where they stand elsewhere."""
        if not self._group:
            return text
        if self._group == " ":
            for blank in _BLANKS:
                text = text.replace(blank, " ")
        whole, point, rest = text.partition(self._decimal)
        if self._group not in whole:
            return None if self._group in rest else text
        first, *others = whole.split(self._group)
        if self._group in rest or not 1 <= len(first.lstrip("+-")) <= 3 or any(len(part) != 3 for part in others):
            return None
        return first + "".join(others) + point + rest
