"""docs/findings.md lists exactly the codes that the house can give."""

from __future__ import annotations

import re
from pathlib import Path

# Files in which every such word is a finding's code, and rooms in which only what stands at a Finding is.
CODES_ONLY = (
    "ledger/records/fields.py",
    "ledger/records/organisation_checks.py",
    "ledger/records/unit.py",
    "ledger/records/activity_record.py",
    "ledger/records/declared.py",
    "ledger/records/instruments.py",
    "ledger/indicators/reading.py",
    "ledger/indicators/reading_factor.py",
    "ledger/indicators/meaning.py",
    "ledger/indicators/local_factor.py",
    "ledger/store/integrity.py",
    "ledger/store/audit.py",
)
ROOMS = ("accounting", "metering", "workbook", "loans", "savings", "forecasting")
# Names of datasets, and reasons that an analysis gives instead of a figure (docs/spec/analysis.md).
NO_FINDINGS = {"FINANCED_PCAF", "FINANCED_PBOC", "DENOMINATOR_ZERO", "HISTORIC_MISSING", "BASE_UNIT_DIFFERS"}
AT_A_FINDING = re.compile(r'(?:Finding|\.add)\(\s*(?:code=)?"([A-Z][A-Z0-9_]{3,})"')
WORD = re.compile(r'"([A-Z][A-Z0-9]*(?:_[A-Z0-9]+)+)"')


def test_every_code_stands_in_the_catalogue_and_no_other(root: Path) -> None:
    files = [root / name for name in CODES_ONLY] + [file for room in ROOMS for file in sorted((root / "ledger" / room).rglob("*.py"))]
    given = {code for file in files for code in WORD.findall(file.read_text(encoding="utf-8"))}
    rooms = [file for room in ("metering", "services", "edge") for file in sorted((root / "ledger" / room).rglob("*.py"))]
    given |= {code for file in rooms for code in AT_A_FINDING.findall(file.read_text(encoding="utf-8"))}
    listed = re.findall(r"^\| ([A-Z0-9_]+) \|", (root / "docs" / "findings.md").read_text(encoding="utf-8"), re.MULTILINE)
    assert len(listed) == len(set(listed))
    assert set(listed) == given - NO_FINDINGS
