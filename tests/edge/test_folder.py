"""CSV files in a watched folder: taken once they rest, refused with their findings, never sent twice."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from ledger.edge.folder import MAX_FILE_BYTES, WatchedFolder
from ledger.edge.queue import Queue, QueueFull
from ledger.metering.csv_line import MeterFacts
from ledger.records.meter_record import Quantity
from tests.edge.queues import NOW, bodies_of, check_chain, open_queue

METERS = {"em-1": MeterFacts("em-1"), "pv-1": MeterFacts("pv-1", Quantity.PV_GENERATION)}
GOOD = "meter,timestamp,kWh\nem-1,2026-11-21T00:00:00Z,1.25\npv-1,2026-11-21T00:15:00Z,0.000001\n"


class Inbox:
    def __init__(self, tmp_path: Path, **limits: int) -> None:
        self.path = tmp_path / "inbox"
        self.path.mkdir()
        self.file = tmp_path / "queue.sqlite"
        self.queue: Queue = open_queue(self.file, **limits)
        self.told: list[str] = []
        self.folder = WatchedFolder(self.path, METERS, self.queue, now=lambda: NOW, tell=self.told.append)

    def put(self, name: str, text: str) -> Path:
        file = self.path / name
        file.write_text(text, encoding="utf-8")
        return file

    def names(self, folder: str = ".") -> list[str]:
        return sorted(file.name for file in (self.path / folder).iterdir() if file.is_file())


@pytest.fixture
def inbox(tmp_path: Path) -> Inbox:
    return Inbox(tmp_path)


def test_a_file_is_taken_when_it_rests_and_goes_to_done(inbox: Inbox) -> None:
    inbox.put("a.csv", GOOD)
    assert inbox.folder.look() == 0
    assert inbox.folder.look() == 1
    assert (inbox.names(), inbox.names("done")) == ([], ["a.csv"])
    readings = check_chain(bodies_of(inbox.file))[0]["readings"]
    assert [(each["m"], each["q"], each["t"], each["v"], each["u"]) for each in readings] == [
        ("em-1", "el.import", "2026-11-21T00:00:00Z", "1250", "Wh"),
        ("pv-1", "pv.generation", "2026-11-21T00:15:00Z", "0.001", "Wh"),
    ]


def test_a_file_that_is_still_written_is_left_alone(inbox: Inbox) -> None:
    file = inbox.put("a.csv", GOOD[:40])
    inbox.folder.look()
    file.write_text(GOOD, encoding="utf-8")
    assert inbox.folder.look() == 0
    assert inbox.folder.look() == 1


def test_a_bad_file_is_refused_whole_with_its_findings_beside_it(inbox: Inbox) -> None:
    inbox.put("bad.csv", GOOD + "em-9,2026-11-21T00:00:00Z,1\n")
    inbox.folder.look()
    assert inbox.folder.look() == 0
    assert inbox.names("refused") == ["bad.csv", "bad.csv.findings.json"]
    findings = json.loads((inbox.path / "refused" / "bad.csv.findings.json").read_text(encoding="utf-8"))
    assert [item["code"] for item in findings["items"]] == ["METER_UNKNOWN"]
    assert bodies_of(inbox.file) == []
    assert "bad.csv is refused" in inbox.told[0]


def test_the_same_file_again_is_not_sent_again_and_overwrites_nothing(inbox: Inbox) -> None:
    for name in ("a.csv", "a.csv"):
        inbox.put(name, GOOD)
        inbox.folder.look()
        inbox.folder.look()
    assert len(bodies_of(inbox.file)) == 1
    assert inbox.names("done") == ["a.2.csv", "a.csv"]


def test_with_a_full_queue_the_file_stays(tmp_path: Path) -> None:
    inbox = Inbox(tmp_path, bytes=10)
    inbox.put("a.csv", GOOD)
    inbox.folder.look()
    with pytest.raises(QueueFull):
        inbox.folder.look()
    assert inbox.names() == ["a.csv"]
    assert bodies_of(inbox.file) == []


def test_a_day_of_many_meters_becomes_bodies_of_a_thousand(tmp_path: Path) -> None:
    inbox = Inbox(tmp_path)
    rows = [f"em-1,2026-11-{day:02d}T{slot // 4:02d}:{slot % 4 * 15:02d}:00Z,1.5" for day in range(1, 21) for slot in range(96)]
    inbox.put("a.csv", "\n".join(["meter,timestamp,kWh", *rows]))
    inbox.folder.look()
    inbox.folder.look()
    assert [len(document["readings"]) for document in check_chain(bodies_of(inbox.file))] == [1000, 920]


def test_other_files_links_and_giants_are_not_read(inbox: Inbox, tmp_path: Path) -> None:
    inbox.put("notes.txt", "hello")
    (tmp_path / "elsewhere.csv").write_text(GOOD, encoding="utf-8")
    (inbox.path / "link.csv").symlink_to(tmp_path / "elsewhere.csv")
    with (inbox.path / "giant.csv").open("wb") as file:
        file.truncate(MAX_FILE_BYTES + 1)
    inbox.folder.look()
    assert inbox.folder.look() == 0
    assert inbox.names() == ["link.csv", "notes.txt"]
    assert "giant.csv" in inbox.names("refused")
    assert bodies_of(inbox.file) == []
