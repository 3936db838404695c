"""The way to the server over HTTP: `POST /v1/telemetry` with a token of role meter (spec: metering §5)."""

from __future__ import annotations

import base64
import hashlib
import ssl
from collections.abc import Callable
from typing import Any

import httpx2

from ledger.edge.answer import Answer, LinkDown, measure_offset, media_type_of
from ledger.edge.queue import QueuedBody
from ledger.errors import ConfigurationError

TIMEOUT_SECONDS = 60.0
PATH = "/v1/telemetry"
PROBLEM_TYPE = "application/problem+json"
MAX_ANSWER_BYTES = 1 << 20


class HttpLink:
    """A session with one server under one token."""

    def __init__(self, url: str, token: str, *, now_ms: Callable[[], int], ca: str | None = None, timeout: float = TIMEOUT_SECONDS) -> None:
        """Prepare; nothing is connected yet. `ca` is a file of certificates to trust instead of the system's.

        Raises:
            ConfigurationError: not a URL, or the file of certificates cannot be read.
        """
        self._now_ms = now_ms
        try:
            verify: ssl.SSLContext | bool = ssl.create_default_context(cafile=ca) if ca else True
            headers = {"Authorization": f"Bearer {token}", "Accept-Language": "en"}
            self._http = httpx2.Client(base_url=url.rstrip("/"), headers=headers, timeout=timeout, trust_env=False, verify=verify)
        except (httpx2.InvalidURL, ValueError, OSError) as error:
            raise ConfigurationError(f"{url} with {ca or 'the system certificates'} cannot be used: {error}") from error

    def send(self, body: QueuedBody) -> Answer:
        """POST a body as it is and return the answer."""
        return self.post(body.body)

    def post(self, body: bytes) -> Answer:
        """POST bytes of an envelope or a batch and return the answer.

        Raises:
            LinkDown: none came.
        """
        digest = base64.b64encode(hashlib.sha256(body).digest()).decode()
        headers = {"Content-Type": media_type_of(body), "Content-Digest": f"sha-256=:{digest}:"}
        sent_ms = self._now_ms()
        try:
            answer = self._http.post(PATH, content=body, headers=headers)
        except (httpx2.HTTPError, httpx2.InvalidURL) as error:
            raise LinkDown(f"{self._http.base_url} does not answer: {error or type(error).__name__}") from error
        document = _read(answer)
        offset = measure_offset(document.get("server_time"), sent_ms, self._now_ms())
        return Answer(answer.status_code, document, _seconds(answer.headers.get("Retry-After")), offset)

    def get(self, path: str) -> Answer:
        """GET a small JSON document.

        Raises:
            LinkDown: no answer came.
        """
        try:
            answer = self._http.get(path)
        except (httpx2.HTTPError, httpx2.InvalidURL) as error:
            raise LinkDown(f"{self._http.base_url} does not answer: {error or type(error).__name__}") from error
        return Answer(answer.status_code, _read(answer))

    def close(self) -> None:
        """Close the connections."""
        self._http.close()


def _read(answer: httpx2.Response) -> dict[str, Any]:
    if len(answer.content) > MAX_ANSWER_BYTES:
        return {"title": "an answer of more than a mebibyte"}
    try:
        document = answer.json()
    except ValueError:
        return {"title": f"{answer.reason_phrase}: an answer that is no JSON, perhaps of a proxy"}
    if not isinstance(document, dict):
        return {"title": "an answer that is no object"}
    if answer.is_error and answer.headers.get("Content-Type", "").partition(";")[0].strip().lower() != PROBLEM_TYPE:
        return {"title": f"{answer.reason_phrase}: an error that is no problem of the ledger, perhaps of a proxy"}
    return document


def _seconds(text: str | None) -> float | None:
    return float(text) if text is not None and text.isdecimal() and len(text) < 7 else None
