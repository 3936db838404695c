"""A verdict: computed again, signed so that eth_account recovers the signer, handed in over HTTP."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from typing import Any

import pytest
from eth_account import Account
from eth_hash.auto import keccak

from tests.verifier import evidence as ev
from tests.verifier.running import CLOCK, POLICY_KEY, Run, run
from verifier import verdict

VERIFIER = Account.from_key("0x" + "55" * 32)
FIELDS = (
    "bytes32 claim,bytes32 org,bytes32 packageHash,bytes32 resultHash,bytes32 findingsHash,uint8 assurance,uint32 materialityBp,"
    "uint8 opinion,bytes32 samplingSeed,uint32 sampleSize,bytes32 toolHash,bytes32 salt,uint32 sequence,uint64 deadline"
)


EXCEPTED = ("--exception", "line branch-a gas.natural=the meter was read once")


def give(folder: Path, evidence: ev.Evidence, *extra: object) -> Run:
    (folder / "e.zip").write_bytes(evidence.package())
    (folder / "p.json").write_bytes(ev.evidence().policy())
    (folder / "key.json").write_text(json.dumps(Account.encrypt(VERIFIER.key, "secret", kdf="pbkdf2", iterations=100)))
    (folder / "pass").write_text("secret\n")
    return run(
        "verdict",
        folder / "e.zip",
        "--json",
        "--policy",
        folder / "p.json",
        "--policy-key",
        POLICY_KEY,
        "--now",
        CLOCK,
        "--claim",
        "green-2025",
        "--institution",
        "verifier-x",
        "--key",
        folder / "key.json",
        "--passphrase-file",
        folder / "pass",
        "--out",
        folder / "v.json",
        *extra,
    )


def signed(folder: Path) -> Any:
    return json.loads((folder / "v.json").read_bytes())


def test_a_verdict_on_a_valid_package_is_unqualified_and_recovers_its_signer(tmp_path: Path) -> None:
    evidence = ev.evidence()
    assert give(tmp_path, evidence, "--sequence", "1", "--salt", "ab" * 32).code == 0
    document = signed(tmp_path)
    result, message = document["result"], document["message"]
    assert result["opinion"] == "unqualified"
    assert result["package"] == ev.sha(ev.jcs(evidence.manifest())).hex()
    assert result["recomputed"] == evidence.json("statement.json")["totals"]
    assert result["differences"] == dict.fromkeys(ev.MEASURES, "0")
    assert result["claim"] == ev.sid("claim", "bank-a/green-2025").hex()
    assert [item["dataset"] for item in result["datasets"]] == ["METERS", "OPERATIONAL"]
    values = {}
    for part in FIELDS.split(","):
        kind, name = part.split(" ")
        values[name] = int(message[name]) if kind.startswith("uint") else bytes.fromhex(message[name][2:])
    assert values["resultHash"] == ev.sha(ev.jcs(result))
    assert values["org"] == ev.sid("org", "verifier-x")
    assert (values["sequence"], values["opinion"], values["assurance"], values["salt"]) == (1, 1, 1, b"\xab" * 32)
    signable = ev.typed(values, "Verdict", FIELDS, ev.CLAIMS)
    assert Account.recover_message(signable, signature=document["signature"]) == VERIFIER.address
    assert document["signer"] == VERIFIER.address.lower()


def test_a_qualified_verdict_lists_what_it_excepts_and_signs_it(tmp_path: Path) -> None:
    given = ("--opinion", "qualified", *EXCEPTED, "--exception", "METERS=a = b")
    assert give(tmp_path, ev.evidence(), *given).code == 0
    document = signed(tmp_path)
    assert document["result"]["exceptions"] == [
        {"place": "line branch-a gas.natural", "text": "the meter was read once"},
        {"place": "METERS", "text": "a = b"},
    ]
    assert document["message"]["resultHash"] == ev.hexed(ev.sha(ev.jcs(document["result"])))


@pytest.mark.parametrize(
    "given",
    [
        ("--opinion", "qualified"),
        ("--opinion", "unqualified", *EXCEPTED),
        ("--opinion", "adverse", *EXCEPTED),
        EXCEPTED,
        ("--opinion", "qualified", "--exception", "no equals sign"),
        ("--opinion", "qualified", "--exception", "=no place"),
        ("--opinion", "qualified", "--exception", "x" * 201 + "=too long"),
        ("--opinion", "qualified", "--exception", "place=" + "x" * 2_001),
        ("--opinion", "qualified", *(101 * EXCEPTED)),
    ],
)
def test_exceptions_that_do_not_fit_the_opinion_are_not_signed(tmp_path: Path, given: tuple[str, ...]) -> None:
    assert give(tmp_path, ev.evidence(), *given).code == 2
    assert not (tmp_path / "v.json").exists()


def test_the_commitment_of_a_verdict_is_signed_too_for_claims_with_two_verifiers(tmp_path: Path) -> None:
    give(tmp_path, ev.evidence(), "--salt", "ab" * 32)
    document = signed(tmp_path)
    message = document["commitment"]["message"]
    commitment = keccak(bytes.fromhex(document["message"]["resultHash"][2:]) + b"\xab" * 32)
    assert message["commitment"] == ev.hexed(commitment)
    fields = "bytes32 claim,bytes32 org,bytes32 commitment,uint64 deadline"
    values = {name: bytes.fromhex(message[name][2:]) for name in ("claim", "org", "commitment")}
    signable = ev.typed({**values, "deadline": int(message["deadline"])}, "VerdictCommitment", fields, ev.CLAIMS)
    assert Account.recover_message(signable, signature=document["commitment"]["signature"]) == VERIFIER.address


def test_a_claim_may_be_named_with_its_bank_and_no_other(tmp_path: Path) -> None:
    assert give(tmp_path, ev.evidence(), "--claim", "bank-a:green-2025").code == 0
    assert signed(tmp_path)["result"]["claim"] == ev.sid("claim", "bank-a/green-2025").hex()
    assert give(tmp_path, ev.evidence(), "--claim", "0x" + "ab" * 32).code == 0
    assert signed(tmp_path)["message"]["claim"] == "0x" + "ab" * 32
    assert give(tmp_path, ev.evidence(), "--claim", "bank-b:green-2025").code == 2


def test_a_verdict_on_a_wrong_statement_is_adverse_and_keeps_the_exit_code(tmp_path: Path) -> None:
    def change(document: Any) -> None:
        document["lines"][1]["scope1_g"] = str(int(document["lines"][1]["scope1_g"]) + 1000)
        ev.roll_up(document)

    evidence = ev.make_evidence(change_statement=change)
    assert give(tmp_path, evidence).code == 1
    result = signed(tmp_path)["result"]
    assert (result["opinion"], result["differences"]["scope1_g"]) == ("adverse", "-1000")
    assert {"id": "lines.recompute", "subject": "line branch-a gas.natural", "outcome": "FAIL"} in result["checks"]
    (tmp_path / "v.json").unlink()
    assert give(tmp_path, evidence, "--opinion", "unqualified").code == 2
    assert not (tmp_path / "v.json").exists()
    assert give(tmp_path, evidence, "--opinion", "qualified", *EXCEPTED).code == 1


def test_an_incomplete_package_needs_the_opinion_to_be_said(tmp_path: Path) -> None:
    evidence = ev.evidence()
    evidence.withheld["meters/M1.ltm"] = "on site"
    assert give(tmp_path, evidence).code == 2
    assert give(tmp_path, evidence, "--opinion", "qualified", *EXCEPTED).code == 4
    assert signed(tmp_path)["message"]["opinion"] == "2"


def test_two_verifiers_reach_the_same_result_hash(tmp_path: Path) -> None:
    hashes = set()
    for name in ("one", "two"):
        (tmp_path / name).mkdir()
        give(tmp_path / name, ev.evidence())
        hashes.add(signed(tmp_path / name)["message"]["resultHash"])
    assert len(hashes) == 1


def test_nobody_judges_the_own_claim_and_nothing_is_signed_without_a_registry(tmp_path: Path) -> None:
    assert give(tmp_path, ev.evidence(), "--institution", "bank-a").code == 2
    (tmp_path / "pass").write_text("wrong")
    assert not (tmp_path / "v.json").exists()


def test_a_wrong_passphrase_signs_nothing(tmp_path: Path) -> None:
    (tmp_path / "bad").write_text("wrong")
    result = give(tmp_path, ev.evidence(), "--passphrase-file", tmp_path / "bad")
    assert result.code == 2
    assert "passphrase" in result.err


def test_the_tool_hash_covers_every_module() -> None:
    names = {path.stem for path in (ev.ROOT / "verifier").glob("*.py")}
    assert set(verdict.MODULES) == names
    assert list(verdict.MODULES) == sorted(verdict.MODULES)
    total = b"".join(f"{name}.py".encode() + b"\x00" + ev.sha((ev.ROOT / "verifier" / f"{name}.py").read_bytes()) for name in sorted(names))
    assert verdict.tool_hash() == ev.sha(total)


class Desk(BaseHTTPRequestHandler):
    requests: list[tuple[str, dict[str, str], Any]] = []  # noqa: RUF012 - cleared by the fixture
    status = 201

    def do_POST(self) -> None:
        body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        self.requests.append((self.path, {name.lower(): value for name, value in self.headers.items()}, body))
        answer = json.dumps({"detail": "the claim is closed"}).encode()
        self.send_response(self.status)
        self.send_header("Content-Length", str(len(answer)))
        self.end_headers()
        self.wfile.write(answer)

    def log_message(self, format: str, *args: object) -> None:
        """Say nothing."""


@pytest.fixture
def desk() -> Iterator[str]:
    Desk.requests, Desk.status = [], 201
    server = HTTPServer(("127.0.0.1", 0), Desk)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    thread.join(30)
    server.server_close()


def test_a_verdict_is_handed_in_once_however_often_it_is_sent(tmp_path: Path, desk: str) -> None:
    for _ in range(2):
        assert give(tmp_path, ev.evidence(), "--salt", "ab" * 32, "--deadline", "1760000000", "--submit", desk, "--token", "t0k").code == 0
    (path, headers, body), (_, again, _) = Desk.requests
    assert path == "/v1/verdicts"
    assert headers["authorization"] == "Bearer t0k"
    assert headers["idempotency-key"] == again["idempotency-key"]
    document = signed(tmp_path)
    assert body == {name: document[name] for name in ("message", "signature", "result")}


def test_a_refused_or_unreachable_submission_fails_and_keeps_the_verdict(tmp_path: Path, desk: str) -> None:
    Desk.status = 409
    refused = give(tmp_path, ev.evidence(), "--submit", desk, "--token", "t")
    assert refused.code == 69
    assert "the claim is closed" in refused.err
    assert (tmp_path / "v.json").exists()
    assert give(tmp_path, ev.evidence(), "--submit", "http://127.0.0.1:9", "--token", "t").code == 69
    assert give(tmp_path, ev.evidence(), "--submit", "file:///etc", "--token", "t").code == 2
