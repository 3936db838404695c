"""A bank's loan book and the server: what is handed in, signed, matched and disclosed.

Of the book itself only this leaves the bank: the statement, sums and hashes of groups, and, for matching, the shares of companies.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any, BinaryIO

import numpy as np

from ledger.accounting.financed.attributions import BookAttribution
from ledger.accounting.financed.leaves import LeafColumns, submission_document
from ledger.accounting.financed.matching import COMPANY_CLASSES
from ledger.accounting.financed.openings import ErasedExposure
from ledger.accounting.financed.package import DISCLOSED, STATEMENT, read_undisclosed, write_disclosed
from ledger.client.http import Client
from ledger.client.vault import Vault
from ledger.errors import Conflict, InputError
from ledger.loans.book import Book
from ledger.loans.pseudonyms import PseudonymKey
from ledger.records import canonical

LINES_AT_ONCE = 5_000
ATTESTED = ("queued", "anchored", "superseded")


def hand_in(client: Client, institution: str, period: str, vault: Vault) -> dict[str, Any]:
    """Hand a vault's statement and the leaves of its groups in; the same again changes nothing."""
    document = submission_document(vault.statement, LeafColumns.of(vault.committed))
    return dict(client.post(f"/v1/institutions/{institution}/periods/{period}/financed", document))


def matching_rows(book: Book, attribution: BookAttribution) -> list[int]:
    """Return the rows whose attribution is a share of the borrower itself: calculated ones of companies, with a denominator."""
    classes = np.array(book.series("asset_class").cast(str).is_in(list(COMPANY_CLASSES)).to_list(), np.bool_)
    return [
        int(row) for row in np.flatnonzero(attribution.calculated & classes & (attribution.denominator > 0) & (attribution.numerator > 0))
    ]


def matching_lines(book: Book, attribution: BookAttribution, key: PseudonymKey) -> Iterator[bytes]:
    """Yield the lines that are handed in for matching, some thousands at a time."""
    rows = matching_rows(book, attribution)
    for first in range(0, len(rows), LINES_AT_ONCE):
        part = rows[first : first + LINES_AT_ONCE]
        borrowers = book.series("borrower").gather(part).to_list()
        exposures = key.exposures(book.series("exposure").gather(part)).to_list()
        lines = (
            {
                "borrower": str(borrower),
                "exposure": exposure,
                "numerator_cents": str(int(attribution.numerator[row])),
                "denominator_cents": str(int(attribution.denominator[row])),
            }
            for row, borrower, exposure in zip(part, borrowers, exposures, strict=True)
        )
        yield b"".join(json.dumps(line, ensure_ascii=False, separators=(",", ":")).encode() + b"\n" for line in lines)


def hand_in_matching(client: Client, institution: str, period: str, method: str, lines: Iterator[bytes]) -> dict[str, Any]:
    """Hand lines in for matching, as a stream: they are not written down on the way."""
    path = f"/v1/institutions/{institution}/periods/{period}/attributions?method={method}"
    return dict(client.post_blocks(path, lines, "application/jsonl"))


def disclose(vault: Vault, package: Path, out: BinaryIO, progress: Callable[[int], None] = lambda _: None) -> str:
    """Write the package of the vault's book with the book in it: commitments, records and salts beside the server's parts; return its hash.

    Raises:
        InputError: the package is of another statement than the vault.
        Conflict: a record was erased: its groups can be opened, the book not be shown whole.
    """
    if any(isinstance(shown, ErasedExposure) for shown in vault.exposures()):
        raise Conflict(
            f"a record of {vault.folder} was erased: the book cannot be shown whole",
            hint="open the groups that are asked for: `lingtan loans package --open`",
        )
    commitments = canonical.dump({"schema": "lingtan.commitments/1", "datasets": [vault.committed.to_document()]})
    contents: tuple[Path | bytes, ...] = (commitments, vault.folder / "records.jsonl", vault.folder / "salts.bin")
    return _add_parts(vault, package, out, dict(zip(DISCLOSED, contents, strict=True)), progress)


def open_groups(vault: Vault, package: Path, out: BinaryIO, groups: Iterable[int]) -> str:
    """Write the package of the vault's book with these groups opened in it, by number; return its hash.

    Raises:
        InputError: the package is of another statement than the vault.
        NotFound: no such group.
    """
    contents = {f"openings/{number:06d}.json": vault.opening(number).to_bytes() for number in sorted(set(groups))}
    return _add_parts(vault, package, out, contents, lambda _: None)


def _add_parts(vault: Vault, package: Path, out: BinaryIO, contents: Mapping[str, Path | bytes], progress: Callable[[int], None]) -> str:
    manifest, parts = read_undisclosed(package)
    if parts[STATEMENT] != vault.statement:
        raise InputError(
            f"{package} is the package of another statement than that of {vault.folder}", hint="name the vault it was made from"
        )
    return write_disclosed(out, manifest, parts, contents, progress)
