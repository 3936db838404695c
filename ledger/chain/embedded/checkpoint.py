"""Checkpoints of the block log: C2SP signed notes that leave the chain's file (spec: commitments §8).

A lone operator can rewrite an embedded chain at will. A checkpoint that has been published binds the history up to its size: a restored
old backup, a replaced file or a rewritten block no longer extends it, and the engine refuses to start. Without a witness it is one
operator's word.
"""

from __future__ import annotations

import base64
import binascii
import contextlib
import hashlib
import os
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from ledger.chain.embedded.block_log import BlockLog
from ledger.chain.errors import CheckpointMismatch, StorageFailed
from ledger.errors import MalformedDocument, SignatureRefused

ED25519 = b"\x01"
MAX_NOTE_BYTES = 64 * 1024
LATEST = "latest"
_SIZE_FILE = re.compile(r"([0-9]{12})\.note")
_SIGNATURE_LINE = re.compile(r"— ([^ +\n]+) ([A-Za-z0-9+/=]+)")


@dataclass(frozen=True)
class Checkpoint:
    """What a note says: the root of the first `size` headers of the chain `origin` names."""

    origin: str
    size: int
    root: bytes

    def text(self) -> str:
        """Return the signed text, with its final newline."""
        return f"{self.origin}\n{self.size}\n{base64.b64encode(self.root).decode()}\n"


def origin_of(chain_id: int, genesis_hash: bytes) -> str:
    """Return the origin of a chain's checkpoints, which is also its key's name."""
    return f"lingtan/{chain_id}/{genesis_hash.hex()[:16]}"


def raw_public_key(key: Ed25519PublicKey) -> bytes:
    """Return the 32 bytes of a public key."""
    return key.public_bytes(Encoding.Raw, PublicFormat.Raw)


def key_id(name: str, public_key: bytes) -> bytes:
    """Return the 4 bytes that name a key in a signature line."""
    return hashlib.sha256(name.encode() + b"\n" + ED25519 + public_key).digest()[:4]


def verifier_key(name: str, public_key: bytes) -> str:
    """Return the vkey line that a policy file pins."""
    return f"{name}+{key_id(name, public_key).hex()}+{base64.b64encode(ED25519 + public_key).decode()}"


def sign_checkpoint(checkpoint: Checkpoint, key: Ed25519PrivateKey) -> str:
    """Return the signed note: text, blank line, signature line."""
    text = checkpoint.text()
    signature = key_id(checkpoint.origin, raw_public_key(key.public_key())) + key.sign(text.encode())
    return f"{text}\n— {checkpoint.origin} {base64.b64encode(signature).decode()}\n"


def read_checkpoint(note: str, key: Ed25519PublicKey) -> Checkpoint:
    """Return the checkpoint of a note that `key` signed; signatures of others are passed over.

    Raises:
        MalformedDocument: not a checkpoint note.
        SignatureRefused: no valid signature of this key.
    """
    text, blank, signatures = note.partition("\n\n")
    lines = text.split("\n")
    if not blank or len(lines) != 3 or not signatures.endswith("\n") or len(note) > MAX_NOTE_BYTES:
        raise MalformedDocument("not a checkpoint note: expected origin, size, root, a blank line and signatures")
    checkpoint = Checkpoint(lines[0], _size(lines[1]), _root(lines[2]))
    wanted = key_id(checkpoint.origin, raw_public_key(key))
    for line in signatures[:-1].split("\n"):
        match = _SIGNATURE_LINE.fullmatch(line)
        if match is None:
            raise MalformedDocument("not a checkpoint note: a signature line has another form")
        name, value = match[1], _base64(match[2])
        if name != checkpoint.origin or value[:4] != wanted:
            continue
        try:
            key.verify(value[4:], checkpoint.text().encode())
        except InvalidSignature as error:
            raise SignatureRefused("the checkpoint's signature is wrong", hint="the note was changed after it was signed") from error
        return checkpoint
    raise SignatureRefused(f"no signature of the key {wanted.hex()} under the checkpoint", hint="name the key that signed it")


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
        with _disk(folder):
            folder.mkdir(parents=True, exist_ok=True)

    @property
    def verifier_key(self) -> str:
        """The vkey line of the signing key."""
        return verifier_key(self.origin, raw_public_key(self._key.public_key()))

    def find_latest(self) -> tuple[Checkpoint, str] | None:
        """Return the checkpoint of the greatest size and its note, or None where nothing was published.

        Raises:
            CheckpointMismatch: a file is no checkpoint of this chain and key.
            StorageFailed: the directory cannot be read.
        """
        with _disk(self.folder):
            names = sorted(name for name in os.listdir(self.folder) if _SIZE_FILE.fullmatch(name))
            latest = self.folder / LATEST
            paths = ([self.folder / names[-1]] if names else []) + ([latest] if latest.exists() else [])
            notes = [(path, path.read_text(encoding="utf-8")) for path in paths]
        found = [(self._read(path, note), note) for path, note in notes]
        return max(found, key=lambda item: item[0].size, default=None)

    def publish(self, size: int, root: bytes) -> tuple[Checkpoint, str]:
        """Sign and publish the checkpoint of `size` and return it with its note.

        Raises:
            StorageFailed: it could not be written; the last one stands.
        """
        checkpoint = Checkpoint(self.origin, size, root)
        note = sign_checkpoint(checkpoint, self._key)
        with _disk(self.folder):
            _write_synced(self.folder / f"{size:012d}.note", note)
            _write_synced(self.folder / LATEST, note)
        return checkpoint, note

    def verify_extends(self, log: BlockLog) -> Checkpoint | None:
        """Verify that the log extends the last published checkpoint and return that; None where nothing was published.

        Raises:
            CheckpointMismatch: it does not.
        """
        latest = self.find_latest()
        if latest is None:
            return None
        checkpoint = latest[0]
        if checkpoint.size > log.size:
            raise CheckpointMismatch(
                f"the chain has {log.size} blocks, but {checkpoint.size} were published",
                hint="an old copy was restored: put the newer chain file back",
                got=log.size,
                expected=checkpoint.size,
            )
        root = log.root(checkpoint.size)
        if root != checkpoint.root:
            raise CheckpointMismatch(
                f"the first {checkpoint.size} blocks are not the published ones: root {root.hex()}, published {checkpoint.root.hex()}",
                hint="the history was replaced: restore the chain file, and find out who changed it",
                got=root.hex(),
                expected=checkpoint.root.hex(),
            )
        return checkpoint

    def _read(self, path: Path, note: str) -> Checkpoint:
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


@contextlib.contextmanager
def _disk(folder: Path) -> Iterator[None]:
    try:
        yield
    except (OSError, UnicodeDecodeError) as error:
        raise StorageFailed(f"the checkpoint directory {folder} cannot be used: {error}", hint="check the folder") from error


def _write_synced(path: Path, text: str) -> None:
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


def _size(text: str) -> int:
    if not re.fullmatch(r"[1-9][0-9]{0,11}", text):
        raise MalformedDocument("not a checkpoint note: the size is no decimal number without leading zeros")
    return int(text)


def _root(text: str) -> bytes:
    root = _base64(text)
    if len(root) != 32:
        raise MalformedDocument(f"not a checkpoint note: the root has {len(root)} bytes, expected 32")
    return root


def _base64(text: str) -> bytes:
    try:
        value = base64.b64decode(text, validate=True)
    except binascii.Error as error:
        raise MalformedDocument("not a checkpoint note: bad base64") from error
    if base64.b64encode(value).decode() != text:
        raise MalformedDocument("not a checkpoint note: base64 is not canonical")
    return value
