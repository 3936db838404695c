"""The main job over the services: from a meter file to an attested claim, on the embedded chain and SQLite."""

from __future__ import annotations

import subprocess
import sys
from datetime import date
from pathlib import Path

from ledger.chain.keystore import write_key
from ledger.demo import profiles, seeds
from ledger.demo.banks import MOGAN
from ledger.identifiers import sid
from ledger.records import canonical
from ledger.records.period import Period
from ledger.services import claims, verdicts
from tests.product import VERIFIER, Town, open_town
from tests.towns import Template, reopen
from tests.whole.scene import trust, write_policy

PERIOD = ("2025", date(2025, 1, 1), date(2025, 1, 10))


def small_bank(town: Town, bank: seeds.BankSeed = MOGAN) -> None:
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


def test_the_claim_is_attested_by_the_verifiers_own_recomputation(centre: Template, tmp_path: Path) -> None:
    with reopen(centre, tmp_path / "server") as town:
        small_bank(town)
        statement = town.prepare("moganshan", "2025")
        town.attest("moganshan", statement.id)
        town.relay()
        town.claim("moganshan", statement.id, "c1")
        town.relay()
        package = tmp_path / "package.zip"
        with town.house.view(VERIFIER) as work:
            package.write_bytes(claims.get_claim_package(work, "moganshan:c1").data)
        policy = write_policy(town, tmp_path)
        checked = verify("package", str(package), *trust(town, policy))
        assert checked.returncode == 0, checked.stderr
        key, passphrase = tmp_path / "verifier.json", tmp_path / "passphrase"
        write_key(key, sid("test-key", "gfc.verifier"), "known to the verifier", scrypt_n=2**12)
        passphrase.write_text("known to the verifier")
        out = tmp_path / "verdict.json"
        signed = verify(
            *("verdict", str(package), *trust(town, policy)),
            *("--claim", "c1", "--institution", "gfc", "--key", str(key), "--passphrase-file", str(passphrase), "--out", str(out)),
            *("--deadline", str(town.clock.now() + 86_400)),
        )
        assert signed.returncode == 0, signed.stderr
        verdict = canonical.load(out.read_bytes())
        assert isinstance(verdict, dict)
        with town.work(VERIFIER) as work:
            verdicts.submit_verdict(work, verdict["message"], str(verdict["signature"]), verdict["result"])
        town.relay()
        with town.house.view(VERIFIER) as work:
            assert claims.get_claim(work, "moganshan:c1").state == "attested"
            assert [item.opinion for item in verdicts.list_verdicts(work, "moganshan:c1")] == ["unqualified"]


def verify(*arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run([sys.executable, "-m", "verifier", *arguments], capture_output=True, text=True, check=False)
