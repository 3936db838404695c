"""`lingtan loans key|vault|open|erase` as somebody of the bank types them."""

from __future__ import annotations

import json
import stat
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from ledger.accounting.financed.openings import read_opening, verify_opening
from ledger.accounting.methods import pcaf_2
from ledger.cli.app import app
from ledger.client.book import Place, write_book
from ledger.client.vault import Vault
from ledger.loans.book import Book
from ledger.loans.pseudonyms import PseudonymKey
from ledger.records.dataset_statement import Origin
from tests.accounting.financed.committed import CONTEXT, KEYS, PERIOD, loans

BY = ("--by", "Li Wei", "--reason", "case 17")


def ask(*words: object) -> Any:
    result = CliRunner().invoke(app, ["--json", *map(str, words)])
    assert result.exit_code == 0, (result.stdout, result.stderr)
    return json.loads(result.stdout)


def refusal(*words: object, code: int) -> str:
    result = CliRunner().invoke(app, list(map(str, words)))
    assert result.exit_code == code, (result.stdout, result.stderr)
    return " ".join(result.stderr.split())


@pytest.fixture
def key(tmp_path: Path) -> Path:
    path = tmp_path / "pseudonyms.key"
    assert ask("loans", "key", path) == {"file": str(path), "made": True}
    return path


@pytest.fixture
def folder(tmp_path: Path, key: Path) -> Path:
    pseudonyms = PseudonymKey(bytes.fromhex(key.read_text()))
    origin, place = Origin("bank-1", PERIOD, "lingtan-2026.1", "00" * 32), Place(1337, CONTEXT.contract)
    write_book(tmp_path / "vault", Book.of(loans(160)), pcaf_2.Policies(), origin, place, pseudonyms=pseudonyms, keys=KEYS)
    return tmp_path / "vault"


def test_a_pseudonym_key_is_made_once_and_is_private(key: Path) -> None:
    text = key.read_text()
    assert (len(bytes.fromhex(text)), stat.S_IMODE(key.stat().st_mode)) == (32, 0o600)
    assert ask("loans", "key", key) == {"file": str(key), "made": False}
    assert key.read_text() == text
    key.chmod(0o644)
    assert "others can read" in refusal("loans", "key", key, code=2)
    key.write_text("not a key")
    key.chmod(0o600)
    assert "no pseudonym key" in refusal("loans", "key", key, code=3)


def test_a_group_is_opened_into_a_file_that_holds(folder: Path, tmp_path: Path) -> None:
    out = tmp_path / "group.json"
    answer = ask("loans", "open", "--vault", folder, "--group", 1, "--out", out)
    assert (answer["asset"], answer["exposures"], answer["erased"]) == ("group/000001", 53, 0)
    verify_opening(read_opening(out.read_bytes()), root=Vault.open(folder).root)
    assert stat.S_IMODE(out.stat().st_mode) == 0o600
    assert "no group 3" in refusal("loans", "open", "--vault", folder, "--group", 3, "--out", tmp_path / "x", code=12)


def test_an_exposure_is_erased_by_its_id_and_the_vault_says_so(folder: Path, key: Path, tmp_path: Path) -> None:
    before = ask("loans", "vault", folder)
    assert (before["exposures"], before["groups"], before["erased"], before["erasures"]) == (160, 3, 0, [])
    erased = ask("loans", "erase", "--vault", folder, "--exposure", "L7", "--pseudonym-key", key, *BY, "--yes")
    assert (erased["by"], erased["reason"]) == ("Li Wei", "case 17")
    after = ask("loans", "vault", folder)
    assert (after["erased"], after["root"]) == (1, before["root"])
    assert after["erasures"][0]["leaf"] == erased["leaf"]
    opened = ask("loans", "open", "--vault", folder, "--group", erased["group"], "--out", tmp_path / "group.json")
    assert opened["erased"] == 1
    again = refusal("loans", "erase", "--vault", folder, "--exposure", "L7", "--pseudonym-key", key, *BY, "--yes", code=12)
    assert "erased already" in again


def test_an_exposure_is_erased_by_its_pseudonym(folder: Path, key: Path) -> None:
    name = PseudonymKey(bytes.fromhex(key.read_text())).exposure("L7")
    ask("loans", "erase", "--vault", folder, "--pseudonym", name, *BY, "--yes")
    assert Vault.open(folder).find(name) is None


def test_nothing_is_erased_without_its_name_typed_or_with_half_of_what_is_needed(folder: Path, key: Path) -> None:
    words = ["loans", "erase", "--vault", folder, "--exposure", "L7", *BY]
    result = CliRunner().invoke(app, [*map(str, words), "--pseudonym-key", str(key)], input="L8\n")
    assert result.exit_code == 2
    for given in (words, [*words, "--pseudonym", "00" * 16], ["loans", "erase", "--vault", folder, *BY]):
        assert "which exposure" in refusal(*given, "--yes", code=2)
    assert ask("loans", "vault", folder)["erased"] == 0
