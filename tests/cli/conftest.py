"""One city for all tests of commands, set up by commands."""

from __future__ import annotations

import functools
import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import typer.main

from tests.cli.city import FUELS, City, open_city, organisation, readings


@pytest.fixture(scope="session", autouse=True)
def commands() -> Iterator[None]:
    """The tree of commands, built once: the runner builds it anew for every line, a third of this room's time."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("typer.testing._get_command", functools.cache(typer.main.get_command))
        yield


@pytest.fixture(scope="session")
def city(tmp_path_factory: pytest.TempPathFactory) -> Iterator[City]:
    """A served house with a centre and two banks; bank-a has no books yet."""
    with open_city(tmp_path_factory.mktemp("city")) as city:
        yield city


@dataclass(frozen=True)
class Books:
    """What bank-a's people made by commands: a signed statement, and the files they kept."""

    folder: Path
    statement: dict[str, Any]
    attestation: dict[str, Any]
    claim: dict[str, Any]


@pytest.fixture(scope="session")
def books(city: City) -> Books:
    """The bank's whole flow, once: from the commitment key to the claim."""
    folder = city.folder / "bank-a"
    folder.mkdir()
    (folder / "tree.json").write_text(json.dumps(organisation(), ensure_ascii=False), encoding="utf-8")
    (folder / "meters.csv").write_text(readings(), encoding="utf-8")
    (folder / "fuels.csv").write_text(FUELS, encoding="utf-8")
    city.run("keys", "commitment", "--bank", "bank-a", "--file", folder / "commitment.key", who="preparer")
    city.run("submit", "organisation", folder / "tree.json", who="preparer")
    city.run("meter", "add", "M-1", "--unit", "outlet-7", who="preparer")
    city.run("period", "open", "2025-03", "--first-day", "2025-03-01", "--last-day", "2025-03-02", who="preparer")
    city.run("meter", "import", folder / "meters.csv", who="preparer")
    city.run("submit", "activity", folder / "fuels.csv", "--period", "2025-03", who="preparer")
    statement = city.ask("statement", "prepare", "--period", "2025-03", "--cause", "first", who="preparer")
    city.run("log-checkpoint", "--key", city.key("approver"), who="approver")
    attestation = city.ask("sign", statement["id"], "--key", city.key("approver"), who="approver")
    claim = city.ask(
        *("claim", statement["id"], "--id", "march", "--scheme", "operational-2026", "--key", city.key("approver")), who="approver"
    )
    return Books(folder, statement, attestation, claim)
