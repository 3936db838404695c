"""The loan books of the demo: small ones through the whole story of lending, on a server with an embedded chain."""

from __future__ import annotations

import io
from collections.abc import Iterator
from pathlib import Path

import pytest
from rich.console import Console

from ledger.client.vault import Vault
from ledger.demo import lending, seeds
from ledger.demo.banks import BANKS
from ledger.demo.books import BOOKS, SHARED, planted_at
from ledger.demo.drill import forge_exposure
from ledger.demo.run import demo_settings
from ledger.demo.server import serving
from ledger.demo.story import Cast, StepFailed, Story
from ledger.demo.voice import Voice
from ledger.services.house import init_house, open_house


@pytest.fixture
def story(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Story]:
    """Three banks with the year 2025 open, and books of 700 loans."""
    monkeypatch.setattr(lending, "ROWS", 700)
    cast = Cast(tmp_path / "demo")
    settings = demo_settings(cast.data)
    init_house(settings, cast.admin.make_key())
    house = open_house(settings)
    try:
        with serving(house, 0) as url:
            told = Story(cast, house, url, Voice(Console(file=io.StringIO(), width=200)))
            told.found_centre()
            told.set_up_banks(BANKS)
            for bank in BANKS:
                days = {"id": seeds.PERIOD, "first_day": seeds.FIRST_DAY, "last_day": seeds.LAST_DAY}
                told.party(cast.preparer(bank.id)).client.post(f"/v1/institutions/{bank.id}/periods", days)
            yield told
    finally:
        house.close()


def said(story: Story) -> str:
    """What the story has said so far."""
    stream = story.voice.console.file
    assert isinstance(stream, io.StringIO)
    return stream.getvalue()


def test_every_planted_borrower_owes_more_than_it_is_worth_and_no_bank_alone_does() -> None:
    for borrower in SHARED:
        shares = [share for _, share in borrower.thousandths]
        assert sum(shares) > 1000 > max(shares)
    assert {len(planted_at(book.bank.id)) for book in BOOKS} == {2, 3}


def test_books_are_anchored_matched_verified_and_stay_when_the_story_is_told_again(story: Story, monkeypatch: pytest.MonkeyPatch) -> None:
    vaults = lending.report_books(story)
    assert sorted(vaults) == [("moganshan", "pcaf_2"), ("taihu", "pcaf_2"), ("tiaoxi", "pboc_2021"), ("tiaoxi", "pcaf_2")]
    server = story.cast.data / "server"
    assert not [vault for vault in vaults.values() if server in vault.folder.parents]
    lending.match_borrowers(story)
    assert said(story).count("ATTRIBUTION_ABOVE_ONE") == len(SHARED)
    packages = lending.download_books(story, vaults)
    trust = story.trust([item.package for item in packages])
    whole = lending.verify_books(story, packages, trust)
    drill = story.cast.data / "drill"
    drill.mkdir()
    caught = forge_exposure(whole, drill, trust)
    assert caught.holds, caught.named
    last = packages[-1]
    lending.erase_record(story, last, trust)
    assert len(Vault.open(last.vault.folder).erasures()) == 1
    # Again: nothing is computed, handed in or erased twice.
    again = lending.report_books(story)
    assert {key: vault.root for key, vault in again.items()} == {key: vault.root for key, vault in vaults.items()}
    lending.match_borrowers(story)
    lending.erase_record(story, last, trust)
    assert len(Vault.open(last.vault.folder).erasures()) == 1
    lending.verify_books(story, packages, trust)
    client = story.party(story.cast.preparer("tiaoxi")).client
    statements = list(client.get_all(f"/v1/institutions/tiaoxi/periods/{seeds.PERIOD}/financed"))
    assert sorted((item["dataset"], item["revision"]) for item in statements) == [("FINANCED_PBOC", 1), ("FINANCED_PCAF", 1)]
    stored = b"".join(path.read_bytes() for path in server.rglob("*") if path.is_file())
    assert not [borrower.name for borrower in SHARED if borrower.name.encode() in stored]
    # A bank that is told of more than what was planted ends the story.
    monkeypatch.setattr(lending, "SHARED", SHARED[:1])
    with pytest.raises(StepFailed, match="was told of"):
        lending.match_borrowers(story)
