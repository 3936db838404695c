"""Towns for the tests of services: set up once, then copied, so that each test has a house of its own in a tenth of a second."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest

from ledger.clock import FixedClock
from tests.product import Town, open_town
from tests.services.books import add_books


@dataclass(frozen=True)
class Template:
    """The folder of a closed town, the time at which it was closed, and the versions of its institutions on chain."""

    folder: Path
    now: int
    versions: dict[str, int]


@pytest.fixture(scope="session")
def founded(tmp_path_factory: pytest.TempPathFactory) -> Template:
    """A centre with everything published, and the books of two banks, oak and elm; nothing is prepared yet."""
    folder = tmp_path_factory.mktemp("founded")
    with open_town(folder) as town:
        town.found_centre()
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


def close(town: Town, folder: Path) -> Template:
    """Say what is needed to go on in a copy."""
    return Template(folder, town.clock.now(), dict(town.versions))


@contextmanager
def reopen(template: Template, folder: Path) -> Iterator[Town]:
    """Open a copy of a closed town."""
    shutil.copytree(template.folder, folder)
    with open_town(folder, clock=FixedClock(template.now), set_up=False) as town:
        town.versions.update(template.versions)
        yield town
