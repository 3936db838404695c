"""Make and sign a verdict on an evidence package, and hand it in (documents.md §12, typed-data.md)."""

from __future__ import annotations

import hashlib
import json
import urllib.error
import urllib.request
from dataclasses import dataclass
from pathlib import PurePosixPath
from typing import Any

from verifier import eip712, json_strict
from verifier.checks import Outcome
from verifier.eip712 import ASSURANCES, OPINIONS
from verifier.errors import UsageError, VerifierError
from verifier.keccak import keccak256
from verifier.roll_up import MEASURES
from verifier.secp256k1 import address_of, sign
from verifier.sum_tree import sid
from verifier.verify_package import Verification

TIMEOUT_SECONDS = 60
MAX_EXCEPTIONS, MAX_PLACE, MAX_TEXT = 100, 200, 2_000
MODULES = (
    "__init__", "__main__", "aes", "anchor_wordings", "bft_legacy", "bundle", "bundle_items", "bundle_shapes", "bundle_wordings",
    "chain_evidence", "check_anchor", "check_bundle", "check_claim", "check_commitment", "check_financed", "check_findings", "check_inputs",
    "check_lines", "check_openings", "check_policy", "check_sample", "check_signed", "checkpoint", "checks", "chinese", "claim_evidence",
    "command_line", "commands", "commitment", "declared_totals", "divergence", "document_rules", "documents", "ed25519", "eip712",
    "envelope_wordings", "errors", "evidence_shapes", "exact", "exposure", "financed_blocks", "financed_book", "financed_commitment",
    "financed_groups", "financed_methods", "financed_shapes", "financed_wordings", "finding", "findings", "given", "inventory_shapes",
    "json_strict", "keccak", "keyfile", "library", "library_reader", "library_shapes", "local_time", "log_proofs", "market_based",
    "messages", "meter", "meter_wordings", "mpt", "operational_1", "organisation", "package", "policy", "policy_update", "qbft",
    "quantities", "recomputation", "recompute_bundle", "recompute_wordings", "reduction", "report", "required", "rfc9162", "rlp", "roll_up",
    "sample_command", "sample_shapes", "sample_sources", "sample_wordings", "sampling", "secp256k1", "shapes", "sub_meters", "sum_tree",
    "tools", "uncertainty", "unit_findings", "verdict", "verify_bundle", "verify_envelope", "verify_line", "verify_opening",
    "verify_package", "verify_sample", "wordings",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Judgement:
    """Hold what the verifier decides, beside what the checks found."""

    claim: str
    institution: str
    assurance: str
    materiality_bp: int
    opinion: str | None
    sampling_seed: bytes
    sample_size: int
    salt: bytes
    sequence: int
    deadline: int
    exceptions: tuple[tuple[str, str], ...] = ()
    """(place, text) of everything that a qualified opinion excepts."""


def tool_hash() -> bytes:
    """Return SHA-256 over name, NUL and SHA-256 of every module in order: the same from a checkout and from the one-file build."""
    from verifier import __spec__

    loader = __spec__.loader
    folder = str(__spec__.submodule_search_locations[0]) if __spec__.submodule_search_locations else ""
    total = hashlib.sha256()
    for name in MODULES:
        data = loader.get_data(str(PurePosixPath(folder) / f"{name}.py"))  # type: ignore[union-attr]
        total.update(f"{name}.py".encode() + b"\x00" + hashlib.sha256(data).digest())
    return total.digest()


def claim_hash(institution: str, claim: str) -> bytes:
    """Return the claim's identifier on chain: 64 hex as given, else sid("claim", institution ‖ "/" ‖ claim id).

    `bank-a:claim-1` names the claim `claim-1` of bank-a. Raises: UsageError where that is another bank than the package's.
    """
    owner, separator, name = claim.partition(":")
    if separator:
        if owner != institution:
            raise UsageError("CLAIM", f"{claim} is a claim of {owner}; the package is of {institution}")
        claim = name
    plain = claim.removeprefix("0x")
    if len(plain) == 64 and all(character in "0123456789abcdef" for character in plain):
        return bytes.fromhex(plain)
    return sid("claim", f"{institution}/{claim}")


def opinion_of(verification: Verification, stated: str | None) -> str:
    """Return the opinion: as stated, else unqualified where all held and adverse where a mismatch is proven.

    Raises:
        UsageError: checks could not run, so the person has to say; or unqualified is asked for against a proven mismatch.
    """
    verdict, exit_code = verification.verdict()
    if stated == "unqualified" and exit_code != 0:
        raise UsageError("OPINION", f"the package is {verdict}; an unqualified opinion needs every check to have held")
    if stated is not None:
        return stated
    if exit_code == 0:
        return "unqualified"
    if exit_code == 1:
        return "adverse"
    raise UsageError("OPINION", f"the package is {verdict}: say --opinion qualified or --opinion adverse")


def build_result(verification: Verification, judgement: Judgement, opinion: str) -> dict[str, Any]:
    """Return the document lingtan.verdict/1. Raises: UsageError where the lines could not be recomputed at all."""
    recomputed = verification.recomputed
    _check_exceptions(judgement.exceptions, opinion)
    if recomputed is None or verification.findings_hash is None or verification.package_hash is None:
        raise UsageError("NOT_RECOMPUTED", "the package could not be recomputed, so there is no result to sign; see the report")
    return {
        "schema": "lingtan.verdict/1",
        "claim": claim_hash(str(verification.institution), judgement.claim).hex(),
        "package": verification.package_hash,
        "datasets": [
            {"dataset": item.dataset, "root": item.root.hex(), "totals": [str(total) for total in item.totals]}
            for item in verification.commitments
        ],
        "recomputed": {name: str(recomputed.totals[name]) for name in MEASURES},
        "differences": {name: str(recomputed.differences[name]) for name in MEASURES},
        "checks": [{"id": check.id, "subject": check.subject, "outcome": str(check.outcome)} for check in verification.checks.items],
        "findings": verification.findings_hash,
        "opinion": opinion,
        "assurance": judgement.assurance,
        "materiality_bp": judgement.materiality_bp,
        "exceptions": [{"place": place, "text": text} for place, text in judgement.exceptions],
    }


def _check_exceptions(exceptions: tuple[tuple[str, str], ...], opinion: str) -> None:
    """Pass if a qualified opinion says what it excepts, and no other excepts anything (documents.md §12). Raises: UsageError."""
    if (opinion == "qualified") != bool(exceptions):
        raise UsageError(
            "EXCEPTIONS",
            "a qualified opinion names what it excepts: give --exception PLACE=TEXT, once for each"
            if opinion == "qualified"
            else f"the opinion is {opinion}; --exception goes with --opinion qualified",
        )
    if len(exceptions) > MAX_EXCEPTIONS:
        raise UsageError("EXCEPTIONS", f"{len(exceptions)} exceptions, at most {MAX_EXCEPTIONS} can be listed")
    for place, text in exceptions:
        if not 1 <= len(place) <= MAX_PLACE or not 1 <= len(text) <= MAX_TEXT:
            raise UsageError("EXCEPTIONS", f"a place has 1 to {MAX_PLACE} characters and a text 1 to {MAX_TEXT}: got {place[:40]!r}")


def sign_verdict(verification: Verification, judgement: Judgement, secret: int) -> dict[str, Any]:
    """Return {result, message, signature, commitment, signer}, signed for the policy's ClaimRegistry.

    `commitment` {message, signature} is what a claim with two verifiers receives first (VerdictCommitment); it hides the result.

    Raises:
        UsageError: no policy or no ClaimRegistry in it, the verifier judges its own institution, or the policy itself did not hold.
    """
    policy = verification.policy
    registry = policy.contracts.get("ClaimRegistry") if policy else None
    if policy is None or registry is None:
        raise UsageError("NO_CLAIM_REGISTRY", "the policy names no ClaimRegistry, so there is nothing to sign for")
    if verification.checks.outcomes("policy.signature") & {Outcome.FAIL}:
        raise UsageError("POLICY", "the policy's signature does not hold; nothing is signed on its word")
    if judgement.institution == verification.institution:
        raise UsageError("OWN_CLAIM", f"{judgement.institution} cannot judge its own claim")
    opinion = opinion_of(verification, judgement.opinion)
    result = build_result(verification, judgement, opinion)
    values: dict[str, Any] = {
        "claim": bytes.fromhex(result["claim"]),
        "org": sid("org", judgement.institution),
        "packageHash": bytes.fromhex(result["package"]),
        "resultHash": bytes.fromhex(json_strict.digest(result)),
        "findingsHash": bytes.fromhex(result["findings"]),
        "assurance": ASSURANCES.index(judgement.assurance) + 1,
        "materialityBp": judgement.materiality_bp,
        "opinion": OPINIONS.index(opinion) + 1,
        "samplingSeed": judgement.sampling_seed,
        "sampleSize": judgement.sample_size,
        "toolHash": tool_hash(),
        "salt": judgement.salt,
        "sequence": judgement.sequence,
        "deadline": judgement.deadline,
    }
    commitment = {**values, "commitment": keccak256(values["resultHash"] + values["salt"])}

    def signature(struct: str, message: dict[str, Any]) -> str:
        return "0x" + sign(eip712.signing_digest(struct, message, policy.chain_id, registry.address), secret).hex()

    return {
        "result": result,
        "message": eip712.write_message(eip712.VERDICT, values),
        "signature": signature(eip712.VERDICT, values),
        "commitment": {
            "message": eip712.write_message(eip712.VERDICT_COMMITMENT, commitment),
            "signature": signature(eip712.VERDICT_COMMITMENT, commitment),
        },
        "signer": "0x" + address_of(secret).hex(),
    }


def submit_verdict(signed: dict[str, Any], url: str, token: str) -> str:
    """POST a signed verdict to URL/v1/verdicts and return the answer's text; repeating it is harmless (Idempotency-Key).

    Raises:
        UsageError: the address is not http or https.
        VerifierError: the service refused it, or could not be reached; the signed verdict is on disk already.
    """
    if not url.startswith(("https://", "http://")):
        raise UsageError("SUBMIT_URL", f"{url!r} is not an http address")
    body = json_strict.dump({"message": signed["message"], "signature": signed["signature"], "result": signed["result"]})
    request = urllib.request.Request(  # noqa: S310 - the scheme is checked above
        url.rstrip("/") + "/v1/verdicts",
        data=body,
        method="POST",
        headers={
            "Authorization": f"Bearer {token}",
            "Content-Type": "application/json",
            "Accept": "application/json",
            "Idempotency-Key": hashlib.sha256(body).hexdigest(),
        },
    )
    try:
        with urllib.request.urlopen(request, timeout=TIMEOUT_SECONDS) as response:  # noqa: S310
            return str(response.read(1024 * 1024).decode("utf-8", "replace"))
    except urllib.error.HTTPError as error:
        answer = error.read(64 * 1024).decode("utf-8", "replace")
        raise VerifierError("SUBMIT_REFUSED", f"{url} answered {error.code}: {_problem(answer)}") from None
    except OSError as error:
        raise VerifierError("SUBMIT_UNREACHABLE", f"{url} cannot be reached: {error}; the verdict is kept, submit it again later") from None


def _problem(answer: str) -> str:
    try:
        value = json.loads(answer)
    except ValueError:
        return answer[:400]
    return str(value.get("detail") or value.get("title") or value)[:400] if isinstance(value, dict) else answer[:400]
