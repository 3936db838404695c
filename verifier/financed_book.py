"""Check the book of a package: every check of verification.md, "Books", in the order of its table."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from verifier.check_financed import Recount, check_blocks, check_book_manifest, check_disclosed, check_groups, is_disclosed
from verifier.check_inputs import Parts
from verifier.check_openings import check_openings
from verifier.check_policy import check_library_trusted
from verifier.check_sample import NO_SAMPLE, SampleRequest, check_sample
from verifier.check_signed import check_signed
from verifier.checks import Checks
from verifier.commitment import FINANCED_DATASETS, Commitment
from verifier.errors import Refused
from verifier.financed_commitment import check_book_commitment, commitment_of, dataset_item, try_group_lines
from verifier.financed_methods import Rules, rules_of
from verifier.financed_shapes import BLOCK_FIELDS
from verifier.log_proofs import NO_PROOFS, LogProofs
from verifier.package import BOOK, GROUPS, Package, schema_path
from verifier.policy import Policy, seconds
from verifier.required import BOOK as BOOK_CHECKS
from verifier.required import SIGNED

_KEPT_APART = ("removals_g", "avoided_g", "credits_retired_g", "credits_generated_g")


@dataclass(frozen=True, slots=True)
class Book:
    """Hold what was found of a book; totals are None unless every record was here."""

    dataset: str
    commitment: Commitment | None = None
    records: int = 0
    groups: int = 0
    opened: int = 0
    totals: dict[str, int] | None = None
    differences: dict[str, int] | None = None


def check_book(
    checks: Checks,
    package: Package,
    parts: Parts,
    policy: Policy | None,
    log_proofs: LogProofs = NO_PROOFS,
    request: SampleRequest = NO_SAMPLE,
) -> Book:
    """Answer every check of the book of a package."""
    # 1. Parts.
    check_book_manifest(checks, package, parts)
    if not parts.has("financed"):
        return _unread(checks, package)
    statement = parts.documents["financed"]
    dataset, commitment = statement["dataset"], commitment_of(package, parts)
    item = dataset_item(checks, parts, dataset)
    lines = try_group_lines(checks, package, f"commitment.{dataset}")
    rules = _rules(checks, statement)
    # 2. Records, 3. groups and sample: all of a disclosed book, what was opened of another.
    recount, opened, groups = Recount(), 0, int(statement["groups"]["n"])
    if rules is None or (commitment is None and not is_disclosed(package)):
        for check_id in ("financed.records", "financed.groups", "financed.sample"):
            checks.unchecked(check_id, BOOK, "PART_ABSENT", parts=BOOK if rules is None else schema_path(dataset))
    elif is_disclosed(package):
        recount = check_disclosed(checks, package, statement, rules)
        check_groups(checks, item, statement, recount)
        opened = len(recount.groups or {})
        if recount.whole:
            checks.passed("financed.sample", "the whole book is disclosed")
        else:
            checks.unchecked("financed.sample", BOOK, "FINANCED_UNDISCLOSED")
    elif commitment is None or lines is None:
        for check_id in ("financed.records", "financed.groups", "financed.sample"):
            checks.unchecked(check_id, BOOK, "PART_ABSENT", parts=GROUPS)
    else:
        openings, recount = check_openings(checks, package, parts, commitment, rules, lines)
        opened = len(openings.opened)
        check_sample(checks, request, parts, commitment, lines, openings)
    # 4. Blocks, and what no part can show.
    check_blocks(checks, statement, recount)
    check_inputs(checks, statement)
    # 5. Commitment, library, attestation, anchor, signer.
    if commitment is None:
        checks.unchecked(f"commitment.{dataset}", schema_path(dataset), "PART_ABSENT", parts=schema_path(dataset))
        for step in SIGNED:
            checks.unchecked(f"{step}.{dataset}", dataset, "NO_COMMITMENT")
    else:
        with checks.guard(f"commitment.{dataset}", dataset):
            check_book_commitment(checks, package, parts, commitment, item, recount, policy, lines)
        check_signed(checks, parts, commitment, dataset, None, policy, log_proofs, "financed")
    _check_library(checks, parts, policy)
    own = recount.tally.totals if recount.whole and recount.tally is not None else None
    totals = None if own is None else dict(zip(BLOCK_FIELDS, own, strict=True))
    differences = None if totals is None else {name: totals[name] - int(statement["totals"][name]) for name in BLOCK_FIELDS}
    return Book(dataset, commitment, recount.records, groups, opened, totals, differences)


def _unread(checks: Checks, package: Package) -> Book:
    """Answer for a book whose statement is not here; the schema part says which dataset it would be of."""
    dataset = next((name for name in FINANCED_DATASETS if package.lists(schema_path(name))), FINANCED_DATASETS[-1])
    for check_id in (*BOOK_CHECKS[1:], *(f"{step}.{dataset}" for step in ("commitment", *SIGNED))):
        checks.unchecked(check_id, BOOK, "PART_ABSENT", parts=BOOK)
    return Book(dataset)


def _rules(checks: Checks, statement: Any) -> Rules | None:
    period = statement["period"]
    try:
        return rules_of(statement["method"], seconds(period["start"]), seconds(period["end"]), statement["policies"].get("average"))
    except Refused as error:
        checks.refused("financed.records", BOOK, error)
        return None


def check_inputs(checks: Checks, statement: Any | None) -> None:
    """Answer financed.inputs: what rests on the raw book, which stays in the bank, is said to be unchecked, one line for each kind."""
    check_id = "financed.inputs"
    checks.unchecked(check_id, "emissions and denominators", "FINANCED_INPUTS")
    if statement is None:
        return
    if any(int(statement["totals"][name]) for name in _KEPT_APART):
        checks.unchecked(check_id, "removals, avoided emissions, credits", "FINANCED_KEPT_APART")
    if statement["waci"] is not None:
        checks.unchecked(check_id, "WACI", "FINANCED_WACI")
    if int(statement["reductions"]["rows"]) or int(statement["reductions"]["g"]):
        checks.unchecked(check_id, "reductions", "FINANCED_REDUCTIONS")
    if statement["excluded"]:
        checks.unchecked(check_id, "excluded rows", "FINANCED_EXCLUDED", rows=str(sum(int(item["rows"]) for item in statement["excluded"])))
    if statement["tie_out"]:
        checks.unchecked(check_id, "general ledger", "FINANCED_LEDGER")


def _check_library(checks: Checks, parts: Parts, policy: Policy | None) -> None:
    """Answer library.trusted for the release that the statement names, and that library.json is, where it is here."""
    stated = parts.documents["financed"]["library"]
    if "library.json" in parts.hashes and parts.has("library"):
        found = parts.hashes["library.json"]
        if stated["hash"] != found:
            checks.failed("library.trusted", "library.json", "LIBRARY_HASH", stated["hash"], found)
            return
        if stated["release"] != parts.documents["library"]["release"]:
            release = parts.documents["library"]["release"]
            checks.failed("library.trusted", "library.json /release", "LIBRARY_HASH", stated["release"], release)
            return
    check_library_trusted(checks, stated["hash"], policy)
