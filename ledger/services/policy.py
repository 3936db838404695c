"""Gather what a policy file pins; the centre reads it over, signs it with its own key and hands it out."""

from __future__ import annotations

from ledger.chain.typed_data import ReleaseStatus, Role
from ledger.merkle.dataset_schema import DATASETS, schema_hash
from ledger.records.policy import PolicyFacts, PolicyKey
from ledger.services.context import Work, require_role
from ledger.store.repositories import institutions, library, participants


def gather_policy_facts(work: Work, *, version: int, days: int | None = None) -> PolicyFacts:
    """Return the facts of a policy as the chain has them now: contracts, published releases, every key ever recorded, the checkpoint key.

    Args:
        days: how long the policy is good for; None for no end.
    """
    require_role(work, "admin", "operator", "auditor")
    house, now = work.house, work.clock.now()
    checkpoint = house.chain.checkpoint_for(house.chain.block_number())
    return PolicyFacts(
        version=version,
        issued=now,
        expires=None if days is None else now + days * 86_400,
        chain_id=house.chain.chain_id,
        chain_kind="embedded" if house.chain.kind == "embedded" else "test",
        genesis=house.deployment.genesis,
        contracts={
            contract.name: {
                "address": contract.address.lower(),
                "code_hash": str(contract.code_hash),
                "slots": {name: str(slot) for name, slot in contract.slots.items()},
            }
            for contract in house.deployment.contracts
        },
        schemas={dataset: schema_hash(dataset).hex() for dataset in DATASETS},
        libraries=_libraries(work),
        keys=_keys(work),
        checkpoint=None
        if checkpoint is None
        else {"origin": checkpoint.verifier_key.split("+")[0], "vkey": checkpoint.verifier_key, "pinned": checkpoint.note},
        witnesses=_witnesses(work),
    )


def _witnesses(work: Work) -> dict[str, object] | None:
    """Return the witnesses that this server asks, with the quorum it publishes under."""
    settings = work.house.settings
    if not settings.witnesses:
        return None
    return {"quorum": settings.witness_quorum, "keys": [item.vkey for item in settings.witnesses]}


def _libraries(work: Work) -> tuple[str, ...]:
    """Return the library releases that the registry has as published or in force; the store also keeps those that it refused."""
    registry, now = work.house.contracts.libraries, work.clock.now()
    known = (release.hash for release, _ in library.list_published_releases(work.session, kind="library"))
    published = (ReleaseStatus.NOT_YET_VALID, ReleaseStatus.IN_FORCE)
    return tuple(hash for hash in known if registry.status_at(bytes.fromhex(hash), now) in published)


def _keys(work: Work) -> tuple[PolicyKey, ...]:
    found: dict[tuple[str, str, str], PolicyKey] = {}
    registry = work.house.contracts.participants
    after: str | None = None
    while True:
        page = institutions.list_institutions(work.session, limit=500, after=after)
        for row in page.items:
            org = bytes.fromhex(row.org)
            for key in participants.list_keys(work.session, row.org):
                # The mirror says which keys there are; their windows are the registry's.
                window = registry.key_window(org, key.address, Role[key.role.upper()])
                found[row.id, key.role, key.address] = PolicyKey(
                    row.id, row.kind, key.role, key.address, window.valid_from, window.valid_to
                )
        if page.next_after is None:
            return tuple(found.values())
        after = page.next_after
