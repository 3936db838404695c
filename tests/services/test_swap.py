"""A meter that another device reads from now on, while bodies of the first one wait in its queue: what was measured until then counts."""

from __future__ import annotations

import pytest

from ledger.clock import format_instant
from ledger.metering.body import ENVELOPE
from ledger.metering.envelope import interval_reading, register_reading
from ledger.services import meters
from ledger.services.projection import bring_up_to_date
from ledger.store.repositories import devices, metering
from tests.product import Town, preparer
from tests.services.gateways import Gateway, meter_day
from tests.services.test_intake import Send, gateway, refused, send, sound, taken

__all__ = ["gateway", "send"]
OAK = preparer("oak")


@pytest.fixture
def other(town: Town) -> Gateway:
    """The device that takes over."""
    made = Gateway("oak", "GW-2")
    with town.house.database.unit_of_work() as session:
        made.enrol(session, town.clock.now())
    return made


def swap(town: Town, meter: str, device: str | None, after: int = 86_400) -> int:
    """Let time pass until a whole quarter of an hour, and name the device for the meter; the Unix second of it."""
    town.clock.advance(after - town.clock.now() % 900)
    with town.work(OAK) as work:
        meters.assign_device(work, "oak", meter, device)
    return town.clock.now()


def slots_of(town: Town, meter: str) -> list[int]:
    """The slots (Unix seconds) of which something is stored."""
    with town.house.database.unit_of_work() as session:
        bring_up_to_date(session, town.clock, "oak")
        stored = list(metering.iterate_meter_days(session, "oak", meter, town.clock.now() // 86_400 - 5, town.clock.now() // 86_400 + 1))
    return [day.day * 86_400 + 900 * slot for day in stored for slot in range(96) if day.quality[slot]]


def test_what_waited_in_an_outage_is_taken_after_the_meter_was_given_to_another_device(
    town: Town, gateway: Gateway, other: Gateway, send: Send
) -> None:
    day = town.clock.now() // 86_400
    waiting = gateway.batch(meter_day("M-1", day - 1), meter_day("M-2", day - 1), sent_at=town.clock.now())
    cut = swap(town, "M-1", "GW-2")
    later = range((cut // 900) % 96, (cut // 900) % 96 + 2)
    first = other.batch(meter_day("M-1", cut // 86_400, slots=later), sent_at=cut + 1800)
    town.clock.advance(1800)
    assert taken(send(first)).findings == ()
    assert taken(send(waiting)).findings == ()
    assert slots_of(town, "M-1") == [*range((day - 1) * 86_400, day * 86_400, 900), cut, cut + 900]
    assert len(slots_of(town, "M-2")) == 96
    assert sound(town) == []


def test_readings_after_the_cut_over_are_left_out_and_the_others_are_kept(town: Town, gateway: Gateway, other: Gateway, send: Send) -> None:
    cut = swap(town, "M-1", other.id)
    town.clock.advance(86_400)
    number = cut // 86_400
    answer = taken(send(gateway.batch(meter_day("M-1", number), meter_day("M-2", number), sent_at=town.clock.now())))
    (finding,) = answer.findings
    assert (finding.code, finding.severity, finding.place) == ("METER_OF_OTHER_DEVICE", "warning", "block 0")
    before = (cut - number * 86_400) // 900
    assert finding.params == {"meter": "M-1", "until": format_instant(cut), "readings": str(96 - before)}
    assert slots_of(town, "M-1") == list(range(number * 86_400, cut, 900))
    assert len(slots_of(town, "M-2")) == 96
    assert sound(town) == []


def test_a_body_of_which_nothing_is_left_is_refused(town: Town, gateway: Gateway, other: Gateway, send: Send) -> None:
    cut = swap(town, "M-1", None)
    late, early = (interval_reading("el.import", format_instant(at), "1", "kWh", meter="M-1") for at in (cut, cut - 900))
    town.clock.advance(900)
    assert refused(send(gateway.envelope(late, sent_at=cut), ENVELOPE)) == ("readings", ["METER_OF_OTHER_DEVICE"])
    gateway.seq, gateway.prev = 0, None
    assert [finding.place for finding in taken(send(gateway.envelope(early, late, sent_at=cut), ENVELOPE)).findings] == ["/readings/0/m"]
    assert slots_of(town, "M-1") == [cut - 900]
    swap(town, "M-1", "GW-1", 1800)
    assert taken(send(gateway.envelope(late, sent_at=cut), ENVELOPE)).findings == (), "named again, it speaks for all times"
    assert slots_of(town, "M-1") == [cut - 900, cut]
    assert sound(town) == []


def test_a_device_that_never_spoke_for_a_meter_is_refused_whatever_the_time(
    town: Town, gateway: Gateway, other: Gateway, send: Send
) -> None:
    body = other.batch(meter_day("M-1", town.clock.now() // 86_400 - 2), sent_at=town.clock.now())
    assert refused(send(body)) == ("readings", ["METER_OF_OTHER_DEVICE"])


def test_a_reading_without_a_name_is_of_the_meter_that_the_device_had_then(town: Town, other: Gateway, send: Send) -> None:
    with town.house.database.unit_of_work() as session:
        other_meters = ("M-3", "M-4")
        single = Gateway("oak", "D-3")
        single.enrol(session, town.clock.now(), other_meters[:1])
        metering.add_meter(
            session,
            institution_id="oak",
            id="M-4",
            unit="outlet",
            quantity="el.import",
            interval_minutes=15,
            valid_from=0,
            created_by="x",
            at=0,
        )
    cut = swap(town, "M-3", "GW-2")
    with town.work(OAK) as work:
        meters.assign_device(work, "oak", "M-4", "D-3")
    town.clock.advance(3_600)
    readings = [interval_reading("el.import", format_instant(cut + 900 * at), "1", "kWh") for at in (-2, -1, 0, 1)]
    shown = register_reading("el.import", format_instant(cut - 1_800), "7.00", "kWh")
    assert taken(send(single.envelope(*readings, shown, sent_at=cut), ENVELOPE)).findings == ()
    assert (slots_of(town, "M-3"), slots_of(town, "M-4")) == ([cut - 1_800, cut - 900], [cut, cut + 900])
    with town.house.database.unit_of_work() as session:
        assert devices.device_of_meters(session, "oak")["M-4"] == "D-3"
    assert sound(town) == []


def test_a_device_whose_only_meter_was_taken_from_it_still_need_not_name_it(town: Town, other: Gateway, send: Send) -> None:
    single = Gateway("oak", "D-3")
    with town.house.database.unit_of_work() as session:
        single.enrol(session, town.clock.now(), ("M-3",))
    old = town.clock.now() - 90_000
    old -= old % 900
    cut = swap(town, "M-3", "GW-2")
    readings = [interval_reading("el.import", format_instant(at), "1", "kWh") for at in (old, cut - 900)]
    assert taken(send(single.envelope(*readings, sent_at=cut), ENVELOPE)).findings == ()
    assert slots_of(town, "M-3") == [old, cut - 900]
    assert sound(town) == []
