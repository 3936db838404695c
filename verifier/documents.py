"""Read the documents of documents.md §1–§16: canonical bytes, shape, order of lists, and the rules within one document."""

from __future__ import annotations

from typing import Any

from verifier import json_strict
from verifier.document_rules import check_activity, check_organisation
from verifier.errors import Malformed
from verifier.evidence_shapes import ANCHOR as ANCHOR
from verifier.evidence_shapes import ANCHORS, ATTESTATIONS, COMMITMENTS, CONSISTENCY, FINDINGS, LOG_PROOF, MANIFEST, PROOF
from verifier.evidence_shapes import POLICY as POLICY
from verifier.financed_shapes import FINANCED, OPENING
from verifier.financed_shapes import ORDERED as _FINANCED_ORDER
from verifier.inventory_shapes import ACTIVITY, ANSWERS, ORGANISATION, STATEMENT
from verifier.inventory_shapes import LINE as LINE
from verifier.library_shapes import LIBRARY
from verifier.shapes import Shape, sorted_by

_BY_SCHEMA: dict[str, Shape] = {
    "activity": ACTIVITY,
    "anchors": ANCHORS,
    "answers": ANSWERS,
    "attestations": ATTESTATIONS,
    "commitments": COMMITMENTS,
    "consistency": CONSISTENCY,
    "financed": FINANCED,
    "findings": FINDINGS,
    "library": LIBRARY,
    "line": LINE,
    "log-proof": LOG_PROOF,
    "opening": OPENING,
    "organisation": ORGANISATION,
    "package": MANIFEST,
    "proof": PROOF,
    "statement": STATEMENT,
}
_BY_ID = ("id",)
_ORDERED: dict[str, tuple[tuple[str, tuple[str, ...]], ...]] = {
    "activity": (
        ("records", _BY_ID),
        ("declared_totals", _BY_ID),
        ("declared_factors", _BY_ID),
        ("factor_choices", ("indicator", "use")),
        ("instruments", _BY_ID),
        ("denominators", ("unit", "measure")),
    ),
    "answers": (("items", ("code", "place", "at")),),
    "library": (
        ("units", ("code",)),
        ("documents", _BY_ID),
        ("gwp_sets", _BY_ID),
        ("indicators", _BY_ID),
        ("factors", _BY_ID),
        ("templates", _BY_ID),
        ("target_profiles", _BY_ID),
    ),
    "financed": _FINANCED_ORDER,
    "organisation": (("units", _BY_ID),),
    "package": (("parts", ("path",)), ("withheld", ("path",))),
    "statement": (("lines", ("unit", "indicator")), ("meters", ("meter",)), ("rollup", ("unit",))),
}
_RULES = {"activity": check_activity, "organisation": check_organisation}


def read(data: bytes, name: str, place: str = "", *, nesting: int = json_strict.MAX_NESTING) -> Any:
    """Return the document `name` from its canonical bytes.

    Raises:
        Malformed: not canonical, a field is unknown, missing or of another form, a list is out of order, or a rule that the document
            alone shows is broken; `place` (a part's path) precedes the pointer.
    """
    try:
        value = json_strict.load_canonical(data, nesting=nesting)
        _BY_SCHEMA[name](value, "")
        for list_name, keys in _ORDERED.get(name, ()):
            sorted_by(value[list_name], f"/{list_name}", *keys)
        if name in _RULES:
            _RULES[name](value)
    except Malformed as error:
        raise Malformed(error.code, f"{place} {error.place}".strip(), error.detail, **error.facts) from None
    return value
