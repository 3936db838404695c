"""Run a command with an external Ethereum node beside it, by URL: anvil, installed from npm into a folder of its own.

LINGTAN_TEST_NODE_URL and LINGTAN_TEST_NODE_CHAIN_ID tell the tests where it is. The node listens on loopback only and is ended by its
process id when the command ends.
"""

from __future__ import annotations

import argparse
import json
import os
import shutil
import socket
import subprocess
import sys
import tempfile
import time
import urllib.request
from pathlib import Path

ANVIL = "@foundry-rs/anvil@1.7.1"
CHAIN_ID = 3306


def main() -> int:
    """Install anvil if it is missing, start it, run the command, end it."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--node-folder", type=Path, default=Path(".state/node"), help="where npm installs the node")
    parser.add_argument("command", nargs=argparse.REMAINDER, help="-- COMMAND ARG …")
    options = parser.parse_args()
    command = [word for word in options.command if word != "--"]
    if not command:
        parser.error("say which command to run after --")
    anvil = _install(options.node_folder.absolute())
    port = _free_port()
    with tempfile.TemporaryDirectory() as home:
        node = subprocess.Popen(
            [
                anvil,
                "--host",
                "127.0.0.1",
                "--port",
                str(port),
                "--chain-id",
                str(CHAIN_ID),
                "--base-fee",
                "0",
                "--gas-price",
                "0",
                "--silent",
            ],
            env={**os.environ, "HOME": home},
        )
        try:
            _wait(port, node)
            environment = {
                **os.environ,
                "LINGTAN_TEST_NODE_URL": f"http://127.0.0.1:{port}",
                "LINGTAN_TEST_NODE_CHAIN_ID": str(CHAIN_ID),
            }
            return subprocess.run(command, env=environment, check=False).returncode
        finally:
            node.terminate()
            node.wait(timeout=20)


def _install(folder: Path) -> str:
    binary = folder / "node_modules" / ".bin" / "anvil"
    if not binary.exists():
        npm = shutil.which("npm")
        if npm is None:
            raise SystemExit("error: npm is missing\nhint: install Node.js 20 or later; only this target needs it")
        folder.mkdir(parents=True, exist_ok=True)
        subprocess.run([npm, "install", "--silent", "--no-save", "--prefix", str(folder), ANVIL], check=True)
    return str(binary)


def _free_port() -> int:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return int(listener.getsockname()[1])


def _wait(port: int, node: subprocess.Popen[bytes]) -> None:
    question = json.dumps({"jsonrpc": "2.0", "id": 1, "method": "eth_chainId", "params": []}).encode()
    for _ in range(100):
        if node.poll() is not None:
            raise SystemExit(f"error: the node ended at once with status {node.returncode}")
        try:
            request = urllib.request.Request(f"http://127.0.0.1:{port}", question, {"Content-Type": "application/json"})
            with urllib.request.urlopen(request, timeout=1) as answer:  # noqa: S310
                if json.load(answer)["result"] == hex(CHAIN_ID):
                    return
        except OSError:
            time.sleep(0.1)
    raise SystemExit("error: the node did not answer within 10 seconds")


if __name__ == "__main__":
    sys.exit(main())
