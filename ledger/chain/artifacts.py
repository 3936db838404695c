"""The committed build output of the contracts: ABI, code, places of immutable values, storage slots.

In a checkout it lies in contracts/artifacts, in an installed wheel in ledger/chain/artifacts.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from ledger.chain.abi import ContractAbi
from ledger.errors import ConfigurationError

# In the order of deployment: each constructor takes addresses of contracts before it.
CONTRACTS = ("ParticipantRegistry", "LibraryRegistry", "PeriodLedger", "ClaimRegistry")

# Mappings by their label in the contract, and the names under which a policy pins their slots.
_PROVEN = {"_records": "records", "_claims": "claims", "_certificates": "certificates"}

_HERE = Path(__file__).resolve().parent
FOLDERS = (_HERE / "artifacts", _HERE.parents[1] / "contracts" / "artifacts")


@dataclass(frozen=True)
class Artifact:
    """One contract as built.

    `immutables` are (start, length) places of the runtime code that the constructor fills in; `hash` is the file's SHA-256, hex.
    """

    name: str
    abi: ContractAbi
    creation_code: bytes
    runtime_code: bytes
    immutables: tuple[tuple[int, int], ...]
    storage: tuple[Mapping[str, Any], ...]
    hash: str

    def matches(self, code: bytes) -> bool:
        """Tell whether on-chain code is this contract's: equal everywhere but in the immutable values."""
        return self._without_immutables(code) == self._without_immutables(self.runtime_code)

    def slots(self) -> dict[str, int]:
        """Return the slots of the mappings that proofs start from: `records`, `claims`, `certificates`, as far as the contract has them."""
        return {_PROVEN[label]: int(entry["slot"]) for entry in self.storage if (label := str(entry["label"])) in _PROVEN}

    def _without_immutables(self, code: bytes) -> bytes:
        blank = bytearray(code)
        for start, length in self.immutables:
            blank[start : start + length] = bytes(len(blank[start : start + length]))
        return bytes(blank)


@cache
def load_artifact(name: str) -> Artifact:
    """Return the built contract of that name.

    Raises:
        ConfigurationError: no such artifact beside this release, or it cannot be read.
    """
    for folder in FOLDERS:
        file = folder / f"{name}.json"
        if file.is_file():
            return read_artifact(file)
    raise ConfigurationError(f"no artifact of {name}", hint="run `python -m scripts.build_contracts`, or install the wheel again")


def read_artifact(file: Path) -> Artifact:
    """Return the built contract of a file.

    Raises:
        ConfigurationError: the file is no artifact of ours.
    """
    data = file.read_bytes()
    try:
        document = json.loads(data)
        return Artifact(
            name=document["contractName"],
            abi=ContractAbi(document["abi"]),
            creation_code=bytes.fromhex(document["bytecode"][2:]),
            runtime_code=bytes.fromhex(document["deployedBytecode"][2:]),
            immutables=tuple((int(place["start"]), int(place["length"])) for place in document["immutableReferences"]),
            storage=tuple(document["storageLayout"]["storage"]),
            hash=hashlib.sha256(data).hexdigest(),
        )
    except (ValueError, KeyError, TypeError) as error:
        raise ConfigurationError(
            f"{file.name} is no artifact of ours: {error!r}", hint="run `python -m scripts.build_contracts`"
        ) from error


@cache
def error_entries() -> Sequence[Mapping[str, Any]]:
    """Return the ABI entries of every custom error of the four contracts, each once: enough to name whatever one of them refuses."""
    found: dict[str, Mapping[str, Any]] = {}
    for name in CONTRACTS:
        for entry in load_artifact(name).abi.entries:
            if entry["type"] == "error":
                found.setdefault(json.dumps(entry, sort_keys=True), entry)
    return tuple(found.values())
