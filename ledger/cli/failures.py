"""The one place where an error becomes an exit code and words. The codes stand in docs/cli.md and never change their meaning."""

from __future__ import annotations

import errno
import traceback
from dataclasses import dataclass, field

import typer

from ledger.cli.messages import Language, exit_words, say
from ledger.client.http import RequestRefused, ServerUnavailable
from ledger.errors import (
    ConfigurationError,
    Conflict,
    Forbidden,
    InputError,
    IntegrityError,
    LedgerError,
    MalformedDocument,
    NotFound,
    SignatureRefused,
)

OK = 0
FINDINGS = 1
USAGE = 2
MALFORMED = 3
NETWORK = 10
AUTH = 11
REJECTED = 12
CONFLICT = 13
RATE = 14
INTERNAL = 70
INTERRUPTED = 130

# Errors of rooms that are not imported at the start, by their stable codes; read before the classes below.
BY_CODE: tuple[tuple[str, int], ...] = (
    ("store.busy", NETWORK),
    ("store.unavailable", NETWORK),
    ("store.row_refused", REJECTED),
    ("chain.unavailable", NETWORK),
    ("chain.outcome_unknown", NETWORK),
    ("chain.wrong_chain", USAGE),
    ("chain.locked", CONFLICT),
    ("chain.corrupt", FINDINGS),
    ("chain.checkpoint_mismatch", FINDINGS),
    ("chain.rejected", REJECTED),
    ("chain.refused", REJECTED),
)
BY_CLASS: tuple[tuple[type[LedgerError], int], ...] = (
    (ServerUnavailable, NETWORK),
    (MalformedDocument, MALFORMED),
    (InputError, USAGE),
    (SignatureRefused, REJECTED),
    (Forbidden, AUTH),
    (NotFound, REJECTED),
    (Conflict, CONFLICT),
    (IntegrityError, FINDINGS),
    (ConfigurationError, USAGE),
    (LedgerError, INTERNAL),
)
BY_STATUS: tuple[tuple[int, int], ...] = ((401, AUTH), (403, AUTH), (409, CONFLICT), (429, RATE), (503, NETWORK))
_NO_ROOM = (errno.ENOSPC, errno.EDQUOT, errno.EROFS, errno.EFBIG)
_FILE_ERRORS = (FileNotFoundError, PermissionError, IsADirectoryError, NotADirectoryError, FileExistsError)


@dataclass(frozen=True)
class Failure:
    """What is said of an error. `places`: (pointer, code, detail) of what the server named; `trace`: for faults of ours alone."""

    exit: int
    code: str
    message: str
    hint: str
    places: tuple[tuple[str, str, str], ...] = ()
    trace: str = field(default="", repr=False)

    def to_document(self) -> dict[str, object]:
        """Return the failure as the JSON that `--json` writes to stderr."""
        places = [{"pointer": pointer, "code": code, "detail": detail} for pointer, code, detail in self.places]
        return {"error": {"exit": self.exit, "code": self.code, "message": self.message, "hint": self.hint, "errors": places}}


def describe(error: BaseException, language: Language) -> Failure:
    """Return the exit code and the words for any error that a command may end with."""
    if isinstance(error, LedgerError):
        return _describe_ours(error, language)
    if isinstance(error, typer.TyperException):
        context = getattr(error, "ctx", None)
        command = context.command_path if context is not None else "lingtan"
        return Failure(
            USAGE, "usage", error.format_message() or say("command_missing", language), say("help_hint", language, command=command)
        )
    if isinstance(error, KeyboardInterrupt | typer.Abort):
        return Failure(INTERRUPTED, "interrupted", say("stopped", language), "")
    if isinstance(error, OSError) and error.errno in _NO_ROOM:
        message = say("file_failed", language, file=error.filename or "", reason=error.strerror)
        return Failure(USAGE, "file", message, say("disk_hint", language))
    if isinstance(error, _FILE_ERRORS):
        message = say("file_failed", language, file=error.filename, reason=error.strerror)
        return Failure(USAGE, "file", message, say("file_hint", language))
    trace = "".join(traceback.format_exception(error))
    return Failure(INTERNAL, "internal", say("internal", language, name=type(error).__name__), say("internal_hint", language), trace=trace)


def exit_code_of(error: LedgerError) -> int:
    """Return the exit code of one of our errors."""
    if isinstance(error, RequestRefused):
        return _exit_code_of_answer(error)
    for code, exit_code in BY_CODE:
        if error.code == code:
            return exit_code
    return next(exit_code for error_class, exit_code in BY_CLASS if isinstance(error, error_class))


def _exit_code_of_answer(error: RequestRefused) -> int:
    if error.problem_code == "input.malformed":
        return MALFORMED
    for status, exit_code in BY_STATUS:
        if error.status == status:
            return exit_code
    return INTERNAL if error.status >= 500 else REJECTED


def _describe_ours(error: LedgerError, language: Language) -> Failure:
    code, message, hint = exit_code_of(error), str(error), error.hint
    places: tuple[tuple[str, str, str], ...] = ()
    if isinstance(error, RequestRefused):
        listed = error.problem.get("errors") or ()
        places = tuple(
            (str(item.get("pointer", "")), str(item.get("code", "")), str(item.get("detail", "")))
            for item in listed
            if isinstance(item, dict)
        )
        if language == "zh":  # the server has said it in Chinese already
            return Failure(code, error.problem_code or error.code, message, hint, places)
    if language == "zh":
        message = f"{exit_words(code, language)}（{message}）"
    return Failure(code, getattr(error, "problem_code", "") or error.code, message, hint, places)
