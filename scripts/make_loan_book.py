"""Make up a loan book of any size, with its head: python -m scripts.make_loan_book --rows 1000000 --seed 7 --out book.parquet

The rows are seeded: equal arguments give equal rows, and as CSV equal bytes. Beside the book stands its head (book.head.json).
"""

from __future__ import annotations

import argparse
import json
import sys
from pathlib import Path

from ledger.loans.synthetic import make_head, make_rows


def main(arguments: list[str] | None = None) -> int:
    """Write the book and its head; return the exit code."""
    parser = argparse.ArgumentParser(prog="python -m scripts.make_loan_book", description="make up a loan book")
    parser.add_argument("--rows", type=int, default=20_000)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--out", type=Path, required=True, help="a name that ends in .csv or .parquet")
    parser.add_argument("--institution", default="example-bank")
    parser.add_argument("--year", type=int, default=2024)
    parser.add_argument(
        "--method", choices=("pcaf_2", "pboc_2021"), default="pcaf_2", help="for which method rows without figures are left out"
    )
    options = parser.parse_args(arguments)
    if options.rows < 1 or options.out.suffix not in (".csv", ".parquet"):
        print("error: --rows takes 1 or more, and --out a name that ends in .csv or .parquet", file=sys.stderr)
        return 2
    frame = make_rows(options.rows, options.seed, method=options.method)
    if options.out.suffix == ".csv":
        frame.write_csv(options.out, line_terminator="\r\n")
    else:
        frame.write_parquet(options.out, compression="zstd", row_group_size=100_000)
    head = options.out.with_suffix(".head.json")
    document = make_head(frame, options.institution, options.year)
    head.write_text(json.dumps(document, ensure_ascii=False, indent=2) + "\n", encoding="utf-8")
    print(f"wrote {options.out} with {frame.height} rows, and {head}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
