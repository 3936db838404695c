"""Every command line in the guides and in docs/cli.md names commands and options that exist; the local ones are run."""

from __future__ import annotations

import re
import shlex
from functools import cache
from pathlib import Path

import pytest
import typer.main
from typer.core import TyperCommand, TyperGroup
from typer.testing import CliRunner

from ledger.cli.app import GLOBAL_OPTIONS, app, hoist
from tests.cli.city import City

get_commands = cache(typer.main.get_command)  # building the tree takes a fifth of a second

GUIDES = ("docs/guides/bank.md", "docs/guides/centre.md", "docs/guides/operator.md", "docs/guides/facility.md", "docs/guides/gateway.md")
LOCAL = ("workbook", "template", "check", "library shipped", "keys show")
_ROOT = Path(__file__).resolve().parents[2]


def command_lines(text: str) -> list[str]:
    blocks = re.findall(r"^```\n(.*?)^```", text, re.MULTILINE | re.DOTALL)
    return [line for block in blocks for line in block.splitlines() if line.startswith("lingtan ")]


def lines_of(*guides: str) -> list[str]:
    return [line for guide in guides for line in command_lines((_ROOT / guide).read_text(encoding="utf-8"))]


def find_command(words: list[str]) -> tuple[TyperCommand, list[str], str]:
    """Return the command that the words name, the words after its name, and its name."""
    known = dict(GLOBAL_OPTIONS)
    while words and words[0] in known:
        words = words[2 if known[words[0]] else 1 :]
    group = get_commands(app)
    name: list[str] = []
    while isinstance(group, TyperGroup):
        assert words, f"{' '.join(name)} needs a command"
        found = group.commands.get(words[0])
        assert found is not None, f"no such command: {' '.join([*name, words[0]])}"
        group, words = found, [*words[1:]]
        name.append(str(found.name))
    assert isinstance(group, TyperCommand)
    return group, words, " ".join(name)


@pytest.mark.parametrize("line", lines_of(*GUIDES))
def test_a_line_of_a_guide_names_a_command_its_options_and_all_it_needs(line: str) -> None:
    command, words, _ = find_command(hoist(shlex.split(line)[1:]))
    options = {name: parameter for parameter in command.params for name in parameter.opts if name.startswith("-")}
    required = {parameter.name for parameter in command.params if parameter.required}
    places = [parameter for parameter in command.params if not any(name.startswith("-") for name in parameter.opts)]
    waiting = list(words)
    while waiting:
        word = waiting.pop(0)
        if word.startswith("--"):
            assert word in options, f"{word} is no option in: {line}"
            parameter = options[word]
            if not getattr(parameter, "is_flag", False):
                assert waiting, f"{word} lacks its value in: {line}"
                waiting.pop(0)
        else:
            assert places, f"{word} is too much in: {line}"
            parameter = places.pop(0)
        required.discard(parameter.name)
    assert not required, f"missing {required} in: {line}"


@pytest.mark.parametrize("guide", [guide for guide in GUIDES if not guide.endswith("facility.md")])  # run whole by test_facility_guide.py
def test_the_local_lines_of_a_guide_run_as_they_stand(guide: str, city: City, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "approver.key.json").write_bytes(city.key("approver").read_bytes())
    for line in lines_of(guide):
        words = shlex.split(line)[1:]
        if " ".join(words).startswith(LOCAL) and "--token-file" not in words:
            result = CliRunner().invoke(app, words, env=city.environment)
            assert result.exit_code == 0, (line, result.output)


def test_docs_cli_names_every_command_and_every_global_option() -> None:
    text = (_ROOT / "docs" / "cli.md").read_text(encoding="utf-8")

    def names(group: TyperGroup, above: str) -> list[str]:
        found = []
        for name, command in group.commands.items():
            full = f"{above} {name}".strip()
            found += names(command, full) if isinstance(command, TyperGroup) else [full]
        return found

    root = get_commands(app)
    assert isinstance(root, TyperGroup)
    named = {name.removeprefix("lingtan ") for name in re.findall(r"`([a-z -]+)`", text.split("## 4.")[1])}
    assert set(names(root, "")) <= named
    for option, _ in GLOBAL_OPTIONS:
        assert f"`{option}" in text


def test_every_environment_variable_named_is_a_setting() -> None:
    from ledger.config import read_settings

    text = "".join((_ROOT / guide).read_text(encoding="utf-8") for guide in (*GUIDES, "docs/cli.md"))
    named = set(re.findall(r"LINGTAN_[A-Z_]+", text)) - {"LINGTAN_PASSPHRASE_FILE"}
    numbers = ("LINGTAN_CHAIN_ID", "LINGTAN_CONFIRMATIONS", "LINGTAN_DRIFT_SECONDS")
    values = {name: "1" if name in numbers else "x" for name in named}
    read_settings(values)
