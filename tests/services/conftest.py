"""Towns for the tests of services: set up once, then copied, so that each test has a house of its own in a tenth of a second."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.product import Town
from tests.services.books import add_books
from tests.towns import Template, close, reopen


@pytest.fixture(scope="session")
def founded(centre: Template, tmp_path_factory: pytest.TempPathFactory) -> Template:
    """A centre with everything published, and the books of two banks, oak and elm; nothing is prepared yet."""
    folder = tmp_path_factory.mktemp("founded")
    with reopen(centre, folder) as town:
        for bank in ("oak", "elm"):
            add_books(town, bank)
        return close(town, folder)


@pytest.fixture(scope="session")
def anchored(founded: Template, tmp_path_factory: pytest.TempPathFactory) -> Template:
    """The same, with statement 1 of oak on chain."""
    folder = tmp_path_factory.mktemp("anchored")
    with reopen(founded, folder / "data") as town:
        statement = town.prepare("oak", "2025-03")
        town.attest("oak", statement.id)
        town.relay()
        return close(town, folder / "data")


@pytest.fixture
def town(founded: Template, tmp_path: Path) -> Iterator[Town]:
    """A copy of `founded`."""
    with reopen(founded, tmp_path / "data") as opened:
        yield opened


@pytest.fixture
def anchored_town(anchored: Template, tmp_path: Path) -> Iterator[Town]:
    """A copy of `anchored`."""
    with reopen(anchored, tmp_path / "data") as opened:
        yield opened
