"""fsck against an insider who changes meter-days: what the statement will be made of, before it is made."""

from __future__ import annotations

import gc
import hashlib
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from ledger.metering.body import BodyReading, read_body
from ledger.records.findings import Finding
from ledger.services import checkpoints, deriving, telemetry_replay
from ledger.services.fsck import check_house
from ledger.store.repositories import metering
from ledger.store.repositories.derived import LogEntry
from tests.product import OPERATOR, Town, approver, preparer, sign, signer, take_telemetry
from tests.services.books import DAYS, readings

OAK = preparer("oak")
FIRST = "2025-02-28T16:00:00Z"  # DAYS.start
M1 = "institution_id = 'oak' AND meter_id = 'M-1'"


def send(town: Town, csv: bytes) -> None:
    with town.work(OAK) as work:
        taken = take_telemetry(work, "oak", [csv])
        assert taken.accepted, taken.findings


@pytest.fixture
def fed(town: Town) -> Town:
    """oak with three bodies: two days; a day from which slots are missing; those slots, and the days after them."""
    day = 96
    send(town, readings("M-1", first=DAYS.end, slots=day - 40, watts=2_000))
    send(town, readings("M-1", first=DAYS.end + 900 * (day - 20), slots=3 * day, watts=3_000))
    return town


@pytest.fixture
def database(fed: Town, tmp_path: Path) -> Iterator[sqlite3.Connection]:
    """A connection of somebody with full rights: no triggers, no foreign keys."""
    with closing(sqlite3.connect(tmp_path / "data" / "ledger.sqlite", isolation_level=None)) as connection:
        for (name,) in connection.execute("SELECT name FROM sqlite_master WHERE type = 'trigger'").fetchall():
            connection.execute(f'DROP TRIGGER "{name}"')
        yield connection


def found(town: Town) -> list[Finding]:
    with town.house.view(OPERATOR) as work:
        return [finding for finding in check_house(work) if finding.severity == "error"]


def rows(database: sqlite3.Connection) -> list[tuple[int, int, int]]:
    """(day, revision, log index) of every stored day of oak's meter."""
    return database.execute(f"SELECT day, revision, log_index FROM meter_day WHERE {M1} ORDER BY day, revision").fetchall()


def change_slot(database: sqlite3.Connection, day: int, revision: int, slot: int, *, value: int | None = None, quality: int = 1) -> None:
    place = f"{M1} AND day = {day} AND revision = {revision}"
    values, flags = database.execute(f'SELECT "values", quality FROM meter_day WHERE {place}').fetchone()
    values = metering.unpack_values(values, len(flags))
    if value is not None:
        values = values[: 8 * slot] + value.to_bytes(8, "little") + values[8 * slot + 8 :]
    flags = flags[:slot] + bytes([quality]) + flags[slot + 1 :]
    database.execute(f'UPDATE meter_day SET "values" = ?, quality = ? WHERE {place}', (metering.pack_values(values), flags))


def test_days_as_their_bodies_brought_them_have_no_finding(fed: Town, database: sqlite3.Connection) -> None:
    assert max(revision for _, revision, _ in rows(database)) == 1, "some day is merged from two bodies"
    assert found(fed) == []


def test_one_changed_reading_is_named_by_meter_and_instant(fed: Town, database: sqlite3.Connection) -> None:
    day = DAYS.start // 86_400 + 1
    change_slot(database, day, 0, 30, value=50_000)
    change_slot(database, day, 0, 31, value=50_000)
    (finding,) = found(fed)
    assert (finding.code, finding.place) == ("METER_DAY_CHANGED", "meter M-1 2025-03-01T07:30:00Z of oak")
    assert (finding.got, finding.expected) == (
        "50000 ACTUAL (revision 0)",
        "1050000 ACTUAL (revision 0), as telemetry body 0 gives it",
    )
    assert finding.params["days"] == "1"


def test_a_quality_alone_is_named_too(fed: Town, database: sqlite3.Connection) -> None:
    change_slot(database, DAYS.start // 86_400, 0, 64, quality=2)
    (finding,) = found(fed)
    assert (finding.code, finding.params["instant"]) == ("METER_DAY_CHANGED", FIRST)
    assert finding.got == "1050000 ESTIMATED (revision 0)"


def test_a_day_that_two_bodies_made_is_named_once_whichever_revision_was_changed(fed: Town, database: sqlite3.Connection) -> None:
    day = next(day for day, revision, _ in rows(database) if revision == 1)
    change_slot(database, day, 0, 2, value=7)
    assert [finding.params["log_index"] for finding in found(fed)] == ["0"]
    change_slot(database, day, 1, 2, value=7)
    assert [finding.params["log_index"] for finding in found(fed)] == ["0"]
    change_slot(database, day, 0, 2, value=1_050_000)
    assert [finding.params["log_index"] for finding in found(fed)] == ["1"]


def test_a_deleted_day_and_an_invented_one_are_named(fed: Town, database: sqlite3.Connection) -> None:
    day = rows(database)[1][0]
    columns = 'institution_id, meter_id, day + 400, revision, "values", quality, registers, log_index'
    copied = f"{columns} FROM meter_day WHERE {M1} AND day = {day}"
    database.execute(f"INSERT INTO meter_day SELECT {copied}")
    (finding,) = found(fed)
    assert finding.expected == "no such meter-day, as telemetry body 0 gives it"
    database.execute(f"DELETE FROM meter_day WHERE {M1} AND day IN ({day}, {day + 400})")
    (finding,) = found(fed)
    assert (finding.got, finding.place) == ("no such meter-day", "meter M-1 2025-03-01T00:00:00Z of oak")


def test_an_invented_revision_is_named(fed: Town, database: sqlite3.Connection) -> None:
    day = rows(database)[1][0]
    copied = f'institution_id, meter_id, day, revision + 1, "values", quality, registers, 1 FROM meter_day WHERE {M1} AND day = {day}'
    database.execute(f"INSERT INTO meter_day SELECT {copied}")
    assert [(finding.code, finding.params["log_index"]) for finding in found(fed)] == [("METER_DAY_CHANGED", "1")]


def test_days_of_a_body_that_is_gone_are_named(fed: Town, database: sqlite3.Connection) -> None:
    database.execute("DELETE FROM telemetry_body WHERE institution_id = 'oak' AND log_index = 2")
    assert [(finding.code, finding.place) for finding in found(fed)] == [("METER_DAY_CHANGED", "meter-days of telemetry body 2 of oak")]


def mend(database: sqlite3.Connection, body: bytes) -> None:
    """Put another body in place of oak's first one, with hashes that fit."""
    hashes = (hashlib.sha256(body).hexdigest(), hashlib.sha256(b"\x00" + body).digest())
    database.execute(
        "UPDATE telemetry_body SET body = ?, sha256 = ?, leaf_hash = ? WHERE institution_id = 'oak' AND log_index = 0", (body, *hashes)
    )


def test_a_changed_body_with_mended_hashes_contradicts_its_days(fed: Town, database: sqlite3.Connection) -> None:
    mend(database, readings("M-1").replace(b"16:00:00Z,4.200", b"16:00:00Z,3.200", 1))
    (finding,) = found(fed)
    assert (finding.code, finding.params["instant"]) == ("METER_DAY_CHANGED", FIRST)


def test_a_body_that_can_no_longer_be_read_is_named(fed: Town, database: sqlite3.Connection) -> None:
    mend(database, readings("M-1").replace(b"16:00:00Z,4.200", b"16:00:00Z,x", 1))
    assert [(finding.code, finding.place) for finding in found(fed)] == [
        ("TELEMETRY_BODY_CHANGED", "telemetry body 0 of oak, line 2 column 3")
    ]


def test_a_day_cut_to_other_lengths_is_named_and_does_not_stop_the_rest(fed: Town, database: sqlite3.Connection) -> None:
    first, last = rows(database)[0][0], rows(database)[-1][0]
    database.execute(f"UPDATE meter_day SET \"values\" = x'{'00' * 8}', quality = x'01' WHERE {M1} AND day = {first}")
    change_slot(database, last, 0, 1, value=1)
    assert [finding.params["log_index"] for finding in found(fed)] == ["0", "2"]


def test_the_same_meter_of_another_bank_is_not_named(fed: Town, database: sqlite3.Connection) -> None:
    database.execute("UPDATE meter_day SET quality = zeroblob(96) WHERE institution_id = 'elm'")
    places = {finding.place.rpartition(" of ")[2] for finding in found(fed)}
    assert places == {"elm"}


def test_a_log_that_no_longer_leads_to_its_signed_checkpoint_is_named(fed: Town, database: sqlite3.Connection) -> None:
    with fed.house.view(approver("oak")) as work:
        item = checkpoints.log_checkpoint_request(work, "oak")
    with fed.work(approver("oak")) as work:
        checkpoints.submit_log_checkpoint(work, "oak", item.message, sign(item, signer("oak.approver")))
    fed.relay()
    assert found(fed) == []
    mend(database, readings("M-1").replace(b"16:00:00Z,4.200", b"16:00:00Z,4.20", 1))
    assert [(finding.code, finding.place) for finding in found(fed)] == [("LOG_ROOT_DIFFERS", "envelope log of oak at size 3")]
    database.execute("DELETE FROM meter_day WHERE institution_id = 'oak' AND log_index = 2")
    database.execute("DELETE FROM telemetry_body WHERE institution_id = 'oak' AND log_index = 2")
    assert [finding.got for finding in found(fed) if finding.code == "LOG_ROOT_DIFFERS"] == ["2 bodies"]


def test_one_body_at_a_time_is_in_memory(fed: Town, monkeypatch: pytest.MonkeyPatch) -> None:
    held: list[int] = []

    def observed(*arguments: Any, **named: Any) -> BodyReading:
        held.append(sum(isinstance(item, LogEntry) for item in gc.get_objects()))
        return read_body(*arguments, **named)

    monkeypatch.setattr(deriving, "read_body", observed)
    gc.collect()
    with fed.house.view(OPERATOR) as work:
        assert list(telemetry_replay.check_meter_days(work.session)) == []
    assert held == [1, 1, 1, 1], "elm's body, and oak's three"
