"""State proofs (eth_getProof) for any block of the chain: nothing is pruned, so old states prove like new ones."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, cast

import rlp
from eth.db.backends.base import BaseAtomicDB
from eth.rlp.accounts import Account
from eth_utils.crypto import keccak
from trie.hexary import HexaryTrie


@dataclass(frozen=True)
class SlotProof:
    """One storage word and its path in the account's storage trie."""

    slot: int
    value: int
    nodes: tuple[bytes, ...]


@dataclass(frozen=True)
class AccountProof:
    """An account and its path in the state trie; an absent account has the fields of an empty one, and a proof of absence."""

    address: bytes
    balance: int
    nonce: int
    code_hash: bytes
    storage_root: bytes
    nodes: tuple[bytes, ...]
    slots: tuple[SlotProof, ...]


def build_proof(database: BaseAtomicDB, state_root: bytes, address: bytes, slots: Sequence[int]) -> AccountProof:
    """Return the proof of an account and of storage slots against `state_root`."""
    state = HexaryTrie(database, state_root)
    key = keccak(address)
    encoded = state[key]
    account = rlp.decode(encoded, Account) if encoded else Account()
    storage = HexaryTrie(database, account.storage_root)
    return AccountProof(
        address=address,
        balance=account.balance,
        nonce=account.nonce,
        code_hash=bytes(account.code_hash),
        storage_root=bytes(account.storage_root),
        nodes=_path(state, key),
        slots=tuple(_slot_proof(storage, slot) for slot in slots),
    )


def _slot_proof(storage: HexaryTrie, slot: int) -> SlotProof:
    key = keccak(slot.to_bytes(32, "big"))
    encoded = storage[key]
    value = rlp.decode(encoded, rlp.sedes.big_endian_int) if encoded else 0
    return SlotProof(slot, value, _path(storage, key))


def _path(trie: HexaryTrie, key: bytes) -> tuple[bytes, ...]:
    # py-trie lists a node of less than 32 bytes as an entry of its own although its parent already contains it; other clients do not,
    # and a verifier that hashes every entry finds no parent for it. An empty trie has the one entry 0x80 there, and none with other
    # clients.
    nodes = [bytes(rlp.encode(node)) for node in cast(Any, trie).get_proof(key)]
    return tuple(node for position, node in enumerate(nodes) if (position == 0 and node != b"\x80") or len(node) >= 32)
