"""Verify a line proof: one leaf, its path to R, the attestation of R and its anchor (documents.md §11)."""

from __future__ import annotations

import hashlib
from typing import Any

from verifier import documents, json_strict, meter, sum_tree
from verifier.check_anchor import check_anchor
from verifier.check_commitment import Attested, check_attestation, check_schema, check_signer, line_values, meter_values
from verifier.check_policy import check_library_trusted, check_policy
from verifier.checks import Checks
from verifier.commitment import Commitment, read_commitment, refuse_form
from verifier.errors import Malformed, Refused
from verifier.log_proofs import NO_PROOFS, LogProofs
from verifier.package import Package
from verifier.policy import Policy
from verifier.required import of_line, record_unanswered
from verifier.shapes import unbase64, unhex
from verifier.sum_tree import Node, sid
from verifier.verify_package import Verification

MAX_BYTES = 4 * 1024 * 1024
MAX_NESTING = 16


def verify_line(
    data: bytes,
    policy: Policy | None,
    policy_key: str | None,
    now: int,
    *,
    package: Package | None = None,
    log_proofs: LogProofs = NO_PROOFS,
) -> Verification:
    """Run every check on the bytes of a line proof; `now` is Unix seconds.

    A meter's leaf binds a key, not a name: with the evidence package, the signed statement binds the name. `log_proofs` bridge to a pinned
    checkpoint of another size.

    Raises:
        Malformed: the file is not a line proof.
    """
    if len(data) > MAX_BYTES:
        raise Malformed("PROOF_SIZE", "proof", f"larger than {MAX_BYTES} bytes")
    proof = documents.read(data, "proof", "proof", nesting=MAX_NESTING)
    checks = Checks()
    # 1. Policy.
    check_policy(checks, policy, policy_key, now)
    # 2. The leaf in R.
    commitment = read_commitment(proof)
    check_id = f"commitment.{commitment.dataset}"
    with checks.guard(check_id, proof["item"]["asset"]):
        _check_leaf(checks, check_id, proof, commitment, policy)
    # 3. The attestation of R, its anchor and its signer.
    attested = check_attestation(checks, commitment, proof["attestation"])
    if attested is not None:
        check_library_trusted(checks, attested.values["libraryHash"].hex(), policy)
    else:
        checks.unchecked("library.trusted", "library", "NO_ATTESTATION")
    if commitment.dataset == "METERS":
        with checks.guard("item.asset", proof["item"]["asset"]):
            _check_meter_name(checks, proof["item"], attested, package)
    time = check_anchor(checks, commitment, attested, proof["anchor"], policy, log_proofs)
    check_signer(checks, commitment, attested, policy, time)
    # 4. Nothing is passed over in silence.
    record_unanswered(checks, of_line(commitment.dataset))
    return Verification(
        subject=f"{proof['item']['asset']} in R {proof['root']}",
        checks=checks,
        datasets=(commitment.dataset,),
        policy=policy,
        commitments=(commitment,),
    )


def _check_leaf(checks: Checks, check_id: str, proof: Any, commitment: Commitment, policy: Policy | None) -> None:
    item, context = proof["item"], commitment.context
    before = len(checks.items)
    # 2a. The context is one that this release knows.
    refuse_form(commitment)
    if context.dataset != sid("dataset", commitment.dataset):
        raise Refused(
            "CONTEXT_FIELD",
            "the context is of another dataset",
            element="context.dataset",
            expected=sid("dataset", commitment.dataset).hex(),
            found=context.dataset.hex(),
        )
    check_schema(checks, check_id, commitment, policy)
    # 2b. The record says what the leaf's values say.
    record = unbase64(item["record"], "proof /item/record")
    stated = tuple(int(value) for value in item["values"])
    values = _line_record(item, record) if commitment.dataset == "OPERATIONAL" else _meter_record(item, record, commitment)
    if values != stated:
        raise Refused(
            "LEAF_VALUES", "the record gives other values", element="item.values", expected=str(list(values)), found=str(list(stated))
        )
    # 2c. The path leads from the leaf to R.
    rec = sum_tree.record_hash(unhex(item["salt"]), record, context.alg)
    leaf = Node(1, stated, sum_tree.leaf_hash(context.alg, context.digest(), unhex(item["key"]), stated, rec))
    path = [(tuple(int(value) for value in node["sums"]), unhex(node["hash"])) for node in item["path"]]
    sum_tree.verify_proof(context, item["index"], leaf, path, commitment.n, commitment.totals, commitment.tree_root, commitment.root)
    if all(check.id != check_id for check in checks.items[before:]):
        checks.passed(check_id, f"leaf {item['index']} of {commitment.n}, {item['asset']}")


def _check_meter_name(checks: Checks, item: Any, attested: Attested | None, package: Package | None) -> None:
    """Answer item.asset: the signed statement names the meter's record, and that record is this leaf's."""
    name = item["asset"].split("/")[1]
    path = f"meters/{name}.ltm"
    if package is None or attested is None or not (package.has("statement.json") and package.has(path)):
        # The key is an HMAC under the institution's secret, so without the package the meter's name is the bank's word.
        checks.unchecked("item.asset", item["asset"], "ASSET_UNBOUND", key=item["key"])
        return
    data = package.read("statement.json")
    signed, found = attested.values["statementHash"].hex(), hashlib.sha256(data).hexdigest()
    if signed != found:
        raise Refused("ASSET", "the package holds another statement", element="statement.json", expected=signed, found=found)
    statement = documents.read(data, "statement", "statement.json")
    stated = next((entry["record"] for entry in statement["meters"] if entry["meter"] == name), "no such meter")
    record = meter.read_record(package.read(path))
    leaf = unbase64(item["record"], "proof /item/record")
    for element, expected, got in (("record", stated, record.digest), ("leaf", leaf.hex(), record.leaf_record.hex())):
        if expected != got:
            raise Refused("ASSET", "the record is of another meter", element=f"{path} {element}", expected=expected, found=got)
    checks.passed("item.asset", item["asset"])


def _line_record(item: Any, record: bytes) -> tuple[int, ...]:
    line = json_strict.load_canonical(record)
    documents.LINE(line, "proof /item/record")
    asset = f"line/{line['unit']}/{line['indicator']}"
    if asset != item["asset"]:
        raise Refused("ASSET", "the record is of another line", element="item.asset", expected=asset, found=item["asset"])
    return line_values(line)


def _meter_record(item: Any, record: bytes, commitment: Commitment) -> tuple[int, ...]:
    if len(record) != meter.HEADER_SIZE + 32:
        raise Malformed("METER_LEAF", "proof /item/record", "a header of 96 bytes and a digest of 32 expected")
    header = meter.read_header(record)
    slots = (commitment.context.period_end - commitment.context.period_start) // (60 * header.interval_minutes)
    for name, expected, found in (
        ("key", item["key"], header.key.hex()),
        ("quantity", "el.import", header.quantity),
        ("start", commitment.context.period_start, header.start),
        ("slots", slots, header.slots),
        ("counted slots", slots, header.measured + header.estimated + header.manual + header.missing),
    ):
        if expected != found:
            raise Refused(
                "METER_FIELD", f"{name} differs", element=f"item.record {name}", expected=str(expected), found=str(found), field=name
            )
    if not item["asset"].startswith("meter/") or not item["asset"].endswith("/el.import"):
        raise Refused("ASSET", "the asset is not a meter", element="item.asset", expected="meter/<meter>/el.import", found=item["asset"])
    return meter_values(record)
