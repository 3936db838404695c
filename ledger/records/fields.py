"""Read the fields of a document strictly and report everything that is wrong at once, with JSON pointers.

A getter that meets a bad value records a finding and returns a harmless stand-in of the right type, so that reading goes on;
the caller builds its value only if no finding was recorded. Unknown and missing fields are refused (spec: commitments §7).
"""

from __future__ import annotations

import base64
import re
from collections.abc import Callable, Iterator
from datetime import date
from fractions import Fraction
from typing import TypeVar
from zoneinfo import ZoneInfo

from ledger.clock import format_instant, parse_instant
from ledger.errors import LedgerError, MalformedDocument
from ledger.identifiers import is_identifier
from ledger.records.findings import Finding
from ledger.records.names import Name
from ledger.records.period import Period
from ledger.units import parse_decimal

T = TypeVar("T")
MAX_TEXT = 500
EPOCH = date(1970, 1, 1)
_NO_PERIOD = Period("none", 0, 1, "UTC")
_DATE = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")
_INSTANT = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}Z")
_SHA256 = re.compile(r"[0-9a-f]{64}")
_GAS = re.compile(r"[A-Za-z0-9][A-Za-z0-9.-]{0,19}")
_INTEGER = re.compile(r"0|[1-9][0-9]{0,38}")
_NO_ITEMS: tuple[object, ...] = ()


def pointer_of(parent: str, step: str | int) -> str:
    """Return the JSON pointer (RFC 6901) of a field or index below `parent`."""
    return f"{parent}/{str(step).replace('~', '~0').replace('/', '~1')}"


class Fields:
    """The fields of one object at `pointer`; exactly `names` are allowed, and those of `optional`, which may be absent."""

    def __init__(
        self, value: object, pointer: str, findings: list[Finding], names: tuple[str, ...], optional: tuple[str, ...] = ()
    ) -> None:
        self.pointer = pointer
        self.findings = findings
        self._values: dict[str, object] = {}
        if not isinstance(value, dict):
            self.refuse("FIELD_INVALID", pointer, "write an object here", got=_kind(value), expected="an object")
            return
        self._values = value
        for name in sorted(set(map(str, value)) - {*names, *optional}):
            self.refuse("FIELD_UNKNOWN", pointer_of(pointer, name), "remove the field", got=name[:80], expected=", ".join(names))
        for name in names:
            if name not in value:
                self.refuse("FIELD_MISSING", pointer_of(pointer, name), "add the field, or null where the spec allows it", expected=name)

    def refuse(self, code: str, place: str, action: str, *, got: str | None = None, expected: str | None = None, **params: str) -> None:
        """Record an error finding."""
        self.findings.append(Finding(code, "error", place, action, got, expected, params))

    def _read(self, name: str, stand_in: T, expected: str, convert: Callable[[object], T]) -> T:
        if name not in self._values:
            return stand_in
        value = self._values[name]
        try:
            return convert(value)
        except (LedgerError, ValueError):
            got = value[:80] if isinstance(value, str) else str(value) if isinstance(value, int) else _kind(value)
            self.refuse("FIELD_INVALID", pointer_of(self.pointer, name), f"write {expected}", got=got, expected=expected)
            return stand_in

    def _matching(self, name: str, pattern: re.Pattern[str], expected: str) -> str:
        return self._read(name, "", expected, lambda value: _match(value, pattern))

    def has(self, name: str) -> bool:
        """Tell whether the field is there."""
        return name in self._values

    def is_null(self, name: str) -> bool:
        """Tell whether the field is there and null."""
        return name in self._values and self._values[name] is None

    def optional(self, name: str, getter: Callable[[str], T]) -> T | None:
        """Return None for null, else what `getter` reads."""
        return None if self.is_null(name) else getter(name)

    def schema(self, expected: str) -> None:
        """Check that `schema` names the document's own schema."""
        self.choice("schema", (expected,))

    def identifier(self, name: str) -> str:
        """Return an identifier (commitments §1)."""
        return self._read(name, "", "an identifier of 1 to 63 letters, digits, dots, hyphens, underscores", _identifier)

    def text(self, name: str) -> str:
        """Return a printable text of 1 to 500 characters."""
        return self._read(name, "", f"a printable text of 1 to {MAX_TEXT} characters", _text)

    def paragraph(self, name: str, most: int) -> str:
        """Return a text of 1 to `most` characters without control characters, and without blanks around it."""
        return self._read(name, "", f"one paragraph of 1 to {most} characters", lambda value: _paragraph(value, most))

    def name(self, name: str) -> Name:
        """Return a name in two languages."""
        return self._read(name, Name("-", "-"), 'a name {"en": …, "zh": …}', Name.from_document)

    def choice(self, name: str, choices: tuple[str, ...]) -> str:
        """Return one of `choices`."""
        return self._read(name, choices[0], "one of " + ", ".join(choices), lambda value: _choice(value, choices))

    def integer(self, name: str, low: int, high: int) -> int:
        """Return a JSON integer within [low, high]."""
        return self._read(name, low, f"an integer from {low} to {high}", lambda value: _bounded(value, low, high))

    def integer_text(self, name: str) -> int:
        """Return the integer ≥ 0 of a decimal string of at most 39 digits (2^128)."""
        return int(self._matching(name, _INTEGER, "a decimal string of an integer") or "0")

    def decimal(self, name: str) -> str:
        """Return a decimal string as it stands (commitments §7)."""
        return self._read(name, "0", "a decimal string, as 123.456", _decimal)

    def decimal_from_0(self, name: str) -> str:
        """Return a decimal string that is not below 0."""
        return self._read(name, "0", "a decimal string ≥ 0", lambda value: _decimal_within(value, lambda exact: exact >= 0))

    def decimal_above_0(self, name: str) -> str:
        """Return a decimal string above 0."""
        return self._read(name, "1", "a decimal string > 0", lambda value: _decimal_within(value, lambda exact: exact > 0))

    def gas(self, name: str) -> str:
        """Return the name of a gas (documents §3)."""
        return self._matching(name, _GAS, "the name of a gas, as CH4 or R-410A")

    def digest(self, name: str) -> str:
        """Return a SHA-256 as 64 lower-case hex digits."""
        return self._matching(name, _SHA256, "64 lower-case hex digits")

    def base64(self, name: str, most: int) -> bytes:
        """Return the bytes of standard base64 with padding, at most `most` of them."""
        return self._read(name, b"", f"base64 of at most {most} bytes", lambda value: _unbase64(value, most))

    def date(self, name: str) -> date:
        """Return a date `YYYY-MM-DD`."""
        return self._read(name, EPOCH, "a date YYYY-MM-DD", lambda value: date.fromisoformat(_match(value, _DATE)))

    def instant(self, name: str) -> int:
        """Return the Unix seconds of an instant `YYYY-MM-DDTHH:MM:SSZ`."""
        return self._read(name, 0, "an instant YYYY-MM-DDTHH:MM:SSZ", lambda value: parse_instant(_match(value, _INSTANT)))

    def timezone(self, name: str) -> str:
        """Return the name of an IANA time zone that this machine knows."""
        return self._read(name, "UTC", "an IANA time zone, as Asia/Shanghai", _timezone)

    def period(self, name: str) -> Period:
        """Return a period `{id, start, end, timezone}`."""
        return self._read(name, _NO_PERIOD, "a period {id, start, end, timezone}", period_from_document)

    def nested(self, name: str, names: tuple[str, ...]) -> Fields:
        """Return the fields of a nested object."""
        # A missing object is one finding already; its own fields are not reported as missing too.
        findings = self.findings if name in self._values else []
        return Fields(self._values.get(name), pointer_of(self.pointer, name), findings, names)

    def items(self, name: str) -> Iterator[tuple[str, object]]:
        """Yield (pointer, item) of a list."""
        for index, item in enumerate(self._read(name, _NO_ITEMS, "a list", _list)):
            yield pointer_of(pointer_of(self.pointer, name), index), item

    def objects(self, name: str, names: tuple[str, ...], optional: tuple[str, ...] = ()) -> Iterator[Fields]:
        """Yield the fields of each object of a list; those of `optional` may be absent."""
        for pointer, item in self.items(name):
            yield Fields(item, pointer, self.findings, names, optional)

    def texts(self, name: str) -> tuple[str, ...]:
        """Return a list of texts."""
        found = []
        for pointer, item in self.items(name):
            if isinstance(item, str) and item:
                found.append(item)
            else:
                self.refuse("FIELD_INVALID", pointer, "write a text", got=_kind(item), expected="a text")
        return tuple(found)

    def check_sorted(self, name: str, keys: list[tuple[str, ...]]) -> None:
        """Record a finding for each item of list `name` that does not come after the one before it."""
        for index in range(1, len(keys)):
            before, here = (tuple(part.encode() for part in key) for key in keys[index - 1 : index + 1])
            if here <= before:
                code, action = ("ITEM_TWICE", "keep one of the two") if here == before else ("ITEM_UNSORTED", "sort the list")
                place = pointer_of(pointer_of(self.pointer, name), index)
                self.refuse(code, place, action, got="/".join(keys[index]), expected=f"a key after {'/'.join(keys[index - 1])}")


def period_document(period: Period) -> dict[str, object]:
    """Return the `{id, start, end, timezone}` object of a period (spec: documents, head)."""
    return {"id": period.id, "start": format_instant(period.start), "end": format_instant(period.end), "timezone": period.timezone}


def period_from_document(value: object) -> Period:
    """Return the period of its object.

    Raises:
        LedgerError: other fields, or values that are no period.
    """
    if not isinstance(value, dict) or set(value) != {"id", "start", "end", "timezone"}:
        raise MalformedDocument("not a period: expected {id, start, end, timezone}")
    instants = [parse_instant(_match(value[name], _INSTANT)) for name in ("start", "end")]
    return Period(_identifier(value["id"]), instants[0], instants[1], _timezone(value["timezone"]))


def raise_first(kind: str, findings: tuple[Finding, ...]) -> None:
    """Raise MalformedDocument for the first error finding, if there is one."""
    for finding in findings:
        if finding.severity == "error":
            got = f", got {finding.got!r}" if finding.got is not None else ""
            expected = f", expected {finding.expected}" if finding.expected is not None else ""
            raise MalformedDocument(
                f"the {kind} is refused at {finding.place or '/'}: {finding.code}{got}{expected}", hint=finding.action, findings=findings
            )


def _kind(value: object) -> str:
    names = {dict: "an object", list: "a list", str: "a text", bool: "true or false", int: "an integer", type(None): "null"}
    return names.get(type(value), type(value).__name__)


def _match(value: object, pattern: re.Pattern[str]) -> str:
    if not isinstance(value, str) or len(value) > MAX_TEXT or not pattern.fullmatch(value):
        raise ValueError
    return value


def _unbase64(value: object, most: int) -> bytes:
    if not isinstance(value, str) or len(value) > 4 * (most + 2) // 3:
        raise ValueError
    data = base64.b64decode(value, validate=True)
    # One text for one value: bits after the last byte would make others.
    if len(data) > most or base64.b64encode(data).decode("ascii") != value:
        raise ValueError
    return data


def _identifier(value: object) -> str:
    if not isinstance(value, str) or not is_identifier(value):
        raise ValueError
    return value


def _text(value: object) -> str:
    if not isinstance(value, str) or not value.strip() or len(value) > MAX_TEXT or not value.isprintable():
        raise ValueError
    return value


def _paragraph(value: object, most: int) -> str:
    if not isinstance(value, str) or value.strip() != value or not 1 <= len(value) <= most:
        raise ValueError
    if any(character < " " or character == "\x7f" for character in value):
        raise ValueError
    return value


def _choice(value: object, choices: tuple[str, ...]) -> str:
    if not isinstance(value, str) or value not in choices:
        raise ValueError
    return value


def _bounded(value: object, low: int, high: int) -> int:
    if not isinstance(value, int) or isinstance(value, bool) or not low <= value <= high:
        raise ValueError
    return value


def _decimal(value: object) -> str:
    if not isinstance(value, str):
        raise ValueError
    parse_decimal(value)
    return value


def _decimal_within(value: object, accepts: Callable[[Fraction], bool]) -> str:
    text = _decimal(value)
    if text.startswith("-") or not accepts(parse_decimal(text)):
        raise ValueError
    return text


def _timezone(value: object) -> str:
    if not isinstance(value, str) or not value or value.startswith("/"):
        raise ValueError
    try:
        ZoneInfo(value)
    except (KeyError, OSError) as error:
        raise ValueError from error
    return value


def _list(value: object) -> tuple[object, ...]:
    if not isinstance(value, list | tuple):
        raise ValueError
    return tuple(value)
