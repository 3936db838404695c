"""State proofs, checked by a verifier that knows only RLP and keccak, written from the Yellow Paper's appendix D."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest
import rlp
from eth_hash.auto import keccak
from hypothesis import given, settings
from hypothesis import strategies as st
from trie.hexary import HexaryTrie

from ledger.chain.embedded.proofs import _path, build_proof
from ledger.clock import FixedClock
from tests.chain.embedded.probe import ALICE, PROBE, START, create_probe, fill, open_engine, signed, store

# The Keccak-256 of these two slots share nine hex digits (found by search): their leaves lie so deep that they are below 32 bytes.
TWINS = (247_476, 515_151)


def nibbles(data: bytes) -> list[int]:
    return [digit for byte in data for digit in (byte >> 4, byte & 15)]


def prove_value(root: bytes, key: bytes, proof: Sequence[bytes]) -> bytes | None:
    """Return the value that the proof shows under `key` (already hashed), None for shown absence; entries are hashed nodes only."""
    if not proof:
        assert root == keccak(b"\x80")
        return None
    path, entries = nibbles(key), list(proof)
    node = next_node(root, entries)
    while True:
        if len(node) == 17:
            if not path:
                assert not entries
                return node[16] or None
            child, path = node[path[0]], path[1:]
        else:
            digits = nibbles(node[0])
            part = digits[1:] if digits[0] & 1 else digits[2:]
            if path[: len(part)] != part:
                assert not entries
                return None
            path, child = path[len(part) :], node[1]
            if digits[0] >= 2:
                assert not entries
                return child if not path else None
        if child == b"":
            assert not entries
            return None
        node = child if isinstance(child, list) else next_node(child, entries)


def next_node(digest: bytes, entries: list[bytes]) -> Any:
    entry = entries.pop(0)
    assert keccak(entry) == digest
    return rlp.decode(entry)


@pytest.fixture(scope="module")
def engine(tmp_path_factory: pytest.TempPathFactory) -> Any:
    clock = FixedClock(START)
    opened = open_engine(tmp_path_factory.mktemp("proofs") / "chain.sqlite", clock)
    nonce = fill(opened, clock, 20)
    for slot in TWINS:
        opened.submit(signed(nonce, store(slot, 1)))
        nonce += 1
        clock.advance(1)
        opened.settle()
    yield opened
    opened.close()


ADDRESS = bytes.fromhex(PROBE[2:])


def test_account_and_slots_are_shown_at_every_block(engine: Any) -> None:
    for number in range(1, engine.head.block_number + 1):
        root = engine.header(number).state_root
        slots = [1, 2, number, 10_000]
        proof = build_proof(engine.database, root, ADDRESS, slots)
        account = prove_value(root, keccak(ADDRESS), proof.nodes)
        assert account is not None
        assert rlp.decode(account)[2] == proof.storage_root
        for shown in proof.slots:
            value = prove_value(proof.storage_root, keccak(shown.slot.to_bytes(32, "big")), shown.nodes)
            stored = shown.slot + 1 if shown.slot < number else 0
            assert shown.value == stored
            assert value == (rlp.encode(stored) if stored else None)


def test_an_absent_account_is_shown_to_be_absent(engine: Any) -> None:
    root, stranger = engine.head.state_root, b"\x77" * 20
    proof = build_proof(engine.database, root, stranger, [0])
    assert prove_value(root, keccak(stranger), proof.nodes) is None
    assert (proof.nonce, proof.balance, proof.slots[0].nodes) == (0, 0, ())
    assert prove_value(proof.storage_root, keccak(bytes(32)), proof.slots[0].nodes) is None


def test_an_account_without_code_has_the_hash_of_nothing(engine: Any) -> None:
    proof = build_proof(engine.database, engine.head.state_root, bytes.fromhex(ALICE.address[2:]), [])
    assert proof.code_hash == keccak(b"")
    assert proof.nonce == 23


def test_nodes_shorter_than_32_bytes_are_left_out_as_other_clients_do(engine: Any) -> None:
    root = build_proof(engine.database, engine.head.state_root, ADDRESS, []).storage_root
    for slot in TWINS:
        key = keccak(slot.to_bytes(32, "big"))
        raw = [rlp.encode(node) for node in HexaryTrie(engine.database, root).get_proof(key)]
        assert any(len(node) < 32 for node in raw), "the twins no longer give an embedded node: this test tests nothing"
        (shown,) = build_proof(engine.database, engine.head.state_root, ADDRESS, [slot]).slots
        assert all(len(node) >= 32 for node in shown.nodes)
        assert prove_value(root, key, shown.nodes) == b"\x01"
        with pytest.raises(AssertionError):
            prove_value(root, key, raw)


def test_every_changed_bit_of_a_proof_is_refused(engine: Any) -> None:
    root = engine.head.state_root
    proof = build_proof(engine.database, root, ADDRESS, [1])
    account, (slot,) = keccak(ADDRESS), proof.slots
    for base, key, nodes in ((root, account, proof.nodes), (proof.storage_root, keccak((1).to_bytes(32, "big")), slot.nodes)):
        for position, node in enumerate(nodes):
            for bit in range(0, len(node) * 8, 7):
                changed = bytearray(node)
                changed[bit // 8] ^= 1 << bit % 8
                with pytest.raises(AssertionError):
                    prove_value(base, key, [*nodes[:position], bytes(changed), *nodes[position + 1 :]])


@settings(max_examples=60)
@given(
    st.dictionaries(st.binary(min_size=2, max_size=2), st.binary(min_size=1, max_size=40), min_size=1, max_size=40),
    st.binary(min_size=2, max_size=2),
)
def test_any_small_trie_proves_presence_and_absence(items: dict[bytes, bytes], other: bytes) -> None:
    # Short keys and values make embedded nodes at every depth, which real state seldom has.
    trie = HexaryTrie({})
    for key, value in items.items():
        trie[key] = value
    for key in [*items, other]:
        assert prove_value(trie.root_hash, key, _path(trie, key)) == items.get(key)


def test_proofs_survive_a_restart(tmp_path: Path) -> None:
    path = tmp_path / "chain.sqlite"
    engine = open_engine(path)
    engine.submit(create_probe())
    before = build_proof(engine.database, engine.head.state_root, ADDRESS, [0])
    engine.close()
    engine = open_engine(path)
    assert build_proof(engine.database, engine.head.state_root, ADDRESS, [0]) == before
    engine.close()
