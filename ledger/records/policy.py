"""The policy file: where a stranger's trust comes from (spec: documents §10, bundle §3).

It is signed by those it names, and handed over out of band.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from ledger.clock import format_instant
from ledger.errors import Conflict
from ledger.records import canonical
from ledger.records.policy_rules import refuse_unreadable

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
    validators: Sequence[Mapping[str, Any]] | None = None
    witnesses: Mapping[str, Any] | None = None


@dataclass(frozen=True)
class Trust:
    """What the centre decides about a policy, and no server knows: who signs it, what it follows, how old evidence may be.

    Attributes:
        threshold, signers: how many of which Ed25519 keys (64 hex) sign it.
        previous: SHA-256 (hex) of the policy before, None for the first.
        max_age: seconds that the status of a claim may be old, None for no limit.
        witnesses: {quorum, keys: [vkey]} in the place of those that the server asks; None keeps them.
    """

    threshold: int
    signers: Sequence[str]
    previous: str | None = None
    max_age: int | None = None
    witnesses: Mapping[str, Any] | None = None


def policy_body(facts: PolicyFacts) -> dict[str, object]:
    """Return what a server knows of a policy: all but signers, previous, max_age and signatures."""
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
        "validators": None if facts.validators is None else [dict(item) for item in facts.validators],
        "witnesses": None if facts.witnesses is None else dict(facts.witnesses),
    }


def make_policy(body: Mapping[str, object], trust: Trust) -> dict[str, object]:
    """Return the policy of a server's facts and the centre's decisions, with nobody's signature yet.

    Raises:
        InputError: no verifier would read it: signers, validators or witnesses that bundle.md §3 calls malformed.
    """
    signers = sorted(trust.signers)
    witnesses = body["witnesses"] if trust.witnesses is None else dict(trust.witnesses)
    decided = {"max_age": trust.max_age, "previous": trust.previous, "signers": {"keys": signers, "threshold": trust.threshold}}
    policy = {**body, **decided, "witnesses": witnesses, "signatures": []}
    refuse_unreadable(policy)
    return policy


def sign_policy(policy: Mapping[str, Any], key: Ed25519PrivateKey) -> dict[str, object]:
    """Return the policy with one signature more: Ed25519 over the canonical bytes of everything but the signatures.

    Who signs is one of the policy's own signers, or of those of the policy before.

    Raises:
        Conflict: this key has signed it already. InputError: no verifier would read the policy, however it came about.
    """
    refuse_unreadable(policy)
    public = public_hex(key)
    if any(item["public_key"] == public for item in policy["signatures"]):
        raise Conflict("this key has signed the policy already", hint="hand it to the next signer", public_key=public)
    body = {name: value for name, value in policy.items() if name != "signatures"}
    added = {"public_key": public, "value": key.sign(canonical.dump(body)).hex()}
    return {**body, "signatures": sorted([*policy["signatures"], added], key=lambda item: str(item["public_key"]))}


def seal_policy(body: Mapping[str, object], key: Ed25519PrivateKey, **decided: Any) -> dict[str, object]:
    """Return the policy of a server's facts with one signer, signed by it; `decided` are further fields of Trust."""
    return sign_policy(make_policy(body, Trust(threshold=1, signers=(public_hex(key),), **decided)), key)


def public_hex(key: Ed25519PrivateKey) -> str:
    """Return the public half of a key as 64 hex."""
    return key.public_key().public_bytes(Encoding.Raw, PublicFormat.Raw).hex()
