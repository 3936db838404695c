"""P3: durable signed ingest on one core, against an endpoint that takes one record a request. Goals: 150 and 4,000 times its readings/s.

Three servers on core 0, one asked at a time: ours with bodies of one meter-day (96 readings) and of 104 meter-days (9,984), and FastAPI
with SQLModel, one record and one commit a request (p3_baseline.py). The sender sits on core 1 with 8 connections; bodies are signed
beforehand, every signature is verified, every answer comes after a commit with synchronous=FULL. Meter-days are derived behind the
acknowledgement: not within these seconds, and timed on their own.

The goals are held to by CPU time: (readings acknowledged ÷ CPU seconds, user and system, of our server's process) ÷ (records acknowledged ÷
CPU seconds of the baseline's process), each pair from one turn, the median of the turns. By the wall's clock the core's other users are
measured too, and they change between the two halves of a pair. What CPU time leaves out is waiting for the disk, once for a group of our
bodies and once for every record of the baseline: leaving it out does not favour us. The ratio by the wall's clock is written beside it,
and is the one to read on a machine that does nothing else. The kernel counts in ticks of 10 ms: a turn should use twenty or more.
Run: `python -m bench.p3_ingest [--repeats 5] [--small 600] [--large 60] [--records 600]`.
"""

from __future__ import annotations

import argparse
import http.client
import json
import multiprocessing
import os
import statistics
import tempfile
import threading
import time
from collections.abc import Callable
from multiprocessing.connection import Connection
from pathlib import Path

import numpy as np

from bench.measure import write_result
from bench.p3_baseline import serve_baseline
from ledger.services.projection import bring_house_up_to_date
from scripts.fleet import Server
from scripts.fleet_house import FleetGateway, FleetHouse, Sender, found_house, free_port, made_up_day

GOALS = {"96": 150, "9984": 4000, "envelope_96": 150}
CONNECTIONS, METERS, DAY = 8, 104, 19_000
SERVER_CORE, CLIENT_CORE = (0,), (1,)
NOW = 21_000 * 86_400


class Bodies:
    """Signed bodies of eight gateways, made as they are needed and never twice."""

    def __init__(self) -> None:
        self.gateways = [FleetGateway(f"GW-{at}", tuple(f"M-{at}-{number:03d}" for number in range(METERS))) for at in range(CONNECTIONS)]
        self._day = DAY
        self._generator = np.random.default_rng(3)

    def make(self, count: int, meters: int, *, envelopes: bool = False) -> list[list[bytes]]:
        """Return `count` bodies of `meters` meter-days each, by connection."""
        made: list[list[bytes]] = [[] for _ in self.gateways]
        for at in range(count):
            gateway = self.gateways[at % CONNECTIONS]
            if at % CONNECTIONS == 0:
                self._day += 1
            days = [made_up_day(meter, self._day, self._generator) for meter in gateway.meters[:meters]]
            made[at % CONNECTIONS].append(gateway.envelope(days[0], NOW) if envelopes else gateway.batch(days, NOW))
        return made


def timed(work: Callable[[int], None]) -> float:
    """Run `work(connection)` in as many threads as there are connections; return the seconds until all are done."""
    failed: list[BaseException] = []

    def run(at: int) -> None:
        try:
            work(at)
        except BaseException as error:
            failed.append(error)

    threads = [threading.Thread(target=run, args=(at,)) for at in range(CONNECTIONS)]
    begin = time.perf_counter()
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    seconds = time.perf_counter() - begin
    if failed:
        raise failed[0]
    return seconds


def cpu_seconds(pid: int | None) -> float:
    """Return the CPU seconds that a process has used."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def send_bodies(port: int, token: str, bodies: list[list[bytes]]) -> float:
    """Return the seconds in which all of them were acknowledged."""
    senders = [Sender(port, token) for _ in range(CONNECTIONS)]

    def work(at: int) -> None:
        for body in bodies[at]:
            status, answer = senders[at].send(body)
            assert status == 201, answer

    seconds = timed(work)
    for sender in senders:
        sender.close()
    return seconds


def send_records(port: int, count: int, start: int) -> float:
    """Return the seconds in which the baseline acknowledged as many records."""
    connections = [http.client.HTTPConnection("127.0.0.1", port, timeout=60) for _ in range(CONNECTIONS)]

    def work(at: int) -> None:
        for number in range(start + at, start + count, CONNECTIONS):
            body = json.dumps({"meter": "M-1", "timestamp": 900 * number, "value": 1000 + number, "quality": 1})
            connections[at].request("POST", "/readings", body, {"Content-Type": "application/json"})
            answer = connections[at].getresponse()
            assert answer.status == 201, answer.read()
            answer.read()

    seconds = timed(work)
    for connection in connections:
        connection.close()
    return seconds


def _serve_baseline(out: Connection, file: Path, port: int) -> None:
    serve_baseline(out.send, file, port, SERVER_CORE)


def derive(house: FleetHouse) -> float:
    """Return the readings/s at which meter-days are derived of all that was taken, on the server's core."""
    opened = house.open()
    try:
        begin = time.process_time()
        bring_house_up_to_date(opened)
        return time.process_time() - begin
    finally:
        opened.close()


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--repeats", type=int, default=5)
    parser.add_argument("--small", type=int, default=600)
    parser.add_argument("--large", type=int, default=60)
    parser.add_argument("--records", type=int, default=600)
    options = parser.parse_args()
    os.sched_setaffinity(0, CLIENT_CORE)
    bodies, rates = Bodies(), {name: list[tuple[float, float]]() for name in ("record", "96", "9984", "envelope_96")}
    sizes: dict[str, int] = {}
    with tempfile.TemporaryDirectory() as folder:
        house = found_house(Path(folder), bodies.gateways, NOW)
        context, port = multiprocessing.get_context("spawn"), free_port()
        said, out = context.Pipe(duplex=False)
        baseline = context.Process(target=_serve_baseline, args=(out, Path(folder) / "baseline.sqlite", port), daemon=True)
        baseline.start()
        readings = 0
        with Server(house, NOW, cores=SERVER_CORE, derive=False) as server:
            assert said.poll(60)
            # The first turn is not counted: it fills caches and pages.
            for turn in range(options.repeats + 1):
                kinds = [
                    ("96", options.small, 1, False),
                    ("9984", options.large, METERS, False),
                    ("envelope_96", options.small // 2, 1, True),
                ]
                for name, count, meters, envelopes in kinds if turn % 2 else reversed(kinds):
                    made = bodies.make(count, meters, envelopes=envelopes)
                    sizes[name] = len(made[0][0])
                    cpu = cpu_seconds(server.pid)
                    seconds = send_bodies(server.port, house.token, made)
                    taken = 96 * count * meters
                    readings += taken
                    if turn:
                        rates[name].append((taken / (cpu_seconds(server.pid) - cpu), taken / seconds))
                cpu = cpu_seconds(baseline.pid)
                seconds = send_records(port, options.records, turn * options.records)
                if turn:
                    rates["record"].append((options.records / (cpu_seconds(baseline.pid) - cpu), options.records / seconds))
        baseline.kill()
        derived = readings / derive(house)
    outcome: dict[str, object] = {
        "what": "readings acknowledged per CPU second of the server, signed bodies ÷ FastAPI + SQLModel with one record a request",
        "clock": "CPU seconds (user and system) of each server's process; ratio_by_wall_clock counts the core's other users too",
        "goal": "at least 150 for 96 readings a body, batch or envelope, 4,000 for 9,984",
        "repeats": options.repeats,
        "baseline_readings_per_cpu_s": round(statistics.median(cpu for cpu, _ in rates["record"])),
        "baseline_readings_per_s": round(statistics.median(wall for _, wall in rates["record"])),
        "derivation_readings_per_cpu_s": round(derived),
    }
    medians = {}
    for name in GOALS:
        pairs = list(zip(rates[name], rates["record"], strict=True))
        by_cpu, by_wall = (sorted(ours[clock] / base[clock] for ours, base in pairs) for clock in (0, 1))
        medians[name] = statistics.median(by_cpu), statistics.median(by_wall)
        outcome[name] = {
            "ratio": round(medians[name][0]),
            "ratio_range": [round(by_cpu[0]), round(by_cpu[-1])],
            "ratio_by_wall_clock": round(medians[name][1]),
            "readings_per_cpu_s": round(statistics.median(cpu for cpu, _ in rates[name])),
            "readings_per_s": round(statistics.median(wall for _, wall in rates[name])),
            "body_bytes": sizes[name],
        }
    write_result("p3", outcome)
    for name, goal in GOALS.items():
        by_cpu_time, by_clock = medians[name]
        print(
            f"P3 {name}: {by_cpu_time:,.0f} times by CPU time of the servers (goal: at least {goal:,}), {by_clock:,.0f} by the wall's clock"
        )


if __name__ == "__main__":
    main()
