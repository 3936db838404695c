"""The witness's key: one line of text in a file that its owner alone can read, `PRIVATE+KEY+<name>+<hex key id>+<base64(0x04 ‖ seed)>`."""

from __future__ import annotations

import base64
import os
import stat
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from ledger.errors import ConfigurationError, Conflict, MalformedDocument
from ledger.records.signed_note import COSIGNATURE, NoteKey, unbase64

_PREFIX = "PRIVATE+KEY+"


def make_key(file: Path, name: str) -> str:
    """Write a new key and return its vkey line.

    Raises:
        Conflict: the file is there already: a key is never overwritten.
        MalformedDocument: the name is none.
        ConfigurationError: the file cannot be written.
    """
    key = Ed25519PrivateKey.generate()
    public = NoteKey(name, COSIGNATURE, key.public_key().public_bytes_raw())
    line = f"{_PREFIX}{name}+{public.key_id.hex()}+{base64.b64encode(bytes([COSIGNATURE]) + key.private_bytes_raw()).decode()}\n"
    try:
        handle = os.open(file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except FileExistsError as error:
        raise Conflict(f"{file} is there already", hint="a key is never overwritten: name another file") from error
    except OSError as error:
        raise ConfigurationError(f"{file} cannot be written: {error.strerror}", hint="name a file in a directory of yours") from error
    with os.fdopen(handle, "w", encoding="utf-8") as opened:
        opened.write(line)
        opened.flush()
        os.fsync(opened.fileno())
    return public.vkey


def read_key(file: Path) -> tuple[str, Ed25519PrivateKey]:
    """Return name and key of a key file.

    Raises:
        ConfigurationError: it cannot be read, others can read it, or it holds no key of a witness.
    """
    try:
        mode = stat.S_IMODE(file.stat().st_mode)
        text = file.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigurationError(f"{file} cannot be read as a key", hint="`lingtan witness init` makes one") from error
    if mode & 0o077:
        raise ConfigurationError(f"others can read {file} ({mode:04o})", hint=f"chmod 600 {file}")
    name, _, rest = text.removesuffix("\n").removeprefix(_PREFIX).partition("+")
    hex_id, _, encoded = rest.partition("+")
    # The text itself never goes into a message: it is the secret.
    try:
        data = unbase64(encoded, "the key") if text.startswith(_PREFIX) else b""
        if len(data) != 33 or data[0] != COSIGNATURE:
            raise MalformedDocument("another type of key")
        key = Ed25519PrivateKey.from_private_bytes(data[1:])
        if NoteKey(name, COSIGNATURE, key.public_key().public_bytes_raw()).key_id.hex() != hex_id:
            raise MalformedDocument("another key id")
    except MalformedDocument:
        raise ConfigurationError(f"{file} holds no key of a witness", hint="`lingtan witness init` makes one") from None
    return name, key
