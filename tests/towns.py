"""Closed towns to copy: what takes seconds to set up is set up once, and each test has a house of its own in a tenth of a second."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from ledger.clock import FixedClock
from tests.product import Town, open_town


@dataclass(frozen=True)
class Template:
    """The folder of a closed town, the time at which it was closed, and the versions of its institutions on chain."""

    folder: Path
    now: int
    versions: dict[str, int]


def found_city(folder: Path) -> Template:
    """Set up a centre with everything published; there is no bank yet."""
    with open_town(folder) as town:
        town.found_centre()
        return close(town, folder)


def close(town: Town, folder: Path) -> Template:
    """Say what is needed to go on in a copy; the town is closed next."""
    return Template(folder, town.clock.now(), dict(town.versions))


@contextmanager
def reopen(template: Template, folder: Path) -> Iterator[Town]:
    """Open a copy of a closed town in a folder that is empty or not there yet."""
    shutil.copytree(template.folder, folder, dirs_exist_ok=True)
    with open_town(folder, clock=FixedClock(template.now), set_up=False) as town:
        town.versions.update(template.versions)
        yield town
