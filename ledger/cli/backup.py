"""One file with everything the server keeps, and its way back (SQLite and the embedded chain; PostgreSQL has pg_dump).

Order matters while the server runs: checkpoints first, then database and chain under one write lock of the database. The relay writes a
transaction's bytes down before it sends them, so that while the lock is held nothing can be sent that the copied database does not know;
what was sent before and is mined meanwhile, the restored relay finds by its hash. The copied chain extends the copied checkpoints.
"""

from __future__ import annotations

import hashlib
import os
import re
import shutil
import sqlite3
import tempfile
import zipfile
from collections.abc import Iterator, Mapping
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any

from ledger.cli.office import operator_actor, settings_of
from ledger.clock import SystemClock, format_instant
from ledger.config import Settings
from ledger.errors import ConfigurationError, Conflict, InputError, IntegrityError, MalformedDocument
from ledger.records import canonical
from ledger.records.findings import Finding

SCHEMA = "lingtan.backup/1"
MANIFEST = "manifest.json"
DATABASE, CHAIN = "ledger.sqlite", "chain.sqlite"
RELAYER = "keys/relayer.json"
_PATH = re.compile(r"(ledger\.sqlite|chain\.sqlite|(deployments|checkpoints|keys)/[A-Za-z0-9][A-Za-z0-9._-]{0,100})")
LOCK_SECONDS = 30
_BLOCK = 1 << 20
_MAX_MANIFEST = 16 << 20
_ELSEWHERE = ("LINGTAN_DATABASE_URL", "LINGTAN_CHAIN_URL", "LINGTAN_DATA")


def write_backup(settings: Settings, out: Path, *, with_keys: bool) -> dict[str, Any]:
    """Write the backup file (readable by its owner alone) and return its manifest.

    Raises:
        ConfigurationError: the database is not SQLite, or nothing is set up here.
        Conflict: the file is there already.
    """
    if not settings.database_url.startswith("sqlite:///"):
        raise ConfigurationError(
            "this backup is for SQLite", hint="back PostgreSQL up with pg_dump, and the folders deployments, checkpoints and keys beside it"
        )
    if out.exists():
        raise Conflict(f"{out} is there already", hint="name a new file; backups are never overwritten")
    temporary = out.with_name(f".{out.name}.{os.getpid()}")
    try:
        with tempfile.TemporaryDirectory(dir=out.parent, prefix=".lingtan-backup-") as scratch:
            os.close(os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600))
            with zipfile.ZipFile(temporary, "w", zipfile.ZIP_DEFLATED, allowZip64=True) as archive:
                entries = [_add(archive, name, file) for name, file in _parts(settings, Path(scratch), with_keys)]
                manifest: dict[str, Any] = {
                    "schema": SCHEMA,
                    "made": format_instant(SystemClock().now()),
                    "chain_id": str(settings.chain_id),
                    "with_keys": with_keys,
                    "files": entries,
                }
                archive.writestr(MANIFEST, canonical.dump(manifest))
        with temporary.open("rb") as file:
            os.fsync(file.fileno())
        os.link(temporary, out)
    finally:
        temporary.unlink(missing_ok=True)
    return manifest


def restore_backup(file: Path, data: Path, *, keys: Path | None = None, opened: bool = False) -> dict[str, Any]:
    """Put a backup's files into an empty directory and return the manifest. Nothing stays of a backup that is not whole.

    Args:
        keys: the folder of the server's keys, copied beside them.
        opened: the house is to be opened afterwards, which takes its keys.

    Raises:
        InputError: it is to be opened, and neither the backup nor `keys` has the keys.
        Conflict: the directory holds something.
        MalformedDocument: not a backup of ours.
        IntegrityError: a file differs from the manifest.
    """
    if data.exists() and any(data.iterdir()):
        raise Conflict(f"{data} is not empty", hint="name a new directory; a restore never overwrites")
    data.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=data.parent, prefix=".lingtan-restore-") as scratch:
        folder = Path(scratch) / "data"
        folder.mkdir(mode=0o700)
        try:
            with zipfile.ZipFile(file) as archive:
                manifest = _read_manifest(archive, file)
                if opened and keys is None and not any(entry["path"] == RELAYER for entry in manifest["files"]):
                    raise InputError(
                        f"{file} holds no keys, and --check opens the house", hint="name the server's folder of keys with --keys"
                    )
                for entry in manifest["files"]:
                    _extract(archive, entry, folder)
        except (zipfile.BadZipFile, EOFError, NotImplementedError, RuntimeError, KeyError) as error:
            raise MalformedDocument(f"{file} is not a whole backup: {error}", hint="take another copy of the backup") from error
        if keys is not None:
            _copy_keys(keys, folder / "keys")
        if data.exists():
            data.rmdir()
        folder.rename(data)
    return manifest


def check_restored(environment: Mapping[str, str], data: Path) -> tuple[Finding, ...]:
    """Open the restored house from its own directory, whatever the environment says of others, and return what fsck finds."""
    from ledger.services.fsck import check_house
    from ledger.services.house import open_house

    house = open_house(settings_of_copy(environment, data))
    try:
        with house.view(operator_actor()) as work:
            return check_house(work)
    finally:
        house.close()


def settings_of_copy(environment: Mapping[str, str], data: Path) -> Settings:
    """Return the settings of a restored directory: its own database and chain, whatever the environment says of others."""
    return settings_of({name: value for name, value in environment.items() if name not in _ELSEWHERE}, data)


def _parts(settings: Settings, scratch: Path, with_keys: bool) -> Iterator[tuple[str, Path]]:
    for name, folder in (("deployments", settings.deployment.parent), ("checkpoints", settings.checkpoints)):
        for file in sorted(folder.glob("*")) if folder.is_dir() else ():
            if file.is_file() and _PATH.fullmatch(f"{name}/{file.name}"):
                yield f"{name}/{file.name}", file
    database = Path(settings.database_url.removeprefix("sqlite:///"))
    with _still(database):
        copies = [(DATABASE, _copy_database(database, scratch / DATABASE))]
        if settings.embedded:
            copies.append((CHAIN, _copy_database(Path(settings.chain_url.removeprefix("embedded://")), scratch / CHAIN)))
    yield from copies
    if with_keys:
        for file in sorted(settings.keys.iterdir()):
            if _PATH.fullmatch(f"keys/{file.name}"):
                yield f"keys/{file.name}", file


@contextmanager
def _still(database: Path) -> Iterator[None]:
    """Hold every writer of the database up while the block runs; readers go on."""
    _require_file(database)
    with closing(sqlite3.connect(database, timeout=LOCK_SECONDS, isolation_level=None)) as connection:
        with _sqlite_errors(database):
            connection.execute("BEGIN IMMEDIATE")
        try:
            yield
        finally:
            connection.execute("ROLLBACK")


def _copy_database(source: Path, target: Path) -> Path:
    _require_file(source)
    # The copy is a moment of the database, though others write meanwhile; copying the file itself would tear it.
    uri = f"{source.absolute().as_uri()}?mode=ro"
    with _sqlite_errors(source), closing(sqlite3.connect(uri, uri=True)) as original, closing(sqlite3.connect(target)) as copy:
        original.backup(copy, pages=-1)
        copy.execute("PRAGMA journal_mode = DELETE")
    return target


def _require_file(file: Path) -> None:
    if not file.is_file():
        raise ConfigurationError(f"{file} does not exist", hint="name the data directory with --data or LINGTAN_DATA")


@contextmanager
def _sqlite_errors(file: Path) -> Iterator[None]:
    try:
        yield
    except sqlite3.Error as error:
        raise ConfigurationError(f"{file} cannot be copied: {error}", hint="is the disk full, or another backup running?") from error


def _add(archive: zipfile.ZipFile, name: str, file: Path) -> dict[str, str]:
    digest, size = hashlib.sha256(), 0
    with file.open("rb") as source, archive.open(name, "w", force_zip64=True) as target:
        while block := source.read(_BLOCK):
            digest.update(block)
            size += len(block)
            target.write(block)
    return {"path": name, "sha256": digest.hexdigest(), "bytes": str(size)}


def _read_manifest(archive: zipfile.ZipFile, file: Path) -> dict[str, Any]:
    if archive.getinfo(MANIFEST).file_size > _MAX_MANIFEST:
        raise MalformedDocument(f"{file}: the manifest is too large")
    manifest = canonical.load_canonical(archive.read(MANIFEST))
    entries = manifest.get("files") if isinstance(manifest, dict) and manifest.get("schema") == SCHEMA else None
    if not isinstance(manifest, dict) or not isinstance(entries, list):
        raise MalformedDocument(f"{file} is no {SCHEMA}", hint="name a file that `lingtan backup` wrote")
    names = [str(entry.get("path")) if isinstance(entry, dict) else "" for entry in entries]
    if not all(_PATH.fullmatch(name) for name in names) or sorted([*names, MANIFEST]) != sorted(archive.namelist()):
        raise IntegrityError(f"{file} holds other files than its manifest lists", hint="take another copy of the backup")
    return manifest


def _extract(archive: zipfile.ZipFile, entry: Mapping[str, str], folder: Path) -> None:
    target = folder / entry["path"]
    target.parent.mkdir(mode=0o700, exist_ok=True)
    digest, size = hashlib.sha256(), 0
    handle = os.open(target, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with archive.open(entry["path"]) as source, os.fdopen(handle, "wb") as file:
        while block := source.read(_BLOCK):
            digest.update(block)
            size += len(block)
            if size > int(entry["bytes"]):
                break
            file.write(block)
        file.flush()
        os.fsync(file.fileno())
    if digest.hexdigest() != entry["sha256"] or str(size) != entry["bytes"]:
        raise IntegrityError(f"{entry['path']} in the backup differs from its manifest", hint="take another copy of the backup")


def _copy_keys(source: Path, target: Path) -> None:
    target.mkdir(mode=0o700, exist_ok=True)
    for file in sorted(source.iterdir()):
        if file.is_file() and not (target / file.name).exists():
            shutil.copyfile(file, target / file.name)
            (target / file.name).chmod(0o600)
