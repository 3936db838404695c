"""`lingtan drill tamper`: plant one seeded fault after the other in a copy of the data, and measure how long the drift monitor takes."""

from __future__ import annotations

import random
import shutil
import sqlite3
import time
from collections.abc import Callable, Sequence
from contextlib import closing
from dataclasses import dataclass, replace
from pathlib import Path

from ledger.config import Settings
from ledger.demo.faults import CHAIN, KINDS, cut_chain, plant
from ledger.errors import InputError, IntegrityError, LedgerError
from ledger.records.findings import Finding
from ledger.services.drift import DriftMonitor
from ledger.services.house import open_house

MARK = "LINGTAN-DRILL-COPY"
ALL = (*(kind.name for kind in KINDS), CHAIN)


@dataclass(frozen=True)
class Alarm:
    """What one cycle said of a planted fault. found: the finding or start-up error that named it; None where nothing did.

    place None: the copy has no row that this kind could change. milliseconds: from the start of the cycle to the alarm.
    """

    kind: str
    place: str | None
    found: str | None
    milliseconds: int


def run_drill(
    copy: Path, restore: Callable[[Path], None], settings: Callable[[Path], Settings], *, seed: int, kinds: Sequence[str] = ALL
) -> tuple[Alarm, ...]:
    """Check that the clean copy is clean, then plant each kind in a fresh copy of its own and run one cycle on it.

    Args:
        copy: a directory for the copies; it is new, empty, or was made by a drill.
        restore: puts a copy of the data into an empty directory.
        settings: of a data directory.

    Raises:
        InputError: the directory is something else, or no such kind.
        IntegrityError: the clean copy is not clean, so nothing can be learned from it.
    """
    unknown = [kind for kind in kinds if kind not in ALL]
    if unknown:
        raise InputError(f"no kind {unknown[0]!r}", hint=f"expected one of {', '.join(ALL)}")
    claim_folder(copy)
    clean = copy / "clean"
    _restore(clean, restore)
    findings = _one_cycle(settings(clean))
    if findings:
        raise IntegrityError(f"the copy is not clean: {findings[0].code} at {findings[0].place}", hint="run `lingtan fsck` on the original")
    alarms = tuple(_try(copy, clean, settings, kind, seed) for kind in kinds)
    shutil.rmtree(clean)
    return alarms


def claim_folder(copy: Path) -> None:
    """Make the directory of a drill, or take one that a drill made.

    Raises:
        InputError: it holds something that no drill put there; a drill touches copies alone.
    """
    if copy.exists() and any(copy.iterdir()) and not (copy / MARK).is_file():
        raise InputError(
            f"{copy} is no drill's copy", hint="name a new directory: a drill never touches data that are not a copy of its own"
        )
    copy.mkdir(mode=0o700, parents=True, exist_ok=True)
    (copy / MARK).write_text("copies of a drill; delete them when it is over\n", encoding="utf-8")


def _restore(folder: Path, restore: Callable[[Path], None]) -> None:
    shutil.rmtree(folder, ignore_errors=True)
    restore(folder)


def _try(copy: Path, clean: Path, settings: Callable[[Path], Settings], name: str, seed: int) -> Alarm:
    folder = copy / name
    shutil.rmtree(folder, ignore_errors=True)
    shutil.copytree(clean, folder)
    mine = settings(folder)
    try:
        if name == CHAIN:
            place: str | None = str(Path(mine.chain_url.removeprefix("embedded://")).name)
            cut_chain(folder / "chain.sqlite")
        else:
            kind = next(kind for kind in KINDS if kind.name == name)
            planted = plant(Path(mine.database_url.removeprefix("sqlite:///")), kind, random.Random(f"{seed} {name}"))  # noqa: S311 - a drill
            place = None if planted is None else planted.place
        if place is None:
            return Alarm(name, None, None, 0)
        began = time.monotonic()
        try:
            findings = _one_cycle(mine)
            found = None if not findings else f"{findings[0].code} {findings[0].place}"
        except (LedgerError, sqlite3.Error) as error:
            found = f"refused to start: {error}"
        return Alarm(name, place, found, round(1000 * (time.monotonic() - began)))
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _one_cycle(settings: Settings) -> tuple[Finding, ...]:
    house = open_house(replace(settings, run_relay=False))
    with closing(house):
        report = DriftMonitor(house, resting=False).run_cycle()
    return () if report is None else tuple(finding for finding in report.findings if finding.severity == "error")
