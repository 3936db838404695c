"""Accept-Language chooses between our two languages."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from api.language import choose_language


@pytest.mark.parametrize(
    ("header", "language"),
    [
        (None, "zh"),
        ("", "zh"),
        ("*", "zh"),
        ("en", "en"),
        ("en-GB,en;q=0.9", "en"),
        ("zh-CN,zh;q=0.9,en;q=0.8", "zh"),
        ("en;q=0.8, zh;q=0.9", "zh"),
        ("de-DE, en;q=0.5", "en"),
        ("fr", "zh"),
        ("en;q=0", "zh"),
        ("zh;q=0.001, en;q=0.002", "en"),
        ("en;q=nonsense", "zh"),
    ],
)
def test_the_heaviest_of_our_languages_wins(header: str | None, language: str) -> None:
    assert choose_language(header) == language


@given(st.text())
def test_any_header_gives_a_language(header: str) -> None:
    assert choose_language(header) in ("zh", "en")
