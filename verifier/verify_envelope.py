"""Verify that an entry is in an institution's envelope log, and that the log's root was signed and anchored (metering.md §7)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from verifier import documents, eip712, rfc9162, secp256k1
from verifier.chain_evidence import Header, read_header, verify_receipt
from verifier.check_anchor import check_finality
from verifier.check_policy import check_policy
from verifier.checks import Checks
from verifier.errors import Malformed, Refused
from verifier.keccak import keccak256
from verifier.log_proofs import NO_PROOFS, LogProofs
from verifier.policy import Policy
from verifier.required import ENVELOPE, record_unanswered
from verifier.shapes import unhex
from verifier.sum_tree import sid
from verifier.verify_package import Verification

MAX_BYTES = 1024 * 1024
ROLES = ("approver", "logkeeper")


@dataclass(frozen=True, slots=True)
class _Signed:
    """Hold a signed checkpoint: the values of its message, and the address that the signature recovers."""

    values: dict[str, Any]
    signer: bytes


def verify_envelope(
    body: bytes, proof_data: bytes, policy: Policy | None, policy_key: str | None, now: int, log_proofs: LogProofs = NO_PROOFS
) -> Verification:
    """Run every check on an entry of the log (its bytes) and its proof; `now` is Unix seconds.

    `log_proofs` bridge from the checkpoint of the anchor's block to a pinned one of another size.

    Raises:
        Malformed: the proof is no `lingtan.log-proof/1`.
    """
    if len(proof_data) > MAX_BYTES:
        raise Malformed("PROOF_SIZE", "proof", f"larger than {MAX_BYTES} bytes")
    proof = documents.read(proof_data, "log-proof", "proof")
    checks = Checks()
    entry = f"entry {proof['index']} of {proof['size']}"
    # 1. Policy.
    check_policy(checks, policy, policy_key, now)
    # 2. The bytes are the entry, and the entry is in the log of this root.
    with checks.guard("envelope.leaf", entry):
        _check_leaf(checks, entry, body, proof)
    with checks.guard("envelope.path", entry):
        path = [unhex(node) for node in proof["inclusion"]]
        rfc9162.verify_inclusion(int(proof["index"]), int(proof["size"]), unhex(proof["leaf"]), path, unhex(proof["root"]))
        checks.passed("envelope.path", entry)
    if proof["consistency"] is not None:
        with checks.guard("envelope.consistency", entry):
            _check_consistency(checks, proof)
    # 3. The root was signed by the institution, and the chain recorded it.
    _check_anchor(checks, proof, policy, log_proofs)
    # 4. Nothing is passed over in silence.
    record_unanswered(checks, ENVELOPE)
    subject = f"{entry} in the envelope log of {proof['institution']}, root {proof['root']}"
    return Verification(subject=subject, checks=checks, datasets=(), policy=policy, institution=proof["institution"], levelled=False)


def _check_leaf(checks: Checks, entry: str, body: bytes, proof: Any) -> None:
    found = rfc9162.leaf_hash(body).hex()
    if found != proof["leaf"]:
        raise Refused("ENVELOPE_LEAF", "the bytes are another entry", element="leaf", expected=proof["leaf"], found=found)
    checks.passed("envelope.leaf", f"{entry}, {len(body)} bytes")


def _check_consistency(checks: Checks, proof: Any) -> None:
    item = proof["consistency"]
    old, new = int(item["old_size"]), int(proof["size"])
    rfc9162.verify_consistency(old, new, [unhex(node) for node in item["hashes"]], unhex(item["old_root"]), unhex(proof["root"]))
    checks.passed("envelope.consistency", f"from {old} entries, root {item['old_root']}, to {new}")


def _check_anchor(checks: Checks, proof: Any, policy: Policy | None, log_proofs: LogProofs) -> None:
    anchor = proof["anchor"]
    subject = f"root of {proof['size']} entries"
    if anchor is None:
        for id in ("envelope.anchor", "envelope.block", "envelope.final"):
            checks.unchecked(id, subject, "NO_LOG_ANCHOR")
        return
    # 3a. What was signed is this root, in a domain that the policy pins.
    signed: _Signed | None = None
    before = len(checks.items)
    with checks.guard("envelope.anchor", subject):
        signed = _read_signed(checks, subject, proof, policy)
    # 3b. The block has the event.
    header: Header | None = None
    with checks.guard("envelope.block", subject):
        header = _check_block(checks, subject, proof, signed, policy)
    # 3c. The signer was one of the institution's then. Wrong comes first: nothing is added to what failed.
    if signed is not None and len([check for check in checks.items[before:] if check.id == "envelope.anchor"]) == 0:
        _check_signer(checks, proof, signed, policy, header.time if header is not None else None)
    # 3d. The block is final.
    if header is None:
        checks.unchecked("envelope.final", subject, "HEADER_UNREAD")
        return
    with checks.guard("envelope.final", subject):
        check_finality(checks, "envelope.final", subject, anchor["finality"], header, policy, log_proofs)


def _read_signed(checks: Checks, subject: str, proof: Any, policy: Policy | None) -> _Signed | None:
    anchor = proof["anchor"]
    values = eip712.read_message(eip712.LOG_CHECKPOINT, anchor["message"])
    for name, expected, found in (
        ("anchor.size", proof["size"], anchor["size"]),
        ("anchor.root", proof["root"], anchor["root"]),
        ("message.org", sid("org", proof["institution"]).hex(), values["org"].hex()),
        ("message.size", proof["size"], str(values["size"])),
        ("message.root", proof["root"], values["root"].hex()),
    ):
        if expected != found:
            checks.failed("envelope.anchor", f"{subject} {name}", "MESSAGE_FIELD", expected, found)
    if policy is not None and policy.chain_id != int(anchor["chain_id"]):
        checks.failed("envelope.anchor", f"{subject} chain_id", "POLICY_CHAIN", policy.chain_id, anchor["chain_id"])
    pin = policy.ledger() if policy else None
    if pin is not None and pin.address != unhex(anchor["contract"]):
        checks.failed("envelope.anchor", f"{subject} contract", "POLICY_CONTRACT", "0x" + pin.address.hex(), anchor["contract"])
    digest = eip712.signing_digest(eip712.LOG_CHECKPOINT, values, int(anchor["chain_id"]), unhex(anchor["contract"]))
    return _Signed(values, secp256k1.recover(digest, unhex(anchor["signature"])))


def _check_block(checks: Checks, subject: str, proof: Any, signed: _Signed | None, policy: Policy | None) -> Header | None:
    """Return the header where it is that of the block named; answer for the event in it."""
    anchor, block, receipt = proof["anchor"], proof["anchor"]["block"], proof["anchor"]["receipt"]
    before = len(checks.items)
    header = read_header(unhex(block["header"]), policy.chain_kind if policy else None, unhex(block["hash"]))
    for name, expected, found in (
        ("block.hash", "0x" + header.hash.hex(), block["hash"]),
        ("block.number", str(header.number), block["number"]),
    ):
        if expected != found:
            checks.failed("envelope.block", f"{subject} {name}", "HEADER_FIELD", expected, found)
    if len(checks.items) > before:
        return None
    with checks.guard("envelope.block", subject):
        log = verify_receipt(
            header,
            int(anchor["transaction"]["index"]),
            unhex(receipt["value"]),
            int(receipt["type"]),
            [unhex(node) for node in receipt["proof"]],
            int(receipt["log_index"]),
        )
        if len(log.topics) != 2 or len(log.data) != 4 * 32:
            found = f"{len(log.topics)} topics, {len(log.data)} bytes"
            raise Refused("EVENT_FORM", "the log is not a LogAnchored event", expected="2 topics, 128 bytes", found=found)
        words = [log.data[at : at + 32] for at in range(0, 128, 32)]
        fields = [
            ("address", unhex(anchor["contract"]), log.address),
            ("event.signature", keccak256(eip712.LOG_ANCHORED_EVENT.encode()), log.topics[0]),
            ("event.org", sid("org", proof["institution"]), log.topics[1]),
            ("event.size", int(proof["size"]).to_bytes(32, "big"), words[0]),
            ("event.root", unhex(proof["root"]), words[1]),
        ]
        if signed is not None:
            fields += [
                ("event.signer", bytes(12) + signed.signer, words[2]),
                ("event.structHash", eip712.hash_struct(eip712.LOG_CHECKPOINT, signed.values), words[3]),
            ]
        for name, wanted, got in fields:
            if wanted != got:
                checks.failed("envelope.block", f"{subject} {name}", "LOG_FIELD", wanted.hex(), got.hex())
    if len(checks.items) == before:
        if policy is None or policy.ledger() is None:
            checks.unchecked("envelope.block", subject, "NO_POLICY_CONTRACT")
        elif signed is None:
            checks.unchecked("envelope.block", subject, "NO_LOG_ANCHOR")
        else:
            checks.passed("envelope.block", f"{subject}, block {header.number}")
    return header


def _check_signer(checks: Checks, proof: Any, signed: _Signed, policy: Policy | None, time: int | None) -> None:
    subject, address = f"root of {proof['size']} entries signed by 0x{signed.signer.hex()}", "0x" + signed.signer.hex()
    if policy is None:
        checks.unchecked("envelope.anchor", subject, "NO_POLICY")
        return
    keys = [key for key in policy.keys if key.address == signed.signer and key.role in ROLES and key.institution == proof["institution"]]
    if not keys:
        wanted = f"an approver or logkeeper of {proof['institution']} in the policy"
        checks.untrusted("envelope.anchor", subject, "KEEPER_UNKNOWN", wanted, address)
    elif time is None:
        checks.unchecked("envelope.anchor", subject, "HEADER_UNREAD")
    elif not any(key.is_valid_at(time) for key in keys):
        checks.untrusted("envelope.anchor", subject, "SIGNER_NOT_VALID", "a key in force at the block's time", str(time))
    else:
        checks.passed("envelope.anchor", subject)
