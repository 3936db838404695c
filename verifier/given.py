"""Read what the command line names: files, the policy, the clock, 32 bytes in hex. Nothing is verified here."""

from __future__ import annotations

import argparse
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

from verifier.errors import Malformed, UsageError

if TYPE_CHECKING:
    from verifier.log_proofs import LogProofs
    from verifier.policy import Policy

MAX_FILE = 2 * 1024**3


def read_file(path: Path, limit: int = MAX_FILE) -> bytes:
    """Return the bytes of a file. Raises: UsageError where it cannot be opened, Malformed beyond `limit` bytes."""
    try:
        with path.open("rb") as stream:
            data = stream.read(limit + 1)  # by what comes, not by what the file system says of it: a device has no size
    except OSError as error:
        raise UsageError("FILE", f"{path}: {error.strerror}", path=str(path)) from None
    if len(data) > limit:
        raise Malformed("FILE_SIZE", path.name, f"larger than {limit} bytes")
    return data


def opened(path: Path) -> Any:
    """Return the package in a file, open. Raises: UsageError, Malformed."""
    from verifier.package import open_package

    if not path.is_file():
        raise UsageError("FILE", f"{path}: no such file", path=str(path))
    return open_package(path)


def clock(arguments: argparse.Namespace) -> int:
    """Return the Unix seconds to check at: those of --now, else this machine's."""
    from verifier.policy import seconds

    try:
        return seconds(arguments.now) if arguments.now else int(time.time())
    except Malformed as error:
        raise UsageError("NOW", f"--now takes YYYY-MM-DDTHH:MM:SSZ or Unix seconds: {error}") from None


def policy_key_of(arguments: argparse.Namespace) -> str | None:
    """Return what --policy-key says. Raises: UsageError where that is neither keys nor fingerprints."""
    from verifier.policy import is_key_text

    text: str | None = arguments.policy_key
    if text is not None and not all(is_key_text(part) for part in text.split(",")):
        raise UsageError("POLICY_KEY", "--policy-key takes a public key or its SHA-256 fingerprint, 64 hex digits; several with commas")
    return text


def trust(arguments: argparse.Namespace) -> tuple[Policy | None, int]:
    """Return (policy or None, the time to check at). Raises: UsageError, Malformed."""
    from verifier.policy import MAX_BYTES, read_policy

    now = clock(arguments)
    if policy_key_of(arguments) is not None and not arguments.policy:
        raise UsageError("POLICY_KEY", "--policy-key says whose policy it must be; --policy is missing")
    return (read_policy(read_file(arguments.policy, MAX_BYTES)) if arguments.policy else None), now


def log_proofs_of(arguments: argparse.Namespace) -> LogProofs:
    """Return the proofs of --consistency, none without it."""
    from verifier.log_proofs import read_log_proofs

    return read_log_proofs(read_file(arguments.consistency)) if arguments.consistency else {}


def refuse_size(size: int) -> None:
    """Raise UsageError for a number of draws that nobody draws."""
    from verifier import sampling

    if not 0 < size <= sampling.MAX_SIZE:
        raise UsageError("SAMPLE_SIZE", f"--size lies between 1 and {sampling.MAX_SIZE}")


def bytes32(text: str, option: str) -> bytes:
    """Return the 32 bytes of an option. Raises: UsageError."""
    try:
        data = bytes.fromhex(text.removeprefix("0x"))
    except ValueError:
        data = b""
    if len(data) != 32:
        raise UsageError("HEX", f"{option} takes 32 bytes in hex")
    return data


def exception_of(text: str) -> tuple[str, str]:
    """Return (place, text) of --exception. Raises: UsageError."""
    place, separator, said = text.partition("=")
    if not separator:
        raise UsageError("EXCEPTIONS", f"--exception takes PLACE=TEXT, got {text[:60]!r}")
    return place.strip(), said.strip()
