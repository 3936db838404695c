"""Tell what a policy file needs to know of the chain: id, genesis, contracts with their code hashes."""

from __future__ import annotations

from dataclasses import dataclass

from ledger.services.context import Work


@dataclass(frozen=True)
class ChainView:
    """The chain and its contracts: name → {address, code_hash}; head is the newest block's number."""

    chain_id: int
    kind: str
    genesis: str
    contracts: dict[str, dict[str, str]]
    head: int


def get_chain(work: Work) -> ChainView:
    """Return the facts of the chain, as the deployment record and the node give them."""
    deployment = work.house.deployment
    contracts = {
        contract.name: {"address": contract.address.lower(), "code_hash": str(contract.code_hash)} for contract in deployment.contracts
    }
    return ChainView(work.house.chain.chain_id, work.house.chain.kind, deployment.genesis, contracts, work.house.chain.block_number())
