"""An anchored envelope log made with other people's libraries alone: a proof of one entry, and the policy that names its keeper."""

from __future__ import annotations

import copy
from dataclasses import dataclass, field
from typing import Any

import rlp
from eth_abi import encode as abi_encode
from eth_account import Account
from eth_hash.auto import keccak
from trie import HexaryTrie

from tests.verifier import evidence as ev
from tests.verifier.bank import BLOCK_TIME, CHAIN_ID, CONTRACT, hexed, sha, sid
from tests.verifier.block import Chain, note, plain_path, plain_root, typed

KEEPER = Account.from_key("0x" + "44" * 32)
FIELDS = "bytes32 org,uint64 size,bytes32 root,uint64 deadline"
EVENT = "LogAnchored(bytes32,uint64,bytes32,address,bytes32)"
BODIES = [b"meter,timestamp,kW\nM-1,2025-03-01T00:00:00Z,%d\n" % number for number in range(11)]


class LogChain(Chain):
    """One block that holds a LogAnchored event."""

    message: dict[str, Any]
    struct_hash: bytes
    signer: bytes

    def __post_init__(self) -> None:
        self.state = HexaryTrie({})
        self.state[keccak(b"account")] = rlp.encode([1, 0, keccak(b"\x80"), keccak(b"")])
        data = abi_encode(
            ["uint64", "bytes32", "address", "bytes32"], [self.message["size"], self.message["root"], self.signer, self.struct_hash]
        )
        event = [bytes.fromhex(CONTRACT[2:]), [keccak(EVENT.encode()), self.message["org"]], data]
        self.receipts = HexaryTrie({})
        self.values = [b"\x02" + rlp.encode([self.status, 90_000, bytes(256), [self.other_log(), event]])]
        self.receipts[rlp.encode(0)] = self.values[0]
        self.receipts[rlp.encode(1)] = rlp.encode([0, 400_000, bytes(256), []])
        self.header = self.seal(self.fields(self.number))
        self.headers = [rlp.encode(self.fields(i)) if i != self.number else self.header for i in range(5)]
        self.hashes = [sha(b"\x00" + header) for header in self.headers]


@dataclass
class EnvelopeLog:
    """The log of bank-a: `proof` is of entry 4 of the first ten, and says that the first six were there before."""

    bodies: list[bytes] = field(default_factory=lambda: list(BODIES))
    index: int = 4
    size: int = 10
    old: int = 6
    keeper: Any = KEEPER

    def leaves(self, size: int) -> list[bytes]:
        return [sha(b"\x00" + body) for body in self.bodies[:size]]

    def consistency(self) -> list[str]:
        """The proof from 6 to 10, by hand from the shape of the tree: [4,6), [6,8), [0,4), [8,10)."""
        leaves = self.leaves(10)
        return [plain_root(leaves[low:high]).hex() for low, high in ((4, 6), (6, 8), (0, 4), (8, 10))]

    def anchor(self) -> dict[str, Any]:
        root = plain_root(self.leaves(self.size))
        message = {"org": sid("org", "bank-a"), "size": self.size, "root": root, "deadline": BLOCK_TIME + 3600}
        signable = typed(message, "LogCheckpoint", FIELDS, CONTRACT)
        signature = bytes(self.keeper.sign_message(signable).signature)
        made = LogChain.__new__(LogChain)
        made.records, made.number, made.seal = [], 3, rlp.encode
        made.message, made.struct_hash, made.signer = message, bytes(signable.body), bytes.fromhex(self.keeper.address[2:])
        made.__post_init__()
        return {
            "size": str(self.size),
            "root": root.hex(),
            "chain_id": str(CHAIN_ID),
            "contract": CONTRACT,
            "message": {name: hexed(value) if isinstance(value, bytes) else str(value) for name, value in message.items()},
            "signature": hexed(signature),
            "block": {"number": "3", "hash": hexed(keccak(made.header)), "header": hexed(made.header)},
            "transaction": {"hash": hexed(keccak(b"tx")), "index": "0"},
            "receipt": {
                "type": "2",
                "value": hexed(made.values[0]),
                "proof": made.proof(made.receipts, rlp.encode(0)),
                "log_index": "1",
            },
            "finality": {
                "kind": "embedded-checkpoint",
                "checkpoint": note(5, plain_root(made.hashes)),
                "tree_size": "5",
                "leaf_index": "3",
                "inclusion": [item.hex() for item in plain_path(3, made.hashes)],
            },
        }

    def proof(self) -> dict[str, Any]:
        leaves = self.leaves(self.size)
        return {
            "schema": "lingtan.log-proof/1",
            "institution": "bank-a",
            "index": str(self.index),
            "size": str(self.size),
            "leaf": leaves[self.index].hex(),
            "root": plain_root(leaves).hex(),
            "inclusion": [item.hex() for item in plain_path(self.index, leaves)],
            "consistency": {"old_size": str(self.old), "old_root": plain_root(leaves[: self.old]).hex(), "hashes": self.consistency()},
            "anchor": self.anchor(),
        }

    def policy(self, **key: Any) -> bytes:
        """The policy of the ordinary evidence, with this keeper among its keys."""
        document = copy.deepcopy(ev.policy_document(ev.evidence().library_hash, ev.evidence().schemas))
        entry = {**document["keys"][0], "role": "logkeeper", "address": self.keeper.address.lower(), **key}
        document["keys"] = [*document["keys"], entry]
        return ev.sign_policy(document)
