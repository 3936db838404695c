"""The analysis of an institution's periods as they stand, under its policy (spec: analysis §9, §10)."""

from __future__ import annotations

from ledger.accounting.inventory.analysis_policy import StatedBooks, analyse_by_policy
from ledger.errors import NotFound
from ledger.services.analysis_policies import all_periods, get_analysis_policy
from ledger.services.context import Work, require_visible
from ledger.services.history import StatedPeriod, load_history
from ledger.services.organisation import load_organisation


def get_analysis(work: Work, institution: str) -> dict[str, object]:
    """Return the `lingtan.analysis/1` document of every period whose statement counts.

    The bank's own people get drafts too, named in `drafts`; everybody else gets what was attested.

    Raises:
        NotFound: no period has such a statement, or the institution is not visible.
    """
    require_visible(work, institution)
    stated = load_history(work, institution, drafts=work.actor.institution == institution)
    if not stated:
        raise NotFound(f"no period of {institution} has a statement that counts", hint="prepare a statement, or wait until one is attested")
    _, organisation = load_organisation(work, institution)
    policy = get_analysis_policy(work, institution)
    analysis, findings = analyse_by_policy(policy.document, [_books(item) for item in stated], organisation, all_periods(work, institution))
    return {
        **analysis,
        "policy": {"version": policy.version, "hash": policy.hash} if policy.version else None,
        "drafts": [item.row.period_id for item in stated if not item.is_attested],
        "findings": [finding.to_document() for finding in findings],
    }


def _books(stated: StatedPeriod) -> StatedBooks:
    return StatedBooks(stated.inventory(), stated.statement.period, stated.activity, stated.release, stated.statement.gwp)
