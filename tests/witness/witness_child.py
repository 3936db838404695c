"""The witness that is killed: it serves, and dies at a step of what it does with the disk or the answer."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any

from ledger.clock import FixedClock
from ledger.witness.server import WitnessServer
from ledger.witness.state import WitnessState
from tests.chain.crash import Fuse, kill_process
from tests.child import Tell
from tests.witness.logs import NOW, open_witness


class Counted:
    """A connection whose every statement, and whose closing, is a step before and after."""

    def __init__(self, connection: sqlite3.Connection, fuse: Fuse) -> None:
        self._connection, self._fuse = connection, fuse

    def execute(self, sql: str, values: Any = ()) -> Any:
        self._fuse.count()
        result = self._connection.execute(sql, values)
        self._fuse.count()
        return result

    def close(self) -> None:
        self._fuse.count()
        self._connection.close()
        self._fuse.count()


def serve_and_die(tell: Tell, folder: Path, step: int) -> None:
    """Serve a witness whose state is in `folder`, tell the port, and die at `step` of the requests; tell the steps of each that lived."""
    witness = open_witness(folder, FixedClock(NOW))
    fuse = Fuse(step, kill_process)
    connect, answer = WitnessState._connect, witness.add_checkpoint

    @contextmanager
    def counted_connection(state: WitnessState) -> Iterator[Any]:
        with closing(Counted(connect(state), fuse)) as connection:
            connection.execute("PRAGMA synchronous = FULL")
            yield connection

    def counted_answer(body: bytes) -> Any:
        fuse.count()
        reply = answer(body)
        fuse.count()
        tell(str(fuse.burnt))
        return reply

    WitnessState._connection = counted_connection  # type: ignore[assignment,method-assign]
    witness.add_checkpoint = counted_answer  # type: ignore[method-assign]
    server = WitnessServer(("127.0.0.1", 0), witness)
    tell(str(server.server_address[1]))
    server.serve_forever(poll_interval=0.02)


def serve_until_killed(tell: Tell, folder: Path) -> None:
    """Serve a witness as it is, tell the port, and go on until the end comes."""
    server = WitnessServer(("127.0.0.1", 0), open_witness(folder, FixedClock(NOW)))
    tell(str(server.server_address[1]))
    server.serve_forever(poll_interval=0.02)
