"""Run `lingtan-verify`: verify evidence packages, bundles, line proofs and meter files without a network.

Exit codes: 0 VALID, 1 INVALID, 2 usage, 3 MALFORMED, 4 INCOMPLETE, 5 NOT-IN-FORCE, 6 UNTRUSTED, 69 the service refused a
submission, 70 an internal disagreement, 74 the answer could not be written. Any other non-zero code is a failure too.
"""

from __future__ import annotations

import argparse
import io
import os
import sys
import traceback
from collections.abc import Sequence

from verifier import NAME, VERSION
from verifier.command_line import build_parser
from verifier.errors import Disagreement, Malformed, Refused, UsageError, VerifierError

USAGE, MALFORMED, UNAVAILABLE, INTERNAL, UNREAD = 2, 3, 69, 70, 74


def main(argv: Sequence[str] | None = None) -> int:
    """Run one command and return its exit code."""
    arguments = build_parser().parse_args(argv)
    if arguments.lang is None:
        arguments.lang = "zh" if (os.environ.get("LC_ALL") or os.environ.get("LANG") or "").startswith("zh") else "en"
    # A terminal that cannot write a character must not turn into an exit code; JSON is UTF-8 wherever it goes.
    for stream, encoding in ((sys.stdout, "utf-8" if arguments.json else None), (sys.stderr, None)):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(encoding=encoding, errors="backslashreplace")
    try:
        code = _run(arguments)
        for stream in (sys.stdout, sys.stderr):
            if stream is not None:
                stream.flush()
    except OSError:  # nobody reads the answer: a closed pipe, a full disk
        os.dup2(os.open(os.devnull, os.O_WRONLY), 1)
        return UNREAD
    return code


def _run(arguments: argparse.Namespace) -> int:
    try:
        return int(arguments.run(arguments))
    except Malformed as error:
        return _stop(arguments, "MALFORMED", MALFORMED, error)
    except UsageError as error:
        return _stop(arguments, "USAGE", USAGE, error)
    except Disagreement as error:
        return _stop(arguments, "INTERNAL", INTERNAL, error)
    except Refused as error:
        return _stop(arguments, "INVALID", 1, error)
    except VerifierError as error:
        return _stop(arguments, "UNAVAILABLE", UNAVAILABLE, error)
    except BrokenPipeError:
        raise
    except Exception as error:  # Python would exit with 1, which here accuses somebody
        traceback.print_exc()
        return _stop(arguments, "INTERNAL", INTERNAL, VerifierError("INTERNAL", f"a fault of this tool: {error!r}; please report it"))


def _stop(arguments: argparse.Namespace, verdict: str, code: int, error: VerifierError) -> int:
    from verifier.messages import refusal
    from verifier.report import json_of, printable

    if arguments.json:
        place = error.place if isinstance(error, Malformed) else ""
        failure = {"code": error.code, "place": place, "message": str(error)}
        print(json_of({"verdict": verdict, "exit_code": code, "error": failure, "tool": {"name": NAME, "version": VERSION}}))
    place = error.place if isinstance(error, Malformed) else ""
    words = refusal(error.code, f"{error.code}: {error}", arguments.lang, place, error.facts)
    print(printable(f"{NAME}: {verdict} ({code}): {words}"), file=sys.stderr)
    return code


if __name__ == "__main__":
    sys.exit(main())
