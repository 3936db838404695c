"""Word a verification: text for people, one JSON object for programs (verification.md)."""

from __future__ import annotations

import json
from typing import Any

from verifier import NAME, VERSION, messages
from verifier.checks import Check, Outcome
from verifier.roll_up import MEASURES
from verifier.verify_package import Verification

_SHOWN = 200


def document_of(verification: Verification, language: str) -> dict[str, Any]:
    """Return the JSON object: verdict, exit code, level, subject, checks, recomputed, policy, tool."""
    verdict, exit_code = verification.verdict()
    policy = verification.policy
    return {
        "verdict": verdict,
        "exit_code": exit_code,
        "level": verification.level(),
        "subject": verification.subject,
        "checks": [_check_document(check, language) for check in verification.checks.items],
        "recomputed": _recomputed(verification),
        **_recomputation(verification),
        "policy": None
        if policy is None
        else {
            "version": policy.version,
            "sha256": policy.digest,
            "signers": [item.public_key.hex() for item in policy.signatures if item.holds],
        },
        "tool": {"name": NAME, "version": VERSION},
    }


def _recomputation(verification: Verification) -> dict[str, Any]:
    """Return the line of its own that a bundle with inputs has."""
    found = verification.recomputation
    return {} if found is None else {"recomputation": {"outcome": found.outcome, "reason": found.reason}}


def _recomputed(verification: Verification) -> dict[str, Any] | None:
    """Return the figures of an inventory, those of a book under `financed`; null where there are none."""
    recomputed, book = verification.recomputed, verification.book
    document: dict[str, Any] = {}
    if recomputed is not None:
        document["lines"] = recomputed.lines
        document["totals"] = {name: str(recomputed.totals[name]) for name in MEASURES}
        document["differences"] = {name: str(recomputed.differences[name]) for name in MEASURES}
    if book is not None:
        counts = {"dataset": book.dataset, "records": book.records, "groups": book.groups, "opened": book.opened}
        own = {"totals": _texts(book.totals), "differences": _texts(book.differences)}
        document["financed"] = {**counts, **own}
    return document or None


def _texts(figures: dict[str, int] | None) -> dict[str, str] | None:
    return None if figures is None else {name: str(value) for name, value in figures.items()}


def _check_document(check: Check, language: str) -> dict[str, str]:
    document = {"id": check.id, "subject": check.subject, "outcome": str(check.outcome)}
    if check.expected is not None:
        document["expected"] = check.expected
    if check.found is not None:
        document["found"] = check.found
    if check.outcome is not Outcome.PASS or check.code:
        document["means"], document["next"] = messages.explain(check, language)
    return document


def json_of(document: dict[str, Any]) -> str:
    """Return the one line that goes to stdout."""
    return json.dumps(document, ensure_ascii=False, separators=(",", ":"))


def text_of(verification: Verification, language: str, *, all_checks: bool = True) -> str:
    """Return the report for people: one numbered line per check, a mismatch with expected, found, means and next."""
    lines = [messages.said(verification.subject, language), ""]
    for number, check in enumerate(verification.checks.items, start=1):
        if check.outcome is Outcome.PASS and not all_checks:
            continue
        lines.append(
            f"{number:3}. {messages.outcome_word(check.outcome, language):<12} {check.id}  {messages.said(check.subject, language)}"
        )
        if check.outcome is Outcome.PASS and not check.code:
            continue
        means, following = messages.explain(check, language)
        expected, found = (None if value is None else messages.said(value, language) for value in (check.expected, check.found))
        for name, value in (("expected", expected), ("found", found), ("means", means), ("next", following)):
            if value is not None:
                lines.append(f"       {messages.label(name, language)}: {value if len(value) <= _SHOWN else value[:_SHOWN] + ' …'}")
    lines.append("")
    recomputed = verification.recomputed
    if recomputed is not None:
        differences = ", ".join(f"{name} {recomputed.differences[name]:+d}" for name in MEASURES if recomputed.differences[name]) or "0"
        counted = f"{recomputed.lines} {messages.label('lines', language)}"
        lines.append(f"{messages.label('recomputed', language)}: {counted}, {messages.label('difference', language)}: {differences} g")
        lines.append(f"  {', '.join(f'{name} {recomputed.totals[name]}' for name in MEASURES)}")
    lines += _book_lines(verification, language)
    if verification.recomputation is not None:
        again = verification.recomputation
        words = messages.recomputation_words(again.outcome, language)
        lines.append(f"{messages.label('recomputed', language)}: {again.outcome} {again.reason}".rstrip() + f", {words}")
    if verification.datasets:
        lines.append(f"{messages.label('level', language)}: {messages.level_words(verification.level(), language)}")
    verdict, exit_code = verification.verdict()
    lines.append(f"{messages.label('verdict', language)}: {verdict} ({exit_code}), {messages.verdict_words(verdict, language)}")
    return printable("\n".join(lines))


def _book_lines(verification: Verification, language: str) -> list[str]:
    book = verification.book
    if book is None:
        return []
    counted = f"{book.records} {messages.label('exposures', language)}, {book.opened}/{book.groups} {messages.label('groups', language)}"
    if book.totals is None or book.differences is None:
        return [f"{messages.label('recomputed', language)}: {counted}"]
    off = ", ".join(f"{name} {value:+d}" for name, value in book.differences.items() if value) or "0"
    shown = ", ".join(f"{name} {book.totals[name]}" for name in ("exposure_cents", "s12_g", "s3_g", "weighted"))
    return [f"{messages.label('recomputed', language)}: {counted}, {messages.label('difference', language)}: {off}", f"  {shown}"]


def printable(text: str) -> str:
    """Return `text` with control and direction characters written out: a document must not steer the reader's terminal."""
    return "".join(character if character.isprintable() or character == "\n" else f"\\u{ord(character):04x}" for character in text)
