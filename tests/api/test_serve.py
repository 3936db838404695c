"""A served house is closed when the process is told to stop."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import urllib.request
from pathlib import Path

import pytest

from tests.api.scene import Account, private_key
from tests.child import started

ROOT = Path(__file__).resolve().parents[2]
PROGRAM = """
import sys
from pathlib import Path
from api.serve import serve
from ledger.config import read_settings
from ledger.services.house import init_house, open_house
import os
settings = read_settings(os.environ, Path(sys.argv[1]))
init_house(settings, sys.argv[2])
house = open_house(settings)
try:
    serve(house, port=int(sys.argv[3]), ready=lambda: print("ready", flush=True))
finally:
    house.close()
    print("closed", flush=True)
"""


@pytest.mark.slow
def test_a_stopped_server_finishes_closes_its_house_and_exits_with_0(tmp_path: Path) -> None:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    environment = {**os.environ, "LINGTAN_PASSPHRASE": "only for this test", "LINGTAN_LIGHT_KEYS": "1"}
    admin = str(Account.from_key(private_key("admin")).address)
    command = [sys.executable, "-c", PROGRAM, str(tmp_path), admin, str(port)]
    with started(command, cwd=ROOT, env=environment, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "ready\n"
        with urllib.request.urlopen(f"http://127.0.0.1:{port}/readyz", timeout=10) as answer:
            assert answer.status == 200
        process.send_signal(signal.SIGTERM)
        rest, _ = process.communicate(timeout=60)
    assert rest == "closed\n"
    assert process.returncode == 0
