"""What the whole-product tests share: a small bank, its documents, and the verifier as a process of its own."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from ledger.clock import format_instant
from ledger.identifiers import sid
from ledger.records import canonical
from ledger.records.fields import period_document
from ledger.records.period import Period
from ledger.records.policy import policy_body, seal_policy
from ledger.services import checkpoints, packages
from ledger.services.policy import gather_policy_facts
from tests.product import ADMIN, AUDITOR, Town

POLICY_KEY = Ed25519PrivateKey.from_private_bytes(sid("test-key", "policy"))


def tree(bank: str, units: Sequence[tuple[str, str | None]], *, timezone: str = "Asia/Shanghai") -> dict[str, Any]:
    """An organisation document: (unit, parent) pairs, the root first."""
    kinds = {0: "institution"}
    return {
        "schema": "lingtan.organisation/1",
        "institution": bank,
        "name": {"en": bank, "zh": bank},
        "timezone": timezone,
        "region": "CN-ZJ",
        "units": [
            {
                "id": unit,
                "name": {"en": unit, "zh": unit},
                "kind": kinds.get(at, "branch"),
                "parent": parent,
                "opened": "2005-01-01",
                "closed": None,
                "county": None,
                "area_m2": None,
                "headcount": None,
            }
            for at, (unit, parent) in sorted(enumerate(units), key=lambda item: item[1][0])
        ],
    }


def activity(
    bank: str,
    period: Period,
    records: Sequence[dict[str, Any]] = (),
    *,
    factor_choices: Sequence[dict[str, str]] = (),
    declared_totals: Sequence[dict[str, Any]] = (),
) -> dict[str, Any]:
    return {
        "schema": "lingtan.activity/1",
        "institution": bank,
        "period": period_document(period),
        "records": sorted(records, key=lambda record: record["id"]),
        "declared_totals": list(declared_totals),
        "factor_choices": list(factor_choices),
    }


def record(id: str, unit: str, indicator: str, value: str, code: str, period: Period, *, kind: str = "document") -> dict[str, Any]:
    return {
        "id": id,
        "unit": unit,
        "indicator": indicator,
        "quantity": {"value": value, "unit": code},
        "start": period.first_day.isoformat(),
        "end": period.last_day.isoformat(),
        "source": {"kind": kind, "reference": "published report", "sha256": None},
        "quality": 2,
    }


def write_policy(town: Town, folder: Path) -> Path:
    with town.house.view(ADMIN) as work:
        document = seal_policy(policy_body(gather_policy_facts(work, version=1)), POLICY_KEY)
    path = folder / "city.policy.json"
    path.write_bytes(canonical.dump(document))
    write_log_proofs(town, document, folder / "city.consistency.json")
    return path


def write_log_proofs(town: Town, policy: dict[str, Any], path: Path) -> None:
    """The proofs from every size of the block log to the pinned one; none on a chain without a log."""
    checkpoint = policy["checkpoint"]
    if checkpoint is None:
        return
    pinned = int(checkpoint["pinned"].split("\n")[1])
    with town.house.view(AUDITOR) as work:
        proofs = [proof for size in range(1, pinned) for proof in checkpoints.consistency(work, size, pinned)["proofs"]]  # type: ignore[attr-defined]
    path.write_bytes(canonical.dump({"schema": "lingtan.consistency/1", "origin": checkpoint["origin"], "proofs": proofs}))


def write_package(town: Town, statement: str, folder: Path) -> Path:
    with town.house.view(AUDITOR) as work:
        view = packages.build_evidence_package(work, statement)
    path = folder / view.filename
    path.write_bytes(view.data)
    return path


def trust(town: Town, policy: Path) -> tuple[str, ...]:
    """The options that name the policy, its key, the log proofs beside it, and the town's time."""
    key, proofs = POLICY_KEY.public_key().public_bytes_raw().hex(), policy.with_name("city.consistency.json")
    given = ("--policy", str(policy), "--policy-key", key, "--now", format_instant(town.clock.now()))
    return (*given, "--consistency", str(proofs)) if proofs.exists() else given


def verify(town: Town, command: str, file: Path, policy: Path, *more: str) -> tuple[int, dict[str, Any]]:
    """Run the verifier as an auditor would, at the town's time; return its exit code and its JSON answer."""
    done = subprocess.run(
        [sys.executable, "-m", "verifier", command, str(file), *trust(town, policy), "--json", *more],
        capture_output=True,
        text=True,
        check=False,
    )
    return done.returncode, json.loads(done.stdout)
