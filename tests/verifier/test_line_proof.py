"""A line proof: valid as it is, refused after any change."""

from __future__ import annotations

import base64
import json
import os
import random
import re
from functools import cache
from pathlib import Path
from typing import Any

import pytest

from tests.verifier import evidence as ev
from tests.verifier.running import CLOCK, POLICY_KEY, run, verify
from verifier.checks import verdict_of
from verifier.errors import Malformed
from verifier.policy import Policy, read_policy, seconds
from verifier.verify_line import verify_line

ASSET = "line/head/fuel.petrol"
NOW = seconds(CLOCK)


@cache
def proof() -> bytes:
    return ev.jcs(ev.evidence().proof(ASSET))


@cache
def policy() -> Policy:
    return read_policy(ev.evidence().policy())


def exit_code(data: bytes) -> int:
    try:
        return verdict_of(verify_line(data, policy(), POLICY_KEY, NOW).checks.items)[1]
    except Malformed:
        return 3


@pytest.mark.parametrize("command", ["line"])
@pytest.mark.parametrize("asset", [f"line/{line['unit']}/{line['indicator']}" for line in ev.evidence().json("statement.json")["lines"]])
def test_the_proof_of_every_line_is_valid(tmp_path: Path, asset: str, command: str) -> None:
    (tmp_path / "x.lingtan.json").write_bytes(ev.jcs(ev.evidence().proof(asset)))
    (tmp_path / "p.json").write_bytes(ev.evidence().policy())
    result = run(
        command, tmp_path / "x.lingtan.json", "--json", "--policy", tmp_path / "p.json", "--policy-key", POLICY_KEY, "--now", CLOCK
    )
    assert (result.code, result.document["level"]) == (0, "L3")
    assert asset in result.document["subject"]


def test_a_meter_proof_says_that_only_the_key_names_the_meter(tmp_path: Path) -> None:
    result = verify(tmp_path, ev.jcs(ev.evidence().proof("meter/M1/el.import")), command="line")
    assert (result.code, result.document["level"]) == (4, "L3")
    assert [check["id"] for check in result.checks("NOT CHECKED")] == ["item.asset"]


def test_without_a_policy_a_proof_is_incomplete(tmp_path: Path) -> None:
    (tmp_path / "x.json").write_bytes(proof())
    result = run("line", tmp_path / "x.json", "--json")
    assert (result.code, result.document["level"]) == (4, "L1")


@pytest.mark.parametrize("missing", ["attestation", "anchor"])
def test_without_attestation_or_anchor_a_proof_is_incomplete(tmp_path: Path, missing: str) -> None:
    result = verify(tmp_path, ev.tampered(ev.evidence().proof(ASSET), lambda p: p.update({missing: None})), command="line")
    assert (result.code, result.document["level"]) == (4, "L1")


def changed_byte(data: bytes, at: int) -> bytes:
    """Replace a hex digit by the next one, anything else by its neighbour: the change that is hardest to see."""
    digits = b"0123456789abcdef"
    old = data[at]
    new = digits[(digits.index(old) + 1) % 16] if old in digits else old ^ 1
    return data[:at] + bytes([new]) + data[at + 1 :]


def locator(data: bytes) -> range:
    """Where the transaction's hash stands. It is for people to look the transaction up; the event is bound by block and index."""
    text = json.loads(data)["anchor"]["transaction"]["hash"]
    start = data.index(text.encode()) + 2
    return range(start, start + 64)


def sample(data: bytes) -> list[int]:
    """Every position outside strings and in strings of up to 24 bytes; of a longer one its two ends, and two bytes in each 48 between.

    Long strings are base64 and hex of hashed bytes (roots, salts, header, receipt, trie nodes): to a hash one byte is like another.
    """
    chance, chosen = random.Random(9162), set(range(len(data)))
    for found in re.finditer(rb'"[^"]*"', data):
        start, end = found.span()
        if end - start > 24:
            inner = range(start + 5, end - 5)
            chosen -= set(inner)
            for at in inner[::48]:
                chosen |= {chance.randrange(at, min(at + 48, inner.stop)) for _ in range(2)}
    return sorted(chosen)


def test_a_changed_byte_gives_1_3_or_6_wherever_it_stands() -> None:
    data, skipped = proof(), locator(proof())
    everywhere = os.environ.get("LINGTAN_EVERY_BYTE") == "1"
    positions = range(len(data)) if everywhere else sample(data)
    for at in positions:
        if at not in skipped:
            code = exit_code(changed_byte(data, at))
            assert code in (1, 3, 6), f"exit code {code} after changing byte {at}: …{data[at - 40 : at + 20]!r}…"


def test_every_bit_of_the_numbers_that_a_reader_relies_on_is_bound() -> None:
    data = proof()
    for text in ('"totals":[', '"values":[', '"index":', '"n":"', '"revision":', '"period_start":"', '"chain_id":"', '"tree_size":"'):
        at = data.index(text.encode()) + len(text)
        for position in range(at, at + 3):
            for bit in range(8):
                bent = data[:position] + bytes([data[position] ^ 1 << bit]) + data[position + 1 :]
                assert exit_code(bent) in (1, 3, 6), (text, position, bit)


def test_a_deleted_repeated_or_inserted_byte_gives_1_or_3() -> None:
    data, chance = proof(), random.Random(5869)
    for at in chance.sample(range(len(data)), 60):
        for bent in (data[:at] + data[at + 1 :], data[:at] + data[at : at + 1] + data[at:], data[:at] + b" " + data[at:]):
            assert bent == data or exit_code(bent) in (1, 3)


def record_of(p: Any) -> Any:
    return json.loads(base64.b64decode(p["item"]["record"]))


def other_record(p: Any) -> None:
    line = record_of(p)
    line["scope1_g"] = "1"
    p["item"]["record"] = base64.b64encode(ev.jcs(line)).decode()


def lenient_base64(p: Any) -> None:
    text = p["item"]["record"]
    p["item"]["record"] = text.rstrip("=") if text.endswith("=") else text + "===="


CASES: list[tuple[str, Any, int, str]] = [
    ("index + 1", lambda p: p["item"].update(index=p["item"]["index"] + 1), 1, "commitment.OPERATIONAL"),
    ("index - 1", lambda p: p["item"].update(index=p["item"]["index"] - 1), 1, "commitment.OPERATIONAL"),
    ("size doubled", lambda p: p.update(n="12"), 1, "commitment.OPERATIONAL"),
    ("path truncated", lambda p: p["item"]["path"].pop(), 1, "commitment.OPERATIONAL"),
    ("path swapped", lambda p: p["item"]["path"].reverse(), 1, "commitment.OPERATIONAL"),
    ("another asset", lambda p: p["item"].update(asset="line/head/gas.natural"), 1, "commitment.OPERATIONAL"),
    ("another record", other_record, 1, "commitment.OPERATIONAL"),
    ("another dataset", lambda p: p.update(dataset="METERS"), 1, "commitment.METERS"),
    ("a sum of 2^96", lambda p: p["item"]["path"][0]["sums"].__setitem__(0, str(2**96)), 1, "commitment.OPERATIONAL"),
    ("a sum of 2^128", lambda p: p["item"]["path"][0]["sums"].__setitem__(0, str(2**128)), 1, "commitment.OPERATIONAL"),
    ("three measures", lambda p: p["context"].update(measures=3), 1, "commitment.OPERATIONAL"),
    (
        "the anchor of the other dataset",
        lambda p: p.update(anchor=ev.evidence().proof("meter/M1/el.import")["anchor"]),
        1,
        "anchor.receipt.OPERATIONAL",
    ),
    (
        "the attestation of the other dataset",
        lambda p: p.update(attestation=ev.evidence().proof("meter/M1/el.import")["attestation"]),
        1,
        "attestation.OPERATIONAL",
    ),
]


@pytest.mark.parametrize(("change", "code", "check"), [case[1:] for case in CASES], ids=[case[0] for case in CASES])
def test_a_proof_is_refused_by_name_after(tmp_path: Path, change: Any, code: int, check: str) -> None:
    result = verify(tmp_path, ev.tampered(ev.evidence().proof(ASSET), change), command="line")
    assert result.code == code
    assert check in {failed["id"] for failed in result.checks("FAIL")}


@pytest.mark.parametrize(
    ("name", "data"),
    [
        ("not JSON", b"{"),
        ("spaces", json.dumps(json.loads(proof())).encode()),
        ("a field more", ev.tampered(json.loads(proof()), lambda p: p.update(note="x"))),
        ("a field less", ev.tampered(json.loads(proof()), lambda p: p.pop("root"))),
        ("65 path nodes", ev.tampered(json.loads(proof()), lambda p: p["item"].update(path=p["item"]["path"] * 33))),
        ("nested deeper than 16", b'{"a":' * 17 + b"1" + b"}" * 17),
        ("larger than 4 MiB", b'"' + b"a" * (4 * 1024 * 1024) + b'"'),
        ("lenient base64", ev.tampered(json.loads(proof()), lenient_base64)),
        ("upper-case hex", proof().replace(b'"root":"', b'"root":"A', 1)),
        ("a policy instead", ev.evidence().policy()),
    ],
)
def test_what_is_not_a_proof_is_malformed(tmp_path: Path, name: str, data: bytes) -> None:
    assert verify(tmp_path, data, command="line").code == 3, name
