"""Write docs/openapi.json from the routes, or compare it with them (--check)."""

from __future__ import annotations

import argparse
import json
import sys
from functools import cache
from pathlib import Path

from api.app import openapi_document

FILE = Path(__file__).resolve().parents[1] / "docs" / "openapi.json"


@cache
def render() -> str:
    """Return the file's text: sorted keys, two blanks, one line feed at the end."""
    return json.dumps(openapi_document(), ensure_ascii=False, indent=2, sort_keys=True) + "\n"


def main(arguments: list[str] | None = None) -> int:
    """Write or compare; 1 where the committed file is stale."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--check", action="store_true", help="compare only")
    options = parser.parse_args(arguments)
    text = render()
    if not options.check:
        FILE.write_text(text, encoding="utf-8")
        return 0
    if FILE.is_file() and FILE.read_text(encoding="utf-8") == text:
        return 0
    print("error: docs/openapi.json is not what the routes say", file=sys.stderr)
    print("hint: python -m scripts.export_openapi, and look at what changed for the callers", file=sys.stderr)
    return 1


if __name__ == "__main__":
    sys.exit(main())
