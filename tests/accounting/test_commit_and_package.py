"""Commitments, line proofs and the package of one statement: what they bind, and what breaks them."""

from __future__ import annotations

import base64
import hashlib
import io
import json
import os
import subprocess
import sys
import zipfile
from dataclasses import replace
from functools import cache
from pathlib import Path

import pytest

from ledger.accounting.commit import METERS, OPERATIONAL, Commitments, commit, rebuild
from ledger.accounting.line_proof import build_line_proof
from ledger.accounting.methods.operational_1 import Computation, Inputs, MeteredEnergy, compute
from ledger.accounting.package import Evidence, build_package
from ledger.errors import InputError, IntegrityError, MalformedDocument, NotFound
from ledger.identifiers import sid
from ledger.merkle.keys import CommitmentKeys, meter_asset
from ledger.merkle.sums import Context, Leaf, SumProof, record_hash, verify_sum_proof
from ledger.records import canonical
from ledger.records.meter_record import MeterRecord, Quantity
from ledger.records.statement import Statement
from tests.accounting.inventory import ROOT, inputs, meter_record, year

PERIOD = year(2025)
KEYS = CommitmentKeys(bytes(range(32)))
CHAIN_ID = 5_702_813
CONTRACT = bytes.fromhex("00112233445566778899aabbccddeeff00112233")


@cache
def records() -> dict[str, MeterRecord]:
    found = {}
    for number in range(3):
        meter = f"m-{number}"
        key = KEYS.leaf_key(meter_asset(meter, Quantity.EL_IMPORT), PERIOD.start, PERIOD.end)
        found[meter] = meter_record(PERIOD, [1000 + number, 0, 3], [1, 0, 2], key)
    pv = meter_record(PERIOD, [77], [1], bytes(32))
    found["pv-1"] = replace(pv, quantity=Quantity.PV_GENERATION)
    return found


@cache
def given() -> Inputs:
    meters = tuple(MeteredEnergy.of_record(meter, ROOT, record) for meter, record in records().items())
    return inputs(PERIOD, (f"{ROOT} fuel.petrol.vehicles 12.5 L", "branch-1 heat.purchased 3 GJ"), units=("branch-1",), meters=meters)


@cache
def computation() -> Computation:
    return compute(given())


def statement() -> Statement:
    found = computation().statement
    assert found is not None
    return found


@cache
def commitments() -> Commitments:
    return commit(statement(), records(), KEYS, CHAIN_ID, CONTRACT)


def test_totals_of_the_trees_are_the_statements_totals() -> None:
    committed, stated = commitments(), statement()
    assert committed.dataset(OPERATIONAL).tree.totals == stated.totals.as_tuple()
    imports = [meter for meter in stated.meters if meter.quantity == "el.import"]
    expected = (
        sum(meter.total for meter in imports),
        sum(meter.measured for meter in imports),
        sum(meter.estimated + meter.manual for meter in imports),
        sum(meter.missing for meter in imports),
    )
    assert committed.dataset(METERS).tree.totals == expected
    # Of the four lines one is of the PV meter, whose readings are in no dataset of their own.
    assert [dataset.tree.n for dataset in committed.datasets] == [3, 4]


def test_meters_of_other_quantities_are_stated_but_not_committed_with_electricity() -> None:
    assert "pv-1" in {meter.meter for meter in statement().meters}
    assert "meter/pv-1/pv.generation" not in {opening.asset for opening in commitments().dataset(METERS).openings}


def test_a_dataset_without_leaves_is_left_out() -> None:
    only_lines = compute(inputs(PERIOD, (f"{ROOT} scope1.reported 1 tCO2e",))).statement
    assert only_lines is not None
    committed = commit(only_lines, {}, KEYS, CHAIN_ID, CONTRACT)
    assert [dataset.dataset for dataset in committed.datasets] == [OPERATIONAL]
    assert committed.find_dataset(METERS) is None
    with pytest.raises(NotFound):
        committed.dataset(METERS)


def test_the_document_has_the_written_form() -> None:
    document = commitments().to_document()
    item = document["datasets"][0]  # type: ignore[index]
    assert list(document) == ["schema", "datasets"]
    assert set(item) == {"dataset", "context", "n", "totals", "tree_root", "root", "leaves"}
    context = item["context"]
    assert (context["chain_id"], context["contract"]) == (str(CHAIN_ID), "0x" + CONTRACT.hex())
    assert context["org"] == hashlib.sha256(b"lingtan/org/bank").hexdigest()
    assert context["schema_hash"] == hashlib.sha256(_schema("METERS")).hexdigest()
    keys = [leaf["key"] for leaf in item["leaves"]]
    assert keys == sorted(keys)
    assert all(set(leaf) == {"asset", "key", "salt", "values"} for leaf in item["leaves"])


def _schema(dataset: str) -> bytes:
    from ledger.merkle.dataset_schema import get_schema_bytes

    return get_schema_bytes(dataset)


@pytest.mark.parametrize("change", [{"chain_id": 1}, {"contract": bytes(20)}, {"keys": CommitmentKeys(bytes(32))}])
def test_chain_contract_and_key_all_enter_the_root(change: dict[str, object]) -> None:
    arguments = {"statement": statement(), "records": {}, "keys": KEYS, "chain_id": CHAIN_ID, "contract": CONTRACT} | change
    stated = replace(arguments.pop("statement"), meters=())  # type: ignore[type-var]
    roots = [
        commit(stated, **named).dataset(OPERATIONAL).tree.root  # type: ignore[arg-type]
        for named in (arguments, arguments | {"keys": KEYS, "chain_id": CHAIN_ID, "contract": CONTRACT})
    ]
    assert roots[0] != roots[1]


def test_a_record_that_is_not_the_statements_is_refused() -> None:
    wrong = dict(records())
    wrong["m-1"] = meter_record(PERIOD, [5], [1], wrong["m-1"].key)
    with pytest.raises(IntegrityError, match="m-1"):
        commit(statement(), wrong, KEYS, CHAIN_ID, CONTRACT)
    with pytest.raises(IntegrityError, match="got none"):
        commit(statement(), {}, KEYS, CHAIN_ID, CONTRACT)


def test_a_record_assembled_under_another_key_is_refused() -> None:
    with pytest.raises(IntegrityError, match="carries the key"):
        commit(statement(), records(), CommitmentKeys(bytes(32)), CHAIN_ID, CONTRACT)


def test_stored_commitments_are_rebuilt_without_the_key() -> None:
    document = canonical.load_canonical(commitments().to_bytes())
    assert rebuild(document, statement(), records()).to_bytes() == commitments().to_bytes()


@pytest.mark.parametrize(
    "path", [("root",), ("totals", 0), ("leaves", 0, "salt"), ("leaves", 1, "key"), ("leaves", 0, "values", 0), ("context", "revision")]
)
@pytest.mark.parametrize("dataset", [0, 1])
def test_stored_commitments_that_were_changed_are_refused(dataset: int, path: tuple[str | int, ...]) -> None:
    document = json.loads(commitments().to_bytes())
    target = document["datasets"][dataset]
    for step in path[:-1]:
        target = target[step]
    old = target[path[-1]]
    target[path[-1]] = old + 1 if isinstance(old, int) else ("1" if old[0] != "1" else "2") + old[1:]
    with pytest.raises((IntegrityError, InputError)):
        rebuild(document, statement(), records())


def test_stored_commitments_that_leave_a_leaf_or_dataset_out_are_refused() -> None:
    for shorten in (lambda found: found["datasets"].pop(), lambda found: found["datasets"][0]["leaves"].pop()):
        document = json.loads(commitments().to_bytes())
        shorten(document)
        with pytest.raises(IntegrityError):
            rebuild(document, statement(), records())
    with pytest.raises(MalformedDocument):
        rebuild({"datasets": [{}]}, statement(), records())


def test_stored_commitments_whose_meter_keys_are_not_the_records_are_refused() -> None:
    meters, lines = commitments().datasets
    moved = tuple(replace(opening, key=hashlib.sha256(opening.key).digest()) for opening in meters.openings)
    forged = Commitments((replace(meters, openings=tuple(sorted(moved, key=lambda opening: opening.key))), lines))
    with pytest.raises(IntegrityError, match="carries the key"):
        rebuild(canonical.load_canonical(forged.to_bytes()), statement(), records())


@pytest.mark.parametrize("dataset", [METERS, OPERATIONAL])
def test_a_line_proof_verifies_from_its_document_alone(dataset: str) -> None:
    committed = commitments().dataset(dataset)
    for opening in committed.openings:
        document = json.loads(canonical.dump(build_line_proof(committed, opening.asset, {"dataset": dataset}, None)))
        item, context = document["item"], document["context"]
        record = base64.b64decode(item["record"], validate=True)
        numbers = tuple(map(int, item["values"]))
        verify_sum_proof(
            Context(
                context["alg"],
                context["measures"],
                int(context["chain_id"]),
                bytes.fromhex(context["contract"][2:]),
                sid("org", "bank"),
                sid("dataset", dataset),
                int(context["period_start"]),
                int(context["period_end"]),
                context["revision"],
                bytes.fromhex(context["schema_hash"]),
            ),
            Leaf(bytes.fromhex(item["key"]), numbers, record_hash(bytes.fromhex(item["salt"]), record)),
            SumProof(item["index"], tuple((tuple(map(int, node["sums"])), bytes.fromhex(node["hash"])) for node in item["path"])),
            int(document["n"]),
            tuple(map(int, document["totals"])),
            bytes.fromhex(document["root"]),
        )
        if dataset == OPERATIONAL:
            _, unit, indicator = item["asset"].split("/")
            assert record == statement().line(unit, indicator).to_bytes()
        else:
            assert record == records()[item["asset"].split("/")[1]].leaf_record()
        assert document["attestation"] == {"dataset": dataset}
        assert document["anchor"] is None


def test_a_line_proof_of_nothing_is_refused() -> None:
    with pytest.raises(NotFound):
        build_line_proof(commitments().dataset(OPERATIONAL), "line/branch-1/fuel.petrol.vehicles")


def test_a_line_proof_beyond_the_size_limit_is_refused() -> None:
    with pytest.raises(InputError, match="bytes"):
        build_line_proof(commitments().dataset(OPERATIONAL), "line/branch-1/heat.purchased", "x" * (4 * 1024 * 1024))


def evidence(**changes: object) -> Evidence:
    result = computation()
    assert result.statement is not None
    documents = {"attestations": {"schema": "lingtan.attestations/1", "items": []}, "anchors": {"schema": "lingtan.anchors/1", "items": []}}
    base = Evidence(
        given().organisation,
        given().activity,
        given().release,
        result.statement,
        result.findings,
        commitments(),
        documents["attestations"],
        documents["anchors"],
        records(),
        CHAIN_ID,
        "0x" + CONTRACT.hex(),
    )
    return replace(base, **changes)  # type: ignore[arg-type]


def test_a_package_lists_every_part_with_its_hash_and_holds_nothing_else() -> None:
    package = build_package(evidence())
    with zipfile.ZipFile(io.BytesIO(package.data)) as archive:
        names = archive.namelist()
        manifest = canonical.load_canonical(archive.read("manifest.json"))
        assert manifest == json.loads(canonical.dump(package.manifest))
        parts = package.manifest["parts"]
        assert names == ["manifest.json", *(part["path"] for part in parts)]  # type: ignore[attr-defined]
        for part in parts:  # type: ignore[attr-defined]
            data = archive.read(part["path"])
            assert (hashlib.sha256(data).hexdigest(), len(data)) == (part["sha256"], part["bytes"])
    assert names[1:] == sorted(names[1:])
    assert set(names) == {
        *("manifest.json", "organisation.json", "activity.json", "library.json", "statement.json", "findings.json", "commitments.json"),
        *("attestations.json", "anchors.json", "answers.json", "schemas/METERS.json", "schemas/OPERATIONAL.json"),
        *("meters/m-0.ltm", "meters/m-1.ltm", "meters/m-2.ltm", "meters/pv-1.ltm"),
    }
    assert package.hash == hashlib.sha256(canonical.dump(package.manifest)).hexdigest()


def test_a_package_without_answers_says_so_and_one_with_answers_carries_them() -> None:
    answers = {
        "schema": "lingtan.answers/1",
        "items": [{"code": "METER_GAP", "place": "meter m-0", "reason": "电表更换", "by": "officer", "at": "2026-02-01T00:00:00Z"}],
    }
    without, with_answers = build_package(evidence()), build_package(evidence(answers=answers))
    for package, expected in ((without, {"schema": "lingtan.answers/1", "items": []}), (with_answers, answers)):
        with zipfile.ZipFile(io.BytesIO(package.data)) as archive:
            assert canonical.load_canonical(archive.read("answers.json")) == expected
    assert without.hash != with_answers.hash


def test_entries_are_stored_and_dated_1980() -> None:
    with zipfile.ZipFile(io.BytesIO(build_package(evidence()).data)) as archive:
        for info in archive.infolist():
            assert (info.compress_type, info.date_time, info.extra, info.comment) == (zipfile.ZIP_STORED, (1980, 1, 1, 0, 0, 0), b"", b"")
        assert archive.testzip() is None


def test_equal_evidence_gives_equal_bytes_in_another_process_time_zone_and_locale(root: Path) -> None:
    script = "from tests.accounting.test_commit_and_package import *\nprint(hashlib.sha256(build_package(evidence()).data).hexdigest())"
    environment = {**os.environ, "TZ": "America/New_York", "LC_ALL": "C", "PYTHONHASHSEED": "12345"}
    done = subprocess.run([sys.executable, "-c", script], check=True, capture_output=True, text=True, env=environment, cwd=root)
    assert done.stdout.strip() == hashlib.sha256(build_package(evidence()).data).hexdigest()


def test_a_withheld_part_is_listed_with_its_hash_and_reason_but_not_packed() -> None:
    whole, part = build_package(evidence()), build_package(evidence(withheld={"meters/m-1.ltm": "load curve of a small outlet"}))
    record = records()["m-1"].to_bytes()
    assert part.manifest["withheld"] == [
        {
            "path": "meters/m-1.ltm",
            "sha256": hashlib.sha256(record).hexdigest(),
            "bytes": len(record),
            "reason": "load curve of a small outlet",
        }
    ]
    with zipfile.ZipFile(io.BytesIO(part.data)) as archive:
        assert "meters/m-1.ltm" not in archive.namelist()
    assert len(part.data) < len(whole.data)
    assert part.hash != whole.hash


@pytest.mark.parametrize("withheld", [{"meters/m-9.ltm": "reason"}, {"meters/m-1.ltm": " "}, {"manifest.json": "reason"}])
def test_only_parts_can_be_withheld_and_only_with_a_reason(withheld: dict[str, str]) -> None:
    with pytest.raises(InputError):
        build_package(evidence(withheld=withheld))


def test_parts_that_are_not_the_statements_are_refused() -> None:
    other = given()
    wrong_records = {**records(), "pv-1": records()["m-0"]}
    for changes in (
        {"organisation": replace(other.organisation, region="CN-SH")},
        {"activity": replace(other.activity, records=())},
        {"release": replace(other.release, release="other")},
        {"records": wrong_records},
        {"records": {}},
    ):
        with pytest.raises(IntegrityError, match="not the one the statement names"):
            build_package(evidence(**changes))
