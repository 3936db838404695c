"""The readers that a stranger's bytes reach first, each as a function of bytes: shared by the tests and by `make fuzz`.

A target returns where the bytes were read, and where they were refused as the verifier refuses; anything else is a fault of it.
"""

from __future__ import annotations

import copy
import io
import json
import tempfile
import zipfile
from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import Any

from verifier import bft_legacy as legacy
from verifier import documents, eip712, json_strict, keyfile, meter, mpt, qbft, rlp
from verifier.bundle import read_bundle
from verifier.chain_evidence import read_header
from verifier.checkpoint import read_note, read_vkey, strangers, verify_checkpoint
from verifier.errors import Disagreement, Malformed, Refused, UsageError, VerifierError
from verifier.exposure import read_exposure
from verifier.financed_groups import read_group_record
from verifier.log_proofs import read_log_proofs
from verifier.package import open_package
from verifier.policy import read_policy
from verifier.verify_bundle import verify_bundle
from verifier.verify_line import verify_line
from verifier.verify_package import recompute_package

KEPT = Path(__file__).resolve().parents[1] / "compat" / "2026-11-22"
NOW = 1_780_000_000


@cache
def seed(name: str) -> bytes:
    """Return one of the kept files."""
    return (KEPT / name).read_bytes()


def tried(run: Callable[[], object]) -> None:
    """Run, and let pass what the verifier says by its own kinds of error; a disagreement of two libraries is not one of them."""
    try:
        run()
    except Disagreement:
        raise
    except VerifierError as error:
        if not isinstance(error, (Malformed, Refused, UsageError)) or not error.code or not str(error):
            raise


def _chunks(data: bytes) -> list[bytes]:
    """Cut bytes into pieces, each behind a byte that says how long it is."""
    pieces = []
    while data:
        size = data[0] * 3
        pieces.append(data[1 : 1 + size])
        data = data[1 + size :]
    return pieces


def _note(data: bytes) -> None:
    text = data.decode("utf-8", "surrogateescape")
    key = read_vkey(json.loads(seed("witnessed.policy.json"))["checkpoint"]["vkey"])
    for run in (
        lambda: read_note(text),
        lambda: strangers(text, [key]),
        lambda: verify_checkpoint(text, key, key.name),
        lambda: read_vkey(text),
    ):
        tried(run)


def _proof(data: bytes) -> None:
    root, key, *nodes = [*_chunks(data), b"", b""]
    tried(lambda: mpt.verify(root, key, nodes))
    if nodes:
        from verifier.keccak import keccak256

        tried(lambda: mpt.verify(keccak256(nodes[0]), key, nodes))


def _header(data: bytes) -> None:
    for kind in ("qbft", "embedded", "test", None):
        tried(lambda kind=kind: read_header(data, kind, b""))
    for read in (qbft.committers, qbft.read_extra, legacy.read_ibft1, legacy.read_ibft2):
        tried(lambda read=read: read(data))


def _package(data: bytes) -> None:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "p.zip")
        path.write_bytes(data)

        def run() -> None:
            with open_package(path) as package:
                for name in package.names():
                    tried(lambda name=name: package.digest(name))
                recompute_package(package)

        tried(run)


def _bundle(data: bytes) -> None:
    policy = read_policy(seed("witnessed.policy.json"))
    tried(lambda: verify_bundle(data, policy, None, NOW))


def _record(data: bytes) -> None:
    tried(lambda: meter.read_record(data, thorough=True))


def _documents(data: bytes) -> None:
    for name in ("activity", "library", "organisation", "statement", "proof", "commitments", "anchors", "log-proof", "opening", "financed"):
        tried(lambda name=name: documents.read(data, name))


TARGETS: dict[str, Callable[[bytes], None]] = {
    "json": lambda data: tried(lambda: json_strict.load(data)),
    "canonical json": lambda data: tried(lambda: json_strict.load_canonical(data)),
    "bundle": lambda data: tried(lambda: read_bundle(data)),
    "whole bundle": _bundle,
    "policy": lambda data: tried(lambda: read_policy(data)),
    "rlp": lambda data: tried(lambda: rlp.decode(data)),
    "trie proof": _proof,
    "header": _header,
    "note": _note,
    "package": _package,
    "meter record": _record,
    "exposure": lambda data: tried(lambda: read_exposure(data, "line 1")),
    "group record": lambda data: tried(lambda: read_group_record(data, "line 1")),
    "log proofs": lambda data: tried(lambda: read_log_proofs(data)),
    "documents": _documents,
    "line": lambda data: tried(lambda: verify_line(data, None, None, NOW)),
    "key file": lambda data: tried(lambda: keyfile.open_keyfile(data, "x")) if b"scrypt" not in data and b"pbkdf2" not in data else None,
    "message": lambda data: tried(lambda: eip712.read_message(eip712.CLAIM, _object(data))),
}


def _object(data: bytes) -> Any:
    value = json_strict.load(data)
    if not isinstance(value, dict):
        raise Malformed("DOCUMENT_FIELD", "/", "an object expected")
    return value


def changed(document: Any, steps: list[int], value: Any) -> Any:
    """Return a copy of a JSON document with one value replaced; `steps` say which way down is taken."""
    found = copy.deepcopy(document)
    holder, place = {"": found}, ""
    for step in steps:
        node = holder[place]  # type: ignore[index]
        if not isinstance(node, (dict, list)) or not node:
            break
        holder, place = node, (sorted(node)[step % len(node)] if isinstance(node, dict) else step % len(node))  # type: ignore[assignment]
    holder[place] = value  # type: ignore[index]
    return found if place != "" else value


def zipped(parts: dict[str, bytes], method: int = zipfile.ZIP_DEFLATED) -> bytes:
    """Return a zip of these parts."""
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", method) as archive:
        for name, data in parts.items():
            archive.writestr(name, data)
    return out.getvalue()
