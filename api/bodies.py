"""Reading a request's body: content type, size, Content-Digest and strict JSON, in this order, before any model sees it."""

from __future__ import annotations

import hashlib
import json
import tempfile
from collections.abc import AsyncIterator, Callable, Iterator
from dataclasses import dataclass
from typing import IO, Any, Generic, TypeVar

from fastapi import Depends, Request
from pydantic import BaseModel, ValidationError
from starlette.concurrency import run_in_threadpool

from api.digests import find_sha256
from api.exchange import exchange_of
from api.problems.document import without_values
from api.problems.fields import field_errors
from api.problems.refusal import Refusal
from ledger.errors import MalformedDocument
from ledger.metering.body import MAX_SIGNED_BYTES, SIGNED
from ledger.records import canonical

JSON_TYPE = "application/json"
CSV_TYPE = "text/csv"
JSONL_TYPE = "application/jsonl"
ENVELOPE_TYPE, BATCH_TYPE = SIGNED
XLSX_TYPE = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
MAX_REQUEST = 1024 * 1024
MAX_DOCUMENT = 32 * 1024 * 1024
MAX_WORKBOOK = 16 * 1024 * 1024
MAX_TELEMETRY = 512 * 1024 * 1024
MAX_SUBMISSION = 16 * 1024 * 1024
MAX_LINES = 256 * 1024 * 1024
CHUNK = 1024 * 1024
_CHARSETS = {
    JSON_TYPE: ("", "charset=utf-8"),
    JSONL_TYPE: ("", "charset=utf-8"),
    CSV_TYPE: ("", "charset=utf-8", "charset=gb18030"),
    XLSX_TYPE: ("",),
    ENVELOPE_TYPE: ("",),
    BATCH_TYPE: ("",),
}

M = TypeVar("M", bound=BaseModel)
T = TypeVar("T")


@dataclass(frozen=True)
class Received(Generic[T]):
    """A body that was read whole: its value and the hex SHA-256 of its bytes."""

    value: T
    sha256: str


@dataclass(frozen=True)
class Upload:
    """A body that was streamed to a temporary file; nothing of it stays in memory beyond one chunk."""

    file: IO[bytes]
    media_type: str
    sha256: str
    size: int

    def chunks(self) -> Iterator[bytes]:
        """Return the bytes from the start, in chunks of at most 1 MiB."""
        self.file.seek(0)
        while chunk := self.file.read(CHUNK):
            yield chunk


def json_body(model: type[BaseModel], *, max_bytes: int = MAX_REQUEST) -> Any:
    """Return the dependency that reads a JSON body as `model`: a `Received[model]`."""

    async def read(request: Request) -> Received[BaseModel]:
        data, sha256 = await _read_small(request, JSON_TYPE, max_bytes)
        return Received(await run_in_threadpool(_parse_model, request, data, model), sha256)

    return Depends(read)


def document_body(*, max_bytes: int = MAX_DOCUMENT) -> Any:
    """Return the dependency that reads a JSON object as it is: a `Received[dict]`. Its fields are checked by the records room."""

    async def read(request: Request) -> Received[dict[str, object]]:
        data, sha256 = await _read_small(request, JSON_TYPE, max_bytes)
        return Received(await run_in_threadpool(_parse_object, data), sha256)

    return Depends(read)


@dataclass(frozen=True)
class DocumentOrTable:
    """A document, or the bytes of a file that people fill in: exactly one of the three is set."""

    document: dict[str, object] | None = None
    csv: bytes | None = None
    xlsx: bytes | None = None


def document_or_table_body(*, max_bytes: int = MAX_DOCUMENT, max_workbook: int = MAX_WORKBOOK) -> Any:
    """Return the dependency that reads a JSON document, a CSV table or an .xlsx workbook: a `Received[DocumentOrTable]`.

    A workbook comes as bytes: it is guarded and read by the workbook room, after its size was looked at here.
    """

    async def read(request: Request) -> Received[DocumentOrTable]:
        kind = check_media_type(request, JSON_TYPE, CSV_TYPE, XLSX_TYPE)
        data, sha256 = await _read_small(request, kind, max_workbook if kind == XLSX_TYPE else max_bytes)
        if kind == CSV_TYPE:
            return Received(DocumentOrTable(csv=data), sha256)
        if kind == XLSX_TYPE:
            return Received(DocumentOrTable(xlsx=data), sha256)
        return Received(DocumentOrTable(await run_in_threadpool(_parse_object, data)), sha256)

    return Depends(read)


async def telemetry_upload(request: Request) -> AsyncIterator[Upload]:
    """Yield the body, a CSV or what a device signed, as an upload on disk; Content-Digest is required and checked first.

    Raises:
        Refusal: wrong content type, no or wrong digest, more than 512 MiB.
    """
    media_type = check_media_type(request, CSV_TYPE, *SIGNED)
    expected = _expected_digest(request, required=True)
    limit = MAX_TELEMETRY if media_type == CSV_TYPE else MAX_SIGNED_BYTES
    hasher, size, buffer = hashlib.sha256(), 0, bytearray()
    with tempfile.SpooledTemporaryFile(max_size=CHUNK) as file:
        async for chunk in _bounded(request, limit):
            hasher.update(chunk)
            size += len(chunk)
            buffer += chunk
            if len(buffer) >= CHUNK:
                await run_in_threadpool(file.write, bytes(buffer))
                buffer.clear()
        file.write(bytes(buffer))
        _check_digest(expected, hasher.digest())
        yield Upload(file, media_type, hasher.hexdigest(), size)


async def read_signed_body(request: Request) -> tuple[bytes, str]:
    """Return what a device signed, and its media type; Content-Digest is compared where it is sent.

    Raises:
        Refusal: wrong content type, more bytes than any signed body has, or another Content-Digest than the one sent.
    """
    media_type = check_media_type(request, *SIGNED)
    expected = _expected_digest(request, required=False)
    parts = [chunk async for chunk in _bounded(request, MAX_SIGNED_BYTES)]
    data = parts[0] if len(parts) == 1 else b"".join(parts)
    if expected is not None:
        _check_digest(expected, hashlib.sha256(data).digest())
    return data, media_type


async def feed_lines(request: Request, feed: Callable[[bytes], None]) -> None:
    """Hand a body of JSON lines over part by part, as it arrives; nothing of it is kept here, in memory or on disk.

    Raises:
        Refusal: wrong content type, more than 256 MiB, or another Content-Digest than the one sent.
    """
    check_media_type(request, JSONL_TYPE)
    expected = _expected_digest(request, required=False)
    hasher, buffer = hashlib.sha256(), bytearray()
    async for chunk in _bounded(request, MAX_LINES):
        hasher.update(chunk)
        buffer += chunk
        if len(buffer) >= CHUNK:
            await run_in_threadpool(feed, bytes(buffer))
            buffer.clear()
    await run_in_threadpool(feed, bytes(buffer))
    _check_digest(expected, hasher.digest())


def check_media_type(request: Request, *allowed: str) -> str:
    """Return the body's media type if this operation takes it, uncompressed, in a character set that it has.

    Raises:
        Refusal: 415.
    """
    kind, _, parameters = request.headers.get("content-type", "").partition(";")
    charset = parameters.strip().lower().replace('"', "")
    if request.headers.get("content-encoding", "identity").lower() != "identity":
        raise Refusal("media_type.unsupported", "the body is compressed: expected it as it is")
    kind = kind.strip().lower()
    if kind not in allowed or charset not in _CHARSETS.get(kind, ()):
        raise Refusal(
            "media_type.unsupported",
            f"expected {' or '.join(allowed)}, uncompressed, in UTF-8",
            headers={"Accept-Post": ", ".join(allowed)},
        )
    return kind


async def _read_small(request: Request, media_type: str, max_bytes: int) -> tuple[bytes, str]:
    check_media_type(request, media_type)
    expected = _expected_digest(request, required=False)
    buffer = bytearray()
    async for chunk in _bounded(request, max_bytes):
        buffer += chunk
    data = bytes(buffer)
    digest = hashlib.sha256(data)
    _check_digest(expected, digest.digest())
    return data, digest.hexdigest()


async def _bounded(request: Request, max_bytes: int) -> AsyncIterator[bytes]:
    length = request.headers.get("content-length", "")
    if length.isdecimal() and (len(length) > 15 or int(length) > max_bytes):
        raise _too_large(max_bytes)
    size = 0
    async for chunk in request.stream():
        size += len(chunk)
        if size > max_bytes:
            raise _too_large(max_bytes)
        yield chunk


def _too_large(max_bytes: int) -> Refusal:
    # The rest of the body is left unread, so the connection cannot be used again.
    return Refusal("body.too_large", f"expected at most {max_bytes} bytes", headers={"Connection": "close"})


def _expected_digest(request: Request, *, required: bool) -> bytes | None:
    header = request.headers.get("content-digest")
    if header is not None:
        try:
            expected = find_sha256(header)
        except ValueError as error:
            raise Refusal("digest.mismatch", f"Content-Digest cannot be read: {error}") from error
        if expected is not None:
            return expected
    if required:
        raise Refusal("digest.missing", headers={"Want-Content-Digest": "sha-256=10"})
    return None


def _check_digest(expected: bytes | None, found: bytes) -> None:
    if expected is not None and expected != found:
        raise Refusal("digest.mismatch", headers={"Want-Content-Digest": "sha-256=10"})


def _parse_object(data: bytes) -> dict[str, object]:
    try:
        value = canonical.load(data)
    except MalformedDocument as error:
        raise Refusal("input.malformed", without_values(f"{error}. {error.hint}".removesuffix(". "))) from error
    if not isinstance(value, dict):
        raise Refusal("input.malformed", "expected a JSON object at the top")
    return dict(value)


def _parse_model(request: Request, data: bytes, model: type[M]) -> M:
    value = _parse_object(data)
    try:
        # From Python values pydantic's strict mode refuses a tuple's list; from JSON text it takes what JSON can say and no more.
        return model.model_validate_json(json.dumps(value), strict=True)
    except ValidationError as error:
        found = field_errors(error.errors(include_url=False, include_input=False), exchange_of(request).language)
        raise Refusal("input.invalid", errors=found) from error
