"""Pseudonyms: HMAC as the standard library computes it, equal for equal borrowers however they are spelt, apart for everything else."""

from __future__ import annotations

import hashlib
import hmac

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ledger.errors import InputError
from ledger.loans.pseudonyms import PseudonymKey, normalise_borrower

KEY = PseudonymKey(bytes(range(32)))


@given(st.binary(min_size=32, max_size=32), st.text(max_size=30))
def test_a_pseudonym_is_the_first_half_of_an_hmac(secret: bytes, text: str) -> None:
    key = PseudonymKey(secret)
    normalised = normalise_borrower(text)
    assert key.borrower(text) == hmac.new(secret, b"\x31" + normalised.encode(), hashlib.sha256).hexdigest()[:32]
    assert key.exposure(text) == hmac.new(secret, b"\x32" + text.encode(), hashlib.sha256).hexdigest()[:32]


@pytest.mark.parametrize(
    "text", ["91330100ma27xxxx0a", "９１３３０１００ＭＡ２７ＸＸＸＸ０Ａ", " 91330100 MA27XXXX0A ", "91330100\u3000MA27XXXX0A"]
)
def test_a_borrower_has_one_pseudonym_however_it_is_spelt(text: str) -> None:
    assert KEY.borrower(text) == KEY.borrower("91330100MA27XXXX0A")


def test_borrower_and_exposure_of_one_text_are_told_apart_and_so_are_keys() -> None:
    names = {KEY.borrower("A1"), KEY.exposure("A1"), KEY.exposure("a1"), PseudonymKey(bytes(32)).borrower("A1")}
    assert len(names) == 4


@given(st.lists(st.text(max_size=6), max_size=12))
def test_a_column_has_the_pseudonyms_of_its_texts(texts: list[str]) -> None:
    series = pl.Series("borrower", texts, dtype=pl.String)
    assert KEY.borrowers(series).to_list() == [KEY.borrower(text) for text in texts]
    assert KEY.exposures(series).to_list() == [KEY.exposure(text) for text in texts]


def test_a_key_of_another_length_is_refused_and_never_shown() -> None:
    with pytest.raises(InputError, match="32 bytes"):
        PseudonymKey(bytes(16))
    assert "0102" not in repr(KEY)
    assert "secret" not in repr(KEY)
