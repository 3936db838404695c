"""Recover who signed a digest, with the contracts' own strictness (spec: typed-data, head).

Guarantees: exactly one signature per (key, digest, nonce) is accepted: 65 bytes r ‖ s ‖ v, v 27 or 28, s in the lower half. Whether the
signer may sign is another question: ledger.chain.participants.
"""

from __future__ import annotations

from eth_keys.datatypes import Signature
from eth_keys.exceptions import BadSignature
from eth_utils.exceptions import ValidationError

from ledger.errors import SignatureRefused

CURVE_ORDER = 0xFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFEBAAEDCE6AF48A03BBFD25E8CD0364141
HALF_ORDER = CURVE_ORDER // 2
SIGNATURE_LENGTH = 65
MALFORMED = "signature.malformed"


def recover_signer(digest: bytes, signature: bytes) -> str:
    """Return the EIP-55 address whose key signed the 32-byte digest.

    Raises:
        SignatureRefused: not 65 bytes, v not 27 or 28, s in the upper half, r or s out of range, or no point on the curve.
    """
    if len(digest) != 32:
        raise SignatureRefused(f"the digest has {len(digest)} bytes, expected 32", reason=MALFORMED, hint="sign the EIP-712 digest")
    if len(signature) != SIGNATURE_LENGTH:
        raise SignatureRefused(f"the signature has {len(signature)} bytes, expected 65", reason=MALFORMED, hint="send r ‖ s ‖ v")
    r, s, v = int.from_bytes(signature[:32], "big"), int.from_bytes(signature[32:64], "big"), signature[64]
    if v not in (27, 28):
        raise SignatureRefused(f"the signature's v is {v}, expected 27 or 28", reason=MALFORMED, hint="add 27 to a recovery id of 0 or 1")
    if s > HALF_ORDER:
        hint = "sign with a library that gives low-s signatures"
        raise SignatureRefused("the signature's s is in the upper half", reason=MALFORMED, hint=hint)
    if not 0 < r < CURVE_ORDER or s == 0:
        raise SignatureRefused("the signature's r or s is out of range", reason=MALFORMED, hint="sign again")
    try:
        return Signature(vrs=(v - 27, r, s)).recover_public_key_from_msg_hash(digest).to_checksum_address()
    except (BadSignature, ValidationError, ValueError) as error:
        raise SignatureRefused("the signature belongs to no key", reason=MALFORMED, hint="sign again") from error


def verify_signer(digest: bytes, signature: bytes, expected: str) -> None:
    """Do nothing where `expected` (EIP-55 address) signed the digest.

    Raises:
        SignatureRefused: malformed, or another key signed.
    """
    got = recover_signer(digest, signature)
    if got != expected:
        raise SignatureRefused(
            f"the signature is of {got}, expected {expected}",
            hint="sign this very message with the right key; another message gives another address",
            got=got,
            expected=expected,
        )
