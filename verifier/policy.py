"""Read a policy file: all trust is here, and nothing is trusted on first use (documents.md §10)."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from verifier import documents, ed25519, json_strict
from verifier.errors import Malformed
from verifier.shapes import unbase64, unhex

MAX_BYTES = 4 * 1024 * 1024


@dataclass(frozen=True, slots=True)
class Contract:
    """Pin one contract: address, keccak256 of its runtime code, storage slot of its records."""

    address: bytes
    code_hash: bytes
    records_slot: int | None


@dataclass(frozen=True, slots=True)
class Key:
    """Name a key, its institution and role, and the Unix seconds [valid_from, valid_to) in which it signs."""

    institution: str
    role: str
    address: bytes
    valid_from: int
    valid_to: int | None

    def is_valid_at(self, time: int) -> bool:
        """Say whether the key signs at `time`."""
        return self.valid_from <= time and (self.valid_to is None or time < self.valid_to)


@dataclass(frozen=True, slots=True)
class Policy:
    """Hold what the verifier trusts."""

    version: str
    issued: int
    expires: int | None
    chain_id: int
    chain_kind: str
    contracts: dict[str, Contract]
    schemas: dict[str, bytes]
    libraries: frozenset[str]
    keys: tuple[Key, ...]
    origin: str | None
    vkey: str | None
    pinned: str | None
    validators: tuple[bytes, ...] | None
    public_key: bytes
    signature_holds: bool
    digest: str

    def ledger(self) -> Contract | None:
        """Return the PeriodLedger's pin."""
        return self.contracts.get("PeriodLedger")

    def is_signed_by(self, wanted: str) -> bool:
        """Say whether `wanted` is the public key (hex or base64) that signed, or its SHA-256 fingerprint."""
        wanted = wanted.strip()
        plain = wanted.lower().removeprefix("sha256:").removeprefix("0x").replace(":", "")
        fingerprint = hashlib.sha256(self.public_key).hexdigest()
        return plain in (self.public_key.hex(), fingerprint) or _key_bytes(wanted) == self.public_key


def seconds(instant: Any) -> int:
    """Return the Unix seconds of an instant `YYYY-MM-DDTHH:MM:SSZ`, or of a count of them."""
    text = str(instant)
    if text.isdigit():
        return int(text)
    try:
        return int(datetime.strptime(text, "%Y-%m-%dT%H:%M:%SZ").replace(tzinfo=UTC).timestamp())
    except ValueError:
        raise Malformed("INSTANT", "", f"{text!r} is not an instant of the calendar", found=text) from None


def _key_bytes(text: str) -> bytes | None:
    try:
        data = unhex(text) if len(text.removeprefix("0x")) == 64 else unbase64(text, "")
    except (ValueError, Malformed):
        return None
    return data if len(data) == 32 else None


def _signature_bytes(text: str) -> bytes:
    try:
        data = unhex(text) if len(text.removeprefix("0x")) == 128 else unbase64(text, "/signature/value")
    except ValueError:
        data = b""
    if len(data) != 64:
        raise Malformed("POLICY_SIGNATURE", "/signature/value", "64 bytes in hex or base64 expected")
    return data


def read_policy(data: bytes) -> Policy:
    """Return the policy in `data` with its signature tried; whether that key is to be believed is another check.

    Raises:
        Malformed: the file is not a policy.
    """
    if len(data) > MAX_BYTES:
        raise Malformed("POLICY_SIZE", "policy", f"larger than {MAX_BYTES} bytes")
    try:
        value = json_strict.load(data)
        documents.POLICY(value, "")
    except Malformed as error:
        raise Malformed(error.code, f"policy {error.place}".strip(), error.detail, **error.facts) from None
    signature, body = value["signature"], {name: item for name, item in value.items() if name != "signature"}
    public_key = _key_bytes(signature["public_key"])
    if public_key is None:
        raise Malformed("POLICY_SIGNATURE", "policy /signature/public_key", "32 bytes in hex or base64 expected")
    checkpoint = value["checkpoint"] or {}
    validators = value.get("validators")
    return Policy(
        version=str(value["version"]),
        issued=seconds(value["issued"]),
        expires=None if value["expires"] is None else seconds(value["expires"]),
        chain_id=int(value["chain"]["id"]),
        chain_kind=value["chain"]["kind"],
        contracts={
            name: Contract(
                unhex(item["address"]),
                unhex(item["code_hash"]),
                None if item["slots"].get("records") is None else int(item["slots"]["records"]),
            )
            for name, item in value["contracts"].items()
        },
        schemas={name: unhex(item) for name, item in value["schemas"].items()},
        libraries=frozenset(item.removeprefix("0x") for item in value["libraries"]),
        keys=tuple(
            Key(
                item["institution"],
                item["role"],
                unhex(item["address"]),
                seconds(item["valid_from"]),
                None if item["valid_to"] is None else seconds(item["valid_to"]),
            )
            for item in value["keys"]
        ),
        origin=checkpoint.get("origin"),
        vkey=checkpoint.get("vkey"),
        pinned=checkpoint.get("pinned"),
        validators=None if validators is None else tuple(unhex(item) for item in validators),
        public_key=public_key,
        signature_holds=ed25519.is_valid(public_key, json_strict.dump(body), _signature_bytes(signature["value"])),
        digest=hashlib.sha256(data).hexdigest(),
    )
