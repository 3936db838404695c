"""Capture what the ClaimRegistry recorded of a claim: the events of claim, verdicts and certificate, and its state at a block.

Events can be proven for ever from the receipts; state only where the node still has it, so it is taken at a recent block.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from eth_hash.auto import keccak

from ledger.chain.client import ChainClient
from ledger.chain.contracts.claim_registry import ClaimRegistry
from ledger.chain.headers import as_bytes
from ledger.chain.proof import capture_event, read_header
from ledger.errors import NotFound

CLAIM_SUBMITTED, VERDICT_GIVEN, CERTIFICATE_ISSUED = "ClaimSubmitted", "VerdictGiven", "CertificateIssued"
# The words of a record that a bundle proves (spec: bundle §1), by their place from the record's first word.
CLAIM_WORDS, CERTIFICATE_WORDS = (3, 5, 7, 8), (3, 4, 5)
# Which of an event's topics holds the claim.
_CLAIM_TOPIC = {CLAIM_SUBMITTED: 1, VERDICT_GIVEN: 1, CERTIFICATE_ISSUED: 2}


@dataclass(frozen=True)
class RecordedEvent:
    """An event as the chain has it: its block's number, its arguments, and the evidence (block, transaction, receipt of documents §7)."""

    block: int
    arguments: dict[str, Any]
    evidence: dict[str, Any]


def capture_events(client: ChainClient, registry: ClaimRegistry, event: str, claim: bytes) -> tuple[RecordedEvent, ...]:
    """Return every event of this name about a claim, in the order of the chain, each with its receipt proof."""
    topics: list[str | None] = ["0x" + registry.abi.event_topic(event).hex(), None, None]
    topics[_CLAIM_TOPIC[event]] = "0x" + claim.hex()
    wanted = topics[: _CLAIM_TOPIC[event] + 1]
    logs = client.logs({"address": registry.address, "topics": wanted, "fromBlock": "0x0", "toBlock": "latest"})
    return tuple(_capture(client, registry, event, log) for log in logs)


def _capture(client: ChainClient, registry: ClaimRegistry, name: str, log: Mapping[str, Any]) -> RecordedEvent:
    receipt = client.find_receipt("0x" + as_bytes(log["transactionHash"]).hex())
    if receipt is None:
        raise NotFound("the chain has no receipt of a logged transaction", hint="take it again, from another node")
    wanted = as_bytes(log["data"])
    place = next(place for place, item in enumerate(receipt.logs) if as_bytes(item["data"]) == wanted and item["topics"] == log["topics"])
    event = next(item for item in registry.events(receipt.logs) if item.position == place and item.name == name)
    evidence = capture_event(client, receipt, event, read_header(client, receipt))
    return RecordedEvent(receipt.block_number, dict(event.arguments), evidence)


def capture_status(
    client: ChainClient, registry: ClaimRegistry, claim: bytes, certificate: bytes | None, slots: tuple[int, int], block: int
) -> dict[str, object]:
    """Return the STATUS of a bundle: the claim's and the certificate's words in the state of a block.

    Args:
        slots: of the mappings of claims and of certificates, from the deployment record.
    """
    claimed = [_slot(claim, slots[0], word) for word in CLAIM_WORDS]
    certified = [] if certificate is None else [_slot(certificate, slots[1], word) for word in CERTIFICATE_WORDS]
    answer = client.get_proof(registry.address, [*claimed, *certified], block)
    by_slot = {int.from_bytes(as_bytes(item["key"]), "big"): item for item in answer["storageProof"]}
    return {
        "block": block,
        "account_proof": _nodes(answer["accountProof"]),
        "claim": [_storage(slot, by_slot[slot]) for slot in claimed],
        "certificate": None if certificate is None else [_storage(slot, by_slot[slot]) for slot in certified],
    }


def _slot(key: bytes, mapping: int, word: int) -> int:
    return (int.from_bytes(keccak(key + mapping.to_bytes(32, "big")), "big") + word) % 2**256


def _storage(slot: int, item: dict[str, Any]) -> dict[str, object]:
    return {"slot": f"0x{slot:064x}", "proof": _nodes(item["proof"])}


def _nodes(values: Sequence[Any]) -> list[str]:
    # An empty storage trie is one node 0x80 with some clients, no node with others.
    return ["0x" + node.hex() for node in map(as_bytes, values) if node != b"\x80"]
