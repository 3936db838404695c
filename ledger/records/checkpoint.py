"""Checkpoints of C2SP: a signed note whose text is the origin, the size and the root of a log (spec: commitments §8)."""

from __future__ import annotations

import base64
import re
from dataclasses import dataclass

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

from ledger.errors import MalformedDocument
from ledger.records.signed_note import ED25519, NoteKey, read_note, sign_text, unbase64, verify_note

MAX_SIZE = 2**63 - 1
_SIZE = re.compile(r"0|[1-9][0-9]{0,18}")


@dataclass(frozen=True)
class Checkpoint:
    """The root of the first `size` leaves of the log that `origin` names; `extensions` are lines that nobody vouches for, usually none."""

    origin: str
    size: int
    root: bytes
    extensions: tuple[str, ...] = ()

    def text(self) -> str:
        """Return the signed text, with its final newline."""
        return "".join(f"{line}\n" for line in (self.origin, self.size, base64.b64encode(self.root).decode(), *self.extensions))


def read_checkpoint_text(text: str) -> Checkpoint:
    """Return the checkpoint of a note's text.

    Raises:
        MalformedDocument: not origin, size and root, each on a line of its own.
    """
    lines = text.split("\n")
    if len(lines) < 4 or lines[-1] or not all(lines[:-1]):
        raise MalformedDocument("not a checkpoint: expected the lines origin, size and root, none of them empty")
    if not _SIZE.fullmatch(lines[1]) or int(lines[1]) > MAX_SIZE:
        raise MalformedDocument("not a checkpoint: the size is no decimal number without leading zeros below 2^63")
    root = unbase64(lines[2], "the root")
    if len(root) != 32:
        raise MalformedDocument(f"not a checkpoint: the root has {len(root)} bytes, expected 32")
    return Checkpoint(lines[0], int(lines[1]), root, tuple(lines[3:-1]))


def log_key(origin: str, key: Ed25519PublicKey) -> NoteKey:
    """Return the key of a log under its name, which is the origin."""
    return NoteKey(origin, ED25519, key.public_bytes_raw())


def sign_checkpoint(checkpoint: Checkpoint, key: Ed25519PrivateKey) -> str:
    """Return the note that the log itself signs."""
    text = checkpoint.text()
    return f"{text}\n{sign_text(text, checkpoint.origin, key).line}"


def read_checkpoint(note: str, key: Ed25519PublicKey) -> Checkpoint:
    """Return the checkpoint of a note that the log's own key signed; signatures of others are passed over.

    Raises:
        MalformedDocument: not a checkpoint, one of an empty log, or one with extension lines.
        SignatureRefused: no valid signature of this key under the name of the origin.
    """
    parts = read_note(note)
    checkpoint = read_checkpoint_text(parts.text)
    if checkpoint.extensions or not checkpoint.size:
        raise MalformedDocument("not a checkpoint of ours: expected a size of at least 1 and no lines beyond the root")
    verify_note(parts, (log_key(checkpoint.origin, key),))
    return checkpoint
