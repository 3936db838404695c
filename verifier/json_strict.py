"""Read JSON strictly and write it canonically (commitments.md §7, RFC 8785 restricted).

Python's scanner is used for the tokens. Its hooks leave a marker where a value must be refused; one walk
over the result then finds the marker together with its JSON pointer.
"""

from __future__ import annotations

import hashlib
import json
import re
from typing import Any

from verifier.errors import Malformed

MAX_INTEGER = 2**53 - 1
MAX_NESTING = 64
MAX_CONTAINERS = 2_000_000  # lists and objects of one text: each costs far more memory than the two bytes it may be written in
# A string that nothing ends is one token too, up to the end: else the search would begin again at every quotation mark in it.
_STRUCTURE = re.compile(rb'"(?:[^"\\]|\\.)*+(?:"|\\?\Z)|[\[\]{}]', re.DOTALL)
_SURROGATE = re.compile("[\ud800-\udfff]")


class _Refused:
    """Mark a value that the scanner met and that must not pass."""

    __slots__ = ("code", "found")

    def __init__(self, code: str, found: str) -> None:
        self.code = code
        self.found = found


def load(data: bytes, *, nesting: int = MAX_NESTING) -> Any:
    """Return the value of a JSON text; integers, strings, booleans, null, lists and dicts only.

    Raises:
        Malformed: anything commitments.md §7 refuses, with the JSON pointer or the line and column.
    """
    if data.startswith(b"\xef\xbb\xbf"):
        raise Malformed("JSON_BYTE_ORDER_MARK", "line 1 column 1", "the text starts with a byte order mark; save it as UTF-8 without one")
    try:
        text = data.decode("utf-8")
    except UnicodeDecodeError as error:
        raise Malformed("JSON_NOT_UTF8", f"byte {error.start}", "the text is not UTF-8") from None
    _refuse_depth(data, nesting)
    try:
        value = json.loads(text, object_pairs_hook=_object, parse_int=_integer, parse_float=_fraction, parse_constant=_constant)
    except json.JSONDecodeError as error:
        raise Malformed("JSON_SYNTAX", f"line {error.lineno} column {error.colno}", f"not JSON: {error.msg}") from None
    _refuse(value)
    return value


def load_canonical(data: bytes, *, nesting: int = MAX_NESTING) -> Any:
    """Return the value of `data` and refuse bytes that are not its canonical form."""
    value = load(data, nesting=nesting)
    canonical = dump(value)
    if canonical != data:
        at = next((i for i, (a, b) in enumerate(zip(canonical, data, strict=False)) if a != b), min(len(canonical), len(data)))
        raise Malformed("JSON_NOT_CANONICAL", f"byte {at}", "the bytes are not the canonical form (RFC 8785) of their value")
    return value


def dump(value: Any) -> bytes:
    """Return the canonical bytes of `value` (RFC 8785).

    Raises:
        Malformed: what `load` refuses: floats, large integers, lone surrogates, keys that are no strings, other types, depth, size.
    """
    _refuse(value)
    return json.dumps(_ordered(value), ensure_ascii=False, separators=(",", ":"), allow_nan=False).encode("utf-8")


def digest(value: Any) -> str:
    """Return the SHA-256 of the canonical bytes, lower-case hex."""
    return hashlib.sha256(dump(value)).hexdigest()


def _ordered(value: Any) -> Any:
    if type(value) is dict:
        keys = sorted(value) if all(map(str.isascii, value)) else sorted(value, key=lambda key: key.encode("utf-16-be"))
        return {key: _ordered(value[key]) for key in keys}
    if type(value) is list:
        return [_ordered(item) for item in value]
    return value


def _object(pairs: list[tuple[str, Any]]) -> Any:
    result = dict(pairs)
    if len(result) != len(pairs):
        seen: set[str] = set()
        for key, _ in pairs:
            if key in seen:
                return _Refused("JSON_DUPLICATE_KEY", key)
            seen.add(key)
    return result


def _integer(text: str) -> Any:
    if len(text) > 17 or text == "-0" or abs(int(text)) > MAX_INTEGER:
        return _Refused("JSON_INTEGER_RANGE", text[:40])
    return int(text)


def _fraction(text: str) -> Any:
    return _Refused("JSON_FRACTION", text[:40])


def _constant(text: str) -> Any:
    return _Refused("JSON_CONSTANT", text)


def _refuse_depth(data: bytes, nesting: int) -> None:
    depth = count = 0
    for match in _STRUCTURE.finditer(data):
        first = data[match.start()]
        if first in b"[{":
            depth, count = depth + 1, count + 1
            if depth > nesting:
                raise Malformed("JSON_NESTING", f"byte {match.start()}", f"nested deeper than {nesting}")
            if count > MAX_CONTAINERS:
                raise Malformed("JSON_SIZE", f"byte {match.start()}", f"more than {MAX_CONTAINERS} lists and objects")
        elif first in b"]}":
            depth -= 1


def _refuse(value: Any) -> None:
    """Refuse what `_refuse_marked` refuses; the pointer is worked out only where there is something to point at.

    Level by level, so that a value which holds itself ends as well.
    """
    level, depth, count = [value], 0, 0
    while level:
        if depth > MAX_NESTING:
            raise Malformed("JSON_NESTING", "/", f"nested deeper than {MAX_NESTING}")
        below: list[Any] = []
        for item in level:
            kind = type(item)
            if kind is dict:
                for key in item:
                    if type(key) is not str:
                        raise Malformed("JSON_KEY", "/", "a key is not a string")
                    if not key.isascii() and _SURROGATE.search(key):
                        _refuse_marked(value, "")
                below.extend(item.values())
                count += 1
            elif kind is list:
                below.extend(item)
                count += 1
            elif kind is str:
                if not item.isascii() and _SURROGATE.search(item):
                    _refuse_marked(value, "")
            elif (kind is not int or abs(item) > MAX_INTEGER) and item is not None and kind is not bool:
                _refuse_marked(value, "")
        if count > MAX_CONTAINERS:
            raise Malformed("JSON_SIZE", "/", f"more than {MAX_CONTAINERS} lists and objects")
        level, depth = below, depth + 1


def _refuse_marked(value: Any, pointer: str) -> None:
    kind = type(value)
    if kind is str:
        if not value.isascii() and _SURROGATE.search(value):
            raise Malformed("JSON_SURROGATE", pointer or "/", "a string holds a lone surrogate")
    elif kind is dict:
        for key, item in value.items():
            if not key.isascii() and _SURROGATE.search(key):
                raise Malformed("JSON_SURROGATE", pointer or "/", "a key holds a lone surrogate")
            if type(item) is not bool and item is not None:
                _refuse_marked(item, f"{pointer}/{key.replace('~', '~0').replace('/', '~1')}")
    elif kind is list:
        for index, item in enumerate(value):
            _refuse_marked(item, f"{pointer}/{index}")
    elif kind is int:
        if abs(value) > MAX_INTEGER:
            raise Malformed("JSON_INTEGER_RANGE", pointer or "/", f"the integer {value} is beyond 2^53-1")
    elif kind is _Refused:
        raise Malformed(value.code, pointer or "/", f"refused: {value.found!r}", found=value.found)
    elif value is not None and kind is not bool:
        raise Malformed("JSON_TYPE", pointer or "/", f"{kind.__name__} has no place in a canonical document")
