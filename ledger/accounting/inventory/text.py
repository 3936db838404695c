"""Read the JSON text of an inventory: strictly, but for numbers with a fraction, which are taken as the decimal they are written as.

`84.5` and `"84.5"` are the same quantity here, exactly; no binary number comes in between. What another parser could read differently
is refused as everywhere (spec: commitments §7): keys that stand twice, exponents, NaN, integers beyond 2^53 − 1.
"""

from __future__ import annotations

import re

from ledger.records import canonical
from ledger.records.respelled import load_respelled

# A string as a whole, or a number with a fraction and nothing behind it. Possessive: linear in any text.
_TOKEN = re.compile(r'"[^"\\]*+(?:\\.[^"\\]*+)*+"|-?(?:0|[1-9][0-9]*+)\.[0-9]++(?![0-9.eE+-])', re.DOTALL)


def load_inventory(data: bytes) -> canonical.Json:
    """Return the value of an inventory's bytes, fractions as decimal strings.

    Raises:
        MalformedDocument: with the pointer or the position of what is wrong.
    """
    return load_respelled(data, _TOKEN, _quoted)


def _quoted(match: re.Match[str]) -> str:
    token = match.group()
    return token if token.startswith('"') else f'"{token}"'
