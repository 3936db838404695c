"""Canonical JSON: RFC 8785 restricted to what we hash, and the strict loader (spec: commitments §7).

Guarantees: equal values give equal bytes; `load(dump(x)) == x`; a document that another parser could read differently (duplicate
keys, NaN, fractions, lone surrogates, integers beyond 2^53 - 1) is refused. It does not check a document's fields: the models do.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Mapping
from typing import NoReturn, TypeAlias

from ledger.errors import MalformedDocument

Json: TypeAlias = "bool | int | str | list[Json] | dict[str, Json] | None"

MAX_INTEGER = 2**53 - 1
MAX_NESTING = 64

# A string as the parser takes it (to the end of the text where it is not closed), or a bracket. Possessive: linear in any text.
_TOKEN = re.compile(r'"[^"\\]*+(?:\\(?:.|\Z)[^"\\]*+)*+(?:"|\Z)|[\[\]{}]', re.DOTALL)


def dump(value: object) -> bytes:
    """Return the canonical bytes of `value`.

    Raises:
        MalformedDocument: a float, an integer beyond 2^53 - 1, a lone surrogate, or a type that JSON has not.
    """
    try:
        ordered = _plain(value, 0)
    except _NotPlain:
        _check(value, "", 0)
        ordered = _sorted(value)
    text = json.dumps(ordered, ensure_ascii=False, allow_nan=False, separators=(",", ":"))
    try:
        return text.encode("utf-8")
    except UnicodeEncodeError:
        _check(value, "", 0)  # a lone surrogate: this says where
        raise


def load(data: bytes) -> Json:
    """Return the value of strict JSON bytes (canonical or not).

    Raises:
        MalformedDocument: with the JSON pointer or the position of what is wrong.
    """
    if data.startswith(b"\xef\xbb\xbf"):
        raise MalformedDocument("the document starts with a byte order mark", hint="save it as UTF-8 without BOM")
    try:
        text = data.decode("utf-8")
    except UnicodeDecodeError as error:
        raise MalformedDocument(f"the document is not UTF-8: byte {error.start}", hint="save it as UTF-8") from error
    _check_nesting(text)
    try:
        value = json.loads(text, object_pairs_hook=_pairs, parse_float=_no_float, parse_constant=_no_constant, parse_int=_integer)
    except json.JSONDecodeError as error:
        raise MalformedDocument(f"not JSON: {error.msg} at line {error.lineno} column {error.colno}") from error
    _check(value, "", 0)
    return value  # type: ignore[no-any-return]


def load_canonical(data: bytes) -> Json:
    """Return the value of canonical bytes.

    Raises:
        MalformedDocument: also where the bytes are not the canonical ones.
    """
    value = load(data)
    if dump(value) != data:
        raise MalformedDocument("the document is not in canonical form (RFC 8785)", hint="write it with sorted keys and no blanks")
    return value


def digest(value: object) -> str:
    """Return the lower-case hex SHA-256 of the canonical bytes of `value`."""
    return hashlib.sha256(dump(value)).hexdigest()


def _check_nesting(text: str) -> None:
    # Before the parser, which goes as deep as the document does: py-evm lifts the interpreter's recursion limit so far that the C stack of
    # a server's thread ends first, and the process with it.
    if text.count("[") + text.count("{") <= MAX_NESTING:
        return
    depth = 0
    for token in _TOKEN.finditer(text):
        bracket = text[token.start()]
        depth += (bracket in "[{") - (bracket in "]}")
        if depth > MAX_NESTING + 1:
            raise MalformedDocument(f"nested deeper than {MAX_NESTING}", hint="send a flat document")


def _pairs(pairs: list[tuple[str, object]]) -> dict[str, object]:
    result: dict[str, object] = {}
    for key, value in pairs:
        if key in result:
            raise MalformedDocument(f"the key {key[:80]!r} stands twice in one object", hint="keep one of them")
        result[key] = value
    return result


def _no_float(text: str) -> NoReturn:
    raise MalformedDocument(f"a number with a fraction or an exponent: {text[:40]}", hint='write quantities as strings, as "12.5"')


def _no_constant(text: str) -> NoReturn:
    raise MalformedDocument(f"{text} is not JSON", hint="leave the field out or write null where it is allowed")


def _integer(text: str) -> int:
    if text == "-0":
        raise MalformedDocument("-0 is not an integer of ours", hint="write 0")
    if len(text) > 17 or abs(int(text)) > MAX_INTEGER:
        raise MalformedDocument("an integer beyond 2^53 - 1", hint="write it as a string")
    return int(text)


class _NotPlain(Exception):
    """The value is not made of the plain types alone, or has a fault: the slow way tells which."""


def _plain(value: object, depth: int) -> object:
    """Return the value with sorted keys, in one walk; nearly every document goes this way.

    Raises:
        _NotPlain: see there. Lone surrogates in texts are left to the encoder.
    """
    kind = type(value)
    if kind is str or kind is bool or value is None:
        return value
    if kind is int:
        if -MAX_INTEGER <= value <= MAX_INTEGER:  # type: ignore[operator]
            return value
        raise _NotPlain
    if kind not in (dict, list, tuple) or (value and depth >= MAX_NESTING):
        raise _NotPlain
    if kind is dict:
        items: dict[object, object] = value  # type: ignore[assignment]
        try:
            is_ascii = "".join(items).isascii()  # type: ignore[arg-type]
        except TypeError:
            raise _NotPlain from None
        # ASCII sorts the same by code points as by UTF-16 code units.
        keys = sorted(items) if is_ascii else sorted(items, key=_utf16)  # type: ignore[type-var, arg-type]
        return {key: _plain(items[key], depth + 1) for key in keys}
    return [_plain(item, depth + 1) for item in value]  # type: ignore[attr-defined]


def _utf16(key: str) -> bytes:
    return key.encode("utf-16-be", "surrogatepass")


def _sorted(value: object) -> object:
    # RFC 8785 §3.2.3 sorts by UTF-16 code units, which differs from code points above the basic plane.
    if isinstance(value, Mapping):
        return {key: _sorted(value[key]) for key in sorted(value, key=_utf16)}
    if isinstance(value, list | tuple):
        return [_sorted(item) for item in value]
    return value


def _check(value: object, pointer: str, depth: int) -> None:
    if depth > MAX_NESTING:
        raise MalformedDocument(f"nested deeper than {MAX_NESTING} at {pointer[:80]}")
    if value is None or isinstance(value, bool):
        return
    if isinstance(value, int):
        if abs(value) > MAX_INTEGER:
            raise MalformedDocument(f"an integer beyond 2^53 - 1 at {pointer}", hint="write it as a string")
    elif isinstance(value, str):
        _check_text(value, pointer)
    elif isinstance(value, Mapping):
        for key, item in value.items():
            if not isinstance(key, str):
                raise MalformedDocument(f"a key that is no string at {pointer}")
            _check_text(key, pointer)
            _check(item, f"{pointer}/{key.replace('~', '~0').replace('/', '~1')}", depth + 1)
    elif isinstance(value, list | tuple):
        for index, item in enumerate(value):
            _check(item, f"{pointer}/{index}", depth + 1)
    else:
        raise MalformedDocument(f"{type(value).__name__} has no place in a canonical document, at {pointer}")


def _check_text(text: str, pointer: str) -> None:
    try:
        text.encode("utf-8")
    except UnicodeEncodeError as error:
        raise MalformedDocument(f"a lone surrogate at {pointer[:80]}") from error
