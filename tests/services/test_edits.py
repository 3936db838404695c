"""Gaps, estimates and edits of a meter's days, by people, as entries of the envelope log; and what an attested period has of them."""

from __future__ import annotations

from datetime import date
from fractions import Fraction
from typing import Any

import pytest

from ledger.clock import format_instant
from ledger.errors import Conflict, Forbidden, InputError, NotFound
from ledger.metering.body import ENVELOPE
from ledger.metering.edits import Edit
from ledger.metering.envelope import register_reading
from ledger.metering.vee.making import Shares
from ledger.services import answers, edits, gaps, meter_bills, meter_history, meters, statements
from ledger.services.fsck import check_house
from ledger.services.intake import Intake, Offer, Prepared
from ledger.services.meter_history import Window
from ledger.services.projection import bring_up_to_date
from ledger.store.repositories import metering
from ledger.units import format_decimal
from tests.product import AUDITOR, OPERATOR, Town, approver, preparer, take_telemetry
from tests.services.books import DAYS, readings
from tests.services.gateways import Gateway

OAK = preparer("oak")
MARCH = Window(date(2025, 3, 1), date(2025, 3, 2), "Asia/Shanghai")
SLOT = 1_050_000  # 4.2 kW over a quarter of an hour, in mWh


def add_meter(town: Town, *stretches: tuple[int, int], id: str = "G-1") -> None:
    """A meter of oak's outlet that read (first slot, slots) of March."""
    with town.work(OAK) as work:
        meters.register_meter(work, "oak", id=id, unit="outlet", quantity="el.import", interval_minutes=15)
        for first, slots in stretches:
            assert take_telemetry(work, "oak", [readings(id, first=DAYS.start + 900 * first, slots=slots)]).accepted


def at(slot: int) -> str:
    return format_instant(DAYS.start + 900 * slot)


def stated(rule: str = "manual", start: int = 40, end: int = 44, **more: object) -> dict[str, Any]:
    values = None if rule == "flag" else [str(SLOT)] * (end - start)
    paper = {"reference": "log book, page 7", "sha256": "ab" * 32}
    asked = {"rule": rule, "from": at(start), "to": at(end), "values": values, "before": None, "reason": "the gateway was off"}
    return {**asked, "evidence": None if rule == "flag" else paper, **more}


def bill_of(value: str) -> dict[str, object]:
    facts = {"bill": "b", "first_day": "2025-03-01", "last_day": "2025-03-02", "value": value, "unit": "kWh"}
    return {**facts, "reference": "invoice 17", "sha256": None}


def gaps_of(town: Town, meter: str = "G-1", **more: Any) -> gaps.MeterGaps:
    with town.work(OAK) as work:
        return gaps.find_gaps(work, "oak", MARCH, meter, **more)[0]


def test_a_gap_is_listed_with_its_rule_and_estimated_by_an_entry_of_the_log(town: Town) -> None:
    add_meter(town, (0, 40), (44, 148))
    seen = gaps_of(town)
    assert [(gap.start, gap.slots, gap.rule, gap.total) for gap in seen.gaps] == [(DAYS.start + 900 * 40, 4, "interpolate", 4 * SLOT)]
    assert seen.shares == Shares(188, 0, 0, 4)
    with town.work(OAK) as work:
        before = metering.count_telemetry(work.session, "oak")
        done = edits.apply_estimates(work, "oak", "G-1", MARCH, reason="the gateway was off", basis=seen.basis)
        assert metering.count_telemetry(work.session, "oak") == before + 1
    assert (done.shares, done.findings, [view.edit.rule for view in done.edits]) == (Shares(188, 4, 0, 0), (), ["interpolate"])
    assert gaps_of(town).gaps == ()
    with town.house.view(AUDITOR) as work:
        [listed] = edits.list_edits(work, "oak", "G-1", 100, None).items
        entry = metering.get_telemetry_body(work.session, "oak", listed.log_index)
        assert Edit.from_bytes(entry.body) == listed.edit
        assert (listed.edit.by, listed.edit.reason) == ("oak.preparer", "the gateway was off")
    with town.house.view(OPERATOR) as work:
        assert [finding for finding in check_house(work) if finding.severity == "error"] == []


def test_estimates_asked_for_on_slots_that_changed_meanwhile_are_refused(town: Town) -> None:
    add_meter(town, (0, 40), (44, 140))
    seen = gaps_of(town)
    with town.work(OAK) as work:
        assert take_telemetry(work, "oak", [readings("G-1", first=DAYS.start + 900 * 184, slots=8)]).accepted
    with pytest.raises(Conflict, match="EDIT_OUTDATED"), town.work(OAK) as work:
        edits.apply_estimates(work, "oak", "G-1", MARCH, reason="off", basis=seen.basis)


def test_values_by_hand_with_evidence_are_manual_and_a_reading_is_replaced_or_marked(town: Town) -> None:
    add_meter(town, (0, 40), (44, 148))
    with town.work(OAK) as work:
        assert edits.record_edit(work, "oak", "G-1", stated()).shares == Shares(0, 0, 4, 0)
        assert edits.record_edit(work, "oak", "G-1", stated("flag", 50, 52)).shares == Shares(2, 0, 0, 0)
        assert edits.record_edit(work, "oak", "G-1", stated("replace", 60, 61, values=["7"])).shares == Shares(0, 1, 0, 0)
    with town.work(OAK) as work:
        [flagged] = gaps.find_gaps(work, "oak", MARCH, "G-1", suspect=True)
        assert [(gap.slots, gap.rule) for gap in flagged.gaps] == [(2, "interpolate")]
        listed = edits.list_edits(work, "oak", "G-1", 2, None)
    assert ([item.edit.rule for item in listed.items], listed.next_key is not None) == (["manual", "flag"], True)
    assert listed.items[0].edit.slots[0] == (0, 0, SLOT, 3)


@pytest.mark.parametrize(
    ("asked", "codes"),
    [
        (stated(evidence=None), [("/evidence", "EVIDENCE_MISSING")]),
        (stated(reason=""), [("/reason", "FIELD_INVALID")]),
        (stated(reason=None), [("/reason", "FIELD_INVALID")]),
        (stated(values=["1"]), [("/values", "FIELD_INVALID")]),
        (stated(values=["-1", "1", "1", "1"]), [("/values/0", "FIELD_INVALID")]),
        (stated(values=None), [("/values", "FIELD_INVALID")]),
        (stated("flag", values=["1"] * 4), [("/values", "FIELD_INVALID")]),
        (stated("interpolate"), [("/rule", "FIELD_INVALID")]),
        (stated(**{"from": "2025-03-01T00:01:00Z"}), [("/to", "FIELD_INVALID")]),
        (stated(more=1), [("/more", "FIELD_UNKNOWN")]),
        (stated("manual", 0, 2), [(f"meter G-1 {at(0)}", "EDIT_REFUSED"), (f"meter G-1 {at(1)}", "EDIT_REFUSED")]),
    ],
)
def test_a_change_by_hand_is_refused_with_everything_that_is_wrong(town: Town, asked: dict[str, Any], codes: list[tuple[str, str]]) -> None:
    add_meter(town, (0, 40), (44, 148))
    with pytest.raises(InputError) as refused, town.work(OAK) as work:
        edits.record_edit(work, "oak", "G-1", asked)
    errors: Any = refused.value.facts["errors"]
    assert [(place, code) for place, code, _ in errors] == codes
    with town.house.view(AUDITOR) as work:
        assert edits.list_edits(work, "oak", "G-1", 10, None).items == ()


def test_what_a_person_saw_before_must_stand_there_still(town: Town) -> None:
    add_meter(town, (0, 192))
    right = [[str(SLOT), 1]] * 4
    with pytest.raises(Conflict, match="EDIT_OUTDATED"), town.work(OAK) as work:
        edits.record_edit(work, "oak", "G-1", stated("flag", before=[["0", 0], *right[1:]]))
    with town.work(OAK) as work:
        assert len(edits.record_edit(work, "oak", "G-1", stated("flag", before=right)).edits) == 1
    with pytest.raises(Conflict, match="nothing would change"), town.work(OAK) as work:
        edits.record_edit(work, "oak", "G-1", stated("flag"))


def test_only_the_banks_own_preparer_edits_and_another_bank_sees_nothing(town: Town) -> None:
    add_meter(town, (0, 40))
    for actor, error in ((approver("oak"), Forbidden), (preparer("elm"), NotFound)):
        with pytest.raises(error), town.work(actor) as work:
            edits.record_edit(work, "oak", "G-1", stated())
        with pytest.raises(error), town.work(actor) as work:
            edits.apply_estimates(work, "oak", "G-1", MARCH, reason="off")
    with pytest.raises(NotFound), town.work(preparer("elm")) as work:
        gaps.find_gaps(work, "oak", MARCH, "G-1")


def test_a_bill_fills_what_no_neighbour_can_and_the_days_add_up_to_it(town: Town) -> None:
    add_meter(town, (0, 96))
    assert [gap.rule for gap in gaps_of(town).gaps] == [None]
    with town.work(OAK) as work:
        meter_bills.record_bill(work, "oak", "G-1", bill_of("201.6"))
        done = edits.apply_estimates(work, "oak", "G-1", MARCH, reason="the gateway was off")
    assert [(view.edit.rule, view.edit.evidence and view.edit.evidence.reference) for view in done.edits] == [("bill", "invoice 17")]
    with town.work(OAK) as work:
        history = meter_history.load_history(work, meters.get_meter_row(work, "oak", "G-1"), MARCH)
    assert int(history.series.values.sum()) == 201_600_000


def test_a_bill_is_corrected_with_a_reason_and_withdrawn_and_every_word_stays(town: Town) -> None:
    add_meter(town, (0, 192))
    bill = bill_of("20")
    with town.work(OAK) as work:
        assert meter_bills.record_bill(work, "oak", "G-1", bill) == meter_bills.record_bill(work, "oak", "G-1", bill)
        with pytest.raises(InputError, match="says something else"):
            meter_bills.record_bill(work, "oak", "G-1", {**bill, "value": "21"})
        assert meter_bills.record_bill(work, "oak", "G-1", {**bill, "value": "21"}, "typed wrong").revision == 2
        assert meter_bills.withdraw_bill(work, "oak", "G-1", "b", "of another meter").value is None
        assert [(item.revision, item.value) for item in meter_bills.list_bills(work, "oak", "G-1")] == [(3, None)]
        with pytest.raises(InputError, match="faults"):
            meter_bills.record_bill(work, "oak", "G-1", {**bill, "unit": "m3", "last_day": "2025-02-01"})


def test_a_bill_beyond_anything_that_could_be_billed_is_refused(town: Town) -> None:
    add_meter(town, (0, 96))
    with pytest.raises(InputError) as refused, town.work(OAK) as work:
        meter_bills.record_bill(work, "oak", "G-1", bill_of("9" * 30))
    assert [error[:2] for error in refused.value.facts["errors"]] == [("/value", "VALUE_TOO_LARGE")]
    assert [gap.rule for gap in gaps_of(town).gaps] == [None]


def test_intervals_are_held_against_the_register_of_the_same_meter(town: Town) -> None:
    """Its display went on 4 kWh more than the quarter-hours of the first of two days."""
    gateway = Gateway("oak", "GW-1")
    with town.house.database.unit_of_work() as session:
        gateway.enrol(session, town.clock.now(), ("R-1",))
    with town.work(OAK) as work:
        assert take_telemetry(work, "oak", [readings("R-1", first=DAYS.start, slots=192)]).accepted
    per_day = Fraction(96 * SLOT, 10**6)
    shown = ((0, Fraction(100)), (60, 100 + per_day * 60 / 96), (96, 100 + per_day + 4), (192, 104 + 2 * per_day))
    read = [register_reading("el.import", at(slot), format_decimal(value), "kWh", meter="R-1") for slot, value in shown]
    with town.house.database.unit_of_work() as session:
        offer = Offer("oak", "oak.gateway", ENVELOPE, gateway.envelope(*read, sent_at=town.clock.now()))
        prepared = Intake(town.house.database).prepare(offer, session)
        assert isinstance(prepared, Prepared)
        Intake(town.house.database).take(session, [prepared], town.clock.now())
        bring_up_to_date(session, town.clock, "oak")
    with town.work(OAK) as work:
        found = meter_history.validate_meters(work, "oak", MARCH, "R-1")
    wanted = [finding for finding in found if finding.code == "REGISTER_SUM_DIFFERS"]
    assert [(finding.params["meter"], finding.params["day"]) for finding in wanted] == [("R-1", "2025-03-01")]


def test_a_meter_forty_times_its_bill_keeps_the_statement_from_being_signed_until_the_bill_or_the_days_are_right(town: Town) -> None:
    with town.work(OAK) as work:
        meter_bills.record_bill(work, "oak", "M-1", bill_of("20.16"))
    view = town.prepare("oak", "2025-03")
    [slip] = [item for item in view.findings if item.code == "RATIO_SLIP"]
    assert (slip.severity, slip.params["meter"], slip.params["factor"]) == ("warning", "M-1", "10")
    assert (view.id != "", view.has_errors) == (True, False)
    with pytest.raises(Conflict, match="RATIO_SLIP at meter M-1"):
        town.attest("oak", view.id)
    with town.work(OAK) as work:
        meter_bills.record_bill(work, "oak", "M-1", bill_of("201.6"), "a decimal point")
    town.attest("oak", view.id)


def test_an_answered_slip_is_signed_with_its_answer(town: Town) -> None:
    view = town.prepare("oak", "2025-03")
    with town.work(OAK) as work:
        meter_bills.record_bill(work, "oak", "M-1", bill_of("20.16"))
    with pytest.raises(Conflict, match="RATIO_SLIP") as refused:
        town.attest("oak", view.id)
    with town.work(OAK) as work:
        answers.answer_finding(work, view.id, "RATIO_SLIP", str(refused.value.facts["place"]), "the bill is of a tenth of the house")
    town.attest("oak", view.id)


def test_an_edit_in_an_attested_period_changes_the_days_and_its_figures_enter_by_a_revision_with_cause_data(anchored_town: Town) -> None:
    town = anchored_town
    with town.house.view(AUDITOR) as work:
        [before] = statements.list_statements(work, "oak", "2025-03", 10, None).items
        document = statements.get_statement_document(work, before.id)
    with town.work(OAK) as work:
        done = edits.record_edit(work, "oak", "M-1", stated("replace", 0, 4, values=["0"] * 4))
    assert [(item.code, item.severity, item.params["period"]) for item in done.findings] == [("PERIOD_ATTESTED", "warning", "2025-03")]
    with town.house.view(AUDITOR) as work:
        assert statements.get_statement_document(work, before.id) == document
    revision = town.prepare("oak", "2025-03", "data")
    assert revision.revision == 2
    assert int(revision.totals["scope2_location_g"]) < int(before.totals["scope2_location_g"])
    town.attest("oak", revision.id)
    town.relay()
    with town.house.view(AUDITOR) as work:
        states = {item.revision: item.state for item in statements.list_statements(work, "oak", "2025-03", 10, None).items}
        assert statements.get_statement_document(work, before.id) == document
    assert states == {1: "superseded", 2: "anchored"}


def test_the_window_ends_with_yesterday_and_names_days_or_a_period(town: Town) -> None:
    with town.work(OAK) as work:
        window = meter_history.find_window(work, "oak", period="2025-03")
        assert (window.first, window.last) == (date(2025, 3, 1), date(2025, 3, 2))
        usual = meter_history.find_window(work, "oak")
        assert (usual.last - usual.first).days == 395
        assert meter_history.find_window(work, "oak", last=date(2099, 1, 1)).last == usual.last
        for more in ({"period": "2025-03", "first": date(2025, 3, 1)}, {"first": date(2025, 3, 2), "last": date(2025, 3, 1)}):
            with pytest.raises(InputError):
                meter_history.find_window(work, "oak", **more)  # type: ignore[arg-type]
