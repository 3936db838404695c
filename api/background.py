"""What runs beside the server, a thread each: the relay, from the outbox to the chain; the projection, from bodies to meter-days; the
witnessing of the chain's checkpoints; and the drift monitor."""

from __future__ import annotations

import logging
import threading
from abc import ABC, abstractmethod

from ledger.errors import LedgerError
from ledger.services.context import House
from ledger.services.drift import DriftMonitor
from ledger.services.projection import run_projection
from ledger.services.relay import run_relay
from ledger.services.witnessing import Witnessing, run_witnessing

log = logging.getLogger("lingtan.relay")

STOP_SECONDS = 30.0
FIRST_LOOK_SECONDS = 60


class Worker(ABC):
    """One thread that goes on until it is told to stop. Where it fails, /readyz says so."""

    name = "worker"

    def __init__(self) -> None:
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run, name=f"lingtan-{self.name}", daemon=True)

    def start(self) -> None:
        """Start the thread."""
        self._thread.start()

    def stop(self) -> None:
        """Stop after the step that is under way, and wait for it."""
        self._stop.set()
        self._thread.join(STOP_SECONDS)
        if self._thread.is_alive():
            log.error("the %s did not stop within %d seconds", self.name, STOP_SECONDS)

    def alive(self) -> bool:
        """Tell whether the thread still works."""
        return self._thread.is_alive()

    @abstractmethod
    def work(self, stop: threading.Event) -> None:
        """Do what there is to do until `stop` is set."""

    def _run(self) -> None:
        try:
            self.work(self._stop)
        except Exception:
            log.exception("the %s stopped", self.name)


class RelayWorker(Worker):
    """Relays; what is in the outbox stays there where it fails."""

    name = "relay"

    def __init__(self, house: House) -> None:
        super().__init__()
        self._house = house

    def work(self, stop: threading.Event) -> None:
        """Relay until `stop` is set."""
        run_relay(self._house, stop)


class ProjectionWorker(Worker):
    """Derives meter-days behind the acknowledgement of bodies; where it fails, whoever reads meter-days derives them first."""

    name = "projection"

    def __init__(self, house: House) -> None:
        super().__init__()
        self._house = house

    def work(self, stop: threading.Event) -> None:
        """Derive until `stop` is set."""
        run_projection(self._house, stop)


class WitnessWorker(Worker):
    """Shows the chain's checkpoints to its witnesses."""

    name = "witnessing"

    def __init__(self, witnessing: Witnessing) -> None:
        super().__init__()
        self._witnessing = witnessing

    def start(self) -> None:
        """Hear the witnesses once, for a few seconds at most, before anything new is signed; then go on in the thread."""
        try:
            self._witnessing.hear()
        except LedgerError as error:
            log.warning("witnessing: %s: %s", error.code, error)
        super().start()

    def stop(self) -> None:
        """Stop after the step that is under way, and wait for it."""
        super().stop()
        self._witnessing.close()

    def work(self, stop: threading.Event) -> None:
        """Show checkpoints until `stop` is set."""
        run_witnessing(self._witnessing, stop)


class DriftWorker(Worker):
    """Checks the whole house in cycles; what it finds is in its monitor."""

    name = "drift"

    def __init__(self, house: House) -> None:
        super().__init__()
        self.monitor = DriftMonitor(house)
        self._first = min(FIRST_LOOK_SECONDS, house.settings.drift_seconds)

    def work(self, stop: threading.Event) -> None:
        """Check until `stop` is set; the start of the server is left in peace."""
        stop.wait(self._first)
        self.monitor.run(stop)
