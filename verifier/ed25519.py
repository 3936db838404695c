"""Verify Ed25519 signatures (RFC 8032 §5.1.7), cofactorless, with canonical encodings only.

`cryptography`, when installed, must give the same answer.
"""

from __future__ import annotations

import hashlib

from verifier.errors import Disagreement

_P = 2**255 - 19
_L = 2**252 + 27742317777372353535851937790883648493
_D = -121665 * pow(121666, -1, _P) % _P
_ROOT = pow(2, (_P - 1) // 4, _P)
_Point = tuple[int, int, int, int]  # extended coordinates X, Y, Z, T with T = XY/Z
_NEUTRAL: _Point = (0, 1, 1, 0)


def _add(p: _Point, q: _Point) -> _Point:
    a, b = (p[1] - p[0]) * (q[1] - q[0]) % _P, (p[1] + p[0]) * (q[1] + q[0]) % _P
    c, d = 2 * p[3] * q[3] * _D % _P, 2 * p[2] * q[2] % _P
    e, f, g, h = b - a, d - c, d + c, b + a
    return e * f % _P, g * h % _P, f * g % _P, e * h % _P


def _multiply(scalar: int, point: _Point) -> _Point:
    result = _NEUTRAL
    for bit in range(scalar.bit_length() - 1, -1, -1):
        result = _add(result, result)
        if scalar >> bit & 1:
            result = _add(result, point)
    return result


def _encode(point: _Point) -> bytes:
    inverse = pow(point[2], -1, _P)
    x, y = point[0] * inverse % _P, point[1] * inverse % _P
    return (y | (x & 1) << 255).to_bytes(32, "little")


def is_key(public_key: bytes) -> bool:
    """Say whether 32 bytes are a key that binds anybody: canonical, and not one of the eight points of small order.

    Under a point of small order signatures over any message can be made without a secret.
    """
    point = _decode(public_key)
    return point is not None and _encode(_multiply(8, point)) != _encode(_NEUTRAL)


def _decode(data: bytes) -> _Point | None:
    if len(data) != 32:
        return None
    y = int.from_bytes(data, "little")
    sign, y = y >> 255, y & (1 << 255) - 1
    if y >= _P:
        return None
    square = (y * y - 1) * pow(_D * y * y + 1, -1, _P) % _P
    x = pow(square, (_P + 3) // 8, _P)
    if x * x % _P != square:
        x = x * _ROOT % _P
    if x * x % _P != square or (not x and sign):
        return None
    if x & 1 != sign:
        x = _P - x
    return x, y, 1, x * y % _P


def _base() -> _Point:
    point = _decode((4 * pow(5, -1, _P) % _P).to_bytes(32, "little"))
    if point is None:
        raise Disagreement("ED25519", "the base point does not decode")
    return point


_BASE = _base()


def is_valid(public_key: bytes, message: bytes, signature: bytes) -> bool:
    """Say whether `signature` (64 bytes) is `public_key`'s (32 bytes) over `message`.

    Raises:
        Disagreement: cryptography gives the other answer.
    """
    answer = _is_valid(public_key, message, signature)
    if not answer and _decode(public_key) is None:
        return False  # OpenSSL reads keys that are not written canonically; RFC 8032 §5.1.3 and we do not: no difference to report
    other = _other_answer(public_key, message, signature)
    if other is not None and other != answer:
        raise Disagreement("ED25519", f"cryptography says {other}, we say {answer}, key {public_key.hex()}")
    return answer


def _is_valid(public_key: bytes, message: bytes, signature: bytes) -> bool:
    if len(public_key) != 32 or len(signature) != 64:
        return False
    key, s = _decode(public_key), int.from_bytes(signature[32:], "little")
    if key is None or s >= _L:
        return False
    h = int.from_bytes(hashlib.sha512(signature[:32] + public_key + message).digest(), "little") % _L
    negative: _Point = (_P - key[0], key[1], 1, _P - key[3])
    return _encode(_add(_multiply(s, _BASE), _multiply(h, negative))) == signature[:32]


def _other_answer(public_key: bytes, message: bytes, signature: bytes) -> bool | None:
    try:
        from cryptography.exceptions import InvalidSignature
        from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
    except ImportError:
        return None
    try:
        Ed25519PublicKey.from_public_bytes(public_key).verify(signature, message)
    except (InvalidSignature, ValueError):
        return False
    return True
