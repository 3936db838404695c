"""Bodies of a hostile device or a broken one: whatever is acknowledged is derived, and one body never keeps the others out."""

from __future__ import annotations

import hashlib
import threading
from typing import Any

import pytest

from ledger.clock import Clock, format_instant
from ledger.errors import IntegrityError
from ledger.metering import envelope
from ledger.metering.body import ENVELOPE
from ledger.metering.device_signature import key_id_of
from ledger.metering.envelope import register_reading
from ledger.services import projection
from ledger.services.deriving import Deriver, EntryUnreadable
from ledger.services.device_alarms import check_device_alarms, list_device_alarms
from ledger.services.findings import read_findings
from ledger.services.fittings import record_fitting
from ledger.services.fsck import check_house
from ledger.services.intake import NOTHING_FOUND, Intake, Offer, Outcome, Refused, Taken
from ledger.services.projection import bring_up_to_date
from ledger.store.errors import StoreBusy
from ledger.store.repositories import derived, devices, envelopes, metering
from ledger.store.repositories.envelopes import NewBody, StoredEnvelope
from ledger.store.session import Session
from tests.product import OPERATOR, Town, preparer
from tests.services.books import DAYS
from tests.services.gateways import Gateway

T0 = DAYS.start
OAK = preparer("oak")


@pytest.fixture
def gateway(town: Town) -> Gateway:
    made = Gateway("oak", "GW-1")
    with town.house.database.unit_of_work() as session:
        made.enrol(session, town.clock.now(), ("R-1", "R-2"))
    return made


def send(town: Town, body: bytes) -> Outcome:
    intake = Intake(town.house.database)
    prepared = intake.prepare(Offer("oak", "oak.gateway", ENVELOPE, body))
    if isinstance(prepared, Refused):
        return prepared
    with town.house.database.unit_of_work() as session:
        return intake.take(session, [prepared], town.clock.now()).outcomes[0]


def shown(at: int, value: str, meter: str = "R-1") -> dict[str, object]:
    return register_reading("el.import", format_instant(at), value, "kWh", meter=meter)


def found(town: Town, index: int) -> list[str]:
    with town.house.database.unit_of_work() as session:
        bring_up_to_date(session, town.clock, "oak")
        row = derived.list_derivations(session, "oak", [index])[index]
    return [finding.code for finding in read_findings(row.findings)]


def days(town: Town, meter: str, first: int, last: int) -> int:
    with town.house.database.reading() as session:
        return len(list(metering.iterate_meter_days(session, "oak", meter, first, last)))


def test_a_display_that_no_meter_shows_is_derived_and_named_and_stops_nothing(town: Town, gateway: Gateway) -> None:
    hung = {
        "since": format_instant(T0 - 86_400),
        "serial": "S",
        "seal": None,
        "ratio": {"ct": "1000", "pt": "1000"},
        "register": {"digits": 12, "decimals": 2},
        "first": "0",
        "final_before": None,
        "reason": "installed",
        "reference": "p",
    }
    with town.work(OAK) as work:
        record_fitting(work, "oak", "R-1", hung)
    body = gateway.envelope(
        shown(T0, "0"), shown(T0 + 900, "999999999999.99"), shown(T0 + 1800, "999999999999.99"), sent_at=town.clock.now()
    )
    taken = send(town, body)
    assert isinstance(taken, Taken)
    assert found(town, taken.id) == ["VALUE_TOO_LARGE"]
    later = send(town, gateway.envelope(shown(T0, "1", "R-2"), shown(T0 + 900, "2", "R-2"), sent_at=town.clock.now()))
    assert isinstance(later, Taken)
    assert found(town, later.id) == []


def test_a_meter_whose_clock_was_reset_to_1970_fills_no_half_century(town: Town, gateway: Gateway) -> None:
    taken = send(town, gateway.envelope(shown(0, "5"), shown(T0, "6"), shown(T0 + 900, "7"), sent_at=town.clock.now()))
    assert isinstance(taken, Taken)
    assert found(town, taken.id) == ["REGISTER_APART"]
    assert days(town, "R-1", 0, T0 // 86_400 + 1) == 1


@pytest.mark.parametrize("place", ["sent_at", "t"])
def test_an_instant_beyond_the_year_9999_is_refused_by_name(
    town: Town, gateway: Gateway, place: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    late = "9999-12-31T23:59:59-23:59"
    reading = shown(T0, "1") | ({"t": late} if place == "t" else {})
    body = gateway.envelope(reading, sent_at=town.clock.now())
    if place == "sent_at":
        monkeypatch.setattr(envelope, "format_instant_ms", lambda _: late)
        body = gateway.envelope(reading, sent_at=town.clock.now())
    refused = send(town, body)
    assert isinstance(refused, Refused)
    assert refused.reason == "form"


def test_a_revoked_key_cannot_begin_to_count_again(town: Town, gateway: Gateway) -> None:
    """Whoever holds the key of a stolen device would have all numbers up to the cut-over again under a new boot."""
    for at in range(3):
        assert isinstance(send(town, gateway.envelope(shown(T0 + 900 * at, str(at)), sent_at=town.clock.now())), Taken)
    kid = key_id_of(gateway.key)
    with town.house.database.unit_of_work() as session:
        devices.add_key_end(session, "oak", kid, last_seq=4, reason="stolen", by="x", at=town.clock.now())
    queued = gateway.envelope(shown(T0 + 2700, "3"), sent_at=town.clock.now())
    assert isinstance(send(town, queued), Taken)
    forged = gateway.envelope(shown(T0 + 3600, "999"), sent_at=town.clock.now(), boot="another", seq=1, prev=None)
    outcome = send(town, forged)
    assert isinstance(outcome, Refused)
    assert outcome.reason == "revoked"


def test_a_busy_store_does_not_end_the_projection(town: Town, gateway: Gateway, monkeypatch: pytest.MonkeyPatch) -> None:
    assert isinstance(send(town, gateway.envelope(shown(T0, "1"), sent_at=town.clock.now())), Taken)
    real, stop = projection._derive_some, threading.Event()
    looks: list[int] = []

    def busy_once(*given: Any) -> int:
        looks.append(1)
        if len(looks) == 1:
            raise StoreBusy("another writer holds the database")
        done = real(*given)
        if not done:
            stop.set()
        return done

    monkeypatch.setattr(projection, "_derive_some", busy_once)
    projection.run_projection(town.house, stop)
    with town.house.database.reading() as session:
        assert derived.list_behind(session) == {}


def test_a_log_that_cannot_be_derived_keeps_no_other_bank_back(town: Town, gateway: Gateway, monkeypatch: pytest.MonkeyPatch) -> None:
    assert isinstance(send(town, gateway.envelope(shown(T0, "1"), sent_at=town.clock.now())), Taken)
    real = projection._derive_some
    behind = {"elm": 1, "oak": 1}

    def broken(session: Session, clock: Clock, institution: str, limit: int) -> int:
        if institution == "elm":
            raise IntegrityError("an entry of elm's log cannot be read any more")
        return real(session, clock, institution, limit)

    monkeypatch.setattr(projection, "_derive_some", broken)
    monkeypatch.setattr(derived, "list_behind", lambda _: behind)
    assert projection.bring_house_up_to_date(town.house) == 1


def put(town: Town, gateway: Gateway, body: bytes, stored: bytes | None = None) -> int:
    """Put a body into the log that no intake has judged; `stored` are the bytes that it is found with, if others. Return its index."""
    digest, now = hashlib.sha256(body).digest(), town.clock.now()
    with town.house.database.unit_of_work() as session:
        index = metering.count_telemetry(session, "oak")
        packed = None if stored is None else envelopes.pack_body(stored)
        envelopes.append_bodies(session, "oak", [NewBody(index, body, ENVELOPE, NOTHING_FOUND, "oak.gateway", now, packed)])
        prev = None if gateway.seq == 1 else bytes(32)
        one = StoredEnvelope("GW-1", gateway.boot, gateway.seq, 0, index, digest, prev, len(body), 1, 1)
        envelopes.add_envelopes(session, "oak", [one])
    return index


def errors(town: Town) -> list[tuple[str, str]]:
    with town.house.view(OPERATOR) as work:
        return [(finding.code, finding.place) for finding in check_house(work) if finding.severity == "error"]


def test_an_entry_that_cannot_be_derived_brings_nothing_and_keeps_nobody_waiting(town: Town, gateway: Gateway) -> None:
    poison = put(town, gateway, gateway.envelope(shown(T0, "1", meter="R-OF-NOBODY"), sent_at=town.clock.now()))
    for at, value in enumerate(("1", "2")):
        assert isinstance(send(town, gateway.envelope(shown(T0 + 900 * at, value), sent_at=town.clock.now())), Taken)
    assert found(town, poison) == ["DERIVATION_FAILED"]
    assert days(town, "R-1", T0 // 86_400, T0 // 86_400) == 1
    with town.house.database.reading() as session:
        assert derived.list_behind(session) == {}
    assert errors(town) == [("DERIVATION_FAILED", f"telemetry body {poison} of oak")]


def test_an_error_of_the_program_at_one_entry_keeps_nobody_waiting(town: Town, gateway: Gateway, monkeypatch: pytest.MonkeyPatch) -> None:
    first = send(town, gateway.envelope(shown(T0, "1"), sent_at=town.clock.now()))
    assert isinstance(first, Taken)
    real = Deriver.derive

    def broken(self: Deriver, entry: Any) -> Any:
        if entry.log_index == first.id:
            raise OverflowError("int too large to convert")
        return real(self, entry)

    with monkeypatch.context() as patched:
        patched.setattr(Deriver, "derive", broken)
        assert found(town, first.id) == ["DERIVATION_FAILED"]
    # The program is mended meanwhile, and still the days follow from a log without the entry.
    for at in (1, 2):
        assert isinstance(send(town, gateway.envelope(shown(T0 + 900 * at, str(at)), sent_at=town.clock.now())), Taken)
    assert found(town, first.id + 2) == []
    assert errors(town) == [("DERIVATION_FAILED", f"telemetry body {first.id} of oak")]


def test_a_body_that_was_changed_before_its_turn_is_waited_for(town: Town, gateway: Gateway) -> None:
    body = gateway.envelope(shown(T0, "1"), sent_at=town.clock.now())
    put(town, gateway, body, body.replace(b"R-1", b"R-X"))
    with town.house.database.unit_of_work() as session, pytest.raises(EntryUnreadable):
        bring_up_to_date(session, town.clock, "oak")
    with town.house.database.reading() as session:
        assert derived.list_behind(session) == {"oak": 1}


def test_of_many_second_bodies_sixteen_are_kept_and_all_are_named(town: Town, gateway: Gateway) -> None:
    """Whoever holds a key could fill the disk with alarms that no one can delete."""
    now = town.clock.now()
    first = send(town, gateway.envelope(shown(T0, "1"), sent_at=now))
    assert isinstance(first, Taken)
    seconds = [gateway.envelope(shown(T0, str(10 + at)), sent_at=now, seq=1, prev=None) for at in range(18)]
    for body in (*seconds, seconds[17]):
        assert isinstance(send(town, body), Refused)
    with town.house.view(OAK) as work:
        page = list_device_alarms(work, "oak", 17, None)
        items = (*page.items, *list_device_alarms(work, "oak", 17, page.next_key).items)
        assert [item.second_sha256 for item in items] == [hashlib.sha256(body).hexdigest() for body in seconds]
        assert [item.body_kept for item in items] == [True] * 16 + [False] * 2
        assert {(item.device, item.seq, item.log_index, item.first_sha256, item.raised_at) for item in items} == {
            ("GW-1", 1, first.id, first.sha256, now)
        }
        (finding,) = check_device_alarms(work.session)
        assert (finding.code, finding.severity, finding.place) == ("EQUIVOCATION_ALARM", "warning", "device GW-1 of oak")
        assert finding.params["alarms"] == "18"
    with town.house.view(OPERATOR) as work:
        assert [item.code for item in check_house(work) if item.severity != "info"] == ["EQUIVOCATION_ALARM"]


def test_an_alarm_whose_body_somebody_took_away_is_broken(town: Town, gateway: Gateway) -> None:
    now = town.clock.now()
    assert isinstance(send(town, gateway.envelope(shown(T0, "1"), sent_at=now)), Taken)
    with town.house.database.unit_of_work() as session:
        (first,) = envelopes.list_envelopes_of(session, "oak", "GW-1", 0, 1)
        real = envelopes.add_alarm(session, "oak", first, b"", media_type=ENVELOPE, actor="x", at=now)
        assert not envelopes.is_alarm_without_body(session, int(str(real.id)))
