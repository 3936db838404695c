"""A house that is closed and opened again goes on; one whose chain was put back or exchanged does not open."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest
from fastapi.testclient import TestClient

from api.app import create_app
from ledger.chain.errors import ChainLocked, CheckpointMismatch
from ledger.clock import FixedClock
from ledger.errors import ConfigurationError, IntegrityError
from ledger.services import statements, tokens
from ledger.services.house import init_house
from tests.product import AUDITOR, OPERATOR, signer
from tests.towns import Template
from tests.whole.books import books
from tests.whole.closed_house import BANK, ClosedHouse, build_house, check_whole, drain, fingerprint, queue_work, settings_of


@pytest.fixture(scope="module")
def built(centre: Template, tmp_path_factory: pytest.TempPathFactory) -> ClosedHouse:
    return build_house(centre, tmp_path_factory.mktemp("restart") / "house", periods=2)


@pytest.fixture
def house(built: ClosedHouse, tmp_path: Path) -> ClosedHouse:
    return built.copy(tmp_path / "house")


def test_a_house_goes_on_where_it_was_closed(house: ClosedHouse) -> None:
    with house.open() as town:
        with town.work(OPERATOR) as work:
            token = tokens.issue_token(work, subject=f"{BANK}.preparer", institution=BANK, roles=["preparer"], days=30)
        queue_work(town, statements=1, keys=0)
        drain(town)
        town.attest(BANK, "2")  # queued, not sent
        before, head = books(town), fingerprint(town)[:2]
        with town.house.view(AUDITOR) as work:
            views = [statements.get_statement(work, id) for id in ("1", "2")]
    assert [view.state for view in views] == ["anchored", "queued"]
    for later in (100, 5_000):
        with house.open(seconds_later=later) as town:
            assert fingerprint(town)[:2] == head
            assert books(town) == before
            with town.house.view(AUDITOR) as work:
                assert [statements.get_statement(work, id) for id in ("1", "2")] == views
            with TestClient(create_app(town.house)) as http:
                answer = http.get("/v1/statements/1", headers={"Authorization": f"Bearer {token}"})
                assert (answer.status_code, answer.json()["state"]) == (200, "anchored")
    with house.open(seconds_later=6_000) as town:
        check_whole(town, drain(town), anchors=4)


def test_set_up_again_changes_nothing(house: ClosedHouse) -> None:
    files = {path: path.read_bytes() for path in house.folder.rglob("*") if path.is_file() and path.suffix in (".json", ".pem", ".key")}
    assert len(files) >= 4
    again = init_house(settings_of(house.folder), signer("gfc.admin").address)
    assert again.is_complete
    assert {path: path.read_bytes() for path in files} == files


def test_two_processes_cannot_open_one_chain(house: ClosedHouse) -> None:
    with house.open(), pytest.raises(ChainLocked) as refused, house.open():
        pass
    assert "stop the other process" in refused.value.hint


def test_an_old_copy_of_the_chain_is_refused_and_the_right_one_still_opens(house: ClosedHouse, tmp_path: Path) -> None:
    old = tmp_path / "old.sqlite"
    shutil.copy(house.folder / "chain.sqlite", old)
    with house.open() as town:
        queue_work(town, statements=1, keys=0)
        drain(town)
        head = fingerprint(town)[:2]
    right = (house.folder / "chain.sqlite").read_bytes()
    shutil.copy(old, house.folder / "chain.sqlite")
    with pytest.raises(CheckpointMismatch, match=r"blocks, but .* were published") as refused, house.open(seconds_later=1_000):
        pass
    assert "old copy was restored" in refused.value.hint
    (house.folder / "chain.sqlite").write_bytes(right)
    with house.open(seconds_later=2_000) as town:
        assert fingerprint(town)[:2] == head
        with town.house.view(AUDITOR) as work:
            assert statements.get_statement(work, "1").state == "anchored"


def test_the_deployment_record_of_another_chain_is_refused(house: ClosedHouse, built: ClosedHouse, tmp_path: Path) -> None:
    record = settings_of(house.folder).deployment
    document = json.loads(record.read_text())
    other, clock = settings_of(tmp_path / "other"), FixedClock(house.at)
    init_house(other, signer("gfc.admin").address, clock=clock, pause=lambda: clock.advance(1))
    shutil.copy(other.deployment, record)
    with pytest.raises(IntegrityError, match="not the one of the deployment record") as refused, house.open():
        pass
    assert "deployment.genesis" in str(refused.value)
    assert "use the record of this chain" in refused.value.hint
    record.write_text(json.dumps({**document, "chain_id": "3306"}))
    with pytest.raises(IntegrityError, match=r"deployment\.chain, got 3305, expected 3306"), house.open():
        pass
    # Refused, not locked, and nothing was lost: the right record opens the house.
    record.write_text(json.dumps(document))
    with house.open() as town:
        assert town.house.chain.block_number() > 0


def test_a_chain_file_that_vanished_is_not_silently_begun_anew(house: ClosedHouse) -> None:
    for path in house.folder.glob("chain.sqlite*"):
        path.unlink()
    with pytest.raises(CheckpointMismatch) as refused, house.open(seconds_later=1_000):
        pass
    assert refused.value.hint


def test_another_passphrase_is_refused_in_words(house: ClosedHouse) -> None:
    from dataclasses import replace

    from ledger.errors import LedgerError
    from ledger.services.house import open_house

    with pytest.raises(LedgerError) as refused:
        open_house(replace(settings_of(house.folder), passphrase="another"))
    assert refused.value.hint


def test_a_folder_where_nothing_was_set_up_says_what_to_run(tmp_path: Path) -> None:
    from ledger.services.house import open_house

    with pytest.raises(ConfigurationError, match="nothing is set up") as refused:
        open_house(settings_of(tmp_path / "empty"))
    assert "lingtan init" in refused.value.hint
    assert not (tmp_path / "empty").exists()
