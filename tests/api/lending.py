"""A bank's loan book for the tests of the API: computed and kept at the bank, handed in and signed over HTTP."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from httpx2 import Response

from ledger.accounting.financed.leaves import LeafColumns, submission_document
from ledger.accounting.methods import pcaf_2
from ledger.client.book import Place, write_book
from ledger.client.vault import Vault
from ledger.loans.book import Book
from ledger.loans.exposure import Exposure
from ledger.loans.pseudonyms import PseudonymKey
from ledger.merkle.keys import CommitmentKeys
from ledger.records.dataset_statement import Origin
from ledger.records.fields import period_from_document
from tests.api.scene import PERIOD, Scene
from tests.services.lending import loans


def write_vault(scene: Scene, institution: str, who: str, folder: Path, *, rows: Sequence[Exposure] | None = None) -> Vault:
    """Compute a bank's book at the bank, with what the API tells about chain and library."""
    chain = scene.get(who, "/v1/chain").json()
    (release,) = scene.get(who, "/v1/library-releases?kind=library").json()["items"]
    place = Place(int(chain["chain_id"]), bytes.fromhex(chain["contracts"]["PeriodLedger"]["address"][2:]))
    origin = Origin(institution, period_from_document(PERIOD), release["release"], release["hash"])
    keys = CommitmentKeys(hashlib.sha256(f"commitment key of {institution}".encode()).digest())
    pseudonyms = PseudonymKey(hashlib.sha256(f"pseudonym key of {institution}".encode()).digest())
    book = Book.of(loans() if rows is None else rows)
    return write_book(folder, book, pcaf_2.Policies(), origin, place, pseudonyms=pseudonyms, keys=keys).vault


def submission(vault: Vault) -> dict[str, Any]:
    """What the bank hands in of its vault."""
    return submission_document(vault.statement, LeafColumns.of(vault.committed))


def hand_in(scene: Scene, institution: str, who: str, vault: Vault) -> Response:
    """Hand a vault's statement and leaves in; they are taken."""
    answer = scene.post(who, f"/v1/institutions/{institution}/periods/{PERIOD['id']}/financed", submission(vault))
    assert answer.status_code == 201, answer.text
    return answer


def attest_loans(scene: Scene, financed: str, who: str) -> Any:
    """Sign a financed statement and wait for its anchor."""
    (item,) = scene.get(who, f"/v1/financed/{financed}/signing-request").json()["items"]
    answer = scene.post(who, f"/v1/financed/{financed}/attestation", scene.sign_item(who, item))
    assert answer.status_code == 202, answer.text
    attested = scene.wait(who, answer.headers["location"], "anchored", "rejected")
    assert attested["state"] == "anchored", attested
    return attested
