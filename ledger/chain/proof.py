"""Capture the evidence of an anchor when it is made: a node forgets old state, an auditor asks years later (chain design §5).

What is captured is checked before it is returned: the header against the block hash, the receipt against the header's receipts root,
account and storage words against its state root. Who may have written the block is not: finality entry and policy file speak of that.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import rlp
from eth_hash.auto import keccak

from ledger.chain.abi import Event
from ledger.chain.client import ChainClient, Receipt
from ledger.chain.contracts.period_ledger import PeriodLedger, record_slots
from ledger.chain.headers import RECEIPTS_ROOT, STATE_ROOT, as_bytes, header_field, is_sealed, verify_header
from ledger.chain.receipts import find_trie_value, prove_receipt
from ledger.errors import IntegrityError, NotFound

_EMPTY_NODE = b"\x80"


def capture_anchor(
    client: ChainClient, ledger: PeriodLedger, receipt: Receipt, *, dataset: str, id: bytes, mapping_slot: int
) -> dict[str, object]:
    """Return the anchors item (spec: documents §7) of an attestation.

    Args:
        receipt: of the transaction that carried it, in a block that is final. Where somebody else had relayed the same message before, that
            transaction recorded nothing, and the evidence is of the one that did.
        dataset: the name of the dataset, as `METERS`.
        id: the attestation's 32-byte id.
        mapping_slot: the slot of the ledger's record mapping, from the deployment record.

    Raises:
        NotFound: no transaction of the chain recorded this id.
        IntegrityError: the node's answers contradict each other.
        BlockUnknown, NotSupported, ChainUnavailable: the node cannot prove it (any more); try again where it can be reached.
    """
    receipt, event = _find_recording(client, ledger, receipt, id)
    header = read_header(client, receipt)
    words = _expected_words(event.arguments["root"], event.arguments["totals"])
    slots = record_slots(id, mapping_slot)
    return {
        "dataset": dataset,
        "chain_id": str(client.chain_id),
        "contract": ledger.address.lower(),
        "id": _hex(id),
        **capture_event(client, receipt, event, header),
        "state": _capture_state(client, ledger.address, slots, words, receipt.block_number, header_field(header, STATE_ROOT)),
        "finality": capture_finality(client, receipt.block_number),
    }


def capture_log_anchor(client: ChainClient, ledger: PeriodLedger, receipt: Receipt, *, org: bytes, struct_hash: bytes) -> dict[str, object]:
    """Return block, transaction, receipt and finality (spec: metering §7) of an anchored checkpoint of an envelope log.

    Args:
        receipt: of the transaction that carried it, in a block that is final; where another one had recorded the message before, the
            evidence is of that one.
        struct_hash: of the LogCheckpoint message.

    Raises:
        NotFound: no transaction of the chain recorded this message.
        IntegrityError, BlockUnknown, NotSupported, ChainUnavailable: as for `capture_anchor`.
    """
    event = ledger.find_log_anchored(receipt.logs, struct_hash)
    if event is None:
        receipt, event = _find_log_recording(client, ledger, receipt.block_number, org, struct_hash)
    captured = capture_event(client, receipt, event, read_header(client, receipt))
    return {**captured, "finality": capture_finality(client, receipt.block_number)}


def capture_finality(client: ChainClient, block_number: int) -> dict[str, object] | None:
    """Return why a block is final: a signed checkpoint that covers it on the embedded chain, the confirmations seen elsewhere.

    None on an embedded chain without a checkpoint key: nothing outside the chain's own file speaks for the block yet.
    """
    if client.kind != "embedded":
        return {"kind": "confirmations", "depth": str(client.block_number() - block_number)}
    checkpoint = client.checkpoint_for(block_number)
    if checkpoint is None:
        return None
    return {
        "kind": "embedded-checkpoint",
        "checkpoint": checkpoint.note,
        "tree_size": str(checkpoint.size),
        "leaf_index": str(checkpoint.leaf_index),
        "inclusion": [node.hex() for node in checkpoint.inclusion],
    }


def capture_block_finality(client: ChainClient, blocks: Sequence[int], since: int | None = None) -> dict[str, object] | None:
    """Return the FINALITY of a bundle (spec: bundle §1) for these blocks, ascending.

    The newest checkpoint that witnesses cosigned, else the newest published, with the path of each header; the seals of a QBFT chain; None
    where nothing speaks for them.

    Args:
        since: the size of the checkpoint that the reader's policy pins, to be joined by a consistency proof.
    """
    if client.kind != "embedded":
        raw = [client.block_header_rlp(number) for number in blocks]
        return {"kind": "seals"} if all(is_sealed(header) for header in raw) else None
    found = client.cosigned_checkpoint_for(blocks[-1]) or client.checkpoint_for(blocks[-1])
    if found is None:
        return None
    proofs = [{"block": number, "inclusion": [node.hex() for node in client.log_inclusion(number, found.size)]} for number in blocks]
    consistency = None
    if since is not None and since != found.size:
        consistency = [node.hex() for node in client.log_consistency(*sorted((since, found.size)))]
    return {"kind": "checkpoint", "checkpoint": found.note, "proofs": proofs, "consistency": consistency}


def read_header(client: ChainClient, receipt: Receipt) -> bytes:
    """Return the raw header of a receipt's block, verified to be of that block. Raises: IntegrityError."""
    header = client.block_header_rlp(receipt.block_number)
    verify_header(header, as_bytes(receipt.block_hash))
    return header


def capture_event(client: ChainClient, receipt: Receipt, event: Event, header: bytes) -> dict[str, object]:
    """Return block, transaction and receipt proof of an event, as spec documents §7 has them."""
    proven = prove_receipt(client.block_receipts(receipt.block_number), receipt.index, header_field(header, RECEIPTS_ROOT))
    return {
        "block": {"number": str(receipt.block_number), "hash": receipt.block_hash, "header": _hex(header)},
        "transaction": {"hash": receipt.tx_hash, "index": str(receipt.index)},
        "receipt": {
            "type": str(proven.type),
            "value": _hex(proven.value),
            "proof": [_hex(node) for node in proven.proof],
            "log_index": str(event.position),
        },
    }


def _find_log_recording(
    client: ChainClient, ledger: PeriodLedger, last_block: int, org: bytes, struct_hash: bytes
) -> tuple[Receipt, Event]:
    topics = [_hex(ledger.abi.event_topic("LogAnchored")), _hex(org)]
    for log in client.logs({"address": ledger.address, "topics": topics, "fromBlock": "0x0", "toBlock": hex(last_block)}):
        earlier = client.find_receipt(_hex(as_bytes(log["transactionHash"])))
        event = ledger.find_log_anchored(earlier.logs, struct_hash) if earlier is not None else None
        if earlier is not None and event is not None:
            return earlier, event
    raise NotFound(
        f"no transaction up to block {last_block} anchored the checkpoint 0x{struct_hash.hex()}",
        hint="check that the message of this receipt is the checkpoint's",
    )


def _find_recording(client: ChainClient, ledger: PeriodLedger, receipt: Receipt, id: bytes) -> tuple[Receipt, Event]:
    """Return the receipt and event by which an attestation was recorded: of this receipt, else of an earlier one."""
    event = ledger.find_attested(receipt.logs, id)
    if event is not None:
        return receipt, event
    topics = [_hex(ledger.abi.event_topic("PeriodAttested")), _hex(id)]
    for log in client.logs({"address": ledger.address, "topics": topics, "fromBlock": "0x0", "toBlock": hex(receipt.block_number)}):
        earlier = client.find_receipt(_hex(as_bytes(log["transactionHash"])))
        event = ledger.find_attested(earlier.logs, id) if earlier is not None else None
        if earlier is not None and event is not None:
            return earlier, event
    raise NotFound(
        f"no transaction up to block {receipt.block_number} recorded the attestation 0x{id.hex()}",
        hint="check that the message of this receipt is the attestation's",
        id=id.hex(),
    )


def _capture_state(
    client: ChainClient, address: str, slots: Sequence[int], expected: Sequence[bytes], block_number: int, state_root: bytes
) -> dict[str, Any]:
    answer = client.get_proof(address, slots, block_number)
    account_proof = _nodes(answer["accountProof"])
    account = find_trie_value(state_root, keccak(bytes.fromhex(address[2:])), account_proof)
    if not account:
        raise IntegrityError(f"no account {address} in the state of block {block_number}", hint="check the deployment record")
    storage_root = rlp.decode(account)[2]
    storage = []
    by_slot = {int.from_bytes(as_bytes(item["key"]), "big"): item for item in answer["storageProof"]}
    for slot, word in zip(slots, expected, strict=True):
        if slot not in by_slot:
            raise IntegrityError("the node left a storage slot out of its proof", hint="take it again, from another node")
        proof = _nodes(by_slot[slot]["proof"])
        encoded = find_trie_value(storage_root, keccak(slot.to_bytes(32, "big")), proof)
        got = (rlp.decode(encoded) if encoded else b"").rjust(32, b"\0")
        if got != word:
            raise IntegrityError(
                f"storage slot 0x{slot:064x} holds 0x{got.hex()}, the event says 0x{word.hex()}",
                hint="check the slot of the record mapping in the deployment record",
            )
        storage.append({"slot": f"0x{slot:064x}", "proof": [_hex(node) for node in proof]})
    return {"account_proof": [_hex(node) for node in account_proof], "storage": storage}


def _expected_words(root: bytes, totals: Sequence[int]) -> tuple[bytes, bytes, bytes]:
    """Return the first three words of a record: root, totals[0] | totals[1] << 128, totals[2] | totals[3] << 128."""
    return root, (totals[0] | totals[1] << 128).to_bytes(32, "big"), (totals[2] | totals[3] << 128).to_bytes(32, "big")


def _nodes(values: Sequence[Any]) -> list[bytes]:
    # An empty storage trie is one node 0x80 with some clients, no node with others.
    return [node for node in map(as_bytes, values) if node != _EMPTY_NODE]


def _hex(value: bytes) -> str:
    return "0x" + value.hex()
