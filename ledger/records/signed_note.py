"""Signed notes of C2SP: text, an empty line, signature lines; and the two kinds of Ed25519 key that sign them (spec: commitments §8).

A note's own key (type 0x01) signs the text. A witness's key (type 0x04) signs the text with a time before it: a cosignature. Lines of
keys that the reader does not know are passed over; a line of a known key that fails makes the whole note worthless.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import re
from collections.abc import Iterable
from dataclasses import dataclass

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

from ledger.errors import MalformedDocument, SignatureRefused

ED25519 = 0x01
COSIGNATURE = 0x04
MAX_NOTE_BYTES = 64 * 1024
MAX_SIGNATURES = 32
MAX_TIME = 2**63 - 1
_ID_BYTES, _KEY_BYTES, _TIME_BYTES, _SIGNATURE_BYTES = 4, 32, 8, 64
_HEX_ID = re.compile(r"[0-9a-f]{8}")


@dataclass(frozen=True)
class NoteKey:
    """A public key under its name: kind 0x01 signs notes, kind 0x04 cosigns them with a time."""

    name: str
    kind: int
    public_key: bytes

    def __post_init__(self) -> None:
        _check_name(self.name)
        if self.kind not in (ED25519, COSIGNATURE) or len(self.public_key) != _KEY_BYTES:
            raise MalformedDocument(
                f"the key {self.name} is of type 0x{self.kind:02x} with {len(self.public_key)} bytes",
                hint="expected type 0x01 (note) or 0x04 (cosignature) and 32 bytes: only Ed25519 is used here",
            )

    @property
    def key_id(self) -> bytes:
        """The 4 bytes that name the key in a signature line."""
        return hashlib.sha256(self.name.encode() + b"\n" + bytes([self.kind]) + self.public_key).digest()[:_ID_BYTES]

    @property
    def vkey(self) -> str:
        """The line by which the key is handed over: `name+<hex key id>+<base64(type ‖ public key)>`."""
        return f"{self.name}+{self.key_id.hex()}+{base64.b64encode(bytes([self.kind]) + self.public_key).decode()}"


@dataclass(frozen=True)
class Signature:
    """One signature line: who, which key, and what stands after the key id."""

    name: str
    key_id: bytes
    value: bytes

    @property
    def line(self) -> str:
        """The line, with its newline."""
        return f"— {self.name} {base64.b64encode(self.key_id + self.value).decode()}\n"


@dataclass(frozen=True)
class Note:
    """A note that was split and not yet believed: its text with the final newline, and its signatures."""

    text: str
    signatures: tuple[Signature, ...]


@dataclass(frozen=True)
class Signed:
    """A signature that holds; `time` is the second that a cosignature speaks of, None for a plain one."""

    key: NoteKey
    signature: Signature
    time: int | None


def read_vkey(text: str) -> NoteKey:
    """Return the key of a vkey line.

    Raises:
        MalformedDocument: another form, another type, or a key id that is not the key's.
    """
    name, _, rest = text.partition("+")
    hex_id, _, encoded = rest.partition("+")
    data = unbase64(encoded, "the key")
    if not _HEX_ID.fullmatch(hex_id) or not data:
        raise MalformedDocument("not a vkey", hint="expected name+8 hex digits+base64 of the type byte and the key")
    key = NoteKey(name, data[0], data[1:])
    if key.key_id.hex() != hex_id:
        raise MalformedDocument(
            f"the vkey of {name} names the key id {hex_id}, its key has {key.key_id.hex()}", hint="copy the whole line again"
        )
    return key


def read_note(note: str) -> Note:
    """Return the parts of a note; nothing is verified.

    Raises:
        MalformedDocument: not a note, more than 64 KiB, or more than 32 signature lines.
    """
    try:
        size = len(note.encode())
    except UnicodeEncodeError as error:
        raise MalformedDocument("not a signed note: it is no text") from error
    if size > MAX_NOTE_BYTES or any(character < " " and character != "\n" for character in note):
        raise MalformedDocument("not a signed note: expected at most 64 KiB of text without control characters")
    at = note.rfind("\n\n")
    if at < 0 or not note.endswith("\n") or at + 2 == len(note):
        raise MalformedDocument("not a signed note: expected text, an empty line and signature lines, each with its newline")
    return Note(note[: at + 1], read_signatures(note[at + 2 :]))


def read_signatures(lines: str) -> tuple[Signature, ...]:
    """Return the signatures of one to 32 lines, each with its newline.

    Raises:
        MalformedDocument: a line has another form.
    """
    if not lines.endswith("\n"):
        raise MalformedDocument("the last signature line has no newline")
    listed = lines[:-1].split("\n")
    if len(listed) > MAX_SIGNATURES:
        raise MalformedDocument(f"{len(listed)} signature lines, at most {MAX_SIGNATURES} are read")
    return tuple(_read_signature(line) for line in listed)


def verify_note(note: Note, keys: Iterable[NoteKey]) -> tuple[Signed, ...]:
    """Return the signatures of known keys, in the note's order; there is at least one, and every one holds.

    Raises:
        SignatureRefused: no line is of a known key, or one of a known key fails.
    """
    known = {(key.name, key.key_id): key for key in keys}
    signed = []
    for signature in note.signatures:
        key = known.get((signature.name, signature.key_id))
        if key is not None:
            signed.append(Signed(key, signature, _verify(note.text, key, signature.value)))
    if not signed:
        wanted = " or ".join(f"{name} {key_id.hex()}" for name, key_id in known) or "(none is known)"
        raise SignatureRefused(f"no signature of the key {wanted} under the note", hint="name the key that signed it")
    return tuple(signed)


def sign_text(text: str, name: str, key: Ed25519PrivateKey) -> Signature:
    """Return the signature (type 0x01) of a text that ends with a newline."""
    return Signature(name, NoteKey(name, ED25519, key.public_key().public_bytes_raw()).key_id, key.sign(text.encode()))


def cosign_text(text: str, name: str, key: Ed25519PrivateKey, time: int) -> Signature:
    """Return the cosignature (type 0x04) of a text at `time`, in Unix seconds."""
    key_id = NoteKey(name, COSIGNATURE, key.public_key().public_bytes_raw()).key_id
    return Signature(name, key_id, time.to_bytes(_TIME_BYTES, "big") + key.sign(_cosigned(text, time)))


def unbase64(text: str, what: str) -> bytes:
    """Return the bytes of canonical base64.

    Raises:
        MalformedDocument: it is another text for its bytes, or none.
    """
    try:
        value = base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError) as error:
        raise MalformedDocument(f"{what} is no base64") from error
    if base64.b64encode(value).decode() != text:
        raise MalformedDocument(f"{what} is base64, but not canonical")
    return value


def _read_signature(line: str) -> Signature:
    parts = line.split(" ")
    if len(parts) != 3 or parts[0] != "—":
        raise MalformedDocument("a signature line is an em dash, a name and base64, one space between them")
    _check_name(parts[1])
    value = unbase64(parts[2], f"the signature of {parts[1]}")
    if len(value) <= _ID_BYTES:
        raise MalformedDocument(f"the signature of {parts[1]} has {len(value)} bytes, expected a key id and more")
    return Signature(parts[1], value[:_ID_BYTES], value[_ID_BYTES:])


def _check_name(name: str) -> None:
    if not name or "+" in name or any(character.isspace() for character in name):
        raise MalformedDocument(f"{name!r} is no name of a key", hint="expected something like example.org/witness, no space, no plus")


def _verify(text: str, key: NoteKey, value: bytes) -> int | None:
    message, time = text.encode(), None
    if key.kind == COSIGNATURE:
        time, value = int.from_bytes(value[:_TIME_BYTES], "big"), value[_TIME_BYTES:]
        message = _cosigned(text, time)
    try:
        if len(value) != _SIGNATURE_BYTES or (time or 0) > MAX_TIME:
            raise InvalidSignature
        Ed25519PublicKey.from_public_bytes(key.public_key).verify(value, message)
    except InvalidSignature as error:
        hint = "the note was changed after it was signed"
        raise SignatureRefused(f"the signature of {key.name} ({key.key_id.hex()}) is wrong", hint=hint) from error
    return time


def _cosigned(text: str, time: int) -> bytes:
    return f"cosignature/v1\ntime {time}\n{text}".encode()
