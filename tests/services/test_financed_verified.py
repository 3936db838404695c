"""What the house makes of a book, judged by the verifier's own code: closed, with opened groups, and disclosed whole."""

from __future__ import annotations

import json
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from ledger.accounting.financed.package import read_undisclosed, write_disclosed
from ledger.accounting.methods import pboc_2021, pcaf_2
from ledger.client.lending import disclose, open_groups
from ledger.services import financed_packages, periods
from tests.accounting.financed.scene import loan
from tests.product import AUDITOR, Town, preparer
from tests.services.lending import attest_loans, hand_in, write_vault
from tests.services.test_main_job import verify
from tests.whole.scene import trust, write_policy

INCOMPLETE = 4
INVALID = 1


def checked(town: Town, folder: Path, package: Path) -> tuple[int, dict[str, Any]]:
    """The verifier's exit code and report on a package."""
    done = verify("package", str(package), *trust(town, write_policy(town, folder)), "--json")
    assert done.stdout, done.stderr
    return done.returncode, json.loads(done.stdout)


def outcomes(report: dict[str, Any], outcome: str) -> list[str]:
    """The names of the checks that came out so."""
    return [str(check["id"]) for check in report["checks"] if check["outcome"] == outcome]


@pytest.mark.parametrize("policies", [pcaf_2.Policies(), pboc_2021.Policies()], ids=["pcaf_2", "pboc_2021"])
def test_the_verifier_agrees_to_the_gram(town: Town, tmp_path: Path, policies: Any) -> None:
    figures = {"revenue": 90_000, "total_equity": 50_000, "total_debt": 1, "s2_t": 1, "months": (1000,) * 12}
    rows = [loan(1000 + at, exposure=f"L{at}", borrower=f"B{at}", s1_t=at, **figures) for at in range(230)]
    with town.work(preparer("oak")) as work:
        periods.open_period(work, "oak", id="2024", first_day=date(2024, 1, 1), last_day=date(2024, 12, 31))
    vault = write_vault(town, "oak", tmp_path / "vault", rows=rows, policies=policies, period="2024")
    id = hand_in(town, "oak", vault, "2024").id
    attest_loans(town, "oak", id)
    town.relay()
    closed, some, whole = (tmp_path / name for name in ("closed.zip", "some.zip", "whole.zip"))
    with town.house.view(AUDITOR) as work:
        closed.write_bytes(financed_packages.get_financed_package(work, id).data)
    with some.open("w+b") as file:
        open_groups(vault, closed, file, (1, 3))
    with whole.open("w+b") as file:
        disclose(vault, closed, file)
    for package in (closed, some, whole):
        code, report = checked(town, tmp_path, package)
        assert [check for check in report["checks"] if check["outcome"] == "FAIL"] == []
        assert code == INCOMPLETE, package.name
    differences = report["recomputed"]["financed"]["differences"]
    assert set(differences.values()) == {"0"}


def test_the_verifier_refuses_a_package_whose_groups_were_changed(town: Town, tmp_path: Path) -> None:
    vault = write_vault(town, "oak", tmp_path / "vault")
    id = hand_in(town, "oak", vault).id
    attest_loans(town, "oak", id)
    town.relay()
    closed, changed = tmp_path / "closed.zip", tmp_path / "changed.zip"
    with town.house.view(AUDITOR) as work:
        closed.write_bytes(financed_packages.get_financed_package(work, id).data)
    manifest, parts = read_undisclosed(closed)
    parts["groups.jsonl"] = parts["groups.jsonl"].replace(b'"values":["', b'"values":["1', 1)
    with changed.open("w+b") as file:
        write_disclosed(file, manifest, parts, {})
    code, report = checked(town, tmp_path, changed)
    assert code == INVALID
    assert outcomes(report, "FAIL")
