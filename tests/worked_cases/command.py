"""Run the public commands on an inventory or a loan file: what a bank, or anybody with a published report, would do."""

from __future__ import annotations

import json
from decimal import Decimal
from pathlib import Path
from typing import Any

from typer.testing import CliRunner

from ledger.cli.app import app

SCHEMA = "lingtan.inventory-input/1"


def report(institution: str, region: str = "CN", **fields: Any) -> dict[str, Any]:
    """An inventory file of an institution, with these fields."""
    return {"schema": SCHEMA, "institution": {"id": institution, "region": region}, **fields}


def computed(folder: Path, document: dict[str, Any], *, code: int = 0) -> dict[str, Any]:
    """The answer of `lingtan inventory compute --input FILE --json`, which must end with this exit code."""
    return _run(folder, document, ("inventory", "compute", "--input"), code)


def checked(folder: Path, document: dict[str, Any], *, code: int = 0) -> dict[str, Any]:
    """The answer of `lingtan check FILE --json`, which must end with this exit code."""
    return _run(folder, document, ("check",), code)


def attributed(folder: Path, document: dict[str, Any], *, code: int = 0) -> dict[str, Any]:
    """The answer of `lingtan loans compute --input FILE --json`, which must end with this exit code."""
    return _run(folder, document, ("loans", "compute", "--input"), code)


def bank(*exposures: dict[str, Any], method: str = "pcaf_2", **fields: Any) -> dict[str, Any]:
    """A loan file of a bank with these exposures."""
    return {"schema": "lingtan.loan-input/1", "institution": "bank", "method": method, "exposures": list(exposures), **fields}


def _run(folder: Path, document: dict[str, Any], command: tuple[str, ...], code: int) -> dict[str, Any]:
    file = folder / "inventory.json"
    file.write_text(json.dumps(document, ensure_ascii=False), encoding="utf-8")
    done = CliRunner().invoke(app, ["--json", *command, str(file)])
    answer: dict[str, Any] = json.loads(done.stdout) if done.stdout else {"findings": []}
    assert done.exit_code == code, (done.stderr, [(item["code"], item["place"], item["got"]) for item in answer["findings"]])
    return answer


def tonnes(of: dict[str, Any], column: str) -> Decimal:
    """The tonnes of a column of a line or of totals."""
    return Decimal(of["tonnes"][column])


def line(answer: dict[str, Any], indicator: str, unit: str | None = None) -> dict[str, Any]:
    """The only line of an indicator in an answer to a file with one period."""
    found = [item for item in answer["lines"] if item["indicator"] == indicator and unit in (None, item["unit"])]
    assert len(found) == 1
    return dict(found[0])


def findings(answer: dict[str, Any], code: str, period: str | None = None) -> list[dict[str, Any]]:
    """The findings with a code, in order."""
    return [item for item in answer["findings"] if item["code"] == code and (period is None or item.get("period") == period)]


def the(answer: dict[str, Any], code: str) -> dict[str, Any]:
    """The only finding with a code."""
    found = findings(answer, code)
    assert len(found) == 1, [item["code"] for item in answer["findings"]]
    return found[0]


def codes(answer: dict[str, Any], severity: str | None = None) -> list[str]:
    """The codes of the findings, in order."""
    return [item["code"] for item in answer["findings"] if severity in (None, item["severity"])]
