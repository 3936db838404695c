"""The product over HTTP: from an empty server to a verdict on a claim, and a restatement, with every signature made outside."""

from __future__ import annotations

import hashlib
import io
import json
import zipfile

from tests.api.scene import Scene, activity, attest, enter_books, give_verdict, prepare, submit_claim

HOURS = 48
KW_MWH = 4_200_000  # 4.2 kW for an hour in mWh


def test_a_period_goes_from_readings_to_a_verdict_and_a_restatement(city: Scene) -> None:
    enter_books(city, "bank-a", "preparer")

    # A statement from the readings and the fuel table: 48 h at 4.2 kW.
    statement = prepare(city, "bank-a", "preparer")
    assert (statement["state"], statement["has_errors"], statement["revision"]) == ("draft", False, 1)
    assert set(statement["totals"]) == {"scope1_g", "scope2_location_g", "scope2_market_g", "scope3_g"}
    document = city.get("preparer", f"/v1/statements/{statement['id']}/document")
    assert hashlib.sha256(document.content).hexdigest() == statement["hash"]
    assert document.headers["etag"] == f'"{statement["hash"]}"'
    meter = document.json()["meters"][0]
    assert (meter["meter"], meter["total"], meter["measured"]) == ("M-1", str(HOURS * KW_MWH), "192")
    lines = city.get("preparer", f"/v1/statements/{statement['id']}/lines").json()["items"]
    assert [(line["unit"], line["indicator"]) for line in lines] == [("hq", "fuel.petrol.vehicles"), ("outlet-7", "electricity.purchased")]
    assert lines[1]["quantity"] == {"value": "201.6", "unit": "kWh"}
    assert city.get("preparer", f"/v1/statements/{statement['id']}/findings").json()["items"] == statement["findings"]

    # The preparer may not sign; the approver may.
    request = city.get("preparer", f"/v1/statements/{statement['id']}/signing-request").json()
    assert [item["dataset"] for item in request["items"]] == ["METERS", "OPERATIONAL"]
    attested = attest(city, statement["id"], "approver")
    anchors = city.get("approver", "/v1/anchors").json()["items"]
    assert {anchor["root"] for anchor in anchors} == {item["root"] for item in attested["items"]}
    assert city.get("approver", f"/v1/anchors/{anchors[0]['id']}").json() == anchors[0]
    proof = city.get("approver", f"/v1/anchors/{anchors[0]['id']}/proof").json()
    assert proof["finality"]["kind"] == "embedded-checkpoint"

    # The evidence package: what it says it holds is what it holds, and it repeats byte for byte.
    path = f"/v1/statements/{statement['id']}/package"
    package = city.get("approver", path)
    assert package.status_code == 200, package.text
    with zipfile.ZipFile(io.BytesIO(package.content)) as archive:
        manifest_bytes = archive.read("manifest.json")
        for part in json.loads(manifest_bytes)["parts"]:
            assert hashlib.sha256(archive.read(part["path"])).hexdigest() == part["sha256"]
    assert package.headers["etag"] == f'"{hashlib.sha256(manifest_bytes).hexdigest()}"'
    assert city.get("auditor", path).content == package.content
    assert city.get("auditor", path, headers={"If-None-Match": package.headers["etag"]}).status_code == 304

    leaf = city.get(
        "approver",
        f"/v1/statements/{statement['id']}/proofs",
        params={"dataset": "OPERATIONAL", "asset": "line/outlet-7/electricity.purchased"},
    )
    assert leaf.json()["schema"] == "lingtan.proof/1", leaf.text

    claim = submit_claim(city, statement["id"], "approver")
    assert claim["package"] == hashlib.sha256(manifest_bytes).hexdigest()
    assert city.get("verifier", f"/v1/claims/{claim['id']}/package").content == package.content
    verdict, result = give_verdict(city, claim, statement["totals"])
    assert (verdict["verifier"], verdict["opinion"], verdict["sequence"]) == ("checkers", "unqualified", 0)
    assert city.get("approver", f"/v1/claims/{claim['id']}/verdicts/{verdict['id']}/result").content == result
    assert city.get("preparer", f"/v1/statements/{statement['id']}").json()["state"] == "verified"

    # A restatement has a cause, and the old one stays readable.
    base = "/v1/institutions/bank-a/periods/2025-03"
    refused = city.post("preparer", f"{base}/statements", {"cause": "first"})
    assert (refused.status_code, refused.json()["type"]) == (409, "/problems/conflict")
    assert city.post("preparer", f"{base}/activity", activity("bank-a", litres="121")).status_code == 201
    second = prepare(city, "bank-a", "preparer", cause="data")
    assert (second["revision"], second["supersedes"]) == (2, statement["hash"])
    attest(city, second["id"], "approver")
    assert city.get("preparer", f"/v1/statements/{statement['id']}").json()["state"] == "superseded"
    assert len(city.get("preparer", f"{base}/statements").json()["items"]) == 2


def test_the_envelope_log_is_fixed_on_chain_by_its_owner(city: Scene) -> None:
    path = "/v1/institutions/bank-a/log-checkpoints"
    item = city.get("approver", path)
    assert item.status_code == 200, item.text
    answer = city.post("approver", path, city.sign_item("approver", item.json()))
    assert answer.status_code == 202, answer.text
    assert answer.json()["size"] == 1


def test_chain_checkpoint_keys_and_audit_log_can_be_read(city: Scene) -> None:
    chain = city.get("government", "/v1/chain").json()
    assert set(chain["contracts"]) == {"ParticipantRegistry", "LibraryRegistry", "PeriodLedger", "ClaimRegistry"}
    checkpoint = city.get("auditor", "/v1/checkpoints").json()
    assert checkpoint["note"].splitlines()[1] == str(checkpoint["size"])
    keys = city.get("auditor", "/v1/institutions/bank-a/keys").json()["items"]
    assert [(key["role"], key["status"], key["valid_to"]) for key in keys] == [("approver", "in_force", None)]
    first = city.get("auditor", "/v1/audit-log?limit=3").json()
    assert [entry["seq"] for entry in first["items"]] == [1, 2, 3]
    rest = city.get("auditor", "/v1/audit-log", params={"limit": 200, "cursor": first["next_cursor"]}).json()
    assert rest["items"][0]["seq"] == 4
    actions = {entry["action"] for entry in rest["items"]}
    assert {"statement.prepare", "attestation.submit", "claim.submit", "verdict.submit"} <= actions


def test_a_library_document_comes_back_byte_for_byte(city: Scene) -> None:
    for kind in ("library", "schema", "scheme"):
        for release in city.get("government", f"/v1/library-releases?kind={kind}").json()["items"]:
            answer = city.get("government", f"/v1/library-releases/{release['hash']}")
            assert hashlib.sha256(answer.content).hexdigest() == release["hash"]


def test_the_server_is_alive_and_ready(city: Scene) -> None:
    assert city.get(None, "/livez").json()["status"] == "ok"
    ready = city.get(None, "/readyz")
    assert ready.json() == {"status": "ok", "checks": {"database": "ok", "chain": "ok", "relay": "ok"}}
