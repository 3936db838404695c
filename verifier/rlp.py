"""Decode RLP strictly (Ethereum yellow paper, appendix B) and encode it again.

Every value has one encoding; any other is refused, so that equal things have equal hashes.
"""

from __future__ import annotations

from typing import TypeAlias

from verifier.errors import Malformed

Item: TypeAlias = "bytes | list[Item]"
MAX_DEPTH = 16


def decode(data: bytes) -> Item:
    """Return the one item that `data` encodes; refuses trailing bytes, long forms of short things and depth beyond 16."""
    item, end = _decode(data, 0, len(data), 0)
    if end != len(data):
        raise Malformed("RLP_TRAILING", f"byte {end}", f"{len(data) - end} bytes follow the item")
    return item


def decode_list(data: bytes) -> list[Item]:
    """Return the list that `data` encodes."""
    item = decode(data)
    if not isinstance(item, list):
        raise Malformed("RLP_NOT_LIST", "byte 0", "a list was expected")
    return item


def text_of(item: Item, length: int | None = None) -> bytes:
    """Return a byte string item, of `length` bytes if given."""
    if not isinstance(item, bytes) or (length is not None and len(item) != length):
        raise Malformed("RLP_FIELD", "", f"a byte string{f' of {length} bytes' if length is not None else ''} was expected")
    return item


def integer_of(item: Item) -> int:
    """Return an integer item: big-endian, without leading zeros."""
    data = text_of(item)
    if data[:1] == b"\x00" or len(data) > 32:
        raise Malformed("RLP_INTEGER", "", "an integer has no leading zero byte and at most 32 bytes")
    return int.from_bytes(data, "big")


def encode(item: Item) -> bytes:
    """Return the encoding of a byte string or a list of items; integers are `encode_integer`'s, text is the caller's to encode.

    Raises:
        Malformed: something else than bytes and lists, or lists nested deeper than `decode` reads.
    """
    return _encode(item, 0)


def encode_integer(value: int) -> bytes:
    """Return the encoding of an unsigned integer. Raises: Malformed for a negative one."""
    if value < 0:
        raise Malformed("RLP_INTEGER", "", "an integer of RLP is unsigned")
    return encode(value.to_bytes((value.bit_length() + 7) // 8, "big"))


def _encode(item: Item, depth: int) -> bytes:
    if isinstance(item, bytes):
        if len(item) == 1 and item[0] < 0x80:
            return item
        return _head(len(item), 0x80) + item
    if not isinstance(item, list):
        raise Malformed("RLP_ITEM", "", f"an item is bytes or a list of items, not {type(item).__name__}")
    if depth > MAX_DEPTH:
        raise Malformed("RLP_DEPTH", "", f"lists are nested deeper than {MAX_DEPTH}")
    body = b"".join(_encode(part, depth + 1) for part in item)
    return _head(len(body), 0xC0) + body


def _head(length: int, offset: int) -> bytes:
    if length < 56:
        return bytes((offset + length,))
    size = length.to_bytes((length.bit_length() + 7) // 8, "big")
    return bytes((offset + 55 + len(size),)) + size


def _decode(data: bytes, at: int, limit: int, depth: int) -> tuple[Item, int]:
    if at >= limit:
        raise Malformed("RLP_SHORT", f"byte {at}", "the data ends where an item should start")
    if depth > MAX_DEPTH:
        raise Malformed("RLP_DEPTH", f"byte {at}", f"lists are nested deeper than {MAX_DEPTH}")
    first = data[at]
    if first < 0x80:
        return data[at : at + 1], at + 1
    start, end = _extent(data, at, limit, first - (0x80 if first < 0xC0 else 0xC0))
    if first < 0xC0:
        if end - start == 1 and data[start] < 0x80:
            raise Malformed("RLP_NOT_CANONICAL", f"byte {at}", "a byte below 0x80 is its own encoding")
        return data[start:end], end
    items: list[Item] = []
    while start < end:
        item, start = _decode(data, start, end, depth + 1)
        items.append(item)
    return items, end


def _extent(data: bytes, at: int, limit: int, code: int) -> tuple[int, int]:
    """Return where the payload starts and ends; `code` is the first byte less its offset."""
    if code < 56:
        start, length = at + 1, code
    else:
        start = at + 1 + code - 55
        size = data[at + 1 : min(start, limit)]
        length = int.from_bytes(size, "big")
        if len(size) != code - 55 or not size or not size[0] or length < 56:
            raise Malformed("RLP_NOT_CANONICAL", f"byte {at}", "the length is not written in its shortest form")
    if start + length > limit:
        raise Malformed("RLP_SHORT", f"byte {at}", f"the item needs {length} bytes, {max(0, limit - start)} are left")
    return start, start + length
