"""A watched folder: CSV files of our dialect become readings; the files go to `done` or, with their findings beside, to `refused`.

A file is taken when its size and time have not changed from one look to the next, so that one that is still being written is left
alone; best is to write elsewhere on the same disk and move it in. Killed in between, the file is read again, and nothing is sent twice.
"""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path

from ledger.edge.queue import Queue
from ledger.edge.reading import NewReading
from ledger.metering.csv_line import QUALITY_LETTERS, MeterFacts
from ledger.metering.csv_source import CsvReading, read_meter_csv
from ledger.metering.meter_day import SLOT_SECONDS
from ledger.records.findings import findings_document, has_errors

MAX_FILE_BYTES = 16 << 20
READINGS_AT_ONCE = 10_000
_LETTERS = {int(quality): letter for letter, quality in QUALITY_LETTERS}


class WatchedFolder:
    """One folder and the meters that files in it may be of."""

    def __init__(
        self, path: Path, meters: Mapping[str, MeterFacts], queue: Queue, *, now: Callable[[], int], tell: Callable[[str], None]
    ) -> None:
        self._path, self._meters, self._queue, self._now, self._tell = path, meters, queue, now, tell
        self._seen: dict[str, tuple[int, int]] = {}

    def look(self) -> int:
        """Take every file that has come to rest; return how many were queued.

        Raises:
            QueueFull: there is no room; the file stays where it is.
        """
        taken, waiting = 0, {}
        for file in sorted(self._path.glob("*.csv")):
            if not file.is_file() or file.is_symlink():
                continue
            facts = file.stat()
            state = (facts.st_size, facts.st_mtime_ns)
            if self._seen.get(file.name) != state:
                waiting[file.name] = state
                continue
            taken += self._take(file, facts.st_size)
        self._seen = waiting
        return taken

    def _take(self, file: Path, size: int) -> int:
        if size > MAX_FILE_BYTES:
            self._refuse(file, {"problem": f"{size} bytes, at most {MAX_FILE_BYTES}: use `lingtan meter import` for files like this"})
            return 0
        with file.open("rb") as stream:
            reading = read_meter_csv(iter(lambda: stream.read(1 << 20), b""), meters=self._meters, now=self._now())
        if reading.sha256 is None or has_errors(reading.findings):
            self._refuse(file, findings_document(reading.findings))
            return 0
        part: list[NewReading] = []
        for each in _readings(reading, self._meters):
            part.append(each)
            if len(part) == READINGS_AT_ONCE:
                self._queue.put(part)
                part.clear()
        self._queue.put(part)
        self._move(file, "done")
        return 1

    def _refuse(self, file: Path, document: Mapping[str, object]) -> None:
        moved = self._move(file, "refused")
        moved.with_name(moved.name + ".findings.json").write_text(json.dumps(document, ensure_ascii=False, indent=2), encoding="utf-8")
        self._tell(f"{file.name} is refused: its findings stand beside it in {moved.parent}")

    def _move(self, file: Path, name: str) -> Path:
        folder = file.parent / name
        folder.mkdir(exist_ok=True)
        target, number = folder / file.name, 1
        while target.exists():
            number += 1
            target = folder / f"{file.stem}.{number}{file.suffix}"
        os.rename(file, target)
        return target


def _readings(reading: CsvReading, meters: Mapping[str, MeterFacts]) -> Iterator[NewReading]:
    for meter, readings in reading.readings.items():
        quantity = meters[meter].quantity.value
        for slot, (value, quality) in readings.to_mapping().items():
            whole, rest = divmod(value, 1000)
            text = f"{whole}.{rest:03d}" if rest else str(whole)
            yield NewReading("interval", quantity, slot * SLOT_SECONDS, text, "Wh", meter, _LETTERS[int(quality)])
