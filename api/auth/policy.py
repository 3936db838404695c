"""The one table of who may do what: operation × roles × tenancy. A route without an entry stops the application from starting.

The tenancy tests read this table and docs/openapi.json, and try every combination. The services check the two-person rule and the owner of
every object on their own; this table is the first of two lines.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

Tenancy = Literal["public", "shared", "own", "path", "object"]
"""public: no token. shared: the same answer whoever asks. own: acts for the token's institution. path: the institution stands in the path.
object: the id names something of one institution. For path and object another institution's is answered 404."""

BANK = frozenset({"preparer", "approver"})
OVERSIGHT = frozenset({"auditor", "operator", "verifier", "certifier"})
"""Roles whose work is with every institution's records; they read across institutions."""
CENTRE = frozenset({"librarian", "publisher", "verifier", "certifier", "admin", "operator"})
EVERYONE = BANK | CENTRE | frozenset({"auditor", "government", "meter", "logkeeper"})
READERS = BANK | OVERSIGHT
LIBRARY = frozenset({"librarian", "publisher"})


@dataclass(frozen=True)
class Rule:
    """Who may call one operation. `once`: it creates something, so Idempotency-Key is required."""

    operation: str
    roles: frozenset[str]
    tenancy: Tenancy
    once: bool = False


def _rule(operation: str, roles: frozenset[str] | set[str], tenancy: Tenancy, *, once: bool = False) -> Rule:
    return Rule(operation, frozenset(roles), tenancy, once)


RULES: tuple[Rule, ...] = (
    _rule("me.get", EVERYONE, "own"),
    _rule("institutions.create", {"admin", "operator"}, "shared", once=True),
    _rule("institutions.list", EVERYONE, "shared"),
    _rule("institutions.get", EVERYONE, "path"),
    _rule("commitment_keys.set", {"preparer"}, "path"),
    _rule("commitment_keys.forget", {"approver"}, "path"),
    _rule("participant_actions.create", {"admin", "operator"}, "path", once=True),
    _rule("participant_actions.list", BANK | OVERSIGHT | {"admin"}, "path"),
    _rule("participant_keys.list", EVERYONE, "path"),
    _rule("organisations.create", {"preparer"}, "path", once=True),
    _rule("organisations.get", READERS, "path"),
    _rule("meters.create", {"preparer"}, "path", once=True),
    _rule("meters.list", READERS | {"meter"}, "path"),
    _rule("meters.assign", {"preparer"}, "path", once=True),
    _rule("meters.main", {"preparer"}, "path", once=True),
    _rule("fittings.create", {"preparer"}, "path", once=True),
    _rule("fittings.list", READERS | {"meter"}, "path"),
    _rule("meters.validate", READERS, "path"),
    _rule("meters.forecast", READERS, "path"),
    _rule("meters.anomalies", READERS, "path"),
    _rule("gaps.list", READERS, "path"),
    _rule("estimates.create", {"preparer"}, "path", once=True),
    _rule("edits.create", {"preparer"}, "path", once=True),
    _rule("edits.list", READERS, "path"),
    _rule("bills.create", {"preparer"}, "path", once=True),
    _rule("bills.list", READERS, "path"),
    _rule("bills.withdraw", {"preparer"}, "path", once=True),
    _rule("devices.create", {"preparer"}, "path", once=True),
    _rule("devices.list", READERS | {"meter"}, "path"),
    # Its answer is a secret, so it is not stored to be given again.
    _rule("enrolment_codes.create", {"preparer"}, "path"),
    _rule("enrolments.create", frozenset(), "public"),
    _rule("device_keys.list", READERS | {"meter"}, "path"),
    _rule("device_keys.revoke", {"preparer"}, "path", once=True),
    _rule("device_alarms.list", READERS, "path"),
    _rule("periods.create", {"preparer"}, "path", once=True),
    _rule("periods.list", READERS, "path"),
    _rule("periods.get", READERS, "path"),
    _rule("telemetry.create", {"preparer", "meter"}, "path", once=True),
    _rule("telemetry.send", {"preparer", "meter"}, "own"),
    _rule("telemetry.list", READERS | {"meter"}, "path"),
    _rule("telemetry.get", READERS | {"meter"}, "path"),
    _rule("telemetry.body", READERS | {"meter"}, "path"),
    _rule("log.get", READERS | {"meter", "logkeeper"}, "path"),
    _rule("log.proof", READERS | {"meter", "logkeeper"}, "path"),
    _rule("log.consistency", READERS | {"meter", "logkeeper"}, "path"),
    _rule("activity.create", {"preparer"}, "path", once=True),
    _rule("activity.get", READERS, "path"),
    _rule("workbooks.get", READERS, "path"),
    _rule("statements.create", {"preparer"}, "path", once=True),
    _rule("statements.list", READERS, "path"),
    _rule("statements.get", READERS, "object"),
    _rule("statements.document", READERS, "object"),
    _rule("statements.lines", READERS, "object"),
    _rule("statements.findings", READERS, "object"),
    _rule("statements.comparison", READERS, "object"),
    _rule("statements.answers", READERS, "object"),
    _rule("statements.answer", BANK, "object", once=True),
    _rule("statements.signing_request", BANK, "object"),
    _rule("statements.claim_request", {"approver"}, "object"),
    _rule("statements.package", READERS, "object"),
    _rule("statements.proof", READERS, "object"),
    _rule("statements.bundle", READERS, "object"),
    _rule("statements.leaf_bundle", READERS, "object"),
    _rule("financed.bundle", READERS, "object"),
    _rule("claims.bundle", READERS, "object"),
    _rule("financed.create", {"preparer"}, "path", once=True),
    _rule("financed.list", READERS, "path"),
    _rule("financed.get", READERS, "object"),
    _rule("financed.document", READERS, "object"),
    _rule("financed.leaves", READERS, "object"),
    _rule("financed.signing_request", BANK, "object"),
    _rule("financed.attest", {"approver"}, "object", once=True),
    _rule("financed.attestation", READERS, "object"),
    _rule("financed.anchor", READERS, "object"),
    _rule("financed.package", READERS, "object"),
    _rule("financed.overview", OVERSIGHT | {"admin", "government"}, "shared"),
    _rule("reductions.create", {"preparer"}, "path", once=True),
    _rule("reductions.list", READERS, "path"),
    _rule("reductions.get", READERS, "object"),
    _rule("reductions.document", READERS, "object"),
    _rule("reductions.evidence", READERS, "object"),
    _rule("reductions.signing_request", BANK, "object"),
    _rule("reductions.attest", {"approver"}, "object", once=True),
    _rule("reductions.attestation", READERS, "object"),
    _rule("reductions.anchor", READERS, "object"),
    _rule("reductions.bundle", READERS, "object"),
    _rule("attributions.create", {"preparer"}, "path", once=True),
    _rule("attributions.own_findings", READERS, "path"),
    _rule("attributions.findings", OVERSIGHT | {"admin"}, "shared"),
    _rule("attestations.create", {"approver"}, "own", once=True),
    _rule("attestations.list", READERS, "own"),
    _rule("attestations.get", READERS, "object"),
    _rule("anchors.list", READERS, "own"),
    _rule("anchors.get", READERS, "object"),
    _rule("anchors.proof", READERS, "object"),
    _rule("claims.create", {"approver"}, "own", once=True),
    _rule("claims.list", READERS, "own"),
    _rule("claims.get", READERS, "object"),
    _rule("claims.package", READERS, "object"),
    _rule("verdict_commitments.create", {"verifier"}, "own", once=True),
    _rule("verdict_commitments.list", READERS, "object"),
    _rule("verdicts.create", {"verifier"}, "own", once=True),
    _rule("verdicts.list", READERS, "object"),
    _rule("verdicts.result", READERS, "object"),
    _rule("samples.create", {"verifier"}, "own", once=True),
    _rule("samples.list", READERS, "own"),
    _rule("samples.get", READERS, "object"),
    _rule("samples.proof", READERS, "object"),
    _rule("samples.reveal", {"verifier"}, "own", once=True),
    _rule("samples.record", {"verifier"}, "own", once=True),
    _rule("resolutions.create", {"certifier"}, "own", once=True),
    _rule("resolutions.list", READERS, "object"),
    _rule("library_releases.create", {"librarian"}, "own", once=True),
    _rule("library_releases.publish", {"publisher"}, "shared", once=True),
    _rule("library_releases.list", EVERYONE, "shared"),
    _rule("library_releases.get", EVERYONE, "shared"),
    _rule("library_releases.impact", BANK | LIBRARY, "own"),
    _rule("library_drafts.create", {"librarian"}, "shared", once=True),
    _rule("library_drafts.derive", {"librarian"}, "shared", once=True),
    _rule("library_drafts.list", LIBRARY, "shared"),
    _rule("library_drafts.get", LIBRARY, "shared"),
    _rule("library_diffs.get", EVERYONE, "shared"),
    _rule("factors.users", READERS | LIBRARY, "own"),
    _rule("local_factors.create", {"preparer"}, "path", once=True),
    _rule("local_factors.list", READERS | LIBRARY, "own"),
    _rule("local_factors.get", READERS | LIBRARY, "object"),
    _rule("local_factors.review", {"librarian"}, "object", once=True),
    _rule("analysis.get", READERS | CENTRE, "path"),
    _rule("analysis_policies.create", {"preparer"}, "path", once=True),
    _rule("analysis_policies.get", READERS | CENTRE, "path"),
    _rule("checkpoints.latest", EVERYONE, "shared"),
    _rule("log_checkpoints.request", {"approver", "logkeeper"}, "path"),
    _rule("log_checkpoints.create", {"approver", "logkeeper"}, "path", once=True),
    _rule("chain.get", EVERYONE, "shared"),
    _rule("policy_facts.get", {"admin", "operator", "auditor"}, "shared"),
    _rule("checkpoints.consistency", EVERYONE, "shared"),
    _rule("drift.get", {"auditor", "operator"}, "shared"),
    _rule("audit_log.list", {"auditor", "operator"}, "shared"),
)

_BY_OPERATION = {rule.operation: rule for rule in RULES}


def get_rule(operation: str) -> Rule:
    """Return the rule of this operation.

    Raises:
        KeyError: the table has no entry: the application must not start.
    """
    return _BY_OPERATION[operation]
