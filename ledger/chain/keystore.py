"""Encrypted key files and the signer they give (Ethereum keystore version 3: scrypt and AES-128-CTR).

Guarantees: a private key is never written in clear, a new file is readable by its owner alone and never replaces another one. It does
not hide the key from whoever reads this process's memory: a bank's production key belongs into a hardware module behind the same two
members, `address` and `sign_digest`.
"""

from __future__ import annotations

import json
import os
import secrets
import stat
from collections.abc import Callable, Mapping
from pathlib import Path

from eth_keyfile.keyfile import create_keyfile_json, decode_keyfile_json
from eth_keys.datatypes import PrivateKey
from eth_utils.address import is_hex_address, to_checksum_address

from ledger.chain.recover import CURVE_ORDER
from ledger.errors import ConfigurationError, InputError, MalformedDocument
from ledger.records.findings import Finding

PASSPHRASE_VARIABLE = "LINGTAN_KEY_PASSPHRASE"  # noqa: S105  (the name of a variable, not a passphrase)
SCRYPT_N = 2**17
SCRYPT_N_LIGHT = 2**12
MIN_PASSPHRASE_LENGTH = 8
MAX_KEY_FILE_BYTES = 8192
_MAX_SCRYPT_MEMORY = 2**30


class Signer:
    """One secp256k1 key in memory. It shows its address and signatures, and never the key."""

    def __init__(self, private_key: bytes) -> None:
        try:
            self._key = PrivateKey(private_key)
            self.address: str = self._key.public_key.to_checksum_address()
        except Exception as error:  # the backends disagree on what they raise for zero or the order
            raise InputError("not a secp256k1 private key", hint="expected 32 bytes between 1 and the curve's order") from error

    def sign_digest(self, digest: bytes) -> bytes:
        """Return the 65 bytes r ‖ s ‖ v of this 32-byte digest: deterministic (RFC 6979), low-s, v 27 or 28.

        Raises:
            InputError: the digest has not 32 bytes.
        """
        if len(digest) != 32:
            raise InputError(f"the digest has {len(digest)} bytes, expected 32", hint="sign the EIP-712 digest")
        signature = self._key.sign_msg_hash(digest).to_bytes()
        return signature[:64] + bytes([signature[64] + 27])

    def __repr__(self) -> str:
        return f"Signer({self.address})"

    def __reduce__(self) -> str:
        raise TypeError("a signer is not pickled: the key would leave the process")


def create_key(path: Path, passphrase: str, *, scrypt_n: int = SCRYPT_N) -> str:
    """Make a new key, write it encrypted with mode 0600, and return its EIP-55 address.

    Raises:
        InputError: a passphrase of fewer than 8 characters.
        ConfigurationError: the file exists, or its folder cannot be written.
    """
    return write_key(path, _new_private_key(), passphrase, scrypt_n=scrypt_n)


def write_key(path: Path, private_key: bytes, passphrase: str, *, scrypt_n: int = SCRYPT_N) -> str:
    """Write an existing private key (32 bytes) as `create_key` does, and return its EIP-55 address."""
    if len(passphrase) < MIN_PASSPHRASE_LENGTH:
        raise InputError(
            f"the passphrase has {len(passphrase)} characters, expected {MIN_PASSPHRASE_LENGTH} or more", hint="take a longer one"
        )
    address = Signer(private_key).address
    document = create_keyfile_json(private_key, passphrase.encode(), kdf="scrypt", iterations=scrypt_n)
    data = json.dumps(document, sort_keys=True, indent=1).encode() + b"\n"
    try:
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except FileExistsError as error:
        raise ConfigurationError(f"{path} exists", hint="a key file is never replaced: name another file", path=str(path)) from error
    except OSError as error:
        raise ConfigurationError(
            f"cannot write {path}: {error.strerror}", hint="name a folder that exists and is writable", path=str(path)
        ) from error
    with os.fdopen(descriptor, "wb") as file:
        file.write(data)
        file.flush()
        os.fsync(file.fileno())
    return address


def load_key(path: Path, passphrase: str) -> Signer:
    """Return the signer of an encrypted key file.

    Raises:
        ConfigurationError: the file is absent or unreadable, or the passphrase is wrong.
        MalformedDocument: not a version 3 key file, or its parameters would use more than 1 GiB.
    """
    document = _read_document(path)
    try:
        private_key = decode_keyfile_json(document, passphrase.encode())
    except ValueError as error:
        if "MAC" in str(error):
            raise ConfigurationError(
                f"wrong passphrase for {path}", hint=f"check --passphrase-file, {PASSPHRASE_VARIABLE} or what was typed", path=str(path)
            ) from error
        raise _malformed(path, "its cryptographic part cannot be read") from error
    except (KeyError, TypeError, AttributeError) as error:
        raise _malformed(path, f"its cryptographic part lacks or distorts {error}") from error
    signer = Signer(private_key)
    stated = document.get("address")
    if isinstance(stated, str) and stated.lower().removeprefix("0x") != signer.address.lower()[2:]:
        raise _malformed(path, f"it states the address {stated} and holds the key of {signer.address}")
    return signer


def read_address(path: Path) -> str:
    """Return the EIP-55 address a key file states, without the passphrase.

    Raises:
        ConfigurationError: the file is absent or unreadable.
        MalformedDocument: not a key file, or it states none.
    """
    stated = _read_document(path).get("address")
    if not isinstance(stated, str) or not is_hex_address(stated.lower()):
        raise _malformed(path, "it states no address")
    return to_checksum_address("0x" + stated.lower().removeprefix("0x"))


def check_key_file(path: Path) -> tuple[Finding, ...]:
    """Return what is unsafe about a key file: readable by others, a symbolic link, few scrypt rounds."""
    findings: list[Finding] = []
    mode = stat.S_IMODE(path.stat().st_mode)
    if mode & 0o077:
        findings.append(
            Finding(
                "key.permissions",
                "warning",
                path.name,
                f"chmod 600 {path.name}",
                got=f"{mode:04o}",
                expected="0600",
                params={"file": path.name},
            )
        )
    crypto = _read_document(path).get("crypto")
    parameters = crypto.get("kdfparams") if isinstance(crypto, dict) else None
    rounds = parameters.get("n") if isinstance(parameters, dict) else None
    if isinstance(rounds, int) and rounds < SCRYPT_N:
        findings.append(
            Finding("key.weak_kdf", "warning", path.name, "create the key anew for production use", got=str(rounds), expected=str(SCRYPT_N))
        )
    return tuple(findings)


def read_passphrase(
    environment: Mapping[str, str],
    *,
    file: Path | None = None,
    prompt: Callable[[], str] | None = None,
) -> str:
    """Return the passphrase: from the file where one is named, else from the environment, else by asking.

    A passphrase file holds the passphrase on its first line; the line end does not belong to it.

    Raises:
        ConfigurationError: the file cannot be read, or there is none of the three.
    """
    if file is not None:
        try:
            lines = file.read_text("utf-8").splitlines()
        except (OSError, UnicodeDecodeError) as error:
            raise ConfigurationError(
                f"cannot read the passphrase file {file}", hint="name a readable UTF-8 file", path=str(file)
            ) from error
        if not lines or not lines[0]:
            raise ConfigurationError(f"the passphrase file {file} is empty", hint="write the passphrase on its first line", path=str(file))
        return lines[0]
    if passphrase := environment.get(PASSPHRASE_VARIABLE):
        return passphrase
    if prompt is None:
        raise ConfigurationError(
            "no passphrase for the key file", hint=f"name its file with --passphrase-file, or set {PASSPHRASE_VARIABLE}"
        )
    return prompt()


def _new_private_key() -> bytes:
    return (1 + secrets.randbelow(CURVE_ORDER - 1)).to_bytes(32, "big")


def _read_document(path: Path) -> dict[str, object]:
    try:
        with path.open("rb") as file:
            data = file.read(MAX_KEY_FILE_BYTES + 1)
    except OSError as error:
        raise ConfigurationError(
            f"cannot read the key file {path}: {error.strerror}", hint="name an existing key file", path=str(path)
        ) from error
    if len(data) > MAX_KEY_FILE_BYTES:
        raise _malformed(path, f"it is larger than {MAX_KEY_FILE_BYTES} bytes")
    try:
        document = json.loads(data)
    except (ValueError, RecursionError) as error:
        raise _malformed(path, "it is not JSON") from error
    if not isinstance(document, dict) or document.get("version") != 3:
        raise _malformed(path, "it is not a version 3 key file")
    _check_parameters(path, document)
    return document


def _check_parameters(path: Path, document: dict[str, object]) -> None:
    crypto = document.get("crypto")
    parameters = crypto.get("kdfparams") if isinstance(crypto, dict) else None
    if not isinstance(crypto, dict) or not isinstance(parameters, dict) or crypto.get("kdf") != "scrypt":
        raise _malformed(path, "expected crypto.kdf scrypt with its parameters")
    numbers = [parameters.get(name) for name in ("n", "r", "p")]
    if not all(isinstance(number, int) and number > 0 for number in numbers):
        raise _malformed(path, "its scrypt parameters n, r, p are not positive integers")
    n, r, p = (int(str(number)) for number in numbers)
    if 128 * n * r > _MAX_SCRYPT_MEMORY or p > 16:
        raise _malformed(path, "its scrypt parameters ask for more than 1 GiB")


def _malformed(path: Path, what: str) -> MalformedDocument:
    return MalformedDocument(
        f"{path} is not a key file of ours: {what}", hint="expected an Ethereum keystore version 3 with scrypt", path=str(path)
    )
