"""Two servers on one database: their group commits and derivations take turns, and the log is one log with days that follow from it."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor, wait

import numpy as np
import pytest

from ledger.metering.body import BATCH, ENVELOPE
from ledger.metering.envelope import interval_reading
from ledger.metering.meter_day import MeterDay
from ledger.services import fsck
from ledger.services.intake import Offer, Outcome, Refused, Taken
from ledger.services.intake_writer import IntakeWriter
from ledger.services.projection import bring_up_to_date
from ledger.services.telemetry import get_telemetry
from ledger.store.database import open_database
from ledger.store.repositories import derived, envelopes, metering
from ledger.store.tables import MeterDay as MeterDayRow
from ledger.store.tables import TelemetryBody
from tests.child import run_together
from tests.product import AUDITOR, OPERATOR, Town
from tests.services.books import DAYS
from tests.services.gateways import Gateway, meter_day

DAY = DAYS.end // 86_400 + 2
LIMIT = 120


@pytest.fixture
def gateways(town: Town) -> tuple[Gateway, ...]:
    made = tuple(Gateway("oak", f"GW-{at}") for at in range(4))
    with town.house.database.unit_of_work() as session:
        for at, gateway in enumerate(made):
            gateway.enrol(session, town.clock.now(), (f"M-{at}0",))
    return made


def errors(town: Town) -> list[str]:
    with town.house.view(OPERATOR) as work:
        return [finding.code for finding in fsck.check_house(work) if finding.severity == "error"]


def test_bodies_that_two_servers_take_at_once_are_all_in_one_log_and_derived_once(town: Town, gateways: tuple[Gateway, ...]) -> None:
    """Each body is sent to both servers; a third thread derives all the while; a second body under a number comes to each."""
    now, count = town.clock.now(), 12
    bodies = [gateway.batch(meter_day(f"M-{at}0", DAY + day), sent_at=now) for at, gateway in enumerate(gateways) for day in range(count)]
    second = [gateway.batch(meter_day("M-00", DAY, 7), sent_at=now, seq=1, prev=None) for gateway in gateways[:1]]
    other = open_database(town.house.settings.database_url)
    writers = [IntakeWriter(town.house.database, town.clock), IntakeWriter(other, town.clock)]
    answers: list[Outcome | Exception] = []
    done = threading.Event()

    def send(writer: IntakeWriter, part: list[bytes]) -> None:
        for body in part:
            writer.submit(Offer("oak", "x", BATCH, body), answers.append)

    def derive() -> None:
        while not done.wait(0.01):
            with other.unit_of_work() as session:
                bring_up_to_date(session, town.clock, "oak")

    for writer in writers:
        writer.start()
    with ThreadPoolExecutor(1) as pool:
        deriving = pool.submit(derive)
        try:
            run_together(
                [
                    threading.Thread(target=send, args=(writer, part[:: 1 if at else -1]))
                    for at, writer in enumerate(writers)
                    for part in (bodies[: 2 * count], bodies[2 * count :])
                ]
            )
            for writer in writers:
                writer.stop()
        finally:
            done.set()
        wait([deriving], LIMIT)
        deriving.result(timeout=0)
    other.close()
    assert all(isinstance(answer, Taken) for answer in answers), [answer for answer in answers if not isinstance(answer, Taken)]
    given = [answer for answer in answers if isinstance(answer, Taken)]
    assert len(given) == 2 * len(bodies)
    assert sorted(answer.id for answer in given if not answer.duplicate) == list(range(1, len(bodies) + 1))
    assert {answer.id for answer in given if answer.duplicate} == set(range(1, len(bodies) + 1))
    writer = IntakeWriter(town.house.database, town.clock)
    writer.start()
    late: list[Outcome | Exception] = []
    writer.submit(Offer("oak", "x", BATCH, second[0]), late.append)
    writer.stop()
    assert [item.reason for item in late if isinstance(item, Refused)] == ["equivocation"]
    with town.house.database.unit_of_work() as session:
        bring_up_to_date(session, town.clock, "oak")
        assert derived.count_derived(session, "oak") == metering.count_telemetry(session, "oak") == len(bodies) + 1
        assert len(envelopes.list_alarms(session, "oak").items) == 1
        for at in range(len(gateways)):
            days = list(metering.iterate_meter_days(session, "oak", f"M-{at}0", DAY, DAY + count))
            assert [(day.day, day.revision) for day in days] == [(DAY + day, 0) for day in range(count)]
    assert errors(town) == []


def test_narrow_and_wide_days_and_packed_bodies_come_back_as_they_were(town: Town, gateways: tuple[Gateway, ...]) -> None:
    """Values at 2^31 - 1 take four bytes a slot and at 2^31 eight; a body that shrinks is kept as a frame; all hashes hold on reading."""
    now, gateway = town.clock.now(), gateways[0]
    edges = {DAY: 2**31 - 1, DAY + 1: 2**31, DAY + 2: 10**13}
    made = [
        MeterDay("M-00", day, np.full(96, value, dtype="<i8").tobytes(), bytes([1]) * 96)  # every slot the same: the body shrinks
        for day, value in edges.items()
    ]
    reading = interval_reading("el.import", "2025-04-20T00:00:00Z", "1", "kWh", meter="M-00")
    bodies = [(gateway.batch(*made, sent_at=now), BATCH), (gateway.envelope(reading, sent_at=now), ENVELOPE)]
    writer = IntakeWriter(town.house.database, town.clock)
    answers: list[Outcome | Exception] = []
    writer.start()
    for body, kind in bodies:
        writer.submit(Offer("oak", "x", kind, body), answers.append)
    writer.stop()
    assert [answer.id for answer in answers if isinstance(answer, Taken)] == [1, 2], answers
    with town.house.database.unit_of_work() as session:
        bring_up_to_date(session, town.clock, "oak")
    with town.house.view(AUDITOR) as work:
        assert [get_telemetry(work, "oak", id).findings for id in ("1", "2")] == [(), ()]
        days = metering.iterate_meter_days(work.session, "oak", "M-00", DAY, DAY + 2)
        assert [(day.values, day.quality) for day in days] == [(day.values, day.quality) for day in made]
        for index, (body, _) in enumerate(bodies, 1):
            assert metering.get_telemetry_body(work.session, "oak", index).body == body
        connection = work.session.connection()
        table, log = (kind.metadata.tables[kind.__tablename__] for kind in (MeterDayRow, TelemetryBody))
        lengths = connection.exec_driver_sql(
            f"SELECT length(\"values\") FROM {table.name} WHERE meter_id = 'M-00' AND day BETWEEN {DAY} AND {DAY + 2} ORDER BY day"
        )
        assert lengths.scalars().all() == [4 * 96, 8 * 96, 8 * 96]
        kept = connection.exec_driver_sql(f"SELECT body FROM {log.name} WHERE institution_id = 'oak' AND log_index = 1").scalar_one()
        assert bytes(kept)[:4] == b"\x28\xb5\x2f\xfd"
        assert len(kept) < len(bodies[0][0])
    assert errors(town) == []
