"""The examples of docs/spec/inventory-input.md are run: each file, and what the page says that its answer contains."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest

from tests.inventory.running import answer_to

PAGE = Path(__file__).resolve().parents[2] / "docs" / "spec" / "inventory-input.md"
BLOCKS = re.findall(r"^```json\n(.*?)^```$", PAGE.read_text(encoding="utf-8"), re.MULTILINE | re.DOTALL)
EXAMPLES = list(zip(BLOCKS[::2], BLOCKS[1::2], strict=True))


def test_the_page_has_its_examples() -> None:
    assert len(EXAMPLES) >= 7
    assert all('"lingtan.inventory-input/1"' in given for given, _ in EXAMPLES)


@pytest.mark.parametrize(("given", "expected"), EXAMPLES, ids=[f"example-{number}" for number in range(1, len(EXAMPLES) + 1)])
def test_an_example_gives_what_the_page_says(given: str, expected: str) -> None:
    assert_contains(answer_to(given), json.loads(expected), "")


def assert_contains(found: Any, expected: Any, place: str) -> None:
    """What the page names is there; items of a list are found among those of the answer, in their order."""
    if isinstance(expected, dict):
        for name, value in expected.items():
            assert name in found, f"{place}/{name}"
            assert_contains(found[name], value, f"{place}/{name}")
    elif isinstance(expected, list):
        assert bool(expected) == bool(found), place
        at = 0
        for number, item in enumerate(expected):
            while not holds(found[at : at + 1], item, place):
                at += 1
                assert at < len(found), f"{place}/{number}: {item} is not in {found}"
            at += 1
    else:
        assert found == expected, place


def holds(found: list[Any], expected: Any, place: str) -> bool:
    try:
        assert_contains(found[0] if found else None, expected, place)
    except (AssertionError, TypeError):
        return False
    return True
