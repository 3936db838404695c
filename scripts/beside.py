"""Run a command beside a private service: what the scripts that start one have in common."""

from __future__ import annotations

import argparse
import os
import signal
import subprocess
import sys
from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager


def run_beside(
    prog: str,
    description: str | None,
    arguments: list[str] | None,
    *,
    find_missing: Callable[[], str | None],
    say_found: Callable[[], str],
    service: Callable[[], AbstractContextManager[Mapping[str, str]]],
) -> int:
    """Run the command of `arguments` while the service runs, and return its exit code; 3 when the service is not installed.

    Args:
        find_missing: says what must be installed, None where nothing is missing.
        say_found: the line that `--check` prints.
        service: the running service, giving the environment variables that tell the command where it is.
    """
    parser = argparse.ArgumentParser(prog=prog, description=description, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--check", action="store_true", help="only say whether the service can be started here")
    parser.add_argument("command", nargs=argparse.REMAINDER, help="the command and its arguments")
    options = parser.parse_args(arguments)
    options.command = [word for at, word in enumerate(options.command) if at or word != "--"]
    missing = find_missing()
    if missing:
        print(f"error: {missing}", file=sys.stderr)
        return 3
    if options.check:
        print(say_found())
        return 0
    if not options.command:
        parser.error("name a command to run")
    # Being told to stop must stop the service too: sys.exit unwinds through the context manager.
    signal.signal(signal.SIGTERM, lambda number, frame: sys.exit(128 + number))
    with service() as variables:
        return subprocess.run(options.command, env={**os.environ, **variables}, check=False).returncode
