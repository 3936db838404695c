"""The relay as a thread of this process: signed messages go from the outbox to the chain while the server runs."""

from __future__ import annotations

import logging
import threading

from ledger.services.house import House
from ledger.services.relay import run_relay

log = logging.getLogger("lingtan.relay")

STOP_SECONDS = 30.0


class RelayWorker:
    """One thread that relays until it is told to stop. Where it fails, /readyz says so; what is in the outbox stays there."""

    def __init__(self, house: House) -> None:
        self._house = house
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run, name="lingtan-relay", daemon=True)

    def start(self) -> None:
        """Start relaying."""
        self._thread.start()

    def stop(self) -> None:
        """Stop after the step that is under way, and wait for it."""
        self._stop.set()
        self._thread.join(STOP_SECONDS)
        if self._thread.is_alive():
            log.error("the relay did not stop within %d seconds", STOP_SECONDS)

    def alive(self) -> bool:
        """Tell whether the thread still relays."""
        return self._thread.is_alive()

    def _run(self) -> None:
        try:
            run_relay(self._house, self._stop)
        except Exception:
            log.exception("the relay stopped")
