"""The names under which a bank's exposures and borrowers leave the bank: HMACs under a key that never does (spec: loan-book §4)."""

from __future__ import annotations

import hmac
import unicodedata
from collections.abc import Callable
from dataclasses import dataclass, field

import polars as pl

from ledger.errors import InputError

KEY_BYTES = 32
PSEUDONYM_BYTES = 16
_BORROWER = b"\x31"
_EXPOSURE = b"\x32"


def normalise_borrower(text: str) -> str:
    """Return a borrower's name as it is compared: NFKC, upper case, without white space.

    Full-width letters, small letters and blanks in a credit code or a name then make no other borrower.
    """
    return "".join(unicodedata.normalize("NFKC", unicodedata.normalize("NFKC", text).upper()).split())


@dataclass(frozen=True)
class PseudonymKey:
    """The bank's pseudonym key P of 32 bytes; whoever has it can tell whether a guessed borrower is in the book."""

    secret: bytes = field(repr=False)

    def __post_init__(self) -> None:
        if len(self.secret) != KEY_BYTES:
            raise InputError(f"a pseudonym key has {KEY_BYTES} bytes, not {len(self.secret)}", hint="make one with the bank's vault")

    def borrower(self, text: str) -> str:
        """Return the pseudonym of a borrower as 32 hex digits."""
        return self._name(_BORROWER, normalise_borrower(text))

    def exposure(self, text: str) -> str:
        """Return the pseudonym of an exposure as 32 hex digits."""
        return self._name(_EXPOSURE, text)

    def borrowers(self, texts: pl.Series) -> pl.Series:
        """Return the pseudonyms of a column; each different text is hashed once."""
        return self._column(texts, self.borrower)

    def exposures(self, texts: pl.Series) -> pl.Series:
        """Return the pseudonyms of a column of exposures."""
        return self._column(texts, self.exposure)

    def _column(self, texts: pl.Series, name: Callable[[str], str]) -> pl.Series:
        different = texts.unique()
        made = pl.Series(different.name, [name(text) for text in different.to_list()], dtype=pl.String)
        return texts.replace_strict(different, made, return_dtype=pl.String)

    def _name(self, kind: bytes, text: str) -> str:
        return hmac.digest(self.secret, kind + text.encode("utf-8"), "sha256")[:PSEUDONYM_BYTES].hex()
