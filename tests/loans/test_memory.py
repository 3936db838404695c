"""Memory stays below 1.5 GiB for a million rows: measured in a process of its own, on parts of it with their part of the bound.

LINGTAN_ROWS=1000000 measures all of it (two minutes), as does `make million` from Parquet to the statement.
"""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from ledger.loans.synthetic import CHUNK_ROWS, make_rows

BOUND = 1_536 << 20
MILLION = 1_000_000
ROWS = int(os.environ.get("LINGTAN_ROWS", "300000"))  # of the larger book
# What does not grow with the rows (the blocks of text that are being split) is allowed for once.
FIXED = 320 << 20


def peak(path: Path, root: Path) -> tuple[int, int, int]:
    """Return rows read, and bytes of memory before and at the peak."""
    command = [sys.executable, "-m", "tests.loans.memory_child", str(path)]
    done = subprocess.run(command, cwd=root, capture_output=True, text=True, check=True, timeout=280)
    rows, book, before, after = done.stdout.split()
    assert book == "True"
    return int(rows), int(before), int(after)


@pytest.mark.parametrize("kind", ["csv", "parquet"])
def test_a_tenth_of_a_million_rows_takes_a_tenth_of_the_bound(tmp_path: Path, root: Path, kind: str) -> None:
    rows = MILLION // 10
    frame = make_rows(rows, 5)
    path = tmp_path / f"book.{kind}"
    if kind == "csv":
        frame.write_csv(path)
    else:
        frame.write_parquet(path)
    found, before, after = peak(path, root)
    assert found == rows
    assert after - before < FIXED + (BOUND - FIXED) * rows // MILLION
    assert after < BOUND


@pytest.mark.slow
@pytest.mark.parametrize("kind", ["csv", "parquet"])
def test_a_book_of_many_parts_stays_below_its_part_of_the_bound(tmp_path: Path, root: Path, kind: str) -> None:
    """Each part is made up on its own and written behind the one before: what is measured is the reading."""
    path = tmp_path / f"book.{kind}"
    frame = make_rows(2 * CHUNK_ROWS, 5)
    copies = ROWS // frame.height
    numbered = [frame.with_columns((frame["exposure"] + f"-{copy}").alias("exposure")) for copy in range(copies)]
    if kind == "csv":
        with path.open("wb") as file:
            for copy, part in enumerate(numbered):
                part.write_csv(file, include_header=copy == 0)
    else:
        import polars as pl

        pl.concat(numbered).write_parquet(path)
    found, before, after = peak(path, root)
    assert found == ROWS
    assert after - before < FIXED + (BOUND - FIXED) * ROWS // MILLION
    assert after < BOUND
