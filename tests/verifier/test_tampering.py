"""Each tampered part is named; each wrong line is named with its cause."""

from __future__ import annotations

import struct
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.verifier import evidence as ev
from tests.verifier.running import verify

Tamper = Callable[[ev.Evidence], None]


def in_json(path: str, change: Callable[[Any], object]) -> Tamper:
    def tamper(evidence: ev.Evidence) -> None:
        document = evidence.json(path)
        change(document)
        evidence.put(path, document)

    return tamper


def in_meter(at: int, data: bytes) -> Tamper:
    def tamper(evidence: ev.Evidence) -> None:
        record = bytearray(evidence.parts["meters/M1.ltm"])
        record[at : at + len(data)] = data
        evidence.parts["meters/M1.ltm"] = bytes(record)

    return tamper


def item(path: str, dataset: str) -> Callable[[Any], Any]:
    names = {"commitments.json": "datasets"}
    return lambda document: next(entry for entry in document[names.get(path, "items")] if entry["dataset"] == dataset)


def in_item(path: str, dataset: str, change: Callable[[Any], object]) -> Tamper:
    return in_json(path, lambda document: change(item(path, dataset)(document)))


def flip(text: str, at: int = -1) -> str:
    at = at % len(text)
    return text[:at] + ("1" if text[at] != "1" else "2") + text[at + 1 :]


def flipped(holder: Any, key: Any, at: int = -1) -> None:
    holder[key] = flip(holder[key], at)


OP, ME = "OPERATIONAL", "METERS"
CASES: list[tuple[str, Tamper, str, str]] = [
    ("a meter total", in_meter(56, struct.pack("<q", 5)), "meters.records", "meter M1"),
    ("a meter slot", in_meter(96 + 8, struct.pack("<q", 999)), "meters.records", "meter M1"),
    ("a negative slot", in_meter(96 + 8, struct.pack("<q", -1)), "meters.records", "meter M1"),
    ("a missing slot with a value", in_meter(96 + 8 * 5, struct.pack("<q", 1)), "meters.records", "meter M1"),
    ("a quality flag", in_meter(96 + 8 * ev.SLOTS, b"\x02"), "meters.records", "meter M1"),
    ("a meter start", in_meter(40, struct.pack("<q", ev.START + 900)), "meters.records", "meter M1"),
    ("a meter key", in_meter(8, b"\x00"), "meters.records", "meter M1"),
    ("a meter quantity", in_meter(52, b"\x02"), "meters.records", "meter M1"),
    (
        "an activity figure",
        in_json("activity.json", lambda d: d["records"][0]["quantity"].update(value="1234.57")),
        "lines.recompute",
        "line branch-a gas.natural",
    ),
    (
        "an activity note",
        in_json("activity.json", lambda d: d["records"][0]["source"].update(reference="x")),
        "inputs.hashes",
        "activity.json",
    ),
    ("a unit's name", in_json("organisation.json", lambda d: d["units"][0]["name"].update(en="x")), "inputs.hashes", "organisation.json"),
    (
        "a factor's value",
        in_json("library.json", lambda d: d["factors"][1].update(value="0.5367")),
        "lines.recompute",
        "line branch-a electricity.purchased",
    ),
    ("the library", in_json("library.json", lambda d: d.update(release="2025.2")), "library.trusted", "library.json"),
    ("a statement total", in_json("statement.json", lambda d: flipped(d["totals"], "scope1_g")), "rollup.recompute", "totals scope1_g"),
    (
        "a roll-up figure",
        in_json("statement.json", lambda d: flipped(d["rollup"][0]["total"], "scope1_g")),
        "rollup.recompute",
        "unit branch-a total scope1_g",
    ),
    ("a roll-up without a unit", in_json("statement.json", lambda d: d["rollup"].pop()), "rollup.recompute", "unit outlet-z"),
    (
        "a line's gas",
        in_json("statement.json", lambda d: flipped(d["lines"][4]["gases"], "CH4")),
        "lines.recompute",
        "line head fuel.petrol",
    ),
    (
        "a line's grams",
        in_json("statement.json", lambda d: flipped(d["lines"][1], "scope1_g")),
        "lines.recompute",
        "line branch-a gas.natural",
    ),
    (
        "a line's grams in its leaf",
        in_json("statement.json", lambda d: flipped(d["lines"][1], "scope1_g")),
        "commitment.OPERATIONAL",
        "line/branch-a/gas.natural",
    ),
    (
        "the period",
        in_json("statement.json", lambda d: d["period"].update(end="2025-03-30T16:00:00Z")),
        "commitment.METERS",
        "METERS context.period_end",
    ),
    (
        "the statement after signing",
        in_json("statement.json", lambda d: d["meters"][0].update(unit="branch-b")),
        "attestation.OPERATIONAL",
        "OPERATIONAL message.statementHash",
    ),
    ("the gwp set", in_json("statement.json", lambda d: d.update(gwp="AR5")), "lines.recompute", "line branch-a gas.natural"),
    (
        "the revision without a cause",
        in_json("statement.json", lambda d: d.update(revision=2)),
        "inputs.hashes",
        "statement.json /revision",
    ),
    ("a schema", in_json("schemas/METERS.json", lambda d: d.update(version=2)), "commitment.METERS", "METERS context.schema_hash"),
    (
        "a salt",
        in_item("commitments.json", OP, lambda d: flipped(d["leaves"][2], "salt")),
        "commitment.OPERATIONAL",
        "OPERATIONAL tree_root",
    ),
    ("a leaf key", in_item("commitments.json", OP, lambda d: d["leaves"][2].update(key="00" * 32)), "commitment.OPERATIONAL", "leaf 2"),
    (
        "a leaf value",
        in_item("commitments.json", ME, lambda d: d["leaves"][0]["values"].__setitem__(0, "1")),
        "commitment.METERS",
        "meter/",
    ),
    ("a leaf left out", in_item("commitments.json", OP, lambda d: d["leaves"].pop()), "commitment.OPERATIONAL", "line/"),
    (
        "a commitment total",
        in_item("commitments.json", OP, lambda d: flipped(d["totals"], 0)),
        "commitment.OPERATIONAL",
        "OPERATIONAL totals",
    ),
    ("n", in_item("commitments.json", OP, lambda d: d.update(n="7")), "commitment.OPERATIONAL", "OPERATIONAL n"),
    ("R", in_item("commitments.json", OP, lambda d: flipped(d, "root")), "commitment.OPERATIONAL", "OPERATIONAL root"),
    (
        "the institution of a context",
        in_item("commitments.json", OP, lambda d: d["context"].update(org="ab" * 32)),
        "commitment.OPERATIONAL",
        "OPERATIONAL context.org",
    ),
    ("a dataset left out", in_json("commitments.json", lambda d: d["datasets"].pop(0)), "commitment.METERS", "METERS"),
    ("the alg", in_item("commitments.json", OP, lambda d: d["context"].update(alg=2)), "commitment.OPERATIONAL", "OPERATIONAL"),
    (
        "a signed field",
        in_item("attestations.json", OP, lambda d: d["message"].update(n="7")),
        "attestation.OPERATIONAL",
        "OPERATIONAL message.n",
    ),
    (
        "the deadline alone",
        in_item("attestations.json", OP, lambda d: d["message"].update(deadline="1")),
        "attestation.OPERATIONAL",
        "OPERATIONAL digest",
    ),
    (
        "the cause",
        in_item("attestations.json", OP, lambda d: d["message"].update(cause="1")),
        "attestation.OPERATIONAL",
        "OPERATIONAL message.cause",
    ),
    (
        "a signature",
        in_item("attestations.json", OP, lambda d: flipped(d, "signature", 20)),
        "attestation.OPERATIONAL",
        "OPERATIONAL signature",
    ),
    (
        "the signer's name",
        in_item("attestations.json", OP, lambda d: d.update(signer="0x" + "12" * 20)),
        "attestation.OPERATIONAL",
        "OPERATIONAL signature",
    ),
    ("a block hash", in_item("anchors.json", ME, lambda d: flipped(d["block"], "hash")), "anchor.header.METERS", "METERS block.hash"),
    ("a block number", in_item("anchors.json", ME, lambda d: d["block"].update(number="4")), "anchor.header.METERS", "METERS block.number"),
    ("a header", in_item("anchors.json", ME, lambda d: flipped(d["block"], "header", 40)), "anchor.header.METERS", "METERS block.hash"),
    ("the anchor's chain", in_item("anchors.json", ME, lambda d: d.update(chain_id="1")), "anchor.header.METERS", "METERS chain_id"),
    ("a receipt", in_item("anchors.json", ME, lambda d: flipped(d["receipt"], "value")), "anchor.receipt.METERS", "METERS"),
    ("a receipt proof node", in_item("anchors.json", ME, lambda d: flipped(d["receipt"]["proof"], 1)), "anchor.receipt.METERS", "METERS"),
    ("a receipt type", in_item("anchors.json", ME, lambda d: d["receipt"].update(type="1")), "anchor.receipt.METERS", "METERS"),
    ("another log", in_item("anchors.json", ME, lambda d: d["receipt"].update(log_index="0")), "anchor.receipt.METERS", "METERS"),
    (
        "a log that is not there",
        in_item("anchors.json", ME, lambda d: d["receipt"].update(log_index="2")),
        "anchor.receipt.METERS",
        "METERS",
    ),
    ("another transaction", in_item("anchors.json", ME, lambda d: d["transaction"].update(index="1")), "anchor.receipt.METERS", "METERS"),
    ("an anchor id", in_item("anchors.json", ME, lambda d: flipped(d, "id")), "anchor.receipt.METERS", "METERS id"),
    (
        "an account proof node",
        in_item("anchors.json", ME, lambda d: flipped(d["state"]["account_proof"], 0)),
        "anchor.state.METERS",
        "METERS",
    ),
    (
        "a storage proof node",
        in_item("anchors.json", ME, lambda d: flipped(d["state"]["storage"][1]["proof"], 0)),
        "anchor.state.METERS",
        "METERS storage[1]",
    ),
    (
        "storage proofs swapped",
        in_item("anchors.json", ME, lambda d: d["state"]["storage"].reverse()),
        "anchor.state.METERS",
        "METERS storage[0].slot",
    ),
    ("a storage word short", in_item("anchors.json", ME, lambda d: d["state"]["storage"].pop()), "anchor.state.METERS", "METERS"),
    ("an inclusion hash", in_item("anchors.json", ME, lambda d: flipped(d["finality"]["inclusion"], 0)), "anchor.final.METERS", "METERS"),
    (
        "a checkpoint size",
        in_item("anchors.json", ME, lambda d: d["finality"].update(checkpoint=d["finality"]["checkpoint"].replace("\n5\n", "\n6\n"))),
        "anchor.final.METERS",
        "METERS",
    ),
    ("a log position", in_item("anchors.json", ME, lambda d: d["finality"].update(leaf_index="2")), "anchor.final.METERS", "METERS"),
    (
        "two attestations of a dataset",
        in_json("attestations.json", lambda d: d["items"].append(d["items"][0])),
        "attestation.METERS",
        "METERS",
    ),
]


@pytest.mark.parametrize(("tamper", "check", "subject"), [case[1:] for case in CASES], ids=[case[0] for case in CASES])
def test_after_tampering_the_check_fails_and_names_the_part(tmp_path: Path, tamper: Tamper, check: str, subject: str) -> None:
    """The manifest is made afresh: the forger is careful, and still found."""
    evidence = ev.evidence()
    tamper(evidence)
    result = verify(tmp_path, evidence)
    assert result.code == 1
    named = [found for found in result.checks("FAIL") if found["id"] == check and found["subject"].startswith(subject)]
    assert named, result.failed()
    assert named[0]["means"]
    assert named[0]["next"]
    assert check in result.err


@pytest.mark.parametrize("path", sorted(ev.evidence().parts))
def test_a_part_changed_behind_the_manifest_is_named(tmp_path: Path, path: str) -> None:
    evidence = ev.evidence()
    parts = dict(evidence.parts)
    parts[path] = parts[path][:-2] + bytes([parts[path][-2] ^ 1]) + parts[path][-1:]
    result = verify(tmp_path, ev.pack(parts, evidence.manifest()))
    assert result.code == 1
    assert ("package.manifest", path) in result.failed()


@pytest.mark.parametrize("path", sorted(ev.evidence().parts))
def test_a_part_taken_away_behind_the_manifest_is_named(tmp_path: Path, path: str) -> None:
    evidence = ev.evidence()
    parts = {name: data for name, data in evidence.parts.items() if name != path}
    result = verify(tmp_path, ev.pack(parts, evidence.manifest()))
    assert ("package.manifest", path) in result.failed()


def test_a_part_that_the_manifest_does_not_list_is_named(tmp_path: Path) -> None:
    evidence = ev.evidence()
    result = verify(tmp_path, ev.pack({**evidence.parts, "meters/M9.ltm": b"x"}, evidence.manifest()))
    assert (result.code, result.failed()) == (1, {("package.manifest", "meters/M9.ltm")})


@pytest.mark.parametrize("name", ["institution", "revision", "statement", "chain_id", "period_ledger"])
def test_a_manifest_that_says_something_else_than_the_statement_is_named(tmp_path: Path, name: str) -> None:
    evidence = ev.evidence()
    other = {"institution": "bank-b", "revision": 2, "statement": "ab" * 32, "chain_id": "1", "period_ledger": "0x" + "ab" * 20}
    result = verify(tmp_path, ev.pack(evidence.parts, {**evidence.manifest(), name: other[name]}))
    assert result.failed() == {("package.manifest", f"manifest.json /{name}")}


def stated(index: int, **changes: Any) -> Callable[[Any], None]:
    """Let the bank state a wrong line and carry it through roll-up, tree, signature and anchor."""

    def change(document: Any) -> None:
        document["lines"][index].update(changes)
        ev.roll_up(document)

    return change


def relined(index: int, kg: tuple[Any, Any, Any], **changes: Any) -> Callable[[Any], None]:
    def change(document: Any) -> None:
        old = document["lines"][index]
        sources = [(source["kind"], source["id"]) for source in old["sources"]]
        value = changes.get("value", old["quantity"]["value"])
        factor = changes.get("factor", old["factor"])
        market, instruments = None, {"g1": ev.Fraction(0), "g2": ev.CONTRACT_FACTOR}
        if old["market"] is not None:
            covered = [(item["instrument"], item["quantity"], instruments[item["instrument"]]) for item in old["market"]["covered"]]
            market = ev.Fraction(ev.RESIDUAL), covered
        document["lines"][index] = ev.line(
            old["unit"], old["indicator"], old["scope"], value, old["quantity"]["unit"], factor, kg, old["quality"], sources, market=market
        )
        ev.roll_up(document)

    return change


def chosen(factor: str, use: str = "location") -> dict[str, str]:
    return {"indicator": "electricity.purchased", "use": use, "factor": factor, "reference": "our contract"}


def plus_one(document: Any) -> None:
    document["lines"][1]["scope1_g"] = str(int(document["lines"][1]["scope1_g"]) + 1)
    ev.roll_up(document)


def market_based(document: Any) -> None:
    line = document["lines"][2]
    line["scope2_market_g"], line["scope2_location_g"] = line["scope2_location_g"], "0"
    ev.roll_up(document)


def old_potentials(document: Any) -> None:
    line = document["lines"][1]
    grams = [ev.Fraction("1334.56") * 1000 * kg for kg in ev.GAS_KG]
    line["scope1_g"] = str(ev.half_even(grams[0] + grams[1] * 28 + grams[2] * 265))
    ev.roll_up(document)


def carbon_dioxide_alone(document: Any) -> None:
    document["lines"][1]["scope1_g"] = document["lines"][1]["gases"]["CO2"]
    ev.roll_up(document)


OM = (ev.Fraction("0.7921"), ev.Fraction(0), ev.Fraction(0))
CAUSES = [
    ("data", "quantity", "branch-b electricity.purchased", relined(2, ev.GRID_KG, value="12345.7")),
    ("data", "quantity", "head electricity.purchased", relined(3, ev.GRID_KG, value="99999")),
    ("data", "quality", "outlet-a1 fuel.petrol", stated(5, quality=1)),
    ("data", "sources", "branch-a gas.natural", stated(1, sources=[{"kind": "activity", "id": "r1"}])),
    ("data", "line", "branch-a gas.natural", lambda d: (d["lines"].pop(1), ev.roll_up(d))),
    ("factor", "factor", "branch-b electricity.purchased", relined(2, OM, factor="grid-om")),
    ("factor", "gases.CO2", "branch-b electricity.purchased", relined(2, OM)),
    ("method", "scope1_g", "branch-a gas.natural", old_potentials),
    ("method", "scope1_g", "branch-a gas.natural", carbon_dioxide_alone),
    ("method", "scope2_location_g", "branch-b electricity.purchased", market_based),
    ("rounding", "scope1_g", "branch-a gas.natural", plus_one),
]


@pytest.mark.parametrize(
    ("cause", "field", "line", "change"), CAUSES, ids=[f"{case[0]} in {case[1]} of {case[2]} {i}" for i, case in enumerate(CAUSES)]
)
def test_a_wrong_line_that_is_signed_and_anchored_is_named_with_its_cause(
    tmp_path: Path, cause: str, field: str, line: str, change: Any
) -> None:
    result = verify(tmp_path, ev.make_evidence(change_statement=change))
    failed = result.checks("FAIL")
    assert [(check["id"], check["subject"]) for check in failed] == [("lines.recompute", f"line {line}")]
    assert f"cause {cause}" in failed[0]["means"]
    assert field in failed[0]["means"]
    assert result.document["level"] == "L3"  # well anchored, and wrong all the same


def test_a_roll_up_that_drops_a_child_is_named_and_no_line_is_accused(tmp_path: Path) -> None:
    def change(document: Any) -> None:
        document["rollup"][0]["total"] = document["rollup"][0]["own"]

    result = verify(tmp_path, ev.make_evidence(change_statement=change))
    assert {check["id"] for check in result.checks("FAIL")} == {"rollup.recompute"}
    assert "unit branch-a total scope1_g" in {check["subject"] for check in result.checks("FAIL")}


def test_a_factor_that_the_indicator_does_not_admit_is_refused_by_name(tmp_path: Path) -> None:
    def choose(document: Any) -> None:
        document["factor_choices"].append(chosen("grid-om"))

    evidence = ev.make_evidence(change_activity=choose, change_statement=relined(2, OM, factor="grid-om"))
    failed = verify(tmp_path, evidence).checks("FAIL")
    assert "grid_om" in failed[0]["found"]
    assert "cause factor" in failed[0]["means"]


def test_a_factor_choice_of_the_bank_is_followed(tmp_path: Path) -> None:
    def choose(document: Any) -> None:
        document["factor_choices"].append(chosen("grid-zj-2022"))

    province = (ev.Fraction("0.5153"), ev.Fraction(0), ev.Fraction(0))

    def change(document: Any) -> None:
        for index in (0, 2, 3, 8):
            relined(index, province, factor="grid-zj-2022")(document)

    assert verify(tmp_path, ev.make_evidence(change_activity=choose, change_statement=change)).code == 0


def test_a_second_meter_of_a_unit_that_the_statement_leaves_out_is_named(tmp_path: Path) -> None:
    evidence = ev.evidence()
    evidence.parts["meters/M3.ltm"] = evidence.parts["meters/M2.ltm"]
    assert ("meters.records", "meter M3") in verify(tmp_path, evidence).failed()


@pytest.mark.parametrize(
    ("changes", "check"),
    [
        ({"chain": {"id": "5", "kind": "embedded", "genesis": "00" * 32}}, "anchor.receipt.METERS"),
        (
            {"checkpoint": {"origin": "lingtan/5/0000000000000000", "vkey": ev.vkey(ev.LOG_KEY, ev.ORIGIN)[0], "pinned": None}},
            "anchor.final.METERS",
        ),
        ({"checkpoint": {"origin": ev.ORIGIN, "vkey": ev.vkey(ev.POLICY_KEY, ev.ORIGIN)[0], "pinned": None}}, "anchor.final.METERS"),
        (
            {"checkpoint": {"origin": ev.ORIGIN, "vkey": ev.vkey(ev.LOG_KEY, ev.ORIGIN)[0], "pinned": ev.note(5, bytes(32))}},
            "anchor.final.METERS",
        ),
    ],
    ids=["chain", "origin", "checkpoint key", "pinned checkpoint of the same size"],
)
def test_evidence_of_another_chain_or_log_than_the_policy_pins_fails(tmp_path: Path, changes: dict[str, Any], check: str) -> None:
    result = verify(tmp_path, ev.evidence(), policy=ev.evidence().policy(**changes))
    assert result.code == 1
    assert check in {failed["id"] for failed in result.checks("FAIL")}


@pytest.mark.parametrize(("name", "value"), [("address", "0x" + "dd" * 20), ("code_hash", "dd" * 32), ("slots", {"records": 9})])
def test_a_contract_with_another_address_code_or_slot_than_the_policy_pins_fails(tmp_path: Path, name: str, value: Any) -> None:
    evidence = ev.evidence()
    contracts = ev.policy_document(evidence.library_hash, evidence.schemas)["contracts"]
    contracts["PeriodLedger"][name] = value
    result = verify(tmp_path, evidence, policy=evidence.policy(contracts=contracts))
    assert result.code == 1
    assert {check["id"].rsplit(".", 1)[0] for check in result.checks("FAIL")} == {"anchor.receipt" if name == "address" else "anchor.state"}


def test_a_pinned_checkpoint_of_another_size_needs_a_consistency_proof(tmp_path: Path) -> None:
    evidence = ev.evidence()
    pinned = ev.note(2, ev.plain_root(evidence.chain.hashes[:2]))
    policy = evidence.policy(checkpoint={"origin": ev.ORIGIN, "vkey": ev.vkey(ev.LOG_KEY, ev.ORIGIN)[0], "pinned": pinned})
    result = verify(tmp_path, evidence, policy=policy)
    assert (result.code, {check["id"] for check in result.checks("NOT CHECKED")}) == (
        4,
        {"anchor.final.METERS", "anchor.final.OPERATIONAL"},
    )
    hashes = evidence.chain.hashes
    proof = [ev.plain_root(hashes[2:4]).hex(), hashes[4].hex()]  # from 2 of 5, by the definition in RFC 9162 §2.1.4

    def enclose(document: Any) -> None:
        for entry in document["items"]:
            entry["finality"]["consistency"] = proof

    in_json("anchors.json", enclose)(evidence)
    assert verify(tmp_path, evidence, policy=policy).code == 0
    proof[0] = "00" * 32
    in_json("anchors.json", enclose)(evidence)
    assert verify(tmp_path, evidence, policy=policy).code == 1


class Reverted(ev.Chain):
    """The transaction failed; its log is in the receipt all the same."""

    status = 0


class Impostor(ev.Chain):
    """Another contract emitted the event."""

    def log(self, *arguments: Any) -> list[Any]:
        return [b"\x0c" * 20, *super().log(*arguments)[1:]]


class OtherTotals(ev.Chain):
    """The event is right, the record in the storage has other totals."""

    def stored(self, offset: int, word: int) -> int:
        return word + (offset == 1)


class Forgetful(ev.Chain):
    """The event is right, the storage holds nothing."""

    def stored(self, offset: int, word: int) -> int:
        return 0


def event_with(position: int) -> type[ev.Chain]:
    class Changed(ev.Chain):
        def log(self, *arguments: Any) -> list[Any]:
            address, topics, data = super().log(*arguments)
            if position < 4:
                return [address, [topic if i != position else ev.sha(topic) for i, topic in enumerate(topics)], data]
            at = (position - 4) * 32 + 31
            return [address, topics, data[:at] + bytes([data[at] ^ 1]) + data[at + 1 :]]

    return Changed


@pytest.mark.parametrize(
    ("chain", "step", "found"),
    [(Reverted, "receipt", "0"), (Impostor, "receipt", "0x" + "0c" * 20), (OtherTotals, "state", ""), (Forgetful, "state", "0" * 64)]
    + [(event_with(position), "receipt", "") for position in range(21)],
)
def test_a_chain_that_recorded_something_else_is_refused(tmp_path: Path, chain: Any, step: str, found: str) -> None:
    result = verify(tmp_path, ev.make_evidence(chain=chain))
    failed = result.checks("FAIL")
    assert (result.code, {check["id"] for check in failed}) == (1, {f"anchor.{step}.METERS", f"anchor.{step}.OPERATIONAL"})
    assert found in failed[0]["found"]


@pytest.mark.parametrize("finality", [None, {"kind": "confirmations", "depth": 64}])
def test_confirmations_alone_are_no_finality(tmp_path: Path, finality: Any) -> None:
    evidence = ev.evidence()
    in_json("anchors.json", lambda d: [entry.update(finality=finality) for entry in d["items"]])(evidence)
    result = verify(tmp_path, evidence)
    assert (result.code, result.document["level"]) == (4, "L2")
