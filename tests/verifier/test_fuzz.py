"""Whatever comes, the readers of the verifier read it or refuse it by their own errors, in bounded time and memory.

`make fuzz` runs the same targets for as long as one likes.
"""

from __future__ import annotations

import base64
import hashlib
import json
import struct
import time
import tracemalloc
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.verifier.fuzz_targets import NOW, TARGETS, changed, seed, tried, zipped
from verifier import json_strict, mpt, rlp
from verifier.bundle import read_bundle
from verifier.checkpoint import read_note
from verifier.errors import Malformed, Refused
from verifier.exposure import read_exposure
from verifier.package import open_package
from verifier.policy import read_policy
from verifier.verify_bundle import verify_bundle

SECONDS = 5.0  # of CPU, for a quarter or an eighth of the worst file that a limit lets through; measured: below 1
JSON_BYTES = st.recursive(
    st.sampled_from([b"0", b"-0", b"1e9", b"true", b"null", b'"a"', b'"\\ud800"', b'"\xff"', b"9" * 5000, b"NaN", b'"\\u0000"', b"-"]),
    lambda inner: (
        st.lists(inner, max_size=4).map(lambda parts: b"[" + b",".join(parts) + b"]")
        | st.lists(inner, max_size=4).map(
            lambda parts: b"{" + b",".join(b'"%d":' % (at % 3) + part for at, part in enumerate(parts)) + b"}"
        )
    ),
    max_leaves=10,
)
ODD = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(-(2**53) + 1, 2**53 - 1),
    st.sampled_from(
        ["", "0x", "0x0", "0x00", "-1", "0", "01", "²", "1" * 90, "=", "AA==", "AB==", "AA", "\n", "a\u0000b", "9999-12-31T23:59:59Z"]
    ),
    st.sampled_from(["0001-01-01T00:00:00Z", "2025-02-30T00:00:00Z", "2025-12-31T23:59:60Z", "Asia/Shanghai", "../../etc", "١"]),
    st.sampled_from([[], {}, [[]], [None] * 5, {"": ""}, ["0x"] * 70, "f" * 64, "0x" + "ff" * 32, "0x" + "c0" * 40]),
)
STEPS = st.lists(st.integers(0, 60), min_size=1, max_size=9)


@pytest.mark.parametrize("target", TARGETS)
@settings(max_examples=30, deadline=None)
@given(data=st.binary(max_size=400) | JSON_BYTES)
def test_no_bytes_raise_anything_but_a_refusal_in(target: str, data: bytes) -> None:
    TARGETS[target](data)


FILES = {"bundle": "meter.lingtan.json", "whole bundle": "line.lingtan.json", "policy": "witnessed.policy.json"}


@pytest.mark.parametrize("target", FILES)
@settings(max_examples=30, deadline=None)
@given(steps=STEPS, value=ODD)
def test_a_real_file_with_an_odd_value_raises_nothing_else_in(target: str, steps: list[int], value: Any) -> None:
    TARGETS[target](json_strict.dump(changed(json.loads(seed(FILES[target])), steps, value)))


@settings(max_examples=12, deadline=None)
@given(where=st.sampled_from(["organisation", "activity", "library", "statement"]), steps=STEPS, value=ODD)
def test_inputs_that_hash_as_signed_are_recomputed_or_refused(where: str, steps: list[int], value: Any) -> None:
    """Whoever wrote the statement may have written anything: only its hashes are held against the message."""
    document = json.loads(seed("statement.lingtan.json"))
    inputs = document["inputs"]
    inputs[where] = changed(inputs[where], steps, value)
    if not all(isinstance(item, dict) for item in inputs.values()):
        return
    for name in ("organisation", "activity"):
        inputs["statement"][name] = json_strict.digest(inputs[name])
    for item in document["datasets"]:
        item["attestation"]["message"]["statementHash"] = "0x" + json_strict.digest(inputs["statement"])
        item["attestation"]["message"]["libraryHash"] = "0x" + json_strict.digest(inputs["library"])
    tried(lambda: verify_bundle(json_strict.dump(document), None, None, NOW))


@settings(max_examples=40, deadline=None)
@given(at=st.integers(0, 2**20), bits=st.integers(1, 255), cut=st.integers(0, 60))
def test_a_damaged_zip_raises_nothing_else(at: int, bits: int, cut: int) -> None:
    data = bytearray(zipped({"manifest.json": b"{}", "a/b.json": b"[1]" * 50, "meters/m.ltm": bytes(400)}))
    data[at % len(data)] ^= bits
    TARGETS["package"](bytes(data[: len(data) - cut]))


def bomb_of_quotes() -> object:
    return json_strict.load(b'"' + b'\\"' * (2 * 2**20))


def bomb_of_lists() -> object:
    return read_bundle(b"[" + b"[]," * (2**20 // 3) + b"[]]")


def bomb_of_too_many_lists() -> object:
    return json_strict.load(b"[" + b"[]," * json_strict.MAX_CONTAINERS + b"[]]")


def bomb_of_nesting() -> object:
    return json_strict.load(b"[" * (4 * 2**20))


def bomb_of_digits() -> object:
    return json_strict.load(b"[" + b"9" * (4 * 2**20 - 2) + b"]")


def bomb_of_keys() -> object:
    return read_bundle(json_strict.dump({f"{at:06d}": 0 for at in range(60_000)}))


def bomb_of_rlp_lists() -> object:
    body = b"\xc0" * 2**19
    return rlp.decode(b"\xfa" + len(body).to_bytes(3, "big") + body + b"\x00")


def bomb_of_rlp_lengths() -> object:
    return rlp.decode(b"\xff" + b"\xff" * 8 + bytes(1000))


def bomb_of_nodes() -> object:
    return mpt.verify(bytes(32), bytes(32), [bytes([0xC0])] * 100_000)


def bomb_of_one_node() -> object:
    return mpt.verify(bytes(32), bytes(32), [b"\xc0" * 2**18])


def bomb_of_signature_lines() -> object:
    return read_note("origin\n1\nAAAA\n\n" + "\u2014 a AAAAAA==\n" * 700)


def bomb_of_label() -> object:
    record = b'{"asset_class":"business_loans","attributed":{"avoided_g":"' + b"1" * (4 * 2**20)
    return read_exposure(record, "line 1")


def bomb_of_validators() -> object:
    document = json.loads(seed("plain.policy.json"))
    addresses = [f"0x{at:040x}" for at in range(256)]
    document["validators"] = [{"from": at, "to": at, "addresses": addresses} for at in range(100)]
    return read_policy(json_strict.dump(document))


def bomb_of_headers() -> object:
    document = json.loads(seed("line.lingtan.json"))
    document["headers"] = ["0x" + "c0" * 16_000] * 64
    found = verify_bundle(json_strict.dump(document), None, None, NOW)
    if found.verdict()[1] in (0, 4):
        raise AssertionError("headers of nothing were not refused")
    raise Refused("DONE", "the bundle was answered")


BOMBS: tuple[Callable[[], object], ...] = (
    bomb_of_quotes,
    bomb_of_lists,
    bomb_of_too_many_lists,
    bomb_of_nesting,
    bomb_of_digits,
    bomb_of_keys,
    bomb_of_rlp_lists,
    bomb_of_rlp_lengths,
    bomb_of_nodes,
    bomb_of_one_node,
    bomb_of_signature_lines,
    bomb_of_label,
    bomb_of_headers,
)


@pytest.mark.parametrize("bomb", BOMBS, ids=lambda bomb: bomb.__name__)
def test_the_worst_file_of_its_kind_is_refused_in_seconds(bomb: Callable[[], object]) -> None:
    start = time.process_time()
    with pytest.raises((Malformed, Refused)):
        bomb()
    assert time.process_time() - start < SECONDS


def test_a_policy_of_many_validator_sets_is_read_in_seconds() -> None:
    start = time.process_time()
    bomb_of_validators()
    assert time.process_time() - start < SECONDS


def test_lists_in_lists_stay_within_the_memory_that_the_page_states() -> None:
    tracemalloc.start()
    with pytest.raises(Malformed):
        read_bundle(b"[" + b"[]," * 30_000 + b"[]]")
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 200 * 90_000  # bytes of memory for each byte of the file


def with_directory(size: int) -> bytes:
    """A zip whose directory claims `size` bytes."""
    return bytes(size) + struct.pack("<4s4H2LH", b"PK\x05\x06", 0, 0, 1, 1, size, 0, 0)


@pytest.mark.parametrize(
    "make",
    [
        lambda: with_directory(9 * 2**20),
        lambda: zipped({f"{at}": b"" for at in range(20_001)}),
        lambda: zipped({"manifest.json": bytes(3_000_000)}),
        lambda: zipped({"../manifest.json": b"{}"}),
        lambda: zipped({"manifest.json": b"{}", "a\\b": b""}),
        lambda: zipped({"manifest.json": b"{}"}, zipfile.ZIP_LZMA),
        lambda: b"",
        lambda: b"PK\x05\x06",
    ],
    ids=[
        "a directory beyond its limit",
        "too many entries",
        "a part that grows a thousandfold",
        "a path upwards",
        "a backslash",
        "lzma",
        "nothing",
        "a torn end",
    ],
)
def test_a_zip_is_refused_before_it_is_unpacked(tmp_path: Path, make: Callable[[], bytes]) -> None:
    (tmp_path / "p.zip").write_bytes(make())
    start = time.process_time()
    with pytest.raises(Malformed), open_package(tmp_path / "p.zip"):
        pass
    assert time.process_time() - start < SECONDS


@pytest.mark.parametrize(
    "text", ["AA=", "AA===", "A", "AA", "AA==\n", " AA==", "AB==", "AA==AA==", "AA-_", "AAA=AAA=", "АА==", "AA\u0000=", "=" * 9, ""]
)
def test_base64_has_one_writing(text: str) -> None:
    from verifier.shapes import unbase64

    if text == "":
        assert unbase64(text, "x") == b""
    else:
        with pytest.raises(Malformed):
            unbase64(text, "x")


def test_a_note_with_what_no_terminal_should_be_sent_is_refused() -> None:
    good = "o\n1\n" + base64.b64encode(hashlib.sha256().digest()).decode() + "\n\n\u2014 a AAAAAAAA\n"
    assert read_note(good)[1][0].name == "a"
    for bad in ("\x1b", "\r", "\x00", "\t", "\ud800"):
        with pytest.raises(Malformed):
            read_note(bad + good)
