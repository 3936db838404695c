"""A PV plant and a retrofit, from stored meter-days to an anchored line of REDUCTIONS and a bundle that the verifier holds for true."""

from __future__ import annotations

import base64
import hashlib
import json
from collections.abc import Callable
from typing import Any

import pytest

from ledger.errors import Conflict, Forbidden, InputError, NotFound, SignatureRefused
from ledger.metering.meter_day import DAY_SLOTS
from ledger.records import canonical
from ledger.records.policy import policy_body, seal_policy
from ledger.services import bundles, dataset_signing, fsck, institutions, meters, reductions, statements
from ledger.services.policy import gather_policy_facts
from tests.product import ADMIN, AUDITOR, OPERATOR, Town, approver, person, preparer, sign, signer
from tests.services.projects import add_plant, attest, chiller, hand_in, plant, submission
from tests.whole.scene import POLICY_KEY
from verifier.policy import read_policy
from verifier.verify_bundle import verify_bundle

KEY = POLICY_KEY.public_key().public_bytes_raw().hex()
SUMS = {"avoided_g": "157906", "saved_wh": "144000", "self_used_wh": "153600", "exported_wh": "48000"}


def bundle_of(town: Town, id: str) -> bytes:
    with town.house.view(AUDITOR) as work:
        return bundles.get_reductions_bundle(work, id).data


def verified(town: Town, data: bytes) -> Any:
    with town.house.view(ADMIN) as work:
        body = policy_body(gather_policy_facts(work, version=1))
    checkpoint = dict(body["checkpoint"])  # type: ignore[call-overload]
    policy = canonical.dump(seal_policy({**body, "checkpoint": {**checkpoint, "pinned": None}}, POLICY_KEY))
    return verify_bundle(data, read_policy(policy), KEY, town.clock.now())


def odd(verification: Any) -> list[tuple[str, str]]:
    return [(item.id, item.outcome.name) for item in verification.checks.items if item.outcome.name != "PASS"]


def anchored(town: Town, *projects: dict[str, Any]) -> reductions.ReductionsView:
    view = hand_in(town, "oak", submission(*projects))
    assert view.accepted, view.findings
    assert attest(town, "oak", view.id).state == "queued"
    town.relay()
    with town.house.view(AUDITOR) as work:
        view = reductions.get_reductions(work, view.id)
    assert view.state == "anchored"
    return view


def test_a_plant_and_a_retrofit_go_from_stored_days_to_an_anchored_line_and_a_verified_bundle(town: Town) -> None:
    add_plant(town, "oak")
    view = anchored(town, plant(), chiller())
    assert (view.totals, view.lines, view.revision) == (SUMS, 2, 1)
    with town.house.view(AUDITOR) as work:
        document = json.loads(reductions.get_reductions_document(work, view.id))
        anchor = dataset_signing.get_anchor(work, reductions.REDUCTIONS_KIND, view.id)
    by_id = {line["id"]: line for line in document["lines"]}
    # 153.6 kWh x 530.6 g/kWh = 81,500.16 g; 144 kWh x 530.6 = 76,406.4 g: each line is rounded, then summed.
    assert {id: line["avoided_g"] for id, line in by_id.items()} == {"chiller": "76406", "pv-roof": "81500"}
    recorded = town.house.contracts.periods.attestation(bytes.fromhex(str(anchor.evidence["id"]).removeprefix("0x")))
    assert (recorded.root.hex(), anchor.dataset) == (view.root, "REDUCTIONS")
    found = verified(town, bundle_of(town, view.id))
    assert (odd(found), found.verdict(), found.level()) == ([], ("VALID", 0), "L3")
    with town.house.view(OPERATOR) as work:
        assert fsck.check_house(work) == ()


def test_the_evidence_of_a_stored_meter_is_the_hash_of_its_quarter_hours(town: Town) -> None:
    add_plant(town, "oak")
    view = hand_in(town, "oak", submission(plant()))
    with town.house.view(AUDITOR) as work:
        (line,) = json.loads(reductions.get_reductions_document(work, view.id))["lines"]
    values = (1_050_000).to_bytes(8, "little") * (2 * DAY_SLOTS)
    expected = hashlib.sha256(values + b"\x01" * (2 * DAY_SLOTS)).hexdigest()
    assert {"kind": "meter_days", "id": "PV-1", "sha256": expected} in line["evidence"]
    given = next(item["sha256"] for item in line["evidence"] if item["kind"] == "savings_input")
    with town.house.view(AUDITOR) as work:
        kept = reductions.get_reductions_evidence(work, view.id, given)
        assert (kept.kind, json.loads(kept.content)) == ("input", plant())
        with pytest.raises(NotFound):
            reductions.get_reductions_evidence(work, view.id, "ab" * 32)


def test_what_was_avoided_is_in_no_figure_of_the_inventory(town: Town) -> None:
    before = town.prepare("oak", "2025-03").totals
    add_plant(town, "oak")
    anchored(town, plant())
    after = town.prepare("oak", "2025-03")
    # The meters' own energy is in the inventory; the grams that the plant avoided are nowhere in it.
    assert int(after.totals["scope2_location_g"]) >= int(before["scope2_location_g"])
    with town.house.view(AUDITOR) as work:
        document = statements.get_statement_document(work, after.id)
    assert b"81500" not in document


def spoiled(document: dict[str, Any], change: Callable[[dict[str, Any], dict[str, Any]], None]) -> bytes:
    """The bundle with one line's record or item changed, as somebody who holds no key can change it."""
    item = document["datasets"][0]["items"][0]
    record = json.loads(base64.b64decode(item["record"]))
    change(item, record)
    item["record"] = base64.b64encode(canonical.dump(record)).decode()
    return canonical.dump(document)


@pytest.mark.parametrize(
    "change",
    [
        lambda item, record: record.update(avoided_g=str(int(record["avoided_g"]) + 1)),
        lambda item, record: record["factor"].update(value="0.6"),
        lambda item, record: item["values"].__setitem__(0, "1"),
        lambda item, record: item.update(asset="reduction/other"),
        lambda item, record: record["evidence"].reverse(),
        lambda item, record: record.update(more="1"),
        lambda item, record: item.update(slots="AAAA"),
    ],
    ids=["grams", "factor", "values", "asset", "evidence", "a field more", "slots"],
)
def test_a_changed_line_is_not_valid(town: Town, change: Callable[[dict[str, Any], dict[str, Any]], None]) -> None:
    add_plant(town, "oak")
    document = json.loads(bundle_of(town, anchored(town, plant()).id))
    verdict, code = verified(town, spoiled(document, change)).verdict()
    assert (verdict, code) in (("INVALID", 1), ("MALFORMED", 3))


def test_preparer_and_approver_are_two_people_and_keys_are_the_bank_s(town: Town) -> None:
    add_plant(town, "oak")
    view = hand_in(town, "oak", submission(plant()))
    with town.house.view(approver("oak")) as work:
        (item,) = dataset_signing.get_signing_request(work, reductions.REDUCTIONS_KIND, view.id).items

    def submit(actor: Any, message: dict[str, Any], key: str = "oak.approver") -> None:
        with town.work(actor) as work:
            dataset_signing.submit_attestation(work, reductions.REDUCTIONS_KIND, view.id, message, sign(item, signer(key)))

    with pytest.raises(Forbidden, match="does not sign"):
        submit(person("oak.preparer", "oak", "approver"), item.message)
    with pytest.raises(NotFound):
        submit(approver("elm"), item.message, "elm.approver")
    with pytest.raises((InputError, SignatureRefused)):
        submit(approver("oak"), {**item.message, "totals": ["1", "0", "0", "0"]})
    submit(approver("oak"), item.message)
    submit(approver("oak"), item.message)


def test_the_same_again_changes_nothing_and_a_correction_needs_a_cause(town: Town) -> None:
    add_plant(town, "oak")
    first = hand_in(town, "oak", submission(plant()))
    assert hand_in(town, "oak", submission(plant())).id == first.id
    attest(town, "oak", first.id)
    with pytest.raises(Conflict, match="on its way"):
        hand_in(town, "oak", submission(plant(), cause="data"))
    town.relay()
    assert hand_in(town, "oak", submission(plant())).id == first.id
    with pytest.raises(Conflict, match="cause"):
        hand_in(town, "oak", submission(plant(), chiller()))
    second = hand_in(town, "oak", submission(plant(), chiller(), cause="error"))
    assert (second.revision, second.supersedes, second.state) == (2, first.hash, "draft")
    attest(town, "oak", second.id)
    town.relay()
    with town.house.view(AUDITOR) as work:
        states = [item.state for item in reductions.list_reductions(work, "oak", "2025-03", 10, None).items]
    assert states == ["superseded", "anchored"]


CSV = b"meter,timestamp,kWh\n"


@pytest.mark.parametrize(
    ("projects", "code", "place"),
    [
        ([plant(unit="nowhere")], "UNIT_UNKNOWN", "/projects/0/input/unit"),
        ([plant(reporting={"start": "2025-02-28", "end": "2025-03-02"})], "REPORTING_OUTSIDE_PERIOD", "/projects/0/input/reporting"),
        ([plant(factor={"id": "mine", "value": "9", "unit": "kgCO2/kWh"})], "FACTOR_UNKNOWN", "/projects/0/input/factor/id"),
        ([plant(factor={"id": "grid_average.cn.2023", "value": "0.9", "unit": "kgCO2/kWh"})], "FACTOR_DIFFERS", "/projects/0/input/factor"),
        ([plant(generation={"meter": "NONE"})], "METER_UNKNOWN", "/projects/0/input/generation/meter"),
        ([plant(generation={"meter": "EX-1"})], "METER_QUANTITY", "/projects/0/input/generation/meter"),
        ([plant(), plant()], "ITEM_TWICE", "/projects"),
        ([plant(generation={"csv": "a.csv", "sha256": "ab" * 32, "meter": "a"})], "FILE_UNREADABLE", "/projects/0/input/generation/csv"),
        ([chiller(baseline=None)], "OPTION_FORM", "/projects/0/input/baseline"),
        ([], "FIELD_INVALID", "/projects"),
    ],
)
def test_what_does_not_hold_is_named_and_nothing_is_kept(town: Town, projects: list[dict[str, Any]], code: str, place: str) -> None:
    add_plant(town, "oak")
    view = hand_in(town, "oak", submission(*projects))
    assert (code, place) in [(finding.code, finding.place) for finding in view.findings]
    assert (view.accepted, view.id) == (False, "")
    with town.house.view(AUDITOR) as work:
        assert reductions.list_reductions(work, "oak", None, 10, None).items == ()


def test_the_bank_s_own_line_and_files_are_held_against_what_comes_out(town: Town) -> None:
    add_plant(town, "oak")
    document = submission(plant(generation={"meter": "PV-1"}))
    document["projects"][0]["files"] = [{"name": "left-over.csv", "content": base64.b64encode(CSV).decode()}]
    document["projects"][0]["line"] = {"schema": "lingtan.reduction/1", "avoided_g": "1"}
    found = {finding.code: finding for finding in hand_in(town, "oak", document).findings}
    assert found["FILE_UNUSED"].got == "left-over.csv"
    assert (found["REDUCTION_DIFFERS"].place, found["REDUCTION_DIFFERS"].got, found["REDUCTION_DIFFERS"].expected) == (
        "/projects/0/line/avoided_g", "1", "81500",
    )  # fmt: skip
    nothing = hand_in(town, "oak", submission(chiller(adjustments=[
        {"id": "a", "period": "2025-03", "value": "-9999", "reason": "r", "evidence": {"kind": "document", "id": "d"}}])))  # fmt: skip
    assert "REDUCTIONS_EMPTY" in [finding.code for finding in nothing.findings]


def test_two_projects_on_one_meter_are_a_warning(town: Town) -> None:
    add_plant(town, "oak")
    view = hand_in(town, "oak", submission(chiller(), chiller(id="lamps")))
    assert view.accepted
    assert ("REDUCTION_METER_TWICE", "warning") in [(finding.code, finding.severity) for finding in view.findings]


def test_with_the_commitment_key_the_leaves_are_gone_and_the_totals_stay(town: Town) -> None:
    add_plant(town, "oak")
    view = anchored(town, plant())
    with town.work(approver("oak")) as work:
        institutions.forget_commitment_key(work, "oak")
    with pytest.raises(Conflict):
        bundle_of(town, view.id)
    with town.work(preparer("oak")) as work:
        institutions.set_commitment_key(work, "oak", b"n" * 32)
    with pytest.raises(Conflict, match="erased"):
        bundle_of(town, view.id)
    with town.house.view(AUDITOR) as work:
        assert reductions.get_reductions(work, view.id).totals["avoided_g"] == "81500"
    with town.house.view(OPERATOR) as work:
        assert [finding for finding in fsck.check_house(work) if "reductions" in finding.place] == []


def test_a_missing_quarter_of_an_hour_is_no_saving(town: Town) -> None:
    add_plant(town, "oak")
    with town.work(preparer("oak")) as work:
        meters.register_meter(work, "oak", id="PV-2", unit="hq", quantity="pv.generation", interval_minutes=15)
    view = hand_in(town, "oak", submission(plant(generation={"meter": "PV-2"})))
    assert not view.accepted
    assert "SAVINGS_NOTHING" in [finding.code for finding in view.findings]
