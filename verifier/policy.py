"""Read a policy file: all trust is here, and nothing is trusted on first use (documents.md §10, bundle.md §3)."""

from __future__ import annotations

import hashlib
import re
from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import pairwise
from typing import Any

from verifier import documents, ed25519, json_strict
from verifier.checkpoint import WITNESS_KEY, read_vkey
from verifier.errors import Malformed
from verifier.shapes import unbase64, unhex

MAX_BYTES = 4 * 1024 * 1024
_HEX = re.compile("[0-9a-f]{64}")


@dataclass(frozen=True, slots=True)
class Contract:
    """Pin one contract: address, keccak256 of its runtime code, storage slots of its mappings by name."""

    address: bytes
    code_hash: bytes
    slots: dict[str, int | None]

    @property
    def records_slot(self) -> int | None:
        """Return the slot of the attestation records."""
        return self.slots.get("records")


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
class ValidatorSet:
    """Hold the addresses that seal the blocks [first, last]; `last` None: until further notice."""

    first: int
    last: int | None
    addresses: tuple[bytes, ...]


@dataclass(frozen=True, slots=True)
class Signature:
    """Hold one signature under the policy and whether it is over these bytes."""

    public_key: bytes
    holds: bool


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
    genesis: str
    validators: tuple[ValidatorSet, ...] | None
    witnesses: tuple[str, ...]
    witness_quorum: int
    max_age: int | None
    previous: str | None
    signers: tuple[bytes, ...]
    threshold: int
    signatures: tuple[Signature, ...]
    digest: str

    def ledger(self) -> Contract | None:
        """Return the PeriodLedger's pin."""
        return self.contracts.get("PeriodLedger")

    def validators_at(self, block: int) -> tuple[bytes, ...] | None:
        """Return the validators that the policy pins for a block, or None where it pins none."""
        for item in self.validators or ():
            if item.first <= block and (item.last is None or block <= item.last):
                return item.addresses
        return None

    def signatures_hold(self, threshold: int | None = None, signers: tuple[bytes, ...] | None = None) -> bool:
        """Say whether `threshold` of `signers` (its own, without them) signed, and no signature of one of them is wrong."""
        wanted = self.signers if signers is None else signers
        given = [item for item in self.signatures if item.public_key in wanted]
        return all(item.holds for item in given) and len(given) >= (self.threshold if threshold is None else threshold)

    def is_signed_by(self, wanted: str) -> bool:
        """Say whether `wanted` is the public key (hex or base64) of a signer who signed, or its SHA-256 fingerprint."""
        wanted = wanted.strip()
        plain = wanted.lower().removeprefix("sha256:").removeprefix("0x").replace(":", "")
        signed = [item.public_key for item in self.signatures if item.holds and item.public_key in self.signers]
        return any(plain in (key.hex(), hashlib.sha256(key).hexdigest()) or _key_bytes(wanted) == key for key in signed)


def seconds(instant: Any) -> int:
    """Return the Unix seconds of an instant `YYYY-MM-DDTHH:MM:SSZ`, or of a count of them."""
    text = str(instant)
    if text.isascii() and text.isdigit() and len(text) <= 80:
        return int(text)
    try:
        return int(datetime.strptime(text, "%Y-%m-%dT%H:%M:%SZ").replace(tzinfo=UTC).timestamp())
    except ValueError:
        raise Malformed("INSTANT", "", f"{text!r} is not an instant of the calendar", found=text) from None


def is_key_text(text: str) -> bool:
    """Say whether `text` could name a signer: 32 bytes in hex (a key or a fingerprint, with or without colons) or a key in base64."""
    plain = text.strip().lower().removeprefix("sha256:").removeprefix("0x").replace(":", "")
    return _HEX.fullmatch(plain) is not None or _key_bytes(text.strip()) is not None


def _key_bytes(text: str) -> bytes | None:
    try:
        data = unhex(text) if len(text.removeprefix("0x")) == 64 else unbase64(text, "")
    except (ValueError, Malformed):
        return None
    return data if len(data) == 32 else None


def read_policy(data: bytes) -> Policy:
    """Return the policy in `data` with its signatures tried; whether those keys are to be believed is another check.

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
    body = json_strict.dump({name: item for name, item in value.items() if name != "signatures"})
    signers = tuple(unhex(item) for item in value["signers"]["keys"])
    signed = tuple(unhex(item["public_key"]) for item in value["signatures"])
    for name, keys in (("signers/keys", signers), ("signatures", signed)):
        if any(a >= b for a, b in pairwise(keys)):
            raise Malformed("DOCUMENT_ORDER", f"policy /{name}", "keys are strictly ascending")
    if value["signers"]["threshold"] > len(signers):
        raise Malformed("POLICY_SIGNERS", "policy /signers/threshold", "no more than there are signers")
    for at, key in enumerate(signers):
        if not ed25519.is_key(key):
            raise Malformed("POLICY_SIGNERS", f"policy /signers/keys/{at}", "not an Ed25519 key that binds anybody")
    _refuse_keys(value["keys"])
    checkpoint = value["checkpoint"] or {}
    witnesses = value["witnesses"] or {"quorum": 0, "keys": []}
    validators = None if value["validators"] is None else tuple(_validator_set(item) for item in value["validators"])
    _refuse_validators(validators or ())
    _refuse_witnesses(checkpoint.get("vkey"), witnesses)
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
                {slot: None if number is None else int(number) for slot, number in item["slots"].items()},
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
        genesis=value["chain"]["genesis"].removeprefix("0x"),
        validators=validators,
        witnesses=tuple(witnesses["keys"]),
        witness_quorum=witnesses["quorum"],
        max_age=value["max_age"],
        previous=None if value["previous"] is None else value["previous"].removeprefix("0x"),
        signers=signers,
        threshold=value["signers"]["threshold"],
        signatures=tuple(
            Signature(key, ed25519.is_valid(key, body, unhex(item["value"]))) for key, item in zip(signed, value["signatures"], strict=True)
        ),
        digest=json_strict.digest(value),  # of the canonical form: an indented copy is the same policy
    )


def _refuse_keys(keys: list[Any]) -> None:
    """Refuse an address in two houses: nobody is verifier or certifier of what they signed for another, as no registry lets them be."""
    owners: dict[str, str] = {}
    for at, item in enumerate(keys):
        if owners.setdefault(item["address"], item["institution"]) != item["institution"]:
            raise Malformed("POLICY_KEYS", f"policy /keys/{at}/address", "one address is of one institution")


def _refuse_validators(sets: tuple[ValidatorSet, ...]) -> None:
    """Refuse ranges that overlap or run backwards, and sets that are empty or name a validator twice; gaps pin nothing, and may be."""
    for at, item in enumerate(sets):
        place = f"policy /validators/{at}"
        if not item.addresses or len(set(item.addresses)) != len(item.addresses):
            raise Malformed("POLICY_VALIDATORS", place, "a set names one validator or more, each once")
        if item.last is not None and item.last < item.first:
            raise Malformed("POLICY_VALIDATORS", place, "the range ends before it begins")
    for one, other in pairwise(sorted(sets, key=lambda item: item.first)):
        if one.last is None or one.last >= other.first:
            raise Malformed("POLICY_VALIDATORS", "policy /validators", f"two sets for block {other.first}")


def _refuse_witnesses(vkey: str | None, witnesses: Any) -> None:
    """Refuse keys that cannot be read, and a quorum that fewer hands than it says could make: each name and key once, none the log's."""
    log = [] if vkey is None else [read_vkey(vkey)]
    keys = log + [read_vkey(text, WITNESS_KEY) for text in witnesses["keys"]]
    if len({key.name for key in keys}) != len(keys) or len({key.public_key for key in keys}) != len(keys):
        raise Malformed(
            "POLICY_WITNESSES", "policy /witnesses/keys", "each witness has a name and a key of its own, and neither is the log's"
        )
    if not witnesses["quorum"] <= len(keys) - len(log):
        raise Malformed("POLICY_WITNESSES", "policy /witnesses/quorum", "no more than there are witnesses")


def _validator_set(item: Any) -> ValidatorSet:
    last = item.get("to")
    return ValidatorSet(int(item["from"]), None if last is None else int(last), tuple(unhex(address) for address in item["addresses"]))
