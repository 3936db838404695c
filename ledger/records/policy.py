"""The policy file: where a stranger's trust comes from (spec: documents §10). It is signed by the centre and handed over out of band."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from ledger.clock import format_instant
from ledger.records import canonical

SCHEMA = "lingtan.policy/1"


@dataclass(frozen=True)
class PolicyKey:
    """A key to trust: its institution and that one's kind, role, 0x address, and window in Unix seconds (valid_to 0: open end)."""

    institution: str
    kind: str
    role: str
    address: str
    valid_from: int
    valid_to: int


@dataclass(frozen=True)
class PolicyFacts:
    """What a policy pins. Contracts: name → {address, code_hash, slots}; schemas and libraries are hex hashes."""

    version: int
    issued: int
    expires: int | None
    chain_id: int
    chain_kind: str
    genesis: str
    contracts: Mapping[str, Mapping[str, Any]]
    schemas: Mapping[str, str]
    libraries: Sequence[str]
    keys: Sequence[PolicyKey]
    checkpoint: Mapping[str, str | None] | None


def policy_body(facts: PolicyFacts) -> dict[str, object]:
    """Return the policy document without its signature."""
    keys = sorted(facts.keys, key=lambda item: (item.institution, item.role, item.address))
    return {
        "schema": SCHEMA,
        "version": facts.version,
        "issued": format_instant(facts.issued),
        "expires": None if facts.expires is None else format_instant(facts.expires),
        "chain": {"id": str(facts.chain_id), "kind": facts.chain_kind, "genesis": facts.genesis},
        "contracts": {name: dict(item) for name, item in facts.contracts.items()},
        "schemas": dict(facts.schemas),
        "libraries": sorted(facts.libraries),
        "keys": [
            {
                "institution": item.institution,
                "kind": item.kind,
                "role": item.role,
                "address": item.address.lower(),
                "valid_from": format_instant(item.valid_from),
                "valid_to": None if item.valid_to == 0 else format_instant(item.valid_to),
            }
            for item in keys
        ],
        "checkpoint": None if facts.checkpoint is None else dict(facts.checkpoint),
    }


def seal_policy(body: Mapping[str, object], key: Ed25519PrivateKey) -> dict[str, object]:
    """Return the signed policy: Ed25519 over the canonical bytes of everything but the signature."""
    public = key.public_key().public_bytes(Encoding.Raw, PublicFormat.Raw)
    return {**body, "signature": {"public_key": public.hex(), "value": key.sign(canonical.dump(dict(body))).hex()}}
