"""Run a command with a private PostgreSQL 15 beside it: `python -m scripts.with_postgres pytest tests/store`.

Starts a fresh cluster of Debian's PostgreSQL in a temporary folder on a free loopback port, sets LINGTAN_TEST_POSTGRES_URL for the
command, and stops and deletes the cluster afterwards. Installs nothing. PostgreSQL refuses to run as root: root runs it as `postgres`.
"""

from __future__ import annotations

import os
import pwd
import shutil
import socket
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from scripts.beside import run_beside

VERSION = 15
BINARIES = Path(f"/usr/lib/postgresql/{VERSION}/bin")
ACCOUNT = "postgres"


def find_missing() -> str | None:
    """Return what is missing on this machine, with the Debian package that brings it; None when all is there."""
    for name in ("initdb", "pg_ctl", "postgres"):
        if not (BINARIES / name).exists():
            return f"{BINARIES / name} is missing: install the Debian package postgresql-{VERSION}"
    if os.geteuid() == 0:
        if shutil.which("runuser") is None:
            return "runuser is missing: install the Debian package util-linux"
        try:
            pwd.getpwnam(ACCOUNT)
        except KeyError:
            return f"there is no account {ACCOUNT}: install the Debian package postgresql-common, or do not run as root"
    return None


def _as_server(*command: str) -> list[str]:
    return ["runuser", "-u", ACCOUNT, "--", *command] if os.geteuid() == 0 else list(command)


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@contextmanager
def cluster() -> Iterator[str]:
    """Yield the URL of a fresh cluster's database; the cluster is stopped and deleted at the end."""
    folder = Path(tempfile.mkdtemp(prefix="lingtan-postgres-"))
    try:
        if os.geteuid() == 0:
            account = pwd.getpwnam(ACCOUNT)
            os.chown(folder, account.pw_uid, account.pw_gid)
        data, log, port = folder / "data", folder / "log", _free_port()
        # A throw-away cluster need not survive a power cut: fsync off halves the time of the tests.
        options = f"-p {port} -h 127.0.0.1 -k {folder} -c fsync=off"
        subprocess.run(
            _as_server(str(BINARIES / "initdb"), "-D", str(data), "-U", ACCOUNT, "-A", "trust", "-E", "UTF8", "--locale=C.UTF-8", "-N"),
            check=True,
            stdout=subprocess.DEVNULL,
            cwd="/",
        )
        control = [str(BINARIES / "pg_ctl"), "-D", str(data), "-w"]
        subprocess.run(_as_server(*control, "-l", str(log), "-o", options, "start"), check=True, stdout=subprocess.DEVNULL, cwd="/")
        try:
            yield f"postgresql://{ACCOUNT}@127.0.0.1:{port}/postgres"
        finally:
            subprocess.run(_as_server(*control, "-m", "immediate", "stop"), check=False, stdout=subprocess.DEVNULL, cwd="/")
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def main(arguments: list[str] | None = None) -> int:
    """Run the command and return its exit code; 3 when PostgreSQL is not installed."""

    @contextmanager
    def service() -> Iterator[dict[str, str]]:
        with cluster() as url:
            yield {"LINGTAN_TEST_POSTGRES_URL": url}

    return run_beside(
        "with_postgres",
        __doc__,
        arguments,
        find_missing=find_missing,
        say_found=lambda: f"PostgreSQL {VERSION} can be started from {BINARIES}",
        service=service,
    )


if __name__ == "__main__":
    sys.exit(main())
