"""Two witnesses of the demo, each a process of its own with its own key and state, as a regulator and an auditors' house would run one."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, replace
from pathlib import Path

from ledger.chain.deployment import Deployment
from ledger.config import Settings, WitnessSetting
from ledger.errors import ConfigurationError
from ledger.records.signed_note import COSIGNATURE, NoteKey
from ledger.services.house import read_log_vkey
from ledger.witness.keyfile import make_key, read_key

START_SECONDS = 30.0
STOP_SECONDS = 10.0


@dataclass(frozen=True)
class Place:
    """Where a witness of the demo lives: its name, and the folder of its key and state."""

    name: str
    folder: Path


def places(data: Path) -> tuple[Place, ...]:
    """Return the two witnesses of the demo in `data`."""
    return Place("regulator.example/witness", data / "witness-regulator"), Place("auditors.example/witness", data / "witness-auditors")


@contextmanager
def witnessed(settings: Settings, deployment: Deployment, data: Path) -> Iterator[Settings]:
    """Run the witnesses while the block runs; yield the settings of a server that asks them.

    Raises:
        ConfigurationError: a witness did not start.
    """
    log = read_log_vkey(settings, deployment)
    with ExitStack() as running:
        found = tuple(running.enter_context(_running(place, log)) for place in places(data))
        yield replace(settings, witnesses=found, witness_quorum=len(found))


@contextmanager
def _running(place: Place, log: str) -> Iterator[WitnessSetting]:
    place.folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    key = place.folder / "witness.pem"
    vkey = _vkey(place, key)
    port = _free_port()
    words = [sys.executable, "-m", "ledger.cli", "witness", "run", "--state", str(place.folder), "--key", str(key)]
    with open(place.folder / "witness.log", "ab") as output:
        process = subprocess.Popen(
            [*words, "--log", log, "--listen", f"127.0.0.1:{port}"],
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=output,
            env=_environment(),
        )
    try:
        _await(place, process, port)
        yield WitnessSetting(vkey, f"http://127.0.0.1:{port}")
    finally:
        process.terminate()
        try:
            process.wait(STOP_SECONDS)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def _vkey(place: Place, key: Path) -> str:
    """Return the witness's vkey line; its key is made where there is none."""
    if not key.exists():
        return make_key(key, place.name)
    name, private = read_key(key)
    return NoteKey(name, COSIGNATURE, private.public_key().public_bytes_raw()).vkey


def _environment() -> dict[str, str]:
    """Return this process's environment without the server's secrets: a witness needs none of them."""
    return {name: value for name, value in os.environ.items() if not name.startswith("LINGTAN_")}


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def _await(place: Place, process: subprocess.Popen[bytes], port: int) -> None:
    end = time.monotonic() + START_SECONDS
    while True:
        try:
            socket.create_connection(("127.0.0.1", port), timeout=1).close()
            return
        except OSError:
            if process.poll() is not None or time.monotonic() > end:
                raise ConfigurationError(f"{place.name} did not start", hint=f"see {place.folder / 'witness.log'}") from None
            time.sleep(0.05)
