"""Check what the chain recorded of a commitment: header, receipt, state, finality."""

from __future__ import annotations

from typing import Any

from verifier import eip712, qbft, rfc9162
from verifier.chain_evidence import Header, Log, mapping_slot, read_header, verify_account, verify_receipt, verify_storage
from verifier.check_commitment import Attested
from verifier.checkpoint import read_vkey, verify_checkpoint
from verifier.checks import Checks
from verifier.commitment import Commitment
from verifier.errors import Refused
from verifier.keccak import keccak256
from verifier.log_proofs import NO_PROOFS, LogProofs
from verifier.policy import Policy
from verifier.shapes import unhex

STEPS = ("header", "receipt", "state", "final")


def check_anchor(
    checks: Checks,
    commitment: Commitment,
    attested: Attested | None,
    anchor: Any | None,
    policy: Policy | None,
    log_proofs: LogProofs = NO_PROOFS,
) -> int | None:
    """Answer the four anchor checks of a dataset, and return the block's time where the header holds."""
    dataset = commitment.dataset
    if anchor is None:
        for step in STEPS:
            checks.unchecked(f"anchor.{step}.{dataset}", dataset, "NO_ANCHOR")
        return None
    # 1. The header is the block's.
    header: Header | None = None
    with checks.guard(f"anchor.header.{dataset}", dataset):
        header = _check_header(checks, commitment, anchor, policy)
    if header is None:
        for step in STEPS[1:]:
            checks.unchecked(f"anchor.{step}.{dataset}", dataset, "HEADER_UNREAD")
        return None
    # 2. The event was recorded in that block.
    with checks.guard(f"anchor.receipt.{dataset}", dataset):
        _check_receipt(checks, commitment, attested, anchor, header, policy)
    # 3. The record stands in the contract's storage at that block.
    with checks.guard(f"anchor.state.{dataset}", dataset):
        _check_state(checks, commitment, anchor, header, policy)
    # 4. The block is final.
    with checks.guard(f"anchor.final.{dataset}", dataset):
        check_finality(checks, f"anchor.final.{dataset}", dataset, anchor["finality"], header, policy, log_proofs)
    return header.time if checks.holds(f"anchor.header.{dataset}") else None


def _check_header(checks: Checks, commitment: Commitment, anchor: Any, policy: Policy | None) -> Header:
    check_id, block = f"anchor.header.{commitment.dataset}", anchor["block"]
    before = len(checks.items)
    stated = unhex(block["hash"])
    header = read_header(unhex(block["header"]), policy.chain_kind if policy else None, stated)
    for name, expected, found in (
        ("block.hash", "0x" + header.hash.hex(), block["hash"]),
        ("block.number", header.number, int(block["number"])),
        ("chain_id", commitment.context.chain_id, int(anchor["chain_id"])),
        ("dataset", commitment.dataset, anchor["dataset"]),
    ):
        if expected != found:
            checks.failed(check_id, f"{commitment.dataset} {name}", "HEADER_FIELD", expected, found)
    if len(checks.items) == before:
        checks.passed(check_id, f"block {header.number}")
    return header


def _check_receipt(
    checks: Checks, commitment: Commitment, attested: Attested | None, anchor: Any, header: Header, policy: Policy | None
) -> None:
    dataset, context, receipt = commitment.dataset, commitment.context, anchor["receipt"]
    check_id = f"anchor.receipt.{dataset}"
    before = len(checks.items)
    log = verify_receipt(
        header,
        int(anchor["transaction"]["index"]),
        unhex(receipt["value"]),
        int(receipt["type"]),
        [unhex(node) for node in receipt["proof"]],
        int(receipt["log_index"]),
    )
    _compare_contract(checks, check_id, commitment, anchor, policy)
    if log.address != context.contract:
        checks.failed(check_id, f"{dataset} log.address", "LOG_FIELD", "0x" + context.contract.hex(), "0x" + log.address.hex())
    for name, expected, found in _event_fields(commitment, attested, log):
        if expected != found:
            checks.failed(check_id, f"{dataset} event.{name}", "LOG_FIELD", expected.hex(), found.hex())
    if unhex(anchor["id"]) != commitment.record_id():
        checks.failed(check_id, f"{dataset} id", "LOG_FIELD", "0x" + commitment.record_id().hex(), anchor["id"])
    if len(checks.items) > before:
        return
    if policy is None or policy.ledger() is None:
        checks.unchecked(check_id, dataset, "NO_POLICY_CONTRACT")
    elif attested is None:
        checks.unchecked(check_id, dataset, "NO_ATTESTATION")
    else:
        checks.passed(check_id, f"{dataset} event in block {header.number}")


def _compare_contract(checks: Checks, check_id: str, commitment: Commitment, anchor: Any, policy: Policy | None) -> None:
    dataset, context = commitment.dataset, commitment.context
    if unhex(anchor["contract"]) != context.contract:
        checks.failed(check_id, f"{dataset} contract", "CONTRACT", "0x" + context.contract.hex(), anchor["contract"])
    pin = policy.ledger() if policy else None
    if policy is not None and policy.chain_id != context.chain_id:
        checks.failed(check_id, f"{dataset} chain_id", "POLICY_CHAIN", policy.chain_id, context.chain_id)
    if pin is not None and pin.address != context.contract:
        checks.failed(check_id, f"{dataset} contract", "POLICY_CONTRACT", "0x" + pin.address.hex(), "0x" + context.contract.hex())


def _event_fields(commitment: Commitment, attested: Attested | None, log: Log) -> list[tuple[str, bytes, bytes]]:
    """Return (name, expected word, found word) of PeriodAttested: three indexed words, then seventeen in the data."""
    context = commitment.context
    if len(log.topics) != 4 or len(log.data) != 17 * 32:
        raise Refused(
            "EVENT_FORM",
            "the log is not a PeriodAttested event",
            expected="4 topics, 544 bytes",
            found=f"{len(log.topics)}, {len(log.data)}",
        )
    fields = [
        ("signature", keccak256(eip712.PERIOD_ATTESTED_EVENT.encode()), log.topics[0]),
        ("id", commitment.record_id(), log.topics[1]),
        ("org", context.org, log.topics[2]),
        ("dataset", context.dataset, log.topics[3]),
    ]
    words = [log.data[at : at + 32] for at in range(0, len(log.data), 32)]

    def number(value: int) -> bytes:
        return value.to_bytes(32, "big")

    expected: list[tuple[str, bytes | None]] = [
        ("periodStart", number(context.period_start)),
        ("periodEnd", number(context.period_end)),
        ("revision", number(context.revision)),
        ("cause", number(attested.values["cause"]) if attested else None),
        ("alg", number(context.alg)),
        ("schemaHash", context.schema_hash),
        ("n", number(commitment.n)),
        *((f"totals[{j}]", number(total)) for j, total in enumerate(commitment.totals)),
        ("treeRoot", commitment.tree_root),
        ("root", commitment.root),
        ("libraryHash", attested.values["libraryHash"] if attested else None),
        ("statementHash", attested.values["statementHash"] if attested else None),
        ("signer", bytes(12) + attested.signer if attested and attested.signer else None),
        ("structHash", eip712.hash_struct(eip712.PERIOD_ATTESTATION, attested.values) if attested else None),
    ]
    return fields + [(name, wanted, found) for (name, wanted), found in zip(expected, words, strict=True) if wanted is not None]


def _check_state(checks: Checks, commitment: Commitment, anchor: Any, header: Header, policy: Policy | None) -> None:
    dataset, contract, state = commitment.dataset, commitment.context.contract, anchor["state"]
    check_id = f"anchor.state.{dataset}"
    before = len(checks.items)
    account = verify_account(header, contract, [unhex(node) for node in state["account_proof"]])
    pin = policy.ledger() if policy else None
    if pin is not None and account.code_hash != pin.code_hash:
        checks.failed(check_id, f"{dataset} code hash", "CODE_HASH", pin.code_hash.hex(), account.code_hash.hex())
    totals = commitment.totals
    words = (int.from_bytes(commitment.root, "big"), totals[0] | totals[1] << 128, totals[2] | totals[3] << 128)
    if len(state["storage"]) != len(words):
        raise Refused("STORAGE_FORM", "three words are proven", element="state.storage", expected="3", found=str(len(state["storage"])))
    base = None
    for position, (item, name, word) in enumerate(zip(state["storage"], ("root", "totals[0..1]", "totals[2..3]"), words, strict=True)):
        slot = int(item["slot"], 16) if item["slot"].startswith("0x") else int(item["slot"])
        if position == 0:
            base = slot if pin is None or pin.records_slot is None else mapping_slot(commitment.record_id(), pin.records_slot)
        expected_slot = (base or 0) + position
        if slot != expected_slot:
            checks.failed(check_id, f"{dataset} storage[{position}].slot", "STORAGE_SLOT", hex(expected_slot), hex(slot))
            continue
        with checks.guard(check_id, f"{dataset} storage[{position}]"):
            found = verify_storage(account, slot, [unhex(node) for node in item["proof"]])
            if found != word:
                checks.failed(check_id, f"{dataset} storage {name}", "STORAGE_WORD", f"{word:064x}", f"{found:064x}")
    if len(checks.items) > before:
        return
    if pin is None or pin.records_slot is None:
        checks.unchecked(check_id, dataset, "NO_POLICY_CONTRACT")
    else:
        checks.passed(check_id, f"{dataset} in the state of block {header.number}")


def check_finality(
    checks: Checks,
    check_id: str,
    subject: str,
    finality: Any | None,
    header: Header,
    policy: Policy | None,
    log_proofs: LogProofs = NO_PROOFS,
) -> None:
    """Answer under `check_id` whether the header's block is final, as its chain says it: seals of validators, or a signed checkpoint."""
    if policy is None:
        checks.unchecked(check_id, subject, "NO_POLICY")
    elif policy.chain_kind == "qbft":
        # Seals alone make a block of this chain final, whatever else lies beside them.
        if finality is not None and finality["kind"] == "embedded-checkpoint":
            raise Refused(
                "FINALITY_KIND", "the finality is of another kind of chain", element="finality.kind", expected="seals", found="checkpoint"
            )
        pinned = policy.validators_at(header.number)
        if pinned is None:
            checks.unchecked(check_id, f"block {header.number}", "NO_POLICY_VALIDATORS")
            return
        try:
            qbft.verify_quorum(header.raw, pinned)
        except Refused as error:
            if error.code != "QBFT_UNPINNED":
                raise
            checks.untrusted(check_id, f"block {header.number}", error.code, error.facts["expected"], error.facts["found"])
            return
        checks.passed(check_id, f"block {header.number} sealed by a quorum")
    elif finality is None or finality["kind"] != "embedded-checkpoint":
        checks.unchecked(check_id, subject, "NO_CHECKPOINT")
    elif policy.vkey is None or policy.origin is None:
        checks.unchecked(check_id, subject, "NO_POLICY_CHECKPOINT")
    else:
        _check_checkpoint(checks, check_id, finality, header, policy, policy.vkey, policy.origin, log_proofs)


def _check_checkpoint(
    checks: Checks, check_id: str, finality: Any, header: Header, policy: Policy, vkey_text: str, origin: str, log_proofs: LogProofs
) -> None:
    # 4a. The checkpoint is signed by the policy's key.
    vkey = read_vkey(vkey_text)
    checkpoint = verify_checkpoint(finality["checkpoint"], vkey, origin)
    subject = f"block {header.number} in a log of {checkpoint.size}"
    for name, expected, found in (
        ("tree_size", checkpoint.size, int(finality["tree_size"])),
        ("leaf_index", header.number, int(finality["leaf_index"])),
    ):
        if expected != found:
            raise Refused("FINALITY_FIELD", f"{name} differs", element=f"finality.{name}", expected=str(expected), found=str(found))
    # 4b. The header is in that log.
    path = [unhex(item) for item in finality["inclusion"]]
    rfc9162.verify_inclusion(header.number, checkpoint.size, rfc9162.leaf_hash(header.raw), path, checkpoint.root)
    # 4c. The log is the one that the policy has pinned.
    proof = [unhex(item) for item in finality.get("consistency") or ()]
    if policy.pinned is not None:
        pinned = verify_checkpoint(policy.pinned, vkey, origin)
        old, new = sorted((pinned, checkpoint), key=lambda item: item.size)
        proof = proof or list(log_proofs.get((old.size, new.size), ()))
        if old.size != new.size and not proof:
            checks.unchecked(check_id, subject, "NO_CONSISTENCY", old=str(old.size), new=str(new.size))
            return
        rfc9162.verify_consistency(old.size, new.size, proof, old.root, new.root)
    elif proof:
        raise Refused(
            "FINALITY_FIELD",
            "a consistency proof without anything pinned",
            element="finality.consistency",
            expected="none",
            found=str(len(proof)),
        )
    checks.passed(check_id, subject)
