"""The drift monitor beside a server: it looks by itself, and its alarm is at /readyz and /v1/drift within one cycle."""

from __future__ import annotations

import sqlite3
import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from starlette.testclient import TestClient

import api.background
from api.app import create_app
from ledger.services import tokens
from tests.product import OPERATOR, Town
from tests.towns import Template, reopen


@pytest.fixture
def town(centre: Template, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Town]:
    """A house whose monitor looks every second, and at once."""
    monkeypatch.setattr(api.background, "FIRST_LOOK_SECONDS", 0)
    with reopen(centre, tmp_path / "data") as opened:
        opened.house.settings = replace(opened.house.settings, drift_seconds=1)
        yield opened


def headers(town: Town, role: str) -> dict[str, str]:
    with town.work(OPERATOR) as work:
        secret = tokens.issue_token(work, subject=f"somebody.{role}", institution=None, roles=[role], days=1)
    return {"Authorization": f"Bearer {secret}"}


def test_a_changed_row_makes_the_server_unready_within_one_cycle_and_is_named(town: Town, tmp_path: Path) -> None:
    operator, auditor = headers(town, "operator"), headers(town, "auditor")
    app = create_app(town.house)
    with TestClient(app) as http:
        monitor = app.state.drift.monitor
        cycles_after(monitor, 1)
        assert http.get("/readyz").json()["checks"]["drift"] == "ok"
        clean = http.get("/v1/drift", headers=auditor).json()
        assert (clean["running"], clean["every_seconds"], clean["last"]["clean"], clean["alarm"]) == (True, 1, True, [])
        assert clean["last"]["block"] == town.house.chain.block_number()

        tamper(tmp_path / "data" / "ledger.sqlite")
        cycles_after(monitor, monitor.view().cycles + 2)
        ready = http.get("/readyz")
        assert (ready.status_code, [error["pointer"] for error in ready.json()["errors"]]) == (503, ["drift"])
        alarm = http.get("/v1/drift", headers=operator).json()["alarm"]
        assert {finding["code"] for finding in alarm} >= {"AUDIT_ENTRY_CHANGED"}


def cycles_after(monitor: api.background.DriftMonitor, cycles: int) -> None:
    end = time.monotonic() + 120
    while monitor.view().cycles < cycles:
        assert time.monotonic() < end, "the monitor does not look"
        time.sleep(0.05)


def tamper(database: Path) -> None:
    connection = sqlite3.connect(database, isolation_level=None, timeout=30)
    for (name,) in connection.execute("SELECT name FROM sqlite_master WHERE type = 'trigger' AND tbl_name = 'audit_log'").fetchall():
        connection.execute(f'DROP TRIGGER "{name}"')
    connection.execute("UPDATE audit_log SET actor = 'somebody else' WHERE seq = 3")
    connection.close()


def test_a_server_whose_settings_ask_for_none_has_no_monitor(centre: Template, tmp_path: Path) -> None:
    with reopen(centre, tmp_path / "data") as town:
        auditor = headers(town, "auditor")
        with TestClient(create_app(town.house)) as http:
            assert "drift" not in http.get("/readyz").json()["checks"]
            answer = http.get("/v1/drift", headers=auditor).json()
            assert (answer["running"], answer["last"], answer["alarm"]) == (False, None, [])
