"""A fleet through a real server process: every acknowledgement is matched by stored readings, also when the server is killed in between."""

from __future__ import annotations

import hashlib
import http.client
import threading
from pathlib import Path

import pytest

from ledger.metering.meter_day import MeterDay
from scripts.fleet import FIRST_DAY, check_stored, count_stored, make_bodies, make_gateways, send_all
from scripts.fleet_house import FleetGateway, FleetHouse, Sender, found_house, free_port
from tests.child import Child, run_together
from tests.whole import intake_child

NOW = (FIRST_DAY + 40) * 86_400


def test_every_reading_of_a_fleet_is_stored_as_it_was_sent(tmp_path: Path) -> None:
    gateways, sent = make_gateways(50, 5), dict[tuple[str, int], MeterDay]()
    house = found_house(tmp_path, gateways, NOW)
    bodies = [make_bodies(gateway, 3, "both", sent) for gateway in gateways]
    port = free_port()
    server = Child(intake_child.serve, house, port, NOW)
    assert server.read() == "ready"
    assert send_all(port, house.token, bodies) == sum(map(len, bodies))
    again = Sender(port, house.token)
    status, answer = again.send(bodies[0][0])
    assert (status, answer["duplicate"], answer["contiguous"], answer["missing"]) == (200, True, len(bodies[0]), [])
    again.close()
    server.kill()
    server.wait()
    assert count_stored(house, sent, 3) == 50 * 3 * 96
    assert check_stored(house) == []


@pytest.mark.slow
def test_a_server_killed_in_mid_batch_loses_nothing_it_acknowledged_and_counts_nothing_twice(tmp_path: Path) -> None:
    gateways, sent = make_gateways(24, 6), dict[tuple[str, int], MeterDay]()
    house = found_house(tmp_path, gateways, NOW)
    bodies = {gateway.id: make_bodies(gateway, 30, "both", sent) for gateway in gateways}
    acknowledged: set[tuple[str, int]] = set()
    for kill_after in (40, 60, 25):
        send_until_killed(house, gateways, bodies, acknowledged, kill_after)
        check_acknowledged(house, bodies, acknowledged)
    port = free_port()
    server = Child(intake_child.serve, house, port, NOW)
    assert server.read() == "ready"
    sender = Sender(port, house.token)
    duplicates = 0
    for gateway in gateways:
        for at, body in enumerate(bodies[gateway.id]):
            status, answer = sender.send(body)
            assert status in (200, 201), answer
            assert status == 200 or (gateway.id, at) not in acknowledged, "what was acknowledged is there"
            duplicates += status == 200
        assert (answer["contiguous"], answer["missing"]) == (len(bodies[gateway.id]), [])
    sender.close()
    server.kill()
    server.wait()
    assert duplicates >= len(acknowledged) > 100
    assert count_stored(house, sent, 30) == 24 * 30 * 96
    assert check_stored(house) == []


def send_until_killed(
    house: FleetHouse, gateways: list[FleetGateway], bodies: dict[str, list[bytes]], acknowledged: set[tuple[str, int]], kill_after: int
) -> None:
    """Send what is not acknowledged yet from all gateways at once, and kill the server when so many more are."""
    port, wanted = free_port(), len(acknowledged) + kill_after
    server = Child(intake_child.serve, house, port, NOW)
    assert server.read() == "ready"

    def work(gateway: FleetGateway) -> None:
        try:
            sender = Sender(port, house.token)
            for at, body in enumerate(bodies[gateway.id]):
                if (gateway.id, at) in acknowledged:
                    continue
                status, answer = sender.send(body)
                assert status in (200, 201), answer
                acknowledged.add((gateway.id, at))
                if len(acknowledged) >= wanted:
                    server.kill()
        except (OSError, http.client.HTTPException):
            return  # the server is dead: what was under way is not acknowledged

    run_together([threading.Thread(target=work, args=(gateway,)) for gateway in gateways])
    server.kill()
    server.wait()
    assert len(acknowledged) >= wanted


def check_acknowledged(house: FleetHouse, bodies: dict[str, list[bytes]], acknowledged: set[tuple[str, int]]) -> None:
    """See that every acknowledged body stands in the log exactly once, byte for byte, and no body twice."""
    opened = house.open()
    try:
        with opened.database.connection() as connection:
            stored = connection.exec_driver_sql("SELECT sha256 FROM telemetry_body").scalars().all()
    finally:
        opened.close()
    assert len(stored) == len(set(stored))
    sent = {hashlib.sha256(bodies[gateway][at]).hexdigest() for gateway, at in acknowledged}
    assert sent <= set(stored)
