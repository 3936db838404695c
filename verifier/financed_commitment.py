"""Check the commitment of a book: context, groups.jsonl, tree, totals and R (commitments.md §3, §5; documents.md §16)."""

from __future__ import annotations

from typing import Any

from verifier import json_strict
from verifier.check_commitment import check_context, check_leaves, check_tree
from verifier.check_financed import Mismatches, Recount
from verifier.check_inputs import Parts
from verifier.checks import Checks
from verifier.commitment import Commitment, read_commitment
from verifier.errors import Malformed
from verifier.exposure import lines_of
from verifier.financed_groups import leaf_node
from verifier.financed_shapes import GROUP_LINE
from verifier.package import GROUPS, Package, schema_path
from verifier.policy import Policy, seconds
from verifier.shapes import unhex
from verifier.sum_tree import MEASURES, Context, Node, record_hash, sid

MOST_GROUPS = 200_000  # of a book of 10,000,000 exposures
GroupLine = tuple[str, str, tuple[int, ...]]  # key, record hash, values


def commitment_of(package: Package, parts: Parts) -> Commitment | None:
    """Return what the statement says is committed, in the context of manifest, statement and schema; None without the schema part."""
    statement, manifest = parts.documents["financed"], package.manifest
    dataset = statement["dataset"]
    schema_hash = parts.hashes.get(schema_path(dataset))
    if schema_hash is None:
        return None
    context = Context(
        alg=1,
        measures=MEASURES,
        chain_id=int(manifest["chain_id"]),
        contract=unhex(manifest["period_ledger"]),
        org=sid("org", statement["institution"]),
        dataset=sid("dataset", dataset),
        period_start=seconds(statement["period"]["start"]),
        period_end=seconds(statement["period"]["end"]),
        revision=statement["revision"],
        schema_hash=bytes.fromhex(schema_hash),
    )
    stated = statement["commitment"]
    totals = tuple(int(total) for total in stated["totals"])
    return Commitment(dataset, context, int(stated["n"]), totals, unhex(stated["tree_root"]), unhex(stated["root"]))


def dataset_item(checks: Checks, parts: Parts, dataset: str) -> Any | None:
    """Return the dataset of commitments.json, or None; none in that document, and two of one name, are mismatches of their own."""
    if not parts.has("commitments"):
        return None
    items = [item for item in parts.documents["commitments"]["datasets"] if item["dataset"] == dataset]
    if len(items) > 1:
        checks.failed(f"commitment.{dataset}", "commitments.json /datasets", "DATASET_TWICE", "each dataset once", f"{len(items)} times")
    if not items:
        checks.failed(f"commitment.{dataset}", "commitments.json /datasets", "DATASET_MISSING", "a commitment", "none")
    return items[0] if items else None


def read_group_lines(package: Package) -> list[GroupLine]:
    """Return the lines of groups.jsonl. Raises: Malformed at the line that cannot be read; more lines than a book can have groups."""
    found: list[GroupLine] = []
    with package.stream(GROUPS) as stream:
        for data in lines_of(stream):
            if len(found) >= MOST_GROUPS:
                raise Malformed("BOOK_SIZE", GROUPS, f"a book has at most {MOST_GROUPS} groups")
            try:
                value = json_strict.load_canonical(data, nesting=3)
                GROUP_LINE(value, "")
            except Malformed as error:
                raise Malformed(error.code, f"{GROUPS} line {len(found) + 1} {error.place}".strip(), error.detail, **error.facts) from None
            found.append((value["key"], value["record_hash"], tuple(int(measure) for measure in value["values"])))
    return found


def check_book_commitment(
    checks: Checks,
    package: Package,
    parts: Parts,
    commitment: Commitment,
    item: Any | None,
    recount: Recount,
    policy: Policy | None,
    lines: list[GroupLine] | None,
) -> None:
    """Answer commitment.<DATASET>: from the records where the book is disclosed, from groups.jsonl where it is not."""
    dataset, statement = commitment.dataset, parts.documents["financed"]
    check_id, before = f"commitment.{dataset}", len(checks.items)
    check_context(checks, check_id, commitment, statement, parts.hashes.get(schema_path(dataset)), policy)
    if item is not None:
        _compare_item(checks, check_id, commitment, read_commitment(item))
    if lines is not None:
        _compare_order(checks, check_id, lines)
        if item is not None:
            _compare_lines(checks, check_id, item, lines, recount)
    if recount.groups is not None and recount.whole and item is not None:
        check_leaves(checks, check_id, item, commitment, recount.groups, set(), before)
    elif lines is None:
        checks.unchecked(check_id, dataset, "PART_ABSENT", parts=GROUPS)
    elif len(checks.items) == before:
        ctx = commitment.context.digest()
        nodes: list[Node] = [leaf_node(commitment, ctx, key, values, bytes.fromhex(rec)) for key, rec, values in lines]
        check_tree(checks, check_id, commitment, nodes, before)


def _compare_item(checks: Checks, check_id: str, stated: Commitment, committed: Commitment) -> None:
    """Record where commitments.json and the statement (or manifest, or schema) name another commitment."""
    mine, other = stated.context, committed.context
    pairs: list[tuple[str, object, object]] = [
        (f"context.{name}", getattr(mine, name), getattr(other, name))
        for name in ("alg", "measures", "chain_id", "contract", "org", "dataset", "period_start", "period_end", "revision", "schema_hash")
    ]
    pairs += [(name, getattr(stated, name), getattr(committed, name)) for name in ("n", "totals", "tree_root", "root")]
    for name, expected, found in pairs:
        if expected != found:
            checks.failed(check_id, f"commitments.json {name}", "COMMITMENT_FIELD", _shown(expected), _shown(found))


def _compare_order(checks: Checks, check_id: str, lines: list[GroupLine]) -> None:
    found = Mismatches(checks, check_id, "LEAF_ORDER")
    for index in range(1, len(lines)):
        if lines[index - 1][0] >= lines[index][0]:
            found.add(f"{GROUPS} line {index + 1}", "keys strictly ascending", lines[index][0])


def _compare_lines(checks: Checks, check_id: str, item: Any, lines: list[GroupLine], recount: Recount) -> None:
    """Record where groups.jsonl is not the leaves of commitments.json, as far as their records are known."""
    found = Mismatches(checks, check_id, "COMMITMENT_FIELD")
    if len(lines) != len(item["leaves"]):
        found.add(GROUPS, f"{len(item['leaves'])} lines", len(lines))
        return
    for index, (leaf, (key, rec, values)) in enumerate(zip(item["leaves"], lines, strict=True), start=1):
        record = (recount.groups or {}).get(leaf["asset"]) if recount.whole else None
        expected = rec if record is None else record_hash(unhex(leaf["salt"]), record[0]).hex()
        if (leaf["key"], expected, [int(value) for value in leaf["values"]]) != (key, rec, list(values)):
            found.add(f"{GROUPS} line {index}", f"{leaf['key']} {expected} {leaf['values']}", f"{key} {rec} {list(map(str, values))}")


def _shown(value: object) -> str:
    return value.hex() if isinstance(value, bytes) else str(value)


def try_group_lines(checks: Checks, package: Package, check_id: str) -> list[GroupLine] | None:
    """Return groups.jsonl, or None where it is not here or cannot be read, which `check_id` then says."""
    if not package.has(GROUPS):
        return None
    try:
        return read_group_lines(package)
    except Malformed as error:
        checks.malformed(check_id, GROUPS, error)
        return None
