"""Every use case × every kind of caller: who may, who is told that they may not, and for whom the bank does not exist.

A function of a service that takes a `Work` and has no row here fails the first test: it is a use case without a decision about its callers.
"""

from __future__ import annotations

import contextlib
import functools
import importlib
import inspect
import pkgutil
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import date

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

import ledger.services
from ledger.accounting.financed.matching import Matcher, MatchingKey
from ledger.chain.typed_data import SetStanding
from ledger.errors import Conflict, Forbidden, InputError, LedgerError, NotFound, SignatureRefused
from ledger.identifiers import sid
from ledger.indicators.shipped import shipped_bytes
from ledger.records import canonical
from ledger.records.names import Name
from ledger.services import (
    activity,
    activity_tables,
    analysis,
    analysis_policies,
    anchors,
    answers,
    attestations,
    attributions,
    audit,
    bundles,
    chain_facts,
    checkpoints,
    claims,
    comparison,
    dataset_signing,
    device_alarms,
    devices,
    disputes,
    drift,
    edits,
    financed,
    financed_overview,
    financed_packages,
    fittings,
    gaps,
    institutions,
    library,
    library_diff,
    library_drafts,
    library_impact,
    library_reference,
    library_users,
    local_factors,
    log_proofs,
    meter_bills,
    meter_history,
    meter_outlook,
    meters,
    organisation,
    outbox,
    packages,
    participants,
    periods,
    policy,
    reductions,
    reductions_compute,
    samples,
    signing_request,
    statements,
    telemetry,
    tokens,
    verdict_commitments,
    verdicts,
)
from ledger.services.context import ROLES, SEES_EVERY_INSTITUTION, Actor, Work
from ledger.store.repositories.devices import compute_kid
from ledger.workbook.organisation_sheet import read_organisation_csv
from tests.product import LIBRARIAN, VERIFIER, Town, person, preparer
from tests.services import projects
from tests.services.books import SCHEME, readings, verdict_on
from tests.services.conftest import Template, reopen
from tests.services.enrolling import enrol
from tests.services.lending import attest_loans, hand_in, write_vault
from tests.services.test_library_work import steam
from tests.services.test_registers import scheme
from tests.whole.scene import tree

LIBRARY = canonical.digest(canonical.load(shipped_bytes()))


def withdraw_bill(work: Work) -> None:
    """Withdraw a bill that the same caller recorded, where that one may."""
    stated = {
        "bill": "b",
        "first_day": "2025-03-01",
        "last_day": "2025-03-02",
        "value": "1",
        "unit": "kWh",
        "reference": "r",
        "sha256": None,
    }
    with contextlib.suppress(Forbidden, NotFound):
        meter_bills.record_bill(work, "oak", "M-1", stated)
    meter_bills.withdraw_bill(work, "oak", "M-1", "b", "why")


WINDOW = meter_history.Window(date(2025, 3, 1), date(2025, 3, 2), "Asia/Shanghai")
TABLES = activity_tables.ReadTables("oak", "2025-03", {"records": []}, ())
DEVICE_KEY = Ed25519PrivateKey.from_private_bytes(b"d" * 32)
KID = compute_kid(DEVICE_KEY.public_key().public_bytes_raw())
SIGNATURE = "0x" + "11" * 65
SAMPLE = "ab" * 32
PLANT = canonical.digest(projects.plant())
NO_PROJECTS = reductions_compute.ComputedReductions("first", (), (), ())
MATCHING = attributions.Matching("oak", "2025-03", "pcaf_2", Matcher(MatchingKey(bytes(32)), "2025-03"))
OWN, VISIBLE, ROLE, EVERYBODY = "own", "visible", "role", "everybody"
OVERSIGHT = ("admin", "operator", "auditor", "verifier", "certifier")
BANK_ROLES = ("preparer", "approver", "meter", "logkeeper")

HELPERS = {
    "activity": {"keep_activity", "load_activity_row"},
    "analysis_policies": {"all_periods"},
    "anchors": {"attested"},
    "attestations": {"attestation_view", "require_library"},
    "attested": {"latest_attestations", "list_rows", "live_attestations", "load_row"},
    "audit": {"record"},
    "claims": {"claim_view", "load_claim_row"},
    "context": {"require_own", "require_role", "require_visible"},
    "dataset_statements": {"find_live", "find_state", "load_row", "next_revision", "tree_context"},
    "financed": {"load_leaves"},
    "financed_checks": {"check_financed_statements", "check_signed"},
    "history": {"find_stated", "load_earlier", "load_history", "load_stated"},
    "library": {"find_release_in_force"},
    "log_proofs": {"build_log_proof"},
    "library_reference": {"load_release", "load_release_in_force"},
    "meter_bills": {"load_bills"},
    "meter_history": {"chosen_meters", "load_history", "validate_period"},
    "meters": {"all_meters", "get_meter_row"},
    "organisation": {"load_organisation"},
    "packages": {"keep_package"},
    "period_meters": {"gather_meters"},
    "periods": {"load_period_row"},
    "reductions": {"commit_lines", "load_committed"},
    "reductions_checks": {"check_reduction_statements"},
    "reductions_compute": {"compute_submission", "stored_series"},
    "sample_dataset": {"load_anchored_dataset"},
    "sample_log": {"append_step", "find_anchored_size", "list_samples_of", "visible_samples"},
    "signable": {"find_slips", "require_signable"},
    "signing": {"queue", "receive", "signed_columns"},
    "statement_inputs": {"gather_inputs", "judge_inputs"},
    "statement_state": {"attestation_states", "find_statement_state", "last_attested"},
    "stored_statement": {"contract_bytes", "load_commitments", "load_keys", "load_records", "load_statement_row"},
    "transactions": {"find_transaction"},
    # The operator's command on the machine itself, where no token is asked for.
    "fsck": {"check_house", "check_stored_statement"},
    "kept_checks": {"check_audited", "check_signed"},
}
"""What services call of each other, after the use case has decided."""


@dataclass(frozen=True)
class Row:
    """A use case on oak's books. `own`: a role at oak itself; `visible`: whoever sees oak; `role`: a role, anywhere."""

    name: str
    scope: str
    roles: tuple[str, ...]
    call: Callable[[Work], object]


def read_and_submit(work: Work) -> object:
    """Take telemetry that somebody else read: the second step decides for itself."""
    reader = Work(work.session, work.clock, person("oak.preparer", "oak", "preparer"), work.house)
    received = telemetry.read_telemetry(reader, "oak", [readings("M-1")], "text/csv")
    return telemetry.submit_telemetry(work, "oak", received)


def of_each_kind(use_case: Callable[..., object], *arguments: object) -> Callable[[Work], object]:
    """A use case of statements of one dataset: financed ones and those of reductions meet a caller alike."""

    def call(work: Work) -> object:
        met = []
        for kind in (financed.FINANCED_KIND, reductions.REDUCTIONS_KIND):
            try:
                met.append(use_case(work, kind, *arguments))
            except LedgerError as error:
                met.append(error)
        assert type(met[0]) is type(met[1]), met
        if isinstance(met[0], LedgerError):
            raise met[0]
        return met

    return call


ROWS = (
    Row("activity.submit_activity", OWN, ("preparer",), lambda work: activity.submit_activity(work, "oak", "2025-03", {})),
    Row("activity.get_activity", VISIBLE, (), lambda work: activity.get_activity(work, "oak", "2025-03")),
    Row(
        "activity_tables.read_activity_workbook",
        OWN,
        ("preparer",),
        lambda work: activity_tables.read_activity_workbook(work, "oak", "2025-03", b""),
    ),
    Row(
        "activity_tables.read_activity_csv",
        OWN,
        ("preparer",),
        lambda work: activity_tables.read_activity_csv(work, "oak", "2025-03", b""),
    ),
    Row("activity_tables.submit_activity_tables", OWN, ("preparer",), lambda work: activity_tables.submit_activity_tables(work, TABLES)),
    Row(
        "activity_tables.make_activity_workbook",
        VISIBLE,
        (),
        lambda work: activity_tables.make_activity_workbook(work, "oak", "2025-03"),
    ),
    Row("activity_tables.make_activity_csv", VISIBLE, (), lambda work: activity_tables.make_activity_csv(work, "oak", "2025-03")),
    Row("analysis.get_analysis", VISIBLE, (), lambda work: analysis.get_analysis(work, "oak")),
    Row("analysis_policies.get_analysis_policy", VISIBLE, (), lambda work: analysis_policies.get_analysis_policy(work, "oak")),
    Row(
        "analysis_policies.submit_analysis_policy",
        OWN,
        ("preparer",),
        lambda work: analysis_policies.submit_analysis_policy(work, "oak", {}),
    ),
    Row("anchors.get_anchor", VISIBLE, (), lambda work: anchors.get_anchor(work, "1")),
    Row("anchors.get_anchor_proof", VISIBLE, (), lambda work: anchors.get_anchor_proof(work, "1")),
    Row(
        "anchors.get_leaf_proof",
        VISIBLE,
        (),
        lambda work: anchors.get_leaf_proof(work, "1", "OPERATIONAL", "line/hq/fuel.petrol.vehicles"),
    ),
    Row("anchors.list_anchors", VISIBLE, (), lambda work: anchors.list_anchors(work, "oak", 10, None)),
    Row("answers.answer_finding", OWN, ("preparer", "approver"), lambda work: answers.answer_finding(work, "1", "X", "/", "reason")),
    Row("answers.list_answers", VISIBLE, (), lambda work: answers.list_answers(work, "1")),
    Row("attestations.submit_attestation", OWN, ("approver",), lambda work: attestations.submit_attestation(work, "1", [])),
    Row("attestations.get_attestation", VISIBLE, (), lambda work: attestations.get_attestation(work, "1")),
    Row("attestations.list_attestations", VISIBLE, (), lambda work: attestations.list_attestations(work, "oak", 10, None)),
    Row("audit.list_audit_log", ROLE, ("auditor", "operator"), lambda work: audit.list_audit_log(work, 10, None)),
    Row("bundles.get_statement_bundle", VISIBLE, (), lambda work: bundles.get_statement_bundle(work, "1")),
    Row(
        "bundles.get_leaf_bundle",
        VISIBLE,
        (),
        lambda work: bundles.get_leaf_bundle(work, "1", "OPERATIONAL", "line/hq/fuel.petrol.vehicles"),
    ),
    Row("bundles.get_financed_bundle", VISIBLE, (), lambda work: bundles.get_financed_bundle(work, "1")),
    Row("bundles.get_reductions_bundle", VISIBLE, (), lambda work: bundles.get_reductions_bundle(work, "1")),
    Row("bundles.get_claim_bundle", VISIBLE, (), lambda work: bundles.get_claim_bundle(work, "oak:c1")),
    Row("chain_facts.get_chain", EVERYBODY, (), chain_facts.get_chain),
    Row("checkpoints.latest_checkpoint", EVERYBODY, (), checkpoints.latest_checkpoint),
    Row("checkpoints.consistency", EVERYBODY, (), lambda work: checkpoints.consistency(work, 1, 2)),
    Row("checkpoints.log_checkpoint_request", OWN, ("approver", "logkeeper"), lambda work: checkpoints.log_checkpoint_request(work, "oak")),
    Row(
        "checkpoints.submit_log_checkpoint",
        OWN,
        ("approver", "logkeeper"),
        lambda work: checkpoints.submit_log_checkpoint(work, "oak", {}, SIGNATURE),
    ),
    Row("claims.prepare_claim", OWN, ("approver",), lambda work: claims.prepare_claim(work, "1", SCHEME, "c2")),
    Row("claims.submit_claim", OWN, ("approver",), lambda work: claims.submit_claim(work, "oak", "1", "c2", SCHEME, {}, SIGNATURE)),
    Row("claims.get_claim", VISIBLE, (), lambda work: claims.get_claim(work, "oak:c1")),
    Row("claims.get_claim_package", VISIBLE, (), lambda work: claims.get_claim_package(work, "oak:c1")),
    Row("claims.list_claims", VISIBLE, (), lambda work: claims.list_claims(work, "oak", 10, None)),
    Row("comparison.compare_statement", VISIBLE, (), lambda work: comparison.compare_statement(work, "1")),
    Row(
        "attributions.open_matching",
        OWN,
        ("preparer",),
        lambda work: attributions.open_matching(work, "oak", "2025-03", "pcaf_2"),
    ),
    Row("attributions.submit_attributions", OWN, ("preparer",), lambda work: attributions.submit_attributions(work, MATCHING)),
    Row(
        "attributions.list_attribution_findings",
        ROLE,
        OVERSIGHT,
        lambda work: attributions.list_attribution_findings(work, "2025-03", "pcaf_2", 10, None),
    ),
    Row(
        "attributions.list_own_attribution_findings",
        VISIBLE,
        (),
        lambda work: attributions.list_own_attribution_findings(work, "oak", "2025-03", "pcaf_2", 10, None),
    ),
    Row("dataset_signing.get_anchor", VISIBLE, (), of_each_kind(dataset_signing.get_anchor, "1")),
    Row("dataset_signing.get_attestation", VISIBLE, (), of_each_kind(dataset_signing.get_attestation, "1")),
    Row("dataset_signing.get_signing_request", VISIBLE, (), of_each_kind(dataset_signing.get_signing_request, "1")),
    Row(
        "dataset_signing.submit_attestation",
        OWN,
        ("approver",),
        of_each_kind(dataset_signing.submit_attestation, "1", {}, SIGNATURE),
    ),
    Row("financed.read_financed", OWN, ("preparer",), lambda work: financed.read_financed(work, "oak", "2025-03", {})),
    Row(
        "financed.submit_financed",
        OWN,
        ("preparer",),
        lambda work: financed.submit_financed(work, financed.ReadFinanced("oak", "2025-03", None, ())),
    ),
    Row("financed.get_financed", VISIBLE, (), lambda work: financed.get_financed(work, "1")),
    Row("financed.get_financed_document", VISIBLE, (), lambda work: financed.get_financed_document(work, "1")),
    Row("financed.get_financed_leaves", VISIBLE, (), lambda work: financed.get_financed_leaves(work, "1")),
    Row("financed.list_financed", VISIBLE, (), lambda work: financed.list_financed(work, "oak", None, 10, None)),
    Row(
        "financed_overview.get_financed_overview",
        ROLE,
        (*OVERSIGHT, "government"),
        lambda work: financed_overview.get_financed_overview(work, "2025-03"),
    ),
    Row("financed_packages.get_financed_package", VISIBLE, (), lambda work: financed_packages.get_financed_package(work, "1")),
    Row(
        "institutions.create_institution",
        ROLE,
        ("admin", "operator"),
        lambda work: institutions.create_institution(
            work, id="ash", kind="bank", name=Name("Ash", "白蜡"), timezone="Asia/Shanghai", region="CN-ZJ"
        ),
    ),
    Row("institutions.get_institution", VISIBLE, (), lambda work: institutions.get_institution(work, "oak")),
    Row("institutions.list_institutions", EVERYBODY, (), lambda work: institutions.list_institutions(work, 10, None)),
    Row("institutions.set_commitment_key", OWN, ("preparer",), lambda work: institutions.set_commitment_key(work, "oak", bytes(32))),
    Row("institutions.forget_commitment_key", OWN, ("approver",), lambda work: institutions.forget_commitment_key(work, "oak")),
    Row("library.get_release", EVERYBODY, (), lambda work: library.get_release(work, LIBRARY)),
    Row("library.list_releases", EVERYBODY, (), lambda work: library.list_releases(work, 10, None)),
    Row("library.propose_release", ROLE, ("librarian",), lambda work: library.propose_release(work, scheme("x"), {}, SIGNATURE)),
    Row("library.publish_release", ROLE, ("publisher",), lambda work: library.publish_release(work, LIBRARY, {}, SIGNATURE)),
    Row("library_diff.diff_releases", EVERYBODY, (), lambda work: library_diff.diff_releases(work, LIBRARY, LIBRARY)),
    Row(
        "library_drafts.draft_from",
        ROLE,
        ("librarian",),
        lambda work: library_drafts.draft_from(work, LIBRARY, "next", date(2027, 1, 1)),
    ),
    Row("library_drafts.save_draft", ROLE, ("librarian",), lambda work: library_drafts.save_draft(work, {})),
    Row("library_drafts.get_draft", ROLE, ("librarian", "publisher"), lambda work: library_drafts.get_draft(work, "draft")),
    Row("library_drafts.list_drafts", ROLE, ("librarian", "publisher"), lambda work: library_drafts.list_drafts(work, 10, None)),
    Row(
        "library_impact.preview_impact",
        ROLE,
        ("librarian", "publisher", "preparer", "approver"),
        lambda work: library_impact.preview_impact(work, LIBRARY),
    ),
    Row(
        "library_users.find_factor_users",
        ROLE,
        ("librarian", "publisher", "preparer", "approver", "auditor", "operator", "verifier", "certifier"),
        lambda work: library_users.find_factor_users(work, "grid_average.cn.2023"),
    ),
    Row("local_factors.submit_local_factor", OWN, ("preparer",), lambda work: local_factors.submit_local_factor(work, "oak", {})),
    Row("local_factors.get_local_factor", VISIBLE, (), lambda work: local_factors.get_local_factor(work, "1")),
    Row("local_factors.list_local_factors", VISIBLE, (), lambda work: local_factors.list_local_factors(work, "oak", 10, None)),
    Row(
        "local_factors.review_local_factor",
        ROLE,
        ("librarian",),
        lambda work: local_factors.review_local_factor(work, "1", "perhaps", "reason"),
    ),
    Row("meters.list_meters", VISIBLE, (), lambda work: meters.list_meters(work, "oak", 10, None)),
    Row(
        "meters.register_meter",
        OWN,
        ("preparer",),
        lambda work: meters.register_meter(work, "oak", id="M-2", unit="hq", quantity="el.import", interval_minutes=15),
    ),
    Row("meters.assign_device", OWN, ("preparer",), lambda work: meters.assign_device(work, "oak", "M-1", None)),
    Row("meters.assign_main", OWN, ("preparer",), lambda work: meters.assign_main(work, "oak", "M-1", None)),
    Row("fittings.record_fitting", OWN, ("preparer",), lambda work: fittings.record_fitting(work, "oak", "M-1", {})),
    Row("fittings.list_fittings", VISIBLE, (), lambda work: fittings.list_fittings(work, "oak", "M-1")),
    Row("meter_history.find_window", VISIBLE, (), lambda work: meter_history.find_window(work, "oak")),
    Row("meter_outlook.read_outlook_series", VISIBLE, (), lambda work: meter_outlook.read_outlook_series(work, "oak", "M-1")),
    Row("meter_history.validate_meters", VISIBLE, (), lambda work: meter_history.validate_meters(work, "oak", WINDOW, "M-1")),
    Row("gaps.find_gaps", VISIBLE, (), lambda work: gaps.find_gaps(work, "oak", WINDOW, "M-1")),
    Row("edits.record_edit", OWN, ("preparer",), lambda work: edits.record_edit(work, "oak", "M-1", {})),
    Row("edits.apply_estimates", OWN, ("preparer",), lambda work: edits.apply_estimates(work, "oak", "M-1", WINDOW, reason="off")),
    Row("edits.list_edits", VISIBLE, (), lambda work: edits.list_edits(work, "oak", "M-1", 10, None)),
    Row("meter_bills.record_bill", OWN, ("preparer",), lambda work: meter_bills.record_bill(work, "oak", "M-1", {})),
    Row("meter_bills.withdraw_bill", OWN, ("preparer",), lambda work: withdraw_bill(work)),
    Row("meter_bills.list_bills", VISIBLE, (), lambda work: meter_bills.list_bills(work, "oak", "M-1")),
    Row(
        "devices.register_device",
        OWN,
        ("preparer",),
        lambda work: devices.register_device(work, "oak", id="gw-2", kind="gateway", site="hq", serial="G-2"),
    ),
    Row("devices.list_devices", VISIBLE, (), lambda work: devices.list_devices(work, "oak", 10, None)),
    Row("devices.issue_enrolment_code", OWN, ("preparer",), lambda work: devices.issue_enrolment_code(work, "oak", "gw-1")),
    Row("devices.is_code_known", EVERYBODY, (), lambda work: devices.is_code_known(work, "K7QWD")),
    Row(
        "devices.enrol_device",
        EVERYBODY,
        (),
        lambda work: devices.enrol_device(work, code="K7QWD", public_key=bytes(32), serial="x", proof=bytes(64)),
    ),
    Row("device_alarms.list_device_alarms", VISIBLE, (), lambda work: device_alarms.list_device_alarms(work, "oak", 10, None)),
    Row("devices.list_device_keys", VISIBLE, (), lambda work: devices.list_device_keys(work, "oak", "gw-1")),
    Row(
        "devices.revoke_device_key",
        OWN,
        ("preparer",),
        lambda work: devices.revoke_device_key(work, "oak", "gw-1", KID, last_seq=5, reason="lost"),
    ),
    Row("log_proofs.get_log", VISIBLE, (), lambda work: log_proofs.get_log(work, "oak")),
    Row("log_proofs.get_log_proof", VISIBLE, (), lambda work: log_proofs.get_log_proof(work, "oak", 0, None, None)),
    Row("log_proofs.get_log_consistency", VISIBLE, (), lambda work: log_proofs.get_log_consistency(work, "oak", 1, 1)),
    Row("log_proofs.get_body", VISIBLE, (), lambda work: log_proofs.get_body(work, "oak", "0")),
    Row("organisation.get_organisation", VISIBLE, (), lambda work: organisation.get_organisation(work, "oak")),
    Row(
        "organisation.submit_organisation",
        OWN,
        ("preparer",),
        lambda work: organisation.submit_organisation(work, "oak", tree("oak", [("hq", None)])),
    ),
    Row(
        "organisation.submit_organisation_reading",
        OWN,
        ("preparer",),
        lambda work: organisation.submit_organisation_reading(work, "oak", read_organisation_csv(b"")),
    ),
    Row("packages.build_evidence_package", VISIBLE, (), lambda work: packages.build_evidence_package(work, "1")),
    Row("participants.get_version", VISIBLE, (), lambda work: participants.get_version(work, "oak")),
    Row("participants.list_keys", VISIBLE, (), lambda work: participants.list_keys(work, "oak")),
    Row(
        "participants.list_participant_actions",
        VISIBLE,
        (),
        lambda work: participants.list_participant_actions(work, "oak", 10, None),
    ),
    Row(
        "participants.relay_participant_action",
        ROLE,
        ("admin", "operator"),
        lambda work: participants.relay_participant_action(
            work, "oak", "SetStanding", SetStanding(sid("org", "oak"), True, bytes(32), 3, 2**40).to_message(), SIGNATURE
        ),
    ),
    Row("periods.get_period", VISIBLE, (), lambda work: periods.get_period(work, "oak", "2025-03")),
    Row("periods.list_periods", VISIBLE, (), lambda work: periods.list_periods(work, "oak", 10, None)),
    Row(
        "periods.open_period",
        OWN,
        ("preparer",),
        lambda work: periods.open_period(work, "oak", id="may", first_day=date(2025, 5, 1), last_day=date(2025, 5, 31)),
    ),
    Row(
        "policy.gather_policy_facts",
        ROLE,
        ("admin", "operator", "auditor"),
        lambda work: policy.gather_policy_facts(work, version=1),
    ),
    Row("outbox.list_transactions", ROLE, ("operator", "auditor"), outbox.list_transactions),
    Row("outbox.close_gap", ROLE, ("operator",), lambda work: outbox.close_gap(work, "the reason")),
    Row("outbox.retire_transaction", ROLE, ("operator",), lambda work: outbox.retire_transaction(work, 1, "the reason")),
    Row("outbox.resume_transaction", ROLE, ("operator",), lambda work: outbox.resume_transaction(work, 1, "the reason")),
    Row("reductions.get_reductions", VISIBLE, (), lambda work: reductions.get_reductions(work, "1")),
    Row("reductions.get_reductions_document", VISIBLE, (), lambda work: reductions.get_reductions_document(work, "1")),
    Row("reductions.get_reductions_evidence", VISIBLE, (), lambda work: reductions.get_reductions_evidence(work, "1", PLANT)),
    Row("reductions.list_reductions", VISIBLE, (), lambda work: reductions.list_reductions(work, "oak", None, 10, None)),
    Row(
        "reductions.read_reductions_submission",
        OWN,
        ("preparer",),
        lambda work: reductions.read_reductions_submission(work, "oak", "2025-03", {}),
    ),
    Row(
        "reductions.submit_reductions",
        OWN,
        ("preparer",),
        lambda work: reductions.submit_reductions(work, reductions.ReadReductions("oak", "2025-03", NO_PROJECTS)),
    ),
    Row("statements.prepare_statement", OWN, ("preparer",), lambda work: statements.prepare_statement(work, "oak", "2025-03", "data")),
    Row("statements.get_statement", VISIBLE, (), lambda work: statements.get_statement(work, "1")),
    Row("statements.get_statement_document", VISIBLE, (), lambda work: statements.get_statement_document(work, "1")),
    Row("signing_request.get_signing_request", VISIBLE, (), lambda work: signing_request.get_signing_request(work, "1")),
    Row("statements.list_lines", VISIBLE, (), lambda work: statements.list_lines(work, "1", 10, None)),
    Row("statements.list_statements", VISIBLE, (), lambda work: statements.list_statements(work, "oak", None, 10, None)),
    Row("telemetry.get_telemetry", VISIBLE, (), lambda work: telemetry.get_telemetry(work, "oak", "0")),
    Row("telemetry.list_telemetry", VISIBLE, (), lambda work: telemetry.list_telemetry(work, "oak", 10, None)),
    Row(
        "telemetry.read_telemetry",
        OWN,
        ("preparer", "meter"),
        lambda work: telemetry.read_telemetry(work, "oak", [readings("M-1")], "text/csv"),
    ),
    Row("telemetry.submit_telemetry", OWN, ("preparer", "meter"), read_and_submit),
    Row(
        "tokens.issue_token",
        ROLE,
        ("operator",),
        lambda work: tokens.issue_token(work, subject="x", institution="oak", roles=["preparer"], days=1),
    ),
    Row("tokens.list_tokens", ROLE, ("operator",), lambda work: tokens.list_tokens(work, 10, None)),
    Row("tokens.revoke_token", ROLE, ("operator",), lambda work: tokens.revoke_token(work, 1, "left")),
    Row("verdicts.get_verdict_result", VISIBLE, (), lambda work: verdicts.get_verdict_result(work, "oak:c1", "1")),
    Row(
        "verdict_commitments.list_verdict_commitments",
        VISIBLE,
        (),
        lambda work: verdict_commitments.list_verdict_commitments(work, "oak:c1"),
    ),
    Row("drift.get_drift", ROLE, ("operator", "auditor"), lambda work: drift.get_drift(work, None)),
    Row("samples.list_samples", VISIBLE, (), lambda work: samples.list_samples(work, "oak")),
    Row("samples.get_sample", VISIBLE, (), lambda work: samples.get_sample(work, SAMPLE)),
    Row("samples.get_sample_proof", VISIBLE, (), lambda work: samples.get_sample_proof(work, SAMPLE)),
    Row(
        "samples.commit_sample",
        ROLE,
        ("verifier",),
        lambda work: samples.commit_sample(work, "oak", "2025-03", "METERS", SAMPLE),
    ),
    Row("samples.reveal_sample", ROLE, ("verifier",), lambda work: samples.reveal_sample(work, SAMPLE, bytes(32), "1")),
    Row("samples.record_result", ROLE, ("verifier",), lambda work: samples.record_result(work, SAMPLE, 0, "opened", "seen")),
    Row("disputes.list_resolutions", VISIBLE, (), lambda work: disputes.list_resolutions(work, "oak:c1")),
    Row("disputes.resolve_dispute", ROLE, ("certifier",), lambda work: disputes.resolve_dispute(work, {}, SIGNATURE, "why")),
    Row("verdict_commitments.commit_verdict", ROLE, ("verifier",), lambda work: verdict_commitments.commit_verdict(work, {}, SIGNATURE)),
    Row("verdicts.list_verdicts", VISIBLE, (), lambda work: verdicts.list_verdicts(work, "oak:c1")),
    Row("verdicts.submit_verdict", ROLE, ("verifier",), lambda work: verdicts.submit_verdict(work, {}, SIGNATURE, {})),
)

BY_NAME = {row.name: row for row in ROWS}


class Undo(Exception):
    """Raised at the end of a call that was let in, so that the next one finds the same house."""


@pytest.fixture(scope="module", autouse=True)
def remembered_releases() -> Iterator[None]:
    """Read each release once: who is let in does not depend on it, and every use case of the library reads one for every caller."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(library_reference, "_read", functools.cache(library_reference._read))
        yield


@pytest.fixture(scope="module")
def house(anchored: Template, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Town]:
    """Oak's books up to an attested claim, an anchored loan book, and one token."""
    folder = tmp_path_factory.mktemp("authorisation")
    with reopen(anchored, folder / "data") as town:
        claim = town.claim("oak", "1", "c1")
        town.relay()
        town.verdict(*verdict_on(town, "oak", "c1", claim.package))
        town.relay()
        with town.work(person("operator", None, "operator")) as work:
            tokens.issue_token(work, subject="somebody", institution="oak", roles=["preparer"], days=30)
        with town.work(VERIFIER) as work:
            samples.commit_sample(work, "oak", "2025-03", "METERS", SAMPLE)
        with town.work(preparer("oak")) as work:
            devices.register_device(work, "oak", id="gw-1", kind="gateway", site="hq", serial="G-1")
        enrol(town, "oak", "gw-1", DEVICE_KEY)
        with town.work(LIBRARIAN) as work:
            library_drafts.draft_from(work, LIBRARY, "draft", date(2027, 1, 1))
        attest_loans(town, "oak", hand_in(town, "oak", write_vault(town, "oak", folder / "vault")).id)
        projects.add_plant(town, "oak")
        projects.attest(town, "oak", projects.hand_in(town, "oak", projects.submission(projects.plant())).id)
        town.relay()
        with town.work(preparer("oak")) as work:
            assert local_factors.submit_local_factor(work, "oak", steam()).accepted
        yield town


def outcome(town: Town, row: Row, actor: Actor) -> str:
    """Tell how a use case meets this actor: `hidden`, `forbidden` or `let in`; what it did is undone."""
    try:
        with town.work(actor) as work:
            row.call(work)
            raise Undo
    except NotFound:
        return "hidden"
    except Forbidden:
        return "forbidden"
    except (Undo, InputError, Conflict, SignatureRefused):
        return "let in"


def callers() -> Iterator[Actor]:
    """One person per role, with the roles of a bank at oak and at elm, and every role of the centre also at elm."""
    for role in ROLES:
        for institution in ("oak", "elm") if role in BANK_ROLES else (None, "gfc"):
            yield person(f"{institution}.{role}", institution, role)
    yield person("oak.nobody", "oak")
    yield person("nobody", None)


def expected(row: Row, actor: Actor) -> str:
    """The rule, said once more and shortly."""
    has_role = bool(actor.roles & set(row.roles))
    if row.scope == EVERYBODY:
        return "let in"
    if row.scope == ROLE:
        return "let in" if has_role else "forbidden"
    sees = actor.institution == "oak" or bool(actor.roles & SEES_EVERY_INSTITUTION)
    if row.scope == VISIBLE:
        return "let in" if sees else "hidden"
    if actor.institution != "oak":
        return "hidden"
    return "let in" if has_role else "forbidden"


def use_cases() -> set[str]:
    """Every public function of a service module whose first argument is the work."""
    found = set()
    for item in pkgutil.iter_modules(ledger.services.__path__):
        module = importlib.import_module(f"ledger.services.{item.name}")
        for name, function in inspect.getmembers(module, inspect.isfunction):
            first = next(iter(inspect.signature(function).parameters), "")
            own = function.__module__ == module.__name__ and not name.startswith("_")
            if own and first == "work" and name not in HELPERS.get(item.name, ()):
                found.add(f"{item.name}.{name}")
    return found


def test_every_use_case_has_a_row_and_every_row_a_use_case() -> None:
    assert use_cases() == set(BY_NAME)
    assert len(BY_NAME) == len(ROWS)


@pytest.mark.parametrize("name", sorted(BY_NAME))
def test_a_use_case_lets_in_whom_it_may_and_nobody_else(house: Town, name: str) -> None:
    row = BY_NAME[name]
    met = {(actor.subject): outcome(house, row, actor) for actor in callers()}
    assert met == {actor.subject: expected(row, actor) for actor in callers()}
    assert "let in" in met.values()


def test_the_government_sees_no_banks_books_and_a_person_without_a_role_none_but_their_own() -> None:
    seeing = {actor.subject for actor in callers() if expected(BY_NAME["statements.get_statement"], actor) == "let in"}
    assert seeing == {
        *(f"oak.{role}" for role in (*BANK_ROLES, "nobody")),
        *(f"{place}.{role}" for role in SEES_EVERY_INSTITUTION for place in ("None", "gfc")),
    }


LISTS = sorted(row.name for row in ROWS if row.scope == VISIBLE and row.name.partition(".")[2].startswith("list_"))


@pytest.mark.parametrize("role", sorted(SEES_EVERY_INSTITUTION))
@pytest.mark.parametrize("name", LISTS)
def test_a_list_of_what_does_not_exist_is_not_found(house: Town, name: str, role: str) -> None:
    module, _, function = name.partition(".")
    nowhere = {
        "institution": "nowhere",
        "id": "999",
        "claim_id": "nowhere:c1",
        "statement_id": "999",
        "period": None,
        "method": "pcaf_2",
        "device": "nothing",
        "subject": "nowhere",
        "meter": "nothing",
        "limit": 10,
        "after": None,
    }
    listing = getattr(importlib.import_module(f"ledger.services.{module}"), function)
    arguments = {key: value for key, value in nowhere.items() if key in inspect.signature(listing).parameters}
    with house.house.view(person("x", None, role)) as work, pytest.raises(NotFound):
        listing(work, **arguments)


def test_what_is_hidden_reads_like_what_does_not_exist(house: Town) -> None:
    def words(actor: Actor, id: str) -> str:
        with house.house.view(actor) as work, pytest.raises(NotFound) as refused:
            meters.list_meters(work, id, 10, None)
        return f"{refused.value} {refused.value.hint}".replace(id, "…")

    assert words(person("elm.preparer", "elm", "preparer"), "oak") == words(person("auditor", None, "auditor"), "nowhere")
