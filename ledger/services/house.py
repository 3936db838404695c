"""How a house is set up and opened."""

from __future__ import annotations

import os
import secrets
import time
from collections.abc import Callable
from pathlib import Path

from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from ledger.chain.client import ChainClient
from ledger.chain.connect import connect
from ledger.chain.deploy import check_deployment, deploy
from ledger.chain.deployment import Deployment, load_deployment
from ledger.chain.embedded.checkpoint import origin_of
from ledger.chain.keystore import create_key, load_key
from ledger.clock import Clock, SystemClock
from ledger.config import Settings
from ledger.errors import ConfigurationError, IntegrityError, MalformedDocument
from ledger.records.signed_note import COSIGNATURE, ED25519, NoteKey, read_vkey
from ledger.services.context import House
from ledger.store.database import open_database

LIGHT_SCRYPT_N = 2**12
SECRET_BYTES = 32


def init_house(
    settings: Settings,
    admin: str,
    *,
    clock: Clock | None = None,
    pause: Callable[[], None] = lambda: time.sleep(0.2),
    chain: ChainClient | None = None,
) -> Deployment:
    """Make the server's keys, bring the schema to its head and the contracts onto the chain; again, it changes nothing.

    Args:
        admin: the EIP-55 address of the centre's admin; its key is elsewhere and stays there.
        pause: called between two looks for a receipt.
        chain: an open connection to use and leave open, for an engine that lives in memory.

    Raises:
        Conflict: this data directory was set up with another admin, chain or key.
    """
    clock = clock or SystemClock()
    settings.keys.mkdir(parents=True, exist_ok=True, mode=0o700)
    if not settings.relayer_key.exists():
        if settings.light_keys:
            create_key(settings.relayer_key, settings.passphrase, scrypt_n=LIGHT_SCRYPT_N)
        else:
            create_key(settings.relayer_key, settings.passphrase)
    if not settings.checkpoint_key.exists():
        _write_checkpoint_key(settings)
    for secret in (settings.cursor_key, settings.matching_key):
        if not secret.exists():
            _write_secret(secret, secrets.token_bytes(SECRET_BYTES))
    database = open_database(settings.database_url)
    try:
        database.migrate()
    finally:
        database.close()
    connection = chain or _connect(settings, clock)
    try:
        relayer = load_key(settings.relayer_key, settings.passphrase)
        return deploy(connection, relayer, admin, settings.deployment, pause=pause)
    finally:
        if chain is None:
            connection.close()


def open_house(settings: Settings, *, clock: Clock | None = None, chain: ChainClient | None = None) -> House:
    """Open a house that `init_house` set up, after checking that chain, contracts and schema are the ones it was set up with.

    Raises:
        ConfigurationError: it was never set up, or the passphrase is another.
        IntegrityError: what stands on the chain is not what the deployment record says.
    """
    clock = clock or SystemClock()
    if not settings.relayer_key.exists() or not settings.deployment.exists():
        raise ConfigurationError(f"nothing is set up in {settings.data}", hint="run `lingtan init` first")
    relayer = load_key(settings.relayer_key, settings.passphrase)
    deployment = load_deployment(settings.deployment)
    database = open_database(settings.database_url)
    if not database.at_head():
        database.close()
        raise ConfigurationError("the database is not at the head of its migrations", hint="run `lingtan migrate`")
    try:
        chain = chain or _connect(settings, clock)
    except BaseException:
        database.close()
        raise
    findings = check_deployment(chain, deployment)
    if findings:
        chain.close()
        database.close()
        listed = "; ".join(f"{finding.place}: {finding.code}, got {finding.got}, expected {finding.expected}" for finding in findings)
        raise IntegrityError(f"the chain is not the one of the deployment record: {listed}", hint=findings[0].action)
    return House(settings, database, chain, deployment, relayer, settings.cursor_key.read_bytes(), clock)


def _connect(settings: Settings, clock: Clock) -> ChainClient:
    if not settings.embedded:
        return connect(settings.chain_url, settings.chain_id, clock=clock)
    Path(settings.chain_url.removeprefix("embedded://")).parent.mkdir(parents=True, exist_ok=True)
    return connect(
        settings.chain_url,
        settings.chain_id,
        clock=clock,
        checkpoint_key=_read_checkpoint_key(settings),
        checkpoint_folder=settings.checkpoints,
        witnesses=[key for key, _ in witness_keys(settings)],
        quorum=settings.witness_quorum,
    )


def read_log_vkey(settings: Settings, deployment: Deployment) -> str:
    """Return the vkey line under which the embedded chain publishes its checkpoints: what a witness and a policy file need.

    Raises:
        ConfigurationError: the checkpoint key cannot be read.
    """
    origin = origin_of(deployment.chain_id, bytes.fromhex(deployment.genesis.removeprefix("0x")))
    return NoteKey(origin, ED25519, _read_checkpoint_key(settings).public_key().public_bytes_raw()).vkey


def witness_keys(settings: Settings) -> tuple[tuple[NoteKey, str], ...]:
    """Return key and URL of every witness that the settings name.

    Raises:
        ConfigurationError: a vkey is none of a witness, or two witnesses share name or key: then one of them is none.
    """
    found: list[tuple[NoteKey, str]] = []
    for setting in settings.witnesses:
        hint = "set LINGTAN_WITNESSES to the vkey lines that the witnesses gave you, each once"
        try:
            key = read_vkey(setting.vkey)
        except MalformedDocument as error:
            raise ConfigurationError(f"LINGTAN_WITNESSES: {error}", hint=hint) from error
        if key.kind != COSIGNATURE:
            raise ConfigurationError(f"LINGTAN_WITNESSES: the key of {key.name} signs notes, it is no witness's", hint=hint)
        if any(key.name == other.name or key.public_key == other.public_key for other, _ in found):
            raise ConfigurationError(f"LINGTAN_WITNESSES: {key.name} stands there twice", hint=hint)
        found.append((key, setting.url))
    return tuple(found)


def _write_checkpoint_key(settings: Settings) -> None:
    data = Ed25519PrivateKey.generate().private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.PKCS8,
        serialization.BestAvailableEncryption(settings.passphrase.encode()),
    )
    _write_secret(settings.checkpoint_key, data)


def _read_checkpoint_key(settings: Settings) -> Ed25519PrivateKey:
    try:
        key = serialization.load_pem_private_key(settings.checkpoint_key.read_bytes(), settings.passphrase.encode())
    except (OSError, ValueError) as error:
        raise ConfigurationError(
            "the checkpoint key cannot be read", hint="check LINGTAN_PASSPHRASE and the file keys/checkpoint.pem"
        ) from error
    if not isinstance(key, Ed25519PrivateKey):
        raise ConfigurationError("the checkpoint key is not an Ed25519 key", hint="restore keys/checkpoint.pem from the backup")
    return key


def _write_secret(path: Path, data: bytes) -> None:
    temporary = path.with_name(f".{path.name}.{os.getpid()}")
    handle = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(handle, "wb") as file:
        file.write(data)
        file.flush()
        os.fsync(file.fileno())
    temporary.replace(path)
