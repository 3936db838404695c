"""The house that most of these tests copy."""

from __future__ import annotations

import pytest

from tests.towns import Template
from tests.whole.closed_house import ClosedHouse, build_house


@pytest.fixture(scope="session")
def one_statement(centre: Template, tmp_path_factory: pytest.TempPathFactory) -> ClosedHouse:
    """A bank with one period and its prepared statement, closed; not to be opened, but copied."""
    return build_house(centre, tmp_path_factory.mktemp("one") / "house", periods=1)
