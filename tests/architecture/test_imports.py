"""import-linter keeps the rooms apart: it passes on the tree, and it fails, by name, on each kind of violation planted in a copy."""

from __future__ import annotations

import configparser
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

PACKAGES = ("ledger", "api", "verifier")

# The file that is planted, what it says, and the contract that must break.
PLANTED: dict[str, tuple[str, str, str]] = {
    "web3 outside the chain room": ("ledger/services/planted.py", "import web3", "Only ledger.chain knows web3 and the EVM"),
    "an eth package in the api": ("api/planted.py", "from eth_utils import keccak", "Only ledger.chain knows web3 and the EVM"),
    "SQL outside the store": ("ledger/services/planted.py", "from sqlalchemy import text", "Only ledger.store knows SQL"),
    "SQL in the chain room": ("ledger/chain/planted.py", "import sqlmodel", "Only ledger.store knows SQL"),
    "polars outside the loan books": ("ledger/services/planted.py", "import polars", "Only the rooms of loan books know polars"),
    "the web framework in a service": ("ledger/services/planted.py", "import fastapi", "Only api knows the web framework"),
    "ours in the verifier": ("verifier/planted.py", "from ledger.records import canonical", "The verifier imports nothing of ours"),
    "the verifier in ours": ("ledger/accounting/planted.py", "import verifier", "Nothing of ours imports the verifier"),
    "an import upwards": ("ledger/records/planted.py", "import ledger.services.house", "Imports go one way through the house"),
    "the store in the chain room": ("ledger/chain/planted.py", "import ledger.store.database", "Imports go one way through the house"),
    "the chain room in the store": ("ledger/store/planted.py", "import ledger.chain.client", "Imports go one way through the house"),
    "the settings in the witness": (
        "ledger/witness/planted.py",
        "import ledger.config",
        "A witness is small: notes, proofs and its own state",
    ),
    "statistics in a service": (
        "ledger/services/planted.py",
        "import statsmodels.api",
        "Only savings and forecasts know the statistics libraries",
    ),
    "MQTT outside its one module": ("ledger/services/planted.py", "import paho.mqtt.client", "Only the edge knows MQTT"),
    "the services in the edge": ("ledger/edge/planted.py", "import ledger.services.intake", "Imports go one way through the house"),
    "the api in a service": ("ledger/services/planted.py", "import api.app", "Imports go one way through the house"),
}


def lint(folder: Path) -> tuple[int, str]:
    """Run import-linter over a checkout; return its exit code and what it printed."""
    program = Path(sys.executable).with_name("lint-imports")
    done = subprocess.run([program, "--no-cache"], cwd=folder, capture_output=True, text=True, check=False)
    return done.returncode, done.stdout + done.stderr


@pytest.fixture(scope="module")
def copied(root: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    folder = tmp_path_factory.mktemp("checkout")
    shutil.copy(root / ".importlinter", folder)
    for package in PACKAGES:
        shutil.copytree(root / package, folder / package, ignore=shutil.ignore_patterns("__pycache__", "*.json", "static"))
    return folder


def test_the_tree_keeps_every_contract(copied: Path) -> None:
    code, said = lint(copied)
    assert code == 0, said
    assert re.search(r"Contracts: (\d+) kept, 0 broken", said), said


@pytest.fixture(scope="module")
def reports(copied: Path, tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """What import-linter says by contract of a checkout in which everything is planted, each in a file of its own."""
    folder = tmp_path_factory.mktemp("planted") / "checkout"
    shutil.copytree(copied, folder)
    for name, (file, line, _) in PLANTED.items():
        planted = folder / place_of(name, file)
        assert not planted.exists()
        planted.write_text(f'"""Planted."""\n\n{line}\n')
    code, said = lint(folder)
    assert code == 1, said
    # Each report of a broken contract begins with its name, underlined, and lists who imports what in which line.
    parts = re.split(r"^(.+)\n-{4,}\n", said.partition("Broken contracts")[2], flags=re.MULTILINE)[1:]
    assert {f"{name} BROKEN" in said for name in parts[::2]} == {True}, said
    return dict(zip(parts[::2], parts[1::2], strict=True))


def place_of(name: str, file: str) -> Path:
    """The file of a planted line: the room's, under a name that says which it is."""
    return Path(file).with_stem("planted_" + name.replace(" ", "_").lower())


@pytest.mark.parametrize("name", PLANTED)
def test_a_planted_violation_breaks_its_contract_by_name(reports: dict[str, str], name: str) -> None:
    file, line, contract = PLANTED[name]
    planted = place_of(name, file).with_suffix("").as_posix().replace("/", ".")
    package = line.split()[1].partition(".")[0]
    assert re.search(rf"{planted} -> {package}\b", reports[contract]), reports


def test_every_contract_is_planted_against(root: Path) -> None:
    assert {contract for _, _, contract in PLANTED.values()} == {section["name"] for section in contracts(root)}


def contracts(root: Path) -> list[configparser.SectionProxy]:
    parser = configparser.ConfigParser()
    parser.read(root / ".importlinter")
    return [parser[name] for name in parser.sections() if name.startswith("importlinter:contract:")]


def exists(root: Path, module: str) -> bool:
    place = root / module.replace(".", "/")
    return place.is_dir() or place.with_suffix(".py").is_file()


def test_every_module_that_a_contract_names_exists(root: Path) -> None:
    for section in contracts(root):
        named = section.get("source_modules", section.get("layers", "")).replace("|", "\n").split()
        assert named
        assert [module for module in named if not exists(root, module)] == [], section["name"]


def test_no_room_of_the_house_escapes_the_contracts(root: Path) -> None:
    rooms = {f"ledger.{path.stem}" for path in (root / "ledger").iterdir() if path.suffix == ".py" or (path / "__init__.py").is_file()}
    rooms -= {"ledger.__init__"}
    layers = next(section for section in contracts(root) if section["type"] == "layers")
    assert rooms <= set(layers["layers"].replace("|", "\n").split())
    # What knows neither the EVM nor SQL is a closed list too: every room but the one that the contract names.
    above_ground = {room for room in rooms if (root / room.replace(".", "/")).is_dir()}
    for name, owner in (("web3", "ledger.chain"), ("sql", "ledger.store")):
        section = next(item for item in contracts(root) if item.name.endswith(name))
        assert above_ground - {owner} <= set(section["source_modules"].split())
