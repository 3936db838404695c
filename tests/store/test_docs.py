from __future__ import annotations

import re
from pathlib import Path

from ledger.records.outbox import OUTBOX_STATES
from ledger.store.tables import Row


def test_the_document_names_every_table_and_no_other(root: Path) -> None:
    section = (root / "docs" / "store.md").read_text(encoding="utf-8").split("## 2.")[1].split("## 3.")[0]
    rows = re.findall(r"^\| ([a-z_, ]+) \|", section, re.MULTILINE)
    named = {name for row in rows if row != "table" for name in row.split(", ")}
    assert named == set(Row.metadata.tables)


def test_the_document_names_every_state_of_the_outbox(root: Path) -> None:
    section = (root / "docs" / "store.md").read_text(encoding="utf-8").split("## 4.")[1].split("## 5.")[0]
    assert set(re.findall(r"\b[A-Z]{4,}\b", section)) >= set(OUTBOX_STATES)
