"""A foreign file imported by the command, as its owner would; what came out, read back from the files that it wrote."""

from __future__ import annotations

import csv
import functools
import json
import tempfile
from collections import Counter
from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
import typer.main
from typer.testing import CliRunner, Result

from ledger.cli.app import app

_tree = functools.cache(typer.main.get_command)

Slots = dict[str, dict[datetime, Decimal]]


@dataclass(frozen=True)
class Brought:
    """The command's answer, and the quarter-hours in its files: meter → start (UTC) → kWh."""

    exit_code: int
    answer: dict[str, Any]
    slots: Slots
    qualities: dict[str, str]

    @property
    def totals(self) -> dict[str, Decimal]:
        """Return each meter's kWh, summed from its file."""
        return {meter: sum(slots.values(), Decimal(0)) for meter, slots in self.slots.items()}

    @property
    def found(self) -> list[tuple[str, str]]:
        """Return code and place of every finding, without those that say how intervals became quarter-hours."""
        quiet = ("INTERVALS_SPREAD", "VALUES_ROUNDED")
        return [(item["code"], item["place"]) for item in self.answer["findings"] if item["code"] not in quiet]

    @property
    def codes(self) -> dict[str, int]:
        """Return how many findings there are of each code."""
        return dict(Counter(code for code, _ in self.found))


def bring(folder: Path, data: str | bytes, map: dict[str, object] | str, *options: object, name: str = "export.csv") -> Brought:
    """Write a file, import it by the command, and read what it made."""
    path, out = folder / name, Path(tempfile.mkdtemp(dir=folder)) / "out"
    path.write_bytes(data.encode() if isinstance(data, str) else data)
    if isinstance(map, dict):
        (folder / "map.json").write_text(json.dumps(map), encoding="utf-8")
        map = str(folder / "map.json")
    words = ["--json", "meter", "import", path, "--map", map, "--out", out, *options]
    result = _run(words)
    assert result.exit_code in (0, 1), result.output
    answer = json.loads(result.stdout)
    slots: Slots = {}
    qualities: dict[str, str] = {}
    for file in sorted(out.glob("*.csv")) if out.exists() else []:
        with file.open(encoding="utf-8", newline="") as table:
            rows = list(csv.DictReader(table))
        if "kWh" in (rows[0] if rows else {}):
            slots[file.stem] = {datetime.fromisoformat(row["timestamp"]): Decimal(row["kWh"]) for row in rows}
            qualities[file.stem] = "".join(row["quality"] for row in rows)
    return Brought(result.exit_code, answer, slots, qualities)


def refuse(folder: Path, data: str | bytes, map: str, *, name: str = "export.csv") -> str:
    """Import a file whose map is refused as a whole; return what the command says."""
    path = folder / name
    path.write_bytes(data.encode() if isinstance(data, str) else data)
    result = _run(["meter", "import", path, "--map", map])
    assert result.exit_code != 0
    return result.output


def draft(folder: Path, data: str | bytes, *options: object, name: str = "export.csv") -> dict[str, Any]:
    """Let the command draft a map of a file."""
    path = folder / name
    path.write_bytes(data.encode() if isinstance(data, str) else data)
    words = ["--json", "meter", "map", path, *options]
    result = _run(words)
    assert result.exit_code == 0, result.output
    found: dict[str, Any] = json.loads(result.stdout)
    return found


def _run(words: list[object]) -> Result:
    # The runner builds the tree of commands anew for every line, which takes longer than a small import.
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("typer.testing._get_command", _tree)
        return CliRunner().invoke(app, [str(word) for word in words], prog_name="lingtan")


def utc(text: str) -> datetime:
    """Return `2025-01-31 23:45` as an instant of UTC."""
    return datetime.fromisoformat(text).replace(tzinfo=UTC)
