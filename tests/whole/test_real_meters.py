"""The main job on two real office meters, 2012 and 2013: 140,352 readings, as outlets of a bank, to an offline verdict."""

from __future__ import annotations

import csv
import gzip
from datetime import date
from fractions import Fraction
from pathlib import Path

from ledger.clock import parse_instant
from ledger.records.meter_record import MeterRecord
from ledger.records.period import Period
from ledger.services import period_meters, stored_statement
from ledger.services.activity import submit_activity
from ledger.services.periods import open_period
from tests.product import AUDITOR, open_town, preparer, take_telemetry
from tests.towns import Template, reopen
from tests.whole.scene import activity, tree, verify, write_package, write_policy

ZONE = "America/Los_Angeles"
YEARS = {year: (str(year), date(year, 1, 1), date(year, 12, 31)) for year in (2012, 2013)}
UNITS = {"201": "outlet-a", "202": "outlet-b"}
GRID = Fraction("0.7035")  # kgCO2/kWh, East China 2012, the factor that the library selects for a Zhejiang bank in these years


def test_two_real_years_are_loaded_computed_anchored_and_verified(centre: Template, tmp_path: Path, shared: Path) -> None:
    body = gzip.decompress((shared / "data" / "office_meters_2012_2013.csv.gz").read_bytes())
    periods = {year: Period.of_dates(*YEARS[year], ZONE) for year in YEARS}
    expected = exact_kwh(body, periods)
    with reopen(centre, tmp_path / "server") as town:
        view = town.add_bank(
            "office",
            tree("office", [("hq", None), ("outlet-a", "hq"), ("outlet-b", "hq")], timezone=ZONE),
            period=YEARS[2012],
            meter_units=UNITS,
            csv=[body[at : at + 65_536] for at in range(0, len(body), 65_536)],
            activity_document=activity("office", periods[2012]),
            timezone=ZONE,
        )
        assert view is not None
        assert (view.rows, view.meters) == (140_352, 2)
        with town.work(preparer("office")) as work:
            open_period(work, "office", id="2013", first_day=date(2013, 1, 1), last_day=date(2013, 12, 31))
            submit_activity(work, "office", "2013", activity("office", periods[2013]))
        for year, slots in ((2012, 35_136), (2013, 35_040)):
            statement = town.prepare("office", str(year))
            assert not statement.has_errors, statement.findings
            town.attest("office", statement.id)
            town.relay()
            with town.house.view(AUDITOR) as work:
                row = stored_statement.load_statement_row(work, statement.id)
                records = stored_statement.load_records(work, row)
                computed = stored_statement.load_statement(row)
            for meter, record in records.items():
                assert record.n == slots
                assert Fraction(record.total, 1_000_000) == expected[year, meter]
                assert record.counts.missing == 0
            lines = {line.unit: line for line in computed.lines}
            for meter, unit in UNITS.items():
                assert lines[unit].measures.scope2_location_g == round(expected[year, meter] * GRID * 1000)
            assert computed.totals.scope2_location_g == sum(line.measures.scope2_location_g for line in computed.lines)
            code, answer = verify(town, "package", write_package(town, statement.id, tmp_path), write_policy(town, tmp_path))
            assert code == 0, answer
            assert answer["recomputed"]["lines"] == 2


def test_the_same_file_again_changes_nothing(tmp_path: Path, shared: Path) -> None:
    body = gzip.decompress((shared / "data" / "office_meters_2012_2013.csv.gz").read_bytes())[: 96 * 40 * 27]
    body = body[: body.rindex(b"\n") + 1]
    with open_town(tmp_path) as town:
        town.add_institution("gfc", "centre", {})
        first = town.add_bank(
            "office",
            tree("office", [("hq", None)], timezone=ZONE),
            period=YEARS[2012],
            meter_units={"201": "hq"},
            csv=[body],
            timezone=ZONE,
        )
        with town.work(preparer("office")) as work:
            again = take_telemetry(work, "office", [body])
    assert first is not None
    assert (again.id, again.sha256, again.days_written) == (first.id, first.sha256, first.days_written)


def exact_kwh(body: bytes, periods: dict[int, Period]) -> dict[tuple[int, str], Fraction]:
    """The sums by hand: Fraction of every reading, a quarter of an hour each."""
    totals = {(year, meter): Fraction(0) for year in periods for meter in UNITS}
    for row in csv.DictReader(body.decode().splitlines()):
        at = parse_instant(row["timestamp"])
        for year, period in periods.items():
            if period.contains(at):
                totals[year, row["meter"]] += Fraction(row["kW"]) / 4
    return totals


def test_a_meter_record_of_the_real_file_survives_its_bytes(tmp_path: Path, shared: Path) -> None:
    body = gzip.decompress((shared / "data" / "office_meters_2012_2013.csv.gz").read_bytes())
    with open_town(tmp_path) as town:
        town.add_institution("gfc", "centre", {})
        town.add_bank(
            "office",
            tree("office", [("hq", None)], timezone=ZONE),
            period=YEARS[2012],
            meter_units=dict.fromkeys(UNITS, "hq"),
            csv=[body],
            timezone=ZONE,
        )
        with town.house.view(preparer("office")) as work:
            records = period_meters.gather_meters(work, "office", Period.of_dates(*YEARS[2012], ZONE)).records
    for record in records.values():
        assert MeterRecord.from_bytes(record.to_bytes()) == record
