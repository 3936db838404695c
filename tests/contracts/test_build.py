"""The committed build is what the sources give, and the check notices when it is not."""

from __future__ import annotations

import hashlib
import json
import re
import shutil
from pathlib import Path

import pytest
from eth_utils.crypto import keccak

from ledger.errors import ConfigurationError, IntegrityError
from scripts.build_contracts import (
    COMPILER,
    CONTRACTS,
    GAS_SNAPSHOT,
    LAYOUT_SNAPSHOT,
    NAMES,
    SETTINGS,
    check_build,
    compile_contracts,
    compute_layout,
    get_sources,
    main,
    prepare_compiler,
    render,
)
from tests.contracts.gas import measure

# CBOR {"solc": 0.8.37} and its length: no hash of metadata, so nothing in the code depends on comments or paths.
TAIL = "a164736f6c6343000825000a"
NODE = pytest.mark.skipif(shutil.which("node") is None or shutil.which("npm") is None, reason="node and npm are not installed")


def committed() -> dict[str, bytes]:
    paths = [*(f"artifacts/{name}.json" for name in NAMES), LAYOUT_SNAPSHOT]
    return {path: (CONTRACTS / path).read_bytes() for path in paths}


def test_the_check_passes_where_the_build_gives_the_committed_files(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    # The build itself takes half a minute: `make contracts-check` runs it whole.
    monkeypatch.setattr("scripts.build_contracts.build", committed)
    assert main(["--check"]) == 0
    assert "5 committed files are what the sources give" in capsys.readouterr().out


def test_a_changed_missing_or_left_over_file_is_named_with_its_first_difference(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    expected = committed()
    for path, content in expected.items():
        (tmp_path / path).parent.mkdir(exist_ok=True)
        (tmp_path / path).write_bytes(content)
    assert list(check_build(expected, tmp_path)) == []
    changed = tmp_path / "artifacts/PeriodLedger.json"
    changed.write_bytes(changed.read_bytes().replace(b'"runs": 200', b'"runs": 201'))
    (tmp_path / LAYOUT_SNAPSHOT).unlink()
    (tmp_path / "artifacts/OldRegistry.json").write_text("{}")
    differences = list(check_build(expected, tmp_path))
    assert len(differences) == 3
    pattern = r'contracts/artifacts/PeriodLedger.json differs from the build: line \d+: committed "runs": 201, built "runs": 200'
    assert re.fullmatch(pattern, differences[0])
    assert differences[1] == f"contracts/{LAYOUT_SNAPSHOT} is missing"
    assert differences[2] == "contracts/artifacts/OldRegistry.json is not a product of the build"

    other = expected | {"artifacts/PeriodLedger.json": expected["artifacts/PeriodLedger.json"].replace(b"paris", b"london")}
    monkeypatch.setattr("scripts.build_contracts.build", lambda: other)
    assert main(["--check"]) == 1
    assert "run `python -m scripts.build_contracts`" in capsys.readouterr().err


@pytest.mark.parametrize("name", NAMES)
def test_an_artifact_tells_what_it_was_built_from(name: str) -> None:
    artifact = json.loads(committed()[f"artifacts/{name}.json"])
    assert artifact["compiler"] == {"settings": SETTINGS, "version": COMPILER}
    assert SETTINGS["evmVersion"] == "paris"
    assert f"{name}.sol" in artifact["sources"]
    own = [unit for unit in artifact["sources"] if not unit.startswith("@")]
    assert len(own) > 4
    for unit in own:
        assert hashlib.sha256((CONTRACTS / unit).read_bytes()).hexdigest() == artifact["sources"][unit], f"{unit} changed: build again"
    assert len(artifact["deployedBytecode"]) // 2 - 1 <= 24_576, "EIP-170"
    assert artifact["deployedBytecode"].endswith(TAIL)


def test_the_layout_snapshot_is_that_of_the_artifacts() -> None:
    files = committed()
    layouts = json.loads(files[LAYOUT_SNAPSHOT])
    assert layouts == {name: json.loads(files[f"artifacts/{name}.json"])["storageLayout"] for name in NAMES}
    record = layouts["PeriodLedger"]["types"]["t_struct(Record)_storage"]["members"]
    assert [(member["label"], member["slot"], member["offset"]) for member in record[:2]] == [("root", "0", 0), ("totals", "1", 0)]
    mappings = [entry for entry in layouts["PeriodLedger"]["storage"] if "mapping" in entry["type"]]
    assert mappings[0]["label"] == "_records"


def test_two_types_that_would_share_a_name_are_refused() -> None:
    one = {"label": "struct A.Entry", "numberOfBytes": "32"}
    layout = {"storage": [], "types": {"t_struct(Entry)1_storage": one, "t_struct(Entry)2_storage": {**one, "numberOfBytes": "64"}}}
    with pytest.raises(IntegrityError, match="two storage types are named"):
        compute_layout(layout)


def test_the_lock_file_names_no_host() -> None:
    lock = json.loads((CONTRACTS / "package-lock.json").read_text())
    packages = lock["packages"]
    assert packages["node_modules/solc"]["version"] == COMPILER
    assert packages["node_modules/@openzeppelin/contracts"]["version"] == "5.1.0"
    assert all("resolved" not in package for package in packages.values())
    assert all("integrity" in package for name, package in packages.items() if name)


def test_without_node_the_message_says_so(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    monkeypatch.setenv("PATH", "")
    with pytest.raises(ConfigurationError, match="node is not installed"):
        prepare_compiler()
    assert main([]) == 1
    assert "install Node.js" in capsys.readouterr().err


def test_a_source_that_is_not_there_is_named(tmp_path: Path) -> None:
    for name in NAMES:
        (tmp_path / f"{name}.sol").write_text('import {SumRoot} from "./libraries/SumRoot.sol";\n')
    with pytest.raises(ConfigurationError, match=r"source unit libraries/SumRoot\.sol is not there"):
        get_sources(tmp_path)


@NODE
@pytest.mark.slow
def test_the_compiler_behind_the_shim_compiles_and_its_complaints_are_passed_on() -> None:
    prepare_compiler()
    head = "// SPDX-License-Identifier: Apache-2.0\npragma solidity 0.8.37;\n"
    sources = {f"{name}.sol": f"{head}contract {name} {{ uint256 public kept; }}" for name in NAMES}
    compiled = compile_contracts(sources)
    assert compiled["PeriodLedger"]["evm"]["methodIdentifiers"] == {"kept()": keccak(text="kept()")[:4].hex()}
    assert compiled["PeriodLedger"]["evm"]["deployedBytecode"]["object"].endswith(TAIL)
    with pytest.raises(ConfigurationError, match="do not compile"):
        compile_contracts(sources | {"PeriodLedger.sol": head.replace("0.8.37", "0.8.36")})
    with pytest.raises(ConfigurationError, match="Unused local variable"):
        compile_contracts(sources | {"PeriodLedger.sol": f"{head}contract PeriodLedger {{ constructor() {{ uint256 x; }} }}"})


def test_gas_is_what_the_snapshot_says() -> None:
    hint = "run `python -m scripts.build_contracts --gas` and look at the difference"
    assert render(measure()).decode() == (CONTRACTS / GAS_SNAPSHOT).read_text(), hint
