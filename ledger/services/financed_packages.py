"""Build the evidence package of an anchored financed statement whose book stays closed."""

from __future__ import annotations

from ledger.accounting.financed.package import FinancedEvidence, build_financed_package
from ledger.errors import Conflict
from ledger.indicators.reading import read_release
from ledger.services.anchors import attestation_item, read_evidence
from ledger.services.context import Work
from ledger.services.dataset_statements import find_live, load_row
from ledger.services.financed import FINANCED_KIND, load_leaves
from ledger.services.packages import PackageView
from ledger.store.repositories import library


def get_financed_package(work: Work, id: str) -> PackageView:
    """Return the evidence package of a financed statement: everything but the book, which the bank may add at home.

    Raises:
        Conflict: it is not anchored yet.
    """
    row = load_row(work, FINANCED_KIND, id)
    attestation, anchor = find_live(work, FINANCED_KIND, row)
    if attestation is None or anchor is None:
        raise Conflict("the statement is not anchored yet", hint="wait until it is anchored", statement=str(row.id))
    release = library.get_release(work.session, row.library_hash)
    package = build_financed_package(
        FinancedEvidence(
            statement=FINANCED_KIND.load(row),
            leaves=load_leaves(work, row),
            release=read_release(release.document),
            attestations={"schema": "lingtan.attestations/1", "items": [attestation_item(attestation)]},
            anchors={"schema": "lingtan.anchors/1", "items": [read_evidence(anchor)]},
            chain_id=work.house.chain.chain_id,
            period_ledger=work.house.contracts.periods.address.lower(),
        )
    )
    name = f"{row.institution_id}-{row.period_id}-{row.dataset.lower().replace('_', '-')}-r{row.revision}.zip"
    return PackageView(str(row.id), package.hash, name, package.data)
