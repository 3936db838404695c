"""Devices, keys, assignments, fittings and anchored logs, on both databases."""

from __future__ import annotations

from typing import Any

import pytest
from sqlalchemy import event

from ledger.clock import FixedClock
from ledger.store import outbox
from ledger.store.database import Database
from ledger.store.errors import AlreadyStored
from ledger.store.repositories import devices, envelopes, log_anchors, metering
from ledger.store.session import Session
from tests.store import builders
from tests.store.builders import AT, hash_of, payload, signed


def add_code(session: Session, text: str, device: str = "gw-1") -> devices.EnrolmentCode:
    return devices.add_enrolment_code(
        session, hash=hash_of(text), institution_id="bank-1", device_id=device, created_by="clerk", created_at=AT, expires_at=AT + 1
    )


def get_code(session: Session, text: str) -> devices.EnrolmentCode:
    found = devices.find_enrolment_code(session, hash_of(text))
    assert found is not None
    return found


@pytest.fixture
def bank(database: Database) -> Database:
    """A bank with a gateway and two meters."""
    with database.unit_of_work() as session:
        builders.add_bank(session)
        devices.add_device(session, institution_id="bank-1", id="gw-1", kind="gateway", site="hq", serial="S", created_by="c", at=AT)
        for id in ("M1", "M2"):
            metering.add_meter(
                session,
                institution_id="bank-1",
                id=id,
                unit="hq",
                quantity="el.import",
                interval_minutes=15,
                valid_from=0,
                created_by="clerk",
                at=AT,
            )
    return database


def test_a_key_is_enrolled_once_by_nobody_else_and_a_code_used_once(bank: Database) -> None:
    with bank.unit_of_work() as session:
        key = devices.add_key(session, add_code(session, "one"), b"p" * 32, serial="S", at=AT)
        assert devices.find_key(session, "bank-1", key.kid) == key
        assert devices.find_key_by_public_key(session, b"p" * 32) == key
    with pytest.raises(AlreadyStored), bank.unit_of_work() as session:
        devices.add_key(session, add_code(session, "two"), b"p" * 32, serial="S", at=AT)
    with pytest.raises(AlreadyStored), bank.unit_of_work() as session:
        devices.add_key(session, get_code(session, "one"), b"q" * 32, serial="S", at=AT)
    with bank.reading() as session:
        assert [key.public_key for key in devices.list_keys(session, "bank-1")] == [b"p" * 32], "all or nothing"


def test_of_several_revocations_the_lowest_counts(bank: Database) -> None:
    with bank.unit_of_work() as session:
        key = devices.add_key(session, add_code(session, "one"), b"p" * 32, serial="S", at=AT)
        other = devices.add_key(session, add_code(session, "two"), b"q" * 32, serial="S", at=AT + 1)
        for last_seq in (9, 4):
            devices.add_key_end(session, "bank-1", key.kid, last_seq=last_seq, reason="lost", by="clerk", at=AT)
        assert [(item.kid, item.last_seq) for item in devices.list_keys(session, "bank-1", "gw-1")] == [(key.kid, 4), (other.kid, None)]


def test_the_device_of_a_meter_is_the_one_of_the_place_in_the_log(bank: Database) -> None:
    with bank.unit_of_work() as session:
        devices.set_meter_device(session, "bank-1", "M1", "gw-1", by="clerk", at=AT)
        devices.set_meter_device(session, "bank-1", "M1", "gw-1", by="clerk", at=AT)
        for body in (b"a", b"b"):
            metering.add_telemetry_body(session, "bank-1", body, media_type="text/csv", findings=b"{}", actor="x", received_at=AT)
        devices.set_meter_device(session, "bank-1", "M1", None, by="clerk", at=AT)
        devices.set_meter_device(session, "bank-1", "M2", "gw-1", by="clerk", at=AT)
        assert devices.device_of_meters(session, "bank-1", 1) == {"M1": "gw-1"}
        assert devices.device_of_meters(session, "bank-1", 2) == devices.device_of_meters(session, "bank-1") == {"M2": "gw-1"}
        assert [row.id for row in devices.meters_of_device(session, "bank-1", "gw-1", 0)] == ["M1"]


def test_a_fitting_reads_back_the_entry_of_the_log_and_stands_once_per_instant(bank: Database) -> None:
    with bank.unit_of_work() as session:
        metering.add_telemetry_body(session, "bank-1", b"fit", media_type="x/fit", findings=b"{}", actor="x", received_at=AT)
        devices.add_fitting(session, "bank-1", "M1", AT, 0)
        assert devices.list_fittings(session, "bank-1") == [devices.StoredFitting("M1", AT, 0, b"fit")]
        assert devices.list_fittings(session, "bank-1", "M2") == []
        assert devices.list_entries_of_type(session, "bank-1", "x/fit") == [(0, b"fit")]
    with pytest.raises(AlreadyStored), bank.unit_of_work() as session:
        devices.add_fitting(session, "bank-1", "M1", AT, 0)


def test_the_last_signed_and_the_last_anchored_checkpoint_are_told_apart(bank: Database) -> None:
    with bank.unit_of_work() as session:
        for size in (1, 2):
            row = outbox.queue(session, f"log/{size}", payload(f"log {size}"), now=AT)
            metering.add_log_checkpoint(session, "bank-1", size, hash_of(f"root {size}"), signed(f"log {size}", row.id))
            if size == 1:
                first = row.id
    relay = outbox.SqlOutbox(bank, FixedClock(AT))
    assert relay.acquire_lease(builders.RELAYER, "test", AT, 60) is not None
    relay.record_signed(first, 0, b"raw", "0x" + hash_of("tx"))
    relay.record_sent(first, AT)
    relay.record_mined(first, 7, "0x" + hash_of("block"), b"{}")
    relay.record_final(first)
    with bank.unit_of_work() as session:
        signed_row = log_anchors.find_signed_checkpoint(session, "bank-1")
        anchored = log_anchors.find_anchored_checkpoint(session, "bank-1")
        assert signed_row is not None
        assert anchored is not None
        assert (signed_row.size, anchored.size) == (2, 1)
        assert log_anchors.find_anchored_checkpoint(session, "bank-1", size=2) is None
        assert log_anchors.find_checkpoint_by_outbox(session, first) is anchored
        place = {"block_number": 7, "block_hash": hash_of("block"), "tx_hash": hash_of("tx"), "evidence": b"{}", "at": AT}
        kept = log_anchors.add_log_anchor(session, anchored.id, **place)
        assert log_anchors.add_log_anchor(session, anchored.id, **place) is kept
        assert log_anchors.find_log_anchor(session, anchored.id) is kept
        assert metering.read_leaf_hashes(session, "bank-1", 0, 5) == []


def test_alarms_are_found_by_an_index_however_many_bodies_and_alarms_there_are(bank: Database) -> None:
    first = envelopes.StoredEnvelope("gw-1", "b0", 1, 0, 0, b"h" * 32, None, 4, 1, 1)
    asked: list[tuple[str, Any]] = []
    with bank.unit_of_work() as session:
        metering.add_telemetry_body(session, "bank-1", b"body", media_type="x", findings=b"{}", actor="c", received_at=AT)
        envelopes.add_envelopes(session, "bank-1", [first])
        event.listen(session.connection(), "before_cursor_execute", lambda *given: asked.append((given[2], given[3])))
        row = envelopes.add_alarm(session, "bank-1", first, b"second", media_type="x", actor="c", at=AT)
        assert not envelopes.is_alarm_without_body(session, int(str(row.id)))
        page = envelopes.list_alarms(session, "bank-1", limit=2, after=0)
        assert list(envelopes.list_envelopes_at(session, "bank-1", [item.log_index for item in page.items])) == [0]
        queries = [(text, given) for text, given in asked if text.lstrip().upper().startswith("SELECT")]
        plans = explain(session, queries)
    assert len(plans) >= 4
    assert [plan for plan in plans if any(word in plan for word in ("SCAN", "TEMP B-TREE", "Seq Scan", "Sort"))] == []
    for index in ("envelope_alarm_institution_id_device_id_boot_seq", "envelope_alarm_institution_id_id"):
        assert [plan for plan in plans if index in plan], (index, plans)


def explain(session: Session, queries: list[tuple[str, Any]]) -> list[str]:
    """Return how the database would answer each query if its tables were large, as text."""
    connection = session.connection()
    if session.get_bind().dialect.name == "sqlite":
        return ["\n".join(step[3] for step in connection.exec_driver_sql(f"EXPLAIN QUERY PLAN {text}", given)) for text, given in queries]
    for way in ("seqscan", "sort", "bitmapscan"):  # of a small table PostgreSQL reads everything, unless told that this is dear
        connection.exec_driver_sql(f"SET LOCAL enable_{way} = off")
    return ["\n".join(step[0] for step in connection.exec_driver_sql(f"EXPLAIN {text}", given)) for text, given in queries]
