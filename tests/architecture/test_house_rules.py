"""Rules of the house that no linter of ours knows."""

from __future__ import annotations

import ast
import re
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

PRODUCT = ("ledger", "api", "verifier")
OURS = (*PRODUCT, "scripts")
LONGEST = 450
NAMELESS = {"utils", "util", "helpers", "helper", "common", "misc", "stuff", "shared"}

# Written in pieces, so that this file is not what it looks for.
WORKPLACE = [rf"(?<![\w.:/~-])/{name}/" for name in ("work", "root", "home", "Users")]
REGISTRIES = [
    r"py" + r"pi\.org",
    r"python" + r"hosted\.org",
    r"registry\.(np" + r"mjs|yarnpkg)",
    r"proxy\.go" + r"lang\.org",
    r"index-" + r"url\s*=",
    r"arti" + r"factory",
    r"nex" + r"us/repository",
]


@pytest.fixture(scope="session")
def tracked(root: Path) -> list[Path]:
    """Every file that is committed, as a path below the checkout."""
    done = subprocess.run(["git", "ls-files", "-z"], cwd=root, capture_output=True, check=False)
    if done.returncode:
        pytest.skip("not a git checkout")
    return [Path(name) for name in done.stdout.decode().split("\0") if name and (root / name).is_file()]


def modules(root: Path, tracked: list[Path], *rooms: str) -> Iterator[tuple[Path, str]]:
    for path in tracked:
        if path.suffix == ".py" and path.parts[0] in rooms:
            yield path, (root / path).read_text(encoding="utf-8")


def test_no_file_is_a_drawer_for_everything(tracked: list[Path]) -> None:
    assert [path for path in tracked if path.suffix == ".py" and path.stem in NAMELESS] == []


def test_no_module_is_too_long_to_be_read_at_once(root: Path, tracked: list[Path]) -> None:
    long = {str(path): text.count("\n") for path, text in modules(root, tracked, *PRODUCT) if text.count("\n") > LONGEST}
    assert long == {}


def test_nothing_is_asserted_outside_tests_and_benches(root: Path, tracked: list[Path]) -> None:
    found = [
        f"{path}:{node.lineno}"
        for path, text in modules(root, tracked, *OURS)
        for node in ast.walk(ast.parse(text))
        if isinstance(node, ast.Assert)
    ]
    assert found == []


def test_every_module_says_what_it_is_for(root: Path, tracked: list[Path]) -> None:
    silent = [str(path) for path, text in modules(root, tracked, *OURS, "bench") if not ast.get_docstring(ast.parse(text))]
    assert silent == []


def test_nothing_is_left_to_be_done(root: Path, tracked: list[Path]) -> None:
    unfinished = re.compile(r"\b(TO" + r"DO|FIX" + r"ME|XX" + r"X)\b|raise NotImple" + r"mentedError")
    assert [str(path) for path, text in modules(root, tracked, *OURS, "bench", "tests") if unfinished.search(text)] == []


def test_no_test_forks_or_waits_for_a_program_without_end(root: Path, tracked: list[Path]) -> None:
    """A fork copies the locks of other threads, and `with Popen` waits for ever after a failure: tests/child.py has what does neither."""
    waits = re.compile(r"os\.fo" + r"rk\(|subprocess\.Pop" + r"en\(")
    found = {str(path) for path, text in modules(root, tracked, "tests") if waits.search(text)}
    assert found == {"tests/child.py", "tests/chain/embedded/test_engine.py"}, (
        "the second shows that a forked child may not touch the chain"
    )


def test_nothing_pretends_to_be_a_part_of_the_product(root: Path, tracked: list[Path]) -> None:
    pretended = re.compile(r"unittest\.mo" + r"ck|\bMagic" + r"Mock\b")
    assert [str(path) for path, text in modules(root, tracked, *OURS, "tests") if pretended.search(text)] == []


def test_no_committed_file_names_a_workplace_or_a_package_registry(root: Path, tracked: list[Path]) -> None:
    forbidden = re.compile("|".join([*WORKPLACE, *REGISTRIES]))
    found = []
    for path in tracked:
        data = (root / path).read_bytes()
        if b"\0" in data[:4096]:
            continue
        for number, line in enumerate(data.decode("utf-8", "replace").splitlines(), start=1):
            match = forbidden.search(line)
            if match:
                found.append(f"{path}:{number}: {match.group()}")
    assert found == []


def test_the_patterns_find_what_they_look_for() -> None:
    forbidden = re.compile("|".join([*WORKPLACE, *REGISTRIES]))
    for line in ("see /ro" + "ot/x", 'path = "/wo' + 'rk/main"', "https://py" + "pi.org/simple", "https://registry.np" + "mjs.org/x"):
        assert forbidden.search(line), line
    for line in ("/network/x", "https://example.org/home/page", "a/work/b", "~/work/x", "the root/leaf"):
        assert not forbidden.search(line), line
