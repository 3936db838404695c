"""Attributions of one borrower at several banks: tokens under the centre's key, shares as integers (spec: documents §17).

The borrower's text is here for one call and goes nowhere: errors name a line, never what stands on it.
"""

from __future__ import annotations

import hmac
import json
import re
import struct
from collections.abc import Iterator
from dataclasses import dataclass, field

from ledger.errors import InputError
from ledger.identifiers import check_identifier
from ledger.loans.pseudonyms import normalise_borrower

KEY_BYTES = 32
WHOLE = 10**9
MAX_LINE = 4_096
MAX_LINES = 1_000_000
MAX_BORROWER = 500
ABOVE_ONE = "ATTRIBUTION_ABOVE_ONE"
COMPANY_CLASSES = ("listed_equity", "corporate_bond", "business_loan", "unlisted_equity")
"""Asset classes whose attribution is a share of the borrower itself, not of a project, building, vehicle or country."""

_TAG = b"\x33"
_MATCHED = struct.Struct(">32s16sqq")
_FIELDS = frozenset({"borrower", "exposure", "numerator_cents", "denominator_cents"})
_INTEGER = re.compile(r"0|[1-9][0-9]{0,28}")
_PSEUDONYM = re.compile(r"[0-9a-f]{32}")


@dataclass(frozen=True)
class Matched:
    """One line as the centre keeps it: token (32 bytes), the bank's pseudonym of the exposure (16), the share in billionths."""

    token: bytes
    exposure: bytes
    floor_e9: int
    ceil_e9: int


@dataclass(frozen=True)
class MatchingKey:
    """The centre's matching key C; whoever has it can tell whether a guessed borrower was handed in by some bank."""

    secret: bytes = field(repr=False)

    def __post_init__(self) -> None:
        if len(self.secret) != KEY_BYTES:
            raise InputError(f"a matching key of {len(self.secret)} bytes, expected {KEY_BYTES}", hint="restore keys/matching.key")

    def token(self, period: str, borrower: str) -> bytes:
        """Return the token of a borrower in the periods of this id."""
        message = _TAG + check_identifier(period).encode() + b"\x00" + normalise_borrower(borrower).encode()
        return hmac.digest(self.secret, message, "sha256")


class Matcher:
    """Reads a file of lines as it comes in, a part at a time, and keeps tokens, pseudonyms and shares: 64 bytes a line.

    A line is a JSON object {borrower, exposure, numerator_cents, denominator_cents}. The text of no line is kept longer than a call.
    """

    def __init__(self, key: MatchingKey, period: str) -> None:
        self._key, self._period = key, check_identifier(period)
        # Keyed: tells whether the same file came again, and confirms no guess of a short file without the key.
        self._digest = hmac.new(key.secret, b"\x34", "sha256")
        self._rest, self._packed, self._lines = b"", bytearray(), 0
        self._seen: set[bytes] = set()

    def feed(self, data: bytes) -> None:
        """Read the next part of the file.

        Raises:
            InputError: a line is none, or an exposure stands twice; the message names the line's number alone.
        """
        self._digest.update(data)
        *lines, rest = (self._rest + data).split(b"\n")
        for line in lines:
            self._read(line)
        if len(rest) > MAX_LINE:
            raise _refused(self._lines + 1, f"longer than {MAX_LINE} bytes")
        self._rest = rest

    def finish(self) -> str:
        """Read what is left as the last line; return the keyed digest of the file as hex. Again, it changes nothing."""
        rest, self._rest = self._rest, b""
        self._read(rest)
        self._seen.clear()
        return self._digest.hexdigest()

    @property
    def n(self) -> int:
        """Return how many exposures were read."""
        return len(self._packed) // _MATCHED.size

    def items(self) -> Iterator[Matched]:
        """Yield what is kept, in the order of the lines."""
        return (Matched(*item) for item in _MATCHED.iter_unpack(bytes(self._packed)))

    def _read(self, line: bytes) -> None:
        self._lines += 1
        if not line.strip():
            return
        borrower, exposure, numerator, denominator = _read(self._lines, line)
        if exposure in self._seen:
            raise _refused(self._lines, "an exposure that stands twice")
        if len(self._seen) == MAX_LINES:
            raise InputError(f"more than {MAX_LINES} lines", hint="hand in the attributions of companies alone")
        self._seen.add(exposure)
        self._packed += _MATCHED.pack(self._key.token(self._period, borrower), exposure, *shares(numerator, denominator))


def shares(numerator: int, denominator: int) -> tuple[int, int]:
    """Return N ÷ D in billionths, rounded down and up; a numerator above its denominator counts as all of it, as in attribution."""
    part = min(numerator, denominator) * WHOLE
    return part // denominator, -(-part // denominator)


def _read(number: int, line: bytes) -> tuple[str, bytes, int, int]:
    if len(line) > MAX_LINE:
        raise _refused(number, f"longer than {MAX_LINE} bytes")
    try:
        item = json.loads(line)
    except (ValueError, RecursionError):
        # Without the cause: its text may hold what stands on the line.
        raise _refused(number, "no JSON in UTF-8") from None
    if not isinstance(item, dict) or item.keys() != _FIELDS or not all(isinstance(value, str) for value in item.values()):
        raise _refused(number, "other fields than borrower, exposure, numerator_cents, denominator_cents, each a text")
    borrower, exposure = item["borrower"], item["exposure"]
    if not 1 <= len(borrower) <= MAX_BORROWER or not normalise_borrower(borrower) or not _is_text(borrower):
        raise _refused(number, f"a borrower that is no text of 1 to {MAX_BORROWER} characters")
    if not _PSEUDONYM.fullmatch(exposure):
        raise _refused(number, "an exposure that is no pseudonym of 32 hex digits")
    cents = [int(item[name]) for name in ("numerator_cents", "denominator_cents") if _INTEGER.fullmatch(item[name])]
    if len(cents) != 2 or cents[1] == 0:
        raise _refused(number, "no two integers of cents, the denominator above 0")
    return borrower, bytes.fromhex(exposure), cents[0], cents[1]


def _is_text(text: str) -> bool:
    try:
        return bool(text.encode())
    except UnicodeEncodeError:
        return False


def _refused(number: int, what: str) -> InputError:
    return InputError(f"line {number}: {what}", hint="nothing was kept; hand in the whole file again", line=number)
