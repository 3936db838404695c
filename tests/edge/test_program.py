"""`lingtan edge` as its users run it: a process with a collector, a folder and a server, ended by SIGTERM, looked at meanwhile."""

from __future__ import annotations

import json
import os
import signal
import socket
import sqlite3
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path

import pytest
from typer.testing import CliRunner

from ledger.cli.app import app
from ledger.edge.collector_report import CollectorValue, Message, Party, write_time
from ledger.edge.config import CollectorSource, LineSource, PolledMeter, read_config
from ledger.edge.dlt645_meter import open_line
from ledger.edge.http_link import HttpLink
from ledger.edge.program import _line_work, next_round, poll_round, readings_of, run_edge
from ledger.edge.queue import Queue
from ledger.edge.sender import Sender
from ledger.metering.device_key_file import make_device_key
from tests.child import started
from tests.edge.queues import NOW, Moment, bodies_of, full_disk, open_queue, register
from tests.edge.simulated_collector import BUILDING, GATEWAY, Collector, report
from tests.edge.simulated_meters import MeterLine, served
from tests.edge.simulated_server import Server, serving

ROOT = Path(__file__).resolve().parents[2]
LIMIT = 120.0


def wait_for(condition: Callable[[], bool]) -> None:
    end = time.monotonic() + LIMIT
    while not condition():
        assert time.monotonic() < end, "it did not come to pass"
        time.sleep(0.05)


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def run(*words: object, code: int = 0) -> str:
    result = CliRunner().invoke(app, [str(word) for word in words], env={"LINGTAN_LANG": "en"})
    assert result.exit_code == code, (words, result.exit_code, result.output)
    return result.stdout


class Site:
    """A folder with an edge's settings, made by `edge init` and then changed."""

    def __init__(self, folder: Path, url: str) -> None:
        self.folder = folder / "edge"
        run("edge", "init", self.folder, "--institution", "bank-a", "--site", "hq", "--device", "gw-hq", "--url", url)
        self.config = self.folder / "edge.toml"
        self.collector_port = free_port()
        make_device_key(self.folder / "device.pem")
        for name, text in (("meter.token", "a-token"), ("tower.login", "a key of the house")):
            (self.folder / name).write_text(text, encoding="ascii")
            (self.folder / name).chmod(0o600)
        with self.config.open("a", encoding="utf-8") as file:
            file.write(f"""
[[collector]]
name = "tower"
listen = "127.0.0.1:{self.collector_port}"
[[collector.gateways]]
building = "{BUILDING}"
gateway = "{GATEWAY}"
login_key_file = "tower.login"
meters = [{{id = "001", function = "WPP", meter = "em-lift", quantity = "el.import"}}]
""")

    def status(self, code: int = 0) -> dict[str, object]:
        document = json.loads(run("edge", "status", "--config", self.config, "--json", code=code))
        assert isinstance(document, dict)
        return document

    def acknowledged(self) -> int:
        return sum(state == 1 for _, _, state in bodies_of(self.folder / "queue.sqlite"))


@pytest.mark.slow
def test_an_edge_takes_reports_and_files_sends_them_and_ends_whole_on_sigterm(tmp_path: Path) -> None:
    now = int(time.time()) // 900 * 900
    refusal = (422, {"code": "telemetry.refused", "detail": "a meter is missing", "findings": [{"code": "METER_UNKNOWN"}]})
    with serving(Server(moods=[refusal])) as server:
        site = Site(tmp_path, server.url)
        words = [sys.executable, "-m", "ledger.cli", "edge", "run", "--config", str(site.config)]
        environment = {name: value for name, value in os.environ.items() if not name.startswith("LINGTAN_")}
        with started(words, cwd=ROOT, env=environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as process:
            assert process.stderr is not None
            assert "gw-hq runs" in process.stderr.readline()
            collector = Collector(site.collector_port, b"a key of the house")
            collector.connect()
            assert collector.log_in() == "pass"
            assert collector.send(report({("001", "WPP"): "000100.50", ("009", "WPP"): "1"}, write_time(now - 900))) == "OK"
            wait_for(lambda: len(server.received) == 1)
            assert collector.send(report({("001", "WPP"): "101"}, write_time(now), "2")) == "OK"
            # After an outage a collector sends again what it is not sure of.
            assert collector.send(report({("001", "WPP"): "101"}, write_time(now), "2", operation="continuous")) == "OK"
            (site.folder / "inbox" / "day.csv").write_text("meter,timestamp,kWh\nem-1,2025-03-01T00:00:00Z,1.5\n", encoding="ascii")
            wait_for(lambda: site.acknowledged() == 2)
            status = site.status(code=1)
            assert run("edge", "retry", "--config", site.config, "--json") == '{\n  "waiting_again": 1\n}\n'
            wait_for(lambda: site.acknowledged() == 3)
            again = subprocess.run(words, cwd=ROOT, env=environment, capture_output=True, text=True, timeout=LIMIT, check=False)
            process.send_signal(signal.SIGTERM)
            _, said = process.communicate(timeout=LIMIT)
        assert process.returncode == 0, said
    assert again.returncode == 13
    assert "another process runs on" in again.stderr
    assert (status["waiting"], status["last_seq"], [item["status"] for item in status["aside"]]) == (0, 3, [422])  # type: ignore[attr-defined]
    assert "METER_UNKNOWN: 330500A001/01/009/WPP" in said
    readings = [reading for body in server.kept.values() for reading in json.loads(body)["readings"]]
    assert sorted((reading["m"], reading["v"]) for reading in readings) == [("em-1", "1500"), ("em-lift", "100.50"), ("em-lift", "101")]
    assert site.status()["contiguous"] == 3


def test_the_status_is_shown_to_people_too(tmp_path: Path) -> None:
    site = Site(tmp_path, "https://ledger.example")
    run("edge", "status", "--config", site.config, code=12)
    queue = Queue(site.folder / "queue.sqlite", device="gw-hq", key=make_device_key(tmp_path / "k"), new_boot=lambda: "b", now_ms=Moment())
    queue.put([register(1)])
    queue.set_aside(1, 422, {"code": "telemetry.refused", "detail": "METER_UNKNOWN"})
    queue.note_source("tower", "COLLECTOR_ERROR at meter 1")
    text = run("edge", "status", "--config", site.config, code=1)
    for word in ("gw-hq", "bodies waiting", "telemetry.refused", "METER_UNKNOWN", "COLLECTOR_ERROR at meter 1"):
        assert word in text


def test_init_writes_settings_that_are_read_and_overwrites_nothing(tmp_path: Path) -> None:
    site = Site(tmp_path, "https://ledger.example")
    before = site.config.read_bytes()
    run("edge", "init", site.folder, "--institution", "bank-b", "--site", "hq", "--device", "gw-hq", code=13)
    assert site.config.read_bytes() == before
    assert site.config.stat().st_mode & 0o077 == 0
    run("edge", "init", tmp_path / "x", "--institution", 'a"b', "--site", "hq", "--device", "gw-hq", code=2)


def test_a_settings_file_with_faults_is_named_before_anything_starts(tmp_path: Path) -> None:
    site = Site(tmp_path, "https://ledger.example")
    site.config.write_text("[device]\n", encoding="ascii")
    result = CliRunner().invoke(app, ["edge", "run", "--config", str(site.config)])
    assert result.exit_code == 2
    assert "device.institution is missing" in result.stderr
    assert not (site.folder / "queue.sqlite").exists()


def test_a_part_that_fails_ends_the_whole_and_is_told(tmp_path: Path) -> None:
    site = Site(tmp_path, "https://127.0.0.1:1")

    def break_it() -> None:
        with sqlite3.connect(site.folder / "queue.sqlite") as db:
            db.execute("DROP TABLE bodies")

    with pytest.raises(sqlite3.OperationalError, match="no such table"):
        run_edge(read_config(site.config), threading.Event(), lambda _: None, break_it)


def test_lines_are_polled_at_whole_quarter_hours() -> None:
    assert next_round(NOW, 15) == NOW + 900
    assert next_round(NOW + 899, 15) == NOW + 900
    assert next_round(NOW + 1, 60) == NOW + 3600


FIRST, SECOND = "000000000001", "000000000002"
LINE = LineSource(
    "riser", "", 15, (PolledMeter(FIRST, "00010000", "em-1", "el.import"), PolledMeter(SECOND, "00020000", "em-2", "el.export"))
)


@pytest.mark.parametrize(("late", "told"), [(0, NOW), (30, NOW), (31, NOW + 31), (-1, NOW - 1)])
def test_a_register_read_within_half_a_minute_is_of_the_quarter_hour(late: int, told: int) -> None:
    with served(MeterLine({(FIRST, "00010000"): 12345678, (SECOND, "00020000"): 5})) as line:
        readings, troubles = poll_round(LINE, open_line(line.url), NOW, lambda: NOW + late)
    assert troubles == []
    assert [(each.meter, each.quantity, each.at, each.value) for each in readings] == [
        ("em-1", "el.import", told, "123456.78"), ("em-2", "el.export", told, "0.05"),
    ]  # fmt: skip


def test_a_meter_that_fails_does_not_keep_the_others_from_being_read() -> None:
    with served(MeterLine({(FIRST, "00000000"): 1, (SECOND, "00020000"): 5})) as line:
        readings, troubles = poll_round(LINE, open_line(line.url), NOW, lambda: NOW)
    assert [each.meter for each in readings] == ["em-2"]
    assert troubles[0].startswith("em-1: METER_ERROR")


@pytest.mark.parametrize(("told", "sent"), [("000.50", "0.50"), ("0", "0"), ("000", "0"), ("0012", "12"), ("7.5", "7.5")])
def test_leading_zeros_of_a_collector_are_taken_away(told: str, sent: str) -> None:
    party = Party(BUILDING, GATEWAY)
    source = CollectorSource("tower", "", 0, (), {(party, "001", "WPP"): ("em-1", "el.import")})
    readings, unknown = readings_of(source, Message(party, "report", values=(CollectorValue("001", "WPP", NOW, told),)))
    assert ([each.value for each in readings], unknown) == ([sent], [])


class Told:
    """Takes what is told, and ends what runs when there is enough of it."""

    def __init__(self, stop: threading.Event, count: int) -> None:
        self.texts: list[str] = []
        self._stop, self._count = stop, count

    def __call__(self, text: str) -> None:
        self.texts.append(text)
        if len(self.texts) >= self._count:
            self._stop.set()


def test_a_full_disk_does_not_end_a_line(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    queue = open_queue(tmp_path / "queue.sqlite", Moment(int(time.time())))
    stop = threading.Event()
    told = Told(stop, 4)
    # A quarter-hour comes every fifth of a second here.
    monkeypatch.setattr("ledger.edge.program.next_round", lambda *_: time.time() + 0.2)
    with served(MeterLine({(FIRST, "00010000"): 1, (SECOND, "00020000"): 5})) as line, full_disk(queue):
        source = LineSource(LINE.name, line.url, 15, LINE.meters)
        sender = Sender(queue, HttpLink("http://127.0.0.1:1", "t", now_ms=Moment()), now_ms=Moment(), uniform=lambda least, most: most)
        _line_work(source, queue, sender, stop, told)()
    assert len(told.texts) == 4
    assert sum("its trouble cannot be noted" in text for text in told.texts) == 2
    assert all("QUEUE_FULL" in text for text in told.texts)


def test_readings_of_a_revoked_key_are_signed_anew_by_command(tmp_path: Path) -> None:
    site = Site(tmp_path, "https://ledger.example")
    queue = Queue(site.folder / "queue.sqlite", device="gw-hq", key=make_device_key(tmp_path / "k"), new_boot=lambda: "b", now_ms=Moment())
    queue.put([register(1)])
    queue.set_aside(1, 403, {"code": "signature.refused", "errors": [{"code": "KEY_REVOKED"}]})
    assert run("edge", "resign", "--config", site.config, "--json") == '{\n  "signed_anew": 1\n}\n'
    assert run("edge", "resign", "--config", site.config, "--json") == '{\n  "signed_anew": 0\n}\n'
    status = site.status()
    assert (status["waiting"], status["replaced"], status["last_seq"], status["aside"]) == (1, 1, 2, [])
