"""The main job over the services: from a meter file to an attested claim, on the embedded chain and SQLite."""

from __future__ import annotations

from datetime import date
from pathlib import Path

from ledger.demo import profiles, seeds
from ledger.records.period import Period
from tests.product import Town, open_town

PERIOD = ("2025", date(2025, 1, 1), date(2025, 1, 10))


def small_bank(town: Town, bank: seeds.BankSeed = seeds.MOGAN) -> None:
    days = Period.of_dates(*PERIOD, "Asia/Shanghai")
    tree = seeds.organisation_document(bank)
    activity = seeds.activity_document(bank, days)
    meters = {meter: unit.id for unit in bank.units for meter, _ in unit.meters}
    peaks = tuple(meter for unit in bank.units for meter in unit.meters)
    town.add_bank(
        bank.id,
        tree,
        period=PERIOD,
        meter_units=meters,
        csv=list(profiles.meter_csv(peaks, days.start, days.end)),
        activity_document=activity,
    )


def test_a_statement_is_prepared_signed_and_anchored(tmp_path: Path) -> None:
    with open_town(tmp_path) as town:
        town.found_centre()
        small_bank(town)
        statement = town.prepare("moganshan", "2025")
        assert not statement.has_errors, statement.findings
        assert statement.state == "draft"
        attestation = town.attest("moganshan", statement.id)
        assert {item.dataset for item in attestation.items} == {"METERS", "OPERATIONAL"}
        town.relay()
        claim = town.claim("moganshan", statement.id, "c1")
        town.relay()
        assert claim.package
