"""Describe the shape of a document field by field, and refuse unknown and missing fields with their pointer."""

from __future__ import annotations

import base64
import binascii
import re
from collections.abc import Callable
from datetime import date
from decimal import Decimal
from typing import Any

from verifier.errors import Malformed

Shape = Callable[[Any, str], None]
IDENTIFIER = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,62}")
_DECIMAL = re.compile(r"-?(0|[1-9][0-9]*)(\.[0-9]+)?")
_WHOLE = re.compile(r"-?(0|[1-9][0-9]*)")
MAX_DIGITS = 120


def refuse(pointer: str, wanted: str, value: Any) -> Malformed:
    """Return the error for `value` at `pointer`."""
    return Malformed("DOCUMENT_FIELD", pointer or "/", f"{wanted} expected, found {repr(value)[:80]}", found=repr(value)[:80])


def text(pattern: re.Pattern[str] | None = None, wanted: str = "a non-empty string") -> Shape:
    """Return a shape for a string that matches `pattern` as a whole."""

    def check(value: Any, pointer: str) -> None:
        if not isinstance(value, str) or (pattern.fullmatch(value) is None if pattern else not value):
            raise refuse(pointer, wanted, value)

    return check


def whole(low: int, high: int) -> Shape:
    """Return a shape for a JSON integer in [low, high]."""

    def check(value: Any, pointer: str) -> None:
        if type(value) is not int or not low <= value <= high:
            raise refuse(pointer, f"an integer from {low} to {high}", value)

    return check


def decimal(value: Any, pointer: str) -> None:
    """Refuse what is not a decimal string of at most 120 characters."""
    if not isinstance(value, str) or len(value) > MAX_DIGITS or _DECIMAL.fullmatch(value) is None:
        raise refuse(pointer, "a decimal string", value)


def amount(*, positive: bool = False) -> Shape:
    """Return a shape for a decimal string of 0 or more, or of more than 0."""

    def check(value: Any, pointer: str) -> None:
        decimal(value, pointer)
        if value.startswith("-") or (positive and not Decimal(value)):
            raise refuse(pointer, "a decimal string above 0" if positive else "a decimal string of 0 or more", value)

    return check


def digits(value: Any, pointer: str) -> None:
    """Refuse what is not a decimal string of an integer."""
    if not isinstance(value, str) or len(value) > MAX_DIGITS or _WHOLE.fullmatch(value) is None or value == "-0":
        raise refuse(pointer, "a decimal string of an integer", value)


def unsigned(bits: int) -> Shape:
    """Return a shape for a decimal string of an integer in [0, 2^bits)."""

    def check(value: Any, pointer: str) -> None:
        digits(value, pointer)
        if not 0 <= int(value) < 1 << bits:
            raise refuse(pointer, f"a decimal string below 2^{bits}", value)

    return check


def counting(value: Any, pointer: str) -> None:
    """Refuse what is not an integer in [0, 2^256), as a JSON integer or as a decimal string."""
    if type(value) is not int:
        unsigned(256)(value, pointer)
    elif value < 0:
        raise refuse(pointer, "a non-negative integer", value)


def word(*words: str) -> Shape:
    """Return a shape for one of `words`."""

    def check(value: Any, pointer: str) -> None:
        if not isinstance(value, str) or value not in words:
            raise refuse(pointer, " or ".join(words), value)

    return check


def nullable(shape: Shape) -> Shape:
    """Return a shape that also lets null pass."""

    def check(value: Any, pointer: str) -> None:
        if value is not None:
            shape(value, pointer)

    return check


def either(first: Shape, second: Shape) -> Shape:
    """Return a shape that lets pass what either shape does."""

    def check(value: Any, pointer: str) -> None:
        try:
            first(value, pointer)
        except Malformed:
            second(value, pointer)

    return check


def many(shape: Shape, *, at_most: int = 2_000_000, exactly: int | None = None) -> Shape:
    """Return a shape for a list."""

    def check(value: Any, pointer: str) -> None:
        if not isinstance(value, list) or len(value) > at_most or (exactly is not None and len(value) != exactly):
            raise refuse(pointer, f"a list of {exactly if exactly is not None else f'at most {at_most}'} items", value)
        for index, item in enumerate(value):
            shape(item, f"{pointer}/{index}")

    return check


def keyed(shape: Shape, key_shape: Shape | None = None) -> Shape:
    """Return a shape for an object with free keys (or keys of one shape) and values of one shape."""

    def check(value: Any, pointer: str) -> None:
        if not isinstance(value, dict):
            raise refuse(pointer, "an object", value)
        for key, item in value.items():
            if key_shape is not None:
                key_shape(key, f"{pointer}/{key}")
            shape(item, f"{pointer}/{key}")

    return check


def fields(_optional: tuple[str, ...] = (), **shapes: Shape) -> Shape:
    """Return a shape for an object with exactly these fields; only those in `_optional` may be absent."""

    def check(value: Any, pointer: str) -> None:
        if not isinstance(value, dict):
            raise refuse(pointer, "an object", value)
        # Which document it is comes first: of another kind of document every field would be strange.
        if "schema" in shapes and "schema" in value:
            shapes["schema"](value["schema"], f"{pointer}/schema")
        for name in value:
            if name not in shapes:
                raise Malformed("DOCUMENT_UNKNOWN_FIELD", f"{pointer}/{name}", "this field is not part of the document")
        for name, shape in shapes.items():
            if name in value:
                shape(value[name], f"{pointer}/{name}")
            elif name not in _optional:
                raise Malformed("DOCUMENT_MISSING_FIELD", f"{pointer}/{name}", "this field is missing")

    return check


def calendar_day(value: Any, pointer: str) -> None:
    """Refuse what is not a date YYYY-MM-DD of the calendar."""
    _DAY(value, pointer)
    try:
        date.fromisoformat(value)
    except ValueError:
        raise refuse(pointer, "a date of the calendar", value) from None


def sorted_by(value: list[Any], pointer: str, *names: str) -> None:
    """Refuse a list whose items are not strictly ascending by these fields."""
    keys = [tuple(item[name] for name in names) for item in value]
    for index in range(1, len(keys)):
        if keys[index - 1] >= keys[index]:
            raise Malformed("DOCUMENT_ORDER", f"{pointer}/{index}", f"not in strictly ascending order of {', '.join(names)}")


def hexed(size: int | None = None, prefix: str = "") -> Shape:
    """Return a shape for lower-case hex of `size` bytes, with `prefix` ("", "0x" or "0x?" for either)."""
    start = {"": "", "0x": "0x", "0x?": "(?:0x)?"}[prefix]
    count = "(?:[0-9a-f]{2})*" if size is None else f"[0-9a-f]{{{2 * size}}}"
    return text(
        re.compile(start + count), f"{'' if size is None else f'{size} bytes of '}lower-case hex{' with 0x' if prefix == '0x' else ''}"
    )


_DAY = text(re.compile(r"\d{4}-\d{2}-\d{2}", re.ASCII), "a date YYYY-MM-DD")
ID = text(IDENTIFIER, "an identifier")
TEXT = text()
ANYTHING = text(re.compile(".*", re.S), "a string")
INSTANT = text(re.compile(r"\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}Z", re.ASCII), "an instant YYYY-MM-DDTHH:MM:SSZ")
NAME = fields(en=TEXT, zh=TEXT)
HASH = hexed(32)
PERIOD = fields(id=ID, start=INSTANT, end=INSTANT, timezone=TEXT)


def schema(name: str) -> Shape:
    """Return the shape of the field `schema` of a document."""
    return word(f"lingtan.{name}/1")


def unhex(value: str) -> bytes:
    """Return the bytes of hex with or without 0x."""
    return bytes.fromhex(value.removeprefix("0x"))


def unbase64(value: str, pointer: str) -> bytes:
    """Return the bytes of base64 in its one canonical writing."""
    try:
        data = base64.b64decode(value, validate=True)
    except (binascii.Error, ValueError):
        raise Malformed("BASE64", pointer, "not base64") from None
    if base64.b64encode(data).decode() != value:
        raise Malformed("BASE64", pointer, "not the canonical base64 of its bytes")
    return data
