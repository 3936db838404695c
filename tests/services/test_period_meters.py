"""Which meters are of a period: those that hung there, by their fittings; and what is said of the others."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from ledger.errors import Conflict, InputError
from ledger.metering.body import ENVELOPE
from ledger.metering.envelope import register_reading
from ledger.metering.fitting import REASONS
from ledger.records.findings import Finding
from ledger.services import fsck, gaps, meter_history, meters, stored_statement
from ledger.services.context import Work
from ledger.services.fsck import check_house
from ledger.services.intake import Intake, Offer, Prepared
from ledger.services.meter_history import Window
from ledger.services.projection import bring_up_to_date
from ledger.services.statements import StatementView
from ledger.store.repositories import derived, metering
from tests.product import AUDITOR, NOW, OPERATOR, Town, preparer
from tests.services.books import DAYS, readings
from tests.services.gateways import Gateway
from tests.services.hung import fit
from tests.services.test_statements_meters import add_meter, beside, change, errors, meters_of

OAK = preparer("oak")
SLOT = 900
# The period is the first two days of March 2025 in Shanghai: 2025-02-28T16:00Z to 2025-03-02T16:00Z.
BEFORE, NOON, SECOND_DAY, AFTER = "2025-02-01T00:00:00Z", "2025-03-01T04:00:00Z", "2025-03-01T16:00:00Z", "2025-04-01T00:00:00Z"
TO_NOON, DAY = 48, 96
CODES = ("METER_GAP", "METER_COVERAGE", "METER_WITHOUT_READINGS", "METER_NOT_YET_THERE", "READING_UNFITTED", "METER_ZERO")


def said(view: StatementView, meter: str) -> list[Finding]:
    """What is said of one meter's presence and gaps."""
    return [item for item in view.findings if item.code in CODES and item.place.split()[1] == meter]


def registered_early(town: Town, id: str, unit: str = "outlet") -> None:
    """A meter that was registered before the period, silent."""
    with town.work(OAK) as work:
        row = metering.add_meter(
            work.session, institution_id="oak", id=id, unit=unit, quantity="el.import", interval_minutes=15, valid_from=0,
            created_by="oak.preparer", at=DAYS.start - 1,
        )  # fmt: skip
        assert row.at < DAYS.end < NOW


def test_a_meter_registered_after_the_period_without_a_reading_before_its_end_is_left_out_and_named(town: Town) -> None:
    add_meter(town, "K-1", "outlet", readings("K-1", first=DAYS.end, slots=1))
    view = town.prepare("oak", "2025-03")
    assert (errors(view), meters_of(town, view)) == ([], ["M-1"])
    (finding,) = said(view, "K-1")
    assert (finding.code, finding.severity, finding.place) == ("METER_NOT_YET_THERE", "warning", "meter K-1")
    assert (finding.params["unit"], finding.expected) == ("outlet", "a reading or a fitting before 2025-03-02T16:00:00Z")


def test_a_reading_before_the_end_of_the_period_or_a_registration_before_it_makes_it_a_meter_of_the_period(town: Town) -> None:
    add_meter(town, "K-1", "outlet", readings("K-1", first=DAYS.start - SLOT, slots=1))
    registered_early(town, "K-2")
    view = town.prepare("oak", "2025-03")
    assert meters_of(town, view) == ["K-1", "K-2", "M-1"]
    assert errors(view) == [("METER_WITHOUT_READINGS", "meter K-1"), ("METER_WITHOUT_READINGS", "meter K-2")]
    assert [finding.code for finding in view.findings if finding.code in ("METER_NOT_YET_THERE", "METER_COVERAGE")] == []


@pytest.mark.parametrize("changes", [((AFTER, "installed"),), ((BEFORE, "removed"),), ((BEFORE, "removed"), (AFTER, "installed"))])
def test_what_fittings_put_out_of_the_period_is_not_of_it_and_needs_no_word(town: Town, changes: tuple[tuple[str, str], ...]) -> None:
    registered_early(town, "K-1")
    for since, reason in changes:
        fit(town, "K-1", since, reason)
    view = town.prepare("oak", "2025-03")
    assert (errors(view), meters_of(town, view), said(view, "K-1")) == ([], ["M-1"], [])


@pytest.mark.parametrize("changes", [((BEFORE, "installed"),), ((AFTER, "removed"),), ((AFTER, "replaced"),), ((NOON, "removed"),)])
def test_what_hung_there_in_the_period_without_a_reading_is_refused_whenever_it_was_registered(
    town: Town, changes: tuple[tuple[str, str], ...]
) -> None:
    add_meter(town, "K-1", "outlet")
    for since, reason in changes:
        fit(town, "K-1", since, reason)
    view = town.prepare("oak", "2025-03")
    assert (errors(view), meters_of(town, view)) == ([("METER_WITHOUT_READINGS", "meter K-1")], ["K-1", "M-1"])


def test_less_than_a_slot_of_a_period_or_of_its_units_open_days_is_no_part_of_it(town: Town) -> None:
    change(town, kiosk=("2005-01-01", "2025-03-01"))
    registered_early(town, "K-1")
    registered_early(town, "K-2", "kiosk")
    fit(town, "K-1", "2025-03-02T15:45:01Z", "installed")
    fit(town, "K-2", SECOND_DAY, "installed")
    view = town.prepare("oak", "2025-03")
    assert (meters_of(town, view), said(view, "K-1"), said(view, "K-2")) == (["M-1"], [], [])
    assert [place for _, place in errors(view)] == ["unit kiosk"], "it was open for a day, of which nothing is known"


def test_a_meter_that_was_taken_down_owes_nothing_from_then_on(town: Town) -> None:
    add_meter(town, "K-1", "outlet", readings("K-1", slots=TO_NOON))
    fit(town, "K-1", NOON, "removed")
    assert said(town.prepare("oak", "2025-03"), "K-1") == []
    with town.house.view(OAK) as work:
        shown = next(item for item in meters.list_meters(work, "oak", 10, None).items if item.id == "K-1")
        assert (shown.serial, shown.ratio) == (None, "1")
        window = Window(DAYS.first_day, DAYS.last_day, "Asia/Shanghai")
        assert [item for item in meter_history.validate_meters(work, "oak", window, "K-1") if item.code in CODES] == []
        (found,) = gaps.find_gaps(work, "oak", window, "K-1")
        assert found.gaps == (), "nothing is estimated for a time in which nothing hung there"


def test_gaps_and_coverage_are_of_the_time_in_which_it_hung_there_and_each_is_said_once(town: Town) -> None:
    add_meter(town, "K-1", "outlet", readings("K-1", first=DAYS.start + 8 * SLOT, slots=TO_NOON - 8))
    fit(town, "K-1", NOON, "removed")
    found = {item.code: item for item in said(town.prepare("oak", "2025-03"), "K-1")}
    assert [*found] == ["METER_COVERAGE", "METER_GAP"]
    assert (found["METER_COVERAGE"].got, found["METER_COVERAGE"].params["slots"]) == ("40 of 48 slots measured", "48")
    assert found["METER_GAP"].place == "meter K-1 from 2025-02-28T16:00:00Z to 2025-02-28T18:00:00Z"


def test_readings_while_nothing_hung_there_count_and_are_named_with_their_time(town: Town) -> None:
    zeros = readings("K-1", first=DAYS.start + TO_NOON * SLOT, slots=192 - TO_NOON, watts=0, header=False)
    add_meter(town, "K-1", "outlet", readings("K-1", slots=TO_NOON) + zeros)
    fit(town, "K-1", "2025-03-01T03:50:00Z", "removed")
    view = town.prepare("oak", "2025-03")
    (finding,) = said(view, "K-1")
    assert (finding.code, finding.severity) == ("READING_UNFITTED", "warning")
    assert finding.place == "meter K-1 from 2025-03-01T04:00:00Z to 2025-03-02T16:00:00Z", "the slot in which it was taken down is its own"
    assert (finding.params["slots"], finding.params["total"]) == ("144", "0")
    with town.house.view(OAK) as work:
        window = Window(DAYS.first_day, DAYS.last_day, "Asia/Shanghai")
        validated = meter_history.validate_meters(work, "oak", window, "K-1")
    assert [item for item in validated if item.code in CODES] == [finding], "so says `lingtan meter validate`"
    assert (errors(view), view.state) == ([], "draft")


def test_a_statement_keeps_what_it_listed_and_a_restatement_says_what_went(anchored_town: Town) -> None:
    town = anchored_town
    add_meter(town, "K-1", "outlet")
    assert beside(town, "factor") == [], "a meter of today is nothing to a statement of last year"
    change(town)
    add_meter(town, "K-2", "kiosk", readings("K-2"))
    view = town.prepare("oak", "2025-03", "data")
    assert meters_of(town, view) == ["K-2", "M-1"]
    town.attest("oak", view.id)
    town.relay()
    fit(town, "K-2", BEFORE, "removed")
    again = town.prepare("oak", "2025-03", "boundary")
    assert meters_of(town, again) == ["K-2", "M-1"], "it has readings: they are named, and left where they are"
    assert [item.code for item in said(again, "K-2")] == ["READING_UNFITTED"]
    with town.house.view(AUDITOR) as work:
        row = stored_statement.load_statement_row(work, view.id)
        assert list(fsck.check_stored_statement(work, row)) == []


def test_a_silent_meter_that_was_listed_is_named_when_its_removal_is_recorded(anchored_town: Town) -> None:
    town = anchored_town
    registered_early(town, "S-1")
    with town.work(OAK) as work:
        meters.assign_main(work, "oak", "S-1", "M-1")
    view = town.prepare("oak", "2025-03", "data")
    assert (errors(view), meters_of(town, view)) == ([], ["M-1", "S-1"])
    town.attest("oak", view.id)
    town.relay()
    fit(town, "S-1", BEFORE, "removed")
    again = town.prepare("oak", "2025-03", "factor")
    assert meters_of(town, again) == ["M-1"]
    (finding,) = [item for item in again.findings if item.code == "INPUT_CHANGED_BESIDE_CAUSE"]
    assert (finding.place, "S-1" in str(finding.got)) == ("/meters", True)


def test_after_a_removal_comes_an_installation_and_nothing_else(town: Town) -> None:
    fit(town, "M-1", NOON, "removed")
    for reason in (item for item in REASONS if item != "installed"):
        with pytest.raises(Conflict, match="nothing hangs there since 2025-03-01T04:00:00Z"):
            fit(town, "M-1", SECOND_DAY, reason)
    fit(town, "M-1", SECOND_DAY, "installed")
    with pytest.raises(Conflict, match="something hangs there since"):
        fit(town, "M-1", AFTER, "installed")
    with town.house.view(OAK) as work:
        assert meters.list_meters(work, "oak", 10, None).items[0].serial == "DTZ-1"


def test_what_goes_on_later_was_not_taken_down_before(town: Town) -> None:
    fit(town, "M-1", SECOND_DAY, "replaced")
    with pytest.raises(Conflict, match="something hangs there at 2025-03-01T16:00:00Z: replaced"):
        fit(town, "M-1", NOON, "removed")


def test_a_removal_has_the_last_reading_of_a_display_that_can_show_it_and_no_first(town: Town) -> None:
    with pytest.raises(InputError, match=r"0 to 999999\.99, got 1000000"):
        fit(town, "M-1", NOON, "removed", final="1000000")


def stored_slots(work: Work, meter: str) -> dict[int, int]:
    days = metering.iterate_meter_days(work.session, "oak", meter, 0, 10**5)
    return {
        DAY * day.day + at: int.from_bytes(day.values[8 * at : 8 * at + 8], "little")
        for day in days
        for at, flag in enumerate(day.quality)
        if flag
    }


@pytest.mark.parametrize("order", [(0, 1, 2), (1, 0, 2), (2, 1, 0), (0, 2, 1)])
def test_what_a_register_counted_up_to_its_removal_is_counted_and_nothing_after(town: Town, order: tuple[int, ...]) -> None:
    """The display ran from 100.00 to its last 104.00, seven minutes into a slot; it spoke again an hour later, on somebody's desk."""
    gateway = Gateway("oak", "GW-1")
    with town.house.database.unit_of_work() as session:
        gateway.enrol(session, town.clock.now(), ("R-1",))

    def read(*shown: tuple[str, str]) -> None:
        taken = [register_reading("el.import", instant, value, "kWh", meter="R-1") for instant, value in shown]
        with town.house.database.unit_of_work() as session:
            prepared = Intake(town.house.database).prepare(
                Offer("oak", "oak.gateway", ENVELOPE, gateway.envelope(*taken, sent_at=town.clock.now())), session
            )
            assert isinstance(prepared, Prepared)
            Intake(town.house.database).take(session, [prepared], town.clock.now())

    steps: list[Callable[[], object]] = [
        lambda: read(("2025-03-01T00:00:00Z", "100.00"), ("2025-03-01T00:15:00Z", "101.00")),
        lambda: fit(town, "R-1", "2025-03-01T00:37:00Z", "removed", final="104"),
        lambda: read(("2025-03-01T01:30:00Z", "900.00"), ("2025-03-01T04:30:00Z", "901.00")),
    ]
    for step in order:
        steps[step]()
    with town.work(OAK) as work:
        bring_up_to_date(work.session, work.clock, "oak")
        slots = stored_slots(work, "R-1")
        known = derived.list_derivations(work.session, "oak", range(10)).values()
    first = DAYS.start // SLOT + 32
    assert sorted(slots) == [first, first + 1, first + 2], "from 00:45 on nothing hung there"
    assert (slots[first], sum(slots.values())) == (1_000_000, 4_000_000)
    assert any(b"REGISTER_UNFITTED" in item.findings for item in known)
    with town.house.view(OPERATOR) as work:
        assert [item for item in check_house(work) if item.severity == "error"] == [], "a replay of the log gives the same days"
