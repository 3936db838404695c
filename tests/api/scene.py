"""A city on one server, driven over HTTP alone: a centre, a verifier, two banks, an auditor; keys and signatures stay with their owners.

Signatures are eth_account's over the types that the specification writes (tests/contracts/messages.py): nothing of the product signs here.
"""

from __future__ import annotations

import base64
import hashlib
import json
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from eth_account import Account
from fastapi.testclient import TestClient
from httpx2 import Response

from api.app import create_app
from api.rate import FixedWindow
from ledger.config import Settings
from ledger.indicators.shipped import shipped_bytes
from ledger.merkle.dataset_schema import DATASETS, get_schema_bytes
from ledger.services.context import House
from ledger.services.house import init_house, open_house
from ledger.store.tokens import create_token
from tests.contracts.messages import TYPES, sid, sign

CHAIN_ID = 3305
FOREVER = 2**53 - 1
ROLES = {"approver": 1, "logkeeper": 2, "verifier": 3, "certifier": 4, "librarian": 5, "publisher": 6}
KINDS = {"bank": 1, "centre": 2, "verifier": 3, "auditor": 4, "government": 5}
INSTITUTIONS = {
    "bank-a": "bank",
    "bank-b": "bank",
    "bank-c": "bank",
    "centre": "centre",
    "checkers": "verifier",
    "auditors": "auditor",
    "city": "government",
}
PEOPLE: dict[str, tuple[str | None, str]] = {
    "operator": (None, "operator"),
    "admin": (None, "admin"),
    "librarian": ("centre", "librarian"),
    "publisher": ("centre", "publisher"),
    "certifier": ("centre", "certifier"),
    "verifier": ("checkers", "verifier"),
    "auditor": ("auditors", "auditor"),
    "government": ("city", "government"),
    "preparer": ("bank-a", "preparer"),
    "approver": ("bank-a", "approver"),
    "meter": ("bank-a", "meter"),
    "other-preparer": ("bank-b", "preparer"),
    "other-approver": ("bank-b", "approver"),
    "other-meter": ("bank-b", "meter"),
    "logkeeper": ("bank-a", "logkeeper"),
    "other-logkeeper": ("bank-b", "logkeeper"),
    "third-preparer": ("bank-c", "preparer"),
    "third-approver": ("bank-c", "approver"),
}
KEY_HOLDERS = {
    "approver": ("bank-a", "approver"),
    "other-approver": ("bank-b", "approver"),
    "other-logkeeper": ("bank-b", "logkeeper"),
    "verifier": ("checkers", "verifier"),
    "librarian": ("centre", "librarian"),
    "publisher": ("centre", "publisher"),
}
FIRST_DAY, LAST_DAY = "2025-03-01", "2025-03-02"
PERIOD = {"id": "2025-03", "start": "2025-02-28T16:00:00Z", "end": "2025-03-02T16:00:00Z", "timezone": "Asia/Shanghai"}
SCHEME = {"schema": "lingtan.scheme/1", "scheme": "huzhou-outlets", "title": {"en": "Low-carbon outlets", "zh": "低碳网点"}}


def private_key(name: str) -> bytes:
    """Return a person's key: fixed, so that a failure repeats."""
    return hashlib.sha256(f"test key of {name}".encode()).digest()


def address(name: str) -> str:
    """Return the address of a person's key, lower case."""
    return str(Account.from_key(private_key(name)).address).lower()


def content_digest(body: bytes) -> str:
    """Return the Content-Digest of a body, written out."""
    return f"sha-256=:{base64.b64encode(hashlib.sha256(body).digest()).decode()}:"


@dataclass
class Scene:
    """One server and its callers."""

    house: House
    http: TestClient
    tokens: dict[str, str] = field(default_factory=dict)
    counter: int = 0

    def send(self, who: str | None, method: str, path: str, *, key: str | None = None, **arguments: Any) -> Response:
        """Send one request as a person; creating ones get a fresh Idempotency-Key unless one is given."""
        headers = dict(arguments.pop("headers", {}))
        headers.setdefault("Accept-Language", "en")
        if who is not None:
            headers["Authorization"] = f"Bearer {self.tokens[who]}"
        if method == "POST" and "Idempotency-Key" not in headers:
            self.counter += 1
            headers["Idempotency-Key"] = key or f"scene-key-{self.counter:06d}"
        return self.http.request(method, path, headers=headers, **arguments)

    def get(self, who: str | None, path: str, **arguments: Any) -> Response:
        """GET as a person."""
        return self.send(who, "GET", path, **arguments)

    def post(self, who: str | None, path: str, document: object, **arguments: Any) -> Response:
        """POST a JSON document as a person."""
        body = json.dumps(document).encode()
        return self.send(who, "POST", path, content=body, headers={"Content-Type": "application/json"}, **arguments)

    def post_csv(self, who: str, path: str, body: bytes, **arguments: Any) -> Response:
        """POST a CSV body with its digest as a person."""
        headers = {"Content-Type": "text/csv", "Content-Digest": content_digest(body)}
        return self.send(who, "POST", path, content=body, headers=headers, **arguments)

    def wait(self, who: str, path: str, *states: str, seconds: float = 30.0) -> Any:
        """Poll a resource until its state is one of these."""
        end = time.monotonic() + seconds
        while True:
            answer = self.get(who, path)
            assert answer.status_code == 200, answer.text
            if answer.json()["state"] in states:
                return answer.json()
            assert time.monotonic() < end, f"{path} stays {answer.json()['state']}: {answer.text}"
            time.sleep(0.05)

    def contract(self, name: str) -> str:
        """Return the address of a contract as the server tells it."""
        return str(self.get("operator", "/v1/chain").json()["contracts"][name]["address"])

    def signature(self, name: str, struct: str, message: Mapping[str, Any], contract: str) -> str:
        """Return the 0x signature of a person over a struct, made from the wire form of its message."""
        values = {field: _read(kind, message[field]) for kind, field in TYPES[struct]}
        return "0x" + sign(struct, values, private_key(name), CHAIN_ID, contract).hex()

    def signed(self, name: str, struct: str, contract: str, **values: object) -> dict[str, object]:
        """Return `{message, signature}` of a struct that a person fills in themselves."""
        message = {field: _write(values[field]) for _, field in TYPES[struct]}
        return {"message": message, "signature": self.signature(name, struct, message, contract)}

    def sign_item(self, name: str, item: Mapping[str, Any]) -> dict[str, object]:
        """Return `{message, signature}` for an item of a signing request."""
        contract = str(item["domain"]["verifyingContract"])
        return {"message": item["message"], "signature": self.signature(name, str(item["primary_type"]), item["message"], contract)}


@contextmanager
def open_scene(data: Path, *, rate: FixedWindow | None = None) -> Iterator[Scene]:
    """Set up a house in a fresh folder and serve it; the relay runs."""
    settings = Settings(
        data=data,
        database_url=f"sqlite:///{data / 'ledger.sqlite'}",
        chain_url=f"embedded://{data / 'chain.sqlite'}",
        chain_id=CHAIN_ID,
        passphrase="only for this test",
        light_keys=True,
    )
    init_house(settings, str(Account.from_key(private_key("admin")).address))
    house = open_house(settings)
    try:
        wide = FixedWindow(1_000_000, 60)
        with TestClient(create_app(house, rate=rate or wide, public_rate=wide), raise_server_exceptions=False) as http:
            scene = Scene(house, http)
            for name in ("operator", "admin"):
                add_token(scene, name)
            yield scene
    finally:
        house.close()


def add_token(scene: Scene, name: str, *, expires_at: int | None = None) -> None:
    """Give a person of PEOPLE a token, as the operator's command does."""
    institution, role = PEOPLE[name]
    with scene.house.database.unit_of_work() as session:
        secret, _ = create_token(
            session,
            subject=name,
            institution_id=institution,
            roles=[role],
            expires_at=expires_at,
            created_by="test",
            at=scene.house.clock.now(),
        )
    scene.tokens[name] = secret


def found_city(scene: Scene) -> None:
    """Register every institution and give every person a token."""
    for id, kind in INSTITUTIONS.items():
        document = {"id": id, "kind": kind, "name": {"en": id, "zh": "机构"}, "timezone": "Asia/Shanghai", "region": "CN-ZJ"}
        answer = scene.post("operator", "/v1/institutions", document)
        assert answer.status_code == 201, answer.text
    for name in PEOPLE:
        if name not in scene.tokens:
            add_token(scene, name)


def register_keys(scene: Scene) -> None:
    """Bring institutions and keys onto the chain: the admin signs, the server relays."""
    contract = scene.contract("ParticipantRegistry")
    now = scene.house.clock.now()
    counts = {}
    for id, kind in INSTITUTIONS.items():
        common = {"org": sid("org", id), "deadline": FOREVER}
        actions = [("RegisterInstitution", {"kind": KINDS[kind], "nameHash": hashlib.sha256(id.encode()).digest()})]
        actions += [
            ("AddKey", {"key": address(name), "role": ROLES[role], "validFrom": now - 1000, "validTo": 0})
            for name, (owner, role) in KEY_HOLDERS.items()
            if owner == id
        ]
        for version, (struct, values) in enumerate(actions, start=1):
            body = {"struct": struct, **scene.signed("admin", struct, contract, **common, **values, version=version)}
            answer = scene.post("admin", f"/v1/institutions/{id}/participant-actions", body)
            assert answer.status_code == 202, answer.text
        counts[id] = len(actions)
    for id, count in counts.items():
        _wait_all(scene, f"/v1/institutions/{id}/participant-actions", count)


def publish_library(scene: Scene) -> None:
    """Propose and publish the indicator library, the dataset schemas and a scheme: two people, two keys."""
    contract = scene.contract("LibraryRegistry")
    documents = [(1, json.loads(shipped_bytes())), (3, SCHEME)]
    documents += [(2, json.loads(get_schema_bytes(name))) for name in DATASETS]
    hashes = []
    for kind, document in documents:
        canonical = json.dumps(document, ensure_ascii=False, sort_keys=True, separators=(",", ":")).encode()
        release, org = hashlib.sha256(canonical).digest(), sid("org", "centre")
        proposal = scene.signed(
            "librarian",
            "ProposeRelease",
            contract,
            release=release,
            org=org,
            kind=kind,
            validFrom=scene.house.clock.now() - 500,
            supersedes=bytes(32),
            deadline=FOREVER,
        )
        answer = scene.post("librarian", "/v1/library-releases", {"document": document, **proposal})
        assert answer.status_code == 202, answer.text
        assert answer.json()["hash"] == release.hex()
        hashes.append((kind, release))
    _wait_releases(scene, "proposed")
    for _, release in hashes:
        publication = scene.signed("publisher", "PublishRelease", contract, release=release, org=sid("org", "centre"), deadline=FOREVER)
        answer = scene.post("publisher", f"/v1/library-releases/{release.hex()}/publication", publication)
        assert answer.status_code == 202, answer.text
    _wait_releases(scene, "published")


def meter_csv(meter: str, first: datetime, days: int, *, watts: int = 4200) -> bytes:
    """Return readings of whole days: the same demand in every quarter of an hour."""
    lines = ["meter,timestamp,kW,quality"]
    for slot in range(days * 96):
        stamp = (first + timedelta(minutes=15 * slot)).strftime("%Y-%m-%dT%H:%M:%SZ")
        lines.append(f"{meter},{stamp},{watts // 1000}.{watts % 1000:03d},A")
    return ("\n".join(lines) + "\n").encode()


def organisation(institution: str) -> dict[str, object]:
    """Return a tree of a head office and an outlet."""
    unit = {"closed": None, "county": None, "area_m2": "1200", "headcount": 40, "opened": "2010-01-01"}
    return {
        "schema": "lingtan.organisation/1",
        "institution": institution,
        "name": {"en": institution, "zh": "机构"},
        "timezone": "Asia/Shanghai",
        "region": "CN-ZJ",
        "units": [
            {"id": "hq", "name": {"en": "Head office", "zh": "总行"}, "kind": "institution", "parent": None, **unit},
            {"id": "outlet-7", "name": {"en": "Outlet 7", "zh": "七号网点"}, "kind": "outlet", "parent": "hq", **unit},
        ],
    }


def activity(institution: str, *, litres: str = "120.5") -> dict[str, object]:
    """Return a fuel table of one line for the period of `enter_books`."""
    return {
        "schema": "lingtan.activity/1",
        "institution": institution,
        "period": PERIOD,
        "records": [
            {
                "id": "petrol-hq",
                "unit": "hq",
                "indicator": "fuel.petrol.vehicles",
                "quantity": {"value": litres, "unit": "L"},
                "start": FIRST_DAY,
                "end": LAST_DAY,
                "source": {"kind": "invoice", "reference": "fuel cards", "sha256": None},
                "quality": 2,
            }
        ],
        "declared_totals": [],
        "factor_choices": [],
    }


def local_factor(institution: str) -> dict[str, Any]:
    """Return a factor for purchased heat that a bank wants for itself, from its supplier's letter."""
    nothing = ("guide", "fuel", "blend", "clause", "valid_from", "valid_to", "supersedes", "uncertainty_bp", "source_sha256")
    factor = {
        **dict.fromkeys(nothing),
        "id": f"local.{institution}.steam",
        "name": {"en": "District heat", "zh": "市政供热"},
        "kind": "heat",
        "carrier": "heat",
        "form": "direct",
        "value": "0.09",
        "unit": "kgCO2/MJ",
        "basis": "CO2",
        "region": "CN-ZJ",
        "data_year": 2024,
        "document": f"local.{institution}.letter",
        "owner": institution,
        "confidence": "S",
    }
    letter = {"title": "供热企业函", "number": None, "issuer": "Heat company", "published": "2025-01-10", "sha256": None}
    return {
        "schema": "lingtan.local_factor/1",
        "institution": institution,
        "factor": factor,
        "document": {"id": f"local.{institution}.letter", **letter},
        "reason": "the supplier's own figure",
    }


def enter_books(scene: Scene, institution: str, preparer: str) -> None:
    """Bring key, tree, meter, period, readings and fuels of two days in: everything before the statement."""
    base = f"/v1/institutions/{institution}"
    key = hashlib.sha256(f"commitment key of {institution}".encode()).hexdigest()
    steps = [
        scene.send(preparer, "PUT", f"{base}/commitment-key", json={"key": key}),
        scene.post(preparer, f"{base}/organisation", organisation(institution)),
        scene.post(preparer, f"{base}/meters", {"id": "M-1", "unit": "outlet-7", "quantity": "el.import", "interval_minutes": 15}),
        scene.post(preparer, f"{base}/periods", {"id": PERIOD["id"], "first_day": FIRST_DAY, "last_day": LAST_DAY}),
        scene.post_csv(preparer, f"{base}/telemetry", meter_csv("M-1", datetime(2025, 2, 28, 16, tzinfo=UTC), 2)),
        scene.post(preparer, f"{base}/periods/{PERIOD['id']}/activity", activity(institution)),
    ]
    for answer in steps:
        assert answer.status_code in (201, 204), answer.text


def prepare(scene: Scene, institution: str, preparer: str, *, cause: str = "first") -> dict[str, Any]:
    """Prepare the statement of a period and return it."""
    answer = scene.post(preparer, f"/v1/institutions/{institution}/periods/{PERIOD['id']}/statements", {"cause": cause})
    assert answer.status_code == 201, answer.text
    statement: dict[str, Any] = answer.json()
    return statement


def attest(scene: Scene, statement: str, approver: str) -> dict[str, Any]:
    """Sign a statement's datasets, submit them and wait for the anchor."""
    request = scene.get(approver, f"/v1/statements/{statement}/signing-request")
    assert request.status_code == 200, request.text
    items = [{"dataset": item["dataset"], **scene.sign_item(approver, item)} for item in request.json()["items"]]
    answer = scene.post(approver, "/v1/attestations", {"statement": statement, "items": items})
    assert answer.status_code == 202, answer.text
    attested: dict[str, Any] = scene.wait(approver, answer.headers["location"], "anchored", "rejected")
    assert attested["state"] == "anchored", attested
    return attested


def claim_request(scene: Scene, statement: str, approver: str, claim: str) -> dict[str, object]:
    """Return the signed body of a claim on the scheme."""
    query = {"scheme": str(SCHEME["scheme"]), "claim": claim}
    item = scene.get(approver, f"/v1/statements/{statement}/claim-request", params=query)
    assert item.status_code == 200, item.text
    return {"statement": statement, "claim": claim, "scheme": SCHEME["scheme"], **scene.sign_item(approver, item.json())}


def submit_claim(scene: Scene, statement: str, approver: str, claim: str = "claim-1") -> dict[str, Any]:
    """Sign a claim, submit it and wait until the chain has it."""
    answer = scene.post(approver, "/v1/claims", claim_request(scene, statement, approver, claim))
    assert answer.status_code == 202, answer.text
    submitted: dict[str, Any] = scene.wait(approver, answer.headers["location"], "submitted", "rejected")
    assert submitted["state"] == "submitted", submitted
    return submitted


def give_verdict(scene: Scene, claim: Mapping[str, Any], totals: Mapping[str, str]) -> tuple[dict[str, Any], bytes]:
    """Give an unqualified verdict on a claim and wait until it counts; return the verdict and its canonical result."""
    result = {
        "schema": "lingtan.verdict/1",
        "claim": sid("claim", str(claim["id"]).replace(":", "/")).hex(),
        "package": claim["package"],
        "datasets": [],
        "recomputed": dict(totals),
        "differences": dict.fromkeys(totals, "0"),
        "checks": [],
        "findings": "0" * 64,
        "opinion": "unqualified",
        "assurance": "limited",
        "materiality_bp": 500,
        "exceptions": [],
    }
    canonical = json.dumps(result, sort_keys=True, separators=(",", ":")).encode()
    signed = scene.signed(
        "verifier",
        "Verdict",
        scene.contract("ClaimRegistry"),
        claim=sid("claim", str(claim["id"]).replace(":", "/")),
        org=sid("org", "checkers"),
        packageHash=bytes.fromhex(str(claim["package"])),
        resultHash=hashlib.sha256(canonical).digest(),
        findingsHash=bytes(32),
        assurance=1,
        materialityBp=500,
        opinion=1,
        samplingSeed=bytes(32),
        sampleSize=0,
        toolHash=bytes(32),
        salt=bytes(32),
        sequence=0,
        deadline=FOREVER,
    )
    answer = scene.post("verifier", "/v1/verdicts", {**signed, "result": result})
    assert answer.status_code == 202, answer.text
    assert scene.wait("verifier", f"/v1/claims/{claim['id']}", "attested", "rejected")["state"] == "attested"
    verdict: dict[str, Any] = scene.get("auditor", answer.headers["location"]).json()["items"][0]
    return verdict, canonical


def _wait_all(scene: Scene, path: str, count: int) -> None:
    end = time.monotonic() + 30
    while True:
        items = scene.get("admin", path).json()["items"]
        states = [item["state"] for item in items]
        assert "rejected" not in states, items
        if states == ["anchored"] * count:
            return
        assert time.monotonic() < end, items
        time.sleep(0.05)


def _wait_releases(scene: Scene, state: str) -> None:
    end = time.monotonic() + 30
    while True:
        items = [
            item
            for kind in ("library", "schema", "scheme")
            for item in scene.get("librarian", f"/v1/library-releases?kind={kind}").json()["items"]
        ]
        states = {item["state"] for item in items}
        assert "rejected" not in states, items
        if states == {state}:
            return
        assert time.monotonic() < end, items
        time.sleep(0.05)


def _write(value: object) -> object:
    if isinstance(value, bytes):
        return "0x" + value.hex()
    if isinstance(value, bool):
        return value
    if isinstance(value, int):
        return str(value)
    return value


def _read(kind: str, value: Any) -> Any:
    if kind.endswith("]"):
        return [_read(kind.partition("[")[0], item) for item in value]
    if kind.startswith("uint"):
        return int(value)
    if kind.startswith("bytes"):
        return bytes.fromhex(value.removeprefix("0x"))
    return value
