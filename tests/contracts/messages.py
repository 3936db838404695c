"""The structs as the specification writes them, and how they are hashed and signed: nothing here is shared with the product's code.

Types are read from docs/spec/typed-data.md itself, hashing and signing are eth_account's, the commitment is written out with hashlib.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from eth_account import Account
from eth_account.messages import encode_typed_data

SPEC = Path(__file__).resolve().parents[2] / "docs" / "spec" / "typed-data.md"
Message = dict[str, Any]

FUNCTIONS: Mapping[str, tuple[str, str]] = {
    "registerInstitution": ("ParticipantRegistry", "RegisterInstitution"),
    "addKey": ("ParticipantRegistry", "AddKey"),
    "endKey": ("ParticipantRegistry", "EndKey"),
    "setKeyStanding": ("ParticipantRegistry", "SetKeyStanding"),
    "setStanding": ("ParticipantRegistry", "SetStanding"),
    "proposeAdmin": ("ParticipantRegistry", "ProposeAdmin"),
    "acceptAdmin": ("ParticipantRegistry", "AcceptAdmin"),
    "propose": ("LibraryRegistry", "ProposeRelease"),
    "publish": ("LibraryRegistry", "PublishRelease"),
    "submit": ("PeriodLedger", "PeriodAttestation"),
    "anchorLog": ("PeriodLedger", "LogCheckpoint"),
    "submitClaim": ("ClaimRegistry", "Claim"),
    "commitVerdict": ("ClaimRegistry", "VerdictCommitment"),
    "submitVerdict": ("ClaimRegistry", "Verdict"),
    "resolve": ("ClaimRegistry", "Resolution"),
    "issueCertificate": ("ClaimRegistry", "Certificate"),
    "setCertificateStatus": ("ClaimRegistry", "CertificateStatus"),
}


def read_spec_types() -> dict[str, tuple[tuple[str, str], ...]]:
    """Return every struct of the specification's code blocks: name → ((type, field), …)."""
    types: dict[str, tuple[tuple[str, str], ...]] = {}
    for block in re.findall(r"^```\n(.*?)^```", SPEC.read_text(encoding="utf-8"), re.MULTILINE | re.DOTALL):
        for name, fields in re.findall(r"^([A-Z]\w+)\(([^)]*)\)", block, re.MULTILINE):
            pairs = [tuple(field.split()) for field in fields.replace("\n", " ").split(",")]
            types[name] = tuple((kind, field) for kind, field in pairs)
    return types


TYPES = read_spec_types()


def as_arguments(struct: str, message: Message) -> tuple[Any, ...]:
    """Return a message's values in the order of the struct."""
    return tuple(message[field] for _, field in TYPES[struct])


def _signable(struct: str, message: Message, chain_id: int, contract: str) -> Any:
    domain = {"name": "Lingtan", "version": "1", "chainId": chain_id, "verifyingContract": contract}
    types = {struct: [{"name": field, "type": kind} for kind, field in TYPES[struct]]}
    return encode_typed_data(domain, types, dict(message))


def struct_hash(struct: str, message: Message) -> bytes:
    """Return hashStruct(message)."""
    return bytes(_signable(struct, message, 1, "0x" + "00" * 20).body)


def sign(struct: str, message: Message, key: bytes, chain_id: int, contract: str) -> bytes:
    """Return the 65 bytes r, s, v of a signature over the typed data."""
    return bytes(Account.sign_message(_signable(struct, message, chain_id, contract), key).signature)


CURVE_ORDER = 0xFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFEBAAEDCE6AF48A03BBFD25E8CD0364141


def with_high_s(signature: bytes) -> bytes:
    """Return the other signature of the same signer over the same digest: s → order − s."""
    s = CURVE_ORDER - int.from_bytes(signature[32:64], "big")
    return signature[:32] + s.to_bytes(32, "big") + bytes([55 - signature[64]])


def sid(kind: str, text: str) -> bytes:
    """Return a 32-byte name (spec: commitments §1)."""
    return hashlib.sha256(f"lingtan/{kind}/{text}".encode()).digest()


def digest(text: str) -> bytes:
    """Return some 32 bytes that stand for a document."""
    return hashlib.sha256(text.encode()).digest()


def _u(value: int, bits: int) -> bytes:
    return value.to_bytes(bits // 8, "big")


def compute_context(m: Message, chain_id: int, contract: str) -> bytes:
    """Return ctx of an attestation (spec: commitments §3)."""
    parts = [b"\x14", b"carbon-ledger/mst/v1", _u(m["alg"], 8), _u(m["measures"], 8), _u(chain_id, 64), bytes.fromhex(contract[2:])]
    parts += [m["org"], m["dataset"], _u(m["periodStart"], 64), _u(m["periodEnd"], 64), _u(m["revision"], 32), m["schemaHash"]]
    return hashlib.sha256(b"".join(parts)).digest()


def compute_root(context: bytes, n: int, totals: Sequence[int], tree_root: bytes) -> bytes:
    """Return R for any number of measures (spec: commitments §3)."""
    return hashlib.sha256(b"\x13" + context + _u(n, 64) + b"".join(_u(total, 128) for total in totals) + tree_root).digest()
