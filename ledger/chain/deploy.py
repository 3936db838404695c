"""Deploy the four contracts, once, whatever dies in between; and check what stands on a chain.

Addresses follow from (deployer, nonce), so all four transactions are signed and recorded before the first is sent. A second run sends
the same bytes for whatever is not there yet and changes nothing else.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path

from eth_hash.auto import keccak

from ledger.chain.artifacts import error_entries, load_artifact
from ledger.chain.client import ChainClient, Receipt
from ledger.chain.contracts import ClaimRegistry, LibraryRegistry, ParticipantRegistry, PeriodLedger
from ledger.chain.deployment import DeployedContract, Deployment, load_deployment, save_deployment
from ledger.chain.errors import ChainError, ChainRefused, OutcomeUnknown, TransactionRejected, decode_revert
from ledger.chain.keystore import Signer
from ledger.chain.transaction import Call, created_address, sign_transaction
from ledger.errors import Conflict, IntegrityError
from ledger.records.findings import Finding

# What each constructor takes: `admin`, or the address of a contract before it.
CONSTRUCTORS: tuple[tuple[str, tuple[str, ...]], ...] = (
    ("ParticipantRegistry", ("admin",)),
    ("LibraryRegistry", ("ParticipantRegistry",)),
    ("PeriodLedger", ("ParticipantRegistry", "LibraryRegistry")),
    ("ClaimRegistry", ("ParticipantRegistry", "LibraryRegistry", "PeriodLedger")),
)
# The views by which a contract names those it was built on, in the order of its constructor.
WIRING: tuple[tuple[str, tuple[str, ...]], ...] = (
    ("ParticipantRegistry", ()),
    ("LibraryRegistry", ("participants",)),
    ("PeriodLedger", ("participants", "libraries")),
    ("ClaimRegistry", ("participants", "libraries", "ledger")),
)
DEPLOY_GAS = 6_000_000
MAX_POLLS = 600


@dataclass(frozen=True)
class Contracts:
    """The wrappers of one deployment."""

    participants: ParticipantRegistry
    libraries: LibraryRegistry
    periods: PeriodLedger
    claims: ClaimRegistry


def open_contracts(client: ChainClient, deployment: Deployment) -> Contracts:
    """Return the wrappers of a deployment; nothing is asked of the chain."""
    return Contracts(
        ParticipantRegistry(client, deployment.address("ParticipantRegistry")),
        LibraryRegistry(client, deployment.address("LibraryRegistry")),
        PeriodLedger(client, deployment.address("PeriodLedger")),
        ClaimRegistry(client, deployment.address("ClaimRegistry")),
    )


def deploy(client: ChainClient, signer: Signer, admin: str, path: Path, *, pause: Callable[[], None] = lambda: None) -> Deployment:
    """Bring the four contracts onto the chain and return their record, which stands in `path` before anything is sent.

    Args:
        signer: pays and orders; it has no right in the contracts.
        admin: EIP-55 address of the participant registry's first admin.
        pause: called between two looks for a receipt.

    Raises:
        Conflict: the record belongs to another chain, deployer, admin or build, or the deployer's nonce was used otherwise.
        IntegrityError: what stands at an address is not the built contract.
        ChainError: the chain refused or does not answer; run it again.
    """
    if path.is_file():
        deployment = load_deployment(path)
        _check_same(client, deployment, signer, admin)
    else:
        deployment = plan_deployment(client, signer, admin)
        save_deployment(path, deployment)
    for index, contract in enumerate(deployment.contracts):
        if contract.block is not None:
            continue
        done = _finish(client, contract, pause)
        contracts = (*deployment.contracts[:index], done, *deployment.contracts[index + 1 :])
        deployment = replace(deployment, contracts=contracts)
        save_deployment(path, deployment)
    return deployment


def plan_deployment(client: ChainClient, signer: Signer, admin: str) -> Deployment:
    """Return the record of a deployment that has not begun, with its four signed transactions."""
    first = client.transaction_count(signer.address, "pending")
    fee = 2 * client.base_fee()
    addresses: dict[str, str] = {"admin": admin}
    contracts: list[DeployedContract] = []
    for position, (name, parameters) in enumerate(CONSTRUCTORS):
        artifact = load_artifact(name)
        arguments = tuple(addresses[parameter] for parameter in parameters)
        data = artifact.creation_code + artifact.abi.encode_constructor(arguments)
        nonce = first + position
        signed = sign_transaction(signer, Call(None, data, DEPLOY_GAS), chain_id=client.chain_id, nonce=nonce, max_fee=fee)
        addresses[name] = created_address(signer.address, nonce)
        contracts.append(
            DeployedContract(
                name=name,
                address=addresses[name],
                nonce=nonce,
                constructor=arguments,
                artifact=artifact.hash,
                slots=artifact.slots(),
                raw_tx="0x" + signed.raw.hex(),
                tx=signed.hash,
            )
        )
    return Deployment(client.chain_id, _genesis(client), signer.address, admin, tuple(contracts))


def check_deployment(client: ChainClient, deployment: Deployment) -> tuple[Finding, ...]:
    """Return what differs between a record, this release's build, and the chain: code, wiring, slots, chain."""
    findings: list[Finding] = []

    def differ(code: str, place: str, got: object, expected: object, action: str) -> None:
        if got != expected:
            findings.append(Finding(code, "error", place, action, got=str(got), expected=str(expected)))

    differ("deployment.chain", "record", client.chain_id, deployment.chain_id, "use the record of this chain")
    differ("deployment.genesis", "record", _genesis(client), deployment.genesis, "use the record of this chain")
    for contract, (_, views) in zip(deployment.contracts, WIRING, strict=True):
        place = contract.name
        code = client.code(contract.address)
        if not code:
            findings.append(
                Finding(
                    "deployment.absent", "error", place, "deploy it, or use the record of this chain", got="no code", expected="a contract"
                )
            )
            continue
        artifact = load_artifact(contract.name)
        differ("deployment.code", place, _code_hash(code), contract.code_hash, "find out who changed the record; the chain cannot change")
        if not artifact.matches(code):
            findings.append(
                Finding("deployment.build", "error", place, "use the release that deployed these contracts", expected=artifact.hash)
            )
            continue
        differ("deployment.slots", place, dict(contract.slots), artifact.slots(), "correct the record")
        answers = tuple(_address_view(client, contract, view) for view in views)
        if views:
            differ("deployment.wiring", place, answers, contract.constructor, "deploy anew: the contract was built on others")
    return tuple(findings)


def _check_same(client: ChainClient, deployment: Deployment, signer: Signer, admin: str) -> None:
    expected = (deployment.chain_id, deployment.genesis, deployment.deployer, deployment.admin)
    got = (client.chain_id, _genesis(client), signer.address, admin)
    for name, have, want in zip(("chain id", "genesis", "deployer", "admin"), got, expected, strict=True):
        if have != want:
            raise Conflict(
                f"the deployment record has another {name}: got {have}, expected {want}",
                hint="use another record file, or the same settings",
            )
    for contract in deployment.contracts:
        if contract.block is None and contract.artifact != load_artifact(contract.name).hash:
            raise Conflict(
                f"the record plans another build of {contract.name}",
                hint="finish the deployment with the release that began it, or remove the record if nothing was sent",
            )


def _finish(client: ChainClient, contract: DeployedContract, pause: Callable[[], None]) -> DeployedContract:
    receipt = client.find_receipt(contract.tx) or _send(client, contract, pause)
    if receipt.status != 1:
        raise IntegrityError(
            f"the deployment of {contract.name} reverted in block {receipt.block_number}: {_reason(client, contract, receipt)}"
        )
    code = client.code(contract.address)
    artifact = load_artifact(contract.name)
    if not artifact.matches(code):
        raise IntegrityError(
            f"the code at {contract.address} is not that of {contract.name}: {len(code)} bytes, expected {len(artifact.runtime_code)}",
            hint="do not use this address; find out who deployed there",
        )
    return replace(contract, block=receipt.block_number, block_hash=receipt.block_hash, code_hash=_code_hash(code))


def _send(client: ChainClient, contract: DeployedContract, pause: Callable[[], None]) -> Receipt:
    """Send the recorded bytes and wait for their receipt."""
    try:
        client.send_raw(bytes.fromhex(contract.raw_tx[2:]))
    except OutcomeUnknown:
        pass  # the receipt tells, or the next run sends the same bytes
    except TransactionRejected as error:
        if error.reason != "nonce_too_low":
            raise
        receipt = client.find_receipt(contract.tx)
        if receipt is None:
            raise Conflict(
                f"nonce {contract.nonce} of the deployer was used by another transaction",
                hint="remove the record and deploy anew, with a key that nothing else uses meanwhile",
            ) from error
        return receipt
    for _ in range(MAX_POLLS):
        receipt = client.find_receipt(contract.tx)
        if receipt is not None:
            return receipt
        pause()
    raise ChainError(f"no receipt of {contract.name} after {MAX_POLLS} looks", hint="run it again: it goes on where it stopped")


def _reason(client: ChainClient, contract: DeployedContract, receipt: Receipt) -> str:
    artifact = load_artifact(contract.name)
    data = artifact.creation_code + artifact.abi.encode_constructor(contract.constructor)
    try:
        client.call(None, data, gas=DEPLOY_GAS, block=receipt.block_number)
    except ChainRefused as error:
        return str(decode_revert(error.data, error_entries())) if error.data else str(error)
    except ChainError as error:
        return str(error)
    return "out of gas"


def _address_view(client: ChainClient, contract: DeployedContract, view: str) -> str:
    abi = load_artifact(contract.name).abi
    return str(abi.decode_output(view, client.call(contract.address, abi.encode_call(view, ())))[0])


def _genesis(client: ChainClient) -> str:
    found = client.block_hash(0)
    if found is None:
        raise IntegrityError("the chain has no genesis block", hint="check the URL")
    return found


def _code_hash(code: bytes) -> str:
    return "0x" + keccak(code).hex()
