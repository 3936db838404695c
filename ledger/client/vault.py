"""The bank's own folder for one computed book: salts, records, groups, statement; and the erasure of single records (spec: commitments §5).

Guarantees: a vault is there whole or not at all, only its owner can read it, and it never stands in a server's data directory. An erased
record's salt and bytes are overwritten in place; its leaf hash stays, so root and totals still follow, and nothing in the vault tells
the record any more. What it cannot reach: copies and backups made before, and blocks that a file system or disk kept of the old content.
Keep the vault on an encrypted volume, and destroy old copies by their own rule.

Files: vault.json (what it is of), statement.json, groups.jsonl (the leaves), records.jsonl (one record per line, a blank line where it
was erased), salts.bin and leaves.bin (32 bytes per exposure), offsets.bin (u64 little-endian starts of the lines, and the end),
erasures.jsonl (a log that only grows). Exposures stand in the order of their pseudonyms. vault_writer.py writes one.
"""

from __future__ import annotations

import hashlib
import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import BinaryIO

from ledger.accounting.commit import CommittedDataset
from ledger.accounting.financed.groups import Group
from ledger.accounting.financed.openings import (
    CONTEXT_FIELDS,
    ErasedExposure,
    GroupOpening,
    OpenExposure,
    Shown,
    make_opening,
    read_context,
)
from ledger.accounting.financed.records import read_record
from ledger.client.vault_files import LINE, close_synced, count_whole, lock_folder, read_leaf, read_part, refuse_server_folder
from ledger.clock import format_instant
from ledger.errors import ConfigurationError, Conflict, InputError, IntegrityError, LedgerError, MalformedDocument, NotFound
from ledger.merkle.bulk import SALT_BYTES, hash_plain_leaves, plain_roots
from ledger.merkle.dataset_schema import FINANCED_DATASETS
from ledger.merkle.plain import HASH_BYTES
from ledger.merkle.sums import Context
from ledger.records import canonical
from ledger.records.fields import Fields, raise_first
from ledger.records.findings import Finding

SCHEMA = "lingtan.vault/1"
ERASURE_SCHEMA = "lingtan.erasure/1"
MAX_TEXT = 2_000
MAX_NAME = 200
RUN = 8_192

_NO_SALT, _BLANK = bytes(SALT_BYTES), b" "
_FILES = ("vault.json", "statement.json", "groups.jsonl", "records.jsonl", "salts.bin", "leaves.bin", "offsets.bin", "erasures.jsonl")


@dataclass(frozen=True)
class Erasure:
    """One line of the log: which exposure (its place in the order and its leaf hash), who, when and why."""

    position: int
    leaf: str
    by: str
    at: int
    reason: str

    def to_document(self) -> dict[str, object]:
        """Return the item as it is logged and shown."""
        texts = {"schema": ERASURE_SCHEMA, "leaf": self.leaf, "by": self.by, "at": format_instant(self.at), "reason": self.reason}
        return {**texts, "position": self.position}


@dataclass(frozen=True)
class Vault:
    """A vault that is there. `sizes` are the exposures of each group, `root` is the signed root R, `statement_hash` the statement's."""

    folder: Path
    dataset: str
    context: Context
    sizes: tuple[int, ...]
    root: bytes
    statement_hash: str

    @classmethod
    def open(cls, folder: Path) -> Vault:
        """Return the vault of a folder. An erasure that was logged and not carried out, because the machine stopped, is carried out now.

        Raises:
            NotFound: there is no vault.
            ConfigurationError: others can read it, or it stands in a server's data directory.
            IntegrityError: its files do not belong together.
        """
        folder = folder.absolute()
        refuse_server_folder(folder)
        try:
            about = canonical.load_canonical((folder / "vault.json").read_bytes())
        except (FileNotFoundError, NotADirectoryError) as error:
            raise NotFound(f"{folder} is no vault", hint="name the folder that `lingtan loans compute --vault` wrote") from error
        for path in (folder, *(folder / name for name in _FILES)):
            if path.exists() and path.stat().st_mode & 0o077:
                raise ConfigurationError(f"others can read {path}", hint=f"chmod -R go-rwx {folder}")
        vault = cls._of(folder, about)
        vault._check_files()
        vault._carry_out()
        return vault

    @classmethod
    def _of(cls, folder: Path, about: object) -> Vault:
        findings: list[Finding] = []
        fields = Fields(about, "", findings, ("schema", "dataset", "context", "groups", "root", "statement"))
        fields.schema(SCHEMA)
        sizes = tuple(size if type(size) is int and size > 0 else -1 for _, size in fields.items("groups"))
        if -1 in sizes:
            fields.refuse("FIELD_INVALID", "/groups", "give the number of exposures of each group")
        context = read_context(fields.nested("context", CONTEXT_FIELDS))
        root, statement = bytes.fromhex(fields.digest("root")), fields.digest("statement")
        vault = cls(folder, fields.choice("dataset", FINANCED_DATASETS), context, sizes, root, statement)
        raise_first("vault", tuple(findings))
        return vault

    @cached_property
    def n(self) -> int:
        """Return how many exposures there are, erased ones among them."""
        return sum(self.sizes)

    @property
    def statement(self) -> bytes:
        """Return the bytes of the statement.

        Raises:
            IntegrityError: they are not those that the vault was written with.
        """
        data = (self.folder / "statement.json").read_bytes()
        if hashlib.sha256(data).hexdigest() != self.statement_hash:
            raise IntegrityError(f"statement.json of {self.folder} is another statement", hint="restore the vault from a copy")
        return data

    @cached_property
    def committed(self) -> CommittedDataset:
        """Return the committed dataset of the groups; its tree has the root of the vault.

        Raises:
            IntegrityError: the leaves lead to another root.
        """
        try:
            leaves = [read_leaf(line) for line in (self.folder / "groups.jsonl").read_bytes().splitlines()]
            made = CommittedDataset(self.dataset, self.context, tuple(sorted(leaves, key=lambda leaf: leaf.key)))
            if len(leaves) == len(self.sizes) and made.tree.root == self.root:
                return made
        except LedgerError as error:
            raise IntegrityError(f"groups.jsonl of {self.folder} cannot be read: {error}", hint="restore the vault from a copy") from error
        raise IntegrityError(f"the groups of {self.folder} lead to another root", hint="restore the vault from a copy")

    def exposure(self, position: int) -> Shown:
        """Return the exposure at `position` in the order of pseudonyms.

        Raises:
            NotFound: there is none.
        """
        if not 0 <= position < self.n:
            raise NotFound(f"no exposure {position} in a vault of {self.n}", hint="positions count from 0")
        return next(self.exposures(position, position + 1))

    def exposures(self, first: int = 0, last: int | None = None) -> Iterator[Shown]:
        """Yield the exposures from `first` to before `last`, in order."""
        last = self.n if last is None else last
        with self._read("salts.bin") as salts, self._read("leaves.bin") as leaves, self._read("records.jsonl") as records:
            for start in range(first, last, RUN):
                end = min(last, start + RUN)
                offsets = self._offsets(start, end + 1)
                records.seek(offsets[0])
                data = records.read(offsets[-1] - offsets[0])
                salt_run, leaf_run = read_part(salts, start, end, SALT_BYTES), read_part(leaves, start, end, HASH_BYTES)
                for at in range(end - start):
                    record = data[offsets[at] - offsets[0] : offsets[at + 1] - offsets[0] - 1]
                    salt = salt_run[SALT_BYTES * at : SALT_BYTES * (at + 1)]
                    # A salt is random: only an erased one is 0.
                    erased = salt == _NO_SALT
                    yield ErasedExposure(leaf_run[HASH_BYTES * at : HASH_BYTES * (at + 1)]) if erased else OpenExposure(salt, record)

    def opening(self, number: int) -> GroupOpening:
        """Return the opening of a group, erased exposures as their leaf hashes.

        Raises:
            NotFound: no such group.
            ProofRefused: the vault's exposures are not those that were committed to.
        """
        if not 0 <= number < len(self.sizes):
            raise NotFound(f"no group {number} in a book of {len(self.sizes)}", hint="groups count from 0")
        first = sum(self.sizes[:number])
        return make_opening(self.committed, number, tuple(self.exposures(first, first + self.sizes[number])))

    def group_of(self, position: int) -> int:
        """Return the number of the group that the exposure at `position` is in."""
        after = 0
        for number, size in enumerate(self.sizes):
            after += size
            if position < after:
                return number
        raise NotFound(f"no exposure {position} in a vault of {self.n}", hint="positions count from 0")

    def find(self, pseudonym: str) -> int | None:
        """Return the position of an exposure by its pseudonym (32 hex digits), or None: not of this book, or erased."""
        low, high = 0, self.n
        while low < high:
            middle = (low + high) // 2
            at = middle
            # An erased record does not tell its pseudonym; its next neighbour does.
            shown = self.exposure(at)
            while isinstance(shown, ErasedExposure) and at + 1 < high:
                at += 1
                shown = self.exposure(at)
            if isinstance(shown, ErasedExposure):
                high = middle
                continue
            name = read_record(shown.record).exposure
            if name == pseudonym:
                return at
            low, high = (at + 1, high) if name < pseudonym else (low, middle)
        return None

    def erase(self, position: int, *, by: str, at: int, reason: str) -> Erasure:
        """Erase the record of one exposure for ever, and say so in the log: who, when (Unix seconds), why.

        The log comes first: whatever happens then, the record is gone as soon as the vault is opened again.

        Raises:
            NotFound: there is no such exposure.
            Conflict: it is erased already, or another process works on the vault.
            InputError: no name or reason, or one that is too long or not printable.
        """
        for what, text, most in (("name", by, MAX_NAME), ("reason", reason, MAX_TEXT)):
            if not text.strip() or len(text) > most or not text.isprintable():
                raise InputError(f"an erasure needs a printable {what} of 1 to {most} characters", hint="say who erases, and why")
        with self._locked():
            shown = self.exposure(position)
            if isinstance(shown, ErasedExposure):
                raise Conflict(f"exposure {position} is erased already", hint="look at erasures.jsonl")
            erasure = Erasure(position, shown.leaf().hex(), by, at, reason)
            line = canonical.dump(erasure.to_document()) + LINE
            with open(self.folder / "erasures.jsonl", "r+b") as log:
                log.truncate(count_whole(log.read()))
                log.seek(0, os.SEEK_END)
                log.write(line)
                close_synced(log)
            self._overwrite(position)
        return erasure

    def erasures(self) -> tuple[dict[str, object], ...]:
        """Return the log of erasures, oldest first.

        Raises:
            MalformedDocument: a line of it cannot be read.
        """
        data = (self.folder / "erasures.jsonl").read_bytes()
        found: list[dict[str, object]] = []
        for line in data[: count_whole(data)].splitlines():
            item = canonical.load_canonical(line)
            position = item.get("position") if isinstance(item, dict) else None
            if not isinstance(item, dict) or type(position) is not int or not 0 <= position < self.n:
                raise MalformedDocument("a line of erasures.jsonl is no erasure of this vault", hint="restore the log from a copy")
            found.append(dict(item))
        return tuple(found)

    def verify(self) -> None:
        """Verify that every record leads to its leaf hash, the leaf hashes to the groups and the groups to the root.

        Raises:
            IntegrityError: something does not.
        """
        hashes = []
        for start in range(0, self.n, RUN):
            shown = list(self.exposures(start, min(self.n, start + RUN)))
            stored = self._leaves(start, start + len(shown))
            there = [(at, item) for at, item in enumerate(shown) if isinstance(item, OpenExposure)]
            made = hash_plain_leaves(b"".join(item.salt for _, item in there), [item.record for _, item in there])
            for place, (at, _) in enumerate(there):
                if made[HASH_BYTES * place : HASH_BYTES * (place + 1)] != stored[HASH_BYTES * at : HASH_BYTES * (at + 1)]:
                    raise IntegrityError(f"the record of exposure {start + at} is not the one that was committed to", position=start + at)
            hashes.append(stored)
        roots = plain_roots(b"".join(hashes), self.sizes)
        named = {opening.asset: opening.record for opening in self.committed.openings}
        for number, (size, root) in enumerate(zip(self.sizes, roots, strict=True)):
            group = Group(number, size, root, ())
            if named.get(group.asset) != group.to_bytes():
                raise IntegrityError(f"the exposures of {group.asset} are not those that were committed to", group=number)

    def _leaves(self, first: int, last: int) -> bytes:
        with self._read("leaves.bin") as file:
            return read_part(file, first, last, HASH_BYTES)

    def _offsets(self, first: int, last: int) -> list[int]:
        with self._read("offsets.bin") as file:
            data = read_part(file, first, last, 8)
        return [int.from_bytes(data[at : at + 8], "little") for at in range(0, len(data), 8)]

    def _read(self, name: str) -> BinaryIO:
        return open(self.folder / name, "rb")

    def _check_files(self) -> None:
        expected = {"salts.bin": SALT_BYTES * self.n, "leaves.bin": HASH_BYTES * self.n, "offsets.bin": 8 * (self.n + 1)}
        try:
            expected["records.jsonl"] = self._offsets(self.n, self.n + 1)[0]
            got = {name: (self.folder / name).stat().st_size for name in _FILES}
        except (OSError, IndexError) as error:
            raise IntegrityError(f"{self.folder} lacks a file of a vault", hint="restore the vault from a copy") from error
        for name, size in expected.items():
            if got[name] != size:
                raise IntegrityError(
                    f"{name} of {self.folder} has {got[name]} bytes, expected {size}", hint="restore the vault from a copy"
                )

    def _carry_out(self) -> None:
        waiting = [int(str(item["position"])) for item in self.erasures()]
        waiting = [position for position in waiting if not self._is_overwritten(position)]
        if waiting:
            with self._locked():
                for position in waiting:
                    self._overwrite(position)

    def _is_overwritten(self, position: int) -> bool:
        start, after = self._offsets(position, position + 2)
        with self._read("salts.bin") as salts, self._read("records.jsonl") as records:
            records.seek(start)
            return read_part(salts, position, position + 1, SALT_BYTES) == _NO_SALT and not records.read(after - start).strip()

    def _overwrite(self, position: int) -> None:
        start, after = self._offsets(position, position + 2)
        contents = (("salts.bin", SALT_BYTES * position, _NO_SALT), ("records.jsonl", start, _BLANK * (after - start - 1)))
        for name, at, data in contents:
            with open(self.folder / name, "r+b") as file:
                file.seek(at)
                file.write(data)
                close_synced(file)

    @contextmanager
    def _locked(self) -> Iterator[None]:
        handle = os.open(self.folder, os.O_RDONLY | os.O_CLOEXEC)
        try:
            lock_folder(handle, self.folder)
            yield
        finally:
            os.close(handle)
