"""The listener in a process of its own, to be killed in mid-stream."""

from __future__ import annotations

import random
import time
from pathlib import Path

from ledger.edge.http_link import HttpLink
from ledger.edge.listener import Listener
from ledger.edge.mqtt_link import read_broker
from tests.child import Tell


def listen(tell: Tell, broker: str, certificates: Path, url: str, token: str, institution: str, name: str) -> None:
    """Listen until killed; tell when it is ready, and then how many bodies were taken, about every tenth of a second."""
    files = {
        "ca": certificates / "authority.crt",
        "certificate": certificates / "lingtan-listener.crt",
        "key": certificates / "lingtan-listener.key",
    }
    server = HttpLink(url, token, now_ms=lambda: time.time_ns() // 1_000_000)
    listener = Listener(read_broker(broker, **files), server, institution=institution, name=name, uniform=random.uniform)
    listener.start()
    if not listener.wait_ready(30):
        tell("not ready")
        return
    tell("ready")
    taken = 0
    while True:
        time.sleep(0.1)
        if listener.taken != taken:
            taken = listener.taken
            tell(str(taken))
