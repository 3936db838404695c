"""Identifiers and the names that stand for them on chain."""

from __future__ import annotations

import hashlib

import pytest

from ledger.errors import InputError
from ledger.identifiers import check_identifier, is_identifier, sid


@pytest.mark.parametrize("text", ["A", "0", "bank-1", "el.import", "a_b", "x" * 63])
def test_an_identifier_is_returned_as_it_is(text: str) -> None:
    assert check_identifier(text) == text
    assert is_identifier(text)


@pytest.mark.parametrize("text", ["", "-a", ".a", "_a", "a/b", "a b", "x" * 64, "银行", "a\n", "a\x00", "١"])
def test_what_is_no_identifier_is_refused(text: str) -> None:
    assert not is_identifier(text)
    with pytest.raises(InputError):
        check_identifier(text)


def test_a_name_on_chain_binds_kind_and_text() -> None:
    assert sid("org", "bank-1") == hashlib.sha256(b"lingtan/org/bank-1").digest()
    assert sid("dataset", "METERS") != sid("scheme", "METERS")
