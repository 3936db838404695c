"""Build `lingtan-verify.pyz`: the verifier as one file that runs with `python -I -S`, and that equal sources give byte for byte.

Usage: `python -m scripts.build_verifier_pyz [--out dist/lingtan-verify.pyz]`. Prints the SHA-256 of the file.
"""

from __future__ import annotations

import argparse
import hashlib
import io
import zipfile
from collections.abc import Sequence
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
SHEBANG = b"#!/usr/bin/env python3\n"
MAIN = b'"""Run lingtan-verify from one file."""\n\nimport sys\n\nfrom verifier.__main__ import main\n\nsys.exit(main())\n'


def build(source: Path) -> bytes:
    """Return the bytes of the application from the package folder `source`.

    Entries are sorted, stored without compression and dated 1980: the file depends on the sources alone and any zip tool can read it.
    """
    entries = {f"verifier/{path.name}": path.read_bytes() for path in source.glob("*.py")}
    entries["__main__.py"] = MAIN
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_STORED) as archive:
        for name in sorted(entries):
            info = zipfile.ZipInfo(name, (1980, 1, 1, 0, 0, 0))
            info.external_attr = 0o100644 << 16
            info.create_system = 3
            archive.writestr(info, entries[name])
    return SHEBANG + out.getvalue()


def main(argv: Sequence[str] | None = None) -> int:
    """Build the file and say its hash."""
    parser = argparse.ArgumentParser(description="Build the one-file verifier.")
    parser.add_argument("--out", type=Path, default=ROOT / "dist" / "lingtan-verify.pyz")
    arguments = parser.parse_args(argv)
    data = build(ROOT / "verifier")
    arguments.out.parent.mkdir(parents=True, exist_ok=True)
    arguments.out.write_bytes(data)
    arguments.out.chmod(0o755)
    print(f"{hashlib.sha256(data).hexdigest()}  {arguments.out.name}")
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
