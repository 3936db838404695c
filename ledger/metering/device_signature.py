"""Ed25519 as devices use it: the name of a key, a signature, and its check (spec: metering §1, §3, §4)."""

from __future__ import annotations

import hashlib
from functools import lru_cache

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

KID_CHARACTERS = 16
SIGNATURE_BYTES = 64


def key_id(public_key: bytes) -> str:
    """Return the kid of a public key's 32 bytes: the first 16 hex of their SHA-256."""
    return hashlib.sha256(public_key).hexdigest()[:KID_CHARACTERS]


def key_id_of(key: Ed25519PrivateKey) -> str:
    """Return the kid of a private key's public half."""
    return key_id(key.public_key().public_bytes_raw())


def is_signed_by(public_key: bytes, signature: bytes, message: bytes) -> bool:
    """Tell whether the signature is this key's over exactly this message."""
    try:
        _load(public_key).verify(signature, message)
    except (InvalidSignature, ValueError):
        return False
    return True


@lru_cache(maxsize=4096)
def _load(public_key: bytes) -> Ed25519PublicKey:
    # Reading a point of the curve costs a third of a verification, and a gateway signs with one key all day.
    return Ed25519PublicKey.from_public_bytes(public_key)
