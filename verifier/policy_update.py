"""Check that one policy may follow another: nothing is trusted on the newcomer's word alone (bundle.md §3)."""

from __future__ import annotations

from verifier.check_policy import check_policy
from verifier.checks import Checks
from verifier.policy import Policy


def check_update(new: Policy, old: Policy | None, policy_key: str | None, now: int) -> Checks:
    """Answer policy.signature and policy.validity of `new`, and with `old` the checks of its succession.

    With the old policy in hand, its signers' threshold under the new one is what trust passes on by; `policy_key` is then not needed.
    """
    checks = Checks()
    subject = f"policy version {new.version}"
    if old is None:
        check_policy(checks, new, policy_key, now)
        return checks
    # 1. The old policy itself is one that its own signers signed, and the caller's key says that it is the one they know.
    if not old.signatures_hold():
        checks.failed(
            "policy.old", f"policy version {old.version}", "POLICY_SIGNATURE", f"{old.threshold} signers", "fewer, or a wrong one"
        )
    elif policy_key is None:
        checks.unchecked("policy.old", f"policy version {old.version}", "NO_POLICY_KEY")
    elif not all(old.is_signed_by(key) for key in policy_key.split(",")):
        found = ", ".join(item.public_key.hex() for item in old.signatures if item.holds)
        checks.failed("policy.old", f"policy version {old.version}", "POLICY_KEY", policy_key, found)
    else:
        checks.passed("policy.old", f"policy version {old.version}")
    # 2. The new one follows it: version, chain, hash.
    before = len(checks.items)
    for name, holds, expected, found in (
        ("version", int(new.version) > int(old.version), f"more than {old.version}", new.version),
        ("chain.id", new.chain_id == old.chain_id, str(old.chain_id), str(new.chain_id)),
        ("chain.genesis", new.genesis == old.genesis, old.genesis, new.genesis),
        ("previous", new.previous == old.digest, old.digest, new.previous or "null"),
    ):
        if not holds:
            checks.failed("policy.follows", f"{subject} {name}", "POLICY_FOLLOWS", expected, found)
    if len(checks.items) == before:
        checks.passed("policy.follows", subject)
    # 3. Signed by the old threshold of the old signers, and by its own.
    for id, threshold, signers in (
        ("policy.signed_by_old", old.threshold, old.signers),
        ("policy.signed_by_own", new.threshold, new.signers),
    ):
        if new.signatures_hold(threshold, signers):
            checks.passed(id, subject)
        else:
            held = sum(item.holds for item in new.signatures if item.public_key in signers)
            checks.failed(id, subject, "POLICY_SIGNATURE", f"{threshold} of {len(signers)} signers over this policy", f"{held} hold")
    return checks
