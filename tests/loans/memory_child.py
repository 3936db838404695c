"""Read a book in a process of its own and tell the peak of its memory: run as `python -m tests.loans.memory_child FILE`."""

from __future__ import annotations

import resource
import sys
from pathlib import Path

from ledger.loans.head import Head
from ledger.loans.synthetic import USD_RATE
from ledger.units import parse_decimal
from ledger.workbook.loan_book import read_loan_file


def main(path: Path) -> None:
    """Print rows, whether there is a book, peak of memory in bytes before and after."""
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    reading = read_loan_file(path, Head(rates={"USD": parse_decimal(USD_RATE)}))
    after = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    sys.stdout.write(f"{reading.rows} {reading.book is not None} {before * 1024} {after * 1024}\n")


if __name__ == "__main__":
    main(Path(sys.argv[1]))
