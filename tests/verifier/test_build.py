"""The verifier stands alone: its imports, and the one file that auditors run."""

from __future__ import annotations

import ast
import io
import json
import os
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

from scripts.build_verifier_pyz import build, main
from tests.verifier import evidence as ev
from tests.verifier.running import CLOCK, POLICY_KEY
from verifier import verdict

OPTIONAL = {"coincurve", "cryptography", "numpy"}


def imports(source: str) -> list[tuple[str, bool]]:
    """Return (top-level name, guarded by `except ImportError`) of every import."""
    tree = ast.parse(source)
    guarded = {
        id(node)
        for attempt in ast.walk(tree)
        if isinstance(attempt, ast.Try) and any(isinstance(h.type, ast.Name) and h.type.id == "ImportError" for h in attempt.handlers)
        for statement in attempt.body
        for node in ast.walk(statement)
    }
    found = []
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            found += [(alias.name.split(".")[0], id(node) in guarded) for alias in node.names]
        elif isinstance(node, ast.ImportFrom):
            found.append(((node.module or "").split(".")[0], id(node) in guarded))
    return found


def strangers(source: str) -> set[str]:
    return {
        name
        for name, guarded in imports(source)
        if name not in sys.stdlib_module_names | {"verifier"} and not (guarded and name in OPTIONAL)
    }


@pytest.mark.parametrize("path", sorted((ev.ROOT / "verifier").glob("*.py")), ids=lambda path: path.name)
def test_a_module_imports_the_standard_library_alone(path: Path) -> None:
    assert strangers(path.read_text()) == set()


@pytest.mark.parametrize(
    "fault", ["import ledger", "from api import app", "import numpy", "try:\n import web3\nexcept ImportError:\n pass"]
)
def test_the_import_check_finds_a_planted_fault(fault: str) -> None:
    assert strangers(fault)


@pytest.mark.parametrize("path", sorted((ev.ROOT / "verifier").glob("*.py")), ids=lambda path: path.name)
def test_no_module_states_anything_with_assert(path: Path) -> None:
    assert not [node for node in ast.walk(ast.parse(path.read_text())) if isinstance(node, ast.Assert)]


def test_the_one_file_build_is_the_same_twice_and_whatever_the_files_dates_are(tmp_path: Path) -> None:
    copy = tmp_path / "verifier"
    copy.mkdir()
    for path in (ev.ROOT / "verifier").glob("*.py"):
        (copy / path.name).write_bytes(path.read_bytes())
        os.utime(copy / path.name, (1, 1))
    assert build(copy) == build(ev.ROOT / "verifier")


def test_the_one_file_verifies_with_nothing_installed(tmp_path: Path) -> None:
    assert main(["--out", str(tmp_path / "lingtan-verify.pyz")]) == 0
    (tmp_path / "e.zip").write_bytes(ev.evidence().package())
    (tmp_path / "p.json").write_bytes(ev.evidence().policy())
    command = [sys.executable, "-I", "-S", str(tmp_path / "lingtan-verify.pyz")]
    trust = ["--policy", str(tmp_path / "p.json"), "--policy-key", POLICY_KEY, "--now", CLOCK]
    done = subprocess.run([*command, "package", str(tmp_path / "e.zip"), "--json", *trust], capture_output=True, text=True, cwd=tmp_path)
    assert (done.returncode, json.loads(done.stdout)["verdict"]) == (0, "VALID"), done.stderr
    evidence = ev.evidence()
    evidence.parts["library.json"] = evidence.parts["library.json"].replace(b'"0.5366"', b'"0.5365"')
    (tmp_path / "e.zip").write_bytes(evidence.package())
    assert subprocess.run([*command, "package", str(tmp_path / "e.zip"), *trust], capture_output=True, cwd=tmp_path).returncode == 1


def test_the_one_file_has_the_tool_hash_of_the_checkout(tmp_path: Path) -> None:
    (tmp_path / "v.pyz").write_bytes(build(ev.ROOT / "verifier"))
    code = "import sys; sys.path.insert(0, sys.argv[1]); from verifier.verdict import tool_hash; print(tool_hash().hex())"
    done = subprocess.run([sys.executable, "-I", "-S", "-c", code, str(tmp_path / "v.pyz")], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == verdict.tool_hash().hex()


def test_the_one_file_holds_every_module_and_nothing_else() -> None:
    with zipfile.ZipFile(io.BytesIO(build(ev.ROOT / "verifier"))) as archive:
        assert archive.namelist() == sorted(["__main__.py", *(f"verifier/{name}.py" for name in verdict.MODULES)])


def test_the_one_file_names_its_version_without_loading_what_it_does_not_need(tmp_path: Path) -> None:
    (tmp_path / "v.pyz").write_bytes(build(ev.ROOT / "verifier"))
    code = """
import runpy, sys
file, sys.argv = sys.argv[1], ["v", "--version"]
try:
    runpy.run_path(file)
except SystemExit:
    print(*sorted(name for name in sys.modules if name.split(".")[0] == "verifier"))
"""
    done = subprocess.run([sys.executable, "-I", "-S", "-c", code, str(tmp_path / "v.pyz")], capture_output=True, text=True, check=True)
    assert done.stdout.splitlines()[-1] == " ".join(
        ["verifier", *(f"verifier.{name}" for name in ("__main__", "command_line", "commands", "errors", "given", "tools"))]
    )
