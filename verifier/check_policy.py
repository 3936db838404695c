"""Check the policy itself, and the library against it."""

from __future__ import annotations

from datetime import UTC, datetime

from verifier.checks import Checks
from verifier.policy import Policy


def instant(seconds: int) -> str:
    """Return Unix seconds as an instant, for people."""
    if not 0 <= seconds < 253402300800:
        return str(seconds)
    return datetime.fromtimestamp(seconds, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def check_policy(checks: Checks, policy: Policy | None, policy_key: str | None, now: int) -> None:
    """Answer policy.signature and policy.validity.

    `policy_key` is one signer's key or fingerprint, or several separated by commas: each of them must have signed.
    """
    # 1. The signatures: by keys that the caller knows from elsewhere. Without such a key a signature proves nothing.
    if policy is None:
        checks.unchecked("policy.signature", "policy", "NO_POLICY")
        checks.unchecked("policy.validity", "policy", "NO_POLICY")
        return
    subject = f"policy version {policy.version}"
    if not policy.signatures_hold():
        held = sum(item.holds for item in policy.signatures if item.public_key in policy.signers)
        wanted = f"{policy.threshold} of {len(policy.signers)} signers over this policy"
        checks.failed("policy.signature", subject, "POLICY_SIGNATURE", wanted, f"{held} of {len(policy.signatures)} signatures hold")
    elif policy_key is None:
        checks.unchecked("policy.signature", subject, "NO_POLICY_KEY")
    elif not all(policy.is_signed_by(key) for key in policy_key.split(",")):
        found = ", ".join(item.public_key.hex() for item in policy.signatures if item.holds)
        checks.failed("policy.signature", subject, "POLICY_KEY", policy_key, found)
    else:
        checks.passed("policy.signature", subject)
    # 2. The validity: with the clock that was passed in.
    if now < policy.issued:
        checks.not_in_force("policy.validity", subject, "POLICY_NOT_YET", instant(policy.issued), instant(now))
    elif policy.expires is not None and now >= policy.expires:
        checks.not_in_force("policy.validity", subject, "POLICY_EXPIRED", instant(policy.expires), instant(now))
    else:
        checks.passed("policy.validity", subject)


def check_library_trusted(checks: Checks, library_hash: str, policy: Policy | None) -> None:
    """Answer library.trusted as far as the policy goes."""
    subject = f"library {library_hash[:16]}"
    if policy is None:
        checks.unchecked("library.trusted", subject, "NO_POLICY")
    elif library_hash not in policy.libraries:
        checks.untrusted("library.trusted", subject, "LIBRARY_UNLISTED", "one of " + ", ".join(sorted(policy.libraries)), library_hash)
    else:
        checks.passed("library.trusted", subject)
