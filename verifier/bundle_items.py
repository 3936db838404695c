"""Check the leaves of a bundle: the path to R, and what the records say (bundle.md §2, commitment and items)."""

from __future__ import annotations

import hashlib
from typing import Any

from verifier import documents, json_strict, meter, sum_tree
from verifier.check_commitment import line_values, meter_values
from verifier.commitment import REDUCTIONS, Commitment, refuse_form
from verifier.errors import Malformed, Refused
from verifier.exposure import read_exposure
from verifier.financed_blocks import measures_of
from verifier.financed_groups import LARGEST, SMALLEST, asset_of, read_group_record, salted_leaf
from verifier.reduction import asset_of as asset_of_reduction
from verifier.reduction import read_line, values_of
from verifier.rfc9162 import root_of
from verifier.shapes import unbase64, unhex
from verifier.sum_tree import Node


def verify_leaves(commitment: Commitment, items: list[Any]) -> None:
    """Refuse unless context, count, totals and tree root give R, and every item's path leads there.

    Raises:
        Refused: with the element that differs. Malformed: a record is not base64.
    """
    refuse_form(commitment)
    context, ctx = commitment.context, commitment.context.digest()
    found = sum_tree.commitment_root(context.alg, ctx, commitment.n, commitment.totals, commitment.tree_root)
    if found != commitment.root:
        raise Refused("ROOT", "the commitment gives another R", element="root", expected=commitment.root.hex(), found=found.hex())
    for at, item in enumerate(items):
        values = tuple(int(value) for value in item["values"])
        record = unbase64(item["record"], f"/items/{at}/record")
        rec = sum_tree.record_hash(unhex(item["salt"]), record, context.alg)
        leaf = Node(1, values, sum_tree.leaf_hash(context.alg, ctx, unhex(item["key"]), values, rec))
        path = [(tuple(int(value) for value in node["sums"]), unhex(node["hash"])) for node in item["path"]]
        sum_tree.verify_proof(context, item["index"], leaf, path, commitment.n, commitment.totals, commitment.tree_root, commitment.root)


def verify_records(commitment: Commitment, items: list[Any], statement: Any | None) -> None:
    """Refuse unless each record says what its leaf's values say; `statement` gives a meter its name.

    Raises:
        Refused: with the element that differs. Malformed: a record cannot be read.
    """
    for at, item in enumerate(items):
        record = unbase64(item["record"], f"/items/{at}/record")
        if commitment.dataset == "OPERATIONAL":
            values = _line(item, record)
        elif commitment.dataset == "METERS":
            values = _meter(item, record, commitment, statement)
        elif commitment.dataset == REDUCTIONS:
            values = _reduction(item, record)
        else:
            _refuse_beside(item, "slots")
            _group(item, record, commitment)
            continue
        _same("item.values", values, tuple(int(value) for value in item["values"]))


def _line(item: Any, record: bytes) -> tuple[int, ...]:
    _refuse_beside(item, "slots", "exposures")
    line = json_strict.load_canonical(record)
    documents.LINE(line, "/record")
    _same("item.asset", f"line/{line['unit']}/{line['indicator']}", item["asset"])
    return line_values(line)


def _reduction(item: Any, record: bytes) -> tuple[int, ...]:
    _refuse_beside(item, "slots", "exposures")
    line = read_line(record, "/record")
    _same("item.asset", asset_of_reduction(line), item["asset"])
    return values_of(line)


def _meter(item: Any, record: bytes, commitment: Commitment, statement: Any | None) -> tuple[int, ...]:
    _refuse_beside(item, "exposures")
    if len(record) != meter.HEADER_SIZE + 32:
        raise Malformed("METER_LEAF", "/record", "a header of 96 bytes and a digest of 32 expected")
    header, context = meter.read_header(record), commitment.context
    _same("record key", item["key"], header.key.hex())
    _same("record quantity", "el.import", header.quantity)
    _same("record start", context.period_start, header.start)
    _same("record slots", (context.period_end - context.period_start) // (60 * header.interval_minutes), header.slots)
    _same("record counts", header.slots, header.measured + header.estimated + header.manual + header.missing)
    name = None
    if item["slots"] is not None:
        name = _slots(unbase64(item["slots"], "/slots"), record, statement)
    if name is None and item["asset"] is not None:
        raise _refused("item.asset", "nothing in the bundle binds a name to this meter", "null", item["asset"])
    if name is not None:
        _same("item.asset", f"meter/{name}/el.import", item["asset"])
    return meter_values(record)


def _slots(slots: bytes, record: bytes, statement: Any | None) -> str | None:
    """Return the statement's name of the meter with these slots, or None where there is no statement or it names none."""
    _same("slots digest", record[meter.HEADER_SIZE :].hex(), hashlib.sha256(b"\x02" + slots).hexdigest())
    read = meter.read_record(record[: meter.HEADER_SIZE] + slots, thorough=True)
    counts, header = read.counts, read.header
    own = (counts.total, counts.measured, counts.estimated, counts.manual, counts.missing)
    _same("slots", own, (header.total, header.measured, header.estimated, header.manual, header.missing))
    _same("missing slots that hold a value", 0, counts.missing_not_zero)
    _same("smallest value, if below zero", 0, min(0, counts.smallest))
    meters = statement.get("meters") if isinstance(statement, dict) else None
    named = [
        entry for entry in (meters if isinstance(meters, list) else ()) if isinstance(entry, dict) and entry.get("record") == read.digest
    ]
    return str(named[0]["meter"]) if named and isinstance(named[0].get("meter"), str) else None


def _group(item: Any, data: bytes, commitment: Commitment) -> None:
    record = read_group_record(data, "/record")
    number, size = record["group"], record["n"]
    _same("item.asset", asset_of(number), item["asset"])
    if number >= commitment.n:
        raise _refused("record group", "the book has no such group", f"below {commitment.n}", number)
    if size > LARGEST or (commitment.n > 1 and size < SMALLEST):
        raise _refused("record n", "no group has this size", f"{SMALLEST} to {LARGEST}", size)
    if item["exposures"] is None:
        return
    _same("exposures", size, len(item["exposures"]))
    leaves, sums, erased, before = [], [0, 0, 0, 0], 0, b""
    for at, exposure in enumerate(item["exposures"]):
        if "leaf" in exposure:
            leaves.append(unhex(exposure["leaf"]))
            erased += 1
            continue
        place = f"/exposures/{at}/record"
        content = unbase64(exposure["record"], place)
        leaves.append(salted_leaf(unhex(exposure["salt"]), content))
        read = read_exposure(content, place)
        if read.exposure <= before:
            raise _refused(f"exposures {at}", "not in the order of pseudonyms", f"above {before.hex()}", read.exposure.hex())
        before = read.exposure
        sums = [a + b for a, b in zip(sums, measures_of(read), strict=True)]
    _same("exposures root", record["root"], root_of(leaves).hex())
    stated = [int(value) for value in item["values"]]
    if (erased and any(own > value for own, value in zip(sums, stated, strict=True))) or (not erased and sums != stated):
        raise _refused("item.values", "the exposures add up to other values", sums, stated)


def _refuse_beside(item: Any, *names: str) -> None:
    for name in names:
        if item[name] is not None:
            raise _refused(f"item.{name}", "an item of this dataset has none", "null", "a value")


def _same(element: str, expected: object, found: object) -> None:
    if expected != found:
        raise _refused(element, f"{element} differs", expected, found)


def _refused(element: str, text: str, expected: object, found: object) -> Refused:
    return Refused("ITEM", text, element=element, expected=str(expected)[:400], found=str(found)[:400])
