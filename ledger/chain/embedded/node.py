"""An engine with its checkpoints: what `connect("embedded://…")` opens."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from ledger.chain.embedded.checkpoint import Checkpoint, CheckpointBook, origin_of
from ledger.chain.embedded.engine import Engine
from ledger.clock import Clock


@dataclass(frozen=True)
class BlockCheckpoint:
    """What binds a block of an embedded chain to the outside: a signed note, and the block's path to its root (spec: commitments §8)."""

    note: str
    size: int
    root: bytes
    leaf_index: int
    inclusion: tuple[bytes, ...]
    verifier_key: str


class EmbeddedNode:
    """One engine, and the book of checkpoints where a key was given."""

    def __init__(self, engine: Engine, book: CheckpointBook | None) -> None:
        self.engine, self.book = engine, book

    @staticmethod
    def open(
        path: Path, chain_id: int, *, clock: Clock, checkpoint_key: Ed25519PrivateKey | None, checkpoint_folder: Path | None
    ) -> EmbeddedNode:
        """Open the engine and verify that it extends the last published checkpoint.

        Raises:
            CheckpointMismatch: it does not; the engine is closed again.
            ChainError: the engine cannot be opened (see `Engine`).
        """
        engine = Engine(path, chain_id, clock=clock)
        try:
            if checkpoint_key is None or checkpoint_folder is None:
                return EmbeddedNode(engine, None)
            book = CheckpointBook(checkpoint_folder, checkpoint_key, origin_of(chain_id, engine.genesis_hash))
            book.verify_extends(engine.block_log)
        except BaseException:
            engine.close()
            raise
        return EmbeddedNode(engine, book)

    def checkpoint_for(self, number: int) -> BlockCheckpoint | None:
        """Return a published checkpoint that covers block `number`, with the block's inclusion proof; None without a key.

        The last one is used as long as it reaches that far; else the head is published now.

        Raises:
            BlockUnknown: there is no such block.
            StorageFailed: the checkpoint could not be published.
        """
        if self.book is None:
            return None
        with self.engine.mutex:
            self.engine.header(number)
            found = self.book.find_latest()
            if found is None or found[0].size <= number:
                found = self._publish(self.book)
            checkpoint, note = found
            inclusion = self.engine.block_log.inclusion(number, checkpoint.size)
            return BlockCheckpoint(note, checkpoint.size, checkpoint.root, number, inclusion, self.book.verifier_key)

    def publish(self) -> str | None:
        """Publish the head and return the note; None without a key.

        Raises:
            StorageFailed: it could not be written.
        """
        if self.book is None:
            return None
        with self.engine.mutex:
            return self._publish(self.book)[1]

    def close(self) -> None:
        """Publish the head where it is not published yet, and close the engine."""
        try:
            if self.book is not None:
                latest = self.book.find_latest()
                if latest is None or latest[0].size != self.engine.block_log.size:
                    self.publish()
        finally:
            self.engine.close()

    def _publish(self, book: CheckpointBook) -> tuple[Checkpoint, str]:
        size = self.engine.block_log.size
        return book.publish(size, self.engine.block_log.root(size))
