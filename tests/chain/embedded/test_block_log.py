"""The block log against the plain trees of ledger.merkle, which have the published vectors, and its checkpoints."""

from __future__ import annotations

import base64
import hashlib
import shutil
from dataclasses import replace
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from hypothesis import given
from hypothesis import strategies as st

from ledger.chain.embedded.block_log import BlockLog
from ledger.chain.embedded.checkpoint import CheckpointBook, origin_of
from ledger.chain.embedded.node import EmbeddedNode
from ledger.chain.embedded.store import SqliteStore
from ledger.chain.errors import BlockUnknown, ChainCorrupt, CheckpointMismatch, StorageFailed
from ledger.clock import FixedClock
from ledger.errors import InputError, MalformedDocument, SignatureRefused
from ledger.merkle import plain
from ledger.records.checkpoint import Checkpoint, log_key, read_checkpoint, sign_checkpoint
from tests.chain.embedded.probe import CHAIN_ID, START, fill

KEY = Ed25519PrivateKey.from_private_bytes(b"\7" * 32)
OTHER = Ed25519PrivateKey.from_private_bytes(b"\x08" * 32)
SIZE = 70


@pytest.fixture(scope="module")
def log(tmp_path_factory: pytest.TempPathFactory) -> BlockLog:
    store = SqliteStore(tmp_path_factory.mktemp("log") / "log.sqlite")
    grown = BlockLog(store)
    store.write([], meta={"layout": b"1"})
    for index in range(SIZE):
        store.write([], nodes=grown.nodes_of_leaf(index, header(index)))
    return grown


def header(index: int) -> bytes:
    return f"header {index}".encode()


LEAVES = [plain.leaf_hash(header(index)) for index in range(SIZE)]


def test_roots_and_proofs_of_every_size_are_those_of_the_plain_tree(log: BlockLog) -> None:
    assert log.size == SIZE
    assert log.root(0) == plain.EMPTY_ROOT
    for size in range(1, SIZE + 1):
        root = log.root(size)
        assert root == plain.root(LEAVES[:size])
        for index in {0, 1, size // 2, size - 2, size - 1} & set(range(size)):
            proof = log.inclusion(index, size)
            assert proof == plain.inclusion_proof(LEAVES[:size], index)
            plain.verify_inclusion(index, size, LEAVES[index], proof, root)
        for old in {1, 2, size // 3, size // 2, size - 1, size} & set(range(1, size + 1)):
            assert log.consistency(old, size) == plain.consistency_proof(LEAVES[:size], old, size)


@given(st.data())
def test_any_two_sizes_are_consistent(log: BlockLog, data: st.DataObject) -> None:
    size = data.draw(st.integers(1, SIZE))
    old = data.draw(st.integers(1, size))
    plain.verify_consistency(old, size, log.consistency(old, size), log.root(old), log.root(size))


@pytest.mark.parametrize(("index", "size"), [(5, 5), (-1, 5), (0, 0), (0, SIZE + 1), (0, -1)])
def test_no_proof_is_given_outside_the_log(log: BlockLog, index: int, size: int) -> None:
    with pytest.raises(InputError):
        log.inclusion(index, size)


@pytest.mark.parametrize(("old", "size"), [(0, 5), (6, 5), (1, SIZE + 1)])
def test_no_consistency_is_given_outside_the_log(log: BlockLog, old: int, size: int) -> None:
    with pytest.raises(InputError):
        log.consistency(old, size)


def open_node(folder: Path, clock: FixedClock, key: Ed25519PrivateKey = KEY) -> EmbeddedNode:
    return EmbeddedNode.open(folder / "chain.sqlite", CHAIN_ID, clock=clock, checkpoint_key=key, checkpoint_folder=folder / "notes")


def test_a_block_is_in_the_log_that_the_checkpoint_signs(tmp_path: Path) -> None:
    clock = FixedClock(START)
    node = open_node(tmp_path, clock)
    fill(node.engine, clock, 9)
    proof = node.checkpoint_for(4)
    assert proof is not None
    checkpoint = read_checkpoint(proof.note, KEY.public_key())
    assert checkpoint == Checkpoint(origin_of(CHAIN_ID, node.engine.genesis_hash), 11, proof.root)
    leaf = plain.leaf_hash(node.engine.header_rlp(4))
    plain.verify_inclusion(proof.leaf_index, proof.size, leaf, proof.inclusion, checkpoint.root)
    # The next blocks are not covered by it yet: a new one is published, and extends the last.
    fill(node.engine, clock, 2, first_nonce=10)
    assert node.checkpoint_for(10) == replace(proof, leaf_index=10, inclusion=node.engine.block_log.inclusion(10, 11))
    later = node.checkpoint_for(11)  # a size of 11 ends with block 10
    assert later is not None
    assert later.size == 13
    plain.verify_consistency(11, 13, node.engine.block_log.consistency(11, 13), proof.root, later.root)
    assert sorted(path.name for path in (tmp_path / "notes").iterdir()) == ["000000000011.note", "000000000013.note", "latest"]
    with pytest.raises(BlockUnknown):
        node.checkpoint_for(13)
    node.close()


def test_without_a_key_there_is_no_checkpoint(tmp_path: Path) -> None:
    node = EmbeddedNode.open(tmp_path / "c.sqlite", CHAIN_ID, clock=FixedClock(START), checkpoint_key=None, checkpoint_folder=None)
    assert node.checkpoint_for(0) is None
    assert node.publish() is None
    node.close()


def test_a_restored_old_copy_is_refused(tmp_path: Path) -> None:
    clock = FixedClock(START)
    node = open_node(tmp_path, clock)
    nonce = fill(node.engine, clock, 3)
    node.close()
    shutil.copy(tmp_path / "chain.sqlite", tmp_path / "backup.sqlite")
    node = open_node(tmp_path, clock)
    fill(node.engine, clock, 3, first_nonce=nonce)
    node.close()
    shutil.copy(tmp_path / "backup.sqlite", tmp_path / "chain.sqlite")
    with pytest.raises(CheckpointMismatch, match="5 blocks, but 8 were published") as caught:
        open_node(tmp_path, clock)
    assert (caught.value.facts["got"], caught.value.facts["expected"]) == (5, 8)


def test_a_rewritten_history_of_the_same_length_is_refused(tmp_path: Path) -> None:
    clock = FixedClock(START)
    node = open_node(tmp_path, clock)
    node.engine.close()
    shutil.copy(tmp_path / "chain.sqlite", tmp_path / "early.sqlite")
    node = open_node(tmp_path, clock)
    fill(node.engine, clock, 3)
    node.close()
    shutil.copy(tmp_path / "early.sqlite", tmp_path / "chain.sqlite")
    clock.advance(50)
    forged = EmbeddedNode.open(tmp_path / "chain.sqlite", CHAIN_ID, clock=clock, checkpoint_key=None, checkpoint_folder=None)
    fill(forged.engine, clock, 5)
    forged.close()
    with pytest.raises(CheckpointMismatch, match="not the published ones"):
        open_node(tmp_path, clock)


def test_a_lost_file_is_not_replaced_by_a_new_chain(tmp_path: Path) -> None:
    clock = FixedClock(START)
    node = open_node(tmp_path, clock)
    fill(node.engine, clock, 2)
    node.close()
    (tmp_path / "chain.sqlite").unlink()
    clock.advance(5)
    with pytest.raises(CheckpointMismatch, match="belongs to"):
        open_node(tmp_path, clock)


def test_a_refused_file_is_given_back(tmp_path: Path) -> None:
    test_a_lost_file_is_not_replaced_by_a_new_chain(tmp_path)
    shutil.rmtree(tmp_path / "notes")
    open_node(tmp_path, FixedClock(START + 9)).close()


def test_a_changed_root_is_noticed(tmp_path: Path) -> None:
    clock = FixedClock(START)
    node = open_node(tmp_path, clock)
    fill(node.engine, clock, 6)
    node.close()
    store = SqliteStore(tmp_path / "chain.sqlite")
    store._connection.execute("UPDATE block_log SET hash = zeroblob(32) WHERE level = 3 AND position = 0")
    store.close()
    with pytest.raises(CheckpointMismatch):
        open_node(tmp_path, clock)


def test_a_missing_node_of_the_log_is_noticed(tmp_path: Path) -> None:
    clock = FixedClock(START)
    node = open_node(tmp_path, clock)
    fill(node.engine, clock, 6)
    node.close()
    store = SqliteStore(tmp_path / "chain.sqlite")
    store._connection.execute("DELETE FROM block_log WHERE level = 2 AND position = 0")
    store.close()
    with pytest.raises(ChainCorrupt, match="misses node"):
        open_node(tmp_path, clock)


def test_another_key_is_refused(tmp_path: Path) -> None:
    clock = FixedClock(START)
    open_node(tmp_path, clock).close()
    with pytest.raises(CheckpointMismatch, match="no signature of the key"):
        open_node(tmp_path, clock, OTHER)


def test_a_crash_between_the_file_and_latest_is_seen_by_the_greater_of_the_two(tmp_path: Path) -> None:
    book = CheckpointBook(tmp_path / "notes", KEY, "lingtan/1/ab")
    assert book.find_latest() is None
    book.publish(3, b"\1" * 32)
    old = (tmp_path / "notes" / "latest").read_text()
    book.publish(5, b"\2" * 32)
    (tmp_path / "notes" / "latest").write_text(old)
    (tmp_path / "notes" / ".latest.partial").write_text("half a no")
    found = book.find_latest()
    assert found is not None
    assert found[0].size == 5
    (tmp_path / "notes" / "000000000005.note").unlink()
    (tmp_path / "notes" / "latest").write_text(sign_checkpoint(Checkpoint("lingtan/1/ab", 9, b"\3" * 32), KEY))
    found = book.find_latest()
    assert found is not None
    assert found[0].size == 9


def test_a_checkpoint_folder_that_cannot_be_written_says_so(tmp_path: Path) -> None:
    (tmp_path / "notes").write_text("a file where a folder should be")
    with pytest.raises(StorageFailed):
        CheckpointBook(tmp_path / "notes", KEY, "lingtan/1/ab")


def test_the_note_has_the_form_of_c2sp() -> None:
    checkpoint = Checkpoint("lingtan/7001/00112233445566aa", 11, bytes(range(32)))
    note = sign_checkpoint(checkpoint, KEY)
    text, signature_line = note.split("\n\n")
    assert text == "lingtan/7001/00112233445566aa\n11\nAAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8="
    dash, name, value = signature_line.rstrip("\n").split(" ")
    assert (dash, name) == ("\u2014", checkpoint.origin)
    blob = base64.b64decode(value)
    public = KEY.public_key().public_bytes_raw()
    assert blob[:4] == hashlib.sha256(name.encode() + b"\n\x01" + public).digest()[:4]
    KEY.public_key().verify(blob[4:], (text + "\n").encode())
    vkey_name, vkey_id, vkey_key = log_key(name, KEY.public_key()).vkey.split("+", 2)
    assert (vkey_name, vkey_id, base64.b64decode(vkey_key)) == (name, blob[:4].hex(), b"\x01" + public)


def test_signatures_of_others_are_passed_over() -> None:
    note = sign_checkpoint(Checkpoint("o", 1, b"\1" * 32), KEY)
    witnessed = note + f"\u2014 witness.example {base64.b64encode(b'1234' + b'x' * 64).decode()}\n"
    assert read_checkpoint(witnessed, KEY.public_key()).size == 1
    with pytest.raises(SignatureRefused):
        read_checkpoint(witnessed, OTHER.public_key())


NOTE = sign_checkpoint(Checkpoint("lingtan/7001/00112233445566aa", 11, bytes(32)), KEY)


@pytest.mark.parametrize("at", range(0, len(NOTE), 3))
def test_no_changed_note_is_believed(at: int) -> None:
    changed = NOTE[:at] + chr(ord(NOTE[at]) ^ 1) + NOTE[at + 1 :]
    with pytest.raises((MalformedDocument, SignatureRefused)):
        read_checkpoint(changed, KEY.public_key())


@pytest.mark.parametrize("size", ["0", "011", "+11", "11 ", "", "1" * 20])
def test_a_size_that_is_no_plain_number_is_malformed(size: str) -> None:
    with pytest.raises(MalformedDocument):
        read_checkpoint(NOTE.replace("\n11\n", f"\n{size}\n"), KEY.public_key())
