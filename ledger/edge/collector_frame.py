"""Frames of a building's collector: `1F 1F ‖ type ‖ u32 length, big-endian ‖ content` (spec: metering §10).

Type 1 is the login, 2 heart-beat and time, 3 data. The content is XML; where a key is configured, that of type 3 is AES-128-CBC with
PKCS #7 padding. The cipher hides readings on a shared network and proves nothing: what proves them is the signature on our bodies.
"""

from __future__ import annotations

import struct
from dataclasses import dataclass
from enum import IntEnum

from cryptography.hazmat.primitives import padding
from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes

from ledger.errors import MalformedDocument

MAGIC = b"\x1f\x1f"
HEAD = struct.Struct(">2sBI")
KEY_BYTES = 16
_BLOCK_BITS = 128


class CollectorRefused(MalformedDocument):
    """What a collector sent cannot be used; `reason` is the name of the spec."""

    code = "edge.collector_refused"

    def __init__(self, reason: str, message: str) -> None:
        super().__init__(f"{reason}: {message}", hint="compare the collector's settings with docs/guides/gateway.md")
        self.reason = reason


class FrameType(IntEnum):
    """What a frame is about."""

    LOGIN = 1
    HEART_BEAT = 2
    DATA = 3


@dataclass(frozen=True)
class BlockCipher:
    """AES-128-CBC under one key; collectors use the key as the first block too, unless they are told another."""

    key: bytes
    initial: bytes

    def encrypt(self, plain: bytes) -> bytes:
        """Return the cipher text of any bytes."""
        padder = padding.PKCS7(_BLOCK_BITS).padder()
        encryptor = Cipher(algorithms.AES128(self.key), modes.CBC(self.initial)).encryptor()
        return encryptor.update(padder.update(plain) + padder.finalize()) + encryptor.finalize()

    def decrypt(self, data: bytes) -> bytes:
        """Return the plain text.

        Raises:
            CollectorRefused: COLLECTOR_CIPHER: not whole blocks, or another key.
        """
        decryptor = Cipher(algorithms.AES128(self.key), modes.CBC(self.initial)).decryptor()
        unpadder = padding.PKCS7(_BLOCK_BITS).unpadder()
        try:
            plain = decryptor.update(data) + decryptor.finalize()
            return unpadder.update(plain) + unpadder.finalize()
        except ValueError as error:
            raise CollectorRefused("COLLECTOR_CIPHER", f"{len(data)} bytes do not decrypt under the configured key") from error


def pack(kind: FrameType, content: bytes, cipher: BlockCipher | None = None) -> bytes:
    """Return the frame of a content; data is encrypted where there is a cipher."""
    if kind is FrameType.DATA and cipher is not None:
        content = cipher.encrypt(content)
    return HEAD.pack(MAGIC, kind, len(content)) + content


def read_head(data: bytes, limit: int) -> tuple[FrameType, int]:
    """Return the type of a frame and the length of its content, from its first seven bytes.

    Raises:
        CollectorRefused: COLLECTOR_FRAME: another start, an unknown type, or a content of more than `limit` bytes.
    """
    magic, kind, length = HEAD.unpack(data)
    if magic != MAGIC:
        raise CollectorRefused("COLLECTOR_FRAME", f"got {data.hex(' ')}, expected 1f 1f")
    if kind not in tuple(FrameType):
        raise CollectorRefused("COLLECTOR_FRAME", f"frame type {kind}, expected 1, 2 or 3")
    if length > limit:
        raise CollectorRefused("COLLECTOR_FRAME", f"{length} bytes announced, expected at most {limit}")
    return FrameType(kind), length


def read_content(kind: FrameType, content: bytes, cipher: BlockCipher | None) -> bytes:
    """Return the XML of a content."""
    return cipher.decrypt(content) if kind is FrameType.DATA and cipher is not None else content
