"""A meter behind another one: validated, kept and shown, and in the inventory once."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

import pytest

from ledger.accounting.commit import METERS
from ledger.errors import Conflict, InputError, NotFound
from ledger.metering.vee.vee_1.registry import RULE_SET
from ledger.services import bundles, fsck, meter_history, meters, organisation, packages, stored_statement
from ledger.services.meter_history import Window
from tests.product import AUDITOR, Town, preparer, take_telemetry
from tests.services.books import DAYS, readings
from tests.services.hung import fit
from tests.services.test_main_job import verify
from tests.services.test_statements_meters import change, errors
from tests.verifier.differential import Case, browser, python_answer
from tests.whole.scene import tree, trust, write_policy
from verifier.policy import read_policy
from verifier.verify_bundle import verify_bundle

OAK = preparer("oak")
WINDOW = Window(DAYS.first_day, DAYS.last_day, "Asia/Shanghai")


def register(
    town: Town, id: str, main: str | None, *, watts: int | None = 1_000, quantity: str = "el.import", unit: str = "outlet"
) -> None:
    """A further meter, with the same demand in every slot of March's two days."""
    with town.work(OAK) as work:
        view = meters.register_meter(work, "oak", id=id, unit=unit, quantity=quantity, interval_minutes=15, sub_meter_of=main)
        assert view.sub_meter_of == main
        if watts is not None:
            assert take_telemetry(work, "oak", [readings(id, watts=watts)]).accepted


def stated(town: Town, id: str) -> Any:
    with town.house.view(AUDITOR) as work:
        return stored_statement.load_statement(stored_statement.load_statement_row(work, id))


def test_a_sub_meter_is_kept_and_named_and_its_energy_is_counted_once(town: Town, tmp_path: Path) -> None:
    before = stated(town, town.prepare("oak", "2025-03").id)
    register(town, "S-LIGHT", "M-1")
    register(town, "S-DESK", "S-LIGHT", watts=400)
    view = town.prepare("oak", "2025-03")
    statement = stated(town, view.id)
    assert errors(view) == []
    assert (statement.lines, statement.totals) == (before.lines, before.totals), "the same energy, and the same sources"
    assert [(item.meter, item.sub_meter_of, item.total) for item in statement.meters] == [
        ("M-1", None, 192 * 1_050_000),
        ("S-DESK", "S-LIGHT", 192 * 100_000),
        ("S-LIGHT", "M-1", 192 * 250_000),
    ]
    with town.house.view(AUDITOR) as work:
        committed = stored_statement.load_commitments(work, stored_statement.load_statement_row(work, view.id)).find_dataset(METERS)
        assert committed is not None
        assert [opening.asset for opening in committed.openings] == ["meter/M-1/el.import"], "METERS adds up"

    town.attest("oak", view.id)
    town.relay()
    with town.house.view(AUDITOR) as work:
        assert list(fsck.check_stored_statement(work, stored_statement.load_statement_row(work, view.id))) == []
        package = tmp_path / "package.zip"
        package.write_bytes(packages.build_evidence_package(work, view.id).data)
    done = verify("package", str(package), *trust(town, write_policy(town, tmp_path)), "--json")
    report = json.loads(done.stdout)
    assert [check for check in report["checks"] if check["outcome"] not in ("PASS", "NOT CHECKED")] == []
    told = next(check for check in report["checks"] if check["id"] == "lines.recompute")
    behind = "S-DESK 19200000 behind S-LIGHT 48000000, S-LIGHT 48000000 behind M-1 201600000"
    assert (told["outcome"], told["subject"].partition("; ")[2]) == ("PASS", f"in no line, counted by the meter before: {behind}")
    assert "3 meters" in next(check["subject"] for check in report["checks"] if check["id"] == "meters.records")


def bundled(town: Town, folder: Path) -> tuple[bytes, bytes]:
    """The bundle of a statement with a sub-meter, and a policy."""
    register(town, "S-1", "M-1")
    id = town.prepare("oak", "2025-03").id
    town.attest("oak", id)
    town.relay()
    with town.house.view(AUDITOR) as work:
        return bundles.get_statement_bundle(work, id).data, write_policy(town, folder).read_bytes()


def test_a_bundle_with_a_sub_meter_holds_and_is_recomputed(town: Town, tmp_path: Path) -> None:
    data, policy = bundled(town, tmp_path)
    found = verify_bundle(data, read_policy(policy), None, town.clock.now())
    assert found.recomputation is not None
    assert (found.recomputation.outcome, found.checks.holds("inputs.hashes", "commitment.METERS")) == ("RECOMPUTED", True)


@pytest.mark.browser
@pytest.mark.skipif(shutil.which("node") is None, reason="node is not installed")
def test_the_browser_s_verifier_says_the_same_of_it(town: Town, tmp_path: Path) -> None:
    case = Case("a sub-meter", *bundled(town, tmp_path), None, town.clock.now())
    with browser() as page:
        answer = page.ask(case)
    assert (answer["checks"]["inputs.hashes"], answer) == ("PASS", python_answer(case))


def test_a_meter_that_counted_by_itself_is_put_behind_its_main_meter_later(town: Town) -> None:
    first = stated(town, town.prepare("oak", "2025-03").id)
    register(town, "S-1", None)
    twice = stated(town, town.prepare("oak", "2025-03").id)
    assert twice.totals.scope2_location_g > first.totals.scope2_location_g
    with town.work(OAK) as work:
        assert meters.assign_main(work, "oak", "S-1", "M-1").sub_meter_of == "M-1"
    assert stated(town, town.prepare("oak", "2025-03").id).totals == first.totals
    with town.work(OAK) as work:
        assert meters.assign_main(work, "oak", "S-1", None).sub_meter_of is None
    assert stated(town, town.prepare("oak", "2025-03").id).totals == twice.totals


def test_a_main_meter_is_one_that_can_count_for_the_other(town: Town) -> None:
    register(town, "S-1", "M-1", watts=None)
    register(town, "S-2", "S-1", watts=None)
    register(town, "G-1", None, watts=None, quantity="gas.volume")
    for main, why in (("M-9", "has no meter"), ("G-1", "measures gas.volume"), ("S-2", "hangs behind M-1 itself"), ("M-1", "itself")):
        with pytest.raises(InputError, match=why), town.work(OAK) as work:
            meters.assign_main(work, "oak", "M-1", main)
    with pytest.raises(NotFound), town.work(OAK) as work:
        meters.assign_main(work, "oak", "M-9", "M-1")
    with pytest.raises(NotFound), town.work(preparer("elm")) as work:
        meters.assign_main(work, "oak", "S-1", "M-1")
    with pytest.raises(InputError, match="has no meter 'S-1'"), town.work(preparer("elm")) as work:
        meters.assign_main(work, "elm", "M-1", "S-1")
    with pytest.raises(Conflict), town.work(OAK) as work:
        meters.register_meter(work, "oak", id="S-1", unit="outlet", quantity="el.import", interval_minutes=15, sub_meter_of="S-2")


def test_a_main_meter_counts_as_long_as_its_sub_meter_does(town: Town) -> None:
    change(town, kiosk=("2025-03-02", None))
    with town.work(OAK) as work:
        meters.register_meter(work, "oak", id="K-1", unit="kiosk", quantity="el.import", interval_minutes=15)
    with pytest.raises(InputError, match="kiosk, which K-1 serves, is not open all the while that outlet is"), town.work(OAK) as work:
        meters.assign_main(work, "oak", "M-1", "K-1")
    with town.work(OAK) as work:
        assert meters.assign_main(work, "oak", "K-1", "M-1").sub_meter_of == "M-1"


def test_a_sub_meter_whose_main_meter_is_not_in_the_period_is_refused(town: Town) -> None:
    change(town)
    with town.work(OAK) as work:
        meters.register_meter(work, "oak", id="K-1", unit="kiosk", quantity="el.import", interval_minutes=15)
    register(town, "S-1", "K-1", unit="outlet")
    change(town, kiosk=("2005-01-01", "2025-02-28"))
    assert errors(town.prepare("oak", "2025-03")) == [("SUB_METER_WITHOUT_MAIN", "meter S-1")]


def test_a_sub_meter_that_is_silent_is_no_error_and_one_that_reports_is_no_data_of_its_unit(town: Town) -> None:
    change(town)
    register(town, "S-1", "M-1", watts=None)
    fit(town, "S-1", "2025-01-31T16:00:00Z", "installed")
    register(town, "S-2", "M-1", unit="kiosk")
    view = town.prepare("oak", "2025-03")
    assert errors(view) == [("UNIT_WITHOUT_DATA", "unit kiosk")]
    assert [finding.place for finding in view.findings if finding.code == "METER_GAP" and "S-1" in finding.place]


@pytest.mark.parametrize(("watts", "found"), [(2_100, False), (2_142, False), (2_143, True)])
def test_sub_meters_that_sum_up_to_more_than_their_main_meter_are_found(town: Town, watts: int, found: bool) -> None:
    for id in ("S-1", "S-2"):
        register(town, id, "M-1", watts=watts)
    register(town, "S-3", "S-1", watts=watts)
    with town.house.view(OAK) as work:
        given = [finding for finding in meter_history.validate_meters(work, "oak", WINDOW) if finding.code == "SUB_METERS_EXCEED"]
    prepared = [finding for finding in town.prepare("oak", "2025-03").findings if finding.code == "SUB_METERS_EXCEED"]
    assert given == prepared
    expected = [("meter M-1 from 2025-03-01 to 2025-03-02", "S-1, S-2", str(192 * 1_050_000), "warning")] if found else []
    assert [(item.place, item.params["sub_meters"], item.params["metered"], item.severity) for item in given] == expected


def test_a_unit_that_generates_may_use_more_than_it_buys(town: Town) -> None:
    register(town, "S-1", "M-1", watts=9_000)
    register(town, "PV-1", None, watts=8_000, quantity="pv.generation")
    with town.house.view(OAK) as work:
        rows = meter_history.chosen_meters(work, "oak", None)
        histories = [meter_history.load_history(work, row, WINDOW) for row in rows]
        assert "SUB_METERS_EXCEED" not in {finding.code for finding in RULE_SET.validate(histories)}
        without = [history for history in histories if history.meter != "PV-1"]
        assert "SUB_METERS_EXCEED" in {finding.code for finding in RULE_SET.validate(without)}


def test_a_slot_that_the_main_meter_misses_is_not_compared(town: Town) -> None:
    with town.work(OAK) as work:
        assert organisation.submit_organisation(work, "oak", tree("oak", [("hq", None), ("outlet", "hq")])).version
        meters.register_meter(work, "oak", id="M-2", unit="outlet", quantity="el.import", interval_minutes=15)
        assert take_telemetry(work, "oak", [readings("M-2", slots=96, watts=1_000)]).accepted
    register(town, "S-1", "M-2")
    with town.house.view(OAK) as work:
        found = {finding.code for finding in meter_history.validate_meters(work, "oak", WINDOW)}
    assert "SUB_METERS_EXCEED" not in found
