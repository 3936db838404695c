"""Read the JSON text of a loan file: strictly, but for numbers, which are taken as the decimals they are written as.

`84.5`, `"84.5"` and `8.45e1` are one quantity here, exactly, and an integer may be of any length; no binary number comes in between. What
another parser could read differently is refused as everywhere (spec: commitments §7): keys that stand twice, NaN, text behind the end.
"""

from __future__ import annotations

import re
from decimal import Decimal

from ledger.records import canonical
from ledger.records.respelled import load_respelled

SAFE_DIGITS = 15
MAX_EXPONENT = 40
# A string as a whole, or a number and nothing behind it. Possessive: linear in any text.
_TOKEN = re.compile(
    r'"[^"\\]*+(?:\\.[^"\\]*+)*+"|(?<![0-9.eE+-])-?(?:0|[1-9][0-9]*+)(?:\.[0-9]++)?(?:[eE][+-]?[0-9]{1,3}+)?+(?![0-9.eE+-])', re.DOTALL
)


def load_loan_file(data: bytes) -> canonical.Json:
    """Return the value of a loan file's bytes; numbers other than short integers are decimal strings.

    Raises:
        MalformedDocument: with the pointer or the position of what is wrong.
    """
    return load_respelled(data, _TOKEN, _quoted)


def _quoted(match: re.Match[str]) -> str:
    token = match.group()
    if token.startswith('"') or (token.removeprefix("-").isdigit() and len(token) <= SAFE_DIGITS):
        return token
    number, letter, exponent = token.lower().partition("e")
    if not letter:
        return f'"{token}"'
    # Left as it is, the strict loader refuses it at its place.
    return f'"{Decimal(token):f}"' if abs(int(exponent)) <= MAX_EXPONENT and len(number) <= MAX_EXPONENT else token
