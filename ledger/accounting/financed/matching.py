"""Attributions of one borrower at several banks: tokens under the centre's key, shares as integers (spec: documents §17).

The borrower's text is here for one call and goes nowhere: errors name a line, never what stands on it.
"""

from __future__ import annotations

import hmac
import json
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

from ledger.errors import InputError
from ledger.identifiers import check_identifier
from ledger.loans.pseudonyms import normalise_borrower

KEY_BYTES = 32
WHOLE = 10**9
MAX_LINE = 4_096
MAX_LINES = 1_000_000
MAX_BORROWER = 500
COMPANY_CLASSES = ("listed_equity", "corporate_bond", "business_loan", "unlisted_equity")
"""Asset classes whose attribution is a share of the borrower itself, not of a project, building, vehicle or country."""

_TAG = b"\x33"
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

    def match(self, period: str, lines: Iterable[bytes]) -> Iterator[Matched]:
        """Yield each line as it is kept; lines are JSON objects {borrower, exposure, numerator_cents, denominator_cents}.

        Raises:
            InputError: a line is none; the message names the line's number alone.
        """
        for number, line in enumerate(lines, start=1):
            if number > MAX_LINES:
                raise InputError(f"more than {MAX_LINES} lines", hint="hand in the attributions of companies alone")
            borrower, exposure, numerator, denominator = _read(number, line)
            floor, ceil = shares(numerator, denominator)
            yield Matched(self.token(period, borrower), exposure, floor, ceil)

    def fingerprint(self, data: Iterable[bytes]) -> str:
        """Return the HMAC of a body as hex: tells whether the same came again, and confirms no guess without the key."""
        made = hmac.new(self.secret, b"\x34", "sha256")
        for part in data:
            made.update(part)
        return made.hexdigest()


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
