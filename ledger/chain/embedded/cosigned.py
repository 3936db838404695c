"""What witnesses said of published checkpoints: cosigned notes and alarms, in the directory of checkpoints (spec: commitments §8).

`<size>-<number>.cosigned` is a note of that size with the cosignatures that were there when it was written; a later one of the same size
has the next number. No file is ever written over. `alarm.json` stands there while a witness contradicts this chain.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from ledger.chain.embedded.block_log import BlockLog
from ledger.chain.embedded.checkpoint import CheckpointBook, disk, verify_log_extends, write_synced
from ledger.chain.errors import CheckpointMismatch
from ledger.errors import InputError, MalformedDocument, SignatureRefused
from ledger.records import canonical
from ledger.records.checkpoint import Checkpoint, read_checkpoint_text
from ledger.records.signed_note import COSIGNATURE, NoteKey, Signature, Signed, read_note, verify_note

ALARM = "alarm.json"
ALARM_SCHEMA = "lingtan.checkpoint-alarm/1"
AlarmCode = Literal["CHECKPOINT_ROLLBACK", "CHECKPOINT_FORK"]
_FILE = re.compile(r"([0-9]{12})-([0-9]{6})\.cosigned")
_KEPT_IN_MEMORY = 4096
_LOOKED_BACK = 256


@dataclass(frozen=True)
class Cosignature:
    """One witness's word: its name and key id (hex), and the second (Unix) at which this was the largest checkpoint it knew."""

    witness: str
    key_id: str
    time: int


@dataclass(frozen=True)
class CosignedCheckpoint:
    """A published checkpoint with the cosignatures of configured witnesses, the newest of each; `note` holds their lines."""

    checkpoint: Checkpoint
    note: str
    cosignatures: tuple[Cosignature, ...]

    @property
    def time(self) -> int:
        """The time of the newest cosignature; 0 without one."""
        return max((item.time for item in self.cosignatures), default=0)


@dataclass(frozen=True)
class CheckpointAlarm:
    """A witness knows more of this chain than the chain does (ROLLBACK), or something else (FORK).

    `ours` and `theirs` are sizes, `at` Unix seconds; `witness` and `key_id` (hex) say who.
    """

    code: AlarmCode
    witness: str
    key_id: str
    ours: int
    theirs: int
    at: int


class CosignedNotes:
    """The cosigned notes of one chain, read with the keys of the configured witnesses."""

    def __init__(self, book: CheckpointBook, witnesses: Sequence[NoteKey] = (), quorum: int = 0) -> None:
        """Use the directory of `book`.

        Args:
            quorum: how many of the witnesses make a note cosigned.

        Raises:
            InputError: a key is not a witness's, or the quorum is not between 1 and their number.
        """
        if any(key.kind != COSIGNATURE for key in witnesses) or (witnesses and not 1 <= quorum <= len(witnesses)):
            raise InputError("witnesses need keys of type 0x04 and a quorum between 1 and their number", hint="check LINGTAN_WITNESSES")
        self.witnesses, self.quorum = tuple(witnesses), quorum
        self._book = book
        # Files never change, and nobody else writes them while this process has the chain open: what was read of one holds.
        self._listed: list[str] | None = None
        self._read: dict[str, CosignedCheckpoint] = {}
        self._short: set[str] = set()

    def add(self, note: str, signatures: Iterable[Signature]) -> CosignedCheckpoint:
        """Keep a note with new cosignatures, beside what is kept of this size already.

        Raises:
            CheckpointMismatch: the note is none of this chain.
            SignatureRefused: a cosignature does not hold.
            StorageFailed: it could not be written; what was there stands.
        """
        checkpoint = self._book.read(self._book.folder, note)
        plain = read_note(note)
        same = [name for name in self._names() if int(name[:12]) == checkpoint.size]
        before = [line for name in same[:1] for line in read_note(self._text(name)).signatures]
        newest: dict[tuple[str, bytes], Signature] = {}
        # The log's own line is the same each time: Ed25519 is deterministic. Of a witness the newest word counts.
        for line in (*before, *plain.signatures, *signatures):
            newest[line.name, line.key_id] = line
        whole = f"{plain.text}\n{''.join(line.line for line in newest.values())}"
        verify_note(read_note(whole), self.witnesses)
        number = int(same[0][13:19]) + 1 if same else 1
        path = self._book.folder / f"{checkpoint.size:012d}-{number:06d}.cosigned"
        with disk(self._book.folder):
            write_synced(path, whole)
        self._listed = sorted([path.name, *self._names()], reverse=True)
        return self._open(path.name)

    def find(self, at_least_size: int = 1) -> CosignedCheckpoint | None:
        """Return the newest note of at least this size that a quorum cosigned, or None.

        Raises:
            CheckpointMismatch: a file is none of this chain, or a cosignature in it is wrong.
            StorageFailed: the directory cannot be read.
        """
        if not self.witnesses:
            return None
        for name in self._names():
            if int(name[:12]) < at_least_size:
                return None
            if name in self._short:
                continue
            found = self._open(name)
            if len(found.cosignatures) >= self.quorum:
                return found
            self._short.add(name)
        return None

    def find_times(self) -> Mapping[str, tuple[int, int]]:
        """Return the newest (size, time) of each configured witness, by key id (hex); who has not cosigned for long is left out."""
        found: dict[str, tuple[int, int]] = {}
        for name in self._names()[:_LOOKED_BACK]:
            opened = self._open(name)
            for item in opened.cosignatures:
                found.setdefault(item.key_id, (opened.checkpoint.size, item.time))
            if len(found) == len(self.witnesses):
                break
        return found

    def verify_extends(self, log: BlockLog) -> Checkpoint | None:
        """Verify that the log extends the largest cosigned checkpoint, whoever cosigned it, and return that; None where there is none.

        Raises:
            CheckpointMismatch: it does not.
        """
        for name in self._names():
            checkpoint = self._book.read(self._book.folder / name, self._text(name))
            verify_log_extends(log, checkpoint, "cosigned")
            return checkpoint
        return None

    def _names(self) -> list[str]:
        if self._listed is None:
            self._listed = _list_files(self._book.folder)
        return self._listed

    def _text(self, name: str) -> str:
        with disk(self._book.folder):
            return (self._book.folder / name).read_text(encoding="utf-8")

    def _open(self, name: str) -> CosignedCheckpoint:
        found = self._read.get(name)
        if found is None:
            note = self._text(name)
            checkpoint = self._book.read(self._book.folder / name, note)
            try:
                found = CosignedCheckpoint(checkpoint, note, tuple(_cosignatures(note, self.witnesses)))
            except SignatureRefused as error:
                raise CheckpointMismatch(f"{name}: {error}", hint="restore the checkpoint directory") from error
            if len(self._read) >= _KEPT_IN_MEMORY:
                self._read.clear()
            self._read[name] = found
        return found


def read_last_cosigned(folder: Path, witnesses: Sequence[NoteKey], quorum: int) -> CosignedCheckpoint | None:
    """Return the newest note in a directory that a quorum cosigned, or None, without opening the chain; the log's own signature is not
    looked at.

    Raises:
        MalformedDocument, SignatureRefused: a file is no cosigned note.
        StorageFailed: the directory cannot be read.
    """
    for name in _list_files(folder) if folder.is_dir() else ():
        with disk(folder):
            note = (folder / name).read_text(encoding="utf-8")
        found = tuple(_cosignatures(note, witnesses))
        if len(found) >= quorum:
            return CosignedCheckpoint(read_checkpoint_text(read_note(note).text), note, found)
    return None


def write_alarm(folder: Path, alarm: CheckpointAlarm) -> None:
    """Write the alarm down, in place of the one before."""
    document = {
        "schema": ALARM_SCHEMA,
        "code": alarm.code,
        "witness": alarm.witness,
        "key_id": alarm.key_id,
        "ours": str(alarm.ours),
        "theirs": str(alarm.theirs),
        "at": str(alarm.at),
    }
    with disk(folder):
        write_synced(folder / ALARM, canonical.dump(document).decode())


def read_alarm(folder: Path) -> CheckpointAlarm | None:
    """Return the alarm that stands, or None.

    Raises:
        CheckpointMismatch: the file is no alarm of ours.
        StorageFailed: it cannot be read.
    """
    with disk(folder):
        data = (folder / ALARM).read_bytes() if (folder / ALARM).exists() else None
    if data is None:
        return None
    try:
        document = canonical.load_canonical(data)
        if not isinstance(document, dict) or document.get("schema") != ALARM_SCHEMA:
            raise MalformedDocument("no alarm")
        code: AlarmCode = "CHECKPOINT_FORK" if document["code"] == "CHECKPOINT_FORK" else "CHECKPOINT_ROLLBACK"
        ours, theirs, at = (int(str(document[name])) for name in ("ours", "theirs", "at"))
        return CheckpointAlarm(code, str(document["witness"]), str(document["key_id"]), ours, theirs, at)
    except (MalformedDocument, KeyError, ValueError) as error:
        raise CheckpointMismatch(f"{folder / ALARM} cannot be read", hint="find out who changed it") from error


def settle_alarm(folder: Path, alarm: CheckpointAlarm) -> None:
    """Put an alarm that no longer stands aside, under its time; it is kept."""
    with disk(folder):
        os.replace(folder / ALARM, folder / f"alarm-{alarm.at}.settled.json")


def _list_files(folder: Path) -> list[str]:
    """Return the names of all cosigned notes, the newest first."""
    with disk(folder):
        return sorted((name for name in os.listdir(folder) if _FILE.fullmatch(name)), reverse=True)


def _cosignatures(note: str, witnesses: Sequence[NoteKey]) -> Iterator[Cosignature]:
    parts = read_note(note)
    known = {(key.name, key.key_id) for key in witnesses}
    if not any((line.name, line.key_id) in known for line in parts.signatures):
        return
    newest: dict[bytes, Signed] = {}
    for signed in verify_note(parts, witnesses):
        newest[signed.key.key_id] = signed
    for signed in newest.values():
        yield Cosignature(signed.key.name, signed.key.key_id.hex(), signed.time or 0)
