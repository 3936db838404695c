"""Read C2SP signed notes, checkpoints and witnesses' cosignatures (commitments.md §8)."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Sequence
from dataclasses import dataclass

from verifier import ed25519
from verifier.errors import Malformed, Refused
from verifier.shapes import unbase64

MAX_BYTES = 64 * 1024
MAX_TIME = 2**63 - 1
MAX_SIGNATURES = 32
_UNPRINTABLE = re.compile("[\x00-\x09\x0b-\x1f\ud800-\udfff]")
LOG_KEY, WITNESS_KEY = 1, 4  # types of keys: Ed25519, timestamped Ed25519 cosignature


@dataclass(frozen=True, slots=True)
class VerifierKey:
    """Hold a vkey: name, 4-byte key id and Ed25519 public key."""

    name: str
    key_id: bytes
    public_key: bytes


@dataclass(frozen=True, slots=True)
class Line:
    """Hold a signature line: the name and key id it claims, and what follows them."""

    name: str
    key_id: bytes
    payload: bytes


@dataclass(frozen=True, slots=True)
class Checkpoint:
    """Hold a checkpoint whose signature was found good."""

    origin: str
    size: int
    root: bytes


def read_vkey(text: str, kind: int = LOG_KEY) -> VerifierKey:
    """Return the key of `name+<hex key id>+<base64(type ‖ public key)>`; `kind` 1 is a log's key, 4 a witness's. Raises: Malformed."""
    if _UNPRINTABLE.search(text):
        raise Malformed("VKEY", "vkey", "a vkey is one line of text")
    name, _, rest = text.partition("+")
    hex_id, _, encoded = rest.partition("+")
    data = unbase64(encoded, "vkey")
    if not ed25519.is_key(data[1:]) or not name or any(character.isspace() for character in name) or len(data) != 33 or data[0] != kind:
        raise Malformed("VKEY", "vkey", f"name+key id+base64 of 0x0{kind} and an Ed25519 key expected")
    key_id = hashlib.sha256(name.encode() + b"\n" + data).digest()[:4]
    if key_id.hex() != hex_id:
        raise Malformed("VKEY", "vkey", f"the key id is {key_id.hex()}, not {hex_id}", expected=key_id.hex(), found=hex_id)
    return VerifierKey(name, key_id, data[1:])


def read_note(note: str) -> tuple[str, tuple[Line, ...]]:
    """Return (signed text with its final newline, signature lines) of a note. Raises: Malformed for another form."""
    if _UNPRINTABLE.search(note) or len(note.encode()) > MAX_BYTES:
        raise Malformed("NOTE", "checkpoint", "a note is text of at most 64 KiB without control characters")
    body, separator, signatures = note.rpartition("\n\n")
    if not separator or not signatures.endswith("\n"):
        raise Malformed("NOTE", "checkpoint", "a note is text, an empty line and signature lines")
    lines = signatures[:-1].split("\n")
    if len(lines) > MAX_SIGNATURES:
        raise Malformed("NOTE", "checkpoint", f"more than {MAX_SIGNATURES} signature lines")
    return body + "\n", tuple(_line(line, number) for number, line in enumerate(lines, start=1))


def _line(line: str, number: int) -> Line:
    parts = line.split(" ")
    if len(parts) != 3 or parts[0] != "\u2014" or not parts[1] or "+" in parts[1] or any(map(str.isspace, parts[1])):
        raise Malformed("NOTE", f"checkpoint signature {number}", "an em dash, a name and base64 expected")
    data = unbase64(parts[2], f"checkpoint signature {number}")
    if len(data) < 5:
        raise Malformed("NOTE", f"checkpoint signature {number}", "too short")
    return Line(parts[1], data[:4], data[4:])


def strangers(note: str, known: Sequence[VerifierKey]) -> list[str]:
    """Return the names of the signature lines that are of none of these keys."""
    wanted = {(key.name, key.key_id) for key in known}
    return [line.name for line in read_note(note)[1] if (line.name, line.key_id) not in wanted]


def verify_cosignatures(note: str, witnesses: Sequence[VerifierKey]) -> dict[str, int]:
    """Return the witnesses that cosigned, each with the time (Unix seconds) it says; whoever signed twice counts at the later time.

    Raises:
        Malformed: not a note. Refused: a line with a witness's name and key id does not hold.
    """
    text, lines = read_note(note)
    found: dict[str, int] = {}
    for witness in witnesses:
        for line in lines:
            if (line.name, line.key_id) != (witness.name, witness.key_id):
                continue
            time = int.from_bytes(line.payload[:8], "big")
            message = f"cosignature/v1\ntime {time}\n{text}".encode()
            if len(line.payload) != 72 or time > MAX_TIME or not ed25519.is_valid(witness.public_key, message, line.payload[8:]):
                raise Refused("COSIGNATURE", "a witness's cosignature is wrong", expected=witness.name, found=line.payload.hex())
            found[witness.name] = max(time, found.get(witness.name, 0))
    return found


def verify_checkpoint(note: str, vkey: VerifierKey, origin: str) -> Checkpoint:
    """Return the checkpoint in a note signed by `vkey`.

    Lines of other signers are passed over; a line with our key's name and id must hold.

    Raises:
        Malformed: not a note, or not a checkpoint's three lines.
        Refused: another origin, no signature by the key, or a wrong one.
    """
    text, signatures = read_note(note)
    lines = text.split("\n")
    if len(lines) != 4 or lines[3]:
        raise Malformed("CHECKPOINT", "checkpoint", "a checkpoint has exactly the lines origin, size and root")
    if not (lines[1].isascii() and lines[1].isdigit()) or lines[1] != str(int(lines[1][:20])):
        raise Malformed("CHECKPOINT", "checkpoint line 2", "the size is a decimal number without leading zeros")
    if lines[1] == "0":
        raise Malformed("CHECKPOINT", "checkpoint line 2", "a checkpoint is of one block or more")
    root = unbase64(lines[2], "checkpoint line 3")
    if len(root) != 32:
        raise Malformed("CHECKPOINT", "checkpoint line 3", "a root has 32 bytes")
    if lines[0] != origin:
        raise Refused("CHECKPOINT_ORIGIN", "the checkpoint is of another log", expected=origin, found=lines[0])
    if not _is_signed(text.encode(), signatures, vkey):
        raise Refused(
            "CHECKPOINT_UNSIGNED", "no signature line by the key of the policy", expected=f"{vkey.name} {vkey.key_id.hex()}", found="none"
        )
    return Checkpoint(lines[0], int(lines[1]), root)


def _is_signed(text: bytes, lines: tuple[Line, ...], vkey: VerifierKey) -> bool:
    found = False
    for line in lines:
        if (line.name, line.key_id) == (vkey.name, vkey.key_id):
            if not ed25519.is_valid(vkey.public_key, text, line.payload):
                raise Refused("CHECKPOINT_SIGNATURE", "the checkpoint's signature is wrong", expected=vkey.name, found=line.payload.hex())
            found = True
    return found
