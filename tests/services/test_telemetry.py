"""Telemetry: read first, then taken whole or not at all, once; what contradicts a recorded reading never replaces it."""

from __future__ import annotations

import pytest

from ledger.errors import InputError
from ledger.services import audit, meters, statements, telemetry
from ledger.store.repositories import metering
from tests.product import AUDITOR, Town, person, preparer, take_telemetry
from tests.services.books import DAYS, readings

NEXT = DAYS.end
OAK = preparer("oak")


def stored(town: Town) -> list[tuple[int, int, bytes]]:
    first, last = DAYS.utc_days.start, DAYS.utc_days.stop + 10
    with town.house.view(AUDITOR) as work:
        days = metering.iterate_meter_days(work.session, "oak", "M-1", first, last)
        return [(day.day, day.revision, day.values) for day in days]


def log_size(town: Town) -> int:
    with town.house.view(AUDITOR) as work:
        return len(telemetry.list_telemetry(work, "oak", 100, None).items)


def test_reading_needs_no_transaction_and_stores_nothing(town: Town) -> None:
    body = readings("M-1", first=NEXT)
    with town.house.view(OAK) as work:
        received = telemetry.read_telemetry(work, "oak", [body[:100], body[100:]], "text/csv; charset=utf-8")
    assert (received.body, received.reading.rows, received.media_type) == (body, 192, "text/csv")
    assert log_size(town) == 1
    with town.work(OAK) as work:
        taken = telemetry.submit_telemetry(work, "oak", received)
    assert (taken.accepted, taken.id, taken.rows, taken.days_written, taken.bytes) == (True, "1", 192, 3, len(body))
    with town.house.view(AUDITOR) as work:
        assert telemetry.get_telemetry(work, "oak", "1") == taken


def test_the_same_body_again_gives_its_first_answer(town: Town) -> None:
    before = stored(town)
    with town.work(OAK) as work:
        again = take_telemetry(work, "oak", [readings("M-1")])
    assert (again.id, again.accepted, again.days_written) == ("0", True, 3)
    assert (log_size(town), stored(town)) == (1, before)


def test_two_uploads_of_one_body_that_were_read_at_once_are_one_entry(town: Town) -> None:
    body = readings("M-1", first=NEXT)
    with town.house.view(OAK) as one, town.house.view(OAK) as other:
        received = [telemetry.read_telemetry(work, "oak", [body], "text/csv") for work in (one, other)]
    views = []
    for item in received:
        with town.work(OAK) as work:
            views.append(telemetry.submit_telemetry(work, "oak", item))
    assert views[0] == views[1]
    assert log_size(town) == 2


def test_the_same_readings_in_another_body_are_an_entry_that_changes_no_day(town: Town) -> None:
    before = stored(town)
    header, *rows = readings("M-1").splitlines(keepends=True)
    with town.work(OAK) as work:
        taken = take_telemetry(work, "oak", [header, *reversed(rows)])
    assert (taken.accepted, taken.id, taken.days_written) == (True, "1", 0)
    assert stored(town) == before


def test_a_day_is_filled_by_a_later_body_as_its_next_revision(town: Town) -> None:
    """Local midnight is 16:00 UTC: the last UTC day of the period is two thirds full."""
    before = {day: revision for day, revision, _ in stored(town)}
    with town.work(OAK) as work:
        taken = take_telemetry(work, "oak", [readings("M-1", first=NEXT, slots=32)])
    assert taken.days_written == 1
    after = {day: revision for day, revision, _ in stored(town)}
    assert after == before | {NEXT // 86_400: before[NEXT // 86_400] + 1}


def test_a_reading_that_contradicts_a_recorded_one_keeps_the_whole_body_out(town: Town) -> None:
    before = stored(town)
    lines = readings("M-1", first=DAYS.end - 900, slots=1, watts=9_999) + readings("M-1", first=NEXT, slots=96, header=False)
    with town.work(OAK) as work:
        refused = take_telemetry(work, "oak", [lines])
    assert (refused.accepted, refused.id, refused.days_written) == (False, "", 0)
    found = [finding for finding in refused.findings if finding.code == "EQUIVOCATION"]
    assert [(finding.severity, finding.params["meter"]) for finding in found] == [("error", "M-1")]
    assert (log_size(town), stored(town)) == (1, before), "the new day of this body did not come in either"


def test_of_a_refused_body_only_the_audit_log_tells(town: Town) -> None:
    body = b"meter,timestamp,kW,quality\nM-9,2025-03-05T00:00:00Z,1,A\n"
    with town.house.view(AUDITOR) as work:
        before = audit.list_audit_log(work, 500, None).items
    with town.work(OAK) as work:
        refused = take_telemetry(work, "oak", [body])
    assert (refused.accepted, log_size(town)) == (False, 1)
    with town.house.view(AUDITOR) as work:
        after = audit.list_audit_log(work, 500, None).items
    assert [(entry.action, entry.actor, entry.result) for entry in after[len(before) :]] == [
        ("telemetry.refuse", "oak.preparer", "refused")
    ]


def test_a_gateway_sends_for_its_bank_as_a_preparer_does(town: Town) -> None:
    with town.work(person("oak.gateway", "oak", "meter")) as work:
        assert take_telemetry(work, "oak", [readings("M-1", first=NEXT)]).accepted


def test_another_media_type_is_refused_before_anything_is_read(town: Town) -> None:
    chunks = iter([b"meter"])
    with town.house.view(OAK) as work, pytest.raises(InputError, match="text/csv"):
        telemetry.read_telemetry(work, "oak", chunks, "application/xml")
    assert next(chunks) == b"meter"


def test_what_was_read_for_one_bank_is_not_taken_for_another(town: Town) -> None:
    with town.house.view(OAK) as work:
        received = telemetry.read_telemetry(work, "oak", [readings("M-1", first=NEXT)], "text/csv")
    with town.work(preparer("elm")) as work, pytest.raises(InputError, match="another institution"):
        telemetry.submit_telemetry(work, "elm", received)


@pytest.mark.parametrize(
    ("first", "slots", "inside"),
    [(DAYS.start - 900, 1, False), (DAYS.start, 1, True), (DAYS.end - 900, 1, True), (DAYS.end, 1, False), (DAYS.end - 900, 2, True)],
)
def test_an_attested_period_ends_at_its_banks_midnight(town: Town, first: int, slots: int, inside: bool) -> None:
    assert (DAYS.start % 86_400, DAYS.end % 86_400) == (16 * 3600, 16 * 3600), "March begins at 16:00 UTC of 28 February"
    with town.work(OAK) as work:
        meters.register_meter(work, "oak", id="M-2", unit="outlet", quantity="el.import", interval_minutes=15)
        take_telemetry(work, "oak", [readings("M-2", first=DAYS.start + 900, slots=190)])
    town.attest("oak", town.prepare("oak", "2025-03").id)
    town.relay()
    with town.work(OAK) as work:
        late = take_telemetry(work, "oak", [readings("M-2", first=first, slots=slots)])
    assert late.accepted
    assert ("PERIOD_ATTESTED" in {finding.code for finding in late.findings}) == inside


def test_readings_for_an_attested_period_are_kept_and_said_and_change_no_figure(town: Town) -> None:
    with town.work(OAK) as work:
        meters.register_meter(work, "oak", id="M-2", unit="outlet", quantity="el.import", interval_minutes=15)
        take_telemetry(work, "oak", [readings("M-2", slots=188)])
    statement = town.prepare("oak", "2025-03")
    town.attest("oak", statement.id)
    town.relay()
    with town.work(OAK) as work:
        late = take_telemetry(work, "oak", [readings("M-2", first=DAYS.start + 188 * 900, slots=4)])
    assert late.accepted
    warning = next(finding for finding in late.findings if finding.code == "PERIOD_ATTESTED")
    assert (warning.place, warning.got) == ("period 2025-03", "revision 1")
    with town.house.view(AUDITOR) as work:
        assert statements.get_statement(work, statement.id).totals == statement.totals
    revised = town.prepare("oak", "2025-03", "data")
    assert int(revised.totals["scope2_location_g"]) > int(statement.totals["scope2_location_g"])
