"""What the killed server of test_fleet does: it serves a fleet's house until it dies."""

from __future__ import annotations

from scripts.fleet_house import FleetHouse, serve_fleet
from tests.child import Tell


def serve(tell: Tell, house: FleetHouse, port: int, now: int) -> None:
    """Serve on a port, telling when requests are answered."""
    serve_fleet(tell, house, port, now)
