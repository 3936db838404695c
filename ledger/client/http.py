"""The HTTP client of the commands: one place for tokens, idempotency keys, digests and problems."""

from __future__ import annotations

import base64
import hashlib
import time
import uuid
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, Self

from ledger.errors import ConfigurationError, LedgerError
from ledger.records import canonical

if TYPE_CHECKING:
    import ssl

    import httpx2

UPLOAD_BLOCK = 1 << 20


def growing_pauses() -> Iterator[float]:
    """Yield the seconds to wait between two looks: short ones first, since most waits are for the next block, then a fifth of a second."""
    yield from (0.02, 0.05, 0.1)
    while True:
        yield 0.2


class RequestRefused(LedgerError):
    """The server answered with a problem document (RFC 9457)."""

    code = "request.refused"

    def __init__(self, status: int, problem: Mapping[str, Any]) -> None:
        super().__init__(str(problem.get("detail") or problem.get("title") or f"HTTP status {status}"), hint=str(problem.get("hint") or ""))
        self.status = status
        self.problem = dict(problem)
        self.problem_code = str(problem.get("code", ""))


class ServerUnavailable(LedgerError):
    """The server cannot be reached; nothing is known about the request's outcome unless it carried an idempotency key."""

    code = "server.unavailable"


def _roots(url: str) -> ssl.SSLContext:
    """Return whom to trust: the system's authorities for https, nobody for http, where nothing asks and reading them all takes a while."""
    import ssl  # late, as everything of the network

    import httpx2

    plain = url.lower().startswith("http://")
    return ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT) if plain else httpx2.create_ssl_context(trust_env=False)


@dataclass
class Client:
    """A session with one server as one person."""

    url: str
    token: str
    language: str = "en"
    timeout: float = 300.0
    _http: httpx2.Client = field(init=False, repr=False)

    def __post_init__(self) -> None:
        import httpx2  # late: a command that asks nobody starts without it

        headers = {"Accept-Language": self.language}
        if self.token:
            headers["Authorization"] = f"Bearer {self.token}"
        try:
            verify = _roots(self.url)
            self._http = httpx2.Client(base_url=self.url.rstrip("/"), headers=headers, timeout=self.timeout, trust_env=False, verify=verify)
        except (httpx2.InvalidURL, ValueError) as error:
            raise ConfigurationError(f"not a URL: {self.url}", hint="expected http://127.0.0.1:8057 or https://…") from error

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Close the connections."""
        self._http.close()

    def get(self, path: str, **params: str) -> Any:
        """Return the JSON answer of a GET."""
        return self._read(self._send("GET", path, params=params))

    def get_bytes(self, path: str, **params: str) -> bytes:
        """Return the body of a GET as it came, checked against its Content-Digest where there is one."""
        answer = self._send("GET", path, params=params)
        expected = answer.headers.get("Content-Digest")
        if expected is not None and expected != content_digest(answer.content):
            raise ServerUnavailable("the download is damaged: its Content-Digest differs", hint="download it again")
        return bytes(answer.content)

    def get_all(self, path: str, **params: str) -> Iterator[dict[str, Any]]:
        """Yield the items of every page of a list."""
        cursor: str | None = None
        while True:
            query = dict(params) | ({"cursor": cursor} if cursor else {})
            page = self.get(path, **query)
            yield from page["items"]
            cursor = page.get("next_cursor")
            if not cursor:
                return

    def post(self, path: str, document: object, *, key: str | None = None) -> Any:
        """POST canonical JSON under an idempotency key (made here unless given) and return the JSON answer."""
        body = canonical.dump(document)
        return self._write("POST", path, body, "application/json", key)

    def put(self, path: str, document: object) -> Any:
        """PUT canonical JSON."""
        return self._write("PUT", path, canonical.dump(document), "application/json", None)

    def post_bytes(self, path: str, body: bytes, media_type: str, *, key: str | None = None) -> Any:
        """POST a body as it is, with its digest."""
        return self._write("POST", path, body, media_type, key)

    def post_file(
        self, path: str, file: Path, media_type: str, *, key: str | None = None, progress: Callable[[int], None] = lambda _: None
    ) -> Any:
        """POST a file without reading it whole; the idempotency key is the file's digest unless given.

        Args:
            progress: called with the number of bytes of every block that was handed over.
        """
        digest = hashlib.sha256()
        with file.open("rb") as stream:
            while block := stream.read(UPLOAD_BLOCK):
                digest.update(block)

        def blocks() -> Iterator[bytes]:
            with file.open("rb") as stream:
                while block := stream.read(UPLOAD_BLOCK):
                    yield block
                    progress(len(block))

        headers = {
            "Content-Type": media_type,
            "Content-Digest": f"sha-256=:{base64.b64encode(digest.digest()).decode()}:",
            "Idempotency-Key": key or digest.hexdigest(),
        }
        return self._read(self._send("POST", path, content=blocks(), headers=headers))

    def post_blocks(self, path: str, blocks: Iterable[bytes], media_type: str, *, key: str | None = None) -> Any:
        """POST a body as it is made, block by block; nothing of it is written down here."""
        headers = {"Content-Type": media_type, "Idempotency-Key": key or uuid.uuid4().hex}
        return self._read(self._send("POST", path, content=iter(blocks), headers=headers))

    def wait(self, path: str, *, until: frozenset[str], seconds: float = 60.0) -> Any:
        """Poll a resource until its `state` is one of `until`, or time runs out; return its last answer."""
        end = time.monotonic() + seconds
        pauses = growing_pauses()
        while True:
            answer = self.get(path)
            if answer.get("state") in until or time.monotonic() > end:
                return answer
            time.sleep(next(pauses))

    def _write(self, method: str, path: str, body: bytes, media_type: str, key: str | None) -> Any:
        headers = {"Content-Type": media_type, "Content-Digest": content_digest(body), "Idempotency-Key": key or uuid.uuid4().hex}
        return self._read(self._send(method, path, content=body, headers=headers))

    def _send(self, method: str, path: str, **arguments: Any) -> httpx2.Response:
        import httpx2

        try:
            answer = self._http.request(method, path, **arguments)
        except (httpx2.HTTPError, httpx2.InvalidURL) as error:
            raise ServerUnavailable(f"{self.url} does not answer: {error}", hint="is `lingtan serve` running there?") from error
        if answer.status_code >= 300:
            try:
                problem = answer.json()
            except ValueError:
                problem = {"title": f"{self.url} answered {answer.status_code} {answer.reason_phrase}", "hint": "is it a server of ours?"}
            raise RequestRefused(answer.status_code, problem if isinstance(problem, dict) else {})
        return answer

    def _read(self, answer: httpx2.Response) -> Any:
        try:
            return answer.json() if answer.content else {}
        except ValueError as error:
            raise ServerUnavailable(f"{self.url} answers with something else than JSON", hint="is it a server of ours?") from error


def content_digest(body: bytes) -> str:
    """Return the RFC 9530 Content-Digest of a body."""
    return f"sha-256=:{base64.b64encode(hashlib.sha256(body).digest()).decode()}:"
