"""The same product on every engine and database: embedded, eth-tester, an external node by URL; SQLite and PostgreSQL."""

from __future__ import annotations

import os
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date
from pathlib import Path

import psycopg
import pytest

from ledger.chain.connect import ETH_TESTER_CHAIN_ID
from ledger.clock import FixedClock, SystemClock
from ledger.demo import profiles, seeds
from ledger.demo.banks import MOGAN
from ledger.records.period import Period
from ledger.services import claims, packages
from ledger.services.fsck import check_house
from tests.product import AUDITOR, CHAIN_ID, NOW, VERIFIER, Town, open_town
from tests.whole.scene import verify, write_package, write_policy

PERIOD = ("2025", date(2025, 1, 1), date(2025, 1, 10))
COMBINATIONS = [
    pytest.param("embedded", "sqlite", id="embedded-sqlite"),
    pytest.param("eth-tester", "sqlite", id="eth-tester-sqlite"),
    pytest.param("node", "sqlite", id="node-sqlite", marks=pytest.mark.node),
    pytest.param("embedded", "postgresql", id="embedded-postgresql", marks=pytest.mark.postgres),
    pytest.param("eth-tester", "postgresql", id="eth-tester-postgresql", marks=pytest.mark.postgres),
]


@contextmanager
def a_database(kind: str, folder: Path) -> Iterator[str]:
    if kind == "sqlite":
        yield f"sqlite:///{folder / 'ledger.sqlite'}"
        return
    url = os.environ["LINGTAN_TEST_POSTGRES_URL"]
    name = f"lingtan_whole_{uuid.uuid4().hex[:10]}"
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute(f"CREATE DATABASE {name}")
    try:
        yield f"{url.rpartition('/')[0]}/{name}"
    finally:
        with psycopg.connect(url, autocommit=True) as connection:
            connection.execute(f"DROP DATABASE {name} WITH (FORCE)")


@contextmanager
def a_town(engine: str, database: str, folder: Path) -> Iterator[Town]:
    with a_database(database, folder) as url:
        if engine == "embedded":
            chain, chain_id, clock = f"embedded://{folder / 'chain.sqlite'}", CHAIN_ID, FixedClock(NOW)
        elif engine == "eth-tester":
            chain, chain_id, clock = "test://", ETH_TESTER_CHAIN_ID, FixedClock(SystemClock().now() + 60)
        else:
            chain, chain_id = os.environ["LINGTAN_TEST_NODE_URL"], int(os.environ["LINGTAN_TEST_NODE_CHAIN_ID"])
            clock = FixedClock(SystemClock().now() + 60)
        with open_town(folder, database_url=url, chain_url=chain, chain_id=chain_id, clock=clock) as town:
            yield town


@pytest.mark.parametrize(("engine", "database"), COMBINATIONS)
def test_the_main_job_runs_alike(engine: str, database: str, tmp_path: Path) -> None:
    with a_town(engine, database, tmp_path) as town:
        town.found_centre()
        days = Period.of_dates(*PERIOD, "Asia/Shanghai")
        bank = MOGAN
        meters = tuple(meter for unit in bank.units for meter in unit.meters)
        town.add_bank(
            bank.id,
            seeds.organisation_document(bank),
            period=PERIOD,
            meter_units={meter: unit.id for unit in bank.units for meter, _ in unit.meters},
            csv=list(profiles.meter_csv(meters, days.start, days.end)),
            activity_document=seeds.activity_document(bank, days),
        )
        statement = town.prepare(bank.id, "2025")
        town.attest(bank.id, statement.id)
        town.relay()
        # An exact re-submission changes nothing, on every engine.
        again = town.prepare(bank.id, "2025", "data") if engine == "embedded" else None
        assert again is None or again.revision == 2
        town.claim(bank.id, statement.id, "c1")
        town.relay()
        with town.house.view(VERIFIER) as work:
            claim = claims.get_claim(work, f"{bank.id}:c1")
        assert claim.state == "submitted"
        with town.house.view(AUDITOR) as work:
            assert packages.build_evidence_package(work, statement.id).hash == claim.package
            assert check_house(work) == ()
        code, answer = verify(town, "package", write_package(town, statement.id, tmp_path), write_policy(town, tmp_path))
        unchecked = {check["id"] for check in answer["checks"] if check["outcome"] == "NOT CHECKED"}
        if engine == "embedded":
            assert (code, unchecked) == (0, set())
        else:
            # No checkpoint speaks for a block of these chains: that is said, and everything else holds.
            assert (code, unchecked) == (4, {"anchor.final.METERS", "anchor.final.OPERATIONAL"})
