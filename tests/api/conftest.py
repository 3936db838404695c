"""One city for all tests that need a server: set up once, in its own folder, with the relay running."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import pytest

from tests.api.lending import attest_loans, hand_in, write_vault
from tests.api.projects import anchor_projects
from tests.api.scene import (
    Scene,
    attest,
    enter_books,
    found_city,
    give_verdict,
    local_factor,
    open_scene,
    prepare,
    publish_library,
    register_keys,
    submit_claim,
)


@pytest.fixture(scope="session")
def city(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Scene]:
    """A centre, a verifier, three banks, an auditor, a government office; the library is published. Banks have no books yet."""
    with open_scene(tmp_path_factory.mktemp("city")) as scene:
        found_city(scene)
        register_keys(scene)
        publish_library(scene)
        yield scene


SAMPLE = "ab" * 32
"""What a verifier committed to before it draws from bank-b's books."""


@dataclass(frozen=True)
class Books:
    """What bank-b has: an anchored statement with a claim and a verdict, a local factor, an anchored book, anchored
    reductions; the librarian has a draft."""

    statement: dict[str, Any]
    attestation: dict[str, Any]
    anchor: str
    claim: dict[str, Any]
    verdict: dict[str, Any]
    local_factor: str
    financed: str
    reductions: str


@pytest.fixture(scope="session")
def books(city: Scene, tmp_path_factory: pytest.TempPathFactory) -> Books:
    """The books of bank-b, filled once."""
    enter_books(city, "bank-b", "other-preparer")
    gateway = {"id": "gw-1", "kind": "gateway", "site": "hq", "serial": "G-1"}
    assert city.post("other-preparer", "/v1/institutions/bank-b/devices", gateway).status_code == 201
    statement = prepare(city, "bank-b", "other-preparer")
    attestation = attest(city, statement["id"], "other-approver")
    claim = submit_claim(city, statement["id"], "other-approver", "claim-b")
    verdict, _ = give_verdict(city, claim, statement["totals"])
    factor = city.post("other-preparer", "/v1/institutions/bank-b/local-factors", local_factor("bank-b"))
    assert factor.status_code == 201, factor.text
    draft = {"release": "draft-of-the-librarian", "valid_from": "2027-01-01"}
    assert city.post("librarian", f"/v1/library-releases/{statement['library']}/drafts", draft).status_code == 201
    vault = write_vault(city, "bank-b", "other-preparer", tmp_path_factory.mktemp("bank-b") / "vault")
    financed = hand_in(city, "bank-b", "other-preparer", vault).json()["id"]
    attest_loans(city, financed, "other-approver")
    reductions = anchor_projects(city, "bank-b", "other-preparer", "other-approver")
    sample = {"subject": "bank-b", "period": "2025-03", "dataset": "OPERATIONAL", "commitment": SAMPLE}
    assert city.post("verifier", "/v1/samples", sample).status_code == 201
    return Books(statement, attestation, attestation["items"][0]["id"], claim, verdict, factor.json()["id"], financed, reductions)
