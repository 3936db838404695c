"""Bodies of a hostile device or a broken one: whatever is acknowledged is derived, and one body never keeps the others out."""

from __future__ import annotations

import pytest

from ledger.clock import format_instant
from ledger.metering import envelope
from ledger.metering.body import ENVELOPE
from ledger.metering.envelope import register_reading
from ledger.services.findings import read_findings
from ledger.services.fittings import record_fitting
from ledger.services.intake import Intake, Offer, Outcome, Refused, Taken
from ledger.services.projection import bring_up_to_date
from ledger.store.repositories import derived, metering
from tests.product import Town, preparer
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
