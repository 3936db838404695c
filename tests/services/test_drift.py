"""The drift monitor: clean houses are clean, every kind of fault raises the alarm within one cycle, nobody has to wait for it."""

from __future__ import annotations

import json
import logging
import shutil
import sqlite3
import threading
from collections.abc import Iterator
from contextlib import closing
from dataclasses import replace
from pathlib import Path

import pytest

from ledger.config import Settings
from ledger.demo import insider
from ledger.demo.faults import CHAIN, KINDS
from ledger.demo.tamper import ALL, MARK, run_drill
from ledger.errors import InputError, IntegrityError
from ledger.metering.body import BATCH
from ledger.services import answers, checkpoints, drift, edits, meter_bills
from ledger.services.drift import DriftMonitor
from ledger.services.intake import Intake, Offer, Refused
from ledger.services.projection import bring_house_up_to_date
from ledger.services.signable import find_slips
from ledger.services.stored_statement import load_statement_row
from ledger.store.audit import list_audit_log
from tests.product import AUDITOR, OPERATOR, Town, approver, preparer, sign, signer
from tests.services.books import DAYS, verdict_on
from tests.services.gateways import Gateway, meter_day
from tests.services.lending import attest_loans, hand_in, write_vault
from tests.services.test_edits import bill_of, stated
from tests.towns import Template, close, reopen


@pytest.fixture(scope="module")
def lived(founded: Template, tmp_path_factory: pytest.TempPathFactory) -> Template:
    """Oak's books with everything a house keeps: signed bodies, edits, an answer, statement, loans, claim, verdict, signed log."""
    folder = tmp_path_factory.mktemp("lived")
    with reopen(founded, folder / "data") as town:
        gateway = Gateway("oak", "GW-1")
        with town.house.database.unit_of_work() as session:
            gateway.enrol(session, town.clock.now(), ("M-1",))
        take(town, gateway.batch(meter_day("M-1", DAYS.end // 86_400 + 2), sent_at=town.clock.now()))
        with town.work(preparer("oak")) as work:
            edits.record_edit(work, "oak", "M-1", stated("flag", 50, 52))
        statement = town.prepare("oak", "2025-03")
        with town.work(preparer("oak")) as work:
            meter_bills.record_bill(work, "oak", "M-1", bill_of("20.16"))
        with town.work(preparer("oak")) as work:
            slip = find_slips(work, load_statement_row(work, statement.id))[0]
            answers.answer_finding(work, statement.id, slip.code, slip.place, "the bill is of a tenth of the house")
        town.attest("oak", statement.id)
        with town.work(approver("oak")) as work:
            item = checkpoints.log_checkpoint_request(work, "oak")
            checkpoints.submit_log_checkpoint(work, "oak", item.message, sign(item, signer("oak.approver")))
        attest_loans(town, "oak", hand_in(town, "oak", write_vault(town, "oak", folder / "vault")).id)
        town.relay()
        claim = town.claim("oak", statement.id, "c1")
        town.relay()
        town.verdict(*verdict_on(town, "oak", "c1", claim.package))
        town.relay()
        return close(town, folder / "data")


def take(town: Town, body: bytes) -> None:
    intake = Intake(town.house.database)
    prepared = intake.prepare(Offer("oak", "oak.gateway", BATCH, body))
    assert not isinstance(prepared, Refused), prepared
    with town.house.database.unit_of_work() as session:
        intake.take(session, [prepared], town.clock.now())
    bring_house_up_to_date(town.house)


@pytest.fixture
def living(lived: Template, tmp_path: Path) -> Iterator[Town]:
    with reopen(lived, tmp_path / "data") as town:
        yield town


def settings(folder: Path) -> Settings:
    return Settings(
        data=folder,
        database_url=f"sqlite:///{folder / 'ledger.sqlite'}",
        chain_url=f"embedded://{folder / 'chain.sqlite'}",
        chain_id=3305,
        passphrase="a passphrase of tests",
        light_keys=True,
    )


def test_every_kind_of_fault_is_found_within_one_cycle_and_the_clean_copy_is_clean(lived: Template, tmp_path: Path) -> None:
    alarms = run_drill(tmp_path / "copy", lambda folder: shutil.copytree(lived.folder, folder) and None, settings, seed=20_261_122)
    print(*(f"{alarm.kind:18} {alarm.milliseconds:6} ms  {alarm.place}: {alarm.found}" for alarm in alarms), sep="\n")
    assert {alarm.kind for alarm in alarms} == {*(kind.name for kind in KINDS), CHAIN}
    assert [alarm.kind for alarm in alarms if alarm.place is None] == [], "every kind was tried"
    assert [alarm.kind for alarm in alarms if alarm.found is None] == [], "every kind was found"
    assert sorted(item.name for item in (tmp_path / "copy").iterdir()) == [MARK], "the copies are gone"


def test_a_drill_touches_no_directory_that_it_did_not_make(lived: Template, tmp_path: Path) -> None:
    before = {item: item.stat().st_mtime_ns for item in lived.folder.iterdir()}
    with pytest.raises(InputError, match="no drill's copy"):
        run_drill(lived.folder, lambda _: None, settings, seed=1)
    assert {item: item.stat().st_mtime_ns for item in lived.folder.iterdir()} == before
    with pytest.raises(InputError, match="no kind"):
        run_drill(tmp_path / "copy", lambda _: None, settings, seed=1, kinds=["weather"])
    assert not (tmp_path / "copy").exists()
    assert len(set(ALL)) == len(ALL)


def test_a_copy_that_is_not_clean_teaches_nothing(lived: Template, tmp_path: Path) -> None:
    def broken(folder: Path) -> None:
        shutil.copytree(lived.folder, folder)
        tamper(folder / "ledger.sqlite")

    with pytest.raises(IntegrityError, match="not clean"):
        run_drill(tmp_path / "copy", broken, settings, seed=1)


def tamper(database: Path, actor: str = "somebody else") -> None:
    connection = sqlite3.connect(database, isolation_level=None)
    for (name,) in connection.execute("SELECT name FROM sqlite_master WHERE type = 'trigger' AND tbl_name = 'audit_log'").fetchall():
        connection.execute(f'DROP TRIGGER "{name}"')
    connection.execute("UPDATE audit_log SET actor = ? WHERE seq = 3", (actor,))
    connection.close()


def test_a_clean_house_is_clean_at_a_block_and_an_alarm_stays_until_a_clean_cycle(
    living: Town, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    monitor = DriftMonitor(living.house, resting=False)
    assert monitor.view().last is None
    report = monitor.run_cycle()
    assert report is not None
    assert report.clean
    assert report.block == living.house.chain.block_number()
    assert report.rows > 30
    assert report.summary().startswith(f"clean at block {report.block} (2026-")
    assert (monitor.view().alarm, monitor.view().cycles) == ((), 1)

    original = actor_of(tmp_path / "data" / "ledger.sqlite")
    tamper(tmp_path / "data" / "ledger.sqlite")
    with caplog.at_level(logging.ERROR, "lingtan.drift"):
        worse = monitor.run_cycle()
    assert worse is not None
    assert not worse.clean
    assert {finding.code for finding in monitor.view().alarm} == {finding.code for finding in worse.findings}
    assert "drift: " in caplog.text
    assert audited(living).count("drift.alarm") == 1

    tamper(tmp_path / "data" / "ledger.sqlite", original)
    clean = monitor.run_cycle()
    assert clean is not None
    assert (clean.clean, monitor.view().alarm) == (True, ())
    assert audited(living)[-1] == "drift.clean"


def actor_of(database: Path) -> str:
    connection = sqlite3.connect(database)
    (actor,) = connection.execute("SELECT actor FROM audit_log WHERE seq = 3").fetchone()
    connection.close()
    return str(actor)


def audited(town: Town) -> list[str]:
    with town.house.view(OPERATOR) as work:
        return [row.action for row in list_audit_log(work.session, limit=500).items]


def test_an_alarm_is_known_before_the_cycle_ends_and_a_stopped_cycle_says_nothing(living: Town, tmp_path: Path) -> None:
    tamper(tmp_path / "data" / "ledger.sqlite")
    monitor, stop = DriftMonitor(living.house), threading.Event()
    seen: list[int] = []

    class Looking(threading.Event):
        def wait(self, timeout: float | None = None) -> bool:
            seen.append(len(monitor.view().alarm))
            return False

    assert monitor.run_cycle(Looking()) is not None
    assert 0 in seen
    assert max(seen) > 0
    assert seen.index(max(seen)) < len(seen) - 1, "pages follow after the alarm"
    stop.set()
    assert monitor.run_cycle(stop) is None
    assert monitor.view().cycles == 1


def test_a_writer_is_not_held_up_by_a_cycle(living: Town) -> None:
    monitor, wrote = DriftMonitor(living.house, resting=True), []

    class Writing(threading.Event):
        def wait(self, timeout: float | None = None) -> bool:
            with living.work(preparer("oak")) as work:
                meter_bills.record_bill(work, "oak", "M-1", {**bill_of("1"), "bill": f"b-{len(wrote)}"})
            wrote.append(1)
            return False

    report = monitor.run_cycle(Writing())
    assert report is not None
    assert report.clean
    assert len(wrote) > 10


def test_only_the_operator_and_auditors_read_how_the_monitor_stands(living: Town) -> None:
    monitor = DriftMonitor(living.house, resting=False)
    for actor in (OPERATOR, AUDITOR):
        with living.house.view(actor) as work:
            assert drift.get_drift(work, None).running is False
            assert drift.get_drift(work, monitor).running is True
    assert replace(living.house.settings, drift_seconds=300).drift_seconds == 300


def test_the_insider_of_the_demonstration_changes_a_reading_as_it_is_stored(living: Town, tmp_path: Path) -> None:
    source = tmp_path / "data" / "ledger.sqlite"
    with closing(sqlite3.connect(source)) as database:
        document = json.loads(database.execute("SELECT document FROM statement WHERE id = 1").fetchone()[0])
        item = insider._break_reading(database, document, "M-1")
    noticed = insider._run(living.house, source, tmp_path, item)
    assert noticed.holds
    assert noticed.finding is not None
    assert noticed.finding.code == "METER_DAY_CHANGED"
