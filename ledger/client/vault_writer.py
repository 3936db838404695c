"""Write a vault beside its place and move it there in one step (spec: commitments §5; what it holds: vault.py)."""

from __future__ import annotations

import hashlib
import os
import shutil
from collections.abc import Sequence
from pathlib import Path
from types import TracebackType

from ledger.accounting.commit import CommittedDataset, context_document
from ledger.accounting.financed.groups import Groups
from ledger.client.vault import SCHEMA, Vault
from ledger.client.vault_files import LINE, close_synced, create_private, leaf_document, lock_folder, refuse_server_folder, sync_folder
from ledger.errors import ConfigurationError, Conflict, InputError
from ledger.records import canonical


class VaultWriter:
    """Writes a vault beside its place and moves it there in one step; leaving without `finish` leaves nothing.

    What a killed process left behind is removed by the next writer of the same folder.
    """

    def __init__(self, folder: Path) -> None:
        """Take the place.

        Raises:
            Conflict: the folder is there, or somebody else is writing it.
            ConfigurationError: it stands in a server's data directory, or cannot be made.
        """
        self.folder = folder.absolute()
        refuse_server_folder(self.folder)
        self._partial = self.folder.with_name(f".{self.folder.name}.partial")
        self._offset, self._count, self._done = 0, 0, False
        try:
            self.folder.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
            self._parent = os.open(self.folder.parent, os.O_RDONLY | os.O_CLOEXEC)
        except OSError as error:
            raise ConfigurationError(f"no vault can be written at {folder}: {error.strerror}", hint="name a folder of yours") from error
        try:
            lock_folder(self._parent, folder)
            if self.folder.exists():
                raise Conflict(f"{folder} is there already", hint="a vault is never overwritten: name another folder")
            if self._partial.exists():
                shutil.rmtree(self._partial)
            self._partial.mkdir(mode=0o700)
            self._files = {
                name: create_private(self._partial / name) for name in ("records.jsonl", "salts.bin", "leaves.bin", "offsets.bin")
            }
        except BaseException:
            os.close(self._parent)
            raise

    def add(self, salts: bytes, records: Sequence[bytes], leaves: bytes) -> None:
        """Write the next exposures: the `keep` of make_groups."""
        starts = []
        for record in records:
            starts.append(self._offset.to_bytes(8, "little"))
            self._offset += len(record) + 1
        self._count += len(records)
        for name, data in (("records.jsonl", b"".join(record + LINE for record in records)), ("salts.bin", salts), ("leaves.bin", leaves)):
            self._files[name].write(data)
        self._files["offsets.bin"].write(b"".join(starts))

    def finish(self, statement: bytes, committed: CommittedDataset, groups: Groups) -> Vault:
        """Write the rest, put the vault in its place and return it.

        Raises:
            InputError: other exposures were written than the groups hold.
        """
        if self._count != groups.n:
            raise InputError(f"{self._count} exposures were written, the groups hold {groups.n}", hint="give make_groups keep=writer.add")
        self._files["offsets.bin"].write(self._offset.to_bytes(8, "little"))
        for file in self._files.values():
            close_synced(file)
        leaves = {opening.asset: opening for opening in committed.openings}
        about = {
            "schema": SCHEMA,
            "dataset": committed.dataset,
            "context": context_document(committed.context),
            "groups": [group.n for group in groups.groups],
            "root": committed.tree.root.hex(),
            "statement": hashlib.sha256(statement).hexdigest(),
        }
        lines = b"".join(canonical.dump(leaf_document(leaves[group.asset])) + LINE for group in groups.groups)
        contents = (("vault.json", canonical.dump(about)), ("statement.json", statement), ("groups.jsonl", lines), ("erasures.jsonl", b""))
        for name, data in contents:
            with create_private(self._partial / name) as file:
                file.write(data)
                close_synced(file)
        sync_folder(self._partial)
        os.rename(self._partial, self.folder)
        os.fsync(self._parent)
        self._done = True
        return Vault.open(self.folder)

    def __enter__(self) -> VaultWriter:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        for file in self._files.values():
            file.close()
        if not self._done:
            shutil.rmtree(self._partial, ignore_errors=True)
        os.close(self._parent)
