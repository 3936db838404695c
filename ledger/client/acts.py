"""Signed acts over HTTP: what is signed is made from domain and message here, never from a digest that the server names."""

from __future__ import annotations

import secrets
import time
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from ledger.chain.keystore import Signer
from ledger.chain.typed_data import (
    STRUCTS,
    AddKey,
    Domain,
    EndKey,
    InstitutionKind,
    ProposeRelease,
    PublishRelease,
    RegisterInstitution,
    ReleaseKind,
    Resolution,
    Role,
    SetKeyStanding,
    SetStanding,
    TypedStruct,
)
from ledger.client.http import Client, RequestRefused, growing_pauses
from ledger.errors import IntegrityError
from ledger.identifiers import sid
from ledger.records import canonical
from ledger.records.names import Name
from ledger.records.policy import seal_policy

DEADLINE_SECONDS = 3 * 86_400
SETTLED = frozenset({"anchored", "rejected", "verified", "superseded", "attested", "submitted", "certified", "disputed"})


@dataclass(frozen=True)
class Party:
    """Somebody with a session and, if they sign, a key."""

    client: Client
    key: Signer | None = None

    def signer(self) -> Signer:
        """Return the key.

        Raises:
            IntegrityError: this party has none.
        """
        if self.key is None:
            raise IntegrityError("this act needs a signing key", hint="give the key file with --key")
        return self.key


def sign_item(item: Mapping[str, Any], key: Signer) -> str:
    """Return the 0x signature of a signing item, after checking that its digest is that of its message."""
    struct = next((struct for struct in STRUCTS if struct.__name__ == item["primary_type"]), None)
    if struct is None:
        raise IntegrityError(
            f"the server asks for a signature on an unknown struct {item['primary_type']!r}", hint="do not sign; update lingtan"
        )
    domain = Domain(int(str(item["domain"]["chainId"])), str(item["domain"]["verifyingContract"]))
    digest = struct.from_message(item["message"]).digest(domain)
    if "0x" + digest.hex() != item["digest"]:
        raise IntegrityError("the server names another digest than that of the message", hint="do not sign; tell the operator")
    return "0x" + key.sign_digest(digest).hex()


def domain_of(client: Client, contract: str) -> Domain:
    """Return the domain of one of the chain's contracts."""
    chain = client.get("/v1/chain")
    return Domain(int(chain["chain_id"]), str(chain["contracts"][contract]["address"]))


def create_institution(admin: Party, *, id: str, kind: str, name: Name, timezone: str, region: str) -> None:
    """Create an institution; that it exists already is no error."""
    document = {"id": id, "kind": kind, "name": name.to_document(), "timezone": timezone, "region": region}
    try:
        admin.client.post("/v1/institutions", document)
    except RequestRefused as error:
        if error.status != 409:
            raise


def admin_act(admin: Party, institution: str, struct: TypedStruct) -> dict[str, Any]:
    """Sign an admin's message and hand it in."""
    signature = admin.signer().sign_digest(struct.digest(domain_of(admin.client, "ParticipantRegistry")))
    document = {"struct": type(struct).__name__, "message": struct.to_message(), "signature": "0x" + signature.hex()}
    return dict(admin.client.post(f"/v1/institutions/{institution}/participant-actions", document))


def register(admin: Party, *, id: str, kind: str, name: Name, version: int, now: int) -> dict[str, Any]:
    """Admit an institution to the registry on chain."""
    name_hash = bytes.fromhex(canonical.digest(name.to_document()))
    struct = RegisterInstitution(sid("org", id), InstitutionKind[kind.upper()], name_hash, version, now + DEADLINE_SECONDS)
    return admin_act(admin, id, struct)


def add_key(admin: Party, *, institution: str, address: str, role: Role, version: int, valid_from: int, now: int) -> dict[str, Any]:
    """Give a key a role from `valid_from` (Unix seconds) on, with an open end."""
    return admin_act(admin, institution, AddKey(sid("org", institution), address, role, valid_from, 0, version, now + DEADLINE_SECONDS))


def end_key(admin: Party, *, institution: str, address: str, role: Role, valid_to: int, version: int, now: int) -> dict[str, Any]:
    """End a key's role at `valid_to` (Unix seconds); what it signed before stays good."""
    struct = EndKey(sid("org", institution), address, role, valid_to, version, now + DEADLINE_SECONDS)
    return admin_act(admin, institution, struct)


def next_version(client: Client, institution: str) -> int:
    """Return the number that the next admin message on this institution carries: they count up from 1, refused ones left out."""
    actions = client.get_all(f"/v1/institutions/{institution}/participant-actions")
    return 1 + sum(1 for action in actions if action["state"] != "rejected")


def wait_action(client: Client, institution: str, id: str, *, seconds: float = 60) -> dict[str, Any]:
    """Wait until an admin message is anchored or rejected, or time runs out; return it as it stands then."""
    end = time.monotonic() + seconds
    pauses = growing_pauses()
    while True:
        actions = client.get_all(f"/v1/institutions/{institution}/participant-actions")
        found = next((action for action in actions if action["id"] == id), None)
        if found is not None and (found["state"] in ("anchored", "rejected") or time.monotonic() > end):
            return found
        time.sleep(next(pauses))


def set_key_standing(
    admin: Party, *, institution: str, address: str, role: Role, suspended: bool, reason: str, version: int, now: int
) -> dict[str, Any]:
    """Suspend a key, or lift its suspension."""
    struct = SetKeyStanding(sid("org", institution), address, role, suspended, sid("reason", reason), version, now + DEADLINE_SECONDS)
    return admin_act(admin, institution, struct)


def set_standing(admin: Party, *, institution: str, suspended: bool, reason: str, version: int, now: int) -> dict[str, Any]:
    """Suspend an institution, or lift its suspension."""
    struct = SetStanding(sid("org", institution), suspended, sid("reason", reason), version, now + DEADLINE_SECONDS)
    return admin_act(admin, institution, struct)


def propose(librarian: Party, document: Mapping[str, Any], *, centre: str, kind: ReleaseKind, valid_from: int, now: int) -> dict[str, Any]:
    """Sign and hand in the proposal of a document; a release of the library supersedes the one that its document names."""
    release = bytes.fromhex(canonical.digest(document))
    replaced = document.get("supersedes") if kind is ReleaseKind.INDICATOR_LIBRARY else None
    supersedes = bytes(32) if replaced is None else bytes.fromhex(str(replaced))
    struct = ProposeRelease(release, sid("org", centre), kind, valid_from, supersedes, now + DEADLINE_SECONDS)
    signature = librarian.signer().sign_digest(struct.digest(domain_of(librarian.client, "LibraryRegistry")))
    body = {"document": dict(document), "message": struct.to_message(), "signature": "0x" + signature.hex()}
    return dict(librarian.client.post("/v1/library-releases", body))


def publish(publisher: Party, release: str, *, centre: str, now: int) -> dict[str, Any]:
    """Sign and hand in the publication of a proposal."""
    struct = PublishRelease(bytes.fromhex(release), sid("org", centre), now + DEADLINE_SECONDS)
    signature = publisher.signer().sign_digest(struct.digest(domain_of(publisher.client, "LibraryRegistry")))
    body = {"message": struct.to_message(), "signature": "0x" + signature.hex()}
    return dict(publisher.client.post(f"/v1/library-releases/{release}/publication", body))


def attest(approver: Party, statement: str, *, request: Mapping[str, Any] | None = None, seconds: float = 60) -> dict[str, Any]:
    """Sign every dataset of a statement with the bank's own key, hand the signatures in and wait for the anchors.

    Args:
        request: the signing request that the approver has looked at; it is fetched where none is given.
    """
    if request is None:
        request = approver.client.get(f"/v1/statements/{statement}/signing-request")
    key = approver.signer()
    items = [{"dataset": item["dataset"], "message": item["message"], "signature": sign_item(item, key)} for item in request["items"]]
    answer = approver.client.post("/v1/attestations", {"statement": statement, "items": items})
    return dict(approver.client.wait(f"/v1/attestations/{answer['id']}", until=SETTLED, seconds=seconds))


def attest_dataset(approver: Party, path: str, request: Mapping[str, Any], *, seconds: float = 60) -> dict[str, Any]:
    """Sign a statement of one dataset with the bank's own key, hand the signature in and wait for the anchor.

    Args:
        path: the statement's, such as /v1/financed/3.
        request: the signing request that the approver has looked at.
    """
    for item in request["items"]:
        body = {"message": item["message"], "signature": sign_item(item, approver.signer())}
        approver.client.post(f"{path}/attestation", body)
    return dict(approver.client.wait(f"{path}/attestation", until=SETTLED, seconds=seconds))


def checkpoint_log(approver: Party, institution: str) -> dict[str, Any]:
    """Sign the envelope log as it stands and hand the checkpoint in."""
    item = approver.client.get(f"/v1/institutions/{institution}/log-checkpoints")
    body = {"message": item["message"], "signature": sign_item(item, approver.signer())}
    return dict(approver.client.post(f"/v1/institutions/{institution}/log-checkpoints", body))


def request_claim(client: Client, statement: str, claim_id: str, scheme: str, verifiers: int = 1) -> dict[str, Any]:
    """Return the claim that an approver signs.

    Raises:
        IntegrityError: it asks for another number of verifiers.
    """
    path = f"/v1/statements/{statement}/claim-request"
    item = dict(client.get(path, scheme=scheme, claim=claim_id, verifiers_required=str(verifiers)))
    if int(str(item["message"]["verifiersRequired"])) != verifiers:
        raise IntegrityError("the server's claim asks for another number of verifiers", hint="do not sign; tell the operator")
    return item


def claim(
    approver: Party,
    statement: str,
    *,
    claim_id: str,
    scheme: str,
    verifiers: int = 1,
    request: Mapping[str, Any] | None = None,
    seconds: float = 60,
) -> dict[str, Any]:
    """Sign a claim on a scheme, hand it in and wait until the chain has it.

    Args:
        verifiers: how many decide, 1 or 2; where a request is given, it says so already.
    """
    item = request if request is not None else request_claim(approver.client, statement, claim_id, scheme, verifiers)
    body = {
        "statement": statement,
        "claim": claim_id,
        "scheme": scheme,
        "message": item["message"],
        "signature": sign_item(item, approver.signer()),
    }
    answer = approver.client.post("/v1/claims", body)
    return dict(approver.client.wait(f"/v1/claims/{answer['id']}", until=SETTLED, seconds=seconds))


def commit_verdict(client: Client, signed: Mapping[str, Any], *, seconds: float = 60) -> dict[str, Any]:
    """Hand in a signed commitment (message, signature) and wait until the chain has it. The same again changes nothing."""
    return _hand_in(client, "/v1/verdict-commitments", signed, seconds)


def submit_verdict(client: Client, signed: Mapping[str, Any], *, seconds: float = 60) -> dict[str, Any]:
    """Hand in a signed verdict (message, signature, result) and wait until the chain has it. The same again changes nothing."""
    return _hand_in(client, "/v1/verdicts", signed, seconds)


def resolve_dispute(certifier: Party, claim: str, *, result: str, reason: str, now: int, seconds: float = 60) -> dict[str, Any]:
    """Sign that one of the results recorded on a disputed claim holds, hand it in and wait until the chain has it.

    Args:
        claim: `bank:claim`.
        result: the hash of the result that holds, 64 hex digits.
        now: Unix seconds.
    """
    institution = str(certifier.client.get("/v1/me")["institution"])
    name = sid("claim", claim.replace(":", "/", 1))
    struct = Resolution(name, sid("org", institution), bytes.fromhex(result), sid("reason", reason), now + DEADLINE_SECONDS)
    signature = certifier.signer().sign_digest(struct.digest(domain_of(certifier.client, "ClaimRegistry")))
    body = {"message": struct.to_message(), "signature": "0x" + signature.hex(), "reason": reason}
    return _hand_in(certifier.client, "/v1/resolutions", body, seconds)


def _hand_in(client: Client, path: str, signed: Mapping[str, Any], seconds: float) -> dict[str, Any]:
    answer = dict(client.post(path, dict(signed)))
    end = time.monotonic() + seconds
    while answer["state"] not in ("anchored", "rejected") and time.monotonic() < end:
        time.sleep(0.2)
        answer = next((item for item in client.get_all(path, claim=answer["claim"]) if item["id"] == answer["id"]), answer)
    return answer


def new_commitment_key() -> bytes:
    """Return 32 random bytes: an institution's commitment key."""
    return secrets.token_bytes(32)


def get_policy_facts(admin: Client, *, version: int, days: int | None = None) -> dict[str, Any]:
    """Fetch what a policy pins as the server and the chain have it now. Read it over before anybody signs."""
    facts: dict[str, Any] = admin.get("/v1/policy-facts", version=str(version), **({} if days is None else {"days": str(days)}))
    return facts


def sign_policy_facts(admin: Client, key: Ed25519PrivateKey, *, version: int, days: int | None = None, **decided: Any) -> dict[str, object]:
    """Fetch what a policy pins and return it with one signer, signed by it; `decided` are further fields of Trust."""
    return seal_policy(get_policy_facts(admin, version=version, days=days), key, **decided)


def collect_log_proofs(client: Client, sizes: Iterable[int], checkpoint: Mapping[str, Any]) -> dict[str, object]:
    """Return the `lingtan.consistency/1` document that leads from each of these log sizes to the checkpoint that a policy pins."""
    proofs: list[dict[str, object]] = []
    pinned = int(str(checkpoint["pinned"]).split("\n")[1])
    for size in sorted(set(sizes) - {pinned}):
        old, new = sorted((size, pinned))
        answer = client.get("/v1/checkpoints/consistency", old=str(old), new=str(new))
        proofs.extend(answer["proofs"])
    return {"schema": "lingtan.consistency/1", "origin": checkpoint["origin"], "proofs": proofs}
