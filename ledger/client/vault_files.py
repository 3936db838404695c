"""What the vault does with files: private, synced, locked, never in a server's folder; and the lines of its groups."""

from __future__ import annotations

import fcntl
import os
from pathlib import Path
from typing import Any, BinaryIO

from ledger.accounting.commit import Opening
from ledger.errors import ConfigurationError, Conflict, MalformedDocument
from ledger.records import canonical

# What a server's data directory holds (ledger.config).
SERVER_FILES = (("keys", "relayer.json"), ("keys", "checkpoint.pem"), ("keys", "cursor.key"), ("ledger.sqlite",), ("chain.sqlite",))
LINE = b"\n"


def refuse_server_folder(folder: Path) -> None:
    """Refuse a folder inside a server's data directory: the vault is the bank's, the server another's.

    Raises:
        ConfigurationError: it is inside one.
    """
    resolved = folder.resolve()
    for above in (resolved, *resolved.parents):
        if any(above.joinpath(*parts).exists() for parts in SERVER_FILES):
            raise ConfigurationError(
                f"{folder} is inside a server's data directory ({above})", hint="a vault stays with the bank: name a folder of yours"
            )


def lock_folder(handle: int, folder: Path) -> None:
    """Lock an open folder for this process; closing the handle, or dying, gives it back.

    Raises:
        Conflict: another process has it.
    """
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError as error:
        raise Conflict(f"another process works on {folder}", hint="wait until it is done") from error


def create_private(path: Path) -> BinaryIO:
    """Create a file that only its owner can read, open for writing."""
    return os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600), "wb")


def close_synced(file: BinaryIO) -> None:
    """Close a file once its bytes are on disk."""
    file.flush()
    os.fsync(file.fileno())
    file.close()


def sync_folder(folder: Path) -> None:
    """Return once the names in a folder are on disk."""
    handle = os.open(folder, os.O_RDONLY | os.O_CLOEXEC)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def read_part(file: BinaryIO, first: int, last: int, width: int) -> bytes:
    """Return the entries from `first` to before `last` of a file of entries of `width` bytes."""
    file.seek(width * first)
    return file.read(width * (last - first))


def count_whole(data: bytes) -> int:
    """Return how many bytes of a log are whole lines: a process that was killed may have left half of one."""
    return data.rfind(LINE) + 1


def leaf_document(leaf: Opening) -> dict[str, object]:
    """Return the line of groups.jsonl for a leaf."""
    values = [str(value) for value in leaf.values]
    # The record of a group is canonical JSON, so its bytes follow from its value.
    return {"asset": leaf.asset, "key": leaf.key.hex(), "salt": leaf.salt.hex(), "values": values, "record": canonical.load(leaf.record)}


def read_leaf(line: bytes) -> Opening:
    """Return the leaf of a line of groups.jsonl.

    Raises:
        MalformedDocument: it is none.
    """
    item = canonical.load_canonical(line)
    try:
        leaf: dict[str, Any] = dict(item)  # type: ignore[arg-type]  # every wrong shape ends in the except below
        key, salt, values = bytes.fromhex(leaf["key"]), bytes.fromhex(leaf["salt"]), tuple(map(int, leaf["values"]))
        return Opening(str(leaf["asset"]), key, salt, values, canonical.dump(leaf["record"]))
    except (KeyError, TypeError, ValueError) as error:
        raise MalformedDocument("a line of groups.jsonl is no leaf") from error
