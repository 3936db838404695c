"""Signed bodies: taken once, in order or out of it, under a key in force; what contradicts itself is refused or raises an alarm."""

from __future__ import annotations

import threading
from collections.abc import Callable

import pytest
from sqlalchemy import event

from ledger.metering.body import BATCH, ENVELOPE
from ledger.metering.envelope import DeviceClock, interval_reading, register_reading
from ledger.records.meter_record import Quality
from ledger.services import fsck
from ledger.services.intake import Intake, Offer, Outcome, Refused, Taken
from ledger.services.intake_writer import IntakeWriter
from ledger.services.projection import bring_up_to_date
from ledger.services.telemetry import get_telemetry, read_telemetry, submit_telemetry
from ledger.store.repositories import devices, envelopes, metering
from tests.child import run_together
from tests.product import AUDITOR, OPERATOR, Town, preparer
from tests.services.books import DAYS
from tests.services.gateways import Gateway, meter_day

DAY = DAYS.end // 86_400 + 2
Send = Callable[..., Outcome]


@pytest.fixture
def gateway(town: Town) -> Gateway:
    made = Gateway("oak", "GW-1")
    with town.house.database.unit_of_work() as session:
        made.enrol(session, town.clock.now(), ("M-1", "M-2"))
    return made


@pytest.fixture
def send(town: Town) -> Send:
    intake = Intake(town.house.database)

    def take(body: bytes, media_type: str = BATCH, institution: str = "oak") -> Outcome:
        prepared = intake.prepare(Offer(institution, "oak.gateway", media_type, body))
        if isinstance(prepared, Refused):
            return prepared
        with town.house.database.unit_of_work() as session:
            took = intake.take(session, [prepared], town.clock.now())
        intake.remember(took)
        return took.outcomes[0]

    return take


def taken(outcome: Outcome) -> Taken:
    assert isinstance(outcome, Taken), outcome
    return outcome


def refused(outcome: Outcome) -> tuple[str, list[str]]:
    assert isinstance(outcome, Refused), outcome
    return outcome.reason, [finding.code for finding in outcome.findings]


def log_size(town: Town) -> int:
    with town.house.view(AUDITOR) as work:
        return metering.count_telemetry(work.session, "oak")


def days(town: Town, meter: str = "M-1") -> dict[int, tuple[int, bytes, bytes]]:
    with town.house.database.unit_of_work() as session:
        bring_up_to_date(session, town.clock, "oak")
        stored = metering.iterate_meter_days(session, "oak", meter, DAY, DAY + 40)
        return {day.day: (day.revision, day.values, day.quality) for day in stored}


def sound(town: Town) -> list[str]:
    with town.house.view(OPERATOR) as work:
        return [finding.code for finding in fsck.check_house(work) if finding.severity == "error"]


def test_a_batch_is_in_the_log_before_the_answer_and_in_the_days_behind_it(town: Town, gateway: Gateway, send: Send) -> None:
    one, other = meter_day("M-1", DAY), meter_day("M-2", DAY, 7)
    body = gateway.batch(one, other, sent_at=town.clock.now())
    answer = taken(send(body))
    assert (answer.id, answer.duplicate, answer.device, answer.seq, answer.contiguous, answer.missing) == (1, False, "GW-1", 1, 1, ())
    assert answer.findings == ()
    with town.house.view(AUDITOR) as work:
        assert metering.get_telemetry_body(work.session, "oak", 1).body == body
        view = get_telemetry(work, "oak", "1")
        assert (view.rows, view.meters, view.bytes, view.derived, view.days_written) == (192, 2, len(body), False, 0)
    assert days(town)[DAY] == (0, one.values, one.quality)
    assert days(town, "M-2")[DAY] == (0, other.values, other.quality)
    with town.house.view(AUDITOR) as work:
        assert (get_telemetry(work, "oak", "1").derived, get_telemetry(work, "oak", "1").days_written) == (True, 2)
    assert sound(town) == []


def test_the_same_bytes_again_get_the_first_answer_and_change_nothing(town: Town, gateway: Gateway, send: Send) -> None:
    body = gateway.batch(meter_day("M-1", DAY), sent_at=town.clock.now(), clock=DeviceClock("ntp", 61_000))
    first, before = taken(send(body)), days(town)
    town.clock.advance(100)
    again = taken(send(body))
    assert (again.id, again.duplicate, again.sha256, again.findings) == (first.id, True, first.sha256, first.findings)
    assert [finding.code for finding in again.findings] == ["CLOCK_OFF"]
    assert (log_size(town), days(town)) == (2, before)


def test_another_body_under_one_number_is_refused_and_kept_as_an_alarm_once(town: Town, gateway: Gateway, send: Send) -> None:
    send(gateway.batch(meter_day("M-1", DAY), sent_at=town.clock.now()))
    before = days(town)
    second = gateway.batch(meter_day("M-1", DAY, 5), sent_at=town.clock.now(), seq=1, prev=None)
    for _ in range(2):
        assert refused(send(second)) == ("equivocation", ["EQUIVOCATION"])
    with town.house.view(AUDITOR) as work:
        (alarm,) = envelopes.list_alarms(work.session, "oak").items
        assert (alarm.device_id, alarm.seq, alarm.log_index, alarm.body) == ("GW-1", 1, 1, second)
    assert (log_size(town), days(town)) == (2, before)
    assert sound(town) == []


def test_two_bodies_of_one_number_in_one_group_are_one_entry_and_one_alarm(town: Town, gateway: Gateway) -> None:
    bodies = [gateway.batch(meter_day("M-1", DAY, first), sent_at=town.clock.now(), seq=1, prev=None) for first in (1, 2)]
    intake = Intake(town.house.database)
    with town.house.database.unit_of_work() as session:
        prepared = [intake.prepare(Offer("oak", "x", BATCH, body), session) for body in (*bodies, bodies[0])]
        outcomes = intake.take(session, [item for item in prepared if not isinstance(item, Refused)], town.clock.now()).outcomes
    assert [type(outcome).__name__ for outcome in outcomes] == ["Taken", "Refused", "Taken"]
    assert taken(outcomes[2]).duplicate
    assert log_size(town) == 2


def test_shuffled_bodies_leave_no_gap_once_all_are_there(town: Town, gateway: Gateway, send: Send) -> None:
    bodies = [gateway.batch(meter_day("M-1", DAY + at), sent_at=town.clock.now()) for at in range(6)]
    answers = [taken(send(bodies[at])) for at in (0, 3, 5, 1, 4, 2)]
    assert [(answer.contiguous, answer.missing) for answer in answers] == [
        (1, ()),
        (1, ((2, 3),)),
        (1, ((2, 3), (5, 5))),
        (2, ((3, 3), (5, 5))),
        (2, ((3, 3),)),
        (6, ()),
    ]
    assert [[finding.code for finding in answer.findings] for answer in answers] == [[], ["SEQ_GAP"], ["SEQ_GAP"], [], [], []]
    assert sorted(days(town)) == [DAY + at for at in range(6)]
    assert sound(town) == []


def test_a_body_that_does_not_follow_the_one_before_is_found_whichever_comes_first(town: Town, gateway: Gateway, send: Send) -> None:
    bodies = [gateway.batch(meter_day("M-1", DAY + at), sent_at=town.clock.now()) for at in range(3)]
    forged = gateway.batch(meter_day("M-1", DAY + 3), sent_at=town.clock.now(), prev="00" * 32)
    assert [finding.code for finding in taken(send(forged)).findings] == ["SEQ_GAP"]
    found = [taken(send(body)).findings for body in bodies]
    assert [[finding.code for finding in item] for item in found] == [[], [], ["CHAIN_BROKEN"]]
    assert found[2][0].place == f"device GW-1 boot {gateway.boot} seq 4"


def test_a_new_boot_that_goes_on_counting_is_the_same_run_and_one_that_counts_again_is_named(
    town: Town, gateway: Gateway, send: Send
) -> None:
    send(gateway.batch(meter_day("M-1", DAY), sent_at=town.clock.now()))
    gateway.boot = "ff" * 16
    answer = taken(send(gateway.batch(meter_day("M-1", DAY + 1), sent_at=town.clock.now())))
    assert (answer.contiguous, answer.findings) == (2, ())
    gateway.boot, gateway.seq, gateway.prev = "ee" * 16, 0, None
    answer = taken(send(gateway.batch(meter_day("M-1", DAY + 2), sent_at=town.clock.now())))
    assert (answer.contiguous, [finding.code for finding in answer.findings]) == (1, ["SEQ_RESTARTED"])


def test_a_key_that_is_unknown_foreign_or_revoked_is_refused_by_name(town: Town, gateway: Gateway, send: Send) -> None:
    now = town.clock.now()
    stranger = Gateway("oak", "GW-1")
    assert refused(send(stranger.batch(meter_day("M-1", DAY), sent_at=now))) == ("key", ["SIGNATURE_UNKNOWN"])
    assert refused(send(gateway.batch(meter_day("M-1", DAY), sent_at=now), institution="elm")) == ("key", ["SIGNATURE_UNKNOWN"])
    gateway.seq = 0
    first, second, third = (gateway.batch(meter_day("M-1", DAY + at), sent_at=now) for at in range(3))
    taken(send(first))
    with town.house.database.unit_of_work() as session:
        (key,) = devices.list_keys(session, "oak", "GW-1")
        devices.add_key_end(session, "oak", key.kid, last_seq=2, reason="lost", by="x", at=now)
    assert refused(send(third)) == ("revoked", ["KEY_REVOKED"])
    assert taken(send(second)).contiguous == 2


def test_re_signed_bytes_and_changed_bytes_are_refused(town: Town, gateway: Gateway, send: Send) -> None:
    body = gateway.batch(meter_day("M-1", DAY), sent_at=town.clock.now())
    other = Gateway("oak", "GW-1").batch(meter_day("M-1", DAY), sent_at=town.clock.now())
    assert refused(send(body[:-64] + other[-64:])) == ("key", ["SIGNATURE_WRONG"])
    assert refused(send(body[:200] + bytes([body[200] ^ 1]) + body[201:])) == ("key", ["SIGNATURE_WRONG"])
    assert refused(send(body[:-1])) == ("form", ["BATCH_LENGTH"])
    named = Gateway("oak", "GW-9", key=gateway.key)
    reading = interval_reading("el.import", "2025-04-10T00:00:00Z", "1", "kWh", meter="M-1")
    assert refused(send(named.envelope(reading, sent_at=town.clock.now()), ENVELOPE)) == ("key", ["SIGNATURE_WRONG"])
    assert log_size(town) == 1


def test_readings_of_a_clock_that_is_off_are_suspect(town: Town, gateway: Gateway, send: Send) -> None:
    now = town.clock.now()
    early = taken(send(gateway.batch(meter_day("M-1", DAY), sent_at=now + 301)))
    skewed = taken(send(gateway.batch(meter_day("M-1", DAY + 1, quality=2), sent_at=now, clock=DeviceClock("none", -60_001))))
    right = taken(send(gateway.batch(meter_day("M-1", DAY + 2), sent_at=now + 300, clock=DeviceClock("none", 60_000))))
    assert [[finding.code for finding in item.findings] for item in (early, skewed, right)] == [["CLOCK_OFF"], ["CLOCK_OFF"], []]
    qualities = [days(town)[DAY + at][2] for at in range(3)]
    assert qualities == [bytes([Quality.SUSPECT] * 96), bytes([Quality.ESTIMATED] * 96), bytes([Quality.ACTUAL] * 96)]
    assert sound(town) == []


def test_readings_of_the_future_and_of_meters_that_are_not_the_devices_keep_the_body_out(town: Town, gateway: Gateway, send: Send) -> None:
    now = town.clock.now()
    with town.house.database.unit_of_work() as session:
        Gateway("oak", "GW-2").enrol(session, now, ("M-3",))
    tomorrow = now // 86_400 + 1
    wrong = [meter_day("M-1", tomorrow, slots=range(90, 92)), meter_day("M-3", DAY), meter_day("M-9", DAY), meter_day("M-9", DAY + 1)]
    outcome = send(gateway.batch(*wrong, sent_at=now))
    assert refused(outcome) == ("readings", ["METER_OF_OTHER_DEVICE", "METER_UNKNOWN", "READING_IN_FUTURE", "READING_IN_FUTURE"])
    assert isinstance(outcome, Refused)
    assert [finding.place for finding in outcome.findings] == ["block 1", "block 2", "block 0 slot 90", "block 0 slot 91"]
    assert log_size(town) == 1


def test_what_contradicts_a_recorded_reading_is_kept_said_and_changes_nothing(town: Town, gateway: Gateway, send: Send) -> None:
    now = town.clock.now()
    send(gateway.batch(meter_day("M-1", DAY, slots=range(48)), sent_at=now))
    send(gateway.batch(meter_day("M-1", DAY, 2_000_000, slots=range(47, 96)), sent_at=now))
    stored = days(town)[DAY]
    assert stored[0] == 1
    assert int.from_bytes(stored[1][8 * 47 : 8 * 48], "little") == 1_000_047
    assert int.from_bytes(stored[1][8 * 48 : 8 * 49], "little") == 2_000_048
    with town.house.view(AUDITOR) as work:
        (finding,) = get_telemetry(work, "oak", "2").findings
    assert (finding.code, finding.severity, finding.params["slot"]) == ("EQUIVOCATION", "error", "47")
    assert sound(town) == []


def test_an_actual_reading_takes_the_place_of_an_estimate(town: Town, gateway: Gateway, send: Send) -> None:
    now = town.clock.now()
    send(gateway.batch(meter_day("M-1", DAY, 5, quality=2), sent_at=now))
    send(gateway.batch(meter_day("M-1", DAY, 9, slots=range(10, 12)), sent_at=now))
    _, values, quality = days(town)[DAY]
    assert (quality[9:13], values[80]) == (bytes([2, 1, 1, 2]), 19)
    with town.house.view(AUDITOR) as work:
        assert [finding.code for finding in get_telemetry(work, "oak", "2").findings] == ["ESTIMATE_REPLACED"]


def test_registers_give_the_slots_between_their_points_and_readings_have_precedence(town: Town, gateway: Gateway, send: Send) -> None:
    now, start = town.clock.now(), "2025-04-05"
    number = 20_183  # 2025-04-05

    def at(time: str, value: str) -> dict[str, object]:
        return register_reading("el.import", f"{start}T{time}:00Z", value, "kWh", meter="M-1")

    taken(send(gateway.envelope(at("00:00", "100"), at("01:00", "104"), sent_at=now), ENVELOPE))
    _, values, quality = days_of(town, number)
    assert (values[:5], quality[:5]) == ([1_000_000] * 4 + [0], bytes([2, 2, 2, 2, 0]))
    taken(send(gateway.envelope(at("00:15", "102.5"), at("01:15", "104.5"), sent_at=now), ENVELOPE))
    _, values, quality = days_of(town, number)
    assert (values[:6], quality[:6]) == ([2_500_000, 500_000, 500_000, 500_000, 500_000, 0], bytes([1, 2, 2, 2, 1, 0]))
    interval = interval_reading("el.import", f"{start}T00:30:00Z", "0.7", "kWh", meter="M-1")
    taken(send(gateway.envelope(interval, sent_at=now), ENVELOPE))
    revision, values, quality = days_of(town, number)
    assert (values[2], quality[2], revision) == (700_000, 1, 2)
    taken(send(gateway.envelope(at("00:15", "102.6"), at("00:45", "103.2"), sent_at=now), ENVELOPE))
    _, values, _ = days_of(town, number)
    assert values[:5] == [2_500_000, 350_000, 700_000, 800_000, 500_000], "the point at 00:15 stays; the interval stays"
    with town.house.view(AUDITOR) as work:
        assert [finding.code for finding in get_telemetry(work, "oak", "4").findings] == ["EQUIVOCATION"]
    assert sound(town) == []


def days_of(town: Town, number: int) -> tuple[int, list[int], bytes]:
    with town.house.database.unit_of_work() as session:
        bring_up_to_date(session, town.clock, "oak")
        (day,) = metering.iterate_meter_days(session, "oak", "M-1", number, number)
        return day.revision, [int.from_bytes(day.values[8 * at : 8 * at + 8], "little") for at in range(96)], day.quality


def test_a_device_with_one_meter_of_a_quantity_need_not_name_it(town: Town, gateway: Gateway, send: Send) -> None:
    now = town.clock.now()
    nameless = interval_reading("el.import", "2025-04-05T00:00:00Z", "1", "kWh")
    assert refused(send(gateway.envelope(nameless, sent_at=now), ENVELOPE)) == ("readings", ["METER_UNKNOWN"])
    single = Gateway("oak", "D-3")
    with town.house.database.unit_of_work() as session:
        single.enrol(session, now, ("M-3",))
    answer = taken(send(single.envelope(nameless, sent_at=now), ENVELOPE))
    with town.house.database.unit_of_work() as session:
        devices.set_meter_device(session, "oak", "M-2", "D-3", by="x", at=now)
        bring_up_to_date(session, town.clock, "oak")
    with town.house.view(AUDITOR) as work:
        assert get_telemetry(work, "oak", str(answer.id)).days_written == 1, "the meter it had when the body came"
    assert sound(town) == []


def test_a_repeat_within_an_envelope_counts_once_or_keeps_it_out(town: Town, gateway: Gateway, send: Send) -> None:
    now = town.clock.now()
    reading = interval_reading("el.import", "2025-04-05T00:00:00Z", "1", "kWh", meter="M-1")
    twin = interval_reading("el.import", "2025-04-05T08:00:00+08:00", "1", "kWh", meter="M-1")
    assert [finding.code for finding in taken(send(gateway.envelope(reading, twin, sent_at=now), ENVELOPE)).findings] == ["DUPLICATE_SAME"]
    gateway.seq = 1
    assert refused(send(gateway.envelope(reading, {**twin, "v": "2"}, sent_at=now), ENVELOPE)) == ("readings", ["READING_REPEATED"])


def test_a_person_may_hand_in_what_a_device_signed(town: Town, gateway: Gateway) -> None:
    body = gateway.batch(meter_day("M-1", DAY), sent_at=town.clock.now())
    oak = preparer("oak")
    for expected in (True, True):
        with town.house.view(oak) as work:
            received = read_telemetry(work, "oak", [body], BATCH)
        with town.work(oak) as work:
            view = submit_telemetry(work, "oak", received)
        assert (view.accepted, view.id, view.rows, view.days_written, view.derived) == (expected, "1", 96, 1, True)
    with town.house.view(oak) as work:
        received = read_telemetry(work, "oak", [body[:-1]], BATCH)
    with town.work(oak) as work:
        view = submit_telemetry(work, "oak", received)
    assert (view.accepted, [finding.code for finding in view.findings]) == (False, ["BATCH_LENGTH"])


def test_many_senders_at_once_are_all_taken_and_answered(town: Town, gateway: Gateway) -> None:
    now = town.clock.now()
    bodies = [gateway.batch(meter_day("M-1", DAY - 300 + at), sent_at=now) for at in range(80)]
    writer = IntakeWriter(town.house.database, town.clock)
    writer.start()
    answers: list[Outcome | Exception] = []
    threads = [
        threading.Thread(
            target=lambda part=part: [writer.submit(Offer("oak", "x", BATCH, body), answers.append) for body in bodies[part::8]]
        )
        for part in range(8)
    ]
    run_together(threads)
    writer.stop()
    assert len(answers) == 80
    assert {taken(answer).seq for answer in answers if isinstance(answer, Taken)} == set(range(1, 81))
    assert max(answer.contiguous for answer in answers if isinstance(answer, Taken)) == 80
    assert log_size(town) == 81


@pytest.mark.parametrize("elsewhere", [True, False], ids=["another process writes", "alone"])
def test_a_body_after_a_hole_reads_as_much_whatever_came_since(
    town: Town, gateway: Gateway, elsewhere: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    now = town.clock.now()
    other = Gateway("oak", "GW-2")
    with town.house.database.unit_of_work() as session:
        other.enrol(session, now, ("M-3",))
    here, there = Intake(town.house.database), Intake(town.house.database)
    read: list[object] = []
    asked: list[str] = []
    made = envelopes._envelope
    monkeypatch.setattr(envelopes, "_envelope", lambda row: read.append(row) or made(row))

    def hand_in(intake: Intake, *bodies: bytes) -> list[Outcome]:
        prepared = [intake.prepare(Offer("oak", "x", BATCH, body)) for body in bodies]
        assert not any(isinstance(item, Refused) for item in prepared)
        with town.house.database.unit_of_work() as session:
            event.listen(session.connection(), "before_cursor_execute", lambda *given: asked.append(given[2]))
            took = intake.take(session, [item for item in prepared if not isinstance(item, Refused)], now)
        intake.remember(took)
        return list(took.outcomes)

    def send_next(intake: Intake) -> tuple[int, int]:
        body = gateway.batch(meter_day("M-1", DAY - 400 + gateway.seq), sent_at=now)
        if elsewhere:
            assert taken(hand_in(there, other.batch(meter_day("M-3", DAY - 400 + other.seq), sent_at=now))[0]).missing == ()
        read.clear()
        asked.clear()
        (outcome,) = hand_in(intake, body)
        assert taken(outcome).missing == ((2, 2),)
        return len(read), len(asked)

    hand_in(here, gateway.batch(meter_day("M-1", DAY), sent_at=now))
    gateway.batch(meter_day("M-1", DAY), sent_at=now)  # never comes
    send_next(here)
    soon = send_next(here)
    bodies = [gateway.batch(meter_day("M-1", DAY - 300 + at), sent_at=now) for at in range(100)]
    hand_in(here, *bodies)
    assert send_next(here) == soon
    assert soon[0] <= 2, "what the other process wrote, and no body of the device itself"
    assert send_next(Intake(town.house.database))[0] <= 2, "one that begins reads stretches, and the body before"
