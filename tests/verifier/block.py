"""Commit, sign and anchor with other people's libraries: sum trees, attestations, one block with its tries, checkpoints."""

from __future__ import annotations

import base64
import struct
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import rlp
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from eth_abi import encode as abi_encode
from eth_account.messages import encode_typed_data
from eth_hash.auto import keccak
from trie import HexaryTrie

from tests.verifier.bank import (
    APPROVER,
    ATTESTATION_FIELDS,
    BLOCK_TIME,
    CHAIN_ID,
    CONTRACT,
    END,
    EVENT,
    LOG_KEY,
    ORIGIN,
    RECORDS_SLOT,
    RUNTIME_CODE,
    START,
    hexed,
    raw_public,
    sha,
    sid,
)


def words(values: list[int]) -> bytes:
    return b"".join(value.to_bytes(16, "big") for value in values)


@dataclass
class Tree:
    """A Merkle-sum tree by the recursive definition of the specification."""

    ctx: bytes
    leaves: list[tuple[bytes, bytes, list[int], bytes, str]]  # key, salt, values, record, asset

    def node(self, low: int, high: int) -> tuple[int, list[int], bytes]:
        if high - low == 1:
            key, salt, values, record, _ = self.leaves[low]
            rec = sha(b"\x10" + salt + struct.pack(">I", len(record)) + record)
            return 1, values, sha(b"\x11" + self.ctx + key + words(values) + rec)
        split = low + self.split(high - low)
        left, right = self.node(low, split), self.node(split, high)
        body = b"".join(struct.pack(">Q", count) + words(sums) + digest for count, sums, digest in (left, right))
        return left[0] + right[0], [a + b for a, b in zip(left[1], right[1], strict=True)], sha(b"\x12" + body)

    @staticmethod
    def split(n: int) -> int:
        k = 1
        while 2 * k < n:
            k *= 2
        return k

    def path(self, index: int, low: int = 0, high: int | None = None) -> list[dict[str, Any]]:
        high = len(self.leaves) if high is None else high
        if high - low == 1:
            return []
        split = low + self.split(high - low)
        inner, sibling = ((low, split), self.node(split, high)) if index < split else ((split, high), self.node(low, split))
        return [*self.path(index, *inner), {"sums": [str(value) for value in sibling[1]], "hash": sibling[2].hex()}]

    def root(self) -> bytes:
        count, totals, digest = self.node(0, len(self.leaves))
        return sha(b"\x13" + self.ctx + struct.pack(">Q", count) + words(totals) + digest)


def context(dataset: str, schema: bytes) -> dict[str, Any]:
    return {
        "alg": 1,
        "measures": 4,
        "chain_id": str(CHAIN_ID),
        "contract": CONTRACT,
        "org": sid("org", "bank-a").hex(),
        "dataset": sid("dataset", dataset).hex(),
        "period_start": str(START),
        "period_end": str(END),
        "revision": 1,
        "schema_hash": sha(schema).hex(),
    }


def context_hash(item: dict[str, Any]) -> bytes:
    return sha(
        b"\x14carbon-ledger/mst/v1\x01\x04"
        + struct.pack(">Q", int(item["chain_id"]))
        + bytes.fromhex(item["contract"][2:])
        + bytes.fromhex(item["org"] + item["dataset"])
        + struct.pack(">QQI", int(item["period_start"]), int(item["period_end"]), item["revision"])
        + bytes.fromhex(item["schema_hash"])
    )


def plain_root(hashes: list[bytes]) -> bytes:
    if len(hashes) == 1:
        return hashes[0]
    k = Tree.split(len(hashes))
    return sha(b"\x01" + plain_root(hashes[:k]) + plain_root(hashes[k:]))


def plain_path(index: int, hashes: list[bytes]) -> list[bytes]:
    if len(hashes) == 1:
        return []
    k = Tree.split(len(hashes))
    if index < k:
        return [*plain_path(index, hashes[:k]), plain_root(hashes[k:])]
    return [*plain_path(index - k, hashes[k:]), plain_root(hashes[:k])]


def vkey(key: Ed25519PrivateKey, key_name: str) -> tuple[str, bytes]:
    data = b"\x01" + raw_public(key)
    key_id = sha(key_name.encode() + b"\n" + data)[:4]
    return f"{key_name}+{key_id.hex()}+{base64.b64encode(data).decode()}", key_id


def note(size: int, root: bytes, key: Ed25519PrivateKey = LOG_KEY, origin: str = ORIGIN) -> str:
    text = f"{origin}\n{size}\n{base64.b64encode(root).decode()}\n"
    signature = base64.b64encode(vkey(key, origin)[1] + key.sign(text.encode())).decode()
    return f"{text}\n— {origin} {signature}\n"


def typed(message: dict[str, Any], struct_name: str, fields: str, contract: str) -> Any:
    return encode_typed_data(
        full_message={
            "types": {
                "EIP712Domain": [
                    {"name": "name", "type": "string"},
                    {"name": "version", "type": "string"},
                    {"name": "chainId", "type": "uint256"},
                    {"name": "verifyingContract", "type": "address"},
                ],
                struct_name: [{"type": part.split(" ")[0], "name": part.split(" ")[1]} for part in fields.split(",")],
            },
            "primaryType": struct_name,
            "domain": {"name": "Lingtan", "version": "1", "chainId": CHAIN_ID, "verifyingContract": contract},
            "message": message,
        }
    )


def attest(item: dict[str, Any], library_hash: str, statement_hash: str, signer: Any = APPROVER) -> tuple[dict[str, Any], bytes, Any]:
    ctx = item["context"]
    message = {
        "org": bytes.fromhex(ctx["org"]),
        "dataset": bytes.fromhex(ctx["dataset"]),
        "periodStart": START,
        "periodEnd": END,
        "revision": ctx["revision"],
        "cause": 0,
        "alg": 1,
        "measures": 4,
        "schemaHash": bytes.fromhex(ctx["schema_hash"]),
        "n": int(item["n"]),
        "totals": [int(total) for total in item["totals"]],
        "treeRoot": bytes.fromhex(item["tree_root"]),
        "root": bytes.fromhex(item["root"]),
        "libraryHash": bytes.fromhex(library_hash),
        "statementHash": bytes.fromhex(statement_hash),
        "deadline": BLOCK_TIME + 3600,
    }
    signable = typed(message, "PeriodAttestation", ATTESTATION_FIELDS, CONTRACT)
    digest = keccak(b"\x19\x01" + signable.header + signable.body)
    signature = signer.sign_message(signable).signature
    shown = {
        key: hexed(value) if isinstance(value, bytes) else [str(v) for v in value] if isinstance(value, list) else str(value)
        for key, value in message.items()
    }
    entry = {
        "dataset": item["dataset"],
        "message": shown,
        "signature": hexed(bytes(signature)),
        "signer": signer.address.lower(),
        "digest": hexed(digest),
    }
    return entry, bytes(signable.body), message


@dataclass
class Chain:
    """One block that holds both attestations, in a log of five headers; state and receipts are tries of the `trie` library."""

    records: list[tuple[dict[str, Any], bytes, dict[str, Any], bytes]]  # commitment, struct hash, message, signer
    number: int = 3
    seal: Callable[[list[Any]], bytes] = rlp.encode
    status = 1

    def __post_init__(self) -> None:
        self.storage = HexaryTrie({})
        self.ids = []
        for item, _, _, _ in self.records:
            ctx = item["context"]
            record_id = keccak(
                abi_encode(
                    ["bytes32", "bytes32", "uint64", "uint64", "uint32"],
                    [bytes.fromhex(ctx["org"]), bytes.fromhex(ctx["dataset"]), START, END, ctx["revision"]],
                )
            )
            self.ids.append(record_id)
            totals = [int(total) for total in item["totals"]]
            for offset, word in enumerate((int(item["root"], 16), totals[0] | totals[1] << 128, totals[2] | totals[3] << 128)):
                if stored := self.stored(offset, word):
                    self.storage[keccak((self.slot(record_id) + offset).to_bytes(32, "big"))] = rlp.encode(stored)
        self.state = HexaryTrie({})
        for i in range(20):
            self.state[keccak(bytes([i]) * 20)] = rlp.encode([i, 10**18, keccak(b"\x80"), keccak(b"")])
        self.state[keccak(bytes.fromhex(CONTRACT[2:]))] = rlp.encode([1, 0, self.storage.root_hash, keccak(RUNTIME_CODE)])
        self.receipts = HexaryTrie({})
        self.values = []
        for index, (item, struct_hash, message, signer) in enumerate(self.records):
            value = b"\x02" + rlp.encode(
                [self.status, 100_000 * (index + 1), bytes(256), [self.other_log(), self.log(index, item, struct_hash, message, signer)]]
            )
            self.values.append(value)
            self.receipts[rlp.encode(index)] = value
        self.receipts[rlp.encode(len(self.records))] = rlp.encode([0, 400_000, bytes(256), []])
        self.header = self.seal(self.fields(self.number))
        self.headers = [rlp.encode(self.fields(i)) if i != self.number else self.header for i in range(5)]
        self.hashes = [sha(b"\x00" + header) for header in self.headers]

    def stored(self, offset: int, word: int) -> int:
        """What the contract keeps at the record's word `offset`."""
        return word

    def slot(self, record_id: bytes) -> int:
        return int.from_bytes(keccak(record_id + RECORDS_SLOT.to_bytes(32, "big")), "big")

    def fields(self, number: int) -> list[Any]:
        state, receipts = (self.state.root_hash, self.receipts.root_hash) if number == self.number else (keccak(b"\x80"), keccak(b"\x80"))
        return [
            bytes([number]) * 32,
            keccak(rlp.encode([])),
            b"\xaa" * 20,
            state,
            keccak(b"tx"),
            receipts,
            bytes(256),
            0,
            number,
            30_000_000,
            200_000,
            BLOCK_TIME + number - self.number,
            b"lingtan",
            bytes(32),
            bytes(8),
            7,
            keccak(b"\x80"),
            0,
            0,
            bytes(32),
        ]

    @staticmethod
    def other_log() -> list[Any]:
        return [b"\x0f" * 20, [keccak(b"Something()")], b""]

    def log(self, index: int, item: dict[str, Any], struct_hash: bytes, message: dict[str, Any], signer: bytes) -> list[Any]:
        data = abi_encode(
            ["uint64", "uint64", "uint32", "uint8", "uint8", "bytes32", "uint64", "uint128[4]", *["bytes32"] * 4, "address", "bytes32"],
            [
                message[key]
                for key in (
                    "periodStart",
                    "periodEnd",
                    "revision",
                    "cause",
                    "alg",
                    "schemaHash",
                    "n",
                    "totals",
                    "treeRoot",
                    "root",
                    "libraryHash",
                    "statementHash",
                )
            ]
            + [signer, struct_hash],
        )
        return [bytes.fromhex(CONTRACT[2:]), [keccak(EVENT.encode()), self.ids[index], message["org"], message["dataset"]], data]

    def anchor(self, index: int) -> dict[str, Any]:
        item = self.records[index][0]
        slot = self.slot(self.ids[index])
        return {
            "dataset": item["dataset"],
            "chain_id": str(CHAIN_ID),
            "contract": CONTRACT,
            "id": hexed(self.ids[index]),
            "block": {"number": str(self.number), "hash": hexed(keccak(self.header)), "header": hexed(self.header)},
            "transaction": {"hash": hexed(keccak(b"tx%d" % index)), "index": str(index)},
            "receipt": {
                "type": "2",
                "value": hexed(self.values[index]),
                "proof": self.proof(self.receipts, rlp.encode(index)),
                "log_index": "1",
            },
            "state": {
                "account_proof": self.proof(self.state, keccak(bytes.fromhex(CONTRACT[2:]))),
                "storage": [
                    {
                        "slot": hexed((slot + k).to_bytes(32, "big")),
                        "proof": self.proof(self.storage, keccak((slot + k).to_bytes(32, "big"))),
                    }
                    for k in range(3)
                ],
            },
            "finality": {
                "kind": "embedded-checkpoint",
                "checkpoint": note(len(self.headers), plain_root(self.hashes)),
                "tree_size": str(len(self.headers)),
                "leaf_index": str(self.number),
                "inclusion": [item.hex() for item in plain_path(self.number, self.hashes)],
            },
        }

    @staticmethod
    def proof(trie: Any, key: bytes) -> list[str]:
        return [hexed(rlp.encode(node)) for node in trie.get_proof(key)]
