"""Recompute the figures of a bundle's statement from its inputs; a line of its own, beside the levels (bundle.md §2)."""

from __future__ import annotations

from typing import Any

from verifier import documents, json_strict
from verifier.bundle import Bundle
from verifier.check_commitment import Attested
from verifier.check_inputs import Parts
from verifier.check_lines import check_lines, check_rollup
from verifier.checks import Checks, Outcome
from verifier.commitment import INVENTORY_DATASETS
from verifier.errors import Malformed
from verifier.meter import HEADER_SIZE, read_header
from verifier.recomputation import DIVERGES, NOT_RECOMPUTED, RECOMPUTED, Recomputation
from verifier.shapes import digits, unbase64
from verifier.sub_meters import is_leaf

DOCUMENTS = ("organisation", "activity", "library", "statement")


def check_inputs(checks: Checks, bundle: Bundle, attested: dict[str, Attested | None]) -> None:
    """Answer inputs.hashes: the documents are those that were signed."""
    inputs, subject = bundle.document["inputs"], bundle.subject
    own = {name: item for name, item in attested.items() if name in INVENTORY_DATASETS and item is not None}
    if not own:
        checks.unchecked("inputs.hashes", "inputs", "NO_ATTESTATION")
        return
    before = len(checks.items)
    statement = inputs["statement"]
    hashes = {name: json_strict.digest(inputs[name]) for name in DOCUMENTS if inputs[name] is not None}
    compared: list[tuple[str, object, object]] = [
        (f"statement of {dataset}", item.values["statementHash"].hex(), hashes["statement"]) for dataset, item in own.items()
    ]
    compared += [
        ("institution", subject["institution"], statement.get("institution")),
        ("revision", subject["revision"], statement.get("revision")),
    ]
    period = statement.get("period")
    compared += [(f"period {name}", subject[name], period.get(name) if isinstance(period, dict) else None) for name in ("start", "end")]
    if inputs["organisation"] is not None:
        compared += [(f"library of {dataset}", item.values["libraryHash"].hex(), hashes["library"]) for dataset, item in own.items()]
        compared += [(name, statement.get(name), hashes[name]) for name in ("organisation", "activity")]
        compared.append(("meters", _stated_meters(statement), _proven_meters(bundle)))
        # METERS alone would let the lines of another statement stand on the chain beside the one that is shown here.
        lines, present = statement.get("lines"), [item.dataset for item in bundle.commitments]
        compared.append(("OPERATIONAL", isinstance(lines, list) and len(lines) > 0, "OPERATIONAL" in present))
    for what, expected, found in compared:
        if expected != found:
            checks.failed("inputs.hashes", what, "INPUT_HASH", expected, found)
    if len(checks.items) == before:
        checks.passed("inputs.hashes", ", ".join(sorted(hashes)))


def _stated_meters(statement: Any) -> list[tuple[int, ...]]:
    """Return what the statement says of each meter that is a leaf, sorted: total, measured, estimated, manual, missing."""
    names = ("total", "measured", "estimated", "manual", "missing")
    try:
        return sorted(tuple(_figure(item[name]) for name in names) for item in statement["meters"] if is_leaf(item))
    except (KeyError, TypeError, Malformed):
        return [(-1,)]  # no statement has such meters; its shape is refused where it is recomputed


def _figure(value: Any) -> int:
    digits(value, "")
    return int(value)


def _proven_meters(bundle: Bundle) -> list[tuple[int, ...]]:
    """Return the same of the METERS leaves; an incomplete set of leaves proves none."""
    found = []
    for item, commitment in zip(bundle.document["datasets"], bundle.commitments, strict=True):
        if item["dataset"] != "METERS":
            continue
        if len(item["items"]) != commitment.n:
            return [(-2,)]
        for leaf in item["items"]:
            try:
                header = read_header(unbase64(leaf["record"], "/record")[:HEADER_SIZE])
            except Malformed:
                return [(-3,)]
            found.append((header.total, header.measured, header.estimated, header.manual, header.missing))
    return sorted(found)


def recompute(bundle: Bundle, checks: Checks) -> Recomputation | None:
    """Return what recomputing the statement gives; None where the bundle holds no statement to recompute."""
    inputs = bundle.document["inputs"]
    if inputs is None or inputs["organisation"] is None:
        return None
    if not checks.holds("inputs.hashes"):
        return Recomputation(NOT_RECOMPUTED, reason="inputs.hashes")
    own, parts = Checks(), Parts()
    try:
        for name in DOCUMENTS:
            data = json_strict.dump(inputs[name])
            parts.documents[name] = documents.read(data, name, f"/inputs/{name}")
            parts.hashes[f"{name}.json"] = json_strict.digest(inputs[name])
    except Malformed as error:
        own.malformed("lines.recompute", "inputs", error)
        return Recomputation(DIVERGES, checks=tuple(own.items))
    figures = check_lines(own, parts)
    check_rollup(own, parts)
    proven = bool(_proven_meters(bundle))
    # A meter's totals are proven by its leaf: that its slots are not here is no gap. Other quantities have no leaf in this release.
    gaps = [item for item in own.items if item.outcome is Outcome.NOT_CHECKED and not (item.code == "LINE_METER_ABSENT" and proven)]
    odd = [item for item in own.items if item.outcome not in (Outcome.PASS, Outcome.NOT_CHECKED)]
    if odd:
        return Recomputation(DIVERGES, figures, tuple(odd))
    others = sorted({item["quantity"] for item in inputs["statement"]["meters"]} - {"el.import"})
    if gaps or figures is None:
        return Recomputation(NOT_RECOMPUTED, figures, tuple(gaps))
    return Recomputation(RECOMPUTED, figures, reason=", ".join(others))
