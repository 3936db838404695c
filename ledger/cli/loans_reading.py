"""Read a loan book from its file, and show how far one is."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

from ledger.cli.invocation import Invocation
from ledger.cli.offline import read_document

if TYPE_CHECKING:
    from ledger.loans.assembly import BookReading


def read_loans(run: Invocation, file: Path, head: Path | None = None) -> BookReading:
    """Return what reading a book gave, with a bar of progress on a terminal.

    Raises:
        InputError: the head is none.
    """
    from ledger.loans.head import DEFAULT_HEAD, head_from_document
    from ledger.loans.reading import PROGRESS_PARTS
    from ledger.workbook.loan_book import read_loan_file

    known = DEFAULT_HEAD if head is None else head_from_document(read_document(head))
    with run.out.progress(PROGRESS_PARTS, "reading", file=file.name) as advance:
        return read_loan_file(file, known, progress=rising(advance))


def rising(advance: Callable[[int], None]) -> Callable[[int], None]:
    """Return a function that is told how far it is, for one that is told how much further."""
    done = 0

    def tell(now: int) -> None:
        nonlocal done
        if now > done:
            advance(now - done)
            done = now

    return tell
