"""The examples of docs/spec/financed-input.md are run: each file, and what the page says that its answer contains."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest

from tests.financed_input.running import answer_to
from tests.inventory.test_examples import assert_contains

PAGE = Path(__file__).resolve().parents[2] / "docs" / "spec" / "financed-input.md"
BLOCKS = re.findall(r"^```json\n(.*?)^```$", PAGE.read_text(encoding="utf-8"), re.MULTILINE | re.DOTALL)
EXAMPLES = list(zip(BLOCKS[::2], BLOCKS[1::2], strict=True))
IDS = [f"example-{number}" for number in range(1, len(EXAMPLES) + 1)]


def test_the_page_has_its_examples() -> None:
    assert len(EXAMPLES) >= 7
    assert all('"institution"' in given for given, _ in EXAMPLES)


@pytest.mark.parametrize(("given", "expected"), EXAMPLES, ids=IDS)
def test_an_example_gives_what_the_page_says(given: str, expected: str) -> None:
    assert_contains(answer_to(given), json.loads(expected), "")
