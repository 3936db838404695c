"""Writes a vault in a process of its own, to be killed while it does."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path

from ledger.accounting.financed.groups import commit_groups, make_groups
from ledger.client.vault import Vault
from ledger.client.vault_writer import VaultWriter
from ledger.records import canonical
from tests.accounting.financed.committed import BOOK_KEY, CONTEXT, KEYS, loans, records_of

STATEMENT = canonical.dump({"schema": "lingtan.financed/1"})


def write(folder: Path, n: int = 333, missing: int = 0, tell: Callable[[str], None] = lambda _: None) -> Vault:
    """Write the vault of n loans; `missing` exposures are claimed and not written."""
    with VaultWriter(folder) as writer:

        def keep(salts: bytes, records: Sequence[bytes], leaves: bytes) -> None:
            tell("writing")
            writer.add(salts, records, leaves)

        groups = make_groups(records_of(loans(n)), BOOK_KEY, keep=keep)
        committed = commit_groups(groups, "FINANCED_PCAF", CONTEXT, KEYS)
        return writer.finish(STATEMENT, committed, replace(groups, n=n + missing))


def write_and_tell(tell: Callable[[str], None], folder: Path, n: int) -> None:
    """Write a vault, and tell when its first bytes are written."""
    write(folder, n, tell=tell)
