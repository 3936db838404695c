"""Take a verifier's signed verdict on a claim."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from ledger.chain.typed_data import Assurance, Opinion, Verdict
from ledger.errors import Forbidden, InputError, NotFound
from ledger.records import canonical
from ledger.records.findings import findings_document
from ledger.services import audit
from ledger.services.claims import load_claim_row
from ledger.services.context import Work, require_role
from ledger.services.signing import queue, receive, signed_columns
from ledger.services.transactions import find_transaction
from ledger.store import tables
from ledger.store.repositories import claims, institutions

RESULT_FIELDS = frozenset(
    {
        *("schema", "claim", "package", "datasets", "recomputed", "differences", "checks", "findings"),
        *("opinion", "assurance", "materiality_bp", "exceptions"),
    }
)
MAX_EXCEPTIONS, MAX_PLACE, MAX_TEXT = 100, 200, 2_000


@dataclass(frozen=True)
class VerdictException:
    """What a qualified opinion excepts: the place of a finding, line, meter or dataset, and what is wrong there."""

    place: str
    text: str


@dataclass(frozen=True)
class VerdictView:
    """A verdict on a claim; state: queued, anchored or rejected."""

    id: str
    claim: str
    verifier: str
    opinion: str
    assurance: str
    result_hash: str
    sequence: int
    state: str
    given_at: int
    error: str | None = None
    materiality_bp: int = 0
    exceptions: tuple[VerdictException, ...] = ()


def submit_verdict(work: Work, message: Mapping[str, object], signature: str, result: Mapping[str, Any]) -> VerdictView:
    """Take a verdict with the result it rests on, and queue it. The same message again changes nothing.

    Raises:
        InputError: the result is not the one the message names, or neither names this claim and package.
        Forbidden: the verifier's institution is the claim's.
        SignatureRefused: no verifier's key in force signed it, or it is past its deadline.
    """
    require_role(work, "verifier")
    if set(result) != RESULT_FIELDS or result["schema"] != "lingtan.verdict/1":
        raise InputError("not a verdict result", hint=f"expected lingtan.verdict/1 with the fields {', '.join(sorted(RESULT_FIELDS))}")
    exceptions = _read_exceptions(result)
    data = canonical.dump(dict(result))
    struct = Verdict.from_message(message)
    claim = _find_claim(work, struct.claim)
    if claim.institution_id == work.actor.institution:
        raise Forbidden("nobody attests their own claim", hint="a verifier of another institution decides")
    received = receive(work, work.house.contracts.claims, Verdict, message, signature)
    if hashlib.sha256(data).digest() != struct.result_hash:
        raise InputError("the result is not the one the verdict was signed for", hint="send the result file unchanged")
    _require_agreement(struct, result)
    if (result["opinion"] == "qualified") != bool(exceptions):
        raise InputError(
            "a qualified opinion names what it excepts, and no other opinion excepts anything",
            hint="sign a result whose exceptions fit its opinion",
            errors=(("/result/exceptions", "DIFFERS", "expected at least one exactly where the opinion is qualified"),),
        )
    if struct.package_hash.hex() != claim.package_hash:
        raise InputError("the verdict is about another evidence package", hint="recompute the package that the claim names")
    owner = institutions.find_institution_by_org(work.session, struct.org.hex())
    if owner is None or owner.id != work.actor.institution:
        raise InputError("the verdict names another institution than yours")
    outbox_id = queue(
        work, work.house.contracts.claims, received, kind="claims.verdict", subject=f"claim/{claim.institution_id}/{claim.claim_id}"
    )
    row = claims.add_verdict(
        work.session,
        claim,
        institution_id=owner.id,
        sequence=struct.sequence,
        result=data,
        findings=canonical.dump(findings_document(())),
        signed=signed_columns(work, received, outbox_id),
    )
    audit.record(
        work,
        "verdict.submit",
        f"{claim.institution_id}:{claim.claim_id}",
        institution=claim.institution_id,
        details={"result": row.result_hash},
    )
    return _view(work, claim, row)


def _read_exceptions(result: Mapping[str, Any]) -> tuple[VerdictException, ...]:
    """Return what the result excepts (documents §12).

    Raises:
        InputError: something else stands there.
    """
    stated = result["exceptions"]
    if not isinstance(stated, list) or len(stated) > MAX_EXCEPTIONS:
        raise InputError(f"exceptions are a list of at most {MAX_EXCEPTIONS}", hint="expected [{place, text}]")
    for at, item in enumerate(stated):
        sizes = {"place": MAX_PLACE, "text": MAX_TEXT}
        if not isinstance(item, dict) or item.keys() != sizes.keys():
            raise InputError(f"exception {at} is not {{place, text}}", hint="expected [{place, text}]")
        if any(not isinstance(item[name], str) or not 1 <= len(item[name]) <= most for name, most in sizes.items()):
            raise InputError(f"exception {at}: place has 1 to {MAX_PLACE} characters, text 1 to {MAX_TEXT}", hint="shorten or fill it")
    return tuple(VerdictException(item["place"], item["text"]) for item in stated)


def _require_agreement(struct: Verdict, result: Mapping[str, Any]) -> None:
    """Pass if the published result says what the signed message says.

    Raises:
        InputError: naming every field that does not.
    """
    said = {
        "claim": struct.claim.hex(),
        "package": struct.package_hash.hex(),
        "findings": struct.findings_hash.hex(),
        "opinion": Opinion(struct.opinion).name.lower(),
        "assurance": Assurance(struct.assurance).name.lower(),
        "materiality_bp": struct.materiality_bp,
    }
    differing = tuple((f"/result/{name}", "DIFFERS", f"expected {expected}") for name, expected in said.items() if result[name] != expected)
    if differing:
        names = ", ".join(pointer.rpartition("/")[2] for pointer, _, _ in differing)
        raise InputError(f"the result contradicts the signed verdict: {names}", hint="sign what the result says", errors=differing)


def list_verdicts(work: Work, claim_id: str) -> tuple[VerdictView, ...]:
    """Return every verdict on a claim, in the order they came."""
    claim = load_claim_row(work, claim_id)
    return tuple(_view(work, claim, row) for row in claims.list_verdicts(work.session, claim))


def get_verdict_result(work: Work, claim_id: str, id: str) -> bytes:
    """Return the canonical result that a verdict was signed for."""
    claim = load_claim_row(work, claim_id)
    for row in claims.list_verdicts(work.session, claim):
        if str(row.id) == id:
            return row.result
    raise NotFound("no such verdict", hint="list the verdicts of the claim")


def _find_claim(work: Work, name: bytes) -> tables.Claim:
    row = claims.find_claim_by_name(work.session, name.hex())
    if row is None:
        raise NotFound("no such claim", hint="the verdict names a claim that this server does not know")
    return row


def _view(work: Work, claim: tables.Claim, row: tables.Verdict) -> VerdictView:
    stored = canonical.load(row.message)
    struct = Verdict.from_message(stored if isinstance(stored, dict) else {})
    transaction = find_transaction(work, row.outbox_id)
    return VerdictView(
        id=str(row.id),
        claim=f"{claim.institution_id}:{claim.claim_id}",
        verifier=row.institution_id,
        opinion=Opinion(struct.opinion).name.lower(),
        assurance=Assurance(struct.assurance).name.lower(),
        result_hash=row.result_hash,
        sequence=row.sequence,
        state=transaction.state,
        given_at=row.at,
        error=transaction.error,
        materiality_bp=struct.materiality_bp,
        exceptions=_kept_exceptions(row.result),
    )


def _kept_exceptions(result: bytes) -> tuple[VerdictException, ...]:
    document = canonical.load(result)
    # Results of before there were exceptions have no such field.
    stated = document.get("exceptions") if isinstance(document, dict) else None
    items = [item for item in stated if isinstance(item, dict)] if isinstance(stated, list) else []
    return tuple(VerdictException(str(item["place"]), str(item["text"])) for item in items)
