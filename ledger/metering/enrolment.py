"""Enrolment of a device's key: the one-time code, and the proof that the device holds the key (spec: metering §1).

Both sides use this: the server keeps a code's SHA-256 and nothing else of it, the device signs with the key that it enrols.
"""

from __future__ import annotations

import hashlib
import secrets

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

ALPHABET = "ABCDEFGHJKLMNPQRSTUVWXYZ23456789"
CODE_LENGTH = 20
CODE_SECONDS = 24 * 3600
KEY_BYTES = 32
SIGNATURE_BYTES = 64
_GROUP = 5
_TAG = b"lingtan/enrol/1\x00"
# The points of small order in every encoding, without the sign bit: under such a key one signature fits many messages.
_SMALL_ORDER = frozenset(
    bytes.fromhex(point)
    for point in (
        "0000000000000000000000000000000000000000000000000000000000000000",
        "0100000000000000000000000000000000000000000000000000000000000000",
        "26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc05",
        "c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac037a",
        "ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
        "edffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
        "eeffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
    )
)


def new_code() -> str:
    """Return a one-time code of 100 random bits in groups of five, to be shown once."""
    code = "".join(secrets.choice(ALPHABET) for _ in range(CODE_LENGTH))
    return "-".join(code[at : at + _GROUP] for at in range(0, CODE_LENGTH, _GROUP))


def find_code_hash(code: str) -> bytes | None:
    """Return the SHA-256 of a code's 20 characters, whatever its groups and case; None where it cannot be a code."""
    plain = "".join(character for character in code if character not in "- ").upper()
    if len(plain) != CODE_LENGTH or not set(plain) <= set(ALPHABET):
        return None
    return hashlib.sha256(plain.encode("ascii")).digest()


def proof_message(code_hash: bytes, public_key: bytes) -> bytes:
    """Return what the device signs: "lingtan/enrol/1" ‖ 0x00 ‖ SHA-256(code) ‖ public key."""
    return _TAG + code_hash + public_key


def prove(code_hash: bytes, key: Ed25519PrivateKey) -> bytes:
    """Return the 64 bytes that prove to whoever gave out the code that the sender holds this key."""
    return key.sign(proof_message(code_hash, key.public_key().public_bytes_raw()))


def is_proven(code_hash: bytes, public_key: bytes, proof: bytes) -> bool:
    """Tell whether the holder of this key signed for this code; never for a key of small order or of another length."""
    if len(public_key) != KEY_BYTES or len(proof) != SIGNATURE_BYTES or _is_small_order(public_key):
        return False
    try:
        Ed25519PublicKey.from_public_bytes(public_key).verify(proof, proof_message(code_hash, public_key))
    except (InvalidSignature, ValueError):
        return False
    return True


def _is_small_order(public_key: bytes) -> bool:
    return public_key[:-1] + bytes([public_key[-1] & 0x7F]) in _SMALL_ORDER
