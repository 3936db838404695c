"""Hold what proves a claim, a verdict and a certificate: signed messages, the events that recorded them, storage words (bundle.md §1)."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from verifier import eip712, secp256k1
from verifier.bundle import Bundle
from verifier.chain_evidence import Account, Header, Log, mapping_slot, verify_account, verify_receipt, verify_storage
from verifier.errors import Refused
from verifier.keccak import keccak256
from verifier.policy import Contract, Policy
from verifier.shapes import unhex

CLAIM_WORDS = (3, 5, 7, 8)  # resultHash; structHash; signer, submittedAt, state, verifiersRequired; period, commitments, verdicts
CERTIFICATE_WORDS = (3, 4, 5)  # structHash; signer, issuedAt, status; validFrom, validTo, changes


@dataclass(frozen=True, slots=True)
class Signed:
    """Hold a message whose signature was found good: its values, its struct hash, who signed."""

    struct: str
    values: dict[str, Any]
    hash: bytes
    signer: bytes


def read_signed(struct: str, item: Any, chain_id: int, contract: bytes) -> Signed:
    """Return the message of an item, signed for this contract.

    Raises:
        Malformed: the message has other fields. Refused: the signature is of somebody else, or of no one.
    """
    values = eip712.read_message(struct, item["message"])
    signer = secp256k1.recover(eip712.signing_digest(struct, values, chain_id, contract), unhex(item["signature"]))
    if signer != unhex(item["signer"]):
        raise Refused("SIGNER", "another key signed", element="signature", expected=item["signer"], found="0x" + signer.hex())
    return Signed(struct, values, eip712.hash_struct(struct, values), signer)


def event_log(bundle: Bundle, event: Any, header: Header) -> Log:
    """Return the log that an event's receipt proof ends in. Raises: Refused, Malformed."""
    receipt = event["receipt"]
    proof = [unhex(node) for node in receipt["proof"]]
    return verify_receipt(
        header, int(event["transaction"]), unhex(receipt["value"]), int(receipt["type"]), proof, int(receipt["log_index"])
    )


def _word(value: int) -> bytes:
    return value.to_bytes(32, "big")


def _address(value: bytes) -> bytes:
    return bytes(12) + value


def verify_event(log: Log, signed: Signed, contract: bytes) -> None:
    """Refuse unless the log is the contract's event of this message, in every field.

    Raises:
        Refused: with the first part that differs.
    """
    values, signer = signed.values, _address(signed.signer)
    if signed.struct == eip712.CLAIM:
        topics = [eip712.CLAIM_SUBMITTED_EVENT, values["claim"], values["org"], values["scheme"]]
        numbers = [_word(values[name]) for name in ("periodStart", "periodEnd")]
        tail = [values["packageHash"], _word(values["verifiersRequired"]), _word(values["deadline"]), signer, signed.hash]
        # The list stands behind the head: its place in bytes, then its length and members.
        data = [*numbers, _word(32 * 8), *tail, _word(len(values["attestations"])), *values["attestations"]]
    elif signed.struct == eip712.VERDICT:
        topics = [eip712.VERDICT_GIVEN_EVENT, values["claim"], values["org"], signer]
        data = [_field(kind, values[name]) for name, kind in eip712.fields(eip712.VERDICT)[2:]] + [signed.hash]
    else:
        topics = [eip712.CERTIFICATE_ISSUED_EVENT, values["certificate"], values["claim"], values["org"]]
        data = [_field(kind, values[name]) for name, kind in eip712.fields(eip712.CERTIFICATE)[3:]] + [signer, signed.hash]
    wanted_topics = [keccak256(str(topics[0]).encode()), *topics[1:]]
    for element, expected, found in (
        ("log.address", contract, log.address),
        ("log.topics", b"".join(wanted_topics), b"".join(log.topics)),
        ("log.data", b"".join(data), log.data),
    ):
        if expected != found:
            raise Refused("LOG_FIELD", f"{element} differs", element=element, expected=expected.hex()[:400], found=found.hex()[:400])


def _field(kind: str, value: Any) -> bytes:
    return eip712.word(kind, value)


@dataclass(frozen=True, slots=True)
class ClaimState:
    """Hold what the ClaimRegistry stores of a claim: the words that a bundle proves."""

    result_hash: bytes
    struct_hash: bytes
    signer: bytes
    state: int
    verifiers_required: int
    verdicts: int


@dataclass(frozen=True, slots=True)
class CertificateState:
    """Hold what the ClaimRegistry stores of a certificate: the words that a bundle proves. Times are Unix seconds."""

    struct_hash: bytes
    signer: bytes
    status: int
    valid_from: int
    valid_to: int


def read_account(status: Any, header: Header, pin: Contract) -> Account:
    """Return the registry's account in the status block, with the code that the policy pins. Raises: Refused."""
    account = verify_account(header, pin.address, [unhex(node) for node in status["account_proof"]])
    if account.code_hash != pin.code_hash:
        raise Refused(
            "CODE_HASH", "the contract has other code", element="code_hash", expected=pin.code_hash.hex(), found=account.code_hash.hex()
        )
    return account


def read_claim_state(account: Account, storage: list[Any], claim: bytes, slot: int) -> ClaimState:
    """Return the claim's words, proven at the slots where the policy says that they are. Raises: Refused, Malformed."""
    result, struct, packed, counts = _words(account, storage, mapping_slot(claim, slot), CLAIM_WORDS)
    return ClaimState(
        _word(result), _word(struct), _low(packed, 20), packed >> 224 & 0xFF, packed >> 232 & 0xFF, counts >> 160 & 0xFFFFFFFF
    )


def read_certificate_state(account: Account, storage: list[Any], certificate: bytes, slot: int) -> CertificateState:
    """Return the certificate's words. Raises: Refused, Malformed."""
    struct, packed, window = _words(account, storage, mapping_slot(certificate, slot), CERTIFICATE_WORDS)
    return CertificateState(_word(struct), _low(packed, 20), packed >> 224 & 0xFF, window & 2**64 - 1, window >> 64 & 2**64 - 1)


def _low(value: int, size: int) -> bytes:
    return (value & (1 << 8 * size) - 1).to_bytes(size, "big")


def _words(account: Account, storage: list[Any], base: int, offsets: tuple[int, ...]) -> Iterator[int]:
    for item, offset in zip(storage, offsets, strict=True):
        slot = (base + offset) % 2**256
        if int(item["slot"], 16) != slot:
            raise Refused("STORAGE_SLOT", "another slot is proven", element="storage.slot", expected=f"0x{slot:064x}", found=item["slot"])
        yield verify_storage(account, slot, [unhex(node) for node in item["proof"]])


def registry_of(policy: Policy | None) -> Contract | None:
    """Return the policy's pin of the ClaimRegistry."""
    return None if policy is None else policy.contracts.get("ClaimRegistry")
