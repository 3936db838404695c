"""A whole book computed on the bank's own machine; with a vault, its statement to sign (spec: loan-book, documents §14)."""

from __future__ import annotations

import hashlib
import os
import shutil
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ledger.cli.invocation import Invocation
from ledger.cli.loans_reading import read_loans, rising
from ledger.cli.offline import read_document
from ledger.errors import Conflict, InputError
from ledger.records import canonical
from ledger.records.findings import findings_document

if TYPE_CHECKING:
    from ledger.accounting.financed.compute import BookComputation
    from ledger.accounting.financed.methods import Policies
    from ledger.accounting.financed.statement import FinancedStatement
    from ledger.client.book import Place
    from ledger.loans.book import Book
    from ledger.loans.head import Head
    from ledger.records.dataset_statement import Origin
    from ledger.records.findings import Finding

BLOCK = 1 << 20


@dataclass(frozen=True)
class Sealing:
    """What makes a vault of a book: the folder, the bank's two keys, and where the tree will be anchored (a policy file).

    `previous` is the statement that the new one follows, and `cause` why.
    """

    vault: Path
    pseudonym_key: Path
    commitment_key: Path
    policy: Path
    library: Path | None = None
    previous: Path | None = None
    cause: str | None = None


def compute_book_file(
    run: Invocation, file: Path, head: Path | None, method: str, policies: Path | None, sealing: Sealing | None, out: Path | None
) -> dict[str, Any]:
    """Return the answer to a book; write its vault and the folder `out` where they are asked for, whole or not at all.

    Raises:
        Conflict: `out` or the vault is there already.
    """
    from ledger.accounting.financed.methods import get_method
    from ledger.accounting.financed.result_document import book_document, refused_loans_document

    if out is not None and out.exists():
        raise Conflict(f"{out} is there already", hint="name another folder, or move that one away")
    chosen = get_method(method).read_policies({} if policies is None else read_document(policies))
    reading = read_loans(run, file, head)
    if reading.book is None:
        return refused_loans_document(reading.findings)
    book = reading.book
    computation, statement, findings = _compute(run, book, chosen, sealing)
    findings = (*reading.findings, *findings)
    answer = book_document(book.head, _digest(file), computation, findings, statement)
    if out is not None:
        write_folder(out, _files(answer, book, computation, statement, findings))
    return answer


def _compute(
    run: Invocation, book: Book, policies: Policies, sealing: Sealing | None
) -> tuple[BookComputation, FinancedStatement | None, tuple[Finding, ...]]:
    from ledger.accounting.financed.compute import compute_book

    if sealing is None:
        with run.out.progress(book.rows, "attributing") as advance:
            computation = compute_book(book, policies, progress=rising(advance))
        return computation, None, computation.findings(book)
    from ledger.cli.keys import read_commitment_key, read_secret_key
    from ledger.client.book import write_book
    from ledger.loans.pseudonyms import PseudonymKey
    from ledger.merkle.keys import CommitmentKeys

    origin, place = _origin(book.head, sealing), _place(sealing.policy)
    pseudonyms = PseudonymKey(bytes.fromhex(read_secret_key(sealing.pseudonym_key, "pseudonym key")))
    keys = CommitmentKeys(bytes.fromhex(read_commitment_key(sealing.commitment_key)))
    parts: dict[str, int] = {}
    with run.out.progress(2 * book.rows, "sealing") as advance:
        show = rising(advance)

        def tell(part: str, done: int) -> None:
            parts[part] = done
            show(sum(parts.values()))

        try:
            written = write_book(sealing.vault, book, policies, origin, place, pseudonyms=pseudonyms, keys=keys, progress=tell)
        except InputError as error:
            if "findings" not in error.facts:
                raise
            computation = compute_book(book, policies)
            return computation, None, computation.findings(book)
    return written.computation, written.statement, written.computation.findings(book)


def _origin(head: Head, sealing: Sealing) -> Origin:
    from ledger.accounting.financed.statement_reading import financed_statement_from_document
    from ledger.indicators.reading import release_from_document
    from ledger.indicators.shipped import shipped_release
    from ledger.records.dataset_statement import Origin

    if head.institution is None or head.period is None:
        raise InputError("the head of the book names no institution or no period", hint='give --head with {"institution": …, "period": …}')
    release = shipped_release() if sealing.library is None else release_from_document(read_document(sealing.library))
    if sealing.previous is None:
        if sealing.cause not in (None, "first"):
            raise InputError(f"cause {sealing.cause} of a first statement", hint="give the statement that it replaces as --previous")
        return Origin(head.institution, head.period, release.release, release.hash)
    previous = financed_statement_from_document(read_document(sealing.previous))
    if (previous.origin.institution, previous.origin.period) != (head.institution, head.period):
        raise InputError("the statement before is of another institution or period", hint="look at --previous and --head")
    if sealing.cause in (None, "first"):
        raise InputError(
            "a statement that replaces another one needs its cause", hint="give --cause data, factor, boundary, method or error"
        )
    revision = previous.origin.revision + 1
    return Origin(head.institution, head.period, release.release, release.hash, revision, str(sealing.cause), previous.digest())


def _place(policy: Path) -> Place:
    from ledger.client.book import Place

    document: dict[str, Any] = read_document(policy)
    try:
        address = str(document["contracts"]["PeriodLedger"]["address"])
        return Place(int(document["chain"]["id"]), bytes.fromhex(address.removeprefix("0x")))
    except (KeyError, TypeError, ValueError) as error:
        raise InputError(f"{policy} is no policy file", hint="the centre writes one with `lingtan policy export`") from error


def _files(
    answer: dict[str, Any], book: Book, computation: BookComputation, statement: FinancedStatement | None, findings: Iterable[Finding]
) -> dict[str, bytes]:
    from ledger.accounting.financed.green_loans import GreenLoan, green_loans_document
    from ledger.accounting.financed.reductions import reduction_rows

    loans = [] if computation.figures is None else [GreenLoan.of(row) for row in reduction_rows(book, computation.attribution)]
    files = {"answer.json": canonical.dump(answer), "findings.json": canonical.dump(findings_document(findings))}
    files["green-loans.json"] = canonical.dump(green_loans_document(loans))
    if statement is not None:
        files["statement.json"] = statement.to_bytes()
    return files


def write_folder(folder: Path, files: dict[str, bytes]) -> None:
    """Write a folder of files that only their owner can read, whole or not at all.

    Raises:
        Conflict: it is there already.
    """
    partial = folder.with_name(f".{folder.name}.{os.getpid()}")
    partial.mkdir(mode=0o700)
    try:
        for name, data in files.items():
            handle = os.open(partial / name, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
            with os.fdopen(handle, "wb") as file:
                file.write(data)
                file.flush()
                os.fsync(file.fileno())
        try:
            os.rename(partial, folder)
        except OSError as error:
            raise Conflict(f"{folder} was written by somebody else meanwhile", hint="name another folder") from error
    finally:
        shutil.rmtree(partial, ignore_errors=True)


def _digest(file: Path) -> str:
    digest = hashlib.sha256()
    with file.open("rb") as stream:
        while block := stream.read(BLOCK):
            digest.update(block)
    return digest.hexdigest()
