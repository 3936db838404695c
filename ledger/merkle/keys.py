"""Leaf keys and salts from the institution's commitment key (spec: commitments §4).

The commitment key never leaves the institution. Deleting it, the keys and the salts makes a leaf unguessable while roots and
totals stay valid.
"""

from __future__ import annotations

import hmac
import struct
from dataclasses import dataclass, field

from ledger.errors import InputError
from ledger.identifiers import check_identifier

SECRET_BYTES = 32


@dataclass(frozen=True)
class CommitmentKeys:
    """The 32-byte commitment key K of an institution; never shown in a repr."""

    secret: bytes = field(repr=False)

    def __post_init__(self) -> None:
        if len(self.secret) != SECRET_BYTES:
            raise InputError(f"a commitment key of {len(self.secret)} bytes, expected {SECRET_BYTES}")

    def leaf_key(self, asset: str, start: int, end: int) -> bytes:
        """Return the key of the leaf of `asset` in the period [start, end) in Unix seconds."""
        return _mac(_mac(self.secret, b"lingtan/key/1"), asset.encode() + b"\x00" + struct.pack(">QQ", start, end))

    def salt(self, context_digest: bytes, leaf_key: bytes) -> bytes:
        """Return the salt of the record under `leaf_key` in the tree whose context digest this is."""
        return _mac(_mac(self.secret, b"lingtan/salt/1"), b"\x15" + context_digest + leaf_key)


def meter_asset(meter: str, quantity: str) -> str:
    """Return the asset name of a meter's quantity, as `meter/M1/el.import`."""
    return f"meter/{check_identifier(meter)}/{check_identifier(str(quantity))}"


def line_asset(unit: str, indicator: str) -> str:
    """Return the asset name of an inventory line, as `line/U1/electricity.purchased`."""
    return f"line/{check_identifier(unit)}/{check_identifier(indicator)}"


def reduction_asset(id: str) -> str:
    """Return the asset name of a project's line, as `reduction/pv-roof`."""
    return f"reduction/{check_identifier(id)}"


def group_asset(number: int) -> str:
    """Return the asset name of a group of exposures, counted from 0, as `group/000012`."""
    if number < 0:
        raise InputError(f"a group number of {number}", hint="groups are counted from 0")
    return f"group/{number:06d}"


def _mac(key: bytes, message: bytes) -> bytes:
    return hmac.digest(key, message, "sha256")
