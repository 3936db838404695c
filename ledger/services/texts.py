"""What people write to be kept: the reason of an answer, of a review."""

from __future__ import annotations

from ledger.errors import InputError

MAX_REASON = 2_000


def check_reason(text: str) -> str:
    """Return a reason as it is kept: without blanks around it, 1 to 2,000 characters, no control character (spec: documents §8).

    Raises:
        InputError: otherwise.
    """
    reason = text.strip()
    if not 1 <= len(reason) <= MAX_REASON or any(character < " " or character == "\x7f" for character in reason):
        raise InputError(
            "the reason cannot be kept as it is",
            hint=f"write 1 to {MAX_REASON} characters in one paragraph",
            errors=(("/reason", "REASON_INVALID", f"1 to {MAX_REASON} characters, no line breaks"),),
        )
    try:
        reason.encode()
    except UnicodeEncodeError as error:
        raise InputError("the reason is no text", hint="write it as UTF-8") from error
    return reason
