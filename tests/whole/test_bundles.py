"""Proof bundles of the real house, verified by the verifier: levels, recomputation, certificate, and every changed byte."""

from __future__ import annotations

import base64
import hashlib
import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from ledger.chain.typed_data import Certificate, CertificateStatus
from ledger.identifiers import sid
from ledger.records import canonical
from ledger.records.policy import policy_body, seal_policy
from ledger.services import bundles, claims, verdicts
from ledger.services.policy import gather_policy_facts
from ledger.services.signing import queue, receive
from tests.product import ADMIN, AUDITOR, NOW, VERIFIER, Town, person
from tests.services.books import signed as signed_by
from tests.services.test_main_job import small_bank
from tests.towns import Template, reopen
from tests.whole.scene import POLICY_KEY
from verifier.package import open_package
from verifier.policy import read_policy
from verifier.verdict import Judgement, sign_verdict
from verifier.verify_bundle import verify_bundle
from verifier.verify_package import verify_package

KEY = POLICY_KEY.public_key().public_bytes_raw().hex()


@dataclass
class City:
    town: Town
    statement: str

    def policy(self, **decided: Any) -> bytes:
        with self.town.house.view(ADMIN) as work:
            body = policy_body(gather_policy_facts(work, version=1))
        checkpoint = dict(body["checkpoint"])  # type: ignore[call-overload]
        return canonical.dump(seal_policy({**body, "checkpoint": {**checkpoint, "pinned": None}}, POLICY_KEY, **decided))

    def statement_bundle(self) -> bytes:
        with self.town.house.view(AUDITOR) as work:
            return bundles.get_statement_bundle(work, self.statement).data

    def leaf(self, dataset: str, asset: str) -> bytes:
        with self.town.house.view(AUDITOR) as work:
            return bundles.get_leaf_bundle(work, self.statement, dataset, asset).data

    def claim(self) -> bytes:
        with self.town.house.view(AUDITOR) as work:
            return bundles.get_claim_bundle(work, "moganshan:c1").data


@pytest.fixture(scope="module")
def city(centre: Template, tmp_path_factory: pytest.TempPathFactory) -> Iterator[City]:
    with reopen(centre, tmp_path_factory.mktemp("city")) as town:
        small_bank(town)
        statement = town.prepare("moganshan", "2025")
        town.attest("moganshan", statement.id)
        town.relay()
        town.claim("moganshan", statement.id, "c1")
        town.relay()
        yield City(town, statement.id)


def verify(city: City, data: bytes, policy: bytes | None = None, key: str | None = KEY) -> Any:
    return verify_bundle(data, read_policy(policy or city.policy()), key, city.town.clock.now())


def odd(verification: Any) -> list[tuple[str, str, str]]:
    return [(item.id, str(item.outcome), item.code) for item in verification.checks.items if item.outcome.name != "PASS"]


def test_a_statement_s_bundle_is_final_and_recomputed(city: City) -> None:
    found = verify(city, city.statement_bundle())
    assert odd(found) == []
    assert (found.verdict(), found.level()) == (("VALID", 0), "L3")
    assert found.recomputation.outcome == "RECOMPUTED"
    assert found.recomputation.figures.lines > 0
    assert set(found.recomputation.figures.differences.values()) == {0}


def test_a_line_s_bundle_is_small_and_holds(city: City) -> None:
    document = json.loads(city.statement_bundle())
    line = document["inputs"]["statement"]["lines"][0]
    data = city.leaf("OPERATIONAL", f"line/{line['unit']}/{line['indicator']}")
    assert len(data) < 40_000
    found = verify(city, data)
    assert (odd(found), found.verdict(), found.level()) == ([], ("VALID", 0), "L3")


def test_a_meter_s_bundle_names_the_meter_by_its_slots(city: City) -> None:
    meter = json.loads(city.statement_bundle())["inputs"]["statement"]["meters"][0]["meter"]
    found = verify(city, city.leaf("METERS", f"meter/{meter}/el.import"))
    assert (odd(found), found.verdict(), found.level()) == ([], ("VALID", 0), "L3")


def cosigned(data: bytes, witnesses: dict[str, Ed25519PrivateKey], time: int) -> bytes:
    """The bundle with the cosignatures that these witnesses would have put under its checkpoint."""
    document = json.loads(data)
    note = document["finality"]["checkpoint"]
    text = note.rpartition("\n\n")[0] + "\n"
    for name, key in witnesses.items():
        signature = key.sign(f"cosignature/v1\ntime {time}\n{text}".encode())
        line = key_id(name, key) + time.to_bytes(8, "big") + signature
        note += f"\u2014 {name} {base64.b64encode(line).decode()}\n"
    document["finality"]["checkpoint"] = note
    return canonical.dump(document)


def key_id(name: str, key: Ed25519PrivateKey) -> bytes:
    return hashlib.sha256(name.encode() + b"\n\x04" + key.public_key().public_bytes_raw()).digest()[:4]


def vkey(name: str, key: Ed25519PrivateKey) -> str:
    encoded = base64.b64encode(bytes([4]) + key.public_key().public_bytes_raw()).decode()
    return f"{name}+{key_id(name, key).hex()}+{encoded}"


WITNESSES = {f"witness-{at}.example": Ed25519PrivateKey.from_private_bytes(bytes([at]) * 32) for at in (1, 2, 3)}
NAMED = {"quorum": 2, "keys": [vkey(name, key) for name, key in WITNESSES.items()]}


def give_verdict(city: City, tmp_path: Path) -> None:
    with city.town.house.view(VERIFIER) as work:
        package = tmp_path / "package.zip"
        package.write_bytes(claims.get_claim_package(work, "moganshan:c1").data)
    now = city.town.clock.now()
    with open_package(package) as opened:
        verification = verify_package(opened, read_policy(city.policy()), KEY, now)
    judgement = Judgement("c1", "gfc", "limited", 500, None, bytes(32), 0, bytes(32), 0, now + 86_400)
    signed = sign_verdict(verification, judgement, int.from_bytes(sid("test-key", "gfc.verifier"), "big"))
    with city.town.work(VERIFIER) as work:
        verdicts.submit_verdict(work, signed["message"], signed["signature"], signed["result"])
    city.town.relay()


def send(city: City, struct: Any) -> None:
    registry = city.town.house.contracts.claims
    actor = person("gfc.certifier", "gfc", "certifier")
    message, signature = signed_by(struct, registry, "gfc.certifier")
    with city.town.work(actor) as work:
        queue(work, registry, receive(work, registry, type(struct), message, signature), kind="test", subject="certificate")
    city.town.relay()


def certificate(city: City) -> Certificate:
    now = city.town.clock.now()
    claim, org = sid("claim", "moganshan/c1"), sid("org", "gfc")
    return Certificate(sid("certificate", "z-1"), claim, org, sid("document", "z-1"), NOW - 10, now + 10_000_000, now + 86_400)


def test_a_claim_goes_through_every_state_of_its_life(city: City, tmp_path: Path) -> None:
    found = verify(city, city.claim())
    assert odd(found) == [("status.state", "NOT IN FORCE", "CLAIM_STATE")]
    assert found.verdict() == ("NOT-IN-FORCE", 5)
    give_verdict(city, tmp_path)
    found = verify(city, city.claim())
    assert (odd(found), found.verdict(), found.level(), found.recomputation.outcome) == ([], ("VALID", 0), "L3", "RECOMPUTED")
    # Witnesses: below the quorum nothing is proven wrong, at it the level is reached, and a stranger's line is not passed over.
    policy, now = city.policy(witnesses=NAMED, max_age=3600), city.town.clock.now()
    two, one = dict(list(WITNESSES.items())[:2]), dict(list(WITNESSES.items())[:1])
    found = verify(city, cosigned(city.claim(), one, now), policy)
    assert {item[2] for item in odd(found)} == {"WITNESS_QUORUM"}
    found = verify(city, cosigned(city.claim(), two, now), policy)
    assert (odd(found), found.verdict(), found.level()) == ([], ("VALID", 0), "L4")
    found = verify(city, cosigned(city.claim(), two, now - 4000), policy)
    assert {item[2] for item in odd(found)} == {"STATUS_OLD"}
    found = verify(city, cosigned(city.claim(), {**two, "stranger.example": WITNESSES["witness-3.example"]}, now), policy)
    assert found.verdict() == ("UNTRUSTED", 6)
    # The certificate.
    send(city, certificate(city))
    found = verify(city, cosigned(city.claim(), two, now), policy)
    assert (odd(found), found.verdict(), found.level()) == ([], ("VALID", 0), "L5")
    send(city, CertificateStatus(sid("certificate", "z-1"), sid("org", "gfc"), 2, sid("reason", "x"), 0, city.town.clock.now() + 86_400))
    found = verify(city, cosigned(city.claim(), two, now), policy)
    assert odd(found) == [("status.state", "NOT IN FORCE", "CERTIFICATE_STATE")]
    assert (found.verdict(), found.level()) == (("NOT-IN-FORCE", 5), "L4")
