"""Cosigned notes and alarms among the checkpoints: nothing is written over, nothing wrong is believed, the start holds to them."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from ledger.chain.embedded.checkpoint import CheckpointBook
from ledger.chain.embedded.cosigned import (
    CheckpointAlarm,
    CosignedNotes,
    read_alarm,
    read_last_cosigned,
    settle_alarm,
    write_alarm,
)
from ledger.chain.embedded.node import EmbeddedNode
from ledger.chain.errors import CheckpointMismatch, StorageFailed
from ledger.clock import FixedClock
from ledger.errors import InputError, SignatureRefused
from ledger.records.signed_note import COSIGNATURE, NoteKey, Signature, cosign_text, read_note
from tests.chain.embedded.probe import CHAIN_ID, START, fill

KEY = Ed25519PrivateKey.from_private_bytes(b"\7" * 32)
ORIGIN = "lingtan/1/ab"
WITNESSES = [Ed25519PrivateKey.from_private_bytes(bytes([number]) * 32) for number in (1, 2, 3)]
KEYS = [NoteKey(f"w{number}.example", COSIGNATURE, key.public_key().public_bytes_raw()) for number, key in enumerate(WITNESSES)]


def cosign(note: str, number: int, time: int) -> Signature:
    return cosign_text(read_note(note).text, KEYS[number].name, WITNESSES[number], time)


@pytest.fixture
def book(tmp_path: Path) -> CheckpointBook:
    return CheckpointBook(tmp_path / "notes", KEY, ORIGIN)


def names(book: CheckpointBook) -> list[str]:
    return sorted(path.name for path in book.folder.glob("*.cosigned"))


def test_cosignatures_gather_in_new_files_and_no_file_is_written_over(book: CheckpointBook) -> None:
    notes = CosignedNotes(book, KEYS, 2)
    _, note = book.publish(3, b"\1" * 32)
    assert len(notes.add(note, [cosign(note, 0, 100)]).cosignatures) == 1
    assert notes.find() is None
    first = (book.folder / names(book)[0]).read_text()
    found = notes.add(note, [cosign(note, 1, 110)])
    assert notes.find() == found
    assert [(item.witness, item.time) for item in found.cosignatures] == [("w0.example", 100), ("w1.example", 110)]
    assert found.time == 110
    # A newer word of one witness takes the place of its older one, in a third file.
    renewed = notes.add(note, [cosign(note, 0, 200)])
    assert [(item.witness, item.time) for item in renewed.cosignatures] == [("w0.example", 200), ("w1.example", 110)]
    assert names(book) == [f"000000000003-{number:06d}.cosigned" for number in (1, 2, 3)]
    assert (book.folder / names(book)[0]).read_text() == first
    assert notes.find_times() == {KEYS[0].key_id.hex(): (3, 200), KEYS[1].key_id.hex(): (3, 110)}


def test_the_newest_of_at_least_a_size_that_a_quorum_cosigned_is_found(book: CheckpointBook) -> None:
    notes = CosignedNotes(book, KEYS, 2)
    for size, who in ((3, (0, 1)), (5, (1, 2)), (8, (0,))):
        _, note = book.publish(size, bytes([size]) * 32)
        notes.add(note, [cosign(note, number, 100 + size) for number in who])
    for least, size in ((1, 5), (5, 5), (6, None)):
        found = notes.find(least)
        assert (found.checkpoint.size if found else None) == size
        # Read anew, and without the chain, the same is found.
        again = CosignedNotes(book, KEYS, 2).find(least)
        assert again == found
    last = read_last_cosigned(book.folder, KEYS, 2)
    assert last is not None
    assert last.checkpoint.size == 5
    assert CosignedNotes(book).find() is None
    alone = CosignedNotes(book, KEYS[:1], 1).find()
    assert alone is not None
    assert (alone.checkpoint.size, len(alone.cosignatures)) == (8, 1)


def test_a_crash_in_mid_write_leaves_what_was_there(book: CheckpointBook) -> None:
    notes = CosignedNotes(book, KEYS, 1)
    _, note = book.publish(3, b"\1" * 32)
    notes.add(note, [cosign(note, 0, 100)])
    (book.folder / ".000000000003-000002.cosigned.partial").write_text("half a no")
    found = CosignedNotes(book, KEYS, 1).find()
    assert found is not None
    assert found.time == 100
    assert CosignedNotes(book, KEYS, 1).add(note, [cosign(note, 1, 120)]).time == 120


def test_what_does_not_hold_is_not_kept(book: CheckpointBook) -> None:
    notes = CosignedNotes(book, KEYS, 1)
    _, note = book.publish(3, b"\1" * 32)
    wrong = cosign(note, 0, 100)
    with pytest.raises(SignatureRefused):
        notes.add(note, [replace(wrong, value=wrong.value[:-1] + b"\0")])
    with pytest.raises(SignatureRefused):
        notes.add(note, [])
    foreign = CheckpointBook(book.folder.parent / "other", KEY, "lingtan/2/cd").publish(3, b"\1" * 32)[1]
    with pytest.raises(CheckpointMismatch):
        notes.add(foreign, [cosign(foreign, 0, 100)])
    assert names(book) == []


@pytest.mark.parametrize(("keys", "quorum"), [(KEYS, 0), (KEYS, 4), ([NoteKey("log", 1, KEYS[0].public_key)], 1)])
def test_a_quorum_that_cannot_be_met_and_a_key_that_is_no_witness_s_are_refused(
    book: CheckpointBook, keys: list[NoteKey], quorum: int
) -> None:
    with pytest.raises(InputError):
        CosignedNotes(book, keys, quorum)


def test_a_head_that_does_not_extend_the_largest_cosigned_checkpoint_is_refused(tmp_path: Path) -> None:
    def opened() -> EmbeddedNode:
        return EmbeddedNode.open(
            tmp_path / "chain.sqlite",
            CHAIN_ID,
            clock=clock,
            checkpoint_key=KEY,
            checkpoint_folder=tmp_path / "notes",
            witnesses=KEYS,
            quorum=3,
        )

    clock = FixedClock(START)
    node = opened()
    fill(node.engine, clock, 3)
    note = node.publish()
    assert note is not None
    assert node.cosigned is not None
    # One word is enough here, though a quorum is three: what was cosigned at all was signed by us.
    node.cosigned.add(note, [cosign(note, 0, START)])
    node.close()
    opened().close()
    for path in [*(tmp_path / "notes").glob("*.note"), tmp_path / "notes" / "latest"]:
        path.unlink()
    for path in tmp_path.glob("chain.sqlite*"):
        path.unlink()
    clock.at = START  # the same genesis, and no block
    with pytest.raises(CheckpointMismatch, match="1 blocks, but 5 were cosigned"):
        opened()


def test_an_alarm_is_kept_and_put_aside(tmp_path: Path) -> None:
    alarm = CheckpointAlarm("CHECKPOINT_FORK", "w0.example", KEYS[0].key_id.hex(), 5, 4, 1234)
    assert read_alarm(tmp_path) is None
    write_alarm(tmp_path, alarm)
    assert read_alarm(tmp_path) == alarm
    settle_alarm(tmp_path, alarm)
    assert read_alarm(tmp_path) is None
    assert [path.name for path in tmp_path.iterdir()] == ["alarm-1234.settled.json"]
    for broken in ("", "{}", '{"schema":"lingtan.checkpoint-alarm/1"}', "[1]"):
        (tmp_path / "alarm.json").write_text(broken)
        with pytest.raises(CheckpointMismatch):
            read_alarm(tmp_path)


def test_a_directory_that_cannot_be_read_says_so(book: CheckpointBook) -> None:
    notes = CosignedNotes(book, KEYS, 1)
    book.folder.rmdir()
    with pytest.raises(StorageFailed):
        notes.find()
    assert read_last_cosigned(book.folder, KEYS, 1) is None
