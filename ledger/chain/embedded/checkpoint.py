"""Checkpoints of the block log: C2SP signed notes that leave the chain's file (spec: commitments §8).

A lone operator can rewrite an embedded chain at will. A checkpoint that has been published binds the history up to its size: a restored
old backup, a replaced file or a rewritten block no longer extends it, and the engine refuses to start. Without a witness it is one
operator's word; with witnesses, `CosignedNotes` keeps what they said.
"""

from __future__ import annotations

import contextlib
import os
import re
from collections.abc import Iterator
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from ledger.chain.embedded.block_log import BlockLog
from ledger.chain.errors import CheckpointMismatch, StorageFailed
from ledger.errors import MalformedDocument, SignatureRefused
from ledger.records.checkpoint import Checkpoint, log_key, read_checkpoint, sign_checkpoint

LATEST = "latest"
_SIZE_FILE = re.compile(r"([0-9]{12})\.note")


def origin_of(chain_id: int, genesis_hash: bytes) -> str:
    """Return the origin of a chain's checkpoints, which is also its key's name."""
    return f"lingtan/{chain_id}/{genesis_hash.hex()[:16]}"


class CheckpointBook:
    """The published checkpoints of one chain: a directory outside the chain's file, one file per size and `latest`.

    Each file is written beside its name, synced, and moved into place, so that a crash leaves either the old or the new one.
    """

    def __init__(self, folder: Path, key: Ed25519PrivateKey, origin: str) -> None:
        """Use `folder`, which is made where it is missing.

        Raises:
            StorageFailed: it cannot be made.
        """
        self.folder, self.origin, self._key = folder, origin, key
        with disk(folder):
            folder.mkdir(parents=True, exist_ok=True)

    @property
    def verifier_key(self) -> str:
        """The vkey line of the signing key."""
        return log_key(self.origin, self._key.public_key()).vkey

    def find_latest(self) -> tuple[Checkpoint, str] | None:
        """Return the checkpoint of the greatest size and its note, or None where nothing was published.

        Raises:
            CheckpointMismatch: a file is no checkpoint of this chain and key.
            StorageFailed: the directory cannot be read.
        """
        with disk(self.folder):
            names = sorted(name for name in os.listdir(self.folder) if _SIZE_FILE.fullmatch(name))
            latest = self.folder / LATEST
            paths = ([self.folder / names[-1]] if names else []) + ([latest] if latest.exists() else [])
            notes = [(path, path.read_text(encoding="utf-8")) for path in paths]
        found = [(self.read(path, note), note) for path, note in notes]
        return max(found, key=lambda item: item[0].size, default=None)

    def publish(self, size: int, root: bytes) -> tuple[Checkpoint, str]:
        """Sign and publish the checkpoint of `size` and return it with its note.

        Raises:
            StorageFailed: it could not be written; the last one stands.
        """
        checkpoint = Checkpoint(self.origin, size, root)
        note = sign_checkpoint(checkpoint, self._key)
        with disk(self.folder):
            write_synced(self.folder / f"{size:012d}.note", note)
            write_synced(self.folder / LATEST, note)
        return checkpoint, note

    def verify_extends(self, log: BlockLog) -> Checkpoint | None:
        """Verify that the log extends the last published checkpoint and return that; None where nothing was published.

        Raises:
            CheckpointMismatch: it does not.
        """
        latest = self.find_latest()
        if latest is None:
            return None
        verify_log_extends(log, latest[0], "published")
        return latest[0]

    def read(self, path: Path, note: str) -> Checkpoint:
        """Return the checkpoint of a file of this directory.

        Raises:
            CheckpointMismatch: it is none of this chain and key.
        """
        try:
            checkpoint = read_checkpoint(note, self._key.public_key())
        except (MalformedDocument, SignatureRefused) as error:
            raise CheckpointMismatch(
                f"{path} is no checkpoint of ours: {error}", hint="restore the checkpoint directory and its key"
            ) from error
        if checkpoint.origin != self.origin:
            raise CheckpointMismatch(
                f"{path} belongs to {checkpoint.origin}, this chain is {self.origin}",
                hint="the chain file was replaced by another chain: restore it, or name another checkpoint directory",
                got=self.origin,
                expected=checkpoint.origin,
            )
        return checkpoint


def verify_log_extends(log: BlockLog, checkpoint: Checkpoint, how: str) -> None:
    """Verify that the log begins with what the checkpoint says of it.

    Args:
        how: what happened to the checkpoint, for the message: published, cosigned.

    Raises:
        CheckpointMismatch: it does not.
    """
    if checkpoint.size > log.size:
        raise CheckpointMismatch(
            f"the chain has {log.size} blocks, but {checkpoint.size} were {how}",
            hint="an old copy was restored: put the newer chain file back",
            got=log.size,
            expected=checkpoint.size,
        )
    root = log.root(checkpoint.size)
    if root != checkpoint.root:
        raise CheckpointMismatch(
            f"the first {checkpoint.size} blocks are not the {how} ones: root {root.hex()}, {how} {checkpoint.root.hex()}",
            hint="the history was replaced: restore the chain file, and find out who changed it",
            got=root.hex(),
            expected=checkpoint.root.hex(),
        )


@contextlib.contextmanager
def disk(folder: Path) -> Iterator[None]:
    """Turn what the file system says of the checkpoint directory into our error."""
    try:
        yield
    except (OSError, UnicodeDecodeError) as error:
        raise StorageFailed(f"the checkpoint directory {folder} cannot be used: {error}", hint="check the folder") from error


def write_synced(path: Path, text: str) -> None:
    """Write a file so that a crash leaves the old one or the new one, and no third."""
    partial = path.with_name(f".{path.name}.partial")
    with open(partial, "w", encoding="utf-8") as file:
        file.write(text)
        file.flush()
        os.fsync(file.fileno())
    os.replace(partial, path)
    folder = os.open(path.parent, os.O_RDONLY)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)
