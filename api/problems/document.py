"""The problem document itself (RFC 9457 §3) with our members code, errors, retryable, trace_id."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping

from starlette.responses import Response

from api.exchange import Exchange
from api.problems.catalogue import ProblemKind
from api.problems.refusal import FieldError
from ledger.records.findings import Finding

MEDIA_TYPE = "application/problem+json"
RETRY_AFTER_SECONDS = 2

_QUOTED = re.compile(r"'[^']*'|got (?!')[^,;:]+")


def problem_response(
    exchange: Exchange,
    kind: ProblemKind,
    *,
    code: str = "",
    detail: str = "",
    hint: str = "",
    errors: tuple[FieldError, ...] = (),
    findings: tuple[Finding, ...] = (),
    headers: Mapping[str, str] | None = None,
) -> Response:
    """Return the answer for a problem of this kind, in the caller's language.

    Args:
        code: the error's own stable code where it is finer than the kind's.
        detail: an English sentence of the house, without any value of the request; the kind's cause stands before it in Chinese.
        hint: what to do, in English; the kind's remedy where it is empty and in Chinese.
        findings: what was found in a body of data; without any the document has no such member.
    """
    language = exchange.language
    cause = kind.cause.get(language)
    document: dict[str, object] = {
        "type": f"/problems/{kind.code}",
        "title": kind.title.get(language),
        "status": kind.status,
        "detail": (detail or cause) if language == "en" else (f"{cause}（{detail}）" if detail else cause),
        "hint": hint if hint and language == "en" else kind.remedy.get(language),
        "code": code or kind.code,
        "retryable": kind.retryable,
        "errors": [{"pointer": error.pointer, "code": error.code, "detail": error.detail} for error in errors],
        "trace_id": exchange.trace_id,
    }
    if findings:
        document["findings"] = [finding.to_document() for finding in findings]
    sent = {"Content-Language": language, "Vary": "Accept-Language", "Cache-Control": "no-store", **(headers or {})}
    if kind.retryable and kind.status in (409, 503):
        sent.setdefault("Retry-After", str(RETRY_AFTER_SECONDS))
    if kind.status == 401:
        sent.setdefault("WWW-Authenticate", 'Bearer realm="lingtan"')
    return Response(json.dumps(document, ensure_ascii=False).encode(), kind.status, sent, MEDIA_TYPE)


def without_values(message: str) -> str:
    """Return a message of the house with every quoted or "got …" piece left out: what was rejected does not come back."""
    return _QUOTED.sub(lambda match: "got …" if match.group().startswith("got ") else "…", message)
