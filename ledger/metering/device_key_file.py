"""A device's key on the device: an Ed25519 key as PEM (PKCS #8) without a passphrase, for nobody but its owner to read.

A gateway starts without anybody beside it, so no passphrase could be asked for; what protects the key is the file's mode and the
device itself. A stolen one is revoked with a cut-over (spec: metering §1).
"""

from __future__ import annotations

import os
import stat
from contextlib import suppress
from pathlib import Path

from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat, load_pem_private_key

from ledger.errors import ConfigurationError, Conflict, MalformedDocument

_MAX_BYTES = 4096


def make_device_key(path: Path) -> Ed25519PrivateKey:
    """Make a key in a new file of mode 0600, on disk before it is returned.

    Raises:
        Conflict: there is a file of this name.
    """
    key = Ed25519PrivateKey.generate()
    data = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    try:
        handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except FileExistsError:
        raise Conflict(f"{path} is there already", hint="name a new file; a key is never overwritten") from None
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
    except OSError:
        with suppress(OSError):
            path.unlink()
        raise
    return key


def load_device_key(path: Path) -> Ed25519PrivateKey:
    """Return the key of a file that only its owner can read.

    Raises:
        ConfigurationError: others can read the file.
        MalformedDocument: it holds no Ed25519 key.
    """
    with path.open("rb") as file:
        mode = stat.S_IMODE(os.fstat(file.fileno()).st_mode)
        data = file.read(_MAX_BYTES)
    if mode & 0o077:
        raise ConfigurationError(f"others can read {path} (mode {mode:04o})", hint=f"chmod 600 {path}")
    with suppress(ValueError, TypeError, UnsupportedAlgorithm):
        key = load_pem_private_key(data, None)
        if isinstance(key, Ed25519PrivateKey):
            return key
    raise MalformedDocument(f"{path} holds no Ed25519 key", hint="make one with `lingtan device enrol`")
