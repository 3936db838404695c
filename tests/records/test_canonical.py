"""Canonical JSON against the rfc8785 package, and the loader against documents that two parsers could read differently."""

from __future__ import annotations

import hashlib
import json
from enum import StrEnum
from types import MappingProxyType
from typing import Any

import pytest
import rfc8785
from hypothesis import given
from hypothesis import strategies as st

from ledger.errors import MalformedDocument
from ledger.records import canonical

LIMIT = 2**53 - 1
TEXT = st.text(st.characters(exclude_categories=["Cs"]))
VALUES = st.recursive(
    st.none() | st.booleans() | st.integers(-LIMIT, LIMIT) | TEXT,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(TEXT, inner, max_size=4),
    max_leaves=20,
)


@given(VALUES)
def test_the_bytes_equal_those_of_an_independent_implementation(value: Any) -> None:
    assert canonical.dump(value) == rfc8785.dumps(value)


@given(VALUES)
def test_what_was_dumped_loads_equal_and_is_canonical(value: Any) -> None:
    data = canonical.dump(value)
    assert canonical.load(data) == value
    assert canonical.load_canonical(data) == value
    assert canonical.digest(value) == hashlib.sha256(data).hexdigest()


def test_keys_sort_by_utf_16_code_units_as_the_rfc_shows() -> None:
    keys = ["\u20ac", "\r", "\ufb33", "1", "\U0001f600", "\u0080", "\u00f6"]
    data = canonical.dump(dict.fromkeys(keys, ""))
    # RFC 8785 §3.2.3: carriage return, one, control, o diaeresis, euro, emoji, hebrew letter.
    assert list(json.loads(data)) == ["\r", "1", "\u0080", "\u00f6", "\u20ac", "\U0001f600", "\ufb33"]


@pytest.mark.parametrize(
    ("data", "message"),
    [
        (b'{"a":1,"a":2}', "'a' stands twice"),
        (b'{"x":{"a":1,"a":1}}', "stands twice"),
        (b"NaN", "NaN"),
        (b"[Infinity]", "Infinity"),
        (b"[-Infinity]", "Infinity"),
        (b"1.0", "fraction"),
        (b"1e3", "exponent"),
        (b"-0", "-0"),
        (b"9007199254740992", "2\\^53"),
        (b"-9007199254740992", "2\\^53"),
        (b"1" * 5000, "2\\^53"),
        (b'{"a":1.5e3}', "exponent: 1.5e3"),
        (b'"\\ud800"', "surrogate"),
        (b'{"\\udfff":1}', "surrogate"),
        (b"\xef\xbb\xbf{}", "byte order mark"),
        (b'"\xff"', "not UTF-8: byte 1"),
        (b"{} {}", "line 1 column 4"),
        (b"{'a':1}", "not JSON"),
        (b"", "not JSON"),
        (b"[" * 66 + b"]" * 66, "nested"),
        (b"[" * 100_000, "nested|not JSON"),
        (b"01", "not JSON"),
        (b'"\x01"', "not JSON"),
    ],
)
def test_an_ambiguous_document_is_refused(data: bytes, message: str) -> None:
    with pytest.raises(MalformedDocument, match=message):
        canonical.load(data)


@pytest.mark.parametrize("data", [b'{"b":1,"a":2}', b"{ }", b'"\\u0041"', b"[1, 2]", b"{}\n"])
def test_what_loads_but_is_not_canonical_is_told_apart(data: bytes) -> None:
    canonical.load(data)
    with pytest.raises(MalformedDocument, match="canonical"):
        canonical.load_canonical(data)


@pytest.mark.parametrize(
    ("value", "pointer"),
    [({"a": [1, 0.5]}, "/a/1"), ({"a/b": {"~": b""}}, "/a~1b/~0"), ({"n": 2**53}, "/n"), ({1: 2}, "key"), ("\ud800", "surrogate")],
)
def test_what_cannot_be_hashed_is_refused_with_its_pointer(value: object, pointer: str) -> None:
    with pytest.raises(MalformedDocument, match=pointer):
        canonical.dump(value)


class _Colour(StrEnum):
    RED = "red"


def test_mappings_tuples_and_kinds_of_text_give_the_bytes_of_what_they_say() -> None:
    value = MappingProxyType({"b": (1, _Colour.RED), "a": MappingProxyType({"\U0001f600": None, "\ufb33": ()})})
    assert canonical.dump(value) == canonical.dump({"b": [1, "red"], "a": {"\U0001f600": None, "\ufb33": []}})


def test_what_is_wrong_in_a_place_that_two_ways_of_reading_share_is_named() -> None:
    for value in ({"a": {"b": ["\ud800"]}}, {"a": MappingProxyType({"b": ["\ud800"]})}):
        with pytest.raises(MalformedDocument, match="/a/b/0"):
            canonical.dump(value)


def test_nesting_is_limited_to_64_below_the_top() -> None:
    deep: list[Any] = []
    for _ in range(64):
        deep = [deep]
    assert canonical.dump(deep) == b"[" * 65 + b"]" * 65
    with pytest.raises(MalformedDocument):
        canonical.dump([deep])
    assert canonical.load(b"[" * 65 + b"]" * 65)
    with pytest.raises(MalformedDocument):
        canonical.load(b"[" * 66 + b"]" * 66)
