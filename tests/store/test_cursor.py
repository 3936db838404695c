from __future__ import annotations

import base64

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ledger.store.cursor import CursorRefused, decode_cursor, encode_cursor

KEY = b"0123456789abcdef0123456789abcdef"
POSITIONS = st.integers(0, 2**53 - 1) | st.text(max_size=63).filter(lambda text: text.isprintable())


@given(POSITIONS, st.text(max_size=40))
def test_a_cursor_gives_its_position_back(position: int | str, scope: str) -> None:
    assert decode_cursor(KEY, scope, encode_cursor(KEY, scope, position)) == position


@given(POSITIONS)
def test_a_cursor_of_another_list_or_another_key_is_refused(position: int | str) -> None:
    cursor = encode_cursor(KEY, "/v1/meters?bank-1", position)
    with pytest.raises(CursorRefused):
        decode_cursor(KEY, "/v1/meters?bank-2", cursor)
    with pytest.raises(CursorRefused):
        decode_cursor(KEY[::-1], "/v1/meters?bank-1", cursor)


@given(st.integers(0, 10**6), st.data())
def test_a_changed_byte_is_refused(position: int, data: st.DataObject) -> None:
    cursor = encode_cursor(KEY, "s", position)
    raw = bytearray(base64.urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4)))
    raw[data.draw(st.integers(0, len(raw) - 1))] ^= data.draw(st.integers(1, 255))
    with pytest.raises(CursorRefused):
        decode_cursor(KEY, "s", base64.urlsafe_b64encode(bytes(raw)).decode().rstrip("="))


@pytest.mark.parametrize("cursor", ["", "a", "null", "🙂", "AAAA", "A" * 5000, "=====", "../..", "a b"])
def test_what_was_never_a_cursor_is_refused(cursor: str) -> None:
    with pytest.raises(CursorRefused):
        decode_cursor(KEY, "s", cursor)
