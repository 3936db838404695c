"""Recover signers and sign on secp256k1 (SEC 1 §4.1.6, RFC 6979), low-s only.

`coincurve`, when installed, answers the same question and must agree; this file alone is enough.
Signing here is not constant-time: it serves an auditor's own key on the auditor's own machine.
"""

from __future__ import annotations

import hashlib
import hmac

from verifier.errors import Disagreement, Refused
from verifier.keccak import keccak256

P = 2**256 - 2**32 - 977
N = 0xFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFEBAAEDCE6AF48A03BBFD25E8CD0364141
G = (
    0x79BE667EF9DCBBAC55A06295CE870B07029BFCDB2DCE28D959F2815B16F81798,
    0x483ADA7726A3C4655DA4FBFC0E1108A8FD17B448A68554199C47D08FFB10D4B8,
)
_Jacobian = tuple[int, int, int]
_INFINITY: _Jacobian = (0, 1, 0)


def _double(point: _Jacobian) -> _Jacobian:
    x, y, z = point
    if not y or not z:
        return _INFINITY
    yy = y * y % P
    s = 4 * x * yy % P
    m = 3 * x * x % P
    x3 = (m * m - 2 * s) % P
    return x3, (m * (s - x3) - 8 * yy * yy) % P, 2 * y * z % P


def _add(p: _Jacobian, q: _Jacobian) -> _Jacobian:
    if not p[2]:
        return q
    if not q[2]:
        return p
    zz1, zz2 = p[2] * p[2] % P, q[2] * q[2] % P
    u1, u2 = p[0] * zz2 % P, q[0] * zz1 % P
    s1, s2 = p[1] * zz2 * q[2] % P, q[1] * zz1 * p[2] % P
    if u1 == u2:
        return _double(p) if s1 == s2 else _INFINITY
    h, r = (u2 - u1) % P, (s2 - s1) % P
    hh = h * h % P
    hhh, v = h * hh % P, u1 * hh % P
    x3 = (r * r - hhh - 2 * v) % P
    return x3, (r * (v - x3) - s1 * hhh) % P, h * p[2] * q[2] % P


def _affine(point: _Jacobian) -> tuple[int, int]:
    inverse = pow(point[2], -1, P)
    square = inverse * inverse % P
    return point[0] * square % P, point[1] * square * inverse % P


def _combine(a: int, p: _Jacobian, b: int, q: _Jacobian) -> _Jacobian:
    """Return a·p + b·q with one run of doublings."""
    table = (_INFINITY, p, q, _add(p, q))
    result = _INFINITY
    for bit in range(max(a.bit_length(), b.bit_length()) - 1, -1, -1):
        result = _double(result)
        result = _add(result, table[(a >> bit & 1) | (b >> bit & 1) << 1])
    return result


def address_of(secret: int) -> bytes:
    """Return the 20-byte address of a private key. Raises: Refused for one outside [1, n − 1]."""
    _refuse_secret(secret)
    x, y = _affine(_combine(secret, (*G, 1), 0, _INFINITY))
    return keccak256(x.to_bytes(32, "big") + y.to_bytes(32, "big"))[12:]


def recover(digest: bytes, signature: bytes) -> bytes:
    """Return the address that signed `digest`; `signature` is r ‖ s ‖ v, 65 bytes, low-s, v 27 or 28.

    Raises:
        Refused: another form, a value out of range, a high s, or no such point.
        Disagreement: coincurve recovers somebody else.
    """
    if len(signature) != 65 or signature[64] not in (27, 28):
        raise Refused("SIGNATURE_FORM", "a signature is 65 bytes r, s, v with v 27 or 28", found=signature.hex())
    return _recover(digest, signature[:64], signature[64] - 27, low_s=True)


def recover_seal(digest: bytes, seal: bytes) -> bytes:
    """Return the address behind a QBFT commit seal: v 0 or 1; Besu does not refuse a high s, so neither do we."""
    if len(seal) != 65 or seal[64] not in (0, 1):
        raise Refused("SEAL_FORM", "a seal is 65 bytes r, s, v with v 0 or 1", found=seal.hex())
    return _recover(digest, seal[:64], seal[64], low_s=False)


def _recover(digest: bytes, pair: bytes, odd: int, *, low_s: bool) -> bytes:
    _refuse_digest(digest)
    r, s = int.from_bytes(pair[:32], "big"), int.from_bytes(pair[32:], "big")
    if not 0 < r < N or not 0 < s < N:
        raise Refused("SIGNATURE_RANGE", "r and s lie between 1 and the group order", found=pair.hex())
    if low_s and s > N // 2:
        raise Refused(
            "SIGNATURE_HIGH_S", "s is in the upper half: the same signature in its other writing is not accepted", found=pair.hex()
        )
    square = (pow(r, 3, P) + 7) % P
    y = pow(square, (P + 1) // 4, P)
    if y * y % P != square:
        raise Refused("SIGNATURE_POINT", "r is not on the curve", found=pair.hex())
    if y & 1 != odd:
        y = P - y
    inverse = pow(r, -1, N)
    point = _combine(s * inverse % N, (r, y, 1), -int.from_bytes(digest, "big") * inverse % N, (*G, 1))
    if not point[2]:
        raise Refused("SIGNATURE_POINT", "the recovered key is the point at infinity", found=pair.hex())
    public = b"".join(value.to_bytes(32, "big") for value in _affine(point))
    if s <= N // 2:  # libsecp256k1 recovers high-s as well, but only low-s is a question we ever have to agree on
        _agree(digest, pair + bytes((odd,)), public)
    return keccak256(public)[12:]


def _refuse_digest(digest: bytes) -> None:
    if len(digest) != 32:
        raise Refused("DIGEST_FORM", "a digest has 32 bytes", expected="32", found=str(len(digest)))


def _refuse_secret(secret: int) -> None:
    if not 0 < secret < N:
        raise Refused("SECRET_RANGE", "a private key lies between 1 and the group order")


def _agree(digest: bytes, signature: bytes, public: bytes) -> None:
    try:
        from coincurve import PublicKey
    except ImportError:
        return
    try:
        other = PublicKey.from_signature_and_message(signature, digest, hasher=None).format(compressed=False)[1:]
    except Exception as error:  # libsecp256k1 says only that it failed
        raise Disagreement("SECP256K1", f"coincurve refuses a signature that we accept: {error}") from error
    if other != public:
        raise Disagreement("SECP256K1", f"coincurve recovers {other.hex()}, we recover {public.hex()}")


def sign(digest: bytes, secret: int) -> bytes:
    """Return r ‖ s ‖ v over `digest` with the nonce of RFC 6979 (HMAC-SHA256) and low s.

    Raises:
        Refused: a private key outside [1, n − 1], a digest of another length.
    """
    _refuse_secret(secret)
    _refuse_digest(digest)
    z = int.from_bytes(digest, "big")
    for nonce in _nonces(digest, secret):
        x, y = _affine(_combine(nonce, (*G, 1), 0, _INFINITY))
        r = x % N
        s = pow(nonce, -1, N) * (z + r * secret) % N
        if not r or not s or x >= N:
            continue
        odd = y & 1
        if s > N // 2:
            s, odd = N - s, odd ^ 1
        signature = r.to_bytes(32, "big") + s.to_bytes(32, "big") + bytes((27 + odd,))
        if recover(digest, signature) != address_of(secret):
            raise Disagreement("SECP256K1", "a fresh signature does not recover its own signer")
        return signature
    raise Refused("NONCE", "no nonce found")


def _nonces(digest: bytes, secret: int) -> list[int]:
    """Return the first nonces of RFC 6979 §3.2; the second is needed about once in 2^128 signatures."""
    key, value = bytes(32), b"\x01" * 32
    seed = secret.to_bytes(32, "big") + (int.from_bytes(digest, "big") % N).to_bytes(32, "big")
    for tag in (b"\x00", b"\x01"):
        key = hmac.digest(key, value + tag + seed, hashlib.sha256)
        value = hmac.digest(key, value, hashlib.sha256)
    found = []
    for _ in range(4):
        value = hmac.digest(key, value, hashlib.sha256)
        candidate = int.from_bytes(value, "big")
        if 0 < candidate < N:
            found.append(candidate)
        key = hmac.digest(key, value + b"\x00", hashlib.sha256)
        value = hmac.digest(key, value, hashlib.sha256)
    return found
