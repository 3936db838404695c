"""Build `verifier/browser/lingtan-verify.html`: one page of the modules in `verifier/browser/src`, that equal sources give byte for byte.

Usage: `python -m scripts.build_browser_verifier [--check]`. Prints the page's SHA-256, which docs/verifier-browser.md states.
"""

from __future__ import annotations

import argparse
import base64
import hashlib
import re
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
SOURCE, PAGE = ROOT / "verifier/browser/src", ROOT / "verifier/browser/lingtan-verify.html"
GUIDE = ROOT / "docs/verifier-browser.md"
_IMPORT = re.compile(r'^import \{ ([^}]*) \} from "\./([a-z0-9]+)\.js";$', re.MULTILINE)
_EXPORT = re.compile(r"^export ((?:async )?(?:function|class|const) (\w+))", re.MULTILINE)
_STATED = re.compile(r"(?<=<!-- page -->`)[0-9a-f]{64}(?=`)")


def build(source: Path) -> bytes:
    """Return the page: every module that page.js needs, each after what it needs, in a script and a style that the page's policy names."""
    order: list[str] = []

    def visit(name: str) -> None:
        if name not in order:
            for _, needed in _IMPORT.findall((source / f"{name}.js").read_text()):
                visit(needed)
            order.append(name)

    visit("page")
    script = '"use strict";\n' + "\n".join(_enclosed(name, (source / f"{name}.js").read_text()) for name in order)
    style = (source / "page.css").read_text()
    page = (source / "page.html").read_text()
    for mark, text in (("SCRIPT", script), ("STYLE", style)):
        digest = base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()
        page = page.replace(f"@{mark}_HASH@", digest).replace(f"@{mark}@", text)
    return page.encode()


def _enclosed(name: str, text: str) -> str:
    """Return a module as a function that is called once: its names are its own, what it exports is an object `$name`."""
    exported = ", ".join(found for _, found in _EXPORT.findall(text))
    body = _EXPORT.sub(r"\1", _IMPORT.sub(r"const { \1 } = $\2;", text)).strip()
    return f"// {name}.js\nconst ${name} = (() => {{\n{body}\nreturn {{ {exported} }};\n}})();\n"


def main() -> int:
    """Write the page and its hash into the guide, or compare both with --check."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--check", action="store_true", help="compare only; exit 1 where the committed page or its stated hash is stale")
    options = parser.parse_args()
    page = build(SOURCE)
    digest = hashlib.sha256(page).hexdigest()
    guide = GUIDE.read_text()
    if options.check:
        fresh = PAGE.read_bytes() == page and _STATED.findall(guide) == [digest]
        print("ok" if fresh else f"stale: {PAGE.relative_to(ROOT)} or its hash in {GUIDE.relative_to(ROOT)}")
        return 0 if fresh else 1
    PAGE.write_bytes(page)
    GUIDE.write_text(_STATED.sub(digest, guide))
    print(f"{PAGE.relative_to(ROOT)} {len(page)} bytes, SHA-256 {digest}")
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
