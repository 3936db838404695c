"""Check a claim with its verdicts, its certificate and their status, as a bundle carries them (bundle.md §2)."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from verifier import eip712, json_strict
from verifier.bundle import Bundle, checkpoint_size
from verifier.chain_evidence import Header
from verifier.check_bundle import check_final, check_witnesses
from verifier.checks import Check, Checks, Outcome
from verifier.claim_evidence import (
    Signed,
    event_log,
    read_account,
    read_certificate_state,
    read_claim_state,
    read_signed,
    registry_of,
    verify_event,
)
from verifier.errors import Refused
from verifier.log_proofs import NO_PROOFS, LogProofs
from verifier.policy import Contract, Policy
from verifier.sum_tree import sid

ATTESTED, CERTIFIED = 2, 5
CLAIM_STATES = ("unknown", "submitted", "attested", "rejected", "disputed", "certified")
CERTIFICATE_STATES = ("unknown", "in force", "suspended", "revoked")
ADVERSE = 3
CLOCK_TOLERANCE = 300  # seconds by which the clocks of a chain or witness may run before the reader's


@dataclass
class ClaimRead:
    """Hold what the checks of a claim read on their way."""

    claim: Signed | None = None
    verdicts: list[Signed] = field(default_factory=list)
    certificate: Signed | None = None


def claim_ids(bundle: Bundle, policy: Policy | None) -> list[str]:
    """Return the ids that a bundle with a claim owes answers to."""
    claim = bundle.document["claim"]
    verdicts = [f"verdict.{step}.{at}" for at in range(len(claim["verdicts"])) for step in ("signed", "recorded")]
    certificate = ["certificate.signed", "certificate.recorded"] if claim["certificate"] else []
    witnessed = ["status.witnessed"] if policy is not None and policy.witnesses else []
    aged = ["status.age"] if policy is not None and policy.max_age is not None else []
    return ["claim.message", "claim.recorded", *verdicts, *certificate, "status.state", "status.final", *witnessed, *aged]


def check_claim(checks: Checks, bundle: Bundle, policy: Policy | None, now: int, log_proofs: LogProofs = NO_PROOFS) -> ClaimRead:
    """Answer every check of the bundle's claim."""
    item, read = bundle.document["claim"], ClaimRead()
    pin = registry_of(policy)
    if policy is None or pin is None:
        for check_id in claim_ids(bundle, policy):
            checks.unchecked(check_id, item["id"], "NO_POLICY" if policy is None else "NO_POLICY_REGISTRY")
        return read
    run = _Run(checks, bundle, policy, pin, log_proofs)
    # 1. The claim: what it names, who signed it, that the chain recorded it.
    read.claim = run.signed("claim.message", "claim.recorded", eip712.CLAIM, item, "approver", item["id"])
    # 2. Each verdict, in the order given.
    for at, verdict in enumerate(item["verdicts"]):
        subject = f"verdict {at} on {item['id']}"
        signed = run.signed(f"verdict.signed.{at}", f"verdict.recorded.{at}", eip712.VERDICT, verdict, "verifier", subject, at)
        if signed is not None:
            read.verdicts.append(signed)
    # 3. The certificate.
    if item["certificate"] is not None:
        read.certificate = run.signed(
            "certificate.signed",
            "certificate.recorded",
            eip712.CERTIFICATE,
            item["certificate"],
            "certifier",
            f"certificate of {item['id']}",
        )
    # 4. The status of all of it, at one block.
    _check_status(run, read, now)
    return read


@dataclass
class _Run:
    checks: Checks
    bundle: Bundle
    policy: Policy
    pin: Contract
    log_proofs: LogProofs
    claim: Signed | None = None
    verdict_signers: set[bytes] = field(default_factory=set)

    def signed(self, signed_id: str, recorded_id: str, struct: str, item: Any, role: str, subject: str, at: int = 0) -> Signed | None:
        """Answer the two checks of a signed message; return the message where its signature holds."""
        if struct != eip712.CLAIM and self.claim is None:
            # What a verdict or certificate is about was not shown: nothing of theirs is proven wrong by it.
            self.checks.unchecked(signed_id, subject, "NOT_SIGNED")
            self.checks.unchecked(recorded_id, subject, "NOT_SIGNED")
            return None
        signed: Signed | None = None
        header: Header | None = None
        with self.checks.guard(signed_id, subject):
            signed = read_signed(struct, item, self.policy.chain_id, self.pin.address)
            expected = self._expected(struct, item, signed, at)
            for name, wanted, found in expected:
                if wanted != found:
                    raise Refused("MESSAGE_FIELD", f"{name} differs", element=name, expected=_shown(wanted), found=_shown(found))
        if signed is None or self.checks.outcomes(signed_id):
            self.checks.unchecked(recorded_id, subject, "NOT_SIGNED")
            return None
        # The event's block gives the time at which the key must have been in force.
        with self.checks.guard(recorded_id, subject):
            header = self.bundle.header(item["event"]["block"], self.policy)
            verify_event(event_log(self.bundle, item["event"], header), signed, self.pin.address)
            self._pass_where_final(recorded_id, subject, item["event"]["block"], header)
        self._check_key(signed_id, subject, signed, role, header)
        if struct == eip712.CLAIM:
            self.claim = signed
        elif struct == eip712.VERDICT:
            self.verdict_signers.add(signed.signer)
        return signed

    def _pass_where_final(self, check_id: str, subject: str, block: int, header: Header) -> None:
        own = Checks()
        check_final(own, check_id, self.bundle, block, header, self.policy, self.log_proofs)
        odd = [check for check in own.items if check.outcome is not Outcome.PASS]
        self.checks.items.extend(odd or [Check(check_id, f"{subject}, block {header.number}", Outcome.PASS)])

    def _check_key(self, check_id: str, subject: str, signed: Signed, role: str, header: Header | None) -> None:
        keys = [
            key
            for key in self.policy.keys
            if key.address == signed.signer and key.role == role and sid("org", key.institution) == signed.values["org"]
        ]
        if not keys:
            self.checks.untrusted(
                check_id, subject, "SIGNER_UNKNOWN", f"a {role} of its institution in the policy", "0x" + signed.signer.hex()
            )
        elif header is None:
            self.checks.unchecked(check_id, subject, "HEADER_UNREAD")
        elif not any(key.is_valid_at(header.time) for key in keys):
            self.checks.untrusted(check_id, subject, "SIGNER_NOT_VALID", "a key in force at the block's time", str(header.time))
        else:
            self.checks.passed(check_id, f"{subject} by 0x{signed.signer.hex()}")

    def _expected(self, struct: str, item: Any, signed: Signed, at: int) -> list[tuple[str, object, object]]:
        values, subject = signed.values, self.bundle.subject
        org = sid("org", subject["institution"])
        if struct == eip712.CLAIM:
            start, end = self.bundle.bounds
            ids = sorted(commitment.record_id() for commitment in self.bundle.commitments)
            name = sid("claim", f"{subject['institution']}/{item['id']}")
            return [
                ("claim", name, values["claim"]),
                ("org", org, values["org"]),
                ("periodStart", start, values["periodStart"]),
                ("periodEnd", end, values["periodEnd"]),
                ("attestations", ids, sorted(values["attestations"])),
                ("verifiersRequired", True, values["verifiersRequired"] in (1, 2)),
            ]
        own = [("claim", self.claim.values["claim"] if self.claim else None, values["claim"]), ("org", True, values["org"] != org)]
        if struct == eip712.CERTIFICATE:
            return [*own, ("signer", False, signed.signer in self.verdict_signers)]
        result = item["result"]
        stated = {entry["dataset"]: (entry["root"], [int(total) for total in entry["totals"]]) for entry in result["datasets"]}
        return [
            *own,
            ("packageHash", self.claim.values["packageHash"] if self.claim else None, values["packageHash"]),
            ("resultHash", json_strict.digest(result), values["resultHash"].hex()),
            ("result.package", values["packageHash"].hex(), result["package"]),
            ("result.claim", values["claim"].hex(), result["claim"]),
            ("findingsHash", result["findings"], values["findingsHash"].hex()),
            ("opinion", eip712.OPINIONS.index(result["opinion"]) + 1, values["opinion"]),
            ("assurance", eip712.ASSURANCES.index(result["assurance"]) + 1, values["assurance"]),
            ("materialityBp", result["materiality_bp"], values["materialityBp"]),
            ("exceptions", result["opinion"] == "qualified", bool(result["exceptions"])),
            ("sequence", at, values["sequence"]),
            *(
                (f"result {commitment.dataset}", (commitment.root.hex(), list(commitment.totals)), stated.get(commitment.dataset))
                for commitment in self.bundle.commitments
            ),
        ]


def _check_status(run: _Run, read: ClaimRead, now: int) -> None:
    checks, policy, item = run.checks, run.policy, run.bundle.document["claim"]
    status, subject = item["status"], f"claim {item['id']}"
    owed = [check_id for check_id in claim_ids(run.bundle, policy) if check_id.startswith("status.")]
    if status is None:
        for check_id in owed:
            checks.unchecked(check_id, subject, "NO_STATUS")
        return
    header: Header | None = None
    with checks.guard("status.state", subject):
        header = run.bundle.header(status["block"], policy)
        _check_state(run, read, status, header, subject)
    if header is None:
        for check_id in owed[1:]:
            checks.unchecked(check_id, subject, "HEADER_UNREAD")
        return
    check_final(checks, "status.final", run.bundle, status["block"], header, policy, run.log_proofs)
    time = check_witnesses(checks, "status.witnessed", run.bundle, policy, final=checks.holds("status.final"))
    if policy.max_age is not None:
        # A cosignature dates the newest block of its checkpoint; an older block shows nothing of what was recorded since.
        newest = time is not None and header.number + 1 == checkpoint_size(run.bundle)
        shown = time if time is not None and newest else header.time
        if now - shown > policy.max_age:
            checks.unchecked("status.age", subject, "STATUS_OLD", at=str(shown), max_age=str(policy.max_age))
        elif shown - now > CLOCK_TOLERANCE:
            checks.unchecked("status.age", subject, "STATUS_AHEAD", at=str(shown), now=str(now))
        else:
            checks.passed("status.age", f"{subject} at {shown}")


def _check_state(run: _Run, read: ClaimRead, status: Any, header: Header, subject: str) -> None:
    checks, slots = run.checks, run.pin.slots
    slot, certificate_slot = slots.get("claims"), slots.get("certificates")
    if read.claim is None or (run.bundle.document["claim"]["certificate"] is not None and read.certificate is None):
        checks.unchecked("status.state", subject, "NOT_SIGNED")
        return
    if slot is None or certificate_slot is None:
        checks.unchecked("status.state", subject, "NO_POLICY_REGISTRY")
        return
    account = read_account(status, header, run.pin)
    state = read_claim_state(account, status["claim"], read.claim.values["claim"], slot)
    results = {signed.values["resultHash"] for signed in read.verdicts}
    _same("claim.structHash", read.claim.hash.hex(), state.struct_hash.hex())
    _same("claim.signer", read.claim.signer.hex(), state.signer.hex())
    _same("claim.verifiersRequired", read.claim.values["verifiersRequired"], state.verifiers_required)
    _same("claim.verdicts", len(run.bundle.document["claim"]["verdicts"]), state.verdicts)
    if state.verdicts and len(read.verdicts) == state.verdicts:
        _same("claim.resultHash", True, state.result_hash in results)
    _same("status.certificate", read.certificate is not None, status["certificate"] is not None)
    if (state.state == CERTIFIED) != (read.certificate is not None):
        raise Refused("STORAGE_WORD", "a certified claim has its certificate", element="claim.state", found=str(state.state))
    odd = _odd_claim(state.state)
    if read.certificate is not None:
        held = read_certificate_state(account, status["certificate"], read.certificate.values["certificate"], certificate_slot)
        _same("certificate.structHash", read.certificate.hash.hex(), held.struct_hash.hex())
        _same("certificate.signer", read.certificate.signer.hex(), held.signer.hex())
        _same("certificate.validFrom", read.certificate.values["validFrom"], held.valid_from)
        _same("certificate.validTo", read.certificate.values["validTo"], held.valid_to)
        odd = odd or _odd_certificate(held.status, held.valid_from, held.valid_to, header.time)
    if odd is None:
        checks.passed("status.state", f"{subject}, {CLAIM_STATES[state.state]} at block {header.number}")
    else:
        checks.not_in_force("status.state", subject, odd[0], odd[1], odd[2])


def _odd_claim(state: int) -> tuple[str, str, str] | None:
    if state in (ATTESTED, CERTIFIED):
        return None
    return "CLAIM_STATE", "attested or certified", CLAIM_STATES[state] if state < len(CLAIM_STATES) else str(state)


def _odd_certificate(status: int, start: int, end: int, time: int) -> tuple[str, str, str] | None:
    if status != 1:
        return "CERTIFICATE_STATE", "in force", CERTIFICATE_STATES[status] if status < len(CERTIFICATE_STATES) else str(status)
    if not start <= time < end:
        return "CERTIFICATE_WINDOW", f"[{start}, {end})", str(time)
    return None


def _same(element: str, expected: object, found: object) -> None:
    if expected != found:
        raise Refused("STORAGE_WORD", f"{element} differs", element=element, expected=str(expected), found=str(found))


def _shown(value: object) -> str:
    if isinstance(value, bytes):
        return value.hex()
    if isinstance(value, list):
        return str([item.hex() if isinstance(item, bytes) else item for item in value])[:400]
    return str(value)[:400]
