"""Build the shipped library release from ledger/indicators/tables, or check that the committed file is what they make.

python -m scripts.build_library            write the release file
python -m scripts.build_library --check    compare, write nothing, exit 1 on a difference
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from ledger.indicators.build import build_release

RELEASES = Path(__file__).resolve().parents[1] / "ledger" / "indicators" / "releases"


def main(arguments: list[str] | None = None) -> int:
    """Build or check; return the exit code."""
    parser = argparse.ArgumentParser(prog="python -m scripts.build_library", description="build the shipped library release")
    parser.add_argument("--check", action="store_true", help="compare with the committed file and write nothing")
    options = parser.parse_args(arguments)
    release = build_release()
    path = RELEASES / f"{release.release}.json"
    data = release.to_bytes()
    if options.check:
        if not path.is_file() or path.read_bytes() != data:
            print(f"{path.name} is not what the tables make; run: python -m scripts.build_library", file=sys.stderr)
            return 1
        print(f"{path.name} {release.hash} is what the tables make")
        return 0
    path.write_bytes(data)
    print(f"wrote {path.name} {release.hash}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
