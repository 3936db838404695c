"""An engine with its checkpoints: what `connect("embedded://…")` opens."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from ledger.chain.embedded.checkpoint import CheckpointBook, origin_of
from ledger.chain.embedded.cosigned import (
    CheckpointAlarm,
    CosignedCheckpoint,
    CosignedNotes,
    read_alarm,
    settle_alarm,
    write_alarm,
)
from ledger.chain.embedded.engine import Engine
from ledger.chain.errors import CheckpointHalted
from ledger.clock import Clock
from ledger.records.checkpoint import Checkpoint
from ledger.records.signed_note import NoteKey


@dataclass(frozen=True)
class BlockCheckpoint:
    """What binds a block of an embedded chain to the outside: a signed note, and the block's path to its root (spec: commitments §8)."""

    note: str
    size: int
    root: bytes
    leaf_index: int
    inclusion: tuple[bytes, ...]
    verifier_key: str


@dataclass(frozen=True)
class CosignedProof(BlockCheckpoint):
    """The same by a note that a quorum of witnesses cosigned; `consistency` joins its size and `since` where that was asked for."""

    cosigned: CosignedCheckpoint
    since: int | None
    consistency: tuple[bytes, ...]


class EmbeddedNode:
    """One engine, and the book of checkpoints, with what witnesses said of them, where a key was given.

    While a configured witness contradicts the chain (`alarm`), nothing more is published.
    """

    def __init__(self, engine: Engine, book: CheckpointBook | None, cosigned: CosignedNotes | None = None) -> None:
        self.engine, self.book, self.cosigned = engine, book, cosigned
        self.alarm: CheckpointAlarm | None = None
        self._newest: tuple[Checkpoint, str] | None = None

    @staticmethod
    def open(
        path: Path,
        chain_id: int,
        *,
        clock: Clock,
        checkpoint_key: Ed25519PrivateKey | None,
        checkpoint_folder: Path | None,
        witnesses: Sequence[NoteKey] = (),
        quorum: int = 0,
    ) -> EmbeddedNode:
        """Open the engine and verify that it extends the last published and the last cosigned checkpoint.

        Args:
            witnesses, quorum: whose cosignatures count, and how many make a checkpoint cosigned.

        Raises:
            CheckpointMismatch: it does not; the engine is closed again.
            ChainError: the engine cannot be opened (see `Engine`).
        """
        engine = Engine(path, chain_id, clock=clock)
        try:
            if checkpoint_key is None or checkpoint_folder is None:
                return EmbeddedNode(engine, None)
            book = CheckpointBook(checkpoint_folder, checkpoint_key, origin_of(chain_id, engine.genesis_hash))
            cosigned = CosignedNotes(book, witnesses, quorum)
            book.verify_extends(engine.block_log)
            cosigned.verify_extends(engine.block_log)
            node = EmbeddedNode(engine, book, cosigned)
            node._take_up_alarm()
        except BaseException:
            engine.close()
            raise
        return node

    def find_newest(self) -> tuple[Checkpoint, str] | None:
        """Return the newest published checkpoint and its note; None where nothing was published, or without a key.

        Raises:
            CheckpointMismatch, StorageFailed: the directory cannot be read.
        """
        if self._newest is None and self.book is not None:
            # Nobody else publishes while this process has the chain open.
            self._newest = self.book.find_latest()
        return self._newest

    def checkpoint_for(self, number: int) -> BlockCheckpoint | None:
        """Return a published checkpoint that covers block `number`, with the block's inclusion proof; None without a key.

        The last one is used as long as it reaches that far; else the head is published now.

        Raises:
            BlockUnknown: there is no such block.
            CheckpointHalted: no checkpoint covers it and a witness contradicts this chain.
            StorageFailed: the checkpoint could not be published.
        """
        if self.book is None:
            return None
        with self.engine.mutex:
            self.engine.header(number)
            found = self.find_newest()
            if found is None or found[0].size <= number:
                found = self._publish(self.book)
            checkpoint, note = found
            inclusion = self.engine.block_log.inclusion(number, checkpoint.size)
            return BlockCheckpoint(note, checkpoint.size, checkpoint.root, number, inclusion, self.book.verifier_key)

    def cosigned_checkpoint_for(self, number: int, since: int | None = None) -> CosignedProof | None:
        """Return the newest cosigned checkpoint that covers block `number`, with the block's inclusion proof; None where there is none yet.

        Args:
            since: the size of another checkpoint of this chain, such as the one in a package, to be joined by a consistency proof.

        Raises:
            BlockUnknown: there is no such block.
            InputError: the log never had the size `since`.
        """
        if self.book is None or self.cosigned is None:
            return None
        with self.engine.mutex:
            self.engine.header(number)
            found = self.cosigned.find(number + 1)
            if found is None:
                return None
            checkpoint, log = found.checkpoint, self.engine.block_log
            sizes = sorted((checkpoint.size if since is None else since, checkpoint.size))
            inclusion, consistency = log.inclusion(number, checkpoint.size), log.consistency(*sizes)
            vkey = self.book.verifier_key
            return CosignedProof(found.note, checkpoint.size, checkpoint.root, number, inclusion, vkey, found, since, consistency)

    def raise_alarm(self, alarm: CheckpointAlarm) -> None:
        """Stop publishing, and write down why."""
        self.alarm = alarm
        if self.book is not None:
            write_alarm(self.book.folder, alarm)

    def settle_alarm(self, key_id: str) -> None:
        """End the alarm that the witness of this key raised, where there is one: it cosigned again."""
        standing = read_alarm(self.book.folder) if self.book is not None else None
        if self.book is not None and standing is not None and standing.key_id == key_id:
            settle_alarm(self.book.folder, standing)
            self.alarm = None

    def publish(self) -> str | None:
        """Publish the head and return the note; None without a key.

        Raises:
            CheckpointHalted: a witness contradicts this chain.
            StorageFailed: it could not be written.
        """
        if self.book is None:
            return None
        with self.engine.mutex:
            return self._publish(self.book)[1]

    def close(self) -> None:
        """Publish the head where it is not published yet and no alarm stands, and close the engine."""
        try:
            if self.book is not None and self.alarm is None:
                latest = self.find_newest()
                if latest is None or latest[0].size != self.engine.block_log.size:
                    self.publish()
        finally:
            self.engine.close()

    def _publish(self, book: CheckpointBook) -> tuple[Checkpoint, str]:
        if self.alarm is not None:
            raise CheckpointHalted(
                f"{self.alarm.code}: the witness {self.alarm.witness} knows {self.alarm.theirs} blocks, this chain had {self.alarm.ours}",
                hint="an old copy or another history is in use: restore the newest chain file and its checkpoints (docs/embedded-chain.md)",
                code=self.alarm.code,
            )
        size = self.engine.block_log.size
        self._newest = book.publish(size, self.engine.block_log.root(size))
        return self._newest

    def _take_up_alarm(self) -> None:
        # A chain that is long enough again is put before the witness once more; while it is not, nothing has changed. Whom the operator
        # no longer asks contradicts nobody.
        standing = read_alarm(self.book.folder) if self.book is not None else None
        known = {key.key_id.hex() for key in self.cosigned.witnesses} if self.cosigned is not None else set()
        if standing is not None and standing.key_id in known and self.engine.block_log.size < standing.theirs:
            self.alarm = standing
