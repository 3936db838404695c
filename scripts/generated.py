"""Regenerate every committed file that a program makes, or compare them with --check.

The contracts' artifacts need Node and have their own target (make contracts-check).
"""

from __future__ import annotations

import argparse
import subprocess
import sys

GENERATORS = ("scripts.build_browser_verifier", "scripts.build_library", "scripts.export_openapi", "scripts.vendor_assets")


def main() -> int:
    """Run every generator and say which one differs."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--check", action="store_true", help="compare only; exit 1 where a committed file is stale")
    options = parser.parse_args()
    stale = []
    for module in GENERATORS:
        command = [sys.executable, "-m", module] + (["--check"] if options.check else [])
        if subprocess.run(command, check=False).returncode:
            stale.append(module)
    if stale:
        print(f"error: {', '.join(stale)} failed or found a stale file", file=sys.stderr)
        print("hint: run make generated and commit what changed", file=sys.stderr)
    return 1 if stale else 0


if __name__ == "__main__":
    sys.exit(main())
