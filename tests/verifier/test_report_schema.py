"""Every answer with --json is as the published schema says, every code has its words, and the guide's outcomes are its commands'."""

from __future__ import annotations

import ast
import json
import re
import shlex
import string
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from tests.inventory.json_schema import holds
from tests.verifier import evidence as ev
from tests.verifier.running import CLOCK, POLICY_KEY, run, verify
from verifier import messages, required
from verifier.checks import Check, Outcome
from verifier.wordings import WORDINGS

ROOT = ev.ROOT
KEPT = ROOT / "tests" / "compat" / "2026-11-22"
SCHEMA: dict[str, Any] = json.loads((ROOT / "docs" / "spec" / "schemas" / "verification.schema.json").read_text(encoding="utf-8"))


def is_as_published(value: Any, form: str) -> bool:
    return holds(value, SCHEMA, SCHEMA) and holds(value, SCHEMA["$defs"][form], SCHEMA)


@pytest.fixture
def files(tmp_path: Path) -> Path:
    (tmp_path / "e.zip").write_bytes(ev.evidence().package())
    (tmp_path / "p.json").write_bytes(ev.evidence().policy())
    meter = next(name for name in ev.evidence().parts if name.endswith(".ltm"))
    (tmp_path / "m.ltm").write_bytes(ev.evidence().parts[meter])
    (tmp_path / "d.json").write_bytes(b'{"a": 1}')
    return tmp_path


TRUST = ("--policy", "p.json", "--policy-key", POLICY_KEY, "--now", CLOCK)
COMMANDS: tuple[tuple[tuple[str, ...], str, int], ...] = (
    (("package", "e.zip", *TRUST), "report", 0),
    (("package", "e.zip"), "report", 4),
    (("recompute", "e.zip"), "report", 0),
    (("policy", "p.json", "--policy-key", POLICY_KEY, "--now", CLOCK), "report", 0),
    (("financed", "e.zip", *TRUST), "stopped", 2),
    (("meter", "m.ltm"), "meter", 0),
    (("hash", "e.zip"), "hash", 0),
    (("hash", "d.json"), "hash", 0),
    (("hash", "m.ltm"), "hash", 0),
    (("sample", "e.zip", "--seed", "ab" * 32, "--size", "3"), "sample", 0),
    (("bundle", "d.json"), "stopped", 3),
    (("bundle", "nothing.json"), "stopped", 2),
    (("bundle", "d.json", "--now", "yesterday"), "stopped", 2),
    (("bundle", "d.json", "--now", "²"), "stopped", 2),
    (("bundle", "d.json", "--now", "9" * 5000), "stopped", 2),
    (("bundle", "d.json", "--policy", "p.json", "--policy-key", ""), "stopped", 2),
    (("bundle", "d.json", "--policy", "p.json", "--policy-key", f"{POLICY_KEY},"), "stopped", 2),
    (("policy", "p.json", "--policy-key", POLICY_KEY[1:]), "stopped", 2),
    (("policy", "d.json"), "stopped", 3),
)


@pytest.mark.parametrize(("command", "form", "code"), COMMANDS, ids=lambda part: " ".join(part)[:60] if isinstance(part, tuple) else None)
def test_an_answer_is_as_the_schema_says(files: Path, command: tuple[str, ...], form: str, code: int) -> None:
    placed = [str(files / word) if re.fullmatch(r"[a-z]+\.(zip|json|ltm)", word) else word for word in command]
    for language in ("en", "zh"):
        done = run(*placed, "--json", "--lang", language)
        assert done.code == code, done.err
        assert is_as_published(done.document, form)


@pytest.mark.parametrize("name", ["claim-certified", "claim-revoked", "line"])
def test_a_bundle_s_answer_is_as_the_schema_says(name: str) -> None:
    for policy in ("plain", "witnessed"):
        trust = ("--policy", KEPT / f"{policy}.policy.json", "--policy-key", kept_key(), "--now", kept_now(name))
        assert is_as_published(run("bundle", KEPT / f"{name}.lingtan.json", "--json", *trust).document, "report")


def kept_key() -> str:
    return str(json.loads((KEPT / "expected.json").read_text())["policy_key"])


def kept_now(name: str) -> int:
    return next(int(item["now"]) for item in json.loads((KEPT / "expected.json").read_text())["answers"] if item["bundle"] == name)


def test_what_is_not_an_answer_is_not_as_the_schema_says(tmp_path: Path) -> None:
    good = verify(tmp_path, ev.evidence()).document
    for change in (
        {"level": "L6"},
        {"verdict": "FINE"},
        {"exit_code": 2},
        {"more": 1},
        {"checks": [{"id": "x.y", "subject": "", "outcome": "OK"}]},
    ):
        assert not holds({**good, **change}, SCHEMA, SCHEMA)
    for name in SCHEMA["$defs"]["report"]["required"]:
        assert not holds({key: value for key, value in good.items() if key != name}, SCHEMA, SCHEMA)


# Words


def _beginning(node: ast.expr) -> str:
    """The literal text that an expression begins with."""
    first = node.values[0] if isinstance(node, ast.JoinedStr) else node.elts[0] if isinstance(node, ast.Tuple) else node
    if isinstance(first, ast.JoinedStr):
        return _beginning(first)
    return str(first.value) if isinstance(first, ast.Constant) else ""


def coded_calls() -> list[tuple[str, str, str]]:
    """(file and line, the literal beginning of the check's id, the code) of every answer given under a literal code."""
    place = {"failed", "unchecked", "untrusted", "not_in_force"}
    found = []
    for path in sorted((ROOT / "verifier").glob("*.py")):
        nodes = list(ast.walk(ast.parse(path.read_text())))
        # Where the id is a variable, it is the file's own check.
        given = [_beginning(node.value) for node in nodes if isinstance(node, ast.Assign) and "check_id" in ast.unparse(node.targets[0])]
        own = next((text for text in given if text), "")
        for node in nodes:
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr in place and len(node.args) > 2:
                start = _beginning(node.args[0]) or own
                codes = [item.value for item in ast.walk(node.args[2]) if isinstance(item, ast.Constant) and isinstance(item.value, str)]
                found += [(f"{path.name}:{node.lineno}", start, code) for code in codes if re.fullmatch(r"[A-Z][A-Z0-9_]+", code)]
    return found


def test_every_code_that_a_check_answers_has_words_of_its_own_or_of_its_check() -> None:
    calls = coded_calls()
    assert len(calls) > 100
    assert [
        call for call in calls if call[2] not in WORDINGS and not any(call[1].startswith(name) for name in WORDINGS if name.islower())
    ] == []


def test_every_check_of_a_bundle_or_package_has_words_for_a_code_without_any() -> None:
    ids = [
        *required.POLICY,
        *required.PARTS,
        *required.FINDINGS,
        *required.PER_DATASET,
        *required.BOOK,
        *required.ENVELOPE,
        *required.OPENING,
    ]
    ids += ["bundle.subject", "items.X", "schema.X", "anchor.witnessed.X", "claim.message", "claim.recorded", "verdict.signed.0"]
    ids += [
        "verdict.recorded.0",
        "certificate.signed",
        "certificate.recorded",
        "status.state",
        "status.final",
        "status.witnessed",
        "status.age",
    ]
    only_coded = {"policy.signature", "policy.validity", "library.trusted", "signer", "findings.none", "envelope.final"}
    assert [id for id in ids if id not in only_coded and not any(id.startswith(name) for name in WORDINGS if name.islower())] == []


def test_the_words_are_in_two_languages_with_the_same_facts() -> None:
    for name, words in WORDINGS.items():
        assert len(words) == 4, name
        for english, chinese in (words[:2], words[2:]):
            assert english.isascii() or "\u2019" in english or "’" in english, name
            assert re.search("[\u4e00-\u9fff]", chinese), name
            facts = [{field for _, field, _, _ in string.Formatter().parse(text) if field} for text in (english, chinese)]
            assert facts[0] == facts[1], name
    for table in (messages._OUTCOMES, messages._VERDICTS, messages.LABELS, messages._LEVELS):
        assert all(len(words) == 2 and all(words) for words in table.values())
    assert set(messages._OUTCOMES) == set(Outcome)


@pytest.mark.parametrize("outcome", [outcome for outcome in Outcome if outcome is not Outcome.PASS])
def test_an_unknown_code_is_worded_all_the_same(outcome: Outcome) -> None:
    check = Check("some.check", "x", outcome, "NEVER_SEEN")
    assert all(len(text) > 3 for language in messages.LANGUAGES for text in messages.explain(check, language))


# The command as a process


def process(*arguments: str, **more: Any) -> subprocess.CompletedProcess[bytes]:
    return subprocess.run(
        [sys.executable, "-m", "verifier", *arguments], cwd=ROOT, capture_output="stdout" not in more, check=False, **more
    )


def test_a_terminal_that_cannot_write_chinese_does_not_change_the_answer() -> None:
    import os

    environment = {**os.environ, "PYTHONIOENCODING": "ascii", "PYTHONUTF8": "0"}
    bad = ROOT / "tests" / "compat" / "README.md"
    for extra in ((), ("--json",)):
        done = process("bundle", str(bad), "--lang", "zh", *extra, env=environment)
        assert done.returncode == 3, done.stderr
    assert json.loads(done.stdout.decode("utf-8"))["exit_code"] == 3


def test_an_answer_that_nobody_can_read_is_a_failure_and_accuses_nobody() -> None:
    with open("/dev/full", "wb") as full:
        done = process("hash", "README.md", "--json", stdout=full, stderr=subprocess.PIPE)
    assert done.returncode == 74, done.stderr


def six_outcomes() -> list[tuple[int, str]]:
    text = (ROOT / "docs" / "guides" / "auditor.md").read_text(encoding="utf-8")
    section = text.split("Six outcomes")[1].split("\n## ")[0]
    lines = [line for block in section.split("```")[1::2] for line in block.strip().splitlines() if line and not line.startswith("#")]
    return [(int(line.rsplit("# ", 1)[1].split()[0]), line.rsplit("# ", 1)[0].strip()) for line in lines if "# " in line]


def test_the_guide_names_the_six_outcomes_by_their_exit_codes() -> None:
    assert sorted(code for code, _ in six_outcomes()) == [0, 1, 3, 4, 5, 6]


@pytest.mark.parametrize(("code", "command"), six_outcomes(), ids=[f"exit {code}" for code, _ in six_outcomes()])
def test_a_command_of_the_guide_ends_with_its_outcome(tmp_path: Path, code: int, command: str) -> None:
    folder = "tests/compat/2026-11-22"
    assert "lingtan-verify " in command
    # The guide's folder first: this very interpreter may stand below a folder of that name.
    script = command.replace("/tmp/", f"{tmp_path}/").replace("lingtan-verify ", f"{shlex.quote(sys.executable)} -m verifier ")
    setting = f"K={kept_key()}; F={folder}; "
    done = subprocess.run(["/bin/sh", "-c", setting + script], cwd=ROOT, capture_output=True, check=False)
    assert done.returncode == code, done.stderr.decode()
