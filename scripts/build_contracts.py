"""Build the contracts from source into committed artifacts, or check that the committed ones are what the source gives.

    python -m scripts.build_contracts            build, write contracts/artifacts and the storage layout snapshot
    python -m scripts.build_contracts --check    build into memory and compare byte for byte, write nothing
    python -m scripts.build_contracts --gas      as the first, then measure the gas snapshot again

The compiler is the npm package `solc`, pinned in contracts/package-lock.json and driven through py-solc-x and
contracts/solc-shim.js; it gives the bytes of the native compiler of the same version. Source unit names are fixed and
relative, the EVM version is paris, and no metadata hash is appended, so the build depends on nothing but the sources.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import solcx

from ledger.errors import ConfigurationError, IntegrityError, LedgerError

ROOT = Path(__file__).resolve().parents[1]
CONTRACTS = ROOT / "contracts"
COMPILER = "0.8.37"
NAMES = ("ParticipantRegistry", "LibraryRegistry", "PeriodLedger", "ClaimRegistry")
LAYOUT_SNAPSHOT = "snapshots/storage-layout.json"
GAS_SNAPSHOT = "snapshots/gas.json"
SETTINGS: Mapping[str, Any] = {
    "evmVersion": "paris",
    "metadata": {"bytecodeHash": "none"},
    "optimizer": {"enabled": True, "runs": 200},
    "viaIR": True,
}
_IMPORT = re.compile(r"^import\s[^\"]*\"([^\"]+)\";", re.MULTILINE)
_AST_ID = re.compile(r"(\bt_(?:struct|contract|enum)\([A-Za-z0-9_.]+\))\d+")


def render(value: object) -> bytes:
    """Return a value as the one text that is committed: sorted keys, two blanks, a newline at the end."""
    return (json.dumps(value, indent=2, sort_keys=True, ensure_ascii=False) + "\n").encode()


def get_sources(contracts: Path = CONTRACTS) -> dict[str, str]:
    """Return every source unit that the contracts need, by its fixed name.

    Raises:
        ConfigurationError: an import names a file that is not there.
    """
    sources: dict[str, str] = {}
    pending = [f"{name}.sol" for name in NAMES]
    while pending:
        unit = pending.pop()
        if unit in sources:
            continue
        file = (contracts / "node_modules" if unit.startswith("@") else contracts) / unit
        if not file.is_file():
            raise ConfigurationError(f"source unit {unit} is not there: expected {file.relative_to(contracts)} in {contracts.name}/")
        sources[unit] = file.read_text(encoding="utf-8")
        pending.extend(_resolve(unit, name) for name in _IMPORT.findall(sources[unit]))
    return dict(sorted(sources.items()))


def _resolve(importer: str, name: str) -> str:
    if not name.startswith("."):
        return name
    parts = importer.split("/")[:-1]
    for step in name.split("/"):
        if step == "..":
            parts.pop()
        elif step != ".":
            parts.append(step)
    return "/".join(parts)


def prepare_compiler(contracts: Path = CONTRACTS) -> None:
    """Install the pinned npm packages where they are missing.

    Raises:
        ConfigurationError: node or npm is not installed, or the installation failed.
    """
    for command in ("node", "npm"):
        if shutil.which(command) is None:
            raise ConfigurationError(
                f"{command} is not installed, and the Solidity compiler runs on it",
                hint="install Node.js 20 or later; the committed artifacts can be used without it, only not rebuilt",
            )
    if all((contracts / "node_modules" / package).is_dir() for package in ("solc", "@openzeppelin/contracts")):
        return
    done = subprocess.run(["npm", "ci", "--no-audit", "--no-fund"], cwd=contracts, capture_output=True, text=True, check=False)
    if done.returncode != 0:
        reason = done.stderr.strip()[-500:]
        raise ConfigurationError(f"npm ci failed in contracts/: {reason}", hint="check the network and package-lock.json")


def compile_contracts(sources: Mapping[str, str], contracts: Path = CONTRACTS) -> dict[str, Any]:
    """Compile the sources and return the compiler's output for our contracts, by name.

    Raises:
        ConfigurationError: the compiler reports an error or, about our own sources, a warning. Every source names the exact
            compiler version, so another compiler is an error too.
    """
    wanted = ["abi", "evm.bytecode.object", "evm.deployedBytecode", "evm.methodIdentifiers", "storageLayout"]
    selection = {f"{name}.sol": {name: wanted} for name in NAMES}
    description = {
        "language": "Solidity",
        "sources": {unit: {"content": text} for unit, text in sources.items()},
        "settings": {**SETTINGS, "outputSelection": selection},
    }
    try:
        output = solcx.compile_standard(description, solc_binary=contracts / "solc-shim.js")
    except solcx.exceptions.SolcError as error:
        raise ConfigurationError(f"the contracts do not compile:\n{error.message}") from error
    # OpenZeppelin's sources are not ours to change: only its errors count, of ours also the warnings.
    notes = [
        note["formattedMessage"]
        for note in output.get("errors", [])
        if note["severity"] == "error" or not note.get("sourceLocation", {}).get("file", "").startswith("@")
    ]
    if notes:
        raise ConfigurationError("the compiler has notes, and we accept none:\n" + "\n".join(notes))
    return {name: output["contracts"][f"{name}.sol"][name] for name in NAMES}


def build(contracts: Path = CONTRACTS) -> dict[str, bytes]:
    """Return every committed file of the build as path below contracts/ → bytes. Writes nothing."""
    prepare_compiler(contracts)
    sources = get_sources(contracts)
    compiled = compile_contracts(sources, contracts)
    files: dict[str, bytes] = {}
    layouts: dict[str, Any] = {}
    for name, output in compiled.items():
        layouts[name] = compute_layout(output["storageLayout"])
        files[f"artifacts/{name}.json"] = render(_artifact(name, output, layouts[name], sources))
    files[LAYOUT_SNAPSHOT] = render(layouts)
    return files


def _artifact(name: str, output: Mapping[str, Any], layout: Mapping[str, Any], sources: Mapping[str, str]) -> dict[str, Any]:
    deployed = output["evm"]["deployedBytecode"]
    immutable = [place for places in deployed["immutableReferences"].values() for place in places]
    used = _reachable(f"{name}.sol", sources)
    return {
        "abi": output["abi"],
        "bytecode": "0x" + output["evm"]["bytecode"]["object"],
        "compiler": {"settings": SETTINGS, "version": COMPILER},
        "contractName": name,
        "deployedBytecode": "0x" + deployed["object"],
        "immutableReferences": sorted(immutable, key=lambda place: int(place["start"])),
        "methodIdentifiers": output["evm"]["methodIdentifiers"],
        "sourceName": f"{name}.sol",
        "sources": {unit: hashlib.sha256(sources[unit].encode()).hexdigest() for unit in sorted(used)},
        "storageLayout": layout,
    }


def _reachable(unit: str, sources: Mapping[str, str]) -> set[str]:
    seen: set[str] = set()
    pending = [unit]
    while pending:
        current = pending.pop()
        if current not in seen:
            seen.add(current)
            pending.extend(_resolve(current, name) for name in _IMPORT.findall(sources[current]))
    return seen


def compute_layout(layout: Mapping[str, Any]) -> dict[str, Any]:
    """Return a storage layout without the syntax-tree numbers, which change with any edit anywhere.

    Raises:
        IntegrityError: two different types have the same name once the numbers are gone.
    """
    types: dict[str, Any] = {}
    for key, value in (layout["types"] or {}).items():
        clean = _without_ids(value)
        name = _AST_ID.sub(r"\1", key)
        if types.setdefault(name, clean) != clean:
            raise IntegrityError(f"two storage types are named {name}: rename one of the structs")
    return {"storage": [_without_ids(entry) for entry in layout["storage"]], "types": types}


def _without_ids(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _without_ids(item) for key, item in value.items() if key != "astId"}
    if isinstance(value, list):
        return [_without_ids(item) for item in value]
    return _AST_ID.sub(r"\1", value) if isinstance(value, str) else value


def check_build(built: Mapping[str, bytes], contracts: Path = CONTRACTS) -> Iterator[str]:
    """Yield one sentence for every committed file that differs from the build, is missing, or is not built any more."""
    for path, expected in sorted(built.items()):
        file = contracts / path
        if not file.is_file():
            yield f"contracts/{path} is missing"
        elif file.read_bytes() != expected:
            yield f"contracts/{path} differs from the build: {_first_difference(file.read_bytes(), expected)}"
    for file in sorted((contracts / "artifacts").glob("*")):
        if f"artifacts/{file.name}" not in built:
            yield f"contracts/artifacts/{file.name} is not a product of the build"


def _first_difference(committed: bytes, built: bytes) -> str:
    pairs = zip(committed.splitlines(), built.splitlines(), strict=False)
    for number, (got, expected) in enumerate(pairs, start=1):
        if got != expected:
            return f"line {number}: committed {_short(got)}, built {_short(expected)}"
    return f"committed {len(committed)} bytes, built {len(built)} bytes"


def _short(line: bytes) -> str:
    text = line.decode("utf-8", "replace").strip()
    return text if len(text) <= 80 else text[:77] + "..."


def write(files: Mapping[str, bytes], contracts: Path = CONTRACTS) -> None:
    """Write the files of a build below contracts/."""
    for path, content in files.items():
        file = contracts / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(content)


def main(arguments: list[str] | None = None) -> int:
    """Run the command; return 0, or 1 where the check found a difference or the build is not possible."""
    about = "Build the contracts, or check the committed build."
    parser = argparse.ArgumentParser(prog="python -m scripts.build_contracts", description=about)
    choice = parser.add_mutually_exclusive_group()
    choice.add_argument("--check", action="store_true", help="build into memory and compare with the committed files, byte for byte")
    choice.add_argument("--gas", action="store_true", help="build, then measure the gas snapshot again")
    options = parser.parse_args(arguments)
    try:
        files = build()
    except LedgerError as error:
        print(f"build_contracts: {error}" + (f"\n  {error.hint}" if error.hint else ""), file=sys.stderr)
        return 1
    if options.check:
        differences = list(check_build(files))
        for difference in differences:
            print(f"build_contracts: {difference}", file=sys.stderr)
        if differences:
            print("build_contracts: run `python -m scripts.build_contracts` and commit what it writes", file=sys.stderr)
            return 1
        print(f"build_contracts: {len(files)} committed files are what the sources give")
        return 0
    write(files)
    print(f"build_contracts: wrote {len(files)} files below contracts/")
    if options.gas:
        # The scenario belongs to the tests that compare with it; nothing else here needs a chain.
        from tests.contracts.gas import measure

        write({GAS_SNAPSHOT: render(measure())})
        print(f"build_contracts: wrote contracts/{GAS_SNAPSHOT}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
