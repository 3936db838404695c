"""Bodies are read in this order: type, size, digest, strict JSON, model. Nothing is converted, nothing is echoed, memory stays bounded."""

from __future__ import annotations

import asyncio
import hashlib
import json
import tracemalloc
from collections.abc import AsyncIterator, Iterator
from typing import Any

import pytest
from fastapi import FastAPI
from fastapi.testclient import TestClient
from hypothesis import given
from hypothesis import strategies as st

from api.digests import content_digest, find_sha256
from tests.api.plain import plain_app

JSON = {"Content-Type": "application/json", "Accept-Language": "en"}
MIB = 1024 * 1024


@pytest.fixture(scope="module")
def http() -> Iterator[TestClient]:
    with TestClient(plain_app()) as client:
        yield client


def digest(data: bytes) -> str:
    return content_digest(hashlib.sha256(data).digest())


def test_a_good_body_is_read_with_its_hash(http: TestClient) -> None:
    body = b'{"id":"bank-a","parts":[{"count":3}]}'
    answer = http.post("/probe", content=body, headers={**JSON, "Content-Digest": digest(body)})
    assert answer.json() == {"id": "bank-a", "sha256": hashlib.sha256(body).hexdigest()}


@pytest.mark.parametrize(
    "body",
    [
        b'{"id":"a","id":"b"}',
        b'{"id":NaN}',
        b'{"id":Infinity}',
        b'{"id":1.5}',
        b'{"id":1e3}',
        b'{"id":99999999999999999999}',
        b'{"id":"\\ud800"}',
        b'\xef\xbb\xbf{"id":"a"}',
        b'{"id":"a"} x',
        b'{"id":"\xff"}',
        b"[]",
        b"null",
        b"",
        b'{"id":' + b"[" * 100_0 + b"]" * 100_0 + b"}",
    ],
    ids=[
        "twice",
        "nan",
        "infinity",
        "fraction",
        "exponent",
        "2^53",
        "surrogate",
        "bom",
        "tail",
        "latin1",
        "array",
        "null",
        "empty",
        "deep",
    ],
)
def test_json_that_two_parsers_could_read_differently_is_refused(http: TestClient, body: bytes) -> None:
    for path in ("/probe", "/document"):
        answer = http.post(path, content=body, headers=JSON)
        assert (answer.status_code, answer.json()["code"]) == (400, "input.malformed"), answer.text


def test_wrong_fields_are_all_named_with_pointers_and_without_their_values(http: TestClient) -> None:
    secret = "s3cret-4711"
    body = json.dumps({"id": f"{secret} x", "parts": [{"count": 0}, {"count": "5"}, {}], secret: 1}).encode()
    answer = http.post("/probe", content=body, headers=JSON)
    assert answer.status_code == 422
    errors = {(error["pointer"], error["code"]) for error in answer.json()["errors"]}
    assert errors == {
        ("/id", "wrong_form"),
        ("/parts/0/count", "too_small"),
        ("/parts/1/count", "not_an_integer"),
        ("/parts/2/count", "missing"),
        (f"/{secret}", "unknown_field"),
    }
    assert f"{secret} x" not in answer.text


def test_a_string_is_not_converted_to_a_number_nor_a_number_to_a_string(http: TestClient) -> None:
    answer = http.post("/probe", content=b'{"id":7,"parts":[{"count":true}]}', headers=JSON)
    assert {(error["pointer"], error["code"]) for error in answer.json()["errors"]} == {
        ("/id", "not_a_string"),
        ("/parts/0/count", "not_an_integer"),
    }


@pytest.mark.parametrize("content_type", ["", "text/plain", "application/xml", "application/json; charset=gb18030", "multipart/form-data"])
def test_another_content_type_is_refused(http: TestClient, content_type: str) -> None:
    answer = http.post("/probe", content=b'{"id":"a"}', headers={"Content-Type": content_type, "Accept-Language": "en"})
    assert (answer.status_code, answer.json()["code"]) == (415, "media_type.unsupported")
    assert answer.headers["accept-post"] == "application/json"


def test_a_compressed_body_is_refused(http: TestClient) -> None:
    answer = http.post("/probe", content=b"x", headers={**JSON, "Content-Encoding": "gzip"})
    assert answer.status_code == 415


def test_a_wrong_or_unreadable_digest_is_refused(http: TestClient) -> None:
    body = b'{"id":"a"}'
    for header in (digest(b"other"), "sha-256=:AAAA:", "sha-256=nonsense", ":::"):
        answer = http.post("/probe", content=body, headers={**JSON, "Content-Digest": header})
        assert (answer.status_code, answer.json()["code"]) == (400, "digest.mismatch"), header
    other = http.post("/probe", content=body, headers={**JSON, "Content-Digest": "sha-512=:AAAA:"})
    assert other.status_code == 200, "an algorithm we do not know is passed over where none is required"


def test_an_upload_needs_its_digest(http: TestClient) -> None:
    headers = {"Content-Type": "text/csv", "Accept-Language": "en"}
    missing = http.post("/upload", content=b"a\n", headers=headers)
    assert (missing.status_code, missing.json()["code"]) == (400, "digest.missing")
    assert missing.headers["want-content-digest"] == "sha-256=10"
    other = http.post("/upload", content=b"a\n", headers={**headers, "Content-Digest": "sha-512=:AAAA:"})
    assert other.json()["code"] == "digest.missing"
    wrong = http.post("/upload", content=b"a\n", headers={**headers, "Content-Digest": digest(b"b\n")})
    assert wrong.json()["code"] == "digest.mismatch"


def test_a_body_over_the_limit_is_refused_declared_or_not(http: TestClient) -> None:
    declared = http.post("/probe", content=b" " * 10_001, headers=JSON)
    assert (declared.status_code, declared.json()["code"]) == (413, "body.too_large")
    assert declared.headers["content-type"] == "application/problem+json"
    status, _, _ = drive(plain_app(), "/probe", JSON, (b" " * 5_000 for _ in range(3)))
    assert status == 413


def test_either_takes_both_types_and_only_them(http: TestClient) -> None:
    assert http.post("/either", content=b"{}", headers=JSON).json() == {"csv": False}
    assert http.post("/either", content=b"a,b\n", headers={"Content-Type": "text/csv; charset=utf-8"}).json() == {"csv": True}
    assert http.post("/either", content=b"{}", headers={"Content-Type": "text/html"}).status_code == 415


def test_a_200_megabyte_line_passes_through_in_bounded_memory() -> None:
    block, count = b"9" * 65_536, 3_200
    hasher = hashlib.sha256()
    for _ in range(count):
        hasher.update(block)
    headers = {"Content-Type": "text/csv", "Content-Digest": content_digest(hasher.digest())}
    app = plain_app()
    tracemalloc.start()
    try:
        status, body, _ = drive(app, "/upload", headers, (block for _ in range(count)))
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert status == 200, body
    assert json.loads(body) == {"sha256": hasher.hexdigest(), "size": count * len(block), "read": count * len(block)}
    assert peak < 16 * MIB, f"peak {peak / MIB:.1f} MiB for a body of {count * len(block) / MIB:.0f} MiB"


def test_a_client_that_leaves_in_the_middle_gets_no_answer_and_raises_nothing() -> None:
    status, _, sent = drive(
        plain_app(), "/upload", {"Content-Type": "text/csv", "Content-Digest": digest(b"")}, iter([b"a,b\n"]), leave=True
    )
    assert (status, sent) == (0, 0)


@given(st.binary(min_size=32, max_size=32))
def test_a_digest_header_reads_back_as_it_was_written(sha256: bytes) -> None:
    assert find_sha256(content_digest(sha256)) == sha256
    assert find_sha256(f"sha-512=:AAAA:, {content_digest(sha256)}") == sha256


def drive(app: FastAPI, path: str, headers: dict[str, str], blocks: Iterator[bytes], *, leave: bool = False) -> tuple[int, bytes, int]:
    """Send a streamed POST straight to the application: status, body, number of events sent. The test client would join the blocks."""

    async def run() -> tuple[int, bytes, int]:
        status, body, events = 0, bytearray(), 0
        stream = _events(blocks, leave)

        async def receive() -> dict[str, Any]:
            return await anext(stream)

        async def send(message: Any) -> None:
            nonlocal status, events
            events += 1
            if message["type"] == "http.response.start":
                status = message["status"]
            body.extend(message.get("body", b""))

        scope = {
            "type": "http",
            "asgi": {"version": "3.0"},
            "http_version": "1.1",
            "method": "POST",
            "scheme": "http",
            "path": path,
            "raw_path": path.encode(),
            "query_string": b"",
            "root_path": "",
            "headers": [(name.lower().encode(), value.encode()) for name, value in headers.items()],
            "client": ("127.0.0.1", 1),
            "server": ("127.0.0.1", 80),
        }
        await app(scope, receive, send)
        return status, bytes(body), events

    return asyncio.run(run())


async def _events(blocks: Iterator[bytes], leave: bool) -> AsyncIterator[dict[str, Any]]:
    for block in blocks:
        yield {"type": "http.request", "body": block, "more_body": True}
    if not leave:
        yield {"type": "http.request", "body": b"", "more_body": False}
    while True:
        yield {"type": "http.disconnect"}
