"""Check opened groups of a book that is not disclosed: path to R, group record, salted leaves, every record, sums (documents.md §15)."""

from __future__ import annotations

from dataclasses import dataclass, field
from itertools import pairwise
from typing import Any

from verifier import documents, sum_tree
from verifier.check_financed import Mismatches, Recount, check_record, opening_paths
from verifier.check_inputs import Parts
from verifier.checks import Checks, Outcome
from verifier.commitment import Commitment, read_commitment, refuse_form
from verifier.errors import Malformed, Refused
from verifier.exposure import read_exposure
from verifier.financed_blocks import Tally, measures_of
from verifier.financed_commitment import GroupLine
from verifier.financed_groups import LARGEST, SMALLEST, asset_of, group_size, leaf_node, read_group_record, salted_leaf
from verifier.financed_methods import Rules
from verifier.financed_shapes import MAX_OPENING
from verifier.package import Package, opening_path
from verifier.rfc9162 import root_of
from verifier.shapes import unbase64, unhex
from verifier.sum_tree import sid

MAX_NESTING = 8


@dataclass
class Opened:
    """Hold what an opened group showed: its leaf's index, its records, how many are erased, and their first and last pseudonym."""

    index: int
    number: int
    size: int
    records: int = 0
    erased: int = 0
    bounds: tuple[bytes, bytes] | None = None


def read_opening(data: bytes, place: str) -> tuple[Any, Commitment]:
    """Return an opening and what it says is committed. Raises: Malformed for more than 4 MiB or another form."""
    if len(data) > MAX_OPENING:
        raise Malformed("OPENING_SIZE", place, f"larger than {MAX_OPENING} bytes")
    opening = documents.read(data, "opening", place, nesting=MAX_NESTING)
    return opening, read_commitment(opening)


def verify_group(opening: Any, commitment: Commitment) -> Opened:
    """Refuse unless the group's leaf is in R, its record names its number, and the salted exposures give the record's root.

    Raises:
        Refused: with the element that does not fit. Malformed: the group's record cannot be read.
    """
    group, context = opening["group"], commitment.context
    # 1. The context is one that this release knows, and of this dataset.
    refuse_form(commitment)
    if context.dataset != sid("dataset", commitment.dataset):
        wanted = sid("dataset", commitment.dataset).hex()
        raise _refused("context.dataset", "the context is of another dataset", wanted, context.dataset.hex())
    # 2. The path leads from the leaf to R.
    data = unbase64(group["record"], "/group/record")
    values = tuple(int(value) for value in group["values"])
    rec = sum_tree.record_hash(unhex(group["salt"]), data, context.alg)
    leaf = leaf_node(commitment, context.digest(), group["key"], values, rec)
    path = [(tuple(int(value) for value in node["sums"]), unhex(node["hash"])) for node in opening["path"]]
    sum_tree.verify_proof(context, opening["index"], leaf, path, commitment.n, commitment.totals, commitment.tree_root, commitment.root)
    # 3. The group's record is of this group, and its size is one that a group may have.
    record = read_group_record(data, "/group/record")
    number, size = record["group"], record["n"]
    if group["asset"] != asset_of(number):
        raise _refused("group.asset", "the record is of another group", asset_of(number), group["asset"])
    if number >= commitment.n:
        raise _refused("group.record group", "the book has no such group", f"below {commitment.n}", str(number))
    if size > LARGEST or (commitment.n > 1 and size < SMALLEST):
        raise _refused("group.record n", "no group has this size", f"{SMALLEST} to {LARGEST}", str(size))
    if size != len(opening["exposures"]):
        raise _refused("exposures", "the group has another number of exposures", str(size), str(len(opening["exposures"])))
    # 4. The exposures hash to the root of the record, erased ones by their leaf hash.
    leaves = [
        unhex(item["leaf"]) if "leaf" in item else salted_leaf(unhex(item["salt"]), unbase64(item["record"], f"/exposures/{at}/record"))
        for at, item in enumerate(opening["exposures"])
    ]
    if root_of(leaves).hex() != record["root"]:
        raise _refused("exposures", "salts and records give another root", record["root"], root_of(leaves).hex())
    return Opened(opening["index"], number, size)


def check_records(checks: Checks, opening: Any, opened: Opened, rules: Rules, found: Mismatches, tally: Tally | None) -> None:
    """Recompute every record of a verified group, and compare order and sums under financed.groups.

    Raises:
        Malformed: a record cannot be read. Refused: the order or the sums are others.
    """
    sums, asset = [0, 0, 0, 0], opening["group"]["asset"]
    for at, item in enumerate(opening["exposures"]):
        if "leaf" in item:
            opened.erased += 1
            continue
        place = f"{asset} /exposures/{at}/record"
        record = read_exposure(unbase64(item["record"], place), place)
        check_record(record, rules, found)
        opened.records += 1
        for index, value in enumerate(measures_of(record)):
            sums[index] += value
        if tally is not None:
            tally.add(record)
        if opened.bounds is not None and record.exposure <= opened.bounds[1]:
            raise _refused(f"exposures {at}", "not in the order of pseudonyms", f"above {opened.bounds[1].hex()}", record.exposure.hex())
        opened.bounds = (opened.bounds[0] if opened.bounds else record.exposure, record.exposure)
    stated = [int(value) for value in opening["group"]["values"]]
    if opened.erased:
        # What is erased cannot be added up: the rest may come to the group's values at most.
        if any(own > value for own, value in zip(sums, stated, strict=True)):
            raise _refused("group.values", "the records that are left come to more than the group", f"at least {sums}", str(stated))
        checks.unchecked("financed.groups", asset, "FINANCED_ERASED", count=str(opened.erased))
    elif sums != stated:
        raise _refused("group.values", "the records add up to other values", str(sums), str(stated))


def _refused(element: str, message: str, expected: str, found: str) -> Refused:
    return Refused("FINANCED_OPENING", message, element=element, expected=expected, found=found)


@dataclass
class Openings:
    """Hold the groups of a package that were opened and held, by the index of their leaf."""

    opened: dict[int, Opened] = field(default_factory=dict)
    failed: int = 0


def check_openings(
    checks: Checks, package: Package, parts: Parts, commitment: Commitment, rules: Rules, lines: list[GroupLine]
) -> tuple[Openings, Recount]:
    """Answer financed.groups and financed.records for each opening of a package, and for the groups that none opens."""
    statement = parts.documents["financed"]
    result, recount = Openings(), Recount(tally=Tally(statement))
    found = Mismatches(checks, "financed.records", "FINANCED_RECORD")
    malformed = False
    for path in opening_paths(package):
        if not package.has(path):
            continue  # package.manifest has said so
        before, mismatches = len(checks.items), found.count
        opened = None
        try:
            opening, own = read_opening(package.read(path), path)
            _compare_with_book(opening, own, commitment, path, int(statement["groups"]["rows"]))
            opened = verify_group(opening, commitment)
            check_records(checks, opening, opened, rules, found, recount.tally)
        except Malformed as error:
            malformed = True
            checks.malformed("financed.records" if opened else "financed.groups", path, error)
        except Refused as error:
            checks.refused("financed.groups", path, error)
        answered = {check.outcome for check in checks.items[before:]}
        if opened is None or found.count > mismatches or answered & {Outcome.FAIL, Outcome.MALFORMED}:
            result.failed += 1
            continue
        recount.records += opened.records
        result.opened[opened.index] = opened
        if not opened.erased:
            checks.passed("financed.groups", f"{asset_of(opened.number)}, {opened.size} exposures")
    _compare_bounds(checks, list(result.opened.values()))
    complete = len(result.opened) == len(lines) == commitment.n
    recount.whole = complete and not result.failed and not any(opened.erased for opened in result.opened.values())
    if found.count or (recount.records and not malformed):
        found.close(f"{recount.records} exposures of {len(result.opened)} groups")
    if not recount.whole:
        closed = str(commitment.n - len(result.opened))
        for check_id in ("financed.records", "financed.groups"):
            checks.unchecked(check_id, commitment.dataset, "FINANCED_UNOPENED", count=closed, groups=str(commitment.n))
    return result, recount


def _compare_with_book(opening: Any, own: Commitment, commitment: Commitment, path: str, rows: int) -> None:
    """Refuse an opening of another commitment, under another name, or of another size than a group of this book has."""
    if own != commitment:
        raise _refused("context, n, totals, tree_root, root", "the opening is of another commitment", commitment.root.hex(), own.root.hex())
    number = read_group_record(unbase64(opening["group"]["record"], f"{path} /group/record"), f"{path} /group/record")["group"]
    if path != opening_path(number):
        raise _refused("path", "the part has the name of another group", opening_path(number), path)
    if number < commitment.n and len(opening["exposures"]) != group_size(rows, number):
        raise _refused("exposures", "the book's groups have another size", str(group_size(rows, number)), str(len(opening["exposures"])))


def _compare_bounds(checks: Checks, opened: list[Opened]) -> None:
    """Record where two opened groups are not in the order of pseudonyms."""
    bounded = sorted((group for group in opened if group.bounds), key=lambda group: group.number)
    for left, right in pairwise(bounded):
        if left.bounds and right.bounds and left.bounds[1] >= right.bounds[0]:
            wanted = f"above {left.bounds[1].hex()} of {asset_of(left.number)}"
            checks.failed("financed.groups", asset_of(right.number), "FINANCED_ORDER", wanted, right.bounds[0].hex())
