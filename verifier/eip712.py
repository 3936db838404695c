"""Hash the structs of typed-data.md (EIP-712)."""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import cache
from typing import Any

from verifier.errors import Malformed
from verifier.keccak import keccak256

DOMAIN = "EIP712Domain(string name,string version,uint256 chainId,address verifyingContract)"
PERIOD_ATTESTATION = (
    "PeriodAttestation(bytes32 org,bytes32 dataset,uint64 periodStart,uint64 periodEnd,uint32 revision,uint8 cause,uint8 alg,"
    "uint8 measures,"
    "bytes32 schemaHash,uint64 n,uint128[4] totals,bytes32 treeRoot,bytes32 root,bytes32 libraryHash,bytes32 statementHash,uint64 deadline)"
)
VERDICT = (
    "Verdict(bytes32 claim,bytes32 org,bytes32 packageHash,bytes32 resultHash,bytes32 findingsHash,uint8 assurance,uint32 materialityBp,"
    "uint8 opinion,bytes32 samplingSeed,uint32 sampleSize,bytes32 toolHash,bytes32 salt,uint32 sequence,uint64 deadline)"
)
CLAIM = (
    "Claim(bytes32 claim,bytes32 org,bytes32 scheme,uint64 periodStart,uint64 periodEnd,bytes32[] attestations,bytes32 packageHash,"
    "uint8 verifiersRequired,uint64 deadline)"
)
CERTIFICATE = (
    "Certificate(bytes32 certificate,bytes32 claim,bytes32 org,bytes32 documentHash,uint64 validFrom,uint64 validTo,uint64 deadline)"
)
# The words for the codes of a Verdict, which count from 1.
OPINIONS = ("unqualified", "qualified", "adverse")
ASSURANCES = ("limited", "reasonable")
VERDICT_COMMITMENT = "VerdictCommitment(bytes32 claim,bytes32 org,bytes32 commitment,uint64 deadline)"
LOG_CHECKPOINT = "LogCheckpoint(bytes32 org,uint64 size,bytes32 root,uint64 deadline)"
PERIOD_ATTESTED_EVENT = (
    "PeriodAttested(bytes32,bytes32,bytes32,uint64,uint64,uint32,uint8,uint8,bytes32,uint64,uint128[4],"
    "bytes32,bytes32,bytes32,bytes32,address,bytes32)"
)
LOG_ANCHORED_EVENT = "LogAnchored(bytes32,uint64,bytes32,address,bytes32)"
CLAIM_SUBMITTED_EVENT = "ClaimSubmitted(bytes32,bytes32,bytes32,uint64,uint64,bytes32[],bytes32,uint8,uint64,address,bytes32)"
VERDICT_GIVEN_EVENT = (
    "VerdictGiven(bytes32,bytes32,bytes32,bytes32,bytes32,uint8,uint32,uint8,bytes32,uint32,bytes32,bytes32,uint32,uint64,address,bytes32)"
)
CERTIFICATE_ISSUED_EVENT = "CertificateIssued(bytes32,bytes32,bytes32,bytes32,uint64,uint64,uint64,address,bytes32)"


_STRUCT = re.compile(r"([A-Za-z_]\w*)\(((?:[A-Za-z]\w*(?:\[[0-9]{0,9}\])* [A-Za-z_]\w*(?:,(?!\))|(?=\))))*)\)", re.ASCII)
_UNSIGNED = {f"uint{bits}": bits for bits in range(8, 257, 8)}


@cache
def fields(struct: str) -> tuple[tuple[str, str], ...]:
    """Return (name, type) of each field, in order, of the first struct that `struct` writes. Raises: Malformed where it writes none."""
    found = _STRUCT.match(struct)
    if found is None:
        raise Malformed("TYPED_STRUCT", "", f"Name(type name,type name) expected, found {struct[:80]!r}")
    return tuple((part.split(" ")[1], part.split(" ")[0]) for part in found[2].split(",") if part)


def word(kind: str, value: Any) -> bytes:
    """Return the 32-byte word of an atomic value, for an array the hash of its words; a nested struct's word is its `hash_struct`.

    Raises:
        Malformed: a value that is none of this type, a type that is none of ours: uintN, bool, address, bytes32, bytes, string, Struct.
    """
    if kind.endswith("]"):
        inner, _, length = kind[:-1].rpartition("[")
        if not isinstance(value, list | tuple) or (length and len(value) != int(length)):
            raise Malformed("TYPED_FIELD", "", f"{kind} expected")
        return keccak256(b"".join(word(inner, item) for item in value))
    if kind == "string" and isinstance(value, str) and not re.search("[\ud800-\udfff]", value):
        return keccak256(value.encode())
    if kind == "bytes" and isinstance(value, bytes):
        return keccak256(value)
    if kind == "address":
        return bytes(12) + _exact(value, 20)
    if kind == "bytes32" or kind[:1].isupper():
        return _exact(value, 32)
    if kind == "bool" and isinstance(value, bool):
        return int(value).to_bytes(32, "big")
    if kind in _UNSIGNED and type(value) is int and 0 <= value < 1 << _UNSIGNED[kind]:
        return value.to_bytes(32, "big")
    raise Malformed("TYPED_FIELD", "", f"{str(value)[:80]!r} is not a {kind}")


def hash_struct(struct: str, values: Mapping[str, Any]) -> bytes:
    """Return hashStruct: keccak(type hash ‖ the word of every field).

    Args:
        struct: encodeType as EIP-712 has it: the struct, then those it refers to, sorted.
        values: bytes and integers by field name, not their hex; for a field that is a struct, the 32 bytes of its own hash_struct.

    Raises:
        Malformed: no struct, or a field is missing or of another type.
    """
    wanted = fields(struct)
    missing = [name for name, _ in wanted if name not in values]
    if missing:
        raise Malformed("TYPED_FIELD", "", f"the field {missing[0]} has no value")
    return keccak256(keccak256(struct.encode()) + b"".join(word(kind, values[name]) for name, kind in wanted))


def domain_separator(chain_id: int, contract: bytes) -> bytes:
    """Return the separator of the domain Lingtan, version 1."""
    return hash_struct(DOMAIN, {"name": "Lingtan", "version": "1", "chainId": chain_id, "verifyingContract": contract})


def signing_digest(struct: str, values: Mapping[str, Any], chain_id: int, contract: bytes) -> bytes:
    """Return what is signed: keccak(0x19 0x01 ‖ domain ‖ hashStruct)."""
    return keccak256(b"\x19\x01" + domain_separator(chain_id, contract) + hash_struct(struct, values))


def read_message(struct: str, message: Mapping[str, Any]) -> dict[str, Any]:
    """Return the values of a JSON message (integers as decimal strings, bytes as 0x hex; documents.md §6).

    Raises:
        Malformed: a field is missing, unknown or out of its range.
    """
    wanted = fields(struct)
    if set(message) != {name for name, _ in wanted}:
        odd = sorted(set(message) ^ {name for name, _ in wanted})
        raise Malformed("MESSAGE_FIELDS", f"/message/{odd[0]}", "a field of the message is missing or unknown")
    values = {}
    for name, kind in wanted:
        values[name] = _value(kind, message[name], f"/message/{name}")
    return values


def write_message(struct: str, values: Mapping[str, Any]) -> dict[str, Any]:
    """Return the JSON message of values: the inverse of `read_message`."""

    def text(value: Any) -> Any:
        if isinstance(value, bytes):
            return "0x" + value.hex()
        return [text(item) for item in value] if isinstance(value, (list, tuple)) else str(value)

    return {name: text(values[name]) for name, _ in fields(struct)}


def _value(kind: str, text: Any, place: str) -> Any:
    if kind.endswith("]"):
        inner, _, length = kind[:-1].rpartition("[")
        if not isinstance(text, list) or (length and len(text) != int(length)):
            raise Malformed("MESSAGE_FIELDS", place, f"a list of {length or 'any number of'} {inner} expected")
        return [_value(inner, item, f"{place}/{i}") for i, item in enumerate(text)]
    if (
        kind.startswith("uint")
        and isinstance(text, str)
        and text.isascii()
        and text.isdigit()
        and len(text) < 80
        and text == str(int(text))
    ):
        if int(text) < 1 << int(kind[4:]):
            return int(text)
    elif kind in ("bytes32", "address") and isinstance(text, str) and text.startswith("0x") and text == text.lower():
        size = 32 if kind == "bytes32" else 20
        try:
            data = bytes.fromhex(text[2:])
        except ValueError:
            data = b""
        if len(data) == size and len(text) == 2 + 2 * size:
            return data
    raise Malformed("MESSAGE_FIELDS", place, f"{str(text)[:80]!r} is not a {kind}")


def _exact(value: Any, size: int) -> bytes:
    if not isinstance(value, bytes) or len(value) != size:
        raise Malformed("TYPED_FIELD", "", f"{size} bytes expected")
    return value
