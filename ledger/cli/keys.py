"""Commands on keys. A private key never leaves this machine; a commitment key is also deposited with the server, which computes with it."""

from __future__ import annotations

import os
import re
import stat
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from ledger.cli.invocation import Invocation, this, write_result
from ledger.errors import ConfigurationError, InputError, MalformedDocument

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

app = typer.Typer()
keys = typer.Typer(no_args_is_help=True, help="Signing keys, commitment keys, policy keys.")
app.add_typer(keys, name="keys")

_SECRET = re.compile(r"[0-9a-f]{64}")
_MAX_KEY_BYTES = 8192


@keys.command("new")
def new(context: typer.Context, file: Annotated[Path, typer.Argument(help="where to write it; never over another file")]) -> None:
    """Make a signing key in an encrypted file, and show its address."""
    from ledger.chain.keystore import create_key

    run = this(context)
    if file.exists():
        raise ConfigurationError(f"{file} is there already", hint="name a new file; a key is never overwritten")
    address = create_key(file, run.passphrase(file, twice=True))
    run.out.record({"file": str(file), "address": address}, [("file", file), ("address", address)])
    run.out.note("key_kept", file=file)


@keys.command("show")
def show(context: typer.Context, file: Annotated[Path, typer.Argument(exists=True, dir_okay=False)]) -> None:
    """Show a key file's address, and what is unsafe about the file. No passphrase is needed."""
    from ledger.chain.keystore import check_key_file, read_address

    run = this(context)
    address, findings = read_address(file), [finding.to_document() for finding in check_key_file(file)]
    run.out.record({"file": str(file), "address": address, "findings": findings}, [("file", file), ("address", address)])
    if findings:
        run.out.findings(findings)


@keys.command("commitment")
def commitment(
    context: typer.Context,
    bank: Annotated[str, typer.Option(help="the bank it belongs to")],
    file: Annotated[Path | None, typer.Option(help="where it is kept; <bank>.commitment.key without it")] = None,
) -> None:
    """Make the bank's commitment key, or read it, and deposit it with the server. The same again changes nothing."""
    from ledger.client.acts import new_commitment_key

    run = this(context)
    path = file or Path(f"{bank}.commitment.key")
    with run.client() as client:
        if client.get("/v1/me")["institution"] != bank:
            raise InputError(f"this token does not belong to {bank}", hint="use the token of the bank's preparer")
        made = not path.exists()
        if made:
            # On disk before it is on the server: a key that only the server has would be lost to the bank.
            write_result(path, new_commitment_key().hex().encode() + b"\n", private=True)
        client.put(f"/v1/institutions/{bank}/commitment-key", {"key": read_commitment_key(path)})
    run.out.record({"file": str(path), "made": made, "institution": bank}, [("file", path), ("institution", bank)])
    run.out.note("commitment_kept", file=path)


@keys.command("policy")
def policy(context: typer.Context, file: Annotated[Path, typer.Argument(help="where to write it; an existing one is shown")]) -> None:
    """Make the centre's policy key (Ed25519) in an encrypted file, or show it; auditors get its public half by a way they trust."""
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
    from cryptography.hazmat.primitives.serialization import BestAvailableEncryption, Encoding, PrivateFormat

    run = this(context)
    if file.exists():
        key = load_policy_key(run, file)
    else:
        passphrase = run.passphrase(file, twice=True)
        _require_length(passphrase)
        key = Ed25519PrivateKey.generate()
        data = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, BestAvailableEncryption(passphrase.encode()))
        write_result(file, data, private=True)
    public = key.public_key().public_bytes_raw().hex()
    run.out.record({"file": str(file), "public_key": public}, [("file", file), ("public_key", public)])


def load_policy_key(run: Invocation, file: Path) -> Ed25519PrivateKey:
    """Return the policy key of an encrypted PEM file.

    Raises:
        MalformedDocument: not a PEM key, or no Ed25519 key.
        ConfigurationError: the passphrase is wrong.
    """
    from cryptography.exceptions import UnsupportedAlgorithm
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
    from cryptography.hazmat.primitives.serialization import load_pem_private_key

    data = file.read_bytes()[:_MAX_KEY_BYTES]
    clear = b"BEGIN PRIVATE KEY" in data  # from another tool, without a passphrase
    if not clear and b"BEGIN ENCRYPTED PRIVATE KEY" not in data:
        raise MalformedDocument(f"{file} is no PEM key", hint="make one with `lingtan keys policy`")
    try:
        key = load_pem_private_key(data, None if clear else run.passphrase(file).encode())
    except (ValueError, TypeError, UnsupportedAlgorithm) as error:
        raise ConfigurationError(
            f"wrong passphrase for {file}, or a damaged file", hint="check --passphrase-file, LINGTAN_KEY_PASSPHRASE or what was typed"
        ) from error
    if not isinstance(key, Ed25519PrivateKey):
        raise MalformedDocument(f"{file} holds another kind of key than Ed25519", hint="make one with `lingtan keys policy`")
    return key


def read_commitment_key(path: Path) -> str:
    """Return the 64 hex digits of a commitment key file that only its owner can read.

    Raises:
        ConfigurationError: others can read the file.
        MalformedDocument: it holds something else.
    """
    return read_secret_key(path, "commitment key")


def read_secret_key(path: Path, what: str) -> str:
    """Return the 64 hex digits of a key file that only its owner can read; `what` names the kind of key.

    Raises:
        ConfigurationError: others can read the file.
        MalformedDocument: it holds something else.
    """
    handle = os.open(path, os.O_RDONLY)
    with os.fdopen(handle, "rb") as file:
        mode = stat.S_IMODE(os.fstat(handle).st_mode)
        text = file.read(_MAX_KEY_BYTES).decode("ascii", "replace").strip()
    if mode & 0o077:
        raise ConfigurationError(f"others can read {path} (mode {mode:04o})", hint=f"chmod 600 {path}")
    if not _SECRET.fullmatch(text):
        raise MalformedDocument(f"{path} is no {what}", hint="expected 64 lower-case hex digits")
    return text


def _require_length(passphrase: str) -> None:
    from ledger.chain.keystore import MIN_PASSPHRASE_LENGTH

    if len(passphrase) < MIN_PASSPHRASE_LENGTH:
        raise InputError(
            f"the passphrase has {len(passphrase)} characters, expected {MIN_PASSPHRASE_LENGTH} or more", hint="take a longer one"
        )
