"""Read C2SP signed notes and checkpoints (commitments.md §8)."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass

from verifier import ed25519
from verifier.errors import Malformed, Refused
from verifier.shapes import unbase64

MAX_BYTES = 16 * 1024
MAX_SIGNATURES = 32


@dataclass(frozen=True, slots=True)
class VerifierKey:
    """Hold a vkey: name, 4-byte key id and Ed25519 public key."""

    name: str
    key_id: bytes
    public_key: bytes


@dataclass(frozen=True, slots=True)
class Checkpoint:
    """Hold a checkpoint whose signature was found good."""

    origin: str
    size: int
    root: bytes


def read_vkey(text: str) -> VerifierKey:
    """Return the key of `name+<hex key id>+<base64(0x01 ‖ public key)>`."""
    name, _, rest = text.partition("+")
    hex_id, _, encoded = rest.partition("+")
    data = unbase64(encoded, "vkey")
    if not name or any(character.isspace() for character in name) or len(data) != 33 or data[0] != 1:
        raise Malformed("VKEY", "vkey", "name+key id+base64 of 0x01 and an Ed25519 key expected")
    key_id = hashlib.sha256(name.encode() + b"\n" + data).digest()[:4]
    if key_id.hex() != hex_id:
        raise Malformed("VKEY", "vkey", f"the key id is {key_id.hex()}, not {hex_id}", expected=key_id.hex(), found=hex_id)
    return VerifierKey(name, key_id, data[1:])


def verify_checkpoint(note: str, vkey: VerifierKey, origin: str) -> Checkpoint:
    """Return the checkpoint in a note signed by `vkey`.

    Lines of other signers are passed over; a line with our key's name and id must hold.

    Raises:
        Malformed: not a note, or not a checkpoint's three lines.
        Refused: another origin, no signature by the key, or a wrong one.
    """
    if len(note) > MAX_BYTES or any(ord(character) < 0x20 and character != "\n" for character in note):
        raise Malformed("NOTE", "checkpoint", "a note is printable text of at most 16 KiB")
    body, separator, signatures = note.rpartition("\n\n")
    if not separator or not signatures.endswith("\n"):
        raise Malformed("NOTE", "checkpoint", "a note is text, an empty line and signature lines")
    text = body + "\n"
    lines = text.split("\n")
    if len(lines) != 4 or lines[3]:
        raise Malformed("CHECKPOINT", "checkpoint", "a checkpoint has exactly the lines origin, size and root")
    if not (lines[1].isascii() and lines[1].isdigit()) or lines[1] != str(int(lines[1][:20])):
        raise Malformed("CHECKPOINT", "checkpoint line 2", "the size is a decimal number without leading zeros")
    root = unbase64(lines[2], "checkpoint line 3")
    if len(root) != 32:
        raise Malformed("CHECKPOINT", "checkpoint line 3", "a root has 32 bytes")
    if lines[0] != origin:
        raise Refused("CHECKPOINT_ORIGIN", "the checkpoint is of another log", expected=origin, found=lines[0])
    if not _is_signed(text.encode(), signatures[:-1].split("\n"), vkey):
        raise Refused(
            "CHECKPOINT_UNSIGNED", "no signature line by the key of the policy", expected=f"{vkey.name} {vkey.key_id.hex()}", found="none"
        )
    return Checkpoint(lines[0], int(lines[1]), root)


def _is_signed(text: bytes, lines: list[str], vkey: VerifierKey) -> bool:
    if len(lines) > MAX_SIGNATURES:
        raise Malformed("NOTE", "checkpoint", f"more than {MAX_SIGNATURES} signature lines")
    found = False
    for number, line in enumerate(lines, start=1):
        parts = line.split(" ")
        if len(parts) != 3 or parts[0] != "\u2014" or not parts[1]:
            raise Malformed("NOTE", f"checkpoint signature {number}", "an em dash, a name and base64 expected")
        data = unbase64(parts[2], f"checkpoint signature {number}")
        if len(data) < 5:
            raise Malformed("NOTE", f"checkpoint signature {number}", "too short")
        if parts[1] == vkey.name and data[:4] == vkey.key_id:
            if not ed25519.is_valid(vkey.public_key, text, data[4:]):
                raise Refused("CHECKPOINT_SIGNATURE", "the checkpoint's signature is wrong", expected=vkey.name, found=data[4:].hex())
            found = True
    return found
