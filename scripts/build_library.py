"""Build the shipped library release from ledger/indicators/tables, or check that the committed file is what they make.

python -m scripts.build_library            write the release file and say what changed against the one before
python -m scripts.build_library --check    compare, write nothing, exit 1 on a difference
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Iterator
from pathlib import Path

from ledger.errors import MalformedDocument
from ledger.indicators.build import build_release
from ledger.indicators.diff import compare
from ledger.indicators.reading import release_from_document
from ledger.indicators.release import Release
from ledger.records import canonical

RELEASES = Path(__file__).resolve().parents[1] / "ledger" / "indicators" / "releases"


def main(arguments: list[str] | None = None) -> int:
    """Build or check; return the exit code."""
    parser = argparse.ArgumentParser(prog="python -m scripts.build_library", description="build the shipped library release")
    parser.add_argument("--check", action="store_true", help="compare with the committed file and write nothing")
    options = parser.parse_args(arguments)
    release = build_release()
    path = RELEASES / f"{release.release}.json"
    data = release.to_bytes()
    before = path.read_bytes() if path.is_file() else None
    if before == data:
        print(f"{path.name} {release.hash} is what the tables make")
        return 0
    if options.check:
        print(f"{path.name} is not what the tables make; run: python -m scripts.build_library", file=sys.stderr)
    else:
        path.write_bytes(data)
        print(f"wrote {path.name} {release.hash}")
    if before is not None:
        print("\n".join(_differences(before, release)), file=sys.stderr if options.check else sys.stdout)
    return 1 if options.check else 0


def _differences(before: bytes, release: Release) -> Iterator[str]:
    try:
        yield from compare(release_from_document(canonical.load(before)), release).lines()
    except MalformedDocument as error:
        yield f"the file before is no release: {error}"


if __name__ == "__main__":
    sys.exit(main())
