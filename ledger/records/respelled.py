"""Load JSON that people write: some of its tokens are spelled anew first, then the strict loader reads it.

For numbers, which no binary number may come in between: a format says which of them become the decimal strings that the house computes
with. What another parser could read differently is refused as everywhere (spec: commitments §7).
"""

from __future__ import annotations

import re
from collections.abc import Callable

from ledger.records import canonical

_BYTE_ORDER_MARK = b"\xef\xbb\xbf"


def load_respelled(data: bytes, token: re.Pattern[str], respell: Callable[[re.Match[str]], str]) -> canonical.Json:
    """Return the value of `data` with every match of `token` replaced; the pattern must take strings whole, to leave them alone.

    Raises:
        MalformedDocument: with the pointer or the position of what is wrong.
    """
    data = data.removeprefix(_BYTE_ORDER_MARK)
    try:
        text = data.decode("utf-8")
    except UnicodeDecodeError:
        return canonical.load(data)  # which says where it is no UTF-8
    return canonical.load(token.sub(respell, text).encode("utf-8"))
