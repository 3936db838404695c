"""What a log sends a witness: `old N`, a consistency proof, an empty line, the checkpoint's note (C2SP tlog-witness)."""

from __future__ import annotations

import base64
import re
from collections.abc import Sequence
from dataclasses import dataclass

from ledger.errors import MalformedDocument
from ledger.records.checkpoint import MAX_SIZE, Checkpoint, read_checkpoint_text
from ledger.records.signed_note import Note, read_note, unbase64

PATH = "/add-checkpoint"
SIZE_TYPE = "text/x.tlog.size"
MAX_BODY = 64 * 1024
MAX_PROOF = 63
_OLD = re.compile(r"old (0|[1-9][0-9]{0,18})")


@dataclass(frozen=True)
class AddCheckpoint:
    """A checkpoint offered to a witness: the size it is thought to have, the proof from there, and the note as it was sent."""

    old_size: int
    proof: tuple[bytes, ...]
    raw_note: str
    note: Note
    checkpoint: Checkpoint


def write_request(old_size: int, proof: Sequence[bytes], note: str) -> bytes:
    """Return the body of a request."""
    lines = [f"old {old_size}", *(base64.b64encode(node).decode() for node in proof), ""]
    return ("\n".join(lines) + "\n" + note).encode()


def read_request(body: bytes) -> AddCheckpoint:
    """Return the request of a body; nothing is verified.

    Raises:
        MalformedDocument: the body has another form.
    """
    if len(body) > MAX_BODY:
        raise MalformedDocument(f"{len(body)} bytes, at most {MAX_BODY} are read")
    try:
        text = body.decode()
    except UnicodeDecodeError as error:
        raise MalformedDocument("the request is not UTF-8") from error
    head, empty, raw_note = text.partition("\n\n")
    old, *lines = head.split("\n")
    match = _OLD.fullmatch(old)
    if match is None or int(match[1]) > MAX_SIZE or not empty:
        raise MalformedDocument("expected `old N`, proof lines, an empty line and a checkpoint")
    if len(lines) > MAX_PROOF:
        raise MalformedDocument(f"{len(lines)} proof lines, at most {MAX_PROOF} are read")
    proof = tuple(unbase64(line, "a proof line") for line in lines)
    if any(len(node) != 32 for node in proof):
        raise MalformedDocument("a proof line is no hash of 32 bytes")
    note = read_note(raw_note)
    return AddCheckpoint(int(match[1]), proof, raw_note, note, read_checkpoint_text(note.text))
