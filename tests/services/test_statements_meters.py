"""Which meters a statement takes: of closed units, of new ones, silent ones; and a statement about nothing."""

from __future__ import annotations

from typing import Any

import pytest

from ledger.errors import NotFound
from ledger.services import activity, meters, organisation, signing_request, statements, stored_statement
from ledger.services.context import Work
from ledger.services.statements import StatementView
from ledger.store.repositories import metering
from tests.product import AUDITOR, Town, preparer, take_telemetry
from tests.services.books import DAYS, fuels, readings
from tests.services.hung import fit
from tests.whole.scene import activity as activity_document
from tests.whole.scene import record, tree

OAK = preparer("oak")
DAY = 96


def dated_tree(**dates: tuple[str, str | None]) -> dict[str, Any]:
    """oak's tree with the outlets `outlet` and `kiosk`, each open from and to the given days."""
    document = tree("oak", [("hq", None), ("outlet", "hq"), ("kiosk", "hq")])
    for unit in document["units"]:
        unit["opened"], unit["closed"] = dates.get(unit["id"], (unit["opened"], unit["closed"]))
    return document


def change(town: Town, **dates: tuple[str, str | None]) -> None:
    with town.work(OAK) as work:
        given = organisation.submit_organisation(work, "oak", dated_tree(**dates))
        assert given.version, given.findings


def add_meter(town: Town, id: str, unit: str, csv: bytes | None = None) -> None:
    with town.work(OAK) as work:
        meters.register_meter(work, "oak", id=id, unit=unit, quantity="el.import", interval_minutes=15)
        if csv is not None:
            assert take_telemetry(work, "oak", [csv]).accepted


def errors(view: StatementView) -> list[tuple[str, str]]:
    return [(finding.code, finding.place) for finding in view.findings if finding.severity == "error"]


def meters_of(town: Town, view: StatementView) -> list[str]:
    with town.house.view(AUDITOR) as work:
        return [meter.meter for meter in stored_statement.load_statement(stored_statement.load_statement_row(work, view.id)).meters]


@pytest.mark.parametrize("kiosk", [("2025-03-03", None), ("2005-01-01", "2025-02-28")])
def test_a_silent_meter_of_a_unit_that_was_closed_throughout_is_left_out(town: Town, kiosk: tuple[str, str | None]) -> None:
    change(town)
    add_meter(town, "K-1", "kiosk")
    change(town, kiosk=kiosk)
    view = town.prepare("oak", "2025-03")
    assert (errors(view), meters_of(town, view)) == ([], ["M-1"])
    town.attest("oak", view.id)
    town.relay()
    with town.house.view(AUDITOR) as work:
        assert statements.get_statement(work, view.id).state == "anchored"


def test_a_meter_of_a_closed_unit_that_has_a_reading_in_the_period_is_refused(town: Town) -> None:
    change(town)
    add_meter(town, "K-1", "kiosk", readings("K-1", slots=1))
    change(town, kiosk=("2005-01-01", "2025-02-28"))
    view = town.prepare("oak", "2025-03")
    assert (view.id, errors(view)) == ("", [("RECORD_OUTSIDE_UNIT_DATES", "meter K-1")])


def test_readings_before_and_after_the_period_do_not_bring_a_closed_unit_back(town: Town) -> None:
    change(town)
    add_meter(
        town, "K-1", "kiosk", readings("K-1", first=DAYS.start - 900, slots=1) + readings("K-1", first=DAYS.end, slots=1, header=False)
    )
    change(town, kiosk=("2005-01-01", "2025-02-28"))
    view = town.prepare("oak", "2025-03")
    assert (errors(view), meters_of(town, view)) == ([], ["M-1"])


def test_a_unit_that_opened_in_the_period_owes_readings_from_that_day_only(town: Town) -> None:
    change(town, kiosk=("2025-03-02", None))
    add_meter(town, "K-1", "kiosk", readings("K-1", first=DAYS.start + 900 * DAY, slots=DAY))
    view = town.prepare("oak", "2025-03")
    assert errors(view) == []
    assert [finding for finding in view.findings if finding.code == "METER_GAP"] == []
    assert meters_of(town, view) == ["K-1", "M-1"]


def test_a_gap_inside_the_open_days_is_still_a_gap(town: Town) -> None:
    change(town, kiosk=("2025-03-02", None))
    add_meter(town, "K-1", "kiosk", readings("K-1", first=DAYS.start + 900 * (DAY + 4), slots=DAY - 4))
    gaps = [finding for finding in town.prepare("oak", "2025-03").findings if finding.code == "METER_GAP"]
    assert [(gap.place, gap.got) for gap in gaps] == [("meter K-1 from 2025-03-01T16:00:00Z to 2025-03-01T17:00:00Z", "4 slots missing")]


def test_a_reading_before_the_day_on_which_its_unit_opened_is_refused_and_named(town: Town) -> None:
    change(town, kiosk=("2025-03-02", None))
    add_meter(town, "K-1", "kiosk", readings("K-1", first=DAYS.start + 900 * (DAY - 1), slots=DAY + 1))
    view = town.prepare("oak", "2025-03")
    assert (view.id, view.has_errors) == ("", True)
    assert errors(view) == [("RECORD_OUTSIDE_UNIT_DATES", "meter K-1 2025-03-01T15:45:00Z")]


def test_a_meter_that_never_reported_cannot_be_signed_as_zero(town: Town) -> None:
    change(town)
    add_meter(town, "K-1", "kiosk")
    fit(town, "K-1", "2025-01-31T16:00:00Z", "installed")
    view = town.prepare("oak", "2025-03")
    assert errors(view) == [("METER_WITHOUT_READINGS", "meter K-1"), ("UNIT_WITHOUT_DATA", "unit kiosk")]
    assert (view.state, meters_of(town, view)) == ("rejected", ["K-1", "M-1"])


def test_a_statement_about_nothing_is_not_kept(town: Town) -> None:
    town.add_bank("ash", tree("ash", [("hq", None)]), period=("2025-03", DAYS.first_day, DAYS.last_day))
    with town.work(preparer("ash")) as work:
        assert activity.submit_activity(work, "ash", "2025-03", activity_document("ash", DAYS)).accepted
    view = town.prepare("ash", "2025-03")
    assert (view.id, view.state, errors(view)) == ("", "rejected", [("NOTHING_TO_REPORT", "period 2025-03")])
    with town.house.view(AUDITOR) as work, pytest.raises(NotFound):
        signing_request.get_signing_request(work, view.id)


def beside(town: Town, cause: str) -> list[str]:
    view = town.prepare("oak", "2025-03", cause)
    assert errors(view) == []
    return [finding.params["input"] for finding in view.findings if finding.code == "INPUT_CHANGED_BESIDE_CAUSE"]


def give(town: Town, document: dict[str, Any]) -> None:
    with town.work(OAK) as work:
        assert activity.submit_activity(work, "oak", "2025-03", document).accepted


def chosen(litres: str = "120.5") -> dict[str, Any]:
    """oak's fuel table with electricity by the national factor instead of the region's."""
    choice = {"indicator": "electricity.purchased", "factor": "grid_average.cn.2023", "reference": "head office's rule"}
    return activity_document("oak", DAYS, [record("petrol-hq", "hq", "fuel.petrol.vehicles", litres, "L", DAYS)], factor_choices=[choice])


def test_a_restatement_says_what_changed_beside_its_cause(anchored_town: Town) -> None:
    town = anchored_town
    for cause in ("data", "factor", "boundary", "method", "error"):
        assert beside(town, cause) == [], "nothing changed"
    give(town, fuels("oak", litres="130"))
    expected = {"data": [], "factor": ["records"], "boundary": ["records"], "method": ["records"], "error": []}
    assert {cause: beside(town, cause) for cause in expected} == expected


def test_a_factor_choice_is_a_change_of_factor_and_no_change_of_data(anchored_town: Town) -> None:
    give(anchored_town, chosen())
    assert (beside(anchored_town, "factor"), beside(anchored_town, "data")) == ([], ["factor_choices"])
    give(anchored_town, chosen("130"))
    assert (beside(anchored_town, "factor"), beside(anchored_town, "data")) == (["records"], ["factor_choices"])


def test_another_tree_and_another_meter_are_changes_of_boundary_and_data(anchored_town: Town) -> None:
    change(anchored_town)
    add_meter(anchored_town, "K-1", "kiosk", readings("K-1"))
    assert (beside(anchored_town, "boundary"), beside(anchored_town, "data")) == (["meters"], ["organisation"])
    view = anchored_town.prepare("oak", "2025-03", "factor")
    found = [finding for finding in view.findings if finding.code == "INPUT_CHANGED_BESIDE_CAUSE"]
    assert {(finding.severity, finding.place) for finding in found} == {("warning", "/organisation"), ("warning", "/meters")}
    assert "K-1" in str(next(finding.got for finding in found if finding.place == "/meters"))
    assert view.state == "draft", "a warning does not keep it from being signed"


def test_gas_and_solar_meters_enter_their_own_lines_and_the_dataset_holds_purchased_electricity_alone(town: Town) -> None:
    quantities = {"G-1": ("gas.volume", 2), "P-1": ("pv.generation", 3_000), "X-1": ("el.export", 1_000)}
    with town.work(OAK) as work:
        body = metering.add_telemetry_body(work.session, "oak", b"any", media_type="x/any", findings=b"{}", actor="x", received_at=1)
        stored = [metering.StoredDay("M-1", day.day, day.values, day.quality) for day in days_of(work, "M-1")]
        for id, (quantity, value) in quantities.items():
            meters.register_meter(work, "oak", id=id, unit="hq", quantity=quantity, interval_minutes=15)
            # The slots that the electricity meter has, each with a value of its own.
            filled = [(day, b"".join((value if mark else 0).to_bytes(8, "little") for mark in day.quality)) for day in stored]
            days = [metering.StoredDay(id, day.day, values, day.quality) for day, values in filled]
            metering.add_meter_days(work.session, "oak", body.log_index, days)
    view = town.prepare("oak", "2025-03")
    assert errors(view) == []
    with town.house.view(AUDITOR) as work:
        row = stored_statement.load_statement_row(work, view.id)
        lines = {line.indicator: line.quantity.value for line in stored_statement.load_statement(row).lines if line.unit == "hq"}
        committed = stored_statement.load_commitments(work, row)
    assert lines["fuel.natural_gas.stationary"] == "0.384", "192 slots of 2 L"
    assert lines["electricity.self_used_pv"] == "0.384", "192 slots of 3 Wh made and 1 Wh sent out"
    named = {opening.asset for dataset in committed.datasets if dataset.dataset == "METERS" for opening in dataset.openings}
    assert named == {"meter/M-1/el.import"}


def days_of(work: Work, meter: str) -> list[metering.StoredDay]:
    return list(metering.iterate_meter_days(work.session, "oak", meter, 0, 10**5))
