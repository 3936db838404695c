"""The examples of docs/spec/savings.md are run: each file, and what the page says that its answer contains."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest

from ledger.savings import load_savings
from tests.inventory.test_examples import assert_contains
from tests.savings.projects import answer_to

PAGE = Path(__file__).resolve().parents[2] / "docs" / "spec" / "savings.md"
BLOCKS = re.findall(r"^```json\n(.*?)^```$", PAGE.read_text(encoding="utf-8"), re.MULTILINE | re.DOTALL)


def test_the_page_has_its_examples() -> None:
    assert len(BLOCKS) == 6


@pytest.mark.parametrize("number", range(3))
def test_an_example_gives_what_the_page_says(number: int) -> None:
    given, expected = BLOCKS[2 * number : 2 * number + 2]
    assert_contains(answer_to(load_savings(given.encode())), json.loads(expected), "")
