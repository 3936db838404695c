"""Check the commitment of a dataset against its records, and the attestation against the commitment."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from verifier import eip712, json_strict, secp256k1, sum_tree
from verifier.check_inputs import Parts
from verifier.checks import Checks
from verifier.commitment import INVENTORY_DATASETS, Commitment, read_commitment, refuse_form
from verifier.errors import Refused
from verifier.package import schema_path
from verifier.policy import Policy, seconds
from verifier.shapes import unhex
from verifier.sub_meters import is_leaf
from verifier.sum_tree import Node, sid

CAUSES = ("first", "data", "factor", "boundary", "method", "error")
Record = tuple[bytes, tuple[int, ...]]


@dataclass(frozen=True, slots=True)
class Attested:
    """Hold an attestation that was read: the message's values and who signed it."""

    values: dict[str, Any]
    signer: bytes | None


def needed_datasets(parts: Parts) -> tuple[str, ...]:
    """Return the datasets that the statement makes necessary: all where it could not be read, none where it has nothing to commit to."""
    if not parts.has("statement"):
        return INVENTORY_DATASETS
    statement = parts.documents["statement"]
    metered = any(is_leaf(meter) for meter in statement["meters"])
    return tuple(name for name, there in (("METERS", metered), ("OPERATIONAL", bool(statement["lines"]))) if there)


def check_commitments(checks: Checks, parts: Parts, wanted: tuple[str, ...], policy: Policy | None) -> dict[str, Commitment]:
    """Answer commitment.<DATASET> for each wanted or enclosed dataset, and return the wanted ones that could be read."""
    if not parts.has("statement", "commitments"):
        for dataset in wanted:
            checks.unchecked(f"commitment.{dataset}", dataset, "PART_ABSENT", parts=parts.lacking("statement", "commitments"))
        return {}
    items = {item["dataset"]: item for item in parts.documents["commitments"]["datasets"]}
    if len(items) != len(parts.documents["commitments"]["datasets"]):
        checks.failed("commitment.METERS", "commitments.json /datasets", "DATASET_TWICE", "each dataset once", "a dataset twice")
    found = {}
    for dataset in sorted({*wanted, *items}):
        if parts.has("financed") and dataset == parts.documents["financed"]["dataset"]:
            continue  # answered for with the book (check_financed)
        check_id = f"commitment.{dataset}"
        if dataset not in items:
            checks.failed(check_id, dataset, "DATASET_MISSING", "a commitment", "none")
        elif dataset not in wanted:
            checks.failed(check_id, dataset, "DATASET_EMPTY", "no commitment, for there is nothing to commit to", "a commitment")
        else:
            found[dataset] = read_commitment(items[dataset])
            with checks.guard(check_id, dataset):
                _check_commitment(checks, check_id, parts, items[dataset], found[dataset], policy)
    return found


def _check_commitment(checks: Checks, check_id: str, parts: Parts, item: Any, commitment: Commitment, policy: Policy | None) -> None:
    dataset = commitment.dataset
    before = len(checks.items)
    check_context(checks, check_id, commitment, parts.documents["statement"], parts.hashes.get(schema_path(dataset)), policy)
    records, absent = _records(parts, dataset)
    check_leaves(checks, check_id, item, commitment, records, absent, before)


def check_context(
    checks: Checks, check_id: str, commitment: Commitment, statement: Any, schema_hash: str | None, policy: Policy | None
) -> None:
    """Record where the context is not that of the statement: alg, measures, and what binds the tree to institution, period and schema.

    Raises:
        Refused: a form that this release cannot stand for.
    """
    refuse_form(commitment)
    dataset, context = commitment.dataset, commitment.context
    for name, expected, got in (
        ("org", sid("org", statement["institution"]).hex(), context.org.hex()),
        ("dataset", sid("dataset", dataset).hex(), context.dataset.hex()),
        ("period_start", seconds(statement["period"]["start"]), context.period_start),
        ("period_end", seconds(statement["period"]["end"]), context.period_end),
        ("revision", statement["revision"], context.revision),
        ("schema_hash", schema_hash or context.schema_hash.hex(), context.schema_hash.hex()),
    ):
        if expected != got:
            checks.failed(check_id, f"{dataset} context.{name}", "CONTEXT_FIELD", expected, got)
    if schema_hash is None:
        checks.unchecked(check_id, schema_path(dataset), "PART_ABSENT", parts=schema_path(dataset))
    check_schema(checks, check_id, commitment, policy)


def check_leaves(
    checks: Checks, check_id: str, item: Any, commitment: Commitment, records: dict[str, Record], absent: set[str], before: int
) -> None:
    """Compare the leaves with their records, then tree, totals and R; pass where nothing was recorded since `before` answers."""
    dataset, context = commitment.dataset, commitment.context
    # 1. The leaves: keys ascending, and each leaf's values are its record's.
    leaves = item["leaves"]
    _compare_leaves(checks, check_id, leaves, records, absent)
    if absent:
        checks.unchecked(check_id, dataset, "COMMITMENT_WITHHELD", parts=", ".join(sorted(absent)[:8]))
    if absent or len(checks.items) > before:
        return
    # 2. The tree: its root, totals and R.
    ctx = context.digest()
    nodes = []
    for leaf in leaves:
        record, values = records[leaf["asset"]]
        rec = sum_tree.record_hash(unhex(leaf["salt"]), record)
        nodes.append(Node(1, values, sum_tree.leaf_hash(context.alg, ctx, unhex(leaf["key"]), values, rec)))
    check_tree(checks, check_id, commitment, nodes, before)


def check_tree(checks: Checks, check_id: str, commitment: Commitment, nodes: list[Node], before: int) -> None:
    """Compare the tree over these leaves with what is committed: n, totals, tree root and R."""
    dataset, context = commitment.dataset, commitment.context
    tree = sum_tree.build(context.alg, context.measures, nodes)
    root = sum_tree.commitment_root(context.alg, context.digest(), tree.count, tree.sums, tree.hash)
    for name, own, stated in (
        ("n", str(tree.count), str(commitment.n)),
        ("totals", str(list(tree.sums)), str(list(commitment.totals))),
        ("tree_root", tree.hash.hex(), commitment.tree_root.hex()),
        ("root", root.hex(), commitment.root.hex()),
    ):
        if own != stated:
            checks.failed(check_id, f"{dataset} {name}", "COMMITMENT_FIELD", own, stated)
    if len(checks.items) == before:
        checks.passed(check_id, f"{dataset}, {tree.count} leaves")


def check_schema(checks: Checks, check_id: str, commitment: Commitment, policy: Policy | None) -> bool:
    """Record UNTRUSTED where the policy lists another schema for the dataset, or none; say whether it lists this one."""
    if policy is None:
        return False
    listed, found = policy.schemas.get(commitment.dataset), commitment.context.schema_hash
    if listed != found:
        checks.untrusted(check_id, f"{commitment.dataset} schema", "SCHEMA_UNLISTED", listed.hex() if listed else "none", found.hex())
    return listed == found


def _records(parts: Parts, dataset: str) -> tuple[dict[str, Record], set[str]]:
    """Return ((record bytes, values) by asset, the assets whose record is not here)."""
    statement = parts.documents["statement"]
    records: dict[str, Record] = {}
    absent: set[str] = set()
    if dataset == "OPERATIONAL":
        for line in statement["lines"]:
            records[f"line/{line['unit']}/{line['indicator']}"] = (json_strict.dump(line), line_values(line))
        return records, absent
    for summary in statement["meters"]:
        if not is_leaf(summary):
            continue
        asset = f"meter/{summary['meter']}/el.import"
        record = parts.meters.get(summary["meter"])
        if record is None:
            absent.add(asset)
        else:
            records[asset] = (record.leaf_record, meter_values(record.leaf_record))
    return records, absent


def line_values(line: Any) -> tuple[int, ...]:
    """Return the four measures of an OPERATIONAL leaf."""
    return tuple(int(line[name]) for name in ("scope1_g", "scope2_location_g", "scope2_market_g", "scope3_g"))


def meter_values(leaf_record: bytes) -> tuple[int, ...]:
    """Return the four measures of a METERS leaf, from its header: mWh, measured, estimated + manual, missing."""
    total = int.from_bytes(leaf_record[56:64], "little", signed=True)
    measured, estimated, manual, missing = (int.from_bytes(leaf_record[at : at + 4], "little") for at in (64, 68, 72, 76))
    return total, measured, estimated + manual, missing


def _compare_leaves(checks: Checks, check_id: str, leaves: Any, records: dict[str, Record], absent: set[str]) -> None:
    for index in range(1, len(leaves)):
        if leaves[index - 1]["key"] >= leaves[index]["key"]:
            checks.failed(check_id, f"leaf {index} {leaves[index]['asset']}", "LEAF_ORDER", "keys strictly ascending", leaves[index]["key"])
    named = [leaf["asset"] for leaf in leaves]
    for asset in sorted((set(records) | absent) - set(named)):
        checks.failed(check_id, asset, "LEAF_MISSING", "a leaf", "none")
    for leaf in leaves:
        asset = leaf["asset"]
        if asset not in records and asset not in absent:
            checks.failed(check_id, asset, "LEAF_UNKNOWN", "a line or meter of the statement", asset)
        elif asset in records and [str(value) for value in records[asset][1]] != leaf["values"]:
            checks.failed(check_id, asset, "LEAF_VALUES", list(map(str, records[asset][1])), leaf["values"])
    if len(set(named)) != len(named):
        checks.failed(check_id, "leaves", "LEAF_TWICE", "each asset once", "an asset twice")


def check_attestation(
    checks: Checks,
    commitment: Commitment,
    item: Any | None,
    library_hash: str | None = None,
    statement_hash: str | None = None,
    cause: str | None = None,
) -> Attested | None:
    """Answer attestation.<DATASET>: message, digest and signature; what is None is not compared (a line proof has no statement)."""
    dataset, context = commitment.dataset, commitment.context
    check_id = f"attestation.{dataset}"
    if item is None:
        checks.unchecked(check_id, dataset, "NO_ATTESTATION")
        return None
    before = len(checks.items)
    attested = None
    with checks.guard(check_id, dataset):
        # 1. The message says what the commitment and the statement say.
        values = eip712.read_message(eip712.PERIOD_ATTESTATION, item["message"])
        attested = Attested(values, None)
        for name, expected in _expected_message(commitment, library_hash, statement_hash, cause).items():
            if values[name] != expected:
                checks.failed(check_id, f"{dataset} message.{name}", "MESSAGE_FIELD", _shown(expected), _shown(values[name]))
        if item["dataset"] != dataset:
            checks.failed(check_id, f"{dataset} dataset", "MESSAGE_FIELD", dataset, item["dataset"])
        if values["cause"] >= len(CAUSES) or (values["cause"] == 0) != (values["revision"] == 1):
            checks.failed(check_id, f"{dataset} message.cause", "MESSAGE_FIELD", "0 with revision 1, 1 to 5 later", values["cause"])
        # 2. The digest is that of the message in this contract's domain.
        digest = eip712.signing_digest(eip712.PERIOD_ATTESTATION, values, context.chain_id, context.contract)
        if unhex(item["digest"]) != digest:
            checks.failed(check_id, f"{dataset} digest", "DIGEST", digest.hex(), unhex(item["digest"]).hex())
        # 3. The signature recovers the signer who is named.
        try:
            signer = secp256k1.recover(digest, unhex(item["signature"]))
        except Refused as error:
            checks.refused(check_id, f"{dataset} signature", error)
            return attested
        if signer != unhex(item["signer"]):
            checks.failed(check_id, f"{dataset} signature", "SIGNER", item["signer"], "0x" + signer.hex())
        attested = Attested(values, signer)
        if len(checks.items) == before:
            checks.passed(check_id, f"{dataset} signed by 0x{signer.hex()}")
    return attested


def _expected_message(commitment: Commitment, library_hash: str | None, statement_hash: str | None, cause: str | None) -> dict[str, Any]:
    context = commitment.context
    expected: dict[str, Any] = {
        "org": context.org,
        "dataset": context.dataset,
        "periodStart": context.period_start,
        "periodEnd": context.period_end,
        "revision": context.revision,
        "alg": context.alg,
        "measures": context.measures,
        "schemaHash": context.schema_hash,
        "n": commitment.n,
        "totals": list(commitment.totals),
        "treeRoot": commitment.tree_root,
        "root": commitment.root,
    }
    if library_hash is not None:
        expected["libraryHash"] = bytes.fromhex(library_hash)
    if statement_hash is not None:
        expected["statementHash"] = bytes.fromhex(statement_hash)
    if cause is not None:
        expected["cause"] = CAUSES.index(cause)
    return expected


def _shown(value: Any) -> str:
    return value.hex() if isinstance(value, bytes) else str(value)


def check_signer(checks: Checks, commitment: Commitment, attested: Attested | None, policy: Policy | None, time: int | None) -> None:
    """Answer signer.<DATASET>: an approver of that institution in the policy, in force when the block was made."""
    check_id, subject = f"signer.{commitment.dataset}", commitment.dataset
    if attested is None or attested.signer is None:
        checks.unchecked(check_id, subject, "NO_ATTESTATION")
        return
    signer = attested.signer
    subject = f"{commitment.dataset} 0x{signer.hex()}"
    if policy is None:
        checks.unchecked(check_id, subject, "NO_POLICY")
        return
    keys = [
        key
        for key in policy.keys
        if key.address == signer and key.role == "approver" and sid("org", key.institution) == commitment.context.org
    ]
    if not keys:
        checks.untrusted(check_id, subject, "SIGNER_UNKNOWN", "an approver of the institution in the policy", "0x" + signer.hex())
    elif time is None:
        checks.unchecked(check_id, subject, "NO_ANCHOR")
    elif not any(key.is_valid_at(time) for key in keys):
        checks.untrusted(check_id, subject, "SIGNER_NOT_VALID", "a key in force at the block's time", str(time))
    else:
        checks.passed(check_id, subject)
