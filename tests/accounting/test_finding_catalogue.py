"""docs/findings.md lists exactly the codes that records, indicators and accounting can give."""

from __future__ import annotations

import re
from pathlib import Path

FILES = (
    "ledger/records/fields.py",
    "ledger/records/organisation.py",
    "ledger/records/activity.py",
    "ledger/records/statement.py",
    "ledger/indicators/reading.py",
)


def test_every_code_stands_in_the_catalogue_and_no_other(root: Path) -> None:
    sources = [root / name for name in FILES] + sorted((root / "ledger" / "accounting").rglob("*.py"))
    given = {code for path in sources for code in re.findall(r'"([A-Z]+(?:_[A-Z]+)+)"', path.read_text(encoding="utf-8"))}
    listed = re.findall(r"^\| ([A-Z_]+) \|", (root / "docs" / "findings.md").read_text(encoding="utf-8"), re.MULTILINE)
    assert len(listed) == len(set(listed))
    assert set(listed) == given
