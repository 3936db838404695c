"""A bank orders its commitment key erased: nothing here opens a leaf again, and everything that was attested stays true."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from ledger.errors import Conflict, Forbidden
from ledger.identifiers import sid
from ledger.merkle.keys import meter_asset
from ledger.services import anchors, claims, institutions, packages, signing_request, statements, stored_statement
from ledger.services.fsck import check_house
from tests.product import AUDITOR, Town, approver, preparer
from tests.services.test_main_job import small_bank
from tests.towns import Template, reopen
from tests.whole.scene import verify, write_package, write_policy

BANK, YEAR = "moganshan", "2025"


@dataclass
class Erased:
    """A bank after erasure, and what was noted of it before."""

    town: Town
    folder: Path
    statement: str
    before: statements.StatementView
    anchors: tuple[anchors.AnchorView, ...]
    proofs: list[dict[str, object]]
    claim: claims.ClaimView
    package: Path
    secrets: dict[str, bytes]


@pytest.fixture(scope="module")
def erased(centre: Template, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Erased]:
    folder = tmp_path_factory.mktemp("erasure")
    with reopen(centre, folder / "server") as town:
        small_bank(town)
        statement = town.prepare(BANK, YEAR).id
        town.attest(BANK, statement)
        town.relay()
        town.claim(BANK, statement, "c1")
        town.relay()
        package = write_package(town, statement, folder)
        with town.house.view(AUDITOR) as work:
            row = stored_statement.load_statement_row(work, statement)
            secrets = {"commitment key": sid("commitment", BANK)}
            for dataset in stored_statement.load_commitments(work, row).datasets:
                for opening in dataset.openings:
                    secrets[f"key of {opening.asset}"] = opening.key
                    secrets[f"salt of {opening.asset}"] = opening.salt
            before = statements.get_statement(work, statement)
            listed = anchors.list_anchors(work, BANK, 10, None).items
            proofs = [anchors.get_anchor_proof(work, anchor.id) for anchor in listed]
            claim = claims.get_claim(work, f"{BANK}:c1")
        present = secrets_in(folder / "server", secrets)
        assert present == set(secrets), "a search that finds nothing before would prove nothing after"
        with town.work(approver(BANK)) as work:
            assert institutions.forget_commitment_key(work, BANK)
        yield Erased(town, folder, statement, before, listed, proofs, claim, package, secrets)


def live_values(path: Path) -> Iterator[tuple[str, bytes]]:
    """Yield every text and blob of every row of an SQLite file, with its table, as bytes."""
    connection = sqlite3.connect(path)
    for (table,) in connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'").fetchall():
        for row in connection.execute(f'SELECT * FROM "{table}"'):
            for value in row:
                if isinstance(value, bytes | str):
                    yield table, value if isinstance(value, bytes) else value.encode()
    connection.close()


def secrets_in(folder: Path, secrets: dict[str, bytes]) -> set[str]:
    """Return the names of the secrets that stand in a live row, raw or as hex."""
    found = set()
    for _, value in live_values(folder / "ledger.sqlite"):
        for name, secret in secrets.items():
            if secret in value or secret.hex().encode() in value.lower():
                found.add(name)
    return found


def test_no_key_and_no_salt_is_left_in_a_live_row(erased: Erased) -> None:
    assert secrets_in(erased.folder / "server", erased.secrets) == set()
    kept = {table for table, _ in live_values(erased.folder / "server" / "ledger.sqlite")}
    assert not kept & {"institution_secret", "commitments", "statement_meter_record", "package_content"}
    assert {"statement", "attestation", "anchor", "package", "telemetry_body", "meter_day"} <= kept


def test_what_was_attested_stays_and_is_found_whole(erased: Erased) -> None:
    with erased.town.house.view(AUDITOR) as work:
        assert statements.get_statement(work, erased.statement) == erased.before
        assert anchors.list_anchors(work, BANK, 10, None).items == erased.anchors
        assert [anchors.get_anchor_proof(work, anchor.id) for anchor in erased.anchors] == erased.proofs
        assert claims.get_claim(work, f"{BANK}:c1") == erased.claim
        assert check_house(work) == ()


def test_a_package_downloaded_before_is_still_verified(erased: Erased) -> None:
    policy = write_policy(erased.town, erased.folder)
    code, answer = verify(erased.town, "package", erased.package, policy)
    assert code == 0, answer


def test_whoever_asks_for_an_opening_is_told_that_it_was_erased(erased: Erased) -> None:
    asset = meter_asset("MG-HQ-1", "el.import")
    with erased.town.house.view(AUDITOR) as work:
        for question in (
            lambda: anchors.get_leaf_proof(work, erased.statement, "METERS", asset),
            lambda: packages.build_evidence_package(work, erased.statement),
            lambda: claims.get_claim_package(work, f"{BANK}:c1"),
            lambda: signing_request.get_signing_request(work, erased.statement),
        ):
            with pytest.raises(Conflict, match="were erased with the commitment key") as refused:
                question()
            assert "restatement with a new key" in refused.value.hint


def test_a_later_statement_says_that_no_key_is_kept_and_is_made_with_a_new_one(erased: Erased) -> None:
    town = erased.town
    with pytest.raises(Conflict, match=f"no commitment key of {BANK} is kept here") as refused:
        town.prepare(BANK, YEAR, "data")
    assert "lingtan keys commitment" in refused.value.hint
    with town.work(preparer(BANK)) as work:
        institutions.set_commitment_key(work, BANK, sid("commitment", "another"))
    second = town.prepare(BANK, YEAR, "data")
    assert (second.revision, second.totals) == (2, erased.before.totals)
    town.attest(BANK, second.id)
    town.relay()
    with town.house.view(AUDITOR) as work:
        assert statements.get_statement(work, second.id).state == "anchored"
        assert check_house(work) == ()
    # The old statement's openings do not come back with a new key.
    with town.house.view(AUDITOR) as work, pytest.raises(Conflict, match="erased"):
        packages.build_evidence_package(work, erased.statement)


def test_only_the_banks_approver_orders_it(erased: Erased) -> None:
    with pytest.raises(Forbidden), erased.town.work(preparer(BANK)) as work:
        institutions.forget_commitment_key(work, BANK)


def test_a_draft_prepared_again_after_erasure_can_be_signed_again(centre: Template, tmp_path: Path) -> None:
    with reopen(centre, tmp_path) as town:
        small_bank(town)
        draft = town.prepare(BANK, YEAR)
        with town.work(approver(BANK)) as work:
            institutions.forget_commitment_key(work, BANK)
        with town.work(preparer(BANK)) as work:
            institutions.set_commitment_key(work, BANK, sid("commitment", BANK))
        # The same key gives the same bytes, hence the same row; what opens its leaves is stored anew with it.
        assert town.prepare(BANK, YEAR).id == draft.id
        town.attest(BANK, draft.id)
        town.relay()
        with town.house.view(AUDITOR) as work:
            assert statements.get_statement(work, draft.id).state == "anchored"
            assert packages.build_evidence_package(work, draft.id).data
            assert check_house(work) == ()


def test_the_files_themselves_hold_no_trace_once_the_house_is_closed(centre: Template, tmp_path: Path) -> None:
    with reopen(centre, tmp_path) as town:
        small_bank(town)
        statement = town.prepare(BANK, YEAR).id
        with town.house.view(AUDITOR) as work:
            committed = stored_statement.load_commitments(work, stored_statement.load_statement_row(work, statement))
        secrets = [sid("commitment", BANK), *(part for item in committed.datasets for one in item.openings for part in (one.key, one.salt))]
        with town.work(approver(BANK)) as work:
            institutions.forget_commitment_key(work, BANK)
    files = {path.name: path.read_bytes() for path in tmp_path.iterdir() if path.is_file()}
    assert "ledger.sqlite" in files
    for name, data in files.items():
        for secret in secrets:
            assert secret not in data, name
            assert secret.hex().encode() not in data, name


def test_commitments_that_vanish_without_the_banks_order_are_an_error(centre: Template, tmp_path: Path) -> None:
    with reopen(centre, tmp_path) as town:
        small_bank(town)
        town.prepare(BANK, YEAR)
        insider = sqlite3.connect(tmp_path / "ledger.sqlite")
        insider.execute("DELETE FROM commitments")
        insider.commit()
        insider.close()
        with town.house.view(AUDITOR) as work:
            assert [finding.code for finding in check_house(work)] == ["COMMITMENTS_MISSING"]
