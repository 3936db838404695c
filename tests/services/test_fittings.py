"""Fittings: entries of the envelope log, stated once, never changed."""

from __future__ import annotations

import hashlib
from typing import Any

import pytest

from ledger.errors import Conflict, InputError, NotFound
from ledger.records import canonical
from ledger.services import fittings, meters, telemetry
from ledger.services.fitting_check import check_fittings
from ledger.store.repositories import devices, metering
from tests.product import Town, preparer

FIRST: dict[str, Any] = {
    "since": "2025-01-01T00:00:00Z",
    "serial": "DTZ-1",
    "seal": "A 77",
    "ratio": {"ct": "80", "pt": "1"},
    "register": {"digits": 6, "decimals": 2},
    "first": "0.00",
    "final_before": None,
    "reason": "installed",
    "reference": "work order 1",
}
SECOND = FIRST | {"since": "2025-02-01T00:00:00Z", "serial": "DTZ-2", "reason": "replaced", "final_before": "812.50", "first": "3.10"}


def record(town: Town, stated: dict[str, Any], meter: str = "M-1") -> fittings.FittingView:
    with town.work(preparer("oak")) as work:
        return fittings.record_fitting(work, "oak", meter, stated)


def test_a_fitting_is_an_entry_of_the_envelope_log_and_the_same_again_changes_nothing(town: Town) -> None:
    view = record(town, FIRST)
    assert record(town, FIRST) == view
    with town.house.view(preparer("oak")) as work:
        row = metering.get_telemetry_body(work.session, "oak", view.log_index)
        assert metering.count_telemetry(work.session, "oak") == view.log_index + 1
        assert row.media_type == "application/vnd.lingtan.fitting+json"
        assert (row.sha256, row.leaf_hash) == (view.sha256, hashlib.sha256(b"\0" + row.body).digest())
        document = canonical.load_canonical(row.body)
        assert isinstance(document, dict)
        assert {name: document[name] for name in FIRST} == FIRST
        assert (document["schema"], document["by"], document["meter"]) == ("lingtan.fitting/1", "oak.preparer", "M-1")
        assert telemetry.get_telemetry(work, "oak", str(view.log_index)).findings == ()


def test_fittings_are_listed_by_time_and_the_meter_shows_the_one_that_hangs_there(town: Town) -> None:
    later = record(town, SECOND)
    earlier = record(town, FIRST)
    with town.house.view(preparer("oak")) as work:
        listed = fittings.list_fittings(work, "oak", "M-1")
        assert listed == (earlier, later)
        shown = next(item for item in meters.list_meters(work, "oak", 10, None).items if item.id == "M-1")
        assert (shown.serial, shown.ratio) == ("DTZ-2", "80")


def test_every_fault_of_a_fitting_is_named_at_once(town: Town) -> None:
    with pytest.raises(InputError) as refused:
        record(town, {**FIRST, "since": "2025-01-01", "first": "-1", "serial": ""})
    places = refused.value.facts["errors"]
    assert isinstance(places, tuple)
    assert [place for place, *_ in places] == ["/since", "/serial", "/first"]


def test_another_fitting_of_the_same_instant_or_a_second_installation_is_refused(town: Town) -> None:
    record(town, FIRST)
    with pytest.raises(Conflict, match="another fitting since"):
        record(town, FIRST | {"serial": "DTZ-9"})
    with pytest.raises(Conflict, match="hangs there since"):
        record(town, FIRST | {"since": "2025-01-02T00:00:00Z"})


def test_a_last_reading_is_one_that_the_display_before_can_show(town: Town) -> None:
    record(town, FIRST | {"register": {"digits": 3, "decimals": 0}, "first": "5"})
    with pytest.raises(InputError, match=r"0 to 999, got 812\.50"):
        record(town, SECOND)
    assert record(town, SECOND | {"final_before": "812"}).fitting.final_before == "812"


def test_a_fitting_of_the_future_or_of_no_meter_is_refused(town: Town) -> None:
    with pytest.raises(InputError, match="begins at"):
        record(town, FIRST | {"since": "2199-01-01T00:00:00Z"})
    with pytest.raises(NotFound):
        record(town, FIRST, meter="M-9")


def test_fsck_finds_a_fitting_that_was_taken_out_of_the_table_or_put_in(town: Town) -> None:
    view = record(town, FIRST)
    with town.house.view(preparer("oak")) as work:
        assert list(check_fittings(work.session)) == []
    with town.work(preparer("oak")) as work:
        devices.add_fitting(work.session, "oak", "M-1", 5, view.log_index)
    with town.house.database.connection() as connection:
        on_table = " ON fitting" if town.house.database.dialect == "postgresql" else ""
        connection.exec_driver_sql(f"DROP TRIGGER fitting_refuse_delete{on_table}")
        connection.exec_driver_sql(f"DELETE FROM fitting WHERE since = {view.fitting.since}")
    with town.house.view(preparer("oak")) as work:
        found = [(finding.code, finding.got, finding.params["instant"]) for finding in check_fittings(work.session)]
    assert found == [("FITTING_CHANGED", "a row", "1970-01-01T00:00:05Z"), ("FITTING_CHANGED", "no row", "2025-01-01T00:00:00Z")]
